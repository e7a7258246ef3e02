"""A header before and after, element by element, and why: for people who decide whether a profile does what they want.

What stands here has original values: it is shown to who may see them anyway, and kept nowhere.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import TYPE_CHECKING

from pydicom.errors import BytesLengthException

from isocenter.deid.engine import Result
from isocenter.deid.markers import BURNED_IN, TAGS
from isocenter.deid.options import Policy
from isocenter.deid.rules import Action, Rules, profile_row
from isocenter.deid.supplement import role_of
from isocenter.dicom import dictionary
from isocenter.dicom.encoding import Buffer
from isocenter.errors import InvalidObjectError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

#: Enough of a file for its header, so that pixels of gigabytes are not copied.
_HEAD = 8 << 20
_LONGEST = 200
_MOST_ROWS = 5000
#: What pydicom raises over broken values.
_UNREADABLE = (
    OSError, EOFError, struct.error, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError,
    NotImplementedError, RecursionError, BytesLengthException,
)  # fmt: skip
_MARKERS = TAGS | {BURNED_IN}
#: Action -> why an attribute is as it is, in words.
_WORDS: dict[Action, str] = {
    Action.KEEP: "kept", Action.CHECK: "kept unless it holds an identifier of this object",
    Action.NUMBER: "kept if it is a number", Action.SEQUENCE: "its items are handled one by one",
    Action.REMOVE: "removed", Action.EMPTY: "emptied", Action.DUMMY: "replaced by a dummy", Action.UID: "UID replaced",
    Action.DEFINITION: "kept if it is registered", Action.SHIFT: "moved back in time",
    Action.CLEAN: "technical words stay", Action.CLEAN_EMPTY: "technical words stay, or nothing",
    Action.CLEAN_REQUIRED: "technical words stay, or a dummy", Action.AGE: "kept up to 89 years",
    Action.ICC: "kept without its text", Action.OFFSETS: "kept if it says where frames are",
    Action.CHARACTER_SET: "kept if it is a character set", Action.PRIVATE: "private: kept if it is known to be safe",
    Action.SEQUESTER: "cannot be cleaned",
}  # fmt: skip


#: What has a pseudonym at the top level.
_PSEUDONYMS = dict.fromkeys((0x00100010, 0x00100020, 0x00080050), "replaced by a pseudonym")


@dataclass(frozen=True, slots=True)
class Row:
    """One element; ``change`` is kept, changed, removed or added; a sequence's own row has no values."""

    tag: str
    name: str
    vr: str
    depth: int
    before: str
    after: str
    change: str
    why: str


def compare(original: Buffer, result: Result, policy: Policy) -> list[Row]:
    """Return what happened to each element of an object's header, in the order of tags.

    Raises:
        InvalidObjectError: it cannot be read for people.
    """
    try:
        before, after = _header((original,)), _header(result.pieces)
        rules = Rules(policy, str(before.get("SOPClassUID", "")))
        return list(islice(_level(before, after, rules, 0, 0), _MOST_ROWS))
    except _UNREADABLE as error:
        raise InvalidObjectError("the header cannot be shown: a value in it is broken") from error


def _header(pieces: "Iterable[Buffer]") -> "Dataset":
    import pydicom  # noqa: PLC0415 - heavy, and for people only

    head = bytearray()
    for piece in pieces:
        head += piece[: max(_HEAD - len(head), 0)]
        if len(head) >= _HEAD:
            break
    return pydicom.dcmread(io.BytesIO(head), stop_before_pixels=True, force=True)


def _level(before: "Dataset", after: "Dataset", rules: Rules, parent: int, depth: int) -> Iterator[Row]:
    for tag in sorted({*before.keys(), *after.keys()}):
        old = before.get(tag, None)
        new = after.get(tag, None)
        yield _row(int(tag), old, new, rules, parent, depth)
        if "SQ" in {each.VR for each in (old, new) if each is not None}:
            yield from _items(old, new, rules, int(tag), depth)


def _items(old: "DataElement | None", new: "DataElement | None", rules: Rules, tag: int, depth: int) -> Iterator[Row]:
    import pydicom  # noqa: PLC0415 - heavy, and for people only

    sides = (list(each.value) if each is not None and each.VR == "SQ" else [] for each in (old, new))
    for was, now in zip_longest(*sides):
        empty = pydicom.Dataset()
        yield from _level(was or empty, now or empty, rules, tag, depth + 1)


def _row(tag: int, old: "DataElement | None", new: "DataElement | None", rules: Rules, parent: int, depth: int) -> Row:
    element = old if old is not None else new
    assert element is not None
    was, now = _shown(old), _shown(new)
    change = "added" if old is None else "removed" if new is None else "kept" if was == now else "changed"
    name = element.name if not tag & 0x10000 else element.name.strip("[]")
    return Row(
        f"({tag >> 16:04X},{tag & 0xFFFF:04X})", name, element.VR, depth, was, now, change, _why(tag, rules, parent)
    )


def _shown(element: "DataElement | None") -> str:
    if element is None:
        return ""
    if element.VR == "SQ":
        return f"{len(element.value)} items" if len(element.value) != 1 else "1 item"
    value = element.value
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = "\\".join(map(str, value)) if element.VM > 1 else "" if value is None else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _why(tag: int, rules: Rules, parent: int) -> str:
    if tag in _MARKERS:
        return "says what was done"
    words = _PSEUDONYMS.get(tag, _WORDS[rules.action(tag, parent)])
    if tag & 0x10000:
        return words if words.startswith("private") else f"private: {words}"
    row = profile_row(tag)
    if row is not None:
        options = [f"{option.replace('_', ' ')} {code}" for option, code in row[1] if option in rules.policy.options]
        return f"{words} (Table E.1-1: {', '.join([row[0], *options])})"
    return f"{words} ({role_of(tag).value})" if dictionary.keyword(tag) else f"{words} (in no dictionary)"
