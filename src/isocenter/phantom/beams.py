"""Seven beams through one point and the dose that they give, as a formula of the place.

A beam is a cylinder with a soft edge that grows weaker on its way through the patient. Must not know: DICOM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.canvas import Canvas
from isocenter.phantom.structures import ISOCENTER, TARGET_RADIUS, Structure

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from isocenter.phantom.shapes import Field

ANGLES = (0, 40, 80, 120, 160, 200, 320)
"""Of the gantry: 0 comes from the front, 90 from the patient's left (IEC 61217, supine, head first)."""
PRESCRIBED, FRACTIONS = 60.0, 20
FIELD_RADIUS, EDGE, ATTENUATION = 25.0, 2.2, 0.0035
"""Millimetres, millimetres, per millimetre."""
AT_CENTER = 63.0
"""Gray at the isocentre: the prescribed dose holds at the edge of the target."""


def dose(x: ArrayLike, y: ArrayLike, z: ArrayLike) -> Field:
    """Return the dose of all beams in gray at places of the patient."""
    dx, dy, dz = (
        np.asarray(value, np.float32) - np.float32(at) for value, at in zip((x, y, z), ISOCENTER, strict=True)
    )
    total = np.zeros(np.broadcast(dx, dy, dz).shape, np.float32)
    for angle in np.radians(ANGLES):
        sine, cosine = np.float32(np.sin(angle)), np.float32(np.cos(angle))
        along = -dx * sine + dy * cosine  # from the source through the isocentre
        across = dx * cosine + dy * sine
        away = np.sqrt(across * across + dz * dz)
        edge = 1 / (1 + np.exp(np.clip((away - FIELD_RADIUS) / EDGE, -30, 30)))
        total += edge * np.exp(-ATTENUATION * np.clip(along, -150, 200))
    return np.asarray(total * (AT_CENTER / len(ANGLES)), np.float32)


def doses_within(structure: Structure, step: float = 1.0) -> tuple[Field, float]:
    """Return the doses at points ``step`` apart within a target, by the formula, and the millilitres of each point."""
    x, y, z = ISOCENTER
    places = np.arange(-TARGET_RADIUS - step, TARGET_RADIUS + 2 * step, step, dtype=np.float32)
    found = []
    for height in z + places:
        canvas = Canvas(np.zeros((len(places), len(places)), np.float32), x + places[None], y + places[:, None],
                        float(height), step)  # fmt: skip
        inside = structure.distance(canvas) < 0
        found.append(dose(canvas.x, canvas.y, np.float32(height))[inside])
    return np.concatenate(found), step**3 / 1000
