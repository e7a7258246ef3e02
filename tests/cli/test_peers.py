"""``isocenter peers``: list, add, remove, echo."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from isocenter.anonymizing.projects import Facts, Projects
from isocenter.cli import main
from isocenter.net.server import DicomServer, Listener
from isocenter.net.tls import server_context
from isocenter.services.echo import EchoService
from isocenter.settings import load_settings


@pytest.fixture
def run(tmp_path: Path):
    def call(*arguments: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["peers", *arguments, "--data", str(tmp_path / "data")])
        return int(ended.value.code or 0)

    return call


@pytest.fixture
def port() -> Iterator[int]:
    server = DicomServer(load_settings(), [EchoService()], socket.create_server(("127.0.0.1", 0)))
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server.address[1]
    server.stop(0)
    thread.join()


def test_a_peer_that_is_added_again_gets_no_originals_by_that(run, tmp_path: Path, capsys) -> None:
    assert run("list") == 0
    Projects(tmp_path / "data").add(Facts("trial"))
    for more, expected in ((("--deid-project", "trial"), "trial"), ((), "trial"), (("--deid-project", ""), "")):
        assert run("add", "LAB@10.0.0.9:104", *more) == 0
        capsys.readouterr()
        assert run("list", "--json") == 0
        assert json.loads(capsys.readouterr().out)[0]["deid_project"] == expected


def test_list_add_remove(run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    assert "no peers" in capsys.readouterr().out
    assert run("add", "CT1@10.0.0.7:104", "--allow", "store", "--comment", "room 3") == 0
    assert run("add", "WS@[::1]:11112", "--tls", "--tls-name", "ws.example") == 0
    assert run("add", "OLD@10.0.0.8:104", "--allow", "nothing") == 0
    assert run("add", "LAB@10.0.0.9:104", "--deid-project", "none") == 1
    capsys.readouterr()
    assert run("list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [
        {
            "aet": "CT1",
            "host": "10.0.0.7",
            "port": 104,
            "allowed": ["store"],
            "comment": "room 3",
            "tls": False,
            "tls_name": "",
            "deid_project": "",
        },
        {
            "aet": "OLD",
            "host": "10.0.0.8",
            "port": 104,
            "allowed": [],
            "comment": "",
            "tls": False,
            "tls_name": "",
            "deid_project": "",
        },
        {
            "aet": "WS",
            "host": "::1",
            "port": 11112,
            "allowed": ["find", "move", "store", "ups"],
            "comment": "",
            "tls": True,
            "tls_name": "ws.example",
            "deid_project": "",
        },
    ]
    assert run("remove", "CT1") == 0
    capsys.readouterr()
    assert run("list") == 0
    text = capsys.readouterr().out
    assert "CT1" not in text
    assert text.splitlines()[1].split() == ["OLD", "10.0.0.8", "104", "no", "nothing"]
    assert text.splitlines()[2].split()[3:5] == ["as", "ws.example"]


def test_echo_over_tls(run, certificates, capsys: pytest.CaptureFixture[str]) -> None:
    good = certificates()
    settings = load_settings(good.settings())
    listener = Listener(socket.create_server(("127.0.0.1", 0)), server_context(settings))
    server = DicomServer(settings, [EchoService()], [listener])
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        node = f"SAFE@127.0.0.1:{server.address[1]}"
        assert run("add", node, "--tls", "--tls-name", "localhost") == 0
        assert run("echo", *good.options()) == 0
        assert f"{node} answers" in capsys.readouterr().out
        assert run("echo", *certificates("other").options()) == 1
        assert "comes from a CA that is not trusted here" in capsys.readouterr().err
    finally:
        server.stop(0)
        thread.join()


def test_echo(run, port: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("add", f"HERE@127.0.0.1:{port}") == 0
    assert run("echo") == 0
    assert f"HERE@127.0.0.1:{port} answers" in capsys.readouterr().out
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        assert run("add", f"GONE@127.0.0.1:{sock.getsockname()[1]}") == 0
        assert run("echo") == 1
        assert run("echo", "HERE") == 0
        assert run("echo", "GONE") == 1
    assert "refuses connections" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["add", "nonsense"], 2, "write AET@host:port"),
        (["add", "A@h:104", "--allow", "fly"], 2, "fly"),
        (["remove", "X"], 1, "no peer 'X'"),
        (["echo", "X"], 1, "no peer 'X'"),
    ],
)
def test_wrong_use(run, arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == code
    assert message in capsys.readouterr().err
