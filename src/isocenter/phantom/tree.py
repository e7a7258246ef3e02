"""Branching trees of vessels and airways, grown towards random points of a volume.

Every target is joined to the nearest part of the tree that exists; radii follow from the number of ends that a piece
serves (Murray's law, flow ~ radius^2.7), so that trunks taper as real ones do. Must not know: organs, DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from isocenter.phantom.shapes import Field

MURRAY = 1 / 2.7
PIECE = 5.0
"""Longest piece in millimetres: what `Branches.coverage` paints as one patch."""


@dataclass(frozen=True, slots=True, eq=False)
class Branches:
    """Straight pieces: ``begins`` and ``ends`` (n, 3) in millimetres, ``radii`` (n,)."""

    begins: Field
    ends: Field
    radii: Field

    def near(self, z: float, reach: float) -> Branches:
        """Return the pieces that come within ``reach`` of the plane ``z``."""
        low = np.minimum(self.begins[:, 2], self.ends[:, 2]) - self.radii - reach
        high = np.maximum(self.begins[:, 2], self.ends[:, 2]) + self.radii + reach
        return self.chosen((low <= z) & (z <= high))

    def chosen(self, mask: NDArray[np.bool_]) -> Branches:
        """Return the pieces where ``mask`` is true."""
        return Branches(self.begins[mask], self.ends[mask], self.radii[mask])

    def thickened(self, factor: float, by: float = 0.0) -> Branches:
        """Return the same pieces with other radii."""
        return Branches(self.begins, self.ends, (self.radii * factor + by).astype(np.float32))

    def coverage(self, z: float, shape: tuple[int, int], pixel: float, reach: float) -> Field:
        """Return how much of each pixel of the plane ``z`` the pieces cover, 0..1; the middle is x = y = 0."""
        covered = np.zeros(shape[0] * shape[1], np.float32)
        near = self.near(z, reach)
        half = (PIECE / 2 + near.radii + pixel) / pixel
        for low, high in ((0, 8), (8, 14), (14, 40)):
            some = near.chosen((half > low) & (half <= high))
            for start in range(0, len(some.radii), 256):
                part = Branches(*(values[start : start + 256] for values in (some.begins, some.ends, some.radii)))
                part._paint(covered, z, shape, pixel, high)
        return covered.reshape(shape)

    def _paint(self, covered: Field, z: float, shape: tuple[int, int], pixel: float, half: int) -> None:
        """Raise ``covered`` (flat) to the coverage of all pieces, each on a patch of 2 ``half`` + 1 pixels."""
        origin = np.array([(1 - shape[1]) / 2 * pixel, (1 - shape[0]) / 2 * pixel], np.float32)
        middle = np.rint(((self.begins + self.ends)[:, :2] / 2 - origin) / pixel).astype(np.int64)
        steps = np.arange(-half, half + 1)
        columns = middle[:, 0, None, None] + steps[None, None, :]
        rows = middle[:, 1, None, None] + steps[None, :, None]
        inside = (columns >= 0) & (columns < shape[1]) & (rows >= 0) & (rows < shape[0])
        distance = self._distance(columns * pixel + origin[0], rows * pixel + origin[1], z)
        values = np.clip(0.5 - distance / np.float32(pixel), 0, 1) * inside
        index = np.where(inside, rows * shape[1] + columns, 0)
        keep = values > 0
        np.maximum.at(covered, index[keep], values[keep])

    def _distance(self, x: Field, y: Field, z: float) -> Field:
        axis = self.ends - self.begins
        begin, along = self.begins[:, :, None, None], axis[:, :, None, None]
        dx, dy, dz = x - begin[:, 0], y - begin[:, 1], z - begin[:, 2]
        squared = np.maximum((axis * axis).sum(axis=1), 1e-6)[:, None, None]
        part = np.clip((dx * along[:, 0] + dy * along[:, 1] + dz * along[:, 2]) / squared, 0, 1)
        rx, ry, rz = dx - part * along[:, 0], dy - part * along[:, 1], dz - part * along[:, 2]
        return np.asarray(np.sqrt(rx * rx + ry * ry + rz * rz) - self.radii[:, None, None], np.float32)


def path(points: list[tuple[float, float, float, float]]) -> Branches:
    """Return the pieces of a smooth curve through (x, y, z, radius)."""
    nodes = np.asarray(points, np.float64)
    ends = np.concatenate([2 * nodes[:1] - nodes[1:2], nodes, 2 * nodes[-1:] - nodes[-2:-1]])
    steps = np.linspace(0, 1, 6, endpoint=False)[:, None]
    curve = [
        0.5 * (2 * b + (c - a) * steps + (2 * a - 5 * b + 4 * c - d) * steps**2 + (3 * b - a - 3 * c + d) * steps**3)
        for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False)
    ]
    line = np.concatenate([*curve, nodes[-1:]]).astype(np.float32)
    return _cut(line[:-1, :3], line[1:, :3], (line[:-1, 3] + line[1:, 3]) / 2)


def joined(*trees: Branches) -> Branches:
    """Return all pieces of several trees."""
    return Branches(
        np.concatenate([tree.begins for tree in trees]),
        np.concatenate([tree.ends for tree in trees]),
        np.concatenate([tree.radii for tree in trees]),
    )


def grow(
    random: np.random.Generator,
    root: tuple[float, float, float],
    targets: NDArray[np.float64],
    end_radius: float,
    *,
    bend: float = 0.12,
) -> Branches:
    """Return a tree from ``root`` to all ``targets`` (n, 3), whose ends have ``end_radius``."""
    nodes = np.empty((2 * len(targets) + 1, 3))
    parents = np.full(len(nodes), -1)
    nodes[0], count = root, 1
    for target in targets[np.argsort(((targets - nodes[0]) ** 2).sum(axis=1) * random.uniform(0.5, 1.5, len(targets)))]:
        away = np.sqrt(((nodes[:count] - target) ** 2).sum(axis=1))
        back = np.sqrt(((nodes[:count] - nodes[0]) ** 2).sum(axis=1))
        parent = int(np.argmin(away + 0.25 * back))
        side = random.standard_normal(3) * bend * away[parent]
        nodes[count] = nodes[parent] * 0.45 + target * 0.55 + side
        nodes[count + 1] = target
        parents[count : count + 2] = parent, count
        count += 2
    served = np.ones(count)
    for index in range(count - 1, 0, -1):
        served[parents[index]] += served[index]
    radii = end_radius * (served[1:count] / 2) ** MURRAY
    return _cut(nodes[parents[1:count]], nodes[1:count], radii)


def points_inside(
    random: np.random.Generator,
    count: int,
    low: tuple[float, ...],
    high: tuple[float, ...],
    distance: Callable[..., Field],
) -> NDArray[np.float64]:
    """Return ``count`` random points of a box where ``distance(x, y, z)`` is negative."""
    found: list[NDArray[np.float64]] = []
    while sum(map(len, found)) < count:
        points = random.uniform(low, high, (4 * count, 3))
        found.append(points[distance(points[:, 0], points[:, 1], points[:, 2]) < 0])
    return np.concatenate(found)[:count]


def _cut(begins: Field, ends: Field, radii: Field) -> Branches:
    """Return the pieces, none longer than `PIECE`."""
    lengths = np.sqrt(((ends - begins) ** 2).sum(axis=1))
    counts = np.maximum(np.ceil(lengths / PIECE).astype(int), 1)
    which = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    step = (ends - begins)[which] / counts[which, None]
    first = begins[which] + step * number[:, None]
    return Branches(
        first.astype(np.float32), (first + step).astype(np.float32), np.asarray(radii)[which].astype(np.float32)
    )
