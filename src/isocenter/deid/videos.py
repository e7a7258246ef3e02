"""What no player needs of a video: text, places and days in MP4 boxes, messages in H.264, HEVC and MPEG-2 streams.

Nothing is moved: boxes become zeros, messages what the codings have as filling (ISO/IEC 14496-12; ITU-T H.262
6.2.2.2.2, H.264 7.3.2.7 and D, H.265 D). Streams that are packed with others (transport and program streams, sound,
fragmented MP4) are refused, since text in them cannot be told from pictures.
"""

import re
import struct
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from isocenter.codecs.video_file import Box, boxes
from isocenter.dicom.encoded_writer import write_header
from isocenter.dicom.encoding import UNDEFINED, Buffer, Element, Encoding
from isocenter.dicom.scanner import iter_items
from isocenter.errors import InvalidObjectError, UnsupportedError

Patch = tuple[int, bytes]  # where, and what stands there instead

_MPEG = "1.2.840.10008.1.2.4.10"
_MPEG2, _HEVC = (_MPEG + "0", _MPEG + "1"), (_MPEG + "7", _MPEG + "8")
_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts"})
_KEPT = frozenset({
    b"ftyp", b"mdat", b"mvhd", b"tkhd", b"mdhd", b"hdlr", b"vmhd", b"nmhd", b"dref", b"stsd", b"stts", b"stss", b"ctts",
    b"stsc", b"stsz", b"stco", b"co64", b"elst", b"sdtp", b"sgpd", b"sbgp",
})  # fmt: skip
_TABLES = frozenset({b"stsd", b"stsc", b"stsz", b"stco", b"co64"})
#: Times of creation and change, by the version of the box; where the name of a handler begins, and that of a coder is.
_TIMES = {0: (4, 12), 1: (4, 20)}
_TIMED = frozenset({b"mvhd", b"tkhd", b"mdhd"})
_HANDLER_NAME, _CODER_NAME, _DATA_REFERENCE = 24, (58, 90), 20
_START = re.compile(rb"\x00\x00\x01(.)", re.DOTALL)
_NEXT = re.compile(rb"\x00\x00[\x00\x01]")
_USER_DATA, _SEQUENCE_END, _PACKED, _NO_UNIT = 0xB2, 0xB7, 0xB9, 0x80
#: Messages that are about pictures: times, recovery, packing, parameter sets, digests, colour (H.264 and H.265, D.2).
_KEPT_MESSAGES = frozenset({0, 1, 2, 6, 45, 47, 129, 130, 132, 137, 144, 147})


class Coding(NamedTuple):
    """NAL units of a coding: the bytes of their header, types of messages, and the header of one that only fills."""

    head: int
    messages: frozenset[int]
    filler: bytes

    def kind(self, byte: int) -> int:
        """Return the type of a unit from its first byte."""
        return byte & 0x1F if self.head == 1 else byte >> 1 & 0x3F


_H264 = Coding(1, frozenset({6}), b"\x0c")
_H265 = Coding(2, frozenset({39, 40}), b"\x4c\x01")


def is_video(syntax_uid: str) -> bool:
    """Tell whether pixel data of a transfer syntax is a video."""
    return syntax_uid.startswith((_MPEG, "1.2.840.10008.1.2.7."))


def clear_video(data: Buffer, element: Element, encoding: Encoding, syntax_uid: str) -> list[Buffer]:
    """Return the pieces of pixel data that is a video, without what no player needs.

    Raises:
        UnsupportedError: it is of a kind in which text cannot be told from pictures.
        InvalidObjectError: it is broken.
    """
    if element.length != UNDEFINED:
        raise UnsupportedError("a video that is not encapsulated")
    filled = [item for item in iter_items(data, element, encoding) if item.end > item.offset]
    if len(filled) != 1:
        raise UnsupportedError("a video in several fragments")
    (item,) = filled
    view = memoryview(data)[item.offset : item.end]
    pieces: list[Buffer] = [write_header(element.tag, element.vr, UNDEFINED, encoding)]
    pieces += [write_header(0xFFFEE000, "", 0, encoding), write_header(0xFFFEE000, "", len(view), encoding)]
    at = 0
    for start, new in sorted(patches(view, syntax_uid)):
        if start < at:
            raise InvalidObjectError("parts of a video lie in one another")
        pieces += [view[at:start], new]
        at = start + len(new)
    return [*pieces, view[at:], write_header(0xFFFEE0DD, "", 0, encoding)]


