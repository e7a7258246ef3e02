"""A stained section of tissue: glands in a web of fibres, a lymph follicle of known size, nuclei in all of them.

Painted as amounts of two dyes, which take light away as haematoxylin (blue) and eosin (red) do. Must not know: DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from isocenter.phantom.noise import clouds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isocenter.phantom.shapes import Field

    Dye = NDArray[np.uint8]

PIXEL = 0.0005
"""Millimetres."""
FOLLICLE_DIAMETER = 0.6
BLUE, RED = (0.65, 0.70, 0.29), (0.07, 0.82, 0.24)
"""How much of red, green and blue light a dye takes away (optical density)."""
STRONGEST = 1.15
"""Optical density of 255."""
GLAND = (70, 150)
"""Least and greatest radius in pixels."""
SPACING = 12
"""Pixels between nuclei of the follicle."""


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """The amounts of both dyes, 0 to 255, (rows, columns)."""

    blue: Dye
    red: Dye

    @classmethod
    def stained(cls, random: np.random.Generator, rows: int, columns: int) -> Section:
        """Return a section of this many pixels; sides are even."""
        half = (rows // 2, columns // 2)
        tissue = _tissue(random, half)
        fibres = np.sin(clouds(random, half, 256, 4, 0.5) * 9 + np.linspace(0, 40, half[0], dtype=np.float32)[:, None])
        grain = clouds(random, half, 8, 3, 0.8)
        red = np.clip(74 + 22 * fibres + 12 * grain, 16, 255) * tissue
        made = cls(_doubled(14 * tissue + 5 * tissue * grain), _doubled(red))
        _paint_scattered(made, random, tissue)
        for row, column in _apart(random, rows, columns, tissue):
            _paint_gland(made, random, row, column)
        _paint_follicle(made, random)
        return made

    def coloured(self) -> NDArray[np.uint8]:
        """Return the section as RGB (rows, columns, 3)."""
        levels = np.arange(256, dtype=np.float32) * np.float32(STRONGEST / 255)
        light = [np.power(np.float32(10), -levels * np.float32(part)) for part in (*BLUE, *RED)]
        out = np.empty((*self.blue.shape, 3), np.uint8)
        for colour in range(3):
            table = np.rint(244 * light[colour][:, None] * light[3 + colour][None, :]).astype(np.uint8)
            out[..., colour] = table[self.blue, self.red]
        return out


def _doubled(field: Field) -> Dye:
    picture = Image.fromarray(np.clip(field, 0, 255).astype(np.uint8))
    size = (picture.width * 2, picture.height * 2)
    return np.array(picture.resize(size, Image.Resampling.BILINEAR))


def _tissue(random: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Return where there is tissue, 0 to 1: an island, with clefts."""
    y, x = (np.linspace(-1, 1, size, dtype=np.float32) for size in shape)
    away = np.sqrt((x[None, :] / 0.95) ** 2 + (y[:, None] / 0.93) ** 2) + 0.05 * clouds(random, shape, 300, 4)
    clefts = np.abs(clouds(random, shape, 340, 5, 0.5)) * 26
    return np.asarray(np.clip((1 - away) * 40, 0, 1) * np.clip(clefts - 0.6, 0.12, 1), np.float32)


