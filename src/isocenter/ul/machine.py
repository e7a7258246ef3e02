"""Carries out the state table (``states``): state, ARTIM timer, what is indicated and what is to be sent.

Knows PDUs as values, not how they arrive; that is ``association``. Implements the actions of PS3.8 9.2.3.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

from isocenter.ul.events import (
    AssociationAccepted,
    AssociationRejected,
    AssociationRequested,
    ConnectionLost,
    Event,
    PeerAborted,
    ProtocolViolated,
    ReleaseConfirmed,
    ReleaseRequested,
)
from isocenter.ul.pdu import (
    PDU,
    Abort,
    AbortReason,
    AbortSource,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    RejectResult,
    RejectSource,
    ReleaseRequest,
    ReleaseResponse,
    write_pdu,
)
from isocenter.ul.states import ACTIONS, TABLE, Action, Effect, Outcome, State, Trigger


class Role(Enum):
    """Which side of the association this is (PS3.8 section 7)."""

    REQUESTOR = "requestor"
    ACCEPTOR = "acceptor"


@dataclass(frozen=True, slots=True)
class Violation:
    """What the peer did wrong: the reason of the A-ABORT, and words for the event."""

    reason: int
    detail: str


#: What a trigger is about: the PDU or primitive, a violation, or nothing.
Subject = PDU | Violation | None

_TAKING_DATA = frozenset({Action.DT_2, Action.AR_6})

#: Protocol version 1 is bit 0 (PS3.8 9.3.2); a request without it is rejected by the service provider (AE-6).
_VERSION_BIT = 1
_VERSION_NOT_SUPPORTED = AssociateReject(RejectResult.PERMANENT, RejectSource.SERVICE_PROVIDER_ACSE, 2)

_INDICATIONS: dict[type[object], Callable[[Any], Event]] = {
    AssociateRequest: AssociationRequested,
    AssociateAccept: AssociationAccepted,
    AssociateReject: AssociationRejected,
    ReleaseRequest: lambda _: ReleaseRequested(),
    ReleaseResponse: lambda _: ReleaseConfirmed(),
    Abort: lambda abort: PeerAborted(abort.source, abort.reason),
    Violation: lambda violation: ProtocolViolated(violation.reason, violation.detail),
    type(None): lambda _: ConnectionLost(),
}


class StateMachine:
    """The state of one association and the consequences of what happens to it."""

    def __init__(self, role: Role, artim_seconds: float) -> None:
        self.role = role
        self.state = State.IDLE
        #: Whether the table takes P-DATA in this state, and whether it sends it (asked for every fragment).
        self.takes_data = False
        self.sends_data = False
        #: The A-ASSOCIATE-RQ, sent or received.
        self.request: AssociateRequest | None = None
        #: The connection is to be closed.
        self.closing = False
        self.now = 0.0
        self.artim: float | None = None
        self.events: deque[Event] = deque()
        self.output: list[bytes | memoryview] = []
        self._artim_seconds = artim_seconds

    def allows(self, trigger: Trigger) -> bool:
        """Tell whether the table has this event in the current state."""
        return (self.state, trigger) in TABLE

    def action(self, trigger: Trigger) -> Action | None:
        """Return the action of the table for an event in the current state."""
        return TABLE.get((self.state, trigger))

    def fire(self, trigger: Trigger, subject: Subject = None) -> None:
        """Carry out the action of an event; an event that the table does not have here has none."""
        action = self.action(trigger)
        if action is None:
            return
        outcome, subject = self._choose(action, subject)
        for effect in outcome.effects:
            self._EFFECTS[effect](self, subject)
        if action is Action.AA_1 and isinstance(subject, Violation):
            self._indicate(subject)  # beyond the standard: the log shall say what the peer did
        self.state = outcome.state
        self.takes_data = self.action(Trigger.DATA_PDU) in _TAKING_DATA
        self.sends_data = self.allows(Trigger.DATA_REQUEST)

    def _choose(self, action: Action, subject: Subject) -> tuple[Outcome, Subject]:
        """Return the outcome, for AE-6 and AR-8 out of two, and what it is about."""
        outcome = ACTIONS[action]
        if outcome.otherwise is None:
            return outcome, subject
        if action is Action.AE_6:
            acceptable = isinstance(subject, AssociateRequest) and subject.protocol_version & _VERSION_BIT
            return (outcome, subject) if acceptable else (outcome.otherwise, _VERSION_NOT_SUPPORTED)
        return (outcome if self.role is Role.REQUESTOR else outcome.otherwise), subject

    # effects

    def _open_transport(self, _: Subject) -> None:
        """The glue opens the connection, and says so by ``TransportOpened``."""

    def _indicate(self, subject: Subject) -> None:
        self.events.append(_INDICATIONS[type(subject)](subject))

    def _send(self, subject: Subject) -> None:
        assert subject is not None
        assert not isinstance(subject, Violation)
        self.output.append(write_pdu(subject))

    def _send_request(self, _: Subject) -> None:
        self._send(self.request)

    def _send_user_abort(self, _: Subject) -> None:
        self._send(Abort(AbortSource.SERVICE_USER))

    def _send_provider_abort(self, subject: Subject) -> None:
        reason = subject.reason if isinstance(subject, Violation) else AbortReason.NOT_SPECIFIED
        self._send(Abort(AbortSource.SERVICE_PROVIDER, reason))

    def _close(self, _: Subject) -> None:
        self.closing = True

    def _start_artim(self, _: Subject) -> None:
        self.artim = self.now + self._artim_seconds

    def _stop_artim(self, _: Subject) -> None:
        self.artim = None

    _EFFECTS: ClassVar[dict[Effect, Callable[["StateMachine", Subject], None]]] = {
        Effect.OPEN_TRANSPORT: _open_transport,
        Effect.SEND_REQUEST: _send_request,
        Effect.SEND: _send,
        Effect.SEND_USER_ABORT: _send_user_abort,
        Effect.SEND_PROVIDER_ABORT: _send_provider_abort,
        Effect.INDICATE: _indicate,
        Effect.CLOSE: _close,
        Effect.START_ARTIM: _start_artim,
        Effect.STOP_ARTIM: _stop_artim,
    }
