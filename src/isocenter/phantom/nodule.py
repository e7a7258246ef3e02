"""A nodule of the lung that grows between two examinations: its place, its sizes and what it looks like.

Must not know: DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.shapes import ellipsoid

if TYPE_CHECKING:
    from isocenter.phantom.canvas import Canvas
    from isocenter.phantom.shapes import Field, Point

WHERE = (-64.0, -4.0, 206.0)
"""In the right upper lobe."""
PRIOR_DIAMETER, DIAMETER = 7.0, 14.0
DAYS_BETWEEN = 182
TISSUE = 38.0


@dataclass(frozen=True, slots=True)
class Nodule:
    """A ball with a few strands towards the pleura."""

    center: Point
    diameter: float

    @property
    def volume(self) -> float:
        """Return the volume in millilitres."""
        return float(np.pi) / 6 * self.diameter**3 / 1000

    def distance(self, canvas: Canvas) -> Field:
        """Return the distance to the ball."""
        radius = self.diameter / 2
        return ellipsoid(canvas.x, canvas.y, canvas.z, self.center, (radius, radius, radius))

    def paint(self, canvas: Canvas) -> None:
        """Paint strands, then the ball."""
        x, y, _ = self.center
        part = canvas.part((x - 40, x + 30), (y - 40, y + 40))
        ball = self.distance(part)
        angle = np.arctan2(part.y - y, part.x - x)
        strands = np.clip(np.cos(7 * angle + 1.3 * np.sin(2 * angle)) - 0.72, 0, 1) / 0.28
        reach = np.exp(-np.maximum(ball, 0) / (0.22 * self.diameter))
        part.blend((0.35 * strands * reach).astype(np.float32), TISSUE - 200)
        part.paint(ball, TISSUE)
