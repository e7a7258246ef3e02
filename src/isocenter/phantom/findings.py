"""What was read from a thorax CT: segmentation, measurements, presentation state, key images and a letter.

They are made by the makers of `isocenter.dicom`, as the viewer has them made, and get identifiers that follow from the
seed (PS3.3 A.33.1, A.35.4, A.35.13, A.45.1, A.51). Must not know: anatomy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.uid import EncapsulatedPDFStorage

from isocenter.dicom.content_items import code
from isocenter.dicom.key_images import make_key_images
from isocenter.dicom.measurement_report import make_report
from isocenter.dicom.presentation_state import make_presentation_state
from isocenter.dicom.segmentation import Mask, Painting, Segment, make_segmentation
from isocenter.phantom.letter import written
from isocenter.phantom.objects import Study, adopted, new_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom import Dataset

    from isocenter.phantom.nodule import Nodule

_ANATOMY, _CHANGED = (("123037004", "SCT", "Anatomical Structure"),
                      ("49755003", "SCT", "Morphologically Abnormal Structure"))  # fmt: skip
SEGMENTS = (
    Segment(1, "Nodule", "#ff5a4f", _CHANGED, ("27925004", "SCT", "Nodule")),
    Segment(2, "Right lung", "#4fa3ff", _ANATOMY, ("3341006", "SCT", "Right lung")),
    Segment(3, "Left lung", "#58d68d", _ANATOMY, ("44029006", "SCT", "Left lung")),
)
SHORT_AXIS = 0.9
"""Of the long axis: between strands the nodule looks narrower than it is."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A series as it was read: headers of its slices, and masks of each by number of segment."""

    belongs: Study
    nodule: Nodule
    headers: list[Dataset]
    masks: list[dict[int, NDArray[np.bool_]]]

    @property
    def key(self) -> Dataset:
        """Return the header of the slice through the middle of the nodule."""
        areas = [int(masks[1].sum()) for masks in self.masks]
        return self.headers[int(np.argmax(areas))]

    @property
    def classes(self) -> dict[str, str]:
        """Return SOP classes by instance."""
        return {header.SOPInstanceUID: header.SOPClassUID for header in self.headers}

    def pixel(self, x: float, y: float) -> list[float]:
        """Return column and row of a place of the plane."""
        left, top, _ = self.key.ImagePositionPatient
        return [(x - float(left)) / float(self.key.PixelSpacing[1]), (y - float(top)) / float(self.key.PixelSpacing[0])]

    def image(self, frame: int = 0) -> dict[str, Any]:
        """Return the slice through the nodule as the makers name it."""
        key = self.key
        return {"SeriesInstanceUID": key.SeriesInstanceUID, "SOPInstanceUID": key.SOPInstanceUID, "frame": frame}


def objects_of(reading: Reading) -> Iterator[Dataset]:
    """Yield what was read, a series each."""
    belongs, now = reading.belongs, reading.belongs.moment
    yield adopted(_segmentation(reading), belongs, 10)
    yield adopted(make_report(reading.key, list(_measured(reading)), reading.classes, now), belongs, 11)
    yield adopted(make_presentation_state(reading.key, _view(reading), reading.classes, now, b""), belongs, 12)
    text = "Nodule of the right upper lobe"
    yield adopted(make_key_images(reading.key, [reading.image()], reading.classes, now, text), belongs, 13)
    yield _letter(reading)


def _segmentation(reading: Reading) -> Dataset:
    masks = [
        Mask(header.SOPInstanceUID, 1, number, _runs(mask))
        for header, marked in zip(reading.headers, reading.masks, strict=True)
        for number, mask in marked.items()
    ]
    sources = {header.SOPInstanceUID: header for header in reading.headers}
    painted = {mask.segment for mask in masks if mask.runs}
    segments = [segment for segment in SEGMENTS if segment.number in painted]
    painting = Painting("Nodule and lungs", label_map=False, segments=segments, masks=[m for m in masks if m.runs])
    return make_segmentation(sources, painting, reading.belongs.moment)


