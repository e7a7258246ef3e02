"""Corrections: in every object and in the index at once, byte by byte put back, and nothing lost whatever happens."""

import io
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset

from isocenter.archive import Archive, Level, Outcome, Query, Receipt
from isocenter.dicom.writer import write_element, write_sequence
from isocenter.editing import By, EditError, StudyEdit
from isocenter.errors import InvalidObjectError, NotFoundError, OutOfResourcesError, UsageError
from isocenter.index.drafts import ChangedMeanwhileError
from isocenter.integrity import Problem, Redo
from isocenter.settings import Settings

Build = Callable[..., bytes]
Send = Callable[..., Receipt]
STUDY = "1.2.3"
BY = By("10.0.0.7", "wrong patient chosen at the console")
IMPLICIT = "1.2.840.10008.1.2"
BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"


@pytest.fixture
def filled(archive: Archive, build: Build, send: Send) -> Archive:
    """An archive with a study of three objects, one of them in implicit VR."""
    for number in (1, 2):
        send(archive, build(number, StudyDescription="CT head"))
    send(archive, build(3, StudyDescription="CT head", implicit=True), IMPLICIT)
    return archive


def later() -> float:
    """Return a time at which no object is arriving any more."""
    return time.time() + 60


def edit(archive: Archive, study: str = STUDY, **values: str) -> StudyEdit:
    return archive.editing.edit(study, values, BY, later())


def content(archive: Archive, study: str = STUDY) -> dict[str, bytes]:
    """Return the files of all objects of a study, by their UID."""
    found = {}
    for instance in archive.instances(study):
        with archive.open_object(instance) as file:
            found[instance.SOPInstanceUID] = file.read()
    return found


def read(archive: Archive, sop: str = "1.2.3.1", study: str = STUDY) -> Dataset:
    return pydicom.dcmread(io.BytesIO(content(archive, study)[sop]))


def patients(archive: Archive) -> list[tuple[str, str, int]]:
    tags = (0x00100010, 0x00100020, 0x00201200)
    found = archive.find(Query(Level.PATIENT, dict.fromkeys(tags, "")))
    rows = [[each[f"{tag:08X}"].get("Value", [""])[0] for tag in tags] for each in found]
    return sorted((name["Alphabetic"] if name else "", patient_id, count) for name, patient_id, count in rows)


def check(archive: Archive) -> None:
    """Everything is as it should be, down to every byte."""
    assert archive.check(deep=True).findings == []


def test_all_objects_and_the_index_say_the_same_afterwards(filled: Archive) -> None:
    before = {uid: pydicom.dcmread(io.BytesIO(file)) for uid, file in content(filled).items()}
    made = edit(filled, PatientName="Roe^Richard", PatientID="P2", PatientSex="M", AccessionNumber="A7")
    assert (made.objects, made.who, made.reason) == (3, BY.who, BY.reason)
    assert made.changes == {
        "PatientName": ("Doe^Jane", "Roe^Richard"), "PatientID": ("P1", "P2"), "PatientSex": ("", "M"),
        "AccessionNumber": ("", "A7"),
    }  # fmt: skip
    for uid, old in before.items():
        new = read(filled, uid)
        (item,) = new.OriginalAttributesSequence
        assert item.ReasonForTheAttributeModification == "CORRECT"
        assert item.ModifyingSystem == "ISOCENTER ISOCENTER"
        (modified,) = item.ModifiedAttributesSequence
        assert (modified.PatientName, modified.PatientID, modified.PatientSex) == ("Doe^Jane", "P1", "")
        assert (new.PatientName, new.PatientID, new.PatientSex) == ("Roe^Richard", "P2", "M")
        assert new.file_meta == old.file_meta
        for keyword in ("PatientName", "PatientID", "PatientSex", "AccessionNumber", "OriginalAttributesSequence"):
            for each in (new, old):
                if keyword in each:
                    delattr(each, keyword)
        assert new == old
        assert new.PixelData == bytes(range(128))
    assert patients(filled) == [("Roe^Richard", "P2", 1)]
    assert filled.editing.values(STUDY).values["AccessionNumber"] == "A7"
    check(filled)


