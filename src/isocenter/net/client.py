"""The DICOM node as a client (SCU): requests and their responses over an association it opens.

The same protocol cores as the server, driven by one thread that waits for each answer. A data set is sent from its
file in bounded memory: header and slice go to the kernel in one call, nothing is joined or copied.
"""

import itertools
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

from isocenter import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from isocenter.dicom.uids import IMPLICIT_VR_LITTLE_ENDIAN, VERIFICATION, uid_name
from isocenter.dimse.commands import DATA_SET_FOLLOWS, Command, CommandField, Priority
from isocenter.dimse.message import write_message
from isocenter.dimse.status import StatusCategory, category
from isocenter.errors import UnsupportedError
from isocenter.net.conversation import Conversation
from isocenter.net.credentials import NONE, Credentials
from isocenter.net.interrupt import Interrupt
from isocenter.net.peer import Peer
from isocenter.net.requestor import Requestor, Timeouts
from isocenter.net.sending import DataSetSender
from isocenter.services.service import Response, Service, ServiceContext
from isocenter.ul.association import NegotiatedContext
from isocenter.ul.items import MAX_PRESENTATION_CONTEXTS, PresentationContext
from isocenter.ul.pdu import AssociateRequest
from isocenter.ul.states import State
from isocenter.ul.user_information import (
    AsynchronousOperationsWindow,
    ExtendedNegotiation,
    RoleSelection,
    UserInformation,
)

