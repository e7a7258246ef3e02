"""The rows: what is measured, how, and the ratio to reach. One function per kind of measurement.

A measurement takes a :class:`bench.servers.Server` and the run's data and returns one number: a rate (more is better)
or a time (less is better). Both sides of a row are measured by the same function with the same client.
"""

import http.client
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.dimse import find_studies, get_series, move_series
from bench.imaging import cpu_of
from bench.servers import ENVIRONMENT, Server


@dataclass(frozen=True, slots=True)
class Data:
    """The folders of the generated series, and the UIDs that the queries of one repetition ask for."""

    ct: list[Path]
    mr: list[Path]
    study: str
    series: str
    instances: list[str]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``goal`` is the ratio of ours to the peer's (>= for rates, <= for times)."""

    name: str
    unit: str
    measure: Callable[[Server, Data], float]
    peers: dict[str, float]
    is_rate: bool = False
    fresh: bool = False  # wants an empty archive for each measurement
    repeats: int = 5


def store(folders: list[Path], server: Server) -> float:
    """Send each folder over an association of its own, all at once, with DCMTK's storescu; images per second."""
    count = sum(1 for folder in folders for _ in folder.glob("*.dcm"))
    command = ["storescu", "--max-pdu", "131072", "-aec", server.aet, "127.0.0.1", str(server.dicom_port), "+sd", "+r"]
    started = time.perf_counter()
    senders = [
        subprocess.Popen([*command, "+sp", "*.dcm", str(f)], env=ENVIRONMENT, stderr=subprocess.DEVNULL)
        for f in folders
    ]
    failed = [code for code in (sender.wait() for sender in senders) if code]
    elapsed = time.perf_counter() - started
    if failed:
        raise RuntimeError(f"storescu to {server.name} failed with {failed}")
    return count / elapsed


class Client:
    """One keep-alive HTTP connection."""

    def __init__(self, server: Server) -> None:
        self.root = urlsplit(server.dicomweb)
        self.connection = http.client.HTTPConnection(self.root.hostname or "", self.root.port, timeout=120)

    def get(self, path: str, accept: str) -> bytes:
        """Return the body of a successful answer."""
        self.connection.request("GET", self.root.path + path, headers={"Accept": accept})
        response = self.connection.getresponse()
        body = response.read()
        if response.status != http.client.OK:
            raise RuntimeError(f"{path}: {response.status} {body[:200]!r}")
        return body

    def time(self, paths: Sequence[str], accept: str) -> float:
        """Return the milliseconds of one request on a warm connection: the median over the paths."""
        self.get(paths[0], accept)
        samples = []
        for path in paths:
            started = time.perf_counter()
            self.get(path, accept)
            samples.append(time.perf_counter() - started)
        self.connection.close()
        return statistics.median(samples) * 1000


JSON = "application/dicom+json"
MULTIPART = 'multipart/related; type="application/dicom"; transfer-syntax=*'
FRAME = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'


def _series(data: Data) -> str:
    return f"/studies/{data.study}/series/{data.series}"


def _instances(data: Data, what: str) -> list[str]:
    """One request for each of a hundred images, as somebody who scrolls makes them; none is asked for twice."""
    return [f"{_series(data)}/instances/{uid}{what}" for uid in data.instances]


def _series_rate(server: Server, data: Data) -> float:
    """MB/s of a whole series, received by curl; another series each time."""
    size = sum(f.stat().st_size for f in data.ct[0].glob("*.dcm")) / 1e6
    url = f"{server.dicomweb}/studies/{data.study}/series/{data.series}"
    command = [
        "curl",
        "-s",
        "-f",
        "-o",
        "/dev/null",
        "-H",
        f"Accept: {MULTIPART}",
        "-w",
        "%{time_total} %{size_download}",
        url,
    ]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    if float(answer[1]) < size * 1e6:
        raise RuntimeError(f"{server.name} sent {answer[1]} bytes of {size} MB")
    return size / float(answer[0])


def _rendered_cpu(server: Server, data: Data) -> float:
    """CPU milliseconds that the server spends on a picture, over some hundred of them."""
    paths = _instances(data, "/rendered") * 3
    client = Client(server)
    client.get(paths[0], "image/jpeg")
    before = cpu_of(server.processes())
    for path in paths:
        client.get(path, "image/jpeg")
    client.connection.close()
    return (cpu_of(server.processes()) - before) / len(paths) * 1000


def _get(paths: Callable[[Data], Sequence[str]], accept: str) -> Callable[[Server, Data], float]:
    return lambda server, data: Client(server).time(paths(data), accept)


ROWS = (
    Row("C-STORE in, CT 512 KiB, 1 association", "images/s", lambda s, d: store(d.ct[:1], s),
        {"orthanc": 4, "storescp": 1}, is_rate=True, fresh=True),
    Row("C-STORE in, MR 33 KiB, 1 association", "images/s", lambda s, d: store(d.mr[:1], s),
        {"orthanc": 3, "storescp": 0}, is_rate=True, fresh=True),
    Row("C-STORE in, CT 512 KiB, 4 associations", "images/s", lambda s, d: store(d.ct, s),
        {"orthanc": 3, "storescp": 0}, is_rate=True, fresh=True, repeats=3),
    Row("QIDO studies, limit 25", "ms", _get(lambda _: ["/studies?limit=25"] * 10, JSON), {"orthanc": 0.1}),
    Row("QIDO studies, all", "ms", _get(lambda _: ["/studies"] * 5, JSON), {"orthanc": 0.1}),
    Row("QIDO instances of a series of 250", "ms", _get(lambda d: [_series(d) + "/instances"] * 10, JSON),
        {"orthanc": 0.1}),
    Row("WADO-RS metadata of a series of 250", "ms", _get(lambda d: [_series(d) + "/metadata"] * 10, JSON),
        {"orthanc": 0.1}),
    Row("WADO-RS whole series, 131 MB", "MB/s", _series_rate, {"orthanc": 1.5}, is_rate=True),
    Row("WADO-RS one frame, 512 KiB", "ms", _get(lambda d: _instances(d, "/frames/1"), FRAME), {"orthanc": 0.1}),
    Row("C-FIND studies, all", "ms", lambda s, _: find_studies(s, 30), {"orthanc": 1 / 3}),
    Row("C-GET of 250 CT 512 KiB", "images/s", lambda s, d: get_series(s, d.study, 250), {"orthanc": 1}, is_rate=True),
    Row("C-MOVE of 250 CT 512 KiB", "images/s", lambda s, d: move_series(s, d.study, 250), {"orthanc": 1},
        is_rate=True),
    Row("WADO-RS rendered JPEG", "ms", _get(lambda d: _instances(d, "/rendered"), "image/jpeg"), {"orthanc": 0.5}),
    Row("WADO-RS rendered JPEG, CPU of the server", "ms", _rendered_cpu, {"orthanc": 0.5}),
)  # fmt: skip
