"""Event reports: what subscribers are told, and when (PS3.4 CC.2.4). Pure."""

from enum import IntEnum
from typing import NamedTuple

from isocenter.dicom.json import Json
from isocenter.ups.attributes import UPS_PUSH, data_set, key, values

#: PS3.7 E.1: N-EVENT-REPORT-RQ.
_N_EVENT_REPORT = 0x0100


class ReportType(IntEnum):
    """Event Type ID (PS3.4 Table CC.2.4-1)."""

    STATE = 1
    CANCEL_REQUESTED = 2
    PROGRESS = 3
    STATUS_CHANGE = 4  # of this archive
    ASSIGNED = 5


class Report(NamedTuple):
    """One report: its type and its information."""

    type: ReportType
    information: Json


RESTARTED, GOING_DOWN = "RESTARTED", "GOING DOWN"
_LISTS = ("SubscriptionListStatus", "UnifiedProcedureStepListStatus")
#: What tells why, where it is there.
_REASONS = ("ReasonForCancellation", "ProcedureStepDiscontinuationReasonCodeSequence")
_CONTACT = ("ContactURI", "ContactDisplayName")
_PROGRESS = "ProcedureStepProgressInformationSequence"
#: A change of these is told.
_TOLD_OF_PROGRESS = (
    "ProcedureStepProgress",
    "ProcedureStepProgressDescription",
    "ProcedureStepCommunicationsURISequence",
)
_PERFORMERS = "ScheduledHumanPerformersSequence"
_ASSIGNMENT = ("ScheduledStationNameCodeSequence", _PERFORMERS)
#: What a report tells of the first human performer, without the sequence.
_PERFORMER = ("HumanPerformerCodeSequence", "HumanPerformerOrganization")
_STATE = ("ProcedureStepState", "InputReadinessState")


def state_report(work_item: Json) -> Report:
    """Return the report of the state in which a work item is."""
    progress: Json = next(iter(values(work_item, _PROGRESS)), {})
    return Report(ReportType.STATE, _picked(work_item, *_STATE) | _picked(progress, *_REASONS))


def created(work_item: Json) -> list[Report]:
    """Return what is told of a new work item."""
    return [state_report(work_item), *_assigned(work_item)]


def changed(before: Json, after: Json) -> list[Report]:
    """Return what is told when attributes or the state were changed."""
    reports = []
    if _picked(before, *_STATE) != _picked(after, *_STATE):
        reports.append(state_report(after))
    if _progress(before) != _progress(after):
        reports.append(Report(ReportType.PROGRESS, _picked(after, _PROGRESS)))
    if _picked(before, *_ASSIGNMENT) != _picked(after, *_ASSIGNMENT):
        reports += _assigned(after)
    return reports


def _progress(work_item: Json) -> Json:
    return _picked(next(iter(values(work_item, _PROGRESS)), {}), *_TOLD_OF_PROGRESS)


def cancel_requested(requester: str, request: Json) -> Report:
    """Return the report of a request to cancel."""
    information = data_set(RequestingAE=requester) | _picked(request, *_REASONS, *_CONTACT)
    return Report(ReportType.CANCEL_REQUESTED, dict(sorted(information.items())))


def status_change(status: str) -> Report:
    """Return the report of this archive: RESTARTED, or GOING DOWN; its lists are kept over restarts."""
    return Report(ReportType.STATUS_CHANGE, data_set(SCPStatus=status, **dict.fromkeys(_LISTS, "WARM START")))


def as_message(report_type: int, uid: str, information: Json, message_id: int) -> Json:
    """Return a report as it is sent over a WebSocket (PS3.18 8.10.5): command elements and information together."""
    command = data_set(
        AffectedSOPClassUID=UPS_PUSH, CommandField=_N_EVENT_REPORT, MessageID=message_id, CommandDataSetType=0,
        AffectedSOPInstanceUID=uid, EventTypeID=report_type,
    )  # fmt: skip
    return command | information


def _assigned(work_item: Json) -> list[Report]:
    """Return the report of who is to do it, if anybody is named."""
    if not any(values(work_item, keyword) for keyword in _ASSIGNMENT):
        return []
    performer: Json = next(iter(values(work_item, _PERFORMERS)), {})
    information = _picked(work_item, *_ASSIGNMENT) | _picked(performer, *_PERFORMER)
    return [Report(ReportType.ASSIGNED, dict(sorted(information.items())))]


def _picked(attributes: Json, *keywords: str) -> Json:
    """Return the attributes of these that have a value."""
    return dict(sorted((key(each), attributes[key(each)]) for each in keywords if values(attributes, each)))
