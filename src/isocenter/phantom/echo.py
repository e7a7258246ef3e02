"""A beating heart as ultrasound sees it: four chambers from the apex, speckle, colour flow, in a phased array's sector.

Tissue is computed in beams and depths and only then converted to pixels, as a scanner does. Must not know: DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom import lettering
from isocenter.phantom.noise import blurred
from isocenter.phantom.shapes import coverage, smooth_union, superellipse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isocenter.phantom.shapes import Field

    Picture = NDArray[np.uint8]

ROWS, COLUMNS, BEAMS, SAMPLES = 480, 640, 224, 560
DEPTH, HALF_ANGLE = 160.0, np.radians(41.0)
PIXEL = 0.375
"""Millimetres of a pixel, in both directions."""
APEX = (28, 320)
"""Row and column of the transducer's face."""
BEATS_PER_MINUTE = 60.0
RANGE = 58.0
"""Decibels from black to white."""
WHITE, GREEN, YELLOW = (225, 225, 225), (60, 230, 90), (240, 210, 70)


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of the heart at a part of its cycle (0..1, 0 = the R wave)."""

    squeeze: float
    inflow: float
    outflow: float
    mitral: float

    @classmethod
    def at(cls, phase: float) -> Moment:
        """Return squeeze (0 relaxed .. 1 contracted), flows and how far the inlet valves are open."""
        squeeze = np.sin(np.pi * min(phase / 0.36, 1) / 2) ** 2 if phase < 0.36 else _ease((0.68 - phase) / 0.32)
        early, late = _bump(phase, 0.55, 0.085), _bump(phase, 0.90, 0.05)
        return cls(
            squeeze=float(squeeze),
            inflow=early + 0.7 * late,
            outflow=_bump(phase, 0.17, 0.10),
            mitral=float(np.clip(early * 1.3 + late + 0.25 * (0.46 < phase < 0.96), 0, 1)),
        )


def _ease(part: float) -> float:
    part = float(np.clip(part, 0, 1))
    return part * part * (3 - 2 * part)


def _bump(phase: float, middle: float, width: float) -> float:
    return float(np.exp(-(((phase - middle) / width) ** 2)))


def electrocardiogram(phase: Field) -> Field:
    """Return the voltage over the cycle, R wave at 0, about -0.2..1."""
    phase = np.mod(np.asarray(phase, np.float32) + 0.5, 1) - 0.5
    waves = ((0.0, 0.011, 1.0), (-0.028, 0.01, -0.14), (0.03, 0.012, -0.22), (-0.16, 0.03, 0.13), (0.30, 0.05, 0.24))
    return np.asarray(sum(size * np.exp(-(((phase - place) / width) ** 2)) for place, width, size in waves), np.float32)


class Echo:
    """An examination that can be looked at in any phase; the same seed gives the same speckle."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng([seed, 5])
        self.random = np.random.default_rng([seed, 6])
        angles = np.linspace(-HALF_ANGLE, HALF_ANGLE, BEAMS, dtype=np.float32)[None, :]
        self.depth = np.linspace(0, DEPTH, SAMPLES, dtype=np.float32)[:, None]
        self.x, self.y = self.depth * np.sin(angles), self.depth * np.cos(angles)
        self.speckle = [_speckle(random) for _ in range(4)]
        self.texture = blurred(blurred(random.standard_normal((SAMPLES, BEAMS)).astype(np.float32), 0.33), 0.33)
        self.places, self.index, self.weights = _conversion()

    def frame(self, phase: float, sweep: float) -> Picture:
        """Return the picture (480, 640, 3) at ``phase`` of the beat; ``sweep`` (0..1) is how far the trace has come."""
        moment = Moment.at(phase)
        strength, blood, velocity = self._heart(moment)
        picture = np.zeros((ROWS, COLUMNS, 3), np.uint8)
        grey = self._converted(self._grey(strength, phase))
        picture.reshape(-1, 3)[self.places] = np.rint(grey)[:, None] * np.array([0.98, 1.0, 1.0])
        self._colour(picture, velocity * blood)
        _annotate(picture, sweep)
        return picture

    def _heart(self, moment: Moment) -> tuple[Field, Field, Field]:
        """Return echo strength, where there is blood, and its velocity towards the transducer (-1..1)."""
        x, y, squeeze = self.x, self.y, moment.squeeze
        base = 101 - 9 * squeeze  # the ring of the valves comes down to the apex
        left = _chamber(x, y, (20, (base + 26) / 2), (20.5 - 6.0 * squeeze, (base - 26) / 2 + 3 - 3 * squeeze))
        right = _chamber(x, y, (-20, (base + 40) / 2), (15.5 - 4 * squeeze, (base - 40) / 2 + 2))
        atria = [
            _chamber(x, y, (side * 20, base + 23 + 2 * squeeze), (17 + 2.5 * squeeze, 20 + 2 * squeeze))
            for side in (1, -1)
        ]
        wall = smooth_union(smooth_union(left - 10 - 3 * squeeze, right - 5 - squeeze, 8), np.minimum(*atria) - 3.2, 8)
        strength = 0.016 * np.exp(1.3 * self.texture) * np.exp(-np.maximum(np.abs(x) - 40, 0) / 35)
        strength = np.where(wall < 0, 0.085 * np.exp(0.9 * self.texture), strength)
        sack = np.exp(-(((wall - 1.6) / 1.5) ** 2)) * (0.25 + 0.75 * np.clip(np.abs(x) / 45 + (y > 110), 0, 1))
        strength = np.maximum(strength, 0.8 * sack)
        blood = np.maximum.reduce([coverage(shape, 1.2) for shape in (left, right, *atria)])
        strength = strength * (1 - blood) + 0.004 * blood
        edge = np.exp(-((np.minimum(left, np.minimum(right, np.minimum(*atria))) / 1.3) ** 2))
        strength = strength + 0.16 * edge * (0.3 + np.abs(np.cos(np.arctan2(x, y))) ** 8)
        strength = self._valves(strength, base, moment)
        near = np.exp(-self.depth / 9) * 0.6
        shadow = (
            1
            - 0.5 * np.exp(-(((np.arctan2(x, y) + 0.45) / 0.06) ** 2))
            - 0.35 * np.exp(-(((np.arctan2(x, y) - 0.6) / 0.08) ** 2))
        )
        return np.asarray((strength + near) * shadow, np.float32), blood, self._velocity(base, moment)

    def _valves(self, strength: Field, base: float, moment: Moment) -> Field:
        """Return ``strength`` with the leaflets of both inlet valves: across the ring, or hanging in when open."""
        for middle, half in ((20, 14.5), (-20, 13)):
            for side in (-1, 1):
                hinge = middle + side * half
                reach = np.clip((hinge - self.x) * side / half, -0.2, 1.2)
                opened = (
                    base
                    - 17 * moment.mitral * np.clip(reach, 0, 1) ** 0.8
                    + 2.5 * (1 - moment.mitral) * np.sin(2.6 * reach)
                )
                length = 1 - 0.55 * moment.mitral
                leaf = np.abs(self.y - opened) / 1.1 + 30 * (np.maximum(-reach, 0) + np.maximum(reach - length, 0))
                strength = np.maximum(strength, 0.75 * np.exp(-(leaf**2)))
        return strength

    def _velocity(self, base: float, moment: Moment) -> Field:
        jet = np.exp(-(((self.x - 19) / 8) ** 2)) * np.exp(-(((self.y - base + 22) / 30) ** 2))
        other = 0.6 * np.exp(-(((self.x + 19) / 8) ** 2)) * np.exp(-(((self.y - base + 16) / 26) ** 2))
        out = np.exp(-(((self.x - 8 + (self.y - base) * 0.1) / 7) ** 2)) * np.exp(-(((self.y - base + 20) / 32) ** 2))
        flow = moment.inflow * (jet + other) - 1.05 * moment.outflow * out
        return np.asarray(flow * (1 + 0.5 * self.texture), np.float32)

    def _grey(self, strength: Field, phase: float) -> Field:
        """Return what the receiver shows: speckle times strength, weaker with depth, compressed to 0..255."""
        turn = 2 * np.pi * phase
        scatter = np.cos(turn) * self.speckle[0] + np.sin(turn) * self.speckle[1] + 0.9 * self.speckle[2]
        scatter = scatter + 0.8 * np.roll(self.speckle[3], round(26 * np.sin(turn / 2) ** 2), axis=0)
        envelope = np.abs(scatter) * strength * np.exp(-self.depth / 260)
        envelope = (
            envelope
            + 0.0035
            * np.abs(self.random.standard_normal(envelope.shape).astype(np.float32))
            * (self.depth / DEPTH) ** 2
        )
        level = 20 * np.log10(np.maximum(envelope, 1e-5)) + RANGE - 1
        return np.asarray(np.clip(level / RANGE, 0, 1) ** 1.15 * 255, np.float32)

    def _converted(self, beams: Field) -> Field:
        """Return the values of the sector's pixels."""
        flat = beams.ravel()
        return np.asarray(
            sum(flat[index] * weight for index, weight in zip(self.index, self.weights, strict=True)), np.float32
        )

    def _colour(self, picture: Picture, velocity: Field) -> None:
        """Paint flow over the grey picture within the colour box: red to the transducer, blue away."""
        flow = self._converted(
            velocity * ((self.depth > 42) & (self.depth < 138) & (np.abs(self.x / np.maximum(self.y, 1)) < 0.42))
        )
        shown = np.abs(flow) > 0.14
        speed = np.clip(np.abs(flow[shown]), 0, 1)
        warm = flow[shown] > 0
        red = np.where(warm, 110 + 145 * speed, 30 * speed)
        green = np.where(warm, 190 * speed**2.2, 200 * speed**1.8)
        blue = np.where(warm, 20 * speed, 120 + 135 * speed)
        picture.reshape(-1, 3)[self.places[shown]] = np.stack([red, green, blue], axis=1).clip(0, 255).astype(np.uint8)


