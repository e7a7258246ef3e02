"""What makes a data set an entry, and what is made up for it."""

from typing import Any

import pytest

from isocenter.dicom.uids import is_valid_uid
from isocenter.errors import UsageError
from isocenter.worklist.entry import make_entry, read_entry

COLUMNS = {
    "PatientName": ("Müller^Jörg",), "PatientID": ("4711",), "Modality": ("CT",), "ScheduledStationAETitle": ("CT1",),
    "ScheduledProcedureStepStartDate": ("20240131",), "ScheduledProcedureStepStartTime": ("0930",),
    "AccessionNumber": (), "ScheduledPerformingPhysicianName": (),
}  # fmt: skip


def test_flat_attributes_find_their_place(flat: dict[str, Any]) -> None:
    entry = read_entry(flat | {"AccessionNumber": "A1", "RequestedProcedureID": "R1", "ScheduledProcedureStepID": "S1",
                               "StudyInstanceUID": "1.2.3"})  # fmt: skip
    (step,) = entry.data_set["00400100"]["Value"]
    assert set(step) == {"00080060", "00400001", "00400002", "00400003", "00400009"}
    assert set(entry.data_set) == {"00080050", "00100010", "00100020", "0020000D", "00400100", "00401001"}
    assert entry.status == ""
    assert dict(entry.columns) == COLUMNS | {
        "AccessionNumber": ("A1",), "RequestedProcedureID": ("R1",), "ScheduledProcedureStepID": ("S1",),
        "StudyInstanceUID": ("1.2.3",),
    }  # fmt: skip


def test_uids_and_numbers_are_made_up(flat: dict[str, Any]) -> None:
    one, other = read_entry(flat), read_entry(flat)
    assert is_valid_uid(one.first("StudyInstanceUID"))
    for keyword in ("StudyInstanceUID", "RequestedProcedureID", "ScheduledProcedureStepID"):
        assert one.first(keyword)
        assert one.first(keyword) != other.first(keyword)
        assert len(one.first(keyword)) <= (64 if keyword == "StudyInstanceUID" else 12)
    assert one.data_set["0020000D"]["Value"] == [one.first("StudyInstanceUID")]


def test_one_description_does_for_both(flat: dict[str, Any]) -> None:
    def descriptions(**given: Any) -> tuple[Any, Any]:
        data_set = read_entry(flat | given).data_set
        step = data_set["00400100"]["Value"][0]
        return data_set.get("00321060", {}).get("Value"), step.get("00400007", {}).get("Value")

    code = [{"CodeValue": "C1", "CodingSchemeDesignator": "99X", "CodeMeaning": "CT"}]
    assert descriptions() == (None, None)
    assert descriptions(RequestedProcedureDescription="A") == (["A"], ["A"])
    assert descriptions(ScheduledProcedureStepDescription="B") == (["B"], ["B"])
    assert descriptions(RequestedProcedureDescription="A", ScheduledProcedureStepDescription="B") == (["A"], ["B"])
    assert descriptions(RequestedProcedureDescription="A", ScheduledProtocolCodeSequence=code) == (["A"], None)
    assert descriptions(ScheduledProcedureStepDescription="B", RequestedProcedureCodeSequence=code) == (None, ["B"])


def test_a_named_entry_gets_the_same_ones(flat: dict[str, Any]) -> None:
    def of(name: str, **changes: str) -> list[str]:
        data_set = read_entry(flat | changes).data_set
        del data_set["0020000D"], data_set["00401001"], data_set["00400100"]["Value"][0]["00400009"]
        entry = make_entry(data_set, name=name)
        return [entry.first(k) for k in ("StudyInstanceUID", "RequestedProcedureID", "ScheduledProcedureStepID")]

    assert of("a.wl") == of("a.wl")
    assert of("a.wl") == of("a.wl", ScheduledProcedureStepStartTime="1100", PatientName="Corrected")
    for other in (of("b.wl"), of("a.wl", PatientID="8"), of("a.wl", AccessionNumber="A2"),
                  of("a.wl", ScheduledProcedureStepStartDate="20240201")):  # fmt: skip
        assert not set(of("a.wl")) & set(other)


@pytest.mark.parametrize(
    "keyword",
    ["PatientName", "PatientID", "Modality", "ScheduledStationAETitle", "ScheduledProcedureStepStartDate",
     "ScheduledProcedureStepStartTime"],
)  # fmt: skip
def test_what_is_missing_is_named(flat: dict[str, Any], keyword: str) -> None:
    for given in (flat | {keyword: ""}, {name: value for name, value in flat.items() if name != keyword}):
        with pytest.raises(UsageError, match=keyword):
            read_entry(given)


def test_one_step_an_entry(flat: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="one item"):
        read_entry({"PatientName": "A"})
    with pytest.raises(UsageError, match="one item"):
        read_entry(flat | {"ScheduledProcedureStepSequence": [{}, {}]})


def test_status(flat: dict[str, Any]) -> None:
    assert read_entry(flat | {"ScheduledProcedureStepStatus": "ARRIVED"}).status == "ARRIVED"
    with pytest.raises(UsageError, match="ARRIVED, READY"):
        read_entry(flat | {"ScheduledProcedureStepStatus": "GONE"})
