"""The DICOM node as a client (SCU): C-ECHO and C-STORE over an association it requests.

The same protocol cores as the server, driven by one thread that waits for each answer. A data set is sent from its
file in bounded memory: header and slice go to the kernel in one call, nothing is joined or copied.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

from isocenter import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from isocenter.dicom.uids import IMPLICIT_VR_LITTLE_ENDIAN, VERIFICATION
from isocenter.dimse.commands import DATA_SET_FOLLOWS, Command, CommandField, Priority
from isocenter.dimse.message import CommandReceived, MessageReader, write_message
from isocenter.errors import PeerError, RemoteProtocolError, UnsupportedError
from isocenter.net.peer import Peer
from isocenter.net.requestor import Requestor, Timeouts
from isocenter.net.sending import DataSetSender
from isocenter.ul.association import NegotiatedContext
from isocenter.ul.events import DataReceived
from isocenter.ul.items import MAX_PRESENTATION_CONTEXTS, PresentationContext
from isocenter.ul.pdu import AssociateRequest
from isocenter.ul.user_information import UserInformation

__all__ = ["VERIFICATION_PROPOSAL", "ClientAssociation", "Proposal", "Timeouts", "connect"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An abstract syntax and the transfer syntaxes to propose for it, as one presentation context."""

    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


#: What ``echo`` needs.
VERIFICATION_PROPOSAL = Proposal(VERIFICATION, (IMPLICIT_VR_LITTLE_ENDIAN,))


def connect(
    peer: Peer,
    proposals: Sequence[Proposal],
    *,
    calling_aet: str = "ISOCENTER",
    timeouts: Timeouts | None = None,
    max_length: int = 262144,
) -> "ClientAssociation":
    """Return an established association with ``peer``.

    Raises:
        PeerError: the peer cannot be reached, rejects, or breaks off; the message says what to do.
        UnsupportedError: more than 128 proposals; they need several associations.
    """
    if len(proposals) > MAX_PRESENTATION_CONTEXTS:
        raise UnsupportedError(f"one association has at most {MAX_PRESENTATION_CONTEXTS} presentation contexts")
    contexts = tuple(
        PresentationContext(2 * number + 1, proposal.abstract_syntax, proposal.transfer_syntaxes)
        for number, proposal in enumerate(proposals)
    )
    information = UserInformation(max_length, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME)
    request = AssociateRequest(peer.aet, calling_aet, contexts, information)
    return ClientAssociation(Requestor(peer, request, timeouts or Timeouts()))


class ClientAssociation:
    """An association that this side requested; not for several threads at once.

    As a context manager it is released at the end of the block, or aborted after an error.
    """

    def __init__(self, requestor: Requestor) -> None:
        self.peer = requestor.peer
        self._requestor = requestor
        self._core = requestor.core
        self._reader = MessageReader()
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
    ) -> Command:
        """Send a data set and return the response to its C-STORE; ``Status`` says what became of it.

        ``data_set`` is what follows the file meta information: bytes, or a file that stands at its beginning.

        Raises:
            UnsupportedError: the peer did not accept this SOP class in this transfer syntax.
            PeerError: the association broke off; it cannot be used any more.
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
        )
        self._send_command(context_id, request)
        try:
            self._sender.send(context_id, data_set)
        except UnsupportedError:
            self.abort()
            raise
        return self._response(request)

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
        """Wait for the response to a request."""
        while True:
            event = self._requestor.wait_for(DataReceived)
            assert isinstance(event, DataReceived)
            try:
                messages = self._reader.read(event)
            except RemoteProtocolError as error:
                self.abort()
                raise PeerError(f"{self.peer} sent what is no DIMSE response: {error}") from error
            for message in messages:
                if isinstance(message, CommandReceived) and _answers(message.command, request):
                    return message.command


def _answers(response: Command, request: Command) -> bool:
    return response.is_response and response.MessageIDBeingRespondedTo == request.MessageID
