"""Phantom echocardiogram: one colour cine, JPEG baseline, calibrated (PS3.3 A.7).

Must not know: anatomy (see `echo`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydicom import Dataset
from pydicom.tag import Tag
from pydicom.uid import UltrasoundMultiFrameImageStorage

from isocenter.phantom.echo import APEX, BEATS_PER_MINUTE, COLUMNS, DEPTH, HALF_ANGLE, PIXEL, ROWS, Echo
from isocenter.phantom.objects import Study, new_object
from isocenter.phantom.pixels import add_jpeg, jpeg

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_SLICES = 60
"""Frames: two beats."""
FRAME_TIME, QUALITY = 1000 / 30, 90
CENTIMETRES = 3


def study(seed: int) -> Study:
    """Return the study that the cine belongs to."""
    return Study(
        key="us", seed=seed, PatientName="Phantom^Echo", PatientID=f"PHANTOM-US-{seed:03d}",
        PatientBirthDate="19880109", PatientSex="O", PatientAge="037Y", PatientSize="1.71", PatientWeight="68",
        StudyDate="20251114", StudyTime="104500", StudyID="US1", AccessionNumber=f"A{seed:04d}3",
        StudyDescription="Echocardiogram",
    )  # fmt: skip


def objects(slices: int) -> int:  # noqa: ARG001 - ct, mr and us have one form
    """Return how many objects `instances` yields: one, of as many frames."""
    return 1


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:
    """Yield the cine of ``slices`` frames."""
    echo, belongs = Echo(seed), study(seed)
    beat = 60_000 / BEATS_PER_MINUTE / FRAME_TIME
    frames = [_compressed(echo, number / beat % 1, number / beat / 2 % 1) for number in range(slices)]
    dataset = new_object(belongs, UltrasoundMultiFrameImageStorage, 1, 1)
    _describe(dataset, slices)
    dataset.SequenceOfUltrasoundRegions = [_region()]
    add_jpeg(dataset, frames, ROWS, COLUMNS)
    yield dataset


def _compressed(echo: Echo, phase: float, sweep: float) -> bytes:
    return jpeg(echo.frame(phase, sweep), QUALITY)


def _describe(dataset: Dataset, frames: int) -> None:
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "TTE", "0011"]  # 2D and colour flow (PS3.3 C.8.5.6.1.1)
    dataset.Modality, dataset.SeriesDescription = "US", "Apical four chamber"
    dataset.BodyPartExamined, dataset.ProtocolName = "HEART", "Adult echo"
    dataset.TransducerType, dataset.TransducerData = "SECTOR_PHASED", ["S4-2", "", ""]
    dataset.NumberOfFrames, dataset.FrameTime = frames, round(FRAME_TIME, 4)
    dataset.FrameIncrementPointer = Tag(0x00181063)
    dataset.CineRate = dataset.RecommendedDisplayFrameRate = 30
    dataset.StartTrim, dataset.StopTrim = 1, frames
    dataset.HeartRate = int(BEATS_PER_MINUTE)
    dataset.UltrasoundColorDataPresent, dataset.BurnedInAnnotation = 1, "YES"
    dataset.PatientOrientation = ""


def _region() -> Dataset:
    """Return the calibration of the sector: physical positions count from the transducer's face (PS3.3 C.8.5.5)."""
    region = Dataset()
    half = round(DEPTH / PIXEL * math.sin(HALF_ANGLE))
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 2
    region.RegionLocationMinX0, region.RegionLocationMaxX1 = APEX[1] - half, APEX[1] + half
    region.RegionLocationMinY0, region.RegionLocationMaxY1 = APEX[0], ROWS - 51
    region.ReferencePixelX0, region.ReferencePixelY0 = half, 0
    region.ReferencePixelPhysicalValueX = region.ReferencePixelPhysicalValueY = 0.0
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = CENTIMETRES
    region.PhysicalDeltaX = region.PhysicalDeltaY = PIXEL / 10
    region.TransducerFrequency = 2500
    return region
