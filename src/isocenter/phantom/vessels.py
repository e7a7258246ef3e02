"""Heart, great vessels, airways and gullet in Hounsfield units, and the trees of vessels within lungs and liver.

Blood carries contrast medium, more in arteries of the chest than elsewhere. Must not know: DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.shapes import ellipsoid, smooth_union, superellipse
from isocenter.phantom.thorax import HEART_AXIS, heart, lungs
from isocenter.phantom.tree import Branches, grow, joined, path, points_inside

if TYPE_CHECKING:
    from isocenter.phantom.canvas import Canvas
    from isocenter.phantom.shapes import Field

AORTIC, PULMONARY, VENOUS, MYOCARDIUM, WALL, AIR = 285.0, 240.0, 205.0, 112.0, 45.0, -1000.0
PERICARDIUM, EPICARDIAL_FAT = 35.0, -85.0

AORTA = path([
    (9, -16, 112, 13), (-4, -22, 130, 15), (-14, -25, 150, 16), (-17, -24, 172, 16), (-12, -17, 194, 15),
    (3, -2, 205, 14), (17, 15, 202, 13.5), (24, 29, 187, 13), (25, 35, 165, 12.5), (24, 36, 125, 12),
    (19, 34, 70, 11.5), (10, 32, 10, 11), (8, 31, -10, 11),
])  # fmt: skip
ARTERIES = joined(
    path([(-9, -12, 205, 7), (-14, -9, 222, 6.5), (-22, -4, 240, 6), (-26, 2, 262, 4), (-26, 6, 310, 3.6)]),
    path([(-22, -3, 242, 4.5), (-40, -2, 258, 4.5), (-70, -4, 266, 4.3), (-110, 2, 262, 4), (-150, 10, 250, 3.6)]),
    path([(4, -3, 208, 4.5), (9, -2, 228, 4), (20, 4, 260, 3.7), (25, 7, 310, 3.5)]),
    path([(14, 9, 205, 5.5), (18, 11, 225, 5), (26, 9, 248, 5), (48, 0, 262, 4.6),
          (90, -3, 266, 4.2), (150, 10, 250, 3.6)]),
)  # fmt: skip
PULMONARY_ARTERIES = joined(
    path([(20, -44, 118, 13), (22, -38, 138, 14), (19, -28, 155, 14), (13, -15, 163, 13)]),
    path([(15, -18, 162, 11.5), (-2, -8, 160, 11), (-20, -3, 157, 10.5), (-36, 0, 152, 9), (-46, 3, 142, 7)]),
    path([(17, -20, 163, 11.5), (30, -5, 166, 11), (41, 8, 162, 9.5), (47, 14, 150, 7.5)]),
)  # fmt: skip
VEINS = joined(
    path([(-30, -12, 122, 10), (-31, -15, 150, 9.5), (-30, -18, 185, 9), (-27, -19, 212, 8.5)]),
    path([(-27, -19, 211, 8.5), (-31, -18, 228, 7.5), (-36, -12, 250, 7), (-38, -2, 280, 7), (-38, 2, 310, 6.5)]),
    path([(-25, -22, 211, 8), (-6, -32, 217, 7.5), (14, -36, 224, 7), (30, -28, 236, 7),
          (36, -12, 255, 7), (37, 0, 310, 6.5)]),
    path([(-20, 20, -10, 12), (-22, 17, 40, 12), (-26, 8, 72, 12.5), (-29, -4, 96, 12)]),
    path([(-9, 38, -10, 2.6), (-9, 40, 90, 3.2), (-10, 40, 165, 3.8), (-18, 30, 180, 4),
          (-28, 2, 181, 4.5), (-29, -12, 178, 5)]),
)  # fmt: skip
PULMONARY_VEINS = joined(
    path([(-14, 6, 124, 8), (-34, 4, 124, 7), (-48, 0, 128, 5)]),
    path([(-12, 14, 116, 8), (-34, 18, 112, 7), (-48, 24, 106, 5)]),
    path([(24, 10, 126, 8), (40, 6, 130, 6.5), (50, -2, 138, 5)]),
    path([(22, 18, 116, 8), (38, 22, 112, 6.5), (50, 28, 106, 5)]),
)  # fmt: skip
CORONARIES = joined(
    path([(8, -26, 134, 2.2), (24, -34, 134, 2), (38, -54, 118, 1.8), (50, -66, 92, 1.6), (58, -66, 72, 1.2)]),
    path([(-8, -34, 132, 2), (-18, -52, 118, 1.9), (-16, -58, 94, 1.7), (-4, -46, 66, 1.5)]),
    path([(12, -24, 134, 2.1), (40, -8, 126, 1.8), (60, -12, 104, 1.6), (62, -22, 84, 1.2)]),
)  # fmt: skip
AIRWAYS = joined(
    path([(0, 8, 312, 8.5), (0, 9, 280, 8.5), (0, 13, 240, 8.8), (-1, 18, 205, 9), (-1, 20, 184, 9.2)]),
    path([(-2, 20, 183, 8.4), (-12, 19, 168, 7.6), (-24, 16, 157, 7), (-38, 13, 146, 5.4), (-46, 14, 132, 4.4)]),
    path([(0, 20, 183, 8), (12, 20, 170, 6.8), (26, 19, 160, 6.4), (40, 18, 153, 5.4), (48, 19, 140, 4.2)]),
    path([(-26, 15, 157, 5), (-40, 8, 166, 4), (-50, 2, 178, 3)]),
    path([(40, 18, 154, 4.4), (50, 8, 164, 3.4), (56, 0, 176, 2.8)]),
)  # fmt: skip
GULLET = path(
    [
        (2, 24, 312, 6),
        (4, 26, 250, 6.2),
        (6, 32, 200, 6.5),
        (4, 34, 160, 6.5),
        (6, 30, 110, 7),
        (16, 22, 72, 7.5),
        (28, 8, 55, 8),
    ]
)
HILA = ((-47, 8, 148), (48, 14, 152))


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """The branches within lungs and liver."""

    arteries: Branches
    veins: Branches
    bronchi: Branches
    hepatic: Branches

    @classmethod
    def grown(cls, random: np.random.Generator) -> Trees:
        """Grow all trees; different seeds give different branches in the same organs."""
        arteries: list[Branches] = []
        veins: list[Branches] = []
        bronchi: list[Branches] = []
        for side, hilum in zip((-1, 1), HILA, strict=True):
            box = (min(side * 8, side * 132), -90, 2), (max(side * 8, side * 132), 90, 284)
            for trees, count, start, radius in (
                (arteries, 950, (hilum[0], hilum[1] - 3, hilum[2] + 4), 0.47),
                (veins, 760, (hilum[0] + side * 2, hilum[1] + 3, hilum[2] - 30), 0.44),
                (bronchi, 70, (hilum[0], hilum[1] + 4, hilum[2] - 4), 0.8),
            ):
                margin = 4.0 if trees is not bronchi else 22.0
                targets = points_inside(random, count, *box, lambda x, y, z, m=margin: lungs(x, y, z) + m)
                trees.append(grow(random, start, targets, radius))
        targets = points_inside(random, 130, (-118, -75, -15), (35, 70, 80), _liver_inside)
        return cls(joined(*arteries), joined(*veins), joined(*bronchi), grow(random, (-22, 14, 52), targets, 0.9))


def _liver_inside(x: Field, y: Field, z: Field) -> Field:
    return ellipsoid(x, y, z, (-55, -8, 10), (55, 62, 58))


def paint_lung_vessels(canvas: Canvas, trees: Trees, slice_thickness: float) -> None:
    """Paint bronchi with their walls, then arteries and veins."""
    shape, pixel, reach = canvas.values.shape, canvas.pixel, slice_thickness / 2
    small = trees.bronchi
    canvas.blend(small.thickened(1.15, 0.75).coverage(canvas.z, shape, pixel, reach) * 0.75, 0.0)
    canvas.blend(small.thickened(0.9).coverage(canvas.z, shape, pixel, reach), -975.0)
    canvas.blend(trees.veins.coverage(canvas.z, shape, pixel, reach), VENOUS - 20)
    canvas.blend(trees.arteries.coverage(canvas.z, shape, pixel, reach), PULMONARY - 20)


def paint_heart(canvas: Canvas) -> None:
    """Paint pericardium, fat, the four chambers with their walls, the coronary arteries."""
    z = canvas.z
    if not 40 < z < 172:
        return
    part = canvas.part((-66, 98), (-96, 52))
    x, y = part.x, part.y
    sack = heart(x, y, z)
    part.paint(sack, PERICARDIUM)
    part.paint(sack + 1.4, EPICARDIAL_FAT)
    left = ellipsoid(x, y, z, (33, -27, 92), (50, 33, 32), HEART_AXIS)
    right = np.maximum(ellipsoid(x, y, z, (6, -46, 96), (46, 29, 34), HEART_AXIS), -left)
    outflow = ellipsoid(x, y, z, (17, -45, 114), (18, 15, 26))
    right = smooth_union(right, outflow, 8)
    part.paint(right - 2.6, MYOCARDIUM)
    part.paint(left, MYOCARDIUM)
    left_atrium = smooth_union(
        ellipsoid(x, y, z, (4, 11, 122), (31, 17, 23)), ellipsoid(x, y, z, (34, -10, 132), (11, 9, 12)), 7
    )
    right_atrium = smooth_union(
        ellipsoid(x, y, z, (-31, -14, 106), (22, 26, 32)), ellipsoid(x, y, z, (-20, -38, 124), (13, 12, 14)), 8
    )
    for chamber, value in ((right_atrium, PULMONARY - 25), (left_atrium, AORTIC - 15)):
        part.paint(chamber - 1.8, MYOCARDIUM)
        part.paint(chamber, value)
    part.paint(np.maximum(right, -left + 1) + 0.6, PULMONARY)
    cavity = ellipsoid(x, y, z, (30, -24, 94), (40, 21.5, 20.5), HEART_AXIS)
    for angle in (0.7, 2.6):  # papillary muscles
        across = HEART_AXIS[1] * np.cos(angle) * 13 + HEART_AXIS[2] * np.sin(angle) * 13
        center = np.array([38, -31, 88]) + across
        cavity = np.maximum(cavity, -ellipsoid(x, y, z, tuple(center), (16, 5, 5), HEART_AXIS))
    part.paint(cavity, AORTIC - 10)
    _paint(canvas, CORONARIES, AORTIC - 60, 0.0, 0.0)


def paint_great_vessels(canvas: Canvas) -> None:
    """Paint arteries, veins, airways and gullet."""
    for tubes, value in (
        (VEINS, VENOUS),
        (PULMONARY_VEINS, AORTIC - 20),
        (PULMONARY_ARTERIES, PULMONARY + 20),
        (ARTERIES, AORTIC),
        (AORTA, AORTIC),
    ):
        _paint(canvas, tubes, value, 1.3, WALL)
    _paint(canvas, GULLET, 30.0, 0.8, 48.0)
    inner = superellipse(canvas.x - 4, canvas.y - 30, 3.2, 1.6)
    canvas.paint(inner if 120 < canvas.z < 215 else inner + 99, -350.0)
    _paint(canvas, AIRWAYS, AIR, 1.5, 30.0)


def _paint(canvas: Canvas, tubes: Branches, value: float, wall: float, wall_value: float) -> None:
    shape, pixel = canvas.values.shape, canvas.pixel
    if wall:
        canvas.blend(tubes.thickened(1.0, wall).coverage(canvas.z, shape, pixel, 1.0), wall_value)
    canvas.blend(tubes.coverage(canvas.z, shape, pixel, 1.0), value)
