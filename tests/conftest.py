"""What every test may use: the folder of real data, free ports, and the rule for what this machine lacks.

Tests that need a foreign program or the real data are left out (not skipped) where those are missing, and the end of
the run says what to install; with ``ISOCENTER_FORBID_MISSING=1`` (continuous integration) that is a failure.
"""

import datetime as dt
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import settings as hypothesis_settings

from isocenter.cli.authority import make_certificates
from isocenter.index import migrate
from isocenter.net.tls import TlsClient

if TYPE_CHECKING:
    from playwright.sync_api import Browser

hypothesis_settings.register_profile("isocenter", deadline=None)  # no test depends on time
hypothesis_settings.load_profile("isocenter")

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("ISOCENTER_TEST_DATA", ROOT.parent / "shared" / "data"))
PACKAGES = {
    "findscu": "dcmtk", "movescu": "dcmtk", "getscu": "dcmtk", "dcmqrscp": "dcmtk", "wlmscpfs": "dcmtk",
    "storescu": "dcmtk", "echoscu": "dcmtk", "storescp": "dcmtk", "dcmdump": "dcmtk", "dcmsend": "dcmtk",
    "dciodvfy": "dicom3tools", "chromium": "chromium", "Orthanc": "orthanc", "gdcmscu": "libgdcm-tools", "curl": "curl",
    "/usr/share/orthanc/plugins/libOrthancDicomWeb.so": "orthanc-dicomweb",
}  # fmt: skip
STATIC = ROOT / "src" / "isocenter" / "web" / "static" / "index.html"

OHIF = ROOT / ".cache" / "ohif"
#: Of the browser; it draws in software.
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    "--disable-gpu-compositing",  # a seventh less time: pages are put together on the processor, WebGL stays
]  # fmt: skip

_left_out: dict[str, int] = {}


def _missing(item: pytest.Item) -> str | None:
    """Return what this test lacks here, or None."""
    for mark in item.iter_markers("peer"):
        for name in mark.args:
            if shutil.which(name) is None and not Path(name).is_file():
                return f"program {name}: apt-get install {PACKAGES.get(name, name)}"
    if item.get_closest_marker("browser"):
        if shutil.which("chromium") is None:
            return "program chromium: apt-get install chromium"
        if not STATIC.exists():
            return "the built viewer: make viewer"
    if item.get_closest_marker("ohif") and not (OHIF / "version").exists():
        return "the OHIF viewer: python tools/fetch_ohif.py"
    if item.get_closest_marker("real_data") and not DATA.is_dir():
        return f"real DICOM files in {DATA.name}/ (set ISOCENTER_TEST_DATA)"
    return None


#: Where tests draw in a browser, in two parts that take about as long.
_DRAWING = ("tests/viewer/", "tests/interop/test_ohif.py")
_SECOND_PART = "tests/viewer/test_n"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the tests of a file in one worker, and those that draw in two: more browsers starve each other."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if not nodeid.startswith(_DRAWING):
                return nodeid.partition("::")[0]
            return "the second browser" if nodeid > _SECOND_PART else "the first browser"

    return Scheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here, and remember it; browsers and other people's programs may be tried twice."""
    kept, dropped = [], []
    for item in items:
        reason = _missing(item)
        if reason is None:
            kept.append(item)
            if item.get_closest_marker("browser") or item.nodeid.startswith("tests/interop/"):
                item.add_marker(pytest.mark.flaky(reruns=1))  # "-raR" lists each that was run again
        else:
            dropped.append(item)
            _left_out[reason] = _left_out.get(reason, 0) + 1
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that runs the workers what was left out; fail where nothing may be."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = _left_out
    elif _fatal():
        session.exitstatus = pytest.ExitCode.USAGE_ERROR


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear from a worker what it left out; all workers leave out the same."""
    _left_out.update(getattr(node, "workeroutput", {}).get("left_out", {}))


def _fatal() -> set[str]:
    """Return what is missing although this run may leave nothing out."""
    forbidden = os.environ.get("ISOCENTER_FORBID_MISSING") == "1"
    return {reason for reason in _left_out if forbidden and "real DICOM files" not in reason}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out and how to get it."""
    for reason, count in sorted(_left_out.items()):
        terminalreporter.write_line(f"left out {count} tests, which need {reason}", yellow=True)
    if missing := _fatal():
        terminalreporter.write_line("this run may leave nothing out, but lacks " + "; ".join(sorted(missing)), red=True)


