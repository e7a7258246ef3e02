"""The table of worklist entries, on both databases."""

import pytest

from isocenter.dicom.matching import compile_match
from isocenter.errors import NotFoundError, UsageError
from isocenter.index.index import Index
from isocenter.index.worklist import DuplicateEntryError, NewEntry, WorklistEntries


def entry(step: str, status: str = "", **columns: str) -> NewEntry:
    given = {"StudyInstanceUID": "1.2", "ScheduledProcedureStepID": step, "ScheduledProcedureStepStartDate": "20240131"}
    values = {name: tuple(value.split("\\")) for name, value in (given | columns).items()}
    return NewEntry({"00400100": {"vr": "SQ", "Value": [{"00400009": {"vr": "SH", "Value": [step]}}]}}, values, status)


@pytest.fixture
def entries(index: Index) -> WorklistEntries:
    return WorklistEntries(index.database)


def steps(entries: WorklistEntries, finished: bool = False, size: int = 2, **keys: tuple[str, str]) -> list[str]:
    restrictions = {name: compile_match(vr, key) for name, (vr, key) in keys.items()}
    pages = entries.pages(restrictions, size, finished=finished)
    return [e.data_set["00400100"]["Value"][0]["00400009"]["Value"][0] for page in pages for e in page]


def test_in_order_of_date_and_time_page_by_page(entries: WorklistEntries) -> None:
    for number, time in enumerate(["1200", "0800", "1000", "0800", "0900"]):
        entries.add(entry(f"S{number}", ScheduledProcedureStepStartTime=time))
    assert steps(entries) == steps(entries, size=5) == steps(entries, size=100) == ["S1", "S3", "S4", "S2", "S0"]


def test_columns_restrict(entries: WorklistEntries) -> None:
    entries.add(entry("A", PatientName="Müller^Jörg=山田", ScheduledStationAETitle="CT_1\\CT2", Modality="CT"))
    entries.add(entry("B", PatientName="Meier^Ida", ScheduledStationAETitle="MR%1", Modality="MR"))
    assert steps(entries, Modality=("CS", "MR")) == ["B"]
    assert steps(entries, PatientName=("PN", "MULL*")) == ["A"]
    assert steps(entries, PatientName=("PN", "山田")) == ["A"]
    assert steps(entries, ScheduledStationAETitle=("AE", "CT2")) == ["A"]
    assert steps(entries, ScheduledStationAETitle=("AE", "CT_1\\MR%1")) == ["A", "B"]
    assert steps(entries, ScheduledStationAETitle=("AE", "MR_1")) == []
    assert steps(entries, PatientID=("LO", '""')) == ["A", "B"]
    assert steps(entries, ScheduledProcedureStepStartDate=("DA", "-20231231")) == []


def test_status_is_part_of_the_data_set(entries: WorklistEntries) -> None:
    number = entries.add(entry("A", "READY"))
    found = entries.get(number)
    assert found.status == "READY"
    assert found.data_set["00400100"]["Value"][0]["00400020"] == {"vr": "CS", "Value": ["READY"]}
    entries.replace(number, entry("A"))
    assert entries.get(number).status == "READY"
    entries.replace(number, entry("A", "COMPLETED"))
    assert steps(entries) == []
    assert steps(entries, finished=True) == ["A"]


def test_what_files_become(entries: WorklistEntries) -> None:
    entries.follow([("a.wl", "1", entry("A")), ("b.wl", "1", entry("B"))], [])
    assert entries.stamps() == {"a.wl": "1", "b.wl": "1"}
    entries.follow([("a.wl", "2", entry("A2"))], ["b.wl"])
    assert entries.stamps() == {"a.wl": "2"}
    assert steps(entries) == ["A2"]
    (page,) = entries.pages({}, 10, finished=False)
    with pytest.raises(UsageError):
        entries.remove(page[0].id)


def test_one_entry_a_step(entries: WorklistEntries) -> None:
    number = entries.add(entry("A"))
    with pytest.raises(DuplicateEntryError):
        entries.add(entry("A"))
    entries.remove(number)
    with pytest.raises(NotFoundError):
        entries.remove(number)
    entries.add(entry("A"))
