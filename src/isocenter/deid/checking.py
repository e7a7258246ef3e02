"""Judging an object that somebody de-identified: what PS3.15 Annex E would not have left, and what looks suspicious.

Read only, and pure: bytes in, findings out. What an object claims, (0012,0064), says by which options it is judged,
unless the caller knows better. A finding is a sign, not a proof: a pseudonym cannot be told from a name that looks
like one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

import isocenter.deid.gate as gate
import isocenter.deid.markers as markers
import isocenter.deid.suspicion as suspicion
import isocenter.deid.text as text
from isocenter.deid._tables.safe_private import SAFE_PRIVATE
from isocenter.deid.bitstreams import hides_text
from isocenter.deid.options import CODES, CONTRADICTIONS, Option, Policy
from isocenter.deid.rules import Action, Rules
from isocenter.deid.runs import plane_size
from isocenter.deid.values import cap_age
from isocenter.dicom import dictionary
from isocenter.dicom.encoding import UNDEFINED, Buffer, Element, Encoding, effective_encoding, encoding_of
from isocenter.dicom.header import Header, decode_values
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.pixels import IMAGE_TAGS
from isocenter.dicom.scanner import MAX_DEPTH, inflate, iter_elements, iter_items, scan
from isocenter.dicom.uids import MEDIA_STORAGE_DIRECTORY, TransferSyntax, transfer_syntax

PIXEL_DATA = 0x7FE00010
_TEXTS = frozenset({"LO", "SH", "LT", "ST", "UT", "UC", "PN", "AE", "CS", "UR"})
_DATES = frozenset({"DA", "DT", "TM"})
_LONGEST_TEXT = 1 << 20
_INFLATED = 1 << 31
_TRAILING_PADDING = 0xFFFCFFFC
#: Text that is no one's: numbers of codes and versions of vocabularies.
_VOCABULARY = frozenset(
    dictionary.tag(keyword)
    for keyword in ("CodeValue", "CodingSchemeVersion", "CodingSchemeDesignator", "ContextGroupVersion",
                    "MappingResource", "ContextIdentifier", "TemplateIdentifier")
)  # fmt: skip
#: Where makers name their programs, with addresses and days of release.
_PROGRAMS = frozenset(
    dictionary.tag(keyword)
    for keyword in ("Manufacturer", "ManufacturerModelName", "SoftwareVersions")
)  # fmt: skip
_OF_PROGRAMS = frozenset({"an address in the net", "a date"})
_WANTED = gate.TAGS | markers.TAGS | text.IDENTIFIERS | IMAGE_TAGS
_CODE_OPTIONS = {code: option for option, code in CODES.items()}


class Kind(StrEnum):
    """What a finding is about."""

    MARKER = "not marked as de-identified"
    LEFT = "left by the profile"
    DATE = "a date left by the profile"
    TEXT = "suspicious text"
    SEEN = "an identifier of this set in other text"
    PRIVATE = "private attributes"
    UID = "a UID that looks original"
    PIXELS = "pixels that may show text"
    CONTENT = "content that cannot be cleaned"
    STREAM = "text inside compressed frames"
    FILE = "file header"
    UNREADABLE = "cannot be read"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; ``value`` is of the object and only for eyes that may see it."""

    kind: Kind
    tag: int = 0
    detail: str = ""
    value: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """The attribute as people write it."""
        if not self.tag:
            return ""
        keyword = "private" if self.tag & 0x10000 else dictionary.keyword(self.tag) or "unknown"
        return f"({self.tag >> 16:04X},{self.tag & 0xFFFF:04X}) {keyword}"


@dataclass(frozen=True, slots=True)
class Opened:
    """A file, taken apart: its data set, inflated, and what its header says first."""

    head: Buffer
    data: Buffer
    syntax: TransferSyntax
    values: dict[int, bytes]

    @property
    def sop_class(self) -> str:
        """SOP Class UID."""
        return self.values.get(gate.SOP_CLASS_UID, b"").decode("ascii", "replace").strip("\0 ")


def open_object(data: Buffer) -> Opened:
    """Return a file taken apart. Raises InvalidObjectError when it is none."""
    meta = read_preamble_and_meta(data, final=True)
    assert meta is not None
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    body: Buffer = memoryview(data)[meta.data_set_offset :]
    if syntax.deflated:
        body = inflate(body, _INFLATED)
    values = {tag: bytes(raw) for tag, raw in scan(body, syntax, _WANTED).values.items()}
    return Opened(memoryview(data)[: meta.data_set_offset], body, syntax, values)


def identifiers(opened: Opened) -> set[str]:
    """Return the words that identify the patient or others in the header, to be looked for in the whole set."""
    raws = (opened.values.get(tag, b"") for tag in text.IDENTIFIERS - {text.BIRTH_DATE})
    return set().union(*(suspicion.identifying_words(_decoded(raw)) for raw in raws))


