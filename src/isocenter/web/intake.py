"""Objects on their way in over HTTP: each part goes to a reception while it arrives, and becomes a short result.

Making a part durable happens in a thread while the next parts arrive, so that many parts share its cost; how many wait
at once is bounded. Of a part that is done with, only its result is kept.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from isocenter.archive import FileReception, Receipt, Source
from isocenter.errors import IsocenterError, UsageError
from isocenter.web.node import Node

logger = logging.getLogger(__name__)

#: Bytes of one part that are written on the event loop; more go through a thread, for the disk may make them wait.
_INLINE = 1 << 20
#: Written together by a thread.
_BLOCK = 1 << 20
#: Parts of one request whose durability is waited for at once.
_PENDING = 32
#: Bytes of refused parts after which the rest of a body is not read any more.
_MAX_DROPPED = 1 << 30
_PROCESSING_FAILURE = 0x0110  # PS3.7 C.5.20
_UNEXPECTED = "something unexpected happened; the log of the server says what"

Names = tuple[str, str]  # SOP class and instance UID, "" where unknown


@dataclass(frozen=True, slots=True)
class Failure:
    """A part that was not stored: the kind of error, its DIMSE status and what it says, and who the object is."""

    kind: type[BaseException]
    reason: int
    comment: str
    sop_class_uid: str = ""
    sop_instance_uid: str = ""

    @classmethod
    def of(cls, error: BaseException, names: Names = ("", "")) -> Self:
        """Return the failure of an error, which is logged; nothing of the error itself is kept."""
        if isinstance(error, IsocenterError):
            logger.warning("an instance was refused: %s", error)
            return cls(type(error), error.dimse_status, str(error), *names)
        logger.error("an instance could not be stored", exc_info=error)
        return cls(type(error), _PROCESSING_FAILURE, _UNEXPECTED, *names)

    @property
    def is_named(self) -> bool:
        """Whether it can go into the Failed SOP Sequence, which needs both UIDs."""
        return bool(self.sop_class_uid and self.sop_instance_uid)


Result = Receipt | Failure


class Intake:
    """Takes parts one after the other and remembers what becomes of each."""

    def __init__(self, node: Node, source: Source, study: str) -> None:
        self._node = node
        self.source = source
        self._study = study
        self._reception: FileReception | None = None
        self._size = 0
        self._waiting: list[memoryview | bytes] = []
        self._waiting_size = 0
        self._results: list[Result | None] = []
        self._running: set[asyncio.Future[Receipt]] = set()
        self._dropped = 0
        self._slots = asyncio.Semaphore(_PENDING)
        self._loop = asyncio.get_running_loop()

    async def begin(self) -> None:
        """Begin a part; waits while too many are on their way to the disk."""
        await self._slots.acquire()
        self._size = 0
        try:
            self._reception = self._node.archive.receive_file(self.source, study_instance_uid=self._study)
        except IsocenterError as error:
            self._refuse(error)

    async def refuse(self, error: IsocenterError, names: Names = ("", "")) -> None:
        """Begin a part that is not wanted: its bytes are dropped."""
        await self._slots.acquire()
        self._size = 0
        self._refuse(error, names)

    async def submit(
        self, make: Callable[[], Receipt], names: Callable[[], Names], size: int
    ) -> "asyncio.Future[Receipt]":
        """Have ``make`` store an object in a thread, without waiting for it; waits while too many are on their way."""
        await self._slots.acquire()
        self._size = size
        future = self._node.threads.write(make)
        self._note(future, names)
        return future

    async def write(self, data: memoryview | bytes) -> None:
        """Take bytes of the part; those of a part that was refused are dropped.

        Raises:
            UsageError: too many were dropped; there is no use in reading on.
        """
        if self._reception is None:
            self._dropped += len(data)
            if self._dropped > _MAX_DROPPED:
                raise UsageError("most of the body is refused; the rest was not read")
            return
        self._size += len(data)
        try:
            if self._size <= _INLINE:
                self._reception.write(data)
                return
            self._waiting.append(data)
            self._waiting_size += len(data)
            if self._waiting_size >= _BLOCK:
                await self._write_waiting()
        except IsocenterError as error:
            self._refuse(error)

    async def _write_waiting(self) -> None:
        if self._reception is not None and self._waiting:
            await self._node.threads.write(self._reception.write, *self._waiting)
        self._waiting, self._waiting_size = [], 0

    async def end(self) -> None:
        """Have the part made durable, without waiting for it."""
        try:
            await self._write_waiting()
        except IsocenterError as error:
            self._refuse(error)
        reception, self._reception = self._reception, None
        if reception is not None:
            self._note(self._node.threads.write(reception.finish), lambda: _announced(reception))

    def _refuse(self, error: IsocenterError, names: Names = ("", "")) -> None:
        """Drop the part and remember why."""
        reception = self._reception
        self.abandon()
        refused: asyncio.Future[Receipt] = self._loop.create_future()
        refused.set_exception(error)
        self._note(refused, (lambda: names) if reception is None else (lambda: _announced(reception)))

    def _note(self, future: "asyncio.Future[Receipt]", names: Callable[[], Names]) -> None:
        """Put the future's result at its place when it is there."""
        size, place = self._size, len(self._results)
        self._results.append(None)
        self._running.add(future)

        def done(finished: "asyncio.Future[Receipt]") -> None:
            self._running.discard(finished)
            self._slots.release()
            error = asyncio.CancelledError() if finished.cancelled() else finished.exception()
            result = finished.result() if error is None else Failure.of(error, names())
            self._results[place] = result
            outcome = result.outcome.name.lower() if isinstance(result, Receipt) else "failed"
            self._node.metrics.instance_received(outcome, size)

        future.add_done_callback(done)

    def abandon(self) -> None:
        """Drop a part that did not come to its end."""
        self._waiting, self._waiting_size = [], 0
        if self._reception is not None:
            self._reception.discard()
            self._reception = None

    async def results(self) -> list[Result]:
        """Wait until every part is durable or failed; results in the order of the parts."""
        while self._running:
            await asyncio.wait(self._running)
        return [result for result in self._results if result is not None]


def _announced(reception: FileReception) -> Names:
    """Return SOP class and instance UID of the file meta information, ``""`` where there is none."""
    meta = reception.file_meta
    return ("", "") if meta is None else (meta.sop_class_uid, meta.sop_instance_uid)
