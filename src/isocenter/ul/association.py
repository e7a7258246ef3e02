"""One association of the DICOM upper layer, either side, without input or output (PS3.8 sections 7 and 9).

Joins the stream of received bytes (``framing``) and the state table (``machine``), and keeps what was negotiated.
Must not know sockets, threads or clocks: bytes and the time come in as arguments. Whatever a peer sends ends in an
event or an A-ABORT, never in an exception.
"""

from dataclasses import dataclass

from isocenter.errors import LocalProtocolError, RemoteProtocolError
from isocenter.ul.events import Event, Primitive, SendData, TransportOpened
from isocenter.ul.framing import PDUStream
from isocenter.ul.items import ContextResult
from isocenter.ul.machine import Role, StateMachine, Violation
from isocenter.ul.pdu import (
    P_DATA_TF,
    PDU,
    READERS,
    Abort,
    AbortReason,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    DataTransfer,
    ReleaseRequest,
    ReleaseResponse,
    write_data_header,
    write_pdu,
)
from isocenter.ul.states import Action, State, Trigger

__all__ = ["UNLIMITED_FRAGMENT", "Association", "NegotiatedContext", "Role"]


@dataclass(frozen=True, slots=True)
class NegotiatedContext:
    """A presentation context that both sides agreed on."""

    context_id: int
    abstract_syntax: str
    transfer_syntax: str


#: Fragments are cut to this where the peer sets no limit of its own.
UNLIMITED_FRAGMENT = 1 << 20
#: A PDV of up to this many bytes is copied behind its header rather than sent as a part of its own.
_SMALL = 512

_ABORTING = frozenset({Action.AA_1, Action.AA_7, Action.AA_8})

_LOCAL: dict[type[Primitive], Trigger] = {
    AssociateRequest: Trigger.ASSOCIATE_REQUEST,
    AssociateAccept: Trigger.ASSOCIATE_RESPONSE_ACCEPT,
    AssociateReject: Trigger.ASSOCIATE_RESPONSE_REJECT,
    ReleaseRequest: Trigger.RELEASE_REQUEST,
    ReleaseResponse: Trigger.RELEASE_RESPONSE,
    Abort: Trigger.ABORT_REQUEST,
}

_REMOTE: dict[type[PDU], Trigger] = {
    AssociateRequest: Trigger.ASSOCIATE_REQUEST_PDU,
    AssociateAccept: Trigger.ASSOCIATE_ACCEPT_PDU,
    AssociateReject: Trigger.ASSOCIATE_REJECT_PDU,
    DataTransfer: Trigger.DATA_PDU,
    ReleaseRequest: Trigger.RELEASE_REQUEST_PDU,
    ReleaseResponse: Trigger.RELEASE_RESPONSE_PDU,
    Abort: Trigger.ABORT_PDU,
}