def claimed(opened: Opened) -> Policy:
    """Return the policy by which an object claims to be de-identified; the Basic Profile when it claims nothing."""
    raw = opened.values.get(markers.METHOD_CODES, b"")
    codes = markers.earlier_codes(raw, encoding_of(opened.syntax))
    not_chosen = {Option.PIXEL_DATA, Option.VISUAL_FEATURES}
    options = {_CODE_OPTIONS[code] for code in codes if code in _CODE_OPTIONS} - not_chosen
    for pair in CONTRADICTIONS:
        options -= pair if pair <= options else set()
    return _policy(frozenset(options))


@lru_cache(maxsize=64)
def _policy(options: frozenset[Option]) -> Policy:
    return Policy("claimed", options)


@lru_cache(maxsize=64)
def _rules(policy: Policy, sop_class: str) -> Rules:
    return Rules(policy, sop_class)


def check(opened: Opened, seen: frozenset[str] | set[str] = frozenset(), policy: Policy | None = None) -> list[Finding]:
    """Return the findings of one object.

    Args:
        opened: the object.
        seen: words that identify somebody in the set it belongs to (:func:`identifiers`).
        policy: what it is judged by; None: by what it claims.
    """
    checker = _Checker(opened, seen, _rules(policy or claimed(opened), opened.sop_class))
    return list(dict.fromkeys(checker.findings()))


