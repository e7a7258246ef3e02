"""The table of performed procedure steps, on both databases."""

from typing import Any

import pytest

from isocenter.dicom.matching import compile_match
from isocenter.errors import NotFoundError
from isocenter.index.index import Index
from isocenter.index.performed import DuplicateStepError, NewStep, PerformedSteps
from isocenter.index.worklist import NewEntry, WorklistEntries


def step(uid: str, *scheduled: tuple[str, str], **columns: str) -> NewStep:
    values = {name: (value,) for name, value in columns.items()}
    return NewStep(uid, "IN PROGRESS", "CT1", {"00080018": {"vr": "UI", "Value": [uid]}}, values, scheduled)


@pytest.fixture
def steps(index: Index) -> PerformedSteps:
    return PerformedSteps(index.database)


def completed(data_set: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "COMPLETED", data_set | {"00400252": {"vr": "CS", "Value": ["COMPLETED"]}}


def test_add_change_get(steps: PerformedSteps) -> None:
    steps.add(step("1.1"))
    with pytest.raises(DuplicateStepError):
        steps.add(step("1.1"))
    steps.change("1.1", completed)
    found = steps.get("1.1")
    assert (found.status, found.calling_aet, set(found.data_set)) == ("COMPLETED", "CT1", {"00080018", "00400252"})
    for work in (steps.get, lambda uid: steps.change(uid, completed)):
        with pytest.raises(NotFoundError):
            work("1.2")


def test_a_change_that_fails_changes_nothing(steps: PerformedSteps) -> None:
    def fail(_: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        raise NotFoundError("no")

    steps.add(step("1.1"))
    before = steps.get("1.1")
    with pytest.raises(NotFoundError):
        steps.change("1.1", fail)
    assert steps.get("1.1") == before


def test_pages_newest_first(steps: PerformedSteps) -> None:
    for number in range(5):
        steps.add(step(f"1.{number}", Modality="CT" if number % 2 else "MR", PatientName="M\u00fcller^J=X"))

    def uids(size: int, **keys: tuple[str, str]) -> list[str]:
        restrictions = {name: compile_match(vr, key) for name, (vr, key) in keys.items()}
        return [each.SOPInstanceUID for page in steps.pages(restrictions, size) for each in page]

    assert uids(2) == uids(5) == uids(9) == ["1.4", "1.3", "1.2", "1.1", "1.0"]
    assert uids(1, Modality=("CS", "CT")) == ["1.3", "1.1"]
    assert len(uids(9, PatientName=("PN", "MULLER*"))) == 5
    assert uids(9, status=("CS", "COMPLETED")) == []


def test_the_worklist_follows(index: Index, steps: PerformedSteps) -> None:
    entries = WorklistEntries(index.database)
    columns = {"StudyInstanceUID": ("1.2",), "ScheduledProcedureStepID": ("S1",)}
    number = entries.add(NewEntry({"00400100": {"vr": "SQ", "Value": [{}]}}, columns))
    steps.add(step("1.1", ("1.2", "S1"), ("1.3", "S1")))
    assert entries.get(number).status == "STARTED"
    steps.change("1.1", completed)
    assert entries.get(number).status == "COMPLETED"
