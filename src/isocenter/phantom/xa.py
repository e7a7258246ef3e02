"""Phantom angiography: a run of the carotid artery that subtracts itself: masks, vessels, veins (PS3.3 A.14, C.7.6.10).

Frames come at three rates (Frame Time Vector); the patient moves once, which the mask's shift makes good.
Must not know: anatomy (see `angiogram`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.tag import Tag
from pydicom.uid import XRayAngiographicImageStorage

from isocenter.dicom.content_items import dataset
from isocenter.phantom.angiogram import MASKS, MOVED, PIXEL, ROWS, Angiogram
from isocenter.phantom.objects import Study, new_object
from isocenter.phantom.pixels import add_grey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

DEFAULT_SLICES = 24
"""Frames."""
#: How many frames come after how many milliseconds, each; then the last goes on.
RATES = ((1, 0), (2, 500), (1, 300), (12, 200), (1, 400))
MAGNIFICATION = 1.5


def study(seed: int) -> Study:
    """Return the study that the run belongs to."""
    return Study(
        key="xa", seed=seed, PatientName="Specimen^Vera", PatientID=f"PHANTOM-XA-{seed:03d}",
        PatientBirthDate="19630527", PatientSex="F", PatientAge="062Y", PatientSize="1.69", PatientWeight="67",
        StudyDate="20251112", StudyTime="131500", StudyID="XA1", AccessionNumber=f"A{seed:04d}11",
        StudyDescription="Angiography of the carotid artery",
    )  # fmt: skip


def objects(slices: int) -> int:  # noqa: ARG001 - all kinds have one form
    """Return how many objects `instances` yields: one, of as many frames."""
    return 1


def intervals(frames: int) -> list[int]:
    """Return the milliseconds from each frame's predecessor to it."""
    steps = [step for count, step in RATES for _ in range(count)]
    return [steps[min(number, len(steps) - 1)] for number in range(frames)]


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:
    """Yield the run of ``slices`` frames."""
    run, made = Angiogram(seed), new_object(study(seed), XRayAngiographicImageStorage, 1, 1)
    _describe(made)
    _time(made, slices)
    _expose(made)
    moments = np.cumsum(intervals(slices))
    frames = np.stack([run.frame(number, float(moment)) for number, moment in enumerate(moments)])
    add_grey(made, np.rint(frames).astype("<u2"), 12)
    yield made


def _describe(made: Dataset) -> None:
    made.ImageType, made.Modality = ["ORIGINAL", "PRIMARY", "SINGLE PLANE"], "XA"
    made.SeriesDescription, made.ProtocolName = "Left internal carotid, lateral", "Carotid"
    made.BodyPartExamined, made.PatientOrientation = "HEAD", ["P", "F"]
    made.ContrastBolusAgent, made.ContrastBolusRoute = "Phantom medium 300", "Intra-arterial"
    made.PixelIntensityRelationship = "LIN"
    made.BurnedInAnnotation, made.LossyImageCompression = "NO", "00"
    made.WindowCenter, made.WindowWidth = 1750, 3100
    made.ShutterShape, made.ShutterPresentationValue = "CIRCULAR", 0
    made.CenterOfCircularShutter, made.RadiusOfCircularShutter = [ROWS // 2, ROWS // 2], ROWS // 2 - 4


def _time(made: Dataset, frames: int) -> None:
    """Add when frames come and which are the mask of which (PS3.3 C.7.6.5, C.7.6.10)."""
    made.NumberOfFrames, made.FrameTimeVector = frames, intervals(frames)
    made.FrameIncrementPointer = Tag("FrameTimeVector")
    masks = list(range(1, min(MASKS, frames) + 1))
    made.MaskSubtractionSequence = [
        dataset(MaskOperation="AVG_SUB", MaskFrameNumbers=masks, MaskSubPixelShift=[float(step) for step in MOVED])
    ]
    if frames > MASKS:
        made.MaskSubtractionSequence[0].ApplicableFrameRange = [MASKS + 1, frames]
    made.RecommendedViewingMode = "SUB"


def _expose(made: Dataset) -> None:
    """Add beam and geometry (PS3.3 C.8.7.2, C.8.7.5)."""
    made.KVP, made.XRayTubeCurrent, made.ExposureTime, made.RadiationSetting = 80, 320, 60, "GR"
    made.PositionerMotion, made.PositionerPrimaryAngle, made.PositionerSecondaryAngle = "STATIC", 90, 0
    made.DistanceSourceToDetector, made.DistanceSourceToPatient = 1200, 800
    made.EstimatedRadiographicMagnificationFactor = MAGNIFICATION
    at_detector = round(PIXEL * MAGNIFICATION, 4)
    made.ImagerPixelSpacing, made.PixelSpacing = [at_detector, at_detector], [PIXEL, PIXEL]
    made.PixelSpacingCalibrationType = "GEOMETRY"
    made.PixelSpacingCalibrationDescription = "In the middle of the head"
