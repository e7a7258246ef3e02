"""What the tests on real sockets share: a running server, a service that remembers, and a peer that sends bytes."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest

from isocenter.dimse.commands import Command, CommandField, respond, write_command
from isocenter.net.peer import Peer
from isocenter.net.server import DicomServer, Listener
from isocenter.net.tls import server_context
from isocenter.services.echo import EchoService
from isocenter.services.service import Handler, Service, ServiceContext
from isocenter.settings import load_settings
from isocenter.ul.items import PresentationContext
from isocenter.ul.pdu import (
    PDU,
    AssociateAccept,
    AssociateRequest,
    DataTransfer,
    PresentationDataValue,
    read_pdu,
    write_pdu,
)
from isocenter.ul.user_information import UserInformation

CT = "1.2.840.10008.5.1.4.1.1.2"
VERIFICATION = "1.2.840.10008.1.1"
EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
PATIENCE = 10.0  # seconds that a test waits for what must come


class RecordingService(Service):
    """Keeps data sets; answers with ``status``, fails where it is told to, waits for ``gate`` before it finishes."""

    abstract_syntaxes = {CT: (EXPLICIT, IMPLICIT)}  # noqa: RUF012 - as in the services
    queues = True

    def __init__(self) -> None:
        self.status = 0
        self.failing = ""
        self.contexts: list[ServiceContext] = []
        self.data: dict[str, bytes] = {}
        self.discarded = threading.Event()
        self.written = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def begin(self, context: ServiceContext, command: Command) -> "RecordingHandler":
        self.contexts.append(context)
        self.fail("begin")
        return RecordingHandler(self, command)

    def fail(self, where: str) -> None:
        if self.failing == where:
            raise RuntimeError(f"broken {where}")


class RecordingHandler(Handler):
    def __init__(self, service: RecordingService, command: Command) -> None:
        self._service = service
        self._command = command
        self._data = bytearray()

    def write(self, *chunks: memoryview) -> None:
        self._service.fail("write")
        for chunk in chunks:
            self._data += chunk
        self._service.written.set()

    def finish(self) -> list[Command]:
        assert self._service.gate.wait(PATIENCE)
        self._service.fail("finish")
        self._service.data[self._command.AffectedSOPInstanceUID or ""] = bytes(self._data)
        return [respond(self._command, self._service.status)]

    def discard(self) -> None:
        self._service.discarded.set()


class RunningServer:
    """A server in a thread of its own."""

    def __init__(self, *others: Service, **settings: object) -> None:
        self.service = RecordingService()
        listeners = [Listener(socket.create_server(("127.0.0.1", 0), backlog=1024))]
        loaded = load_settings(settings)
        listeners.append(Listener(socket.create_server(("127.0.0.1", 0), backlog=1024), server_context(loaded)))
        self.tls_port = listeners[1].sock.getsockname()[1]
        self.tls_peer = Peer("ISOCENTER", "127.0.0.1", self.tls_port)
        self.server = DicomServer(loaded, [EchoService(), self.service, *others], listeners)
        self.port = self.server.address[1]
        self.peer = Peer("ISOCENTER", "127.0.0.1", self.port)
        self._thread = threading.Thread(target=self.server.serve)
        self._thread.start()

    def counters(self) -> dict[str, int]:
        return self.server.observer.snapshot()

    def stop(self, grace: float = 5.0) -> None:
        if self._thread.is_alive():
            self.server.stop(grace)
            self._thread.join()


class RawPeer:
    """A socket that sends what it likes."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), PATIENCE)
        if tls is not None:
            self.sock = tls.wrap_socket(self.sock, server_hostname="localhost")
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def send(self, *pdus: PDU | bytes) -> None:
        self.sock.sendall(b"".join(pdu if isinstance(pdu, bytes) else write_pdu(pdu) for pdu in pdus))

    def receive(self) -> PDU | None:
        """Return the next PDU, or None when the server closed the connection."""
        while (found := read_pdu(self._received)) is None:
            try:
                data = self.sock.recv(65536)
            except (ConnectionResetError, ssl.SSLError):
                data = b""
            if not data:
                return None
            self._received += data
        self._received = self._received[found[1] :]
        return found[0]

    def associate(self) -> PDU | None:
        self.send(association_request())
        return self.receive()

    def establish(self) -> "RawPeer":
        assert isinstance(self.associate(), AssociateAccept)
        return self

    def hang_up(self) -> None:
        """Close the writing side of the connection, under TLS without a word."""
        socket.socket.shutdown(self.sock, socket.SHUT_WR)

    def close(self) -> None:
        self.sock.close()


def association_request(called_aet: str = "ISOCENTER") -> AssociateRequest:
    contexts = (PresentationContext(1, VERIFICATION, (IMPLICIT,)), PresentationContext(3, CT, (EXPLICIT,)))
    return AssociateRequest(called_aet, "SCANNER", contexts, UserInformation(16384, "1.2.3"))


def store_command(uid: str = "1.2.3") -> bytes:
    command = Command(
        CommandField.C_STORE_RQ,
        MessageID=1,
        CommandDataSetType=1,
        AffectedSOPClassUID=CT,
        AffectedSOPInstanceUID=uid,
        Priority=0,
    )
    return data_pdu(3, write_command(command), is_command=True)


def data_pdu(context_id: int, data: bytes, *, is_command: bool = False, is_last: bool = True) -> bytes:
    return write_pdu(DataTransfer((PresentationDataValue(context_id, is_command, is_last, data),)))


@pytest.fixture
def serve(certificates) -> Iterator[Callable[..., RunningServer]]:
    """Start servers, on a plain and a TLS port; settings are arguments, and services beside the usual ones."""
    servers: list[RunningServer] = []

    def start(*others: Service, **settings: object) -> RunningServer:
        servers.append(RunningServer(*others, **{**certificates().settings(), **settings}))
        return servers[-1]

    yield start
    for server in servers:
        server.service.gate.set()
        server.stop(0)


@pytest.fixture(params=["plain", "tls"])
def transport(request: pytest.FixtureRequest) -> str:
    """Say what raw peers call over; tests that have them run twice."""
    return str(request.param)


@pytest.fixture
def raw_peer(transport: str, certificates) -> Iterator[Callable[[RunningServer], RawPeer]]:
    """Connect raw peers, plain or over TLS."""
    peers: list[RawPeer] = []
    context = certificates().caller().context() if transport == "tls" else None

    def connect(server: RunningServer) -> RawPeer:
        peers.append(RawPeer(server.port if context is None else server.tls_port, context))
        return peers[-1]

    yield connect
    for peer in peers:
        peer.close()


@pytest.fixture
def message() -> Callable[..., bytes]:
    """Return the bytes of a C-STORE of ``data``, whole."""

    def make(data: bytes, uid: str = "1.2.3") -> bytes:
        return store_command(uid) + data_pdu(3, data)

    return make


@pytest.fixture
def new_request() -> Callable[..., AssociateRequest]:
    return association_request


@pytest.fixture
def new_data_pdu() -> Callable[..., bytes]:
    return data_pdu
