"""A compressed breast as X-rays show it in two views, with a mass in the left and microcalcifications in the right one.

Places are millimetres: depth in front of the chest wall, and height above the middle of the picture, which is lateral
in a cranio-caudal view, up and lateral in a medio-lateral oblique one. Must not know: DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.noise import blurred, clouds, grain
from isocenter.phantom.shapes import coverage, smooth_union, superellipse
from isocenter.phantom.tree import joined, path

if TYPE_CHECKING:
    from isocenter.phantom.shapes import Field, Point
    from isocenter.phantom.tree import Branches

ROWS, COLUMNS, PIXEL = 1440, 800, 0.15
MASS, MASS_DIAMETER = (50.0, 24.0, 20.0), 14.0
"""Of the left breast: depth, how far lateral and how far above the nipple; millimetres."""
CLUSTER = (42.0, 12.0, -8.0)
#: Of the right breast, about `CLUSTER`: no two touch in either view.
SPECKS: tuple[Point, ...] = (
    (-4.0, -2.5, 1.0), (-2.6, 1.8, -0.5), (-1.4, -0.6, -2.6), (-0.5, 3.6, 1.4), (0.4, -3.4, -1.2),
    (1.3, 0.6, 2.6), (2.2, -1.6, 0.3), (3.1, 2.6, -1.8), (4.0, -0.3, 1.2),
)  # fmt: skip
SPECK_RADIUS = 0.3
FAT, GLAND, MUSCLE, DENSE, CALCIUM = 0.26, 0.32, 0.56, 0.74, 0.97
"""Brightness between 0 and 1; that of glands comes on top of fat."""
NIPPLE = {"CC": 0.0, "MLO": -20.0}


@dataclass(frozen=True, slots=True)
class View:
    """One picture: ``side`` R or L, ``name`` CC or MLO."""

    side: str
    name: str

    def place(self, of: Point) -> tuple[float, float]:
        """Return depth and height of what lies at depth, lateral and above; an oblique beam looks from 45 degrees."""
        depth, lateral, above = of
        across = lateral if self.name == "CC" else (lateral + above) / 2**0.5
        return depth, NIPPLE[self.name] + across

    def picture(self, random: np.random.Generator) -> Field:
        """Return brightness (rows, columns), 0 to 1; the chest wall of the left breast is on the left, else right."""
        depth = ((np.arange(COLUMNS, dtype=np.float32) + 0.5) * np.float32(PIXEL))[None, :]
        height = (((ROWS - 1) / 2 - np.arange(ROWS, dtype=np.float32)) * np.float32(PIXEL))[:, None]
        skin = self._outline(depth, height)
        values = self._tissue(depth, height, skin, random)
        values = blurred(values, 0.2) + 0.008 * grain(random, values.shape)
        self._paint_findings(values, depth, height)
        values = np.where(skin < 1, values, 0.015)
        return np.asarray(np.clip(values if self.side == "L" else values[:, ::-1], 0, 1), np.float32)

    def _outline(self, depth: Field, height: Field) -> Field:
        """Return the distance to the skin."""
        middle = NIPPLE[self.name]
        skin = superellipse(depth, height - 0.4 * middle, 84, 92, 2.3)
        if self.name == "MLO":
            tail = np.maximum(depth - 52 + 0.18 * (height - 30), 20 - height)
            skin = smooth_union(skin, tail.astype(np.float32), 40)
        return smooth_union(skin, superellipse(depth - 84, height - 0.6 * middle, 6.5, 5.5), 4)

    def _tissue(self, depth: Field, height: Field, skin: Field, random: np.random.Generator) -> Field:
        shape = skin.shape
        middle = 0.5 * NIPPLE[self.name]
        cone = superellipse(depth - 44, height - middle - 8, 38, 56) + 6 * clouds(random, shape, 160, 4)
        mottled = clouds(random, shape, 100, 6, 0.72)
        gland = np.clip(0.5 - cone / 26, 0, 1) * np.clip(0.55 + 0.32 * mottled, 0, 1.2)
        strands = np.exp(-((clouds(random, shape, 120, 5, 0.62) / 0.07) ** 2)) * np.clip(-skin / 12, 0, 1)
        values = FAT + GLAND * gland + 0.07 * strands + 0.02 * mottled
        vessels = _vessels(middle).coverage(0.0, shape, PIXEL, 1.0)
        values += 0.09 * (vessels if self.side == "L" else vessels[::-1])
        if self.name == "MLO":
            muscle = (depth - 46 * (height + 28) / 136 - 3 * np.sin(height / 40)) * 0.92
            inside = np.clip(0.5 - muscle / 1.5, 0, 1)
            values += inside * (MUSCLE + 0.03 * mottled - values) * 0.85
        thinner = np.sqrt(np.clip(-skin / 16, 0, 1))
        values *= 0.45 + 0.55 * thinner
        return np.asarray(values + 0.22 * np.exp(-(((skin + 0.9) / 0.8) ** 2)), np.float32)

    def _paint_findings(self, values: Field, depth: Field, height: Field) -> None:
        if self.side == "L":
            x, y = self.place(MASS)
            ball = superellipse(depth - x, height - y, MASS_DIAMETER / 2, MASS_DIAMETER / 2)
            angle = np.arctan2(height - y, depth - x)
            strands = np.clip(np.cos(11 * angle + 1.4 * np.sin(2 * angle)) - 0.6, 0, 1)
            values += 0.7 * strands * np.exp(-np.maximum(ball, 0) / 4)
            values += coverage(ball, PIXEL) * (DENSE - values)
            return
        for speck in SPECKS:
            x, y = self.place(tuple(a + b for a, b in zip(CLUSTER, speck, strict=True)))  # type: ignore[arg-type]
            values += coverage(superellipse(depth - x, height - y, SPECK_RADIUS, SPECK_RADIUS), PIXEL) * (
                CALCIUM - values
            )


def _vessels(middle: float) -> Branches:
    """Return two veins in the coordinates of `Branches.coverage`, whose middle is that of the picture."""
    left = COLUMNS / 2 * PIXEL
    lines = (
        ((4, 62, 1.1), (22, 58, 1.0), (38, 44, 0.9), (52, 40, 0.7), (66, 22, 0.5)),
        ((4, -48, 0.9), (20, -52, 0.8), (36, -40, 0.7), (46, -42, 0.6), (62, -24, 0.4)),
        ((38, 44, 0.7), (46, 54, 0.6), (56, 50, 0.4)),
    )
    return joined(*(path([(depth - left, -up - middle, 0, radius) for depth, up, radius in line]) for line in lines))
