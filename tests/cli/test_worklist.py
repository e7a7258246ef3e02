"""``isocenter worklist`` and ``isocenter mpps``, against a node of ours and on its archive."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from isocenter.archive import Archive
from isocenter.cli import main
from isocenter.dicom.nested import Keys
from isocenter.net.client import ClientAssociation
from isocenter.net.server import DicomServer
from isocenter.services.mpps import MppsService
from isocenter.services.worklist import WorklistService
from isocenter.settings import load_settings

ENTRY = (
    "PatientName=Müller^Jörg", "PatientID=4711", "Modality=CT", "ScheduledStationAETitle=CT1",
    "ScheduledProcedureStepStartDate=20240131", "ScheduledProcedureStepStartTime=0930", "StudyInstanceUID=1.2",
)  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def archive(data: Path) -> Iterator[Archive]:
    settings = load_settings({"data": str(data), "durability": "os"})
    with Archive.open(data, settings) as opened:
        yield opened


@pytest.fixture
def peer(archive: Archive) -> Iterator[str]:
    settings = load_settings()
    services = [WorklistService(archive.worklist, settings), MppsService(archive.performed)]
    server = DicomServer(settings, services, socket.create_server(("127.0.0.1", 0)))
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield f"ISOCENTER@127.0.0.1:{server.address[1]}"
    server.stop(0)
    thread.join()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run the program and return what it printed."""

    def call(*arguments: object, code: int = 0) -> str:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert int(ended.value.code or 0) == code, captured.err
        return captured.err if code else captured.out

    return call


@pytest.fixture
def add(run: Callable[..., str], archive: Archive, data: Path) -> Callable[..., str]:
    return lambda *pairs: run("worklist", "add", *ENTRY, *pairs, "--data", data)


def test_add_list_remove(run, add, data: Path, tmp_path: Path) -> None:
    assert run("worklist", "list", "--data", data) == "nothing found\n"
    assert add("ScheduledProcedureStepID=S1") == "entry 1 added, ScheduledProcedureStepID S1\n"
    file = tmp_path / "entry.json"
    file.write_text(json.dumps({"ScheduledProcedureStepID": "S2", "PatientName": "Other^Name"}))
    assert add("--file", str(file), "Modality=MR").startswith("entry 2 added")
    (head, line) = run("worklist", "list", "Modality=MR", "--data", data).splitlines()
    assert head.split()[:2] == ["ID", "STATUS"]
    assert line.split()[:6] == ["2", "SCHEDULED", "20240131", "0930", "Müller^Jörg", "4711"]
    shown = json.loads(run("worklist", "list", "--json", "--data", data))
    assert [(each["id"], each["status"]) for each in shown] == [(1, "SCHEDULED"), (2, "SCHEDULED")]
    assert run("worklist", "remove", 1, 2, "--data", data) == "entry 1 removed\nentry 2 removed\n"
    assert run("worklist", "list", "--data", data) == "nothing found\n"


def test_what_is_no_entry_is_refused(run, add, archive: Archive, data: Path, tmp_path: Path) -> None:
    assert "an entry needs" in run("worklist", "add", "PatientID=1", "Modality=CT", "--data", data, code=2)
    assert "no worklist entry 7" in run("worklist", "remove", 7, "--data", data, code=1)
    assert "no archive" in run("worklist", "list", "--data", tmp_path / "nowhere", code=2)
    for text in ("[]", "nonsense"):
        (tmp_path / "x.json").write_text(text)
        run("worklist", "add", "--file", tmp_path / "x.json", "--data", data, code=2)


def test_find(run, add, peer: str) -> None:
    add("ScheduledProcedureStepID=S1", "RequestedProcedureDescription=CT thorax")
    add("ScheduledProcedureStepID=S2", "Modality=MR")
    head, line = run("worklist", "find", peer, "PatientName=muller*", "Modality=CT", "PatientSex").splitlines()
    assert head.split()[0] == "ScheduledProcedureStepStartDate"
    assert "PatientSex" in head
    assert line.split() == ["20240131", "0930", "Müller^Jörg", "4711", "CT", "CT1", "CT", "thorax", "S1", "1.2"]
    answers = json.loads(run("worklist", "find", peer, "RequestedProcedureDescription", "--json"))
    assert answers[0]["00321060"]["Value"] == ["CT thorax"]
    assert [each["00400100"]["Value"][0]["00400009"]["Value"] for each in answers] == [["S1"], ["S2"]]
    assert run("worklist", "find", peer, "--csv", "--limit", "1").count("\n") == 2
    assert run("worklist", "find", peer, "ScheduledStationAETitle=XX") == "nothing found\n"
    assert "A900H" in run("worklist", "find", peer, "PatientBirthDate=soon", code=1)


