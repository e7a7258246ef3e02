"""Checks find every kind of damage, and repairs lose nothing."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isocenter.archive import Archive, Instance, Receipt
from isocenter.index.deletion import recount
from isocenter.integrity import Problem
from isocenter.settings import Settings

Build = Callable[..., bytes]
Send = Callable[..., Receipt]


@pytest.fixture
def filled(archive: Archive, build: Build, send: Send) -> Archive:
    for number in range(1, 5):
        send(archive, build(number))
    send(archive, build(4, PatientComments="second"))
    return archive


def row(archive: Archive, number: int) -> Instance:
    (instance,) = archive.instances("1.2.3", "1.2.3.0", f"1.2.3.{number}")
    return instance


def content(archive: Archive, instance: Instance) -> bytes:
    with archive.open_object(instance) as file:
        return file.read()


def put(archive: Archive, *chunks: bytes) -> str:
    """Put something into the storage that no row knows of."""
    upload = archive.storage.create()
    upload.write(chunks)
    return upload.commit()


def lose(archive: Archive, instance: Instance) -> None:
    archive.storage.delete([instance.location])


def change(archive: Archive, instance: Instance) -> None:
    """Change the last byte of an object where it lies."""
    with archive.open_object(instance) as file:
        base, segment = file.base, Path(f"/proc/self/fd/{file.fileno()}").resolve()
    with segment.open("r+b") as whole:
        whole.seek(base + instance.size - 1)
        last = whole.read(1)[0]
        whole.seek(-1, os.SEEK_CUR)
        whole.write(bytes([last ^ 1]))


def problems(archive: Archive, **options: bool) -> list[tuple[Problem, str]]:
    return [(finding.problem, finding.subject) for finding in archive.check(**options).findings]


def test_a_whole_archive_is_clean(filled: Archive) -> None:
    seen: list[int] = []
    report = filled.check(deep=True, progress=seen.append)
    assert (report.findings, report.instances, report.clean) == ([], 4, True)
    assert report.bytes == filled.statistics().bytes
    assert seen == [4]


@pytest.mark.parametrize(
    ("damage", "problem", "shallow"), [(lose, Problem.MISSING, True), (change, Problem.BYTES, False)]
)
def test_damaged_objects_are_found(
    filled: Archive, damage: Callable[[Archive, Instance], None], problem: Problem, *, shallow: bool
) -> None:
    damage(filled, row(filled, 2))
    second = filled.conflicts()[0].instance
    assert second is not None
    damage(filled, second)
    expected = [(problem, "1.2.3.2"), (problem, "1.2.3.4")]
    assert problems(filled) == (expected if shallow else [])
    assert problems(filled, deep=True) == expected
    report = filled.check(deep=True, repair=True)
    assert not report.clean  # nothing can bring the bytes back, and nothing was removed
    assert filled.statistics().instances == 4


def test_a_segment_that_was_cut_short_is_found(filled: Archive, folder: Path) -> None:
    (segment,) = (folder / "objects").rglob("*.seg")
    with filled.open_object(row(filled, 4)) as file:
        os.truncate(segment, file.base + 100)
    filled.storage.close()
    assert problems(filled) == [(Problem.SIZE, "1.2.3.4"), (Problem.MISSING, "1.2.3.4")]


def test_an_object_with_a_torn_end_is_not_taken_for_whole(filled: Archive, folder: Path, files_in: Any) -> None:
    torn = row(filled, 2)
    forget(filled, 2)
    change(filled, torn)
    assert Problem.UNREADABLE in dict(problems(filled))
    assert filled.check(repair=True).clean
    assert len(files_in(folder / "lost+found")) == 1
    assert filled.statistics().instances == 3


def test_files_without_rows_are_filed_again(filled: Archive) -> None:
    rows = {instance.SOPInstanceUID: instance for instance in filled.instances("1.2.3")}
    with filled.index.database.write() as transaction:
        for number in (1, 4):
            transaction.change('DELETE FROM instance WHERE "SOPInstanceUID" = :uid', {"uid": f"1.2.3.{number}"})
    found = dict(problems(filled))
    assert set(found) == {Problem.ORPHAN, Problem.COUNT}
    report = filled.check(repair=True)
    assert report.clean
    assert {instance.SOPInstanceUID: instance for instance in filled.instances("1.2.3")} == rows
    assert filled.check(deep=True).findings == []


def test_a_lost_index_is_built_anew_from_the_files(filled: Archive, tmp_path: Path, settings: Settings) -> None:
    rows = filled.instances("1.2.3")
    copy = tmp_path / "copy"
    shutil.copytree(tmp_path / "data" / "objects", copy / "objects")
    with Archive.open(copy, settings) as archive:
        rebuilt = archive.instances("1.2.3")
        assert [each.SOPInstanceUID for each in rebuilt] == [each.SOPInstanceUID for each in rows]
        assert rebuilt[:3] == rows[:3]
        assert len(archive.conflicts()) == 1
        assert archive.check(deep=True).findings == []


def test_copies_and_rubbish_are_set_aside_not_deleted(filled: Archive, folder: Path, files_in: Any) -> None:
    size = row(filled, 1).size
    put(filled, content(filled, row(filled, 1)))
    put(filled, b"rubbish")
    put(filled, b"")
    assert [problem for problem, _ in problems(filled)] == [Problem.ORPHAN, Problem.UNREADABLE, Problem.UNREADABLE]
    report = filled.check(repair=True)
    assert report.clean
    assert sorted(file.stat().st_size for file in files_in(folder / "lost+found")) == [0, 7, size]
    assert filled.check(deep=True).findings == []


def test_a_copy_that_is_discarded_while_a_check_looks_is_passed_over(
    filled: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process receives it; a check, or the next web process, must not fail for that."""
    location, size = put(filled, content(filled, row(filled, 1))), filled.storage.size

    def then_gone(asked: str) -> int | None:
        found = size(asked)
        if asked == location:
            filled.storage.delete([location])
        return found

    monkeypatch.setattr(filled.storage, "size", then_gone)
    assert filled.check(repair=True).findings == []


