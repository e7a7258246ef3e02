"""A server of one archive with any built viewer in front: the same code, connections and compression for both sides.

usage: python -m bench.viewer_server DATA VIEWER LOG, prints its port. LOG gets a line of JSON for each answered
request: when it began (seconds since 1970), its path, and the bytes of its body on the wire.
"""

import json
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from isocenter.archive import Archive
from isocenter.cli.process import tune
from isocenter.settings import load_settings
from isocenter.web.app import create_app
from isocenter.web.server import HttpServer


class Counted:
    """The application, noting what it sends; without its content security policy, under which OHIF could not run."""

    def __init__(self, app: Any, log: TextIO) -> None:  # noqa: ANN401 - any ASGI application
        self._app = app
        self._log = log

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
        """Answer one request."""
        started, count = time.time(), 0

        async def counting(message: Any) -> None:  # noqa: ANN401
            nonlocal count
            if message["type"] == "http.response.start":
                headers = [(n, v) for n, v in message["headers"] if n.lower() != b"content-security-policy"]
                message = {**message, "headers": headers}
            elif message["type"] == "http.response.body":
                count += len(message.get("body", b""))
            await send(message)

        await self._app(scope, receive, counting if scope["type"] == "http" else send)
        if scope["type"] == "http":
            self._log.write(json.dumps({"at": started, "path": scope["path"], "bytes": count}) + "\n")
            self._log.flush()


def main() -> None:
    """Serve until SIGTERM."""
    data, viewer, log = map(Path, sys.argv[1:4])
    tune()
    settings = load_settings({"data": str(data)})
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    sock = socket.create_server(("127.0.0.1", 0))
    with Archive.open(data, settings) as archive, log.open("w", encoding="utf-8") as file:
        archive.start_background()
        app = create_app(archive, settings, static=viewer, previews=data / "previews")
        server = HttpServer(Counted(app, file), sock, grace=1)
        thread = threading.Thread(target=server.run)
        thread.start()
        server.started.wait()
        print(server.port, flush=True)
        while not stop.wait(0.2):
            pass
        server.stop()
        thread.join()


if __name__ == "__main__":
    main()