def _chamber(x: Field, y: Field, center: tuple[float, float], axes: tuple[float, float]) -> Field:
    return superellipse(x - center[0], y - center[1], axes[0], axes[1], 2.3)


def _speckle(random: np.random.Generator) -> NDArray[np.complex64]:
    """Return complex scatter of deviation 1, as long as a pulse and as wide as a beam."""
    parts = random.standard_normal((2, SAMPLES, BEAMS)).astype(np.float32)
    field = parts[0] + 1j * parts[1]
    for kernel, axis in (((0.25, 0.6, 1.0, 0.6, 0.25), 0), ((0.5, 1.0, 0.5), 1)):
        field = sum(weight * np.roll(field, step, axis) for step, weight in enumerate(kernel))
    return np.asarray(field / np.abs(field).std() / 2, np.complex64)


def _conversion() -> tuple[NDArray[np.int64], list[NDArray[np.int64]], list[Field]]:
    """Return the flat positions of the sector's pixels, and for each four samples with their weights."""
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
    x, y = (columns - APEX[1]) * PIXEL, (rows - APEX[0]) * PIXEL
    depth, angle = np.hypot(x, y), np.arctan2(x, np.maximum(y, 1e-3))
    inside = (np.abs(angle) < HALF_ANGLE) & (depth > 3) & (depth < DEPTH - 1) & (rows < ROWS - 50)
    sample = depth[inside] / DEPTH * (SAMPLES - 1)
    beam = (angle[inside] + HALF_ANGLE) / (2 * HALF_ANGLE) * (BEAMS - 1)
    row, column = sample.astype(np.int64), np.minimum(beam.astype(np.int64), BEAMS - 2)
    down, across = (sample - row).astype(np.float32), (beam - column).astype(np.float32)
    first = row * BEAMS + column
    weights = [(1 - down) * (1 - across), (1 - down) * across, down * (1 - across), down * across]
    return np.flatnonzero(inside), [first, first + 1, first + BEAMS, first + BEAMS + 1], weights


