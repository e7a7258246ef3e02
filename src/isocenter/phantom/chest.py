"""A thorax in Hounsfield units, plane by plane: soft tissue, lungs, organs of the upper abdomen, couch, blur and noise.

Must not know: DICOM.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.canvas import Canvas
from isocenter.phantom.noise import Grain, SlowField, blurred
from isocenter.phantom.shapes import ellipsoid, profile, smooth_intersection, smooth_union, superellipse
from isocenter.phantom.skeleton import paint_bones
from isocenter.phantom.thorax import BODY_CENTER, BODY_DEPTH, HEIGHT, SPINE_CENTER, body, cage, diaphragm, lungs_across
from isocenter.phantom.vessels import Trees, paint_great_vessels, paint_heart, paint_lung_vessels

if TYPE_CHECKING:
    from isocenter.phantom.shapes import Field

AIR, SKIN, FAT, MUSCLE, LUNG, LIVER, SPLEEN = -1000.0, 45.0, -102.0, 56.0, -862.0, 98.0, 118.0
BACK = 121.0
"""Where the couch begins behind the patient, in millimetres."""


class Chest:
    """A thorax that can be cut at any height; the same seed gives the same one."""

    def __init__(self, seed: int, rows: int = 512, pixel: float = 0.7) -> None:
        self.seed, self.rows, self.pixel = seed, rows, pixel
        self.trees, self.slow, self.fine = _grown(seed)
        self.grain = Grain(np.random.default_rng([seed, 2]), (rows, rows))

    def slice(self, z: float, thickness: float) -> Field:
        """Return the plane at ``z`` (0..300 mm) in Hounsfield units."""
        return self.imaged(self.canvas(z, thickness))

    def canvas(self, z: float, thickness: float) -> Canvas:
        """Return the plane as it is, without what a scanner does to it."""
        canvas = self.without_heart(z, thickness)
        paint_heart(canvas)
        paint_great_vessels(canvas)
        paint_bones(canvas, cage(canvas.x, canvas.y, z), self._field(self.fine, z))
        return canvas

    def without_heart(self, z: float, thickness: float) -> Canvas:
        """Return the plane before heart, great vessels and bones are painted."""
        canvas = Canvas.axial(self.rows, self.rows, self.pixel, z, AIR)
        slow, fine = self._field(self.slow, z), self._field(self.fine, z)
        skin, ribs = body(canvas.x, canvas.y, z), cage(canvas.x, canvas.y, z)
        paint_couch(canvas)
        paint_wall(canvas, skin, ribs, slow)
        paint_abdomen(canvas, ribs, self.trees, fine)
        paint_lungs(canvas, ribs, slow, fine)
        paint_lung_vessels(canvas, self.trees, thickness)
        return canvas

    def _field(self, field: SlowField, z: float) -> Field:
        return field.slice(float(np.clip(z / HEIGHT, 0, 1)), (self.rows, self.rows))

    def imaged(self, canvas: Canvas) -> Field:
        """Return the plane with the blur and the noise of a scanner: most noise in the middle of the patient."""
        random = np.random.default_rng([self.seed, 2, round(canvas.z * 1000)])
        depth = np.clip(-body(canvas.x, canvas.y, canvas.z) / 110, 0, 1)
        level = 5.0 + 9.0 * depth
        return np.asarray(blurred(canvas.values, 0.18) + level * self.grain.of(random), np.float32)


@lru_cache(maxsize=3)
def _grown(seed: int) -> tuple[Trees, SlowField, SlowField]:
    """Return branches, slow and fine variation: what several studies of a seed share takes a second to make."""
    random = np.random.default_rng([seed, 1])
    return Trees.grown(random), SlowField(random, (40, 48, 48)), SlowField(random, (150, 150, 150))


def paint_couch(canvas: Canvas) -> None:
    """Paint mattress and table top: foam between two thin shells."""
    if canvas.y[-1, 0] < BACK:
        return
    bow = 0.0011 * canvas.x**2
    top = canvas.y - (BACK + 6 - bow)
    inside = np.abs(canvas.x) - 196
    canvas.paint(np.maximum(np.maximum(-top - 7, top), inside - 4), -905.0)
    plate = np.maximum(np.maximum(-top, canvas.y - (BACK + 40 - 2.4 * bow)), inside)
    canvas.paint(plate.astype(np.float32), -270.0)
    canvas.paint((plate + 1.8).astype(np.float32), -940.0)


def paint_wall(canvas: Canvas, skin: Field, inner: Field, slow: Field) -> None:
    """Paint skin, fat under it, muscles with the fat between them, and the fat that fills the chest."""
    x, y = canvas.x, canvas.y
    center, z = profile(canvas.z, BODY_CENTER), canvas.z
    angle = np.arctan2(y - center, x)
    canvas.paint(skin, SKIN)
    canvas.paint(skin + 1.7, FAT + 7 * slow)
    side = np.abs(np.cos(angle))
    fat = 7.5 + 6.5 * side**2 + 2.2 * np.sin(3 * angle + 0.5) + 1.4 * slow - 3.5 * np.clip((z - 215) / 50, 0, 1)
    canvas.paint((skin + 1.7 + np.maximum(fat, 3)).astype(np.float32), MUSCLE + 5 * slow)
    _paint_armpits(canvas, skin, inner, slow)
    for depth, width, turn in ((11.0, 0.8, 0.4), (18.5, 0.6, 1.9)):  # fat between layers of muscle
        line = np.abs(inner - depth - 1.6 * np.sin(2 * angle + turn) - 0.8 * slow) - width
        broken = line + 1.3 * np.clip(np.sin(3 * angle + 3 * turn + slow) - 0.1, 0, 1)
        canvas.paint(np.maximum(broken, skin + 13).astype(np.float32), FAT + 25)
    _paint_back(canvas)
    canvas.paint(inner - 1.2, MUSCLE)
    canvas.paint(inner + 0.8, FAT + 6 * slow)


def _paint_armpits(canvas: Canvas, skin: Field, inner: Field, slow: Field) -> None:
    """Paint the fat between chest, shoulder blade and the muscles in front of it."""
    z = canvas.z
    if z < 140:
        return
    x, y = np.abs(canvas.x), canvas.y
    bundle = 2.5 * np.sin(x / 5.5 + y / 9) + 2 * slow
    shape = ellipsoid(x, y, z, (112, 6, 226), (22, 40, 62)) + bundle
    within = np.maximum(11 - inner, skin + 12)
    canvas.paint(np.maximum(shape, within + 1).astype(np.float32), FAT)
    sheet = np.abs(y + 46 - 0.16 * (x - 60) + 0.2 * (z - 200)) - 0.9  # between the two chest muscles
    canvas.paint(np.maximum(np.maximum(sheet, np.abs(x - 75) - 45), within).astype(np.float32), FAT + 20)


def _paint_back(canvas: Canvas) -> None:
    """Paint the long muscles beside the spine, each in its sheath of fat."""
    center, z = profile(canvas.z, SPINE_CENTER), canvas.z
    depth = profile(z, BODY_CENTER) + profile(z, BODY_DEPTH)
    part = canvas.part((-75, 75), (center, depth - 4))
    middle = (center + 36 + depth - 10) / 2
    half = max(depth - 12 - middle, 6.0)
    for x, width in ((21.0, 16.0), (50.0, 14.0)):
        shape = superellipse(np.abs(part.x) - x, part.y - middle - (2 if x < 30 else -3), width, half, 2.6)
        part.paint(shape - 1.1, FAT + 20)
        part.paint(shape, MUSCLE + 4)


def paint_lungs(canvas: Canvas, ribs: Field, slow: Field, fine: Field) -> None:
    """Paint lung tissue: denser towards the back, finely mottled, with the great fissures."""
    x, y, z = canvas.x, canvas.y, canvas.z
    if z > 290:
        return
    shape = lungs_across(x, y, z, ribs)
    tissue = LUNG + 0.32 * (y + 40) + 9 * slow + 13 * fine
    canvas.paint(shape - 0.5, 20.0)
    canvas.paint(shape + 0.6, tissue)
    fissure = np.where(x > 0, y - 18 + 0.62 * (z - 130), y - 22 + 0.62 * (z - 122)) * 0.85 + 4 * np.sin(x / 26)
    minor = np.maximum(np.abs(z - 150 - 0.05 * (y + 30)) - 0.4, np.maximum(x + 10, y - 5))
    sheet = np.minimum(np.abs(fissure) - 0.28, minor)
    canvas.paint(np.maximum(sheet, shape + 1).astype(np.float32), -740.0)


def paint_abdomen(canvas: Canvas, ribs: Field, trees: Trees, fine: Field) -> None:
    """Paint what lies under the diaphragm: liver with its veins, stomach with air over fluid, spleen, fat."""
    z = canvas.z
    if z > 86:
        return
    x, y = canvas.x, canvas.y
    dome = (np.float32(z) - diaphragm(x, y)) * np.float32(0.62)
    under = smooth_intersection(ribs + 1.0, dome, 6)
    canvas.paint(under, MUSCLE)
    inside = under + 2.6
    canvas.paint(inside, FAT)
    right = ellipsoid(x, y, z, (-58, -6, -4), (72, 86, 92))
    left_lobe = ellipsoid(x, y, z, (6, -48, 8), (62, 32, 52))
    liver = smooth_intersection(smooth_union(right, left_lobe, 16), inside + 0.8, 6)
    fissure = superellipse(x + 14, y + 34, 2.2, 30)
    canvas.paint(liver, LIVER + 3 * fine)
    canvas.paint(np.maximum(fissure, liver + 3) if z < 34 else fissure + 99, FAT + 25)
    veins = trees.hepatic.coverage(z, canvas.values.shape, canvas.pixel, 1.0)
    canvas.blend(veins * np.clip(0.5 - liver / canvas.pixel, 0, 1), 152.0)
    spleen = smooth_intersection(ellipsoid(x, y, z, (92, 36, 12), (36, 42, 46)), inside + 1.0, 4)
    canvas.paint(spleen, SPLEEN + 2 * fine)
    stomach = smooth_intersection(ellipsoid(x, y, z, (58, -22, 6), (44, 42, 46)), inside + 1.0, 5)
    stomach = np.maximum(stomach, -spleen + 2)
    stomach = np.maximum(stomach, -liver + 2)
    canvas.paint(stomach, MUSCLE + 15)
    canvas.paint(stomach + 3.2, 18.0)
    canvas.paint(np.maximum(stomach + 3.2, y + 26).astype(np.float32), AIR)
    crus = ellipsoid(np.abs(x), y, z, (14, 28, 20), (13, 9, 60))
    canvas.paint(crus, MUSCLE)
