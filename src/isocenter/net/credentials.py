"""How a requestor proves who it is: TLS for the connection, a user identity for the association."""

from dataclasses import dataclass

from isocenter.net.tls import TlsClient
from isocenter.ul.user_information import UserIdentity


@dataclass(frozen=True, slots=True)
class Credentials:
    """``tls``: call over TLS, and how; ``identity``: the user that the association is for (PS3.7 D.3.3.7)."""

    tls: TlsClient | None = None
    identity: UserIdentity | None = None


#: Plain, for nobody in particular.
NONE = Credentials()
