"""The messages of one accepted association: requests come in, what the services make of them goes out (PS3.7 9.1).

The other half of ``session``, which owns the association itself. One operation at a time, as was negotiated; between
two responses the peer is listened to, for its cancellation or its end.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
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
from isocenter.net.afterwork import Afterwork
from isocenter.net.connection import Connection
from isocenter.net.exchange import Exchange
from isocenter.net.gate import Unauthorized
from isocenter.net.observer import Observer
from isocenter.net.sending import DataSetSender
from isocenter.services.service import Operation, Response, Service, ServiceContext
from isocenter.ul.events import DataReceived, SendData

#: Requests that come from the provider of a SOP class, whoever asked for the association.
_BY_PROVIDERS = frozenset({CommandField.N_EVENT_REPORT_RQ})


class Provider(Protocol):
    """Who has the services, and is told what was answered."""

    observer: Observer

    def service(self, abstract_syntax: str) -> Service:
        """Return the service for an abstract syntax that was accepted."""


class Life(Protocol):
    """The association's life, which goes on while a request is answered."""

    def take_events(self) -> None:
        """Deal with everything that the association has to tell."""

    def break_off(self, detail: str) -> None:
        """Abort for what the peer did, or for what could not be brought to its end."""

    def end_if_stopping(self) -> None:
        """End the association where the server stops and it may not go on."""


class Answering:
    """Reads requests and answers them; ``read`` and ``write_chunks`` come from the association's events."""

    def __init__(self, provider: Provider, life: Life, connection: Connection) -> None:
        self.answered: Counter[StatusCategory] = Counter()
        self._provider = provider
        self._life = life
        self._connection = connection
        self._association = connection.association
        self._reader = MessageReader()
        self._sender: DataSetSender | None = None  # made when there is something to send
        self._contexts: Mapping[int, ServiceContext] = {}
        self._muted: frozenset[str] = frozenset()
        self._exchange: Exchange | None = None
        self._chunks: list[memoryview] = []
        self._afterwork = Afterwork()

    @property
    def busy(self) -> bool:
        """Whether a message is under way, which a graceful stop lets finish."""
        return self._exchange is not None or not self._reader.idle

    @property
    def has_work(self) -> bool:
        """Whether there is something to go on with while the peer asks for nothing."""
        return self._afterwork.ready and not self.busy

    def work(self) -> None:
        """Go on with it for one step."""
        operation = self._afterwork.step()
        if operation is not None:
            self._invoke(operation)

    def begin(self, contexts: Mapping[int, ServiceContext], muted: frozenset[str]) -> None:
        """The association stands; in ``muted`` abstract syntaxes the peer may not ask."""
        self._contexts = contexts
        self._muted = muted

    def read(self, event: DataReceived) -> None:
        """Take what one PDU brought."""
        try:
            messages = self._reader.read(event)
        except RemoteProtocolError as error:
            self._life.break_off(str(error))
            return
        for message in messages:
            self._ON_MESSAGE[type(message)](self, message)

    def write_chunks(self) -> None:
        """Pass on what came of a data set, before the buffer it lies in is used again."""
        if not self._chunks:
            return
        chunks, self._chunks = self._chunks, []
        if self._exchange is not None and not self._exchange.answering:
            self._exchange.write(chunks)

    def discard(self) -> None:
        """Undo what is half done: the association is at its end."""
        if self._exchange is not None:
            self._exchange.discard()
            self._exchange = None
        self._afterwork.discard()
        self._chunks.clear()

    # what comes in

    def _on_command(self, message: CommandReceived) -> None:
        command, exchange = message.command, self._exchange
        if exchange is not None:
            self._on_command_amid(exchange, command)
        elif command.is_response:
            if not self._take_answer(command):
                self._life.break_off(f"a response (0x{command.CommandField:04X}) to nothing")
        elif command.CommandField != CommandField.C_CANCEL_RQ:  # what it could cancel was answered before it came
            context = self._contexts[message.context_id]
            muted = context.abstract_syntax in self._muted and command.CommandField not in _BY_PROVIDERS
            service = Unauthorized() if muted else self._provider.service(context.abstract_syntax)
            self._exchange = Exchange(service, context, command)
            if not command.has_data_set:
                self._finish()

    def _on_command_amid(self, exchange: Exchange, command: Command) -> None:
        """Take what may come while a request is being answered: its cancellation, and answers to our own requests."""
        operation = exchange.operation
        if command.is_response:
            if self._take_answer(command):
                return
            if operation is None or command.MessageIDBeingRespondedTo != operation.command.MessageID:
                self._life.break_off(f"a response (0x{command.CommandField:04X}) to nothing")
            else:
                operation.answer = command
        elif command.CommandField != CommandField.C_CANCEL_RQ:
            self._life.break_off(
                "a request before the one before it was answered; one operation at a time was negotiated"
            )
        elif command.MessageIDBeingRespondedTo == exchange.command.MessageID:
            exchange.cancel()

    def _take_answer(self, command: Command) -> bool:
        """Tell whether this answers what work after another answer asked; that goes on before the peer may end it."""
        taken = self._afterwork.take(command)
        if taken:
            self.work()
        return taken

    def _on_chunk(self, message: DataSetChunk) -> None:
        self._chunks.append(message.data)

    def _on_completed(self, _: DataSetCompleted) -> None:
        self.write_chunks()
        if self._exchange is not None and not self._exchange.answering:
            self._finish()

    # what goes out

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
        self._afterwork.add(exchange.afterwards())
        self.answered[exchange.result] += 1
        self._provider.observer.message_answered(_name(exchange.command), exchange.result)

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

    def _look(self) -> None:
        """See what the peer says while it is being answered, without waiting: a cancellation, or the end."""
        self._life.take_events()
        if self._connection.has_pending() and not self._association.finished:
            self._connection.receive()
            self._life.take_events()
        self._life.end_if_stopping()

    def _operate(self, exchange: Exchange, operation: Operation) -> None:
        """Send a request to the peer and wait for its answer."""
        association = self._association
        exchange.operation = operation
        if not self._invoke(operation):
            return
        self._life.take_events()
        while operation.answer is None and self._exchange is exchange and not association.finished:
            self._connection.flush()
            self._connection.receive()
            self._life.take_events()
            self._life.end_if_stopping()
        exchange.operation = None

    def _invoke(self, operation: Operation) -> bool:
        """Send a request to the peer; return False where that ended the association."""
        command, association, now = operation.command, self._association, time.monotonic()
        if operation.data_set is not None:
            command = command._replace(CommandDataSetType=DATA_SET_FOLLOWS)
        for primitive in write_message(operation.context_id, command, association.max_fragment):
            association.send(primitive, now)
        if operation.data_set is not None:
            self._sender = self._sender or DataSetSender(association, self._send, self._connection.flush)
            try:
                self._sender.send(operation.context_id, operation.data_set)
            except IsocenterError as error:  # amid a message there is no other way out
                self._life.break_off(str(error))
                return False
        return True

    def _send(self, primitive: SendData) -> None:
        self._association.send(primitive, time.monotonic())

    _ON_MESSAGE: ClassVar[dict[type[MessageEvent], Callable[["Answering", Any], None]]] = {
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