def test_what_hangs_on_the_study_stays(filled: Archive) -> None:
    filled.settle(later())
    filled.drafts.put(STUDY, 0, '["a measurement"]')
    etag = filled.metadata(STUDY, "1.2.3.0").etag
    edit(filled, PatientName="Roe^Richard", PatientID="P2")
    assert filled.drafts.get(STUDY).body == '["a measurement"]'
    assert filled.metadata(STUDY, "1.2.3.0").etag != etag
    assert filled.settle(later() + 60) == 1
    assert filled.metadata(STUDY, "1.2.3.0").settled
    check(filled)


def test_a_correction_is_put_back_byte_by_byte_and_forth_again(filled: Archive) -> None:
    before, values = content(filled), filled.editing.values(STUDY).values
    first = edit(filled, PatientName="Roe^Richard", PatientID="P2")
    corrected = content(filled)
    back = filled.editing.put_back(STUDY, first.id, By("10.0.0.8"), later())
    assert (back.undone, back.objects, back.who) == (first.id, 3, "10.0.0.8")
    assert content(filled) == before
    assert filled.editing.values(STUDY).values == values
    assert patients(filled) == [("Doe^Jane", "P1", 1)]
    assert [(each.id, each.reversible) for each in filled.editing.history(STUDY)] == [
        (first.id, False), (back.id, True),
    ]  # fmt: skip
    check(filled)
    filled.editing.put_back(STUDY, back.id, BY, later())
    assert content(filled) == corrected
    assert patients(filled) == [("Roe^Richard", "P2", 1)]
    check(filled)


def test_corrections_are_put_back_in_turn_only(filled: Archive) -> None:
    before = content(filled)
    first, second = edit(filled, PatientName="Roe^R"), edit(filled, StudyDescription="CT neck")
    assert [item.ModifiedAttributesSequence[0].get("StudyDescription") for item in
            read(filled).OriginalAttributesSequence] == [None, "CT head"]  # fmt: skip
    with pytest.raises(EditError, match="put that back first"):
        filled.editing.put_back(STUDY, first.id, BY, later())
    filled.editing.put_back(STUDY, second.id, BY, later())
    filled.editing.put_back(STUDY, first.id, BY, later())
    assert content(filled) == before
    with pytest.raises(EditError, match="not kept"):
        filled.editing.put_back(STUDY, first.id, BY, later())
    with pytest.raises(NotFoundError):
        filled.editing.put_back(STUDY, 99, BY, later())
    check(filled)


def test_a_study_moves_to_a_patient_that_is_there(filled: Archive, build: Build, send: Send) -> None:
    send(filled, build(9, StudyInstanceUID="1.2.9", SeriesInstanceUID="1.2.9.0", PatientName="Roe^R", PatientID="P2"))
    made = edit(filled, PatientName="Roe^R", PatientID="P2")
    assert patients(filled) == [("Roe^R", "P2", 2)]
    filled.editing.put_back(STUDY, made.id, BY, later())
    assert patients(filled) == [("Doe^Jane", "P1", 1), ("Roe^R", "P2", 1)]
    assert filled.conflicts() == []


def test_another_persons_id_is_listed(filled: Archive, build: Build, send: Send) -> None:
    send(filled, build(9, StudyInstanceUID="1.2.9", SeriesInstanceUID="1.2.9.0", PatientName="Roe^R", PatientID="P2"))
    edit(filled, PatientID="P2")
    (conflict,) = filled.conflicts()
    assert (conflict.kind.value, conflict.StudyInstanceUID) == ("patient", STUDY)
    assert "Roe^R" in conflict.detail
    assert patients(filled) == [("Doe^Jane", "P2", 1), ("Roe^R", "P2", 1)]


