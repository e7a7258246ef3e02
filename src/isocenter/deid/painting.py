"""Pixels with areas blanked, written so that nothing else is lost (PS3.15 E.3.1, PS3.5 8.2 and A.4).

Native pixels stay native; those compressed without loss are compressed the same way again. What was compressed with
loss is decoded and written without loss by the same family of codecs, where there is none uncompressed; it stays marked
as lossy (PS3.3 C.7.6.1.1.5). Every compressed frame is decoded again and has to equal what was encoded. Decoding
drops what is above the stored bits, and with it the overlays that old devices put there (PS3.5 8.1.2).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from isocenter.deid.bitstreams import clear_text
from isocenter.dicom.encoded_writer import write_element, write_header
from isocenter.dicom.encoding import EXPLICIT_LITTLE, UNDEFINED, Buffer, encoding_of
from isocenter.dicom.layout import Layout, read_layout
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, TransferSyntax, transfer_syntax
from isocenter.errors import InvalidObjectError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from isocenter.deid.options import Box
    from isocenter.dicom.encoding import Encoding
    from isocenter.dicom.pixels import ImageDescription

PIXEL_DATA = 0x7FE00010
_OFFSET_TABLES = (0x7FE00001, 0x7FE00002)
_PHOTOMETRIC, _PLANAR, _BITS_ALLOCATED = 0x00280004, 0x00280006, 0x00280100
LOSSY, RATIO, METHOD = 0x00282110, 0x00282112, 0x00282114
_GREY_CHROMA = 128
_HALVED = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})
_RLE = "1.2.840.10008.1.2.5"
_LONGEST = 0xFFFFFFFE
_JPEG = "1.2.840.10008.1.2.4."
#: Syntax that may lose information -> the lossless one of the same family.
LOSSLESS_OF: dict[str, str] = {
    **{_JPEG + end: _JPEG + "70" for end in ("50", "51", "53", "55")},
    _JPEG + "81": _JPEG + "80", _JPEG + "91": _JPEG + "90", _JPEG + "203": _JPEG + "201",
    _JPEG + "111": _JPEG + "110", _JPEG + "112": _JPEG + "110",
}  # fmt: skip
#: Syntaxes that cannot be anything but lossy, with their methods, for headers that keep silent about it.
_SURELY_LOSSY: dict[str, str] = {_JPEG + end: "ISO_10918_1" for end in ("50", "51", "53", "55")}


@dataclass(frozen=True, slots=True)
class Painted:
    """Blanked pixels: their syntax, and the elements that describe and hold them as (tag, bytes)."""

    syntax: TransferSyntax
    elements: list[tuple[int, bytes]]


#: Changes the stored values of a frame, given its number (from 0).
Change = Callable[[int, "NDArray[Any]"], None]


def paint(data: Buffer, syntax: TransferSyntax, areas: Iterable[Box], change: Change | None = None) -> Painted | None:
    """Return the pixels of a data set with the areas constant in every frame; None when frames are missing.

    ``change`` is applied to each frame besides.

    Raises:
        InvalidObjectError: the pixels are broken.
        UnsupportedError: they cannot be decoded.
        NotFoundError: there is no pixel data.
    """
    layout = read_layout(data, syntax)
    description = layout.description
    if len(layout.frames) != description.NumberOfFrames or layout.vr in {"OF", "OD"}:
        return None
    if description.HighBit != description.BitsStored - 1:
        raise UnsupportedError("their values are not in the lowest bits")
    if not description.PhotometricInterpretation.isascii():
        raise UnsupportedError("their photometric interpretation is none")
    target = written_syntax(layout)
    halved = _is_halved(description, target)
    frames = _blanked(data, layout, [_of_pairs(area) if halved else area for area in areas], change)
    if target.encapsulated:
        return Painted(target, _encapsulated(frames, layout, target))
    encoding = encoding_of(target)
    pixels = _native(frames, layout, target)
    if len(pixels) > _LONGEST:
        raise UnsupportedError("uncompressed, its pixels are too long for one element")
    vr = "OB" if layout.description.BitsAllocated <= 8 and not encoding.implicit else "OW"
    tables = [(tag, b"") for tag in _OFFSET_TABLES]
    return Painted(
        target, [*_described(layout, target), *tables, (PIXEL_DATA, write_element(PIXEL_DATA, vr, pixels, encoding))]
    )


def written_syntax(layout: Layout) -> TransferSyntax:
    """Return the syntax that blanked pixels of this layout are written in."""
    from isocenter.codecs.writing import ENCODERS, obstacle  # noqa: PLC0415 - heavy, and seldom needed

    stored = layout.syntax
    if not stored.encapsulated:
        return stored
    wanted = LOSSLESS_OF.get(stored.uid, stored.uid)
    fits = wanted in ENCODERS and not ENCODERS[wanted].method and not obstacle(layout.description, wanted)
    return transfer_syntax(wanted if fits else EXPLICIT_VR_LITTLE_ENDIAN)


def _is_halved(description: ImageDescription, target: TransferSyntax) -> bool:
    """Tell whether two native pixels share their chroma and go on doing so (PS3.3 C.7.6.3.1.2)."""
    return not target.encapsulated and description.PhotometricInterpretation in _HALVED


def _of_pairs(area: Box) -> Box:
    """Return an area with whole pairs of pixels; half a pair would take its chroma from the other half."""
    return replace(area, left=area.left // 2 * 2, right=area.right + area.right % 2)


def _blanked(data: Buffer, layout: Layout, areas: list[Box], change: Change | None) -> Iterator[NDArray[Any]]:
    """Yield the decoded frames with the areas constant."""
    from isocenter.codecs.registry import decode_frame  # noqa: PLC0415 - heavy, and seldom needed

    description, uid = layout.description, layout.syntax.uid
    for number, pieces in enumerate(layout.frames):
        frame = b"".join(bytes(data[start : start + length]) for start, length in pieces)
        pixels = decode_frame(frame, description, uid, vr=layout.vr, number=number).copy()
        for area in areas:
            fill(pixels, area, description)
        if change is not None:
            change(number, pixels)
        yield pixels


def fill(pixels: NDArray[Any], area: Box, description: ImageDescription) -> None:
    """Make an area of decoded pixels constant: black, whatever the colours are."""
    part = pixels[area.top : area.bottom, area.left : area.right]
    part[...] = 0
    if description.PhotometricInterpretation.startswith("YBR_") and description.BitsAllocated == 8:
        part[..., 1:] = 0 if description.PhotometricInterpretation in {"YBR_RCT", "YBR_ICT"} else _GREY_CHROMA


def _native(frames: Iterable[NDArray[Any]], layout: Layout, target: TransferSyntax) -> bytes:
    """Return the value of Pixel Data, in the byte order of the syntax."""
    from isocenter.codecs.registry import BIG_ENDIAN_PIXELS, frame_bytes  # noqa: PLC0415 - heavy, and seldom needed

    if layout.description.BitsAllocated == 1:
        return _bits(frames)
    if _is_halved(layout.description, target):
        return b"".join(_pairs(frame) for frame in frames)
    big = target.uid in BIG_ENDIAN_PIXELS
    if big and target.implicit and layout.description.BitsAllocated == 8:
        raise UnsupportedError("its bytes are swapped in words")
    if big:
        return b"".join(frame.astype(frame.dtype.newbyteorder(">"), copy=False).tobytes() for frame in frames)
    return b"".join(map(frame_bytes, frames))


def _pairs(frame: NDArray[Any]) -> bytes:
    """Return a frame as pairs of pixels: two luma, then the chroma of both."""
    import numpy as np  # noqa: PLC0415 - heavy, and seldom needed

    luma, chroma = frame[..., 0], frame[:, ::2, 1:]
    pairs = np.concatenate([luma.reshape(frame.shape[0], -1, 2), chroma], axis=2)
    return pairs.astype(np.uint8).tobytes()


def _bits(frames: Iterable[NDArray[Any]]) -> bytes:
    """Return single bits, frame after frame without a gap (PS3.5 8.1.1)."""
    import numpy as np  # noqa: PLC0415 - heavy, and seldom needed

    bits: NDArray[np.uint8] = np.concatenate([frame.reshape(-1).astype(np.uint8) for frame in frames])
    return np.packbits(bits, bitorder="little").tobytes()


def _encapsulated(frames: Iterable[NDArray[Any]], layout: Layout, target: TransferSyntax) -> list[tuple[int, bytes]]:
    """Return the elements of compressed frames: one fragment each, with the offset table that their size asks for."""
    written = [_encode(frame, layout, target, number) for number, frame in enumerate(frames)]
    starts = [0, *accumulate(8 + len(frame) for frame in written)][:-1]
    tables = [(tag, b"") for tag in _OFFSET_TABLES]
    table = struct.pack(f"<{len(starts)}I", *starts) if starts[-1] < UNDEFINED else b""
    if not table:
        rows = zip(_OFFSET_TABLES, (starts, [len(frame) for frame in written]), strict=True)
        tables = [(tag, write_element(tag, "OV", struct.pack(f"<{len(n)}Q", *n), EXPLICIT_LITTLE)) for tag, n in rows]
    items = b"".join(struct.pack("<HHI", 0xFFFE, 0xE000, len(item)) + item for item in (table, *written))
    pixels = write_header(PIXEL_DATA, "OB", UNDEFINED, EXPLICIT_LITTLE) + items + b"\xfe\xff\xdd\xe0\0\0\0\0"
    return [*_described(layout, target), *tables, (PIXEL_DATA, pixels)]


def _encode(frame: NDArray[Any], layout: Layout, target: TransferSyntax, number: int) -> bytes:
    """Return a compressed frame, padded to even length, that gives every value back."""
    import numpy as np  # noqa: PLC0415 - heavy, and seldom needed

    from isocenter.codecs.registry import decode_frame  # noqa: PLC0415 - heavy, and seldom needed
    from isocenter.codecs.writing import encode_frame, encoded  # noqa: PLC0415 - heavy, and seldom needed

    made = encode_frame(frame, layout.description, target.uid)
    again = decode_frame(made, encoded(layout.description, target.uid), target.uid, number=number)
    if not np.array_equal(again, frame):
        raise InvalidObjectError(f"frame {number + 1} cannot be compressed without loss")
    nameless = bytes(clear_text(made) or made)  # encoders sign their work
    return nameless + b"\0" * (len(nameless) % 2)


def _described(layout: Layout, target: TransferSyntax) -> list[tuple[int, bytes]]:
    """Return the elements of the Image Pixel module that change, and what a silent header must say about loss."""
    from isocenter.codecs.writing import decoded, encoded  # noqa: PLC0415 - heavy, and seldom needed

    before, encoding = layout.description, encoding_of(target)
    after = encoded(before, target.uid) if target.encapsulated else decoded(before)
    if _is_halved(before, target):
        return []
    rows: list[tuple[int, str, bytes]] = [(_PHOTOMETRIC, "CS", after.PhotometricInterpretation.encode("ascii"))]
    if after.SamplesPerPixel > 1 and target.uid != _RLE:  # whose planes are apart, whatever the header says
        rows.append((_PLANAR, "US", _number(0, encoding)))
    if after.BitsAllocated != before.BitsAllocated:
        rows.append((_BITS_ALLOCATED, "US", _number(after.BitsAllocated, encoding)))
    return [(tag, write_element(tag, vr, value, encoding)) for tag, vr, value in rows]


def _number(number: int, encoding: Encoding) -> bytes:
    return struct.pack(">H" if encoding.big_endian else "<H", number)


def marks_of_loss(values: dict[int, bytes], syntax: TransferSyntax, target: TransferSyntax) -> list[tuple[int, bytes]]:
    """Return LossyImageCompression and its method for pixels that surely lost something and whose header is silent."""
    method = _SURELY_LOSSY.get(syntax.uid)
    if method is None or values.get(LOSSY, b"").strip(b"\0 ") == b"01":
        return []
    encoding = encoding_of(target)
    rows = [(LOSSY, "CS", b"01")]
    if not values.get(METHOD, b"").strip(b"\0 "):
        rows.append((METHOD, "CS", method.encode("ascii")))
    return [(tag, write_element(tag, vr, value, encoding)) for tag, vr, value in rows]
