"""Pages of other origins: which may read and change, and the header fields that tell their browser (Fetch 3.2).

Named origins may do all; ``*`` lets every page read, never change. Pure: takes header fields, returns header fields.
"""

from collections.abc import Mapping

_READING = frozenset({b"GET", b"HEAD", b"OPTIONS"})
_METHODS = b"GET, HEAD, POST, PUT, DELETE, OPTIONS"
#: What a page may read of an answer besides what browsers always show.
_EXPOSED = (
    b"accept-ranges, content-disposition, content-encoding, content-location, content-range, etag, location, warning,"
    b" x-isocenter-plane"
)

_MAX_AGE = b"3600"

Fields = list[tuple[bytes, bytes]]


class Cors:
    """The origins of the setting ``cors_origins``."""

    def __init__(self, origins: str) -> None:
        named = {origin.strip().rstrip("/").lower().encode() for origin in origins.split(",")} - {b""}
        self._everybody_reads = b"*" in named
        self._named = frozenset(named - {b"*"})

    def allows(self, method: bytes | str, headers: Mapping[bytes, bytes]) -> bool:
        """Tell whether a page of the origin in these headers may send this method."""
        origin = headers.get(b"origin", b"").lower()
        verb = method.encode() if isinstance(method, str) else method
        return origin in self._named or (self._everybody_reads and bool(origin) and verb in _READING)

    def fields(self, headers: Mapping[bytes, bytes]) -> Fields:
        """Return what every answer carries; nothing where nobody is let in."""
        if not self._named and not self._everybody_reads:
            return []
        fields = [(b"vary", b"origin")]
        if self.allows(b"GET", headers):
            fields.append((b"access-control-allow-origin", headers[b"origin"]))
            fields.append((b"access-control-expose-headers", _EXPOSED))
        return fields

    def preflight(self, headers: Mapping[bytes, bytes]) -> Fields | None:
        """Return the answer to a browser that asks before it sends a request; None: this is no such question, or no."""
        method = headers.get(b"access-control-request-method", b"")
        if not method or not self.allows(method, headers):
            return None
        wanted = headers.get(b"access-control-request-headers", b"")
        granted = [name for part in wanted.split(b",") if (name := part.strip()) and name.replace(b"-", b"").isalnum()]
        return [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", b", ".join(granted)),
            (b"access-control-max-age", _MAX_AGE),
        ]