def test_a_patient_is_spelled_anew_in_his_row(filled: Archive, build: Build, send: Send) -> None:
    send(filled, build(9, StudyInstanceUID="1.2.9", SeriesInstanceUID="1.2.9.0"))
    made = edit(filled, PatientName="DOE^Jane", PatientSex="F")
    assert patients(filled) == [("DOE^Jane", "P1", 2)]
    filled.editing.put_back(STUDY, made.id, BY, later())
    assert patients(filled) == [("Doe^Jane", "P1", 2)]
    assert filled.editing.values(STUDY).values["PatientSex"] == ""


def test_objects_that_come_later_with_the_old_values_are_listed(filled: Archive, build: Build, send: Send) -> None:
    send(filled, build(4))  # so that this process knows where such objects belong
    edit(filled, PatientName="Roe^Richard", PatientID="P2")
    assert send(filled, build(5)).warnings == ("its study belongs to another patient; see the conflict list",)
    assert send(filled, build(1, StudyDescription="CT head")).outcome is Outcome.CONFLICT
    assert sorted(each.kind.value for each in filled.conflicts()) == ["instance", "study patient"]
    assert str(read(filled, "1.2.3.5").PatientName) == "Doe^Jane"
    before = content(filled)
    again = edit(filled, PatientName="Roe^Richard", PatientID="P2")  # which takes in what came
    assert (again.objects, again.changes) == (1, {})
    assert str(read(filled, "1.2.3.5").PatientName) == "Roe^Richard"
    filled.editing.put_back(STUDY, again.id, BY, later())
    assert content(filled) == before
    check(filled)


def test_a_study_that_is_arriving_is_not_corrected(filled: Archive) -> None:
    with pytest.raises(EditError, match="still arriving"):
        filled.editing.edit(STUDY, {"PatientID": "P2"}, BY, time.time())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "at least one"),
        ({"Modality": "MR"}, "Modality cannot be corrected"),
        ({"PatientBirthDate": "1.2.1970"}, "PatientBirthDate: use a date like"),
        ({"PatientBirthDate": "19700231"}, "use a date like"),
        ({"StudyTime": "25"}, "use a time like"),
        ({"PatientSex": "X"}, "use one of M, F, O"),
        ({"AccessionNumber": "12345678901234567"}, "at most 16 characters"),
        ({"PatientName": "A^B^C^D^E^F"}, "at most five parts"),
        ({"PatientName": "A\\B"}, "no backslash"),
        ({"StudyDescription": "a\nb"}, "at most 64"),
        ({"StudyDescription": "a\ud800"}, "can be printed"),
        ({"StudyDescription": "CT head"}, "these values already"),
    ],
)
def test_wrong_values_are_refused(filled: Archive, values: dict[str, str], message: str) -> None:
    before = content(filled)
    with pytest.raises(UsageError, match=message):
        edit(filled, **values)
    assert content(filled) == before
    assert filled.editing.history(STUDY) == []
    check(filled)


def test_no_study_and_another_version(filled: Archive) -> None:
    with pytest.raises(NotFoundError):
        edit(filled, "1.2.99", PatientID="P2")
    with pytest.raises(NotFoundError):
        filled.editing.values("1.2.99")
    assert filled.editing.values(STUDY).version == 0
    made = filled.editing.edit(STUDY, {"PatientID": "P2"}, By("a", version=0), later())
    with pytest.raises(ChangedMeanwhileError):
        filled.editing.edit(STUDY, {"PatientID": "P3"}, By("b", version=0), later())
    with pytest.raises(ChangedMeanwhileError):
        filled.editing.put_back(STUDY, made.id, By("b", version=0), later())
    check(filled)


