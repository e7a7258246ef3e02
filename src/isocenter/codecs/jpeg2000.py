"""JPEG 2000, lossless and lossy (PS3.5 A.4.4, ITU-T T.800).

A frame that was compressed with a colour transform (YBR_RCT, YBR_ICT) is RGB once decoded. Where the sign in the
codestream contradicts PixelRepresentation, the header of the object is right and the bits are read again in its way.
Must not know: display.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

from isocenter.codecs import codestream
from isocenter.codecs.frame import EncodedFrame, check_matrix, sign_extended

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
