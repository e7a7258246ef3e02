"""A remote application entity: its title and where it listens."""

import re
from dataclasses import dataclass

from isocenter.errors import UsageError

_PEER = re.compile(r"(?P<aet>[^@]{1,16})@(?:\[(?P<v6>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^:@\[\]]+)):(?P<port>\d{1,5})")


@dataclass(frozen=True, slots=True)
class Peer:
    """``aet`` listening on ``host``:``port``."""

    aet: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Peer":
        """Return the peer written as ``AET@host:port``; an IPv6 address stands in brackets.

        Raises:
            UsageError: it is not written so.
        """
        match = _PEER.fullmatch(text.strip())
        if match is None or not match["aet"].strip() or not 0 < int(match["port"]) < 65536:
            raise UsageError(f"{text!r} is no DICOM node: write AET@host:port, for example ISOCENTER@127.0.0.1:11112")
        if not match["aet"].isascii() or not match["aet"].isprintable() or "\\" in match["aet"]:
            raise UsageError(f"{match['aet']!r} is no AE title: 1 to 16 printable ASCII characters, no backslash")
        return cls(match["aet"].strip(), match["v6"] or match["host"], int(match["port"]))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.aet}@{host}:{self.port}"
