"""The bytes of one TCP connection, plain or under TLS, in one form: what ``connection`` reads and writes.

The plain one is the kernel's: blocking calls with kernel timeouts, one system call a read. Under TLS a socket that can
be read may hold half a record, and one that cannot may have bytes waiting inside OpenSSL, so there the socket does not
block, and waiting is done here: until it can be read or written, whichever TLS asks for, and never beyond the timeout.
One thread uses a stream; only ``interrupt`` may be called by another one.
"""

import contextlib
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from typing import Protocol, cast

_TIMEVAL = struct.Struct("@ll")
#: Longest TLS record; more is never decrypted at once.
_RECORD = 16 * 1024
#: How long a peer that was refused has to read why, in seconds: closing with unread data would take the alert from it.
_LAST_WORDS = 2.0


class Stream(Protocol):
    """A connected byte stream; ``recv_into`` and ``sendmsg`` are those of a socket, MSG_WAITALL and timeouts too."""

    @property
    def recv_into(self) -> Callable[[memoryview, int, int], int]:
        """Read into a buffer."""

    @property
    def sendmsg(self) -> Callable[[list[bytes | memoryview]], int]:
        """Write parts, and return how many bytes of them were written."""

    def open(self, seconds: float) -> str:
        """Do what comes before the first byte, and say how the peer is connected.

        Raises:
            OSError: it failed, or took longer than this.
        """

    def read_at_most(self, seconds: float) -> None:
        """Let ``recv_into`` wait so long; then it raises BlockingIOError."""

    def write_at_most(self, seconds: float) -> None:
        """Let ``sendmsg`` wait so long; then it raises BlockingIOError."""

    def has_pending(self) -> bool:
        """Tell whether there are bytes to read, or the end."""

    def wait(self, seconds: float, *others: int) -> None:
        """Return when bytes may have come, or one of these descriptors can be read, or after this time."""

    def interrupt(self) -> None:
        """Make reading come to an end; another thread may call it."""

    def close(self) -> None:
        """Close."""


