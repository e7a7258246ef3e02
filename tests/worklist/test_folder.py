"""Files of a folder become entries, follow their changes, and go with them."""

import logging
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from isocenter.dicom.json import json_to_data_set
from isocenter.dicom.nested import Keys
from isocenter.dicom.part10 import write_file_meta
from isocenter.errors import UsageError
from isocenter.index.index import Index
from isocenter.index.performed import NewStep, PerformedSteps
from isocenter.worklist.entry import read_entry

EVERYTHING = Keys(())
WORKLIST_CLASS, EXPLICIT = "1.2.840.10008.5.1.4.31", "1.2.840.10008.1.2.1"
DUMP = """(0008,0005) CS [{charset}]
(0010,0010) PN [Müller^Jörg]
(0010,0020) LO 4711
(0040,0100) SQ
(fffe,e000) -
(0008,0060) CS {modality}
(0040,0002) DA 20240131
(0040,0009) SH S{number}
(fffe,e00d) -
(fffe,e0dd) -
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "worklist"
    made.mkdir()
    return made


@pytest.fixture
def followed(make_worklist, folder: Path):
    return make_worklist(worklist_folder=str(folder))


def data_set(flat: dict[str, Any], step: str) -> bytes:
    return json_to_data_set(read_entry(flat | {"ScheduledProcedureStepID": step}).data_set)


def test_all_kinds_of_files_are_read(followed, folder: Path, flat: dict[str, Any], ids) -> None:
    meta = write_file_meta(WORKLIST_CLASS, "1.2.3", EXPLICIT)
    (folder / "lockfile").touch()
    (folder / "readme.txt").write_text("nothing")
    (folder / ".hidden.wl").write_bytes(data_set(flat, "HIDDEN"))
    (folder / "a.wl").write_bytes(data_set(flat, "BARE"))
    (folder / "b.DCM").write_bytes(meta + data_set(flat, "FILE"))
    (folder / "OFFIS").mkdir()
    (folder / "OFFIS" / "c.wl").write_bytes(meta + data_set(flat, "BELOW"))
    (folder / "OFFIS" / "deeper").mkdir()
    (folder / "OFFIS" / "deeper" / "d.wl").write_bytes(data_set(flat, "DEEPER"))
    (folder / "e.dump").write_bytes(DUMP.format(number=1, modality="MR", charset="ISO_IR 100").encode("latin_1"))
    (folder / "f.dump").write_text(DUMP.format(number=2, modality="MR", charset="ISO_IR 192"), encoding="utf-8")
    assert sorted(ids(followed)) == ["BARE", "BELOW", "FILE", "S1", "S2"]
    assert sorted(ids(followed, PatientName="muller*")) == ["BARE", "BELOW", "FILE", "S1", "S2"]
    assert sorted(ids(followed, Modality="MR")) == ["S1", "S2"]


def test_changes_are_followed(followed, folder: Path, ids) -> None:
    path = folder / "a.dump"
    path.write_text(DUMP.format(number=1, modality="MR", charset="ISO_IR 192"))
    assert ids(followed) == ["S1"]
    (first,) = followed.find(EVERYTHING)
    assert ids(followed) == ["S1"]
    path.write_text(DUMP.format(number=1, modality="CT", charset="ISO_IR 192"))
    os.utime(path, ns=(1, 1))
    assert ids(followed, Modality="CT") == ["S1"]
    (second,) = followed.find(EVERYTHING)
    assert (second.id, second.data_set["0020000D"]) == (first.id, first.data_set["0020000D"])
    path.unlink()
    assert ids(followed) == []


def test_a_file_that_is_used_again_is_a_new_entry(followed, folder: Path, flat: dict[str, Any], ids) -> None:
    (folder / "CT1.wl").write_bytes(data_set(flat | {"ScheduledProcedureStepStatus": "COMPLETED"}, "S1"))
    assert ids(followed) == []
    (first,) = followed.find(EVERYTHING, finished=True)
    (folder / "CT1.wl").write_bytes(data_set(flat | {"PatientID": "another"}, "S2"))
    assert ids(followed) == ["S2"]
    (second,) = followed.find(EVERYTHING)
    assert (second.status, second.id > first.id) == ("SCHEDULED", True)


def test_reports_go_before_what_the_file_says(followed, index: Index, folder: Path, flat: dict[str, Any], ids) -> None:
    path = folder / "a.wl"
    given = flat | {"StudyInstanceUID": "1.2", "ScheduledProcedureStepStatus": "SCHEDULED"}
    path.write_bytes(data_set(given, "S1"))
    assert ids(followed) == ["S1"]
    PerformedSteps(index.database).add(NewStep("1.9", "IN PROGRESS", "CT1", {}, {}, [("1.2", "S1")]))
    assert [entry.status for entry in followed.find(EVERYTHING)] == ["STARTED"]
    path.write_bytes(data_set(given | {"PatientComments": "x"}, "S1"))
    (entry,) = followed.find(EVERYTHING)
    assert (entry.status, entry.data_set["00104000"]["Value"]) == ("STARTED", ["x"])


def test_nothing_is_read_again_without_a_change(followed, folder: Path, ids, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a.dump").write_text(DUMP.format(number=1, modality="MR", charset="ISO_IR 192"))
    (folder / "broken.dump").write_text("nonsense")
    ids(followed)

    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(followed._folder, "_read", fail)
    assert ids(followed) == ["S1"]


def test_broken_files_are_told_once_and_left_out(
    followed, folder: Path, flat: dict[str, Any], ids, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "good.wl").write_bytes(data_set(flat, "GOOD"))
    (folder / "empty.wl").touch()
    (folder / "text.wl").write_text("this is no data set")
    (folder / "cut.wl").write_bytes(data_set(flat, "CUT")[:-3])
    (folder / "long.wl").write_bytes(bytes(1 << 21))
    (folder / "two.dump").write_text(DUMP.replace("(fffe,e0dd) -", "(fffe,e000) -\n(fffe,e00d) -\n(fffe,e0dd) -"))
    (folder / "no step.dump").write_text("(0010,0010) PN A")
    with caplog.at_level(logging.WARNING):
        assert ids(followed) == ["GOOD"]
        assert ids(followed) == ["GOOD"]
    told = sorted(record.args[0] for record in caplog.records)
    assert told == ["cut.wl", "empty.wl", "long.wl", "no step.dump", "text.wl", "two.dump"]
    assert "Müller" not in caplog.text
    (folder / "good.wl").write_text("broken by now")
    assert ids(followed) == []
    (folder / "good.wl").write_bytes(data_set(flat, "AGAIN"))
    assert ids(followed) == ["AGAIN"]


def test_what_another_process_files_meanwhile_stays(
    followed, folder: Path, flat: dict[str, Any], ids, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.wl").write_bytes(data_set(flat, "S1"))
    read = followed._entries.stamps

    def stamps() -> dict[str, str]:
        found = read()
        (folder / "b.wl").write_bytes(data_set(flat, "S2"))
        return found

    monkeypatch.setattr(followed._entries, "stamps", stamps)
    assert sorted(ids(followed)) == ["S1", "S2"]
    assert sorted(ids(followed)) == ["S1", "S2"]


def test_a_folder_that_is_away_changes_nothing(followed, folder: Path, flat: dict[str, Any], ids) -> None:
    (folder / "a.wl").write_bytes(data_set(flat, "S1"))
    assert ids(followed) == ["S1"]
    folder.rename(folder.with_name("away"))
    assert ids(followed) == ["S1"]


def test_entries_of_files_are_changed_there(followed, folder: Path, flat: dict[str, Any], ids) -> None:
    (folder / "a.wl").write_bytes(data_set(flat, "S1"))
    followed.add(flat | {"ScheduledProcedureStepID": "OURS"})
    assert ids(followed) == ["OURS", "S1"]
    (entry,) = (entry for entry in followed.find(EVERYTHING) if entry.source == "a.wl")
    for work in (followed.remove, lambda number: followed.change(number, flat)):
        with pytest.raises(UsageError, match=r"'a\.wl'"):
            work(entry.id)


def test_a_file_that_goes_away_while_the_folder_is_looked_at_holds_nobody_up(
    followed, folder: Path, flat: dict[str, Any], ids, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    (folder / "a.wl").write_bytes(data_set(flat, "S1"))
    (folder / "b.wl").write_bytes(data_set(flat, "S2"))
    listed = os.scandir

    class Vanishing:
        """An entry whose file is removed between being listed and looked at."""

        def __init__(self, entry: "os.DirEntry[str]") -> None:
            self.name, self.path = entry.name, entry.path

        def is_file(self) -> bool:
            return True

        def stat(self) -> os.stat_result:
            if self.name == "a.wl":
                (folder / "a.wl").unlink(missing_ok=True)
            return Path(self.path).stat()

    @contextmanager
    def scandir(path: Path):
        with listed(path) as found:
            yield [Vanishing(entry) for entry in found]

    monkeypatch.setattr(os, "scandir", scandir)
    assert ids(followed) == ["S2"]
    assert not caplog.records
