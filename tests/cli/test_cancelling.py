"""Ctrl-C in ``find``, ``move`` and ``get``: the node is told, and what was done is said."""

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping

import pytest

from isocenter.cli import main
from isocenter.dicom.json import json_to_data_set
from isocenter.dimse.commands import Command, respond
from isocenter.net.server import DicomServer
from isocenter.services.information_model import IDENTIFIER_SYNTAXES, STUDY_ROOT
from isocenter.services.service import Handler, Message, Response, Service, ServiceContext
from isocenter.settings import load_settings

PENDING, CANCELLED = 0xFF00, 0xFE00
ANSWER = json_to_data_set({"0020000D": {"vr": "UI", "Value": ["1.2"]}}, implicit=True)
#: Answers until the user has enough.
ENOUGH = 5


class EndlessService(Service):
    """Answers for ever; after some answers the user presses Ctrl-C."""

    abstract_syntaxes: Mapping[str, tuple[str, ...]] = dict.fromkeys(
        (STUDY_ROOT.find, STUDY_ROOT.move, STUDY_ROOT.get), IDENTIFIER_SYNTAXES[::-1]
    )

    def __init__(self) -> None:
        self.endless = {STUDY_ROOT.find, STUDY_ROOT.move, STUDY_ROOT.get}
        self.cancelled: list[str] = []

    def begin(self, context: ServiceContext, command: Command) -> Handler:
        return Endless(self, context, command)


class Endless(Handler):
    def __init__(self, service: EndlessService, context: ServiceContext, command: Command) -> None:
        self._service = service
        self._context = context
        self._command = command
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True
        self._service.cancelled.append(self._context.abstract_syntax)

    def finish(self) -> Iterator[Message]:
        if self._context.abstract_syntax not in self._service.endless:
            yield respond(self._command, 0)
            return
        sent = 0
        while not self._cancelled:
            sent += 1
            if sent == ENOUGH:
                os.kill(os.getpid(), signal.SIGINT)
            if self._context.abstract_syntax == STUDY_ROOT.find:
                yield Response(respond(self._command, PENDING), ANSWER)
            else:
                yield self._counted(PENDING, sent)
        yield self._counted(CANCELLED, sent)

    def _counted(self, status: int, sent: int) -> Command:
        return respond(self._command, status)._replace(
            NumberOfRemainingSuboperations=7, NumberOfCompletedSuboperations=sent, NumberOfFailedSuboperations=0,
            NumberOfWarningSuboperations=0,
        )  # fmt: skip


@pytest.fixture
def node() -> Iterator[tuple[str, EndlessService]]:
    service = EndlessService()
    server = DicomServer(load_settings(), [service], socket.create_server(("127.0.0.1", 0)))
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield f"ISOCENTER@127.0.0.1:{server.address[1]}", service
    server.stop(5)
    thread.join()


def run(*arguments: str) -> int:
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    assert signal.getsignal(signal.SIGINT) is handler
    return int(ended.value.code or 0)


def test_find(node: tuple[str, EndlessService], capsys: pytest.CaptureFixture[str]) -> None:
    peer, service = node
    assert run("find", peer, "StudyInstanceUID", "--json") == 1
    said = capsys.readouterr()
    answers = json.loads(said.out)
    assert len(answers) >= ENOUGH
    assert said.err == f"cancelled after {len(answers)} answers\n"
    assert service.cancelled == [STUDY_ROOT.find]


def test_move(node: tuple[str, EndlessService], capsys: pytest.CaptureFixture[str]) -> None:
    peer, service = node
    assert run("move", peer, "THERE", "StudyInstanceUID=1.2", "--json") == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["status"], said["remaining"]) == (CANCELLED, 7)
    assert said["completed"] >= ENOUGH
    assert service.cancelled == [STUDY_ROOT.move]


def test_get(node: tuple[str, EndlessService], capsys: pytest.CaptureFixture[str]) -> None:
    peer, service = node
    service.endless.discard(STUDY_ROOT.find)
    assert run("get", peer, "StudyInstanceUID=1.2") == 1
    assert "cancelled (FE00H)" in capsys.readouterr().out
    assert service.cancelled == [STUDY_ROOT.get]
