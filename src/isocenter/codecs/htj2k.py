"""High-throughput JPEG 2000 (PS3.5 A.4.4, ITU-T T.814), decoded by OpenJPEG; signs and colour as in `jpeg2000`.

Written by OpenJPH, always in the order of resolutions (RPCL) and with the lengths of its tile-parts (TLM), as the
syntax of that name asks for, down to a smallest picture of at most 64 x 64.
OpenJPH needs half the time (1.3 against 2.3 ms for a CT), but its binding swallows errors within the codestream and
returns what was in memory. Must not know: display.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

from isocenter.codecs import jpeg2000

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isocenter.codecs.frame import EncodedFrame, Target

SMALLEST = 64


def decode(frame: EncodedFrame) -> NDArray[Any]:
    """Return the samples of an HTJ2K frame."""
    return jpeg2000.decode(frame)


def encode(values: NDArray[Any], target: Target) -> bytes:
    """Return ``values`` as an HTJ2K codestream, reversible unless loss is allowed."""
    encoded = _encode(values, target, reversible=not target.lossy)
    if target.lossy and _leaves_range(values, encoded, target.description.BitsStored):
        return _encode(values, target, reversible=True)
    return encoded


def _leaves_range(values: NDArray[Any], encoded: bytes, bits: int) -> bool:
    """Return whether loss makes values that BitsStored does not hold; the coder counts whole bytes."""
    signed = values.dtype.kind == "i"
    high = 1 << (bits - signed)
    low, margin = -high if signed else 0, high >> 5
    if bits == values.itemsize * 8 or (values.max() < high - margin and (not signed or values.min() >= low + margin)):
        return False
    decoded = imagecodecs.jpeg2k_decode(encoded)
    return bool(decoded.max() >= high or decoded.min() < low)


def _encode(values: NDArray[Any], target: Target, *, reversible: bool) -> bytes:
    description = target.description
    halvings = max(-(-max(description.Rows, description.Columns) // SMALLEST) - 1, 0).bit_length()
    unused = values.itemsize * 8 - description.BitsStored
    step = 10 ** (-jpeg2000.decibels(target.quality) / 20) / (1 << unused)
    return bytes(
        imagecodecs.htj2k_encode(
            np.ascontiguousarray(values),
            level=None if reversible else step,
            rgb=description.PhotometricInterpretation == "RGB" if values.ndim == 3 else None,
            reversible=reversible,
            resolutions=max(halvings, 1),
            tlm=True,
            tilepart=1,
        )
    )
