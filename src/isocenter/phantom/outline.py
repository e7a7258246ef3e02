"""Outlines of masks as closed polygons. Must not know: organs, DICOM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Corner = tuple[int, int]


def outlines(mask: NDArray[np.bool_], least: int = 12) -> list[NDArray[np.float64]]:
    """Return the outlines of a mask as (n, 2) columns and rows, through the middles of the pixels' outer edges.

    Outer outlines go one way round, those of holes the other; those of fewer than ``least`` edges are left out.
    """
    following = _edges(mask)
    found = []
    while following:
        start = next(iter(following))
        corners = [start]
        while (corner := _next(following, corners[-1])) != start:
            corners.append(corner)
        if len(corners) >= least:
            line = np.array(corners, np.float64)
            found.append((line + np.roll(line, -1, axis=0)) / 2 - 0.5)
    return found


def _edges(mask: NDArray[np.bool_]) -> dict[Corner, list[Corner]]:
    """Return from each corner the corners that edges lead to, with the mask on their right."""
    padded = np.pad(mask, 1)
    following: dict[Corner, list[Corner]] = {}
    inside = padded[1:-1, 1:-1]
    for other, begin, end in (
        (padded[:-2, 1:-1], (0, 0), (1, 0)),
        (padded[1:-1, 2:], (1, 0), (1, 1)),
        (padded[2:, 1:-1], (1, 1), (0, 1)),
        (padded[1:-1, :-2], (0, 1), (0, 0)),
    ):
        for row, column in zip(*np.nonzero(inside & ~other), strict=True):
            corner = int(column) + begin[0], int(row) + begin[1]
            following.setdefault(corner, []).append((int(column) + end[0], int(row) + end[1]))
    return following


def _next(following: dict[Corner, list[Corner]], corner: Corner) -> Corner:
    ways = following[corner]
    way = ways.pop()
    if not ways:
        del following[corner]
    return way
