"""Text hidden in compressed frames: JPEG APPn and COM segments, JPEG 2000 comments, boxes of JP2 and JPEG XL files.

Nothing is decoded or moved: the payload becomes zeros, so lengths, offset tables and entropy-coded data stay as they
are (ISO 10918-1 B.1, 14495-1 C, 15444-1 A and I, 18181-2). What is behind the runs of RLE frames goes likewise.
"""

import re
import struct
from operator import itemgetter

from isocenter.deid.runs import unneeded
from isocenter.dicom.encoded_writer import write_header
from isocenter.dicom.encoding import UNDEFINED, Buffer, Element, Encoding
from isocenter.dicom.scanner import iter_items

_SOI, _SOC = b"\xff\xd8", b"\xff\x4f\xff\x51"
_BOXES = (b"\x00\x00\x00\x0cjP  ", b"\x00\x00\x00\x0cJXL ")
_EOI = b"\xff\xd9"
_APP0, _APP8, _APP14 = 0xE0, 0xE8, 0xEE
_PREFIX, _SCAN, _END = 0xFF, 0xDA, 0xD9
_TILE_PART, _TILE_DATA = 0x90, 0x93
#: Markers whose segments decoders need: frames, tables, scans; of JPEG-LS its parameters (ISO 10918-1 B.1, 14495-1 C).
_NEEDED_SEGMENTS = ({*range(0xC0, 0xE0)} - {0xC8}) | {0xF7, 0xF8}
#: Those of JPEG 2000, its extensions and HTJ2K (ISO 15444-1 A.2, 15444-2 A.2, 15444-15 A), and those without a length.
_J2K_NEEDED = {
    0x50, 0x51, 0x52, 0x53, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5C, 0x5D, 0x5E, 0x5F, 0x60, 0x61, 0x63, 0x70, 0x71, 0x72,
    0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x90, 0x91,
}  # fmt: skip
_J2K_BARE = {*range(0x30, 0x40), 0x92}
#: What is a marker in entropy-coded data, too: all but stuffed bytes and restarts.
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
_EMPTY_ITEM = b"\xfe\xff\x00\xe0\0\0\0\0"
#: What decoders need of an application segment: its first bytes and how many of the payload are kept.
_NEEDED = (
    (_APP0, b"JFIF\0", 12),
    (_APP14, b"Adobe", 12),
    (_APP8, b"mrfx", 5),
    (_APP8, b"SPIFF\0", 30),
    (_APP8, b"\0\0\0\1", 6),
)
#: Boxes that decoders need; all others carry text or other metadata, jbrd the segments of the JPEG that it was.
_NEEDED_BOXES = {
    b"jP  ", b"ftyp", b"rreq", b"ihdr", b"bpcc", b"pclr", b"cmap", b"cdef", b"res ", b"resc", b"resd", b"JXL ",
    b"jxll", b"jxlc", b"jxlp", b"jp2c", b"jp2h", b"colr",
}  # fmt: skip
_CODESTREAM_BOXES = {b"jp2c", b"jxlc", b"jxlp"}
_ICC_METHOD = b"\2"
#: The head of a colour profile; in it the day it was made, its digest, and what is reserved (ICC.1 7.2).
_PROFILE_HEAD = 132
_PROFILE_UNNEEDED = ((24, 36), (84, 128))
#: Types of its tags that hold numbers; all others may hold text, or a time (ICC.1 clause 10).
_PROFILE_NUMBERS = {
    b"XYZ ", b"chrm", b"cicp", b"curv", b"mAB ", b"mBA ", b"mft1", b"mft2", b"meas", b"mpet", b"para", b"sf32",
    b"sig ", b"uf32", b"ui08", b"ui16", b"ui32", b"ui64", b"vcgt", b"view",
}  # fmt: skip


