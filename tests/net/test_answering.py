"""Answers of many responses: streamed, cancelled, cut short by every end of an association, with requests between."""

import io
import threading
from collections.abc import Iterator

import pytest

from isocenter.dimse.commands import Command, CommandField, read_command, respond, write_command
from isocenter.errors import NotFoundError
from isocenter.services.service import Handler, Message, Operation, Response, Service, ServiceContext
from isocenter.ul.items import PresentationContext
from isocenter.ul.pdu import Abort, AssociateAccept, AssociateRequest, ReleaseRequest, ReleaseResponse
from isocenter.ul.user_information import ExtendedNegotiation, RoleSelection, UserInformation

FIND, EXPLICIT = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.1.2.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
PENDING, CANCEL, FAILURE = 0xFF00, 0xFE00, 0x0110
PATIENCE = 10.0


class ManyService(Service):
    """Gives what ``script`` says: "pending", "endless", "wait", "fail", "final" or "ask"."""

    abstract_syntaxes = {FIND: (EXPLICIT,)}  # noqa: RUF012 - as in the services
    invokes = frozenset({CT})

    def __init__(self, *script: str) -> None:
        self.script = script
        self.gate = threading.Event()
        self.closed = threading.Event()
        self.discarded = threading.Event()
        self.contexts: list[ServiceContext] = []
        self.answers: list[Command | None] = []
        self.file: io.BytesIO | None = None

    def agree(self, abstract_syntax: str, proposed: bytes) -> bytes | None:
        return bytes(byte & 1 for byte in proposed) if abstract_syntax == FIND else None

    def begin(self, context: ServiceContext, command: Command) -> "Many":
        self.contexts.append(context)
        return Many(self, command)


class Many(Handler):
    def __init__(self, service: ManyService, command: Command) -> None:
        self._service = service
        self._command = command
        self._cancelled = False

    def finish(self) -> Iterator[Message]:
        try:
            for step in self._service.script:
                yield from getattr(self, step)()
        finally:
            self._service.closed.set()

    def cancel(self) -> None:
        self._cancelled = True

    def discard(self) -> None:
        self._service.discarded.set()

    def pending(self) -> Iterator[Message]:
        yield Response(respond(self._command, PENDING), b"answer")

    def endless(self) -> Iterator[Message]:
        while not self._cancelled:
            yield from self.pending()
        yield respond(self._command, CANCEL)

    def wait(self) -> Iterator[Message]:
        assert self._service.gate.wait(PATIENCE)
        yield from ()

    def fail(self) -> Iterator[Message]:
        raise RuntimeError("broken amid the answers")

    def final(self) -> Iterator[Message]:
        yield respond(self._command, 0)

    def ask(self) -> Iterator[Message]:
        store = Command(
            CommandField.C_STORE_RQ, MessageID=77, AffectedSOPClassUID=CT, AffectedSOPInstanceUID="1.2", Priority=0
        )
        context_id = self._service.contexts[0].performs[CT, EXPLICIT]
        operation = Operation(context_id, store, self._service.file or io.BytesIO(b"object" * 100_000))
        yield operation
        self._service.answers.append(operation.answer)


def request(**information: object) -> AssociateRequest:
    contexts = (PresentationContext(1, FIND, (EXPLICIT,)), PresentationContext(3, CT, (EXPLICIT,)))
    return AssociateRequest("ISOCENTER", "SCU", contexts, UserInformation(16384, "1.2.3", **information))


def establish(peer, **information: object) -> AssociateAccept:
    peer.send(request(**information))
    accept = peer.receive()
    assert isinstance(accept, AssociateAccept)
    return accept


@pytest.fixture
def find(new_data_pdu):
    """The bytes of a C-FIND request, whole."""
    command = Command(CommandField.C_FIND_RQ, MessageID=5, CommandDataSetType=1, AffectedSOPClassUID=FIND, Priority=0)
    return new_data_pdu(1, write_command(command), is_command=True) + new_data_pdu(1, b"query")


