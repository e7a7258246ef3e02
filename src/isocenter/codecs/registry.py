"""Transfer syntax registry: which adapter decodes which syntax (PS3.5 Annex A, PS3.6 Annex A).

Adapters are modules with one function, ``decode(frame: EncodedFrame) -> ndarray``; they, numpy and imagecodecs are
imported when the first frame is decoded, so that a server that only stores stays small. The one place where errors of
decoders become errors of this program. Must not know: files, archive, display.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from isocenter.errors import InvalidObjectError, UnsupportedError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isocenter.codecs.frame import EncodedFrame
    from isocenter.dicom.pixels import ImageDescription

ADAPTERS: dict[str, str] = {
    "1.2.840.10008.1.2": "native",
    "1.2.840.10008.1.2.1": "native",
    "1.2.840.10008.1.2.1.98": "native",  # Encapsulated Uncompressed Explicit VR Little Endian
    "1.2.840.10008.1.2.1.99": "native",  # the data set is deflated, its frames are not
    "1.2.840.10008.1.2.2": "native",
    "1.2.840.113619.5.2": "native",  # GE: implicit VR little endian, big endian pixel data
    "1.2.840.10008.1.2.4.50": "jpeg",
    "1.2.840.10008.1.2.4.51": "jpeg",
    "1.2.840.10008.1.2.4.53": "jpeg",
    "1.2.840.10008.1.2.4.55": "jpeg",
    "1.2.840.10008.1.2.4.57": "jpeg",
    "1.2.840.10008.1.2.4.70": "jpeg",
    "1.2.840.10008.1.2.4.80": "jpegls",
    "1.2.840.10008.1.2.4.81": "jpegls",
    "1.2.840.10008.1.2.4.90": "jpeg2000",
    "1.2.840.10008.1.2.4.91": "jpeg2000",
    "1.2.840.10008.1.2.4.110": "jpegxl",
    "1.2.840.10008.1.2.4.111": "jpegxl",
    "1.2.840.10008.1.2.4.112": "jpegxl",
    "1.2.840.10008.1.2.4.201": "htj2k",
    "1.2.840.10008.1.2.4.202": "htj2k",
    "1.2.840.10008.1.2.4.203": "htj2k",
    "1.2.840.10008.1.2.5": "rle",
    "1.2.840.10008.1.2.8.1": "deflated",
    "1.2.840.10008.1.2.4.100": "video",
    "1.2.840.10008.1.2.4.100.1": "video",
    "1.2.840.10008.1.2.4.101": "video",
    "1.2.840.10008.1.2.4.101.1": "video",
    "1.2.840.10008.1.2.4.102": "video",
    "1.2.840.10008.1.2.4.102.1": "video",
    "1.2.840.10008.1.2.4.103": "video",
    "1.2.840.10008.1.2.4.103.1": "video",
    "1.2.840.10008.1.2.4.104": "video",
    "1.2.840.10008.1.2.4.104.1": "video",
    "1.2.840.10008.1.2.4.105": "video",
    "1.2.840.10008.1.2.4.105.1": "video",
    "1.2.840.10008.1.2.4.106": "video",
    "1.2.840.10008.1.2.4.106.1": "video",
    "1.2.840.10008.1.2.4.107": "video",
    "1.2.840.10008.1.2.4.108": "video",
    "1.2.840.10008.1.2.7.1": "video",
    "1.2.840.10008.1.2.7.2": "video",
    "1.2.840.10008.1.2.7.3": "video",
}
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
BIG_ENDIAN_PIXELS = frozenset({"1.2.840.10008.1.2.2", "1.2.840.113619.5.2"})


def can_decode(transfer_syntax_uid: str) -> bool:
    """Return whether frames of this syntax can be decoded to values."""
    return ADAPTERS.get(transfer_syntax_uid, "video") != "video"


def decode_frame(
    data: bytes | bytearray | memoryview,
    description: ImageDescription,
    transfer_syntax_uid: str,
    *,
    vr: str = "OW",
    number: int = 0,
) -> NDArray[Any]:
    """Return the stored values of one frame: (rows, columns) or (rows, columns, samples), samples interleaved.

    Args:
        data: the frame's fragments joined, or its native bytes.
        description: of the image as its header has it.
        transfer_syntax_uid: of the object.
        vr: of the pixel data element; matters for big endian (OB, OW) and for float pixel data (OF, OD).
        number: the frame's, from 0; matters for native frames of single bits, which need not begin on a byte.

    Colour is what PhotometricInterpretation says, with two exceptions that follow from the standard: YBR_RCT and
    YBR_ICT are RGB once decoded, and the halved chroma of the 422 kinds is repeated to full width. The array may be
    read-only.

    Raises:
        UnsupportedError: nothing here decodes this syntax; the message says what to do.
        InvalidObjectError: the frame is broken or contradicts its header.
    """
    frame = _frame(data, description, transfer_syntax_uid, vr, number)
    family = ADAPTERS.get(transfer_syntax_uid)
    if family is None:
        raise UnsupportedError(f"no decoder for transfer syntax {transfer_syntax_uid}: retrieve the object as stored")
    adapter, form = import_module(f"isocenter.codecs.{family}"), import_module("isocenter.codecs.frame")
    try:
        form.check_size(frame)
        values: NDArray[Any] = form.conform(adapter.decode(frame), frame)
    except (RuntimeError, ValueError, OverflowError, MemoryError, EOFError) as error:
        raise InvalidObjectError(f"{family} frame cannot be decoded: {error}") from error
    return values


def decoded_photometric(description: ImageDescription) -> str:
    """Return the PhotometricInterpretation of a decoded frame, for whoever writes it uncompressed."""
    stored = description.PhotometricInterpretation
    return DECODED_PHOTOMETRIC.get(stored, stored)


DECODED_PHOTOMETRIC = {
    "YBR_RCT": "RGB",
    "YBR_ICT": "RGB",
    "YBR_FULL_422": "YBR_FULL",
    "YBR_PARTIAL_422": "YBR_PARTIAL",
    "YBR_PARTIAL_420": "YBR_PARTIAL",
    "XYB": "RGB",
}


def frame_bytes(values: NDArray[Any]) -> bytes:
    """Return decoded values as native little endian bytes (Explicit VR Little Endian, PlanarConfiguration 0)."""
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()


def to_little_endian(
    data: bytes | bytearray | memoryview, description: ImageDescription, transfer_syntax_uid: str, *, vr: str = "OW"
) -> bytes:
    """Return the bytes of a native frame in little endian order, layout unchanged."""
    native = import_module("isocenter.codecs.native")
    swapped: bytes = native.to_little_endian(_frame(data, description, transfer_syntax_uid, vr, 0))
    return swapped


def _frame(
    data: bytes | bytearray | memoryview, description: ImageDescription, uid: str, vr: str, number: int
) -> EncodedFrame:
    form = import_module("isocenter.codecs.frame")
    number = 0 if uid == ENCAPSULATED_UNCOMPRESSED else number  # its frames begin on bytes
    frame: EncodedFrame = form.EncodedFrame(bytes(data), description, uid in BIG_ENDIAN_PIXELS, vr, number)
    return frame
