"""The form of a thorax: outline, rib cage, lungs, diaphragm, mediastinum as distances in millimetres.

Axes are LPS: x to the patient's left, y to the back, z to the head; z = 0 lies under the domes of the diaphragm, 300 at
the root of the neck. Must not know: intensities, DICOM.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.shapes import (
    capsule,
    ellipsoid,
    profile,
    smooth_intersection,
    smooth_union,
    superellipse,
    turned_to,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from isocenter.phantom.shapes import Field

    Nodes = tuple[tuple[float, float], ...]

HEIGHT = 300.0
PLACES = np.arange(-20, HEIGHT + 21, 2.0)
HEART_AXIS = turned_to((0.66, -0.58, -0.47))
"""Rows: from the base to the apex, and two directions across."""

BODY_WIDTH = ((0, 156), (80, 161), (150, 165), (210, 171), (250, 170), (275, 150), (300, 122))
BODY_DEPTH = ((0, 112), (80, 118), (140, 118), (200, 108), (240, 94), (275, 81), (300, 72))
BODY_CENTER = ((0, 4), (80, 1), (140, 1), (200, 8), (240, 19), (275, 28), (300, 33))
CAGE_WIDTH = ((0, 124), (50, 129), (100, 128), (150, 120), (200, 101), (235, 78), (258, 58), (275, 36), (288, 14))
CAGE_DEPTH = ((0, 88), (80, 94), (140, 91), (190, 80), (235, 58), (260, 42), (275, 28), (288, 11))
CAGE_CENTER = ((0, -2), (100, -2), (160, 0), (200, 7), (240, 21), (275, 36), (290, 40))
SPINE_CENTER = ((0, 50), (80, 55), (150, 58), (220, 54), (300, 44))
MIDDLE_DEPTH = ((170, 52), (205, 46))
FRONT_WIDTH = ((185, 9), (222, 24))
CENTRAL_WIDTH = ((0, 20), (120, 22), (170, 24), (210, 26), (240, 25), (290, 22))


def body(x: Field, y: Field, z: float) -> Field:
    """Return the distance to the skin."""
    center = profile(z, BODY_CENTER)
    shape = superellipse(x, y - center, profile(z, BODY_WIDTH), profile(z, BODY_DEPTH), 2.5)
    angle = np.arctan2(y - center, x)
    groove = 5 * np.exp(-((x / 14) ** 2)) * (np.cos(angle - np.pi / 2) > 0)  # the furrow over the spine
    return np.asarray(shape + groove + 1.6 * np.sin(2 * angle + 0.6) + 1.1 * np.sin(5 * angle), np.float32)


def cage(x: ArrayLike, y: ArrayLike, z: ArrayLike) -> Field:
    """Return the distance to the inner surface of the ribs; ``z`` may be an array."""
    width, depth, center = (_along(z, nodes) for nodes in (CAGE_WIDTH, CAGE_DEPTH, CAGE_CENTER))
    return superellipse(x, np.asarray(y) - center, width, depth, 2.35)


def cage_angle(x: Field, y: Field, z: float) -> Field:
    """Return the place along the ribs: 0 at the spine, pi at the sternum, the same on both sides."""
    width, depth, center = (profile(z, nodes) for nodes in (CAGE_WIDTH, CAGE_DEPTH, CAGE_CENTER))
    return np.asarray(np.arctan2(np.abs(x) / width, (y - center) / depth), np.float32)


def diaphragm(x: ArrayLike, y: ArrayLike) -> Field:
    """Return the height of the diaphragm: two domes that fall towards the ribs, deepest at the back."""
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    right = 82 - 78 * (((x + 56) / 70) ** 2 + ((y + 10) / 78) ** 2) ** 1.15
    left = 66 - 74 * (((x - 58) / 66) ** 2 + ((y + 8) / 76) ** 2) ** 1.15
    middle = 58 - 40 * (((x - 12) / 52) ** 2 + ((y + 30) / 62) ** 2) ** 1.4  # under the heart
    return np.asarray(np.maximum(np.maximum(right, left), middle) - 0.45 * np.maximum(y - 15, 0), np.float32)


def heart(x: ArrayLike, y: ArrayLike, z: ArrayLike) -> Field:
    """Return the distance to the outside of the pericardium."""
    ventricles = ellipsoid(x, y, z, (22, -30, 98), (58, 43, 45), HEART_AXIS)
    atria = ellipsoid(x, y, z, (-12, -12, 118), (38, 33, 38))
    return smooth_union(ventricles, atria, 22)


def mediastinum(x: ArrayLike, y: ArrayLike, z: ArrayLike) -> Field:
    """Return the distance to what lies between the lungs."""
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    width, spine = _along(z, CENTRAL_WIDTH), _along(z, SPINE_CENTER)
    half_depth, front_width = _along(z, MIDDLE_DEPTH), _along(z, FRONT_WIDTH)
    column = superellipse(x, y - spine - 10, 24.0, 30.0, 2.6)
    middle = superellipse(x + 1, y - 8, width, half_depth, 2.4)
    front = superellipse(x - 2, y + 40, front_width, 52.0, 2.4)
    shape = smooth_union(smooth_union(column, middle, 14), front, 12)
    shape = smooth_union(shape, heart(x, y, z) - 2.5, 12)
    aorta = capsule(x, y, z, ((24, 38, 185), (14, 34, 0)), (15.5, 13.5))
    arch = capsule(x, y, z, ((-15, -22, 192), (24, 34, 188)), (19, 17))
    shape = smooth_union(smooth_union(shape, aorta, 7), arch, 9)
    for side in (-1, 1):
        hilum = ellipsoid(x, y, z, (side * 36 + 2, 6, 148 + 5 * side), (17, 15, 22))
        shape = smooth_union(shape, hilum, 10)
    return shape


def lungs(x: ArrayLike, y: ArrayLike, z: ArrayLike) -> Field:
    """Return the distance to both lungs."""
    return _above(smooth_intersection(cage(x, y, z) + 2.2, -mediastinum(x, y, z), 9), x, y, z)


def lungs_across(x: Field, y: Field, z: float, ribs: Field) -> Field:
    """Return `lungs` of a plane whose `cage` is known; what lies between them is computed in its own columns only."""
    sides = ribs + np.float32(2.2)
    columns = slice(*np.searchsorted(x[0], (-80, 108)))
    between = mediastinum(x[:, columns], y, z)
    sides[:, columns] = smooth_intersection(sides[:, columns], -between, 9)
    return _above(sides, x, y, z)


def _above(sides: Field, x: ArrayLike, y: ArrayLike, z: ArrayLike) -> Field:
    """Return ``sides`` down to the diaphragm."""
    below = (diaphragm(x, y) - np.asarray(z, np.float32)) * np.float32(0.62)
    return smooth_intersection(sides, below, 5)


def _along(z: ArrayLike, nodes: Nodes) -> Field:
    """Return a smooth curve through ``nodes`` at the heights ``z``, one or many."""
    return np.asarray(np.interp(np.asarray(z), PLACES, _curve(nodes)), np.float32)


@cache
def _curve(nodes: Nodes) -> Field:
    """Return a curve through ``nodes`` at `PLACES`, for interpolation over arrays."""
    return np.array([profile(float(place), nodes) for place in PLACES], np.float32)