@pytest.mark.parametrize("syntax", [BIG, DEFLATED])
def test_other_layouts(archive: Archive, build: Build, send: Send, syntax: str) -> None:
    if syntax == DEFLATED:
        stream = zlib.compressobj(wbits=-15)
        data = stream.compress(build(1)) + stream.flush()
        data += b"\0" * (len(data) % 2)
    else:
        dataset = pydicom.dcmread(io.BytesIO(build(1)), force=True)
        buffer = io.BytesIO()
        pydicom.dcmwrite(buffer, dataset, implicit_vr=False, little_endian=False)
        data = buffer.getvalue()
    send(archive, data, syntax)
    before = content(archive)
    made = edit(archive, PatientName="Roe^Richard", StudyDescription="a new one")
    new = read(archive)
    assert (new.PatientName, new.StudyDescription, new.Rows) == ("Roe^Richard", "a new one", 8)
    assert new.OriginalAttributesSequence[0].ModifiedAttributesSequence[0].PatientName == "Doe^Jane"
    check(archive)
    archive.editing.put_back(STUDY, made.id, BY, later())
    assert content(archive) == before


def test_bin_days_0_keeps_nothing(folder: Path, settings: Settings, build: Build, send: Send) -> None:
    with Archive.open(folder, settings.replace(bin_days=0)) as archive:
        send(archive, build(1))
        made = edit(archive, PatientID="P2")
        archive.settle(later() + 1)
        assert len(list(archive.storage.objects())) == 1
        assert [each.reversible for each in archive.editing.history(STUDY)] == [False]
        with pytest.raises(EditError, match="not kept"):
            archive.editing.put_back(STUDY, made.id, BY, later())
        assert read(archive).PatientID == "P2"
        check(archive)


def test_a_deleted_study_comes_back_corrected_and_can_be_put_back(filled: Archive) -> None:
    before = content(filled)
    made = edit(filled, PatientID="P2")
    filled.delete(STUDY)
    (deletion,) = filled.bin.deletions()  # the correction is none
    assert [each.reversible for each in filled.editing.history(STUDY)] == [False]
    filled.bin.restore(deletion.id)
    assert read(filled).PatientID == "P2"
    filled.editing.put_back(STUDY, made.id, BY, later())
    assert content(filled) == before
    check(filled)


def test_what_is_deleted_for_good_leaves_nothing_behind(filled: Archive) -> None:
    edit(filled, PatientID="P2")
    edit(filled, PatientID="P3")
    filled.delete(STUDY, "1.2.3.0", "1.2.3.1")
    assert len(list(filled.storage.objects())) == 9
    filled.bin.empty_all()
    assert len(list(filled.storage.objects())) == 6
    filled.delete(STUDY)
    filled.bin.empty_all()
    assert list(filled.storage.objects()) == []


def test_the_bin_does_not_give_up_what_a_correction_keeps(filled: Archive) -> None:
    made = edit(filled, PatientID="P2")
    number = filled.index.database.rows("SELECT deletion FROM study_edit")[0][0]
    filled.bin.empty_all()
    with pytest.raises(NotFoundError):
        filled.bin.empty(number)
    with pytest.raises(NotFoundError):
        filled.bin.restore(number)
    filled.editing.put_back(STUDY, made.id, BY, later())
    check(filled)


