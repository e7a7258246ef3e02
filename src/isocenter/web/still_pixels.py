"""Pixel data from bulk data parts: native values that the metadata describes, or pictures that describe themselves.

What a picture says is compared with what the metadata says (PS3.18 10.5.2): numbers must be equal, and the colour model
must be one for as many components; it is then written as the picture has it.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, chain

from isocenter.codecs.picture_file import Picture, read_picture
from isocenter.dicom.encoding import ITEM, SEQUENCE_DELIMITER
from isocenter.dicom.pixels import PIXEL_DATA, ImageDescription
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from isocenter.errors import InvalidObjectError
from isocenter.web.bulk_part import BulkPart
from isocenter.web.json_attributes import Json, first_value, number_of, put, require_number, set_vr, text_of

#: A picture may have this many bytes, compressed.
_MAX_PICTURE = 1 << 28
_CHUNK = 1 << 20
_MAX_OFFSET = 0xFFFFFFFF
_NUMBERS = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation")
#: Colour models of one component that the metadata may choose.
_GREY = frozenset({"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"})
_RLE = "1.2.840.10008.1.2.5"

_item = struct.Struct("<HHI").pack


@dataclass(frozen=True, slots=True)
class Value:
    """A value that is written piece by piece; ``length`` None: undefined, the chunks are items and their delimiter."""

    vr: str
    length: int | None
    chunks: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Fragment:
    """Bytes of a part that are one frame."""

    part: BulkPart
    begin: int
    length: int


def described_pixels(attributes: Json, parts: list[BulkPart]) -> tuple[Value, str]:
    """Return native pixel data, which the metadata must describe."""
    description = _description(attributes)
    expected = (description.frame_bits * description.NumberOfFrames + 7) // 8
    found = sum(part.size for part in parts)
    if found not in {expected, expected + expected % 2}:
        raise InvalidObjectError(f"the pixel data has {found} bytes; by Rows, Columns and so on it would be {expected}")
    chunks = chain.from_iterable(part.chunks() for part in parts)
    return _native(attributes, description, found, chunks), EXPLICIT_VR_LITTLE_ENDIAN


def _native(attributes: Json, description: ImageDescription, length: int, chunks: Iterable[bytes]) -> Value:
    vr = "OW" if description.BitsAllocated > 8 else "OB"
    set_vr(attributes, PIXEL_DATA, vr)
    return Value(vr, length, chunks)


def _description(attributes: Json) -> ImageDescription:
    required = (*_NUMBERS, "PhotometricInterpretation")
    missing = [keyword for keyword in required if first_value(attributes, keyword) is None]
    if missing:
        raise InvalidObjectError(f"{missing[0]} is missing, which the pixel data needs")
    numbers = {keyword: number_of(attributes, keyword) or 0 for keyword in _NUMBERS}
    return ImageDescription(
        **numbers,
        PhotometricInterpretation=text_of(attributes, "PhotometricInterpretation"),
        NumberOfFrames=number_of(attributes, "NumberOfFrames") or 1,
    )


def pictures(attributes: Json, parts: list[BulkPart]) -> tuple[Value, str]:
    """Return pixel data of one frame per part, in the transfer syntax that the pictures have."""
    frames = number_of(attributes, "NumberOfFrames") or 1
    if frames != len(parts):
        raise InvalidObjectError(f"NumberOfFrames is {frames}, there are {len(parts)} parts")
    said = parts[0].parameters.get("transfer-syntax", "")
    if said == _RLE or parts[0].media_type == "image/dicom-rle":
        _description(attributes)
        return encapsulated(attributes, [Fragment(part, 0, part.size) for part in parts]), _RLE
    first, fragments = _alike(parts)
    syntax = first.transfer_syntax_uid
    if said and syntax not in {said, EXPLICIT_VR_LITTLE_ENDIAN}:
        raise InvalidObjectError(f"the part is said to be {said[:64]}, the picture is {syntax}")
    _describe(attributes, first.description)
    if first.method:
        ratio = first.description.frame_bits / 8 * frames / sum(part.size for part in parts)
        tell_loss(attributes, first.method, ratio)
    if syntax != EXPLICIT_VR_LITTLE_ENDIAN:
        return encapsulated(attributes, fragments), syntax
    decoded = chain([first.frame], (_read(part).frame for part in parts[1:]))
    return _native(attributes, first.description, len(first.frame) * frames, decoded), syntax


def _read(part: BulkPart) -> Picture:
    return read_picture(part.all(_MAX_PICTURE))


def _alike(parts: list[BulkPart]) -> tuple[Picture, list[Fragment]]:
    """Return the first picture, and where each frame is in its part; all must be of one kind."""
    first = _read(parts[0])
    fragments = [Fragment(parts[0], first.begin, len(first.frame))]
    for part in parts[1:]:
        other = _read(part)
        if (first.transfer_syntax_uid, first.description) != (other.transfer_syntax_uid, other.description):
            raise InvalidObjectError("the pictures of the frames differ in size, depth, colour or compression")
        fragments.append(Fragment(part, other.begin, len(other.frame)))
    return first, fragments


def _describe(attributes: Json, description: ImageDescription) -> None:
    """Fill in the Image Pixel module, and refuse what contradicts the picture."""
    for keyword in _NUMBERS:
        require_number(attributes, keyword, getattr(description, keyword))
    said, grey = text_of(attributes, "PhotometricInterpretation"), description.SamplesPerPixel == 1
    if said and grey != (said in _GREY):
        kind = "grey" if grey else "in colour"
        raise InvalidObjectError(f"PhotometricInterpretation is {said[:16]}, the picture is {kind}")
    put(attributes, "PhotometricInterpretation", said if said and grey else description.PhotometricInterpretation)
    if not grey:
        put(attributes, "PlanarConfiguration", 0)


def tell_loss(attributes: Json, method: str, ratio: float) -> None:
    """Say that and how pixel data were compressed with loss, unless the metadata does (PS3.3 C.7.6.1.1.5)."""
    put(attributes, "LossyImageCompression", "01")
    for keyword, value in (("LossyImageCompressionRatio", f"{ratio:.2f}"), ("LossyImageCompressionMethod", method)):
        if first_value(attributes, keyword) is None:
            put(attributes, keyword, value)


def encapsulated(attributes: Json, fragments: list[Fragment]) -> Value:
    """Return encapsulated pixel data, a fragment for each frame (PS3.5 A.4)."""
    set_vr(attributes, PIXEL_DATA, "OB")
    return Value("OB", None, _items(fragments))


def _items(fragments: list[Fragment]) -> Iterator[bytes]:
    """Yield an offset table, which is empty for a single frame and where it could not hold the offsets; the frames."""
    ends = list(accumulate(8 + each.length + each.length % 2 for each in fragments))
    offsets = [0, *ends[:-1]] if len(fragments) > 1 and ends[-1] <= _MAX_OFFSET else []
    yield _item(ITEM >> 16, ITEM & 0xFFFF, 4 * len(offsets)) + struct.pack(f"<{len(offsets)}I", *offsets)
    for each in fragments:
        yield _item(ITEM >> 16, ITEM & 0xFFFF, each.length + each.length % 2)
        for offset in range(0, each.length, _CHUNK):
            yield each.part.read(each.begin + offset, min(_CHUNK, each.length - offset))
        yield b"\0" * (each.length % 2)
    yield _item(SEQUENCE_DELIMITER >> 16, SEQUENCE_DELIMITER & 0xFFFF, 0)
