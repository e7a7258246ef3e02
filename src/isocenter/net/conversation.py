"""What follows on a request of ours: its responses, and the peer's own requests in between (PS3.7 9.1).

A requestor's counterpart of ``session``: the peer's requests (the C-STOREs of a C-GET) go to a service, by the same
``Exchange`` that the server uses.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from isocenter.dimse.commands import Command
from isocenter.dimse.message import (
    CommandReceived,
    DataSetChunk,
    DataSetCompleted,
    MessageEvent,
    MessageReader,
    write_message,
)
from isocenter.dimse.status import StatusCategory, category
from isocenter.errors import PeerError, RemoteProtocolError
from isocenter.net.exchange import Exchange
from isocenter.net.requestor import Requestor
from isocenter.services.service import Operation, Response, Service, ServiceContext
from isocenter.ul.events import DataReceived, Event

#: An identifier or event information in a response is never longer than this.
_MAX_DATA_SET = 1 << 24


class Conversation:
    """Yields the responses to ``request``, which was sent, up to the last one; None stands for any request.

    Raises:
        PeerError: the association broke off, or the peer sent what does not belong here.
    """

    def __init__(
        self,
        requestor: Requestor,
        request: Command | None,
        service: Service | None,
        contexts: Mapping[int, ServiceContext],
    ) -> None:
        self._requestor = requestor
        self._request = request
        self._service = service
        self._contexts = contexts
        self._reader = MessageReader()
        self._response: Command | None = None
        self._data = bytearray()
        self._exchange: Exchange | None = None
        self._ready: Response | None = None

    def __iter__(self) -> Iterator[Response]:
        """Yield each response as it comes."""
        try:
            while True:
                self._take(self._requestor.wait_for(DataReceived))
                if self._ready is not None:
                    response, self._ready = self._ready, None
                    yield response
                    if category(response.command.Status or 0) is not StatusCategory.PENDING:
                        return
        except PeerError:
            self._discard()
            raise

    def attend(self, seconds: float, done: Callable[[], bool]) -> None:
        """Answer requests until ``done`` says so after one of them, or time is up."""
        deadline = time.monotonic() + seconds
        try:
            while not done() and (event := self._requestor.wait_until(deadline, DataReceived)) is not None:
                self._take(event)
        except PeerError:
            self._discard()
            raise

    def _take(self, event: Event) -> None:
        assert isinstance(event, DataReceived)
        for message in self._read(event):
            self._ON_MESSAGE[type(message)](self, message)

    def _discard(self) -> None:
        if self._exchange is not None:
            self._exchange.discard()

    def _read(self, event: DataReceived) -> tuple[MessageEvent, ...]:
        try:
            return self._reader.read(event)
        except RemoteProtocolError as error:
            raise self._broken(f"sent what is no DIMSE response: {error}") from error

    def _on_command(self, message: CommandReceived) -> None:
        command = message.command
        if command.is_response:
            self._response = command
        elif self._service is None or message.context_id not in self._contexts:
            raise self._broken(f"sent a request (0x{command.CommandField:04X}) that it may not send")
        else:
            self._exchange = Exchange(self._service, self._contexts[message.context_id], command)
        if not command.has_data_set:
            self._on_completed(message)

    def _on_chunk(self, message: DataSetChunk) -> None:
        if self._exchange is not None:
            self._exchange.write([message.data])
        elif len(self._data) + len(message.data) > _MAX_DATA_SET:
            raise self._broken(f"sent a response with more than {_MAX_DATA_SET >> 20} MiB")
        else:
            self._data += message.data

    def _on_completed(self, _: CommandReceived | DataSetCompleted) -> None:
        if self._exchange is not None:
            exchange, self._exchange = self._exchange, None
            self._answer(exchange)
            return
        assert self._response is not None
        if self._request is None or self._response.MessageIDBeingRespondedTo == self._request.MessageID:
            self._ready = Response(self._response, bytes(self._data) if self._response.has_data_set else None)
        self._data.clear()

    def _answer(self, exchange: Exchange) -> None:
        """Send what the service answers to a request of the peer."""
        for message in exchange.finish():
            assert not isinstance(message, Operation)
            command, data_set, _ = Response(message) if isinstance(message, Command) else message
            exchange.result = category(command.Status or 0)
            limit = self._requestor.core.max_fragment
            for primitive in write_message(exchange.context_id, command, limit, data_set):
                self._requestor.send(primitive)
        self._requestor.flush()

    def _broken(self, what: str) -> PeerError:
        self._requestor.abort()
        return PeerError(f"{self._requestor.peer} {what}; the association was aborted")

    _ON_MESSAGE: ClassVar[dict[type[MessageEvent], Callable[["Conversation", Any], None]]] = {
        CommandReceived: _on_command,
        DataSetChunk: _on_chunk,
        DataSetCompleted: _on_completed,
    }
