"""One TCP connection under an association: bytes in, bytes out, and the clock. Either side uses it.

What the bytes go through, plain TCP or TLS, is ``stream``'s. The peer is bounded by progress, not by bytes: an
association in which no PDU was completed for the idle time is at its end, however slowly bytes may trickle in.
"""

import socket
import time

from isocenter.net.stream import make_stream
from isocenter.ul.association import Association
from isocenter.ul.pdu import Abort

#: Until the association stands only small PDUs come; a thousand waiting peers shall not hold large buffers.
SMALL_BUFFER = 16 * 1024
#: Measured: 128 KiB to 1 MiB are alike, and a receive buffer of the kernel fixed by SO_RCVBUF is up to a fifth slower
#: than the one it tunes itself, so none is set.
LARGE_BUFFER = 256 * 1024

_MAX_PARTS = 512  # of one sendmsg; the kernel takes 1024
_SHORTEST_WAIT = 0.001


class Connection:
    """A connected socket and its association.

    ``idle_seconds`` bounds the time between completed PDUs of an established association and the time that one
    write may take.
    """

    def __init__(self, sock: socket.socket, association: Association, idle_seconds: float) -> None:
        self.association = association
        self.idle_seconds = idle_seconds
        self.bytes_received = 0
        self.timed_out = False
        self.woken = False
        #: What ended reading, where it was not the peer in good order.
        self.failure: OSError | None = None
        self._stream = make_stream(sock)
        self._recv_into = self._stream.recv_into
        self._buffer = memoryview(bytearray(SMALL_BUFFER))
        self._kernel_timeout = -1.0
        self._pdus = 0
        self._progress = time.monotonic()
        self._stream.write_at_most(idle_seconds)

    def open(self, seconds: float) -> str:
        """Shake hands where the connection is under TLS, within this time; say how the peer is connected.

        Raises:
            OSError: it failed (ssl.SSLError), or took too long (TimeoutError).
        """
        how = self._stream.open(seconds)
        self.restart_idle()
        return how

    def enlarge(self) -> None:
        """Make room for the data of an established association."""
        self._buffer = memoryview(bytearray(LARGE_BUFFER))

    def restart_idle(self) -> None:
        """Begin the idle time anew: a request went out, or what took time was not the peer."""
        self._progress = time.monotonic()

    def receive(self) -> None:
        """Wait for bytes and give them to the association, or let it know that the peer closed or time is up."""
        now = time.monotonic()
        if self.association.pdus_received != self._pdus:
            self._pdus = self.association.pdus_received
            self._progress = now
        remaining = self._deadline() - now
        if remaining <= 0:
            self._expire(now)
            return
        self._wait_at_most(remaining)
        try:
            expected = min(self.association.fragment_left, len(self._buffer))
            size = self._recv_into(self._buffer, expected, socket.MSG_WAITALL if expected else 0)
        except BlockingIOError:
            return  # the kernel's timeout; the next call sees whether the time is up
        except OSError as error:
            self.failure = error
            size = 0
        if self.woken and not size:
            return
        self.bytes_received += size
        self.association.receive_data(self._buffer[:size], time.monotonic())

    def has_pending(self) -> bool:
        """Tell whether ``receive`` would return at once."""
        return self._stream.has_pending()

    def wait(self, seconds: float, *others: int) -> None:
        """Return when bytes may have come, or one of these descriptors can be read, or after this time."""
        self._stream.wait(seconds, *others)

    def flush(self) -> None:
        """Write everything the association has to send.

        Raises:
            OSError: the peer is gone, or takes nothing any more (TimeoutError).
        """
        parts = self.association.data_to_send()
        if not parts:
            return
        while parts:
            try:
                sent = self._stream.sendmsg(parts[:_MAX_PARTS])
            except BlockingIOError:
                raise TimeoutError("the peer does not read what it is sent") from None
            parts = _after(parts, sent)
        self.restart_idle()

    def abort(self) -> None:
        """Send an A-ABORT if the state allows one, without waiting for anything."""
        if self.association.can_abort:
            self.association.send(Abort(), time.monotonic())

    def wake(self) -> None:
        """Make a thread that waits in ``receive`` come back, now and from now on; it sees ``woken``."""
        self.woken = True
        self._stream.interrupt()

    def close(self) -> None:
        """Close the socket, and give the buffer back at once: what still refers to this may live on for a while."""
        self._stream.close()
        self._buffer = memoryview(b"")

    def _deadline(self) -> float:
        artim = self.association.next_timeout()
        return self._progress + self.idle_seconds if artim is None else artim

    def _expire(self, now: float) -> None:
        """ARTIM, or nothing but silence."""
        if self.association.next_timeout() is not None:
            self.association.handle_timeout(now)
            return
        self.timed_out = True
        self.abort()

    def _wait_at_most(self, seconds: float) -> None:
        """Set the kernel's timeout for reading, unless the one it has is near enough."""
        seconds = max(seconds, _SHORTEST_WAIT)
        if not seconds * 0.5 <= self._kernel_timeout <= seconds * 1.1:
            self._stream.read_at_most(seconds)
            self._kernel_timeout = seconds


def _after(parts: list[bytes | memoryview], sent: int) -> list[bytes | memoryview]:
    """Return what is left of ``parts`` once ``sent`` bytes are written."""
    for index, part in enumerate(parts):
        if sent < len(part):
            return [memoryview(part)[sent:], *parts[index + 1 :]]
        sent -= len(part)
    return []
