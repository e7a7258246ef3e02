"""The table of attribute requirements, row by row."""

from typing import Any

import pytest

from isocenter.dicom import dictionary
from isocenter.ups.attributes import Code, data_set, key, taken_over, text, values
from isocenter.ups.requirements import REQUIREMENTS, Requirement, check_final, new_work_item, updated
from isocenter.ups.states import State, WorkItemRefusedError

from .conftest import STATION, canceled, performed
from .conftest import new_work_item as sent

NOW = "20240130120000.000000+0000"
UID = "1.2.3.4"
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
    assert {key(row.keyword) for row in REQUIREMENTS if row.create in {"1", "2"}} <= set(made)


@pytest.mark.parametrize("row", [row for row in REQUIREMENTS if row.create == "1"], ids=lambda row: row.keyword)
def test_type_1(row: Requirement) -> None:
    tag = dictionary.tag(row.keyword)
    if row.keyword == "ProcedureStepState":
        assert refused(**{row.keyword: None}) == refused(**{row.keyword: "COMPLETED"}) == (0xC309, (tag,))
    else:
        assert refused(**{row.keyword: None}) == (0x0120, (tag,))
        assert refused(**{row.keyword: ""}) == (0x0121, (tag,))


@pytest.mark.parametrize("row", [row for row in REQUIREMENTS if row.create == "2"], ids=lambda row: row.keyword)
def test_type_2_is_added_where_it_lacks(row: Requirement) -> None:
    made, modified = create(**{row.keyword: None})
    if row.keyword == "WorklistLabel":
        assert (text(made, row.keyword), modified) == ("WORK", False)
    else:
        assert ("Value" not in made[key(row.keyword)], modified) == (True, True)


@pytest.mark.parametrize("row", [row for row in REQUIREMENTS if row.create == "0"], ids=lambda row: row.keyword)
def test_type_0_is_empty_or_refused(row: Requirement) -> None:
    create(**{row.keyword: ""})
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
    whole = {"CodeValue": "1", "CodingSchemeDesignator": "99X", "CodeMeaning": "one"}
    for keyword in whole:
        item = data_set(**{k: v for k, v in whole.items() if k != keyword})
        assert refused(ScheduledWorkitemCodeSequence=[item]) == (0x0120, (dictionary.tag(keyword),))
    create(ScheduledWorkitemCodeSequence=[data_set(URNCodeValue="urn:x", CodeMeaning="one")])
    assert refused(ScheduledHumanPerformersSequence=[data_set(HumanPerformerOrganization="X")])[0] == 0x0120


@pytest.mark.parametrize("row", [r for r in REQUIREMENTS if r.keyword not in OURS], ids=lambda row: row.keyword)
def test_updates(row: Requirement) -> None:
    made, _ = create()
    changes = data_set(**{row.keyword: some_value(row.keyword)})
    if row.keyword in {"ScheduledProcedureStepPriority", "InputReadinessState"}:
        changes = data_set(**{row.keyword: "LOW" if "Priority" in row.keyword else "INCOMPLETE"})
    if row.inner:
        changes = performed() if "Performed" in row.keyword else canceled() if "Progress" in row.keyword else changes
    if row.keyword == "ScheduledHumanPerformersSequence":
        changes = data_set(**{row.keyword: [data_set(HumanPerformerCodeSequence=[STATION])]})
    if row.keyword == "TransactionUID":  # not a value: the argument of the request
        assert updated(made, changes, NOW) == made
    elif row.set == "-":
        with pytest.raises(WorkItemRefusedError) as caught:
            updated(made, changes, NOW)
        assert (caught.value.refusal.status, caught.value.tags) == (0x0105, (dictionary.tag(row.keyword),))
        assert (
            updated(made, {key(row.keyword): made[key(row.keyword)]} if key(row.keyword) in made else {}, NOW) == made
        )
    else:
        after = updated(made, changes, "20250101")
        assert after[key(row.keyword)] == changes[key(row.keyword)]
        scheduling = "Progress" not in row.keyword and "Performed" not in row.keyword
        assert (text(after, "ScheduledProcedureStepModificationDateTime") == "20250101") is scheduling


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
    with pytest.raises(WorkItemRefusedError):
        check_final({**whole, key("ProcedureStepLabel"): {"vr": "LO"}}, state)
