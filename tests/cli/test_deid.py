"""``isocenter deid``, and the ways back: exit codes for pipelines, and no value unless somebody asks."""

import json
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest

from isocenter.cli import main
from isocenter.dicom import dictionary
from isocenter.dicom.part10 import write_file_meta
from isocenter.dicom.writer import write_element

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
CLEAN = {"PatientID": "SUBJ0001", "PatientName": "ANON^0001", "PatientIdentityRemoved": "YES",
         "DeidentificationMethod": "by hand"}  # fmt: skip


def write(path: Path, **values: str) -> None:
    values = {"SOPClassUID": CT, "SOPInstanceUID": "1.2.3.4", **values}
    rows = sorted((dictionary.tag(keyword), value) for keyword, value in values.items())
    body = b"".join(write_element(tag, dictionary.vr(tag), value.encode()) for tag, value in rows)
    path.write_bytes(write_file_meta(CT, values["SOPInstanceUID"], EXPLICIT) + body)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    def ran(*arguments: str) -> tuple[int, Any]:
        with pytest.raises(SystemExit) as ended:
            main(["deid", *arguments])
        return int(ended.value.code or 0), capsys.readouterr()

    return ran


def test_a_clean_folder_passes(tmp_path: Path, run) -> None:
    write(tmp_path / "a.dcm", **CLEAN)
    (tmp_path / "notes.txt").write_text("no object")
    code, printed = run("check", str(tmp_path))
    assert code == 0
    assert "1 objects checked, 1 other files: 0 kinds of finding" in printed.out


def test_findings_exit_with_1_and_values_are_shown_on_request_only(tmp_path: Path, run) -> None:
    write(tmp_path / "a.dcm", **CLEAN, OperatorsName="ZqDoeXk^Jane")
    write(tmp_path / "b.dcm", **CLEAN, CodeMeaning="as ZqDoeXk said")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    code, printed = run("check", str(tmp_path), "--json")
    assert code == 1
    found = json.loads(printed.out)["findings"]
    assert [(row["kind"], row["attribute"]) for row in found] == [
        ("left by the profile", "(0008,1070) OperatorsName"),
        ("an identifier of this set in other text", "(0008,0104) CodeMeaning"),
    ]
    assert "ZqDoeXk" not in printed.out + printed.err
    code, printed = run("check", str(tmp_path), "--show-values")
    assert code == 1
    assert "ZqDoeXk^Jane" in printed.out
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_names_of_files_count(tmp_path: Path, run) -> None:
    write(tmp_path / "lindqvist-ct.dcm", PatientName="Lindqvist^Ada")
    code, printed = run("check", str(tmp_path))
    assert code == 1
    assert "in the file's name" in printed.out


def test_broken_files_are_findings_and_nothing_is_wrong_use(tmp_path: Path, run) -> None:
    write(tmp_path / "a.dcm", **CLEAN)
    whole = (tmp_path / "a.dcm").read_bytes()
    (tmp_path / "cut.dcm").write_bytes(whole[:-5])
    code, printed = run("check", str(tmp_path))
    assert code == 1
    assert "cannot be read" in printed.out
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("check", str(empty))[0] == 1
    assert run("check", str(tmp_path / "missing"))[0] == 2
    assert run("check", str(tmp_path), "--keep", "nonsense")[0] == 2


