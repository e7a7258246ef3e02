"""JPEG of all processes in use: baseline, extended 12 bit, progressive, lossless (PS3.5 A.4.1, ITU-T T.81).

Written are baseline and extended with loss, RGB as YCbCr with halved chroma, and lossless of first-order prediction.

Colour is given as PhotometricInterpretation calls it: the components of a YBR_FULL frame stay YBR, those of an RGB
frame are RGB. Only a codestream that contradicts RGB (Adobe transform 1, halved chroma) is converted, since its writer
compressed YCbCr and forgot to say so. Must not know: display.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

from isocenter.codecs import codestream
from isocenter.codecs.frame import EncodedFrame, Target, check_matrix, unsigned

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decode(frame: EncodedFrame) -> NDArray[Any]:
    """Return the samples of a JPEG frame."""
    header = codestream.read_jpeg(frame.data)
    check_matrix(frame, header.rows, header.columns, header.components)
    if header.lossless:
        return _lossless(frame)
    if header.components != 3:
        return np.asarray(imagecodecs.jpeg8_decode(frame.data))
    stored, wanted = _colour(frame, header)
    return np.asarray(imagecodecs.jpeg8_decode(frame.data, colorspace=stored, outcolorspace=wanted))


def _colour(frame: EncodedFrame, header: codestream.Codestream) -> tuple[str, str]:
    """Return what the components are and what they are to become."""
    if frame.description.PhotometricInterpretation != "RGB":
        return "YCBCR", "YCBCR"
    if header.adobe_transform == 1 or (header.subsampled and header.adobe_transform is None):
        return "YCBCR", "RGB"
    return "RGB", "RGB"


def _lossless(frame: EncodedFrame) -> NDArray[Any]:
    """Return the samples of process 14; a second decoder knows the dialects that the first refuses."""
    try:
        if frame.description.SamplesPerPixel == 3:  # without a colour space the decoder would guess one, and transform
            return np.asarray(imagecodecs.jpeg8_decode(frame.data, colorspace="RGB", outcolorspace="RGB"))
        return np.asarray(imagecodecs.jpeg8_decode(frame.data))
    except imagecodecs.Jpeg8Error:
        return np.asarray(imagecodecs.jpegsof3_decode(frame.data))


def encode(values: NDArray[Any], target: Target) -> bytes:
    """Return ``values`` as JPEG: with loss in 8 or 12 bits, or lossless with selection value 1."""
    bits = target.description.BitsStored
    samples = unsigned(values, bits)
    colour: dict[str, Any] = {"colorspace": "RGB", "outcolorspace": "RGB"} if samples.ndim == 3 else {}
    if not target.lossy:
        encoded = imagecodecs.jpeg8_encode(samples, lossless=True, predictor=1, bitspersample=max(bits, 2), **colour)
        return bytes(encoded)
    if samples.ndim == 3:
        stored = "RGB" if target.description.PhotometricInterpretation == "RGB" else "YCBCR"
        colour = {"colorspace": stored, "outcolorspace": "YCBCR", "subsampling": "422"}
    depth = 8 if bits <= 8 else 12
    return bytes(imagecodecs.jpeg8_encode(samples, level=target.quality, bitspersample=depth, **colour))
