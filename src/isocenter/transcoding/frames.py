"""Frames of one layout in another syntax: as little endian values, or compressed (PS3.5 8, A.4).

Must not know: data sets, files, archive.
"""

from collections.abc import Iterable, Iterator

from isocenter.codecs.registry import (
    BIG_ENDIAN_PIXELS,
    ENCAPSULATED_UNCOMPRESSED,
    can_decode,
    decode_frame,
    to_little_endian,
)
from isocenter.codecs.writing import DEFAULT_QUALITY, encode_frame, encoded, obstacle
from isocenter.dicom.layout import Layout
from isocenter.errors import UnsupportedError


def why_not(layout: Layout, transfer_syntax_uid: str) -> str:
    """Return why the frames of an image cannot be had compressed in a syntax, ``""`` where they can."""
    if layout.vr in {"OF", "OD"}:
        return "float pixel data is not compressed"
    if layout.compressed and not can_decode(layout.syntax.uid):
        return f"nothing here decodes transfer syntax {layout.syntax.uid}"
    return obstacle(layout.description, transfer_syntax_uid)


def as_little_endian(raw: bytes, layout: Layout, number: int) -> bytes:
    """Return the values of a frame, counted from 1, as Explicit VR Little Endian has them."""
    description, uid = layout.description, layout.syntax.uid
    if not layout.compressed and description.frame_bits % 8 == 0:
        return to_little_endian(raw, description, uid, vr=layout.vr) if uid in BIG_ENDIAN_PIXELS else raw
    values = decode_frame(raw, description, uid, vr=layout.vr, number=number - 1)
    return encode_frame(values, description, ENCAPSULATED_UNCOMPRESSED)


def side_by_side(frames: Iterable[bytes], bits: int) -> Iterator[bytes]:
    """Yield frames of ``bits`` single bits, each beginning on a byte, as one run of bits (PS3.5 8.1.1)."""
    import numpy as np  # noqa: PLC0415 - heavy, and only single bits need it

    rest = np.empty(0, np.uint8)
    for frame in frames:
        unpacked = np.unpackbits(np.frombuffer(frame, np.uint8), count=bits, bitorder="little")
        rest = np.concatenate([rest, unpacked])
        whole = len(rest) // 8 * 8
        yield np.packbits(rest[:whole], bitorder="little").tobytes()
        rest = rest[whole:]
    yield np.packbits(rest, bitorder="little").tobytes()


def as_compressed(
    raw: bytes, layout: Layout, number: int, transfer_syntax_uid: str, quality: int = DEFAULT_QUALITY
) -> bytes:
    """Return a frame, counted from 1, in one of the syntaxes that are written here.

    Raises:
        UnsupportedError: such an image cannot be written in this syntax.
        InvalidObjectError: the frame is broken.
    """
    if layout.vr in {"OF", "OD"}:
        raise UnsupportedError(why_not(layout, transfer_syntax_uid))
    encoded(layout.description, transfer_syntax_uid)
    values = decode_frame(raw, layout.description, layout.syntax.uid, vr=layout.vr, number=number - 1)
    return encode_frame(values, layout.description, transfer_syntax_uid, quality)
