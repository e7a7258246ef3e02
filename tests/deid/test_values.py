"""Dates, times and ages: shifted, partial, old and broken ones."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.deid.values import DUMMIES, cap_age, dummy, shift
from isocenter.dicom.encoding import KNOWN_VRS


@pytest.mark.parametrize(
    ("vr", "raw", "expected"),
    [
        ("DA", b"20240229", b"20240222"),
        ("DA", b"20240101 ", b"20231225"),
        ("DA", b"1996.01.02", b"19951226"),
        ("DA", b"1996-01-02", b"19951226"),
        ("DA", b"199601", b"199512"),
        ("DA", b"1996", b"1995"),
        ("DA", b"20240108\\20240115", b"20240101\\20240108"),
        ("DA", b"20240108-20240115", b"20240101-20240108"),
        ("DA", b"20240230", b""),
        ("DA", b"yesterday", b""),
        ("DA", b"", b""),
        ("DT", b"20240108123456.789+0100", b"20240101123456.789+0100"),
        ("DT", b"20240108", b"20240101"),
        ("DT", b"202401", b"202312"),
        ("DT", b"2024010812", b"2024010112"),
        ("DT", b"2024Doe", b""),
        ("TM", b"133355.25", b"133355.25"),
        ("TM", b"13:33:55", b"13:33:55"),
        ("TM", b"24:00", b"24:00"),
        ("TM", b"1000-1100", b"1000-1100"),
        ("TM", b"noon, Doe", b""),
    ],
)
def test_one_week_back(vr: str, raw: bytes, expected: bytes) -> None:
    assert shift(raw, vr, 1) == expected


days = st.datetimes(datetime(1925, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - DICOM dates have no zone


@given(days, days, st.integers(1, 520))
def test_intervals_and_weekdays_stay(one: datetime, other: datetime, weeks: int) -> None:
    moved = [
        datetime.strptime(shift(day.strftime("%Y%m%d").encode(), "DA", weeks).decode(), "%Y%m%d")  # noqa: DTZ007
        for day in (one, other)
    ]
    midnight = [day.replace(hour=0, minute=0, second=0, microsecond=0) for day in (one, other)]
    assert moved[0] - moved[1] == midnight[0] - midnight[1]
    assert moved[0].weekday() == one.weekday()
    assert moved[0] < midnight[0]


@given(st.binary(max_size=40), st.sampled_from(["DA", "DT", "TM"]))
def test_only_dates_and_times_come_out(raw: bytes, vr: str) -> None:
    assert set(shift(raw, vr, 3)) <= set(b"0123456789.:+-\\")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"056Y", b"056Y"), (b"089Y", b"089Y"), (b"090Y", b"090Y"), (b"097Y", b"090Y"), (b"011M", b"011M"),
        (b"999M", b"999M"), (b"999W", b"999W"), (b"Jane", b""), (b"", b""), (b"056Y\0", b"056Y"),
    ],
)  # fmt: skip
def test_ages(raw: bytes, expected: bytes) -> None:
    assert cap_age(raw) == expected


@pytest.mark.parametrize("vr", sorted(vr.decode() for vr in KNOWN_VRS))
def test_every_vr_has_a_dummy(vr: str) -> None:
    assert dummy(vr)
    assert vr not in {"SH", "AE", "CS"} or len(DUMMIES[vr]) <= 16
