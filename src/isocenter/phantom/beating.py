"""A heart that beats: chambers in Hounsfield units by how far the left ventricle has contracted.

The cavity of the left ventricle is an ellipsoid that its wall encloses on all sides, so that its volume is known; the
wall keeps its volume, the apex its place. Must not know: DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.shapes import ellipsoid, smooth_union
from isocenter.phantom.thorax import HEART_AXIS, heart
from isocenter.phantom.vessels import AORTIC, CORONARIES, EPICARDIAL_FAT, MYOCARDIUM, PERICARDIUM, PULMONARY

if TYPE_CHECKING:
    from isocenter.phantom.canvas import Canvas
    from isocenter.phantom.shapes import Field, Point

CONTRACTION = (0.0, 0.35, 0.75, 0.97, 1.0, 0.72, 0.40, 0.28, 0.24, 0.10)
"""Of the left ventricle at 0, 10, ... 90 % from one R wave to the next: 0 filled, 1 emptied."""
CAVITY, WALL, CENTER = (42.0, 24.5, 23.5), (50.0, 33.0, 32.0), (33.0, -27.0, 92.0)
SHORTENING, NARROWING = 0.15, 0.30
BLOOD = 350.0
"""Of the left ventricle: more contrast medium than anywhere else, so that a threshold finds it."""


@dataclass(frozen=True, slots=True)
class Ventricle:
    """The left ventricle at one moment."""

    center: Point
    cavity: Point
    wall: Point

    @property
    def volume(self) -> float:
        """Return the volume of the cavity in millilitres."""
        return ellipsoid_volume(self.cavity)


def ellipsoid_volume(axes: Point) -> float:
    """Return the volume in millilitres of an ellipsoid with these half axes in millimetres."""
    return 4 / 3 * float(np.pi * np.prod(axes)) / 1000


def ventricle(contraction: float) -> Ventricle:
    """Return the left ventricle; its wall is as much muscle as in the filled one."""
    long, short = 1 - SHORTENING * contraction, 1 - NARROWING * contraction
    cavity = (CAVITY[0] * long, CAVITY[1] * short, CAVITY[2] * short)
    muscle = ellipsoid_volume(WALL) - ellipsoid_volume(CAVITY)
    outer_long = WALL[0] - CAVITY[0] + cavity[0]
    ratio = (muscle + ellipsoid_volume(cavity)) / ellipsoid_volume((outer_long, WALL[1], WALL[2]))
    shift = (CAVITY[0] - cavity[0]) * HEART_AXIS[0]
    x, y, z = (float(origin + step) for origin, step in zip(CENTER, shift, strict=True))
    return Ventricle((x, y, z), cavity, (outer_long, WALL[1] * ratio**0.5, WALL[2] * ratio**0.5))


def paint_right_side(part: Canvas, contraction: float) -> None:
    """Paint pericardium, fat, right ventricle and both atria, which fill while the ventricles empty."""
    x, y, z = part.x, part.y, part.z
    sack = heart(x, y, z)
    part.paint(sack, PERICARDIUM)
    part.paint(sack + 1.4, EPICARDIAL_FAT)
    narrow, wide = 1 - 0.18 * contraction, 0.94 + 0.12 * contraction
    left = _outside(part, ventricle(contraction))
    right = ellipsoid(x, y, z, (6, -46, 96), (46 * (1 - 0.1 * contraction), 29 * narrow, 34 * narrow), HEART_AXIS)
    right = smooth_union(np.maximum(right, -left), ellipsoid(x, y, z, (17, -45, 114), (18, 15, 26)), 8)
    part.paint(right - 2.6, MYOCARDIUM)
    lobe = ellipsoid(x, y, z, (34, -10, 132), (11 * wide, 9 * wide, 12 * wide))
    left_atrium = smooth_union(ellipsoid(x, y, z, (4, 11, 122), (31 * wide, 17 * wide, 23 * wide)), lobe, 7)
    lobe = ellipsoid(x, y, z, (-20, -38, 124), (13 * wide, 12 * wide, 14 * wide))
    right_atrium = smooth_union(ellipsoid(x, y, z, (-31, -14, 106), (22 * wide, 26 * wide, 32 * wide)), lobe, 8)
    for chamber, value in ((right_atrium, PULMONARY - 25), (left_atrium, AORTIC)):
        part.paint(chamber - 1.8, MYOCARDIUM)
        part.paint(chamber, value)
    part.paint(np.maximum(right, -left + 1) + 0.6, PULMONARY)


def paint_left_ventricle(part: Canvas, contraction: float) -> None:
    """Paint wall and cavity of the left ventricle, over all that was there."""
    now = ventricle(contraction)
    part.paint(_outside(part, now), MYOCARDIUM)
    part.paint(ellipsoid(part.x, part.y, part.z, now.center, now.cavity, HEART_AXIS), BLOOD)


def paint_coronaries(canvas: Canvas) -> None:
    """Paint the coronary arteries on a whole plane."""
    covered = CORONARIES.coverage(canvas.z, canvas.values.shape, canvas.pixel, 1.0)
    canvas.blend(covered, AORTIC - 20)


def _outside(part: Canvas, now: Ventricle) -> Field:
    return ellipsoid(part.x, part.y, part.z, now.center, now.wall, HEART_AXIS)
