"""A link of limited rate and some delay in front of a port: all its connections share it, each direction by itself."""

import heapq
import itertools
import socket
import threading
import time
from collections.abc import Callable

_PIECE = 16384


class Link:
    """Listens on a free port and passes on to ``port``: ``rate`` bytes a second each way, ``delay`` seconds later."""

    def __init__(self, port: int, rate: float, delay: float) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self._ways = (_Way(rate, delay), _Way(rate, delay))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            for sock in (client, server):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for way, source, target in ((self._ways[0], client, server), (self._ways[1], server, client)):
                threading.Thread(target=_pass_on, args=(way, source, target), daemon=True).start()


def _pass_on(way: "_Way", source: socket.socket, target: socket.socket) -> None:
    """Read as the link takes it, so that who sends is slowed down, too."""
    while True:
        try:
            data = source.recv(_PIECE)
        except OSError:
            data = b""
        way.carry(len(data), lambda data=data: _deliver(target, data))  # type: ignore[misc]
        if not data:
            return


def _deliver(target: socket.socket, data: bytes) -> None:
    try:
        if data:
            target.sendall(data)
        else:
            target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class _Way:
    """One direction: pieces follow each other at the rate, and arrive after the delay, in order."""

    def __init__(self, rate: float, delay: float) -> None:
        self._rate = rate
        self._delay = delay
        self._free = 0.0
        self._changed = threading.Condition()
        self._count = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        threading.Thread(target=self._run, daemon=True).start()

    def carry(self, size: int, deliver: Callable[[], None]) -> None:
        """Return when the piece is on its way."""
        with self._changed:
            start = max(self._free, time.monotonic())
            self._free = start + size / self._rate
            heapq.heappush(self._due, (self._free + self._delay, next(self._count), deliver))
            self._changed.notify()
        time.sleep(max(self._free - time.monotonic(), 0))

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due:
                    self._changed.wait()
                wait = self._due[0][0] - time.monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                    continue
                deliver = heapq.heappop(self._due)[2]
            deliver()
