"""The rows of the bin, on both databases."""

from collections.abc import Callable

import pytest

from isocenter.index.bin import give_up, give_up_expired, read_binned, read_deletions, take_out
from isocenter.index.deletion import garbage
from isocenter.index.entry import Entry
from isocenter.index.index import Index

STUDY = "1.2.3"


@pytest.fixture
def deleted(index: Index, make_entry: Callable[..., Entry]) -> list[str]:
    """Two objects in the bin until time 100; return where they are."""
    entries = [make_entry(number, StudyInstanceUID=STUDY) for number in (1, 2)]
    for each in entries:
        index.file(each)
    assert index.delete(STUDY, "", "", 50, expires=100)
    return [each.location for each in entries]


def test_rows_move_into_the_bin_and_are_known_there(index: Index, deleted: list[str]) -> None:
    (deletion,) = read_deletions(index.database)
    assert (deletion.StudyInstanceUID, deletion.objects, deletion.deleted, deletion.expires) == (STUDY, 2, 50, 100)
    assert [each.location for each in read_binned(index.database, 0, 9)] == deleted
    assert [each.location for each in read_binned(index.database, 0, 1, deletion.id)] == deleted[:1]
    assert index.instances(STUDY) == []
    assert all(index.knows(location) for location in deleted)
    assert garbage(index.database) == []


def test_what_expires_becomes_garbage(index: Index, deleted: list[str]) -> None:
    give_up_expired(index.database, 99)
    assert garbage(index.database) == []
    give_up_expired(index.database, 100)
    assert sorted(garbage(index.database)) == sorted(deleted)
    assert read_deletions(index.database) == []
    assert not give_up(index.database, 1)


def test_a_deletion_goes_with_its_last_object(index: Index, deleted: list[str]) -> None:
    (deletion,) = read_deletions(index.database)
    for binned in read_binned(index.database, 0, 9):
        assert len(read_deletions(index.database)) == 1
        take_out(index.database, deletion.id, [binned])
    assert read_deletions(index.database) == []
