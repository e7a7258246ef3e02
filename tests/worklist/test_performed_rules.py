"""What a performed procedure step has to be, and what may become of it."""

from typing import Any

import pytest

from isocenter.dicom import dictionary
from isocenter.worklist.flat import read_attributes
from isocenter.worklist.performed_attributes import STEP_ATTRIBUTES
from isocenter.worklist.performed_rules import (
    FinishedStepError,
    InvalidValueError,
    MissingAttributeError,
    MissingValueError,
    changed,
    created,
    status_of,
)

BEGUN = {
    "ScheduledStepAttributesSequence": [{"StudyInstanceUID": "1.2", "ScheduledProcedureStepID": "S1"}],
    "PatientID": "4711",
    "PerformedProcedureStepID": "P1",
    "PerformedStationAETitle": "CT1",
    "PerformedProcedureStepStartDate": "20240131",
    "PerformedProcedureStepStartTime": "0931",
    "PerformedProcedureStepStatus": "IN PROGRESS",
    "Modality": "CT",
}
SERIES = {"SeriesInstanceUID": "1.2.1", "ProtocolName": "Thorax"}
ENDED = {
    "PerformedProcedureStepStatus": "COMPLETED",
    "PerformedProcedureStepEndDate": "20240131",
    "PerformedProcedureStepEndTime": "0945",
    "PerformedSeriesSequence": [SERIES],
}


def js(attributes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return read_attributes({name: value for name, value in (attributes | changes).items() if value is not ...})


def tags(*keywords: str) -> tuple[int, ...]:
    return tuple(dictionary.tag(keyword) for keyword in keywords)


def test_a_new_step_has_all_that_may_be_empty() -> None:
    step = created(js(BEGUN, PatientComments="x"))
    for row in STEP_ATTRIBUTES:
        assert (row.name in step) is (row.type != "3")
    assert step["00100010"] == {"vr": "PN"}
    assert step["00400340"] == {"vr": "SQ"}
    (scheduled,) = step["00400270"]["Value"]
    assert scheduled["00080050"] == {"vr": "SH"}
    assert step["00104000"]["Value"] == ["x"]


@pytest.mark.parametrize("keyword", [row.keyword for row in STEP_ATTRIBUTES if row.type == "1"])
def test_what_is_needed(keyword: str) -> None:
    with pytest.raises(MissingAttributeError, match=keyword) as error:
        created(js(BEGUN, **{keyword: ...}))
    assert (error.value.dimse_status, error.value.tags) == (0x0120, tags(keyword))
    with pytest.raises(MissingValueError, match=keyword) as empty:
        created(js(BEGUN, **{keyword: ""}))
    assert (empty.value.dimse_status, empty.value.tags) == (0x0121, tags(keyword))


def test_what_is_needed_of_the_scheduled_step() -> None:
    with pytest.raises(MissingAttributeError, match="StudyInstanceUID"):
        created(js(BEGUN, ScheduledStepAttributesSequence=[{}]))
    with pytest.raises(MissingValueError, match="StudyInstanceUID"):
        created(js(BEGUN, ScheduledStepAttributesSequence=[{"StudyInstanceUID": ""}]))


@pytest.mark.parametrize("status", ["COMPLETED", "DISCONTINUED", "STARTED"])
def test_a_step_begins_in_progress(status: str) -> None:
    with pytest.raises(InvalidValueError) as error:
        created(js(BEGUN, PerformedProcedureStepStatus=status))
    assert (error.value.dimse_status, error.value.tags) == (0x0106, tags("PerformedProcedureStepStatus"))


def test_values_of_what_is_needed_have_their_form() -> None:
    step = js(BEGUN)
    step["00400244"]["Value"] = ["31.1.2024"]
    with pytest.raises(InvalidValueError, match="PerformedProcedureStepStartDate"):
        created(step)


def test_completed() -> None:
    after, left = changed(created(js(BEGUN)), js(ENDED, PerformedProcedureStepDescription="done"))
    assert (status_of(after), left) == ("COMPLETED", ())
    assert after["00400254"]["Value"] == ["done"]
    (series,) = after["00400340"]["Value"]
    assert (series["0020000E"]["Value"], series["00081140"]) == (["1.2.1"], {"vr": "SQ"})


def test_changes_on_the_way_add_up() -> None:
    step, _ = changed(created(js(BEGUN)), js({"PerformedSeriesSequence": [SERIES]}))
    assert status_of(step) == "IN PROGRESS"
    step, _ = changed(step, js({"CommentsOnThePerformedProcedureStep": "moved"}))
    step, _ = changed(step, js(ENDED, PerformedSeriesSequence=...))
    assert status_of(step) == "COMPLETED"
    assert len(step["00400340"]["Value"]) == 1


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"PerformedProcedureStepEndDate": ...}, "PerformedProcedureStepEndDate"),
        ({"PerformedProcedureStepEndTime": ""}, "PerformedProcedureStepEndTime"),
        ({"PerformedSeriesSequence": ...}, "PerformedSeriesSequence"),
        ({"PerformedSeriesSequence": []}, "PerformedSeriesSequence"),
        ({"PerformedSeriesSequence": [{"ProtocolName": "x"}]}, "SeriesInstanceUID"),
        ({"PerformedSeriesSequence": [SERIES, {"SeriesInstanceUID": "1.3"}]}, "ProtocolName"),
    ],
)
def test_what_the_end_needs(changes: dict[str, Any], missing: str) -> None:
    with pytest.raises(MissingAttributeError, match=missing) as error:
        changed(created(js(BEGUN)), js(ENDED, **changes))
    assert error.value.tags == tags(missing)


def test_a_discontinued_step_may_have_no_series() -> None:
    end = js(ENDED, PerformedProcedureStepStatus="DISCONTINUED", PerformedSeriesSequence=...)
    assert status_of(changed(created(js(BEGUN)), end)[0]) == "DISCONTINUED"


@pytest.mark.parametrize("ended", ["COMPLETED", "DISCONTINUED"])
def test_what_is_over_stays(ended: str) -> None:
    step, _ = changed(created(js(BEGUN)), js(ENDED, PerformedProcedureStepStatus=ended))
    with pytest.raises(FinishedStepError) as error:
        changed(step, js({"CommentsOnThePerformedProcedureStep": "late"}))
    assert (error.value.dimse_status, error.value.error_id) == (0x0110, 0xA710)


@pytest.mark.parametrize("status", ["DONE", ""])
def test_no_other_states(status: str) -> None:
    with pytest.raises(InvalidValueError):
        changed(created(js(BEGUN)), js({"PerformedProcedureStepStatus": status}))


def test_what_may_not_change_stays_and_is_named() -> None:
    step = created(js(BEGUN))
    after, left = changed(step, js({"PatientID": "9", "Modality": "CT", "PerformedStationName": ""}))
    assert left == tags("PatientID")
    assert after == step
