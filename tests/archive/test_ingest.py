"""Ingest: kept byte for byte, acknowledged when safe, refused with a reason when it is no object."""

import errno
import os
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isocenter.archive import Archive, FileReception, Outcome, Receipt, Source
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.errors import InvalidObjectError, IsocenterError, MismatchError, OutOfResourcesError
from isocenter.index.query import Level, Query
from isocenter.inspection import HEAD_LENGTH
from isocenter.settings import Settings
from isocenter.storage import segment

EXPLICIT, IMPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"
JPEG = "1.2.840.10008.1.2.4.50"
Build = Callable[..., bytes]
Send = Callable[..., Receipt]


def data_set_of(archive: Archive, receipt: Receipt) -> bytes:
    (instance,) = archive.instances(receipt.StudyInstanceUID, receipt.SeriesInstanceUID, receipt.SOPInstanceUID)
    with archive.open_object(instance) as file:
        content = file.read()
    assert len(content) == instance.size
    meta = read_preamble_and_meta(content, final=True)
    assert meta is not None
    assert (meta.transfer_syntax_uid, meta.sop_instance_uid) == (instance.transfer_syntax_uid, instance.SOPInstanceUID)
    assert meta.data_set_offset == instance.data_set_offset
    return content[instance.data_set_offset :]


@pytest.mark.parametrize("piece", [1, 7, 1000, 1 << 17])
def test_small_objects_are_kept_byte_for_byte(archive: Archive, build: Build, send: Send, piece: int) -> None:
    data = build()
    receipt = send(archive, data, piece=piece)
    assert receipt == Receipt(Outcome.STORED, "1.2.3", "1.2.3.0", "1.2.3.1", "1.2.840.10008.5.1.4.1.1.2")
    assert data_set_of(archive, receipt) == data


@pytest.mark.parametrize("size", [HEAD_LENGTH - 2000, HEAD_LENGTH, HEAD_LENGTH + 2, 5 * HEAD_LENGTH])
@pytest.mark.parametrize("piece", [999, 1 << 16, 1 << 20])
def test_sizes_around_the_head(archive: Archive, build: Build, send: Send, size: int, piece: int) -> None:
    data = build(PixelData=os.urandom(size))
    assert data_set_of(archive, send(archive, data, piece=piece)) == data


@pytest.mark.parametrize("long", ["before", "after"])
def test_headers_longer_than_the_head(archive: Archive, build: Build, send: Send, long: str) -> None:
    keyword = "ImageComments" if long == "before" else "DataSetTrailingPadding"
    data = build(**{keyword: b"x " * HEAD_LENGTH})
    receipt = send(archive, data)
    assert data_set_of(archive, receipt) == data
    assert archive.instances("1.2.3")[0].InstanceNumber == 1


def test_it_is_told_while_objects_arrive(
    archive: Archive, build: Build, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("isocenter.ingest.time.monotonic", lambda: now)
    assert not archive.receiving
    send(archive, build())
    assert archive.receiving
    now += 0.1
    assert not archive.receiving


def test_implicit_and_deflated_are_kept_as_sent(archive: Archive, build: Build, send: Send) -> None:
    implicit = build(1, implicit=True)
    assert data_set_of(archive, send(archive, implicit, IMPLICIT)) == implicit
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = deflater.compress(build(2)) + deflater.flush()
    assert data_set_of(archive, send(archive, deflated, DEFLATED)) == deflated
    with pytest.raises(InvalidObjectError, match="cut short"):
        send(archive, deflated[:-20], DEFLATED)


def encapsulated(*fragments: bytes, end: bytes = b"\xfe\xff\xdd\xe0\0\0\0\0") -> bytes:
    items = b"".join(b"\xfe\xff\x00\xe0" + len(each).to_bytes(4, "little") + each for each in (b"", *fragments))
    return b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + items + end


@pytest.mark.parametrize("size", [100, 3 * HEAD_LENGTH])
def test_encapsulated_pixel_data_must_have_its_end(archive: Archive, build: Build, send: Send, size: int) -> None:
    header = build(PixelData=None)
    whole = header + encapsulated(b"\xff" * size, b"ab")
    assert data_set_of(archive, send(archive, whole, JPEG)) == whole
    for number, cut in enumerate((8, 9, 20), 2):
        other = build(number, PixelData=None) + encapsulated(b"\xff" * size, b"ab")
        with pytest.raises(InvalidObjectError, match="cut short"):
            send(archive, other[:-cut], JPEG)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"SOPInstanceUID": None}, "SOPInstanceUID is missing"),
        ({"SOPClassUID": None}, "SOPClassUID is missing"),
        ({"StudyInstanceUID": None}, "StudyInstanceUID is missing"),
        ({"SeriesInstanceUID": b""}, "SeriesInstanceUID is missing"),
        ({"SOPInstanceUID": "../../etc/passwd"}, "SOPInstanceUID is not a valid UID"),
        ({"StudyInstanceUID": "1..2"}, "StudyInstanceUID is not a valid UID"),
        ({"SeriesInstanceUID": "1." * 40}, "SeriesInstanceUID is not a valid UID"),
        ({"SOPInstanceUID": b"\xff\xfe1.2"}, "SOPInstanceUID is not a valid UID"),
    ],
)
@pytest.mark.parametrize("size", [128, 3 * HEAD_LENGTH])
def test_objects_without_identity_are_refused(
    archive: Archive, folder: Path, files_in: Callable[[Path], list[Path]], build: Build, send: Send,
    change: dict[str, Any], message: str, size: int,
) -> None:  # fmt: skip
    with pytest.raises(InvalidObjectError, match=message):
        send(archive, build(**change, PixelData=bytes(size)))
    assert list(archive.storage.objects()) == []
    archive.close()
    assert files_in(folder / "objects") == files_in(folder / "incoming") == []
    assert archive.statistics().patients == 0