def clear_fragments(data: Buffer, element: Element, encoding: Encoding, plane: int = 0) -> list[Buffer]:
    """Return the pieces of encapsulated pixel data: the input itself but for frames with hidden text.

    The fragments of a frame are looked at together: a comment may begin in one and end in the next. ``plane``: bytes
    of a plane of RLE frames, 0 where frames are none.
    """
    view = memoryview(data)
    if element.length != UNDEFINED:
        value = view[element.offset : element.offset + element.length]
        return [write_header(element.tag, element.vr, element.length, encoding), clear_text(value, plane) or value]
    fragments = [(item.offset, item.end) for item in iter_items(data, element, encoding)]
    pieces: list[Buffer] = [write_header(element.tag, element.vr, UNDEFINED, encoding)]
    start, rest = element.offset, fragments[1:]
    if not rest or not _are_offsets(view, *fragments[0], rest):
        pieces.append(_EMPTY_ITEM)
        start = fragments[0][1] if fragments else element.offset
    for group in _streams(view, rest):
        whole = view[slice(*group[0])] if len(group) == 1 else b"".join(view[low:high] for low, high in group)
        cleared = clear_text(whole, plane)
        if cleared is None:
            continue
        at = 0
        for low, high in group:
            pieces += [view[start:low], cleared[at : at + high - low]]
            at, start = at + high - low, high
    if rest:
        pieces.append(view[start : rest[-1][1]])
    pieces.append(b"\xfe\xff\xdd\xe0\0\0\0\0")
    return pieces


def hides_text(data: Buffer, element: Element, encoding: Encoding, plane: int = 0) -> bool:
    """Tell whether there is text in encapsulated pixel data."""
    view = memoryview(data)
    fragments = [(item.offset, item.end) for item in iter_items(data, element, encoding)]
    if len(fragments) > 1 and not _are_offsets(view, *fragments[0], fragments[1:]):
        return any(view[slice(*fragments[0])])
    groups = _streams(view, fragments[1:])
    return any(clear_text(b"".join(view[low:high] for low, high in group), plane) is not None for group in groups)


def _are_offsets(view: memoryview, start: int, end: int, fragments: list[tuple[int, int]]) -> bool:
    """Tell whether a basic offset table holds places of fragments only, or nothing (PS3.5 A.4)."""
    if (end - start) % 4:
        return False
    first = fragments[0][0]
    places = {low - first for low, _ in fragments}
    return places.issuperset(struct.unpack_from(f"<{(end - start) // 4}I", view, start))


def begins_stream(data: Buffer, start: int, end: int) -> bool:
    """Tell whether a fragment begins a stream of those that may hide text."""
    return bytes(data[start : min(start + 12, end)]).startswith((*_BOXES, _SOI, _SOC))


