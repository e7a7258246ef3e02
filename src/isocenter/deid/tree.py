"""The walk: every element of every level of a data set, kept, replaced or left out (PS3.15 E.1.1).

Works on raw bytes. What is kept in a row is one slice of the input, so untouched pixel data are never copied; sequences
are written with defined lengths, and those that came as UN stay UN with implicit VR inside (PS3.5 6.2.2). What cannot
be read cannot be cleaned: every broken structure raises and the object is set aside.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

import isocenter.deid.plausible as plausible
import isocenter.deid.values as values
from isocenter.deid._tables.safe_private import SAFE_PRIVATE
from isocenter.deid.bitstreams import clear_icc
from isocenter.deid.markers import write_code
from isocenter.deid.options import Option
from isocenter.deid.plausible import DATE_VRS, SINGLE_VALUED, TEXT_VRS
from isocenter.deid.project import Project, is_registered
from isocenter.deid.rules import Action, Rules
from isocenter.deid.structured import CONTENT_SEQUENCE, judge
from isocenter.deid.text import Scrubber
from isocenter.dicom import dictionary
from isocenter.dicom.encoded_writer import wrap_items, write_element, write_items
from isocenter.dicom.encoding import IMPLICIT_LITTLE, ITEM_GROUP, SHORT_VRS, UNDEFINED, Buffer, Element, Encoding
from isocenter.dicom.scanner import MAX_DEPTH, Item, behind, element_at, iter_items
from isocenter.errors import IsocenterError

PIXEL_DATA = 0x7FE00010
_SHORT = frozenset(SHORT_VRS.values())
_PRIVATE_TEXT = frozenset({"CS", "LO", "SH", "LT", "ST", "OB", "UN", "UC", "UT"})
_COPIED = frozenset({Action.KEEP, Action.CHECK, Action.NUMBER, Action.DEFINITION, Action.OFFSETS, Action.CHARACTER_SET})
#: Actions that depend on more than the value, as offsets do on the length of the object.
_NOT_BY_VALUE = frozenset({Action.SEQUENCE, Action.SEQUESTER, Action.PRIVATE, Action.OFFSETS})


#: Decisions to remember; the objects of a series have most in common and some ten of their own.
_REMEMBERED = 8192
#: Kinds of levels to remember decisions for.
_LEVELS = 256
#: Behind all tags.
_NEVER = 1 << 32
#: The longest value to remember, in bytes.
_SHORT_VALUE = 128
_NOTES: dict[Action, str] = {action: action.name.lower() for action in Action}

#: What becomes of an element with a value: the bytes that stand for it (none: it goes; None: it is copied as it is),
#: and what the report counts.
Decision = tuple[bytes | None, tuple[int, str] | None]
#: The same, with the bytes that are copied.
Written = tuple[bytes, tuple[int, str] | None]


class SequesterError(IsocenterError):
    """The object cannot be cleaned and is set aside; the message says why, without its values."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is the same for all objects of a patient or study."""

    pseudonym: str
    accession: str
    weeks: int


