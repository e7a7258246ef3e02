"""Phantom follow-up: two thorax CTs of a patient whose nodule grows, and what was read from the second.

Segmentation, measurements, presentation state, key images and letter are in `findings`. Must not know: anatomy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from isocenter.phantom.axial import LUNG, SOFT, Stack
from isocenter.phantom.chest import Chest
from isocenter.phantom.findings import Reading, objects_of
from isocenter.phantom.nodule import DIAMETER, PRIOR_DIAMETER, WHERE, Nodule
from isocenter.phantom.objects import Study
from isocenter.phantom.thorax import cage, lungs_across

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from pydicom import Dataset

    from isocenter.phantom.canvas import Canvas

DEFAULT_SLICES = 100
"""Of each examination."""
FINDINGS = 5
ROWS, PIXEL, BOTTOM, TOP = 384, 0.92, 20.0, 270.0


def study(seed: int) -> Study:
    """Return the second examination."""
    return _study(seed, "followup", "20251124", "101500", "CT4", "CT thorax, follow-up of nodule", "065Y")


def prior(seed: int) -> Study:
    """Return the first examination, half a year before."""
    return _study(seed, "followup prior", "20250526", "084500", "CT3", "CT thorax, nodule found by chance", "064Y")


def _study(seed: int, key: str, date: str, time: str, identifier: str, description: str, age: str) -> Study:
    return Study(
        key=key, seed=seed, PatientName="Example^Edgar", PatientID=f"PHANTOM-NODULE-{seed:03d}",
        PatientBirthDate="19600917", PatientSex="M", PatientAge=age, PatientSize="1.81", PatientWeight="84",
        StudyDate=date, StudyTime=time, StudyID=identifier, AccessionNumber=f"A{seed:04d}{identifier[-1]}N",
        StudyDescription=description,
    )  # fmt: skip


def objects(slices: int) -> int:
    """Return how many objects `instances` yields."""
    return 2 * slices + FINDINGS


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:
    """Yield the second examination, what was read from it, and the first examination."""
    chest, spacing = Chest(seed, ROWS, PIXEL), (TOP - BOTTOM) / slices
    middle = BOTTOM + (int((WHERE[2] - BOTTOM) / spacing) + 0.5) * spacing
    center = (WHERE[0], WHERE[1], middle)
    second = _Examination(chest, study(seed), Nodule(center, DIAMETER), spacing)
    yield from second.slices(slices)
    yield from objects_of(second.reading())
    yield from _Examination(chest, prior(seed), Nodule(center, PRIOR_DIAMETER), spacing, marks=False).slices(slices)


@dataclass(slots=True)
class _Examination:
    """One of the two; with ``marks`` it keeps headers and where nodule and lungs are."""

    chest: Chest
    belongs: Study
    nodule: Nodule
    spacing: float
    marks: bool = True
    headers: list[Dataset] = field(default_factory=list)
    masks: list[dict[int, NDArray[np.bool_]]] = field(default_factory=list)

    def slices(self, count: int) -> Iterator[Dataset]:
        stack = Stack.centred(
            ROWS, belongs=self.belongs, description="Thorax 2.5 lung", pixel=PIXEL, spacing=self.spacing,
            kernel="LUNG", windows=(LUNG, SOFT),
        )  # fmt: skip
        for index in range(count):
            z = BOTTOM + (index + 0.5) * self.spacing
            canvas = self.chest.canvas(z, self.spacing)
            if self.marks:
                self.masks.append(self._marked(canvas))
            self.nodule.paint(canvas)
            dataset = stack.slice(index, z, self.chest.imaged(canvas))
            if self.marks:
                self.headers.append(_header(dataset))
            yield dataset

    def reading(self) -> Reading:
        return Reading(self.belongs, self.nodule, self.headers, self.masks)

    def _marked(self, canvas: Canvas) -> dict[int, NDArray[np.bool_]]:
        """Return masks by number of segment: nodule, right lung, left lung."""
        lungs = lungs_across(canvas.x, canvas.y, canvas.z, cage(canvas.x, canvas.y, canvas.z)) < 0
        return {1: self.nodule.distance(canvas) < 0, 2: lungs & (canvas.x < 0), 3: lungs & (canvas.x > 0)}


def _header(dataset: Dataset) -> Dataset:
    """Return the data set without its pixels."""
    header = type(dataset)()
    for element in dataset:
        if element.keyword != "PixelData":
            header.add_new(element.tag, element.VR, element.value)  # its own: dates are moved in place
    return header
