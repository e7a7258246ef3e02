"""Native frames (PS3.5 8.1, 8.2, Annex D): samples side by side, packed bits, 4:2:2, both byte orders.

Must not know: compression, display.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from isocenter.codecs.frame import FLOAT_TYPES, EncodedFrame, Target
from isocenter.errors import InvalidObjectError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALF_CHROMA = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})


def decode(frame: EncodedFrame) -> NDArray[Any]:
    """Return the samples of a native frame, colour interleaved, chroma repeated to full width."""
    bits = frame.description.BitsAllocated
    if frame.vr in FLOAT_TYPES:
        return _samples(frame, np.dtype(FLOAT_TYPES[frame.vr]))
    if bits % 8:
        return _packed(frame)
    if bits not in (8, 16, 32, 64):
        raise UnsupportedError(f"native pixel data of {bits} bits allocated")
    if _has_half_chroma(frame):
        return _full_chroma(frame)
    return _samples(frame, np.dtype(f"u{bits // 8}"))


def encode(values: NDArray[Any], target: Target) -> bytes:
    """Return ``values`` as little endian bytes, colour interleaved; single bits from the lowest on."""
    if target.description.BitsAllocated == 1:
        return np.packbits(values.reshape(-1), bitorder="little").tobytes()
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def to_little_endian(frame: EncodedFrame) -> bytes:
    """Return the bytes of a native frame as Explicit VR Little Endian has them."""
    size = 2 if frame.vr == "OW" and frame.description.BitsAllocated <= 8 else frame.description.BitsAllocated // 8
    if frame.vr == "OB" or size < 2 or not frame.big_endian:
        return bytes(frame.data)
    whole = len(frame.data) - len(frame.data) % size
    swapped = np.frombuffer(frame.data, np.dtype(f">u{size}"), whole // size)
    return swapped.astype(f"<u{size}").tobytes() + bytes(frame.data[whole:])


def _buffer(frame: EncodedFrame, dtype: np.dtype[Any], count: int) -> NDArray[Any]:
    """Return ``count`` values in machine order, without a copy where none is needed."""
    data = frame.data
    if len(data) < count * dtype.itemsize:
        raise InvalidObjectError(f"the frame is cut short: {len(data)} of {count * dtype.itemsize} bytes")
    if frame.big_endian and dtype.itemsize == 1 and frame.vr == "OW":
        return _unswapped_bytes(data, count)
    stored = dtype.newbyteorder(">") if frame.big_endian else dtype.newbyteorder("<")
    values = np.frombuffer(data, stored, count)
    return values.astype(dtype, copy=False)


def _unswapped_bytes(data: bytes, count: int) -> NDArray[Any]:
    """Return bytes that were written as big endian 16-bit words (PS3.5 8.1.2), in the order of the pixels."""
    even = len(data) - len(data) % 2
    swapped = np.frombuffer(data, ">u2", even // 2).astype("<u2").view("u1")
    if count > even:  # the last byte of an odd frame has no partner
        swapped = np.append(swapped, np.frombuffer(data, "u1", 1, even))
    return swapped[:count]


def _samples(frame: EncodedFrame, dtype: np.dtype[Any]) -> NDArray[Any]:
    description = frame.description
    rows, columns, samples = description.Rows, description.Columns, description.SamplesPerPixel
    values = _buffer(frame, dtype, rows * columns * samples)
    if samples > 1 and description.PlanarConfiguration == 1:
        return np.ascontiguousarray(values.reshape(samples, rows, columns).transpose(1, 2, 0))
    return values.reshape(frame.shape)


def _packed(frame: EncodedFrame) -> NDArray[Any]:
    """Return samples that do not begin on bytes: the first in the lowest bits (PS3.5 8.1.1, D.1)."""
    bits = frame.description.BitsAllocated
    if bits > 16:
        raise UnsupportedError(f"native pixel data of {bits} bits allocated")
    count = int(np.prod(frame.shape))
    first = (frame.number * count * bits) % 8 if len(frame.data) * 8 > count * bits else 0
    data = to_little_endian(frame)
    if len(data) * 8 < first + count * bits:
        raise InvalidObjectError(f"the frame is cut short: {len(data)} bytes for {count} samples of {bits} bits")
    used = np.frombuffer(data, np.uint8, (first + count * bits + 7) // 8)
    unpacked = np.unpackbits(used, bitorder="little")[first : first + count * bits]
    if bits == 1:
        return unpacked.reshape(frame.shape)
    weights = (1 << np.arange(bits)).astype(np.uint16)
    return (unpacked.reshape(count, bits) @ weights).astype(np.uint16).reshape(frame.shape)


def _has_half_chroma(frame: EncodedFrame) -> bool:
    description = frame.description
    if description.PhotometricInterpretation not in HALF_CHROMA or description.BitsAllocated != 8:
        return False
    return len(frame.data) < description.Rows * description.Columns * 3  # some writers say 422 and write it all


def _full_chroma(frame: EncodedFrame) -> NDArray[Any]:
    """Return (rows, columns, 3) of Y1 Y2 Cb Cr quadruples (PS3.3 C.7.6.3.1.2)."""
    rows, columns = frame.description.Rows, frame.description.Columns
    if columns % 2:
        raise InvalidObjectError(f"{frame.description.PhotometricInterpretation} with an odd number of columns")
    pairs = _buffer(frame, np.dtype("u1"), rows * columns * 2).reshape(rows, columns // 2, 4)
    full = np.empty((rows, columns // 2, 2, 3), np.uint8)
    full[..., 0] = pairs[..., :2]
    full[..., 1:] = pairs[:, :, None, 2:]
    return full.reshape(rows, columns, 3)
