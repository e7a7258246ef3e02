"""Dates and times that belong together: one range of moments (PS3.4 C.2.2.2.5), adjusted to a time zone if asked for.

A row's dates and times are in the time zone of its study (Timezone Offset From UTC); the keys of a query that gives an
offset of its own are in that one. Where a study does not say its offset, both are taken to mean the same clock.
"""

import re
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from isocenter.dicom.matching import Equals, Match, Range, Universal
from isocenter.index.attributes import BY_TAG, Level
from isocenter.index.schema import series, study

Condition = sa.ColumnElement[bool]

#: Dates and the times that belong to them.
PAIRS = ((0x00080020, 0x00080030), (0x00080021, 0x00080031), (0x00400244, 0x00400245))
_TABLES = {Level.STUDY: study, Level.SERIES: series}
#: Offsets that clocks have, in minutes: whole hours, and the countries that keep others.
_OFFSETS = (*range(-720, 841, 60), -570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825)
_FARTHEST = timedelta(hours=26)
_OFFSET = re.compile(r"([+-])(\d\d)([0-5]\d)")
_DAY_BEGINS, _DAY_ENDS, _NOON = "000000", "235959.999999", "120000"


def offset_minutes(text: str) -> int | None:
    """Return a Timezone Offset From UTC (``+0530``) in minutes, None where it is none."""
    found = _OFFSET.fullmatch(text.strip())
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return -minutes if found[1] == "-" else minutes


def take_moments(
    matches: dict[int, Match], conditions: "dict[Level, list[Condition]]", *, combined: bool, timezone: str
) -> None:
    """Turn the ranges of dates and times that are to be taken together into conditions; they leave ``matches``."""
    asked = offset_minutes(timezone)
    for date_tag, time_tag in PAIRS:
        dates, times = matches.get(date_tag), matches.get(time_tag)
        level = BY_TAG[date_tag].level
        day, clock = (_TABLES[level].c[BY_TAG[tag].keyword] for tag in (date_tag, time_tag))
        if asked is not None and (days := _as_range(dates)) is not None:
            hours = times if combined and isinstance(times, Range) else None
            found = _adjusted(day, clock, days, hours, asked)
            if found is None:
                continue
            conditions.setdefault(level, []).append(found)
            matches[date_tag] = Universal()
            if hours is not None:
                matches[time_tag] = Universal()
        elif combined and isinstance(dates, Range) and isinstance(times, Range):
            conditions.setdefault(level, []).extend(_together(day, clock, dates, times))
            matches[date_tag] = matches[time_tag] = Universal()


def _as_range(match: Match | None) -> Range | None:
    """Return the days of a date key, if they are one range."""
    if isinstance(match, Equals) and len(match.values) == 1 and match.values[0]:
        return Range(match.values[0], match.values[0], match.vr)
    return match if isinstance(match, Range) else None


def _together(
    day: "sa.ColumnElement[Any]", clock: "sa.ColumnElement[Any]", dates: Range, times: Range
) -> list[Condition]:
    """Return the conditions of a range of moments."""
    found: list[Condition] = [day >= (dates.low or "0")]
    if dates.high:
        found.append(day <= dates.high)
    if dates.low and times.low:
        found.append(sa.or_(day > dates.low, clock >= times.low))
    if dates.high and times.high:
        found.append(sa.or_(day < dates.high, clock <= times.high))
    return found


def _adjusted(
    day: "sa.ColumnElement[Any]", clock: "sa.ColumnElement[Any]", dates: Range, times: Range | None, asked: int
) -> Condition | None:
    """Return the condition that a moment lies in a range given at another offset; None where that is no range of days.

    A bound on the day that no offset can reach beyond lets an index find the rows; each offset has its own exact one.
    """
    try:
        low = _moment(dates.low, (times and times.low) or _DAY_BEGINS)
        high = _moment(dates.high, (times and times.high) or _DAY_ENDS)
        bounds: list[Condition] = [day >= f"{low - _FARTHEST:%Y%m%d}" if low else day >= "0"]
        if high:
            bounds.append(day <= f"{high + _FARTHEST:%Y%m%d}")
        own = study.c.TimezoneOffsetFromUTC
        moment = day + sa.func.coalesce(sa.func.nullif(clock, ""), _NOON)
        options: list[Condition] = []
        for offset in _OFFSETS:
            shift = timedelta(minutes=offset - asked)
            options.append(sa.and_(own == _written(offset), *_between(moment, low, high, shift)))
        unsaid = own.not_in([_written(offset) for offset in _OFFSETS])
        options.append(sa.and_(unsaid, *_between(moment, low, high, timedelta())))
    except (ValueError, OverflowError):
        return None
    return sa.and_(*bounds, sa.or_(*options))


def _between(
    moment: "sa.ColumnElement[Any]", low: datetime | None, high: datetime | None, shift: timedelta
) -> list[Condition]:
    found: list[Condition] = []
    if low:
        found.append(moment >= f"{low + shift:%Y%m%d%H%M%S.%f}".rstrip("0").rstrip("."))
    if high:
        found.append(moment <= f"{high + shift:%Y%m%d%H%M%S.%f}")
    return found


def _moment(day: str | None, clock: str) -> datetime | None:
    if day is None:
        return None
    whole, _, fraction = clock.partition(".")
    return datetime.strptime(f"{day}{whole}.{fraction.ljust(6, '0')}", "%Y%m%d%H%M%S.%f")  # noqa: DTZ007 - a local clock


def _written(offset: int) -> str:
    return f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}{abs(offset) % 60:02d}"
