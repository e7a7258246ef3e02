"""A thread that waits for the disk while another one works. Knows a descriptor and nothing else.

Two locks hand over, which wakes the other thread directly; a queue or a future would cost more than the wait.
"""

import os
import threading


class Syncer:
    """Runs one ``fsync`` at a time: ``begin``, then ``end``."""

    def __init__(self) -> None:
        self._descriptor = -1
        self._error: OSError | None = None
        self._go, self._done = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._done.acquire()
        self._thread = threading.Thread(target=self._run, name="syncer", daemon=True)
        self._thread.start()

    def begin(self, descriptor: int) -> None:
        """Start to make the file durable; it stays open until ``end``."""
        self._descriptor = descriptor
        self._go.release()

    def end(self) -> OSError | None:
        """Wait for it, and return what went wrong."""
        self._done.acquire()
        error, self._error = self._error, None
        return error

    def stop(self) -> None:
        """End the thread; no ``fsync`` may be running."""
        self._descriptor = -1
        self._go.release()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._go.acquire()
            if self._descriptor < 0:
                return
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                self._error = error
            self._done.release()
