"""One DIMSE request under way: a service's handler, so wrapped that it always answers.

This is a border: an unexpected error of a service is logged, the rest of the data set is passed over, and the answer
is a processing failure, never a success.
"""

import logging
from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

from isocenter.dimse.commands import DATA_SET_FOLLOWS, Command, respond, write_command
from isocenter.dimse.status import PROCESSING_FAILURE, StatusCategory
from isocenter.services.service import Answer, Handler, Message, Operation, Response, Service, ServiceContext

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")

_NOTHING = Answer()  # before a service has begun


class Exchange:
    """A request and the handler that takes its data set; the methods come in the order of ``Handler``'s."""

    def __init__(self, service: Service, context: ServiceContext, command: Command) -> None:
        self.command = command
        self.context_id = context.context_id
        #: Set once the request is complete and messages go out.
        self.answering = False
        #: The request to the peer whose answer is awaited.
        self.operation: Operation | None = None
        #: What the last response means.
        self.result = StatusCategory.PENDING
        self._repeated: Response | None = None
        self._encoded = b""
        self._association_id = context.association_id
        self._handler: Handler = _NOTHING
        self._messages: Iterator[Message] = iter(())
        begun = self._guarded(service.begin, context, command)
        if begun is not None:
            self._handler = begun

    def write(self, chunks: list[memoryview]) -> None:
        """Give the handler the next slices of the data set."""
        self._guarded(self._handler.write, *chunks)

    def finish(self) -> Iterator[Message]:
        """Yield what is to be sent, as the service makes it; after an error of the service its failure, if due."""
        self.answering = True
        messages = self._guarded(self._handler.finish)
        if messages is None:
            messages = self._handler.finish()
        if type(messages) is tuple and len(messages) == 1:  # most answers: one response, that nothing can go wrong in
            yield messages[0]
            messages = ()
        self._messages = iter(messages)
        while True:
            message = self._guarded(next, self._messages, None)
            if message is not None:
                yield message
            elif self.result is not StatusCategory.PENDING:
                return
            else:  # it failed, or left out its last response
                yield respond(self.command, PROCESSING_FAILURE)

    def afterwards(self) -> Generator[Operation | None] | None:
        """Return the work that goes on after the last response, if any."""
        return self._guarded(self._handler.afterwards)

    def encode(self, response: Response) -> bytes:
        """Return the command set of a response; one command after another that is the same is written once."""
        last, self._repeated = self._repeated, response
        command, with_data = response.command, response.data_set is not None
        if last is None or last.command is not command or (last.data_set is not None) is not with_data:
            self._encoded = write_command(
                command._replace(CommandDataSetType=DATA_SET_FOLLOWS) if with_data else command
            )
        return self._encoded

    def cancel(self) -> None:
        """Pass a C-CANCEL on."""
        self._guarded(self._handler.cancel)

    def discard(self) -> None:
        """Undo what was begun."""
        if isinstance(self._messages, Generator):
            self._guarded(self._messages.close)
        self._guarded(self._handler.discard)

    def _guarded(self, work: Callable[..., _Result], *arguments: object) -> _Result | None:
        """Return what a service returns; after an unexpected error, its handler is replaced and the result is None."""
        try:
            return work(*arguments)
        except Exception:
            logger.exception("association %d: unexpected error in a service", self._association_id)
        failed, self._handler = self._handler, Answer(respond(self.command, PROCESSING_FAILURE))
        if work != failed.discard:
            self._guarded(failed.discard)
        return None
