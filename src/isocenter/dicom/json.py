"""Raw data set -> DICOM JSON Model object (PS3.18 F), straight from the bytes. ``json_reader`` goes the other way.

Differences to a plain rendering of every element, all by the standard or for safety: group lengths, file meta
information and trailing padding are left out (F.2.2); UN whose VR the dictionary knows is shown in that VR, UN of
undefined length as the sequence it is (PS3.5 6.2.2); numbers JSON cannot hold (NaN, infinities, DS and IS that are no
numbers or would lose digits) are strings (F.2.3); text is UTF-8 and Specific Character Set is kept as stored.
"""

import base64
import math
from array import array
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from isocenter.dicom import dictionary
from isocenter.dicom.charset import EXTENDED_VRS, decode_text
from isocenter.dicom.encoding import (
    ITEM,
    ITEM_DELIMITER,
    ITEM_GROUP,
    SEQUENCE_DELIMITER,
    UNDEFINED,
    BrokenDataSetError,
    Buffer,
    Element,
    Encoding,
    TruncatedError,
    effective_encoding,
    encoding_of,
    read_header,
)
from isocenter.dicom.header import NUMBERS, SPECIFIC_CHARACTER_SET, decode_numbers
from isocenter.dicom.json_reader import json_to_data_set
from isocenter.dicom.scanner import (
    MAX_DEPTH,
    at_padding,
    behind_undefined,
    item_encoding,
    read_item_header,
    skip_undefined,
)
from isocenter.dicom.uids import TransferSyntax

__all__ = ["Json", "Path", "data_set_to_json", "json_to_data_set"]

#: Where a value is: the tag, or the tag of a sequence, the number of the item (from 1), and so on down to the tag.
Path = tuple[int, ...]
Json = dict[str, Any]

PIXEL_DATA = 0x7FE00010
_PIXEL_REPRESENTATION = 0x00280103
_BINARY = frozenset({"OB", "OW", "OF", "OD", "OL", "OV", "UN"})
_PIXELS = frozenset({PIXEL_DATA, 0x7FE00008, 0x7FE00009})
#: Bytes of one number in the binary VRs, for changing the byte order.
_WORDS = {"OW": "H", "OF": "I", "OL": "I", "OD": "Q", "OV": "Q"}
_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_LARGEST_EXACT = 2**53
_TRAILING_PADDING = 0xFFFCFFFC
_UNNAMED = frozenset({"", "UN"})  # VRs that the dictionary has to tell
_DELIMITERS = frozenset({ITEM_DELIMITER, SEQUENCE_DELIMITER})


def data_set_to_json(
    data: Buffer,
    syntax: TransferSyntax,
    *,
    bulk_data_uri: Callable[[Path], str] | None,
    bulk_threshold: int = 1024,
    stop: int | None = None,
) -> Json:
    """Return the DICOM JSON Model object of a data set.

    Binary values longer than ``bulk_threshold`` bytes, and pixel data always, become a BulkDataURI that
    ``bulk_data_uri`` makes from their path; with None they are left out. ``stop``: the first top-level tag not to show.
    ``data`` may end inside a value that becomes bulk data, so the head of a file is enough. Raises
    InvalidObjectError on broken bytes.
    """
    converter = _Converter(data, bulk_data_uri, bulk_threshold)
    encoding = effective_encoding(data, 0, len(data), encoding_of(syntax))
    return converter.data_set(0, len(data), encoding, (), (), 0 if stop is None else stop)[0]


