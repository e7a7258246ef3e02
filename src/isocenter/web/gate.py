"""Who may ask: the Host and Origin of a request, and the headers that every answer carries.

A server on loopback without users is reachable by every page that a browser on this machine shows. Two rules keep
those out: the Host must be a name of this machine (a page whose name is re-bound to 127.0.0.1 has another), and what
changes something must not come from another origin, unless the setting ``cors_origins`` names it. Pure: takes headers,
returns verdicts.
"""

import ipaddress
from urllib.parse import urlsplit

from isocenter.settings import Settings
from isocenter.web.cors import Cors

_LOOPBACK_NAMES = frozenset({"localhost", "localhost.", "ip6-localhost"})
_UNCHANGING = frozenset({"GET", "HEAD", "OPTIONS"})
_FOREIGN_SITES = frozenset({b"cross-site", b"same-site"})

#: For pages: the viewer needs WebAssembly and its own workers, styles of its rendering library, images as blobs.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'self'; "
    "form-action 'self'"
)
SECURITY_HEADERS: list[tuple[bytes, bytes]] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
PAGE_HEADERS: list[tuple[bytes, bytes]] = [(b"content-security-policy", CONTENT_SECURITY_POLICY.encode())]


class Gate:
    """Decides by Host and Origin; ``refusal`` says why a request is not taken, or None."""

    def __init__(self, settings: Settings) -> None:
        self._any_host = bool(settings.insecure)
        self._hosts = _LOOPBACK_NAMES | {str(settings.host).lower()}
        self._cors = Cors(settings.cors_origins)
        self._known: dict[bytes, bool] = {}

    def refusal(self, method: str, headers: dict[bytes, bytes], public: str | None = None) -> str | None:
        """Return why the request is refused, or None; ``public`` is the address that a trusted proxy says."""
        host = headers.get(b"host", b"")
        if not self._host_allowed(host):
            return "this server answers only to the names of this machine"
        outside = host if public is None else urlsplit(public).netloc.encode()
        if method not in _UNCHANGING and not _same_origin(headers, outside) and not self._cors.allows(method, headers):
            return "a page of another origin may not change anything here"
        return None

    def channel_refusal(self, headers: dict[bytes, bytes], public: str | None = None) -> str | None:
        """Return why a WebSocket is refused, or None: browsers open them to any origin, and say from which."""
        return self.refusal("CONNECT", headers, public)

    def _host_allowed(self, host: bytes) -> bool:
        if self._any_host:
            return True
        allowed = self._known.get(host)
        if allowed is None:
            allowed = self._is_ours(host)
            if len(self._known) < 64:
                self._known[host] = allowed
        return allowed

    def _is_ours(self, host: bytes) -> bool:
        try:
            name = urlsplit("//" + host.decode("ascii")).hostname or ""
        except (UnicodeDecodeError, ValueError):
            return False
        if name in self._hosts or name.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def _same_origin(headers: dict[bytes, bytes], host: bytes) -> bool:
    """Programs send neither Origin nor Sec-Fetch-Site; browsers send at least one where it matters."""
    origin = headers.get(b"origin")
    if origin is None:
        return headers.get(b"sec-fetch-site") not in _FOREIGN_SITES
    return origin.partition(b"://")[2].lower() == host.lower()
