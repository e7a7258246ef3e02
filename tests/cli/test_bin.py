"""``isocenter bin``: list, restore, empty."""

import json
from pathlib import Path

import pytest

from isocenter.archive import Archive, Source
from isocenter.cli import main
from isocenter.phantom import studies
from isocenter.settings import load_settings


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An archive with a study in the bin."""
    with Archive.open(tmp_path / "data", load_settings({"durability": "os"})) as archive:
        for dataset in studies(only=["ct"], slices=2):
            reception = archive.receive_file(Source("import"))
            path = tmp_path / "one.dcm"
            dataset.save_as(path, enforce_file_format=True)
            reception.write(path.read_bytes())
            uid = reception.finish().StudyInstanceUID
        archive.delete(uid)
    return tmp_path / "data"


def run(data: Path, *arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["bin", *arguments, "--data", str(data)])
    return int(ended.value.code or 0)


def test_stats_tell_of_it(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--json"], []):
        with pytest.raises(SystemExit):
            main(["stats", "--data", str(data), *arguments])
    told, _, text = capsys.readouterr().out.partition("}\n")
    assert '"bin"' in told + text
    assert "deleted objects in the bin" in text


def test_list_and_restore(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(data, "list", "--json") == 0
    (deletion,) = json.loads(capsys.readouterr().out)
    assert deletion["objects"] >= 2
    assert run(data, "list") == 0
    assert deletion["StudyInstanceUID"] in capsys.readouterr().out.replace("\n", "")
    assert run(data, "restore", str(deletion["id"])) == 0
    assert f"{deletion['objects']} objects restored" in capsys.readouterr().out
    assert run(data, "list") == 0
    assert "empty" in capsys.readouterr().out
    with Archive.open(data, load_settings()) as archive:
        assert len(archive.instances(deletion["StudyInstanceUID"])) == deletion["objects"]


def test_empty(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(data, "empty") == 2
    assert run(data, "empty", "99") == 1
    assert run(data, "empty", "--all") == 0
    assert "1 deletions are gone" in capsys.readouterr().out
    with Archive.open(data, load_settings()) as archive:
        assert list(archive.storage.objects()) == []


def test_restoring_what_cannot_be_read(data: Path) -> None:
    with Archive.open(data, load_settings()) as archive:
        archive.storage.delete([stored.location for stored in archive.storage.objects()][:1])
    assert run(data, "restore", "1") == 1
