"""Bones of the thorax in Hounsfield units: spine, ribs and cartilage, sternum, shoulder girdle.

Every bone is a bright shell round spongy bone. Must not know: DICOM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.shapes import capsule, ellipsoid, profile, smooth_union, superellipse
from isocenter.phantom.thorax import CAGE_CENTER, CAGE_DEPTH, SPINE_CENTER, cage_angle

if TYPE_CHECKING:
    from isocenter.phantom.canvas import Canvas
    from isocenter.phantom.shapes import Field

CORTICAL, SPONGY, CARTILAGE, DISC, CORD, FLUID, EPIDURAL = 950.0, 230.0, 125.0, 90.0, 42.0, 12.0, -70.0
VERTEBRA, LOWEST = 24.0, 6.0
"""From one vertebra to the next, and the middle of the lowest one in the picture."""
FIRST_RIB = 11
RIB_ENDS = (0.38, 0.48, 0.66, 0.80, 0.88, 0.95, 0.97, 0.97, 0.97, 0.97, 0.97, 0.97)
"""How far round the chest each rib and its cartilage reach, from the lowest up, in parts of half a turn."""
BONE_END = 0.78


def paint_bones(canvas: Canvas, ribs: Field, texture: Field) -> None:
    """Paint all bones that the plane cuts; ``ribs`` is the `cage`, ``texture`` the grain of the sponge."""
    paint_shoulders(canvas)
    paint_ribs(canvas, ribs)
    paint_sternum(canvas)
    center = profile(canvas.z, SPINE_CENTER)
    rows = slice(*np.searchsorted(canvas.y[:, 0], (center - 30, 125)))
    columns = slice(*np.searchsorted(canvas.x[0], (-62, 62)))
    paint_spine(canvas.part((-62, 62), (center - 30, 125)), texture[rows, columns], center)


def paint_bone(canvas: Canvas, shape: Field, shell: float, inside: float | Field = SPONGY) -> None:
    """Paint a shell of compact bone and what is within."""
    canvas.paint(shape, CORTICAL)
    canvas.paint(shape + np.float32(shell), inside)


def paint_spine(canvas: Canvas, texture: Field, center: float) -> None:
    """Paint body or disc, the arch with its processes, the canal with cord and fluid."""
    x, y, z = canvas.x, canvas.y, canvas.z
    number = round((z - LOWEST) / VERTEBRA)
    height = z - LOWEST - number * VERTEBRA
    body = superellipse(x, y - center, 17.5, 14.0, 2.5)
    body = np.maximum(body, 11.5 - np.sqrt(x**2 + (y - center - 22) ** 2))  # hollow at the back
    if abs(height) > 9.8:
        canvas.paint(body - 0.4, DISC)
        canvas.paint(body + 4.5, DISC - 18)
    else:
        waist = np.float32(1.6 * (1 - (height / 9.8) ** 2))
        plate = np.clip((abs(height) - 8.6) / 1.2, 0, 1)
        inside = (SPONGY + 30 * texture) * (1 - plate) + 620 * plate
        canvas.paint(body + waist, 640.0)
        canvas.paint(body + waist + np.float32(1.1), inside)
    arch, back = _arch(x, y - center, z, number)
    paint_bone(canvas, arch, 1.7, 300.0)
    paint_bone(canvas, back, 1.5, 280.0)
    canal = superellipse(x, y - center - 23.0, 10.0, 8.6)
    canvas.paint(canal, EPIDURAL)
    canvas.paint(superellipse(x, y - center - 22.4, 8.6, 7.2), FLUID)
    canvas.paint(superellipse(x, y - center - 22.2, 5.2, 4.0), CORD)


def _arch(x: Field, y: Field, z: float, number: int) -> tuple[Field, Field]:
    """Return pedicles, laminae and transverse processes, and the spinous processes, of the vertebrae near the plane."""
    shape = np.full(np.broadcast_shapes(x.shape, y.shape), 99, np.float32)
    spinous = shape.copy()
    side = np.abs(x)
    for vertebra in (number - 1, number, number + 1):
        middle = LOWEST + vertebra * VERTEBRA
        parts = (
            (((11, 9, middle + 4.5), (13.5, 25, middle + 3)), (3.9, 4.2)),
            (((13.5, 26, middle + 2), (2, 35.5, middle - 6)), (3.6, 3.4)),
            (((13, 27, middle + 3), (12, 28, middle - 12)), (4.6, 3.8)),
            (((14, 27, middle + 3), (33, 36, middle + 5)), (4.2, 4.6)),
        )
        for ends, radii in parts:
            shape = smooth_union(shape, capsule(side, y, z, ends, radii), 3.0)
        spinous = np.minimum(spinous, capsule(x, y, z, ((0, 36, middle - 5), (0, 51, middle - 20)), (3.3, 4.0)))
    return shape, spinous


def paint_ribs(canvas: Canvas, ribs: Field) -> None:
    """Paint all ribs at once: one ring round the chest, repeated with the vertebrae and falling to the front."""
    x, y, z = canvas.x, canvas.y, canvas.z
    angle = cage_angle(x, y, z) / np.float32(np.pi)
    radial = ribs - np.float32(4.6)
    fall = profile(z, ((0, 84), (120, 80), (200, 62), (250, 38), (290, 26)))
    ease = np.clip(angle, 0, 1)
    phase = (z + fall * (ease * ease * (3 - 2 * ease)) - LOWEST - 3) / VERTEBRA
    number = np.clip(np.rint(phase), 0, FIRST_RIB)
    ends = np.take(np.asarray(RIB_ENDS, np.float32), number.astype(np.int64))
    height = (phase - number) * np.float32(VERTEBRA * 0.9)
    shape = (np.sqrt((radial / 3.9) ** 2 + (height / 6.4) ** 2) - 1) * 4.4
    shape = np.maximum(shape, np.maximum((angle - ends) * 300, (0.11 - angle) * 300))
    bone = np.maximum(shape, (angle - BONE_END) * 300)
    canvas.paint(np.maximum(shape + 0.4, (BONE_END - 0.02 - angle) * 300), CARTILAGE)
    paint_bone(canvas, bone.astype(np.float32), 1.45, 250.0)
    _paint_rib_heads(canvas)


def _paint_rib_heads(canvas: Canvas) -> None:
    center, z = profile(canvas.z, SPINE_CENTER), canvas.z
    ring = profile(z, CAGE_CENTER) + 0.93 * profile(z, CAGE_DEPTH) + 4
    number = round((z - LOWEST - 6) / VERTEBRA)
    level = LOWEST + number * VERTEBRA
    for side in (-1, 1):
        part = canvas.part((min(16 * side, 58 * side), max(16 * side, 58 * side)), (center - 6, ring + 12))
        neck = capsule(
            part.x, part.y, z, ((19 * side, center + 9, level + 8), (45 * side, ring, level + 2)), (3.8, 4.0)
        )
        paint_bone(part, neck, 1.4, 260.0)


def paint_sternum(canvas: Canvas) -> None:
    """Paint manubrium, body and xiphoid process behind the front of the chest."""
    z = canvas.z
    half = profile(z, ((66, 5), (84, 9), (100, 17), (140, 15), (180, 14), (190, 20), (215, 28), (232, 24)))
    if not 66 < z < 234:
        return
    front = profile(z, CAGE_CENTER) - profile(z, CAGE_DEPTH)
    part = canvas.part((-40, 40), (front - 22, front + 12))
    gap = abs(z - 187) < 1.6
    bow = 0.004 * part.x**2
    shape = superellipse(part.x, part.y - front + 5 - bow, half, profile(z, ((66, 3.4), (110, 5.6), (234, 6.4))), 3.0)
    if gap:
        part.paint(shape, CARTILAGE)
    else:
        paint_bone(part, shape, 1.2, 170.0)


def paint_shoulders(canvas: Canvas) -> None:
    """Paint clavicles, shoulder blades and the heads of the upper arms."""
    z = canvas.z
    if z < 120:
        return
    for side in (-1, 1):
        part = canvas.part((min(10 * side, 179 * side), max(10 * side, 179 * side)), (-80, 125))
        x, y = side * part.x, part.y
        _paint_blade(part, x, y)
        if z > 215:
            bow = np.asarray(9 * np.sin((x - 20) / 105 * 2 * np.pi), np.float32)
            clavicle = capsule(x, y + bow, z, ((20, -42, 228), (125, 8, 262)), (6.6, 5.8))
            paint_bone(part, clavicle, 1.9, 210.0)
            head = ellipsoid(x, y, z, (146, 22, 276), (22, 22, 26))
            paint_bone(part, head, 1.3, 190.0)


def _paint_blade(part: Canvas, x: Field, y: Field) -> None:
    """Paint the shoulder blade: a thin plate with a thick outer edge, its spine, and the socket."""
    z = part.z
    low = (68.0, 94.0, z)
    outer = profile(z, ((130, 88), (170, 108), (220, 124), (260, 128)))
    high = (outer, profile(z, ((130, 88), (190, 66), (250, 44))), z)
    if 126 < z < 262:
        fade = min((z - 126) / 14, 1.0)
        plate = capsule(x, y, z, (low, high), (2.2 * fade + 0.3, 2.9 * fade + 0.4))
        edge = capsule(x, y, z, (high, (high[0] + 0.1, high[1], z)), (5.2 * fade, 5.2 * fade))
        paint_bone(part, smooth_union(plate, edge, 4.0), 1.3, 260.0)
    if z > 216:
        ridge = capsule(x, y, z, ((74, 97, 222), (134, 62, 266)), (4.2, 6.8))
        socket = ellipsoid(x, y, z, (124, 34, 262), (9, 13, 18))
        paint_bone(part, np.minimum(ridge, socket), 1.5, 240.0)
