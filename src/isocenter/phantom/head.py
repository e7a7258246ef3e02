"""A head for magnetic resonance: shapes of its tissues, and the signal of each in T1, T2 and FLAIR.

Head axes in millimetres: x to the left, y to the back, z to the top, the origin in the middle of the brain. The cortex
is folded by a random field of one wavelength: its zero surfaces are the furrows. Must not know: planes, DICOM.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.noise import Waves
from isocenter.phantom.shapes import capsule, coverage, ellipsoid, smooth_intersection, smooth_union

if TYPE_CHECKING:
    from isocenter.phantom.shapes import Field

CONTRASTS = ("T1", "T2", "FLAIR")
SIGNALS: dict[str, tuple[float, float, float]] = {
    "air": (8, 8, 8), "skin": (420, 330, 330), "fat": (980, 560, 600), "muscle": (430, 230, 290),
    "bone": (45, 35, 35), "marrow": (560, 360, 380), "fluid": (150, 1240, 105), "grey": (530, 690, 660),
    "white": (800, 430, 500), "deep": (640, 540, 590), "pale": (700, 400, 510), "flow": (90, 60, 70),
    "eye": (170, 1250, 160), "lens": (400, 200, 260), "dura": (330, 160, 240), "lesion": (600, 940, 1080),
}  # fmt: skip
"""Signal of each tissue in `CONTRASTS`, in stored values."""
EDGE = 1.0


class Tissues:
    """Signals of all contrasts at given points, painted tissue over tissue from the outside in."""

    def __init__(self, x: Field, y: Field, z: Field) -> None:
        self.x, self.y, self.z, self.side = x, y, z, np.abs(x)
        self.values = np.full((len(CONTRASTS), *x.shape), 8, np.float32)

    def paint(self, tissue: str, distance: Field) -> None:
        """Fill the inside of a shape with a tissue, its edge in proportion."""
        inside = coverage(distance, EDGE)
        if inside.any():
            signal = np.asarray(SIGNALS[tissue], np.float32)[:, None, None]
            self.values += inside * (signal - self.values)

    def ball(self, center: tuple[float, float, float], axes: tuple[float, float, float]) -> Field:
        """Return the distance to an ellipsoid; one with a positive x lies on both sides."""
        x = self.side if center[0] > 0 else self.x
        return ellipsoid(x, self.y, self.z, center, axes)

    def tube(self, *points: tuple[float, float, float, float]) -> Field:
        """Return the distance to a chain of (x, y, z, radius), on both sides."""
        shape = np.full(self.x.shape, 99, np.float32)
        for begin, end in pairwise(points):
            piece = capsule(self.side, self.y, self.z, (begin[:3], end[:3]), (begin[3], end[3]))
            shape = smooth_union(shape, piece, 2.0)
        return shape


class Head:
    """A head that can be cut along any plane; the same seed gives the same one."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng([seed, 3])
        self.folds = Waves(random, 21.0, 22)
        self.wrinkles = Waves(random, 11.0, 8)
        self.bend = Waves(random, 60.0, 6)
        self.bias = Waves(random, 330.0, 4)
        self.lesions = [
            tuple(float(value) for value in random.uniform((18, -40, 14, 1.2), (34, 45, 32, 3.2)) * (side, 1, 1, 1))
            for side in (-1, 1) * 6
        ]

    def signals(self, x: Field, y: Field, z: Field) -> Field:
        """Return the signal of every contrast at the points, without noise: (3, rows, columns)."""
        tissues = Tissues(x, y, z)
        bend, _ = self.bend.evaluate(x, y, z)
        paint_outside(tissues, bend)
        self._paint_cerebrum(tissues)
        self._paint_cerebellum(tissues, bend)
        paint_core(tissues)
        for lesion_x, lesion_y, lesion_z, radius in self.lesions:
            tissues.paint("lesion", ellipsoid(x, y, z, (lesion_x, lesion_y, lesion_z), (radius, radius * 1.4, radius)))
        shading = 1 + 0.05 * self.bias.evaluate(x, y, z)[0] - 0.0015 * np.maximum(-z - 40, 0)
        return tissues.values * shading

    def _paint_cerebrum(self, tissues: Tissues) -> None:
        """Paint the folded cortex over white matter."""
        x, y, z = tissues.x, tissues.y, tissues.z
        surface = cerebrum(tissues)
        near = surface < 3
        if not near.any():
            return
        radius = np.sqrt((x / 0.8) ** 2 + y**2 + (z / 0.75) ** 2) + 1e-3
        pull = np.float32(0.45) + np.float32(0.55 * 66) / np.maximum(
            radius, 25
        )  # furrows go inwards rather than along the surface
        fold, steep = self.folds.evaluate(x * pull, y * pull, z * pull)
        wrinkle, _ = self.wrinkles.evaluate(x, y, z)
        furrow = np.abs(fold + 0.12 * wrinkle) / np.maximum(steep, 0.06)
        depth = -surface
        open_width = np.clip(1.05 - depth / 24, 0.25, 1.05)
        bottom = depth - 15 - 2 * wrinkle
        fluid = np.maximum(furrow - open_width, bottom + 3)
        surface = np.maximum(surface, -fluid)
        grey = np.minimum(depth - 3.0, np.maximum(furrow - 3.5 - 0.4 * wrinkle, bottom))
        tissues.paint("grey", surface)
        tissues.paint("white", np.maximum(surface + 0.5, -grey))

    def _paint_cerebellum(self, tissues: Tissues, bend: Field) -> None:
        """Paint the leaves of the cerebellum round its white core."""
        halves = smooth_union(tissues.ball((25, 50, -41), (33, 33, 26)), tissues.ball((0, 47, -36), (17, 30, 27)), 9)
        if halves.min() > 2:
            return
        rise = np.sqrt((tissues.y - 28) ** 2 + (tissues.z + 42) ** 2 + (0.5 * tissues.side) ** 2)
        turn = np.arctan2(tissues.z + 42, tissues.y - 28)
        wave = turn * 4.5 + 0.14 * bend + 0.2 * np.sin(tissues.side / 7)
        lobe = np.abs(np.sin(np.pi * wave)) * rise / 4.5 / np.pi
        leaf = np.abs(np.sin(np.pi * (wave * 3 + 0.3 * bend))) * rise / 13.5 / np.pi
        tissues.paint("grey", halves)
        tissues.paint("fluid", np.maximum(np.minimum(lobe - 0.55, leaf - 0.16 + 0.12 * (rise < 20)), halves))
        white = np.maximum(np.maximum(halves + 5.5 - 1.2 * bend, 1.7 - lobe), 0.5 - leaf)
        tissues.paint("white", white)
        core = smooth_union(
            tissues.ball((17, 44, -43), (15, 11, 7)), tissues.tube((15, 40, -42, 5), (8, 22, -40, 6)), 5
        )
        tissues.paint("white", core)
        tissues.paint("deep", tissues.ball((13, 42, -41), (6, 4, 3)))


