"""Pixels of a phantom object: values or JPEG frames, and what says how they are stored (PS3.3 C.7.6.3, C.7.6.1.1.5).

Must not know: what they show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import imagecodecs
import numpy as np
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit

from isocenter.phantom.objects import file_meta

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pydicom import Dataset


def add_grey(made: Dataset, stored: NDArray[np.integer[Any]], bits: int = 16) -> None:
    """Add 16-bit values (..., rows, columns), of which ``bits`` are used; their type says whether they have a sign."""
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = stored.shape[-2:]
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, bits, bits - 1
    made.PixelRepresentation = int(stored.dtype.kind == "i")
    made.PixelData = stored.tobytes()
    made["PixelData"].VR = "OW"


def add_jpeg(made: Dataset, frames: Sequence[bytes], rows: int, columns: int) -> None:
    """Add colour frames that `jpeg` has made."""
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PlanarConfiguration = 3, "YBR_FULL_422", 0
    made.Rows, made.Columns = rows, columns
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 8, 8, 7, 0
    made.LossyImageCompression, made.LossyImageCompressionMethod = "01", "ISO_10918_1"
    made.LossyImageCompressionRatio = round(rows * columns * 3 * len(frames) / sum(map(len, frames)), 2)
    made.PixelData = encapsulate(list(frames))
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True  # files get it from the writer, what is sent does not
    made.file_meta = file_meta(made, JPEGBaseline8Bit)


def jpeg(picture: NDArray[np.uint8], quality: int) -> bytes:
    """Return an RGB picture as JPEG baseline, colours at half the resolution along rows."""
    return bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(picture), level=quality, subsampling="422"))
