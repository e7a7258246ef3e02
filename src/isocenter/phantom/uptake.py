"""Where a sugar tracer goes: SUV of tissues by their Hounsfield units, a hot heart wall, and lesions of known SUV.

Lesions are balls whose SUV is the same throughout; only their edge shares pixels with what is around. Must not know:
DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.noise import blurred, grain
from isocenter.phantom.shapes import ellipsoid
from isocenter.phantom.thorax import HEART_AXIS, HEIGHT, body

if TYPE_CHECKING:
    from isocenter.phantom.canvas import Canvas
    from isocenter.phantom.shapes import Field, Point


@dataclass(frozen=True, slots=True)
class Lesion:
    """A ball that takes up tracer: diameter in millimetres, SUV by body weight, Hounsfield units."""

    name: str
    center: Point
    diameter: float
    suv: float
    hounsfield: float

    def distance(self, canvas: Canvas) -> Field:
        """Return the distance to the ball."""
        radius = self.diameter / 2
        return ellipsoid(canvas.x, canvas.y, canvas.z, self.center, (radius, radius, radius))


#: The diameters are those of the spheres of NEMA NU 2.
LESIONS = (
    Lesion("Lung, right upper lobe", (-60, -6, 202), 37, 12.0, 42),
    Lesion("Liver", (-72, -14, 34), 28, 9.0, 70),
    Lesion("Lymph node, left hilum", (42, 2, 172), 22, 8.0, 48),
    Lesion("Lung, left lower lobe", (78, 34, 112), 17, 7.0, 40),
    Lesion("Lymph node, right axilla", (-112, 4, 226), 13, 6.0, 45),
    Lesion("Vertebra", (2, 58, 138), 10, 5.0, 60),
)
#: Hounsfield units and the SUV of tissue that has them.
_TISSUES = ((-1000, 0.0), (-950, 0.3), (-820, 0.42), (-300, 0.5), (-100, 0.28), (-40, 0.45), (55, 0.75), (90, 1.9),
            (120, 2.1), (180, 1.6), (290, 1.55), (420, 1.3), (900, 0.6))  # fmt: skip
MYOCARDIUM = 5.2
NOISE = 0.07
"""Of the SUV of tissues, as a part of it."""


def suv(canvas: Canvas, hounsfield: Field, random: np.random.Generator) -> Field:
    """Return the SUV of a plane; ``hounsfield`` is the same plane of the CT on the same pixels, without lesions."""
    units, values = zip(*_TISSUES, strict=True)
    tissue = np.interp(hounsfield, units, values).astype(np.float32)
    outside = body(canvas.x, canvas.y, canvas.z) > -1
    tissue[outside] = 0.02
    canvas.values[...] = tissue
    _paint_heart_wall(canvas)
    smooth = canvas.values
    for _ in range(3):
        smooth = blurred(smooth, 0.28)
    canvas.values[...] = np.maximum(smooth * (1 + NOISE * grain(random, smooth.shape)), 0)
    for lesion in LESIONS:
        canvas.paint(lesion.distance(canvas), lesion.suv)
    return canvas.values


def _paint_heart_wall(canvas: Canvas) -> None:
    wall = ellipsoid(canvas.x, canvas.y, canvas.z, (33, -27, 92), (50, 33, 32), HEART_AXIS)
    cavity = ellipsoid(canvas.x, canvas.y, canvas.z, (29, -24, 95), (42, 22, 21), HEART_AXIS)
    canvas.paint(np.maximum(wall, -cavity), MYOCARDIUM * (1 - 0.25 * canvas.z / HEIGHT))
