"""A series of axial CT slices: its plane, acquisition and pixels (PS3.3 A.3, C.7.6.2, C.8.2).

Must not know: anatomy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import CTImageStorage

from isocenter.phantom.objects import Study, new_object
from isocenter.phantom.pixels import add_grey
from isocenter.phantom.thorax import HEIGHT

if TYPE_CHECKING:
    from pydicom import Dataset

    from isocenter.phantom.shapes import Field

INTERCEPT = -1024
SOFT, LUNG, BONE = ("40", "400", "MEDIASTINUM"), ("-600", "1500", "LUNG"), ("400", "1800", "BONE")
VESSELS = ("200", "700", "VESSELS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What all slices of a series share; ``corner`` is x and y of the middle of the first pixel."""

    belongs: Study
    description: str
    pixel: float
    spacing: float
    corner: tuple[float, float]
    number: int = 1
    protocol: str = "Thorax"
    body_part: str = "CHEST"
    contrast: str = ""
    kernel: str = "SOFT"
    windows: tuple[tuple[str, str, str], ...] = (SOFT, LUNG, BONE)

    @classmethod
    def centred(cls, rows: int, **values: object) -> Stack:
        """Return the series of square pictures around x = y = 0."""
        corner = round(-(rows - 1) / 2 * float(str(values["pixel"])), 4)
        return cls(corner=(corner, corner), **values)  # type: ignore[arg-type]

    def slice(self, index: int, z: float, values: Field) -> Dataset:
        """Return the slice ``index`` at ``z`` (300 is the root of the neck) with these Hounsfield units."""
        dataset = new_object(self.belongs, CTImageStorage, self.number, index + 1)
        self._describe(dataset)
        self._place(dataset, z - HEIGHT)
        self._time(dataset, index)
        _add_pixels(dataset, values, self.windows)
        return dataset

    def _describe(self, dataset: Dataset) -> None:
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.Modality, dataset.SeriesDescription = "CT", self.description
        dataset.BodyPartExamined, dataset.PatientPosition = self.body_part, "HFS"
        dataset.ProtocolName = self.protocol
        if self.contrast:
            dataset.ContrastBolusAgent = self.contrast
        dataset.AcquisitionNumber, dataset.KVP, dataset.XRayTubeCurrent = 1, 120, 210
        dataset.ExposureTime, dataset.Exposure, dataset.ConvolutionKernel = 500, 105, self.kernel
        dataset.GantryDetectorTilt, dataset.TableHeight, dataset.RotationDirection = 0, 150, "CW"

    def _place(self, dataset: Dataset, height: float) -> None:
        dataset.FrameOfReferenceUID = self.belongs.uid("frame of reference")
        dataset.PositionReferenceIndicator = ""
        dataset.ImagePositionPatient = [*self.corner, round(height, 4)]
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.SliceThickness = [self.pixel, self.pixel], round(self.spacing, 4)
        dataset.SpacingBetweenSlices, dataset.SliceLocation = round(self.spacing, 4), round(height, 4)

    def _time(self, dataset: Dataset, index: int) -> None:
        """Set the time of the slice: the table moves by 40 mm in a second."""
        hours, minutes = int(self.belongs.StudyTime[:2]), int(self.belongs.StudyTime[2:4])
        seconds = hours * 3600 + minutes * 60 + 12 + index * self.spacing / 40
        stamp = f"{int(seconds // 3600):02d}{int(seconds // 60 % 60):02d}{seconds % 60:09.6f}"
        dataset.AcquisitionTime = dataset.ContentTime = stamp


def _add_pixels(dataset: Dataset, values: Field, windows: tuple[tuple[str, str, str], ...]) -> None:
    """Add Hounsfield units as stored values, and the windows to look at them."""
    stored = np.rint(values - INTERCEPT).clip(0, 4095).astype("<i2")
    add_grey(dataset, stored)
    width = round(stored.shape[1] * float(dataset.PixelSpacing[1]), 1)
    dataset.DataCollectionDiameter = dataset.ReconstructionDiameter = width
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = INTERCEPT, 1, "HU"
    centers, widths, names = zip(*windows, strict=True)
    dataset.WindowCenter, dataset.WindowWidth = list(centers), list(widths)
    dataset.WindowCenterWidthExplanation = list(names)
