"""Several objects of a retrieval at once, each over a route of its own: for destinations on other associations.

Threads send; what became of each object is given to whoever iterates, in the order in which they end.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager

from isocenter.archive import Instance
from isocenter.errors import IsocenterError, PeerError
from isocenter.services.service import Message

#: Sends one object; what it returns is the status of its C-STORE.
Send = Callable[[Instance], Generator[Message, None, int]]
#: What became of an object: its status, or why it could not be sent.
Outcome = tuple[Instance, int | Exception]


def send_at_once(
    open_route: Callable[[], AbstractContextManager[Send]],
    instances: list[Instance],
    count: int,
    stopped: Callable[[], bool],
) -> Iterator[Outcome]:
    """Yield what became of each object; once ``stopped``, no further one is begun.

    An unexpected error of a thread is raised here.
    """
    count = min(count, len(instances))
    shared = _Shared(instances, count, stopped)
    threads = [threading.Thread(target=_work, args=(shared, open_route), name="sub-association") for _ in range(count)]
    with _running(threads):
        try:
            while count:
                outcome = shared.outcomes.get()
                if isinstance(outcome, Exception):
                    raise outcome
                if outcome is None:
                    count -= 1
                else:
                    yield outcome
        finally:
            shared.closed.set()


class _Shared:
    """What is left to be sent, and what became of the rest."""

    def __init__(self, instances: list[Instance], working: int, stopped: Callable[[], bool]) -> None:
        self.outcomes: queue.SimpleQueue[Outcome | Exception | None] = queue.SimpleQueue()
        self.closed = threading.Event()
        self._stopped = stopped
        self._lock = threading.Lock()
        self._left = deque(instances)
        self._working = working

    def take(self) -> Instance | None:
        """Return the next object; a thread that gets None is at its end."""
        with self._lock:
            if self._left and not self.closed.is_set() and not self._stopped():
                return self._left.popleft()
            self._working -= 1
            return None

    def give_back(self, instance: Instance) -> bool:
        """Leave an object to the other threads, and end; return False where there is no other."""
        with self._lock:
            if self._working == 1:
                return False
            self._working -= 1
            self._left.appendleft(instance)
            return True


def _work(shared: _Shared, open_route: Callable[[], AbstractContextManager[Send]]) -> None:
    """Send until nothing is left; a peer that takes fewer associations is content with the others."""
    reached = False
    try:
        with open_route() as send:
            while (instance := shared.take()) is not None:
                outcome = _sent(send, instance)
                if isinstance(outcome, PeerError) and not reached and shared.give_back(instance):
                    break
                reached = True
                shared.outcomes.put((instance, outcome))
    except Exception as error:  # noqa: BLE001 - raised by the thread that answers, which is a border
        shared.outcomes.put(error)
    shared.outcomes.put(None)


def _sent(send: Send, instance: Instance) -> int | Exception:
    """Send one object; on other associations there is nothing to tell the peer amid it."""
    sending = send(instance)
    try:
        while True:
            next(sending)
    except StopIteration as end:
        return int(end.value)
    except IsocenterError as error:
        return error


@contextmanager
def _running(threads: list[threading.Thread]) -> Iterator[None]:
    started: deque[threading.Thread] = deque()
    try:
        for thread in threads:
            thread.start()
            started.append(thread)
        yield
    finally:
        for thread in started:
            thread.join()
