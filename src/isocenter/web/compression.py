"""Answers in JSON, XML and text, packed on their way out where the client takes that (RFC 9110 8.4, RFC 8878).

Only whole answers are packed, not streams, and none that is packed already, has a strong entity tag, or is short.
"""

import gzip
import re
from collections.abc import Callable
from functools import lru_cache

from starlette.types import Message, Send

from isocenter.web.threads import Threads

_SHORTEST = 2048
#: Longer bodies are packed by a thread.
_INLINE = 1 << 16
_WORTH_IT = re.compile(rb"application/(?:[a-z0-9.]+\+)?(?:json|xml)\b|text/|multipart/related.*dicom\+xml")
_CODING = re.compile(r"\s*([\w*-]+)\s*(?:;\s*q\s*=\s*([0-9.]+)\s*)?", re.ASCII)
_MAX_HEADER = 1024


def _zstd(data: bytes) -> bytes:
    import imagecodecs  # noqa: PLC0415 - heavy

    return bytes(imagecodecs.zstd_encode(data, level=3))


#: Codings in our order of preference.
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": _zstd,
    "gzip": lambda data: gzip.compress(data, compresslevel=1, mtime=0),
}


@lru_cache(maxsize=256)
def choose_coding(accept_encoding: str) -> str:
    """Return the coding that the client likes best, of equal ones the better; ``""`` for none."""
    liked: dict[str, float] = {}
    for part in accept_encoding[:_MAX_HEADER].lower().split(","):
        found = _CODING.fullmatch(part)
        if found is not None:
            try:
                liked[found[1]] = float(found[2] or 1)
            except ValueError:
                continue
    rest = liked.get("*", 0.0)
    best = max(CODINGS, key=lambda coding: liked.get(coding, rest))
    quality = liked.get(best, rest)
    return best if quality > 0 and quality >= liked.get("identity", 0.0) else ""


class Packing:
    """Stands before ``send`` and packs the bodies of whole answers."""

    def __init__(self, send: Send, accept_encoding: str, threads: Threads) -> None:
        self._send = send
        self._coding = choose_coding(accept_encoding)
        self._threads = threads
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        """Send a message on, the start of an answer only when it is known whether its body is packed."""
        if message["type"] == "http.response.start":
            if _is_packable(message):
                self._start = message
                return
        elif self._start is not None and message["type"] == "http.response.body":
            start, self._start = self._start, None
            message = await self._packed(start, message)
            await self._send(start)
        await self._send(message)

    async def _packed(self, start: Message, message: Message) -> Message:
        body = message.get("body", b"")
        start["headers"] = [*start["headers"], (b"vary", b"accept-encoding")]
        if not self._coding or message.get("more_body") or len(body) < _SHORTEST:
            return message
        pack = CODINGS[self._coding]
        packed = pack(bytes(body)) if len(body) <= _INLINE else await self._threads.paint(pack, bytes(body))
        kept = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        added = [(b"content-length", b"%d" % len(packed)), (b"content-encoding", self._coding.encode())]
        start["headers"] = kept + added
        return {**message, "body": packed}


def _is_packable(start: Message) -> bool:
    headers = dict(start["headers"])
    etag = headers.get(b"etag", b"W/")
    if start["status"] != 200 or b"content-encoding" in headers or b"content-range" in headers:
        return False
    return etag.startswith(b"W/") and _WORTH_IT.match(headers.get(b"content-type", b"")) is not None
