"""One DIMSE request under way: a service's handler, so wrapped that it always answers.

This is a border: an unexpected error of a service is logged, the rest of the data set is passed over, and the answer
is a processing failure, never a success.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from isocenter.dimse.commands import Command, respond
from isocenter.dimse.status import PROCESSING_FAILURE
from isocenter.services.service import Answer, Handler, Service, ServiceContext

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")

_NOTHING = Answer()  # before a service has begun


class Exchange:
    """A request and the handler that takes its data set; the methods come in the order of ``Handler``'s."""

    def __init__(self, service: Service, context: ServiceContext, command: Command) -> None:
        self.command = command
        self.context_id = context.context_id
        self._association_id = context.association_id
        self._handler: Handler = _NOTHING
        begun = self._guarded(service.begin, context, command)
        if begun is not None:
            self._handler = begun

    def write(self, chunks: list[memoryview]) -> None:
        """Give the handler the next slices of the data set."""
        self._guarded(self._handler.write, *chunks)

    def finish(self) -> list[Command]:
        """Return the responses."""
        responses = self._guarded(self._responses)
        return self._responses() if responses is None else responses

    def discard(self) -> None:
        """Undo what was begun."""
        self._guarded(self._handler.discard)

    def _responses(self) -> list[Command]:
        return list(self._handler.finish())

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
