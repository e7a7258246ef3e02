"""JPEG 2000, lossless and lossy (PS3.5 A.4.4, ITU-T T.800).

A frame that was compressed with a colour transform (YBR_RCT, YBR_ICT) is RGB once decoded. Where the sign in the
codestream contradicts PixelRepresentation, the header of the object is right and the bits are read again in its way.
RGB is written with the colour transform, other colour spaces without one.
Must not know: display.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

from isocenter.codecs import codestream
from isocenter.codecs.frame import EncodedFrame, Target, check_matrix, sign_extended

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decode(frame: EncodedFrame) -> NDArray[Any]:
    """Return the samples of a JPEG 2000 frame."""
    header = codestream.read_jpeg2000(frame.data)
    check_matrix(frame, header.rows, header.columns, header.components)
    return with_stored_sign(np.asarray(imagecodecs.jpeg2k_decode(frame.data)), frame, header)


def with_stored_sign(values: NDArray[Any], frame: EncodedFrame, header: codestream.Codestream) -> NDArray[Any]:
    """Return ``values`` signed as PixelRepresentation says, whatever the codestream says."""
    if values.dtype == bool:
        values = values.view(np.uint8)
    signed = frame.description.PixelRepresentation == 1
    if signed and not header.signed:
        return sign_extended(values, header.precision)
    if header.signed and not signed:
        return values.view(f"u{values.dtype.itemsize}") & ((1 << header.precision) - 1)
    return values


def encode(values: NDArray[Any], target: Target) -> bytes:
    """Return ``values`` as a JPEG 2000 codestream, reversible unless loss is allowed."""
    return bytes(
        imagecodecs.jpeg2k_encode(
            np.ascontiguousarray(values),
            level=decibels(target.quality) if target.lossy else 0,
            codecformat="J2K",
            bitspersample=target.description.BitsStored,
            reversible=not target.lossy,
            mct=target.description.PhotometricInterpretation == "RGB",
            numthreads=1,
        )
    )


def decibels(quality: int) -> int:
    """Return the ratio of signal to noise that stands for a quality from 1 to 100."""
    return 30 + 3 * quality // 10
