"""A whole body in which a tracer of bone has been taken up, as two gamma cameras count it: from the front and the back.

Millimetres: x to the patient's left, y down from the top of the head. Both sides of the body are alike but for the
lesions, so that their counts are what one side has more than the other. Must not know: DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isocenter.phantom.noise import blurred

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isocenter.phantom.shapes import Field

ROWS, COLUMNS, PIXEL, TOP = 1024, 256, 2.0, 150.0
"""``TOP``: millimetres above the head."""
COUNTS = 11.0
"""Of a pixel of bone on the axis of a limb, of uptake 1."""
BLUR = 5


@dataclass(frozen=True, slots=True)
class Piece:
    """A tube with round ends: axis, radii, uptake, and how much of it each camera sees; ``paired``: on both sides."""

    ends: tuple[float, float, float, float]
    radii: tuple[float, float]
    uptake: float
    front: float = 1.0
    back: float = 1.0
    paired: bool = True


@dataclass(frozen=True, slots=True)
class Lesion:
    """A spot: where, and how many counts of it the camera in front gets, and the one behind."""

    name: str
    x: float
    y: float
    front: float
    back: float


LESIONS = (
    Lesion("Lesion, left femur", 88, 1090, 6000, 4200),
    Lesion("Lesion, right sixth rib", -112, 492, 2500, 1500),
)
BODY = (  # what is not bone
    Piece((0, 100, 0, 120), (78, 74), 0.16, paired=False), Piece((0, 200, 0, 330), (58, 75), 0.16, paired=False),
    Piece((75, 370, 70, 850), (95, 90), 0.17), Piece((0, 340, 0, 860), (90, 90), 0.17, paired=False),
    Piece((185, 350, 222, 640), (48, 40), 0.14), Piece((222, 640, 240, 980), (38, 26), 0.12),
    Piece((88, 900, 84, 1300), (80, 58), 0.15), Piece((84, 1300, 76, 1680), (54, 38), 0.13),
    Piece((76, 1690, 92, 1730), (38, 30), 0.12),
)  # fmt: skip
BONES = (
    Piece((0, 92, 0, 105), (76, 72), 0.55, 0.9, 1.0, paired=False), Piece((38, 205, 52, 160), (14, 10), 0.7, 1.0, 0.5),
    Piece((0, 212, 36, 206), (12, 12), 0.7, 1.0, 0.4), Piece((0, 215, 0, 300), (19, 20), 0.9, 0.8, 1.3, paired=False),
    Piece((0, 300, 0, 560), (20, 22), 1.0, 0.7, 1.6, paired=False),
    Piece((0, 560, 0, 770), (23, 28), 1.1, 0.9, 1.6, paired=False),
    Piece((0, 340, 0, 480), (17, 15), 1.2, 1.0, 0.1, paired=False), Piece((14, 330, 165, 312), (9, 9), 0.9, 1.0, 0.4),
    Piece((90, 350, 110, 460), (26, 10), 0.5, 0.3, 1.1), Piece((165, 330, 178, 345), (26, 26), 1.0),
    Piece((182, 345, 212, 620), (13, 13), 0.7), Piece((212, 622, 216, 640), (20, 20), 0.9),
    Piece((216, 640, 234, 880), (13, 10), 0.6), Piece((236, 890, 244, 1000), (26, 18), 0.35),
    Piece((30, 775, 110, 730), (22, 24), 0.8, 0.8, 1.1), Piece((110, 730, 112, 850), (22, 24), 0.8),
    Piece((38, 780, 44, 850), (11, 9), 1.6, 0.5, 1.7), Piece((112, 852, 50, 905), (26, 18), 0.75),
    Piece((12, 905, 50, 905), (14, 14), 0.8, 1.0, 0.6), Piece((55, 905, 62, 950), (18, 16), 0.7),
    Piece((118, 872, 100, 920), (20, 18), 0.9), Piece((100, 920, 84, 1300), (15, 16), 0.6),
    Piece((84, 1300, 84, 1318), (32, 32), 0.9), Piece((84, 1296, 84, 1298), (16, 16), 0.8, 1.0, 0.0),
    Piece((84, 1320, 74, 1670), (17, 12), 0.6), Piece((98, 1330, 90, 1660), (7, 7), 0.4),
    Piece((76, 1672, 76, 1690), (24, 24), 0.85), Piece((78, 1700, 98, 1740), (24, 16), 0.6),
    *(
        Piece((22, y, 60 + 9 * n, y + 6), (8, 8), 0.75, 0.25, 1.1)
        for n, y in enumerate(range(340, 590, 28))
    ),
    *(
        Piece((60 + 9 * min(n, 6), y + 6, 74 + 8 * min(n, 7), y + 34), (8, 8), 0.8, 0.8, 0.8)
        for n, y in enumerate(range(340, 590, 28))
    ),
    *(
        Piece((74 + 8 * n, y + 34, 22, y + 22 + 3 * n), (8, 7), 0.7, 1.0, 0.15)
        for n, y in enumerate(range(340, 508, 28))
    ),
)  # fmt: skip
ORGANS = (
    Piece((58, 612, 64, 664), (27, 27), 1.1, 0.4, 1.6),  # kidneys
    Piece((0, 878, 0, 884), (36, 36), 4.0, 1.0, 0.5, paired=False),  # bladder
)


def pictures(seed: int) -> NDArray[np.uint16]:
    """Return counts (2, rows, columns): from the front with the patient's right on the left, and from behind."""
    random = np.random.default_rng([seed, 13])
    x = ((np.arange(COLUMNS) - (COLUMNS - 1) / 2) * PIXEL).astype(np.float32)[None, :]
    y = (np.arange(ROWS) * PIXEL - TOP).astype(np.float32)[:, None]
    front, back = _painted(x, y)
    for lesion in LESIONS:
        row, column = place(lesion)
        front[row, column] += lesion.front
        back[row, column] += lesion.back
    expected = np.stack([_through(front), _through(back)[:, ::-1]])
    return random.poisson(expected).astype("<u2")


