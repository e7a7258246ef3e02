"""Phantom brain MR: T1, T2 and FLAIR series of oblique planes, thicker than their pixels are wide (PS3.3 A.4).

Must not know: anatomy (see `head`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import MRImageStorage

from isocenter.phantom.head import CONTRASTS, Head
from isocenter.phantom.objects import Study, new_object
from isocenter.phantom.pixels import add_grey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom import Dataset

    from isocenter.phantom.shapes import Field

DEFAULT_SLICES = 60
ROWS, PIXEL, HEIGHT = 256, 0.9, 150.0
CENTER = (3.0, -12.0, 18.0)
"""Middle of the planes in patient coordinates: the head does not lie where the magnet's middle is."""
TURNS = (("x", 14.0), ("y", -4.0), ("z", 7.0))
"""How the head lies, in degrees about the patient axes: no plane is parallel to any axis."""
NOISE = 14.0


@dataclass(frozen=True, slots=True)
class Sequence:
    """What tells one series from another."""

    name: str
    description: str
    ScanningSequence: list[str]
    SequenceVariant: list[str]
    RepetitionTime: float
    EchoTime: float
    InversionTime: float | None
    FlipAngle: float
    window: tuple[int, int]


SEQUENCES = (
    Sequence("T1", "T1 TSE oblique", ["SE"], ["SK"], 550, 9.4, None, 90, (520, 1000)),
    Sequence("T2", "T2 TSE oblique", ["SE"], ["SK"], 4800, 102, None, 150, (620, 1250)),
    Sequence("FLAIR", "T2 FLAIR oblique", ["SE", "IR"], ["SK", "SP"], 9000, 118, 2500, 150, (520, 1050)),
)


def study(seed: int) -> Study:
    """Return the study that the series belong to."""
    return Study(
        key="mr", seed=seed, PatientName="Phantom^Brain", PatientID=f"PHANTOM-MR-{seed:03d}",
        PatientBirthDate="19740822", PatientSex="F", PatientAge="050Y", PatientSize="1.66", PatientWeight="61",
        StudyDate="20251120", StudyTime="143000", StudyID="MR1", AccessionNumber=f"A{seed:04d}2",
        StudyDescription="MR brain",
    )  # fmt: skip


def objects(slices: int) -> int:
    """Return how many objects `instances` yields."""
    return slices * len(SEQUENCES)


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:
    """Yield the slices of all series from the base of the skull up, plane by plane."""
    head, belongs = Head(seed), study(seed)
    spacing = HEIGHT / slices
    turn = orientation()
    for index in range(slices):
        signals = _plane(head, (index + 0.5) * spacing - HEIGHT / 2 + 6, min(spacing, 3.0))
        for series, sequence in enumerate(SEQUENCES, 1):
            dataset = new_object(belongs, MRImageStorage, series, index + 1)
            _describe(dataset, sequence, belongs)
            _place(dataset, turn, (index + 0.5) * spacing - HEIGHT / 2, spacing)
            random = np.random.default_rng([seed, 4, series, index])
            _add_pixels(dataset, _noisy(signals[CONTRASTS.index(sequence.name)], random), sequence)
            yield dataset


def orientation() -> NDArray[np.float64]:
    """Return the matrix whose columns are the directions of rows, columns and slices."""
    turn = np.eye(3)
    for axis, degrees in TURNS:
        cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
        step = np.eye(3)
        step[first, first] = step[second, second] = cosine
        step[first, second], step[second, first] = -sine, sine
        turn = step @ turn
    return turn


def _plane(head: Head, height: float, thickness: float) -> Field:
    """Return the signals of a slice: the mean of two planes within its thickness, tilted against the head."""
    steps = ((np.arange(ROWS) - (ROWS - 1) / 2) * PIXEL).astype(np.float32)
    across, down = np.meshgrid(steps, steps)
    tilt = np.float32(np.sin(np.radians(5)))
    planes = []
    for offset in (-thickness / 4, thickness / 4):
        z = np.float32(height + offset) + tilt * (down - 6)
        planes.append(head.signals(across, down - 6 - tilt * np.float32(height), z))
    return np.asarray((planes[0] + planes[1]) / 2, np.float32)


def _noisy(signal: Field, random: np.random.Generator) -> Field:
    """Return the magnitude of signal and complex noise (Rician)."""
    real, imaginary = NOISE * random.standard_normal((2, *signal.shape), np.float32)
    return np.asarray(np.hypot(np.maximum(signal, 0) + real, imaginary), np.float32)


def _describe(dataset: Dataset, sequence: Sequence, belongs: Study) -> None:
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    dataset.Modality, dataset.SeriesDescription = "MR", sequence.description
    dataset.ProtocolName, dataset.BodyPartExamined, dataset.PatientPosition = sequence.description, "BRAIN", "HFS"
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = belongs.uid("frame of reference"), ""
    dataset.ScanningSequence, dataset.SequenceVariant = sequence.ScanningSequence, sequence.SequenceVariant
    dataset.ScanOptions, dataset.MRAcquisitionType, dataset.SequenceName = "", "2D", sequence.name.lower()
    dataset.RepetitionTime, dataset.EchoTime = sequence.RepetitionTime, sequence.EchoTime
    if sequence.InversionTime is not None:
        dataset.InversionTime = sequence.InversionTime
    dataset.EchoTrainLength, dataset.FlipAngle, dataset.NumberOfAverages = (
        1 if sequence.name == "T1" else 15,
        sequence.FlipAngle,
        1,
    )
    dataset.ImagingFrequency, dataset.ImagedNucleus, dataset.EchoNumbers = 63.68, "1H", 1
    dataset.MagneticFieldStrength, dataset.PixelBandwidth, dataset.AcquisitionNumber = 1.5, 190, 1
    dataset.ReceiveCoilName, dataset.InPlanePhaseEncodingDirection = "HEAD", "ROW"
    dataset.AcquisitionMatrix, dataset.PercentSampling, dataset.PercentPhaseFieldOfView = [0, ROWS, ROWS, 0], 100, 100


def _place(dataset: Dataset, turn: NDArray[np.float64], height: float, spacing: float) -> None:
    """Add the attributes of the plane (PS3.3 C.7.6.2)."""
    half = (ROWS - 1) / 2 * PIXEL
    corner = np.asarray(CENTER) + turn @ np.array([-half, -half, height])
    dataset.ImagePositionPatient = [round(float(value), 5) for value in corner]
    dataset.ImageOrientationPatient = [round(float(value), 8) for value in (*turn[:, 0], *turn[:, 1])]
    dataset.PixelSpacing, dataset.SliceThickness = [PIXEL, PIXEL], round(spacing, 4)
    dataset.SpacingBetweenSlices = round(spacing, 4)
    dataset.SliceLocation = round(float(corner @ turn[:, 2]), 4)


def _add_pixels(dataset: Dataset, values: Field, sequence: Sequence) -> None:
    stored = np.rint(values).clip(0, 4095).astype("<u2")
    add_grey(dataset, stored, 12)
    dataset.SmallestImagePixelValue, dataset.LargestImagePixelValue = int(stored.min()), int(stored.max())
    dataset.WindowCenter, dataset.WindowWidth = sequence.window
