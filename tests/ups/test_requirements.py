"""The table of attribute requirements, row by row."""

from typing import Any

import pytest

from isocenter.dicom import dictionary
from isocenter.ups.attributes import Code, data_set, key, taken_over, text, values
from isocenter.ups.check import check_final, new_work_item, updated, with_reasons
from isocenter.ups.requirements import CODE, REQUIREMENTS, Requirement
from isocenter.ups.states import State, WorkItemRefusedError

from .conftest import canceled, performed
from .conftest import new_work_item as sent

NOW = "20240130120000.000000+0000"
UID = "1.2.3.4"
OTHER = Code("9", "99X", "nine").as_item()
OURS = {"ScheduledProcedureStepModificationDateTime", "SOPClassUID", "SOPInstanceUID", "SpecificCharacterSet"}


def create(**changes: Any) -> tuple[dict[str, Any], bool]:
    return new_work_item(taken_over(sent(**changes)), UID, "WORK", NOW)


def refused(**changes: Any) -> tuple[int, tuple[int, ...]]:
    with pytest.raises(WorkItemRefusedError) as caught:
        create(**changes)
    return caught.value.refusal.status, caught.value.tags


def some_value(keyword: str) -> Any:
    vr = dictionary.vr(dictionary.tag(keyword))
    items = {"PN": {"Alphabetic": "X"}, "SQ": Code("1", "99X", "one").as_item(), "DT": "20240202", "DA": "20240101"}
    return items.get(vr, "1.2" if vr == "UI" else "X")


def test_what_was_sent_is_kept_and_completed() -> None:
    made, modified = create()
    assert not modified
    assert text(made, "SOPInstanceUID") == UID
    assert text(made, "ScheduledProcedureStepModificationDateTime") == NOW
    assert values(made, "PatientName") == [{"Alphabetic": "Müller^Jörg"}]
    assert list(made) == sorted(made)
    assert {key(row.keyword) for row in REQUIREMENTS if row.create in {"1/1", "2/2", "2/1", "1C/2"}} <= set(made)


@pytest.mark.parametrize("row", [row for row in REQUIREMENTS if row.create == "1/1"], ids=lambda row: row.keyword)
def test_type_1(row: Requirement) -> None:
    tag = dictionary.tag(row.keyword)
    if row.keyword == "ProcedureStepState":
        assert refused(**{row.keyword: None}) == refused(**{row.keyword: "COMPLETED"}) == (0xC309, (tag,))
    else:
        assert refused(**{row.keyword: None}) == (0x0120, (tag,))
        assert refused(**{row.keyword: ""}) == (0x0121, (tag,))


@pytest.mark.parametrize(
    "row", [row for row in REQUIREMENTS if row.create in {"2/2", "2/1", "1C/2"}], ids=lambda row: row.keyword
)
def test_type_2_is_added_where_it_lacks(row: Requirement) -> None:
    made, modified = create(**{row.keyword: None})
    if row.keyword == "WorklistLabel":
        assert (text(made, row.keyword), modified) == ("WORK", False)
    else:  # what is due on a condition only is no fault of the sender's
        assert ("Value" not in made[key(row.keyword)], modified) == (True, row.create == "2/2")


@pytest.mark.parametrize("row", [row for row in REQUIREMENTS if row.create == "0"], ids=lambda row: row.keyword)
def test_type_0_is_empty_or_refused(row: Requirement) -> None:
    for nothing in ("", None):
        made, modified = create(**{row.keyword: nothing})
        assert not modified
        assert (key(row.keyword) in made) is (row.keyword != "TransactionUID")
    assert refused(**{row.keyword: some_value(row.keyword)}) == (0x0106, (dictionary.tag(row.keyword),))


def test_values() -> None:
    assert refused(ScheduledProcedureStepPriority="URGENT")[0] == 0x0106
    assert refused(InputReadinessState="PERHAPS")[0] == 0x0106
    assert refused(ScheduledProcedureStepStartDateTime="soon")[0] == 0x0106
    assert refused(ScheduledProcedureStepStartDateTime="20240101-20240201")[0] == 0x0106
    assert refused(SOPInstanceUID="9.9")[0] == refused(SOPClassUID="9.9")[0] == 0x0117
    for moment in ("2024", "202401310930", "20240131093000.5", "20240131093000+0100", "20240131093000-0500"):
        create(ScheduledProcedureStepStartDateTime=moment)


def test_codes_need_value_scheme_and_meaning() -> None:
    assert [row.keyword for row in CODE if row.create == "1/1"] == ["CodeMeaning"]
    whole = {"CodeValue": "1", "CodingSchemeDesignator": "99X", "CodeMeaning": "one"}
    for keyword in whole:
        item = data_set(**{k: v for k, v in whole.items() if k != keyword})
        assert refused(ScheduledWorkitemCodeSequence=[item]) == (0x0120, (dictionary.tag(keyword),))
    create(ScheduledWorkitemCodeSequence=[data_set(URNCodeValue="urn:x", CodeMeaning="one")])
    assert refused(ScheduledHumanPerformersSequence=[data_set(HumanPerformerOrganization="X")])[0] == 0x0120


