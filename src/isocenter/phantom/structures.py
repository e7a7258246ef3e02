"""What is drawn on the planning CT: target, organs at risk, and their outlines slice by slice.

Gross tumour and planning target are balls: what they receive can be computed without a grid.
Must not know: DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.canvas import Canvas
from isocenter.phantom.outline import outlines
from isocenter.phantom.shapes import ellipsoid, profile
from isocenter.phantom.thorax import SPINE_CENTER, body, cage, heart, lungs_across

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from isocenter.phantom.shapes import Field, Point

ISOCENTER: Point = (66.0, -2.0, 186.0)
TUMOUR_RADIUS, TARGET_RADIUS, CANAL_RADIUS = 16.0, 22.0, 8.0
CANAL_BEHIND = 27.0
"""How far the spinal canal lies behind the middle of the vertebrae."""


@dataclass(frozen=True, slots=True)
class Structure:
    """A region of interest: name, RT ROI interpreted type, colour, distance to its surface on a plane."""

    number: int
    name: str
    kind: str
    colour: tuple[int, int, int]
    distance: Callable[[Canvas], Field]

    def contours(self, canvas: Canvas) -> list[NDArray[np.float64]]:
        """Return closed polygons (n, 2) of x and y in millimetres; those of organs are coarser."""
        if self.kind in {"EXTERNAL", "ORGAN"}:
            canvas = Canvas(canvas.values[::2, ::2], canvas.x[:, ::2], canvas.y[::2], canvas.z, 2 * canvas.pixel)
        lines = outlines(self.distance(canvas) < 0)
        origin = np.array([float(canvas.x[0, 0]), float(canvas.y[0, 0])])
        return [origin + _smoothed(line) * canvas.pixel for line in lines]


def _smoothed(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a closed line without the steps of its pixels."""
    for _ in range(2):
        line = (np.roll(line, 1, axis=0) + 2 * line + np.roll(line, -1, axis=0)) / 4
    return line


def ball(radius: float) -> Callable[[Canvas], Field]:
    """Return the distance to a ball around the isocentre."""
    return lambda canvas: ellipsoid(canvas.x, canvas.y, canvas.z, ISOCENTER, (radius, radius, radius))


def _lung(side: int) -> Callable[[Canvas], Field]:
    def distance(canvas: Canvas) -> Field:
        both = lungs_across(canvas.x, canvas.y, canvas.z, cage(canvas.x, canvas.y, canvas.z))
        return np.maximum(both, -side * canvas.x).astype(np.float32)

    return distance


def _canal(canvas: Canvas) -> Field:
    middle = profile(canvas.z, SPINE_CENTER) + CANAL_BEHIND
    return np.asarray(np.hypot(canvas.x, canvas.y - middle) - CANAL_RADIUS, np.float32)


STRUCTURES = (
    Structure(1, "External", "EXTERNAL", (90, 200, 120), lambda canvas: body(canvas.x, canvas.y, canvas.z)),
    Structure(2, "GTV", "GTV", (255, 60, 60), ball(TUMOUR_RADIUS)),
    Structure(3, "PTV", "PTV", (255, 170, 40), ball(TARGET_RADIUS)),
    Structure(4, "Lung right", "ORGAN", (80, 160, 255), _lung(-1)),
    Structure(5, "Lung left", "ORGAN", (120, 220, 255), _lung(1)),
    Structure(6, "Heart", "ORGAN", (230, 110, 200), lambda canvas: heart(canvas.x, canvas.y, canvas.z)),
    Structure(7, "Spinal canal", "ORGAN", (255, 235, 90), _canal),
)
