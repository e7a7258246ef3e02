"""Random fields: grain of an imaging chain, and slow variation within tissue. All from a seeded generator.

Must not know: organs, DICOM.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isocenter.phantom.shapes import Field


def blurred(image: Field, weight: float = 0.25) -> Field:
    """Return ``image`` smoothed by (w, 1-2w, w) along rows and columns."""
    center = np.float32(1 - 2 * weight)
    for axis in (0, 1):
        moved = np.swapaxes(image, 0, axis)
        smooth = moved * center
        smooth[1:] += np.float32(weight) * moved[:-1]
        smooth[:-1] += np.float32(weight) * moved[1:]
        smooth[0] += np.float32(weight) * moved[0]
        smooth[-1] += np.float32(weight) * moved[-1]
        image = np.swapaxes(smooth, 0, axis)
    return image


def grain(random: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Return noise of mean 0 and deviation 1 that neighbours share, without slow parts, as filtered back projection."""
    fine = blurred(random.standard_normal(shape, np.float32), 0.22)
    rough = fine - 0.7 * blurred(blurred(blurred(fine, 0.3), 0.3), 0.3)
    return np.asarray(rough / max(float(rough.std()), 1e-6), np.float32)


class Grain:
    """Noise as of `grain` for many pictures: each is cut from one larger field, at another place and turned over."""

    SPARE = 192

    def __init__(self, random: np.random.Generator, shape: tuple[int, int]) -> None:
        self.shape = shape
        self.field = grain(random, (shape[0] + self.SPARE, shape[1] + self.SPARE))

    def of(self, random: np.random.Generator) -> Field:
        """Return the noise of one picture; ``random`` says which."""
        row, column, turn = random.integers(0, (self.SPARE, self.SPARE, 4)).tolist()
        part = self.field[row : row + self.shape[0], column : column + self.shape[1]]
        return part[:: 1 - 2 * (turn % 2), :: 1 - 2 * (turn // 2)]


def clouds(random: np.random.Generator, shape: tuple[int, int], cell: int, octaves: int, fall: float = 0.6) -> Field:
    """Return a field of deviation 1 that varies over ``cell`` pixels, ``fall`` as much over half of that, and so on."""
    total, weight = np.zeros(shape, np.float32), 1.0
    for _ in range(octaves):
        coarse = random.standard_normal((shape[0] // cell + 3, shape[1] // cell + 3), np.float32)
        size = ((coarse.shape[1] - 2) * cell, (coarse.shape[0] - 2) * cell)
        box = (1, 1, coarse.shape[1] - 1, coarse.shape[0] - 1)
        finer = Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC, box)
        total += np.float32(weight) * np.asarray(finer, np.float32)[: shape[0], : shape[1]]
        weight, cell = weight * fall, max(cell // 2, 1)
    return np.asarray((total - total.mean()) / max(float(total.std()), 1e-6), np.float32)


class SlowField:
    """A random field that varies over ``cell`` millimetres, evaluated slice by slice; deviation about 1."""

    def __init__(self, random: np.random.Generator, cells: tuple[int, int, int]) -> None:
        self.values = random.standard_normal(cells, np.float32)

    def slice(self, part: float, shape: tuple[int, int]) -> Field:
        """Return the field at ``part`` (0..1) of its depth, on ``shape`` pixels."""
        place = part * (len(self.values) - 1)
        index = int(np.clip(place, 0, len(self.values) - 2))
        rest = np.float32(place - index)
        plane = self.values[index] * (1 - rest) + self.values[index + 1] * rest
        for axis, pixels in enumerate(shape):  # not as matrices: BLAS may sum in another order elsewhere
            lower, weight = _steps(plane.shape[axis], pixels)
            columns = np.swapaxes(plane, 0, axis)
            plane = np.swapaxes(columns[lower] * (1 - weight) + columns[lower + 1] * weight, 0, axis)
        return np.asarray(plane)


@cache
def _steps(cells: int, pixels: int) -> tuple[NDArray[np.intp], Field]:
    """Return for each pixel the cell before it and the smooth weight of the next one (pixels, 1)."""
    places = np.linspace(0, cells - 1, pixels)
    lower = np.minimum(places.astype(np.intp), cells - 2)
    part = (places - lower)[:, None]
    return lower, np.asarray(part * part * (3 - 2 * part), np.float32)


class Waves:
    """A random field of one wavelength in all directions, a sum of plane waves, with its gradient: for folds."""

    def __init__(self, random: np.random.Generator, wavelength: float, count: int = 24, spread: float = 0.25) -> None:
        directions = random.standard_normal((count, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        lengths = wavelength * (1 + spread * random.uniform(-1, 1, count))
        self.vectors = (directions * (2 * np.pi / lengths)[:, None]).astype(np.float32)
        self.phases = random.uniform(0, 2 * np.pi, count).astype(np.float32)

    def evaluate(self, x: Field, y: Field, z: Field) -> tuple[Field, Field]:
        """Return the field (deviation 1) and the length of its gradient per millimetre."""
        total = np.zeros(np.broadcast(x, y, z).shape, np.float32)
        slopes = [np.zeros_like(total) for _ in range(3)]
        for vector, phase in zip(self.vectors, self.phases, strict=True):
            angle = vector[0] * x + vector[1] * y + vector[2] * z + phase
            total += np.cos(angle)
            sine = np.sin(angle)
            for axis in range(3):
                slopes[axis] += vector[axis] * sine
        scale = np.float32(np.sqrt(2 / len(self.phases)))
        steepness = np.sqrt(sum(slope * slope for slope in slopes))
        return total * scale, np.asarray(steepness * scale, np.float32)
