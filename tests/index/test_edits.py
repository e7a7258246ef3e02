"""Corrections in the rows, on both databases."""

from collections.abc import Callable

import pytest

from isocenter.index.bin import discard, give_up_expired, read_deletions
from isocenter.index.database import TransientError
from isocenter.index.deletion import garbage
from isocenter.index.edits import (
    NewEdit,
    StudyObject,
    Swap,
    Version,
    announce_edit,
    kept_versions,
    objects_of,
    read_history,
    store_edit,
    values_of,
)
from isocenter.index.entry import Entry
from isocenter.index.index import Index
from isocenter.index.outbox import Consumer, Event

STUDY = "1.2.3"
VALUES = {"PatientID": "P2", "PatientName": "Roe^Richard", "StudyDescription": "CT neck"}


@pytest.fixture
def objects(index: Index, make_entry: Callable[..., Entry]) -> list[StudyObject]:
    for number in (1, 2):
        index.file(make_entry(number))
    return objects_of(index.database, STUDY)


def new(each: StudyObject) -> Swap:
    return Swap(each, Version(f"new/{each.id}", 1100, 300, b"new%d" % each.id))


def correct(index: Index, swaps: list[Swap], values: dict[str, str] | None = None, undone: int = 0) -> int:
    edit = NewEdit(STUDY, VALUES if values is None else values, "10.0.0.7", "why", 50, 100, undone)
    with index.database.write() as transaction:
        number = store_edit(transaction, edit, swaps)
        announce_edit(transaction, edit, swaps)
    return number


def test_all_rows_change_at_once(index: Index, objects: list[StudyObject]) -> None:
    number = correct(index, [new(each) for each in objects])
    (edit,) = read_history(index.database, STUDY)
    assert (edit.id, edit.objects, edit.who, edit.expires, edit.reversible) == (number, 2, "10.0.0.7", 100, True)
    assert edit.changes == {
        "PatientName": ("Doe^Jane", "Roe^Richard"), "PatientID": ("P1", "P2"), "StudyDescription": ("", "CT neck"),
    }  # fmt: skip
    after = objects_of(index.database, STUDY)
    assert [each.version.location for each in after] == [f"new/{each.id}" for each in objects]
    assert [(each.id, each.received) for each in after] == [(each.id, each.received) for each in objects]
    assert index.database.rows("SELECT bytes, instances, revision FROM series") == [(2200, 2, 3)]
    assert index.database.rows('SELECT "PatientID" FROM patient') == [("P2",)]
    assert index.database.rows("SELECT word FROM name_word ORDER BY word") == [("richard",), ("roe",)]
    assert read_deletions(index.database) == []
    assert all(index.knows(each.version.location) for each in objects)
    events = Consumer(index.database, "x", "y").read(0)
    assert [each.event for each in events][-2:] == [Event.EDITED, Event.EDITED]


def test_rows_go_back(index: Index, objects: list[StudyObject]) -> None:
    before = values_of(index.database, STUDY)
    number = correct(index, [new(each) for each in objects])
    kept = kept_versions(index.database, STUDY, number)
    swaps = [Swap(each, *kept[each.SOPInstanceUID][::2]) for each in objects_of(index.database, STUDY)]
    correct(index, swaps, {"PatientID": "P1", "PatientName": "Doe^Jane", "StudyDescription": ""}, number)
    assert objects_of(index.database, STUDY) == objects
    assert values_of(index.database, STUDY) == before
    assert [each.reversible for each in read_history(index.database, STUDY)] == [False, True]
    give_up_expired(index.database, 100)
    assert sorted(garbage(index.database)) == [f"new/{each.id}" for each in objects]
    assert [each.reversible for each in read_history(index.database, STUDY)] == [False, False]


def test_what_is_not_as_it_was_changes_nothing(index: Index, objects: list[StudyObject]) -> None:
    correct(index, [new(each) for each in objects])
    with pytest.raises(TransientError):
        correct(index, [new(each) for each in objects])
    assert len(read_history(index.database, STUDY)) == 1


def test_what_is_deleted_for_good_takes_its_versions_along(index: Index, objects: list[StudyObject]) -> None:
    correct(index, [new(each) for each in objects])
    index.delete(STUDY, "", "", 60)
    everything = [f"new/{each.id}" for each in objects] + [each.version.location for each in objects]
    assert sorted(garbage(index.database)) == sorted(everything)
    assert [each.reversible for each in read_history(index.database, STUDY)] == [False]


def test_only_what_no_row_names_is_discarded(index: Index, objects: list[StudyObject]) -> None:
    correct(index, [new(each) for each in objects])
    for each in objects:
        for location in (f"new/{each.id}", each.version.location, f"left/{each.id}"):
            discard(index.database, each.SOPInstanceUID, location)
    assert sorted(garbage(index.database)) == [f"left/{each.id}" for each in objects]
