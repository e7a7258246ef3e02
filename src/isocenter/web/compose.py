"""One object from its metadata and its bulk data, as the pieces of a DICOM file (PS3.18 8.6.1.2, 10.5.2).

Pictures, videos and documents decide about the attributes that describe them: missing ones are filled in, and what
contradicts is refused. Long values are copied piece by piece; everything is written in little endian, pixel data in
frames where the bytes are compressed.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from isocenter.dicom import dictionary
from isocenter.dicom.encoding import LONG_VRS, SHORT_VRS, encoding_of
from isocenter.dicom.json_reader import json_to_data_set
from isocenter.dicom.part10 import write_file_meta
from isocenter.dicom.pixels import PIXEL_DATA
from isocenter.dicom.scanner import iter_elements
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, is_valid_uid, new_uid, transfer_syntax
from isocenter.dicom.writer import write_element
from isocenter.errors import InvalidObjectError, UsageError
from isocenter.web.bulk_part import MAX_VALUE, BulkPart, Spool
from isocenter.web.documents import describe_document
from isocenter.web.json_attributes import Json, put, set_vr, text_of
from isocenter.web.sop_defaults import (
    CLASS_OF_TYPE,
    DEFAULTS,
    NEED_FRAME_OF_REFERENCE,
    SECONDARY_CAPTURE,
    VIDEO_PHOTOGRAPHIC,
)
from isocenter.web.still_pixels import Value, described_pixels, pictures
from isocenter.web.video_pixels import video

ENCAPSULATED_DOCUMENT = 0x00420011
#: Of all values of an object that are not copied piece by piece.
_MAX_NESTED = 64 << 20


@dataclass(frozen=True, slots=True)
class Composed:
    """A DICOM file in pieces, and who it is."""

    sop_class_uid: str
    sop_instance_uid: str
    pieces: Iterator[bytes]


def compose(attributes: Json, parts: Mapping[str, list[BulkPart]]) -> Composed:
    """Return the object; ``parts`` has the parts of each BulkDataURI, several being frames.

    ``attributes`` is completed, and says who the object is also where it is refused.

    Raises:
        UsageError: the metadata is not in the form of PS3.18 F.
        InvalidObjectError: metadata and bulk data contradict each other, or something is missing.
        UnsupportedError: the bulk data is of a kind that is not stored here.
    """
    _complete(attributes, parts)
    streamed, syntax = _streamed(attributes, parts)
    sop_class, sop_instance = text_of(attributes, "SOPClassUID"), text_of(attributes, "SOPInstanceUID")
    if not is_valid_uid(sop_class) or not is_valid_uid(sop_instance):
        raise InvalidObjectError("SOPClassUID and SOPInstanceUID are not valid UIDs")
    nested = _Nested(parts)
    body = json_to_data_set({tag: value for tag, value in attributes.items() if tag not in streamed}, nested.resolve)
    meta = write_file_meta(sop_class, sop_instance, syntax)
    return Composed(sop_class, sop_instance, _pieces(meta, body, {int(t, 16): v for t, v in streamed.items()}))


def _streamed(attributes: Json, parts: Mapping[str, list[BulkPart]]) -> tuple[dict[str, Value], str]:
    """Return the top-level values that come in parts, and the transfer syntax; fills in what they decide."""
    if document := _parts_of(attributes.get(f"{ENCAPSULATED_DOCUMENT:08X}", {}), parts):
        describe_document(attributes, document[0])
        set_vr(attributes, ENCAPSULATED_DOCUMENT, "OB")
    syntax = EXPLICIT_VR_LITTLE_ENDIAN
    streamed: dict[str, Value] = {}
    for tag, attribute in attributes.items():
        found = _parts_of(attribute, parts)
        if not found:
            continue
        number = int(tag, 16)
        if number != PIXEL_DATA and len(found) > 1:
            raise InvalidObjectError(f"there are {len(found)} parts for {tag}; only pixel data may come in several")
        if number != PIXEL_DATA:
            streamed[tag] = Value(_vr(tag, attribute), found[0].size, found[0].chunks())
    pixels = f"{PIXEL_DATA:08X}"
    if found := _parts_of(attributes.get(pixels, {}), parts):
        streamed[pixels], syntax = _pixel_data(attributes, found)
    elif pixels in attributes:
        described_pixels(attributes, [_inline(attributes[pixels])])
    return streamed, syntax


def _parts_of(attribute: Any, parts: Mapping[str, list[BulkPart]]) -> list[BulkPart]:  # noqa: ANN401 - whatever JSON holds
    uri = attribute.get("BulkDataURI") if isinstance(attribute, dict) else None
    return parts.get(uri, []) if isinstance(uri, str) else []


def _vr(tag: str, attribute: Json) -> str:
    vr = str(attribute.get("vr", ""))
    if vr == "SQ" or vr.encode() not in SHORT_VRS | LONG_VRS:
        raise UsageError(f"DICOM JSON: {tag} has a BulkDataURI and the VR {vr[:8]!r}")
    return vr


def _inline(attribute: Any) -> BulkPart:  # noqa: ANN401 - whatever JSON holds
    """Return pixel data that stand in the metadata as a part."""
    element = json_to_data_set({"7FE00010": attribute})
    part = BulkPart(Spool(), "application/octet-stream")
    part.write(element[12:])
    return part


def _pixel_data(attributes: Json, parts: list[BulkPart]) -> tuple[Value, str]:
    kind = parts[0].media_type.partition("/")[0]
    if kind == "video":
        return video(attributes, parts)
    syntax = parts[0].parameters.get("transfer-syntax", EXPLICIT_VR_LITTLE_ENDIAN)
    native = kind != "image" and not transfer_syntax(syntax).encapsulated
    return described_pixels(attributes, parts) if native else pictures(attributes, parts)


def _complete(attributes: Json, parts: Mapping[str, list[BulkPart]]) -> None:
    """Add what is missing and can be known (PS3.18 10.5.2); what is there stays."""
    if not text_of(attributes, "SOPClassUID"):
        put(attributes, "SOPClassUID", _class_of(attributes, parts))
    sop_class = text_of(attributes, "SOPClassUID")
    defaults = dict(DEFAULTS.get(sop_class, {}))
    if sop_class in NEED_FRAME_OF_REFERENCE:
        defaults["FrameOfReferenceUID"] = new_uid()
    for keyword, value in defaults.items():
        if f"{dictionary.tag(keyword):08X}" not in attributes:
            put(attributes, keyword, value)


def _class_of(attributes: Json, parts: Mapping[str, list[BulkPart]]) -> str:
    pixels = _parts_of(attributes.get(f"{PIXEL_DATA:08X}", {}), parts)
    if pixels:
        return VIDEO_PHOTOGRAPHIC if pixels[0].media_type.startswith("video/") else SECONDARY_CAPTURE
    document = _parts_of(attributes.get(f"{ENCAPSULATED_DOCUMENT:08X}", {}), parts)
    found = CLASS_OF_TYPE.get(document[0].media_type, "") if document else ""
    if not found:
        raise InvalidObjectError("SOPClassUID is missing, and the bulk data does not tell it")
    return found


class _Nested:
    """Gives the values inside of sequences, of which there may not be too much."""

    def __init__(self, parts: Mapping[str, list[BulkPart]]) -> None:
        self._parts = parts
        self._left = _MAX_NESTED

    def resolve(self, uri: str) -> bytes:
        part = self._parts[uri][0]
        value = part.all(self._left)
        self._left -= len(value)
        return value


def _pieces(meta: bytes, body: bytes, streamed: Mapping[int, Value]) -> Iterator[bytes]:
    """Yield the file: the elements of ``body`` with the streamed ones at their places."""
    yield meta
    done = 0
    waiting = sorted(streamed.items())
    for element in iter_elements(body, encoding_of(transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN))):
        while waiting and waiting[0][0] < element.tag:
            begin = element.offset - (8 if element.vr.encode() in SHORT_VRS else 12)
            yield body[done:begin]
            done = begin
            yield from _element(*waiting.pop(0))
    yield body[done:]
    for tag, value in waiting:
        yield from _element(tag, value)


def _element(tag: int, value: Value) -> Iterator[bytes]:
    if value.vr.encode() in SHORT_VRS:
        yield write_element(tag, value.vr, b"".join(value.chunks))
        return
    length = 0xFFFFFFFF if value.length is None else value.length + value.length % 2
    if value.length is not None and length > MAX_VALUE:
        raise InvalidObjectError(f"{tag:08X} is too long for one element")
    yield struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, value.vr.encode(), 0, length)
    yield from value.chunks
    if value.length is not None and value.length % 2:
        yield b" " if value.vr in {"UT", "UC", "UR"} else b"\0"