def place(lesion: Lesion) -> tuple[int, int]:
    """Return row and column of a lesion in the picture from the front."""
    return round((lesion.y + TOP) / PIXEL), round(lesion.x / PIXEL + (COLUMNS - 1) / 2)


def _through(counts: Field) -> Field:
    """Return what a collimator makes of it."""
    for _ in range(BLUR):
        counts = blurred(counts)
    return np.maximum(counts, 0)


def _painted(x: Field, y: Field) -> tuple[Field, Field]:
    """Return the expected counts of both cameras, seen from the front, without lesions."""
    front, back = np.full((ROWS, COLUMNS), 0.02, np.float32), np.full((ROWS, COLUMNS), 0.02, np.float32)
    flesh = np.zeros_like(front)
    for piece in BODY:
        for side in (1, -1) if piece.paired else (1,):
            np.maximum(flesh, np.float32(COUNTS * piece.uptake) * _thickness(x * side, y, piece), out=flesh)
    for piece in (*BONES, *ORGANS):
        for side in (1, -1) if piece.paired else (1,):
            counts = np.float32(COUNTS * piece.uptake) * _thickness(x * side, y, piece)
            front += np.float32(piece.front) * counts
            back += np.float32(piece.back) * counts
    return front + flesh, back + flesh


def _thickness(x: Field, y: Field, piece: Piece) -> Field:
    """Return how thick a piece is at each pixel, 1 on its axis."""
    x0, y0, x1, y1 = piece.ends
    along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2), 0, 1)
    radius = piece.radii[0] + along * (piece.radii[1] - piece.radii[0])
    away = (x - x0 - along * (x1 - x0)) ** 2 + (y - y0 - along * (y1 - y0)) ** 2
    return np.asarray(np.sqrt(np.maximum(1 - away / radius**2, 0)), np.float32)
