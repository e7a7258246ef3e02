"""Video files as pixel data: which transfer syntax an MPEG-2 or MP4 file is, and what its header says of the picture.

The whole file becomes the one fragment of encapsulated pixel data (PS3.5 8.2.5 to 8.2.8). MP4 is read box by box
(ISO/IEC 14496-12), with the decoder configuration of H.264 (14496-15 5.3.3) and HEVC (8.3.3); MPEG-2 by its start codes
(ITU-T H.262 6.2). Must not know: archive.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from isocenter.errors import InvalidObjectError, UnsupportedError

#: Gives bytes of the file: (offset, length), fewer at its end.
Reader = Callable[[int, int], bytes]
Box = tuple[bytes, int, int]  # kind, begin and end of the content

_MAX_BOXES = 10_000
_CHUNK = 1 << 20
_PREFIX = "1.2.840.10008.1.2.4."
#: ITU-T H.262 Table 8-2 and 8-3: Main and Simple Profile; Low, Main, High 1440 and High Level -> transfer syntax.
_MPEG2_PROFILES = frozenset({4, 5})
_MPEG2_LEVELS = {10: "100", 8: "100", 6: "101", 4: "101"}
_AVC_PROFILES = frozenset({66, 77, 88, 100})
_HEVC_MAIN, _HEVC_MAIN_10 = 1, 2
#: ITU-T H.262 Table 6-4, frames in a second.
_FRAME_RATES = {1: 24000 / 1001, 2: 24, 3: 25, 4: 30000 / 1001, 5: 30, 6: 50, 7: 60000 / 1001, 8: 60}
#: Sequence header; its extension (id 1); a picture, or the extension of one (id 8), with whether it is a field.
_SEQUENCE = re.compile(rb"\x00\x00\x01\xb3(.{4})", re.DOTALL)
_SEQUENCE_EXTENSION = re.compile(rb"\x00\x00\x01\xb5([\x10-\x1f].{2})", re.DOTALL)
_PICTURE = re.compile(rb"\x00\x00\x01(?:\x00|\xb5[\x80-\x8f].(.))", re.DOTALL)
_OVERLAP = 16
_HEAD = 1 << 22


@dataclass(frozen=True, slots=True)
class Video:
    """What the header of a video says; ``frame_time`` in milliseconds, ``bits`` of one sample."""

    transfer_syntax_uid: str
    rows: int
    columns: int
    frames: int
    frame_time: float
    method: str
    bits: int = 8


def read_video(read: Reader, size: int) -> Video:
    """Return what a video file is.

    Raises:
        UnsupportedError: it is of another kind, or coded in a way that no transfer syntax has.
        InvalidObjectError: it is broken.
    """
    head = read(0, 12)
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"free", b"wide"}:
        video = _read_mp4(read, size)
    elif head[:4] in {b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3"} or head[:1] == b"\x47":
        video = _read_mpeg2(read, size)
    else:
        raise UnsupportedError("the video is neither MP4 nor MPEG-2")
    if not (video.rows and video.columns and video.frames and video.frame_time > 0):
        raise InvalidObjectError("the video has no pictures, or does not say their size and rate")
    return video


def boxes(read: Reader, begin: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two places of an ISO base media file."""
    for _ in range(_MAX_BOXES):
        head = read(begin, 16)
        if begin >= end or len(head) < 8:
            return
        length, content = int.from_bytes(head[:4], "big"), begin + 8
        if length == 1:
            length, content = int.from_bytes(head[8:16], "big"), begin + 16
        after = begin + length if length else end
        if after < content or after > end:
            raise InvalidObjectError("the MP4 file is cut short, or a box of it is longer than what holds it")
        yield head[4:8], content, after
        begin = after


def inside(read: Reader, box: Box | None, *path: bytes) -> Box | None:
    """Return the first box at a path below another."""
    for kind in path:
        if box is None:
            return None
        box = next((each for each in boxes(read, box[1], box[2]) if each[0] == kind), None)
    return box


def _read_mp4(read: Reader, size: int) -> Video:
    movie = inside(read, (b"", 0, size), b"moov")
    if movie is None:
        raise InvalidObjectError("the MP4 file has no header (moov): it is cut short")
    tracks = [box for box in boxes(read, movie[1], movie[2]) if box[0] == b"trak"]
    videos = [track for track in tracks if _handler(read, track) == b"vide"]
    if len(videos) != 1:
        raise UnsupportedError(f"the MP4 file has {len(videos)} video tracks; one is wanted")
    table = inside(read, videos[0], b"mdia", b"minf", b"stbl")
    entry = inside(read, table, b"stsd")
    frames = _content(read, inside(read, table, b"stsz"), 12)[8:12]
    rate = _media_duration(read, videos[0])
    if entry is None or len(frames) < 4 or rate is None:
        raise InvalidObjectError("the MP4 file lacks the tables of its video track")
    count = int.from_bytes(frames, "big")
    sample = next(boxes(read, entry[1] + 8, entry[2]), None)
    if sample is None:
        raise InvalidObjectError("the MP4 file does not say how its video is coded")
    fields = _content(read, sample, 78)
    columns, rows = (int.from_bytes(fields[at : at + 2], "big") for at in (24, 26))
    syntax, bits, method = _mp4_coding(read, sample)
    return Video(syntax, rows, columns, count, rate * 1000 / count if count else 0, method, bits)


