"""High-throughput JPEG 2000 (PS3.5 A.4.4, ITU-T T.814); signs and colour as in `jpeg2000`.

Must not know: display.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np

from isocenter.codecs import codestream
from isocenter.codecs.frame import EncodedFrame, check_matrix
from isocenter.codecs.jpeg2000 import with_stored_sign

if TYPE_CHECKING:
    from numpy.typing import NDArray


def decode(frame: EncodedFrame) -> NDArray[Any]:
    """Return the samples of an HTJ2K frame."""
    header = codestream.read_jpeg2000(frame.data)
    check_matrix(frame, header.rows, header.columns, header.components)
    return with_stored_sign(np.asarray(imagecodecs.htj2k_decode(frame.data)), frame, header)
