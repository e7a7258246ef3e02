"""Sending a data set in pieces: in bounded memory, headers and slices together, nothing joined or copied.

Either side uses it: a client's C-STORE, and the sub-operations of a C-GET.
"""

import os
from collections.abc import Callable
from typing import BinaryIO

from isocenter.dimse.message import write_fragments
from isocenter.errors import UnsupportedError
from isocenter.ul.association import Association
from isocenter.ul.events import SendData

#: A data set is read and sent in pieces of about this size.
_PIECE = 1 << 20


class DataSetSender:
    """Sends data sets over one association; ``send`` takes a primitive, ``flush`` writes what the core made of it."""

    def __init__(self, core: Association, send: Callable[[SendData], None], flush: Callable[[], None]) -> None:
        self._core = core
        self._send = send
        self._flush = flush
        self._buffer = memoryview(b"")

    def send(self, context_id: int, data_set: bytes | memoryview | BinaryIO) -> None:
        """Send a data set: bytes, or a file from where it stands to its end.

        Raises:
            UnsupportedError, NotFoundError: the file is shorter than it was, or its object was deleted; the message
                cannot be completed, the association has to be aborted.
        """
        if isinstance(data_set, bytes | memoryview):
            self._send_bytes(context_id, memoryview(data_set))
        else:
            self._send_file(context_id, data_set)

    def _send_bytes(self, context_id: int, data: memoryview) -> None:
        size = self._piece_size()
        for start in range(0, max(len(data), 1), size):
            self._send_piece(context_id, data[start : start + size], is_last=start + size >= len(data))

    def _send_file(self, context_id: int, file: BinaryIO) -> None:
        """Send the rest of a file through one buffer that is used again."""
        start = file.tell()
        left = file.seek(0, os.SEEK_END) - start
        file.seek(start)
        size = self._piece_size()
        if len(self._buffer) < size:
            self._buffer = memoryview(bytearray(size))
        while True:
            piece = self._buffer[: min(size, left)]
            left -= len(piece)
            _fill(piece, file)
            self._send_piece(context_id, piece, is_last=left == 0)
            if left == 0:
                return

    def _piece_size(self) -> int:
        """A whole number of the largest fragments that the peer takes."""
        fragment = self._core.max_fragment
        return max(_PIECE // fragment, 1) * fragment

    def _send_piece(self, context_id: int, piece: memoryview, *, is_last: bool) -> None:
        for primitive in write_fragments(context_id, piece, self._core.max_fragment, is_last=is_last):
            self._send(primitive)
        self._flush()


def _fill(piece: memoryview, file: BinaryIO) -> None:
    read_into: Callable[[memoryview], int | None] | None = getattr(file, "readinto", None)
    position = 0
    while position < len(piece):
        if read_into is not None:
            read = read_into(piece[position:])
        else:
            part = file.read(len(piece) - position)
            read = len(part)
            piece[position : position + read] = part
        if not read:
            raise UnsupportedError("the file became shorter while it was sent; the association was aborted")
        position += read
