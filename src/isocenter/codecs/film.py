"""Videos as fragmented MP4 files, written as they are coded (ISO/IEC 14496-12 8.8, AV1-ISOBMFF 1.2).

A header that has no samples, then a fragment for each group of pictures, so that nothing has to be known of a later one
and a player can begin at each. Pure; must not know: codecs, DICOM.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

#: Units of time in a second.
TIMESCALE = 90_000
_TRACK = 1
_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDEFINED_LANGUAGE = 0x55C4
_KEY_FRAME, _OTHER_FRAME = 0x02000000, 0x01010000
#: Of a track fragment: offsets count from its moof; default flags of samples.
_FRAGMENT_FLAGS = 0x020000 | 0x000020
#: Of a run of samples: where they begin, flags of the first, and duration and size of each.
_RUN_FLAGS = 0x000001 | 0x000004 | 0x000100 | 0x000200


@dataclass(frozen=True, slots=True)
class Track:
    """The one track; ``duration`` in units of `TIMESCALE`, ``configuration`` as in `av1.Group`."""

    columns: int
    rows: int
    duration: int
    configuration: bytes


def write_header(track: Track) -> bytes:
    """Return what stands before the first fragment: ftyp and moov."""
    movie = _full(b"mvhd", struct.pack(">4I", 0, 0, TIMESCALE, 0), struct.pack(">IH10x", 0x10000, 0x100), _MATRIX,
                  bytes(24), struct.pack(">I", _TRACK + 1))  # fmt: skip
    extends = _box(b"mvex", _full(b"mehd", struct.pack(">Q", track.duration), version=1),
                   _full(b"trex", struct.pack(">5I", _TRACK, 1, 0, 0, _OTHER_FRAME)))  # fmt: skip
    return _box(b"ftyp", b"iso6", bytes(4), b"iso6av01mp41") + _box(b"moov", movie, _track(track), extends)


def write_fragment(number: int, start: int, samples: Sequence[bytes], durations: Sequence[int]) -> bytes:
    """Return fragment ``number``, from 1, whose first picture is a key frame shown at ``start``: moof and mdat."""
    header = _fragment_header(number, start, samples, durations, 0)
    header = _fragment_header(number, start, samples, durations, len(header) + 8)
    return header + _box(b"mdat", *samples)


def _fragment_header(number: int, start: int, samples: Sequence[bytes], durations: Sequence[int], offset: int) -> bytes:
    rows = b"".join(struct.pack(">2I", time, len(data)) for data, time in zip(samples, durations, strict=True))
    return _box(
        b"moof",
        _full(b"mfhd", struct.pack(">I", number)),
        _box(
            b"traf",
            _full(b"tfhd", struct.pack(">2I", _TRACK, _OTHER_FRAME), flags=_FRAGMENT_FLAGS),
            _full(b"tfdt", struct.pack(">Q", start), version=1),
            _full(b"trun", struct.pack(">3I", len(samples), offset, _KEY_FRAME), rows, flags=_RUN_FLAGS),
        ),
    )


def _track(track: Track) -> bytes:
    head = _full(b"tkhd", struct.pack(">5I", 0, 0, _TRACK, 0, 0), bytes(16), _MATRIX,
                 struct.pack(">2I", track.columns << 16, track.rows << 16), flags=3)  # fmt: skip
    media = _full(b"mdhd", struct.pack(">4I2H", 0, 0, TIMESCALE, 0, _UNDEFINED_LANGUAGE, 0))
    handler = _full(b"hdlr", bytes(4), b"vide", bytes(12), b"\0")
    data = _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1)))
    entry = _box(b"av01", struct.pack(">6xH16x2H", 1, track.columns, track.rows),
                 struct.pack(">2I4xH32xHh", 0x480000, 0x480000, 1, 24, -1), track.configuration)  # fmt: skip
    tables = _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), entry),
        _full(b"stts", bytes(4)),
        _full(b"stsc", bytes(4)),
        _full(b"stsz", bytes(8)),
        _full(b"stco", bytes(4)),
    )
    info = _box(b"minf", _full(b"vmhd", bytes(8), flags=1), data, tables)
    return _box(b"trak", head, _box(b"mdia", media, handler, info))


def _box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + kind + body


def _full(kind: bytes, *content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *content)