def _apart(random: np.random.Generator, rows: int, columns: int, tissue: Field) -> list[tuple[int, int]]:
    """Return the middles of glands: not over each other, the follicle or the edge."""
    found: list[tuple[int, int]] = []
    keep = FOLLICLE_DIAMETER / PIXEL / 2 + GLAND[1] + 20
    for row, column in random.integers((0, 0), (rows, columns), (rows * columns // 12000, 2)).tolist():
        middle = follicle(rows, columns)
        near = [(row - r) ** 2 + (column - c) ** 2 for r, c in found]
        if (
            tissue[row // 2, column // 2] > 0.95
            and min(near, default=1e9) > (2 * GLAND[1] - 10) ** 2
            and (row - middle[0]) ** 2 + (column - middle[1]) ** 2 > keep**2
        ):
            found.append((row, column))
    return found


def follicle(rows: int, columns: int) -> tuple[int, int]:
    """Return row and column of the middle of the follicle."""
    return round(rows * 0.40), round(columns * 0.36)


def _stamps(random: np.random.Generator, long: float, broad: float) -> list[Dye]:
    """Return nuclei in different directions, each with its clumps of chromatin."""
    made = []
    size = int(2 * long) + 3
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) - (size - 1) / 2
    for angle in np.linspace(0, np.pi, 24, endpoint=False):
        u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        inside = np.clip((1 - np.sqrt((u / long) ** 2 + (v / broad) ** 2)) * broad, 0, 1)
        made.append((inside * np.clip(150 + 36 * clouds(random, (size, size), 4, 2), 80, 255)).astype(np.uint8))
    return made


def _stamp(dye: Dye, stamp: Dye, row: int, column: int) -> None:
    """Paint a nucleus, as far as it lies within."""
    top, left = row - len(stamp) // 2, column - len(stamp) // 2
    if top >= 0 and left >= 0:
        patch = dye[top : top + len(stamp), left : left + len(stamp)]
        np.maximum(patch, stamp[: patch.shape[0], : patch.shape[1]], out=patch)


def _paint_scattered(made: Section, random: np.random.Generator, tissue: Field) -> None:
    """Paint the long nuclei between the fibres."""
    rows, columns = made.blue.shape
    stamps = _stamps(random, 10, 3.6)
    places = random.integers((0, 0), (rows, columns), (rows * columns // 1300, 2))
    which = (random.standard_normal(len(places)) * 3).astype(int) % len(stamps)
    wanted = tissue[places[:, 0] // 2, places[:, 1] // 2] > 0.5
    for (row, column), number in zip(places[wanted].tolist(), which[wanted].tolist(), strict=True):
        _stamp(made.blue, stamps[number], row, column)


def _paint_gland(made: Section, random: np.random.Generator, row: int, column: int) -> None:
    """Paint a gland: empty within, a ring of tall cells, their nuclei at the foot."""
    radius = random.uniform(*GLAND)
    reach = int(radius * 1.35)
    rows, columns = (slice(max(middle - reach, 0), middle + reach) for middle in (row, column))
    blue, red = made.blue[rows, columns], made.red[rows, columns]
    y = np.arange(rows.start, rows.start + blue.shape[0], dtype=np.float32)[:, None] - row
    x = np.arange(columns.start, columns.start + blue.shape[1], dtype=np.float32)[None, :] - column
    angle = np.arctan2(y, x)
    turns = random.uniform(0, 2 * np.pi, 3)
    edge = radius * (1 + sum(0.07 * np.sin((n + 2) * angle + turn) for n, turn in enumerate(turns)))
    part = np.hypot(x, y) / edge
    cells, lumen = (part < 1) & (part > 0.5), part <= 0.5
    red[cells], blue[cells] = 76 + (part[cells] * 30).astype(np.uint8), 30
    red[lumen], blue[lumen] = 4, 2
    stamps = _stamps(random, 9.5, 6)
    count = int(2 * np.pi * radius * 0.83 / 17)
    for number in range(count):
        turn = 2 * np.pi * number / count
        far = (
            radius
            * (1 + sum(0.07 * np.sin((n + 2) * turn + t) for n, t in enumerate(turns)))
            * random.uniform(0.78, 0.9)
        )
        _stamp(
            made.blue,
            stamps[int(turn / np.pi * 24) % 24],
            int(row + far * np.sin(turn)),
            int(column + far * np.cos(turn)),
        )


def _paint_follicle(made: Section, random: np.random.Generator) -> None:
    """Paint the follicle: round nuclei side by side, paler in the middle, its edge sharp."""
    rows, columns = made.blue.shape
    row, column = follicle(rows, columns)
    radius = FOLLICLE_DIAMETER / PIXEL / 2
    top, left = max(row - int(radius), 0), max(column - int(radius), 0)
    blue = made.blue[top : row + int(radius) + 1, left : column + int(radius) + 1]
    y = np.arange(top, top + blue.shape[0], dtype=np.float32)[:, None] - row
    x = np.arange(left, left + blue.shape[1], dtype=np.float32)[None, :] - column
    inside = x * x + y * y < radius * radius
    blue[inside] = 70
    made.red[top : top + blue.shape[0], left : left + blue.shape[1]][inside] = 48
    stamps = _stamps(random, 6.5, 6)
    steps = np.arange(-radius, radius, SPACING)
    places = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) + random.uniform(-4, 4, (len(steps) ** 2, 2))
    away = np.hypot(*places.T)
    kept = (away < radius - 7) & ((away > 0.45 * radius) | (random.uniform(size=len(away)) < 0.6))
    for number, (down, right) in enumerate(places[kept].astype(int).tolist()):
        _stamp(made.blue, stamps[number % len(stamps)], row + down, column + right)
