"""``isocenter deid check``: exit codes for pipelines, and no value unless somebody asks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isocenter.cli import main
from isocenter.dicom import dictionary
from isocenter.dicom.part10 import write_file_meta
from isocenter.dicom.writer import write_element

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
CLEAN = {"PatientID": "SUBJ0001", "PatientName": "ANON^0001", "PatientIdentityRemoved": "YES",
         "DeidentificationMethod": "by hand"}  # fmt: skip


def write(path: Path, **values: str) -> None:
    rows = sorted((dictionary.tag(keyword), value) for keyword, value in values.items())
    body = b"".join(write_element(tag, dictionary.vr(tag), value.encode()) for tag, value in rows)
    head = write_element(0x00080016, "UI", CT.encode()) + write_element(0x00080018, "UI", b"1.2.3.4")
    path.write_bytes(write_file_meta(CT, "1.2.3.4", EXPLICIT) + head + body)


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