def test_a_lost_object_is_found_again_in_a_copy(filled: Archive) -> None:
    whole = content(filled, row(filled, 3))
    put(filled, whole)
    lose(filled, row(filled, 3))
    report = filled.check(repair=True)
    assert report.clean
    assert content(filled, row(filled, 3)) == whole
    assert filled.check(deep=True).findings == []


def test_a_file_that_somebody_put_there_is_filed(filled: Archive, folder: Path) -> None:
    whole = content(filled, row(filled, 3))
    filled.delete("1.2.3", "1.2.3.0", "1.2.3.3")
    (folder / "objects" / "restored").mkdir()
    (folder / "objects" / "restored" / "IM3").write_bytes(whole)
    assert problems(filled) == [(Problem.ORPHAN, "restored/IM3")]
    assert filled.check(repair=True).clean
    assert content(filled, row(filled, 3)) == whole


def test_counters_and_empty_rows_are_put_right(filled: Archive, build: Build, send: Send) -> None:
    send(filled, build(9, StudyInstanceUID="1.2.9", PatientID="P9"))
    location = filled.instances("1.2.9")[0].location
    with filled.index.database.write() as transaction:
        transaction.change("UPDATE series SET instances = 77", {})
        transaction.change("DELETE FROM instance WHERE location = :location", {"location": location})
    filled.storage.delete([location])
    assert {problem for problem, _ in problems(filled)} == {Problem.COUNT, Problem.EMPTY}
    assert filled.check(repair=True).clean
    assert filled.check().findings == []
    held = filled.statistics()
    assert (held.patients, held.studies, held.series, held.instances) == (1, 1, 1, 4)


def forget(archive: Archive, *numbers: int) -> None:
    """Take rows away, as a loss of power does to those that the index had not written to the disk."""
    with archive.index.database.write() as transaction:
        for number in numbers:
            transaction.change('DELETE FROM instance WHERE "SOPInstanceUID" = :uid', {"uid": f"1.2.3.{number}"})
            recount(transaction, 1, 0)
        transaction.change("DELETE FROM conflict", {})


@pytest.mark.parametrize("marker", ["another-start 1000", "", "not readable\n\n", None])
def test_what_the_index_forgot_is_redone_after_a_restart(
    filled: Archive, folder: Path, settings: Settings, marker: str | None
) -> None:
    forget(filled, 2, 3)
    if marker is None:
        (folder / "durable").unlink()
    else:
        (folder / "durable").write_text(marker)
    with Archive.open(folder, settings) as restarted:
        assert restarted.statistics().instances == 4
        assert len(restarted.conflicts()) == 1
        assert restarted.check(deep=True).findings == []


def test_nothing_is_redone_while_the_machine_is_up(filled: Archive, folder: Path, settings: Settings) -> None:
    forget(filled, 2)
    with Archive.open(folder, settings) as again:
        assert again.statistics().instances == 3


def test_only_what_came_since_the_index_was_durable_is_redone(
    filled: Archive, folder: Path, settings: Settings
) -> None:
    forget(filled, 2)
    soon = time.time() + 1000
    (folder / "durable").write_text(f"another-start {soon}")
    with Archive.open(folder, settings) as restarted:
        assert restarted.statistics().instances == 3


def test_a_missing_folder_of_objects_costs_no_rows(filled: Archive, folder: Path, settings: Settings) -> None:
    (folder / "durable").write_text("another-start 1000")
    shutil.move(folder / "objects", folder / "elsewhere")
    with Archive.open(folder, settings) as archive:
        assert archive.statistics().instances == 4
