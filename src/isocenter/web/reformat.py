"""Cuts a plane, or a slab of several, out of a volume: trilinear, in patient coordinates, slice after slice. Pure.

Pixels are sorted by where they lie along the line of slices, so that each slice is asked for once and two are held at
a time, however large the volume is. Gantry tilt and uneven places are part of the coordinates (`volume_geometry`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from isocenter.errors import UsageError
from isocenter.web.volume_geometry import Vector, Volume, finest_step, voxel_step

Mode = Literal["max", "min", "mean"]
PlaneName = Literal["axial", "coronal", "sagittal"]
Pixels = NDArray[np.float32]
#: Gives the stored values (rows, columns) of the slice with this number, from 0.
Read = Callable[[int], NDArray[Any]]

#: No picture has more pixels, no slab more planes, and no request more of both together.
MOST_PIXELS, MOST_PLANES, MOST_SAMPLES = 1 << 22, 1024, 1 << 27
MOST_SIDE = 1024
_EXACT = 1e-4
#: To the right and down on the screen, and the axis of the patient that the offset is along; as radiologists look.
STANDARD: dict[PlaneName, tuple[tuple[int, int, int], tuple[int, int, int], int]] = {
    "axial": ((1, 0, 0), (0, 1, 0), 2),
    "coronal": ((1, 0, 0), (0, 0, -1), 1),
    "sagittal": ((0, 1, 0), (0, 0, -1), 0),
}


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """The middle of the first pixel, unit vectors to the right and down, pixels and their distances in mm."""

    origin: Vector
    right: Vector
    down: Vector
    columns: int
    rows: int
    column_step: float
    row_step: float
    thickness: float = 0.0
    mode: Mode = "max"


def standard_plane(volume: Volume, name: PlaneName, offset: float | None, spacing: float | None) -> Plane:
    """Return a plane of the patient through the whole volume; ``offset`` is its z, y or x, the middle without one."""
    right, down, axis = STANDARD[name]
    corners, step = volume.corners(), spacing or finest_step(volume)
    middle = (corners.min(axis=0) + corners.max(axis=0)) / 2
    if offset is not None:
        middle[axis] = offset
    extents = np.ptp(corners @ np.array((right, down)).T, axis=0)
    if spacing is None:
        step = max(step, float(extents.max()) / (MOST_SIDE - 1))
    columns, rows = (int(extent / step + 1e-3) + 1 for extent in extents)
    across, below = np.array(right, float), np.array(down, float)
    origin = middle - across * (columns - 1) / 2 * step - below * (rows - 1) / 2 * step
    return Plane(origin, across, below, columns, rows, step, step)


def planes_through(volume: Volume, plane: Plane) -> tuple[int, Vector]:
    """Return how many planes the slab is made of, and the step between them; one where it is thinner than two voxels.

    Raises:
        UsageError: it takes more than is computed at once.
    """
    normal = np.cross(plane.right, plane.down)
    step = voxel_step(volume, normal)
    count = round(plane.thickness / step)
    if count < 2:
        return 1, np.zeros(3)
    if count > MOST_PLANES or count * plane.columns * plane.rows > MOST_SAMPLES:
        raise UsageError("the slab takes too many samples: ask for a thinner one, fewer pixels or a larger spacing")
    return count, np.asarray(normal * plane.thickness / count)


def cut(volume: Volume, plane: Plane, read: Read) -> Pixels:
    """Return the real values of a plane's pixels (rows, columns); NaN outside the volume.

    Raises:
        UsageError: it has more pixels than are computed at once.
    """
    if plane.columns * plane.rows > MOST_PIXELS:
        raise UsageError(f"a plane has {MOST_PIXELS} pixels at most: ask for fewer or a larger spacing")
    count, step = planes_through(volume, plane)
    return _Cut(volume, plane, read).through([step * (at - (count - 1) / 2) for at in range(count)])


class _Cut:
    """The work on one plane: its pixels in the order of their places along the line of slices."""

    def __init__(self, volume: Volume, plane: Plane, read: Read) -> None:
        self._volume, self._plane, self._read = volume, plane, read
        self._start = volume.to_voxels(plane.origin - volume.origin)
        self._across = volume.to_voxels(plane.right * plane.column_step)
        self._below = volume.to_voxels(plane.down * plane.row_step)
        x, y = np.arange(plane.columns), np.arange(plane.rows)
        places = np.add.outer(self._start[2] + y * self._below[2], x * self._across[2]).ravel()
        self._order = np.argsort(places, kind="stable").astype(np.int32)
        self._places = places[self._order]

    def through(self, shifts: list[Vector]) -> Pixels:
        """Return what the planes at these shifts from the first come to."""
        plane, count = self._plane, len(self._order)
        result = np.full(count, 0 if plane.mode == "mean" else np.nan, np.float32)
        used = np.zeros(count, np.uint16)
        steps = [self._volume.to_voxels(shift) for shift in shifts]
        ranges = [np.searchsorted(self._places, self._edges() - step[2]) for step in steps]
        read = lru_cache(maxsize=2)(self._read)
        for number in range(len(self._volume.places) - 1):
            pair = _Pair(self._volume, number, read)
            for step, bounds in zip(steps, ranges, strict=True):
                if bounds[number] < bounds[number + 1]:
                    self._between(pair, slice(bounds[number], bounds[number + 1]), step, result, used)
        if plane.mode == "mean":
            result = np.where(used > 0, result / np.maximum(used, 1), np.float32(np.nan))
        shown = np.empty(count, np.float32)
        shown[self._order] = result
        return shown.reshape(plane.rows, plane.columns)

    def _edges(self) -> Vector:
        """Return where each pair of neighbours begins, and the last ends: half a slice outside on both sides."""
        places = self._volume.places
        edges = places.copy()
        edges[0] -= (places[1] - places[0]) / 2 + _EXACT
        edges[-1] += (places[-1] - places[-2]) / 2 + _EXACT
        return edges

    def _between(
        self, pair: "_Pair", part: slice, step: tuple[float, float, float], result: Pixels, used: NDArray[np.uint16]
    ) -> None:
        """Add what the pixels between two slices are."""
        y, x = np.divmod(self._order[part], np.int32(self._plane.columns))
        u = self._start[0] + step[0] + x * self._across[0] + y * self._below[0]
        v = self._start[1] + step[1] + x * self._across[1] + y * self._below[1]
        columns, rows = self._volume.columns, self._volume.rows
        inside = (u >= -0.5) & (v >= -0.5) & (u <= columns - 0.5) & (v <= rows - 0.5)
        if not inside.any():
            return
        places = self._places[part] + step[2]
        whole = bool(inside.all())
        at: Any = part if whole else np.flatnonzero(inside) + part.start
        if not whole:
            u, v, places = u[inside], v[inside], places[inside]
        values = pair.at(np.clip(u, 0, columns - 1), np.clip(v, 0, rows - 1), places)
        if self._plane.mode == "mean":
            result[at] += values
            used[at] += 1
        else:
            result[at] = (np.fmax if self._plane.mode == "max" else np.fmin)(result[at], values)


class _Pair:
    """Two neighbouring slices, each read when something of it is wanted."""

    def __init__(self, volume: Volume, number: int, read: Read) -> None:
        self._volume, self._number, self._read = volume, number, read

    def at(self, u: Vector, v: Vector, places: Vector) -> Pixels:
        """Return the real values at columns, rows and places along the line."""
        low, high = self._volume.places[self._number : self._number + 2]
        shares = np.clip((places - low) / (high - low), 0, 1).astype(np.float32)
        if float(shares.max()) < _EXACT:
            return self._bilinear(0, u, v)
        if float(shares.min()) > 1 - _EXACT:
            return self._bilinear(1, u, v)
        first = self._bilinear(0, u, v)
        return np.asarray(first + (self._bilinear(1, u, v) - first) * shares)

    def _bilinear(self, which: int, u: Vector, v: Vector) -> Pixels:
        number = self._number + which
        stored, header = self._read(number).ravel(), self._volume.slices[number]
        columns = self._volume.columns
        left, top = u.astype(np.int32), v.astype(np.int32)
        a, b = (u - left).astype(np.float32), (v - top).astype(np.float32)
        right = (left < columns - 1).astype(np.int32)
        below = np.where(top < self._volume.rows - 1, np.int32(columns), np.int32(0))
        first = top * np.int32(columns) + left
        upper = _mixed(stored.take(first), stored.take(first + right), a)
        lower = _mixed(stored.take(first + below), stored.take(first + below + right), a)
        values = upper + (lower - upper) * b
        return np.asarray(values * np.float32(header.slope) + np.float32(header.intercept))


def _mixed(one: NDArray[Any], other: NDArray[Any], share: Pixels) -> Pixels:
    first = one.astype(np.float32)
    return np.asarray(first + (other.astype(np.float32) - first) * share)
