"""Phantom thorax CT of a thousand thin slices, for trying what is large (PS3.3 A.3).

Every fourth slice is cut from the thorax, those between are mixed of their neighbours; noise is each slice's own. Must
not know: anatomy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.axial import BONE, LUNG, SOFT, Stack
from isocenter.phantom.chest import Chest
from isocenter.phantom.noise import Grain
from isocenter.phantom.objects import Study
from isocenter.phantom.thorax import HEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

DEFAULT_SLICES = 1000
ROWS, PIXEL, NOISE, EVERY = 256, 1.4, 14.0, 4


def study(seed: int) -> Study:
    """Return the study that the series belongs to."""
    return Study(
        key="thin", seed=seed, PatientName="Sample^Sophie", PatientID=f"PHANTOM-THIN-{seed:03d}",
        PatientBirthDate="19740405", PatientSex="F", PatientAge="051Y", PatientSize="1.70", PatientWeight="66",
        StudyDate="20251104", StudyTime="154500", StudyID="CT5", AccessionNumber=f"A{seed:04d}8",
        StudyDescription="CT thorax, 1000 slices",
    )  # fmt: skip


def objects(slices: int) -> int:
    """Return how many objects `instances` yields."""
    return slices


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:
    """Yield the slices from the feet to the head."""
    chest, spacing = Chest(seed + 1, ROWS, PIXEL), HEIGHT / slices
    stack = Stack.centred(
        ROWS, belongs=study(seed), description="Thorax 0.3 bone", pixel=PIXEL, spacing=spacing, kernel="SHARP",
        windows=(SOFT, LUNG, BONE),
    )  # fmt: skip
    step, grain = EVERY * spacing, Grain(np.random.default_rng([seed, 8]), (ROWS, ROWS))
    below = chest.canvas(0.5 * spacing, spacing).values
    for first in range(0, slices, EVERY):
        above = chest.canvas((first + 0.5) * spacing + step, spacing).values
        for index in range(first, min(first + EVERY, slices)):
            part = np.float32((index - first) / EVERY)
            noise = NOISE * grain.of(np.random.default_rng([seed, 8, index]))
            values = np.asarray(below + part * (above - below) + noise, np.float32)
            yield stack.slice(index, (index + 0.5) * spacing, values)
        below = above
