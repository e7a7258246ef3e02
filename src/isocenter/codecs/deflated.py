"""Deflated Image Frame (PS3.5 A.4.13, RFC 1951): each native frame compressed on its own.

Must not know: display.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from isocenter.codecs import native
from isocenter.codecs.frame import EncodedFrame, Target, container_bits
from isocenter.errors import InvalidObjectError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decode(frame: EncodedFrame) -> NDArray[Any]:
    """Return the samples of a deflated frame."""
    return native.decode(replace(frame, data=_inflated(frame), vr="OB", number=0))


def _inflated(frame: EncodedFrame) -> bytes:
    """Return at most the bytes that a native frame of this shape has."""
    description = frame.description
    bits = description.BitsAllocated if description.BitsAllocated == 1 else container_bits(description)
    size = -(-description.Rows * description.Columns * description.SamplesPerPixel * bits // 8)
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(frame.data, size)
    except zlib.error as error:
        raise InvalidObjectError(f"deflated frame: {error}") from error


def encode(values: NDArray[Any], target: Target) -> bytes:
    """Return ``values`` as a deflate stream of the native frame."""
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(native.encode(values, target)) + stream.flush()
