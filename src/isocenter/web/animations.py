"""The frames of an image as one animation: a GIF, or a video in an MP4 file (PS3.18 8.7.4).

Each frame is shown as long as the image says (PS3.3 C.7.6.5), by the first that there is: the time of all frames, those
of each, a recommended rate; as in the viewer. A video is made group after group while it is sent, so that its length
costs no memory. Blocks: for a thread.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import pydicom

from isocenter.archive import Archive, Instance
from isocenter.codecs.av1 import encode_group
from isocenter.codecs.drawing import write_gif
from isocenter.codecs.film import TIMESCALE, Track, write_fragment, write_header
from isocenter.dicom import dictionary
from isocenter.dicom.layout import Layout
from isocenter.errors import UsageError
from isocenter.web.layouts import opened
from isocenter.web.pictures import UNREADABLE, View, display_header, pictures_of
from isocenter.web.streaming import Made, Piece

if TYPE_CHECKING:
    from isocenter.web.pictures import Picture

GIF, MP4 = "image/gif", "video/mp4"
MOST_FRAMES = {GIF: 512, MP4: 16_384}
_DEFAULT_FRAME_TIME = 50.0
#: Milliseconds; what is not between these is no time of a frame.
_SHORTEST, _LONGEST = 1.0, 60_000.0
_TIMING_TAGS = frozenset(
    map(dictionary.tag, ("FrameTime", "FrameTimeVector", "RecommendedDisplayFrameRate", "CineRate"))
)
_LONGEST_GROUP = 24
#: Decoded bytes of a group; the encoder holds them once more.
_GROUP_BYTES = 24 << 20


@dataclass(frozen=True, slots=True)
class Film:
    """Frames of an image, counted from 1, in the order in which they are shown."""

    archive: Archive
    instance: Instance
    layout: Layout
    numbers: Sequence[int]
    view: View

    def pictures(self, begin: int = 0, end: int | None = None) -> "list[Picture]":
        """Return some of them as they are to be seen."""
        return list(pictures_of(self.archive, self.instance, self.layout, self.numbers[begin:end], self.view))

    def times(self) -> list[float]:
        """Return the milliseconds that each of them is shown."""
        with opened(self.archive, self.instance) as (data, syntax):
            header = display_header(data, syntax, _TIMING_TAGS).dataset
        of_all = frame_times(header, len(self.layout.frames))
        return [of_all[number - 1] for number in self.numbers]


def pieces_of(film: Film) -> list[Piece]:
    """Return the body of an animation; its beginning is made already, so that what cannot be shown fails here.

    Raises:
        UsageError: it is longer than an animation of its kind ever is.
        IsocenterError: a frame cannot be decoded.
    """
    most = MOST_FRAMES[film.view.media_type]
    if len(film.numbers) > most:
        raise UsageError(f"an animation has at most {most} frames: ask for some of the {len(film.numbers)}")
    if film.view.media_type == GIF:
        times = film.times()
        return [write_gif(film.pictures(), sum(times) / len(times))]
    return _video(film)


def _video(film: Film) -> list[Piece]:
    starts = [round(milliseconds * TIMESCALE / 1000) for milliseconds in accumulate(film.times(), initial=0.0)]
    rows, columns = film.pictures(0, 1)[0].shape[:2]
    length = max(1, min(_LONGEST_GROUP, _GROUP_BYTES // (rows * columns * 3)))
    first, configuration = _fragment(film, starts, length, 0)
    header = write_header(Track(columns, rows, starts[-1], configuration))
    later = range(length, len(film.numbers), length)
    return [header, first, *(Made(partial(_later_fragment, film, starts, length, begin)) for begin in later)]


def _later_fragment(film: Film, starts: Sequence[int], length: int, begin: int) -> bytes:
    return _fragment(film, starts, length, begin)[0]


def _fragment(film: Film, starts: Sequence[int], length: int, begin: int) -> tuple[bytes, bytes]:
    """Return a fragment, and how its pictures are coded, which is the same for all of a film."""
    group = encode_group(film.pictures(begin, begin + length), film.view.quality)
    durations = [end - start for start, end in pairwise(starts[begin : begin + len(group.samples) + 1])]
    return write_fragment(begin // length + 1, starts[begin], group.samples, durations), group.configuration


def frame_times(header: pydicom.Dataset, count: int) -> list[float]:
    """Return the milliseconds that each frame of an image is shown (PS3.3 C.7.6.5)."""
    with suppress(*UNREADABLE):
        if header.get("FrameTime") and _SHORTEST <= float(header.FrameTime) <= _LONGEST:
            return [float(header.FrameTime)] * count
    with suppress(*UNREADABLE):
        increments = [float(value) for value in header.get("FrameTimeVector") or ()][1:count]
        if count > 1 and len(increments) == count - 1 and all(_SHORTEST <= each <= _LONGEST for each in increments):
            return [*increments, sum(increments) / len(increments)]  # each is the time before its frame
    for keyword in ("RecommendedDisplayFrameRate", "CineRate"):
        with suppress(*UNREADABLE, ZeroDivisionError):
            if header.get(keyword) and _SHORTEST <= 1000 / float(header[keyword].value) <= _LONGEST:
                return [1000 / float(header[keyword].value)] * count
    return [_DEFAULT_FRAME_TIME] * count
