"""``isocenter ups``: list, show, cancel."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from isocenter.archive import Archive
from isocenter.cli import main
from isocenter.settings import load_settings
from isocenter.ups.attributes import Code, data_set


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "data", load_settings({"data": str(tmp_path / "data"), "durability": "os"})) as opened:
        for uid, name in (("1.1", "Müller^Jörg"), ("1.2", "Meier^Ida")):
            opened.work_items.create(
                data_set(
                    ProcedureStepState="SCHEDULED", ScheduledProcedureStepPriority="LOW", ProcedureStepLabel="Segment",
                    ScheduledProcedureStepStartDateTime="20240131", InputReadinessState="READY",
                    PatientName={"Alphabetic": name},
                    ScheduledStationNameCodeSequence=[Code("AI1", "99S", "AI").as_item()] if uid == "1.1" else [],
                ),
                uid,
            )  # fmt: skip
        yield opened


@pytest.fixture
def run(archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def call(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["ups", *arguments, "--data", str(tmp_path / "data")])
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out + captured.err

    return call


def test_list(run) -> None:
    code, out = run("list")
    assert code == 0
    assert [line.split()[-1] for line in out.splitlines()] == ["SOPInstanceUID", "1.1", "1.2"]
    assert [line.split(",")[-1] for line in run("list", "--csv", "PatientName=mull*")[1].splitlines()[1:]] == ["1.1"]
    found = json.loads(run("list", "--json", "ScheduledStationNameCodeSequence.CodeValue=AI1")[1])
    assert [each["00080018"]["Value"] for each in found] == [["1.1"]]
    assert len(json.loads(run("list", "--json", "--limit", "1")[1])) == 1
    assert run("list", "ProcedureStepState=COMPLETED")[1] == "nothing found\n"
    assert run("list", "Nonsense=1")[0] == 2


def test_show_and_cancel(run, archive: Archive) -> None:
    assert json.loads(run("show", "1.1")[1]) == archive.work_items.get("1.1")
    code, out = run("show", "9.9")
    assert (code, out.strip().count("\n")) == (1, 0)
    assert run("cancel", "1.1", "--reason", "not needed") == (0, "canceled\n")
    assert run("cancel", "1.1") == (0, "it is canceled already\n")
    progress = archive.work_items.get("1.1")["00741002"]["Value"][0]
    assert progress["00741238"]["Value"] == ["not needed"]
    archive.work_items.change_state("1.2", "IN PROGRESS", "1.9")
    assert run("cancel", "1.2")[0] == 1  # nobody would hear it
    archive.subscriptions.subscribe("1.2", "AI1", locked=False)
    assert run("cancel", "1.2") == (0, "whoever performs it is asked to cancel it\n")
