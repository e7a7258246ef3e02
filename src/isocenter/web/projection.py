"""The greatest value along each line of sight through a whole volume, fast enough to be turned. Pure.

The volume is made coarser where it is large, by the greatest of neighbours, so that no maximum is lost, and its slices
even. Its layers along the axis nearest to the line of sight are shifted by whole voxels and laid over each other; what
comes of it is drawn askew on the plane (Lacroute and Levoy, "Fast volume rendering using a shear-warp factorization").
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isocenter.errors import UsageError
from isocenter.web.reformat import MOST_PIXELS, Pixels, Plane, Read
from isocenter.web.volume_geometry import Vector, Volume, slice_step

#: Voxels of a coarse volume.
MOST_VOXELS = 1 << 24
#: Layers that are brought into order at once.
_TOGETHER = 16


@dataclass(frozen=True, slots=True, eq=False)
class CoarseVolume:
    """Real values (slices, rows, columns); ``factor`` pixels of a row became one, ``together`` steps between slices."""

    volume: Volume
    values: Pixels
    factor: int
    together: int

    def to_voxels(self, step: Vector) -> Vector:
        """Return a direction in the patient as slices, rows, columns of ``values``."""
        i, j, along = self.volume.to_voxels(step)
        between = slice_step(self.volume.places) * self.together
        return np.array((along / between, j / self.factor, i / self.factor))

    def at(self, place: Vector) -> Vector:
        """Return a place in the patient as slices, rows, columns of ``values``."""
        by = np.array((self.together, self.factor, self.factor))
        return np.asarray(self.to_voxels(place - self.volume.origin) - (by - 1) / 2 / by)


def coarse_volume(volume: Volume, read: Read, most: int = MOST_VOXELS) -> CoarseVolume:
    """Return a volume with no more than so many voxels, where the greatest of several stands for them."""
    step, side = slice_step(volume.places), min(volume.column_step, volume.row_step)
    evenly = np.rint(volume.places / step).astype(int)
    factor = together = 1
    while math.prod(shape := _shape(volume, int(evenly[-1]) + 1, factor, together)) > most:
        if step * together < side * factor and shape[0] > 2:
            together *= 2
        else:
            factor *= 2
    values = np.full(shape, np.nan, np.float32)
    layers = evenly // together
    for number, layer in enumerate(layers):
        header = volume.slices[number]
        real = read(number) * np.float32(header.slope) + np.float32(header.intercept)
        np.fmax(values[layer], _greatest(real.astype(np.float32, copy=False), factor), out=values[layer])
    for layer in set(range(shape[0])) - set(layers.tolist()):
        values[layer] = values[layers[np.abs(layers - layer).argmin()]]
    return CoarseVolume(volume, values, factor, together)


def _shape(volume: Volume, slices: int, factor: int, together: int) -> tuple[int, int, int]:
    return -(-slices // together), -(-volume.rows // factor), -(-volume.columns // factor)


def _greatest(values: Pixels, factor: int) -> Pixels:
    """Return the greatest value of each square; those at the edge may be smaller."""
    if factor == 1:
        return values
    rows, columns = values.shape
    padded = np.pad(values, ((0, -rows % factor), (0, -columns % factor)), mode="edge")
    below = np.maximum.reduce([padded[at::factor] for at in range(factor)])
    return np.asarray(np.maximum.reduce([below[:, at::factor] for at in range(factor)]))


def project(coarse: CoarseVolume, plane: Plane) -> Pixels:
    """Return the greatest real value behind and before each pixel of a plane (rows, columns); NaN beside the volume.

    Raises:
        UsageError: it has more pixels than are computed at once.
    """
    if plane.columns * plane.rows > MOST_PIXELS:
        raise UsageError(f"a plane has {MOST_PIXELS} pixels at most: ask for fewer or a larger spacing")
    sight = coarse.to_voxels(np.cross(plane.right, plane.down))
    axis = int(np.abs(sight).argmax())
    others = [each for each in range(3) if each != axis]
    shear = -sight[others] / sight[axis]
    laid, corner = _laid_over(coarse.values, axis, shear)
    start, right, down = (
        step[others] + shear * step[axis]
        for step in (
            coarse.at(plane.origin),
            coarse.to_voxels(plane.right * plane.column_step),
            coarse.to_voxels(plane.down * plane.row_step),
        )
    )
    return _askew(laid, start - corner, right, down, (plane.rows, plane.columns))


def _laid_over(values: Pixels, axis: int, shear: Vector) -> tuple[Pixels, Vector]:
    """Return the layers along an axis over each other, each shifted, and where the first pixel lies on the first."""
    shifts = np.rint(np.outer(np.arange(values.shape[axis]), shear)).astype(int)
    corner = shifts.min(axis=0)
    shifts -= corner
    height, width = (side for at, side in enumerate(values.shape) if at != axis)
    most = shifts.max(axis=0)
    laid = np.full((height + most[0], width + most[1]), np.nan, np.float32)
    for (top, left), layer in zip(shifts.tolist(), _layers(values, axis), strict=True):
        part = laid[top : top + height, left : left + width]
        np.fmax(part, layer, out=part)
    return laid, corner.astype(float)


def _layers(values: Pixels, axis: int) -> Iterator[Pixels]:
    """Yield the layers along an axis, brought together so that memory is read in order."""
    for start in range(0, values.shape[axis], _TOGETHER):
        part = values[(slice(None),) * axis + (slice(start, start + _TOGETHER),)]
        yield from np.ascontiguousarray(np.moveaxis(part, axis, 0))


def _askew(laid: Pixels, start: Vector, right: Vector, down: Vector, shape: tuple[int, int]) -> Pixels:
    """Return the picture whose pixels lie at ``start`` and multiples of ``right`` and ``down``, interpolated."""
    rows, columns = shape
    y, x = (
        (start[at] + np.add.outer(np.arange(rows) * down[at], np.arange(columns) * right[at])).astype(np.float32)
        for at in (0, 1)
    )
    height, width = laid.shape
    outside = (y < -0.5) | (x < -0.5) | (y > height - 0.5) | (x > width - 0.5)
    y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
    top, left = np.minimum(y.astype(np.int32), max(height - 2, 0)), np.minimum(x.astype(np.int32), max(width - 2, 0))
    below, beside = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    upper = _mixed(laid[top, left], laid[top, beside], x - left)
    lower = _mixed(laid[below, left], laid[below, beside], x - left)
    shown = _mixed(upper, lower, y - top)
    shown[outside] = np.nan
    return shown


def _mixed(one: Pixels, other: Pixels, share: NDArray[np.float32]) -> Pixels:
    """Return values between two; where there is only one, that one."""
    mixed = one + (other - one) * share
    return np.asarray(np.where(np.isnan(mixed), np.fmax(one, other), mixed))
