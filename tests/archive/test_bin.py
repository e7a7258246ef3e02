"""The bin: what is deleted is nowhere to be found, and comes back whole; through crashes, checks and new uploads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isocenter.archive import Archive, Level, Outcome, Query, Receipt
from isocenter.bin import Restored
from isocenter.errors import NotFoundError
from isocenter.index.bin import read_binned
from isocenter.integrity import Problem
from isocenter.settings import Settings

Build = Callable[..., bytes]
Send = Callable[..., Receipt]
STUDY = "1.2.3"


@pytest.fixture
def filled(archive: Archive, build: Build, send: Send) -> Archive:
    """An archive with two series, and a conflict for the first object."""
    for number in range(1, 5):
        send(archive, build(number, SeriesInstanceUID=f"1.2.3.0.{number % 2}"))
    send(archive, build(1, SeriesInstanceUID="1.2.3.0.1", PatientComments="a conflict"))
    return archive


def content(archive: Archive) -> dict[str, bytes]:
    """Return the bytes of all objects of the study, by their UID."""
    found = {}
    for instance in archive.instances(STUDY):
        with archive.open_object(instance) as file:
            found[instance.SOPInstanceUID] = file.read()
    return found


def restore_last(archive: Archive) -> Restored:
    return archive.bin.restore(archive.bin.deletions()[-1].id)


def test_deleted_objects_are_nowhere_and_come_back_whole(filled: Archive) -> None:
    before, counts, conflicts = content(filled), filled.statistics(), filled.conflicts()
    filled.delete(STUDY)
    assert [filled.find(Query(level, {})) for level in Level] == [[], [], [], []]
    assert (filled.statistics().instances, filled.conflicts()) == (0, [])
    with pytest.raises(NotFoundError):
        filled.instances(STUDY)
    assert restore_last(filled) == Restored(stored=4, conflicts=1)
    assert content(filled) == before
    assert filled.statistics() == counts
    assert [each.instance for each in filled.conflicts()] == [each.instance for each in conflicts]
    assert filled.bin.deletions() == []
    assert filled.check(deep=True).findings == []


def test_each_deletion_is_listed_with_what_it_was(filled: Archive, settings: Settings) -> None:
    filled.delete(STUDY, "1.2.3.0.0", "1.2.3.2")
    filled.delete(STUDY, "1.2.3.0.1")
    one, series = filled.bin.deletions()
    assert (one.SOPInstanceUID, one.objects) == ("1.2.3.2", 1)
    assert (series.SeriesInstanceUID, series.SOPInstanceUID, series.objects) == ("1.2.3.0.1", "", 3)
    assert (series.PatientName, series.PatientID, series.StudyDate) == ("Doe^Jane", "P1", "20240131")
    assert series.bytes == sum(each.size for each in read_binned(filled.index.database, 0, 99, series.id))
    assert series.expires - series.deleted == settings.bin_days * 86_400_000
    assert filled.bin.restore(one.id) == Restored(stored=1)
    assert [instance.SOPInstanceUID for instance in filled.instances(STUDY)] == ["1.2.3.2", "1.2.3.4"]


def test_bin_days_0_deletes_at_once(folder: Path, settings: Settings, build: Build, send: Send) -> None:
    with Archive.open(folder, settings.replace(bin_days=0)) as archive:
        send(archive, build(1))
        archive.delete(STUDY)
        assert archive.bin.deletions() == []
        assert list(archive.storage.objects()) == []


def test_what_is_emptied_is_gone_for_good(filled: Archive) -> None:
    filled.delete(STUDY, "1.2.3.0.0")
    filled.delete(STUDY)
    first, _ = filled.bin.deletions()
    filled.bin.empty(first.id)
    assert len(list(filled.storage.objects())) == 3
    with pytest.raises(NotFoundError):
        filled.bin.restore(first.id)
    with pytest.raises(NotFoundError):
        filled.bin.empty(first.id)
    assert filled.bin.empty_all() == 1
    assert list(filled.storage.objects()) == []


def test_it_empties_itself_when_the_time_has_come(filled: Archive) -> None:
    filled.delete(STUDY)
    (deletion,) = filled.bin.deletions()
    filled.settle((deletion.expires - 1) / 1000)
    assert len(filled.bin.deletions()) == 1
    filled.settle(deletion.expires / 1000)
    assert filled.bin.deletions() == []
    assert list(filled.storage.objects()) == []


def test_restarts_and_repairs_leave_it_alone(filled: Archive, folder: Path, settings: Settings) -> None:
    before = content(filled)
    filled.delete(STUDY)
    assert filled.check(deep=True, repair=True).findings == []
    filled.close()
    (folder / "durable").unlink()  # as after a crash: the next start looks for objects without a row
    with Archive.open(folder, settings) as archive:
        assert archive.statistics().instances == 0
        assert archive.check(deep=True, repair=True).findings == []
        restore_last(archive)
        assert content(archive) == before


def test_the_same_sent_again_is_stored_as_new(filled: Archive, build: Build, send: Send) -> None:
    filled.delete(STUDY)
    assert send(filled, build(2, SeriesInstanceUID="1.2.3.0.0")).outcome is Outcome.STORED
    assert send(filled, build(3, SeriesInstanceUID="1.2.3.0.1", PatientComments="new")).outcome is Outcome.STORED
    assert restore_last(filled) == Restored(stored=2, duplicates=1, conflicts=2)
    assert filled.check(deep=True).findings == []
    with filled.open_object(filled.instances(STUDY, None, "1.2.3.3")[0]) as file:
        assert b"new" in file.read()
    filled.bin.empty_all()
    assert filled.check(deep=True).findings == []


def test_a_crash_while_restoring_loses_nothing(filled: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed behind the filing and before the bin knows it: neither emptying nor restoring again does harm."""
    before = content(filled)
    filled.delete(STUDY)

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("isocenter.bin.take_out", die)
        with pytest.raises(KeyboardInterrupt):
            restore_last(filled)
    assert content(filled) == before
    assert filled.check(deep=True, repair=True).findings == []
    filled.bin.empty_all()
    assert content(filled) == before
    assert filled.check(deep=True).findings == []


def test_restoring_again_after_a_crash(filled: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(filled)
    filled.delete(STUDY)
    with monkeypatch.context() as patch:
        patch.setattr("isocenter.bin.take_out", lambda *_: None)
        restore_last(filled)
    restore_last(filled)
    assert content(filled) == before
    assert filled.bin.deletions() == []
    assert filled.check(deep=True).findings == []


def test_an_error_while_filing_keeps_the_bytes(filled: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.delete(STUDY)
    with monkeypatch.context() as patch:
        patch.setattr(filled.index, "file", lambda _: (_ for _ in ()).throw(NotFoundError("no index")))
        with pytest.raises(NotFoundError):
            restore_last(filled)
    assert restore_last(filled).stored == 4


def test_bytes_that_are_lost_are_told_and_stay_listed(filled: Archive) -> None:
    filled.delete(STUDY)
    (deletion,) = filled.bin.deletions()
    gone = read_binned(filled.index.database, 0, 1, deletion.id)[0]
    filled.storage.delete([gone.location])
    findings = filled.check().findings
    assert [(each.problem, each.subject) for each in findings] == [(Problem.MISSING, gone.SOPInstanceUID)]
    assert "in the bin" in findings[0].detail
    result = restore_last(filled)
    assert (result.lost, result.stored) == (1, 4)  # the kept second object of the conflict takes the place of the first
    assert [each.objects for each in filled.bin.deletions()] == [1]