def items_of(row: Requirement, operation: str) -> list[dict[str, Any]]:
    """Return one item that has what a row needs of it, and nothing else."""
    if row.inner == CODE:
        return [OTHER]
    needed = [inner for inner in row.inner if getattr(inner, operation) == "1/1"]
    return [data_set(**{inner.keyword: value_for(inner, operation) for inner in needed})]


def value_for(row: Requirement, operation: str) -> Any:
    choices = {"ScheduledProcedureStepPriority": "LOW", "InputReadinessState": "INCOMPLETE"}
    if row.keyword in choices:
        return choices[row.keyword]
    return items_of(row, operation) if row.inner else some_value(row.keyword)


@pytest.mark.parametrize("row", [r for r in REQUIREMENTS if r.keyword not in OURS], ids=lambda row: row.keyword)
def test_updates(row: Requirement) -> None:
    made, _ = create()
    changes = data_set(**{row.keyword: value_for(row, "set")})
    if row.keyword == "TransactionUID":  # not a value: the argument of the request
        assert updated(made, changes, NOW) == made
    elif row.set == "-":
        with pytest.raises(WorkItemRefusedError) as caught:
            updated(made, changes, NOW)
        assert (caught.value.refusal.status, caught.value.tags) == (0x0105, (dictionary.tag(row.keyword),))
        same = {name: value for name, value in made.items() if name == key(row.keyword)}
        assert updated(made, same, NOW) == made
    else:
        after = updated(made, changes, "20250101")
        assert after[key(row.keyword)] == changes[key(row.keyword)]
        scheduling = "Progress" not in row.keyword and "Performed" not in row.keyword
        assert (text(after, "ScheduledProcedureStepModificationDateTime") == "20250101") is scheduling


INNER = [
    (row, inner, operation)
    for operation in ("create", "set")
    for row in REQUIREMENTS
    for inner in row.inner
    if row.inner != CODE and getattr(row, operation) not in {"-", "0"} and getattr(inner, operation) == "1/1"
]


@pytest.mark.parametrize(
    ("row", "inner", "operation"), INNER, ids=lambda value: value if isinstance(value, str) else value.keyword
)
def test_what_items_need(row: Requirement, inner: Requirement, operation: str) -> None:
    made, _ = create()
    whole = items_of(row, operation)[0]
    without = {name: value for name, value in whole.items() if name != key(inner.keyword)}

    def send(item: dict[str, Any]) -> None:
        if operation == "create":
            create(**{row.keyword: [item]})
        else:
            updated(made, data_set(**{row.keyword: [item]}), NOW)

    send(whole)
    with pytest.raises(WorkItemRefusedError) as caught:
        send(without)
    assert (caught.value.refusal.status, caught.value.tags) == (0x0120, (dictionary.tag(inner.keyword),))


def test_updates_never_empty_what_needs_a_value_and_never_schedule() -> None:
    made, _ = create()
    for changes, status in (
        (data_set(ProcedureStepLabel=""), 0x0121),
        (data_set(ScheduledProcedureStepPriority="SOON"), 0x0106),
        (data_set(ProcedureStepState="COMPLETED"), 0x0105),
    ):
        with pytest.raises(WorkItemRefusedError) as caught:
            updated(made, changes, NOW)
        assert caught.value.refusal.status == status
    with pytest.raises(WorkItemRefusedError) as caught:
        updated({**made, **data_set(ProcedureStepState="IN PROGRESS")}, data_set(ProcedureStepState="SCHEDULED"), NOW)
    assert caught.value.refusal.status == 0xC303


@pytest.mark.parametrize(("state", "what"), [(State.COMPLETED, performed), (State.CANCELED, canceled)])
def test_final_states(state: State, what: Any) -> None:
    made, _ = create()
    whole = {**made, **what()}
    check_final(whole, state)
    sequence = next(iter(what()))
    for row in next(r for r in REQUIREMENTS if key(r.keyword) == sequence).inner:
        if not row.final:
            continue
        item = {name: value for name, value in whole[sequence]["Value"][0].items() if name != key(row.keyword)}
        with pytest.raises(WorkItemRefusedError) as caught:
            check_final({**whole, sequence: {"vr": "SQ", "Value": [item]}}, state)
        assert (caught.value.refusal.status, caught.value.tags) == (0xC304, (dictionary.tag(row.keyword),))
    with pytest.raises(WorkItemRefusedError):
        check_final(made, state)
    for row in REQUIREMENTS:
        if row.final == "R":
            with pytest.raises(WorkItemRefusedError):
                check_final({**whole, key(row.keyword): {"vr": "LO"}}, state)


def test_reasons_are_added_where_there_are_none() -> None:
    made, _ = create()
    given = data_set(ProcedureStepCancellationDateTime="2025", ReasonForCancellation="why")
    added = with_reasons(made, given)
    assert values(added, "ProcedureStepProgressInformationSequence") == [given]
    kept = with_reasons({**made, **canceled()}, given)
    (item,) = values(kept, "ProcedureStepProgressInformationSequence")
    assert text(item, "ProcedureStepCancellationDateTime") == text(
        canceled()["00741002"]["Value"][0], "ProcedureStepCancellationDateTime"
    )
    assert text(item, "ReasonForCancellation") == "why"
