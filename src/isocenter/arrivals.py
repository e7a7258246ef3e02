"""When objects last arrived, told among all processes of a node, so that what can wait a moment does."""

import ctypes
import multiprocessing
import time
from typing import Self

#: Seconds after its last bytes in which a sender is taken to be at it still.
_LULL = 0.05


class Arrivals:
    """When the last bytes came, in any process that shares this."""

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
        """Bytes have come."""
        self._last.value = time.monotonic()

    def within(self, seconds: float) -> bool:
        """Tell whether bytes have come in the last ``seconds``."""
        return time.monotonic() - self._last.value < seconds

    @property
    def going_on(self) -> bool:
        """Whether objects are arriving."""
        return self.within(_LULL)
