"""Overlay planes of groups 60xx: graphics over a picture, as bits of their own or in unused bits of the pixels.

PS3.3 C.9.2, and PS3.5 8.1.2 as it was before 2004 for those in unused bits. Must not know: files, transfer syntaxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from pydicom import Dataset

GROUPS = range(0x6000, 0x6020, 2)
ROWS, COLUMNS, FRAMES, ORIGIN, FIRST_FRAME, BIT_POSITION, DATA = 0x10, 0x11, 0x15, 0x50, 0x51, 0x102, 0x3000
ACTIVATION_LAYER = 0x1001
#: All elements that are read here.
TAGS = frozenset(
    group << 16 | element
    for group in GROUPS
    for element in (ROWS, COLUMNS, FRAMES, ORIGIN, FIRST_FRAME, BIT_POSITION, DATA)
)


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """Where ``bits`` are set there is a graphic; ``row`` and ``column`` are those of its corner, from 0."""

    row: int
    column: int
    bits: NDArray[np.bool_]


def read_overlays(
    dataset: Dataset, number: int = 0, words: NDArray[Any] | None = None, groups: Iterable[int] = GROUPS
) -> list[Overlay]:
    """Return the overlays of frame ``number`` (from 0); ``words`` are its native values with all their bits."""
    found = (_read_overlay(dataset, group, number, words) for group in groups if (group, ROWS) in dataset)
    return [overlay for overlay in found if overlay is not None]


def activated(state: Dataset) -> list[int]:
    """Return the groups of an image's overlays that a presentation state shows (PS3.3 C.11.7)."""
    tags = ((group, ACTIVATION_LAYER) for group in GROUPS)
    return [tag[0] for tag in tags if tag in state and state[tag].value]


def in_unused_bits(dataset: Dataset) -> bool:
    """Return whether an overlay is part of the pixels."""
    return any(_value(dataset, group, BIT_POSITION) for group in GROUPS if (group, DATA) not in dataset)


def burn(picture: NDArray[np.uint8], overlays: list[Overlay]) -> NDArray[np.uint8]:
    """Return ``picture`` with overlays in white; a copy, if there are any."""
    if not overlays:
        return picture
    shown = picture.copy()
    for overlay in overlays:
        top, left = max(-overlay.row, 0), max(-overlay.column, 0)
        bits = overlay.bits[top:, left:]
        field = shown[max(overlay.row, 0) :, max(overlay.column, 0) :][: bits.shape[0], : bits.shape[1]]
        field[bits[: field.shape[0], : field.shape[1]]] = 255
    return shown


def _read_overlay(dataset: Dataset, group: int, number: int, words: NDArray[Any] | None) -> Overlay | None:
    rows, columns = _value(dataset, group, ROWS), _value(dataset, group, COLUMNS)
    frame = number - (_value(dataset, group, FIRST_FRAME, 1) - 1)
    frames = _value(dataset, group, FRAMES, 1)
    row, column = _origin(dataset, group)
    if rows * columns <= 0:
        return None
    if (group, DATA) in dataset:
        if frames == 1:
            frame = 0
        if not 0 <= frame < frames:
            return None
        bits = _bits(bytes(dataset[group, DATA].value), frame * rows * columns, rows * columns)
        return None if bits is None else Overlay(row, column, bits.reshape(rows, columns))
    position = _value(dataset, group, BIT_POSITION)
    if not position or words is None or words.shape[:2] != (rows, columns):
        return None
    return Overlay(row, column, (words >> position & 1).astype(bool))


def _origin(dataset: Dataset, group: int) -> tuple[int, int]:
    value = dataset[group, ORIGIN].value if (group, ORIGIN) in dataset else None
    if value is None or isinstance(value, int) or len(value) != 2:
        return 0, 0
    return int(value[0]) - 1, int(value[1]) - 1


def _value(dataset: Dataset, group: int, element: int, default: int = 0) -> int:
    value = dataset[group, element].value if (group, element) in dataset else None
    try:
        return int(value) if value not in (None, "") else default
    except (TypeError, ValueError):
        return default


def _bits(data: bytes, first: int, count: int) -> NDArray[np.bool_] | None:
    """Return bits ``first`` to ``first + count``, the lowest of each byte first; None where they are not there."""
    if len(data) * 8 < first + count:
        return None
    used = np.frombuffer(data, np.uint8)[first // 8 : (first + count + 7) // 8]
    return np.unpackbits(used, bitorder="little")[first % 8 : first % 8 + count].astype(bool)
