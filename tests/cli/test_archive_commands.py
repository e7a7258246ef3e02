"""The commands on a data folder: import, stats, conflicts, fsck; what they print and how they end."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset

from isocenter.archive import Archive
from isocenter.cli import main
from isocenter.cli.file_set import write_directory
from isocenter.settings import load_settings

CT = "1.2.840.10008.5.1.4.1.1.2"


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Return a function that runs a command with ``--json`` and gives its exit code and what it printed."""

    def run_json(*arguments: object) -> tuple[int, Any]:
        capsys.readouterr()
        code = run(*arguments, "--json")
        return code, json.loads(capsys.readouterr().out)

    return run_json


def write_object(path: Path, number: int, **attributes: str) -> None:
    values = {
        "SOPClassUID": CT,
        "SOPInstanceUID": f"1.2.3.{number}",
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.0",
        "Modality": "CT",
        "PatientName": "Doe^Jane",
        "PatientID": "P1",
    }
    data_set = Dataset()
    for keyword, value in (values | attributes).items():
        setattr(data_set, keyword, value)
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    dcmwrite(path, data_set, enforce_file_format=True)


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    """Return a folder of two objects, one of them twice, a contradiction, a ZIP with a third, and a text file."""
    folder = tmp_path / "objects"
    (folder / "sub").mkdir(parents=True)
    write_object(folder / "1", 1)
    write_object(folder / "2", 2)
    write_object(folder / "3 another 1", 1, StudyDescription="another")
    write_object(folder / "in zip", 3)
    shutil.copy(folder / "2", folder / "sub" / "2")
    with zipfile.ZipFile(folder / "images.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(folder / "in zip", "IMAGES/1")
    (folder / "in zip").unlink()
    (folder / "readme.txt").write_text("This is no object, but a text that is long enough to look like one.")
    return folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_import_takes_what_it_finds_and_reports_the_rest(
    objects: Path, data: Path, printed: Callable[..., Any]
) -> None:
    code, report = printed("import", objects, "--data", data)
    assert code == 0
    assert [report[name] for name in ("stored", "duplicate", "conflict", "failed", "not_dicom")] == [3, 1, 1, 0, 1]
    assert [Path(passed["file"]).name for passed in report["passed_over"]] == ["readme.txt"]
    assert "no DICOM file" in report["passed_over"][0]["reason"]
    assert [Path(warning["file"]).name for warning in report["warnings"]] == ["3 another 1"]
    (objects / "readme.txt").unlink()
    code, report = printed("import", objects / "1", objects / "images.zip", "--data", data)
    assert (code, report["duplicate"], report["failed"]) == (0, 2, 0)


def test_import_prints_for_people(objects: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("import", objects, objects / "readme.txt", "--data", data) == 1
    captured = capsys.readouterr()
    assert "3 stored, 1 here before, 1 in conflict, 1 failed, 1 not DICOM;" in captured.out
    assert captured.out.count("readme.txt") == 1
    assert "another data set" in captured.err


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A disc: an object, the DICOMDIR that lists it, a viewer's program and its README, a line of a version."""
    folder = tmp_path / "disc"
    (folder / "DICOM").mkdir(parents=True)
    write_object(folder / "DICOM" / "IM1", 1)
    write_directory(folder)
    (folder / "README.TXT").write_text("Start VIEWER.EXE to see the images.")
    (folder / "VIEWER.EXE").write_bytes(b"MZ" + bytes(500))
    (folder / "VERSION").write_text("1\n")
    return folder


@pytest.mark.parametrize("named", ["", "DICOMDIR"])
def test_a_disc_is_imported_as_a_whole(
    disc: Path, data: Path, printed: Callable[..., Any], capsys: pytest.CaptureFixture[str], named: str
) -> None:
    code, report = printed("import", disc / named, "--data", data)
    counts = [report[name] for name in ("stored", "directory", "not_dicom", "failed")]
    assert (code, counts) == (0, [1, 1, 3, 0])
    assert len(report["passed_over"]) == 4
    assert run("import", disc, "--data", data) == 0
    assert "1 here before, 0 in conflict, 0 failed, 1 DICOMDIR, standing for its files, 3 not DICOM;" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("IM2", bytes(128) + b"DICM" + b"damaged"), ("IM2", b""), ("IM2", bytes(3000)),
        ("im2.dcm", b"This was an image once, and somebody wrote another file over it."),
    ],
)  # fmt: skip
def test_a_damaged_object_on_a_disc_is_a_failure(
    disc: Path, data: Path, printed: Callable[..., Any], name: str, content: bytes
) -> None:
    (disc / "DICOM" / name).write_bytes(content)
    code, report = printed("import", disc, "--data", data)
    assert (code, report["stored"], report["not_dicom"]) == (1, 1, 3)
    assert [Path(each["file"]).name for each in report["failures"]] == [name]


