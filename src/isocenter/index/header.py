"""From the raw values of a header to the columns of the index.

Text is decoded by the header's character sets; dates and times get the one form in which they compare as text
(``19970424``, ``103000.5``); what no column can hold is left out, never an error. Long text is cut: an index is for
finding, the object keeps the rest.
"""

import re
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from isocenter.dicom.charset import decode_text
from isocenter.dicom.person_name import fold, parse
from isocenter.dicom.uids import TransferSyntax
from isocenter.index.attributes import NAME_GROUPS, SPECIFIC_CHARACTER_SET, Attribute, Kind, Level, kept

LONGEST_TEXT = 256
_OLD_DATE = re.compile(r"(\d{4})[.](\d{2})[.](\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(\.\d{1,6})?")

Value = str | int | None


@dataclass(frozen=True, slots=True)
class RawHeader:
    """Undecoded values by tag, and the transfer syntax that says how numbers are laid out."""

    values: Mapping[int, bytes]
    syntax: TransferSyntax

    def uid(self, tag: int) -> str:
        """Return a UID without padding, "" where there is none; bytes that are not ASCII come out as U+FFFD."""
        return self.values.get(tag, b"").strip(b"\0 ").decode("ascii", "replace")

    def number(self, attribute: Attribute) -> int | None:
        """Return a US or IS as a number that fits a column."""
        raw = self.values.get(attribute.tag)
        if not raw:
            return None
        if attribute.vr == "US" and len(raw) >= 2:
            return int(struct.unpack_from(">H" if self.syntax.big_endian else "<H", raw)[0])
        try:
            number = int(raw.split(b"\\", 1)[0].strip(b"\0 "))
        except ValueError:
            return None
        return number if -(2**31) <= number < 2**31 else None

    def columns(self, level: Level) -> dict[str, Value]:
        """Return the values of all columns of a patient, study or series."""
        return self.columns_of(kept(level))

    def columns_of(self, attributes: Iterable[Attribute]) -> dict[str, Value]:
        """Return the values of the columns of these attributes."""
        declared = self.values.get(SPECIFIC_CHARACTER_SET, b"").decode("ascii", "replace")
        character_sets = tuple(term.strip("\0 ") for term in declared.split("\\"))
        columns: dict[str, Value] = {}
        for attribute in attributes:
            if attribute.kind is Kind.NUMBER:
                columns[attribute.keyword] = self.number(attribute)
            else:
                text = self._text(attribute, character_sets)
                columns[attribute.keyword] = text
                if attribute.kind is Kind.NAME:
                    columns.update(_search_columns(attribute, text))
        return columns

    def _text(self, attribute: Attribute, character_sets: tuple[str, ...]) -> str:
        raw = self.values.get(attribute.tag)
        if not raw:
            return ""
        text = decode_text(raw, attribute.vr, character_sets).replace("\0", "").strip(" ")
        text = text.encode("utf-8", "replace").decode()  # a lone surrogate has no place in a database
        return _NORMAL.get(attribute.vr, _as_is)(text)[:LONGEST_TEXT]


def fold_groups(text: str) -> tuple[str, str, str]:
    """Return the folded component groups of a name, or of several names separated by backslashes."""
    names = [parse(name) for name in text.split("\\")]
    groups = zip(*((name.alphabetic, name.ideographic, name.phonetic) for name in names), strict=True)
    alphabetic, ideographic, phonetic = (fold("\\".join(group).strip("\\"))[:LONGEST_TEXT] for group in groups)
    return alphabetic, ideographic, phonetic


def _search_columns(attribute: Attribute, text: str) -> dict[str, Value]:
    return {attribute.keyword + suffix: group for suffix, group in zip(NAME_GROUPS, fold_groups(text), strict=True)}


def _date(text: str) -> str:
    """Return ``1997.04.24`` of old objects as ``19970424``."""
    return _OLD_DATE.sub(r"\1\2\3", text)


def _time(text: str) -> str:
    """Return ``1030`` and ``10:30:00`` as ``103000``."""
    match = _TIME.fullmatch(text)
    if match is None:
        return text
    hours, minutes, seconds, fraction = match.groups("")
    return f"{hours}{minutes or '00'}{seconds or '00'}{fraction.rstrip('0').rstrip('.')}"


def _as_is(text: str) -> str:
    return text


_NORMAL: dict[str, Callable[[str], str]] = {"DA": _date, "TM": _time}
