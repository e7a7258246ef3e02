"""Verification as a user (SCU, PS3.4 Annex A): does a node answer, and how fast?"""

import time
from dataclasses import dataclass

from isocenter.dimse.status import StatusCategory, category, describe
from isocenter.errors import PeerError
from isocenter.net.client import VERIFICATION_PROPOSAL, Timeouts, connect
from isocenter.net.credentials import NONE, Credentials
from isocenter.net.peer import Peer


@dataclass(frozen=True, slots=True)
class Verified:
    """How long it took, in milliseconds."""

    associate_ms: float
    echo_ms: float


def verify(peer: Peer, calling_aet: str, timeout: float = 10.0, credentials: Credentials = NONE) -> Verified:
    """Send a C-ECHO.

    Raises:
        PeerError: the peer does not answer, or not with success; the message says what to do.
    """
    begun = time.perf_counter()
    timeouts = Timeouts(timeout, timeout, timeout)
    with connect(
        peer, [VERIFICATION_PROPOSAL], calling_aet=calling_aet, timeouts=timeouts, credentials=credentials
    ) as association:
        associated = time.perf_counter()
        status = association.echo().Status or 0
        answered = time.perf_counter()
    if category(status) is not StatusCategory.SUCCESS:
        raise PeerError(f"{peer} answered {describe(status)}")
    return Verified(round(1e3 * (associated - begun), 3), round(1e3 * (answered - associated), 3))
