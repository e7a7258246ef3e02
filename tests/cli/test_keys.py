"""``isocenter keys`` and ``isocenter reindex``."""

import json
from pathlib import Path

import pytest

from isocenter.archive import Archive, Level, Query
from isocenter.cli import main
from isocenter.settings import load_settings

from .test_archive_commands import write_object


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    Archive.open(folder, load_settings()).close()
    return folder


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    return int(ended.value.code or 0)


def test_keys_and_reindex(data: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    where = ("--data", str(data))
    assert run("reindex", *where) == 0
    assert run("keys", "list", *where) == 0
    assert capsys.readouterr().out.count("no keys") == 2
    write_object(tmp_path / "object", 1, KVP="120")
    assert run("import", str(tmp_path / "object"), *where) == 0
    assert run("keys", "add", "KVP", "--level", "series", *where) == 0
    capsys.readouterr()
    assert run("keys", "list", *where) == 0
    assert "0 %" in capsys.readouterr().out
    assert run("reindex", *where) == 0
    assert "1 keys: all objects are read" in capsys.readouterr().out
    assert run("reindex", "--again", *where) == 0
    capsys.readouterr()
    assert run("keys", "list", "--json", *where) == 0
    (key,) = json.loads(capsys.readouterr().out)
    assert (key["name"], key["vr"], key["level"], key["ready"]) == ("KVP", "DS", "series", True)
    with Archive.open(data, load_settings()) as archive:
        (known,) = archive.added_keys()
        assert len(archive.find(Query(Level.SERIES, {}, site=((known, "120"),)))) == 1
    assert run("keys", "remove", "KVP", *where) == 0
    assert run("keys", "remove", "KVP", *where) == 1
    assert run("keys", "add", "PatientName", *where) == 2
