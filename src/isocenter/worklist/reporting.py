"""What a modality reports of a step (PS3.4 F.7.2): that it began, and how it ended. Pure; ``now`` is an argument.

Strict where ``performed_rules`` is tolerant: a report has all attributes, empty where there is nothing to say.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from isocenter.dicom import dictionary
from isocenter.dicom.json import Json
from isocenter.dicom.nested import texts
from isocenter.dicom.uids import new_uid
from isocenter.errors import UsageError
from isocenter.index.worklist import STEP_SEQUENCE
from isocenter.worklist.performed_attributes import (
    DISCONTINUED,
    IN_PROGRESS,
    SCHEDULED_SEQUENCE,
    SERIES_SEQUENCE,
    STATUS,
    STEP_ATTRIBUTES,
)
from isocenter.worklist.performed_rules import created


class Reason(NamedTuple):
    """A code of context group 9300 (PS3.16): its value, and what it means."""

    code: str
    meaning: str


#: Why a step may be discontinued.
REASONS: Mapping[str, Reason] = {
    "doctor": Reason("110500", "Doctor canceled procedure"),
    "equipment": Reason("110501", "Equipment failure"),
    "wrong-procedure": Reason("110502", "Incorrect procedure ordered"),
    "allergy": Reason("110503", "Patient allergic to media/contrast"),
    "died": Reason("110504", "Patient died"),
    "refused": Reason("110505", "Patient refused to continue procedure"),
    "taken-away": Reason("110506", "Patient taken for treatment or surgery"),
    "not-arrived": Reason("110507", "Patient did not arrive"),
    "pregnant": Reason("110508", "Patient pregnant"),
    "charging": Reason("110509", "Change of procedure for correct charging"),
    "duplicate": Reason("110510", "Duplicate order"),
    "nursing-unit": Reason("110511", "Nursing unit cancel"),
    "wrong-side": Reason("110512", "Incorrect side ordered"),
    "unspecified": Reason("110513", "Discontinued for unspecified reason"),
    "wrong-entry": Reason("110514", "Incorrect worklist entry selected"),
    "condition": Reason("110515", "Patient condition prevented continuing"),
}

#: Attribute of a performed step -> where its value comes from: in the entry, or in its scheduled step.
_FROM_ENTRY: Mapping[str, str] = {
    "PerformedProcedureStepDescription": "ScheduledProcedureStepDescription",
    "PerformedProcedureTypeDescription": "RequestedProcedureDescription",
    "ProcedureCodeSequence": "RequestedProcedureCodeSequence",
    "PerformedStationName": "ScheduledStationName",
    "PerformedLocation": "ScheduledProcedureStepLocation",
    "PerformedProcedureStepID": "ScheduledProcedureStepID",
    "StudyID": "RequestedProcedureID",
}
_SCHEDULED = next(row.items for row in STEP_ATTRIBUTES if row.name == SCHEDULED_SEQUENCE)
_SERIES = next(row.items for row in STEP_ATTRIBUTES if row.name == SERIES_SEQUENCE)
#: What is read of an object for the report of its series.
SERIES_TAGS: tuple[int, ...] = (
    0x00080016, 0x00080018, 0x00080054, 0x0008103E, 0x00081050, 0x00081070, 0x00181030, 0x0020000D, 0x0020000E,
    0x00280010,
)  # fmt: skip
_ROWS = 0x00280010
_UNNAMED_PROTOCOL = "unnamed"


def wanted_of_entry() -> tuple[str, ...]:
    """Return the keywords to ask the worklist for, so that a report can be made of its answer."""
    own = [row.keyword for row in (*STEP_ATTRIBUTES, *_SCHEDULED) if "Performed" not in row.keyword]
    left_out = {"ScheduledStepAttributesSequence", "ProcedureCodeSequence", "StudyID"}
    keywords = [keyword for keyword in (*own, *_FROM_ENTRY.values()) if keyword not in left_out]
    return tuple(dict.fromkeys((*keywords, "ScheduledStationAETitle")))


def begun(entry: Json, station_aet: str, now: datetime, given: Mapping[str, Any] | None = None) -> Json:
    """Return the data set of a new step for a worklist entry; attributes ``given`` stand in place of the entry's.

    Raises:
        StepError: the entry lacks what a step needs; the message says what.
    """
    step: Json = next(iter(entry.get(STEP_SEQUENCE, {}).get("Value", [])), {})
    flat = {**entry, **step}
    flat.pop(STEP_SEQUENCE, None)
    study = dictionary.tag("StudyInstanceUID")
    if not texts(flat.get(f"{study:08X}", {}).get("Value", [])):
        flat[f"{study:08X}"] = _made("StudyInstanceUID", new_uid())
    scheduled = {row.name: flat[row.name] for row in _SCHEDULED if row.name in flat}
    known = {row.name: flat[row.name] for row in STEP_ATTRIBUTES if row.name in flat}
    taken = {_name(own): flat[_name(source)] for own, source in _FROM_ENTRY.items() if _name(source) in flat}
    identifier = _name("PerformedProcedureStepID")
    if not taken.get(identifier, {}).get("Value"):
        taken[identifier] = _made("PerformedProcedureStepID", now.strftime("%Y%m%d%H%M%S"))
    made = {
        _name(keyword): _made(keyword, value)
        for keyword, value in {
            "PerformedStationAETitle": station_aet,
            "PerformedProcedureStepStartDate": now.strftime("%Y%m%d"),
            "PerformedProcedureStepStartTime": now.strftime("%H%M%S"),
            "PerformedProcedureStepStatus": IN_PROGRESS,
        }.items()
    }
    sequence = {SCHEDULED_SEQUENCE: {"vr": "SQ", "Value": [scheduled]}}
    return created({**known, **taken, **made, **sequence, **(given or {})})


def ended(
    status: str,
    series: Iterable[Json],
    now: datetime,
    reason: str = "",
    given: Mapping[str, Any] | None = None,
) -> Json:
    """Return what changes at the end of a step; ``reason`` (of ``REASONS``) is why it was discontinued."""
    changes = {
        STATUS: _made("PerformedProcedureStepStatus", status),
        _name("PerformedProcedureStepEndDate"): _made("PerformedProcedureStepEndDate", now.strftime("%Y%m%d")),
        _name("PerformedProcedureStepEndTime"): _made("PerformedProcedureStepEndTime", now.strftime("%H%M%S")),
        SERIES_SEQUENCE: {"vr": "SQ", "Value": list(series)},
    }
    if status == DISCONTINUED and reason:
        code = REASONS[reason]
        item = {
            _name("CodeValue"): _made("CodeValue", code.code),
            _name("CodingSchemeDesignator"): _made("CodingSchemeDesignator", "DCM"),
            _name("CodeMeaning"): _made("CodeMeaning", code.meaning),
        }
        changes[_name("PerformedProcedureStepDiscontinuationReasonCodeSequence")] = {"vr": "SQ", "Value": [item]}
    return {**changes, **(given or {})}


def series_of(headers: Iterable[Mapping[int, tuple[str, ...]]], retrieve_aet: str = "") -> list[Json]:
    """Return the items of Performed Series Sequence for objects, by their decoded headers (``SERIES_TAGS``).

    Objects with rows of pixels are images, all others are not.

    Raises:
        UsageError: an object names no series.
    """
    found: dict[str, Json] = {}
    for header in headers:
        uid = _first(header, "SeriesInstanceUID")
        if not uid or not _first(header, "SOPInstanceUID"):
            raise UsageError("an object has no SeriesInstanceUID or SOPInstanceUID")
        series = found.setdefault(uid, _series(header, retrieve_aet))
        kind = "ReferencedImageSequence" if _ROWS in header else "ReferencedNonImageCompositeSOPInstanceSequence"
        series[_name(kind)].setdefault("Value", []).append(
            {
                _name("ReferencedSOPClassUID"): _made("ReferencedSOPClassUID", _first(header, "SOPClassUID")),
                _name("ReferencedSOPInstanceUID"): _made("ReferencedSOPInstanceUID", _first(header, "SOPInstanceUID")),
            }
        )
    return list(found.values())


def _series(header: Mapping[int, tuple[str, ...]], retrieve_aet: str) -> Json:
    values = {row.keyword: _first(header, row.keyword) for row in _SERIES}
    values["ProtocolName"] = values["ProtocolName"] or values["SeriesDescription"] or _UNNAMED_PROTOCOL
    values["RetrieveAETitle"] = retrieve_aet or values["RetrieveAETitle"]
    return {row.name: _made(row.keyword, values[row.keyword]) for row in _SERIES}


def _first(header: Mapping[int, tuple[str, ...]], keyword: str) -> str:
    return next(iter(header.get(dictionary.tag(keyword), ())), "")


def _name(keyword: str) -> str:
    return f"{dictionary.tag(keyword):08X}"


def _made(keyword: str, text: str) -> Json:
    """Return an attribute with this value; a sequence, or one without a value, is empty."""
    vr = dictionary.vr(dictionary.tag(keyword))
    if not text or vr == "SQ":
        return {"vr": vr}
    return {"vr": vr, "Value": [{"Alphabetic": text} if vr == "PN" else text]}
