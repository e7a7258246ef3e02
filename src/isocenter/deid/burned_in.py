"""Text burned into pixels: where it is, why it goes, and whether any is left (PS3.15 E.3.1).

Frames are read one after the other, but a frame in which no strokes are new against those that were read before is not
read again. Then the frames that were read are read again with everything found so far blanked, until nothing is left;
an object that does not come to that end is not written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

import isocenter.deid.blanking as blanking
import isocenter.deid.painting as painting
from isocenter.deid.identifying import TAGS, Identifiers, is_technical
from isocenter.deid.image import KNOWN, Area
from isocenter.deid.ocr import load_recognizer
from isocenter.deid.options import READING, Box, BurnedIn
from isocenter.deid.pictures import Pictures, strokes
from isocenter.deid.tree import SequesterError
from isocenter.dicom.header import decode_values
from isocenter.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from isocenter.deid.gate import Finding
    from isocenter.deid.image import Whole
    from isocenter.deid.ocr import Line, Recognizer, Word
    from isocenter.deid.options import Policy

#: Readings of what is left in a frame.
_ROUNDS = 4
#: Frames that are read at most; more of them have strokes of their own in very long recordings only.
MOST_FRAMES = 64
#: Frames that are read in any case, evenly spaced.
_SAMPLES = 4
#: A frame is new if a tile has more strokes than in any frame before by so many, and by this share.
_MORE, _SHARE = 20, 1.3
#: Readings that are less sure are no text, unless they are one of the object's own identifiers.
_CONFIDENT, _LEAST = 0.6, 0.2
#: Shorter readings are no text: single letters are orientation marks, or edges that look like one.
_SHORTEST = 2
#: What looks like a line but cannot be read is text if it is so high, and so many times as long.
_LOWEST, _HIGHEST, _LONG = 6, 60, 2.5
#: Words that are looked at together, such as the parts of a date.
_TOGETHER = 6
_MARGIN = 2
_SAME = 0.7
_WEAK = frozenset({"text", "unread text"})


def areas(whole: Whole, finding: Finding, policy: Policy, recognize: Recognizer | None = None) -> list[Area]:
    """Return what is blanked in an object that the gate has caught.

    Raises:
        SequesterError: where its text is, is not known for certain, so it may not be written.
        InvalidObjectError, UnsupportedError: its pixels cannot be decoded.
    """
    boxes = blanking.boxes(whole.header, whole.values, whole.syntax, policy.device_rules)
    known = [Area(box, KNOWN) for box in boxes or ()]
    if policy.burned_in not in READING:
        if boxes is None:
            raise SequesterError(finding.reason)
        return known
    try:
        found = _search(whole, known, policy, recognize or load_recognizer())
    except ConfigurationError as error:
        raise SequesterError(f"{finding.reason}; {error}") from error
    if finding.sure and not known and not found:
        raise SequesterError(f"{finding.reason}, but none was read")
    return [*known, *found]


def _search(whole: Whole, known: list[Area], policy: Policy, recognize: Recognizer) -> list[Area]:
    """Return the text outside the areas that are known."""
    own = decode_values({tag: raw for tag, raw in whole.values.items() if tag in TAGS}, whole.syntax)
    pictures = Pictures(whole.data, whole.syntax, whole.values)
    keep_technical = policy.burned_in is BurnedIn.OCR_TECHNICAL
    reader = _Reader(pictures, recognize, Identifiers(own), keep_technical, [area.box for area in known])
    reader.read_all()
    for _ in range(_ROUNDS):
        before = reader.boxes
        if not before:
            return []
        for number in reader.read:
            reader.read_frame(number, reader.blanked(number))
        if reader.boxes == before:
            return reader.found
    raise SequesterError("text is still read in its pixels after blanking what was found")


class _Reader:
    """The state of a search."""

    def __init__(
        self, pictures: Pictures, recognize: Recognizer, own: Identifiers, keep_technical: bool, known: list[Box]
    ) -> None:
        self.pictures, self.recognize, self.own, self.keep_technical = pictures, recognize, own, keep_technical
        self.known = known
        self.found: list[Area] = []
        self.read: list[int] = []

    def read_all(self) -> None:
        """Read the frames that have something new. Raises SequesterError when these are too many."""
        count = len(self.pictures)
        samples = {round(at) for at in np.linspace(0, count - 1, min(count, _SAMPLES))}
        most: NDArray[np.int32] | None = None
        for number in range(count):
            stored = self.blanked(number)
            tiles = strokes(self.pictures.plain(stored))
            if most is not None and number not in samples and not (tiles > most * _SHARE + _MORE).any():
                continue
            if len(self.read) == MOST_FRAMES:
                raise SequesterError(f"more than {MOST_FRAMES} frames may have text of their own")
            most = tiles if most is None else np.maximum(most, tiles)
            self.read.append(number)
            self.read_frame(number, stored)

    def blanked(self, number: int) -> NDArray[Any]:
        """Return the stored values of a frame with all boxes blanked."""
        stored = self.pictures.stored(number)
        for box in [*self.known, *self.boxes]:
            painting.fill(stored, box, self.pictures.description)
        return stored

    def read_frame(self, number: int, stored: NDArray[Any]) -> None:
        """Add what is read in a frame."""
        for picture in self.pictures.views(stored, number):
            for line in self.recognize(picture):
                for place, reason, confidence in judge(line, self.own, keep_technical=self.keep_technical):
                    box = _widened(place, picture.shape, to_the_ends=not self.keep_technical)
                    if box is not None and not any(_share(box, other) == 1 for other in [*self.known, *self.boxes]):
                        self._add(Area(box, reason, confidence, number))

    @property
    def boxes(self) -> list[Box]:
        """What was found."""
        return [area.box for area in self.found]

    def _add(self, area: Area) -> None:
        """Add an area; one that is nearly the same as another is joined to it, for its readings in several windows."""
        for at, other in enumerate(self.found):
            if max(_share(area.box, other.box), _share(other.box, area.box)) >= _SAME:
                whole = Box(
                    min(area.box.left, other.box.left), min(area.box.top, other.box.top),
                    max(area.box.right, other.box.right), max(area.box.bottom, other.box.bottom),
                )  # fmt: skip
                self.found[at] = replace(area if other.reason in _WEAK else other, box=whole)
                return
        self.found.append(area)


def judge(line: Line, own: Identifiers, *, keep_technical: bool) -> list[tuple[Box, str, float]]:
    """Return the places of a line that go, why, and how sure the reading is."""
    reason = own.reason(line.text)
    least = _LEAST if reason else _CONFIDENT
    words = [word for word in line.words if word.confidence >= least and _is_text(word.text)]
    if not words:
        return [(line.box, "unread text", 0.0)] if _is_line(line.box) else []
    confidence = max(word.confidence for word in words)
    if not keep_technical:
        return [(line.box, reason or "text", confidence)]
    reasons = _reasons(line.words, own)
    if len(reasons) == len(line.words):
        return [(line.box, reason or "text", confidence)]
    return [(_in_line(line.words[at], line), why, line.words[at].confidence) for at, why in sorted(reasons.items())]


def _reasons(words: tuple[Word, ...], own: Identifiers) -> dict[int, str]:
    """Return why words of a line go that has technical ones: alone, or with the fewest neighbours that identify."""
    found: dict[int, str] = {}
    for count in range(1, min(len(words), _TOGETHER) + 1):
        for first in range(len(words) - count + 1):
            whole = range(first, first + count)
            reason = own.reason(" ".join(words[at].text for at in whole))
            if reason and (count == 1 or not any(at in found for at in whole)):
                found |= dict.fromkeys(whole, reason)
    for at, word in enumerate(words):
        if at not in found and not is_technical(word.text):
            found[at] = "text"
    return found


def _is_text(word: str) -> bool:
    return sum(sign.isalnum() for sign in word) >= _SHORTEST


def _is_line(box: Box) -> bool:
    """Tell whether a place that cannot be read has the form of a line of text."""
    low, high = sorted((box.right - box.left, box.bottom - box.top))
    return _LOWEST <= low <= _HIGHEST and high >= _LONG * low


def _in_line(word: Word, line: Line) -> Box:
    """Return the place of a word, as high as its line: where letters end is known less exactly than where lines do."""
    wide = line.box.right - line.box.left >= line.box.bottom - line.box.top
    if wide:
        return Box(word.box.left, line.box.top, word.box.right, line.box.bottom)
    return Box(line.box.left, word.box.top, line.box.right, word.box.bottom)


def _share(inner: Box, outer: Box) -> float:
    """Return the share of a box that another holds."""
    wide = min(inner.right, outer.right) - max(inner.left, outer.left)
    high = min(inner.bottom, outer.bottom) - max(inner.top, outer.top)
    size = (inner.right - inner.left) * (inner.bottom - inner.top)
    return max(wide, 0) * max(high, 0) / size


def _widened(box: Box, shape: tuple[int, ...], *, to_the_ends: bool) -> Box | None:
    """Return a box with a margin, inside the picture; None when nothing of it is.

    ``to_the_ends``: with room for a letter more at both ends, which is what the reading of a line misses now and then.
    """
    wide, high = box.right - box.left, box.bottom - box.top
    margin = _MARGIN + min(wide, high) // 8
    along = max(min(wide, high), margin) if to_the_ends else margin
    x, y = (along, margin) if wide >= high else (margin, along)
    left, top = max(box.left - x, 0), max(box.top - y, 0)
    right, bottom = min(box.right + x, shape[1]), min(box.bottom + y, shape[0])
    return Box(left, top, right, bottom) if left < right and top < bottom else None
