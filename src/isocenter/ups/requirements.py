"""What a work item must and may have, attribute by attribute, and the checks by that table (PS3.4 CC.2.5-3). Pure.

Types: ``1`` with a value, ``2`` present, ``3`` optional, ``-`` not allowed, ``0`` empty if present. ``set`` says what a
value may become: ``1`` never empty. ``final``: ``R`` needed in both final states, ``P`` when COMPLETED, ``X`` when
CANCELED (with a value), ``P2`` present when COMPLETED.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from isocenter.dicom import dictionary
from isocenter.dicom.json import Json
from isocenter.dicom.matching import Range, Universal, compile_match
from isocenter.errors import UsageError
from isocenter.ups.attributes import UPS_PUSH, data_set, element, key, text, values
from isocenter.ups.states import (
    FINAL_STATE_REQUIREMENTS,
    INVALID_INSTANCE,
    INVALID_VALUE,
    MISSING_ATTRIBUTE,
    MISSING_VALUE,
    NO_SUCH_ATTRIBUTE,
    NOT_SCHEDULED,
    ONLY_CREATED_SCHEDULED,
    Refusal,
    State,
    WorkItemRefusedError,
)


class Requirement(NamedTuple):
    """A row of the table: N-CREATE and N-SET by the SCU, the final state, N-GET from the SCP, rows of an item."""

    keyword: str
    create: str
    set: str
    final: str = ""
    get: str = "1"
    inner: tuple["Requirement", ...] = ()


_R = Requirement
#: PS3.4 Table CC.2.5-2a: what an item of a code sequence needs; one of the three values is.
_CODE_VALUES = ("CodeValue", "LongCodeValue", "URNCodeValue")
_REFERENCE = (_R("ReferencedSOPClassUID", "1", "1"), _R("ReferencedSOPInstanceUID", "1", "1"))

REQUIREMENTS: tuple[Requirement, ...] = (
    # SOP Common
    _R("SpecificCharacterSet", "3", "3"),
    _R("SOPClassUID", "-", "-"),
    _R("SOPInstanceUID", "-", "-"),
    _R("TransactionUID", "0", "-", get="-"),
    # Scheduled Procedure Information
    _R("ScheduledProcedureStepPriority", "1", "1", "R"),
    _R("ScheduledProcedureStepModificationDateTime", "-", "-", "R"),
    _R("ProcedureStepLabel", "1", "1", "R"),
    _R("WorklistLabel", "2", "1", "R"),
    _R("ScheduledProcessingParametersSequence", "2", "3", get="2"),
    _R("ScheduledStationNameCodeSequence", "2", "3", get="2"),
    _R("ScheduledStationClassCodeSequence", "2", "3", get="2"),
    _R("ScheduledStationGeographicLocationCodeSequence", "2", "3", get="2"),
    _R("ScheduledHumanPerformersSequence", "3", "3", get="2", inner=(_R("HumanPerformerCodeSequence", "1", "1"),)),
    _R("ScheduledProcedureStepStartDateTime", "1", "1", "R"),
    _R("ExpectedCompletionDateTime", "3", "3"),
    _R("ScheduledProcedureStepExpirationDateTime", "3", "3", get="3"),
    _R("ScheduledWorkitemCodeSequence", "2", "3", get="2"),
    _R("CommentsOnTheScheduledProcedureStep", "2", "3", get="2"),
    _R("InputReadinessState", "1", "1", "R"),
    _R("InputInformationSequence", "2", "3", get="2"),
    _R("OutputDestinationSequence", "3", "3", get="3"),
    _R("StudyInstanceUID", "3", "3", get="2"),
    # Relationship
    _R("PatientName", "2", "-", get="2"),
    _R("PatientID", "2", "-", get="2"),
    _R("IssuerOfPatientID", "3", "-", get="2"),
    _R("IssuerOfPatientIDQualifiersSequence", "3", "-", get="2"),
    _R("OtherPatientIDsSequence", "2", "-", get="2"),
    _R("PatientBirthDate", "2", "-", get="2"),
    _R("PatientSex", "2", "-", get="2"),
    _R("AdmissionID", "2", "-", get="2"),
    _R("IssuerOfAdmissionIDSequence", "2", "-", get="2"),
    _R("AdmittingDiagnosesDescription", "2", "-", get="2"),
    _R("AdmittingDiagnosesCodeSequence", "2", "-", get="2"),
    _R("ReferencedRequestSequence", "2", "-", get="2"),
    _R("ReplacedProcedureStepSequence", "3", "-", get="3", inner=_REFERENCE),
    # Progress Information
    _R("ProcedureStepState", "1", "-", "R"),
    _R(
        "ProcedureStepProgressInformationSequence", "2", "3", get="2",
        inner=(
            _R("ProcedureStepProgress", "3", "1"),
            _R("ProcedureStepProgressDescription", "3", "3"),
            _R("ProcedureStepProgressParametersSequence", "3", "3"),
            _R("ProcedureStepCommunicationsURISequence", "3", "3", inner=(_R("ContactURI", "1", "1"),)),
            _R("ProcedureStepCancellationDateTime", "3", "1", "X"),
            _R("ReasonForCancellation", "3", "3"),
            _R("ProcedureStepDiscontinuationReasonCodeSequence", "3", "3", "X"),
        ),
    ),
    # Performed Procedure Information
    _R(
        "UnifiedProcedureStepPerformedProcedureSequence", "0", "3", "P", get="2",
        inner=(
            _R("ActualHumanPerformersSequence", "3", "3", inner=(_R("HumanPerformerCodeSequence", "1", "1"),)),
            _R("PerformedStationNameCodeSequence", "3", "3", "P"),
            _R("PerformedStationClassCodeSequence", "3", "3"),
            _R("PerformedStationGeographicLocationCodeSequence", "3", "3"),
            _R("PerformedProcessingParametersSequence", "3", "3"),
            _R("PerformedProcedureStepStartDateTime", "3", "1", "P"),
            _R("PerformedWorkitemCodeSequence", "3", "3", "P"),
            _R("CommentsOnThePerformedProcedureStep", "3", "3"),
            _R("PerformedProcedureStepEndDateTime", "3", "1", "P"),
            _R("OutputInformationSequence", "3", "3", "P2"),
        ),
    ),
)  # fmt: skip
_BY_KEY = {key(row.keyword): row for row in REQUIREMENTS}

#: PS3.3 C.30.1, C.30.3: enumerated values.
_ENUMERATED: dict[str, frozenset[str]] = {
    "ScheduledProcedureStepPriority": frozenset({"HIGH", "MEDIUM", "LOW"}),
    "InputReadinessState": frozenset({"INCOMPLETE", "UNAVAILABLE", "READY"}),
}
_MOMENTS = (
    "ScheduledProcedureStepStartDateTime",
    "ExpectedCompletionDateTime",
    "ScheduledProcedureStepExpirationDateTime",
)
#: What a performer says; everything else is scheduling, whose last change is recorded.
_PERFORMANCE = frozenset(
    {key("ProcedureStepProgressInformationSequence"), key("UnifiedProcedureStepPerformedProcedureSequence")}
)
_CHARACTER_SET, _STATE = key("SpecificCharacterSet"), key("ProcedureStepState")
#: Not allowed, but passed over where they come: identity is checked by itself, the other is always ours to set.
_PASSED_OVER = frozenset({key("SOPClassUID"), key("SOPInstanceUID"), key("ScheduledProcedureStepModificationDateTime")})
#: In a change neither: the Transaction UID is the argument of the request, not a value.
_NO_CHANGE = frozenset({_CHARACTER_SET, key("TransactionUID"), key("ScheduledProcedureStepModificationDateTime")})


def new_work_item(attributes: Json, uid: str, worklist_label: str, now: str) -> tuple[Json, bool]:
    """Return the data set of a new work item, and whether something had to be added to what was sent.

    Raises:
        WorkItemRefusedError: it does not fulfil the requirements of N-CREATE.
    """
    _check_identity(attributes, uid)
    if text(attributes, "ProcedureStepState") != State.SCHEDULED:
        raise _refused(NOT_SCHEDULED, "ProcedureStepState")
    for row in REQUIREMENTS:
        _check_type(row, row.create, attributes)
    _check_values(attributes)
    missing = [row.keyword for row in REQUIREMENTS if row.create == "2" and key(row.keyword) not in attributes]
    made = {**data_set(**dict.fromkeys(missing, "")), **attributes}
    if not values(made, "WorklistLabel"):
        made[key("WorklistLabel")] = element("WorklistLabel", worklist_label)
    made |= data_set(
        SOPClassUID=UPS_PUSH, SOPInstanceUID=uid, ScheduledProcedureStepModificationDateTime=now,
        UnifiedProcedureStepPerformedProcedureSequence=[],
    )  # fmt: skip
    for left_out in (_CHARACTER_SET, key("TransactionUID")):
        made.pop(left_out, None)
    return dict(sorted(made.items())), bool(set(missing) - {"WorklistLabel"})


def _check_identity(attributes: Json, uid: str) -> None:
    """Tolerate SOP class and instance in the data set, where many senders put them, if they are the right ones."""
    for keyword, right in (("SOPClassUID", UPS_PUSH), ("SOPInstanceUID", uid)):
        given = text(attributes, keyword)
        if given and given != right:
            raise _refused(INVALID_INSTANCE, keyword)


def updated(current: Json, changes: Json, now: str) -> Json:
    """Return the data set with attributes set; a sequence is set as a whole (PS3.4 CC.2.6.2).

    Raises:
        WorkItemRefusedError: one may not be set, or not to this.
    """
    changes = {name: value for name, value in changes.items() if name not in _NO_CHANGE and value != current.get(name)}
    if text(changes, "ProcedureStepState") == State.SCHEDULED:
        raise _refused(ONLY_CREATED_SCHEDULED, "ProcedureStepState")
    for name in changes:
        row = _BY_KEY.get(name)
        if row is not None and row.set == "-":
            raise _refused(NO_SUCH_ATTRIBUTE, row.keyword)
        if row is not None:
            _check_type(row, row.set, changes)
    _check_values(changes)
    made = {**current, **changes}
    if set(changes) - _PERFORMANCE:
        made |= data_set(ScheduledProcedureStepModificationDateTime=now)
    return dict(sorted(made.items()))


def with_state(current: Json, state: State) -> Json:
    """Return the data set in another state."""
    return {**current, _STATE: element("ProcedureStepState", str(state))}


def check_final(attributes: Json, state: State) -> None:
    """Check what a final state requires.

    Raises:
        WorkItemRefusedError: something of it is missing.
    """
    missing = list(_missing_at_the_end(attributes, REQUIREMENTS, {State.COMPLETED: "P"}.get(state, "X")))
    if missing:
        raise _refused(FINAL_STATE_REQUIREMENTS, *missing)


def _missing_at_the_end(attributes: Mapping[str, Any], rows: tuple[Requirement, ...], letter: str) -> Iterator[str]:
    for row in rows:
        given = values(attributes, row.keyword)
        if row.final[:1] in {"R", letter} and not given and (row.final != "P2" or key(row.keyword) not in attributes):
            yield row.keyword
        if any(inner.final == letter for inner in row.inner):  # the one item of progress or performance
            yield from _missing_at_the_end(given[0] if given else {}, row.inner, letter)


def _check_type(row: Requirement, kind: str, attributes: Mapping[str, Any]) -> None:
    present, given = key(row.keyword) in attributes, values(attributes, row.keyword)
    if kind == "1" and not given:
        raise _refused(MISSING_VALUE if present else MISSING_ATTRIBUTE, row.keyword)
    if kind == "0" and given:
        raise _refused(INVALID_VALUE, row.keyword)
    if kind == "-" and given and key(row.keyword) not in _PASSED_OVER:
        raise _refused(NO_SUCH_ATTRIBUTE, row.keyword)
    if given and dictionary.vr(dictionary.tag(row.keyword)) == "SQ":
        for item in given:
            _check_item(row, item)


def _check_item(row: Requirement, item: Mapping[str, Any]) -> None:
    for inner in row.inner:
        if inner.create == "1" or key(inner.keyword) in item:
            _check_type(inner, inner.create, item)
    if row.keyword.endswith("CodeSequence"):
        if not any(values(item, keyword) for keyword in _CODE_VALUES):
            raise _refused(MISSING_ATTRIBUTE, "CodeValue")
        for keyword in ("CodeMeaning", *(["CodingSchemeDesignator"] if values(item, "CodeValue") else [])):
            if not values(item, keyword):
                raise _refused(MISSING_ATTRIBUTE, keyword)


def _check_values(attributes: Json) -> None:
    for keyword, allowed in _ENUMERATED.items():
        if text(attributes, keyword) and text(attributes, keyword) not in allowed:
            raise _refused(INVALID_VALUE, keyword)
    for keyword in _MOMENTS:
        if text(attributes, keyword) and not _is_moment(text(attributes, keyword)):
            raise _refused(INVALID_VALUE, keyword)


def _is_moment(value: str) -> bool:
    """Tell whether text is one date-time; a shortened one is, a range is not."""
    try:
        found = compile_match("DT", value)
    except UsageError:
        return False
    return not isinstance(found, Universal) and not (isinstance(found, Range) and "-" in value[:-5])


def _refused(refusal: Refusal, *keywords: str) -> WorkItemRefusedError:
    return WorkItemRefusedError(refusal, ", ".join(keywords), *(dictionary.tag(keyword) for keyword in keywords))
