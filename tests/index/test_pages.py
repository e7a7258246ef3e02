"""Answers in pages: nothing twice, nothing left out, in the level's order, on both databases; floods end early."""

from collections.abc import Callable
from typing import Any

import pytest

from isocenter.dicom import dictionary
from isocenter.errors import UsageError
from isocenter.index.entry import Entry
from isocenter.index.index import Index
from isocenter.index.query import Level, Query, compile_page


@pytest.fixture(scope="module")
def filled(module_index: Index, make_entry: Callable[..., Entry]) -> Index:
    """Six studies of two series; equal dates, names and numbers, and none at all, among them."""
    number = 0
    for study in range(6):
        for series, instances in (("1", 3), ("2", 1)):
            for _ in range(instances):
                number += 1
                attributes = {
                    "StudyInstanceUID": f"1.{study}",
                    "SeriesInstanceUID": f"1.{study}.{series}",
                    "PatientID": f"P{study}",
                    "PatientName": ("Doe^Jane", "Doe^John", "Roe^Ada=山田", "")[study % 4],
                    "StudyDate": ("20240101", "20240102", "")[study % 3],
                    "StudyTime": "120000" if study < 3 else "180000",
                    "SeriesNumber": series if study else "",
                    "InstanceNumber": ("2", "1", "")[number % 3],
                }
                module_index.file(make_entry(number, **attributes))
    return module_index


def key(text: str) -> int:
    return dictionary.tag(text)


def pages(index: Index, level: Level, size: int, **keys: str) -> list[list[dict[str, Any]]]:
    limit = keys.pop("limit", None)
    return list(index.find_pages(Query(level, {key(k): v for k, v in keys.items()}, limit=limit), size))


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize(
    ("level", "keys"),
    [
        (Level.PATIENT, {}),
        (Level.PATIENT, {"PatientName": "doe*"}),
        (Level.STUDY, {}),
        (Level.STUDY, {"StudyDate": "20240101-"}),
        (Level.SERIES, {}),
        (Level.SERIES, {"StudyInstanceUID": "1.1\\1.0"}),
        (Level.INSTANCE, {}),
        (Level.INSTANCE, {"SeriesInstanceUID": "1.1.1\\1.2.1"}),
    ],
)
def test_pages_are_the_whole(filled: Index, level: Level, keys: dict[str, str], size: int) -> None:
    found = pages(filled, level, size, **keys)
    assert all(len(page) == size for page in found[:-1])
    flat = [answer for page in found for answer in page]
    assert flat == [answer for page in pages(filled, level, 1000, **keys) for answer in page]
    everything = filled.find(Query(level, {key(k): v for k, v in keys.items()}))
    assert sorted(map(str, flat)) == sorted(map(str, everything))
    if level is Level.STUDY or keys.get("SeriesInstanceUID") == "1.1.1":
        assert flat == everything


@pytest.mark.parametrize("limit", [0, 1, 3, 4, 6, 7])
def test_limit(filled: Index, limit: int) -> None:
    found = pages(filled, Level.STUDY, 3, limit=limit)
    assert sum(map(len, found)) == min(limit, 6)


def test_instances_of_a_series_come_by_their_numbers(filled: Index) -> None:
    (page,) = pages(filled, Level.INSTANCE, 10, SeriesInstanceUID="1.0.1")
    assert [answer["00200013"].get("Value") for answer in page] == [[1], [2], None]


def test_a_study_tells_how_much_its_patient_has(filled: Index) -> None:
    query = Query(Level.STUDY, {key("StudyInstanceUID"): "1.1"}, frozenset({key("NumberOfPatientRelatedInstances")}))
    (answer,) = filled.find(query)
    assert answer["00201204"] == {"vr": "IS", "Value": [4]}


@pytest.mark.parametrize(
    ("dates", "times", "combined", "expected"),
    [
        ("20240101-20240102", "150000-200000", False, ["1.4", "1.3"]),
        ("20240101-20240102", "150000-130000", True, ["1.1", "1.3"]),
        ("20240101-", "150000-", True, ["1.4", "1.1", "1.3"]),
        ("-20240102", "-130000", True, ["1.1", "1.3", "1.0"]),
    ],
)
def test_dates_and_times_as_moments(filled: Index, dates: str, times: str, *, combined: bool, expected: list) -> None:
    query = Query(Level.STUDY, {key("StudyDate"): dates, key("StudyTime"): times}, combined=combined)
    assert [answer["0020000D"]["Value"][0] for answer in filled.find(query)] == expected


@pytest.mark.parametrize("flood", ["*?" * 5000, "*a" * 5000, "a" * 10_000 + "*", "?" * 10_000, "%_" * 5000 + "*"])
def test_floods_of_wildcards_find_what_they_say(filled: Index, flood: str) -> None:
    assert pages(filled, Level.STUDY, 10, PatientID=flood) == []
    assert pages(filled, Level.STUDY, 10, PatientName=flood) == []


def test_runs_of_wildcards_are_one(filled: Index) -> None:
    (page,) = pages(filled, Level.STUDY, 10, PatientID="**P**?**")
    assert len(page) == 6


@pytest.mark.parametrize("keyword", ["PatientID", "PatientName", "SeriesNumber"])
@pytest.mark.parametrize("form", ["{}*", "{}"])
def test_too_many_values_are_refused(filled: Index, keyword: str, form: str) -> None:
    if (keyword, form) == ("SeriesNumber", "{}*"):
        form = "-{}"  # a number has no wildcards
    with pytest.raises(UsageError, match="200 are allowed"):
        pages(filled, Level.STUDY, 10, **{keyword: "\\".join(form.format(n) for n in range(10_000))})


def test_a_long_list_of_uids_is_no_flood(filled: Index) -> None:
    uids = "\\".join(["1.1", *(f"9.{n}" for n in range(20_000)), "'", "1'); --"])
    (page,) = pages(filled, Level.STUDY, 10, StudyInstanceUID=uids)
    assert [answer["0020000D"]["Value"] for answer in page] == [["1.1"]]


def test_a_name_is_found_through_indexes(filled: Index) -> None:
    if not filled.database.is_sqlite:
        return
    statement = compile_page(Query(Level.STUDY, {key("PatientName"): "doe*"}), 10, None)
    sql = str(statement.compile(filled.database.engine, compile_kwargs={"literal_binds": True}))
    with filled.database.read() as connection:
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")]
    assert not [line for line in plan if line.startswith("SCAN")], plan
    assert sum("COVERING INDEX ix_patient_PatientName_" in line for line in plan) == 3
