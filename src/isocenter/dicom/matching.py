"""Attribute matching (PS3.4 C.2.2.2): a key becomes one of five forms that compare values or compile to SQL. Pure.

The kind of matching follows from the key's VR: one table, ``_KINDS``.

The forms hold values in their comparable form (:func:`comparable`), so ``=``, ``LIKE``, ``>=`` and ``<=`` on stored
comparable values are right: dates as ``YYYYMMDD``, times as ``HHMMSS[.F]``, numbers in their shortest writing, names
folded (:func:`isocenter.dicom.person_name.fold`). Names match per component group.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from isocenter.dicom.person_name import fold
from isocenter.errors import UsageError

#: VRs whose keys may hold ``*`` and ``?`` (PS3.4 C.2.2.2.4).
WILDCARD_VRS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
#: VRs in which a backslash is a character, so their keys are never lists.
_SINGLE_VALUED = frozenset({"LT", "ST", "UR", "UT"})
_WHOLE_NUMBERS = frozenset({"IS", "SL", "SS", "SV", "UL", "US", "UV"})
_DECIMALS = frozenset({"DS", "FD", "FL"})
#: The key that asks for an empty value (PS3.4 C.2.2.2.7).
EMPTY_KEY = '""'


@dataclass(frozen=True, slots=True)
class Universal:
    """Matches everything, an absent value too."""

    def matches(self, value: str) -> bool:  # noqa: ARG002 - one form
        """Return True."""
        return True


@dataclass(frozen=True, slots=True)
class Equals:
    """Matches a value that is one of ``values``; ``""`` among them stands for an empty or absent value."""

    values: tuple[str, ...]
    vr: str

    def matches(self, value: str) -> bool:
        """Tell whether a value as it is in the data set matches."""
        return any(part in self.values for part in comparables(self.vr, value))


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Matches a value by a pattern of characters, ``*`` (any number) and ``?`` (one)."""

    pattern: str
    vr: str

    def matches(self, value: str) -> bool:
        """Tell whether a value as it is in the data set matches."""
        return any(_fits(part, self.pattern) for part in comparables(self.vr, value))

    def like(self, escape: str = "\\") -> str:
        """Return the pattern for SQL ``LIKE … ESCAPE``."""
        text = re.sub(f"[%_{re.escape(escape)}]", lambda found: escape + found[0], self.pattern)
        return text.replace("*", "%").replace("?", "_")


