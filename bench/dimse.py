"""Query and retrieve over DICOM: findscu, getscu and movescu of DCMTK ask both sides; no receiver writes anything."""

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from bench.servers import ENVIRONMENT, Server, free_port

_SINK = "SINK"
_PDU = ("--max-pdu", "131072")
#: What a worklist of studies asks for.
_KEYS = (
    "PatientName",
    "PatientID",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "StudyDescription",
)


def find_studies(server: Server, count: int) -> float:
    """Return the milliseconds of a C-FIND of all studies, without what findscu takes to find nothing at all."""
    keys = [part for keyword in _KEYS for part in ("-k", keyword)]
    times = []
    for restriction, least in (("PatientID=nobody", 0), ("PatientID", count)):
        started = time.perf_counter()
        done = _run("findscu", "-v", "-S", "-k", "QueryRetrieveLevel=STUDY", *keys, "-k", restriction, server=server)
        times.append((time.perf_counter() - started) * 1000)
        if done.count("(Pending)") < least or "Final Find Response (Success)" not in done:
            raise RuntimeError(f"{server.name} answered {done.count('(Pending)')} of {least} studies")
    return times[1] - times[0]


def get_series(server: Server, study: str, count: int) -> float:
    """Return the images per second of a C-GET of a study, dropped by getscu."""
    started = time.perf_counter()
    done = _run("getscu", "-v", "-S", "--ignore", *_PDU, *_study(study), server=server)
    elapsed = time.perf_counter() - started
    if f"Number of Completed Suboperations : {count}" not in done:
        raise RuntimeError(f"{server.name} did not send {count} images by C-GET:\n{done[-500:]}")
    return count / elapsed


def move_series(server: Server, study: str, count: int) -> float:
    """Return the images per second of a C-MOVE of a study to a storescp that drops them."""
    with _sink() as port:
        _know(server, port)
        started = time.perf_counter()
        done = _run("movescu", "-v", "-S", "-aem", _SINK, *_study(study), server=server)
        elapsed = time.perf_counter() - started
    if "Final Move Response (Success)" not in done:
        raise RuntimeError(f"{server.name} did not send {count} images by C-MOVE:\n{done[-500:]}")
    return count / elapsed


def _study(uid: str) -> tuple[str, ...]:
    return "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={uid}"


def _run(*command: str, server: Server) -> str:
    whole = [*command, "-aec", server.aet, "127.0.0.1", str(server.dicom_port)]
    done = subprocess.run(whole, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout.decode(errors="replace")


@contextmanager
def _sink() -> Iterator[int]:
    """Run a storescp that drops what it receives."""
    port = free_port()
    command = ["storescp", "--ignore", *_PDU, "-aet", _SINK, str(port)]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        echo = ["echoscu", "127.0.0.1", str(port)]
        while subprocess.run(echo, env=ENVIRONMENT, capture_output=True, check=False).returncode:
            if process.poll() is not None:
                raise RuntimeError("storescp did not start")
        yield port
    finally:
        process.terminate()
        process.wait()


def _know(server: Server, port: int) -> None:
    """Tell a server where the sink is."""
    known: dict[str, tuple[str, dict[str, object]]] = {
        "isocenter": (f"api/peers/{_SINK}", {"host": "127.0.0.1", "port": port}),
        "orthanc": ("modalities/sink", {"AET": _SINK, "Host": "127.0.0.1", "Port": port}),
    }
    path, body = known[server.name]
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.http_port}/{path}", json.dumps(body).encode(), method="PUT",
        headers={"Content-Type": "application/json", "Host": f"127.0.0.1:{server.http_port}"},
    )  # fmt: skip
    urllib.request.urlopen(request, timeout=30).close()
    os.sync()
