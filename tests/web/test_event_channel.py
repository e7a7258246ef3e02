"""Reports over a WebSocket, from the real server on a real socket."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from isocenter.archive import Archive
from isocenter.index.subscriptions import Deliveries
from isocenter.settings import Settings
from isocenter.ups.attributes import GLOBAL_SUBSCRIPTION, data_set, text
from isocenter.web.app import Application
from isocenter.web.server import HttpServer

PATIENCE = 20.0
SCHEDULED = data_set(
    ProcedureStepState="SCHEDULED", ScheduledProcedureStepPriority="LOW", ProcedureStepLabel="Segment",
    ScheduledProcedureStepStartDateTime="20240131", InputReadinessState="READY",
)  # fmt: skip


@pytest.fixture
def server(app: Application) -> Iterator[HttpServer]:
    sock = socket.create_server(("127.0.0.1", 0))
    made = HttpServer(app, sock, grace=5)
    thread = threading.Thread(target=made.run)
    thread.start()
    assert made.started.wait(20)
    yield made
    made.stop()
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def open_channel(server: HttpServer) -> Iterator[Callable[..., ClientConnection]]:
    with ExitStack() as opened:

        def make(aet: str = "WATCH", **headers: str) -> ClientConnection:
            address = f"ws://127.0.0.1:{server.port}/ws/subscribers/{aet}"
            return opened.enter_context(
                connect(address, additional_headers=headers, open_timeout=PATIENCE, close_timeout=1)
            )

        yield make


def received(channel: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(channel.recv(PATIENCE))
    return message


def told(channel: ClientConnection) -> tuple[int, str, str]:
    """Return the type of the next report, the work item it is about, and its state."""
    message = received(channel)
    return (
        int(text(message, "EventTypeID")),
        text(message, "AffectedSOPInstanceUID"),
        text(message, "ProcedureStepState"),
    )


def test_reports_are_dicom_json(archive: Archive, open_channel: Callable[..., ClientConnection]) -> None:
    channel = open_channel()
    archive.subscriptions.subscribe(GLOBAL_SUBSCRIPTION, "WATCH", locked=False)
    uid = archive.work_items.create(SCHEDULED).uid
    message = received(channel)
    assert list(message) == sorted(message)
    assert {name: message[name] for name in ("00000002", "00000100", "00001000", "00001002")} == {
        "00000002": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.34.6.1"]},
        "00000100": {"vr": "US", "Value": [0x0100]},
        "00001000": {"vr": "UI", "Value": [uid]},
        "00001002": {"vr": "US", "Value": [1]},
    }
    assert (text(message, "ProcedureStepState"), text(message, "InputReadinessState")) == ("SCHEDULED", "READY")
    archive.work_items.change_state(uid, "IN PROGRESS", "1.9")
    assert told(channel) == (1, uid, "IN PROGRESS")
    archive.work_items.request_cancel(uid, "RIS", data_set(ReasonForCancellation="why"))
    cancel = received(channel)
    assert (text(cancel, "EventTypeID"), text(cancel, "RequestingAE")) == ("2", "RIS")
    archive.subscriptions.announce("GOING DOWN")
    assert text(received(channel), "SCPStatus") == "GOING DOWN"


def test_nothing_is_lost_while_nobody_listens(archive: Archive, open_channel: Callable[..., ClientConnection]) -> None:
    archive.subscriptions.subscribe(GLOBAL_SUBSCRIPTION, "WATCH", locked=False)
    uids = [archive.work_items.create(SCHEDULED).uid for _ in range(130)]
    channel = open_channel()
    assert [told(channel)[1] for _ in uids] == uids
    last = archive.work_items.create(SCHEDULED).uid
    assert told(channel)[1] == last
    channel.close()
    archive.work_items.change_state(last, "IN PROGRESS", "1.9")
    assert told(open_channel()) == (1, last, "IN PROGRESS")  # and nothing is sent twice


def test_nothing_is_sent_twice_where_the_index_is_slow(
    archive: Archive, open_channel: Callable[..., ClientConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The subscriber leaves and comes back before the index has learnt what it was told."""
    release, advance = threading.Event(), Deliveries.advance

    def advance_late(self: Deliveries, aet: str, position: int) -> None:
        assert release.wait(PATIENCE)
        advance(self, aet, position)

    monkeypatch.setattr(Deliveries, "advance", advance_late)
    archive.subscriptions.subscribe(GLOBAL_SUBSCRIPTION, "WATCH", locked=False)
    uid = archive.work_items.create(SCHEDULED).uid
    channel = open_channel()
    assert told(channel) == (1, uid, "SCHEDULED")
    channel.close()
    again = open_channel()
    archive.work_items.change_state(uid, "IN PROGRESS", "1.9")
    assert told(again) == (1, uid, "IN PROGRESS")
    release.set()


def test_reports_of_another_process_come_too(
    settings: Settings, archive: Archive, open_channel: Callable[..., ClientConnection]
) -> None:
    """Another archive on the same folder: it shares nothing with the server but the index."""
    channel = open_channel()
    with Archive.open(Path(settings.data), settings) as other:
        other.subscriptions.subscribe(GLOBAL_SUBSCRIPTION, "WATCH", locked=False)
        uid = other.work_items.create(SCHEDULED).uid
        assert told(channel) == (1, uid, "SCHEDULED")


def test_each_subscriber_is_told_what_it_wants(archive: Archive, open_channel: Callable[..., ClientConnection]) -> None:
    one, two, both = archive.work_items.create(SCHEDULED), archive.work_items.create(SCHEDULED), open_channel("TWO")
    first, again = open_channel("ONE"), open_channel("ONE")
    archive.subscriptions.subscribe(one.uid, "ONE", locked=False)
    archive.subscriptions.subscribe(two.uid, "TWO", locked=False)
    assert told(first) == told(again) == (1, one.uid, "SCHEDULED")  # on every channel of its own
    assert told(both) == (1, two.uid, "SCHEDULED")


def test_what_a_subscriber_says_is_passed_over(archive: Archive, open_channel: Callable[..., ClientConnection]) -> None:
    channel = open_channel()
    channel.send("hello")
    channel.send(b"\0\1")
    uid = archive.work_items.create(SCHEDULED).uid
    archive.subscriptions.subscribe(uid, "WATCH", locked=False)
    assert told(channel)[1] == uid
    channel.send("x" * 5000)  # more than anybody has to say
    with pytest.raises(ConnectionClosed) as caught:
        channel.recv(PATIENCE)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1009


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Host": "evil.example"}])
def test_pages_of_another_origin_are_refused(
    open_channel: Callable[..., ClientConnection], headers: dict[str, str]
) -> None:
    with pytest.raises(InvalidStatus) as caught:
        open_channel(**headers)
    assert caught.value.response.status_code == 403


def test_what_is_no_ae_title_is_told_so(open_channel: Callable[..., ClientConnection]) -> None:
    with pytest.raises(ConnectionClosed) as caught:
        open_channel("A" * 17).recv(PATIENCE)
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, "AE title" in caught.value.rcvd.reason) == (1003, True)


def test_an_open_channel_does_not_hold_up_the_end(
    server: HttpServer, open_channel: Callable[..., ClientConnection]
) -> None:
    channel = open_channel()
    server.stop()
    with pytest.raises(ConnectionClosed):
        channel.recv(PATIENCE)
