"""A thread that does a round of work, waits, and does the next, until it is told to stop.

This is a border: an unexpected error is logged, and the next round tries again.
"""

import logging
import threading
from collections.abc import Callable

_LOG = logging.getLogger(__name__)


class Worker:
    """Calls ``work`` at once, then after as many seconds as it returns, after an error ``pause``."""

    def __init__(self, name: str, work: Callable[[], float], pause: float) -> None:
        self._name = name
        self._work = work
        self._pause = pause
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, if it is not there."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread after the round that it is at; rests are cut short from now on."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def rest(self, seconds: float) -> None:
        """Wait amid a round, unless the end is near."""
        self._stop.wait(seconds)

    def _run(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            try:
                pause = self._work()
            except Exception:  # noqa: BLE001 - the border of this worker
                pause = self._pause
                _LOG.exception("%s failed", self._name)
