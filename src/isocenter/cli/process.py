"""What each process of a node does first: its log, its signals, how it shares the interpreter among threads."""

import gc
import logging
import os
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from isocenter.settings import Settings

#: Seconds that a busy thread may keep the interpreter from one that has data waiting. A store gives it up some ten
#: times (at each read, write and sync), so with Python's 5 ms one thread that computes would slow it down fivefold.
SWITCH_INTERVAL = 0.0002
#: New containers until the collector of cycles looks for garbage. An answer is made of thousands of small ones that are
#: in no cycle: at Python's 700 the looking takes up to two fifths of the time of a search.
COLLECT_AFTER = 10_000


def tune() -> None:
    """Set how threads share the interpreter, and how often it collects."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.set_threshold(COLLECT_AFTER)


def configure_logging(settings: Settings) -> None:
    """Log to standard error at the level set."""
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    for name in ("alembic", "uvicorn.access", "uvicorn.error"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    keep_values_out()


def keep_values_out() -> None:
    """Keep pydicom from logging and printing the values that it finds fault with: they may be a patient's."""
    logging.getLogger("pydicom").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pydicom")


@contextmanager
def stop_on_signals(*numbers: signal.Signals, insist: bool = True) -> Iterator[threading.Event]:
    """Give an event that SIGINT or SIGTERM (or those named) sets; a second one ends the process at once.

    Without ``insist`` it does not: others see to the end.

    The interpreter writes each signal to a socket at once, where a thread waits. A handler in Python would run when
    the main thread comes back to it: not at all if the signal came just before that began to wait.
    """
    stop = threading.Event()
    receiver, sender = socket.socketpair()
    sender.setblocking(False)

    def watch() -> None:
        if receiver.recv(1):
            stop.set()
            while again := receiver.recv(1):
                if insist:
                    os._exit(128 + again[0])

    thread = threading.Thread(target=watch, name="signals", daemon=True)
    before = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)  # first: nothing may be taken in vain
    previous = {number: signal.signal(number, _note) for number in numbers or (signal.SIGINT, signal.SIGTERM)}
    thread.start()
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        sender.close()
        thread.join()
        receiver.close()


def _note(_number: int, _frame: FrameType | None) -> None:
    """Have the interpreter take a signal."""
