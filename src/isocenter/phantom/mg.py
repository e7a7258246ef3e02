"""Phantom mammograms: four views of a screening, as a digital detector gives them for reading (PS3.3 A.27).

Must not know: anatomy (see `breast`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation

from isocenter.dicom.content_items import code
from isocenter.phantom.breast import PIXEL, View
from isocenter.phantom.objects import Study, new_object
from isocenter.phantom.pixels import add_grey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

DEFAULT_SLICES = 1
VIEWS = (View("R", "CC"), View("L", "CC"), View("R", "MLO"), View("L", "MLO"))
#: Code of the view (PS3.16 CID 4014), and the angle of the beam.
CODES = {
    "CC": (("399162004", "SCT", "cranio-caudal"), 0),
    "MLO": (("399368009", "SCT", "medio-lateral oblique"), 45),
}
#: Where rows and columns run to: the chest walls meet when R is shown on the left; lateral is above.
ORIENTATION = {"R CC": ["P", "L"], "L CC": ["A", "R"], "R MLO": ["P", "FL"], "L MLO": ["A", "FR"]}


def study(seed: int) -> Study:
    """Return the study that the views belong to."""
    return Study(
        key="mg", seed=seed, PatientName="Sample^Milena", PatientID=f"PHANTOM-MG-{seed:03d}",
        PatientBirthDate="19710908", PatientSex="F", PatientAge="054Y", PatientSize="1.64", PatientWeight="60",
        StudyDate="20251113", StudyTime="091000", StudyID="MG1", AccessionNumber=f"A{seed:04d}10",
        StudyDescription="Screening mammography",
    )  # fmt: skip


def objects(slices: int) -> int:  # noqa: ARG001 - all kinds have one form
    """Return how many objects `instances` yields: four views."""
    return len(VIEWS)


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:  # noqa: ARG001 - all kinds have one form
    """Yield the four views, each a series."""
    for number, view in enumerate(VIEWS, 1):
        made = new_object(study(seed), DigitalMammographyXRayImageStorageForPresentation, number, 1)
        _describe(made, view)
        _expose(made, view)
        picture = view.picture(np.random.default_rng([seed, 10, number]))
        add_grey(made, np.rint(picture * 4095).astype("<u2"), 12)
        yield made


def _describe(made: Dataset, view: View) -> None:
    """Say what is seen and how it is to be shown (PS3.3 C.8.11.1, C.8.11.3, C.8.11.7)."""
    named, _ = CODES[view.name]
    made.Modality, made.SeriesDescription = "MG", f"{view.side} {view.name}"
    made.ImageType, made.PresentationIntentType = ["DERIVED", "PRIMARY"], "FOR PRESENTATION"
    made.DerivationDescription = "Computed"
    made.ImageLaterality, made.ViewPosition, made.BodyPartExamined = view.side, view.name, "BREAST"
    made.PatientOrientation, made.OrganExposed = ORIENTATION[made.SeriesDescription], "BREAST"
    made.AnatomicRegionSequence = [code(("76752008", "SCT", "Breast"))]
    shown = code(named)
    shown.ViewModifierCodeSequence = []
    made.ViewCodeSequence = [shown]
    made.BreastImplantPresent, made.PartialView, made.AcquisitionContextSequence = "NO", "NO", []
    made.BurnedInAnnotation, made.LossyImageCompression, made.PresentationLUTShape = "NO", "00", "IDENTITY"
    made.PixelIntensityRelationship, made.PixelIntensityRelationshipSign = "LOG", -1
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = 0, 1, "US"
    made.WindowCenter, made.WindowWidth = 2000, 3600


def _expose(made: Dataset, view: View) -> None:
    """Say with what it was taken (PS3.3 C.8.11.4, C.8.7.10)."""
    _, angle = CODES[view.name]
    made.ImagerPixelSpacing = [PIXEL, PIXEL]
    made.DetectorType, made.DetectorConfiguration, made.DetectorID = "DIRECT", "AREA", "PHANTOM2"
    made.DetectorDescription, made.DetectorTemperature = "Computed", 25
    made.PositionerType, made.PositionerPrimaryAngle = "MAMMOGRAPHIC", angle if view.side == "R" else -angle
    made.PositionerSecondaryAngle = 0
    made.KVP, made.ExposureTime, made.XRayTubeCurrent, made.Exposure = 29, 900, 90, 81
    made.AnodeTargetMaterial, made.FilterMaterial, made.Grid = "TUNGSTEN", "RHODIUM", "RECIPROCATING"
    made.CompressionForce, made.BodyPartThickness, made.OrganDose = 110, 52, 0.013
    made.DistanceSourceToDetector, made.DistanceSourceToPatient = 650, 650
    made.EstimatedRadiographicMagnificationFactor = 1.0
    made.ExposureControlMode = "AUTOMATIC"
