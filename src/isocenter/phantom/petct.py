"""Phantom PET/CT: a low-dose CT and a PET of the same thorax, with lesions of known SUV (PS3.3 A.3, A.21).

Must not know: anatomy (see `chest` and `uptake`).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import PositronEmissionTomographyImageStorage

from isocenter.dicom.content_items import code, dataset
from isocenter.phantom.axial import Stack
from isocenter.phantom.canvas import Canvas
from isocenter.phantom.chest import Chest
from isocenter.phantom.objects import Study, new_object
from isocenter.phantom.pixels import add_grey
from isocenter.phantom.thorax import HEIGHT
from isocenter.phantom.uptake import LESIONS, suv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

    from isocenter.phantom.shapes import Field

DEFAULT_SLICES = 86
"""Of each series."""
CT_ROWS, CT_PIXEL, PET_ROWS, PET_PIXEL = 288, 1.25, 144, 2.5
WEIGHT, SIZE, SEX = 72.0, 1.74, "F"
DOSE, HALF_LIFE, WAITED = 340e6, 6586.2, 3600
"""Becquerel at injection, seconds of fluorine-18, seconds from injection to the scan."""
INJECTED = dt.timedelta(seconds=WAITED)


def study(seed: int) -> Study:
    """Return the study that both series belong to."""
    return Study(
        key="petct", seed=seed, PatientName="Muster^Mara", PatientID=f"PHANTOM-PET-{seed:03d}",
        PatientBirthDate="19580630", PatientSex=SEX, PatientAge="067Y", PatientSize=str(SIZE),
        PatientWeight=str(WEIGHT), StudyDate="20251121", StudyTime="113000", StudyID="PT1",
        AccessionNumber=f"A{seed:04d}5", StudyDescription="PET/CT thorax, F-18 FDG",
    )  # fmt: skip


def objects(slices: int) -> int:
    """Return how many objects `instances` yields."""
    return 2 * slices


def becquerel_per_suv() -> float:
    """Return the activity concentration in Bq/ml of SUVbw 1 when the scan began."""
    return float(DOSE * 2 ** (-WAITED / HALF_LIFE) / (WEIGHT * 1000))


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:
    """Yield the CT, then the PET, each from the feet to the head."""
    chest, belongs, spacing = Chest(seed, CT_ROWS, CT_PIXEL), study(seed), HEIGHT / slices
    stack = Stack.centred(CT_ROWS, belongs=belongs, description="CT low dose", pixel=CT_PIXEL, spacing=spacing)
    pictures = []
    for index in range(slices):
        z = (index + 0.5) * spacing
        canvas = chest.canvas(z, spacing)
        plain = canvas.values.copy()
        for lesion in LESIONS:
            canvas.paint(lesion.distance(canvas), lesion.hounsfield)
        yield stack.slice(index, z, chest.imaged(canvas))
        halved = plain.reshape(PET_ROWS, 2, PET_ROWS, 2).mean(axis=(1, 3))
        values = suv(Canvas.axial(PET_ROWS, PET_ROWS, PET_PIXEL, z, 0), halved, np.random.default_rng([seed, 6, index]))
        pictures.append(_pet(belongs, index, slices, z, values))
    yield from pictures


def _pet(belongs: Study, index: int, slices: int, z: float, values: Field) -> Dataset:
    made = new_object(belongs, PositronEmissionTomographyImageStorage, 2, index + 1)
    spacing = HEIGHT / slices
    made.ImageType, made.Modality, made.SeriesDescription = ["ORIGINAL", "PRIMARY"], "PT", "PET corrected"
    made.BodyPartExamined, made.ProtocolName = "CHEST", "Thorax FDG"
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = belongs.uid("frame of reference"), ""
    corner = round(-(PET_ROWS - 1) / 2 * PET_PIXEL, 4)
    made.ImagePositionPatient = [corner, corner, round(z - HEIGHT, 4)]
    made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    made.PixelSpacing, made.SliceThickness = [PET_PIXEL, PET_PIXEL], round(spacing, 4)
    made.SpacingBetweenSlices, made.SliceLocation = round(spacing, 4), round(z - HEIGHT, 4)
    _describe(made, slices, index)
    made.RadiopharmaceuticalInformationSequence = [_tracer(belongs)]
    made.PatientOrientationCodeSequence = [
        dataset(**_attributes(("102538003", "SCT", "recumbent")), PatientOrientationModifierCodeSequence=[
            code(("40199007", "SCT", "supine"))])
    ]  # fmt: skip
    made.PatientGantryRelationshipCodeSequence = [code(("102540008", "SCT", "headfirst"))]
    _add_pixels(made, values * np.float32(becquerel_per_suv()))
    return made


def _attributes(named: tuple[str, str, str]) -> dict[str, str]:
    """Return the attributes of a code."""
    return dict(zip(("CodeValue", "CodingSchemeDesignator", "CodeMeaning"), named, strict=True))


def _describe(made: Dataset, slices: int, index: int) -> None:
    """Add what the PET series and image modules ask for (PS3.3 C.8.9.1, C.8.9.4)."""
    made.Units, made.CountsSource, made.SeriesType = "BQML", "EMISSION", ["WHOLE BODY", "IMAGE"]
    made.NumberOfSlices, made.ImageIndex = slices, index + 1
    made.CorrectedImage = ["DECY", "ATTN", "SCAT", "DTIM", "RAN", "NORM"]
    made.DecayCorrection, made.DecayFactor = "START", 1
    made.CollimatorType, made.RandomsCorrectionMethod = "NONE", "DLYD"
    made.AttenuationCorrectionMethod, made.ScatterCorrectionMethod = "CT", "model based"
    made.ReconstructionMethod, made.ActualFrameDuration, made.FrameReferenceTime = "OSEM 3i 24s", 150_000, 0
    made.AcquisitionNumber = 1


def _tracer(belongs: Study) -> Dataset:
    """Return tracer, dose and times (PS3.3 C.8.9.2)."""
    start = belongs.moment - INJECTED
    return dataset(
        Radiopharmaceutical="Fludeoxyglucose F^18^", RadiopharmaceuticalRoute="Intravenous",
        RadiopharmaceuticalStartTime=start.strftime("%H%M%S"),
        RadiopharmaceuticalStartDateTime=start.strftime("%Y%m%d%H%M%S"), RadiopharmaceuticalVolume=4.2,
        RadionuclideTotalDose=DOSE, RadionuclideHalfLife=HALF_LIFE, RadionuclidePositronFraction=0.9673,
        RadionuclideCodeSequence=[code(("77004003", "SCT", "^18^Fluorine"))],
        RadiopharmaceuticalCodeSequence=[code(("35321007", "SCT", "Fluorodeoxyglucose F^18^"))],
        AdministrationRouteCodeSequence=[code(("47625008", "SCT", "Intravenous route"))],
    )  # fmt: skip


def _add_pixels(made: Dataset, activity: Field) -> None:
    """Add Bq/ml, scaled so that the greatest of the slice uses most of the stored values."""
    slope = round(max(float(activity.max()), 1.0) / 32000, 6)
    stored = np.rint(activity / np.float32(slope)).clip(0, 32767).astype("<i2")
    add_grey(made, stored)
    made.RescaleIntercept, made.RescaleSlope = 0, slope
    top = 10 * becquerel_per_suv()
    made.WindowCenter, made.WindowWidth = round(top / 2, 1), round(top, 1)