def make_stream(sock: socket.socket) -> Stream:
    """Return the stream over a connected socket, which is under TLS where it is an SSLSocket."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return TlsStream(sock) if isinstance(sock, ssl.SSLSocket) else PlainStream(sock)


class PlainStream:
    """A socket as it is."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        sock.setblocking(True)
        self.recv_into: Callable[[memoryview, int, int], int] = sock.recv_into
        self.sendmsg: Callable[[list[bytes | memoryview]], int] = sock.sendmsg

    def open(self, seconds: float) -> str:  # noqa: ARG002 - the form of a stream
        """Nothing is needed."""
        return "plain"

    def read_at_most(self, seconds: float) -> None:
        """Set the kernel's timeout."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(seconds))

    def write_at_most(self, seconds: float) -> None:
        """Set the kernel's timeout."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(seconds))

    def has_pending(self) -> bool:
        """Ask the kernel."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return bool(poll.poll(0))

    def wait(self, seconds: float, *others: int) -> None:
        """Ask the kernel to say when."""
        _wait(seconds, self._sock.fileno(), *others)

    def interrupt(self) -> None:
        """Close the reading side."""
        with contextlib.suppress(OSError):  # closed already
            self._sock.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()


class TlsStream:
    """A TLS socket that has not shaken hands yet."""

    def __init__(self, sock: ssl.SSLSocket) -> None:
        self._sock = sock
        self._read_seconds = self._write_seconds = 0.0
        self._ahead = memoryview(b"")  # read to see whether there is something
        self._failure: OSError | None = None
        self._established = False
        self._interrupted = False
        self._reading = threading.Lock()  # so that an interruption is never seen as the end of TLS, which ends writing
        sock.setblocking(False)

    def open(self, seconds: float) -> str:
        """Shake hands."""
        deadline = time.monotonic() + seconds
        try:
            if not self._progress(self._sock.do_handshake, deadline):
                raise TimeoutError(f"the TLS handshake was not done within {seconds:g} s")
        except ssl.SSLError:
            self._let_read()
            raise
        self._established = True
        return f"{self._sock.version()}, {_subject(self._sock)}"

    def read_at_most(self, seconds: float) -> None:
        """Note it."""
        self._read_seconds = seconds

    def write_at_most(self, seconds: float) -> None:
        """Note it."""
        self._write_seconds = seconds

    def recv_into(self, buffer: memoryview, size: int, flags: int) -> int:
        """Read what there is, at least one byte; with MSG_WAITALL until ``size`` bytes are there."""
        wanted = size or len(buffer)
        deadline = time.monotonic() + self._read_seconds
        got = self._take_ahead(buffer[:wanted])
        while got < wanted and self._failure is None:
            try:
                with self._reading:
                    more = 0 if self._interrupted else self._sock.recv_into(buffer[got:wanted])
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as want:
                if got and not flags:
                    break
                if not self._wait(want, deadline):
                    if got:
                        break
                    raise BlockingIOError from None
            except OSError as error:  # OpenSSL says it once
                self._failure = error
                break
            else:
                if not more:
                    break
                got += more
        if self._failure is not None and not got:
            raise self._failure
        return got

    def sendmsg(self, parts: list[bytes | memoryview]) -> int:
        """Write all of the parts: small ones share records with their neighbours."""
        data = memoryview(parts[0] if len(parts) == 1 else b"".join(parts))
        deadline = time.monotonic() + self._write_seconds
        sent = 0
        while sent < len(data):
            try:
                sent += self._sock.send(data[sent:])
                deadline = time.monotonic() + self._write_seconds
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as want:
                if not self._wait(want, deadline):
                    raise BlockingIOError from None
        return sent

    def has_pending(self) -> bool:
        """Try: a readable socket may hold half a record, or nothing but TLS's own messages."""
        if not self._ahead and self._failure is None:
            try:
                with self._reading:
                    self._ahead = memoryview(b"" if self._interrupted else self._sock.recv(_RECORD))
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False
            except OSError as error:
                self._failure = error
        return True

    def wait(self, seconds: float, *others: int) -> None:
        """Wait for the socket below, unless there is something already."""
        if not self.has_pending():
            _wait(seconds, self._sock.fileno(), *others)

    def interrupt(self) -> None:
        """Close the reading side of the socket below; TLS is the other thread's, and goes on writing."""
        with self._reading, contextlib.suppress(OSError):
            self._interrupted = True
            socket.socket.shutdown(self._sock, socket.SHUT_RD)

    def close(self) -> None:
        """Say that this is the end, without waiting, and close the socket."""
        if self._established:
            with contextlib.suppress(OSError, ValueError):
                self._sock.unwrap()
        self._sock.close()

    def _take_ahead(self, buffer: memoryview) -> int:
        size = min(len(self._ahead), len(buffer))
        if size:
            buffer[:size] = self._ahead[:size]
            self._ahead = self._ahead[size:]
        return size

    def _progress(self, step: Callable[[], object], deadline: float) -> bool:
        """Take a step of TLS to its end; False when the time is up."""
        while True:
            try:
                step()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as want:
                if not self._wait(want, deadline):
                    return False
            else:
                return True

    def _wait(self, want: ssl.SSLError, deadline: float) -> bool:
        """Wait for what TLS needs; False when the time is up."""
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return False
        poll = select.poll()
        poll.register(self._sock, select.POLLOUT if isinstance(want, ssl.SSLWantWriteError) else select.POLLIN)
        return bool(poll.poll(remaining * 1000))

    def _let_read(self) -> None:
        """Let the peer read the alert that says why it is refused, before the socket is closed."""
        deadline = time.monotonic() + _LAST_WORDS
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._sock, socket.SHUT_WR)
            while (remaining := deadline - time.monotonic()) > 0 and poll.poll(remaining * 1000):
                if not socket.socket.recv(self._sock, _RECORD):
                    return


def _subject(sock: ssl.SSLSocket) -> str:
    """Return the common name in the peer's certificate."""
    certificate = cast("dict[str, tuple[tuple[tuple[str, str]]]]", sock.getpeercert() or {})
    names = [value for part in certificate.get("subject", ()) for key, value in part if key == "commonName"]
    return f"certificate of {names[0]!r}" if names else "a certificate" if certificate else "no certificate"


def _timeval(seconds: float) -> bytes:
    """Return a struct timeval; 0 would mean forever."""
    microseconds = max(int(seconds * 1e6), 1000)
    return _TIMEVAL.pack(*divmod(microseconds, 1_000_000))


def _wait(seconds: float, *descriptors: int) -> None:
    """Return when one of them can be read, or after this time."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    poll.poll(seconds * 1000)
