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


END_OF_IMAGE = b"\xff\xd9"


def decode(frame: EncodedFrame) -> NDArray[Any]:
    """Return the samples of a JPEG-LS frame, colour interleaved."""
    header = codestream.read_jpeg(frame.data)
    check_matrix(frame, header.rows, header.columns, header.components)
    return np.asarray(imagecodecs.jpegls_decode(_ended(frame.data)))


def _ended(data: bytes) -> bytes:
    """Return ``data`` with an end-of-image marker; CharLS counts to 2**31 (3 s) before it reports a lack of one."""
    return data if data[-4:].rstrip(b"\0").endswith(END_OF_IMAGE) else data + END_OF_IMAGE