def test_two_corrections_at_once_both_count(filled: Archive) -> None:
    failures: list[BaseException] = []

    def correct(**values: str) -> None:
        try:
            edit(filled, **values)
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)

    values = ({"PatientID": "P2"}, {"StudyDescription": "CT neck"}, {"AccessionNumber": "A1"}, {"StudyID": "7"})
    threads = [threading.Thread(target=correct, kwargs=each) for each in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for uid in content(filled):
        new = read(filled, uid)
        assert (new.PatientID, new.StudyDescription, new.AccessionNumber, new.StudyID) == ("P2", "CT neck", "A1", "7")
    assert len(filled.editing.history(STUDY)) == 4
    assert len(list(filled.storage.objects())) == 15
    check(filled)


def meanwhile(archive: Archive, monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Do something once, between the writing of a correction and its transaction."""
    commit, todo = archive.editing._commit, [act]

    def interrupted(*arguments: Any) -> int:
        if todo:
            todo.pop()()
        return commit(*arguments)

    monkeypatch.setattr(archive.editing, "_commit", interrupted)


def test_an_object_that_comes_meanwhile_is_corrected_too(
    filled: Archive, build: Build, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(filled, monkeypatch, lambda: send(filled, build(4)))
    assert edit(filled, PatientID="P2").objects == 4
    assert {read(filled, uid).PatientID for uid in content(filled)} == {"P2"}
    check(filled)


def test_an_object_that_is_deleted_meanwhile_is_gone(filled: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    meanwhile(filled, monkeypatch, lambda: filled.delete(STUDY, "1.2.3.0", "1.2.3.1"))
    assert edit(filled, PatientID="P2").objects == 2
    assert sorted(content(filled)) == ["1.2.3.2", "1.2.3.3"]
    assert len(list(filled.storage.objects())) == 5
    check(filled)


def test_a_study_that_is_deleted_meanwhile_is_gone(filled: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    meanwhile(filled, monkeypatch, lambda: filled.delete(STUDY))
    with pytest.raises(NotFoundError):
        edit(filled, PatientID="P2")
    assert len(list(filled.storage.objects())) == 3
    check(filled)


def test_a_check_after_another_processs_crash_does_no_harm(
    filled: Archive, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash() -> None:
        assert Redo(filled.storage, filled.index, folder / "none").run() == 3
        filled.settle(time.time())  # removes the garbage

    meanwhile(filled, monkeypatch, crash)
    assert edit(filled, PatientID="P2").objects == 3
    assert read(filled).PatientID == "P2"
    check(filled)


def test_without_room_nothing_changes(filled: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(filled)
    create, left = filled.storage.create, [2]

    def full() -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise OutOfResourcesError("no room left for objects")
        return create()

    monkeypatch.setattr(filled.storage, "create", full)
    with pytest.raises(OutOfResourcesError):
        edit(filled, PatientID="P2")
    assert content(filled) == before
    assert len(list(filled.storage.objects())) == 3
    check(filled)


def test_a_damaged_object_stops_a_correction(filled: Archive, folder: Path) -> None:
    instance = filled.instances(STUDY)[1]
    name, start, _ = instance.location.split(":")
    with (folder / "objects" / name).open("r+b") as file:
        file.seek(int(start, 16) + instance.size - 20)
        file.write(b"damage")
    with pytest.raises(EditError, match="cannot be read"):
        edit(filled, PatientID="P2")
    assert len(list(filled.storage.objects())) == 3
    assert [each.problem for each in filled.check(deep=True).findings] == [Problem.BYTES]


_KILLED = """
import os, sys, time
from pathlib import Path
from isocenter.archive import Archive
from isocenter.editing import By, Editing, _Written
from isocenter.settings import load_settings
import isocenter.editing as editing

archive = Archive.open(Path(sys.argv[1]), load_settings({"settle_seconds": 5}))
at = sys.argv[2]

def die(*_, **__):
    os._exit(9)

if at == "second object":
    write = _Written.write
    def once(self, each, *rest):
        return die() if self.versions else write(self, each, *rest)
    _Written.write = once
elif at == "before the transaction":
    Editing._commit = die
elif at == "in the transaction":
    editing.announce_edit = die
elif at == "after the transaction":
    _Written.keep = die
archive.editing.edit("1.2.3", {"PatientID": "P2", "PatientName": "Roe^R"}, By("killed"), time.time() + 60)
"""


@pytest.mark.parametrize(
    ("at", "patient"),
    [
        ("second object", "P1"),
        ("before the transaction", "P1"),
        ("in the transaction", "P1"),
        ("after the transaction", "P2"),
    ],
)
def test_a_process_is_killed(folder: Path, settings: Settings, build: Build, send: Send, at: str, patient: str) -> None:
    with Archive.open(folder, settings) as archive:
        for number in range(1, 5):
            send(archive, build(number))
        before = content(archive)
    done = subprocess.run([sys.executable, "-c", _KILLED, str(folder), at], capture_output=True, check=False)
    assert done.returncode == 9, done.stderr
    with Archive.open(folder, settings) as archive:
        archive.settle(later())
        assert {read(archive, uid).PatientID for uid in before} == {patient}
        assert archive.conflicts() == []
        check(archive)
        history = archive.editing.history(STUDY)
        if patient == "P1":
            assert content(archive) == before
            assert (history, len(list(archive.storage.objects()))) == ([], 4)
        else:
            archive.editing.put_back(STUDY, history[0].id, BY, later())
            assert content(archive) == before
        check(archive)


def test_the_index_is_lost_after_a_correction(filled: Archive, folder: Path, settings: Settings) -> None:
    edit(filled, PatientID="P2")
    filled.close()
    for file in folder.glob("index.sqlite*"):
        file.unlink()
    with Archive.open(folder, settings) as archive:
        archive.check(repair=True)
        kept = [each.instance for each in archive.conflicts() if each.instance is not None]
        assert (len(archive.instances(STUDY)), len(kept)) == (3, 3)  # both of each, for a person to decide
        check(archive)


def text_object(build: Build, terms: str | None, name: str, codec: str, **others: Any) -> bytes:
    return build(1, SpecificCharacterSet=terms, PatientName=name.encode(codec), **others)


@pytest.mark.parametrize(
    ("terms", "codec", "before", "after", "becomes"),
    [
        ("ISO_IR 100", "latin-1", "Mueller^Jörg", "Müller^Jörg", "ISO_IR 100"),
        ("ISO_IR 100", "latin-1", "Muller^Jörg", "Škoda^Jiří", "ISO_IR 192"),
        ("ISO_IR 144", "iso8859_5", "Ж", "Müller", "ISO_IR 192"),
        (None, "ascii", "Muller", "Müller", "ISO_IR 192"),
        ("ISO_IR 192", "utf-8", "Müller", "山田^太郎", "ISO_IR 192"),
    ],
)  # fmt: skip
def test_character_sets(
    archive: Archive, build: Build, send: Send, terms: str | None, codec: str, before: str, after: str, becomes: str
) -> None:
    description = "Schädel" if codec in {"latin-1", "utf-8"} else "head"
    inner = write_element(0x00080104, "LO", description.encode(codec))
    sequence = write_sequence(0x00081032, [inner])[12:]
    send(archive, text_object(build, terms, before, codec, StudyDescription=description.encode(codec),
                              ProcedureCodeSequence=sequence))  # fmt: skip
    old = content(archive)
    made = edit(archive, PatientName=after)
    new = read(archive)
    assert (new.SpecificCharacterSet, str(new.PatientName)) == (becomes, after)
    assert new.StudyDescription == description
    assert new.ProcedureCodeSequence[0].CodeMeaning == description
    modified = new.OriginalAttributesSequence[0].ModifiedAttributesSequence[0]
    assert str(modified.PatientName) == before
    assert archive.editing.values(STUDY).values["PatientName"] == after
    check(archive)
    archive.editing.put_back(STUDY, made.id, BY, later())
    assert content(archive) == old


def test_text_that_cannot_be_converted_is_refused(archive: Archive, build: Build, send: Send) -> None:
    send(archive, text_object(build, None, "Muller", "ascii", StudyDescription="Schädel".encode("latin-1")))
    before = content(archive)
    with pytest.raises(InvalidObjectError, match="StudyDescription has other characters"):
        edit(archive, PatientName="Müller")
    assert content(archive) == before
    assert edit(archive, PatientName="Mueller").objects == 1
