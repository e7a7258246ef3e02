"""Corrections: some values of a data set replaced, all else left as it was, and what they were before noted in it.

What is not replaced is a slice of the input, pixel data above all. The values before go into an item of Original
Attributes Sequence (PS3.3 C.12.1.1.9). Text that the object's character set cannot express makes the object ISO_IR 192,
if all its other text can be converted exactly; if not, it is refused. Digital signatures, which were of the object as
it was before, are left out. Knows no archive.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from isocenter.dicom import dictionary
from isocenter.dicom.charset import ESCAPE, EXTENDED_VRS, codec_of, decode_exactly, decode_text
from isocenter.dicom.encoded_writer import wrap_items, write_element
from isocenter.dicom.encoding import (
    IMPLICIT_LITTLE,
    ITEM,
    UNDEFINED,
    Buffer,
    Element,
    Encoding,
    effective_encoding,
    encoding_of,
)
from isocenter.dicom.header import character_set
from isocenter.dicom.scanner import MAX_DEPTH, Item, behind, element_at, iter_items
from isocenter.dicom.uids import TransferSyntax
from isocenter.errors import InvalidObjectError

_CHARACTER_SET = 0x00080005
_MODIFIED_ATTRIBUTES, _ORIGINAL_ATTRIBUTES = 0x04000550, 0x04000561
_UTF_8 = "ISO_IR 192"
_PIXELS = 0x7FE00000
#: MAC Parameters, Digital Signatures.
_SIGNATURES = frozenset({0x4FFE0001, 0xFFFAFFFA})
_BULK_VRS = frozenset({"OB", "OW", "OD", "OF", "OL", "OV"})
#: Control characters that text may hold.
_CONTROLS = frozenset(b"\t\n\f\r\x1b")


@dataclass(frozen=True, slots=True)
class Mark:
    """What an object says about its correction: when (VR DT) and by which system."""

    time: str
    system: str


class _Found(NamedTuple):
    """A top-level element, its header begins at ``start``, the next one at ``end``."""

    element: Element
    start: int
    end: int


def correct(data: Buffer, syntax: TransferSyntax, values: Mapping[int, str], mark: Mark) -> list[Buffer] | None:
    """Return the pieces of a data set (inflated) with these values, "" for empty; None where it has them already.

    Raises:
        InvalidObjectError: it is broken, or the values cannot be written without harm to its other text.
    """
    return _Correction(data, syntax).pieces(values, mark)


class _Correction:
    """One data set that is corrected."""

    def __init__(self, data: Buffer, syntax: TransferSyntax) -> None:
        self._data = memoryview(data)
        self._encoding = effective_encoding(data, 0, len(data), encoding_of(syntax))
        self._elements = list(self._walk())
        self._first: dict[int, _Found] = {}
        for found in self._elements:
            self._first.setdefault(found.element.tag, found)
        self._terms = character_set(self._raw(_CHARACTER_SET) or b"")

    def pieces(self, values: Mapping[int, str], mark: Mark) -> list[Buffer] | None:
        """As :func:`correct`."""
        changed = {tag: text for tag, text in values.items() if self._text(tag) != text}
        if not changed:
            return None
        written = _encoded(changed, self._terms)
        new: dict[int, list[Buffer]] = {}
        if written is None:
            new = self._in_utf_8()
            written = {tag: text.encode() for tag, text in changed.items()} | {_CHARACTER_SET: _UTF_8.encode()}
        for tag, raw in written.items():
            new[tag] = [write_element(tag, dictionary.vr(tag), raw, self._encoding)]
        new[_ORIGINAL_ATTRIBUTES] = self._original_attributes(sorted(written), mark, new.get(_ORIGINAL_ATTRIBUTES))
        return list(self._merged(new))

    def _walk(self) -> Iterator[_Found]:
        offset, end = 0, len(self._data)
        while offset < end and (element := element_at(self._data, offset, end, self._encoding)) is not None:
            after = behind(self._data, element, end, self._encoding)
            yield _Found(element, offset, after)
            offset = after

    def _raw(self, tag: int) -> bytes | None:
        found = self._first.get(tag)
        if found is None:
            return None
        if found.element.length == UNDEFINED:
            raise InvalidObjectError(f"{dictionary.keyword(tag)} is no text in this object")
        return bytes(self._data[found.element.offset : found.element.offset + found.element.length])

    def _text(self, tag: int) -> str:
        """Return a value as text, an absent one as an empty one."""
        return decode_text(self._raw(tag) or b"", dictionary.vr(tag), self._terms).strip(" \0")

    def _merged(self, new: Mapping[int, list[Buffer]]) -> Iterator[Buffer]:
        """Yield the data set with new elements in the places of those before, or where their tags belong."""
        written = 0
        for start, end, pieces in self._replacements(new):
            yield self._data[written:start]
            yield from pieces
            written = end
        yield self._data[written:]

    def _replacements(self, new: Mapping[int, list[Buffer]]) -> Iterator[tuple[int, int, list[Buffer]]]:
        """Yield from where to where the data set is replaced by what, from its begin to its end."""
        group_lengths = {tag & 0xFFFF0000 for tag in new}
        missing = sorted(tag for tag in new if tag not in self._first)
        for found in self._elements:
            tag = found.element.tag
            while missing and missing[0] < tag:
                yield found.start, found.start, new[missing.pop(0)]
            if tag in new:
                yield found.start, found.end, new[tag] if found is self._first[tag] else []
            elif tag in group_lengths or tag in _SIGNATURES:
                yield found.start, found.end, []
        last = self._elements[-1].end if self._elements else 0
        for tag in missing:
            yield last, last, new[tag]

    def _original_attributes(self, tags: list[int], mark: Mark, items: list[Buffer] | None) -> list[Buffer]:
        """Return the sequence with one more item, for the values of these tags before; of ``items``, if it is new."""
        found, vr, encoding = self._first.get(_ORIGINAL_ATTRIBUTES), "SQ", self._encoding
        before: list[list[Buffer]] = []
        if items is not None:
            header = element_at(joined := b"".join(items), 0, len(joined), encoding)
            assert header is not None
            data, element = memoryview(joined), header
        elif found is not None:
            data, element = self._data, found.element
        if items is not None or found is not None:
            if element.vr == "UN":
                vr, encoding, element = "UN", IMPLICIT_LITTLE, element._replace(vr="")
            end = len(data) if element.length == UNDEFINED else element.offset + element.length
            before = [[data[item.offset : item.end]] for item in iter_items(data, element, encoding, end)]
        before.append([self._item(tags, mark, encoding)])
        return wrap_items(_ORIGINAL_ATTRIBUTES, vr, before, self._encoding)

    def _item(self, tags: list[int], mark: Mark, encoding: Encoding) -> bytes:
        modified = [write_element(tag, dictionary.vr(tag), self._raw(tag) or b"", encoding) for tag in tags]
        return b"".join((
            *wrap_items(_MODIFIED_ATTRIBUTES, "SQ", [list(modified)], encoding),
            write_element(0x04000562, "DT", mark.time.encode(), encoding),
            write_element(0x04000563, "LO", mark.system.encode("ascii", "replace"), encoding),
            write_element(0x04000564, "LO", b"", encoding),
            write_element(0x04000565, "CS", b"CORRECT", encoding),
        ))  # fmt: skip

    def _in_utf_8(self) -> dict[int, list[Buffer]]:
        """Return the elements whose text has to be converted, converted.

        Raises:
            InvalidObjectError: one cannot be, without loss.
        """
        new: dict[int, list[Buffer]] = {}
        for found in self._elements:
            tag = found.element.tag
            if tag < _PIXELS and tag not in new and (made := self._converted(found.element, self._encoding, found.end)):
                new[tag] = made
        return new

    def _converted(self, element: Element, encoding: Encoding, end: int, depth: int = 0) -> list[Buffer] | None:
        """Return an element with its text in UTF-8, None where it is the same."""
        vr = element.vr or dictionary.vr(element.tag)
        if vr in _BULK_VRS:
            return None
        if vr == "SQ" or element.length == UNDEFINED or self._begins_with_item(element, vr):
            return self._converted_items(element, encoding, end, depth)
        raw = bytes(self._data[element.offset : element.offset + element.length])
        if vr not in EXTENDED_VRS or (raw.isascii() and ESCAPE not in raw):
            return None
        if vr == "UN":
            self._refuse_text(element.tag, raw)
            return None
        text = decode_exactly(raw, vr, self._terms)
        if text is None:
            raise _unwritable(f"{dictionary.keyword(element.tag) or f'{element.tag:08X}'} has other characters")
        return [write_element(element.tag, vr, text.rstrip(" \0").encode(), encoding)]

    def _refuse_text(self, tag: int, raw: bytes) -> None:
        """Refuse a value without a VR that may be text, in a character set that has other characters."""
        printable = all(byte >= 0x20 or byte in _CONTROLS for byte in raw.rstrip(b"\0"))
        if self._terms and printable and self._may_be_text(tag):
            raise _unwritable(f"{tag:08X} may be text, and nobody can tell")

    def _may_be_text(self, tag: int) -> bool:
        """Tell whether an element without a VR is text, as far as its maker's dictionary tells."""
        creator = self._raw(tag >> 16 << 16 | tag >> 8 & 0xFF) or b"" if tag & 0x10000 else b""
        vr = dictionary.private_vr(creator.decode("ascii", "replace").strip(" \0"), tag)
        return vr in EXTENDED_VRS

    def _begins_with_item(self, element: Element, vr: str) -> bool:
        """Tell whether an element without a known VR is a sequence."""
        if vr != "UN" or element.vr or element.length < 8:
            return False
        group, number, _ = self._encoding.item(self._data, element.offset)
        return bool(group << 16 | number == ITEM)

    def _converted_items(self, element: Element, encoding: Encoding, end: int, depth: int) -> list[Buffer] | None:
        if depth > MAX_DEPTH:
            raise InvalidObjectError(f"sequences are nested deeper than {MAX_DEPTH}")
        items = list(iter_items(self._data, element, encoding, end))
        made = [self._converted_item(item, depth) for item in items]
        if not any(made):
            return None
        whole: list[list[Buffer]] = [
            new or [self._data[item.offset : item.end]] for new, item in zip(made, items, strict=True)
        ]
        return wrap_items(element.tag, "UN" if element.vr == "UN" else "SQ", whole, encoding)

    def _converted_item(self, item: Item, depth: int) -> list[Buffer] | None:
        """Return an item with its text in UTF-8; None where it is the same, or has a character set of its own."""
        pieces: list[Buffer] = []
        changed, offset = False, item.offset
        while offset < item.end and (element := element_at(self._data, offset, item.end, item.encoding)) is not None:
            if element.tag == _CHARACTER_SET:
                return None
            after = behind(self._data, element, item.end, item.encoding)
            made = self._converted(element, item.encoding, after, depth + 1)
            changed = changed or made is not None
            if element.tag & 0xFFFF:  # group lengths would be wrong
                pieces += made or [self._data[offset:after]]
            offset = after
        return pieces if changed else None


def _encoded(values: Mapping[int, str], terms: tuple[str, ...]) -> dict[int, bytes] | None:
    """Return values as bytes of a character set, None where it lacks a character."""
    written: dict[int, bytes] = {}
    for tag, text in values.items():
        raw = _in_set(text, terms)
        if raw is None or decode_text(raw, dictionary.vr(tag), terms) != text:
            return None
        written[tag] = raw
    return written


def _in_set(text: str, terms: tuple[str, ...]) -> bytes | None:
    if text.isascii():
        return text.encode("ascii")
    codec = codec_of(terms)
    try:
        return text.encode(codec) if codec else None
    except UnicodeEncodeError:
        return None


def _unwritable(why: str) -> InvalidObjectError:
    return InvalidObjectError(
        f"its character set has not all characters of the new values, and it cannot be converted to another one: {why}"
    )
