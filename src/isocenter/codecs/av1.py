"""Pictures as AV1: some of one size at a time become a group that begins with a picture of its own (a key frame).

libaom codes them as an AVIF image sequence, whose samples and decoder configuration are taken out of its boxes
(AVIF 1.1 section 3, AV1-ISOBMFF 1.2). Must not know: DICOM.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from isocenter.codecs.video_file import Box, boxes, inside
from isocenter.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

_SPEED = 9
_MAX_SIDE = 65535
#: Primaries of BT.709, transfer of sRGB, matrix of BT.601 (ITU-T H.273); the range is full. Chromium takes what does
#: not say all of this for the limited range, and shows too much contrast.
_COLOURS: dict[str, Any] = {"primaries": 1, "transfer": 13, "matrix": 6}
#: Fields of a VisualSampleEntry before its own boxes.
_ENTRY_FIELDS = 78
_CONFIGURATION = (b"av1C", b"colr")


@dataclass(frozen=True, slots=True)
class Group:
    """Coded pictures, of which the first stands by itself; ``configuration`` is the boxes of their sample entry."""

    configuration: bytes
    samples: tuple[bytes, ...]


def encode_group(pictures: Sequence[Picture], quality: int) -> Group:
    """Return pictures of one size, grey or RGB; ``quality`` 1..100.

    Raises:
        UnsupportedError: they are too large, or cannot be coded.
    """
    import imagecodecs  # noqa: PLC0415 - heavy

    if max(pictures[0].shape[:2]) > _MAX_SIDE:
        raise UnsupportedError(f"a video is at most {_MAX_SIDE} pixels wide and high")
    colour = [np.repeat(p[..., None], 3, axis=2) if p.ndim == 2 else p for p in pictures]
    several = colour if len(colour) > 1 else colour * 2  # one alone would become a still image
    try:
        data = imagecodecs.avif_encode(
            np.stack(several), level=quality, speed=_SPEED, pixelformat="420", codec="aom", **_COLOURS
        )
    except (RuntimeError, ValueError) as error:
        raise UnsupportedError(f"the video cannot be coded: {error}") from error
    group = _read_sequence(bytes(data))
    return Group(group.configuration, group.samples[: len(pictures)])


def _read_sequence(data: bytes) -> Group:
    """Take the samples out of an AVIF image sequence, which lie one behind the other."""
    read = partial(_piece, data)

    def table(kind: bytes) -> bytes:
        box = inside(read, tables, kind)
        return b"" if box is None else data[box[1] : box[2]]

    tables = inside(read, (b"", 0, len(data)), b"moov", b"trak", b"mdia", b"minf", b"stbl")
    sizes = np.frombuffer(table(b"stsz")[12:], ">u4").tolist()
    chunks = np.frombuffer(table(b"stco")[8:], ">u4").tolist()
    entry = inside(read, tables, b"stsd")
    if len(chunks) != 1 or not sizes or entry is None:
        raise UnsupportedError("the AVIF encoder at hand writes sequences that are not understood here")
    ends = list(accumulate(sizes, initial=chunks[0]))
    samples = tuple(data[begin:end] for begin, end in pairwise(ends))
    return Group(_configuration(data, next(boxes(read, entry[1] + 8, entry[2]))), samples)


def _configuration(data: bytes, sample: Box) -> bytes:
    found = boxes(partial(_piece, data), sample[1] + _ENTRY_FIELDS, sample[2])
    return b"".join(data[begin - 8 : end] for kind, begin, end in found if kind in _CONFIGURATION)


def _piece(data: bytes, offset: int, length: int) -> bytes:
    return data[offset : offset + length]
