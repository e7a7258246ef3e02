"""Text hidden in compressed frames: JPEG APPn and COM segments, JPEG 2000 comments, boxes of JP2 and JPEG XL files.

Nothing is decoded or moved: the payload becomes zeros, so lengths, offset tables and entropy-coded data stay as they
are (ISO 10918-1 B.1, 14495-1 C, 15444-1 A and I, 18181-2).
"""

import struct

from isocenter.deid.writing import write_header
from isocenter.dicom.encoding import UNDEFINED, Buffer, Element, Encoding
from isocenter.dicom.scanner import iter_items

_SOI, _SOC = b"\xff\xd8", b"\xff\x4f\xff\x51"
_BOXES = (b"\x00\x00\x00\x0cjP  ", b"\x00\x00\x00\x0cJXL ")
_EOI = b"\xff\xd9"
_APP0, _APP8, _APP14, _APP15, _COM = 0xE0, 0xE8, 0xEE, 0xEF, 0xFE
_J2K_COM = 0x64
_JPEG2000, _START_OF_SCAN = 0x4F, {0xDA, 0x90, 0x93}
_STANDALONE = {0x01, *range(0xD0, 0xDA)}
#: What decoders need of an application segment: its first bytes and how many of the payload are kept.
_NEEDED = (
    (_APP0, b"JFIF\0", 12),
    (_APP14, b"Adobe", 12),
    (_APP8, b"mrfx", 5),
    (_APP8, b"SPIFF\0", 30),
    (_APP8, b"\0\0\0\1", 6),
)
#: Boxes that only carry text or other metadata.
_TEXT_BOXES = {b"xml ", b"uuid", b"uinf", b"asoc", b"lbl ", b"jp2i", b"Exif", b"brob", b"jumb"}
_CODESTREAM_BOXES = {b"jp2c", b"jxlc", b"jxlp"}


def clear_fragments(data: Buffer, element: Element, encoding: Encoding, frames: int) -> list[Buffer]:
    """Return the pieces of encapsulated pixel data: the input itself but for fragments with hidden text."""
    fragments = list(iter_items(data, element, encoding))
    view = memoryview(data)
    if element.length != UNDEFINED or not fragments:
        return [
            write_header(element.tag, element.vr, element.length, encoding),
            view[element.offset :][: element.length],
        ]
    pieces: list[Buffer] = [write_header(element.tag, element.vr, UNDEFINED, encoding)]
    start = element.offset
    single = len(fragments) - 1 <= frames
    for fragment in fragments[1:]:
        cleared = clear_text(view[fragment.offset : fragment.end], last=single)
        if cleared is not None:
            pieces += [view[start : fragment.offset], cleared]
            start = fragment.end
    pieces.append(view[start : fragments[-1].end])
    pieces.append(b"\xfe\xff\xdd\xe0\0\0\0\0")
    return pieces


def clear_text(frame: Buffer, *, last: bool = True) -> bytearray | None:
    """Return the frame (or its first fragment) without hidden text, or None when there is none to take out.

    ``last``: the frame ends in these bytes, so whatever is behind its end marker is cleared too.
    """
    head = bytes(frame[:12])
    if head.startswith(_BOXES):
        zones = _boxes(frame)
    elif head.startswith((_SOI, _SOC)):
        zones = _segments(frame, 2) + (_behind_end(frame, _EOI) if last else [])
    else:
        return None
    zones = [(start, end) for start, end in zones if any(frame[start:end])]
    if not zones:
        return None
    cleared = bytearray(frame)
    for start, end in zones:
        cleared[start:end] = bytes(end - start)
    return cleared


def _segments(frame: Buffer, offset: int) -> list[tuple[int, int]]:
    """Return the zones of a marker stream up to its first scan or tile."""
    zones = []
    while offset + 4 <= len(frame):
        prefix, marker, length = struct.unpack_from(">BBH", frame, offset)
        if prefix != 0xFF or marker in _START_OF_SCAN:
            break
        if marker == 0xFF:
            offset += 1
            continue
        if marker in _STANDALONE:
            offset += 2
            continue
        start, end = offset + 4, min(offset + 2 + length, len(frame))
        if _APP0 <= marker <= _APP15 or marker == _COM:
            zones.append((start + _needed(frame, marker, start), end))
        elif marker == _J2K_COM and frame[1] == _JPEG2000:
            zones.append((start, end))
        offset += 2 + length
    return zones


def _needed(frame: Buffer, marker: int, start: int) -> int:
    for needed, signature, length in _NEEDED:
        if marker == needed and bytes(frame[start : start + len(signature)]) == signature:
            return length
    return 0


def _behind_end(frame: Buffer, mark: bytes) -> list[tuple[int, int]]:
    """Return what follows the end marker; scanned from the end, so entropy-coded data is not read through."""
    tail = bytes(frame[max(0, len(frame) - (1 << 16)) :])
    at = tail.rfind(mark)
    return [(len(frame) - len(tail) + at + len(mark), len(frame))] if at >= 0 else []


def _boxes(frame: Buffer) -> list[tuple[int, int]]:
    """Return the payloads of text boxes, and the comments of the codestream in its box."""
    zones, offset = [], 0
    while offset + 8 <= len(frame):
        length, kind = struct.unpack_from(">I4s", frame, offset)
        start = offset + 8
        if length == 1 and offset + 16 <= len(frame):
            length, start = struct.unpack_from(">Q", frame, start)[0], start + 8
        end = len(frame) if length == 0 else min(offset + length, len(frame))
        if end <= offset:
            break
        if kind in _TEXT_BOXES:
            zones.append((start, end))
        elif kind in _CODESTREAM_BOXES and bytes(frame[start : start + 4]) == _SOC:
            zones += [(start + low, start + high) for low, high in _segments(frame[start:end], 2)]
        offset = end
    return zones


def clear_icc(profile: bytes) -> bytes:
    """Return an ICC profile with its text tags cleared: description, copyright, maker (ICC.1 clause 9)."""
    cleared = bytearray(profile)
    if len(profile) < 132:
        return b""
    count = struct.unpack_from(">I", profile, 128)[0]
    for number in range(min(count, (len(profile) - 132) // 12)):
        _, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * number)
        if bytes(profile[offset : offset + 4]) in {b"text", b"desc", b"mluc", b"dict", b"meta"}:
            end = min(offset + size, len(profile))
            cleared[offset + 8 : end] = bytes(max(0, end - offset - 8))
    return bytes(cleared)
