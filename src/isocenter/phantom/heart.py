"""Phantom heart CT: one series of ten phases between two R waves, of known left ventricle (PS3.3 A.3).

Must not know: anatomy (see `beating` and `chest`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.axial import LUNG, SOFT, VESSELS, Stack
from isocenter.phantom.beating import CONTRACTION, paint_coronaries, paint_left_ventricle, paint_right_side
from isocenter.phantom.canvas import Canvas
from isocenter.phantom.chest import Chest
from isocenter.phantom.noise import Grain, blurred
from isocenter.phantom.objects import Study
from isocenter.phantom.skeleton import paint_bones
from isocenter.phantom.thorax import cage
from isocenter.phantom.vessels import paint_great_vessels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

    from isocenter.phantom.shapes import Field

DEFAULT_SLICES = 44
"""Of each phase."""
BOTTOM, TOP, ROWS, PIXEL, WHOLE = 40.0, 161.0, 208, 0.9, 384
LEFT, FRONT = 106, 62
"""Where the picture begins in that of the whole thorax: column and row."""
BEAT = 860.0
"""Milliseconds from one R wave to the next."""
NOISE = 9.0


def study(seed: int) -> Study:
    """Return the study that the series belongs to."""
    return Study(
        key="heart", seed=seed, PatientName="Specimen^Cora", PatientID=f"PHANTOM-HEART-{seed:03d}",
        PatientBirthDate="19690822", PatientSex="F", PatientAge="056Y", PatientSize="1.67", PatientWeight="63",
        StudyDate="20251125", StudyTime="143000", StudyID="CT2", AccessionNumber=f"A{seed:04d}4",
        StudyDescription="CT heart, function",
    )  # fmt: skip


def objects(slices: int) -> int:
    """Return how many objects `instances` yields."""
    return slices * len(CONTRACTION)


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:
    """Yield ``slices`` slices of each phase, phase after phase at each place."""
    chest, spacing = Chest(seed, WHOLE, PIXEL), (TOP - BOTTOM) / slices
    origin = -(WHOLE - 1) / 2 * PIXEL
    stack = Stack(
        belongs=study(seed), description="Heart 0-90 %", pixel=PIXEL, spacing=spacing, contrast="Phantom medium 370",
        corner=(round(origin + LEFT * PIXEL, 4), round(origin + FRONT * PIXEL, 4)),
        protocol="Heart, gated", body_part="HEART", windows=(VESSELS, SOFT, LUNG),
    )  # fmt: skip
    grain = Grain(np.random.default_rng([seed, 5]), (ROWS, ROWS))
    for index in range(slices):
        z = BOTTOM + (index + 0.5) * spacing
        place = _Place.of(chest, z, spacing)
        for phase, contraction in enumerate(CONTRACTION):
            noise = NOISE * grain.of(np.random.default_rng([seed, 5, index, phase]))
            yield _timed(stack.slice(phase * slices + index, z, place.at(contraction) + noise), phase)


def _timed(dataset: Dataset, phase: int) -> Dataset:
    dataset.NominalPercentageOfCardiacPhase = phase * 100 / len(CONTRACTION)
    dataset.TriggerTime = round(phase * BEAT / len(CONTRACTION), 1)
    dataset.LowRRValue = dataset.HighRRValue = int(BEAT)
    return dataset


@dataclass(frozen=True, slots=True)
class _Place:
    """A slice without its heart, and how what lies over the heart changes a value v: to ``keep`` v + ``over``."""

    around: Canvas
    keep: Field
    over: Field

    @classmethod
    def of(cls, chest: Chest, z: float, thickness: float) -> _Place:
        around = chest.without_heart(z, thickness)
        ribs, fine = cage(around.x, around.y, z), np.zeros_like(around.values)
        nothing, one = (Canvas.axial(WHOLE, WHOLE, PIXEL, z, value) for value in (0.0, 1.0))
        for canvas in (nothing, one):
            paint_coronaries(canvas)
            paint_great_vessels(canvas)
            paint_bones(canvas, ribs, fine)
        return cls(_cut(around), _cut(one).values - _cut(nothing).values, _cut(nothing).values)

    def at(self, contraction: float) -> Field:
        """Return the slice while the heart is contracted so far, without noise."""
        canvas = Canvas(self.around.values.copy(), self.around.x, self.around.y, self.around.z, PIXEL)
        paint_right_side(canvas, contraction)
        canvas.values[...] = self.keep * canvas.values + self.over
        paint_left_ventricle(canvas, contraction)
        return blurred(canvas.values, 0.12)


def _cut(canvas: Canvas) -> Canvas:
    rows, columns = slice(FRONT, FRONT + ROWS), slice(LEFT, LEFT + ROWS)
    return Canvas(canvas.values[rows, columns].copy(), canvas.x[:, columns], canvas.y[rows], canvas.z, canvas.pixel)
