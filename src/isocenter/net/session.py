"""One association on the acceptor's side, from the accepted socket to its close: negotiation, events, the end.

What is asked on it and answered is ``answering``'s.

Runs in a thread of its own. This is a border: an unexpected error is logged, ends this association, and never reaches
another one. Logs hold no patient data.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from isocenter.dimse.status import StatusCategory
from isocenter.net.answering import Answering, Provider
from isocenter.net.connection import Connection
from isocenter.net.tls_failure import explain
from isocenter.services.service import ServiceContext
from isocenter.ul.events import (
    AssociationRequested,
    ConnectionLost,
    DataReceived,
    Event,
    PeerAborted,
    ProtocolViolated,
    ReleaseRequested,
    TransportOpened,
)
from isocenter.ul.pdu import REJECT_REASONS, AssociateAccept, AssociateReject, AssociateRequest, ReleaseResponse

logger = logging.getLogger(__name__)


class Node(Provider, Protocol):
    """What a session needs of the server it runs in."""

    stopping: bool

    @property
    def handshake_seconds(self) -> float:
        """How long a peer may take to shake hands."""

    def answer(self, request: AssociateRequest, address: str) -> AssociateAccept | AssociateReject:
        """Return the answer to a request from an address; an acceptance takes a place, until ``leave``."""

    def leave(self) -> None:
        """Give the place back."""


class Session:
    """The life of one accepted connection; ``run`` is all of it."""

    def __init__(self, node: Node, connection: Connection, association_id: int, address: str) -> None:
        self._node = node
        self._connection = connection
        self._association = connection.association
        self._id = association_id
        self._address = address
        self._request: AssociateRequest | None = None
        self._established = 0.0  # when; 0 = never
        self._how = "lost"
        self._answering = Answering(node, self, connection)

    @property
    def busy(self) -> bool:
        """Whether a message is under way, which a graceful stop lets finish."""
        return self._answering.busy

    def wake(self) -> None:
        """Interrupt waiting for the peer; called by the thread that stops the server."""
        self._connection.wake()

    def run(self) -> None:
        """Serve the association to its end."""
        try:
            if not self._open():
                return
            self._association.send(TransportOpened(), time.monotonic())
            while not self._association.finished and not self._is_over():
                if self._answering.has_work and not self._connection.has_pending():
                    self._answering.work()
                else:
                    self._connection.receive()
                self.take_events()
                self._connection.flush()
        except OSError as error:
            self._how = "lost"
            logger.info("association %d: %s", self._id, error)
        except Exception:
            self._how = "failed"
            logger.exception("association %d: unexpected error", self._id)
            self._say_abort()
        finally:
            self._end()

    def _open(self) -> bool:
        """Shake hands where the connection is under TLS."""
        try:
            how = self._connection.open(self._node.handshake_seconds)
        except OSError as error:
            self._node.observer.association_refused("TLS handshake failed")
            logger.warning("association %d: %s: no TLS: %s", self._id, self._address, explain(error, server=True))
            return False
        logger.debug("association %d: %s connected, %s", self._id, self._address, how)
        return True

    def _say_abort(self) -> None:
        try:
            self._connection.abort()
            self._connection.flush()
        except OSError:
            return

    def end_if_stopping(self) -> None:
        """End the association where the server stops and it may not go on."""
        if self._is_over():
            self._leave()

    def _is_over(self) -> bool:
        """Whether the server stops and this association may not go on."""
        if not self._node.stopping or (self.busy and not self._connection.woken):
            return False
        self._how = "stopped"
        self._say_abort()
        return True

    def take_events(self) -> None:
        """Deal with everything that the association has to tell."""
        next_event = self._association.next_event
        while (event := next_event()) is not None:
            self._ON_EVENT[type(event)](self, event)
        self._answering.write_chunks()
        if self._connection.timed_out and self._how == "lost":
            self._how = "timed out"
            logger.warning("association %d: no PDU for %g s, aborted", self._id, self._connection.idle_seconds)
            self._leave()

    # events of the upper layer

    def _on_requested(self, event: AssociationRequested) -> None:
        request = event.request
        answer = self._node.answer(request, self._address)
        now = time.monotonic()
        self._request = request
        try:
            self._association.send(answer, now)
        finally:
            if isinstance(answer, AssociateAccept):
                self._established = now
        if isinstance(answer, AssociateReject):
            reason = REJECT_REASONS[answer.source, answer.reason]
            self._node.observer.association_refused(reason)
            logger.warning(
                "association %d: %s@%s calling %s %s",
                self._id, request.calling_aet, self._address, request.called_aet, answer.describe(),
            )  # fmt: skip
            return
        self._connection.enlarge()
        self._node.observer.association_opened()
        contexts = self._make_contexts(request, answer)
        self._answering.begin(
            contexts, frozenset(role.sop_class_uid for role in answer.user_information.roles if not role.scu)
        )
        logger.info(
            "association %d: %s@%s calling %s accepted, %d of %d contexts",
            self._id, request.calling_aet, self._address, request.called_aet,
            len(contexts), len(request.contexts),
        )  # fmt: skip

    def _make_contexts(self, request: AssociateRequest, answer: AssociateAccept) -> dict[int, ServiceContext]:
        agreed = {item.sop_class_uid: item.information for item in answer.user_information.extended}
        performers = {role.sop_class_uid for role in answer.user_information.roles if role.scp}
        accepted = self._association.contexts.values()
        performs = {
            (c.abstract_syntax, c.transfer_syntax): c.context_id for c in accepted if c.abstract_syntax in performers
        }
        return {
            c.context_id: ServiceContext(
                self._id, request.calling_aet, request.called_aet, self._address, c.context_id, c.abstract_syntax,
                c.transfer_syntax, agreed.get(c.abstract_syntax, b""), performs,
            )
            for c in accepted
        }  # fmt: skip

    def _on_data(self, event: DataReceived) -> None:
        self._answering.read(event)

    def _on_release(self, _: ReleaseRequested) -> None:
        self._how = "released"
        self._association.send(ReleaseResponse(), time.monotonic())
        self._leave()

    def _on_aborted(self, event: PeerAborted) -> None:
        self._how = "aborted"
        logger.info("association %d: peer aborted, source %d, reason %d", self._id, event.source, event.reason)
        self._leave()

    def _on_violated(self, event: ProtocolViolated) -> None:
        self._how = "violated"
        logger.warning("association %d: %s aborted: %s", self._id, self._address, event.detail)
        self._leave()

    def _on_lost(self, _: ConnectionLost) -> None:
        self._leave()

    def break_off(self, detail: str) -> None:
        """Abort for what the peer did, or for what could not be brought to its end."""
        self._how = "violated"
        logger.warning("association %d: %s aborted: %s", self._id, self._address, detail)
        self._connection.abort()
        self._leave()

    # the end

    def _leave(self) -> None:
        """The association is at its end: undo what is half done, give the place back, say how it went; all once."""
        self._answering.discard()
        if not self._established or self._request is None:
            return
        seconds = max(time.monotonic() - self._established, 1e-6)
        self._established = 0.0
        received, answered = self._connection.bytes_received, self._answering.answered
        self._node.leave()
        self._node.observer.association_ended(self._how, received)
        logger.info(
            "association %d: %s@%s %s: %d answered, %d failed, %.1f MB in %.1f s (%.1f MB/s, %.1f/s)",
            self._id, self._request.calling_aet, self._address, self._how, answered.total(),
            answered[StatusCategory.FAILURE], received / 1e6, seconds, received / 1e6 / seconds,
            answered.total() / seconds,
        )  # fmt: skip

    def _end(self) -> None:
        self._leave()
        self._connection.close()

    _ON_EVENT: ClassVar[dict[type[Event], Callable[["Session", Any], None]]] = {
        AssociationRequested: _on_requested,
        DataReceived: _on_data,
        ReleaseRequested: _on_release,
        PeerAborted: _on_aborted,
        ProtocolViolated: _on_violated,
        ConnectionLost: _on_lost,
    }