def patches(video: memoryview, syntax_uid: str) -> list[Patch]:
    """Return what is replaced in a video file, all of it with as many bytes."""
    coding = _H265 if syntax_uid.startswith(_HEVC) else _H264
    if bytes(video[4:8]) == b"ftyp":
        found = _mp4(video, coding)
    elif not bytes(video[:4]).startswith((b"\0\0\1", b"\0\0\0\1")):
        raise UnsupportedError("a video that is packed in a transport stream, or of no known kind")
    elif syntax_uid.startswith(_MPEG2):
        found = _user_data(video)
    else:
        found = _units(video, coding)
    return [(start, new) for start, new in found if video[start : start + len(new)] != new]


def _zeros(start: int, end: int) -> Patch:
    return start, bytes(max(end - start, 0))


def _user_data(video: memoryview) -> Iterator[Patch]:
    """Yield the user data of an MPEG-2 video stream, filled with ones, and what is behind its end."""
    for found in _START.finditer(video):
        code = found[1][0]
        if code >= _PACKED:
            raise UnsupportedError("a video that is packed in a program stream")
        if code == _USER_DATA:
            following = _START.search(video, found.end())
            yield found.end(), b"\xff" * ((following.start() if following else len(video)) - found.end())
        elif code == _SEQUENCE_END and not _START.search(video, found.end()):
            yield _zeros(found.end(), len(video))


def _units(video: memoryview, coding: Coding) -> Iterator[Patch]:
    """Yield the messages of a stream with start codes (H.264 Annex B)."""
    for found in _START.finditer(video):
        if found[1][0] & _NO_UNIT:
            raise UnsupportedError("a video that is packed in a program stream")
        if coding.kind(found[1][0]) in coding.messages:
            following = _NEXT.search(video, found.end())
            yield from _message(video, found.start(1), following.start() if following else len(video), coding)


def _message(video: memoryview, start: int, end: int, coding: Coding) -> Iterator[Patch]:
    """Yield what fills the place of a unit with a message that is not about pictures."""
    body = bytes(video[start + coding.head : end]).replace(b"\0\0\3", b"\0\0")
    at = 0
    while at < len(body) and body[at:].strip(b"\0") not in {b"", b"\x80"}:
        kind, at = _sum(body, at)
        size, at = _sum(body, at)
        at += size
        if kind not in _KEPT_MESSAGES or at > len(body):
            yield start, (coding.filler + b"\xff" * (end - start))[: end - start - 1] + b"\x80"
            return


def _sum(body: bytes, at: int) -> tuple[int, int]:
    """Return a number that is written as bytes of 255 and a last one, and where it ends (H.264 7.3.2.3.1)."""
    total = 0
    while at < len(body) and body[at] == 0xFF:
        total, at = total + 0xFF, at + 1
    return total + (body[at] if at < len(body) else 0), at + 1


def _mp4(video: memoryview, coding: Coding) -> Iterator[Patch]:
    """Yield what is not needed of an MP4 file: other boxes, days, names, what no sample is in, messages of samples."""
    media: list[Box] = []
    samples: list[tuple[int, int]] = []
    yield from _box_patches(video, 0, len(video), media, samples, coding)
    if not samples:
        raise InvalidObjectError("an MP4 file without samples")
    samples.sort()
    for _, begin, end in media:
        at = begin
        for start, size in samples:
            if begin <= start < end:
                yield _zeros(at, start)
                at = max(at, min(start + size, end))
        yield _zeros(at, end)


