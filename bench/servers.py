"""The servers under measurement, all started the same way: own folder, loopback, free ports, stopped by process id."""

import contextlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

#: DCMTK waits for Nagle's algorithm without it (40 to 90 ms a message).
ENVIRONMENT = {**os.environ, "TCP_NODELAY": "1"}
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass
class Server:
    """A running server; ``dicomweb`` is empty where it has none."""

    name: str
    aet: str
    dicom_port: int
    http_port: int
    process: subprocess.Popen[bytes]
    folder: Path
    dicomweb: str = ""
    peaks: dict[int, int] = field(default_factory=dict)

    def processes(self) -> Iterator[int]:
        """Give the ids of its processes."""
        return _tree(self.process.pid)

    def peak_memory(self) -> float:
        """Return the peak resident memory of the server's processes so far, in MB (VmHWM)."""
        for pid in self.processes():
            status = Path(f"/proc/{pid}/status")
            if status.exists():
                for line in status.read_text().splitlines():
                    if line.startswith("VmHWM"):
                        self.peaks[pid] = int(line.split()[1])
        return sum(self.peaks.values()) / 1000

    def stop(self) -> None:
        """End it; what it stored stays until the end of the run.

        A disk that discards the blocks of deleted files would be busy with them while the next server is measured.
        """
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _tree(pid: int) -> Iterator[int]:
    yield pid
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if children.exists():
        for child in children.read_text().split():
            yield from _tree(int(child))


def start_isocenter(folder: Path, *options: str) -> Server:
    """Start ``isocenter serve`` with its defaults (durability full)."""
    folder.mkdir(parents=True)
    dicom, http = free_port(), free_port()
    command = [sys.executable, "-m", "isocenter", "serve", "--data", str(folder / "data"),
               "--dicom-port", str(dicom), "--http-port", str(http), "--log-level", "WARNING", *options]  # fmt: skip
    process = _start(command, folder)
    server = Server("isocenter", "ISOCENTER", dicom, http, process, folder, f"http://127.0.0.1:{http}/dicom-web")
    _wait_for_http(server, f"http://127.0.0.1:{http}/health")
    return server


def start_orthanc(folder: Path) -> Server:
    """Start Orthanc with the DICOMweb plug-in and its default SQLite index."""
    folder.mkdir(parents=True)
    dicom, http = free_port(), free_port()
    configuration = {
        "Name": "bench", "StorageDirectory": str(folder / "storage"), "IndexDirectory": str(folder / "index"),
        "HttpPort": http, "DicomPort": dicom, "DicomAet": "ORTHANC", "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False, "DicomCheckCalledAet": False, "Plugins": [str(PLUGIN)],
        "DicomAlwaysAllowStore": True, "DicomAlwaysAllowEcho": True, "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True, "DicomAlwaysAllowMove": True,
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(configuration))
    process = _start([shutil.which("Orthanc") or "Orthanc", str(folder / "orthanc.json")], folder)
    server = Server("orthanc", "ORTHANC", dicom, http, process, folder, f"http://127.0.0.1:{http}/dicom-web")
    _wait_for_http(server, f"http://127.0.0.1:{http}/system")
    return server


def start_storescp(folder: Path) -> Server:
    """Start DCMTK's ``storescp``, which keeps files and no index."""
    (folder / "files").mkdir(parents=True)
    port = free_port()
    command = ["storescp", "--max-pdu", "131072", "+xa", "-od", str(folder / "files"), "-fe", ".dcm", str(port)]
    process = _start(command, folder)
    deadline = time.monotonic() + 30
    while subprocess.run(
        ["echoscu", "127.0.0.1", str(port)], env=ENVIRONMENT, capture_output=True, check=False
    ).returncode:
        if time.monotonic() > deadline:
            raise RuntimeError("storescp did not start")
    return Server("storescp", "STORESCP", port, 0, process, folder)


def _start(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    log = (folder / "log").open("wb")
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=log, stderr=log, stdin=subprocess.DEVNULL)


def _wait_for_http(server: Server, url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError(f"{server.name} ended at start:\n{(server.folder / 'log').read_text(errors='replace')}")
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:  # the start may take longer than the patience of one request
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{server.name} did not answer {url}")


@contextlib.contextmanager
def postgresql() -> Iterator[Callable[[str], str] | None]:
    """Start a PostgreSQL of our own; give a function that makes a database and returns its address, None without it.

    It listens on a socket in a temporary folder only; its settings are the defaults, but that it waits for no disk.
    """
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="isocenter-pg-"))
    user = None
    if os.geteuid() == 0:  # it refuses to run as root
        user = "nobody"
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)

    def run(program: str, *arguments: str) -> None:
        command = [programs[-1] / program, *arguments]
        subprocess.run(command, user=user, check=True, cwd=folder, stdout=subprocess.DEVNULL)

    def make(name: str) -> str:
        run("createdb", "-h", str(folder), "-U", "isocenter", name)
        return f"postgresql+psycopg://isocenter@/{name}?host={folder}"

    data, options = str(folder / "data"), f"-c listen_addresses='' -c fsync=off -k {folder}"
    run("initdb", "-D", data, "-U", "isocenter", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
    try:
        run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
        yield make
    finally:
        run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
