"""A head from the side while contrast medium goes through it: arteries, tissue, veins, and an aneurysm of known size.

Millimetres from the middle of the picture: x to the back of the head, y down. The beam is what is left after bone and
tissue; all that lies one behind the other counts once for vessels, which are thin. Must not know: DICOM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.noise import blurred, clouds, grain
from isocenter.phantom.shapes import ellipsoid, superellipse
from isocenter.phantom.tree import Branches, grow, path, points_inside

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isocenter.phantom.shapes import Field, Point

ROWS, PIXEL = 512, 0.42
MASKS, INJECTED = 3, 1100.0
"""Frames before the contrast medium, and when it reaches the neck, in milliseconds."""
MOVED = (1, -2)
"""Rows and columns that the patient moves by between the masks and the rest."""
ANEURYSM, ANEURYSM_DIAMETER, ANEURYSM_REACHED = (-6.0, 17.0), 9.0, 420.0
"""Middle and diameter in millimetres; how long after the neck the contrast medium is there, in milliseconds."""
CONTRAST, GAIN = 0.055, 2600.0
"""Attenuation per millimetre of vessel, and the value of the beam behind an average head."""
#: Half axes and middle (x, y), depth of the half axis along the beam, attenuation per millimetre.
HEAD = (
    ((8, -22), (93, 74), 72, 0.026), ((8, -22), (87, 68), 66, -0.021), ((-48, 52), (38, 44), 42, 0.0100),
    ((34, 92), (46, 72), 50, 0.0100), ((14, 40), (24, 13), 40, 0.0105), ((-62, 30), (17, 15), 26, -0.0040),
    ((-40, 60), (20, 13), 24, -0.0035), ((-72, 12), (11, 11), 20, -0.0035), ((-30, 92), (44, 9), 44, 0.0130),
    ((10, 78), (9, 30), 30, 0.0020), ((38, 66), (12, 9), 24, 0.0190), ((40, 86), (12, 9), 24, 0.0190),
    ((42, 106), (12, 9), 24, 0.0190),
)  # fmt: skip
CAROTID = (
    (14, 112, 0, 2.4), (10, 76, 0, 2.4), (12, 52, 0, 2.2), (0, 42, 0, 2.2), (-14, 40, 0, 2.1), (-18, 28, 0, 2.0),
    (-8, 22, 0, 1.9),
)  # fmt: skip
ANTERIOR = ((-8, 22, 0, 1.4), (-30, 12, 0, 1.3), (-42, -14, 0, 1.2), (-24, -44, 0, 1.0), (14, -58, 0, 0.8))
MIDDLE = ((-8, 22, 0, 1.6), (4, 12, 0, 1.5), (22, 2, 0, 1.3))
SINUSES = (
    ((-72, -28, 0, 1.2), (-40, -78, 0, 1.8), (14, -90, 0, 2.4), (66, -66, 0, 2.9), (88, -20, 0, 3.2), (70, 16, 0, 3.2),
     (44, 30, 0, 3.2), (34, 60, 0, 3.4), (30, 112, 0, 3.4)),
    ((-14, -20, 0, 0.9), (20, -14, 0, 1.2), (52, -6, 0, 1.6), (84, -8, 0, 2.2)),
)  # fmt: skip


class Angiogram:
    """A run that can be looked at at any moment; the same seed gives the same vessels and noise."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng([seed, 11])
        self.random = np.random.default_rng([seed, 12])
        steps = (np.arange(ROWS, dtype=np.float32) - (ROWS - 1) / 2) * np.float32(PIXEL)
        self.x, self.y = steps[None, :], steps[:, None]
        self.head = self._head(random)
        self.brain = superellipse(self.x - 8, self.y + 22, 84, 65)
        self.blush = np.clip(0.5 - self.brain / 20, 0, 1) * np.clip(
            0.7 + 0.25 * clouds(random, (ROWS, ROWS), 64, 4), 0, 2
        )
        self.arteries = _with_aneurysm(*_filled(_arteries(random)))
        self.veins = _filled([(path(list(line)), 0.0, 1e9) for line in SINUSES] + _bridging(random))

    def _head(self, random: np.random.Generator) -> Field:
        """Return the exponent by which the head weakens the beam."""
        total = np.zeros((ROWS, ROWS), np.float32)
        for (x, y), (a, b), depth, attenuation in HEAD:
            inside = 1 - ((self.x - x) / a) ** 2 - ((self.y - y) / b) ** 2
            total += np.float32(2 * depth * attenuation) * np.sqrt(np.maximum(inside, 0))
        texture = 0.012 * clouds(random, (ROWS, ROWS), 48, 5, 0.7) * (total > 0.1)
        return blurred(blurred(total + texture))

    def frame(self, number: int, moment: float) -> Field:
        """Return the beam (rows, columns) behind the head, 0 to 4095; ``number`` counts from 0, ``moment`` in ms."""
        depth, arrival = self.arteries
        venous, _ = self.veins
        since = np.float32(moment - INJECTED)
        weakened = self.head + np.float32(CONTRAST) * depth * _bolus(since - arrival)
        weakened += np.float32(0.05 * _bump(float(since), 1750, 700)) * self.blush
        weakened += np.float32(CONTRAST * 0.6 * _bump(float(since), 3300, 1100)) * venous
        if number >= MASKS:
            weakened = np.roll(weakened, MOVED, (0, 1))
        beam = GAIN * np.exp(0.75 - weakened)
        return np.asarray(np.clip(beam + 0.22 * np.sqrt(beam) * grain(self.random, beam.shape), 0, 4095), np.float32)


