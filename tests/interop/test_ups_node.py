"""Work items and their reports with whole nodes: several processes, restarts, and a client that nobody here wrote."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from isocenter.ups.attributes import GLOBAL_SUBSCRIPTION, data_set, text

from .ups_watcher import Watcher

PATIENCE = 20.0
NEW = data_set(
    ProcedureStepState="SCHEDULED", ScheduledProcedureStepPriority="LOW", ProcedureStepLabel="Segment",
    ScheduledProcedureStepStartDateTime="20240131", InputReadinessState="READY",
)  # fmt: skip


def told(channel: ClientConnection) -> tuple[str, str]:
    """Return what the next report is about, and the state that it tells: of a work item, or of the node."""
    message: dict[str, Any] = json.loads(channel.recv(PATIENCE))
    return text(message, "AffectedSOPInstanceUID"), text(message, "ProcedureStepState") or text(message, "SCPStatus")


@pytest.mark.parametrize("workers", [1, 3])
def test_every_process_tells_what_any_of_them_did(serving: Callable[..., Any], workers: int) -> None:
    """Connections are spread over the processes; each subscriber has several, and all hear the same."""
    server = serving("--workers", str(workers), "--durability", "os").start()
    items = f"{server.url}/dicom-web/workitems"
    address = f"ws://127.0.0.1:{server.http_port}/ws/subscribers/WATCH"
    assert httpx.post(f"{items}/{GLOBAL_SUBSCRIPTION}/subscribers/WATCH").status_code == 201
    with ExitStack() as opened:
        channels = [opened.enter_context(connect(address, close_timeout=1)) for _ in range(6)]
        for number in range(5):
            assert httpx.post(f"{items}?1.2.{number}", json=NEW).status_code == 201
        for channel in channels:
            assert [told(channel) for _ in range(5)] == [(f"1.2.{number}", "SCHEDULED") for number in range(5)]
        assert server.stop() == 0
        for channel in channels:
            assert told(channel) == (GLOBAL_SUBSCRIPTION, "GOING DOWN")  # before it is
    server.start()
    with connect(f"ws://127.0.0.1:{server.http_port}/ws/subscribers/WATCH", close_timeout=1) as channel:
        assert told(channel) == (GLOBAL_SUBSCRIPTION, "RESTARTED")
    assert server.stop() == 0


def test_what_was_claimed_is_claimed_after_a_crash(serving: Callable[..., Any]) -> None:
    server = serving().start()
    items = f"{server.url}/dicom-web/workitems"
    claim = data_set(ProcedureStepState="IN PROGRESS", TransactionUID="1.9")
    assert httpx.post(f"{items}?1.2.3", json=NEW).status_code == 201
    assert httpx.put(f"{items}/1.2.3/state", json=claim).status_code == 200
    server.kill()
    server.start()
    late = httpx.put(f"{items}/1.2.3/state", json=data_set(ProcedureStepState="IN PROGRESS", TransactionUID="1.8"))
    assert late.status_code == 409
    assert httpx.post(f"{items}/1.2.3?1.9", json=data_set(ProcedureStepLabel="Mine")).status_code == 200
    assert server.stop() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_asked_over_http_is_told_over_dicom(serving: Callable[..., Any], workers: int) -> None:
    """Also after the peer was away, and the node was restarted; and only once, whatever the number of processes."""
    watcher = Watcher()
    server = serving("--workers", str(workers), "--durability", "os").start()
    items = f"{server.url}/dicom-web/workitems"
    peer = {"host": "127.0.0.1", "port": watcher.port}
    assert httpx.put(f"{server.url}/api/peers/WATCHER", json=peer).status_code == 200
    assert httpx.post(f"{items}/{GLOBAL_SUBSCRIPTION}/subscribers/WATCHER").status_code == 201
    assert httpx.post(f"{items}?1.2.1", json=NEW).status_code == 201
    kind, uid, report = watcher.next()
    assert (kind, uid, report.ProcedureStepState) == (1, "1.2.1", "SCHEDULED")
    assert server.stop() == 0
    server.start()
    told = [watcher.next()[2].SCPStatus for _ in range(2)]
    assert told == ["GOING DOWN", "RESTARTED"]
    assert httpx.post(f"{items}?1.2.2", json=NEW).status_code == 201
    assert watcher.next()[1] == "1.2.2"
    assert watcher.reports.empty()
    assert server.stop() == 0
    watcher.close()
