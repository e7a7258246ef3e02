"""An interruption that another thread, or a signal handler, gives while somebody waits for a peer."""

import contextlib
import socket


class Interrupt:
    """Given once; who waits also for ``fileno`` to be readable sees it at once."""

    def __init__(self) -> None:
        self.given = False
        self._receiver, self._sender = socket.socketpair()

    def give(self) -> None:
        """Interrupt."""
        self.given = True
        with contextlib.suppress(OSError):  # closed: nobody waits any more
            self._sender.send(b"\0")

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._receiver.fileno()

    def close(self) -> None:
        """Close both ends."""
        self._receiver.close()
        self._sender.close()