def _streams(view: memoryview, fragments: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Return the fragments, those that go on with a stream that may hide text together with its first."""
    groups: list[list[tuple[int, int]]] = []
    inside = False
    for low, high in fragments:
        begins = begins_stream(view, low, high)
        if inside and not begins:
            groups[-1].append((low, high))
        else:
            groups.append([(low, high)])
        inside = inside or begins
    return groups


def clear_text(frame: Buffer, plane: int = 0) -> bytearray | None:
    """Return a whole frame without hidden text, or None when there is none to take out."""
    head = bytes(frame[:12])
    if plane:
        zones = unneeded(frame, plane)
    elif head.startswith(_BOXES):
        zones = _boxes(frame)
    elif head.startswith(_SOC):
        zones = _codestream(frame)
    elif head.startswith(_SOI):
        zones = _segments(frame)
    else:
        return None
    zones = [(start, end) for start, end in zones if any(frame[start:end])]
    if not zones:
        return None
    cleared = bytearray(frame)
    for start, end in zones:
        cleared[start:end] = bytes(end - start)
    return cleared


def _segments(frame: Buffer) -> list[tuple[int, int]]:
    """Return the zones of a JPEG or JPEG-LS stream, between its scans too, and what is behind its end.

    In entropy-coded data FF is followed by less than C0, or by a restart marker (ISO 10918-1 B.1.1.5, 14495-1 A.1).
    """
    zones, offset, coded = [], 2, False
    while found := _MARKER.search(frame, offset):
        start, at, marker = found.start(), found.end(), frame[found.start() + 1]
        if not coded and bytes(frame[offset:start]).strip(b"\xff"):
            zones.append((offset, start))
        if marker == _END:
            return [*zones, (at, len(frame))]
        offset = at
        if marker == _SOI[1] or at + 2 > len(frame):
            continue
        length = max(struct.unpack_from(">H", frame, at)[0], 2)
        if marker not in _NEEDED_SEGMENTS:
            end = min(at + length, len(frame))
            zones.append((min(at + 2 + _needed(frame, marker, at + 2), end), end))
        offset, coded = at + length, coded or marker == _SCAN
    return zones if coded else [*zones, (min(offset, len(frame)), len(frame))]


def _codestream(frame: Buffer) -> list[tuple[int, int]]:
    """Return what no decoder needs of a JPEG 2000 codestream: comments, also of tile-parts, and what is behind it."""
    zones, offset, next_part = [], 2, 0
    while offset + 4 <= len(frame):
        prefix, marker, length = struct.unpack_from(">BBH", frame, offset)
        if prefix != _PREFIX or marker == _END:
            break
        if marker == _TILE_PART and offset + 12 <= len(frame):
            size = struct.unpack_from(">I", frame, offset + 6)[0]
            next_part = offset + size if size else len(frame)
        if marker == _TILE_DATA:
            if next_part <= offset:
                break
            offset = next_part
            continue
        if marker in _J2K_BARE:
            offset += 2
            continue
        if marker not in _J2K_NEEDED:
            zones.append((offset + 4, min(offset + 2 + length, len(frame))))
        offset += 2 + max(length, 2)
    return zones + _behind_end(frame, offset)


def _needed(frame: Buffer, marker: int, start: int) -> int:
    for needed, signature, length in _NEEDED:
        if marker == needed and bytes(frame[start : start + len(signature)]) == signature:
            return length
    return 0


def _behind_end(frame: Buffer, offset: int) -> list[tuple[int, int]]:
    """Return what follows the end of a codestream, at an offset, or else where the last mark of an end is."""
    if bytes(frame[offset : offset + 2]) == _EOI:
        return [(offset + 2, len(frame))]
    at = bytes(frame).rfind(_EOI)
    return [(at + 2, len(frame))] if at >= 0 else []


def _boxes(frame: Buffer) -> list[tuple[int, int]]:
    """Return what is no picture in boxes: unneeded ones, comments of codestreams, text of colour profiles."""
    zones, offset = [], 0
    while offset + 8 <= len(frame):
        length, kind = struct.unpack_from(">I4s", frame, offset)
        start = offset + 8
        if length == 1 and offset + 16 <= len(frame):
            length, start = struct.unpack_from(">Q", frame, start)[0], start + 8
        end = len(frame) if length == 0 else min(offset + length, len(frame))
        if end <= offset:
            break
        inside: list[tuple[int, int]] = []
        if kind not in _NEEDED_BOXES:
            inside = [(0, end - start)]
        elif kind == b"jp2h":
            inside = _boxes(frame[start:end])
        elif kind == b"colr" and bytes(frame[start : start + 1]) == _ICC_METHOD:
            inside = [(3 + low, 3 + high) for low, high in _profile_text(frame[start + 3 : end])]
        elif kind in _CODESTREAM_BOXES and bytes(frame[start : start + 4]) == _SOC:
            inside = _codestream(frame[start:end])
        zones += [(start + low, start + high) for low, high in inside]
        offset = end
    return [*zones, (offset, len(frame))]


def clear_icc(profile: bytes) -> bytes:
    """Return an ICC profile with its text cleared: description, copyright, maker, and what no tag points at."""
    if len(profile) < _PROFILE_HEAD:
        return b""
    cleared = bytearray(profile)
    for start, end in _profile_text(profile):
        cleared[start:end] = bytes(end - start)
    return bytes(cleared)


def _profile_text(profile: Buffer) -> list[tuple[int, int]]:
    """Return where an ICC profile may have text: in all tags but those of numbers, between tags, and in its head."""
    if len(profile) < _PROFILE_HEAD:
        return []
    count = min(struct.unpack_from(">I", profile, 128)[0], (len(profile) - _PROFILE_HEAD) // 12)
    zones, behind = [*_PROFILE_UNNEEDED], _PROFILE_HEAD + 12 * count
    rows = [struct.unpack_from(">4sII", profile, _PROFILE_HEAD + 12 * number) for number in range(count)]
    for _, offset, size in sorted(rows, key=itemgetter(1)):
        end = min(offset + size, len(profile))
        zones.append((behind, min(offset, len(profile))))
        if bytes(profile[offset : offset + 4]) not in _PROFILE_NUMBERS:
            zones.append((offset + 8, end))
        behind = max(behind, end)
    return [(start, end) for start, end in [*zones, (behind, len(profile))] if start < end]
