"""Peers that stop, babble, trickle or come in hundreds, against a real server process with short timeouts.

None of them costs more than a little memory for a little while, none stays, and honest peers notice nothing.
"""

import contextlib
import itertools
import random
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from isocenter.dimse.commands import DATA_SET_FOLLOWS, Command, CommandField, Priority, write_command
from isocenter.errors import IsocenterError
from isocenter.net.client import Proposal, connect
from isocenter.ul.items import PresentationContext
from isocenter.ul.pdu import AssociateRequest, DataTransfer, PresentationDataValue, write_pdu
from isocenter.ul.user_information import UserInformation

from .conftest import (
    CT_IMAGE,
    STOW,
    TIMEOUTS,
    Serving,
    assert_alive,
    fsck,
    half_received,
    image,
    multipart,
    part10,
    peer_of,
    process_status,
    reset_peak,
    uid_of,
)

#: The server's timers, in seconds.
ARTIM, IDLE = 1.0, 2.0
#: When everybody must be gone: the idle time, ARTIM after the abort, and what 500 at once take on a busy machine.
GONE = 30.0
#: What all hostile peers of a test together may cost, in bytes: a thread and buffers for each, no more.
MEMORY = 80 << 20
PEERS = 500
#: The web side's own threads for reading, which come as they are needed and stay, and the logs of the index of each.
POOL, FILES = 8, 1
#: Segments that the storage keeps open for the next objects: 12 laid out, 4 begun.
SEGMENTS = 16
CONTEXT = 1


def command(uid: str) -> bytes:
    return write_command(
        Command(
            CommandField.C_STORE_RQ,
            MessageID=1,
            CommandDataSetType=DATA_SET_FOLLOWS,
            AffectedSOPClassUID=CT_IMAGE,
            AffectedSOPInstanceUID=uid,
            Priority=Priority.MEDIUM,
        )
    )


def data_transfer(data: bytes, *, is_command: bool = False, is_last: bool = True) -> bytes:
    return write_pdu(DataTransfer((PresentationDataValue(CONTEXT, is_command, is_last, data),)))


REQUEST = write_pdu(
    AssociateRequest(
        "ISOCENTER",
        "HOSTILE",
        (PresentationContext(CONTEXT, CT_IMAGE, (EXPLICIT_VR_LITTLE_ENDIAN,)),),
        UserInformation(16384, "1.2.3"),
    )
)
DATA_SET = image(900, 1, bytes(100_000))
STORE = data_transfer(command(uid_of(900, 1)), is_command=True)
PIXELS_OF_4_GB = image(901, 1)[:-6] + b"\xfe\xff\xff\xff" + bytes(5000)

#: What a peer sends before it does nothing more; none of it is a whole message that could be stored.
STOPS = {
    "silence": b"",
    "half a header": REQUEST[:3],
    "half a request": REQUEST[:-5],
    "silence after the request": REQUEST,
    "half a command": REQUEST + STORE[:-7],
    "a command alone": REQUEST + STORE,
    "half a data set": REQUEST + STORE + data_transfer(DATA_SET)[:70_000],
    "a data set without its end": REQUEST + STORE + data_transfer(DATA_SET, is_last=False),
}
#: What no peer may say.
BABBLE = {
    "HTTP": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 10_000,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "random": random.Random(1).randbytes(50_000),
    "random afterwards": REQUEST + random.Random(2).randbytes(50_000),
    "a request of 4 GB": b"\x01\x00\xff\xff\xff\xff" + bytes(70_000),
    "a PDU of 4 GB": REQUEST + b"\x04\x00\xff\xff\xff\xff" + bytes(70_000),
    "a PDV of 4 GB": REQUEST + b"\x04\x00\x00\x00\x00\x10\xff\xff\xff\xff\x01\x02" + bytes(10),
    "an item of 64 KB in 30 bytes": REQUEST[:74] + b"\x10\x00\xff\xff" + bytes(26),
    "a request in a request": REQUEST + REQUEST,
    "data before the request": STORE,
    "data that nothing announced": REQUEST + data_transfer(DATA_SET),
    "an endless command": REQUEST + 2000 * data_transfer(b"\0" * 16_000, is_command=True, is_last=False),
}
HOSTILE = STOPS | BABBLE


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    times = ("--artim-seconds", str(ARTIM), "--idle-seconds", str(IDLE), "--shutdown-seconds", "1")
    serving = Serving(
        tmp_path_factory.mktemp("hostile") / "data", ("--durability", "os", "--log-level", "ERROR", *times)
    ).start()
    yield serving
    try:
        assert fsck(serving)["findings"] == []
        assert serving.stop() == 0
        assert serving.data.with_suffix(".log").read_text() == "stopped\n"
    finally:
        if serving.process is not None:
            serving.kill()


