"""Where the frames of an image are in the patient, and what their values mean (PS3.3 C.7.6.2, C.7.6.16.2, C.11.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from isocenter.deid.faces import Plane
from isocenter.errors import InvalidObjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from isocenter.deid.faces import Face, Mask

_STORAGE = "1.2.840.10008.5.1.4.1.1."
#: SOP classes of volumes in which a face may be seen -> modality.
SHOWING_HEADS: dict[str, str] = {
    _STORAGE + "2": "CT", _STORAGE + "2.1": "CT", _STORAGE + "2.2": "CT",
    _STORAGE + "4": "MR", _STORAGE + "4.1": "MR", _STORAGE + "4.4": "MR",
}  # fmt: skip


def read_planes(dataset: Any, frames: int) -> Iterator[tuple[Plane, float, float]]:  # noqa: ANN401 - a pydicom data set
    """Yield plane, rescale slope and intercept of every frame. Raises InvalidObjectError when one has no place."""
    for number in range(frames):
        position = _numbers(dataset, number, "PlanePositionSequence", "ImagePositionPatient", 3)
        directions = _numbers(dataset, number, "PlaneOrientationSequence", "ImageOrientationPatient", 6)
        spacing = _numbers(dataset, number, "PixelMeasuresSequence", "PixelSpacing", 2)
        slope = _number(dataset, number, "RescaleSlope", 1.0) or 1.0
        x, y, z = position
        yield (
            Plane((x, y, z), (*directions[:3],), (*directions[3:],), spacing[0], spacing[1]),  # type: ignore[arg-type]
            slope,
            _number(dataset, number, "RescaleIntercept", 0.0),
        )


def _groups(dataset: Any, number: int, macro: str) -> Iterator[Any]:  # noqa: ANN401
    """Yield where an attribute may be: the frame's group, the shared one, the top level."""
    own = dataset.get("PerFrameFunctionalGroupsSequence") or []
    for group in [*own[number : number + 1], *(dataset.get("SharedFunctionalGroupsSequence") or [])[:1]]:
        yield from (group.get(macro) or [])[:1]
    yield dataset


def _numbers(dataset: Any, number: int, macro: str, keyword: str, count: int) -> tuple[float, ...]:  # noqa: ANN401
    for group in _groups(dataset, number, macro):
        value = group.get(keyword)
        if value is not None and not isinstance(value, str) and len(value) == count:
            return tuple(float(part) for part in value)
    raise InvalidObjectError(f"it has no {keyword}")


def _number(dataset: Any, number: int, keyword: str, default: float) -> float:  # noqa: ANN401
    for group in _groups(dataset, number, "PixelValueTransformationSequence"):
        value = group.get(keyword)
        if value not in {None, ""}:
            return float(value)
    return default


def eraser(face: Face, dataset: Any, frames: int) -> Callable[[int, NDArray[Any]], None]:  # noqa: ANN401
    """Return what makes the face air in the stored values of a frame, given its number and values."""
    planes = list(read_planes(dataset, frames))

    def erase(number: int, stored: NDArray[Any]) -> None:
        plane, slope, intercept = planes[number]
        mask: Mask = face.mask(plane, stored.shape[0], stored.shape[1])
        kind = np.iinfo(stored.dtype)
        air = int(np.clip(round((face.air - intercept) / slope), kind.min, kind.max))
        stored[mask] = max(air, int(stored.min()))

    return erase
