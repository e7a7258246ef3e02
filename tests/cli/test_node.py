"""Starting and stopping a node: addresses, ports, workers."""

import json
import os
import signal
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from isocenter.cli import main
from isocenter.cli.ports import bind, bind_all, check_host
from isocenter.cli.process import stop_on_signals
from isocenter.errors import ConfigurationError
from isocenter.net.client import VERIFICATION_PROPOSAL, connect
from isocenter.net.credentials import Credentials
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


@pytest.mark.parametrize("certificates", ["optional", "none"])
def test_the_tls_port_may_be_reached_by_who_shows_a_certificate(certificates: str) -> None:
    elsewhere = {"dicom_tls_host": "0.0.0.0"}
    check_host(load_settings(elsewhere))
    with pytest.raises(ConfigurationError, match="callers need no certificate"):
        check_host(load_settings(elsewhere | {"tls_client_certificates": certificates}))
    check_host(load_settings(elsewhere | {"tls_client_certificates": certificates, "insecure": True}))
    with pytest.raises(ConfigurationError, match="there are no users yet"):  # nor is the web weakened by it
        check_host(load_settings(elsewhere | {"host": "0.0.0.0"}))


def test_no_dicom_port_at_all() -> None:
    with pytest.raises(ConfigurationError, match="both off"):
        bind_all(load_settings({"dicom_port": "off"}), others=False)


@pytest.mark.parametrize("option", ["--https", "--dicom-tls-port=0"])
def test_tls_without_a_certificate_is_refused_before_anything_starts(
    tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", option, "--data", str(tmp_path / "data")])
    assert ended.value.code == 2
    assert "'isocenter tls init' makes both" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_serves_over_tls_only(serving: Callable[..., Any], certificates: Callable[..., Any], workers: int) -> None:
    good = certificates()
    options = ["--dicom-port", "off", "--dicom-tls-port", "0", "--https", "--workers", str(workers)]
    server = serving(*options, *good.options()).start()
    assert server.dicom_port is None
    peer = Peer("ISOCENTER", "localhost", server.dicom_tls_port)
    with connect(peer, [VERIFICATION_PROPOSAL], credentials=Credentials(good.caller())) as association:
        assert association.echo().Status == 0
    trusting = ssl.create_default_context(cafile=good.ca)
    url = f"https://localhost:{server.http_port}/api/system"
    with urllib.request.urlopen(url, timeout=30, context=trusting) as response:
        system = json.load(response)
    assert (system["dicom_port"], system["dicom_tls_port"]) == (None, server.dicom_tls_port)
    assert "tls_key" not in {setting["name"] for setting in system["settings"]}
    with pytest.raises(ConnectionError), urllib.request.urlopen(url.replace("https", "http"), timeout=30):
        pass
    assert server.stop() == 0
    assert "expire" not in server.data.with_suffix(".log").read_text()


def test_the_management_api_asks_peers_over_tls(serving: Callable[..., Any], certificates: Callable[..., Any]) -> None:
    server = serving("--dicom-tls-port", "0", *certificates().options()).start()

    def call(method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            server.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    call("PUT", "/api/peers/SAFE", {"host": "127.0.0.1", "port": server.dicom_tls_port, "tls": True})
    assert call("POST", "/api/peers/SAFE/echo")["echo_ms"] > 0
    call("PUT", "/api/peers/SAFE", {"host": "127.0.0.1", "port": server.dicom_tls_port})
    with pytest.raises(urllib.error.HTTPError, match="502") as refused:
        call("POST", "/api/peers/SAFE/echo")
    assert "call it over TLS" in refused.value.read().decode()
    refused.value.close()
    assert server.stop() == 0


def test_serving_warns_of_a_certificate_that_has_expired(
    serving: Callable[..., Any], certificates: Callable[..., Any]
) -> None:
    server = serving("--dicom-tls-port", "0", *certificates("expired").options()).start()
    assert server.stop() == 0
    assert "server.pem of CN=localhost has expired" in server.data.with_suffix(".log").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_another_thread_takes_stops(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_on_signals() as stop:
        signal.pthread_sigmask(signal.SIG_BLOCK, {number})
        try:
            os.kill(os.getpid(), number)
            assert stop.wait(20)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    assert signal.getsignal(number) == before


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
    assert "isocenter_dicom_messages_c_echo_success" in server.get("/metrics").decode()
    assert server.stop() == 0


def test_a_web_process_that_dies_is_replaced_and_transfers_go_on(serving: Callable[..., Any]) -> None:
    server = serving().start()
    with connect(Peer("ISOCENTER", "127.0.0.1", server.dicom_port), [VERIFICATION_PROPOSAL]) as association:
        for _ in range(2):
            before = web_processes(server.process.pid)
            assert len(before) == 1
            os.kill(before[0], signal.SIGKILL)
            wait_for(lambda before=before: web_processes(server.process.pid) not in ([], before))
            assert server.json("/health")["status"] == "ok"  # the socket is kept: who comes between waits
            assert association.echo().Status == 0
    assert "isocenter_dicom_messages_c_echo_success 2.0" in server.get("/metrics").decode()
    assert server.stop() == 0
    assert "starting another" in server.data.with_suffix(".log").read_text()


def test_an_interrupt_from_the_keyboard_reaches_all_processes_and_ends_them_in_order(
    serving: Callable[..., Any],
) -> None:
    server = serving("--workers", "2").start()
    process, log = server.process, server.data.with_suffix(".log")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(30) == 0
    assert "Traceback" not in log.read_text()
    assert "stopped" in log.read_text()


def test_the_web_finishes_what_it_is_doing_while_dicom_is_down_already(serving: Callable[..., Any]) -> None:
    server = serving().start()
    with socket.create_connection(("127.0.0.1", server.http_port), timeout=30) as client:
        client.sendall(
            b"POST /api/studies/1.2/segmentations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        assert b"100 Continue" in client.recv(1000)  # the request is being taken
        web = web_processes(server.process.pid)[0]
        os.kill(web, signal.SIGTERM)  # as a service manager does, which tells all processes
        server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: refuses(server.dicom_port))
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(30)
        client.sendall(b"{}")
        assert client.recv(1000).startswith(b"HTTP/1.1 400")
    assert server.process.wait(30) == 0


def refuses(port: int) -> bool:
    """Tell whether nobody listens on a port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def wait_for(condition: Callable[[], bool]) -> None:
    """Return as soon as ``condition`` is met."""
    pause, deadline = threading.Event(), time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.01)


def web_processes(pid: int) -> list[int]:
    """Return the processes that a server has started to answer the web."""
    children = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [each for each in children if b"multiprocessing.spawn" in _command_line(each)]


def _command_line(pid: int) -> bytes:
    """Return how a process was started, nothing of one that has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def test_a_worker_that_cannot_start_ends_the_node(serving: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "data0").write_text("a file where the folder should be")
    with pytest.raises(AssertionError, match="did not start"):
        serving("--workers", "2").start()
