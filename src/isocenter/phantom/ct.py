"""Phantom thorax CT: one series of axial slices with contrast medium (PS3.3 A.3).

Must not know: anatomy (see `chest`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import CTImageStorage

from isocenter.phantom.chest import Chest
from isocenter.phantom.objects import Study, new_object
from isocenter.phantom.thorax import HEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

    from isocenter.phantom.shapes import Field

DEFAULT_SLICES = 200
ROWS, PIXEL, INTERCEPT = 512, 0.7, -1024
WINDOWS = (("40", "400", "MEDIASTINUM"), ("-600", "1500", "LUNG"), ("400", "1800", "BONE"))


def study(seed: int) -> Study:
    """Return the study that the series belongs to."""
    return Study(
        key="ct", seed=seed, PatientName="Phantom^Thorax", PatientID=f"PHANTOM-CT-{seed:03d}",
        PatientBirthDate="19610314", PatientSex="M", PatientAge="064Y", PatientSize="1.78", PatientWeight="79",
        StudyDate="20250417", StudyTime="091500", StudyID="CT1", AccessionNumber=f"A{seed:04d}1",
        StudyDescription="CT thorax with contrast",
    )  # fmt: skip


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:
    """Yield the slices from the feet to the head; fewer ``slices`` are thicker and cover the same thorax."""
    chest, belongs = Chest(seed, ROWS, PIXEL), study(seed)
    spacing = HEIGHT / slices
    for index in range(slices):
        z = (index + 0.5) * spacing
        dataset = new_object(belongs, CTImageStorage, 1, index + 1)
        _describe(dataset, z, spacing, index, belongs)
        _add_pixels(dataset, chest.slice(z, spacing))
        yield dataset


def _describe(dataset: Dataset, z: float, spacing: float, index: int, belongs: Study) -> None:
    """Add series, plane and acquisition attributes."""
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.Modality, dataset.SeriesDescription = "CT", "Thorax 1.5 soft" if spacing <= 1.5 else "Thorax soft"
    dataset.BodyPartExamined, dataset.PatientPosition = "CHEST", "HFS"
    dataset.ProtocolName, dataset.ContrastBolusAgent = "Thorax contrast", "Phantom medium 350"
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = belongs.uid("frame of reference"), ""
    corner = -(ROWS - 1) / 2 * PIXEL
    height = z - HEIGHT
    dataset.ImagePositionPatient = [round(corner, 4), round(corner, 4), round(height, 4)]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [PIXEL, PIXEL], round(spacing, 4)
    dataset.SpacingBetweenSlices, dataset.SliceLocation = round(spacing, 4), round(height, 4)
    dataset.AcquisitionNumber, dataset.KVP, dataset.XRayTubeCurrent = 1, 120, 210
    dataset.ExposureTime, dataset.Exposure, dataset.ConvolutionKernel = 500, 105, "SOFT"
    dataset.DataCollectionDiameter = dataset.ReconstructionDiameter = round(ROWS * PIXEL, 1)
    dataset.GantryDetectorTilt, dataset.TableHeight, dataset.RotationDirection = 0, 150, "CW"
    seconds = 9 * 3600 + 15 * 60 + 12 + index * spacing / 40
    stamp = f"{int(seconds // 3600):02d}{int(seconds // 60 % 60):02d}{seconds % 60:09.6f}"
    dataset.AcquisitionTime = dataset.ContentTime = stamp


def _add_pixels(dataset: Dataset, values: Field) -> None:
    """Add Hounsfield units as stored values, and the windows to look at them."""
    stored = np.rint(values - INTERCEPT).clip(0, 4095).astype("<i2")
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = INTERCEPT, 1, "HU"
    centers, widths, names = zip(*WINDOWS, strict=True)
    dataset.WindowCenter, dataset.WindowWidth = list(centers), list(widths)
    dataset.WindowCenterWidthExplanation = list(names)
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"


def objects(slices: int) -> int:
    """Return how many objects `instances` yields."""
    return slices
