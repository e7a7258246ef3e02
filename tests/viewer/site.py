"""A viewer whose archive comes and goes and gets new builds, shown below a path as a reverse proxy does it.

Builds are copies of the built viewer in which every file that is named by its content has another name, in all that
refers to it, as after a change of the sources. No file may keep its name: browsers do not ask again for what is named
by its content, and a service worker rightly refuses a build that is not whole.
"""

import base64
import hashlib
import json
import re
import shutil
import socket
import threading
from pathlib import Path
from typing import Any

from isocenter.archive import Archive
from isocenter.settings import load_settings
from isocenter.web.app import create_app
from isocenter.web.server import HttpServer
from isocenter.web.viewer import STATIC

PREFIX = "/imaging"
TEXTS = {".js", ".css", ".html"}


class Site:
    """An archive with a viewer of its own; ``url`` stays the same."""

    def __init__(self, folder: Path) -> None:
        self.static = folder / "static"
        self._data = folder / "data"
        shutil.copytree(STATIC, self.static, ignore=shutil.ignore_patterns("*.gz"))
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        """Where it is outside, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}{PREFIX}"

    def start(self) -> None:
        """Serve, at the same port as before."""
        settings = load_settings({"data": str(self._data), "trusted_proxies": "127.0.0.1"})
        self._archive = Archive.open(self._data, settings)
        app = create_app(self._archive, settings, static=self.static)

        async def behind(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                assert scope["path"].startswith(PREFIX), f"{scope['path']} is not below {PREFIX}"
                headers = [*scope["headers"], (b"x-forwarded-prefix", PREFIX.encode())]
                scope = {**scope, "path": scope["path"].removeprefix(PREFIX), "headers": headers}
            await app(scope, receive, send)

        self._server = HttpServer(behind, socket.create_server(("127.0.0.1", self._port)), grace=1)
        self._port = self._server.port
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        assert self._server.started.wait(20)

    def stop(self) -> None:
        """Answer no more."""
        self._server.stop()
        self._thread.join(20)
        self._archive.close()

    def build(self) -> None:
        """Put a new build in the place of the old one."""
        files = [path for path in self.static.rglob("*") if path.is_file()]
        hashed = [path for path in files if path.parent.name == "assets"]
        names = {path.name: re.sub(r"(\.\w+)$", r"9\1", path.name) for path in hashed}
        assert len(set(names.values())) == len(names)
        anywhere = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))
        for path in files:
            if path.suffix in TEXTS:
                path.write_text(anywhere.sub(lambda found: names[found[0]], path.read_text()))
        for path in hashed:
            path.rename(path.with_name(names[path.name]))
        self._sign()

    def _sign(self) -> None:
        """Give the service worker the digests of the new files."""
        worker = self.static / "sw.js"
        kept = {path.relative_to(self.static).as_posix(): path for path in self.static.rglob("*") if path.is_file()}

        def digest(found: re.Match[str]) -> str:
            made = base64.b64encode(hashlib.sha256(kept[json.loads(found[1])].read_bytes()).digest()).decode()
            return f"{found[1]}:`sha256-{made}`"

        text, count = re.subn(r'("[\w./-]+"):`sha256-[^`]+`', digest, worker.read_text())
        assert count > 50
        worker.write_text(re.sub(r"version:`(\w+)`", r"version:`\1x`", text))
