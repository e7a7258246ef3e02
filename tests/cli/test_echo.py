"""``isocenter echo`` against a running node: what it prints, and its exit codes."""

import json
import socket
import threading
from collections.abc import Iterator

import pytest

from isocenter.cli import main
from isocenter.net.server import DicomServer
from isocenter.services.echo import EchoService
from isocenter.settings import load_settings


@pytest.fixture
def peer() -> Iterator[str]:
    sock = socket.create_server(("127.0.0.1", 0))
    server = DicomServer(load_settings({"check_called_aet": True}), [EchoService()], sock)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield f"ISOCENTER@127.0.0.1:{server.address[1]}"
    server.stop(0)
    thread.join()


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["echo", *arguments])
    return int(ended.value.code or 0)


def test_it_answers(peer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(peer) == 0
    assert capsys.readouterr().out.startswith(f"{peer} answers: associated in ")


def test_json(peer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(peer, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["peer"] == peer
    assert answer["status"] == 0
    assert answer["associate_ms"] > 0
    assert answer["echo_ms"] > 0


def test_a_wrong_title_is_explained(peer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(peer.replace("ISOCENTER", "OTHER")) == 1
    assert "check the AE title OTHER" in capsys.readouterr().err


def test_nobody_there(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        assert run(f"A@127.0.0.1:{sock.getsockname()[1]}", "--timeout", "2") == 1
    assert "refuses connections" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["nonsense"], ["A@127.0.0.1:104", "--timeout", "0"], []])
def test_wrong_use(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == 2
    assert capsys.readouterr().err
