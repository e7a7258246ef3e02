"""The processes of a node that answer the web, beside the one that speaks DICOM.

Apart, so that who reads does not keep who stores waiting for the interpreter, and a picture that brings a decoder down
stops no transfer. One that has died is replaced; all end with the process that started them.
"""

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext

from isocenter.arrivals import Arrivals
from isocenter.cli.ports import Sockets
from isocenter.cli.process import configure_logging, stop_on_signals, tune
from isocenter.errors import ConfigurationError
from isocenter.settings import Settings

log = logging.getLogger(__name__)

_GO, _READY, _COUNTERS = "go", "ready", "counters"


class Workers:
    """The web processes of a node. ``counters`` returns what the DICOM part has counted, which any of them may ask."""

    def __init__(
        self, settings: Settings, sockets: Sockets, arrivals: Arrivals, counters: Callable[[], dict[str, int]]
    ) -> None:
        self._settings = settings
        self._counters = counters
        self._context = multiprocessing.get_context("spawn")
        self._arguments = (settings, Sockets(None, None, sockets.http), arrivals)  # they take no DICOM connections
        self._workers = [_Worker(self._context, self._arguments) for _ in range(settings.workers)]

    def start(self, stop: threading.Event) -> None:
        """Return once all serve, or ``stop`` is set.

        Raises:
            ConfigurationError: one ended before it could serve; another would, too.
        """
        self._wake, waker = self._context.Pipe(duplex=False)
        threading.Thread(target=_tell_when_set, args=(stop, waker), daemon=True).start()
        for worker in self._workers:
            worker.begin()
        self._attend(stop, lambda: all(worker.serves for worker in self._workers))

    def watch(self, stop: threading.Event) -> None:
        """Answer them, and replace those that die, until ``stop`` is set.

        Raises:
            ConfigurationError: one that replaces another ended before it could serve.
        """
        self._attend(stop, lambda: False)

    def _attend(self, stop: threading.Event, is_enough: Callable[[], bool]) -> None:
        while not stop.is_set() and not is_enough():
            talking = wait([self._wake, *(worker.pipe for worker in self._workers)])
            for worker in [each for each in self._workers if each.pipe in talking]:
                if not worker.answer(self._counters) and not stop.is_set():
                    self._replace(worker)

    def _replace(self, dead: "_Worker") -> None:
        if not dead.serves:
            raise ConfigurationError("a web process could not start; the lines above say why")
        dead.end(1)
        log.error("web process %d ended with %s; starting another", dead.process.pid, dead.process.exitcode)
        successor = self._workers[self._workers.index(dead)] = _Worker(self._context, self._arguments)
        successor.begin()

    def stop(self) -> None:
        """Ask all to end; they finish what they are doing, and get no more answers."""
        for worker in self._workers:
            worker.process.terminate()
            worker.pipe.close()

    def join(self) -> None:
        """Wait until all have ended."""
        for worker in self._workers:
            worker.end(self._settings.shutdown_seconds + 5)


class _Worker:
    """One process, and the pipe to it: it is told to go, says that it serves, then asks for counters."""

    def __init__(self, context: SpawnContext, arguments: tuple[Settings, Sockets, Arrivals]) -> None:
        self.serves = False
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_run, args=(*arguments, theirs))
        self.process.start()
        theirs.close()

    def begin(self) -> None:
        """Tell it to go; one that has ended already is found by whoever attends."""
        with contextlib.suppress(OSError):
            self.pipe.send(_GO)

    def answer(self, counters: Callable[[], dict[str, int]]) -> bool:
        """Take what it says, and answer a question; tell whether it said anything, since an ended process does not."""
        try:
            if self.pipe.recv() == _READY:
                self.serves = True
            else:
                self.pipe.send(counters())
        except (EOFError, OSError):
            return False
        return True

    def end(self, seconds: float) -> None:
        """Wait for its end, at most so long."""
        self.process.join(seconds)
        self.process.kill()
        self.process.join()
        self.pipe.close()


class _Questions:
    """The worker's side of the pipe."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()

    def counters(self) -> dict[str, int]:
        """Ask the DICOM part what it has counted; nothing when it is going down."""
        with self._lock:
            try:
                self._pipe.send(_COUNTERS)
                answer: dict[str, int] = self._pipe.recv()
            except (EOFError, OSError):
                return {}
            return answer


def _run(settings: Settings, sockets: Sockets, arrivals: Arrivals, pipe: Connection) -> None:
    """Be one web process; ends on SIGTERM. An interrupt from the keyboard is for the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from isocenter.cli.web_part import serve_web  # noqa: PLC0415 - the process that speaks DICOM does not need it

    configure_logging(settings)
    tune()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    pipe.recv()
    with stop_on_signals(signal.SIGTERM, insist=False) as stop:  # who ends them at once is the one that started them
        serve_web(settings, sockets, arrivals, _Questions(pipe).counters, partial(_say_ready, pipe), stop)


def _tell_when_set(event: threading.Event, pipe: Connection) -> None:
    event.wait()
    _say_ready(pipe)


def _say_ready(pipe: Connection) -> None:
    with contextlib.suppress(OSError):  # nobody waits for it any more
        pipe.send(_READY)


def _end_with_parent() -> None:
    """End at once when the process that started this one has died, or its successor would find the ports taken."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
