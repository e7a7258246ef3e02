"""Isocontour regions by numpy, for axial volumes: what the viewer must come to by its own way."""

from dataclasses import dataclass

import numpy as np

PEAK_RADIUS = 10 * (3 / (4 * np.pi)) ** (1 / 3)
#: A voxel is divided into so many parts along each axis: more than the viewer takes.
PARTS = 9


@dataclass(frozen=True)
class Axial:
    """Values by slice, row and column; steps and the middle of the first voxel in mm, in the same order."""

    values: np.ndarray
    steps: np.ndarray
    origin: np.ndarray

    def places(self) -> np.ndarray:
        """Return z, y, x of every voxel."""
        grid = np.stack(np.meshgrid(*(np.arange(n) for n in self.values.shape), indexing="ij"), axis=-1)
        return grid * self.steps + self.origin


def region(volume: Axial, centre: np.ndarray, radius: float, share: float) -> np.ndarray:
    """Return which voxels hang together with the hottest one of a sphere; ``centre`` is z, y, x."""
    inside = np.linalg.norm(volume.places() - centre, axis=-1) <= radius
    hottest = np.unravel_index(np.where(inside, volume.values, -np.inf).argmax(), inside.shape)
    allowed = inside & (volume.values >= share * volume.values[hottest])
    found = np.zeros_like(inside)
    found[hottest] = True
    while True:
        grown = found.copy()
        for axis in range(3):
            for by in (1, -1):
                grown |= _moved(found, axis, by)
        grown &= allowed
        if (grown == found).all():
            return found
        found = grown


def _moved(mask: np.ndarray, axis: int, by: int) -> np.ndarray:
    moved = np.roll(mask, by, axis)
    edge = [slice(None)] * 3
    edge[axis] = slice(0, 1) if by > 0 else slice(-1, None)
    moved[tuple(edge)] = False
    return moved


def measured(volume: Axial, found: np.ndarray) -> dict[str, float]:
    """Return what is measured of a region, by the names of the drafts."""
    values = volume.values[found]
    millilitres = found.sum() * volume.steps.prod() / 1000
    return {
        "maximum": values.max(), "mean": values.mean(), "peak": peak(volume, found), "volume": millilitres,
        "glycolysis": values.mean() * millilitres,
    }  # fmt: skip


def peak(volume: Axial, found: np.ndarray) -> float:
    """Return the greatest mean of a sphere of 1 cm³ about a voxel of the region."""
    reach = np.ceil(PEAK_RADIUS / volume.steps + 0.5).astype(int)
    parts = [(np.arange(-n * PARTS - PARTS // 2, n * PARTS + PARTS // 2 + 1)) / PARTS for n in reach]
    fine = np.stack(np.meshgrid(*parts, indexing="ij"), axis=-1) * volume.steps
    inside = np.linalg.norm(fine, axis=-1) <= PEAK_RADIUS
    shape = [number for n in reach for number in (2 * n + 1, PARTS)]
    weights = inside.reshape(shape).sum(axis=(1, 3, 5)).astype(float)
    padded = np.pad(volume.values.astype(float), [(n, n) for n in reach], constant_values=np.nan)
    best = -np.inf
    for at in np.argwhere(found):
        part = padded[tuple(slice(a, a + 2 * n + 1) for a, n in zip(at, reach, strict=True))]
        known = ~np.isnan(part)
        best = max(best, float((part[known] * weights[known]).sum() / weights[known].sum()))
    return best
