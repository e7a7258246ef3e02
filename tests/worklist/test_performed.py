"""Performed steps are filed, found, and move the worklist."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isocenter.dicom import dictionary
from isocenter.dicom.nested import compile_keys
from isocenter.errors import NotFoundError
from isocenter.index.index import Index
from isocenter.index.performed import DuplicateStepError
from isocenter.worklist.flat import read_attributes, read_pairs
from isocenter.worklist.performed import InvalidInstanceError, Performed
from isocenter.worklist.performed_rules import FinishedStepError

STEP = {"StudyInstanceUID": "1.2", "ScheduledProcedureStepID": "S1"}
OTHER = {"StudyInstanceUID": "1.2", "ScheduledProcedureStepID": "S2"}
SERIES = [{"SeriesInstanceUID": "1.2.1", "ProtocolName": "Thorax"}]


def begin(*scheduled: dict[str, str], **changes: str) -> dict[str, Any]:
    return read_attributes({
        "ScheduledStepAttributesSequence": [*scheduled], "PatientName": "Müller^Jörg", "PatientID": "4711",
        "PerformedProcedureStepID": "P1", "PerformedStationAETitle": "CT1", "Modality": "CT",
        "PerformedProcedureStepStartDate": "20240131", "PerformedProcedureStepStartTime": "0931",
        "PerformedProcedureStepStatus": "IN PROGRESS", **changes,
    })  # fmt: skip


def end(status: str) -> dict[str, Any]:
    return read_attributes({
        "PerformedProcedureStepStatus": status, "PerformedProcedureStepEndDate": "20240131",
        "PerformedProcedureStepEndTime": "0945", "PerformedSeriesSequence": SERIES,
    })  # fmt: skip


@pytest.fixture
def performed(index: Index) -> Performed:
    return Performed(index.database)


def test_begin_change_end(performed: Performed) -> None:
    assert performed.create("1.9", begin(STEP), "CT1") == "1.9"
    step = performed.get("1.9")
    assert (step.status, step.calling_aet, step.data_set["00080018"]["Value"]) == ("IN PROGRESS", "CT1", ["1.9"])
    assert performed.change("1.9", read_attributes({"PatientID": "9"})) == (0x00100020,)
    assert performed.change("1.9", end("COMPLETED") | {"00080018": {"vr": "UI", "Value": ["1.8"]}}) == ()
    done = performed.get("1.9")
    assert (done.status, done.data_set["00100020"]["Value"], done.data_set["00080018"]["Value"]) == (
        "COMPLETED", ["4711"], ["1.9"],
    )  # fmt: skip
    assert done.created == step.created <= done.changed
    with pytest.raises(FinishedStepError):
        performed.change("1.9", end("DISCONTINUED"))
    assert performed.get("1.9") == done


def test_uids(performed: Performed) -> None:
    made = performed.create("", begin(STEP), "CT1")
    assert made.startswith("2.25.")
    with pytest.raises(DuplicateStepError) as error:
        performed.create(made, begin(STEP), "CT1")
    assert error.value.dimse_status == 0x0111
    with pytest.raises(InvalidInstanceError):
        performed.create("x", begin(STEP), "CT1")
    for work in (performed.get, lambda uid: performed.change(uid, end("COMPLETED"))):
        with pytest.raises(NotFoundError) as missing:
            work("1.404")
        assert missing.value.dimse_status == 0x0112


def test_find(performed: Performed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isocenter.worklist.performed._PAGE", 1)
    performed.create("1.1", begin(STEP), "CT1")
    performed.create("1.2", begin(OTHER, Modality="MR", PatientName="Meier"), "MR1")
    performed.change("1.1", end("COMPLETED"))

    def uids(**keys: str) -> list[str]:
        pairs = read_pairs({dictionary.tag(keyword): value for keyword, value in keys.items()})
        return [step.SOPInstanceUID for step in performed.find(compile_keys(pairs))]

    assert uids() == ["1.2", "1.1"]
    assert uids(PatientName="m*r*") == ["1.2", "1.1"]
    assert uids(PatientName="muller*") == ["1.1"]
    assert uids(PerformedProcedureStepStatus="COMPLETED") == ["1.1"]
    assert uids(SOPInstanceUID="1.2") == ["1.2"]
    assert uids(PerformedProcedureStepStartDate="20240201-") == []


class TestWorklist:
    """What it means for what was scheduled."""

    @pytest.fixture
    def status(self, worklist, flat: dict[str, Any]):
        """Return a function that gives the status of the entry of STEP; there is one of OTHER, too."""
        entries = [worklist.add(flat | step) for step in (STEP, OTHER)]
        return lambda number=0: worklist.get(entries[number].id).status

    @pytest.mark.parametrize("ended", ["COMPLETED", "DISCONTINUED"])
    def test_a_step_begins_and_ends(self, performed: Performed, worklist, status, ids, ended: str) -> None:
        assert status() == "SCHEDULED"
        performed.create("1.9", begin(STEP), "CT1")
        assert status() == "STARTED"
        assert sorted(ids(worklist)) == ["S1", "S2"]
        performed.change("1.9", read_attributes({"CommentsOnThePerformedProcedureStep": "x"}))
        assert status() == "STARTED"
        performed.change("1.9", end(ended))
        assert (status(), status(1)) == (ended, "SCHEDULED")
        assert ids(worklist) == ["S2"]

    def test_a_step_may_do_several_scheduled_ones(self, performed: Performed, status) -> None:
        performed.create("1.9", begin(STEP, OTHER, STEP), "CT1")
        performed.change("1.9", end("COMPLETED"))
        assert (status(), status(1)) == ("COMPLETED", "COMPLETED")

    def test_a_scheduled_one_may_take_several(self, performed: Performed, status) -> None:
        performed.create("1.8", begin(STEP), "CT1")
        performed.change("1.8", end("DISCONTINUED"))
        performed.create("1.9", begin(STEP), "CT1")
        assert status() == "STARTED"
        performed.create("1.10", begin(STEP), "CT1")
        performed.change("1.9", end("COMPLETED"))
        assert status() == "STARTED"
        performed.change("1.10", end("DISCONTINUED"))
        assert status() == "COMPLETED"

    def test_one_that_was_not_scheduled_changes_nothing(self, performed: Performed, status) -> None:
        performed.create("1.9", begin({"StudyInstanceUID": "1.2", "ScheduledProcedureStepID": ""}), "CT1")
        performed.create("1.10", begin({"StudyInstanceUID": "1.3", "ScheduledProcedureStepID": "S1"}), "CT1")
        assert (status(), status(1)) == ("SCHEDULED", "SCHEDULED")

    def test_an_entry_that_comes_later_knows(self, performed: Performed, worklist, flat: dict[str, Any]) -> None:
        performed.create("1.9", begin(STEP), "CT1")
        assert worklist.add(flat | STEP).status == "STARTED"
        assert worklist.add(flat | OTHER | {"ScheduledProcedureStepStatus": "ARRIVED"}).status == "ARRIVED"


def test_steps_that_are_over_are_forgotten_after_some_days(performed: Performed) -> None:
    for uid in ("1.1", "1.2"):
        performed.create(uid, begin(STEP, OTHER), "CT1")
    performed.change("1.1", end("DISCONTINUED"))
    now = datetime.now(UTC)
    assert performed.forget(2, now) == 0
    assert performed.forget(0, now + timedelta(days=3)) == 0
    assert performed.forget(2, now + timedelta(days=3)) == 1
    assert [step.SOPInstanceUID for step in performed.find(compile_keys({}))] == ["1.2"]
