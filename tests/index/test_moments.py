"""Ranges of moments: date and time together, and at the offset from UTC of who asks."""

from collections.abc import Callable

import pytest

from isocenter.index.entry import Entry
from isocenter.index.index import Index
from isocenter.index.moments import offset_minutes
from isocenter.index.query import Level, Query

DATE, TIME, SERIES_DATE, UID = 0x00080020, 0x00080030, 0x00080021, "0020000D"
ROWS = [
    ("1.1", "20240131", "233000", "+0100"),  # 22:30 UTC
    ("1.2", "20240131", "233000", "-0500"),  # the next day 04:30 UTC
    ("1.3", "20240201", "0010", "+0530"),  # the day before 18:40 UTC
    ("1.4", "20240131", "120000", ""),
    ("1.5", "20240131", "", "+0000"),
]


@pytest.fixture(scope="module")
def filled(module_index: Index, make_entry: Callable[..., Entry]) -> Index:
    for number, (uid, date, time, offset) in enumerate(ROWS, 1):
        attributes = {"StudyDate": date, "StudyTime": time, "TimezoneOffsetFromUTC": offset, "SeriesDate": date}
        entry = make_entry(
            number,
            StudyInstanceUID=uid,
            SeriesInstanceUID=f"{uid}.0",
            PatientID=f"P{number}",
            SeriesTime=time,
            **attributes,
        )
        module_index.file(entry)
    return module_index


def ask(
    index: Index, level: Level = Level.STUDY, timezone: str = "", *, combined: bool = False, **keys: str
) -> set[str]:
    tags = {"date": DATE, "time": TIME, "series_date": SERIES_DATE}
    query = Query(level, {tags[name]: key for name, key in keys.items()}, combined=combined, timezone=timezone)
    return {answer[UID]["Value"][0] for answer in index.find(query)}


@pytest.mark.parametrize(
    ("timezone", "key", "expected"),
    [
        ("", "20240131", {"1.1", "1.2", "1.4", "1.5"}),
        ("+0000", "20240131", {"1.1", "1.3", "1.4", "1.5"}),
        ("+0000", "20240201", {"1.2"}),
        ("+0000", "20240201-", {"1.2"}),
        ("+0000", "-20240131", {"1.1", "1.3", "1.4", "1.5"}),
        ("-0500", "20240131", {"1.1", "1.2", "1.3", "1.4", "1.5"}),
        ("+0530", "20240201", {"1.1", "1.2", "1.3"}),
        ("+1400", "20240202", set()),
        ("+0000", "20240231", set()),  # no day
    ],
)
def test_a_day_is_that_of_the_time_zone(filled: Index, timezone: str, key: str, expected: set[str]) -> None:
    assert ask(filled, timezone=timezone, date=key) == expected


def test_series_have_the_offset_of_their_study(filled: Index) -> None:
    assert ask(filled, Level.SERIES, "+0000", series_date="20240201") == {"1.2"}


@pytest.mark.parametrize(
    ("timezone", "expected"),
    [("", {"1.1", "1.2", "1.3"}), ("+0000", {"1.1"}), ("-0500", {"1.2"})],
)
def test_date_and_time_are_one_range_together(filled: Index, timezone: str, expected: set[str]) -> None:
    found = ask(filled, timezone=timezone, combined=True, date="20240131-20240201", time="2200-0100")
    assert found == expected


def test_apart_each_range_counts_by_itself(filled: Index) -> None:
    assert ask(filled, date="20240131-20240201", time="2200-2359") == {"1.1", "1.2"}


@pytest.mark.parametrize(
    ("text", "minutes"), [("+0530", 330), ("-0330", -210), ("+0000", 0), ("0100", None), ("", None)]
)
def test_offsets(text: str, minutes: int | None) -> None:
    assert offset_minutes(text) == minutes