def skull_inside(tissues: Tissues) -> Field:
    """Return the distance to the inner table of the skull, floor included."""
    vault = tissues.ball((0, 4, -2), (71, 90, 71))
    middle, back = (np.clip((tissues.y - begin) / 13, 0, 1) for begin in (-46, 3))
    floor = -28 - 19 * middle * middle * (3 - 2 * middle) - 22 * back * back * (3 - 2 * back) - tissues.z
    return smooth_intersection(vault, np.asarray(floor * 0.8, np.float32), 10)


def cerebrum(tissues: Tissues) -> Field:
    """Return the distance to both hemispheres, apart from each other but for the corpus callosum."""
    side, y, z = tissues.side, tissues.y, tissues.z
    upper = tissues.ball((0, 3, 3), (68.5, 87.5, 65))
    tent = -27 + 18 * np.exp(-((side / 32) ** 2) - ((y - 40) / 30) ** 2)
    floor = np.where(y < -10, -25.0, np.where(y > 15, tent, -25 + (tent + 25) * (y + 10) / 25)) - z
    upper = smooth_intersection(upper, np.asarray(floor, np.float32), 9)
    shape = smooth_union(upper, tissues.ball((39, -9, -24), (23, 42, 20)), 7)
    joined = np.sqrt(((y - 4) / 45) ** 2 + ((z + 4) / 31) ** 2) - 1
    apart = np.maximum(side - 1.5, -joined * 34)
    cleft = (z + 8 - 0.6 * (y + 4) + 0.10 * (side - 40)) * 0.85
    lateral = np.maximum(np.maximum(np.abs(cleft) - 1.2, 34 - side), np.abs(y + 3) - 30)
    return np.asarray(np.maximum(np.maximum(shape, -apart), -lateral), np.float32)


