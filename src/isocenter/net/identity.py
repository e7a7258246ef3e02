"""Who the peer says its user is (PS3.7 D.3.3.7), and the seam at which somebody decides whether to believe it.

Logs name the user and never hold a passcode, ticket, assertion or token.
"""

import logging
from typing import NamedTuple, Protocol

from isocenter.ul.pdu import AssociateReject, RejectResult, RejectSource
from isocenter.ul.user_information import UserIdentity, UserIdentityType

logger = logging.getLogger(__name__)

#: The answer to a user who may not come in.
REJECTION = AssociateReject(RejectResult.PERMANENT, RejectSource.SERVICE_PROVIDER_ACSE, 1)

_KINDS: dict[int, str] = {
    UserIdentityType.USERNAME: "by name",
    UserIdentityType.USERNAME_AND_PASSCODE: "by name and passcode",
    UserIdentityType.KERBEROS: "by a Kerberos ticket",
    UserIdentityType.SAML: "by a SAML assertion",
    UserIdentityType.JWT: "by a JSON Web Token",
}
_WITH_NAME: frozenset[int] = frozenset({UserIdentityType.USERNAME, UserIdentityType.USERNAME_AND_PASSCODE})
_LONGEST_NAME = 64


class Verdict(NamedTuple):
    """Whether a user may come in; otherwise the association is rejected.

    ``response`` confirms who it is, if the peer asked for that: a Kerberos or SAML response for these kinds, else
    empty. None: nobody verified it, and nothing is confirmed.
    """

    let_in: bool
    response: bytes | None = None


class Authenticator(Protocol):
    """Decides on users; called by many threads at once, before an association is accepted."""

    def authenticate(self, identity: UserIdentity, calling_aet: str, address: str) -> Verdict:
        """Decide on a user."""


class Everybody:
    """Lets every user in, confirms none, and writes down who says to be one."""

    def authenticate(self, identity: UserIdentity, calling_aet: str, address: str) -> Verdict:
        """Log who it is."""
        logger.info("%s@%s: user %s, not verified", calling_aet, address, describe(identity))
        return Verdict(let_in=True)


def describe(identity: UserIdentity) -> str:
    """Return who it is, without anything secret and without characters that steer a terminal."""
    how = _KINDS.get(identity.kind, f"of unknown kind {identity.kind}")
    if identity.kind not in _WITH_NAME:
        return how
    name = identity.primary.decode("utf-8", "backslashreplace")
    return f"{name[:_LONGEST_NAME]!a} {how}"