@pytest.fixture
def cost(server: Serving) -> Iterator[None]:
    """Check around a test that the server gives everything back: memory at its peak, threads, descriptors, places."""
    assert_alive(server)
    wait_for(lambda: places(server) == 0)
    reset_peak(server)
    before = process_status(server, "VmRSS")
    threads, files = process_status(server, "Threads"), descriptors(server)
    yield
    wait_for(lambda: process_status(server, "Threads") <= threads + POOL)
    wait_for(lambda: descriptors(server) <= files + POOL * FILES + SEGMENTS)
    assert process_status(server, "VmHWM") - before < MEMORY
    assert_alive(server)
    wait_for(lambda: places(server) == 0)
    assert half_received(server.data) == []


def wait_for(condition: Callable[[], bool]) -> None:
    """Look again and again: what another process has given back cannot be awaited."""
    pause, deadline = threading.Event(), time.monotonic() + GONE
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.02)


def descriptors(server: Serving) -> int:
    """Count what is open but for the index itself: SQLite keeps those of closed connections for the next to open it."""
    assert server.process is not None
    names = []
    for each in Path(f"/proc/{server.process.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            names.append(each.readlink().name)
    return len(names) - names.count("index.sqlite")


def places(server: Serving) -> int:
    """Return how many associations the server says it has."""
    page = server.get("/metrics").decode()
    found = re.search(r"^isocenter_dicom_associations_active (\S+)$", page, re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


class Crowd:
    """Many sockets at once, each with something to send, until the server has closed them all."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._count = 0

    def join(self, data: bytes) -> None:
        """Connect, and send as much as goes at once; the rest as the server reads."""
        sock = socket.create_connection(("127.0.0.1", self._port), GONE)
        sock.setblocking(False)
        self._selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE, memoryview(data))

    def wait_until_gone(self) -> None:
        deadline = time.monotonic() + GONE
        while self._selector.get_map():
            assert time.monotonic() < deadline, [bytes(key.data[:20]) for key in self._selector.get_map().values()]
            for key, events in self._selector.select(1):
                self._serve(key, events)

    def _serve(self, key: selectors.SelectorKey, events: int) -> None:
        sock = key.fileobj
        assert isinstance(sock, socket.socket)
        try:
            if events & selectors.EVENT_READ and not sock.recv(65536):
                raise ConnectionResetError
            if events & selectors.EVENT_WRITE:
                rest = key.data[sock.send(key.data) :]
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if rest else 0)
                self._selector.modify(sock, wanted, rest)
        except ConnectionError:
            self._leave(sock)

    def _leave(self, sock: socket.socket) -> None:
        self._selector.unregister(sock)
        sock.close()

    def close(self) -> None:
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            self._leave(key.fileobj)
        self._selector.close()


@pytest.fixture
def crowd(server: Serving, cost: None) -> Iterator[Crowd]:
    made = Crowd(server.dicom_port)
    yield made
    made.close()


class HonestSender(threading.Thread):
    """Stores over one association until it is told to stop; every answer must be a success."""

    def __init__(self, server: Serving, study: int) -> None:
        super().__init__(daemon=True)
        self.server, self.study = server, study
        self.stored = 0
        self.failure: Exception | None = None
        self.begun, self.enough = threading.Event(), threading.Event()

    def run(self) -> None:
        proposals = [Proposal(CT_IMAGE, (EXPLICIT_VR_LITTLE_ENDIAN,))]
        try:
            with connect(peer_of(self.server), proposals, timeouts=TIMEOUTS) as association:
                for number in itertools.count(1):
                    response = association.store(
                        image(self.study, number, bytes(100_000)),
                        sop_class_uid=CT_IMAGE,
                        sop_instance_uid=uid_of(self.study, number),
                        transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN,
                    )
                    assert response.Status == 0
                    self.stored = number
                    self.begun.set()
                    if self.enough.is_set():
                        return
        except (IsocenterError, AssertionError) as error:
            self.failure = error
        finally:
            self.begun.set()

    def finish(self) -> int:
        self.enough.set()
        self.join(GONE)
        if self.failure is not None:
            raise self.failure
        return self.stored


@pytest.mark.parametrize("kinds", [STOPS, BABBLE], ids=["who stops", "who babbles"])
def test_each_is_cut_off(crowd: Crowd, kinds: dict[str, bytes]) -> None:
    for data in kinds.values():
        crowd.join(data)
    crowd.wait_until_gone()


def test_five_hundred_at_once_beside_an_honest_sender(server: Serving, crowd: Crowd) -> None:
    sender = HonestSender(server, 910)
    sender.start()
    assert sender.begun.wait(GONE)
    for data in itertools.islice(itertools.cycle(HOSTILE.values()), PEERS):
        crowd.join(data)
    amid = sender.stored
    assert server.json("/health") == {"status": "ok"}
    crowd.wait_until_gone()
    assert sender.finish() > amid
    assert len(server.json("/dicom-web/studies/2.25.910/instances?limit=100000")) == sender.stored


def test_five_hundred_silent_ones_keep_nobody_out(server: Serving, crowd: Crowd) -> None:
    for _ in range(PEERS):
        crowd.join(b"")
    assert_alive(server)
    crowd.wait_until_gone()


def seconds_of_trickle(port: int, before: bytes, slowly: bytes) -> float:
    """Send a beginning at once and the rest byte by byte; return when the server had enough."""
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), GONE) as sock:
        sock.sendall(before)
        sock.settimeout(ARTIM / 20)
        with contextlib.suppress(ConnectionError):
            for byte in slowly:
                sock.send(bytes((byte,)))
                with contextlib.suppress(TimeoutError):
                    while sock.recv(4096):
                        pass
                    break  # closed
    return time.monotonic() - started


def test_byte_by_byte_is_cut_off(server: Serving, cost: None) -> None:
    """Twenty bytes a second: a timer that every byte starts anew would never end."""
    beginnings = {b"": REQUEST, REQUEST: STORE, REQUEST + STORE: data_transfer(DATA_SET)}
    with ThreadPoolExecutor() as executor:
        took = executor.map(seconds_of_trickle, [server.dicom_port] * 3, beginnings.keys(), beginnings.values())
        assert max(took) < 5 * IDLE


def test_four_gigabytes_of_pixels_that_do_not_come(server: Serving, cost: None) -> None:
    """The data set claims them, the message ends: it is refused, and the association goes on."""
    with connect(peer_of(server), [Proposal(CT_IMAGE, (EXPLICIT_VR_LITTLE_ENDIAN,))], timeouts=TIMEOUTS) as association:
        for data_set, status in ((PIXELS_OF_4_GB, 0xC000), (image(901, 1), 0)):
            response = association.store(
                data_set,
                sop_class_uid=CT_IMAGE,
                sop_instance_uid=uid_of(901, 1),
                transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN,
            )
            assert response.Status == status


def test_a_peer_that_hangs_up_amid_an_upload(server: Serving, cost: None) -> None:
    body = multipart(part10(image(902, 1, bytes(3_000_000)), uid_of(902, 1)))
    head = f"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Type: {STOW}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.http_port), GONE) as sock:
        sock.sendall(head.encode() + body[:2_000_000])
    wait_for(lambda: half_received(server.data) == [])
    assert server.json("/dicom-web/studies?StudyInstanceUID=2.25.902") == []


def test_five_hundred_silent_web_clients_keep_nobody_out(server: Serving, cost: None) -> None:
    with contextlib.ExitStack() as stack:
        for start in itertools.islice(itertools.cycle([b"", b"GET /hea", b"\xff\xff", b"\x01\0\0\0\0\xff"]), PEERS):
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", server.http_port), GONE))
            sock.sendall(start)
        assert_alive(server)