def paint_outside(tissues: Tissues, bend: Field) -> None:
    """Paint scalp, face and neck, the skull with its marrow, eyes, the air of the nose, and the fluid within."""
    inside = skull_inside(tissues)
    outer = tissues.ball((0, 4, -2), (71 + 15, 90 + 14, 71 + 14))
    face = smooth_union(
        tissues.ball((0, -46, -66), (56, 50, 66)), tissues.tube((0, -97, -48, 6), (0, -108, -70, 10)), 9
    )
    neck = capsule(tissues.x, tissues.y, tissues.z, ((0, 24, -60), (0, 34, -170)), (60, 58))
    skin = smooth_union(smooth_union(outer, face, 16), neck, 18) + 0.6 * bend
    tissues.paint("skin", skin)
    tissues.paint("fat", skin + 2.0)
    deep = np.clip((-tissues.z - 8) / 30, 0, 1)
    tissues.paint("muscle", skin + 6.2 + 2.5 * deep + 1.2 * bend)
    temple = np.maximum(skin + 3.2, np.abs(tissues.z + 12) - 26 + 0.4 * np.abs(tissues.y + 22))
    tissues.paint("muscle", temple.astype(np.float32))
    cheek = tissues.ball((44, -50, -62), (12, 20, 22))
    tissues.paint("fat", np.maximum(cheek, skin + 6))
    tissues.paint("bone", inside - 7.2 - 0.6 * bend)
    tissues.paint("marrow", np.maximum(inside - 5.4, 2.2 - inside + 1.0 * np.maximum(bend, -0.5)))
    _paint_face(tissues)
    tissues.paint("dura", inside)
    tissues.paint("fluid", inside + 1.0)
    tissues.paint("bone", np.maximum(tissues.ball((42, 8, -53), (24, 13, 16)), inside - 2))
    tissues.paint("bone", np.maximum(tissues.ball((0, -17, -40), (18, 27, 17)), inside - 2))
    falx = np.maximum(tissues.side - 0.55, 34 - np.sqrt((tissues.y - 4) ** 2 + ((tissues.z + 4) * 1.25) ** 2))
    tissues.paint("dura", np.maximum(falx, inside))
    tissues.paint("flow", np.maximum(tissues.side - 4.5 + 1.1 * np.abs(inside), np.maximum(inside - 0.5, -tissues.z)))


