"""Revocation lists (CRLs, RFC 5280 5): what is in them is refused, and what a server holds follows its file."""

import logging
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


class RevokingContext(ssl.SSLContext):
    """Reads its list again before a handshake when the file has changed; of two lists the newer counts."""

    _file: Path | None = None
    _stamp = (0, 0)
    _lock = threading.Lock()

    def follow(self, file: Path) -> None:
        """Read a list, and from now on whatever is put in its place.

        Raises:
            OSError: it cannot be read, or there is none in it.
        """
        self._stamp = _stamp_of(file)
        self.load_verify_locations(file)
        self._file = file
        self.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF

    def wrap_socket(self, sock: socket.socket, *arguments: Any, **options: Any) -> ssl.SSLSocket:  # noqa: ANN401 - ssl's own
        """Wrap a socket, with the list as it is now."""
        if self._file is not None:
            self._look(self._file)
        return super().wrap_socket(sock, *arguments, **options)

    def _look(self, file: Path) -> None:
        with self._lock:
            try:
                stamp = _stamp_of(file)
                if stamp != self._stamp:
                    self._stamp = stamp
                    self.load_verify_locations(file)
                    logger.info("revocation list %s was read again", file)
            except OSError as error:
                logger.warning("revocation list %s cannot be read; the one before stays: %s", file, error)


def _stamp_of(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_size
