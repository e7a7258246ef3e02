"""A power cut between a request for storage commitment and its report: the report comes after the restart, once."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from isocenter.archive import Archive
from isocenter.commitment import Reference
from isocenter.index.peers import KnownPeer
from isocenter.net.client import connect
from isocenter.net.commit import COMMIT_PROPOSAL, request_commitment
from isocenter.net.server import DicomServer
from isocenter.services.commit import ReportService
from isocenter.services.commit_report import Report
from isocenter.settings import load_settings

from ..conftest import Serving  # noqa: TID252 - with importlib mode there is no absolute name
from .conftest import CT_IMAGE, TIMEOUTS, c_store, image, peer_of, uid_of

PATIENCE = 60.0
OBJECTS = [Reference(CT_IMAGE, uid_of(1, number)) for number in range(1, 4)]


class Reports:
    """Takes reports and waits for them."""

    def __init__(self) -> None:
        self.taken: list[Report] = []
        self._more = threading.Semaphore(0)
        self.service = ReportService(self._take)

    def _take(self, report: Report) -> None:
        self.taken.append(report)
        self._more.release()

    def wait(self) -> Report:
        assert self._more.acquire(timeout=PATIENCE)
        return self.taken[-1]


@contextmanager
def listening(reports: Reports, port: int) -> Iterator[None]:
    server = DicomServer(
        load_settings({"aet": "SCANNER"}), [reports.service], socket.create_server(("127.0.0.1", port))
    )
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield
    finally:
        server.stop(5)
        thread.join()


def ask(server: Serving, uid: str, reports: Reports) -> None:
    """Ask for commitment, and be gone before there can be a report that is answered."""
    association = connect(peer_of(server), [COMMIT_PROPOSAL], calling_aet="SCANNER", timeouts=TIMEOUTS)
    request_commitment(association, uid, OBJECTS, reports.service)
    association.abort()


@pytest.fixture
def server(serving: Callable[..., Serving]) -> Serving:
    server = serving("--workers", "2").start()
    for number in range(1, 4):
        assert c_store(server, image(1, number), CT_IMAGE, uid_of(1, number)).Status == 0
    return server


def make_due(server: Serving) -> None:
    """Take what waits for its next attempt, or is held by who was killed, and leave it to whoever comes next."""
    with Archive.open(server.data, load_settings({"data": str(server.data)})) as archive:
        held = archive.commitments.claim(time.time() + 300)
        assert held is not None
        held.leave(time.time())


def test_the_report_comes_after_a_power_cut(server: Serving) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with Archive.open(server.data, load_settings({"data": str(server.data)})) as archive:
        archive.peers.add(KnownPeer("SCANNER", "127.0.0.1", port))
    reports = Reports()
    ask(server, "2.25.1", reports)
    assert server.json("/api/commitments")[0]["state"] == "pending"
    server.kill()
    make_due(server)
    with listening(reports, port):
        server.start()
        report = reports.wait()
        assert (report.transaction_uid, report.failed) == ("2.25.1", ())
        assert set(report.committed) == set(OBJECTS)
        ask(server, "2.25.2", reports)  # two workers, one report each
        assert reports.wait().transaction_uid == "2.25.2"
        server.stop()
    assert [each.transaction_uid for each in reports.taken] == ["2.25.1", "2.25.2"]
