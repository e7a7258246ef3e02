"""Threads for what blocks, apart by kind, so that a queue of pictures does not hold up a query.

Readers wait for index and disk, painters compute pictures and decode frames, writers wait until stores are durable.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_READERS = 8
#: Stores that wait for durability at once share its cost (group commit).
_WRITERS = 32


class Threads:
    """The pools of one application; threads are started when they are needed."""

    def __init__(self) -> None:
        self._readers = ThreadPoolExecutor(_READERS, "isocenter-read")
        self._painters = ThreadPoolExecutor(max(2, os.cpu_count() or 1), "isocenter-paint")
        self._writers = ThreadPoolExecutor(_WRITERS, "isocenter-store")

    def read(self, function: Callable[[*Ts], T], *arguments: *Ts) -> asyncio.Future[T]:
        """Call what waits for index or disk."""
        return _run(self._readers, function, *arguments)

    def paint(self, function: Callable[[*Ts], T], *arguments: *Ts) -> asyncio.Future[T]:
        """Call what computes."""
        return _run(self._painters, function, *arguments)

    def write(self, function: Callable[[*Ts], T], *arguments: *Ts) -> asyncio.Future[T]:
        """Call what waits until something is durable."""
        return _run(self._writers, function, *arguments)

    def close(self) -> None:
        """End the threads; what they are doing is finished first, what has not begun is dropped but for stores."""
        self._readers.shutdown(cancel_futures=True)
        self._painters.shutdown(cancel_futures=True)
        self._writers.shutdown()


def _run(executor: Executor, function: Callable[[*Ts], T], *arguments: *Ts) -> asyncio.Future[T]:
    return asyncio.get_running_loop().run_in_executor(executor, function, *arguments)
