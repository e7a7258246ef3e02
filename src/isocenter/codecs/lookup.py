"""Lookup tables of a data set: modality, VOI and palette, plain and segmented (PS3.3 C.11.1.1, C.7.6.3.1.5-6, C.7.9.2).

Must not know: what a table is for, pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isocenter.errors import InvalidObjectError

if TYPE_CHECKING:
    from numpy.typing import NDArray

DISCRETE, LINEAR, INDIRECT = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """``values[i]`` is for input ``first + i``, inputs outside take the nearest end; ``bits`` are the output's."""

    first: int
    values: NDArray[np.uint16]
    bits: int
    explanation: str = ""

    def __call__(self, inputs: NDArray[Any]) -> NDArray[np.uint16]:
        """Return the outputs for ``inputs``, same shape."""
        index = np.clip(np.asarray(inputs, np.float64) - self.first, 0, len(self.values) - 1)
        return self.values[index.astype(np.intp)]

    def to_8_bit(self) -> NDArray[np.uint8]:
        """Return the values scaled to 0..255."""
        return (self.values >> (self.bits - 8) if self.bits > 8 else self.values).astype(np.uint8)


def read_lookup(descriptor: Any, data: Any, explanation: str = "", *, signed: bool) -> Lookup:  # noqa: ANN401 - as read
    """Return the table of a LUT descriptor (entries, first input, bits) and its data: bytes (OW) or numbers (US)."""
    count, first, bits = _descriptor(descriptor, signed=signed)
    values = _entries(data, count)[:count]
    if not len(values):
        raise InvalidObjectError("a lookup table without entries")
    return Lookup(first, values, _used_bits(values, bits), explanation)


def read_segmented(descriptor: Any, data: bytes, *, signed: bool) -> Lookup:  # noqa: ANN401 - a pydicom value
    """Return the table of a descriptor and segmented palette data (PS3.3 C.7.9.2)."""
    count, first, bits = _descriptor(descriptor, signed=signed)
    entries = _Segments(data, 1 if bits == 8 else 2, count).expanded()
    values = np.asarray(entries, np.int64).astype(np.uint16)
    return Lookup(first, values, _used_bits(values, bits))


def _descriptor(descriptor: Any, *, signed: bool) -> tuple[int, int, int]:  # noqa: ANN401 - a pydicom value
    """Return (entries, first input, bits): 0 entries stand for 65536, the first input may be signed."""
    count, first, bits = (int(value) for value in descriptor[:3])
    if signed and first >= 0x8000:
        first -= 0x10000
    return (count & 0xFFFF) or 0x10000, first, bits


def _used_bits(values: NDArray[np.uint16], bits: int) -> int:
    """Return the bits of the output; some writers say 16 and fill 8, or say 8 and fill more."""
    highest = int(values.max()).bit_length()
    if bits == 16 and highest <= 8:
        return 8
    return max(bits if 1 <= bits <= 16 else 16, highest)


def _entries(data: Any, count: int) -> NDArray[np.uint16]:  # noqa: ANN401 - bytes or numbers
    """Return the entries: words, or bytes where the data is too short to be words (PS3.3 C.7.6.3.1.6)."""
    if not isinstance(data, bytes):
        data = (np.atleast_1d(np.asarray(data, np.int64)) & 0xFFFF).astype("<u2").tobytes()
    if len(data) < 2 * count and len(data) >= count:
        return np.frombuffer(data, np.uint8).astype(np.uint16)
    return np.frombuffer(data, "<u2", len(data) // 2).astype(np.uint16)


class _Segments:
    """Expands segments; an indirect one repeats earlier ones, and may not name another indirect one."""

    def __init__(self, data: bytes, size: int, count: int) -> None:
        self.data, self.size, self.count = data, size, count
        self.entries: list[int] = []

    def expanded(self) -> list[int]:
        """Return exactly ``count`` entries."""
        position = 0
        while position + 2 * self.size <= len(self.data) and len(self.entries) < self.count:
            position = self._expand(position, indirect=True)
        if len(self.entries) < self.count:
            raise InvalidObjectError(f"a segmented palette of {len(self.entries)} instead of {self.count} entries")
        return self.entries[: self.count]

    def _word(self, position: int, size: int | None = None) -> int:
        return int.from_bytes(self.data[position : position + (size or self.size)], "little")

    def _expand(self, position: int, *, indirect: bool) -> int:
        """Append what one segment stands for, and return where the next begins."""
        kind, length = self._word(position), self._word(position + self.size)
        position += 2 * self.size
        if kind == DISCRETE:
            end = position + length * self.size
            self.entries += np.frombuffer(self.data[position:end], f"<u{self.size}").tolist()
            return end
        if kind == LINEAR and self.entries:
            line = np.linspace(self.entries[-1], self._word(position), length + 1)[1:]
            self.entries += np.rint(line).astype(int).tolist()
            return position + self.size
        if kind == INDIRECT and indirect:
            offset = self._word(position, 4)
            for _ in range(length):
                offset = self._expand(offset, indirect=False)
            return position + 4
        raise InvalidObjectError(f"a segmented palette with a segment of kind {kind}")
