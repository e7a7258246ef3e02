"""Keys against whole data sets, both as DICOM JSON Model objects, into the items of sequences (PS3.4 C.2.2.2.6). Pure.

What ``matching`` is for one attribute, this is for identifiers that nest. Every attribute of PS3.6 can be a key; one
that the dictionary does not know, or whose values are bytes, is passed over and reported as not supported.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isocenter.dicom import dictionary
from isocenter.dicom.json import Json
from isocenter.dicom.matching import Match, Range, Universal, comparable, compile_match, matches_any
from isocenter.errors import UsageError

#: Elements of an identifier that are no keys: Specific Character Set, Query/Retrieve Level.
_NO_KEYS = frozenset({0x00080005, 0x00080052})
#: Each is compared with each entry; lists of UIDs may be longer.
_MAX_VALUES = 200
#: Says how to read the others: asked for, but never compared.
_TIMEZONE = 0x00080201
#: Date and time that belong together: two ranges are one from moment to moment (PS3.4 K.6-1, C.2.2.2.5).
_MOMENTS = ((0x00400002, 0x00400003), (0x00400004, 0x00400005), (0x00080020, 0x00080030))
_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


class BrokenKeyError(UsageError):
    """A key that cannot be read; ``tag`` is its attribute."""

    def __init__(self, message: str, tag: int) -> None:
        super().__init__(message)
        self.tag = tag


@dataclass(frozen=True, slots=True)
class Key:
    """One key: how it restricts, and for a sequence the keys of its item (none: the whole sequence is asked for)."""

    tag: int
    vr: str
    match: Match
    inner: "Keys | None" = None

    @property
    def name(self) -> str:
        """The key in DICOM JSON."""
        return f"{self.tag:08X}"

    @property
    def restricts(self) -> bool:
        """Whether it matches less than everything."""
        return self.inner.restricts if self.inner else not isinstance(self.match, Universal)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of an identifier or of an item; ``unsupported``: there were others that no one can match."""

    keys: tuple[Key, ...]
    unsupported: bool = False

    @property
    def restricts(self) -> bool:
        """Whether they match less than everything."""
        return any(key.restricts for key in self.keys)

    def get(self, *path: int) -> Match:
        """Return how the attribute at a path of tags is restricted."""
        found = next((key for key in self.keys if key.tag == path[0]), None)
        if found is None:
            return Universal()
        if len(path) == 1:
            return found.match
        return found.inner.get(*path[1:]) if found.inner else Universal()


def compile_keys(identifier: Mapping[str, Any]) -> Keys:
    """Return the keys of an identifier.

    Raises:
        BrokenKeyError: a date, time or range that is none, or a sequence with several items.
    """
    keys: list[Key] = []
    unsupported = False
    for name, attribute in identifier.items():
        tag = int(name, 16)
        if tag in _NO_KEYS:
            continue
        if not dictionary.keyword(tag) or "InlineBinary" in attribute:
            unsupported = True
            continue
        keys.append(_key(tag, attribute))
        inner = keys[-1].inner
        unsupported = unsupported or (inner is not None and inner.unsupported)
    return Keys(tuple(keys), unsupported)


def _key(tag: int, attribute: Mapping[str, Any]) -> Key:
    vr = attribute["vr"]
    values = attribute.get("Value", [])
    if vr == "SQ":
        if len(values) > 1:
            raise BrokenKeyError(f"{dictionary.keyword(tag)}: more than one item in a query", tag)
        inner = compile_keys(values[0]) if values and values[0] else None
        return Key(tag, vr, Universal(), inner)
    if len(values) > _MAX_VALUES and vr != "UI":
        raise BrokenKeyError(f"{dictionary.keyword(tag)}: {len(values)} values; {_MAX_VALUES} are allowed", tag)
    text = "" if tag == _TIMEZONE else "\\".join(texts(values))
    try:
        return Key(tag, vr, compile_match(vr, text))
    except UsageError:
        raise BrokenKeyError(f"{dictionary.keyword(tag)}: no value of VR {vr}, nor a range of them", tag) from None


def texts(values: Sequence[Any]) -> list[str]:
    """Return the values of an attribute as text, names with their component groups."""
    return [_text(value) for value in values]


def _text(value: Any) -> str:  # noqa: ANN401 - what JSON holds
    if isinstance(value, Mapping):
        return "=".join(value.get(group) or "" for group in _NAME_GROUPS).rstrip("=")
    return "" if value is None else str(value)


def matches(keys: Keys, data_set: Json) -> bool:
    """Tell whether a data set matches all keys; of a sequence one item has to."""
    together = _moments(keys)
    if not all(_in_span(dates, times, data_set) for dates, times in together):
        return False
    done = {key.tag for pair in together for key in pair}
    return all(_matches(key, data_set.get(key.name, {})) for key in keys.keys if key.tag not in done)


def _matches(key: Key, attribute: Mapping[str, Any]) -> bool:
    if not key.restricts:
        return True
    values = attribute.get("Value", [])
    if key.inner is not None:
        return any(matches(key.inner, item or {}) for item in values)
    return matches_any(key.match, texts(values))


def _moments(keys: Keys) -> list[tuple[Key, Key]]:
    """Return the keys of dates and times that are ranges both."""
    ranges = {key.tag: key for key in keys.keys if isinstance(key.match, Range)}
    return [(ranges[date], ranges[time]) for date, time in _MOMENTS if date in ranges and time in ranges]


def _in_span(dates: Key, times: Key, data_set: Json) -> bool:
    """Tell whether date and time lie between the moments at which the two ranges begin and end."""
    day, time = (comparable(key.vr, _first(data_set, key)) for key in (dates, times))
    assert isinstance(dates.match, Range)
    assert isinstance(times.match, Range)
    if not dates.match.matches(day):
        return False
    begins, ends = (dates.match.low, times.match.low), (dates.match.high, times.match.high)
    return not (all(begins) and (day, time) < begins) and not (all(ends) and (day, time) > ends)


def _first(data_set: Json, key: Key) -> str:
    return next(iter(texts(data_set.get(key.name, {}).get("Value", []))), "")


def select(keys: Keys, data_set: Json) -> Json:
    """Return what the keys ask for: of sequences with an item in the query only its attributes, else all of it.

    What the data set does not have is empty.
    """
    return {key.name: _selected(key, data_set.get(key.name)) for key in keys.keys}


def _selected(key: Key, attribute: Json | None) -> Json:
    if attribute is None:
        return {"vr": key.vr}
    if key.inner is None or not attribute.get("Value"):
        return attribute
    return {"vr": "SQ", "Value": [select(key.inner, item or {}) for item in attribute["Value"]]}
