"""What an association tells its user (events, past tense) and the primitives that are no PDU.

The other primitives are the PDU classes themselves: ``AssociateRequest``, ``AssociateAccept``, ``AssociateReject``,
``ReleaseRequest``, ``ReleaseResponse`` and ``Abort`` (PS3.8 section 7).
"""

from dataclasses import dataclass
from typing import NamedTuple

from isocenter.ul.pdu import (
    Abort,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    ReleaseRequest,
    ReleaseResponse,
)


@dataclass(frozen=True, slots=True)
class TransportOpened:
    """Primitive: the connection stands; the first thing an association is told after its request, if any."""


class SendData(NamedTuple):
    """Primitive: send one fragment of a message, at most ``Association.max_fragment`` bytes.

    ``data`` is not copied: it must stay unchanged until the bytes of ``data_to_send`` are written.
    """

    context_id: int
    is_command: bool
    is_last: bool
    data: bytes | memoryview


@dataclass(frozen=True, slots=True)
class AssociationRequested:
    """The peer asks for an association (A-ASSOCIATE indication)."""

    request: AssociateRequest


@dataclass(frozen=True, slots=True)
class AssociationAccepted:
    """The peer accepted (A-ASSOCIATE confirmation)."""

    accept: AssociateAccept


@dataclass(frozen=True, slots=True)
class AssociationRejected:
    """The peer rejected (A-ASSOCIATE confirmation)."""

    reject: AssociateReject


class DataReceived(NamedTuple):
    """A slice of a fragment (P-DATA indication); a tuple, since there are many.

    ``data`` is a slice of what was passed to ``receive_data`` and valid until its next call. ``is_last`` is true
    only for the final slice of the last fragment of a command or data set.
    """

    context_id: int
    is_command: bool
    is_last: bool
    data: memoryview


@dataclass(frozen=True, slots=True)
class ReleaseRequested:
    """The peer wants to end in good order (A-RELEASE indication)."""


@dataclass(frozen=True, slots=True)
class ReleaseConfirmed:
    """The peer agreed to end (A-RELEASE confirmation)."""


@dataclass(frozen=True, slots=True)
class PeerAborted:
    """The peer sent an A-ABORT (A-ABORT or A-P-ABORT indication, by ``source``)."""

    source: int
    reason: int


@dataclass(frozen=True, slots=True)
class ProtocolViolated:
    """The peer broke the rules; the A-ABORT with ``reason`` is ready to be sent (A-P-ABORT indication)."""

    reason: int
    detail: str


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """The connection closed without release or abort (A-P-ABORT indication)."""


Event = (
    AssociationRequested
    | AssociationAccepted
    | AssociationRejected
    | DataReceived
    | ReleaseRequested
    | ReleaseConfirmed
    | PeerAborted
    | ProtocolViolated
    | ConnectionLost
)

Primitive = (
    TransportOpened
    | AssociateRequest
    | AssociateAccept
    | AssociateReject
    | SendData
    | ReleaseRequest
    | ReleaseResponse
    | Abort
)
