"""Phantom radiotherapy plan: planning CT, structures, plan and dose of a tumour of the lung (PS3.3 A.3, A.18 to A.20).

The objects of radiotherapy are in `radiotherapy`. Must not know: anatomy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from isocenter.phantom.axial import Stack
from isocenter.phantom.chest import Chest
from isocenter.phantom.objects import Study
from isocenter.phantom.radiotherapy import Planning, dose_of, plan_of, structures_of
from isocenter.phantom.structures import STRUCTURES, TUMOUR_RADIUS, ball
from isocenter.phantom.thorax import HEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

DEFAULT_SLICES = 100
ROWS, PIXEL = 288, 1.25


def study(seed: int) -> Study:
    """Return the study that all objects belong to."""
    return Study(
        key="plan", seed=seed, PatientName="Placeholder^Paul", PatientID=f"PHANTOM-RT-{seed:03d}",
        PatientBirthDate="19550211", PatientSex="M", PatientAge="070Y", PatientSize="1.76", PatientWeight="77",
        StudyDate="20251119", StudyTime="080000", StudyID="RT1", AccessionNumber=f"A{seed:04d}6",
        StudyDescription="Planning of radiotherapy, left lung",
    )  # fmt: skip


def objects(slices: int) -> int:
    """Return how many objects `instances` yields."""
    return slices + 3


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:
    """Yield the CT, then structures, plan and dose."""
    chest, belongs, spacing = Chest(seed, ROWS, PIXEL), study(seed), HEIGHT / slices
    stack = Stack.centred(ROWS, belongs=belongs, description="Planning CT", pixel=PIXEL, spacing=spacing)
    planning = Planning(belongs)
    tumour = ball(TUMOUR_RADIUS)
    for index in range(slices):
        z = (index + 0.5) * spacing
        canvas = chest.canvas(z, spacing)
        canvas.paint(tumour(canvas), 40.0)
        dataset = stack.slice(index, z, chest.imaged(canvas))
        planning.images.append((dataset.SOPInstanceUID, z))
        for structure in STRUCTURES:
            planning.contours[structure.number].append(structure.contours(canvas))
        yield dataset
    structures = structures_of(planning)
    yield structures
    plan = plan_of(planning, structures)
    yield plan
    yield dose_of(planning, plan, structures)
