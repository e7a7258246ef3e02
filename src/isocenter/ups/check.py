"""Checks of work items by the table of requirements, and what this archive adds to them (PS3.4 CC.2.5, CC.2.6). Pure.

What a sender has to give and does not is refused where it needs a value, else added empty. What items need at type 2 is
not asked for.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from isocenter.dicom import dictionary
from isocenter.dicom.json import Json
from isocenter.dicom.matching import Range, Universal, compile_match
from isocenter.errors import UsageError
from isocenter.ups.attributes import UPS_PUSH, data_set, element, key, text, values
from isocenter.ups.requirements import CODE, REQUIREMENTS, Requirement
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
_PROGRESS = "ProcedureStepProgressInformationSequence"
#: What a performer says; everything else is scheduling, whose last change is recorded.
_PERFORMANCE = frozenset({key(_PROGRESS), key("UnifiedProcedureStepPerformedProcedureSequence")})
_CHARACTER_SET, _TRANSACTION_UID = key("SpecificCharacterSet"), key("TransactionUID")
_MODIFIED = key("ScheduledProcedureStepModificationDateTime")
#: Not allowed, but passed over where they come: identity is checked by itself, the other is always ours to set.
_PASSED_OVER = frozenset({key("SOPClassUID"), key("SOPInstanceUID"), _MODIFIED})
#: In a change neither: the Transaction UID is the argument of the request, not a value.
_NO_CHANGE = frozenset({_CHARACTER_SET, _TRANSACTION_UID, _MODIFIED})
#: Requirements of N-CREATE by which an attribute is there in any case.
_ADDED = frozenset({"2/2", "2/1", "1C/2", "0"})
_CODE_VALUES = ("CodeValue", "LongCodeValue", "URNCodeValue")


def new_work_item(attributes: Json, uid: str, worklist_label: str, now: str) -> tuple[Json, bool]:
    """Return the data set of a new work item, and whether something had to be added that was the sender's to give.

    Raises:
        WorkItemRefusedError: it does not fulfil the requirements of N-CREATE.
    """
    for keyword, right in (("SOPClassUID", UPS_PUSH), ("SOPInstanceUID", uid)):
        if text(attributes, keyword) not in {"", right}:
            raise _refused(INVALID_INSTANCE, keyword)
    if text(attributes, "ProcedureStepState") != State.SCHEDULED:
        raise _refused(NOT_SCHEDULED, "ProcedureStepState")
    for row in REQUIREMENTS:
        _check(row, row.create, attributes, "create")
    _check_values(attributes)
    missing = [row for row in REQUIREMENTS if row.create in _ADDED and key(row.keyword) not in attributes]
    made = data_set(**{row.keyword: "" for row in missing}) | attributes
    if not values(made, "WorklistLabel"):
        made[key("WorklistLabel")] = element("WorklistLabel", worklist_label)
    made |= data_set(SOPClassUID=UPS_PUSH, SOPInstanceUID=uid, ScheduledProcedureStepModificationDateTime=now)
    for left_out in (_CHARACTER_SET, _TRANSACTION_UID):
        made.pop(left_out, None)
    return dict(sorted(made.items())), any(row.create == "2/2" for row in missing)


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
        if row is not None:
            _check_change(row, changes)
    _check_values(changes)
    made = current | changes
    if set(changes) - _PERFORMANCE:
        made |= data_set(ScheduledProcedureStepModificationDateTime=now)
    return dict(sorted(made.items()))


def _check_change(row: Requirement, changes: Json) -> None:
    if row.set == "-":
        raise _refused(NO_SUCH_ATTRIBUTE, row.keyword)
    if row.set == "3/1" and not values(changes, row.keyword):
        raise _refused(MISSING_VALUE, row.keyword)
    _check(row, row.set, changes, "set")


def with_state(current: Json, state: State) -> Json:
    """Return the data set in another state."""
    return {**current, key("ProcedureStepState"): element("ProcedureStepState", str(state))}


def with_reasons(current: Json, given: Json) -> Json:
    """Return the data set with what the progress information lacks of this: why and when it was canceled."""
    progress = dict(next(iter(values(current, _PROGRESS)), {}))
    progress |= {name: value for name, value in given.items() if "Value" not in progress.get(name, {})}
    return current | data_set(ProcedureStepProgressInformationSequence=[dict(sorted(progress.items()))])


def check_final(attributes: Json, state: State) -> None:
    """Check what a final state requires.

    Raises:
        WorkItemRefusedError: something of it is missing.
    """
    missing = list(_missing_at_the_end(attributes, REQUIREMENTS, "P" if state is State.COMPLETED else "X"))
    if missing:
        raise _refused(FINAL_STATE_REQUIREMENTS, *missing)


def _missing_at_the_end(attributes: Mapping[str, Any], rows: tuple[Requirement, ...], letter: str) -> Iterator[str]:
    for row in rows:
        given = values(attributes, row.keyword)
        may_be_empty = row.final.endswith("2") and key(row.keyword) in attributes
        if row.final[:1] in {"R", letter} and not given and not may_be_empty:
            yield row.keyword
        if row.final == letter and row.inner:  # the one item of progress or performance
            yield from _missing_at_the_end(given[0] if given else {}, row.inner, letter)


def _check(row: Requirement, needed: str, attributes: Mapping[str, Any], operation: str) -> None:
    """Check an attribute by what the sender needs to give."""
    present, given = key(row.keyword) in attributes, values(attributes, row.keyword)
    if needed == "1/1" and not given:
        raise _refused(MISSING_VALUE if present else MISSING_ATTRIBUTE, row.keyword)
    if needed == "0" and given:
        raise _refused(INVALID_VALUE, row.keyword)
    if needed.startswith("-") and given and key(row.keyword) not in _PASSED_OVER:
        raise _refused(NO_SUCH_ATTRIBUTE, row.keyword)
    for item in given if row.inner else ():
        for inner in row.inner:
            _check(inner, getattr(inner, operation), item, operation)
        if row.inner == CODE:
            _check_code(item)


def _check_code(item: Mapping[str, Any]) -> None:
    named = next((keyword for keyword in _CODE_VALUES if values(item, keyword)), None)
    if named is None:
        raise _refused(MISSING_ATTRIBUTE, "CodeValue")
    if named != "URNCodeValue" and not values(item, "CodingSchemeDesignator"):
        raise _refused(MISSING_ATTRIBUTE, "CodingSchemeDesignator")


def _check_values(attributes: Json) -> None:
    for keyword, allowed in _ENUMERATED.items():
        if text(attributes, keyword) not in {"", *allowed}:
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