def _arteries(random: np.random.Generator) -> list[tuple[Branches, float, float]]:
    """Return pieces, when the contrast medium reaches their beginning, and its speed in millimetres per millisecond."""
    trunk, anterior, middle = (path(list(line)) for line in (CAROTID, ANTERIOR, MIDDLE))
    made = [(trunk, 0.0, 0.40), (anterior, 300.0, 0.22), (middle, 300.0, 0.22)]
    for root, center, axes, count, start in (
        ((-42, -14, 0), (-34, -36, 0), (34, 34, 8), 60, 480.0), ((-24, -44, 0), (20, -58, 0), (48, 26, 8), 70, 620.0),
        ((22, 2, 0), (34, -12, 0), (48, 46, 8), 150, 460.0), ((4, 12, 0), (-14, -10, 0), (46, 34, 8), 90, 400.0),
    ):  # fmt: skip
        targets = _points(random, count, center, axes)
        tree = grow(random, root, targets, 0.34)
        inside = superellipse(tree.ends[:, 0] - 8, tree.ends[:, 1] + 22, 84, 65) < -2
        made.append((tree.chosen(inside), start, 0.16))
    return made


def _points(random: np.random.Generator, count: int, center: Point, axes: Point) -> NDArray[np.float64]:
    """Return places within an ellipse, some millimetres before and behind the plane."""
    low, high = (tuple(c + sign * a for c, a in zip(center, axes, strict=True)) for sign in (-1, 1))
    return points_inside(random, count, low, high, lambda x, y, z: ellipsoid(x, y, z, center, (*axes[:2], 1e6)))


def _bridging(random: np.random.Generator) -> list[tuple[Branches, float, float]]:
    """Return the veins of the surface that lead to the great one above."""
    lines = []
    for angle in np.linspace(0.35, 2.6, 9):
        x, y = 8 + 82 * np.cos(angle), -22 - 65 * np.sin(angle)
        bend, depth = random.uniform(-12, 12), random.uniform(0.35, 0.6)
        inner = (8 + 82 * depth * np.cos(angle) + bend, -22 - 65 * depth * np.sin(angle))
        between = ((x + inner[0]) / 2 + bend, (y + inner[1]) / 2)
        lines.append((path([(*inner, 0, 0.45), (*between, 0, 0.7), (x, y, 0, 0.9)]), 0.0, 1e9))
    return lines


def _filled(parts: list[tuple[Branches, float, float]]) -> tuple[Field, Field]:
    """Return how deep the vessels are for the beam, in millimetres, and when contrast medium reaches them."""
    steps = (np.arange(ROWS) - (ROWS - 1) / 2) * PIXEL
    depth, arrival = np.zeros((ROWS, ROWS), np.float32), np.zeros((ROWS, ROWS), np.float32)
    for branches, start, speed in parts:
        way = np.hypot(*(branches.begins - branches.begins[:1])[:, :2].T)
        for begin, end, radius, far in zip(branches.begins, branches.ends, branches.radii, way, strict=True):
            low, high = np.minimum(begin, end)[:2] - radius, np.maximum(begin, end)[:2] + radius
            columns, rows = (slice(*np.searchsorted(steps, (low[axis], high[axis]))) for axis in (0, 1))
            patch = _chord(steps[columns][None, :], steps[rows][:, None], begin, end, float(radius))
            deeper = patch > depth[rows, columns]
            depth[rows, columns][deeper] = patch[deeper]
            arrival[rows, columns][deeper] = start + 1.1 * far / speed
    return depth, arrival


def _with_aneurysm(depth: Field, arrival: Field) -> tuple[Field, Field]:
    steps = (np.arange(ROWS) - (ROWS - 1) / 2) * PIXEL
    away = (steps[None, :] - ANEURYSM[0]) ** 2 + (steps[:, None] - ANEURYSM[1]) ** 2
    ball = 2 * np.sqrt(np.maximum((ANEURYSM_DIAMETER / 2) ** 2 - away, 0)).astype(np.float32)
    arrival[ball > depth] = ANEURYSM_REACHED
    return np.maximum(depth, ball), arrival


def _chord(x: Field, y: Field, begin: Field, end: Field, radius: float) -> Field:
    """Return the depth of a round tube at each pixel."""
    along = (end - begin)[:2]
    part = ((x - begin[0]) * along[0] + (y - begin[1]) * along[1]) / max(float(along @ along), 1e-6)
    part = np.clip(part, 0, 1)
    away = (x - begin[0] - part * along[0]) ** 2 + (y - begin[1] - part * along[1]) ** 2
    return np.asarray(2 * np.sqrt(np.maximum(radius**2 - away, 0)), np.float32)


def _bolus(since: Field) -> Field:
    """Return how much contrast medium is there, 0 to 1, so many milliseconds after it has arrived."""
    rise, fall = np.clip(since / 180, 0, 1), np.clip((since - 1100) / 900, 0, 1)
    return np.asarray(rise * rise * (3 - 2 * rise) * (1 - fall * fall * (3 - 2 * fall)), np.float32)


def _bump(moment: float, middle: float, width: float) -> float:
    return float(np.exp(-(((moment - middle) / width) ** 2)))
