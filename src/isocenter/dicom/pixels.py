"""Where the frames of an image are: native layout (PS3.5 8.2), offset tables, fragments (PS3.5 A.4). Decodes nothing.

Fragments are found by reading their eight-byte headers only, so an ``mmap`` of a large file is never read through.
"""

import struct
from dataclasses import dataclass
from itertools import pairwise

from isocenter.dicom.encoding import (
    ITEM,
    SEQUENCE_DELIMITER,
    UNDEFINED,
    BrokenDataSetError,
    Buffer,
    Element,
    Encoding,
    TruncatedError,
    effective_encoding,
    encoding_of,
    read_header,
)
from isocenter.dicom.header import decode_values
from isocenter.dicom.scanner import ScanResult, scan
from isocenter.dicom.uids import TransferSyntax
from isocenter.errors import InvalidObjectError

EXTENDED_OFFSET_TABLE, EXTENDED_OFFSET_TABLE_LENGTHS = 0x7FE00001, 0x7FE00002
FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA, PIXEL_DATA = 0x7FE00008, 0x7FE00009, 0x7FE00010
_PIXEL_TAGS = frozenset({FLOAT_PIXEL_DATA, DOUBLE_FLOAT_PIXEL_DATA, PIXEL_DATA})
#: The tags :func:`frame_ranges` needs of a scan up to the pixel data.
TABLE_TAGS = frozenset({EXTENDED_OFFSET_TABLE, EXTENDED_OFFSET_TABLE_LENGTHS})

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ImageDescription:
    """The attributes of the Image Pixel module (PS3.3 C.7.6.3) that say how the pixels are laid out.

    ``NumberOfFrames`` is at least 1; missing numbers are 0 but for ``SamplesPerPixel`` (1) and ``BitsAllocated`` (8).
    """

    Rows: int
    Columns: int
    SamplesPerPixel: int = 1
    PhotometricInterpretation: str = "MONOCHROME2"
    BitsAllocated: int = 8
    BitsStored: int = 8
    HighBit: int = 7
    PixelRepresentation: int = 0
    PlanarConfiguration: int = 0
    NumberOfFrames: int = 1

    @property
    def frame_bits(self) -> int:
        """Return the bits of one native frame; YBR_FULL_422 has two samples for each pixel (PS3.3 C.7.6.3.1.2)."""
        samples = self.SamplesPerPixel
        if self.PhotometricInterpretation in {"YBR_FULL_422", "YBR_PARTIAL_422"}:
            samples = 2
        return self.Rows * self.Columns * samples * self.BitsAllocated


_NUMBERS: dict[int, tuple[str, int]] = {
    0x00280010: ("Rows", 0), 0x00280011: ("Columns", 0), 0x00280002: ("SamplesPerPixel", 1),
    0x00280100: ("BitsAllocated", 8), 0x00280103: ("PixelRepresentation", 0),
    0x00280006: ("PlanarConfiguration", 0), 0x00280008: ("NumberOfFrames", 1),
}  # fmt: skip
_BITS_STORED, _HIGH_BIT, _PHOTOMETRIC = 0x00280101, 0x00280102, 0x00280004
#: The tags :func:`image_description` needs.
IMAGE_TAGS: frozenset[int] = frozenset(_NUMBERS) | {_BITS_STORED, _HIGH_BIT, _PHOTOMETRIC}


def image_description(values: dict[int, bytes], syntax: TransferSyntax) -> ImageDescription:
    """Return the description from raw values of :data:`IMAGE_TAGS`; without Rows or Columns InvalidObjectError."""
    decoded = decode_values({tag: raw for tag, raw in values.items() if tag in IMAGE_TAGS}, syntax)

    def number(tag: int, default: int) -> int:
        texts = decoded.get(tag) or ("",)
        try:
            return int(float(texts[0]))
        except (ValueError, OverflowError):
            return default

    fields = {name: number(tag, default) for tag, (name, default) in _NUMBERS.items()}
    if not fields["Rows"] or not fields["Columns"]:
        raise InvalidObjectError("this object has no image: Rows and Columns are missing")
    stored = number(_BITS_STORED, fields["BitsAllocated"])
    fields["NumberOfFrames"] = max(1, fields["NumberOfFrames"])
    photometric = (decoded.get(_PHOTOMETRIC) or ("",))[0] or (
        "MONOCHROME2" if fields["SamplesPerPixel"] == 1 else "RGB"
    )
    return ImageDescription(
        **fields,
        PhotometricInterpretation=photometric,
        BitsStored=stored,
        HighBit=number(_HIGH_BIT, stored - 1),
    )


def frame_ranges(
    data: Buffer, syntax: TransferSyntax, description: ImageDescription, found: ScanResult | None = None
) -> list[tuple[Range, ...]]:
    """Return for each frame the (offset, length) of its pieces in ``data``, a whole data set.

    A native frame has one piece, an encapsulated one a piece per fragment. Native frames of fewer than eight bits that
    do not end at a byte boundary are given with the bytes they share. Frames that the data do not hold any more are
    left out, so a cut file gives a shorter list. Raises InvalidObjectError when there is no pixel data.

    ``found``: what a scan for :data:`TABLE_TAGS` up to the pixel data came to, where the caller has made it.
    """
    end = len(data)
    found = found or scan(data, syntax, TABLE_TAGS, FLOAT_PIXEL_DATA)
    encoding = effective_encoding(data, 0, end, encoding_of(syntax))
    offset = found.position
    while found.complete and offset + 8 <= end:
        element = read_header(data, offset, end, encoding)
        if element.tag in _PIXEL_TAGS:
            if element.length == UNDEFINED:
                return _encapsulated_ranges(data, element.offset, encoding, found.values, description.NumberOfFrames)
            ranges = _native_ranges(element.offset, min(element.length, end - element.offset), description)
            return [_with_partner(ranges[0], element, end)] if syntax.big_endian and len(ranges) == 1 else ranges
        offset = element.offset + element.length
        if element.tag > PIXEL_DATA or element.length == UNDEFINED:
            break
    raise InvalidObjectError("this object has no pixel data")


