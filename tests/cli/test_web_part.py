"""The process that answers the web does not outlive its server."""

import threading
from pathlib import Path

import pytest

from isocenter.arrivals import Arrivals
from isocenter.cli.ports import bind_all
from isocenter.cli.web_part import serve_web
from isocenter.settings import load_settings
from isocenter.web.app import Application
from isocenter.web.server import HttpServer


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("when", ["at its start", "later"])
def test_a_server_that_ends_ends_its_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    settings = load_settings({"data": str(tmp_path / "data"), "dicom_port": 0, "http_port": 0})
    ready, stop = threading.Event(), threading.Event()

    async def fail(*_: object) -> None:
        raise MemoryError

    def fail_later(server: HttpServer) -> None:
        server._tell()
        raise MemoryError

    if when == "later":
        monkeypatch.setattr(HttpServer, "run", fail_later)
    else:
        monkeypatch.setattr(Application, "_live", fail)
    sockets = bind_all(settings, others=False)
    try:
        arguments = (settings, sockets, Arrivals.shared(), dict, ready.set, stop)
        serving = threading.Thread(target=serve_web, args=arguments, daemon=True)
        serving.start()
        serving.join(30)
        assert not serving.is_alive()
        assert ready.is_set() is (when == "later")
    finally:
        sockets.close()
