"""JPEG XL (PS3.5 A.4.12, ISO/IEC 18181): lossless, recompressed JPEG, lossy.

A recompressed JPEG is restored bit for bit and decoded by `jpeg`, so its colour is as stored. Other frames are decoded
into an array made beforehand. Written is what was not JPEG before, by the quick ways of libjxl. Must not know: display.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

from isocenter.codecs import codestream, jpeg
from isocenter.codecs.frame import EncodedFrame, Target, check_matrix, stored_type, unsigned

if TYPE_CHECKING:
    from numpy.typing import NDArray

RECOMPRESSED = b"jbrd"
LOSSLESS_EFFORT, LOSSY_EFFORT = 1, 3
"""For a CT 0.8 instead of 50 ms, a tenth larger than libjxl's default, and smaller than JPEG-LS."""


def decode(frame: EncodedFrame) -> NDArray[Any]:
    """Return the samples of a JPEG XL frame."""
    rows, columns = codestream.read_jpegxl(frame.data)
    check_matrix(frame, rows, columns, frame.description.SamplesPerPixel)
    if RECOMPRESSED in frame.data[:65536]:
        restored = bytes(imagecodecs.jpegxl_decode_jpeg(frame.data, numthreads=1))
        return jpeg.decode(replace(frame, data=restored))
    samples = np.empty(frame.shape, f"u{stored_type(frame.description).itemsize}")
    return np.asarray(imagecodecs.jpegxl_decode(frame.data, out=samples))


def encode(values: NDArray[Any], target: Target) -> bytes:
    """Return ``values`` as a bare JPEG XL codestream; with loss, colour goes through XYB."""
    bits = target.description.BitsStored
    how: dict[str, Any] = {"lossless": True, "effort": LOSSLESS_EFFORT}
    if target.lossy:
        how = {"lossless": False, "effort": LOSSY_EFFORT, "distance": max((100 - target.quality) / 10, 0.1)}
    samples = unsigned(values, bits)
    return bytes(imagecodecs.jpegxl_encode(samples, bitspersample=bits, usecontainer=False, numthreads=1, **how))
