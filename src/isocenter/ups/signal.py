"""A signal within a process: there may be new reports. Other processes find them in the index."""

import threading
from collections.abc import Callable


class Signal:
    """Calls all listeners when it is given; they return at once and never fail."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Add a listener; return what removes it."""
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._remove(listener)

    def give(self) -> None:
        """Call the listeners."""
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()

    def _remove(self, listener: Callable[[], None]) -> None:
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)