@pytest.fixture
def cancel(new_data_pdu):
    def make(message_id: int) -> bytes:
        command = Command(CommandField.C_CANCEL_RQ, MessageIDBeingRespondedTo=message_id)
        return new_data_pdu(1, write_command(command), is_command=True)

    return make


def read(peer) -> Command:
    """Return the next command, having read its data set."""
    (value,) = peer.receive().values
    command = read_command(value.data)
    if command.has_data_set:
        (data,) = peer.receive().values
        assert (data.is_command, data.data) == (False, b"answer")
    return command


def read_to_the_end(peer) -> list[int]:
    statuses = [PENDING]
    while statuses[-1] == PENDING:
        statuses.append(read(peer).Status)
    return statuses[1:]


def test_each_response_is_sent_before_the_next_is_made(serve, raw_peer, find) -> None:
    service = ManyService("pending", "pending", "wait", "final")
    server = serve(service)
    peer = raw_peer(server)
    establish(peer)
    peer.send(find)
    assert [read(peer).Status, read(peer).Status] == [PENDING, PENDING]
    service.gate.set()
    assert read(peer).Status == 0
    peer.send(find)
    assert read_to_the_end(peer) == [PENDING, PENDING, 0]
    server.stop()
    assert server.counters()["messages_C_FIND_success"] == 2


def test_cancel(serve, raw_peer, find, cancel) -> None:
    peer = raw_peer(serve(ManyService("endless")))
    establish(peer)
    peer.send(find)
    assert read(peer).Status == PENDING
    peer.send(cancel(5))
    assert read_to_the_end(peer)[-1] == CANCEL
    peer.send(cancel(5))  # too late, which does not matter
    peer.send(find + cancel(5))
    assert read_to_the_end(peer)[-1] == CANCEL


def test_cancel_of_another_message_is_passed_over(serve, raw_peer, find, cancel) -> None:
    service = ManyService("pending", "wait", "pending", "final")
    peer = raw_peer(serve(service))
    establish(peer)
    peer.send(find + cancel(6))
    assert read(peer).Status == PENDING
    service.gate.set()
    assert read_to_the_end(peer) == [PENDING, 0]


@pytest.mark.parametrize("how", ["released", "aborted", "lost"])
def test_the_end_amid_the_answers(serve, raw_peer, find, how) -> None:
    service = ManyService("endless")
    server = serve(service)
    peer = raw_peer(server)
    establish(peer)
    peer.send(find)
    assert read(peer).Status == PENDING
    if how == "lost":
        peer.close()
    else:
        peer.send(ReleaseRequest() if how == "released" else Abort())
        pdu = peer.receive()
        while pdu is not None and not isinstance(pdu, ReleaseResponse):
            pdu = peer.receive()
        assert (pdu == ReleaseResponse()) is (how == "released")
        peer.close()
    assert service.closed.wait(PATIENCE)
    assert service.discarded.wait(PATIENCE)
    server.stop()
    assert server.counters()[f"associations_{how}"] == 1
    assert server.counters()["associations_active"] == 0


def test_the_server_stops_amid_the_answers(serve, raw_peer, find) -> None:
    service = ManyService("endless")
    server = serve(service)
    peer = raw_peer(server)
    establish(peer)
    peer.send(find)
    assert read(peer).Status == PENDING
    reader = threading.Thread(target=lambda: [None for _ in iter(peer.receive, None)])
    reader.start()  # or the server could not write
    server.stop(grace=0)
    reader.join()
    assert service.closed.is_set()
    assert server.counters()["associations_stopped"] == 1


@pytest.mark.parametrize(
    ("script", "statuses"),
    [
        (("pending", "fail"), [PENDING, FAILURE]),
        (("fail",), [FAILURE]),
        (("pending",), [PENDING, FAILURE]),
        ((), [FAILURE]),
        (("final", "fail"), [0]),
    ],
)
def test_there_is_always_one_last_response(serve, raw_peer, find, script, statuses) -> None:
    peer = raw_peer(serve(ManyService(*script)))
    establish(peer)
    peer.send(find)
    assert read_to_the_end(peer) == statuses
    peer.send(find)
    assert read_to_the_end(peer) == statuses


