"""Query and retrieve over DICOM: our client, and DCMTK's getscu and movescu, ask both sides; no receiver writes."""

import json
import os
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from bench.servers import ENVIRONMENT, Server, free_port
from isocenter.dicom import dictionary
from isocenter.dicom.json import json_to_data_set
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from isocenter.dimse.commands import CommandField
from isocenter.dimse.status import SUCCESS
from isocenter.net.client import Proposal, connect
from isocenter.net.peer import Peer
from isocenter.services.information_model import STUDY_ROOT

_SINK = "SINK"
_PDU = ("--max-pdu", "131072")
#: What the study list of a workstation asks for.
_KEYS = (
    "PatientName", "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "StudyDescription",
    "ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
)  # fmt: skip


def find_studies(server: Server, count: int) -> float:
    """Return the milliseconds from a C-FIND of all studies to its last answer; the median of five on one association.

    The client is ours and decodes nothing: findscu takes 20 to 40 ms of its own to print what came.
    """
    attributes = {f"{dictionary.tag(keyword):08X}": {"vr": dictionary.vr(dictionary.tag(keyword))} for keyword in _KEYS}
    question = json_to_data_set(attributes | {"00080052": {"vr": "CS", "Value": ["STUDY"]}})
    peer = Peer(server.aet, "127.0.0.1", server.dicom_port)
    times = []
    with connect(peer, [Proposal(STUDY_ROOT.find, (EXPLICIT_VR_LITTLE_ENDIAN,))]) as association:
        for _ in range(5):
            started = time.perf_counter()
            responses = association.ask(STUDY_ROOT.find, CommandField.C_FIND_RQ, lambda _: question)
            statuses = [response.command.Status for _, response in responses]
            times.append((time.perf_counter() - started) * 1000)
            if len(statuses) <= count or statuses[-1] != SUCCESS:
                raise RuntimeError(f"{server.name} answered {len(statuses) - 1} of {count} studies")
    return statistics.median(times)


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