def _runs(mask: NDArray[np.bool_]) -> list[int]:
    """Return beginnings and lengths of what is set, along the rows."""
    edges = np.flatnonzero(np.diff(mask.ravel().astype(np.int8), prepend=0, append=0))
    lengths = edges[1::2] - edges[::2]
    return [int(value) for pair in zip(edges[::2], lengths, strict=True) for value in pair]


def _measured(reading: Reading) -> Iterator[dict[str, Any]]:
    """Yield the measurements as the viewer's drafts have them: long and short axis, and attenuation of the nodule."""
    x, y, _ = reading.nodule.center
    radius = reading.nodule.diameter / 2
    short = radius * SHORT_AXIS
    long_axis = [reading.pixel(x - radius, y), reading.pixel(x + radius, y)]
    across = [reading.pixel(x, y - short), reading.pixel(x, y + short)]
    yield {
        "kind": "bidirectional", "name": "Nodule", "points": [*long_axis, *across], "image": reading.image(1),
        "plane": _plane(reading.key),
        "values": [{"quantity": "length", "value": 2 * radius, "unit": "mm"},
                   {"quantity": "width", "value": 2 * short, "unit": "mm"}],
    }  # fmt: skip
    ring = [reading.pixel(x - 24, y - 16), reading.pixel(x + 16, y + 24)]
    yield {
        "kind": "length", "name": "Distance", "points": ring, "image": reading.image(1), "plane": _plane(reading.key),
        "values": [{"quantity": "length", "value": float(np.hypot(40, 40)), "unit": "mm"}],
    }  # fmt: skip


def _plane(header: Dataset) -> dict[str, Any]:
    row_step, column_step = (float(value) for value in header.PixelSpacing)
    return {
        "origin": [float(value) for value in header.ImagePositionPatient],
        "row": [1.0, 0.0, 0.0], "column": [0.0, 1.0, 0.0], "columnStep": column_step, "rowStep": row_step,
        "FrameOfReferenceUID": header.FrameOfReferenceUID,
    }  # fmt: skip


def _view(reading: Reading) -> dict[str, Any]:
    """Return the nodule magnified in the lung window, with a ring and a few words."""
    column, row = reading.pixel(*reading.nodule.center[:2])
    turns = np.linspace(0, 2 * np.pi, 33)
    ring = [[float(column + 1 + 14 * np.cos(a)), float(row + 1 + 14 * np.sin(a))] for a in turns]
    ring[-1] = ring[0]
    words = {"lines": [ring], "text": "Growing nodule", "box": [[column + 18, row - 22], [column + 62, row - 12]]}
    area = [int(column) - 60, int(row) - 60, int(column) + 60, int(row) + 60]
    return {
        "label": "Nodule, right upper lobe", "image": reading.image(0), "area": area, "rotation": 0, "flipped": False,
        "window": {"center": -600, "width": 1500, "function": "LINEAR"}, "inverse": False, "graphics": [words],
        "overlays": False,
    }  # fmt: skip


def _letter(reading: Reading) -> Dataset:
    """Return the report as an encapsulated PDF."""
    made = new_object(reading.belongs, EncapsulatedPDFStorage, 14, 1)
    made.Modality, made.SeriesDescription, made.ConversionType = "DOC", "Report", "WSD"
    made.BurnedInAnnotation, made.AcquisitionDateTime = "YES", ""
    del made.AcquisitionDate, made.AcquisitionTime
    made.DocumentTitle = "CT thorax, follow-up of nodule"
    made.ConceptNameCodeSequence = [code(("18748-4", "LN", "Diagnostic imaging study"))]
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document = written(reading.belongs, reading.nodule)
    made.EncapsulatedDocumentLength = len(document)
    made.EncapsulatedDocument = document + b"\0" * (len(document) % 2)
    return made
