"""JPEG-LS, lossless and near-lossless (PS3.5 A.4.3, ITU-T T.87).

Written are 8 and 16 bits a sample: what is above BitsStored is zero and costs little.
Must not know: display.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

from isocenter.codecs import codestream
from isocenter.codecs.frame import EncodedFrame, Target, check_matrix, unsigned

if TYPE_CHECKING:
    from numpy.typing import NDArray


END_OF_IMAGE = b"\xff\xd9"


def decode(frame: EncodedFrame) -> NDArray[Any]:
    """Return the samples of a JPEG-LS frame, colour interleaved."""
    header = codestream.read_jpeg(frame.data)
    check_matrix(frame, header.rows, header.columns, header.components)
    return np.asarray(imagecodecs.jpegls_decode(_ended(frame.data)))


def _ended(data: bytes) -> bytes:
    """Return ``data`` with an end-of-image marker; CharLS counts to 2**31 (3 s) before it reports a lack of one."""
    return data if data[-4:].rstrip(b"\0").endswith(END_OF_IMAGE) else data + END_OF_IMAGE


def encode(values: NDArray[Any], target: Target) -> bytes:
    """Return ``values`` as JPEG-LS, each at most `nearness` from its original where loss is allowed."""
    bits = target.description.BitsStored
    near = nearness(bits, target.quality) if target.lossy else 0
    samples = unsigned(values, bits)
    if near and _leaves_range(values, bits, near, samples.itemsize * 8):
        near = 0
    return bytes(imagecodecs.jpegls_encode(samples, level=near))


def _leaves_range(values: NDArray[Any], bits: int, near: int, coded_bits: int) -> bool:
    """Return whether a value that is off by ``near`` may turn up at the other end of the range."""
    if values.dtype.kind == "i":
        half = 1 << (bits - 1)
        return bool(values.max() >= half - near or values.min() < near - half)
    return bits < coded_bits and bool(values.max() >= (1 << bits) - near)


def nearness(bits: int, quality: int) -> int:
    """Return the largest error of a sample (NEAR of T.87) that stands for a quality from 1 to 100."""
    return min(max(((100 - quality) << bits) // 6400, 1), 255)
