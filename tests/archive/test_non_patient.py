"""Objects that belong to no patient: kept, found, checked and deleted like all others, and never in a study."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isocenter.archive import Archive, Level, Outcome, Query, Receipt, Source
from isocenter.dicom.uids import NON_PATIENT_SOP_CLASSES
from isocenter.errors import InvalidObjectError, MismatchError, NotFoundError, UsageError
from isocenter.index.outbox import Event
from isocenter.inspection import HEAD_LENGTH
from isocenter.integrity import Problem
from isocenter.non_patient import NonPatientQuery
from isocenter.settings import Settings

Build = Callable[..., bytes]
Send = Callable[..., Receipt]
PALETTE, HANGING_PROTOCOL = "1.2.840.10008.5.1.4.39.1", "1.2.840.10008.5.1.4.38.1"
LABEL = 0x00700080


def palette(build: Build, number: int = 1, **attributes: Any) -> bytes:
    without = {"StudyInstanceUID": None, "SeriesInstanceUID": None, "PixelData": None}
    return build(number, **{"SOPClassUID": PALETTE, "ContentLabel": f"P{number}", **without, **attributes})


def content(archive: Archive, uid: str) -> bytes:
    instance = archive.non_patient.get(uid)
    with archive.open_object(instance) as file:
        return file.read()[instance.data_set_offset :]


def found(archive: Archive, *classes: str, **options: Any) -> list[str]:
    query = NonPatientQuery(classes or tuple(NON_PATIENT_SOP_CLASSES), options.pop("keys", {}), **options)
    return [answer["00080018"]["Value"][0] for answer in archive.non_patient.find(query)]


def assert_no_patient(archive: Archive) -> None:
    held = archive.statistics()
    assert (held.patients, held.studies, held.series, held.instances, held.bytes) == (0, 0, 0, 0, 0)
    assert all(archive.find(Query(level, {})) == [] for level in Level)


@pytest.mark.parametrize("sop_class", sorted(NON_PATIENT_SOP_CLASSES))
@pytest.mark.parametrize("study", [None, "1.2.3"])
def test_every_class_is_kept_and_in_no_study(
    archive: Archive, build: Build, send: Send, sop_class: str, study: str | None
) -> None:
    data_set = palette(build, SOPClassUID=sop_class, StudyInstanceUID=study, SeriesInstanceUID=study)
    receipt = send(archive, data_set, sop_class_uid=sop_class, sop_instance_uid="1.2.3.1")
    assert (receipt.outcome, receipt.StudyInstanceUID, receipt.SeriesInstanceUID) == (Outcome.STORED, "", "")
    assert content(archive, "1.2.3.1") == data_set
    assert_no_patient(archive)
    held = archive.statistics()
    assert (held.non_patient_objects, held.non_patient_bytes > len(data_set)) == (1, True)
    assert archive.check(deep=True).findings == []
    assert archive.check().instances == 1


@pytest.mark.parametrize("size", [HEAD_LENGTH, 3 * HEAD_LENGTH])
def test_large_ones_are_found_by_what_comes_last(archive: Archive, build: Build, send: Send, size: int) -> None:
    data_set = build(
        SOPClassUID="1.2.840.10008.5.1.4.43.1", StudyInstanceUID=None, SeriesInstanceUID=None, PixelData=None,
        ICCProfile=bytes(range(256)) * (size // 256), ContentLabel="LAST",
    )  # fmt: skip
    send(archive, data_set)
    assert found(archive, keys={LABEL: "LAST"}) == ["1.2.3.1"]
    assert content(archive, "1.2.3.1") == data_set
    with pytest.raises(InvalidObjectError, match="cut short"):
        send(archive, data_set[:-1])
    assert archive.check(deep=True).findings == []


def test_other_classes_without_study_are_refused(archive: Archive, build: Build, send: Send) -> None:
    with pytest.raises(InvalidObjectError, match="StudyInstanceUID is missing"):
        send(archive, palette(build, SOPClassUID="1.2.840.10008.5.1.4.1.1.2"))
    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        with pytest.raises(InvalidObjectError, match=f"{keyword} is missing"):
            send(archive, palette(build, **{keyword: None}))
    reception = archive.receive_file(Source("web"), study_instance_uid="1.2.3")
    reception.write(palette(build))
    with pytest.raises(MismatchError, match="StudyInstanceUID of the data set is none"):
        reception.finish()
    assert list(archive.storage.objects()) == []


def test_searches(archive: Archive, build: Build, send: Send) -> None:
    send(archive, palette(build, 1, ContentLabel="HOT_IRON"))
    send(archive, palette(build, 2, ContentLabel="HOT_METAL", ContentDescription="Grün"))
    send(archive, palette(build, 3, SOPClassUID=HANGING_PROTOCOL, ContentLabel=None, HangingProtocolName="Head"))
    assert found(archive) == ["1.2.3.1", "1.2.3.2", "1.2.3.3"]
    assert found(archive, PALETTE) == ["1.2.3.1", "1.2.3.2"]
    assert found(archive, PALETTE, keys={LABEL: "HOT*"}, offset=1, limit=5) == ["1.2.3.2"]
    assert found(archive, PALETTE, keys={LABEL: "HOT_IRON"}) == ["1.2.3.1"]
    assert found(archive, PALETTE, keys={LABEL: "", 0x00080018: "1.2.3.2\\1.2.3.3"}) == ["1.2.3.2"]
    assert found(archive, keys={0x00720002: "head"}) == []
    assert found(archive, keys={0x00720002: "Hea?", 0x00080016: HANGING_PROTOCOL}) == ["1.2.3.3"]
    with pytest.raises(UsageError, match="0010,0010"):
        found(archive, keys={0x00100010: "x"})
    second = archive.non_patient.find(NonPatientQuery([PALETTE], {LABEL: "HOT_METAL"}))[0]
    assert second["00700081"] == {"vr": "LO", "Value": ["Grün"]}
    assert second["00083002"] == {"vr": "UI", "Value": ["1.2.840.10008.1.2.1"]}
    assert "00720002" not in second


def test_again_is_a_duplicate_and_another_is_a_conflict(archive: Archive, build: Build, send: Send) -> None:
    first, second = palette(build), palette(build, ContentLabel="OTHER")
    outcomes = [send(archive, each).outcome for each in (first, first, second, second)]
    assert outcomes == [Outcome.STORED, Outcome.DUPLICATE, Outcome.CONFLICT, Outcome.CONFLICT]
    assert content(archive, "1.2.3.1") == first
    (conflict,) = archive.conflicts()
    assert (conflict.StudyInstanceUID, conflict.SOPInstanceUID) == ("", "1.2.3.1")
    assert conflict.instance is not None
    with archive.open_object(conflict.instance) as file:
        assert file.read().endswith(second)
    assert archive.check(deep=True).findings == []
    archive.non_patient.delete("1.2.3.1")
    assert archive.conflicts() == []
    assert list(archive.storage.objects()) == []


@pytest.mark.parametrize("known_series", [False, True])
def test_one_uid_in_a_study_and_of_no_patient_is_a_conflict(
    archive: Archive, build: Build, send: Send, known_series: bool
) -> None:
    if known_series:
        send(archive, build(9))
    send(archive, palette(build, 1))
    send(archive, build(2))
    assert send(archive, build(1)).outcome is Outcome.CONFLICT
    assert send(archive, palette(build, 2)).outcome is Outcome.CONFLICT
    assert [c.SOPInstanceUID for c in archive.conflicts()] == ["1.2.3.1", "1.2.3.2"]
    assert found(archive) == ["1.2.3.1"]
    assert "1.2.3.1" not in {instance.SOPInstanceUID for instance in archive.instances("1.2.3")}
    assert archive.check(deep=True).findings == []


def test_deleting(archive: Archive, build: Build, send: Send) -> None:
    send(archive, palette(build, 1))
    send(archive, palette(build, 2))
    archive.non_patient.delete("1.2.3.1")
    assert found(archive) == ["1.2.3.2"]
    assert len(list(archive.storage.objects())) == 1
    with pytest.raises(NotFoundError):
        archive.non_patient.get("1.2.3.1")
    with pytest.raises(NotFoundError):
        archive.non_patient.delete("1.2.3.1")
    assert archive.check(deep=True).findings == []


def events(archive: Archive) -> list[Event]:
    with archive.index.database.read() as connection:
        return [Event(row[0]) for row in connection.exec_driver_sql("SELECT event FROM outbox ORDER BY id")]


def test_events_and_settling(archive: Archive, build: Build, send: Send) -> None:
    send(archive, palette(build, 1))
    send(archive, build(2))
    archive.non_patient.delete("1.2.3.1")
    stored = [Event.NON_PATIENT_STORED, Event.STORED, Event.NON_PATIENT_DELETED]
    assert events(archive) == stored
    assert archive.settle(time.time() + 60) == 1
    assert events(archive) == [*stored, Event.SERIES_SETTLED, Event.STUDY_SETTLED]
    send(archive, palette(build, 3))
    assert archive.settle(time.time() + 120) == 0


def test_json_has_all_values(archive: Archive, build: Build, send: Send) -> None:
    table = bytes(range(256)) * 8
    send(archive, palette(build, RedPaletteColorLookupTableData=table))
    shown = archive.non_patient.as_json(archive.non_patient.get("1.2.3.1"))
    assert len(shown["00281201"]["InlineBinary"]) > len(table)
    assert shown["00700080"] == {"vr": "CS", "Value": ["P1"]}


def test_damage_is_found_and_repaired(archive: Archive, build: Build, send: Send) -> None:
    data_set = palette(build)
    send(archive, data_set)
    lost = archive.non_patient.get("1.2.3.1")
    with archive.open_object(lost) as file:
        whole = file.read()
    archive.storage.delete([lost.location])
    assert [(f.problem, f.subject) for f in archive.check().findings] == [(Problem.MISSING, "1.2.3.1")]
    upload = archive.storage.create()
    upload.write([whole])
    upload.commit()
    assert {f.problem for f in archive.check().findings} == {Problem.MISSING, Problem.ORPHAN}
    assert archive.check(repair=True).clean
    assert archive.check(deep=True).findings == []
    assert content(archive, "1.2.3.1") == data_set
    archive.storage.delete([archive.non_patient.get("1.2.3.1").location])
    assert send(archive, data_set).outcome is Outcome.DUPLICATE  # it takes the lost one's place
    assert content(archive, "1.2.3.1") == data_set


def test_a_lost_index_is_built_anew(
    archive: Archive, folder: Path, tmp_path: Path, settings: Settings, build: Build, send: Send
) -> None:
    send(archive, palette(build))
    send(archive, build(2))
    shutil.copytree(folder / "objects", tmp_path / "copy" / "objects")
    with Archive.open(tmp_path / "copy", settings) as again:
        assert again.check(repair=True).clean
        assert content(again, "1.2.3.1") == palette(build)
        assert again.check(deep=True).findings == []
        assert again.statistics().instances == 1


def test_what_the_index_forgot_is_redone_after_a_restart(
    archive: Archive, folder: Path, settings: Settings, build: Build, send: Send
) -> None:
    send(archive, palette(build))
    send(archive, palette(build, ContentLabel="SECOND"))
    with archive.index.database.write() as transaction:
        transaction.change("DELETE FROM non_patient_object", {})
        transaction.change("DELETE FROM conflict", {})
    (folder / "durable").write_text("another-start 1000")
    with Archive.open(folder, settings) as restarted:
        assert found(restarted) == ["1.2.3.1"]
        assert len(restarted.conflicts()) == 1
        assert restarted.check(deep=True).findings == []
