"""Bodies made of pieces: bytes, and spans of files that are read while they are sent.

A body whose length is known before its first byte goes out with a Content-Length. What the page cache holds is read on
the event loop, which costs a copy; what a disk has to deliver, or a codec to compute, is waited for in a worker thread.
Must not know DICOM.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from isocenter.storage import ObjectFile
from isocenter.web.threads import Threads

CHUNK = 1024 * 1024
#: Small pieces are joined up to this size, so that a part's header does not travel alone.
_JOIN = 128 * 1024
_NOWAIT: int = getattr(os, "RWF_NOWAIT", 0)


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a stored object that ``opener`` opens when they are due."""

    opener: Callable[[], ObjectFile]
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Made:
    """A piece that is computed, in a worker thread, when it is due."""

    make: Callable[[], bytes | Span]


Piece = bytes | memoryview | Span | Made


def total_length(pieces: Iterable[Piece]) -> int | None:
    """Return the number of bytes of all pieces, or None when one is not made yet."""
    total = 0
    for piece in pieces:
        if isinstance(piece, Made):
            return None
        total += piece.length if isinstance(piece, Span) else len(piece)
    return total


class StreamedResponse(Response):
    """Sends pieces one after the other, with their total as Content-Length."""

    def __init__(
        self, pieces: Iterable[Piece], threads: Threads, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(None, status, headers)
        self._pieces = list(pieces)
        self._threads = threads
        total = total_length(self._pieces)
        if total is None:
            del self.headers["content-length"]
        else:
            self.headers["content-length"] = str(total)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces.

        Raises:
            ClientDisconnect: nobody listens any more.
            NotFoundError: an object was deleted in between; the connection must end early.
        """
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] != "HEAD":
            gone = asyncio.ensure_future(_disconnected(receive))
            try:
                for piece in _joined(self._pieces):
                    if gone.done():
                        raise ClientDisconnect
                    await self._send_piece(piece, send, gone)
            finally:
                gone.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_piece(self, piece: Piece, send: Send, gone: asyncio.Future[None]) -> None:
        if isinstance(piece, Made):
            piece = await self._threads.paint(piece.make)
        if not isinstance(piece, Span):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(0)  # lets the news of a closed connection arrive
            return
        with piece.opener() as file:
            position = file.base + piece.offset
            end = position + piece.length
            while position < end:
                size = min(CHUNK, end - position)
                data = read_cached(file.fileno(), position, size)
                if data is None:
                    data = await self._threads.read(read_exactly, file.fileno(), position, size)
                file.check()
                await send({"type": "http.response.body", "body": data, "more_body": True})
                position += size
                await asyncio.sleep(0)  # lets others have their turn, and the news of a closed connection arrive
                if gone.done():
                    raise ClientDisconnect


async def _disconnected(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Join neighbouring small pieces of bytes."""
    waiting: list[bytes | memoryview] = []
    size = 0
    for piece in pieces:
        if not isinstance(piece, Span | Made) and size + len(piece) <= _JOIN:
            waiting.append(piece)
            size += len(piece)
            continue
        if waiting:
            yield b"".join(waiting)
            waiting, size = [], 0
        yield piece
    if waiting:
        yield b"".join(waiting)


def read_cached(descriptor: int, offset: int, size: int) -> bytes | None:
    """Return the bytes if the page cache holds them all, else None; never waits for a disk (preadv2(2))."""
    if not _NOWAIT:
        return None
    buffer = bytearray(size)
    try:
        got = os.preadv(descriptor, [buffer], offset, _NOWAIT)
    except OSError:  # not in the cache, or a file system that cannot tell
        return None
    return buffer if got == size else None  # type: ignore[return-value]


def read_exactly(descriptor: int, offset: int, size: int) -> bytes:
    """Return exactly these bytes.

    Raises:
        OSError: the file is shorter than its row in the index says.
    """
    parts: list[bytes] = []
    while size > 0:
        data = os.pread(descriptor, size, offset)
        if not data:
            raise OSError(f"file ends at {offset}, {size} bytes early")
        parts.append(data)
        offset += len(data)
        size -= len(data)
    return parts[0] if len(parts) == 1 else b"".join(parts)
