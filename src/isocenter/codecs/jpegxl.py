"""JPEG XL (PS3.5 A.4.12, ISO/IEC 18181): lossless, recompressed JPEG, lossy.

A recompressed JPEG is restored bit for bit and decoded by `jpeg`, so its colour is as stored. Other frames are decoded
into an array made beforehand. Must not know: display.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

from isocenter.codecs import codestream, jpeg
from isocenter.codecs.frame import EncodedFrame, check_matrix, stored_type

if TYPE_CHECKING:
    from numpy.typing import NDArray

RECOMPRESSED = b"jbrd"


def decode(frame: EncodedFrame) -> NDArray[Any]:
    """Return the samples of a JPEG XL frame."""
    rows, columns = codestream.read_jpegxl(frame.data)
    check_matrix(frame, rows, columns, frame.description.SamplesPerPixel)
    if RECOMPRESSED in frame.data[:65536]:
        restored = bytes(imagecodecs.jpegxl_decode_jpeg(frame.data, numthreads=1))
        return jpeg.decode(replace(frame, data=restored))
    samples = np.empty(frame.shape, f"u{stored_type(frame.description).itemsize}")
    return np.asarray(imagecodecs.jpegxl_decode(frame.data, out=samples))