class Association:
    """The protocol core between a local user and the bytes of one connection.

    A requestor sends ``AssociateRequest`` and, when the connection stands, ``TransportOpened``; an acceptor only
    the latter. Then: ``receive_data``, ``next_event`` until None, ``send``, write ``data_to_send``, and close the
    connection once ``finished``. Times are seconds on any clock that does not go back.
    """

    def __init__(self, role: Role, *, artim_seconds: float = 30.0) -> None:
        #: Accepted presentation contexts by identifier, once established.
        self.contexts: dict[int, NegotiatedContext] = {}
        #: Longest data of one ``SendData`` that the peer takes.
        self.max_fragment = UNLIMITED_FRAGMENT
        self._machine = StateMachine(role, artim_seconds)
        self._stream = PDUStream()
        self._pdu_kind: int | None = None  # of the PDU whose body is awaited
        self._peer_closed = False
        self._deaf = False  # nothing that still comes can be understood, or matters

    @property
    def state(self) -> State:
        """The state of PS3.8 9.2."""
        return self._machine.state

    @property
    def finished(self) -> bool:
        """Whether the connection is to be closed, or closed already."""
        return self._machine.closing

    @property
    def can_abort(self) -> bool:
        """Whether the state table has an A-ABORT request here."""
        return self._machine.allows(Trigger.ABORT_REQUEST) and not self.finished

    @property
    def pdus_received(self) -> int:
        """Number of PDUs received to their end: the measure of progress of a slow peer."""
        return self._stream.pdus

    @property
    def fragment_left(self) -> int:
        """Bytes of the fragment under way that are still to come: so many may be waited for at once."""
        return self._stream.fragment_left

    def receive_data(self, data: bytes | bytearray | memoryview, now: float) -> None:
        """Take bytes from the connection; ``b""`` = the peer closed it. Then call ``next_event`` until None."""
        self._machine.now = now
        if not len(data):
            self._peer_closed = True
        elif not self._deaf:
            self._stream.feed(data)

    def next_event(self) -> Event | None:
        """Return what happened next, or None when more bytes are needed."""
        machine, stream = self._machine, self._stream
        while not machine.events:
            try:
                if stream.in_data and machine.takes_data and (fragment := stream.next_fragment()) is not None:
                    return fragment
                if not self._advance():
                    return None
            except RemoteProtocolError as error:
                self._stop_reading()
                machine.fire(Trigger.INVALID_PDU, Violation(error.reason, str(error)))
        return machine.events.popleft()

    def send(self, primitive: Primitive, now: float) -> None:
        """Act on a primitive of the local user.

        Raises:
            LocalProtocolError: the state table has no such event in this state, or the content is not allowed.
        """
        machine = self._machine
        machine.now = now
        if isinstance(primitive, SendData):
            self._send_data(primitive)
        elif isinstance(primitive, TransportOpened):
            acceptor = machine.role is Role.ACCEPTOR
            self._check(Trigger.TRANSPORT_INDICATED if acceptor else Trigger.TRANSPORT_CONFIRMED)
            machine.fire(Trigger.TRANSPORT_INDICATED if acceptor else Trigger.TRANSPORT_CONFIRMED)
        else:
            trigger = _LOCAL[type(primitive)]
            self._check(trigger)
            self._note(primitive)
            machine.fire(trigger, primitive)

    def data_to_send(self) -> list[bytes | memoryview]:
        """Return, once, the bytes to write to the connection."""
        output, self._machine.output = self._machine.output, []
        return output

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` is to be called, or None when nothing is being waited for."""
        return self._machine.artim

    def handle_timeout(self, now: float) -> None:
        """Let the ARTIM timer expire if its time has come."""
        machine = self._machine
        machine.now = now
        if machine.artim is not None and now >= machine.artim:
            machine.fire(Trigger.ARTIM_EXPIRED)

    # what comes in

    def _advance(self) -> bool:
        """Take one step through the received bytes; False when there is nothing more to do."""
        stream = self._stream
        if stream.in_data and not self._machine.takes_data:
            stream.skip()  # AA-6
        if stream.in_data:
            return self._end_of_stream()
        if self._pdu_kind is None:
            kind = None if self._deaf else stream.next_header()
            if kind is None:
                return self._end_of_stream()
            if kind == P_DATA_TF:
                if not self._machine.takes_data:
                    self._received(DataTransfer(()))
                return True
            self._pdu_kind = kind
        body = stream.next_body()
        if body is None:
            return self._end_of_stream()
        kind, self._pdu_kind = self._pdu_kind, None
        self._received(READERS[kind](body))
        return True

    def _end_of_stream(self) -> bool:
        if not self._peer_closed or self._machine.closing:
            return False
        self._machine.fire(Trigger.TRANSPORT_CLOSED)
        self._machine.closing = True
        return True

    def _received(self, pdu: PDU) -> None:
        """Fire what a PDU triggers; one that ends in our abort is a violation."""
        machine, trigger = self._machine, _REMOTE[type(pdu)]
        action = machine.action(trigger)
        if action in _ABORTING:
            detail = f"unexpected {type(pdu).__name__} in state {machine.state.name}"
            machine.fire(trigger, Violation(AbortReason.UNEXPECTED_PDU, detail))
            return
        if isinstance(pdu, AssociateRequest) and action is Action.AE_6:
            machine.request = pdu
        if isinstance(pdu, AssociateAccept) and action is Action.AE_3:
            self._establish(pdu, pdu.user_information.max_length)
        machine.fire(trigger, pdu)
        if machine.closing:
            self._stop_reading()

    def _stop_reading(self) -> None:
        self._deaf = True
        self._stream.discard()
        self._pdu_kind = None

    # what goes out

    def _check(self, trigger: Trigger) -> None:
        if not self._machine.allows(trigger) or self.finished:
            raise LocalProtocolError(f"{trigger.name} ({trigger.value}) is not allowed in state {self.state.name}")

    def _note(self, primitive: Primitive) -> None:
        """Keep what an association's beginning settles; what cannot be written is refused before any change."""
        machine = self._machine
        if isinstance(primitive, AssociateRequest):
            write_pdu(primitive)
            machine.request = primitive
        elif isinstance(primitive, AssociateAccept):
            write_pdu(primitive)
            assert machine.request is not None
            self._establish(primitive, machine.request.user_information.max_length)

    def _establish(self, accept: AssociateAccept, peer_max_length: int) -> None:
        request = self._machine.request
        assert request is not None
        abstract = {context.context_id: context.abstract_syntax for context in request.contexts}
        self.contexts = {
            r.context_id: NegotiatedContext(r.context_id, abstract[r.context_id], r.transfer_syntax)
            for r in accept.results
            if r.result is ContextResult.ACCEPTANCE and r.context_id in abstract
        }
        ours = accept if self._machine.role is Role.ACCEPTOR else request
        self._stream.context_ids = frozenset(self.contexts)
        self._stream.max_length = ours.user_information.max_length
        limit = peer_max_length - 6 if peer_max_length else UNLIMITED_FRAGMENT
        self.max_fragment = max(min(limit, UNLIMITED_FRAGMENT), 1)

    def _send_data(self, primitive: SendData) -> None:
        machine = self._machine
        if not machine.sends_data:
            raise LocalProtocolError(f"no data can be sent in state {machine.state.name}")
        context_id, is_command, is_last, data = primitive
        size = len(data)
        if context_id not in self.contexts or size > self.max_fragment:
            raise LocalProtocolError(f"a fragment of {size} bytes on context {context_id} cannot be sent")
        header = write_data_header(context_id, is_command | is_last << 1, size)
        machine.output += (header + data,) if size <= _SMALL else (header, data)