@dataclass(slots=True)
class Rewriter:
    """One pass over one data set; ``noted`` lists (tag, action) as it goes.

    ``decided`` remembers decisions; objects may share it that have rules, project, subject, scrubber and byte order in
    common.
    """

    data: Buffer
    rules: Rules
    project: Project
    subject: Subject
    scrubber: Scrubber
    decided: dict[tuple[int, ...], dict[bytes, Written]]
    pixels: Callable[[Element], list[Buffer]] | None = None
    noted: list[tuple[int, str]] = field(default_factory=list)

    def level(
        self, offset: int, end: int, source: Encoding, target: Encoding, parent: int = 0, depth: int = 0,
        added: list[tuple[int, bytes]] | None = None,
    ) -> list[Buffer]:  # fmt: skip
        """Return the pieces of one level; ``added`` elements replace those of the same tag."""
        if depth > MAX_DEPTH:
            raise SequesterError(f"sequences are nested deeper than {MAX_DEPTH}")
        place = _Place(end, source, target, parent, depth, _Pieces(self.data, dict(added or ())), _Private())
        known = self._known(place)
        while (offset := self._short(offset, place, known)) < end:
            element = element_at(self.data, offset, end, source)
            if element is None:
                break
            if element.tag >> 16 != ITEM_GROUP:
                self._unusual(element, place)
            offset = behind(self.data, element, end, source)
        return place.out.finished()

    def _short(self, offset: int, place: "_Place", known: dict[bytes, Written]) -> int:
        """Write the short elements from here on, most of them met before; return where the first other one is."""
        data, end, out, noted = self.data, place.end, place.out, self.noted
        head, implicit, append, code = place.source.head, place.source.implicit, out.pieces.append, b""
        while offset + 8 <= end:
            if implicit:
                group, number, length = head(data, offset)
            else:
                group, number, code, length = head(data, offset)
            after = offset + 8 + length
            if length > _SHORT_VALUE or after > end:
                break
            raw = bytes(data[offset:after])
            decision = known.get(raw) or self._decided(known, raw, code, offset, place)
            if decision is None:
                break
            if group << 16 | number >= out.due:
                out.insert(group << 16 | number)
            piece, note = decision
            append(piece)
            if note:
                noted.append(note)
            offset = after
        return offset

    @property
    def report(self) -> Counter[tuple[int, str]]:
        """How often what was done to which attribute, on all levels; not to be changed, for others share it."""
        return _counted(tuple(self.noted))

    def _known(self, place: "_Place") -> dict[bytes, Written]:
        """Return the decisions about elements of such a level, by their bytes."""
        form = place.source.implicit + 2 * place.target.implicit + 4 * (place.source is place.target)
        if len(self.decided) >= _LEVELS:
            self.decided.clear()
        return self.decided.setdefault((place.parent, form, *place.out.replaced), {})

    def _decided(
        self, known: dict[bytes, Written], raw: bytes, code: bytes, offset: int, place: "_Place"
    ) -> Written | None:
        """Decide about a short value and remember it; None where there is more to ask than what is in these bytes."""
        implicit = place.source.implicit
        group, number = place.source.head(raw)[:2]
        tag = group << 16 | number
        if not group or group & 1 or group == ITEM_GROUP or not (implicit or code in SHORT_VRS):
            return None
        action = self.rules.action(tag, place.parent)
        if action in _NOT_BY_VALUE:
            return None
        if len(known) >= _REMEMBERED:
            known.clear()
        element = Element(tag, "" if implicit else SHORT_VRS[code], offset + 8, len(raw) - 8)
        piece, note = (b"", None) if tag in place.out.replaced else self._decide(element, action, element.vr, place)
        written = known[raw] = raw if piece is None else piece, note
        return written

    def _unusual(self, element: Element, place: "_Place") -> None:
        """Write a private element or a long value, pixels among them."""
        place.out.insert(element.tag)
        if element.tag in place.out.replaced:
            return
        if element.tag == PIXEL_DATA and self.pixels and not place.depth:
            place.out.pieces.extend(self.pixels(element))
        else:
            self._element(element, place)

    def _element(self, element: Element, place: "_Place") -> None:
        tag = element.tag
        action = self.rules.action(tag, place.parent)
        vr = element.vr
        if action is Action.PRIVATE:
            judged = place.private.judge(self, element, place)
            if judged is None:
                return
            action, vr = judged
        if action is Action.SEQUESTER:
            raise SequesterError("an encapsulated document, whose text cannot be cleaned")
        if action is Action.SEQUENCE:
            self._sequence(element, place)
            return
        if element.length == UNDEFINED and action is not Action.REMOVE:
            if dictionary.vr(tag) != "SQ" or action not in {Action.EMPTY, Action.DUMMY}:
                self._note(tag, Action.REMOVE)
                return
            element = element._replace(length=0)
        self._carry_out(self._decide(element, action, vr, place), element, place)

    def _carry_out(self, decision: Decision, element: Element, place: "_Place") -> None:
        piece, noted = decision
        if noted is not None:
            self.noted.append(noted)
        if piece is None:
            start = element.offset
            place.out.copy(start - (12 if element.vr and element.vr not in _SHORT else 8), start + element.length)
        elif piece:
            place.out.pieces.append(piece)

    def _decide(self, element: Element, action: Action, vr: str, place: "_Place") -> Decision:
        """Return what becomes of an element with a value; a large one that is kept is not looked at."""
        tag = element.tag
        if action is Action.REMOVE:
            return b"", (tag, _NOTES[action])
        if action in _COPIED and element.vr == "SQ":
            return b"", (tag, _NOTES[Action.REMOVE])  # a sequence where none is due, whose items nobody would look at
        if action in _COPIED and self._may_be_copied(element, action, vr):
            if place.source is place.target and (element.vr or place.source.implicit):
                return None, None
            return write_element(tag, vr or dictionary.vr(tag), self._raw(element), place.target), None
        written, noted = self._write(tag, action, vr, self._raw(element), place.target)
        return written, None if noted is None else (tag, _NOTES[noted])

    def _may_be_copied(self, element: Element, action: Action, vr: str) -> bool:
        if not element.length:
            return True
        if action is Action.KEEP:
            raw = memoryview(self.data)[element.offset : element.offset + element.length]
            private = bool(element.tag & 0x10000)
            return plausible.is_binary(raw, vr) if private else plausible.is_value(raw, element.tag, element.vr)
        known = vr if element.tag & 0x10000 else dictionary.vr(element.tag)
        return self._may_stay(self._raw(element), action, known)

    def _raw(self, element: Element) -> bytes:
        return bytes(self.data[element.offset : element.offset + element.length])

    def _may_stay(self, raw: bytes, action: Action, vr: str) -> bool:
        if action is Action.NUMBER:
            return plausible.is_number(raw) and not self.scrubber.found_in_number(raw)
        if action is Action.DEFINITION:
            return all(is_registered(uid) for uid in raw.decode("ascii", "replace").strip("\0 ").split("\\") if uid)
        if action is Action.OFFSETS:
            return plausible.are_offsets(raw, len(self.data))
        if action is Action.CHARACTER_SET:
            return plausible.known_terms(raw) == raw.strip(b"\0 ")
        return self.may_stay_as(raw, vr)

    def may_stay_as(self, raw: bytes, vr: str) -> bool:
        """Tell whether technical text can be that, and holds none of the object's own identifiers."""
        return (vr not in TEXT_VRS or plausible.is_text(raw, vr)) and not self.scrubber.found_in(raw)

    def _write(self, tag: int, action: Action, vr: str, raw: bytes, target: Encoding) -> tuple[bytes, Action | None]:
        """Return the element that stands for a value, and what to note."""
        known = vr if tag & 0x10000 else dictionary.vr(tag)
        if action is Action.DUMMY and known == "SQ":
            return write_items(tag, [write_code("DEID", "99ISOCENTER", "De-identified", target)], target), action
        value = _HANDLERS[action](self, tag, known, raw)
        if value is None:
            return b"", Action.REMOVE
        return write_element(tag, known, value, target), None if value == raw else action

    def _sequence(self, element: Element, place: "_Place") -> None:
        """Write a sequence with its items cleaned; what is called one and is none goes."""
        if element.vr not in {"SQ", "UN", ""}:
            self._note(element.tag, Action.REMOVE)
            return
        vr = "UN" if element.vr == "UN" else "SQ"
        source, target = (IMPLICIT_LITTLE, IMPLICIT_LITTLE) if vr == "UN" else (place.source, place.target)
        found = list(iter_items(self.data, element._replace(vr=vr), source, place.end))
        judged = [(item, self._judged(item, element.tag)) for item in found]
        items = [
            self._item(item, element.tag, target, place.depth, blank)
            for item, (action, blank) in judged
            if action is not Action.REMOVE
        ]
        if len(items) < len(found):
            self.noted += [(element.tag, _NOTES[Action.REMOVE])] * (len(found) - len(items))
        if items or not found:
            place.out.pieces.extend(wrap_items(element.tag, vr, items, place.target))

    def _judged(self, item: Item, parent: int) -> tuple[Action, int]:
        """Return what becomes of an item: one of a report may describe the patient, or name somebody."""
        if parent != CONTENT_SEQUENCE:
            return Action.SEQUENCE, 0
        return judge(self.data, item, self.rules.policy.options)

    def _item(self, item: Item, parent: int, target: Encoding, depth: int, blank: int) -> list[Buffer]:
        """Return the pieces of an item; ``blank``: the tag of the value that is a dummy, 0 for none."""
        if item.encoding.big_endian != target.big_endian:
            raise SequesterError("a sequence switches the byte order")
        source = target if item.encoding.implicit == target.implicit else item.encoding
        added = None
        if blank:
            self._note(blank, Action.DUMMY)
            vr = dictionary.vr(blank)
            added = [(blank, write_element(blank, vr, values.dummy(vr), target))]
        return self.level(item.offset, item.end, source, target, parent, depth + 1, added)

    def _note(self, tag: int, action: Action) -> None:
        self.noted.append((tag, _NOTES[action]))


