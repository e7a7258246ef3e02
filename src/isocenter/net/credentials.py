"""How a requestor proves who it is: TLS for the connection, a user identity for the association."""

from dataclasses import dataclass

from isocenter.index.peers import KnownPeer
from isocenter.net.tls import TlsClient
from isocenter.settings import Settings
from isocenter.ul.user_information import UserIdentity


@dataclass(frozen=True, slots=True)
class Credentials:
    """``tls``: call over TLS, and how; ``identity``: the user that the association is for (PS3.7 D.3.3.7)."""

    tls: TlsClient | None = None
    identity: UserIdentity | None = None

    @classmethod
    def towards(cls, known: KnownPeer, settings: Settings) -> "Credentials":
        """Return what a node calls a known peer with."""
        return cls(TlsClient.of(settings, known.tls_name)) if known.tls else NONE


#: Plain, for nobody in particular.
NONE = Credentials()