@pytest.mark.parametrize(
    "announced", [{"sop_class_uid": "1.2.840.10008.5.1.4.1.1.4"}, {"sop_instance_uid": "1.2.3.99"}]
)
def test_what_was_not_announced_is_refused(
    archive: Archive, build: Build, send: Send, announced: dict[str, str]
) -> None:
    with pytest.raises(MismatchError, match="announced was"):
        send(archive, build(), **announced)


@pytest.mark.parametrize("cut", [1, 2, 60, 128, 130])
@pytest.mark.parametrize("size", [128, 3 * HEAD_LENGTH])
def test_truncated_objects_are_refused(archive: Archive, build: Build, send: Send, cut: int, size: int) -> None:
    with pytest.raises(InvalidObjectError, match="cut short"):
        send(archive, build(PixelData=bytes(size))[:-cut])


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"garbage that is no data set at all", b"\xff" * 1000, bytes(1000), bytes(200_000)]
)
def test_garbage_is_refused(archive: Archive, send: Send, data: bytes) -> None:
    with pytest.raises(InvalidObjectError):
        send(archive, data)


def receive_file(archive: Archive, content: bytes, piece: int = 1 << 17) -> tuple[FileReception, Receipt]:
    reception = archive.receive_file(Source("import"))
    for at in range(0, len(content), piece):
        reception.write(content[at : at + piece])
    return reception, reception.finish()


@pytest.mark.parametrize("piece", [1, 100, 1 << 17])
@pytest.mark.parametrize("form", ["part 10", "bare", "implicit bare"])
def test_files_with_and_without_meta(archive: Archive, build: Build, wrap: Build, form: str, piece: int) -> None:
    data = build(implicit=form == "implicit bare")
    _, receipt = receive_file(archive, wrap(data) if form == "part 10" else data, piece)
    assert receipt.outcome is Outcome.STORED
    assert receipt.warnings == ()
    assert data_set_of(archive, receipt) == data


def test_the_data_set_is_right_where_the_meta_is_wrong(archive: Archive, build: Build, wrap: Build) -> None:
    _, receipt = receive_file(archive, wrap(build(), sop="9.9.9"))
    assert receipt.SOPInstanceUID == "1.2.3.1"
    assert "another object, 9.9.9" in receipt.warnings[0]


@pytest.mark.parametrize("content", [b"", b"GIF89a" * 50, b"\0" * 128 + b"DICM", b"\0" * 128 + b"DICM" + b"\xff" * 900])
def test_files_that_are_not_dicom_are_refused(archive: Archive, content: bytes) -> None:
    with pytest.raises(InvalidObjectError):
        receive_file(archive, content)


