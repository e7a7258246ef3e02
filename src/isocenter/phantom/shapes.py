"""Implicit shapes: signed distances in millimetres, negative inside, on any broadcastable x, y, z (patient axes, LPS).

Distances of ellipsoids are approximate (exact on the surface, right in direction), which is all that edges need.
Must not know: organs, intensities, DICOM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Field = NDArray[np.floating[Any]]
    Size = float | NDArray[np.floating[Any]]
    Point = tuple[float, float, float]


def superellipse(x: ArrayLike, y: ArrayLike, a: Size, b: Size, power: float = 2.0) -> Field:
    """Return the distance to |x/a|^p + |y/b|^p = 1 in the plane."""
    u, v = np.abs(np.asarray(x, np.float32) / a), np.abs(np.asarray(y, np.float32) / b)
    if power == 2.0:
        radius = np.sqrt(u * u + v * v)
    else:
        radius = (u**power + v**power + np.float32(1e-12)) ** np.float32(1 / power)
    steepness = np.sqrt(((u / a) ** 2 + (v / b) ** 2 + np.float32(1e-12)) / (u * u + v * v + np.float32(1e-9)))
    return np.asarray((radius - 1) / steepness, np.float32)


def ellipsoid(
    x: ArrayLike, y: ArrayLike, z: ArrayLike, center: Point, axes: Point, turn: NDArray[np.float64] | None = None
) -> Field:
    """Return the distance to an ellipsoid; the rows of ``turn`` are the directions of its axes."""
    moved = [
        np.asarray(value, np.float32) - np.float32(origin) for value, origin in zip((x, y, z), center, strict=True)
    ]
    if turn is not None:
        moved = [np.float32(a) * moved[0] + np.float32(b) * moved[1] + np.float32(c) * moved[2] for a, b, c in turn]
    scaled = [value / np.float32(axis) for value, axis in zip(moved, axes, strict=True)]
    radius = np.sqrt(sum(value * value for value in scaled) + np.float32(1e-9))
    least = np.float32(1e-9 / max(axes) ** 2)
    slope = np.sqrt(sum((value / np.float32(axis)) ** 2 for value, axis in zip(scaled, axes, strict=True)) + least)
    return np.asarray(radius * (radius - 1) / slope, np.float32)


def capsule(x: ArrayLike, y: ArrayLike, z: ArrayLike, ends: tuple[Point, Point], radii: tuple[float, float]) -> Field:
    """Return the distance to a segment with rounded ends whose radius goes linearly from one end to the other."""
    begin = np.asarray(ends[0], np.float32)
    axis = np.asarray(ends[1], np.float32) - begin
    dx, dy, dz = (np.asarray(v, np.float32) - o for v, o in zip((x, y, z), begin, strict=True))
    along = np.clip((dx * axis[0] + dy * axis[1] + dz * axis[2]) / max(float(axis @ axis), 1e-6), 0, 1)
    rx, ry, rz = dx - along * axis[0], dy - along * axis[1], dz - along * axis[2]
    distance = np.sqrt(rx * rx + ry * ry + rz * rz)
    return np.asarray(distance - (radii[0] + along * (radii[1] - radii[0])), np.float32)


def smooth_union(first: Field, second: Field, radius: float) -> Field:
    """Return the union of two shapes, their edge filled with about ``radius``."""
    blend = np.clip(0.5 + 0.5 * (second - first) / radius, 0, 1)
    return np.asarray(second + (first - second) * blend - radius * blend * (1 - blend), np.float32)


def smooth_intersection(first: Field, second: Field, radius: float) -> Field:
    """Return the intersection of two shapes, its edge rounded with about ``radius``."""
    return -smooth_union(-first, -second, radius)


def coverage(distance: Field, pixel: float) -> Field:
    """Return how much of each pixel a shape covers, 0..1: the anti-aliased mask of a distance."""
    return np.asarray(np.clip(np.float32(0.5) - distance / np.float32(pixel), 0, 1))


def profile(position: float, nodes: Sequence[tuple[float, float]]) -> float:
    """Return a smooth curve through ``nodes`` (position, value), constant beyond the ends."""
    places = [place for place, _ in nodes]
    index = int(np.clip(np.searchsorted(places, position) - 1, 0, len(nodes) - 2))
    (p0, v0), (p1, v1) = nodes[index], nodes[index + 1]
    part = float(np.clip((position - p0) / (p1 - p0), 0, 1))
    before = (v1 - nodes[index - 1][1]) / (p1 - nodes[index - 1][0]) if index > 0 else 0.0
    after = (nodes[index + 2][1] - v0) / (nodes[index + 2][0] - p0) if index + 2 < len(nodes) else 0.0
    span = p1 - p0
    return (
        (2 * part**3 - 3 * part**2 + 1) * v0
        + (part**3 - 2 * part**2 + part) * span * before
        + (-2 * part**3 + 3 * part**2) * v1
        + (part**3 - part**2) * span * after
    )


def turned_to(direction: Point) -> NDArray[np.float64]:
    """Return three perpendicular directions as rows, the first along ``direction``."""
    first = np.asarray(direction, np.float64)
    first /= np.linalg.norm(first)
    helper = np.array([0.0, 0.0, 1.0]) if abs(first[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    second = np.cross(helper, first)
    second /= np.linalg.norm(second)
    return np.stack([first, second, np.cross(first, second)])
