"""A node with objects in it, in this process, and a way to run foreign programs against it."""

import gc
import os
import socket
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file

from isocenter.archive import Archive, Source
from isocenter.cli.dicom_part import services_of
from isocenter.index.peers import KnownPeer
from isocenter.net.gate import Gate
from isocenter.net.server import DicomServer, Listener
from isocenter.net.tls import server_context
from isocenter.settings import load_settings

#: Native in both VRs, and compressed without and with loss; packaged with pydicom. Each is a study of its own.
OBJECTS = ["CT_small.dcm", "MR_small_implicit.dcm", "SC_rgb_rle.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm"]


class FullNode:
    """A node with all services, on an archive of ``OBJECTS``; its port speaks TLS if it has a certificate."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.settings = load_settings({"data": str(folder), "durability": "os", **settings})
        self.archive = Archive.open(folder, self.settings)
        tls = server_context(self.settings) if self.settings.tls_certificate else None
        listener = Listener(socket.create_server(("127.0.0.1", 0)), tls)
        gate = Gate(self.archive.peers, only_known=self.settings.known_peers_only)
        self.server = DicomServer(self.settings, services_of(self.archive, self.settings), [listener], gate=gate)
        self.port = self.server.address[1]
        self._thread = threading.Thread(target=self.server.serve)
        self._thread.start()

    def fill(self, *names: str) -> list[Dataset]:
        """Take in files of pydicom's, and return their data sets."""
        paths = [Path(get_testdata_file(name)) for name in names]
        for path in paths:
            reception = self.archive.receive_file(Source("import"))
            reception.write(path.read_bytes())
            reception.finish()
        return [dcmread(path) for path in paths]

    def know(self, aet: str, port: int) -> None:
        """Make a peer known that listens on this machine."""
        self.archive.peers.add(KnownPeer(aet, "127.0.0.1", port))

    def wait_until_quiet(self) -> None:
        """Return when no association is left, and so everything of them is in the log."""
        with self.server._lock:
            assert self.server._lock.wait_for(lambda: not self.server._sessions, 10)

    def stop(self) -> None:
        """Serve no longer; the archive stays open."""
        if self._thread.is_alive():
            self.server.stop(5)
            self._thread.join()

    def close(self) -> None:
        """Stop, and close the archive."""
        self.stop()
        self.archive.close()


@pytest.fixture(scope="module", autouse=True)
def _foreign_sockets() -> Iterator[None]:
    """Collect the sockets that pynetdicom 3.0.4 leaves open when its reactor breaks, not amid somebody else's test."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def make_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., FullNode]]:
    """Start nodes; settings are arguments."""
    nodes: list[FullNode] = []

    def make(**settings: object) -> FullNode:
        nodes.append(FullNode(tmp_path_factory.mktemp("archive"), **settings))
        return nodes[-1]

    yield make
    for node in nodes:
        node.close()


@pytest.fixture
def full_node(make_node: Callable[..., FullNode]) -> FullNode:
    return make_node()


@pytest.fixture
def objects(full_node: FullNode) -> list[Dataset]:
    """The data sets that ``full_node`` holds."""
    return full_node.fill(*OBJECTS)


@pytest.fixture
def run_peer() -> Callable[..., str]:
    """Run a foreign program to its end and return what it printed."""

    def run(*command: object, cwd: Path | None = None, code: int | None = 0) -> str:
        done = subprocess.run(
            [str(part) for part in command], cwd=cwd, timeout=60, check=False, text=True, encoding="utf-8",
            errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ | {"TCP_NODELAY": "1"},
        )  # fmt: skip
        assert code is None or done.returncode == code, done.stdout
        return done.stdout

    return run


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Return a function that gives a port that is free now."""

    def find() -> int:
        with socket.create_server(("127.0.0.1", 0)) as free:
            return int(free.getsockname()[1])

    return find


@pytest.fixture
def start_peer(free_port: Callable[[], int]) -> Iterator[Callable[..., int]]:
    """Start foreign servers; return the port once it answers.

    The port is the last argument, or ``port`` where the command says it elsewhere.
    """
    running: list[subprocess.Popen[bytes]] = []

    def start(*command: object, cwd: Path | None = None, port: int = 0) -> int:
        arguments = [str(part) for part in command]
        if not port:
            port = free_port()
            arguments.append(str(port))
        running.append(
            subprocess.Popen(
                arguments, cwd=cwd, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env=os.environ | {"TCP_NODELAY": "1"},
            )
        )  # fmt: skip
        wait_for_port(running[-1], port)
        return port

    yield start
    for process in running:
        process.kill()  # Orthanc takes 3 s to end in good order
        process.wait(10)


def wait_for_port(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Return when the port accepts connections; each attempt that is refused takes its time by itself."""
    gate = threading.Event()
    for _ in range(200):
        assert process.poll() is None, "the peer ended at once"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            gate.wait(0.05)
        else:
            return
    raise AssertionError(f"nothing listens on port {port}")
