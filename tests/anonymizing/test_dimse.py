"""De-identified objects over DIMSE: to peers that get no others, and as the target of jobs."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
import pytest

from isocenter.anonymizing.audit import Who, events
from isocenter.anonymizing.jobs import Jobs, State, Wish, counts_of
from isocenter.anonymizing.worker import Worker
from isocenter.archive import Archive
from isocenter.dicom.json import json_to_data_set
from isocenter.dimse.commands import Command, CommandField
from isocenter.errors import PeerError, UnsupportedError
from isocenter.index.peers import KnownPeer
from isocenter.services.anonymized import PeerTarget, anonymized_for
from isocenter.services.get import GetService
from isocenter.services.information_model import PATIENT_ROOT, STUDY_ROOT, InformationModel
from isocenter.services.move import MoveService
from isocenter.services.outgoing import Outgoing
from isocenter.services.service import Operation, Response, ServiceContext
from isocenter.settings import load_settings

from .conftest import CT, EXPLICIT, SC, STUDY

IMPLICIT = "1.2.840.10008.1.2"
LAB = KnownPeer("LAB", "192.0.2.9", 104, deid_project="trial")
Sent = list[tuple[bytes, str, str]]


class Destination:
    """Takes what comes in these syntaxes; answers with ``status``."""

    def __init__(self, sent: Sent, takes: Sequence[str], status: int) -> None:
        self.sent, self.takes, self.status = sent, takes, status

    def accepts(self, abstract_syntax: str, transfer_syntax_uid: str) -> bool:
        return transfer_syntax_uid in self.takes

    def store(self, data_set: BinaryIO, *, sop_instance_uid: str, transfer_syntax_uid: str, **_: Any) -> Command:
        self.sent.append((data_set.read(), sop_instance_uid, transfer_syntax_uid))
        return Command(CommandField.C_STORE_RSP, MessageIDBeingRespondedTo=1, Status=self.status)

    def release(self) -> None:
        pass

    def abort(self) -> None:
        pass


@pytest.fixture
def sent() -> Sent:
    return []


@pytest.fixture
def connect(sent: Sent) -> Callable[..., Any]:
    def make(takes: Sequence[str] = (EXPLICIT, IMPLICIT), status: int = 0) -> Callable[..., Destination]:
        return lambda peer, pairs: Destination(sent, takes, status)

    return make


@pytest.fixture
def outgoing(archive: Archive, jobs: Jobs) -> Outgoing:
    def never(*_: object) -> Any:
        raise AssertionError("an original would go out")

    return Outgoing(archive, never, partial(anonymized_for, archive, jobs.projects))


def read(data_set: bytes, syntax: str) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(data_set), force=True) if not data_set else pydicom.filereader.read_dataset(
        io.BytesIO(data_set), is_implicit_VR=syntax == IMPLICIT, is_little_endian=True
    )  # fmt: skip


def ask(
    service: Any, field: int, sop_class: str, keys: dict[str, str] | None = None,
    performs: dict[tuple[str, str], int] | None = None, **more: Any,
) -> list[Any]:  # fmt: skip
    command = Command(field, MessageID=7, CommandDataSetType=1, AffectedSOPClassUID=sop_class, Priority=0, **more)
    context = ServiceContext(1, "LAB", "ISOCENTER", "192.0.2.7", 1, sop_class, EXPLICIT)
    if field == CommandField.C_GET_RQ:
        context = replace(context, performs=performs or {(each, EXPLICIT): 1 for each in (CT, SC)})
    handler = service.begin(context, command)
    question = {"00080052": {"vr": "CS", "Value": ["STUDY"]}, "0020000D": {"vr": "UI", "Value": [STUDY]}}
    for tag, value in (keys or {}).items():
        question[tag] = {"vr": question.get(tag, {"vr": "LO"})["vr"], "Value": [value]}
    question = dict(sorted(question.items()))
    handler.write(memoryview(json_to_data_set(question)))
    answers = []
    for answer in handler.finish():
        if isinstance(answer, Operation):
            answers.append((answer.command, answer.data_set.read()))
            answer.answer = Command(CommandField.C_STORE_RSP, MessageIDBeingRespondedTo=1, Status=0)
        else:
            answers.append(answer)
    return answers


def last(answers: list[Any]) -> Command:
    return answers[-1].command if isinstance(answers[-1], Response) else answers[-1]


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_c_move_to_a_peer_that_gets_no_originals(
    archive: Archive, jobs: Jobs, outgoing: Outgoing, connect, sent: Sent, syntax: str
) -> None:
    archive.peers.add(LAB)
    service = MoveService(archive, archive.peers, outgoing, connect([syntax]), load_settings())
    answers = ask(service, CommandField.C_MOVE_RQ, STUDY_ROOT.move, MoveDestination="LAB")
    ended = last(answers)
    assert (ended.NumberOfCompletedSuboperations, ended.NumberOfFailedSuboperations) == (3, 1)
    assert "secondary capture" in (ended.ErrorComment or "")
    assert not getattr(answers[-1], "data_set", b"")  # the list of failed UIDs would name originals
    assert {found[2] for found in sent} == {syntax}
    for data_set, uid, found in sent:
        assert b"Zq" not in data_set
        assert b"1.2.826" not in data_set
        assert read(data_set, found).SOPInstanceUID == uid
    (event,) = events(jobs.projects.get("trial").folder)
    assert event["who"] == {"way": "C-MOVE", "aet": "LAB", "address": "192.0.2.7"}
    assert event["counts"] == {"output": 3, "sequestered": 1}


def test_c_get_by_such_a_peer(archive: Archive, jobs: Jobs, outgoing: Outgoing) -> None:
    archive.peers.add(LAB)
    answers = ask(GetService(archive, archive.peers, outgoing), CommandField.C_GET_RQ, STUDY_ROOT.get)
    stores = [answer for answer in answers if type(answer) is tuple]
    assert len(stores) == 3
    for command, data_set in stores:
        assert b"1.2.826" not in data_set
        assert read(data_set, EXPLICIT).SOPInstanceUID == command.AffectedSOPInstanceUID
    assert last(answers).NumberOfFailedSuboperations == 1
    assert not getattr(answers[-1], "data_set", b"")


@pytest.mark.parametrize("model", [PATIENT_ROOT, STUDY_ROOT])
@pytest.mark.parametrize("service", ["move", "get"])
def test_such_a_peer_cannot_try_patient_ids(
    archive: Archive, outgoing: Outgoing, connect, sent: Sent, service: str, model: InformationModel
) -> None:
    archive.peers.add(LAB)
    get, move = CommandField.C_GET_RQ, CommandField.C_MOVE_RQ
    for patient in ("ZqMRN1Xk", "nobody"):
        if service == "get":
            answers = ask(GetService(archive, archive.peers, outgoing), get, model.get, {"00100020": patient})
        else:
            moving = MoveService(archive, archive.peers, outgoing, connect(), load_settings())
            answers = ask(moving, move, model.move, {"00100020": patient}, MoveDestination="LAB")
        assert (len(answers), last(answers).Status, sent) == (1, 0x0124, [])


def test_such_a_peer_cannot_have_originals_sent_elsewhere(archive: Archive, outgoing: Outgoing, connect, sent) -> None:
    archive.peers.add(LAB)
    archive.peers.add(replace(LAB, aet="WARD", deid_project=""))
    service = MoveService(archive, archive.peers, outgoing, connect(), load_settings())
    ended = last(ask(service, CommandField.C_MOVE_RQ, STUDY_ROOT.move, MoveDestination="WARD"))
    assert (ended.Status, ended.NumberOfCompletedSuboperations, sent) == (0x0124, None, [])


def test_nothing_goes_out_where_the_project_is_gone(archive: Archive, outgoing: Outgoing, connect, sent: Sent) -> None:
    archive.peers.add(replace(LAB, deid_project="gone"))
    service = MoveService(archive, archive.peers, outgoing, connect(), load_settings())
    ended = last(ask(service, CommandField.C_MOVE_RQ, STUDY_ROOT.move, MoveDestination="LAB"))
    assert ended.Status == 0xC000 or ended.Status >= 0xA000
    assert "no project 'gone'" in (ended.ErrorComment or "")
    assert sent == []


def test_what_cannot_de_identify_sends_nothing(archive: Archive) -> None:
    bare = Outgoing(archive, lambda *_: None)
    with pytest.raises(UnsupportedError, match="nothing here"), bare.towards(LAB, Who("C-MOVE")):
        pass


def test_a_job_sends_to_a_peer(archive: Archive, jobs: Jobs, connect, sent: Sent) -> None:
    archive.peers.add(replace(LAB, deid_project=""))
    job = jobs.add(Wish("trial", [STUDY], "peer", "LAB"), Who("web"), 0)
    Worker(jobs, lambda known: PeerTarget(connect(), known)).work()
    assert jobs.get(job.id).state is State.DONE
    assert counts_of(jobs.studies(job.id)) == {"output": 3, "unchanged": 0, "sequestered": 1, "rejected": 0, "left": 0}
    assert {uid for _, uid, _ in sent} == {
        pydicom.filereader.read_dataset(io.BytesIO(data), False, True).SOPInstanceUID for data, _, _ in sent
    }


def test_what_the_peer_refuses_is_counted_and_one_that_is_away_fails_the_job(
    archive: Archive, jobs: Jobs, connect
) -> None:
    archive.peers.add(LAB)

    def away(*_: object) -> Any:
        raise PeerError("LAB@192.0.2.9:104 refuses connections")

    ways = {"refused": connect(status=0xA700), "nothing": connect([]), "away": away}
    found = {}
    for name, way in ways.items():
        job = jobs.add(Wish("trial", [STUDY], "peer", "LAB"), Who("web"), 0)
        Worker(jobs, lambda known, way=way: PeerTarget(way, known)).work()
        ended, counts = jobs.get(job.id), counts_of(jobs.studies(job.id))
        found[name] = (ended.state, counts["rejected"], counts["left"], ended.detail)
    assert found["refused"][:3] == found["nothing"][:3] == (State.DONE, 3, 0)
    assert found["away"] == (State.FAILED, 0, 4, "LAB@192.0.2.9:104 refuses connections")


def test_large_results_are_spooled(
    archive: Archive, jobs: Jobs, connect, sent: Sent, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("isocenter.services.anonymized._SPOOLED", 10)
    monkeypatch.setattr("isocenter.anonymizing.reading._MAPPED", 10)
    archive.peers.add(LAB)
    jobs.add(Wish("trial", [STUDY], "peer", "LAB"), Who("web"), 0)
    Worker(jobs, lambda known: PeerTarget(connect(), known)).work()
    assert len(sent) == 3
    assert all(b"Zq" not in data and data.endswith(bytes(range(1, 65))) for data, _, _ in sent)
