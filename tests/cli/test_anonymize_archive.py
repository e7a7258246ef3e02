"""``isocenter anonymize`` of studies: out of an archive, and out of a DICOM node; resumed, reported, audited."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from isocenter.anonymizing.audit import events
from isocenter.anonymizing.projects import Facts, Projects
from isocenter.archive import Archive, Source
from isocenter.cli import main
from isocenter.cli.dicom_part import services_of
from isocenter.net.server import DicomServer
from isocenter.settings import load_settings

from .test_anonymize import SC, files, object_file

STUDY, OTHER = "1.2.826.76", "1.2.826.86"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with 20 objects and a screen in one study, one object in another, and a project."""
    folder = tmp_path_factory.mktemp("archive") / "data"
    other = {"StudyInstanceUID": OTHER, "SeriesInstanceUID": "1.2.826.85", "SOPInstanceUID": "1.2.826.87"}
    with Archive.open(folder, load_settings({"durability": "os"})) as archive:
        for each in (*map(object_file, range(20)), object_file(99, SC), object_file(1, **other)):
            reception = archive.receive_file(Source("import"))
            reception.write(each)
            reception.finish()
    Projects(folder).add(Facts("trial", "research"))
    return folder


@pytest.fixture(scope="module")
def node(data: Path) -> Iterator[str]:
    """The same archive as a DICOM node."""
    settings = load_settings({"data": str(data), "durability": "os"})
    with Archive.open(data, settings) as archive:
        server = DicomServer(settings, services_of(archive, settings), socket.create_server(("127.0.0.1", 0)))
        thread = threading.Thread(target=server.serve)
        thread.start()
        yield f"ISOCENTER@127.0.0.1:{server.address[1]}"
        server.stop(0)
        thread.join()


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    def call(*arguments: str) -> tuple[int, Any]:
        with pytest.raises(SystemExit) as ended:
            main(["anonymize", *arguments, "-o", str(tmp_path / "out"), "--json"])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), json.loads(printed.out) if printed.out else printed.err

    return call


def test_out_of_an_archive_with_its_project(run, data: Path, tmp_path: Path) -> None:
    wanted = ("--data", str(data), "--project", "trial", "--study", STUDY, "--study", OTHER)
    code, report = run(*wanted, "--jobs", "2")
    assert (code, report["output"], report["sequestered"], report["inputs"]) == (1, 21, 1, 22)
    assert (report["profile"], report["studies"]) == ("research", 2)
    written = files(tmp_path / "out")
    assert "reports/summary.csv" in written
    assert not [name for name, content in written.items() if b"Zq" in content or b"1.2.826.7" in content]
    last = events(data / "projects" / "trial")[-1]
    assert (last["who"]["way"], last["counts"]["output"], last["inputs"]) == ("command", 21, 22)
    assert list((data / "projects" / "trial" / "runs").glob("*.csv"))
    first = min((tmp_path / "out").rglob("*.dcm"))
    first.unlink()
    code, report = run(*wanted, "--resume")
    assert (report["output"], report["unchanged"], report["sequestered"]) == (1, 20, 1)
    assert {row["reason"] for row in report["reasons"] if row["outcome"] == "unchanged"} == {
        "there before, not looked at again"
    }
    again = files(tmp_path / "out")
    assert again.keys() == written.keys()
    studies = [json.loads(content) for name, content in again.items() if name.endswith(".json") and "2.25" in name]
    assert sum(study["objects"] for study in studies) == 22  # one of them was written twice


def test_what_a_project_does_is_fixed(run, data: Path) -> None:
    wanted = ("--data", str(data), "--project", "trial", "--study", OTHER)
    code, said = run(*wanted, "--profile", "basic")
    assert (code, "what project trial does is fixed" in said) == (2, True)
    assert run(*wanted, "--profile", "research")[0] == 0


@pytest.mark.parametrize(
    "arguments",
    [[], ["--study", OTHER], ["x", "--study", OTHER, "--data", "."], ["--from", "A@127.0.0.1:1"],
     ["--study", OTHER, "--data", "nowhere"]],
)  # fmt: skip
def test_what_to_read_must_be_said_once(run, tmp_path: Path, arguments: list[str]) -> None:
    assert run(*arguments, "--project", str(tmp_path / "key"))[0] == 2


def test_no_such_study(run, data: Path) -> None:
    assert run("--data", str(data), "--project", "trial", "--study", "1.2.3")[0] == 1


def test_out_of_a_node_and_resumed(run, node: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    wanted = ("--from", node, "--project", str(tmp_path / "key"), "--study", STUDY)
    code, report = run(*wanted)
    assert (code, report["output"], report["sequestered"]) == (1, 20, 1)
    assert list(spool.iterdir()) == []
    code, report = run(*wanted, "--study", OTHER, "--resume")
    assert (report["output"], report["unchanged"], report["sequestered"]) == (1, 20, 1)
    monkeypatch.setattr("isocenter.cli.anonymize_node._fetch", lambda *_: pytest.fail("it is there"))
    code, report = run("--from", node, "--project", str(tmp_path / "key"), "--study", OTHER, "--resume")
    assert (code, report["unchanged"], report["inputs"]) == (0, 1, 1)
    assert not [n for n, content in files(tmp_path / "out").items() if b"Zq" in content]


def test_a_node_that_is_away_or_has_nothing(run, node: str, tmp_path: Path) -> None:
    assert run("--from", node, "--project", str(tmp_path / "key"), "--study", "1.2.3")[0] == 1
    assert run("--from", "A@127.0.0.1:1", "--project", str(tmp_path / "key"), "--study", "1.2.3")[0] == 1
