"""``isocenter edit``: show, correct, put back."""

import json
from pathlib import Path

import pytest

from isocenter.archive import Archive, Source
from isocenter.cli import main
from isocenter.phantom import studies
from isocenter.settings import load_settings


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A study in an archive that the settings name."""
    monkeypatch.setenv("ISOCENTER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ISOCENTER_SETTLE_SECONDS", "0.001")
    with Archive.open(tmp_path / "data", load_settings({"durability": "os"})) as archive:
        for dataset in studies(only=["ct"], slices=2):
            path = tmp_path / "one.dcm"
            dataset.save_as(path, enforce_file_format=True)
            reception = archive.receive_file(Source("import"))
            reception.write(path.read_bytes())
            uid = reception.finish().StudyInstanceUID
    return uid


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["edit", *arguments])
    return int(ended.value.code or 0)


def test_correct_and_put_back(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(study, "--json") == 0
    before = json.loads(capsys.readouterr().out)
    assert before["corrections"] == []
    assert run(study, "--set", "PatientID=4711", "--set", "PatientName=Roe^Jane", "--reason", "wrong one") == 0
    assert capsys.readouterr().out.startswith("correction 1: ")
    with pytest.raises(SystemExit):
        main(["stats"])
    assert "objects from before corrections in the bin" in capsys.readouterr().out
    assert run(study) == 0
    text = capsys.readouterr().out
    assert "4711" in text
    assert "wrong one" in text
    assert "at the command line" in text
    assert run(study, "--put-back", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["undone"] == 1
    assert run(study, "--json") == 0
    assert json.loads(capsys.readouterr().out)["values"] == before["values"]


def test_wrong_use(study: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(study, "--set", "PatientID") == 2
    assert "use KEYWORD=VALUE" in capsys.readouterr().err
    assert run(study, "--set", "PatientID=1", "--put-back", "1") == 2
    assert run(study, "--put-back", "9") == 1
    assert run("1.2.3.4", "--set", "PatientID=1") == 1