def test_what_claims_too_much_is_judged_by_a_profile(tmp_path: Path, run) -> None:
    write(tmp_path / "a.dcm", **CLEAN, PatientSex="F", PatientAge="041Y")
    assert run("check", str(tmp_path))[0] == 1
    assert run("check", str(tmp_path), "--profile", "teaching")[0] == 0
    assert run("check", str(tmp_path), "--keep", "patient")[0] == 0


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """Return a folder with two patients, and in it a list of one of them."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number, patient in enumerate(("ZqMRN1Xk", "ZqMRN2Xk")):
        for image in range(2):
            write(folder / f"{number}{image}.dcm", PatientID=patient, PatientName="ZqDoeXk^Jane", InstanceNumber="1",
                  StudyInstanceUID=f"1.2.8{number}", SeriesInstanceUID=f"1.2.8{number}.5", Modality="CT",
                  SOPInstanceUID=f"1.2.8{number}.{image}", StudyDate="20240131")  # fmt: skip
    (tmp_path / "patients.csv").write_text("PatientID,pseudonym\nZqMRN1Xk,SITE-1\n")
    return folder


def entries(directory: Path) -> list[pydicom.Dataset]:
    """Return the objects that a DICOMDIR lists, read from its folder."""
    records = pydicom.dcmread(directory).DirectoryRecordSequence
    paths = [directory.parent.joinpath(*record.ReferencedFileID) for record in records if "ReferencedFileID" in record]
    return [pydicom.dcmread(path) for path in paths]


def anonymized(tmp_path: Path, capsys: pytest.CaptureFixture[str], *options: str, out: str = "out") -> dict[str, Any]:
    with pytest.raises(SystemExit):
        main(["anonymize", str(tmp_path / "in"), "-o", str(tmp_path / out), "--project", str(tmp_path / "key"),
              "--json", *options])  # fmt: skip
    return dict(json.loads(capsys.readouterr().out))


def test_given_pseudonyms_and_the_way_back(tmp_path: Path, copies: Path, capsys, run) -> None:
    report = anonymized(tmp_path, capsys, "--patients", str(tmp_path / "patients.csv"), "--reversible", "--jobs", "2")
    assert (report["output"], report["sequestered"]) == (2, 2)
    assert report["reasons"][0]["reason"] == "its patient is not in the list of pseudonyms"
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name != "reports"] == ["SITE-1"]
    assert not any(b"ZqMRN1Xk" in path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert b"ZqMRN" not in (tmp_path / "key" / "mapping").read_bytes()
    study = next((tmp_path / "out" / "SITE-1").iterdir()).name
    code, printed = run("reveal", "SITE-1", study, "--project", str(tmp_path / "key"), "--json")
    assert code == 0
    found = json.loads(printed.out)
    assert found[0]["PatientID"] == "ZqMRN1Xk"
    assert found[1]["StudyInstanceUID"] == "1.2.80"
    code, printed = run("reveal", "NOBODY", "--project", str(tmp_path / "key"))
    assert (code, "not in the mapping: NOBODY" in printed.err) == (1, True)
    assert run("reveal", "SITE-1", "--project", str(tmp_path / "in"))[0] != 0


def test_a_run_after_a_killed_one_completes_the_way_back(tmp_path: Path, copies: Path, capsys, run) -> None:
    anonymized(tmp_path, capsys)  # as if it was killed before the mapping was written
    report = anonymized(tmp_path, capsys, "--reversible", "--resume")
    assert report["unchanged"] == 4
    instances = [path.stem for path in (tmp_path / "out").rglob("*.dcm")]
    assert run("reveal", *instances, "--project", str(tmp_path / "key"))[0] == 0
    size = (tmp_path / "key" / "mapping").stat().st_size
    report = anonymized(tmp_path, capsys, "--reversible", "--resume")
    assert report["unchanged"] == 4
    assert (tmp_path / "key" / "mapping").stat().st_size == size


@pytest.mark.parametrize("option", ["--patients", "--encrypt-for"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_list_or_certificate_that_is_none_ends_the_run_before_it_begins(
    tmp_path: Path, copies: Path, capsys, option: str, jobs: str
) -> None:
    (tmp_path / "wrong").write_text("ID,name\n")
    with pytest.raises(SystemExit) as ended:
        main(["anonymize", str(copies), "-o", str(tmp_path / "out"), "--project", str(tmp_path / "key"), option,
              str(tmp_path / "wrong"), "--jobs", jobs])  # fmt: skip
    assert ended.value.code
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["reports", "run.json"]


def test_a_file_set_in_a_zip(tmp_path: Path, copies: Path, capsys, run) -> None:
    killed = tmp_path / "set.zip.parts" / ".incoming-0123" / "4"
    killed.parent.mkdir(parents=True)
    killed.write_bytes(b"half an object of a run that was killed")
    report = anonymized(tmp_path, capsys, "--dicomdir", "--profile", "research", out="set.zip")
    assert report["output"] == 4
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("set")) == ["set.zip"]
    with zipfile.ZipFile(tmp_path / "set.zip") as archive:
        assert archive.testzip() is None
        assert not [name for name in archive.namelist() if name.startswith(".")]
        assert all(info.date_time[0] == 1980 and not info.comment for info in archive.infolist())
        archive.extractall(tmp_path / "opened")
    assert b"ZqDoeXk" not in (tmp_path / "opened" / "DICOMDIR").read_bytes()
    records = pydicom.dcmread(tmp_path / "opened" / "DICOMDIR").DirectoryRecordSequence
    kinds = [record.DirectoryRecordType for record in records]
    assert sorted(kinds) == ["IMAGE"] * 4 + ["PATIENT"] * 2 + ["SERIES"] * 2 + ["STUDY"] * 2
    listed = {record.ReferencedSOPInstanceUIDInFile for record in records if "ReferencedFileID" in record}
    assert {ds.SOPInstanceUID for ds in entries(tmp_path / "opened" / "DICOMDIR")} == listed
    summary = (tmp_path / "opened" / "reports" / "summary.csv").read_text()
    assert "outcome,,,output,,,4," in summary
    assert run("check", str(tmp_path / "set.zip"))[0] == 0
    with pytest.raises(SystemExit) as ended:  # nothing is written over
        main(["anonymize", str(copies), "-o", str(tmp_path / "set.zip"), "--project", str(tmp_path / "key")])
    assert ended.value.code == 2


def test_a_file_set_is_taken_up_again(tmp_path: Path, copies: Path, capsys) -> None:
    anonymized(tmp_path, capsys, "--dicomdir")
    first = {path: path.read_bytes() for path in (tmp_path / "out" / "DICOM").rglob("*") if path.is_file()}
    write(copies / "more.dcm", PatientID="ZqMRN1Xk", StudyInstanceUID="1.2.80", SeriesInstanceUID="1.2.80.5",
          SOPInstanceUID="1.2.80.9")  # fmt: skip
    report = anonymized(tmp_path, capsys, "--dicomdir")
    assert (report["output"], report["unchanged"]) == (1, 4)
    assert {path: path.read_bytes() for path in first} == first
    assert len(entries(tmp_path / "out" / "DICOMDIR")) == 5


def test_originals_are_put_back_from_the_objects(tmp_path: Path, copies: Path, capsys, run) -> None:
    openssl = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=holder", "-days", "9",
               "-keyout", str(tmp_path / "h.key"), "-out", str(tmp_path / "h.pem")]  # fmt: skip
    subprocess.run(openssl, check=True, capture_output=True)
    anonymized(tmp_path, capsys, "--encrypt-for", str(tmp_path / "h.pem"))
    holder = ("--certificate", str(tmp_path / "h.pem"), "--key", str(tmp_path / "h.key"))
    code, printed = run("restore", str(tmp_path / "out"), "-o", str(tmp_path / "back"), *holder)
    assert "4 objects restored, 0 not; " in printed.out  # the reports are other files
    assert code == 0
    back = sorted((tmp_path / "back").iterdir())
    assert all(path.stat().st_mode & 0o077 == 0 for path in back)
    before = {str(ds.SOPInstanceUID): ds for ds in map(pydicom.dcmread, copies.iterdir())}
    for path in back:
        ds = pydicom.dcmread(path)
        assert ds.PatientIdentityRemoved == "NO"
        del ds.PatientIdentityRemoved
        assert ds == before[str(ds.SOPInstanceUID)]
    assert run("restore", str(tmp_path / "out"), "-o", str(tmp_path / "back"), *holder)[0] != 0