def test_a_request_amid_the_answers_is_a_violation(serve, raw_peer, find) -> None:
    service = ManyService("endless")
    peer = raw_peer(serve(service))
    establish(peer)
    peer.send(find + find)
    pdu = peer.receive()
    while pdu is not None and not isinstance(pdu, Abort):
        pdu = peer.receive()
    assert isinstance(pdu, Abort)
    assert service.discarded.wait(PATIENCE)


class TestOperations:
    """Requests to the peer between responses."""

    @pytest.fixture
    def service(self) -> ManyService:
        return ManyService("pending", "ask", "final")

    @pytest.fixture
    def peer(self, serve, raw_peer, service, find):
        peer = raw_peer(serve(service))
        accept = establish(peer, roles=(RoleSelection(CT, scu=True, scp=True),))
        assert accept.user_information.roles == (RoleSelection(CT, scu=True, scp=True),)
        peer.send(find)
        assert read(peer).Status == PENDING
        return peer

    def take_object(self, peer) -> Command:
        (value,) = peer.receive().values
        data = b""
        while True:
            (piece,) = peer.receive().values
            assert piece.context_id == 3
            data += piece.data
            if piece.is_last:
                break
        assert data == b"object" * 100_000
        return read_command(value.data)

    def test_the_answer_comes_back(self, peer, service, new_data_pdu) -> None:
        store = self.take_object(peer)
        assert (store.CommandField, store.MessageID, store.has_data_set) == (CommandField.C_STORE_RQ, 77, True)
        peer.send(new_data_pdu(3, write_command(respond(store, 0xB000)), is_command=True))
        assert read(peer).Status == 0
        assert service.answers[0].Status == 0xB000

    def test_an_answer_to_something_else_is_a_violation(self, peer, service, new_data_pdu) -> None:
        store = self.take_object(peer)
        wrong = respond(store._replace(MessageID=78), 0)
        peer.send(new_data_pdu(3, write_command(wrong), is_command=True))
        assert isinstance(peer.receive(), Abort)
        assert service.closed.wait(PATIENCE)
        assert service.answers == []

    def test_the_end_while_the_answer_is_awaited(self, peer, service) -> None:
        self.take_object(peer)
        peer.send(ReleaseRequest())
        assert peer.receive() == ReleaseResponse()
        assert service.closed.wait(PATIENCE)
        assert service.answers == []


class Vanishing(io.BytesIO):
    """A file that is taken away while it is read, as the storage tells when its end is read."""

    def readinto(self, buffer: memoryview) -> int:
        read = super().readinto(buffer)
        if self.tell() == 3_000_000:
            raise NotFoundError("deleted while it was read")
        return read


class Shrinking(io.BytesIO):
    """A file that ends before it should."""

    def readinto(self, buffer: memoryview) -> int:
        return 0


@pytest.mark.parametrize(("kind", "size"), [(Vanishing, 3_000_000), (Shrinking, 1)])
def test_an_object_that_cannot_be_completed_is_never_sent_as_if_it_were(serve, raw_peer, find, kind, size) -> None:
    service = ManyService("ask", "final")
    service.file = kind(b"x" * size)
    peer = raw_peer(serve(service))
    establish(peer, roles=(RoleSelection(CT, scu=True, scp=True),))
    peer.send(find)
    pdu = peer.receive()
    while not isinstance(pdu, Abort):
        assert not any(value.is_last and not value.is_command for value in pdu.values)
        pdu = peer.receive()
    assert service.closed.wait(PATIENCE)
    assert service.answers == []


def test_extended_negotiation_reaches_the_service(serve, raw_peer, find) -> None:
    service = ManyService("final")
    peer = raw_peer(serve(service))
    accept = establish(peer, extended=(ExtendedNegotiation(FIND, b"\1\2\3"), ExtendedNegotiation(CT, b"\1")))
    assert accept.user_information.extended == (ExtendedNegotiation(FIND, b"\1\0\1"),)
    peer.send(find)
    assert read(peer).Status == 0
    assert service.contexts[0].extended == b"\1\0\1"
    assert service.contexts[0].performs == {}
