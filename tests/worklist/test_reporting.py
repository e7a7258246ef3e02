"""What a modality reports, made of an entry and of the files that came of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from isocenter.dicom import dictionary
from isocenter.errors import UsageError
from isocenter.worklist.entry import read_entry
from isocenter.worklist.flat import flattened, read_attributes
from isocenter.worklist.performed_attributes import COMPLETED, DISCONTINUED
from isocenter.worklist.performed_rules import MissingAttributeError, changed, created
from isocenter.worklist.reporting import REASONS, SERIES_TAGS, begun, ended, series_of, wanted_of_entry

NOW = datetime(2024, 1, 31, 9, 31, 5, tzinfo=UTC)
CT, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.11"


def header(**values: str) -> dict[int, tuple[str, ...]]:
    return {dictionary.tag(keyword): (value,) for keyword, value in values.items()}


@pytest.fixture
def entry(flat: dict[str, Any]) -> dict[str, Any]:
    return read_entry(flat | {
        "StudyInstanceUID": "1.2", "ScheduledProcedureStepID": "S1", "RequestedProcedureID": "R1",
        "AccessionNumber": "A1", "PatientSex": "M", "RequestedProcedureDescription": "CT thorax",
        "ScheduledProcedureStepDescription": "thorax low dose", "ScheduledStationName": "Room 3",
        "RequestedProcedureCodeSequence": [{"CodeValue": "C1", "CodingSchemeDesignator": "99X", "CodeMeaning": "CT"}],
    }).data_set  # fmt: skip


def test_a_step_begins_with_what_the_entry_says(entry: dict[str, Any]) -> None:
    shown = flattened(begun(entry, "CT1", NOW))
    (scheduled,) = shown["ScheduledStepAttributesSequence"]
    assert {name: value for name, value in scheduled.items() if value} == {
        "StudyInstanceUID": "1.2", "ScheduledProcedureStepID": "S1", "RequestedProcedureID": "R1",
        "AccessionNumber": "A1", "RequestedProcedureDescription": "CT thorax",
        "ScheduledProcedureStepDescription": "thorax low dose",
    }  # fmt: skip
    for keyword, value in {
        "PatientName": "Müller^Jörg", "PatientID": "4711", "PatientSex": "M", "Modality": "CT", "StudyID": "R1",
        "PerformedProcedureStepID": "S1", "PerformedStationAETitle": "CT1", "PerformedStationName": "Room 3",
        "PerformedProcedureStepStartDate": "20240131", "PerformedProcedureStepStartTime": "093105",
        "PerformedProcedureStepStatus": "IN PROGRESS", "PerformedProcedureStepDescription": "thorax low dose",
        "PatientBirthDate": "", "PerformedSeriesSequence": [],
    }.items():  # fmt: skip
        assert shown[keyword] == value
    assert shown["ProcedureCodeSequence"][0]["CodeValue"] == "C1"
    assert created(begun(entry, "CT1", NOW)) == begun(entry, "CT1", NOW)


def test_what_is_given_goes_before(entry: dict[str, Any]) -> None:
    given = read_attributes({"PerformedProcedureStepID": "P7", "CommentsOnThePerformedProcedureStep": "x"})
    shown = flattened(begun(entry, "CT1", NOW, given))
    assert (shown["PerformedProcedureStepID"], shown["CommentsOnThePerformedProcedureStep"]) == ("P7", "x")


def test_one_that_was_not_scheduled() -> None:
    shown = flattened(begun(read_attributes({"PatientID": "4711", "Modality": "CT"}), "CT1", NOW))
    (scheduled,) = shown["ScheduledStepAttributesSequence"]
    assert scheduled["StudyInstanceUID"].startswith("2.25.")
    assert scheduled["ScheduledProcedureStepID"] == ""
    assert shown["PerformedProcedureStepID"] == "20240131093105"
    with pytest.raises(MissingAttributeError, match="Modality"):
        begun(read_attributes({"PatientID": "4711"}), "CT1", NOW)


def test_the_worklist_is_asked_for_all_that_is_used(entry: dict[str, Any]) -> None:
    wanted = set(wanted_of_entry())
    assert wanted >= {
        "PatientName", "PatientID", "StudyInstanceUID", "ScheduledProcedureStepID", "Modality", "ScheduledStationName",
        "RequestedProcedureCodeSequence", "AccessionNumber", "ReferencedStudySequence",
    }  # fmt: skip
    assert not any("Performed" in keyword for keyword in wanted)


def test_series_of_files() -> None:
    common = {"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.2.1", "SOPClassUID": CT, "Rows": "512"}
    series = series_of([
        header(**common, SOPInstanceUID="1.2.1.1", ProtocolName="Thorax", OperatorsName="A^B"),
        header(**common, SOPInstanceUID="1.2.1.2"),
        header(SeriesInstanceUID="1.2.2", SOPClassUID=SR, SOPInstanceUID="1.2.2.1"),
    ], "ARCHIVE1")  # fmt: skip
    first, second = (flattened(each) for each in series)
    assert [each["ReferencedSOPInstanceUID"] for each in first["ReferencedImageSequence"]] == ["1.2.1.1", "1.2.1.2"]
    assert first["ReferencedNonImageCompositeSOPInstanceSequence"] == []
    assert (first["ProtocolName"], first["OperatorsName"], first["RetrieveAETitle"]) == ("Thorax", "A^B", "ARCHIVE1")
    assert second["ReferencedImageSequence"] == []
    (report,) = second["ReferencedNonImageCompositeSOPInstanceSequence"]
    assert report == {"ReferencedSOPClassUID": SR, "ReferencedSOPInstanceUID": "1.2.2.1"}
    assert second["ProtocolName"] == "unnamed"
    with pytest.raises(UsageError):
        series_of([header(SOPInstanceUID="1")])
    assert set(SERIES_TAGS) >= {dictionary.tag(k) for k in (*common, "SOPInstanceUID", "ProtocolName", "OperatorsName")}


def test_the_end_fits_the_beginning(entry: dict[str, Any]) -> None:
    step = begun(entry, "CT1", NOW)
    series = series_of([header(SeriesInstanceUID="1.2.1", SOPClassUID=CT, SOPInstanceUID="1.2.1.1", Rows="2")])
    given = read_attributes({"CommentsOnThePerformedProcedureStep": "x"})
    done, left = changed(step, ended(COMPLETED, series, NOW, given=given))
    assert left == ()
    shown = flattened(done)
    assert (shown["PerformedProcedureStepStatus"], shown["PerformedProcedureStepEndTime"]) == ("COMPLETED", "093105")
    assert shown["CommentsOnThePerformedProcedureStep"] == "x"
    assert "PerformedProcedureStepDiscontinuationReasonCodeSequence" not in shown
    broken, _ = changed(step, ended(DISCONTINUED, [], NOW, "refused"))
    (reason,) = flattened(broken)["PerformedProcedureStepDiscontinuationReasonCodeSequence"]
    assert reason == {"CodeValue": "110505", "CodingSchemeDesignator": "DCM", "CodeMeaning": REASONS["refused"].meaning}
