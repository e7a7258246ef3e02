"""How this server is reached from outside when a reverse proxy stands before it: the X-Forwarded-… headers.

They are believed only of the addresses that the setting ``trusted_proxies`` names, and only in forms that cannot break
out of a URL. Of a list of values the last counts, which the nearest proxy wrote. Pure: takes headers, returns a URL.
"""

import ipaddress
import re
from collections.abc import Mapping

_HOST = re.compile(rb"[A-Za-z0-9]([A-Za-z0-9.-]{0,253})(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")
_PREFIX = re.compile(rb"(/[A-Za-z0-9._~-]{1,64}){0,16}/?")


class Proxies:
    """The proxies that are trusted."""

    def __init__(self, networks: str) -> None:
        self._networks = [ipaddress.ip_network(text.strip()) for text in networks.split(",") if text.strip()]

    def public_address(self, client: tuple[str, int] | None, scheme: str, headers: Mapping[bytes, bytes]) -> str | None:
        """Return the address outside, such as ``https://pacs.example/imaging``; None if no trusted proxy says one."""
        if not self._networks or client is None or not self._is_trusted(client[0]):
            return None
        host = _last(headers, b"x-forwarded-host") or headers.get(b"host", b"")
        if _HOST.fullmatch(host) is None:
            return None
        told = _last(headers, b"x-forwarded-proto")
        prefix = _last(headers, b"x-forwarded-prefix")
        path = prefix.rstrip(b"/") if _PREFIX.fullmatch(prefix) else b""
        return f"{told.decode() if told in {b'http', b'https'} else scheme}://{host.decode()}{path.decode()}"

    def _is_trusted(self, address: str) -> bool:
        try:
            client = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(client in network for network in self._networks)


def _last(headers: Mapping[bytes, bytes], name: bytes) -> bytes:
    return headers.get(name, b"").rpartition(b",")[2].strip()
