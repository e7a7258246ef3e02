"""Phantom chest radiographs: posterior-anterior and lateral (PS3.3 A.26).

Must not know: anatomy (see `chest` and `radiograph`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import DigitalXRayImageStorageForPresentation

from isocenter.dicom.content_items import code
from isocenter.phantom import lettering
from isocenter.phantom.chest import AIR, Chest
from isocenter.phantom.objects import Study, new_object
from isocenter.phantom.pixels import add_grey
from isocenter.phantom.radiograph import film, projected
from isocenter.phantom.thorax import body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

    from isocenter.phantom.shapes import Field

DEFAULT_SLICES = 190
"""Planes that the beam is computed through."""
ROWS, PIXEL, BOTTOM, TOP = 320, 1.1, 0.0, 297.0
SIZE, IMAGER = (1280, 1080), 0.275
#: View position, patient orientation, view and its modifier, description, letter laid on the film.
VIEWS = (
    ("PA", ["L", "F"], ("399348003", "SCT", "postero-anterior"), "Chest PA", "R"),
    ("LL", ["P", "F"], ("399198007", "SCT", "left lateral"), "Chest lateral", "L"),
)
LETTER, CORNER = 9, (41, 41)
"""Pixels of a point of the letter; row and column of the overlay, from 1."""


def study(seed: int) -> Study:
    """Return the study that both pictures belong to."""
    return Study(
        key="dx", seed=seed, PatientName="Phantom^Thorax", PatientID=f"PHANTOM-CT-{seed:03d}",
        PatientBirthDate="19610314", PatientSex="M", PatientAge="064Y", PatientSize="1.78", PatientWeight="79",
        StudyDate="20251117", StudyTime="160500", StudyID="DX1", AccessionNumber=f"A{seed:04d}9",
        StudyDescription="Chest PA and lateral",
    )  # fmt: skip


def objects(slices: int) -> int:  # noqa: ARG001 - all kinds have one form
    """Return how many objects `instances` yields: two views."""
    return len(VIEWS)


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:
    """Yield the two views."""
    chest, spacing = Chest(seed, ROWS, PIXEL), (TOP - BOTTOM) / slices
    planes = (_without_couch(chest, BOTTOM + (index + 0.5) * spacing, spacing) for index in range(slices))
    for number, (view, paths) in enumerate(zip(VIEWS, projected(planes, PIXEL), strict=True), 1):
        made = new_object(study(seed), DigitalXRayImageStorageForPresentation, 1, number)
        _describe(made, view)
        _lay(made, view[-1])
        _add_pixels(made, film(paths, SIZE, np.random.default_rng([seed, 9, number])))
        yield made


def _without_couch(chest: Chest, z: float, thickness: float) -> Field:
    canvas = chest.canvas(z, thickness)
    canvas.values[body(canvas.x, canvas.y, z) > 0.5] = AIR
    return canvas.values


def _describe(made: Dataset, view: tuple[str, list[str], tuple[str, str, str], str, str]) -> None:
    position, orientation, named, description, _ = view
    made.Modality, made.SeriesDescription, made.ProtocolName = "DX", "Chest", description
    made.ImageType, made.ImageLaterality = ["DERIVED", "PRIMARY"], "U"
    made.PresentationIntentType, made.BodyPartExamined = "FOR PRESENTATION", "CHEST"
    made.ViewPosition, made.PatientOrientation = position, orientation
    made.AnatomicRegionSequence = [code(("43799004", "SCT", "Chest"))]
    made.ViewCodeSequence = [code(named)]
    made.ImagerPixelSpacing, made.PixelSpacing = [IMAGER, IMAGER], [IMAGER, IMAGER]
    made.PixelSpacingCalibrationType = "GEOMETRY"
    made.PixelSpacingCalibrationDescription = "Projection without magnification"
    made.KVP, made.ExposureTime, made.XRayTubeCurrent, made.Exposure = 125, 8, 250, 2
    made.DistanceSourceToDetector, made.DetectorType, made.DetectorConfiguration = 1800, "DIRECT", "AREA"
    made.PositionerType = "NONE"
    made.DetectorDescription, made.DetectorID, made.DetectorTemperature = "Computed", "PHANTOM1", 25
    made.BurnedInAnnotation, made.LossyImageCompression, made.AcquisitionContextSequence = "NO", "00", []


def _lay(made: Dataset, letter: str) -> None:
    """Lay a letter over the picture: an overlay plane (PS3.3 C.9.2)."""
    drawn = np.zeros((8 * LETTER, 8 * LETTER, 3), np.uint8)
    lettering.write(drawn, 0, 0, letter, (1, 1, 1), LETTER)
    plane = drawn[..., 0]
    for element, vr, value in (
        (0x0010, "US", plane.shape[0]), (0x0011, "US", plane.shape[1]), (0x0022, "LO", "Letter of the side"),
        (0x0040, "CS", "G"), (0x0050, "SS", list(CORNER)), (0x0100, "US", 1), (0x0102, "US", 0),
        (0x3000, "OW", np.packbits(plane.ravel(), bitorder="little").tobytes()),
    ):  # fmt: skip
        made.add_new((0x6000, element), vr, value)


def _add_pixels(made: Dataset, picture: Field) -> None:
    stored = np.rint(picture * 4095).astype("<u2")
    add_grey(made, stored, 12)
    made.PresentationLUTShape = "IDENTITY"
    made.PixelIntensityRelationship, made.PixelIntensityRelationshipSign = "LOG", -1
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = 0, 1, "US"
    low, high = np.percentile(stored[stored > 40], (6, 99.8))
    made.WindowCenter, made.WindowWidth = round(float(low + high) / 2, 1), round(float(high - low), 1)