@lru_cache(maxsize=64)
def _counted(noted: tuple[tuple[int, str], ...]) -> Counter[tuple[int, str]]:
    """Return the counts; the objects of a series have the same, which then go from process to process once."""
    return Counter(noted)


class _Pieces:
    """The output of a level: new bytes, and slices of the input for what is long.

    ``replaced`` are elements by their tags that come in their order, whatever the input has of these tags.
    """

    def __init__(self, data: Buffer, replaced: dict[int, bytes]) -> None:
        self.view = memoryview(data)
        self.pieces: list[Buffer] = []
        self.replaced = replaced
        self._waiting = sorted(replaced, reverse=True)
        self.due = self._waiting[-1] if replaced else _NEVER

    def insert(self, tag: int) -> None:
        """Add those elements that come before this tag, or have it."""
        while self._waiting and self._waiting[-1] <= tag:
            self.pieces.append(self.replaced[self._waiting.pop()])
        self.due = self._waiting[-1] if self._waiting else _NEVER

    def copy(self, start: int, end: int) -> None:
        """Add a part of the input."""
        self.pieces.append(self.view[start:end])

    def finished(self) -> list[Buffer]:
        """Return the pieces, those between slices of the input as one."""
        self.insert(_NEVER)
        found: list[Buffer] = []
        for is_new, pieces in groupby(self.pieces, _is_bytes):
            found += [b"".join(pieces)] if is_new else list(pieces)  # noqa: B031 - used once, either way
        return found


