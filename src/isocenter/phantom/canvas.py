"""One plane of a phantom while it is painted: values and the patient coordinates of its pixels.

Must not know: organs, DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.shapes import coverage

if TYPE_CHECKING:
    from isocenter.phantom.shapes import Field


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """Values (rows, columns) with x (1, columns), y (rows, 1) and z in millimetres, LPS axes."""

    values: Field
    x: Field
    y: Field
    z: float
    pixel: float

    @classmethod
    def axial(cls, rows: int, columns: int, pixel: float, z: float, value: float) -> Canvas:
        """Return an axial plane centred on x = y = 0, filled with ``value``."""
        x = ((np.arange(columns, dtype=np.float32) - (columns - 1) / 2) * np.float32(pixel))[None, :]
        y = ((np.arange(rows, dtype=np.float32) - (rows - 1) / 2) * np.float32(pixel))[:, None]
        return cls(np.full((rows, columns), value, np.float32), x, y, z, pixel)

    def part(self, x: tuple[float, float], y: tuple[float, float]) -> Canvas:
        """Return the pixels between ``x`` and ``y``: painting them paints this canvas."""
        columns = slice(*np.searchsorted(self.x[0], x))
        rows = slice(*np.searchsorted(self.y[:, 0], y))
        return Canvas(self.values[rows, columns], self.x[:, columns], self.y[rows], self.z, self.pixel)

    def paint(self, distance: Field, value: float | Field) -> None:
        """Fill the inside of a shape with ``value``, its edge in proportion; rows it does not reach cost nothing."""
        reached = np.flatnonzero(distance.min(axis=1) < self.pixel / 2)
        if len(reached):
            rows = slice(reached[0], reached[-1] + 1)
            part = coverage(distance[rows], self.pixel)
            values = self.values[rows]
            values += part * ((value[rows] if isinstance(value, np.ndarray) else np.float32(value)) - values)

    def blend(self, part: Field, value: float | Field) -> None:
        """Mix ``value`` in where ``part`` (0..1) says so."""
        self.values[...] += part * (value - self.values)
