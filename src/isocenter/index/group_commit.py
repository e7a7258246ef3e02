"""Many threads, one commit: who comes first commits for all that wait, and hands over to one of the next.

A thread alone pays nothing for it: it leads at once and no other thread is woken. Knows nothing of databases.
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Ticket(Generic[Item, Result]):
    """One thread's item; its gate opens when there is a result or when this thread is to lead."""

    __slots__ = ("failure", "gate", "item", "result")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.result: Result | None = None
        self.failure: BaseException | None = None
        self.gate = threading.Lock()
        self.gate.acquire()


class GroupCommit(Generic[Item, Result]):
    """Runs ``commit`` with the items of all threads that wait; ``commit`` returns a result or an error for each."""

    def __init__(self, commit: Callable[[list[Item]], list[Result | BaseException]]) -> None:
        self._commit = commit
        self._mutex = threading.Lock()
        self._waiting: list[_Ticket[Item, Result]] = []
        self._led = False

    def submit(self, item: Item) -> Result:
        """Have the item committed and return its result, or raise its error."""
        ticket: _Ticket[Item, Result] = _Ticket(item)
        with self._mutex:
            self._waiting.append(ticket)
            leads = not self._led
            self._led = True
        if not leads:
            ticket.gate.acquire()
        if ticket.result is None and ticket.failure is None:
            self._lead()
        if ticket.failure is not None:
            raise ticket.failure
        assert ticket.result is not None
        return ticket.result

    def _lead(self) -> None:
        with self._mutex:
            batch, self._waiting = self._waiting, []
        try:
            results = self._commit([ticket.item for ticket in batch])
        except BaseException as error:  # the others must not wait for ever
            results = [error] * len(batch)
            raise
        finally:
            for ticket, result in zip(batch, results, strict=True):
                if isinstance(result, BaseException):
                    ticket.failure = result
                else:
                    ticket.result = result
            with self._mutex:
                successor = self._waiting[0] if self._waiting else None
                self._led = successor is not None
            for ticket in batch:
                ticket.gate.release()
            if successor is not None:
                successor.gate.release()