class _Converter:
    """One conversion: the bytes and what to do with bulk data."""

    __slots__ = ("bulk_data_uri", "data", "signed", "threshold")

    def __init__(self, data: Buffer, bulk_data_uri: Callable[[Path], str] | None, threshold: int) -> None:
        self.data = data
        self.bulk_data_uri = bulk_data_uri
        self.threshold = threshold
        #: Whether Pixel Representation said so: it decides between US and SS (PS3.5 A.1).
        self.signed = False

    def data_set(
        self, offset: int, end: int, encoding: Encoding, charset: tuple[str, ...], path: Path, stop: int = 0
    ) -> tuple[Json, int]:
        """Return the object of the elements up to ``end`` or an item's delimiter, and the offset behind."""
        if len(path) > 2 * MAX_DEPTH:
            raise BrokenDataSetError(offset, f"sequences are nested deeper than {MAX_DEPTH}")
        found: Json = {}
        creators: dict[int, str] = {}
        while offset < end and not self._is_padding(offset, end, encoding):
            element = read_header(self.data, offset, end, encoding)
            tag = element.tag
            if tag >> 16 == ITEM_GROUP:
                if path and tag in _DELIMITERS:
                    return found, element.offset if tag == ITEM_DELIMITER else offset
                offset = self._behind_stray(element, offset, end, encoding)
                continue
            if stop and tag >= stop:
                break
            value, offset = self._attribute(element, offset, creators, end, encoding, charset, path)
            if tag == SPECIFIC_CHARACTER_SET:
                charset = tuple(term if isinstance(term, str) else "" for term in value.get("Value", charset))
            if (key := _shown_as(tag)) is not None:
                found.setdefault(key, value)
        return found, offset

    def _is_padding(self, offset: int, end: int, encoding: Encoding) -> bool:
        """Tell whether nothing but zeros is left."""
        short = offset + 8 > end or not encoding.tail(self.data, offset)[0]
        return short and at_padding(self.data, offset, end, encoding)

    def _attribute(
        self, element: Element, offset: int, creators: dict[int, str], end: int, encoding: Encoding,
        charset: tuple[str, ...], path: Path,
    ) -> tuple[Json, int]:  # fmt: skip
        """Return an attribute and the offset behind it; that of a private creator is noted."""
        tag, vr, _, _ = element
        known = self._known_vr(element, creators) if vr in _UNNAMED else vr
        convert = self.sequence if known == "SQ" else self.value
        made = convert(element, offset, known, end, encoding, charset, (*path, tag))
        if tag & 0x1FF00 == 0x10000:
            _note_creator(creators, tag, made[0])
        return made

    def _behind_stray(self, element: Element, offset: int, end: int, encoding: Encoding) -> int:
        """Return the offset behind an item or delimiter that is outside any sequence."""
        if element.tag != ITEM and element.length:
            raise BrokenDataSetError(offset, f"{element.tag:08X} outside a sequence")
        return (
            behind_undefined(self.data, element, end, encoding)
            if element.length == UNDEFINED
            else self._end(element, offset, end)
        )

    def _end(self, element: Element, offset: int, end: int) -> int:
        """Return the offset behind a value of defined length."""
        behind = element.offset + element.length
        if behind > end:
            left = end - element.offset
            raise TruncatedError(offset, f"{element.tag:08X} claims {element.length} bytes, {left} are left")
        return behind

    def sequence(
        self, element: Element, header: int, _: str, end: int, encoding: Encoding, charset: tuple[str, ...], path: Path
    ) -> tuple[Json, int]:
        """Return the attribute of a sequence and the offset behind it.

        What is broken inside a sequence of defined length costs the rest of that sequence only.
        """
        items: list[Json] = []
        encoding = item_encoding(element, encoding)
        if element.length == UNDEFINED:
            offset = self._items(items, element.offset, end, encoding, charset, path, delimited=True)
        else:
            offset = self._end(element, header, end)
            with suppress(BrokenDataSetError):
                self._items(items, element.offset, offset, encoding, charset, path, delimited=False)
        return ({"vr": "SQ", "Value": items} if items else {"vr": "SQ"}), offset

    def _items(
        self,
        items: list[Json],
        offset: int,
        end: int,
        encoding: Encoding,
        charset: tuple[str, ...],
        path: Path,
        *,
        delimited: bool,
    ) -> int:
        """Add the objects of the items to ``items`` and return the offset behind them."""
        while offset < end or delimited:
            tag, length = read_item_header(self.data, offset, end, encoding)
            start = offset + 8
            offset = start
            if tag == SEQUENCE_DELIMITER:
                break
            if tag != ITEM:
                continue
            limit = end if length == UNDEFINED else start + length
            if limit > end:
                raise TruncatedError(start - 8, f"an item claims {length} bytes, {end - start} are left")
            inner = effective_encoding(self.data, start, limit, encoding)
            signed = self.signed
            item, offset = self.data_set(start, limit, inner, charset, (*path, len(items) + 1))
            self.signed = signed  # an icon speaks for itself
            items.append(item)
            if length != UNDEFINED:
                offset = limit
        return offset

    def value(
        self, element: Element, header: int, vr: str, end: int, encoding: Encoding, charset: tuple[str, ...], path: Path
    ) -> tuple[Json, int]:
        """Return the attribute of a value that is no sequence and the offset behind it."""
        tag, _, offset, length = element
        if vr in _BINARY:
            return self._binary(element, header, vr, end, encoding, path)
        if length == UNDEFINED:
            return {"vr": vr}, behind_undefined(self.data, element, end, encoding)
        behind = offset + length
        if behind > end:
            raise TruncatedError(header, f"{tag:08X} claims {length} bytes, {end - offset} are left")
        if not length:
            return {"vr": vr}, behind
        values = self._decode(bytes(self.data[offset:behind]), vr, encoding, charset)
        if tag == _PIXEL_REPRESENTATION:
            self.signed = values == [1]
        return ({"vr": vr, "Value": values} if values else {"vr": vr}), behind

    def _decode(self, raw: bytes, vr: str, encoding: Encoding, charset: tuple[str, ...]) -> list[Any]:
        form = _TEXT_FORMS.get(vr)
        if form is not None:
            return form(decode_text(raw, vr, charset if vr in EXTENDED_VRS else ()))
        return _tags(raw, encoding) if vr == "AT" else _numbers(raw, vr, encoding)

    def _binary(
        self, element: Element, header: int, vr: str, end: int, encoding: Encoding, path: Path
    ) -> tuple[Json, int]:
        tag, _, offset, length = element
        if length == UNDEFINED or length > self.threshold or (tag in _PIXELS and length):
            shown = {"vr": vr} if self.bulk_data_uri is None else {"vr": vr, "BulkDataURI": self.bulk_data_uri(path)}
            if length == UNDEFINED:
                return shown, self._behind_fragments(element, end, encoding)
            return shown, min(offset + length, end)
        behind = self._end(element, header, end)
        if not length:
            return {"vr": vr}, behind
        raw = bytes(self.data[offset:behind])
        if encoding.big_endian and vr in _WORDS and not length % array(_WORDS[vr]).itemsize:
            raw = _swapped(raw, _WORDS[vr])
        return {"vr": vr, "InlineBinary": base64.b64encode(raw).decode("ascii")}, behind

    def _behind_fragments(self, element: Element, end: int, encoding: Encoding) -> int:
        """Return the offset behind encapsulated pixel data, which may be cut."""
        try:
            return skip_undefined(self.data, element, end, encoding)
        except TruncatedError:
            return end

    def _known_vr(self, element: Element, creators: dict[int, str]) -> str:
        """Return the VR of an element that does not name one."""
        tag, vr, offset, length = element
        if vr == "UN" and length == UNDEFINED:
            return "SQ"
        if tag & 0x10000:
            known = dictionary.private_vr(creators.get(tag >> 8, ""), tag)
        else:
            known = "SS" if self.signed and tag in dictionary.AMBIGUOUS else dictionary.vr(tag)
        if known == "SQ" and length and not self._begins_item(offset):
            return "UN"
        return "SQ" if length == UNDEFINED and known != "SQ" and tag not in _PIXELS else known

    def _begins_item(self, offset: int) -> bool:
        return bytes(self.data[offset : offset + 4]) in {b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00", b"\xfe\xff\xdd\xe0"}


def _swapped(raw: bytes, kind: str) -> bytes:
    words = array(kind, raw)
    words.byteswap()
    return words.tobytes()


@lru_cache(maxsize=8192)
def _shown_as(tag: int) -> str | None:
    """Return the key of an attribute; None for group lengths, file meta information and trailing padding."""
    return f"{tag:08X}" if tag & 0xFFFF and tag >> 16 != 0x0002 and tag != _TRAILING_PADDING else None


def _note_creator(creators: dict[int, str], tag: int, value: Json) -> None:
    """Remember whose a private block is (PS3.5 7.8.1)."""
    if tag & 0xFF >= 0x10 and "Value" in value:
        creators[tag >> 16 << 8 | tag & 0xFF] = str(value["Value"][0])


def _texts(text: str) -> list[Any]:
    text = text.rstrip(" \0")
    if "\\" not in text:
        return [text] if text else []
    return [part.rstrip(" \0") or None for part in text.split("\\")]


def _single_text(text: str) -> list[Any]:
    text = text.rstrip(" \0")
    return [text] if text else []


def _names(text: str) -> list[Any]:
    text = text.rstrip(" \0")
    return [_name(part) for part in text.split("\\")] if text else []


def _name(text: str) -> Json | None:
    groups = zip(_NAME_GROUPS, text.split("="), strict=False)
    return {group: part for group, part in ((group, part.rstrip(" \0")) for group, part in groups) if part} or None


def _number_strings(text: str) -> list[Any]:
    text = text.strip(" \0")
    if "\\" not in text:
        return [_number(text)] if text else []
    return [_number(part.strip(" \0")) for part in text.split("\\")]


def _number(text: str) -> int | float | str | None:
    """Return a DS or IS value as a number where that keeps it, as it is where not, None where it is empty."""
    if not text:
        return None
    try:
        number: int | float = int(text)
    except ValueError:
        try:
            number = float(text)
        except ValueError:
            return text
        return number if math.isfinite(number) and "_" not in text else text
    return number if -_LARGEST_EXACT <= number <= _LARGEST_EXACT and "_" not in text else text


def _numbers(raw: bytes, vr: str, encoding: Encoding) -> list[Any]:
    numbers = list(decode_numbers(raw, NUMBERS[vr], big_endian=encoding.big_endian))
    if vr in {"FL", "FD"} and not all(map(math.isfinite, numbers)):
        return [number if math.isfinite(number) else _NOT_FINITE[str(number)] for number in numbers]
    return numbers


def _tags(raw: bytes, encoding: Encoding) -> list[Any]:
    pairs = decode_numbers(raw, "H", big_endian=encoding.big_endian)
    return [f"{group:04X}{element:04X}" for group, element in zip(pairs[::2], pairs[1::2], strict=False)]


_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
#: VR of text -> what makes the list under ``Value`` of it.
_TEXT_FORMS: dict[str, Callable[[str], list[Any]]] = {
    **dict.fromkeys(("AE", "AS", "CS", "DA", "DT", "LO", "SH", "TM", "UC", "UI"), _texts),
    **dict.fromkeys(("LT", "ST", "UT", "UR"), _single_text),
    **dict.fromkeys(("DS", "IS"), _number_strings),
    "PN": _names,
}
