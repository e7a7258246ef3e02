"""What subscribers are told, and when (PS3.4 CC.2.4)."""

from isocenter.dicom.json import json_to_data_set
from isocenter.ups.attributes import data_set, text
from isocenter.ups.reports import ReportType, as_message, cancel_requested, changed, created, status_change

from .conftest import STATION, canceled, new_work_item, performed

WORK = new_work_item()


def kinds(before: dict, after: dict) -> list[ReportType]:
    return [report.type for report in changed(before, after)]


def test_a_new_work_item_and_who_is_to_do_it() -> None:
    assert [report.type for report in created(WORK)] == [ReportType.STATE, ReportType.ASSIGNED]
    assert [report.type for report in created(new_work_item(ScheduledStationNameCodeSequence=[]))] == [ReportType.STATE]


def test_changes_that_are_told() -> None:
    progress = data_set(ProcedureStepProgressInformationSequence=[data_set(ProcedureStepProgress=10)])
    for change, expected in (
        (data_set(ProcedureStepState="IN PROGRESS"), [ReportType.STATE]),
        (data_set(InputReadinessState="INCOMPLETE"), [ReportType.STATE]),
        (progress, [ReportType.PROGRESS]),
        (progress | data_set(ProcedureStepState="IN PROGRESS"), [ReportType.STATE, ReportType.PROGRESS]),
        (data_set(ScheduledStationNameCodeSequence=[STATION, STATION]), [ReportType.ASSIGNED]),
        (data_set(ScheduledStationNameCodeSequence=[]), []),  # nobody to be told of
        (performed(), []),
        (canceled(), []),  # why, but not how far
        (data_set(ProcedureStepLabel="Other"), []),
        ({}, []),
    ):
        assert kinds(WORK, WORK | change) == expected, change


def test_a_state_says_why() -> None:
    (report,) = changed(WORK, WORK | canceled() | data_set(ProcedureStepState="CANCELED"))
    assert text(report.information, "ProcedureStepState") == "CANCELED"
    assert "0074100E" in report.information


def test_every_report_can_be_sent_both_ways() -> None:
    request = data_set(ReasonForCancellation="why", ContactURI="tel:1", ProcedureStepLabel="no part of it")
    reports = [*created(WORK), cancel_requested("RIS", request), status_change("RESTARTED")]
    for report in reports:
        assert json_to_data_set(report.information)
        message = as_message(report.type, "1.2.3", report.information, 7)
        assert list(message) == sorted(message)
        assert (text(message, "EventTypeID"), text(message, "MessageID")) == (str(int(report.type)), "7")
    assert set(reports[2].information) == {"00741236", "00741238", "0074100A"}