def test_what_has_ended_is_not_cancelled(run, add, peer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled: list[object] = []
    cancel = ClientAssociation._cancel
    monkeypatch.setattr(ClientAssociation, "_cancel", lambda *call: (cancelled.append(call), cancel(*call)))
    for number in range(3):
        add(f"ScheduledProcedureStepID=S{number}")
    run("worklist", "find", peer)
    assert not cancelled
    run("worklist", "find", peer, "--limit", "1")
    assert len(cancelled) == 1


def test_a_step_from_start_to_end(run, add, peer: str, archive: Archive, data: Path) -> None:
    add("ScheduledProcedureStepID=S1", "AccessionNumber=A1")
    uid = run("mpps", "start", peer, "--aet", "CT1", "AccessionNumber=A1", "--set", "StudyID=X7").strip()
    step = archive.performed.get(uid)
    assert (step.status, step.calling_aet, step.data_set["00200010"]["Value"]) == ("IN PROGRESS", "CT1", ["X7"])
    assert archive.worklist.get(1).status == "STARTED"
    files = [get_testdata_file("CT_small.dcm"), get_testdata_file("reportsi.dcm"), __file__]
    told = run("mpps", "complete", peer, uid, *files, "--retrieve-aet", "ARCHIVE1")
    assert told == f"{uid} completed with 2 series\n"
    done = archive.performed.get(uid)
    assert done.status == "COMPLETED"
    first, second = done.data_set["00400340"]["Value"]
    assert len(first["00081140"]["Value"]) == len(second["00400220"]["Value"]) == 1
    assert first["00080054"]["Value"] == ["ARCHIVE1"]
    assert run("worklist", "find", peer) == "nothing found\n"
    assert run("worklist", "list", "--finished", "--data", data).splitlines()[1].split()[1] == "COMPLETED"
    assert "may no longer be updated" in run("mpps", "discontinue", peer, uid, code=1)
    line = run("mpps", "list", "AccessionNumber=A1", "--data", data).splitlines()[1]
    assert line.split()[2:6] == ["COMPLETED", "Müller^Jörg", "4711", "CT"]
    assert json.loads(run("mpps", "list", "--json", "--data", data))[0]["00080018"]["Value"] == [uid]


def test_a_step_is_broken_off(run, add, peer: str, archive: Archive) -> None:
    add("ScheduledProcedureStepID=S1")
    uid = run("mpps", "start", peer, "--uid", "1.2.9", "ScheduledProcedureStepID=S1").strip()
    assert uid == "1.2.9"
    told = run("mpps", "discontinue", peer, uid, "--reason", "refused")
    assert told == "1.2.9 discontinued: Patient refused to continue procedure\n"
    assert archive.worklist.get(1).status == "DISCONTINUED"


def test_one_that_was_not_scheduled(run, peer: str, archive: Archive) -> None:
    uid = run("mpps", "start", peer, "--unscheduled", "PatientID=9", "PatientName=A", "Modality=CT").strip()
    (step,) = archive.performed.find(Keys(()))
    assert (step.SOPInstanceUID, step.data_set["00100020"]["Value"]) == (uid, ["9"])


def test_what_cannot_be_reported(run, add, peer: str, tmp_path: Path) -> None:
    add("ScheduledProcedureStepID=S1")
    add("ScheduledProcedureStepID=S2")
    assert "several entries match" in run("mpps", "start", peer, "Modality=CT", code=2)
    assert "no entry" in run("mpps", "start", peer, "Modality=MR", code=1)
    assert "Modality missing" in run("mpps", "start", peer, "--unscheduled", "PatientID=9", code=1)
    assert "is no UID" in run("mpps", "start", peer, "--uid", "x", "Modality=CT", code=2)
    assert "name the files" in run("mpps", "complete", peer, "1.2.9", code=2)
    assert "0112H" in run("mpps", "discontinue", peer, "1.2.404", code=1)
    assert "no file or folder" in run("mpps", "complete", peer, "1.2.9", tmp_path / "gone", code=2)
