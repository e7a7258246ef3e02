"""When objects, or requests, last arrived, told among processes if need be, so that what can wait a moment does."""

import ctypes
import multiprocessing
import time
from typing import Self

#: Seconds after the last in which a sender, or who asks, is taken to be at it still.
_LULL = 0.05


class Arrivals:
    """When the last came, in any process that shares this."""

    def __init__(self, last: ctypes.c_double) -> None:
        self._last = last

    @classmethod
    def of_process(cls) -> Self:
        """Return those of this process."""
        return cls(ctypes.c_double())

    @classmethod
    def shared(cls) -> Self:
        """Return some to be handed to processes that this one starts."""
        return cls(multiprocessing.RawValue(ctypes.c_double))

    def note(self) -> None:
        """Something has come."""
        self._last.value = time.monotonic()

    def within(self, seconds: float) -> bool:
        """Tell whether something has come in the last ``seconds``."""
        return time.monotonic() - self._last.value < seconds

    @property
    def going_on(self) -> bool:
        """Whether they are coming just now."""
        return self.within(_LULL)