def test_a_folder_without_any_object_is_not_taken_for_done(tmp_path: Path, data: Path) -> None:
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "letter.txt").write_text("Nothing here is an image.")
    assert run("import", tmp_path / "wrong", "--data", data) == 1


def test_import_of_nothing_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("import", tmp_path / "nothing", "--data", tmp_path / "data") == 2
    assert "there is no file or folder" in capsys.readouterr().err


def test_a_damaged_zip_member_is_a_failure_and_no_end(tmp_path: Path, data: Path, printed: Callable[..., Any]) -> None:
    path = tmp_path / "damaged.zip"
    write_object(tmp_path / "1", 1, PatientComments="x" * 5000)
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(tmp_path / "1", "1")
    content = bytearray(path.read_bytes())
    content[3000] ^= 1
    path.write_bytes(content)
    code, report = printed("import", path, "--data", data)
    assert (code, report["failed"], report["stored"]) == (1, 1, 0)
    assert "cannot be read" in report["failures"][0]["reason"]


def test_stats(objects: Path, data: Path, printed: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    printed("import", objects, "--data", data)
    code, held = printed("stats", "--data", data)
    assert code == 0
    assert [held[name] for name in ("patients", "studies", "series", "instances", "conflicts")] == [1, 1, 1, 3, 1]
    assert held["modalities"] == [{"Modality": "CT", "series": 1, "instances": 3, "bytes": held["bytes"]}]
    assert run("stats", "--data", data) == 0
    assert "1 patients, 1 studies, 1 in the conflict list" in capsys.readouterr().out


def test_stats_count_what_belongs_to_no_patient(
    data: Path, printed: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    without = {"StudyInstanceUID": "", "SeriesInstanceUID": ""}
    write_object(tmp_path / "palette.dcm", 1, SOPClassUID="1.2.840.10008.5.1.4.39.1", **without)
    assert printed("import", tmp_path / "palette.dcm", "--data", data)[1]["stored"] == 1
    held = printed("stats", "--data", data)[1]
    assert (held["patients"], held["instances"], held["non_patient_objects"]) == (0, 0, 1)
    assert run("stats", "--data", data) == 0
    assert "1 objects of no patient" in capsys.readouterr().out


def test_conflicts_and_their_objects(objects: Path, data: Path, printed: Callable[..., Any], tmp_path: Path) -> None:
    printed("import", objects, "--data", data)
    code, conflicts = printed("conflicts", "--data", data)
    assert code == 0
    assert [(each["kind"], each["SOPInstanceUID"], each["keeps_object"]) for each in conflicts] == [
        ("instance", "1.2.3.1", True)
    ]
    target = tmp_path / "second.dcm"
    number = conflicts[0]["id"]
    assert run("conflicts", "--data", data, "--export", number, target) == 0
    assert b"another" in target.read_bytes()
    assert run("conflicts", "--data", data, "--export", number, target) == 2  # nothing is overwritten
    assert run("conflicts", "--data", data, "--export", 99, tmp_path / "x") == 1


def test_no_conflicts(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Archive.open(data, load_settings()).close()
    assert run("conflicts", "--data", data) == 0
    assert capsys.readouterr().out == "no conflicts\n"


def test_fsck_finds_and_repairs(
    objects: Path, data: Path, printed: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    printed("import", objects, "--data", data)
    assert printed("fsck", "--data", data, "--deep") == (
        0,
        {"instances": 3, "bytes": printed("stats", "--data", data)[1]["bytes"], "clean": True, "findings": []},
    )
    (segment,) = (data / "objects").rglob("*.seg")
    segment.rename(segment.with_name("moved.seg"))
    code, report = printed("fsck", "--data", data)
    assert code == 1
    assert {finding["problem"] for finding in report["findings"]} == {"missing file", "file without row"}
    assert printed("fsck", "--data", data, "--repair")[0] == 0
    assert run("fsck", "--data", data, "--deep") == 0
    assert "all is well" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["fsck", "stats", "conflicts"])
def test_commands_that_look_make_no_archive(command: str, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--data", data) == 2
    assert "there is no archive in" in capsys.readouterr().err
    assert not data.exists()
