r"""Dumps of data sets as text, of the form that DCMTK's dump2dcm reads -> DICOM JSON Model object.

One element a line: ``(0010,0010) PN [DOE^JANE]  # comment``; a value may stand without brackets, numbers with
backslashes between; sequences and items have lines of their own, with or without delimitation lines. Group 0002 is
passed over; of an element that comes twice the first counts. Pure.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from isocenter.dicom.encoding import KNOWN_VRS
from isocenter.dicom.header import NUMBERS, TEXTS
from isocenter.errors import InvalidObjectError

_LINE = re.compile(r"\s*\(?([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)?\s*(\S\S?)?\s*(.*)")
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_NO_VALUE = re.compile(r"\((?:no value|Sequence|Item)")


@dataclass
class _Level:
    """A data set that is being read, and the items of the sequence in it that is open."""

    attributes: dict[str, Any] = field(default_factory=dict)
    items: list[dict[str, Any]] | None = None


def read_dump(text: str) -> dict[str, Any]:
    """Return the data set of a dump.

    Raises:
        InvalidObjectError: a line is no element, or sequences are not as they should be; the message has its number.
    """
    levels = [_Level()]
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise InvalidObjectError(f"line {number} is no element like '(0010,0010) PN [DOE^JANE]'")
        tag = int(found[1] + found[2], 16)
        try:
            _take(levels, tag, found[3] or "", found[4])
        except ValueError as error:
            raise InvalidObjectError(f"line {number}: {error}") from None
    return levels[0].attributes


def _take(levels: list[_Level], tag: int, vr: str, rest: str) -> None:
    """Take one line into the innermost open data set."""
    if tag == _ITEM:
        while len(levels) > 1 and levels[-1].items is None:  # an item that nothing ended
            levels.pop()
        items = levels[-1].items
        if items is None:
            raise ValueError("an item outside a sequence")
        items.append({})
        levels.append(_Level(items[-1]))
    elif tag in (_ITEM_END, _SEQUENCE_END):
        _end(levels, tag)
    elif tag >> 16 != 0x0002:
        levels[-1].items = None
        attribute = _attribute(vr, rest)
        levels[-1].attributes.setdefault(f"{tag:08X}", attribute)
        if vr == "SQ":
            levels[-1].items = attribute["Value"]


def _end(levels: list[_Level], tag: int) -> None:
    if tag == _ITEM_END:
        if len(levels) < 2:
            raise ValueError("the end of an item outside a sequence")
        levels.pop()
        return
    while len(levels) > 1 and levels[-1].items is None:
        levels.pop()
    if levels[-1].items is None:
        raise ValueError("the end of a sequence that never began")
    levels[-1].items = None


def _attribute(vr: str, rest: str) -> dict[str, Any]:
    if vr.encode("ascii", "replace") not in KNOWN_VRS:
        raise ValueError(f"there is no VR {vr!r}")
    if vr == "SQ":
        return {"vr": vr, "Value": []}
    text = _value(rest)
    if not text:
        return {"vr": vr}
    if vr in NUMBERS:
        kind = float if NUMBERS[vr] in "fd" else int
        return {"vr": vr, "Value": [kind(part) for part in text.split("\\")]}
    parts = [text] if vr in TEXTS else [part.strip() for part in text.split("\\")]
    if vr == "PN":
        return {"vr": vr, "Value": [dict(zip(_NAME_GROUPS, part.split("="), strict=False)) for part in parts]}
    return {"vr": vr, "Value": parts}


def _value(rest: str) -> str:
    """Return what stands between brackets, or up to a comment."""
    if rest.startswith("["):
        return rest[1:].rpartition("]")[0] if "]" in rest else rest[1:]
    return "" if _NO_VALUE.match(rest) else rest.partition("#")[0].strip()
