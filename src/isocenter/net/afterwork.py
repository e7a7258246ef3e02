"""What services still do after they have answered, while the association stands: step by step, one after the other.

A step may be a request to the peer; until that is answered, nothing goes on. This is a border: an unexpected error is
logged and ends this work, not the association.
"""

import logging
from collections import deque
from collections.abc import Generator

from isocenter.dimse.commands import Command
from isocenter.services.service import Operation

logger = logging.getLogger(__name__)

_RESPONSE = 0x8000


class Afterwork:
    """The work of one association."""

    def __init__(self) -> None:
        #: Whether there is a step to be taken.
        self.ready = False
        self._queue: deque[Generator[Operation | None]] = deque()
        self._operation: Operation | None = None

    def add(self, work: Generator[Operation | None] | None) -> None:
        """Put work behind what there is."""
        if work is not None:
            self._queue.append(work)
            self._settle()

    def step(self) -> Operation | None:
        """Take the next step; what it returns is to be sent."""
        try:
            self._operation = next(self._queue[0])
        except StopIteration:
            self._queue.popleft()
        except Exception:
            logger.exception("unexpected error in a service, after it had answered")
            self._queue.popleft()
        self._settle()
        return self._operation

    def take(self, answer: Command) -> bool:
        """Tell whether this is the answer to what was sent; the work goes on then."""
        operation = self._operation
        if operation is None or answer.CommandField != operation.command.CommandField | _RESPONSE:
            return False
        if answer.MessageIDBeingRespondedTo != operation.command.MessageID:
            return False
        operation.answer = answer
        self._operation = None
        self._settle()
        return True

    def discard(self) -> None:
        """End all work: the association is over."""
        self._operation = None
        while self._queue:
            try:
                self._queue.popleft().close()
            except Exception:
                logger.exception("unexpected error in a service, at the end of an association")
        self._settle()

    def _settle(self) -> None:
        self.ready = bool(self._queue) and self._operation is None