def _handler(read: Reader, track: Box) -> bytes:
    return _content(read, inside(read, track, b"mdia", b"hdlr"), 12)[8:12]


def _content(read: Reader, box: Box | None, length: int) -> bytes:
    return b"" if box is None else read(box[1], min(length, box[2] - box[1]))


def _media_duration(read: Reader, track: Box) -> float | None:
    """Return the seconds that the track lasts."""
    header = _content(read, inside(read, track, b"mdia", b"mdhd"), 32)
    if len(header) < 24:
        return None
    places = ((20, 24), (24, 32)) if header[0] == 1 else ((12, 16), (16, 20))
    scale, duration = (int.from_bytes(header[begin:end], "big") for begin, end in places)
    return duration / scale if scale else None


def _mp4_coding(read: Reader, sample: Box) -> tuple[str, int, str]:
    """Return transfer syntax, bits and method of a sample entry, whose own boxes stand behind its 78 fixed bytes."""
    kind, begin, end = sample
    inner = (kind, min(begin + 78, end), end)
    if kind in {b"avc1", b"avc3"}:
        return _avc(_content(read, inside(read, inner, b"avcC"), 4))
    if kind in {b"hvc1", b"hev1"}:
        return _hevc(_content(read, inside(read, inner, b"hvcC"), 13))
    raise UnsupportedError(f"the MP4 file is coded as {kind!r}; H.264 (avc1) and HEVC (hvc1) can be stored")


def _avc(configuration: bytes) -> tuple[str, int, str]:
    if len(configuration) < 4:
        raise InvalidObjectError("the MP4 file has no configuration of its H.264 decoder")
    profile, level = configuration[1], configuration[3]
    if profile not in _AVC_PROFILES or level > 42:
        raise UnsupportedError(f"H.264 profile {profile} level {level / 10}: up to High Profile 4.2 can be stored")
    return _PREFIX + ("102" if level <= 41 else "104"), 8, "ISO_14496_10"


def _hevc(configuration: bytes) -> tuple[str, int, str]:
    if len(configuration) < 13:
        raise InvalidObjectError("the MP4 file has no configuration of its HEVC decoder")
    profile, level = configuration[1] & 0x1F, configuration[12]
    if profile not in {_HEVC_MAIN, _HEVC_MAIN_10} or level > 153:
        raise UnsupportedError(f"HEVC profile {profile} level {level / 30}: Main and Main 10 up to 5.1 can be stored")
    return (_PREFIX + "107", 8, "ISO_23008_2") if profile == _HEVC_MAIN else (_PREFIX + "108", 10, "ISO_23008_2")


def _read_mpeg2(read: Reader, size: int) -> Video:
    head = read(0, _HEAD)
    sequence, extension = _SEQUENCE.search(head), _SEQUENCE_EXTENSION.search(head)
    if sequence is None:
        raise InvalidObjectError("the video has no MPEG sequence header")
    if extension is None:
        raise UnsupportedError("the video is MPEG-1, which no transfer syntax has")
    fields, profile = sequence[1], extension[1]
    columns, rows = fields[0] << 4 | fields[1] >> 4, (fields[1] & 0xF) << 8 | fields[2]
    columns |= ((profile[1] & 1) << 1 | profile[2] >> 7) << 12
    rows |= (profile[2] >> 5 & 3) << 12
    rate = _FRAME_RATES.get(fields[3] & 0xF, 0)
    level = profile[1] >> 4
    if profile[0] & 0xF not in _MPEG2_PROFILES or level not in _MPEG2_LEVELS:
        raise UnsupportedError("MPEG-2 can be stored in Main Profile at Main or High Level")
    return Video(
        _PREFIX + _MPEG2_LEVELS[level],
        rows,
        columns,
        _count_pictures(read, size),
        1000 / rate if rate else 0,
        "ISO_13818_2",
    )


def _count_pictures(read: Reader, size: int) -> int:
    """Return the number of frames: pictures, two fields being one."""
    pictures, fields, position = 0, 0, 0
    while position < size:
        chunk = read(position, _CHUNK + _OVERLAP)
        for found in _PICTURE.finditer(chunk):
            if found.start() < _CHUNK:
                pictures += found[1] is None
                fields += found[1] is not None and found[1][0] & 3 in {1, 2}
        position += _CHUNK
    return pictures - fields // 2