def _box_patches(
    video: memoryview, begin: int, end: int, media: list[Box], samples: list[tuple[int, int]], coding: Coding
) -> Iterator[Patch]:  # fmt: skip
    read = partial(_read, video)
    last = begin
    for kind, start, stop in boxes(read, begin, end):
        last = stop
        if kind == b"moof":
            raise UnsupportedError("a video in fragments of MP4")
        if kind in _CONTAINERS:
            yield from _box_patches(video, start, stop, media, samples, coding)
        elif kind not in _KEPT:
            yield _zeros(start, stop)
        elif kind == b"mdat":
            media.append((kind, start, stop))
        elif kind in _TIMED:
            low, high = _TIMES.get(video[start], (4, 4))
            yield _zeros(start + low, start + high)
        elif kind == b"hdlr":
            if bytes(video[start + 8 : start + 12]) != b"vide":
                raise UnsupportedError("a video with sound or text beside it")
            yield _zeros(start + _HANDLER_NAME, stop)
        elif kind == b"dref":
            yield _zeros(start + _DATA_REFERENCE, stop)
        elif kind == b"stsd":
            yield _zeros(start + _CODER_NAME[0], min(start + _CODER_NAME[1], stop))
    yield _zeros(last, end)
    found = boxes(read, begin, end)
    tables = {kind: bytes(video[start:stop]) for kind, start, stop in found if kind in _TABLES}
    if b"stsz" in tables:
        for place in _places(tables):
            samples.append(place)
            yield from _messages_of(video, *place, _length_size(tables.get(b"stsd", b"")), coding)


def _read(video: memoryview, offset: int, length: int) -> bytes:
    return bytes(video[offset : offset + length])


def _length_size(entry: bytes) -> int:
    """Return how many bytes say how long a unit is (ISO/IEC 14496-15 5.3.3, 8.3.3)."""
    for kind, offset in ((b"avcC", 4), (b"hvcC", 21)):
        at = entry.find(kind)
        if at >= 0 and at + 4 + offset < len(entry):
            return (entry[at + 4 + offset] & 3) + 1
    raise UnsupportedError("a video of another coding than its transfer syntax says")


def _places(tables: dict[bytes, bytes]) -> Iterator[tuple[int, int]]:
    """Yield where each sample is and its size, from the tables of sizes, of chunks, and of samples in chunks."""
    try:
        size, count = struct.unpack_from(">4xII", tables[b"stsz"])
        sizes = [size] * count if size else list(struct.unpack_from(f">{count}I", tables[b"stsz"], 12))
        kind, form = (b"co64", "Q") if b"co64" in tables else (b"stco", "I")
        chunks = struct.unpack_from(f">{struct.unpack_from('>4xI', tables[kind])[0]}{form}", tables[kind], 8)
        rows = list(struct.iter_unpack(">3I", tables[b"stsc"][8:]))
    except (KeyError, struct.error) as error:
        raise InvalidObjectError("the tables of a video are broken") from error
    number = 0
    for chunk, offset in enumerate(chunks, 1):
        held = next((row[1] for row in reversed(rows) if row[0] <= chunk), 0)
        at = offset
        for each in sizes[number : number + held]:
            yield at, each
            at += each
        number += held


def _messages_of(video: memoryview, start: int, size: int, length_size: int, coding: Coding) -> Iterator[Patch]:
    """Yield the messages of a sample, whose units say how long they are."""
    end = start + size
    while start + length_size < end <= len(video):
        length = int.from_bytes(video[start : start + length_size])
        start += length_size
        if start + length > end:
            raise InvalidObjectError("a unit of a video is longer than its sample")
        if length and coding.kind(video[start]) in coding.messages:
            yield from _message(video, start, start + length, coding)
        start += length
