"""Phantom thorax CT: one series of axial slices with contrast medium (PS3.3 A.3).

Must not know: anatomy (see `chest`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isocenter.phantom.axial import Stack
from isocenter.phantom.chest import Chest
from isocenter.phantom.objects import Study
from isocenter.phantom.thorax import HEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

DEFAULT_SLICES = 200
ROWS, PIXEL = 512, 0.7


def study(seed: int) -> Study:
    """Return the study that the series belongs to."""
    return Study(
        key="ct", seed=seed, PatientName="Phantom^Thorax", PatientID=f"PHANTOM-CT-{seed:03d}",
        PatientBirthDate="19610314", PatientSex="M", PatientAge="064Y", PatientSize="1.78", PatientWeight="79",
        StudyDate="20251126", StudyTime="091500", StudyID="CT1", AccessionNumber=f"A{seed:04d}1",
        StudyDescription="CT thorax with contrast",
    )  # fmt: skip


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:
    """Yield the slices from the feet to the head; fewer ``slices`` are thicker and cover the same thorax."""
    chest, spacing = Chest(seed, ROWS, PIXEL), HEIGHT / slices
    stack = Stack.centred(
        ROWS, belongs=study(seed), description="Thorax 1.5 soft" if spacing <= 1.5 else "Thorax soft",
        pixel=PIXEL, spacing=spacing, protocol="Thorax contrast", contrast="Phantom medium 350",
    )  # fmt: skip
    for index in range(slices):
        z = (index + 0.5) * spacing
        yield stack.slice(index, z, chest.slice(z, spacing))


def objects(slices: int) -> int:
    """Return how many objects `instances` yields."""
    return slices
