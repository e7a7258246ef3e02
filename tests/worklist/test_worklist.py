"""Entries are added, changed, removed, and found by any key."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isocenter.errors import NotFoundError, UsageError
from isocenter.index.worklist import DuplicateEntryError
from isocenter.worklist.worklist import Worklist


@pytest.fixture
def three(worklist, flat) -> None:
    for number, (date, time, name, modality) in enumerate(
        [("20240202", "0800", "Meier^Ida", "MR"), ("20240131", "0930", "Müller^Jörg", "CT"),
         ("20240131", "0815", "Meyer^Ida=山田", "CT")], 1
    ):  # fmt: skip
        step = {"ScheduledProcedureStepID": f"S{number}", "StudyInstanceUID": f"1.{number}"}
        worklist.add(flat | step | {
            "ScheduledProcedureStepStartDate": date, "ScheduledProcedureStepStartTime": time, "PatientName": name,
            "Modality": modality, "ScheduledStationAETitle": [f"ST{number}", "ANY_1"], "PatientComments": f"c{number}",
        })  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ({}, ["S3", "S2", "S1"]),
        ({"Modality": "CT"}, ["S3", "S2"]),
        ({"Modality": "CT\\MR"}, ["S3", "S2", "S1"]),
        ({"Modality": '""'}, []),
        ({"PatientName": "me?er*"}, ["S3", "S1"]),
        ({"PatientName": "MULLER^JORG"}, ["S2"]),
        ({"PatientName": "山*"}, ["S3"]),
        ({"PatientName": "m%ller*"}, []),
        ({"ScheduledStationAETitle": "ST2"}, ["S2"]),
        ({"ScheduledStationAETitle": "ST"}, []),
        ({"ScheduledStationAETitle": "ANY_1"}, ["S3", "S2", "S1"]),
        ({"ScheduledStationAETitle": "ANYX1"}, []),
        ({"ScheduledStationAETitle": "ST1\\ST3"}, ["S3", "S1"]),
        ({"ScheduledProcedureStepStartDate": "20240131"}, ["S3", "S2"]),
        ({"ScheduledProcedureStepStartDate": "202401"}, ["S3", "S2"]),
        ({"ScheduledProcedureStepStartDate": "20240131-20240203", "ScheduledProcedureStepStartTime": "0900-0700"},
         ["S2", "S1"]),
        ({"ScheduledProcedureStepStartTime": "-0830"}, ["S3", "S1"]),
        ({"PatientComments": "c2"}, ["S2"]),
        ({"StudyInstanceUID": "1.1\\1.3"}, ["S3", "S1"]),
        ({"ScheduledProcedureStepStatus": "SCHEDULED"}, ["S3", "S2", "S1"]),
        ({"ScheduledProcedureStepStatus": "ARRIVED"}, []),
    ],
)  # fmt: skip
def test_find(worklist, three, ids, keys: dict[str, str], found: list[str]) -> None:
    assert ids(worklist, **keys) == found


def test_pages_leave_nothing_out(worklist, flat, ids, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isocenter.worklist.worklist._PAGE", 2)
    for number in range(6):
        worklist.add(flat | {"ScheduledProcedureStepID": f"S{number}"})
    assert ids(worklist) == [f"S{number}" for number in range(6)]


def test_finished_steps_are_not_answered(make_worklist, flat, ids) -> None:
    worklist = make_worklist()
    for number, status in enumerate(["ARRIVED", "COMPLETED", "DISCONTINUED"]):
        worklist.add(flat | {"ScheduledProcedureStepID": f"S{number}", "ScheduledProcedureStepStatus": status})
    assert ids(worklist) == ["S0"]
    assert ids(worklist, finished=True) == ids(make_worklist(worklist_keep_finished=True)) == ["S0", "S1", "S2"]
    assert ids(worklist, finished=True, ScheduledProcedureStepStatus="COMPLETED") == ["S1"]


def test_change_and_remove(worklist, flat: dict[str, Any], ids) -> None:
    step = {"ScheduledProcedureStepID": "S1", "StudyInstanceUID": "1.2"}
    entry = worklist.add(flat | step | {"ScheduledProcedureStepStatus": "ARRIVED"})
    changed = worklist.change(entry.id, flat | step | {"PatientID": "9"})
    assert (changed.id, changed.status, changed.data_set["00100020"]["Value"]) == (entry.id, "ARRIVED", ["9"])
    assert ids(worklist, PatientID="4711") == []
    assert ids(worklist, PatientID="9") == ["S1"]
    assert worklist.get(entry.id) == changed
    worklist.remove(entry.id)
    assert ids(worklist) == []
    for work in (worklist.get, worklist.remove, lambda number: worklist.change(number, flat)):
        with pytest.raises(NotFoundError):
            work(entry.id)


def test_a_step_is_there_once(worklist, flat: dict[str, Any]) -> None:
    step = {"ScheduledProcedureStepID": "S1", "StudyInstanceUID": "1.2"}
    first = worklist.add(flat | step)
    with pytest.raises(DuplicateEntryError, match=f"entry {first.id} has this"):
        worklist.add(flat | step)
    other = worklist.add(flat | step | {"ScheduledProcedureStepID": "S2"})
    with pytest.raises(DuplicateEntryError):
        worklist.change(other.id, flat | step)


def test_too_many_patterns_are_refused(worklist, ids) -> None:
    with pytest.raises(UsageError, match="1000 values"):
        ids(worklist, PatientID="\\".join(f"{n}*" for n in range(1000)))


def test_long_patterns_match_nothing(worklist, three, ids) -> None:
    for keyword in ("PatientName", "ScheduledStationAETitle", "PatientID", "PatientComments"):
        assert ids(worklist, **{keyword: "?" * 100_000 + "*"}) == []


def test_what_is_over_is_forgotten_after_some_days(
    worklist: Worklist, flat: dict[str, Any], ids: Callable[..., list[str]]
) -> None:
    days = {"PAST": "20240131", "TODAY": "20240310", "DONE": "20240310", "BEGUN": "20240131"}
    statuses = {"DONE": "COMPLETED", "BEGUN": "STARTED"}
    for step, day in days.items():
        changes = {"ScheduledProcedureStepID": step, "ScheduledProcedureStepStartDate": day}
        status = {"ScheduledProcedureStepStatus": statuses[step]} if step in statuses else {}
        worklist.add(flat | changes | status)
    now = datetime(2024, 3, 10, 12, tzinfo=UTC)
    assert worklist.forget(0, now) == 0
    assert worklist.forget(30, now) == 1
    assert sorted(ids(worklist, finished=True)) == ["BEGUN", "DONE", "TODAY"]
    assert worklist.forget(30, datetime.now(UTC) + timedelta(days=31)) == 2
    assert ids(worklist, finished=True) == ["BEGUN"]