def _is_bytes(piece: Buffer) -> bool:
    return type(piece) is bytes


class _Private:
    """The private blocks of one level: a creator is written only when an element of its block is (PS3.15 E.3.10)."""

    def __init__(self) -> None:
        self._creators: dict[tuple[int, int], tuple[str, int, bytes]] = {}

    def judge(self, rewriter: Rewriter, element: Element, place: "_Place") -> tuple[Action, str] | None:
        """Return the action for a private element and its VR; None: there is nothing more to do."""
        group, number = element.tag >> 16, element.tag & 0xFFFF
        if 0x10 <= number <= 0xFF and element.length != UNDEFINED:
            raw = bytes(rewriter.data[element.offset : element.offset + element.length])
            name = raw.decode("ascii", "replace").strip("\0 ")
            place.out.pieces.append(b"")
            written = name.upper(), len(place.out.pieces) - 1, name.encode("ascii", "replace")
            self._creators.setdefault((group, number), written)
            return None
        found = self._creators.get((group, number >> 8))
        vr = SAFE_PRIVATE.get((group, number & 0xFF, found[0])) if found else None
        if found is None or vr is None:
            return Action.REMOVE, ""
        if element.vr == "SQ" and vr != "SQ":
            return Action.REMOVE, ""
        action = _private_action(rewriter, vr, element.vr)
        if action is not Action.REMOVE and not place.out.pieces[found[1]]:
            creator = group << 16 | number >> 8
            place.out.pieces[found[1]] = write_element(creator, "LO", found[2], place.target)
        return action, vr if element.vr in {"", "UN"} else element.vr


class _Place(NamedTuple):
    """A level on its way: where it ends, how it is laid out and shall be, what it is in, and what is made of it."""

    end: int
    source: Encoding
    target: Encoding
    parent: int
    depth: int
    out: _Pieces
    private: _Private