def _paint_face(tissues: Tissues) -> None:
    tissues.paint("bone", tissues.ball((22, -58, -62), (21, 24, 26)))
    tissues.paint("bone", tissues.ball((0, -46, -44), (16, 32, 24)))
    tissues.paint("bone", tissues.ball((48, 30, -58), (18, 20, 17)))
    tissues.paint("fat", tissues.ball((30, -58, -31), (20, 25, 19)))
    for center, end in (((31, -50, -18), 4), ((31, -50, -44), 4), ((18, -52, -31), 3.4), ((45, -52, -31), 3.4)):
        tissues.paint(
            "muscle", tissues.tube((26, -38, -29, 1.6), (*center, end * 0.7), (center[0], -62, center[2], 1.0))
        )
    tissues.paint("white", tissues.tube((30, -56, -31, 2.4), (14, -28, -26, 2.2)))
    tissues.paint("dura", tissues.ball((31, -67, -31), (12.6, 12.6, 12.6)))
    tissues.paint("eye", tissues.ball((31, -67, -31), (11.4, 11.4, 11.4)))
    tissues.paint("lens", tissues.ball((31, -76, -31), (4.6, 2.4, 4.6)))
    for center, axes in (
        ((27, -62, -62), (14, 17, 17)),
        ((0, -56, -42), (9, 24, 13)),
        ((0, -28, -39), (12, 10, 8)),
        ((14, -86, -14), (11, 6, 9)),
    ):
        shape = tissues.ball(center, axes)
        tissues.paint("skin", shape)
        tissues.paint("air", shape + 1.4)
    mastoid = np.sin(tissues.side * 1.1) * np.sin(tissues.y * 1.2) * np.sin(tissues.z * 1.1)
    tissues.paint("air", np.maximum(tissues.ball((49, 31, -58), (14, 16, 13)), 0.9 * mastoid - 0.2).astype(np.float32))


def paint_core(tissues: Tissues) -> None:
    """Paint brain stem, ventricles and the grey matter in the depth of the hemispheres."""
    stem = smooth_union(tissues.ball((0, 13, -37), (17, 14, 16)), tissues.ball((0, 13, -16), (19, 12, 12)), 7)
    spine = capsule(tissues.x, tissues.y, tissues.z, ((0, 20, -48), (0, 30, -150)), (9.5, 6))
    tissues.paint("fluid", capsule(tissues.x, tissues.y, tissues.z, ((0, 24, -62), (0, 30, -150)), (13, 10)))
    tissues.paint("white", smooth_union(stem, spine, 6))
    tissues.paint("pale", tissues.ball((7, 8, -14), (3.4, 5, 4)))
    for center, axes, tissue in (
        ((27, -5, 3), (6.5, 20, 13), "deep"),
        ((18.5, -2, 1), (4.5, 10, 8), "pale"),
        ((10, 11, 6), (9, 15, 9.5), "deep"),
        ((14.5, -25, 10), (6.5, 10, 11), "deep"),
    ):
        tissues.paint(tissue, tissues.ball(center, axes))
    tissues.paint("deep", tissues.tube((16, -22, 19, 3.4), (19, 0, 24, 2.6), (24, 24, 20, 1.8)))
    horns = tissues.tube(
        (8, -36, 6, 4.2), (9, -22, 14, 5.2), (10, 6, 22, 5.0), (17, 28, 16, 6.2), (25, 36, 4, 7), (23, 62, 0, 2.6)
    )
    temporal = tissues.tube((25, 34, 0, 5), (33, 16, -18, 3), (34, -10, -24, 2))
    tissues.paint("fluid", smooth_union(horns, temporal, 3))
    tissues.paint("pale", tissues.tube((20, 30, 8, 2.0), (14, 18, 16, 1.6)))  # choroid plexus
    tissues.paint("fluid", tissues.ball((0, 4, -2), (2.1, 16, 10)))  # third ventricle
    tissues.paint("fluid", tissues.ball((0, 31, -41), (6.5, 5.5, 11)))
    tissues.paint("fluid", capsule(tissues.x, tissues.y, tissues.z, ((0, 20, -10), (0, 28, -32)), (1.3, 1.5)))
    tissues.paint("white", np.maximum(tissues.side - 0.9, tissues.ball((0, -14, 12), (2, 20, 9))))  # septum
    for x, y, z, radius in ((4.5, -1, -41, 1.9), (6, -24, -22, 2.2)):  # arteries at the base
        ends = ((x, y, z), (x + 8, y - 6, z + 2))
        tissues.paint("flow", capsule(tissues.side, tissues.y, tissues.z, ends, (radius, 1.4)))