@dataclass(frozen=True, slots=True)
class Range:
    """Matches a date, time or date-time from ``low`` to ``high``, both included; None is an open end."""

    low: str | None
    high: str | None
    vr: str

    def matches(self, value: str) -> bool:
        """Tell whether a value as it is in the data set matches."""
        found = comparable(self.vr, value)
        return bool(found) and (self.low is None or found >= self.low) and (self.high is None or found <= self.high)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Matches what one of the ``options`` matches: a list of patterns or ranges (PS3.4 C.2.2.2.8)."""

    options: tuple["Equals | Wildcard | Range", ...]

    def matches(self, value: str) -> bool:
        """Tell whether a value as it is in the data set matches."""
        return any(option.matches(value) for option in self.options)


One: TypeAlias = Universal | Equals | Wildcard | Range
Match: TypeAlias = One | AnyOf


def compile_match(vr: str, key: str) -> Match:
    """Return the form of a key of this VR. Raises UsageError for a date, time or range that is none."""
    key = key.strip(" \0")
    if not key or vr == "SQ":  # items are matched by what is in them: see ``nested``
        return Universal()
    if key == EMPTY_KEY:
        return Equals(("",), vr)
    compile_one = _KINDS.get(vr, _single)
    return _any_of(vr, [compile_one(vr, part) for part in _parts(vr, key)])


def _parts(vr: str, key: str) -> list[str]:
    """Return the values of a key (PS3.4 C.2.2.2.2, C.2.2.2.8), without empty ones."""
    parts = [key] if vr in _SINGLE_VALUED else [part.strip(" \0") for part in key.split("\\")]
    return [part for part in parts if part]


def _any_of(vr: str, options: list[One]) -> Match:
    """Return the form of several; single values become one list."""
    if not options or any(isinstance(option, Universal) for option in options):
        return Universal()
    plain = tuple(value for option in options if isinstance(option, Equals) for value in option.values)
    forms: list[Equals | Wildcard | Range] = [Equals(plain, vr)] if plain else []
    forms += [option for option in options if isinstance(option, Wildcard | Range)]
    return forms[0] if len(forms) == 1 else AnyOf(tuple(forms))


def _single(vr: str, key: str) -> One:
    """Single value matching (PS3.4 C.2.2.2.1)."""
    return Equals((comparable(vr, key),), vr)


def _uid(vr: str, key: str) -> One:
    """List of UID matching (PS3.4 C.2.2.2.2): one of them."""
    return _single(vr, key) if key.strip("*") else Universal()


def _text(vr: str, key: str) -> One:
    """Wildcard matching (PS3.4 C.2.2.2.4)."""
    if not key.strip("*"):
        return Universal()
    return Wildcard(_shortened(key), vr) if "*" in key or "?" in key else _single(vr, key)


def _name(vr: str, key: str) -> One:
    """Matching of a name: any of its component groups, folded."""
    if not key.strip("*"):
        return Universal()
    groups = tuple(group for group in (fold(part) for part in key.split("=")) if group)
    wild = next((group for group in groups if "*" in group or "?" in group), None)
    return Wildcard(_shortened(wild), vr) if wild else Equals(groups or ("",), vr)


def _shortened(pattern: str) -> str:
    """Return a pattern with each run of wildcards in its shortest form: ``*?*?*`` is ``??*``."""
    return re.sub(r"[*?]*\*[*?]*", lambda run: "?" * run[0].count("?") + "*", pattern)


def matches_any(match: Match, values: Iterable[str]) -> bool:
    """Tell whether one of the values of an attribute matches; no values count as one empty value."""
    found = tuple(values) or ("",)
    return any(match.matches(value) for value in found)


def comparables(vr: str, value: str) -> tuple[str, ...]:
    """Return the comparable forms of one value: of a name, one for each component group."""
    if vr != "PN":
        return (comparable(vr, value),)
    return tuple(filter(None, (fold(group) for group in value.split("=")))) or ("",)


def comparable(vr: str, value: str) -> str:
    """Return a value in the form that keys are compared with; what is not valid for its VR stays as it is."""
    value = value.strip(" \0")
    if vr in _SPANS:
        bounds = _bounds(vr, value)
        return bounds[0] if bounds else value
    if vr == "PN":
        return fold(value)
    if vr in _WHOLE_NUMBERS or vr in _DECIMALS:
        try:
            return str(int(value)) if vr in _WHOLE_NUMBERS else repr(float(value))
        except ValueError:
            return value
    return value


def _fits(text: str, pattern: str) -> bool:
    """Tell whether text fits a pattern, in time proportional to the product of their lengths at worst."""
    at = start = 0
    star, mark = -1, 0
    while at < len(text):
        if start < len(pattern) and pattern[start] == "*":
            star, mark = start, at
            start += 1
        elif start < len(pattern) and pattern[start] in ("?", text[at]):
            at += 1
            start += 1
        elif star >= 0:
            mark += 1
            at, start = mark, star + 1
        else:
            return False
    return not pattern[start:].strip("*")


#: VR -> form of one value. Groups: date digits, time digits, fraction, offset. ACR-NEMA wrote dots and colons.
_DATE = r"(\d{4}(?:\.?\d{2}(?:\.?\d{2})?)?)"
_TIME = r"(\d{2}(?::?\d{2}(?::?\d{2})?)?)"
_SPANS: dict[str, re.Pattern[str]] = {
    "DA": re.compile(_DATE),
    "TM": re.compile(_TIME + r"(?:\.(\d{1,6}))?"),
    "DT": re.compile(r"(\d{4}(?:\d{2}(?:\d{2}(?:\d{2}(?:\d{2}(?:\d{2})?)?)?)?)?)(?:\.(\d{1,6}))?([+-]\d{4})?"),
}
#: VR -> what completes the earliest and the latest moment that a shortened value may mean.
_FIRST = {"DA": "00000101", "TM": "000000", "DT": "00000101000000"}
_LAST = {"DA": "00001231", "TM": "235959", "DT": "00001231235959"}
#: UTC offsets reach from -1200 to +1400 (PS3.5 6.2).
_OFFSET = re.compile(r".*\d-(?:0\d|1[0-4])[0-5]\d")


def _bounds(vr: str, text: str) -> tuple[str, str] | None:
    """Return the earliest and the latest comparable value that a date, time or date-time means."""
    found = _SPANS[vr].fullmatch(text)
    if found is None:
        return None
    digits = re.sub(r"[.:]", "", found[1])
    fraction = (found[2] or "") if vr != "DA" else ""
    first, last = digits + _FIRST[vr][len(digits) :], digits + _LAST[vr][len(digits) :]
    if vr == "DA":
        return first, last
    if fraction:
        exact = f"{first}.{fraction}".rstrip("0").rstrip(".")
        return exact, exact
    return first, last if len(digits) == len(last) else f"{last}.999999"


def _span(vr: str, key: str) -> One:
    """Range matching (PS3.4 C.2.2.2.5): a date, time or date-time, or two and a hyphen, of which one may be missing."""
    if not key.strip("*"):
        return Universal()
    single = _bounds(vr, key)
    if single and (vr != "DT" or "-" not in key or _OFFSET.fullmatch(key)):
        low, high = single
        return Equals((low,), vr) if low == high else Range(low, high, vr)
    found = next(filter(None, (_range(vr, key, hyphen.start()) for hyphen in re.finditer("-", key))), None)
    if found is None:
        raise UsageError(f"{key!r} is neither a value of VR {vr} nor a range of them")
    return found


def _range(vr: str, key: str, hyphen: int) -> Range | None:
    """Return the range of what is before and behind a hyphen; None if one is neither missing nor a value."""
    before, after = key[:hyphen].strip(), key[hyphen + 1 :].strip()
    low, high = _bounds(vr, before), _bounds(vr, after)
    if not (before or after) or (before and low is None) or (after and high is None):
        return None
    return Range(low and low[0], high and _open_end(vr, high[1]), vr)


def _open_end(vr: str, high: str) -> str:
    """Return the upper end with all fractions of its last second inside."""
    return high if vr == "DA" or "." in high else f"{high}.999999"


#: VR -> the kind of matching of its keys; single value matching for all others.
_KINDS: dict[str, Callable[[str, str], One]] = {
    **dict.fromkeys(WILDCARD_VRS, _text),
    **dict.fromkeys(_SPANS, _span),
    "PN": _name,
    "UI": _uid,
}