@pytest.fixture(scope="session", autouse=True)
def made_once() -> Iterator[None]:
    """New indexes are made by the statements that the first of their kind took: Alembic takes longer to find them."""
    known: dict[str, list[tuple[str, Any]]] = {}
    original = migrate._upgrade

    @functools.wraps(original)
    def upgrade(connection: sa.Connection) -> None:
        if sa.inspect(connection).has_table("alembic_version"):
            original(connection)
        elif connection.dialect.name in known:
            for statement, parameters in known[connection.dialect.name]:
                connection.exec_driver_sql(statement, parameters)
        else:
            made: list[tuple[str, Any]] = []

            def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
                if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA")):
                    made.append((statement, parameters))

            sa.event.listen(connection, "before_cursor_execute", note)
            original(connection)
            sa.event.remove(connection, "before_cursor_execute", note)
            known[connection.dialect.name] = made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "_upgrade", upgrade)
        yield


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of real DICOM files (tests marked ``real_data`` only)."""
    return DATA


@pytest.fixture(scope="session")
def ohif_dir() -> Path:
    """Return the folder of the built OHIF viewer (tests marked ``ohif`` only)."""
    return OHIF


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Return headless Chromium."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)  # other workers share the processors
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", headless=True, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@dataclass(frozen=True)
class Certificates:
    """The files of one ``isocenter tls init``."""

    ca: str
    server: str
    server_key: str
    client: str
    client_key: str

    def options(self) -> list[str]:
        """Return the options of a server that shows them."""
        return ["--tls-certificate", self.server, "--tls-key", self.server_key, "--tls-ca", self.ca]

    def settings(self, **others: object) -> dict[str, object]:
        """Return the settings of a node that shows them."""
        return {"tls_certificate": self.server, "tls_key": self.server_key, "tls_ca": self.ca, **others}

    def caller(self, **others: str) -> TlsClient:
        """Return what their client calls with."""
        return TlsClient(**{"ca": self.ca, "certificate": self.client, "key": self.client_key, **others})


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Certificates]:
    """Return certificates, made once: ``good``, of an ``other`` CA, ``expired``, for the ``wrong host``."""
    made: dict[str, Certificates] = {}

    def get(kind: str = "good") -> Certificates:
        if kind not in made:
            hosts = ["elsewhere.example"] if kind == "wrong host" else ["localhost", "127.0.0.1"]
            age = dt.timedelta(days=1000 if kind == "expired" else 0)  # the CA's certificate is valid for longer
            files = make_certificates(tmp_path_factory.mktemp("tls"), hosts, dt.datetime.now(dt.UTC) - age)
            (ca, _), server, client = (tuple(map(str, files[name])) for name in ("ca", "server", "client"))
            made[kind] = Certificates(ca, *server, *client)
        return made[kind]

    return get


@dataclass
class Serving:
    """An ``isocenter serve`` in a process of its own, on free loopback ports; ``program`` is what runs isocenter."""

    data: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    program: tuple[str, ...] = (sys.executable, "-m", "isocenter")
    process: subprocess.Popen[str] | None = None
    dicom_port: int = 0
    http_port: int = 0
    dicom_tls_port: int | None = None

    def start(self) -> "Serving":
        """Start it and wait until it says where it is."""
        command = [*self.program, "serve", "--json", "--data", str(self.data)]
        command += ["--dicom-port", str(self.dicom_port), "--http-port", str(self.http_port), *self.options]
        with self.data.with_suffix(".log").open("a") as log:
            self.process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self._end(signal.SIGKILL)
            raise AssertionError(f"the server did not start:\n{self.data.with_suffix('.log').read_text()}")
        addresses = json.loads(line)
        self.dicom_port, self.http_port = addresses["dicom_port"], addresses["http_port"]
        self.dicom_tls_port = addresses["dicom_tls_port"]
        return self

    def kill(self) -> None:
        """End it, and its worker processes, as a power cut would."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to end; return its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.send_signal(number)
        code = self.process.wait(30)
        self.process.stdout.close()
        self.process = None
        return code

    @property
    def url(self) -> str:
        """The root of its web server."""
        return f"http://127.0.0.1:{self.http_port}"

    def get(self, path: str, accept: str = "*/*") -> bytes:
        """Return the body of ``path``."""
        request = urllib.request.Request(self.url + path, headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=30) as response:
            body: bytes = response.read()
        return body

    def json(self, path: str) -> Any:
        """Return what ``path`` answers as JSON (an empty list for "no content")."""
        return json.loads(self.get(path, "application/dicom+json, application/json") or b"[]")


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    """Return a function that makes a server over a data folder; all are stopped at the end of the test."""
    made: list[Serving] = []

    def make(*options: str, data: Path | None = None, **environment: str) -> Serving:
        server = Serving(data or tmp_path / f"data{len(made)}", options, environment)
        made.append(server)
        return server

    yield make
    for server in made:
        if server.process is not None:
            server.kill()
