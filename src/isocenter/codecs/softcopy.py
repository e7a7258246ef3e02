"""Presentation states: how somebody wanted an image to be seen (PS3.3 A.33, C.10, C.11.8 to C.11.12; PS3.4 N.2).

Reads a pydicom data set; what it says comes before what the image says. Not done: bitmap shutters and graphics in
other units than pixels of the image and parts of the display; spacing that is not square. Must not know: files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from isocenter.codecs import shutters
from isocenter.codecs.drawing import Canvas
from isocenter.codecs.overlays import Overlay, activated, burn, read_overlays
from isocenter.codecs.presentation import Presentation, read_lookups, read_presentation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom import Dataset

    Picture = NDArray[np.uint8]

SOP_CLASSES = frozenset(f"1.2.840.10008.5.1.4.1.1.11.{kind}" for kind in (1, 2, 5))
"""Grey scale, colour, and XA/XRF grey scale."""
CIRCLE_POINTS = 72
ROTATIONS = {0: 0, 90: 3, 180: 2, 270: 1}
"""Degrees clockwise to quarter turns anticlockwise."""


@dataclass(frozen=True, slots=True)
class Reference:
    """An image that a state is for; no frames are all of them."""

    SeriesInstanceUID: str
    SOPInstanceUID: str
    frames: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """A presentation state, for one image and one frame of it, counted from 1."""

    dataset: Dataset
    image: str
    number: int = 1

    def presentation(self, of_image: Presentation) -> Presentation:
        """Return how grey values become shades: by the state where it says something, else by the image."""
        own = read_presentation(self.dataset)
        shown = replace(of_image, inverse=own.inverse, fixed_shape=True)
        if own.modality_lut is not None or "RescaleSlope" in self.dataset:
            shown = replace(shown, slope=own.slope, intercept=own.intercept, modality_lut=own.modality_lut)
        for item in self._items("SoftcopyVOILUTSequence"):
            voi = read_presentation(item)
            shown = replace(shown, windows=voi.windows, voi_luts=voi.voi_luts)
            break
        lut = next(read_lookups(self.dataset.get("PresentationLUTSequence"), signed=False), None)
        return replace(shown, presentation_lut=lut)

    @property
    def overlay_groups(self) -> list[int]:
        """The overlays of the image that are to be seen."""
        return activated(self.dataset)

    def applied(self, picture: Picture, of_image: list[Overlay]) -> Picture:
        """Return ``picture`` with shutters, overlays and graphics, then cropped, turned and flipped."""
        planes = [*of_image, *read_overlays(self.dataset, self.number - 1)]
        shown = burn(shutters.close(picture, self.dataset), planes)
        canvas = Canvas(shown)
        for item in self._items("GraphicAnnotationSequence"):
            _draw(canvas, item, "PIXEL", shown.shape[1], shown.shape[0])
        shown = self._turned(self._cropped(canvas.picture))
        canvas = Canvas(shown)
        for item in self._items("GraphicAnnotationSequence"):
            _draw(canvas, item, "DISPLAY", shown.shape[1], shown.shape[0])
        return canvas.picture

    def _items(self, keyword: str) -> Iterator[Dataset]:
        """Yield the items that are for this image and frame."""
        for item in self.dataset.get(keyword) or []:
            references = item.get("ReferencedImageSequence")
            if not references or any(self._is_meant(reference) for reference in references):
                yield item

    def _is_meant(self, reference: Dataset) -> bool:
        frames = _frames(reference)
        return reference.get("ReferencedSOPInstanceUID") == self.image and (not frames or self.number in frames)

    def _cropped(self, picture: Picture) -> Picture:
        """Return the displayed area; its corners are those of the picture when it is turned (C.10.4)."""
        for item in self._items("DisplayedAreaSelectionSequence"):
            first, last = item.get("DisplayedAreaTopLeftHandCorner"), item.get("DisplayedAreaBottomRightHandCorner")
            if first is None or last is None or len(first) != 2 or len(last) != 2:
                continue
            (left, right), (top, bottom) = (sorted((int(first[axis]), int(last[axis]))) for axis in (0, 1))
            shown = picture[max(top - 1, 0) : max(bottom, 0), max(left - 1, 0) : max(right, 0)]
            return shown if shown.size else picture
        return picture

    def _turned(self, picture: Picture) -> Picture:
        turned = np.rot90(picture, ROTATIONS.get(int(self.dataset.get("ImageRotation") or 0) % 360, 0))
        return turned[:, ::-1] if self.dataset.get("ImageHorizontalFlip") == "Y" else turned


def references(dataset: Dataset) -> list[Reference]:
    """Return the images that a presentation state is for."""
    return [
        Reference(
            str(series.get("SeriesInstanceUID", "")), str(image.get("ReferencedSOPInstanceUID", "")), _frames(image)
        )
        for series in dataset.get("ReferencedSeriesSequence") or []
        for image in series.get("ReferencedImageSequence") or []
    ]


def _frames(reference: Dataset) -> tuple[int, ...]:
    numbers: Any = reference.get("ReferencedFrameNumber")
    if numbers is None or numbers == "":
        return ()
    return tuple(map(int, numbers)) if hasattr(numbers, "__iter__") else (int(numbers),)


def _draw(canvas: Canvas, item: Dataset, units: str, columns: int, rows: int) -> None:
    """Draw the graphic and text objects of an annotation that are in these units (C.10.5)."""

    def point(x: float, y: float) -> tuple[float, float]:
        if units == "DISPLAY":
            return float(x) * columns, float(y) * rows
        return float(x) - 0.5, float(y) - 0.5  # the corner of the first pixel is 0, 0 (C.10.5)

    for graphic in item.get("GraphicObjectSequence") or []:
        data = graphic.get("GraphicData") or []
        if graphic.get("GraphicAnnotationUnits", "PIXEL") == units and len(data) >= 2:
            points = [point(x, y) for x, y in zip(data[::2], data[1::2], strict=False)]
            shape = SHAPES.get(str(graphic.get("GraphicType")), list)(points)
            canvas.lines(shape, filled=graphic.get("GraphicFilled") == "Y")
    for text in item.get("TextObjectSequence") or []:
        corner = _corner(text, units)
        if corner is not None:
            canvas.text(point(*corner), str(text.get("UnformattedTextValue", "")).replace("\r\n", "\n"))


def _corner(text: Dataset, units: str) -> tuple[float, float] | None:
    """Return where a text begins: at its box, else at its anchor; None if that is not in these units."""
    for place, of_units in _TEXT_PLACES:
        corner = text.get(place)
        if corner is not None and len(corner) == 2 and (text.get(of_units) or "PIXEL") == units:
            return corner[0], corner[1]
    return None


def _circle(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return a circle by its center and a point on it."""
    if len(points) < 2:
        return points
    (x, y), (on_x, on_y) = points[:2]
    radius = float(np.hypot(on_x - x, on_y - y))
    turns = np.linspace(0, 2 * np.pi, CIRCLE_POINTS + 1)
    return [(x + radius * float(np.cos(turn)), y + radius * float(np.sin(turn))) for turn in turns]


def _ellipse(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return an ellipse by the ends of its major, then of its minor axis."""
    if len(points) < 4:
        return points
    a, b, c, d = (np.array(each) for each in points[:4])
    center, major, minor = (a + b) / 2, (b - a) / 2, (d - c) / 2
    turns = np.linspace(0, 2 * np.pi, CIRCLE_POINTS + 1)
    line = center + np.outer(np.cos(turns), major) + np.outer(np.sin(turns), minor)
    return [(float(x), float(y)) for x, y in line]


#: Where a text may be, and the attribute that says in which units.
_TEXT_PLACES = (
    ("BoundingBoxTopLeftHandCorner", "BoundingBoxAnnotationUnits"),
    ("AnchorPoint", "AnchorPointAnnotationUnits"),
)
SHAPES = {"CIRCLE": _circle, "ELLIPSE": _ellipse}
"""POINT, POLYLINE and INTERPOLATED are drawn through their points."""
