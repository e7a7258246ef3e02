"""Phantom electrocardiogram: twelve leads for ten seconds (PS3.3 A.34.3, C.10.9).

The heart is a vector that turns with time; each lead is its projection. Must not know: the pictures of other phantoms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import TwelveLeadECGWaveformStorage

from isocenter.dicom.content_items import code, dataset
from isocenter.phantom.objects import Study, new_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom import Dataset

DEFAULT_SLICES = 1
RATE, SECONDS, BEATS_PER_MINUTE = 500, 10, 75
MICROVOLT = 2.5
"""Of one step of the samples."""
#: Centre and width in milliseconds from the R wave, and the vector (left, down, front) in millivolt.
WAVES = (
    (-170, 22, (0.07, 0.11, 0.04)),  # P
    (-28, 9, (-0.10, -0.02, 0.22)),  # Q, the septum
    (0, 11, (0.85, 0.95, -0.30)),  # R
    (26, 11, (0.10, -0.16, -0.95)),  # S
    (250, 48, (0.22, 0.24, 0.16)),  # T
)
#: Lead, its code of PS3.16 CID 3001 and direction of projection.
_THIRD = 3**0.5 / 2
LEADS = (
    ("Lead I", "2:1", (1.0, 0.0, 0.0)), ("Lead II", "2:2", (0.5, _THIRD, 0.0)),
    ("Lead III", "2:61", (-0.5, _THIRD, 0.0)),
    ("aVR", "2:62", (-0.75, -_THIRD / 2, 0.0)), ("aVL", "2:63", (0.75, -_THIRD / 2, 0.0)),
    ("aVF", "2:64", (0.0, _THIRD, 0.0)), ("V1", "2:3", (-0.45, 0.1, 0.9)), ("V2", "2:4", (-0.1, 0.15, 1.25)),
    ("V3", "2:5", (0.35, 0.2, 1.2)), ("V4", "2:6", (0.8, 0.3, 0.8)), ("V5", "2:7", (1.0, 0.25, 0.35)),
    ("V6", "2:8", (0.95, 0.2, 0.0)),
)  # fmt: skip


def study(seed: int) -> Study:
    """Return the study that the recording belongs to."""
    return Study(
        key="ecg", seed=seed, PatientName="Specimen^Cora", PatientID=f"PHANTOM-HEART-{seed:03d}",
        PatientBirthDate="19690822", PatientSex="F", PatientAge="056Y", PatientSize="1.67", PatientWeight="63",
        StudyDate="20251125", StudyTime="133500", StudyID="ECG1", AccessionNumber=f"A{seed:04d}7",
        StudyDescription="ECG at rest, 12 leads",
    )  # fmt: skip


def objects(slices: int) -> int:  # noqa: ARG001 - all kinds have one form
    """Return how many objects `instances` yields: one."""
    return 1


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:  # noqa: ARG001 - all kinds have one form
    """Yield the recording."""
    made = new_object(study(seed), TwelveLeadECGWaveformStorage, 1, 1)
    made.Modality, made.SeriesDescription = "ECG", "12 leads at rest"
    made.AcquisitionDateTime = made.AcquisitionDate + made.AcquisitionTime
    del made.AcquisitionDate, made.AcquisitionTime
    made.AcquisitionContextSequence = []
    made.WaveformSequence = [_group(samples(seed))]
    yield made


def samples(seed: int) -> NDArray[np.int16]:
    """Return the samples (time, lead)."""
    random = np.random.default_rng([seed, 7])
    time = np.arange(RATE * SECONDS) * 1000 / RATE
    vector = np.zeros((len(time), 3))
    moment = 320.0
    while moment < time[-1] + 400:
        for middle, width, direction in WAVES:
            late = middle + (8 if middle > 100 else 0)
            bell = np.exp(-(((time - moment - late) / width) ** 2) / 2)
            vector += bell[:, None] * np.array(direction)
        moment += 60_000 / BEATS_PER_MINUTE * (1 + 0.025 * random.standard_normal())
    breath = 0.03 * np.sin(2 * np.pi * time / 3900)
    leads = np.stack([sum(vector[:, axis] * part for axis, part in enumerate(way)) for _, _, way in LEADS], axis=1)
    noise = 0.006 * random.standard_normal(leads.shape)
    return np.rint((leads + breath[:, None] + noise) * 1000 / MICROVOLT).astype("<i2")


def _group(values: NDArray[np.int16]) -> Dataset:
    made = dataset(
        WaveformOriginality="ORIGINAL", NumberOfWaveformChannels=len(LEADS),
        NumberOfWaveformSamples=len(values), SamplingFrequency=RATE, MultiplexGroupLabel="RHYTHM",
        ChannelDefinitionSequence=[_channel(number, *lead[:2]) for number, lead in enumerate(LEADS, 1)],
        WaveformBitsAllocated=16, WaveformSampleInterpretation="SS", WaveformData=values.tobytes(),
    )  # fmt: skip
    made["WaveformData"].VR = "OW"
    return made


def _channel(number: int, name: str, identifier: str) -> Dataset:
    return dataset(
        WaveformChannelNumber=number, ChannelLabel=name, ChannelSourceSequence=[code((identifier, "MDC", name))],
        ChannelSensitivity=MICROVOLT, ChannelSensitivityUnitsSequence=[code(("uV", "UCUM", "microvolt"))],
        ChannelSensitivityCorrectionFactor=1, ChannelBaseline=0, ChannelSampleSkew=0, WaveformBitsStored=16,
        FilterLowFrequency=0.05, FilterHighFrequency=150,
    )  # fmt: skip
