"""The asynchronous operations window (PS3.7 D.3.3.3): what is granted, and how it is used."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from isocenter.dimse.commands import Command, respond
from isocenter.dimse.message import CommandReceived, DataSetCompleted, MessageReader, write_message
from isocenter.net.client import VERIFICATION_PROPOSAL, Proposal, connect
from isocenter.net.peer import Peer
from isocenter.services.service import Answer, Service
from isocenter.ul.association import Association, Role
from isocenter.ul.events import AssociationRequested, DataReceived, ReleaseRequested, TransportOpened
from isocenter.ul.negotiation import AcceptorPolicy, negotiate
from isocenter.ul.pdu import AssociateAccept, ReleaseResponse
from isocenter.ul.user_information import AsynchronousOperationsWindow

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
PROPOSALS = [VERIFICATION_PROPOSAL, Proposal(CT, (EXPLICIT,))]
STORE = {"sop_class_uid": CT, "transfer_syntax_uid": EXPLICIT}


class Search(Service):
    """A service whose answers may be many, as a search's."""

    abstract_syntaxes = {"1.2.3.4": (EXPLICIT,)}  # noqa: RUF012 - as in the services

    def begin(self, context, command: Command) -> Answer:
        return Answer(respond(command, 0))


class ScriptedPeer:
    """An acceptor that grants a window, and answers a batch of requests when all of it is there, the last one first."""

    def __init__(self, window: AsynchronousOperationsWindow | None, batch: int, *, breaks_at: str = "") -> None:
        self.batches: list[list[str]] = []
        self.asked: AsynchronousOperationsWindow | None = None
        self._window, self._batch, self._breaks_at = window, batch, breaks_at
        self._pending: list[Command] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.peer = Peer("OTHER", "127.0.0.1", self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with sock:
                self._run(sock, Association(Role.ACCEPTOR))

    def _run(self, sock: socket.socket, core: Association) -> None:
        core.send(TransportOpened(), 0.0)
        self._pending.clear()
        self._reader = MessageReader()
        while not core.finished:
            core.receive_data(sock.recv(65536), 0.0)
            while (event := core.next_event()) is not None:
                if isinstance(event, DataReceived):
                    for message in self._reader.read(event):
                        if not self._read(core, message):
                            return
                elif isinstance(event, AssociationRequested):
                    core.send(self._accept(event), 0.0)
                elif isinstance(event, ReleaseRequested):
                    self._answer(core)
                    core.send(ReleaseResponse(), 0.0)
            sock.sendall(b"".join(core.data_to_send()))

    def _accept(self, event: AssociationRequested) -> AssociateAccept:
        self.asked = event.request.user_information.asynchronous_operations_window
        accept = negotiate(event.request, AcceptorPolicy("OTHER", {CT: (EXPLICIT,)}))
        assert isinstance(accept, AssociateAccept)
        return replace(
            accept, user_information=replace(accept.user_information, asynchronous_operations_window=self._window)
        )

    def _read(self, core: Association, message: object) -> bool:
        if isinstance(message, CommandReceived):
            self._context, self._pending = message.context_id, [*self._pending, message.command]
        elif isinstance(message, DataSetCompleted):
            if self._pending[-1].AffectedSOPInstanceUID == self._breaks_at:
                return False
            if len(self._pending) == self._batch:
                self._answer(core)
        return True

    def _answer(self, core: Association) -> None:
        if self._pending:
            self.batches.append([command.AffectedSOPInstanceUID or "" for command in self._pending])
        while self._pending:
            for primitive in write_message(self._context, respond(self._pending.pop(), 0), core.max_fragment):
                core.send(primitive, 0.0)


@pytest.fixture
def scripted() -> Iterator[Callable[..., ScriptedPeer]]:
    peers: list[ScriptedPeer] = []

    def start(granted: tuple[int, int] | None, batch: int, **options: str) -> ScriptedPeer:
        window = None if granted is None else AsynchronousOperationsWindow(*granted)
        peers.append(ScriptedPeer(window, batch, **options))
        return peers[-1]

    yield start
    for peer in peers:
        peer.close()


class TestRequestor:
    @pytest.mark.parametrize(
        ("asked", "granted", "window"),
        [(1, (8, 1), 1), (8, None, 1), (8, (1, 1), 1), (8, (4, 1), 4), (8, (0, 0), 8), (8, (99, 1), 8)],
    )
    def test_window(self, scripted, asked: int, granted: tuple[int, int] | None, window: int) -> None:
        other = scripted(granted, 1)
        with connect(other.peer, PROPOSALS, window=asked) as association:
            assert association.window == window
        assert other.asked == (None if asked == 1 else AsynchronousOperationsWindow(asked, 1))

    def test_answers_in_any_order(self, scripted) -> None:
        other = scripted((3, 1), 3)
        with connect(other.peer, PROPOSALS, window=3) as association:
            sent = [association.begin_store(b"x", sop_instance_uid=f"1.{n}", **STORE).MessageID for n in range(3)]
            answers = [association.next_response() for _ in range(3)]
        assert [answer.MessageIDBeingRespondedTo for answer in answers] == sent[::-1]
        assert [answer.Status for answer in answers] == [0, 0, 0]
        assert other.batches == [["1.0", "1.1", "1.2"]]


class TestAcceptor:
    @pytest.mark.parametrize(
        ("asked", "granted"),
        [((8, 1), (8, 1)), ((0, 0), (64, 1)), ((1, 1), (1, 1)), ((1000, 4), (64, 1)), (None, None)],
    )
    def test_stores_may_queue(self, serve, raw_peer, new_request, asked, granted) -> None:
        assert self.negotiated(serve(), raw_peer, new_request(), asked) == granted

    def test_where_answers_may_be_many_there_is_one_at_a_time(self, serve, raw_peer, new_request) -> None:
        request = new_request()
        search = replace(request.contexts[0], context_id=5, abstract_syntax="1.2.3.4", transfer_syntaxes=(EXPLICIT,))
        request = replace(request, contexts=(*request.contexts, search))
        assert self.negotiated(serve(Search()), raw_peer, request, (8, 8)) == (1, 1)
        assert self.negotiated(serve(), raw_peer, request, (8, 8)) == (8, 1)  # the search is refused there

    @staticmethod
    def negotiated(server, raw_peer, request, asked) -> tuple[int, int] | None:
        window = None if asked is None else AsynchronousOperationsWindow(*asked)
        information = replace(request.user_information, asynchronous_operations_window=window)
        peer = raw_peer(server)
        peer.send(replace(request, user_information=information))
        answer = peer.receive()
        assert isinstance(answer, AssociateAccept)
        found = answer.user_information.asynchronous_operations_window
        return None if found is None else (found.invoked, found.performed)

    @pytest.mark.parametrize("size", [10, 1_000_000])
    def test_queued_stores_are_answered_in_order(self, serve, size: int) -> None:
        server = serve()
        data = {f"1.{n}": bytes([n]) * size for n in range(20)}
        with connect(server.peer, PROPOSALS, window=20) as association:
            assert association.window == 20
            sent = [association.begin_store(data[uid], sop_instance_uid=uid, **STORE).MessageID for uid in data]
            answers = [association.next_response().MessageIDBeingRespondedTo for _ in data]
            assert association.echo().Status == 0
        assert answers == sent
        assert server.service.data == data
