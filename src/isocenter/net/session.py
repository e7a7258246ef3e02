"""One association on the acceptor's side: joins the connection, the protocol cores and the services.

Runs in a thread of its own, from the accepted socket to its close. This is a border: an unexpected error is logged
and answered with a failure, and never reaches another association. Logs hold no patient data.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from isocenter.dimse.commands import DATA_SET_FOLLOWS, Command, CommandField, write_command
from isocenter.dimse.message import (
    CommandReceived,
    DataSetChunk,
    DataSetCompleted,
    MessageEvent,
    MessageReader,
    write_fragments,
    write_message,
)
from isocenter.dimse.status import StatusCategory, category
from isocenter.errors import IsocenterError, RemoteProtocolError
from isocenter.net.connection import Connection
from isocenter.net.exchange import Exchange
from isocenter.net.gate import Unauthorized
from isocenter.net.observer import Observer
from isocenter.net.sending import DataSetSender
from isocenter.services.service import Operation, Response, Service, ServiceContext
from isocenter.ul.events import (
    AssociationRequested,
    ConnectionLost,
    DataReceived,
    Event,
    PeerAborted,
    ProtocolViolated,
    ReleaseRequested,
    SendData,
    TransportOpened,
)
from isocenter.ul.pdu import REJECT_REASONS, AssociateAccept, AssociateReject, AssociateRequest, ReleaseResponse

logger = logging.getLogger(__name__)


class Node(Protocol):
    """What a session needs of the server it runs in."""

    stopping: bool
    observer: Observer

    def answer(self, request: AssociateRequest, address: str) -> AssociateAccept | AssociateReject:
        """Return the answer to a request from an address; an acceptance takes a place, until ``leave``."""

    def leave(self) -> None:
        """Give the place back."""

    def service(self, abstract_syntax: str) -> Service:
        """Return the service for an abstract syntax that was accepted."""


class Session:
    """The life of one accepted connection; ``run`` is all of it."""

    def __init__(self, node: Node, connection: Connection, association_id: int, address: str) -> None:
        self._node = node
        self._connection = connection
        self._association = connection.association
        self._id = association_id
        self._address = address
        self._request: AssociateRequest | None = None
        self._established = 0.0  # when; 0 = never
        self._how = "lost"
        self._reader = MessageReader()
        self._sender: DataSetSender | None = None  # made when there is something to send
        self._contexts: dict[int, ServiceContext] = {}
        self._muted: frozenset[str] = frozenset()  # abstract syntaxes in which the peer may not ask
        self._exchange: Exchange | None = None
        self._chunks: list[memoryview] = []
        self._answered: Counter[StatusCategory] = Counter()

    @property
    def busy(self) -> bool:
        """Whether a message is under way, which a graceful stop lets finish."""
        return self._exchange is not None or not self._reader.idle

    def wake(self) -> None:
        """Interrupt waiting for the peer; called by the thread that stops the server."""
        self._connection.wake()

    def run(self) -> None:
        """Serve the association to its end."""
        try:
            self._association.send(TransportOpened(), time.monotonic())
            while not self._association.finished and not self._is_over():
                self._connection.receive()
                self._take_events()
                self._connection.flush()
        except OSError as error:
            self._how = "lost"
            logger.info("association %d: %s", self._id, error)
        except Exception:
            self._how = "failed"
            logger.exception("association %d: unexpected error", self._id)
            self._say_abort()
        finally:
            self._end()

    def _say_abort(self) -> None:
        try:
            self._connection.abort()
            self._connection.flush()
        except OSError:
            return

    def _is_over(self) -> bool:
        """Whether the server stops and this association may not go on."""
        if not self._node.stopping or (self.busy and not self._connection.woken):
            return False
        self._how = "stopped"
        self._say_abort()
        return True

    def _take_events(self) -> None:
        next_event = self._association.next_event
        while (event := next_event()) is not None:
            self._ON_EVENT[type(event)](self, event)
        if self._chunks:
            self._write_chunks()
        if self._connection.timed_out and self._how == "lost":
            self._how = "timed out"
            logger.warning("association %d: no PDU for %g s, aborted", self._id, self._connection.idle_seconds)
            self._leave()

    # events of the upper layer

    def _on_requested(self, event: AssociationRequested) -> None:
        request = event.request
        answer = self._node.answer(request, self._address)
        now = time.monotonic()
        self._request = request
        try:
            self._association.send(answer, now)
        finally:
            if isinstance(answer, AssociateAccept):
                self._established = now
        if isinstance(answer, AssociateReject):
            reason = REJECT_REASONS[answer.source, answer.reason]
            self._node.observer.association_refused(reason)
            logger.warning(
                "association %d: %s@%s calling %s %s",
                self._id, request.calling_aet, self._address, request.called_aet, answer.describe(),
            )  # fmt: skip
            return
        self._connection.enlarge()
        self._node.observer.association_opened()
        self._contexts = self._make_contexts(request, answer)
        self._muted = frozenset(role.sop_class_uid for role in answer.user_information.roles if not role.scu)
        logger.info(
            "association %d: %s@%s calling %s accepted, %d of %d contexts",
            self._id, request.calling_aet, self._address, request.called_aet,
            len(self._contexts), len(request.contexts),
        )  # fmt: skip

    def _make_contexts(self, request: AssociateRequest, answer: AssociateAccept) -> dict[int, ServiceContext]:
        agreed = {item.sop_class_uid: item.information for item in answer.user_information.extended}
        performers = {role.sop_class_uid for role in answer.user_information.roles if role.scp}
        accepted = self._association.contexts.values()
        performs = {
            (c.abstract_syntax, c.transfer_syntax): c.context_id for c in accepted if c.abstract_syntax in performers
        }
        return {
            c.context_id: ServiceContext(
                self._id, request.calling_aet, request.called_aet, self._address, c.context_id, c.abstract_syntax,
                c.transfer_syntax, agreed.get(c.abstract_syntax, b""), performs,
            )
            for c in accepted
        }  # fmt: skip

    def _on_data(self, event: DataReceived) -> None:
        try:
            messages = self._reader.read(event)
        except RemoteProtocolError as error:
            self._abort(str(error))
            return
        for message in messages:
            self._ON_MESSAGE[type(message)](self, message)

    def _on_release(self, _: ReleaseRequested) -> None:
        self._how = "released"
        self._association.send(ReleaseResponse(), time.monotonic())
        self._leave()

    def _on_aborted(self, event: PeerAborted) -> None:
        self._how = "aborted"
        logger.info("association %d: peer aborted, source %d, reason %d", self._id, event.source, event.reason)
        self._leave()

    def _on_violated(self, event: ProtocolViolated) -> None:
        self._how = "violated"
        logger.warning("association %d: %s aborted: %s", self._id, self._address, event.detail)
        self._leave()

    def _on_lost(self, _: ConnectionLost) -> None:
        self._leave()

    def _abort(self, detail: str) -> None:
        self._how = "violated"
        logger.warning("association %d: %s aborted: %s", self._id, self._address, detail)
        self._connection.abort()
        self._leave()

    # messages

    def _on_command(self, message: CommandReceived) -> None:
        command, exchange = message.command, self._exchange
        if exchange is not None:
            self._on_command_amid(exchange, command)
        elif command.is_response:
            self._abort(f"a response (0x{command.CommandField:04X}) to nothing")
        elif command.CommandField != CommandField.C_CANCEL_RQ:  # what it could cancel was answered before it came
            context = self._contexts[message.context_id]
            muted = context.abstract_syntax in self._muted
            service = Unauthorized() if muted else self._node.service(context.abstract_syntax)
            self._exchange = Exchange(service, context, command)
            if not command.has_data_set:
                self._finish()

    def _on_command_amid(self, exchange: Exchange, command: Command) -> None:
        """Take what may come while a request is being answered: its cancellation, and answers to our own requests."""
        operation = exchange.operation
        if command.is_response:
            if operation is None or command.MessageIDBeingRespondedTo != operation.command.MessageID:
                self._abort(f"a response (0x{command.CommandField:04X}) to nothing")
            else:
                operation.answer = command
        elif command.CommandField != CommandField.C_CANCEL_RQ:
            self._abort("a request before the one before it was answered; one operation at a time was negotiated")
        elif command.MessageIDBeingRespondedTo == exchange.command.MessageID:
            exchange.cancel()

    def _on_chunk(self, message: DataSetChunk) -> None:
        self._chunks.append(message.data)

    def _on_completed(self, _: DataSetCompleted) -> None:
        self._write_chunks()
        if self._exchange is not None and not self._exchange.answering:
            self._finish()

    def _write_chunks(self) -> None:
        chunks, self._chunks = self._chunks, []
        if self._exchange is not None and not self._exchange.answering:
            self._exchange.write(chunks)

    def _finish(self) -> None:
        """The request is complete: send what the service makes of it, as it makes it."""
        exchange = self._exchange
        assert exchange is not None
        for message in exchange.finish():
            if isinstance(message, Operation):
                self._operate(exchange, message)
            else:
                self._respond(exchange, message)
            if self._exchange is not exchange:  # the association ended amid it
                return
        self._exchange = None
        self._answered[exchange.result] += 1
        self._node.observer.message_answered(_name(exchange.command), exchange.result)

    def _respond(self, exchange: Exchange, message: Command | Response) -> None:
        now, association, context_id = time.monotonic(), self._association, exchange.context_id
        limit = association.max_fragment
        if isinstance(message, Command):
            command, encoded, data_set, more = message, write_command(message), None, False
        else:
            command, data_set, more = message
            encoded = exchange.encode(message)
        for primitive in write_fragments(context_id, encoded, limit, is_command=True):
            association.send(primitive, now)
        if data_set is not None:
            for primitive in write_fragments(context_id, data_set, limit):
                association.send(primitive, now)
        exchange.result = category(command.Status or 0)
        if exchange.result is StatusCategory.PENDING and not more:
            self._connection.flush()
            self._look()

    def _send(self, primitive: SendData) -> None:
        self._association.send(primitive, time.monotonic())

    def _look(self) -> None:
        """See what the peer says while it is being answered, without waiting: a cancellation, or the end."""
        self._take_events()
        if self._connection.has_pending() and not self._association.finished:
            self._connection.receive()
            self._take_events()
        if self._is_over():
            self._leave()

    def _operate(self, exchange: Exchange, operation: Operation) -> None:
        """Send a request to the peer and wait for its answer."""
        command, association, now = operation.command, self._association, time.monotonic()
        if operation.data_set is not None:
            command = command._replace(CommandDataSetType=DATA_SET_FOLLOWS)
        exchange.operation = operation
        for primitive in write_message(operation.context_id, command, association.max_fragment):
            association.send(primitive, now)
        if operation.data_set is not None:
            self._sender = self._sender or DataSetSender(association, self._send, self._connection.flush)
            try:
                self._sender.send(operation.context_id, operation.data_set)
            except IsocenterError as error:  # amid a message there is no other way out
                self._abort(str(error))
                return
        self._take_events()
        while operation.answer is None and self._exchange is exchange and not association.finished:
            self._connection.flush()
            self._connection.receive()
            self._take_events()
            if self._is_over():
                self._leave()
        exchange.operation = None

    # the end

    def _leave(self) -> None:
        """The association is at its end: undo what is half done, give the place back, say how it went; all once."""
        if self._exchange is not None:
            self._exchange.discard()
            self._exchange = None
        self._chunks.clear()
        if not self._established or self._request is None:
            return
        seconds = max(time.monotonic() - self._established, 1e-6)
        self._established = 0.0
        received, answered = self._connection.bytes_received, self._answered
        self._node.leave()
        self._node.observer.association_ended(self._how, received)
        logger.info(
            "association %d: %s@%s %s: %d answered, %d failed, %.1f MB in %.1f s (%.1f MB/s, %.1f/s)",
            self._id, self._request.calling_aet, self._address, self._how, answered.total(),
            answered[StatusCategory.FAILURE], received / 1e6, seconds, received / 1e6 / seconds,
            answered.total() / seconds,
        )  # fmt: skip

    def _end(self) -> None:
        self._leave()
        self._connection.close()

    _ON_EVENT: ClassVar[dict[type[Event], Callable[["Session", Any], None]]] = {
        AssociationRequested: _on_requested,
        DataReceived: _on_data,
        ReleaseRequested: _on_release,
        PeerAborted: _on_aborted,
        ProtocolViolated: _on_violated,
        ConnectionLost: _on_lost,
    }
    _ON_MESSAGE: ClassVar[dict[type[MessageEvent], Callable[["Session", Any], None]]] = {
        CommandReceived: _on_command,
        DataSetChunk: _on_chunk,
        DataSetCompleted: _on_completed,
    }


def _name(command: Command) -> str:
    """Return the name of a request without its suffix: ``C_STORE``."""
    try:
        return CommandField(command.CommandField).name.removesuffix("_RQ")
    except ValueError:
        return "unknown"
