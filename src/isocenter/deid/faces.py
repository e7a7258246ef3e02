"""Where the face is in a volume of a head, and what of a slice belongs to it (PS3.15 E.3.2). Arrays in, arrays out.

The head (in CT the skull) is the largest part above a threshold; its profile in the midline shows the tip of the nose
and, above it, the nasion; a skull shows the roofs of the orbits, at the same height. The face is what lies below and
before a plane that runs from 30 mm behind down and back, to below the chin; the brain is behind or above it.
Coordinates are the patient's: x to the left, y to the back, z to the top, in mm. Must not know: DICOM objects, files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isocenter.errors import IsocenterError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Grid = NDArray[np.float32]
    Mask = NDArray[np.bool_]

Vector = tuple[float, float, float]
#: A volume has so many slices at least, no further apart, and is so high.
FEWEST_SLICES, FURTHEST, LOWEST = 20, 7.0, 80.0
#: Cells that the head is looked for in are no smaller.
CELL = 2.0
#: Heads are so wide and so long, from the forehead to the back.
WIDTHS, LENGTHS = (95.0, 215.0), (120.0, 260.0)
#: What the profile is looked for in: bone in CT, since tables and head rests touch the skin; half of Otsu's in MR.
_CT_BONE, _CT_AIR = 200.0, -1000.0
#: The nasion is behind the forehead by so much at most: where a face was taken out before, the profile is deeper.
_BACK_OF_FOREHEAD = 12.0
#: The nasion below the vertex, in lengths of the head: where it is looked for; then the nose's tip, and the forehead.
_NASION = (0.42, 0.80)
#: Orbits in CT: beside the midline, where their roofs may be, and the step back from the brow to their inside.
_EYES, _ROOF, _EDGE, _NOTCH = 32.0, (0.38, 0.80), 8.0, 12.0
_LEAST_AREA, _NOTHING = 1000.0, 1e6
_NOSE, _FOREHEAD = (0.50, 1.00), (0.25, 0.45)
#: From the nose's tip up to the nasion, and how much further back that is.
_BRIDGE, _DEEPER = (12.0, 65.0), 5.0
#: The plane before which is face: behind the nasion, further back for each mm down, at most; its ends up and down.
_BEHIND, _SLOPE, _FURTHEST_BACK = 30.0, 0.5, 50.0
_ABOVE, _LEVEL, _FALL, _BELOW = 5.0, 20.0, 0.35, 145.0


class NoFaceError(IsocenterError):
    """No face can be taken out; ``is_head`` is False when there is surely none, as in a chest."""

    def __init__(self, reason: str, *, is_head: bool = True) -> None:
        super().__init__(reason)
        self.is_head = is_head


@dataclass(frozen=True, slots=True)
class Plane:
    """Where the pixels of a slice are: its first pixel, the directions along a row and down a column, both spacings."""

    position: Vector
    along_row: Vector
    down_column: Vector
    between_rows: float
    between_columns: float

    def points(self, rows: int, columns: int, step: int = 1) -> NDArray[np.float32]:
        """Return the places of the pixels, every ``step``-th of them: (3, rows, columns)."""
        right = np.arange(0, columns, step, dtype=np.float32) * np.float32(self.between_columns)
        down = np.arange(0, rows, step, dtype=np.float32) * np.float32(self.between_rows)
        return np.stack([
            np.float32(self.position[axis])
            + np.float32(self.along_row[axis]) * right[None, :]
            + np.float32(self.down_column[axis]) * down[:, None]
            for axis in range(3)
        ])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice: its plane and size, and what gives its values (HU for CT)."""

    plane: Plane
    rows: int
    columns: int
    values: Callable[[], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Face:
    """A face by its nasion; ``air`` is the value of what is around the head."""

    y: float
    z: float
    air: float

    def mask(self, plane: Plane, rows: int, columns: int) -> Mask:
        """Return which pixels of a slice are face."""
        _, y, z = plane.points(rows, columns)
        back, down = y - np.float32(self.y), np.float32(self.z) - z
        before = back < np.clip(_BEHIND + _SLOPE * down, _BEHIND, _FURTHEST_BACK)
        below = down > _FALL * np.maximum(back - _LEVEL, 0) - _ABOVE
        return np.asarray(before & below & (down < _BELOW))


def find_face(slices: Sequence[Slice], *, is_ct: bool) -> Face:
    """Return the face in the slices of one series. Raises NoFaceError with the reason when there is none."""
    if len(slices) < FEWEST_SLICES:
        raise NoFaceError(f"it has {len(slices)} slices, too few for a volume")
    spacing = _spacing(slices)
    if spacing > FURTHEST:
        raise NoFaceError(f"its slices are {spacing:.0f} mm apart, too far for a volume")
    size = max(CELL, spacing)
    grid, first = _grid(slices, size, max(int(CELL / max(spacing, 0.1)), 1))
    if grid.shape[2] * size < LOWEST:
        raise NoFaceError(f"it is {grid.shape[2] * size:.0f} mm high, too little to find a face")
    inside, air = _head(grid, is_ct=is_ct)
    y, z = _nasion(inside, size, is_ct=is_ct)
    return Face(float(first[1] + y), float(first[2] + z), air)


def _spacing(slices: Sequence[Slice]) -> float:
    """Return the median distance of neighbours along the normal of the first slice."""
    first = slices[0].plane
    normal = np.cross(first.along_row, first.down_column)
    places = np.unique(np.round([float(np.dot(each.plane.position, normal)) for each in slices], 2))
    if len(places) < FEWEST_SLICES:
        raise NoFaceError(f"it has {len(places)} slices at different places, too few for a volume")
    return float(np.median(np.diff(places)))


def _grid(slices: Sequence[Slice], size: float, every: int) -> tuple[Grid, NDArray[np.float64]]:
    """Return the volume in cubic cells along the patient's axes, NaN where nothing is, and its first corner."""
    corners = np.concatenate([_corners(each) for each in slices])
    first, last = corners.min(axis=0), corners.max(axis=0)
    shape = tuple(int(n) for n in np.ceil((last - first) / size) + 1)
    if np.prod(shape) > 40_000_000:
        raise NoFaceError("it is too large for a head", is_head=False)
    sums, counts = np.zeros(np.prod(shape)), np.zeros(np.prod(shape))
    for each in slices[::every]:
        step = max(int(size / 2 / max(each.plane.between_rows, each.plane.between_columns)), 1)
        values = np.asarray(each.values()[::step, ::step], np.float64).ravel()
        points = each.plane.points(each.rows, each.columns, step).reshape(3, -1)
        at = [np.rint((points[axis] - first[axis]) / size).astype(np.intp) for axis in range(3)]
        index = np.ravel_multi_index(at, shape)
        sums += np.bincount(index, values, len(sums))
        counts += np.bincount(index, minlength=len(sums))
    with np.errstate(invalid="ignore"):
        grid = (sums / counts).reshape(shape).astype(np.float32)
    return _filled(grid), first


def _corners(each: Slice) -> NDArray[np.float64]:
    points = each.plane.points(2, 2)
    scale = np.array([[0, 0], [0, each.columns - 1], [each.rows - 1, 0], [each.rows - 1, each.columns - 1]])
    right, down = points[:, 0, 1] - points[:, 0, 0], points[:, 1, 0] - points[:, 0, 0]
    return np.asarray(points[:, 0, 0] + scale[:, :1] * down + scale[:, 1:] * right, np.float64)


def _filled(grid: Grid) -> Grid:
    """Return a grid whose empty cells between full ones have the values of their neighbours."""
    for axis in range(3):
        for shift in (1, -1):
            neighbour = np.roll(grid, shift, axis)
            grid = np.where(np.isnan(grid), neighbour, grid)
    return grid


def _head(grid: Grid, *, is_ct: bool) -> tuple[Mask, float]:
    """Return the cells of the head, or of the skull, and the value of air."""
    known = ~np.isnan(grid)
    values = np.nan_to_num(grid, nan=_CT_AIR if is_ct else 0.0)
    threshold = _CT_BONE if is_ct else 0.5 * _otsu(values[known])
    body = values > threshold
    head = _largest(body)
    if is_ct:
        return head, _CT_AIR
    beyond = values[known & ~body]
    return head, float(np.percentile(beyond, 25)) if len(beyond) else 0.0


def _largest(body: Mask) -> Mask:
    """Return the largest connected part; of single cells that stick out, those beside it only."""
    left, best = body.copy(), np.zeros(body.shape, bool)
    while left.sum() > best.sum():
        counts = left.sum(axis=(0, 1))
        level = int(counts.argmax())
        spot = np.argwhere(left[:, :, level])
        seed = np.zeros(body.shape, bool)
        seed[(*spot[np.argmin(((spot - np.median(spot, axis=0)) ** 2).sum(axis=1))], level)] = True
        part = _grown(seed, left)
        left &= ~part
        if part.sum() > best.sum():
            best = part
    if not best.any():
        raise NoFaceError("there is nothing but air in it", is_head=False)
    return best


def _otsu(values: NDArray[np.float32]) -> float:
    """Return the threshold that parts the values into the two most different groups."""
    top = float(np.percentile(values, 99))
    counts, edges = np.histogram(np.clip(values, 0, top), 128)
    middle = (edges[1:] + edges[:-1]) / 2
    weight, mass = np.cumsum(counts), np.cumsum(counts * middle)
    with np.errstate(invalid="ignore", divide="ignore"):
        between = (mass[-1] * weight / weight[-1] - mass) ** 2 / (weight * (weight[-1] - weight))
    return float(middle[int(np.nanargmax(between))])


def _grown(seed: Mask, allowed: Mask) -> Mask:
    """Return all that is connected with a seed through what is allowed, by sweeps along the axes."""
    grown, before = seed & allowed, -1
    while (count := int(grown.sum())) != before:
        before = count
        for axis in range(3):
            place = np.arange(grown.shape[axis], dtype=np.int16).reshape([-1 if a == axis else 1 for a in range(3)])
            for turn in (slice(None), slice(None, None, -1)):
                way = tuple(turn if a == axis else slice(None) for a in range(3))
                stop = np.maximum.accumulate(np.where(allowed[way], np.int16(-1), place), axis)
                go = np.maximum.accumulate(np.where(grown[way], place, np.int16(-1)), axis)
                grown[way] |= allowed[way] & (go > stop)
    return grown


def _nasion(inside: Mask, size: float, *, is_ct: bool) -> tuple[float, float]:
    """Return y and z of the nasion from the corner of the grid."""
    areas = inside.sum(axis=(0, 1)) * size * size
    levels = np.nonzero(areas > _LEAST_AREA)[0]
    if not len(levels):
        raise NoFaceError("there is no head in it", is_head=False)
    top = int(levels[-1])
    upper = inside[:, :, max(top - int(100 / size), 0) : max(top - int(25 / size), 1)]
    width, length = (float(upper.any(axis=(1 - axis, 2)).sum()) * size for axis in (0, 1))
    if not (WIDTHS[0] <= width <= WIDTHS[1] and LENGTHS[0] <= length <= LENGTHS[1]):
        raise NoFaceError(f"what is at its top is {width:.0f} by {length:.0f} mm, no head", is_head=False)
    if top == inside.shape[2] - 1 and areas[top] > 0.6 * areas.max():
        raise NoFaceError("the top of the head is not in it")
    middle = int(np.rint(np.nonzero(upper.any(axis=(1, 2)))[0].mean()))
    profile = _Profile(inside, middle, top, length, size)
    forehead = float(profile.front(0, 8)[slice(*profile.levels(_FOREHEAD))].min())
    level, y = profile.orbits() if is_ct else profile.nasion()
    return min(y, forehead + _BACK_OF_FOREHEAD), level * size - (_ABOVE if is_ct else 0)  # brain is on the roofs


@dataclass(frozen=True, slots=True)
class _Profile:
    """The front of a head: its cells, the midline, the level of its top, its length, the size of cells."""

    inside: Mask
    middle: int
    top: int
    length: float
    size: float

    def front(self, aside: float, reach: float) -> NDArray[np.float64]:
        """Return y of the most anterior cell at each level, from the bottom up, so far beside the midline."""
        first, last = (self.middle + int(np.rint((aside + side) / self.size)) for side in (-reach, reach))
        part = self.inside[max(first, 0) : last + 1].any(axis=0)
        return np.where(part.any(axis=0), part.argmax(axis=0) * self.size, _NOTHING)

    def levels(self, part: tuple[float, float]) -> tuple[int, int]:
        """Return the levels between two parts of the head's length below its top: lowest, highest."""
        low, high = (max(self.top - int(share * self.length / self.size), 0) for share in reversed(part))
        return low, high

    def nasion(self) -> tuple[int, float]:
        """Return level and y of the deepest place above the tip of the nose."""
        front = self.front(0, 8)
        low, high = self.levels(_NOSE)
        if high - low < int(_BRIDGE[0] / self.size):
            raise NoFaceError("the face is not in it: it ends above the nose")
        tip = low + int(np.argmin(front[low:high]))
        begin = max(tip + int(_BRIDGE[0] / self.size), self.levels(_NASION)[0])
        end = min(tip + int(_BRIDGE[1] / self.size), self.levels(_NASION)[1])
        if tip > low and end > begin:
            at = begin + int(np.argmax(front[begin:end]))
            if front[at] - front[tip] >= _DEEPER and at < end - 1:
                return at, float(front[at])
        raise NoFaceError("its profile shows no nose")

    def orbits(self) -> tuple[int, float]:
        """Return the level of the lower of both roofs of the orbits in a skull, and y of what is above."""
        found = []
        for side in (-_EYES, _EYES):
            front = self.front(side, 4)
            low, high = self.levels(_ROOF)
            over = int(_EDGE / self.size)
            falls = [at for at in range(high, max(low, 0), -1) if front[at] - front[at + over] >= _NOTCH]
            if not falls:
                raise NoFaceError("the face is not in it: no orbits are seen")
            found.append((falls[0], float(front[falls[0] + over])))
        return min(found)