__all__ = ["VERIFICATION_PROPOSAL", "ClientAssociation", "Proposal", "Timeouts", "connect"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An abstract syntax and the transfer syntaxes to propose for it, as one presentation context.

    ``perform``: this side wants to be its provider too, and takes what the peer sends (C-GET); with ``ask`` off it
    wants to be nothing else, and reports to the peer (storage commitment). ``extended`` is what extended negotiation
    proposes for the abstract syntax.
    """

    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]
    perform: bool = False
    extended: bytes = b""
    ask: bool = True


#: What ``echo`` needs.
VERIFICATION_PROPOSAL = Proposal(VERIFICATION, (IMPLICIT_VR_LITTLE_ENDIAN,))


def connect(
    peer: Peer,
    proposals: Sequence[Proposal],
    *,
    calling_aet: str = "ISOCENTER",
    timeouts: Timeouts | None = None,
    max_length: int = 262144,
    credentials: Credentials = NONE,
    window: int = 1,
) -> "ClientAssociation":
    """Return an established association with ``peer``.

    ``window``: requests that shall be outstanding at once, as far as the peer grants it (``ClientAssociation.window``).

    Raises:
        ConfigurationError: a certificate, key or CA cannot be used.
        PeerError: the peer cannot be reached, rejects, or breaks off; the message says what to do.
        UnsupportedError: more than 128 proposals; they need several associations.
    """
    if len(proposals) > MAX_PRESENTATION_CONTEXTS:
        raise UnsupportedError(f"one association has at most {MAX_PRESENTATION_CONTEXTS} presentation contexts")
    contexts = tuple(
        PresentationContext(2 * number + 1, proposal.abstract_syntax, proposal.transfer_syntaxes)
        for number, proposal in enumerate(proposals)
    )
    performed = {proposal.abstract_syntax: proposal.ask for proposal in proposals if proposal.perform}
    information = UserInformation(
        max_length,
        IMPLEMENTATION_CLASS_UID,
        IMPLEMENTATION_VERSION_NAME,
        roles=tuple(RoleSelection(uid, scu=ask, scp=True) for uid, ask in performed.items()),
        extended=tuple(ExtendedNegotiation(p.abstract_syntax, p.extended) for p in proposals if p.extended),
        user_identity=credentials.identity,
        asynchronous_operations_window=AsynchronousOperationsWindow(window, 1) if window > 1 else None,
    )
    request = AssociateRequest(peer.aet, calling_aet, contexts, information)
    return ClientAssociation(Requestor(peer, request, timeouts or Timeouts(), credentials.tls))


class ClientAssociation:
    """An association that this side requested; not for several threads at once.

    As a context manager it is released at the end of the block, or aborted after an error.
    """

    def __init__(self, requestor: Requestor) -> None:
        self.peer = requestor.peer
        self._requestor = requestor
        self._core = requestor.core
        self._interrupts: list[Interrupt] = []
        self._calling_aet = requestor.calling_aet
        self._message_ids = itertools.cycle(range(1, 65536))
        self._by_syntaxes = {(c.abstract_syntax, c.transfer_syntax): c.context_id for c in self.contexts}
        self._sender = DataSetSender(self._core, requestor.send, requestor.flush)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        if kind is None:
            self.release()
        else:
            self.abort()

    @property
    def contexts(self) -> tuple[NegotiatedContext, ...]:
        """The presentation contexts that the peer accepted."""
        return tuple(self._core.contexts.values())

    @property
    def established(self) -> bool:
        """Whether requests can be sent."""
        return self._core.state is State.ESTABLISHED

    @property
    def window(self) -> int:
        """How many requests may be outstanding: what was asked for, or less if the peer grants less (PS3.7 D.3.3.3)."""
        return self._requestor.window

    def accepts(self, abstract_syntax: str, transfer_syntax_uid: str) -> bool:
        """Tell whether the peer accepted an abstract syntax in a transfer syntax."""
        return (abstract_syntax, transfer_syntax_uid) in self._by_syntaxes

    def echo(self) -> Command:
        """Return the response to a C-ECHO.

        Raises:
            UnsupportedError: the peer did not accept Verification.
            PeerError: the association broke off.
        """
        context_id = next((c.context_id for c in self.contexts if c.abstract_syntax == VERIFICATION), None)
        if context_id is None:
            raise UnsupportedError(f"{self.peer} accepted the association, but not Verification (C-ECHO)")
        request = Command(CommandField.C_ECHO_RQ, MessageID=next(self._message_ids), AffectedSOPClassUID=VERIFICATION)
        self._send_command(context_id, request)
        self._requestor.flush()
        return self._response(request)

    def store(
        self,
        data_set: BinaryIO | bytes | memoryview,
        *,
        sop_class_uid: str,
        sop_instance_uid: str,
        transfer_syntax_uid: str,
        originator: tuple[str, int] | None = None,
    ) -> Command:
        """Send a data set and return the response to its C-STORE; ``Status`` says what became of it.

        Not while responses to ``begin_store`` are outstanding.

        ``data_set`` is what follows the file meta information: bytes, or a file that stands at its beginning.
        ``originator``: AE title and message ID of the C-MOVE that it is sent for.

        Raises:
            UnsupportedError: the peer did not accept this SOP class in this transfer syntax.
            PeerError: the association broke off; it cannot be used any more.
        """
        return self._response(
            self.begin_store(
                data_set,
                sop_class_uid=sop_class_uid,
                sop_instance_uid=sop_instance_uid,
                transfer_syntax_uid=transfer_syntax_uid,
                originator=originator,
            )
        )

    def begin_store(
        self,
        data_set: BinaryIO | bytes | memoryview,
        *,
        sop_class_uid: str,
        sop_instance_uid: str,
        transfer_syntax_uid: str,
        originator: tuple[str, int] | None = None,
    ) -> Command:
        """Send a data set as ``store`` does and return the request; its response is one of ``next_response``.

        At most ``window`` requests may be outstanding.
        """
        context_id = self._by_syntaxes.get((sop_class_uid, transfer_syntax_uid))
        if context_id is None:
            raise UnsupportedError(
                f"{self.peer} does not accept SOP class {sop_class_uid} in transfer syntax {transfer_syntax_uid}"
            )
        request = Command(
            CommandField.C_STORE_RQ,
            MessageID=next(self._message_ids),
            CommandDataSetType=DATA_SET_FOLLOWS,
            AffectedSOPClassUID=sop_class_uid,
            AffectedSOPInstanceUID=sop_instance_uid,
            Priority=Priority.MEDIUM,
            MoveOriginatorApplicationEntityTitle=originator[0] if originator else None,
            MoveOriginatorMessageID=originator[1] if originator else None,
        )
        self._send_command(context_id, request)
        try:
            self._sender.send(context_id, data_set)
        except BaseException:  # amid a message: nothing more can be said on this association
            self.abort()
            raise
        return request

    def next_response(self) -> Command:
        """Wait for the response to any request that is outstanding; ``MessageIDBeingRespondedTo`` says to which.

        Raises:
            PeerError: the association broke off.
        """
        return next(iter(Conversation(self._requestor, None, None, {}))).command

    def cancel_by(self, interrupt: Interrupt) -> None:
        """Let an interruption cancel what ``ask`` asks for; the responses go on to the last one."""
        self._interrupts = [interrupt]

    def ask(
        self,
        abstract_syntax: str,
        field: CommandField,
        identifier: Callable[[NegotiatedContext], bytes],
        *,
        service: Service | None = None,
        MoveDestination: str | None = None,  # noqa: N803 - a DICOM keyword
    ) -> Generator[tuple[NegotiatedContext, Response]]:
        """Send a C-FIND, C-MOVE or C-GET, and yield its responses, the last one too.

        ``identifier`` is called with the context that it is sent on; ``service`` takes what the peer sends meanwhile.
        When the iteration is ended early, the request is cancelled and what still comes is passed over.

        Raises:
            UnsupportedError: the peer did not accept this abstract syntax.
            PeerError: the association broke off.
        """
        context = self._context(abstract_syntax)
        request = Command(
            field,
            MessageID=next(self._message_ids),
            CommandDataSetType=DATA_SET_FOLLOWS,
            AffectedSOPClassUID=abstract_syntax,
            Priority=Priority.MEDIUM,
            MoveDestination=MoveDestination,
        )
        self._send_command(context.context_id, request)
        self._sender.send(context.context_id, identifier(context))
        responses = iter(Conversation(self._requestor, request, service, self._service_contexts()))
        for interrupt in self._interrupts:
            self._requestor.when_interrupted(interrupt, lambda: self._cancel(context.context_id, request))
        last: Response | None = None
        try:
            for last in responses:
                yield context, last
        except GeneratorExit:
            if last is None or category(last.command.Status or 0) is StatusCategory.PENDING:
                self._cancel(context.context_id, request)
                deque(responses, maxlen=0)
            raise
        finally:
            self._requestor.forget_interruption()

    def invoke(
        self,
        request: Command,
        data_set: Callable[[NegotiatedContext], bytes] | None = None,
        *,
        service: Service | None = None,
        abstract_syntax: str = "",
    ) -> Response:
        """Send a request of a normalized service (PS3.7 10) and return its response; its message ID is filled in.

        ``data_set`` is called with the context that the request is sent on: one of the SOP class that the request
        names, or of another ``abstract_syntax``. ``service`` takes what the peer sends meanwhile.

        Raises:
            UnsupportedError: the peer did not accept this SOP class.
            PeerError: the association broke off.
        """
        sop_class = abstract_syntax or request.AffectedSOPClassUID or request.RequestedSOPClassUID or ""
        context = self._context(sop_class)
        request = request._replace(MessageID=next(self._message_ids))
        if data_set is not None:
            request = request._replace(CommandDataSetType=DATA_SET_FOLLOWS)
        self._send_command(context.context_id, request)
        if data_set is not None:
            self._sender.send(context.context_id, data_set(context))
        self._requestor.flush()
        return next(iter(Conversation(self._requestor, request, service, self._service_contexts())))

    def attend(self, service: Service, seconds: float, done: Callable[[], bool]) -> None:
        """Answer the peer's requests until ``done`` says so after one of them, or time is up.

        Raises:
            PeerError: the association broke off.
        """
        Conversation(self._requestor, None, service, self._service_contexts()).attend(seconds, done)

    def _context(self, abstract_syntax: str) -> NegotiatedContext:
        """Return a context of an abstract syntax."""
        found = next((c for c in self.contexts if c.abstract_syntax == abstract_syntax), None)
        if found is None:
            raise UnsupportedError(f"{self.peer} does not accept {uid_name(abstract_syntax) or abstract_syntax}")
        return found

    def _cancel(self, context_id: int, request: Command) -> None:
        self._send_command(context_id, Command(CommandField.C_CANCEL_RQ, MessageIDBeingRespondedTo=request.MessageID))
        self._requestor.flush()

    def _service_contexts(self) -> dict[int, ServiceContext]:
        """Return the contexts as a service sees them that takes the peer's requests."""
        peer = self.peer
        return {
            c.context_id: ServiceContext(
                0, peer.aet, self._calling_aet, peer.host, c.context_id, c.abstract_syntax, c.transfer_syntax
            )
            for c in self.contexts
        }

    def release(self) -> None:
        """End in good order."""
        self._requestor.release()

    def abort(self) -> None:
        """Break off at once."""
        self._requestor.abort()

    def _send_command(self, context_id: int, command: Command) -> None:
        """Hand a command to the core; it is written together with what follows."""
        for primitive in write_message(context_id, command, self._core.max_fragment):
            self._requestor.send(primitive)

    def _response(self, request: Command) -> Command:
        """Wait for the response to a request; its data set, if any, is passed over."""
        return next(iter(Conversation(self._requestor, request, None, {}))).command
