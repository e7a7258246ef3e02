"""How a requestor proves who it is: TLS for the connection, a user identity for the association."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from isocenter.net.tls import TlsClient

if TYPE_CHECKING:  # the index is heavy, and who calls a node need not have one
    from isocenter.index.peers import KnownPeer
    from isocenter.settings import Settings
    from isocenter.ul.user_information import UserIdentity


@dataclass(frozen=True, slots=True)
class Credentials:
    """``tls``: call over TLS, and how; ``identity``: the user that the association is for (PS3.7 D.3.3.7)."""

    tls: TlsClient | None = None
    identity: UserIdentity | None = None

    @classmethod
    def towards(cls, known: KnownPeer, settings: Settings) -> Credentials:
        """Return what a node calls a known peer with."""
        return cls(TlsClient.of(settings, known.tls_name)) if known.tls else NONE


#: Plain, for nobody in particular.
NONE = Credentials()
