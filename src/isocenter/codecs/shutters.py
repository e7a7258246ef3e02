"""Display shutters: what of a picture is hidden (PS3.3 C.7.6.11). Must not know: files, grey scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from isocenter.codecs.drawing import polygon

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

#: The attributes that are read here.
KEYWORDS = frozenset({
    "ShutterShape", "ShutterLeftVerticalEdge", "ShutterRightVerticalEdge", "ShutterUpperHorizontalEdge",
    "ShutterLowerHorizontalEdge", "CenterOfCircularShutter", "RadiusOfCircularShutter",
    "VerticesOfThePolygonalShutter", "ShutterPresentationValue",
})  # fmt: skip


def close(picture: NDArray[np.uint8], dataset: Dataset) -> NDArray[np.uint8]:
    """Return ``picture`` with what ``dataset`` shuts off in its shutter value; a copy, if there is anything."""
    shapes = dataset.get("ShutterShape")
    if not shapes:
        return picture
    seen = np.ones(picture.shape[:2], bool)
    for shape in [shapes] if isinstance(shapes, str) else shapes:
        reader = READERS.get(shape)
        visible = reader(dataset, picture.shape[:2]) if reader is not None else None
        if visible is not None:
            seen &= visible
    shown = picture.copy()
    shown[~seen] = int(dataset.get("ShutterPresentationValue") or 0) >> 8
    return shown


def _rectangle(dataset: Dataset, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return what lies on or inside the edges, counted from 1."""
    left, right = (int(dataset.get(f"Shutter{side}VerticalEdge") or 0) for side in ("Left", "Right"))
    upper, lower = (int(dataset.get(f"Shutter{side}HorizontalEdge") or 0) for side in ("Upper", "Lower"))
    seen = np.zeros(shape, bool)
    seen[max(upper - 1, 0) : lower or None, max(left - 1, 0) : right or None] = True
    return seen


def _circle(dataset: Dataset, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    center, radius = dataset.get("CenterOfCircularShutter"), dataset.get("RadiusOfCircularShutter")
    if center is None or radius is None or len(center) != 2:
        return None
    rows, columns = np.ogrid[1 : shape[0] + 1, 1 : shape[1] + 1]
    inside: NDArray[np.bool_] = (rows - int(center[0])) ** 2 + (columns - int(center[1])) ** 2 <= int(radius) ** 2
    return inside


def _polygon(dataset: Dataset, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    numbers: Any = dataset.get("VerticesOfThePolygonalShutter")
    if numbers is None or isinstance(numbers, int) or len(numbers) < 6:
        return None
    corners = [(int(column) - 1, int(row) - 1) for row, column in zip(numbers[::2], numbers[1::2], strict=False)]
    return polygon(shape, corners)


READERS = {"RECTANGULAR": _rectangle, "CIRCULAR": _circle, "POLYGONAL": _polygon}
