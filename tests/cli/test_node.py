"""Starting and stopping a node: addresses, ports, workers."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isocenter.cli import main
from isocenter.cli.node import bind, check_host
from isocenter.errors import ConfigurationError
from isocenter.net.client import VERIFICATION_PROPOSAL, connect
from isocenter.net.peer import Peer
from isocenter.settings import load_settings


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_loopback_is_always_allowed(host: str) -> None:
    check_host(load_settings({"host": host}))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_addresses_need_insecure(host: str) -> None:
    with pytest.raises(ConfigurationError, match="--insecure"):
        check_host(load_settings({"host": host}))
    check_host(load_settings({"host": host, "insecure": True}))


def test_a_host_name_is_refused_with_advice() -> None:
    with pytest.raises(ConfigurationError, match="is no IP address"):
        check_host(load_settings({"host": "archive.example"}))


def test_taken_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {port}: .* choose another with --dicom-port"):
            bind("127.0.0.1", port, "--dicom-port", others=False)
        with bind("127.0.0.1", port, "--dicom-port", others=True) as other:
            assert port < other.getsockname()[1] <= port + 50


def test_serve_refuses_the_world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--host", "0.0.0.0", "--data", str(tmp_path / "data")])
    assert ended.value.code == 2
    assert "--insecure" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_serves_and_stops(serving: Callable[..., Any], workers: int) -> None:
    server = serving("--workers", str(workers)).start()
    with connect(Peer("ISOCENTER", "127.0.0.1", server.dicom_port), [VERIFICATION_PROPOSAL]) as association:
        assert association.echo().Status == 0
    assert server.json("/health")["status"] == "ok"
    assert "isocenter_dicom_messages_c_echo_success" in server.get("/metrics").decode() or workers > 1
    assert server.stop() == 0


def test_a_worker_that_cannot_start_ends_the_node(serving: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "data0").write_text("a file where the folder should be")
    with pytest.raises(AssertionError, match="did not start"):
        serving("--workers", "2").start()