def test_a_known_object_is_kept_once(archive: Archive, folder: Path, files_in: Any, build: Build, send: Send) -> None:
    assert [send(archive, build()).outcome for _ in range(3)] == [Outcome.STORED, Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert len(list(archive.storage.objects())) == 1
    assert archive.conflicts() == []


def test_the_same_in_another_uncompressed_syntax_is_a_duplicate(archive: Archive, build: Build, send: Send) -> None:
    send(archive, build())
    assert send(archive, build(implicit=True), IMPLICIT).outcome is Outcome.DUPLICATE
    other = send(archive, build(implicit=True, PatientComments="other"), IMPLICIT)
    assert other.outcome is Outcome.CONFLICT


def test_another_object_under_a_known_uid_is_kept_and_listed_once(
    archive: Archive, folder: Path, files_in: Any, build: Build, send: Send
) -> None:
    first, second = build(), build(StudyDescription="another", PatientName="Someone^Else")
    send(archive, first)
    receipts = [send(archive, second) for _ in range(2)]
    assert [receipt.outcome for receipt in receipts] == [Outcome.CONFLICT, Outcome.CONFLICT]
    assert "another data set" in receipts[0].warnings[0]
    assert data_set_of(archive, receipts[0]) == first
    (conflict,) = archive.conflicts()
    assert conflict.instance is not None
    with archive.open_object(conflict.instance) as file:
        assert file.read().endswith(second)
    assert len(list(archive.storage.objects())) == 2
    assert (archive.statistics().patients, archive.statistics().instances) == (1, 1)


def test_an_object_sent_again_heals_a_lost_file(archive: Archive, build: Build, send: Send) -> None:
    send(archive, build())
    archive.storage.delete([archive.instances("1.2.3")[0].location])
    receipt = send(archive, build())
    assert receipt.outcome is Outcome.DUPLICATE
    assert data_set_of(archive, receipt) == build()
    assert archive.check(deep=True).findings == []


def test_discarding_leaves_nothing(archive: Archive, folder: Path, files_in: Any, build: Build) -> None:
    for size in (100, 3 * HEAD_LENGTH):
        reception = archive.receive(Source("dimse"), EXPLICIT)
        reception.write(build(PixelData=bytes(size))[:-50])
        reception.discard()
    assert list(archive.storage.objects()) == []
    archive.close()
    assert files_in(folder / "objects") == files_in(folder / "incoming") == []


def test_receipts_hold_no_patient_data(archive: Archive, build: Build, send: Send) -> None:
    send(archive, build())
    receipts = [
        send(archive, build(2, StudyInstanceUID="1.2.4", PatientName="Roe^Jack")),
        send(archive, build(3, PatientID="P7", PatientName="Roe^Jack", SeriesInstanceUID="1.2.3.9")),
        send(archive, build(1, PatientName="Roe^Jack")),
    ]
    for receipt in receipts:
        assert len(receipt.warnings) == 1
        assert not {"Roe", "Doe", "P7", "P1"} & set(receipt.warnings[0].replace("^", " ").split())


CHARACTER_SETS = [
    ("ISO_IR 100", "Müller^Jörg".encode("latin_1"), "Müller^Jörg", "muller*"),
    ("ISO_IR 144", "Люди^Жили".encode("iso8859_5"), "Люди^Жили", "люди*"),
    ("ISO 2022 IR 6\\ISO 2022 IR 87",
     b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
     "Yamada^Tarou=山田^太郎=やまだ^たろう", "山田*"),
    ("GB18030", "王^小东".encode("gb18030"), "王^小东", "王*"),
    ("ISO_IR 192", "=김^희중".encode(), "=김^희중", "김*"),
]  # fmt: skip


@pytest.mark.parametrize(("character_set", "raw", "name", "key"), CHARACTER_SETS)
def test_names_are_right_in_every_character_set(
    archive: Archive, build: Build, send: Send, character_set: str, raw: bytes, name: str, key: str
) -> None:
    send(archive, build(SpecificCharacterSet=character_set, PatientName=raw))
    (answer,) = archive.find(Query(Level.STUDY, {0x00100010: key}))
    assert "=".join(answer["00100010"]["Value"][0].values()) == name.lstrip("=")


def test_threads_store_in_parallel(archive: Archive, build: Build, send: Send) -> None:
    receipts: list[Receipt] = []

    def work(part: int) -> None:
        receipts.extend(send(archive, build(100 * part + n, SeriesInstanceUID=f"1.2.3.0.{n % 2}")) for n in range(25))

    threads = [threading.Thread(target=work, args=(part,)) for part in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [receipt.outcome for receipt in receipts] == [Outcome.STORED] * 100
    held = archive.statistics()
    assert (held.patients, held.studies, held.series, held.instances) == (1, 1, 2, 100)
    assert archive.check(deep=True).findings == []


def test_threads_send_the_same_object_at_once(
    archive: Archive, folder: Path, files_in: Any, build: Build, send: Send
) -> None:
    outcomes: list[Outcome] = []
    barrier = threading.Barrier(6)

    def work() -> None:
        barrier.wait()
        outcomes.append(send(archive, build()).outcome)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome.value for outcome in outcomes) == ["duplicate"] * 5 + ["stored"]
    assert len(list(archive.storage.objects())) == 1
    assert archive.check(deep=True).findings == []


@pytest.mark.parametrize("call", ["open", "mkdir", "pwritev", "fdatasync"])
@pytest.mark.parametrize("size", [128, 3 * HEAD_LENGTH])
def test_a_full_disk_refuses_and_goes_on(
    archive: Archive,
    folder: Path,
    files_in: Any,
    build: Build,
    send: Send,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    size: int,
) -> None:
    monkeypatch.setattr(segment, "SEGMENT_SIZE", 1)  # each object needs a new one
    send(archive, build(1))

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(OutOfResourcesError, match="no room"):
            send(archive, build(2, PixelData=bytes(size)))
    assert len(list(archive.storage.objects())) == 1
    assert archive.check(deep=True).findings == []
    assert send(archive, build(2, PixelData=bytes(size))).outcome is Outcome.STORED


def test_an_index_that_fails_leaves_no_file(
    archive: Archive, folder: Path, files_in: Any, build: Build, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OutOfResourcesError("no room left for the index")

    with monkeypatch.context() as patch:
        patch.setattr(archive.index, "file", fail)
        with pytest.raises(OutOfResourcesError):
            send(archive, build())
    assert list(archive.storage.objects()) == []
    assert send(archive, build()).outcome is Outcome.STORED


def test_opening_and_closing_leaks_nothing(folder: Path, settings: Settings, build: Build, send: Send) -> None:
    def once(number: int) -> None:
        with Archive.open(folder, settings) as archive:
            archive.start_background()
            send(archive, build(number))
            archive.find(Query(Level.STUDY, {}))
            archive.metadata("1.2.3", "1.2.3.0")

    once(0)
    before = len(list(Path("/proc/self/fd").iterdir())), threading.active_count()
    for number in range(1, 50):
        once(number)
    assert (len(list(Path("/proc/self/fd").iterdir())), threading.active_count()) == before


def test_everything_is_private(archive: Archive, folder: Path, build: Build, send: Send) -> None:
    send(archive, build())
    for path in (folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.real_data
def test_every_real_file_is_taken_or_refused_with_a_reason(archive: Archive, data_dir: Path) -> None:
    refused: dict[str, str] = {}
    paths = sorted(
        path for name in ("charset", "malformed", "patient_id_collision") for path in (data_dir / name).rglob("*.dcm")
    )
    for path in paths:
        try:
            receive_file(archive, path.read_bytes())
        except IsocenterError as error:
            refused[path.name] = str(error)
    assert all(isinstance(reason, str) and reason for reason in refused.values())
    assert "cut short" in refused["MR_truncated.dcm"]
    assert archive.check(deep=True).findings == []
    names = {
        answer["00100010"]["Value"][0]["Alphabetic"]
        for answer in archive.find(Query(Level.STUDY, {0x00100020: "COMMON"}))
    }
    assert names == {"HELLO", "WORLD", "FOO"}
    kinds = [conflict.kind.value for conflict in archive.conflicts()]
    assert kinds.count("patient") == 2
    assert kinds.count("study patient") == 1


def test_deflated_with_a_zlib_header_and_bombs(archive: Archive, build: Build, send: Send) -> None:
    wrapped = zlib.compress(build(1))
    assert data_set_of(archive, send(archive, wrapped, DEFLATED)) == wrapped
    with pytest.raises(InvalidObjectError, match="cannot be inflated"):
        send(archive, b"\x07" + build(2), DEFLATED)


def test_a_deflate_bomb_is_refused(archive: Archive, build: Build, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isocenter.inspection.INFLATED_LIMIT", 1 << 20)
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bomb = deflater.compress(build(PixelData=bytes(2 << 20))) + deflater.flush()
    with pytest.raises(InvalidObjectError, match="larger than"):
        send(archive, bomb, DEFLATED)