class _Checker:
    """One pass over one object."""

    def __init__(self, opened: Opened, seen: frozenset[str] | set[str], rules: Rules) -> None:
        self._opened = opened
        self._data = opened.data
        self._seen = seen
        self._rules = rules
        self._is_directory = opened.sop_class == MEDIA_STORAGE_DIRECTORY or not opened.sop_class

    def findings(self) -> Iterator[Finding]:
        """Yield everything there is to say."""
        yield from self._of_file()
        encoding = effective_encoding(self._data, 0, len(self._data), encoding_of(self._opened.syntax))
        if not self._is_directory:
            yield from self._of_markers()
            yield from self._of_pixels()
        yield from self._level(0, len(self._data), encoding, 0, 0)

    def _of_file(self) -> Iterator[Finding]:
        head = self._opened.head
        if any(head[:128]):
            yield Finding(Kind.FILE, 0, "the preamble holds something")
        names = {0x00020016, 0x00020017, 0x00020018, 0x00020026, 0x00020027, 0x00020028, 0x00020100, 0x00020102}
        for element in iter_elements(head, transfer_syntax("1.2.840.10008.1.2.1"), 132):
            raw = bytes(head[element.offset : element.offset + element.length])
            if element.tag in names and raw.strip(b"\0 "):
                yield Finding(Kind.FILE, element.tag, "of the file's sender or private", _decoded(raw))

    def _of_markers(self) -> Iterator[Finding]:
        values = self._opened.values
        if values.get(markers.IDENTITY_REMOVED, b"").strip(b"\0 ") != b"YES":
            yield Finding(Kind.MARKER, markers.IDENTITY_REMOVED, "is not YES")
        if not values.get(markers.METHOD, b"").strip(b"\0 ") and not values.get(markers.METHOD_CODES):
            yield Finding(Kind.MARKER, markers.METHOD_CODES, "nothing says how")

    def _of_pixels(self) -> Iterator[Finding]:
        values, syntax = self._opened.values, self._opened.syntax
        header = Header(decode_values({tag: raw for tag, raw in values.items() if tag in gate.TAGS}, syntax))
        has_pixels = gate.has_pixels(self._data, syntax, scan(self._data, syntax, frozenset(), 0x7FE00000))
        finding = gate.judge(header, syntax.uid, has_pixels=has_pixels)
        if finding is None:
            return
        codes = markers.earlier_codes(values.get(markers.METHOD_CODES, b""), encoding_of(syntax))
        cleaned = header.text(gate.BURNED_IN).upper() == "NO" and CODES[Option.PIXEL_DATA] in codes
        if not finding.burned_in:
            yield Finding(Kind.CONTENT, 0, finding.reason)
        elif not cleaned:
            yield Finding(Kind.PIXELS, 0, finding.reason)

    def _level(self, offset: int, end: int, encoding: Encoding, parent: int, depth: int) -> Iterator[Finding]:
        creators: dict[tuple[int, int], str] = {}
        for element in iter_elements(self._data, encoding, offset, end):
            if element.tag & 0x10000:
                yield from self._private(element, creators)
                continue
            vr = element.vr if element.vr not in {"", "UN"} else dictionary.vr(element.tag)
            if vr == "SQ":
                yield from self._sequence(element, encoding, end, parent, depth)
            elif element.tag == PIXEL_DATA:
                yield from self._stream(element, encoding)
            elif element.length not in {0, UNDEFINED}:
                yield from self._value(element, vr, parent)

    def _private(self, element: Element, creators: dict[tuple[int, int], str]) -> Iterator[Finding]:
        group, number = element.tag >> 16, element.tag & 0xFFFF
        if 0x10 <= number <= 0xFF and element.length != UNDEFINED:
            creators[group, number] = self._text(element).strip("\0 ").upper()
            return
        known = (group, number & 0xFF, creators.get((group, number >> 8), "")) in SAFE_PRIVATE
        if known and Option.SAFE_PRIVATE in self._rules.policy.options:
            return
        yield Finding(
            Kind.PRIVATE, element.tag, "known to be safe, but not claimed" if known else "not known to be safe"
        )

    def _sequence(self, element: Element, encoding: Encoding, end: int, parent: int, depth: int) -> Iterator[Finding]:
        items = list(iter_items(self._data, element, encoding, end))
        if items and not self._is_directory and self._rules.action(element.tag, parent) is Action.REMOVE:
            yield Finding(Kind.LEFT, element.tag, "a sequence that is removed")
        if depth >= MAX_DEPTH:
            yield Finding(Kind.UNREADABLE, element.tag, "sequences are nested too deep")
            return
        for item in items:
            yield from self._level(item.offset, item.end, item.encoding, element.tag, depth + 1)

    def _stream(self, element: Element, encoding: Encoding) -> Iterator[Finding]:
        if element.length != UNDEFINED:
            return
        if hides_text(self._data, element, encoding, plane_size(self._opened.values, self._opened.syntax)):
            yield Finding(Kind.STREAM, element.tag, "comments or application data")

    def _value(self, element: Element, vr: str, parent: int) -> Iterator[Finding]:
        tag = element.tag
        action = Action.CHECK if self._is_directory else self._rules.action(tag, parent)
        raw = bytes(self._data[element.offset : element.offset + min(element.length, _LONGEST_TEXT)])
        if not raw.strip(b"\0 "):
            return
        if action in {Action.REMOVE, Action.SEQUESTER}:
            yield from _left(tag, vr, raw)
        elif vr == "UI":
            yield from self._uids(tag, raw, action)
        elif vr in _DATES:
            if action in {Action.EMPTY, Action.DUMMY} and suspicion.is_date(_decoded(raw)):
                yield Finding(Kind.DATE, tag, "", _decoded(raw))
        elif action is Action.AGE and cap_age(raw).strip() != raw.strip(b"\0 "):
            yield Finding(Kind.LEFT, tag, "an age above 89 years", _decoded(raw))
        elif vr in _TEXTS:
            yield from self._of_text(tag, vr, _decoded(raw))

    def _uids(self, tag: int, raw: bytes, action: Action) -> Iterator[Finding]:
        if action is Action.DEFINITION or Option.UIDS in self._rules.policy.options or self._is_class(tag):
            return
        for uid in _decoded(raw).split("\\"):
            why = suspicion.in_uid(uid.strip("\0 "))
            if why:
                yield Finding(Kind.UID, tag, why, uid.strip("\0 "))

    def _is_class(self, tag: int) -> bool:
        """Tell whether a UID says what something is (a DICOMDIR has no rules)."""
        return self._is_directory and "SOPClass" in dictionary.keyword(tag)

    def _of_text(self, tag: int, vr: str, value: str) -> Iterator[Finding]:
        if tag in _VOCABULARY:
            return
        if vr == "PN" and suspicion.is_name(value):
            yield Finding(Kind.TEXT, tag, "a person's name", value)
        for what in suspicion.in_text(value):
            if tag in _PROGRAMS and what in _OF_PROGRAMS:
                continue
            yield Finding(Kind.TEXT, tag, what, value)
        if self._seen and tag not in text.IDENTIFIERS and not self._seen.isdisjoint(suspicion.words(value)):
            yield Finding(Kind.SEEN, tag, "a name or number of another attribute or object", value)

    def _text(self, element: Element) -> str:
        return _decoded(bytes(self._data[element.offset : element.offset + element.length]))


def _left(tag: int, vr: str, raw: bytes) -> Iterator[Finding]:
    """Yield what is said of an attribute that should have gone; lengths of groups and empty padding say nothing."""
    if tag == _TRAILING_PADDING:
        if any(raw):
            yield Finding(Kind.LEFT, tag, "padding that is not empty")
    elif tag & 0xFFFF:
        yield Finding(Kind.LEFT, tag, "", _decoded(raw) if vr in _TEXTS | _DATES else "")


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8").strip("\0 ")
    except UnicodeDecodeError:
        return raw.decode("latin_1").strip("\0 ")
