"""Answers at the offset from UTC that the asker named, where the association agreed on that (PS3.4 C.4.1.1.3.2).

A date moves together with its time, so both are read even if one was asked for. What a study says without an offset of
its own stays as it is, and then the answer names none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from isocenter.index.moments import PAIRS, offset_minutes

TIMEZONE = 0x00080201
_DATE_LENGTH = 8
#: Digits of a time -> how it is read and written.
_PRECISIONS = {2: "%H", 4: "%H%M", 6: "%H%M%S"}


@dataclass(frozen=True, slots=True)
class Zone:
    """The offset that was asked for, and the attributes that an answer has."""

    offset: str
    asked: frozenset[int]

    @property
    def needed(self) -> frozenset[int]:
        """The attributes that have to be read, those of the answer among them."""
        pairs = {tag for pair in PAIRS if self.asked & {*pair} for tag in pair}
        return self.asked | pairs | {TIMEZONE}

    def moved(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return an answer with its dates and times at that offset."""
        answer = dict(found)
        own = offset_minutes(_text(found, TIMEZONE))
        if own is not None:
            shift = timedelta(minutes=(offset_minutes(self.offset) or 0) - own)
            for day, clock in PAIRS:
                _move(answer, day, clock, shift)
        said = {"vr": "SH", "Value": [self.offset]} if own is not None else {"vr": "SH"}
        answer[f"{TIMEZONE:08X}"] = said
        extra = {f"{tag:08X}" for tag in self.needed - self.asked - {TIMEZONE}}
        return {name: value for name, value in answer.items() if name not in extra}


def _move(answer: dict[str, Any], day_tag: int, clock_tag: int, shift: timedelta) -> None:
    """Move a date and its time; one of them alone, or what is no date, stays."""
    day, clock = _text(answer, day_tag), _text(answer, clock_tag)
    whole, dot, fraction = clock.partition(".")
    form = _PRECISIONS.get(len(whole))
    if len(day) != _DATE_LENGTH or form is None:
        return
    try:
        moment = datetime.strptime(day + whole, f"%Y%m%d{form}") + shift  # noqa: DTZ007 - a local clock
    except (ValueError, OverflowError):
        return
    if form == "%H" and moment.minute:
        form = "%H%M"
    answer[f"{day_tag:08X}"] = {"vr": "DA", "Value": [f"{moment:%Y%m%d}"]}
    answer[f"{clock_tag:08X}"] = {"vr": "TM", "Value": [f"{moment:{form}}{dot}{fraction}"]}


def _text(attributes: Mapping[str, Any], tag: int) -> str:
    values = attributes.get(f"{tag:08X}", {}).get("Value") or [""]
    return str(values[0] or "").strip()