def _private_action(rewriter: Rewriter, vr: str, written: str) -> Action:
    """Return what a safe private element gets: its own text, dates and UIDs are cleaned all the same."""
    options = rewriter.rules.policy.options
    if vr == "SQ":
        return Action.SEQUENCE
    if vr == "UI":
        return Action.KEEP if Option.UIDS in options else Action.UID
    if vr in DATE_VRS:
        if Option.FULL_DATES in options:
            return Action.KEEP
        return Action.SHIFT if Option.MODIFIED_DATES in options else Action.REMOVE
    if vr in {"DS", "IS"}:
        return Action.NUMBER
    if vr in _PRIVATE_TEXT or written in TEXT_VRS:
        return Action.CHECK
    return Action.KEEP


def _uids(rewriter: Rewriter, _tag: int, _vr: str, raw: bytes) -> bytes | None:
    texts = [uid.strip("\0 ") for uid in raw.decode("ascii", "replace").split("\\")]
    return "\\".join(rewriter.project.uid(uid) if uid else "" for uid in texts).encode()


def _empty(rewriter: Rewriter, tag: int, _vr: str, raw: bytes) -> bytes | None:
    special = _SPECIAL.get(tag)
    return special(rewriter.subject) if special and raw.strip(b"\0 ") else b""


def _dummy(rewriter: Rewriter, tag: int, vr: str, raw: bytes) -> bytes | None:
    if vr == "UI":
        return _uids(rewriter, tag, vr, raw)
    special = _SPECIAL.get(tag)
    return special(rewriter.subject) if special else values.dummy(vr)


def _clean(rewriter: Rewriter, _tag: int, vr: str, raw: bytes) -> bytes | None:
    if vr not in TEXT_VRS:
        return None
    cleaned = rewriter.scrubber.clean(raw)
    return cleaned or None


def _clean_required(rewriter: Rewriter, tag: int, vr: str, raw: bytes) -> bytes | None:
    return _clean(rewriter, tag, vr, raw) or values.dummy(vr)


def _check(rewriter: Rewriter, _tag: int, vr: str, raw: bytes) -> bytes | None:
    """Return a text with those of its values cleaned that hold an identifier, or are none."""
    if vr not in TEXT_VRS:
        return None
    parts = [raw] if vr in SINGLE_VALUED else raw.split(b"\\")
    kept = [part if rewriter.may_stay_as(part, vr) else rewriter.scrubber.clean(part) for part in parts]
    return b"\\".join(kept) if any(kept) else values.dummy(vr)


def _shift(rewriter: Rewriter, _tag: int, vr: str, raw: bytes) -> bytes | None:
    return values.shift(raw, vr, rewriter.subject.weeks)


def _gone(_rewriter: Rewriter, _tag: int, _vr: str, _raw: bytes) -> bytes | None:
    return None


def _without_value(_rewriter: Rewriter, _tag: int, _vr: str, _raw: bytes) -> bytes | None:
    return b""


#: Attributes whose replacement is a pseudonym; an empty one stays empty, so that it never merges patients.
_SPECIAL: dict[int, Callable[[Subject], bytes]] = {
    0x00100010: lambda subject: b"DEIDENTIFIED^" + subject.pseudonym.encode(),
    0x00100020: lambda subject: subject.pseudonym.encode(),
    0x00120040: lambda subject: subject.pseudonym.encode(),
    0x00080050: lambda subject: subject.accession.encode(),
}
_HANDLERS: dict[Action, Callable[[Rewriter, int, str, bytes], bytes | None]] = {
    Action.UID: _uids,
    Action.EMPTY: _empty,
    Action.DUMMY: _dummy,
    Action.CLEAN: _clean,
    Action.CLEAN_EMPTY: lambda rewriter, tag, vr, raw: _clean(rewriter, tag, vr, raw) or b"",
    Action.CLEAN_REQUIRED: _clean_required,
    Action.SHIFT: _shift,
    Action.AGE: lambda _rewriter, _tag, _vr, raw: values.cap_age(raw),
    Action.ICC: lambda _rewriter, _tag, _vr, raw: clear_icc(raw),
    Action.DEFINITION: _uids,
    Action.KEEP: _gone,
    Action.CHECK: _check,
    Action.NUMBER: _without_value,
    Action.OFFSETS: _gone,
    Action.CHARACTER_SET: lambda _rewriter, _tag, _vr, raw: plausible.known_terms(raw),
}
