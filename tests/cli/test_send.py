"""``isocenter send`` against a running archive: what arrives, what is reported, and the exit code."""

import json
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from isocenter.cli import main
from isocenter.cli.identify import Item, identify
from isocenter.cli.send import _associations
from isocenter.cli.sources import Candidate
from isocenter.dicom.uids import MEDIA_STORAGE_DIRECTORY
from isocenter.errors import InvalidObjectError

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def write(path: Path, number: int, syntax: str = ExplicitVRLittleEndian, sop_class: str = SECONDARY_CAPTURE) -> Path:
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, f"1.2.3.4.{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    ds.PatientName, ds.PatientID, ds.Modality = "Send^Test", "S1", "OT"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    with pytest.raises(SystemExit) as ended:
        main(["send", *arguments, "--json"])
    output = capsys.readouterr().out
    assert isinstance(ended.value.code, int)
    return ended.value.code, json.loads(output) if output else None


def test_everything_is_sent_as_it_is(
    serving: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "images"
    syntaxes = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian]
    for number in range(9):
        write(folder / str(number), number, syntaxes[number % 3])
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.write(write(tmp_path / "zipped", 9, sop_class="1.2.3.99.1"), "zipped")
    (folder / "notes.txt").write_text("not an image, but long enough to be looked at for what it is")
    server = serving().start()
    code, report = run(capsys, f"ISOCENTER@127.0.0.1:{server.dicom_port}", str(folder), "--jobs", "3")
    assert (code, report["sent"], report["failed"], report["not_dicom"]) == (0, 10, [], 1)
    assert [(Path(p["name"]).name, p["reason"][:22]) for p in report["passed_over"]] == [
        ("notes.txt", "this is no DICOM file:")
    ]
    assert len(server.json("/dicom-web/instances")) == 10


def test_nothing_failed_is_exit_code_0(
    serving: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serving().start()
    peer = f"ISOCENTER@127.0.0.1:{server.dicom_port}"
    assert run(capsys, peer, str(write(tmp_path / "disc" / "one", 1)))[0] == 0
    write(tmp_path / "disc" / "INDEX", 2, sop_class=MEDIA_STORAGE_DIRECTORY)
    (tmp_path / "disc" / "README").write_text("What is on this disc.")
    with pytest.raises(SystemExit) as ended:
        main(["send", peer, str(tmp_path / "disc")])
    assert ended.value.code == 0
    assert "failed 0, 1 DICOMDIR, standing for its files, 1 not DICOM" in capsys.readouterr().out
    code, report = run(capsys, peer, str(tmp_path / "disc"), str(tmp_path / "disc" / "README"))
    assert (code, report["sent"], report["directory"], report["not_dicom"]) == (1, 1, 1, 1)
    assert [Path(each["name"]).name for each in report["failed"]] == ["README"]
    (tmp_path / "disc" / "one").unlink()
    assert run(capsys, peer, str(tmp_path / "disc"))[0] == 1  # nothing was sent


def test_a_peer_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["send", "PACS@127.0.0.1:1", str(write(tmp_path / "one", 1))])
    assert ended.value.code == 1
    assert "PACS@127.0.0.1:1 refuses connections" in capsys.readouterr().err


def test_sop_class_that_the_peer_refuses(
    serving: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serving("--no-accept-unknown-sop-classes").start()
    write(tmp_path / "in" / "known", 1)
    write(tmp_path / "in" / "private", 2, sop_class="1.2.3.99.1")
    code, report = run(capsys, f"ISOCENTER@127.0.0.1:{server.dicom_port}", str(tmp_path / "in"))
    assert (code, report["sent"]) == (1, 1)
    assert "does not accept SOP class 1.2.3.99.1" in report["failed"][0]["reason"]


@pytest.mark.parametrize("content", [b"", b"\0" * 132, b"\0" * 128 + b"DICM", b"GIF89a" * 100])
def test_what_is_no_dicom_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    candidate = Candidate("file", len(content), lambda: path.open("rb"))
    with candidate.open() as file, pytest.raises(InvalidObjectError):
        identify(candidate, file)


def test_dicomdir_in_a_folder_is_no_object(tmp_path: Path) -> None:
    path = write(tmp_path / "x", 1, sop_class=MEDIA_STORAGE_DIRECTORY)
    candidate = Candidate("x", 1, lambda: path.open("rb"))
    with candidate.open() as file, pytest.raises(InvalidObjectError, match="this is a DICOMDIR"):
        identify(candidate, file)


def test_more_than_128_contexts_take_more_associations() -> None:
    candidate = Candidate("x", 1, BytesIO)
    items = [Item(candidate, f"1.2.{n % 200}", f"1.3.{n}", "1.2.840.10008.1.2", 0) for n in range(400)]
    parts = list(_associations(items))
    assert [len(proposals) for proposals, _ in parts] == [128, 128]  # there is room for other syntaxes in the second
    assert sorted(i.sop_instance_uid for _, part in parts for i in part) == sorted(i.sop_instance_uid for i in items)
