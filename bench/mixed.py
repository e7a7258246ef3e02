"""Readers beside a modality: 32 clients ask for frames at random, each as soon as it has the last one, while CT arrive.

The readers are one thread with 32 keep-alive connections that keeps nothing of what it receives, so that it takes
little of the machine away from the server.
"""

import random
import selectors
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench.servers import ENVIRONMENT, Server

CLIENTS = 32
ACCEPT = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
_SEED = 7


@dataclass(frozen=True, slots=True)
class Mixed:
    """What was measured: milliseconds of each frame, failed requests, images stored a second."""

    times: list[float]
    failed: int
    rate: float

    @property
    def p95(self) -> float:
        """Milliseconds that 95 of 100 frames took at most."""
        return sorted(self.times)[len(self.times) * 95 // 100]


@dataclass
class Reader:
    """One client: its connection and the answer under way."""

    connection: socket.socket
    started: float = 0.0
    head: bytearray = field(default_factory=bytearray)
    left: int | None = None  # bytes of the body; None = the head is not complete

    def ask(self, request: bytes) -> None:
        """Send the next request."""
        self.head.clear()
        self.left, self.started = None, time.perf_counter()
        self.connection.sendall(request)

    def receive(self, buffer: bytearray) -> bool | None:
        """Take what has arrived; tell whether the answer was a frame once it is complete, None before."""
        count = self.connection.recv_into(buffer)
        if not count:
            return False
        if self.left is None:
            self.head += buffer[:count]
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return None
            fields = bytes(self.head[:end]).lower()
            if not fields.startswith(b"http/1.1 200"):
                return False
            self.left = int(fields.partition(b"content-length:")[2].split(b"\r\n")[0])
            count = len(self.head) - end - 4
        self.left -= count
        return True if self.left <= 0 else None


def read_beside(server: Server, paths: list[str], folders: list[Path]) -> Mixed:
    """Store folders over one association and read frames at random until that is done."""
    count = sum(1 for folder in folders for _ in folder.glob("*.dcm"))
    chance = random.Random(_SEED)
    with _readers(server) as readers:
        sender, started = _send(server, folders), time.perf_counter()
        times, failed = _read(readers, _requests(server, paths, chance), lambda: sender.poll() is None)
        elapsed = time.perf_counter() - started
    if sender.wait():
        raise RuntimeError(f"storescu to {server.name} failed with {sender.returncode}")
    return Mixed(times, failed, count / elapsed)


def store_alone(server: Server, folders: list[Path]) -> float:
    """Return the images per second of such an association without readers."""
    count = sum(1 for folder in folders for _ in folder.glob("*.dcm"))
    started = time.perf_counter()
    if _send(server, folders).wait():
        raise RuntimeError(f"storescu to {server.name} failed")
    return count / (time.perf_counter() - started)


def frame_paths(uids: tuple[str, str, list[str]]) -> list[str]:
    """Return the paths of the first frames of a series' images."""
    study, series, instances = uids
    return [f"/studies/{study}/series/{series}/instances/{uid}/frames/1" for uid in instances]


def _send(server: Server, folders: list[Path]) -> "subprocess.Popen[bytes]":
    """Start to send folders one after the other, over one association."""
    command = ["storescu", "--max-pdu", "131072", "-aec", server.aet, "127.0.0.1", str(server.dicom_port)]
    command += ["+sd", "+r", "+sp", "*.dcm", *map(str, folders)]
    return subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.DEVNULL)


class _readers:  # noqa: N801 - a context manager
    """The clients' connections."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._made: list[Reader] = []

    def __enter__(self) -> list[Reader]:
        root = urlsplit(self._server.dicomweb)
        for _ in range(CLIENTS):
            self._made.append(Reader(socket.create_connection((root.hostname or "", root.port or 80), timeout=60)))
        return self._made

    def __exit__(self, *_: object) -> None:
        for reader in self._made:
            reader.connection.close()


def _requests(server: Server, paths: list[str], chance: random.Random) -> Iterator[bytes]:
    root = urlsplit(server.dicomweb)
    while True:
        path = root.path + chance.choice(paths)
        yield f"GET {path} HTTP/1.1\r\nHost: {root.netloc}\r\nAccept: {ACCEPT}\r\n\r\n".encode()


def _read(readers: list[Reader], requests: Iterator[bytes], going: Callable[[], bool]) -> tuple[list[float], int]:
    """Keep every client asking while ``going``; return the milliseconds of each frame, and how many requests failed."""
    times: list[float] = []
    failed, buffer = 0, bytearray(1 << 20)
    with selectors.DefaultSelector() as selector:
        for reader in readers:
            reader.ask(next(requests))
            selector.register(reader.connection, selectors.EVENT_READ, reader)
        while selector.get_map():
            on = going()
            for key, _ in selector.select(0.05):
                reader = key.data
                whole = reader.receive(buffer)
                if whole is None:
                    continue
                if whole:
                    times.append((time.perf_counter() - reader.started) * 1000)
                else:
                    failed += 1
                if whole and on:
                    reader.ask(next(requests))
                else:
                    selector.unregister(reader.connection)
    return times, failed
