"""The table of non-patient objects on both databases."""

import threading
from collections.abc import Callable

import pytest

from isocenter.errors import UsageError
from isocenter.index.entry import Entry
from isocenter.index.index import Index
from isocenter.index.instances import read_at
from isocenter.index.non_patient import (
    NonPatientQuery,
    delete_non_patient,
    find_non_patient,
    get_non_patient,
    read_all_non_patient,
)
from isocenter.index.statistics import read_statistics

Make = Callable[..., Entry]
PALETTE = "1.2.840.10008.5.1.4.39.1"


def palette(make: Make, number: int = 1, **attributes: str) -> Entry:
    of_no_study = {"StudyInstanceUID": "", "SeriesInstanceUID": "", "SOPClassUID": PALETTE}
    return make(number, **{**of_no_study, "ContentLabel": f"P{number}", **attributes})


def test_filed_read_deleted(index: Index, make_entry: Make) -> None:
    entries = [palette(make_entry, number) for number in (1, 2, 3)]
    assert [index.file(entry).existing for entry in entries] == [None, None, None]
    first = get_non_patient(index.database, "1.2.3.1")
    assert first is not None
    assert (first.StudyInstanceUID, first.SOPClassUID, first.location, first.hash, first.NumberOfFrames) == (
        "", PALETTE, entries[0].location, entries[0].hash, None,
    )  # fmt: skip
    walked = read_all_non_patient(index.database, 0, 2)
    walked += read_all_non_patient(index.database, walked[-1][0], 2)
    assert [each.SOPInstanceUID for _, each in walked] == ["1.2.3.1", "1.2.3.2", "1.2.3.3"]
    locations = [entry.location for entry in entries]
    assert read_at(index.database, [*locations, "elsewhere"]) == set(locations)
    assert delete_non_patient(index.database, "1.2.3.2", 2000)
    assert not delete_non_patient(index.database, "1.2.3.2", 2000)
    assert not index.knows(locations[1])
    held = read_statistics(index.database)
    assert (held.non_patient_objects, held.non_patient_bytes, held.patients) == (2, 2000, 0)


def test_search(index: Index, make_entry: Make) -> None:
    for number in (1, 2, 12):
        index.file(palette(make_entry, number))
    answers = find_non_patient(index.database, NonPatientQuery([PALETTE], {0x00700080: "P1*"}))
    assert [answer["00700080"]["Value"] for answer in answers] == [["P1"], ["P12"]]
    assert find_non_patient(index.database, NonPatientQuery(["1.2"], {})) == []
    with pytest.raises(UsageError):
        find_non_patient(index.database, NonPatientQuery([PALETTE], {0x00100020: "P1"}))


@pytest.mark.parametrize("patient_first", [False, True])
def test_a_uid_is_in_one_of_the_two_tables(index: Index, make_entry: Make, patient_first: bool) -> None:
    entries = [palette(make_entry), make_entry(1)]
    if patient_first:
        entries.reverse()
    index.file(make_entry(7))  # so that the series is known
    assert index.file(entries[0]).existing is None
    existing = index.file(entries[1]).existing
    assert existing is not None
    assert existing.location == entries[0].location
    moved = make_entry(1)
    index.move(existing, moved)
    assert index.knows(moved.location)
    assert not index.knows(entries[0].location)
    held = read_statistics(index.database)
    assert (held.instances, held.non_patient_objects) == ((2, 0) if patient_first else (1, 1))


def test_threads_file_the_same_object_at_once(index: Index, make_entry: Make) -> None:
    entries = [palette(make_entry) for _ in range(8)]
    new: list[bool] = []
    threads = [threading.Thread(target=lambda e=entry: new.append(index.file(e).existing is None)) for entry in entries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new) == [False] * 7 + [True]
