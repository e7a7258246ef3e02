"""Threads for what blocks, apart by kind, so that a queue of pictures does not hold up a query.

Readers wait for index and disk, painters compute pictures and decode frames, writers wait until stores are durable.
While objects arrive, frames are read in turns: each thread that runs is one more that a store waits for at every step,
since the interpreter is given round.
"""

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_READERS = 8
#: Seconds between two turns: some 900 frames a second are left.
_REST = 0.0006
#: Stores that wait for durability at once share its cost (group commit).
_WRITERS = 32


class Threads:
    """The pools of one application; threads are started when they are needed. ``busy``: whether objects arrive."""

    def __init__(self, busy: Callable[[], bool] = bool) -> None:
        self._busy = busy
        self._turns = ThreadPoolExecutor(1, "isocenter-turn")
        self._next_turn = 0.0
        self._readers = ThreadPoolExecutor(_READERS, "isocenter-read")
        self._most_painters = max(2, os.cpu_count() or 1)
        self._painters = ThreadPoolExecutor(self._most_painters, "isocenter-paint")
        self._painting = 0
        self._writers = ThreadPoolExecutor(_WRITERS, "isocenter-store")

    def read(self, function: Callable[[*Ts], T], *arguments: *Ts) -> asyncio.Future[T]:
        """Call what waits for index or disk."""
        return _run(self._readers, function, *arguments)

    def read_in_turn(self, function: Callable[[*Ts], T], *arguments: *Ts) -> asyncio.Future[T]:
        """Call what waits for index or disk, does not take long and is asked for often."""
        if self._busy():
            return _run(self._turns, self._in_turn, function, *arguments)
        return self.read(function, *arguments)

    def paint(self, function: Callable[[*Ts], T], *arguments: *Ts) -> asyncio.Future[T]:
        """Call what computes."""
        self._painting += 1
        painted = _run(self._painters, function, *arguments)
        painted.add_done_callback(self._painted)
        return painted

    def _painted(self, _: object) -> None:
        self._painting -= 1

    @property
    def crowded(self) -> bool:
        """Whether what computes would have to wait for more than one that computes now."""
        return self._painting >= 2 * self._most_painters

    def write(self, function: Callable[[*Ts], T], *arguments: *Ts) -> asyncio.Future[T]:
        """Call what waits until something is durable."""
        return _run(self._writers, function, *arguments)

    def _in_turn(self, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
        rest = self._next_turn - time.monotonic()
        if rest > 0:
            time.sleep(rest)
        try:
            return function(*arguments)
        finally:
            self._next_turn = time.monotonic() + _REST

    def close(self) -> None:
        """End the threads; what they are doing is finished first, what has not begun is dropped but for stores."""
        self._readers.shutdown(cancel_futures=True)
        self._turns.shutdown(cancel_futures=True)
        self._painters.shutdown(cancel_futures=True)
        self._writers.shutdown()


def _run(executor: Executor, function: Callable[[*Ts], T], *arguments: *Ts) -> asyncio.Future[T]:
    return asyncio.get_running_loop().run_in_executor(executor, function, *arguments)
