"""The HTTP server around the application: uvicorn on a socket that is already bound, uvloop, httptools.

``HttpServer(app, sock, grace=10).run()`` blocks the calling thread, main or not, until ``stop()``. Signals stay with
the caller: no handler is installed. ``stop()`` may be called from any thread and from a signal handler, also before
``run()``.
"""

import asyncio
import contextlib
import math
import socket
import ssl
import threading
from collections.abc import Callable, Generator

import uvicorn
from starlette.types import ASGIApp

_KEEP_ALIVE_SECONDS = 60
_BACKLOG = 1024
#: A channel of events takes nothing from the client but its end.
_MAX_MESSAGE = 4096
#: Seconds in which open channels can tell at the end what has just been reported.
_LAST_WORDS = 0.5


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers; tells when it takes requests."""

    def __init__(self, config: uvicorn.Config, tell: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = tell

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals to the program."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so before the first request is answered."""
        await super().startup(sockets)
        if self.started:
            self._tell()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what is open; channels have a moment before."""
        scopes = [getattr(connection, "scope", None) or {} for connection in self.server_state.connections]
        if any(scope.get("type") == "websocket" for scope in scopes):
            await asyncio.sleep(_LAST_WORDS)
        await super().shutdown(sockets)


class HttpServer:
    """Serves ``app`` on ``sock`` between ``run`` and ``stop``.

    Args:
        app: the ASGI application; its lifespan is run.
        sock: a bound TCP socket; it belongs to the server from now on.
        grace: seconds that running requests have to finish after ``stop``.
        tls: what HTTPS is spoken with; without it HTTP is.
        began: called by the thread in ``run`` once requests are taken, before the first is answered.
    """

    def __init__(
        self,
        app: ASGIApp,
        sock: socket.socket,
        *,
        grace: float,
        tls: ssl.SSLContext | None = None,
        began: Callable[[], None] = lambda: None,
    ) -> None:
        config = uvicorn.Config(
            app, loop="auto", http="httptools", ws="websockets-sansio", ws_max_size=_MAX_MESSAGE,
            ws_per_message_deflate=False, lifespan="on", log_config=None, access_log=False,
            server_header=False, proxy_headers=False, backlog=_BACKLOG, timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=max(1, math.ceil(grace)),
        )  # fmt: skip
        if tls is not None:
            config.load()  # which makes a context of its own, if any, from files
            config.ssl = tls
        #: Set once requests are taken; wait for it instead of trying.
        self.started = threading.Event()
        self._began = began
        self._sock = sock
        self._server = _Server(config, self._tell)

    @property
    def port(self) -> int:
        """The port of the socket."""
        number: int = self._sock.getsockname()[1]
        return number

    def run(self) -> None:
        """Serve until ``stop``; returns when the running requests have finished or their time is over."""
        try:
            self._server.run(sockets=[self._sock])
        finally:
            self.started.set()  # who waits for the start must not wait for ever if there was none

    def _tell(self) -> None:
        self.started.set()
        self._began()

    def stop(self) -> None:
        """Take no more requests and let ``run`` return."""
        self._server.should_exit = True