def _with_partner(frame: tuple[Range, ...], element: Element, end: int) -> tuple[Range, ...]:
    """Return an odd big endian frame with the padding behind it, which in words comes before its last byte."""
    ((offset, length),) = frame
    after = min(element.offset + element.length, end)
    return ((offset, min(length + length % 2, after - offset)),)


def _native_ranges(offset: int, length: int, description: ImageDescription) -> list[tuple[Range, ...]]:
    bits = description.frame_bits
    if not bits:
        return []
    held = min(description.NumberOfFrames, length * 8 // bits)
    starts = (number * bits for number in range(held))
    return [((offset + start // 8, (start + bits + 7) // 8 - start // 8),) for start in starts]


def _encapsulated_ranges(
    data: Buffer, offset: int, encoding: Encoding, tables: dict[int, bytes], frames: int
) -> list[tuple[Range, ...]]:
    """Return the fragments of each frame from the best source there is."""
    offsets, first = _read_basic_offset_table(data, offset, encoding)
    extended = _read_extended_offset_table(tables, encoding)
    if extended and len(extended) >= frames:
        ranges = [((first + start + 8, length),) for start, length in extended[:frames]]
        if all(start + length <= len(data) for ((start, length),) in ranges):
            return list(ranges)
    fragments = _read_fragments(data, first, encoding)
    if frames == 1:
        return [tuple(fragments)] if fragments else []
    if len(offsets) >= frames:
        grouped = _by_offsets(fragments, [first + 8 + start for start in offsets[:frames]])
        if grouped:
            return grouped
    if len(fragments) == frames or len(fragments) < frames:
        return [(fragment,) for fragment in fragments]
    return _by_start_of_stream(data, fragments, frames)


def _read_basic_offset_table(data: Buffer, offset: int, encoding: Encoding) -> tuple[tuple[int, ...], int]:
    """Return the entries of the first item and the offset behind it."""
    if offset + 8 > len(data):
        raise TruncatedError(offset, "the data end before the first fragment")
    group, number, length = encoding.item(data, offset)
    if (group << 16 | number) != ITEM:
        raise BrokenDataSetError(offset, f"{group:04X}{number:04X} where the offset table of the pixel data is due")
    end = offset + 8 + length
    if end > len(data):
        raise TruncatedError(offset, f"the offset table claims {length} bytes")
    order = ">" if encoding.big_endian else "<"
    return struct.unpack_from(f"{order}{length // 4}I", data, offset + 8), end


def _read_extended_offset_table(tables: dict[int, bytes], encoding: Encoding) -> list[Range]:
    starts, lengths = tables.get(EXTENDED_OFFSET_TABLE, b""), tables.get(EXTENDED_OFFSET_TABLE_LENGTHS, b"")
    count = min(len(starts), len(lengths)) // 8
    layout = f"{'>' if encoding.big_endian else '<'}{count}Q"
    return list(zip(struct.unpack_from(layout, starts), struct.unpack_from(layout, lengths), strict=True))


def _read_fragments(data: Buffer, offset: int, encoding: Encoding) -> list[Range]:
    """Return the fragments up to the delimiter, the end, or the first that is cut."""
    fragments: list[Range] = []
    end, item = len(data), encoding.item
    while offset + 8 <= end:
        group, number, length = item(data, offset)
        tag = group << 16 | number
        if tag == SEQUENCE_DELIMITER:
            break
        if tag != ITEM:
            raise BrokenDataSetError(offset, f"{tag:08X} where a fragment of the pixel data is due")
        if offset + 8 + length > end:
            break
        fragments.append((offset + 8, length))
        offset += 8 + length
    return fragments


def _by_offsets(fragments: list[Range], starts: list[int]) -> list[tuple[Range, ...]] | None:
    """Group fragments by the offset table; None when it does not fit them."""
    position = {start: index for index, (start, _) in enumerate(fragments)}
    indexes = [position.get(start, -1) for start in starts]
    if -1 in indexes or any(after <= before for before, after in pairwise(indexes)):
        return None
    return [tuple(fragments[begin:end]) for begin, end in pairwise([*indexes, len(fragments)])]


#: First bytes of a compressed image: JPEG and JPEG-LS, JPEG 2000 (codestream, JP2), JPEG XL (codestream, container).
_STARTS_OF_STREAM = (
    b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ", b"\xff\x0a", b"\x00\x00\x00\x0cJXL ",
)  # fmt: skip


def _by_start_of_stream(data: Buffer, fragments: list[Range], frames: int) -> list[tuple[Range, ...]]:
    """Group more fragments than frames by the marks compressed images begin with."""
    indexes = [index for index, fragment in enumerate(fragments) if _begins_stream(data, fragment)]
    if len(indexes) != frames:
        raise InvalidObjectError(
            f"{len(fragments)} fragments cannot be told apart into {frames} frames: no offset table"
        )
    return [tuple(fragments[begin:end]) for begin, end in pairwise([*indexes, len(fragments)])]


def _begins_stream(data: Buffer, fragment: Range) -> bool:
    offset, _ = fragment
    return bytes(data[offset : offset + 12]).startswith(_STARTS_OF_STREAM)