def _annotate(picture: Picture, sweep: float) -> None:
    """Burn in text, depth marks, grey and colour bars, and the electrocardiogram with its moving dot."""
    lettering.write(picture, 6, 8, "PHANTOM", WHITE, 2)
    lettering.write(picture, 26, 8, "ECHO FOUR CHAMBER", WHITE)
    lettering.write(picture, 38, 8, "NOT A PATIENT", YELLOW)
    for number, line in enumerate(("ISOCENTER S4-2", "A4C  16 CM", "GAIN 52  DR 58", "MI 0.9  TIS 0.4", "HR 60")):
        lettering.write(picture, 60 + 12 * number, 8, line, WHITE)
    for centimetre in range(int(DEPTH / 10)):
        row = APEX[0] + round(centimetre * 10 / PIXEL)
        picture[row : row + 1, 596 : 604 + 4 * (centimetre % 5 == 0)] = WHITE
        if centimetre % 5 == 0:
            lettering.write(picture, row - 3, 612, str(centimetre), WHITE)
    ramp = np.linspace(255, 0, 110)
    picture[150:260, 10:18] = ramp[:, None, None].astype(np.uint8)
    half = np.linspace(1, 0, 50)[:, None]
    picture[280:330, 10:18] = np.stack([110 + 145 * half, 190 * half**2.2, 20 * half], axis=-1).astype(np.uint8)
    away = half[::-1]
    picture[330:380, 10:18] = np.stack([30 * away, 200 * away**1.8, 120 + 135 * away], axis=-1).astype(np.uint8)
    lettering.write(picture, 268, 8, "+62", WHITE)
    lettering.write(picture, 384, 8, "-62 CM/S", WHITE)
    columns = np.arange(40, 600)
    trace = 462 - np.rint(34 * electrocardiogram((columns - 40) / 280)).astype(int)
    for before, after, column in zip(trace, trace[1:], columns, strict=False):
        picture[min(before, after) : max(before, after) + 1, column] = GREEN
    dot = int(np.clip(sweep * 559, 2, 557))
    picture[trace[dot] - 2 : trace[dot] + 3, 38 + dot : 43 + dot] = YELLOW
