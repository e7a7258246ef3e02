"""JPEG-LS, lossless and near-lossless (PS3.5 A.4.3, ITU-T T.87).

Must not know: display.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

from isocenter.codecs import codestream
from isocenter.codecs.frame import EncodedFrame, check_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decode(frame: EncodedFrame) -> NDArray[Any]:
    """Return the samples of a JPEG-LS frame, colour interleaved."""
    header = codestream.read_jpeg(frame.data)
    check_matrix(frame, header.rows, header.columns, header.components)
    return np.asarray(imagecodecs.jpegls_decode(frame.data))
