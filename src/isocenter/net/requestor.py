"""An association from the requestor's side, as far as PS3.8 goes: open, send, wait for an event, release, abort.

Owns the translation of everything that can go wrong with a peer into PeerError, with what to do about it.
"""

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from isocenter.errors import LocalProtocolError, PeerError
from isocenter.net.connection import Connection
from isocenter.net.interrupt import Interrupt
from isocenter.net.peer import Peer
from isocenter.net.tls import TlsClient
from isocenter.net.tls_failure import explain
from isocenter.ul.association import Association, Role
from isocenter.ul.events import (
    AssociationAccepted,
    AssociationRejected,
    ConnectionLost,
    Event,
    PeerAborted,
    Primitive,
    ProtocolViolated,
    ReleaseConfirmed,
    ReleaseRequested,
    TransportOpened,
)
from isocenter.ul.pdu import AssociateReject, AssociateRequest, ReleaseRequest, ReleaseResponse
from isocenter.ul.states import State
from isocenter.ul.user_information import UserInformation

#: (source, reason) of a rejection -> what the user can do about it (PS3.8 Table 9-21).
_ADVICE: dict[tuple[int, int], str] = {
    (1, 3): "have the calling AE title {calling} added there, or call with another one (--aet)",
    (1, 7): "check the AE title {called}",
    (3, 1): "it is busy, try again later",
    (3, 2): "it has as many associations as it allows; try again later, or with fewer at once",
}

#: How a user is rejected (PS3.7 D.3.3.7), where one was named.
_IDENTITY = (2, 1)

_ENDS: dict[type[Event], str] = {
    PeerAborted: "aborted the association (source {event.source}, reason {event.reason}); its log may say why",
    ProtocolViolated: "broke the protocol, so the association was aborted: {event.detail}",
    ConnectionLost: "closed the connection without a word; its log may say why",
}


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, in seconds: for the connection, for the association, and for each answer or write."""

    connect: float = 10.0
    associate: float = 30.0
    response: float = 120.0


class Requestor:
    """One requested association; every failure of the peer or the network is a PeerError."""

    def __init__(self, peer: Peer, request: AssociateRequest, timeouts: Timeouts, tls: TlsClient | None) -> None:
        self.peer = peer
        self.calling_aet = request.calling_aet
        self.core = Association(Role.REQUESTOR, artim_seconds=timeouts.associate)
        self._timeouts = timeouts
        self._tls = tls is not None
        self._interruption: tuple[Interrupt, Callable[[], None]] | None = None
        self.core.send(request, time.monotonic())
        self._connection = Connection(_open(peer, timeouts.connect, tls), self.core, timeouts.associate)
        try:
            self._establish(request)
        except BaseException:
            self._connection.close()
            raise

    def _establish(self, request: AssociateRequest) -> None:
        try:
            self._connection.open(self._timeouts.connect)
        except OSError as error:
            raise PeerError(f"{self.peer}: {explain(error, server=False)}") from error
        self.core.send(TransportOpened(), time.monotonic())
        self.flush()
        event = self.wait_for(AssociationAccepted, AssociationRejected)
        if isinstance(event, AssociationRejected):
            raise PeerError(f"{self.peer} {_advise(event.reject, request)}")
        assert isinstance(event, AssociationAccepted)
        self.accept = event.accept
        self.window = _granted(request.user_information, event.accept.user_information)
        self._check_identity(request)
        self._connection.idle_seconds = self._timeouts.response
        self._connection.enlarge()

    def _check_identity(self, request: AssociateRequest) -> None:
        """Insist on the confirmation of the user, if one was asked for (PS3.7 D.3.3.7)."""
        identity = request.user_information.user_identity
        if identity is None or not identity.positive_response_requested:
            return
        if self.accept.user_information.user_identity_response is None:
            self.abort()
            raise PeerError(
                f"{self.peer} does not confirm the user, so the association was aborted; "
                "it may not know user identities, then call without asking for confirmation"
            )

    def send(self, primitive: Primitive) -> None:
        """Give a primitive to the core; ``flush`` writes what it makes of it."""
        try:
            self.core.send(primitive, time.monotonic())
        except LocalProtocolError as error:
            raise PeerError(f"the association with {self.peer} is over: {error}") from error

    def flush(self) -> None:
        """Write what there is to send."""
        try:
            self._connection.flush()
        except TimeoutError as error:
            self.abort()
            raise PeerError(f"{self.peer} takes no more data, although it is connected; aborted") from error
        except OSError as error:
            raise self._broken_off(error) from error

    def when_interrupted(self, interrupt: Interrupt, act: Callable[[], None]) -> None:
        """Call ``act``, once, where an interruption comes while the peer is waited for, or came before."""
        self._interruption = interrupt, act

    def forget_interruption(self) -> None:
        """Wait for nothing but the peer."""
        self._interruption = None

    def wait_for(self, *wanted: type[Event]) -> Event:
        """Return the next event of these types; any end of the association raises PeerError."""
        self._connection.restart_idle()
        while True:
            event = self.core.next_event()
            if event is None:
                self._receive()
            elif self._is_wanted(event, wanted):
                return event

    def _is_wanted(self, event: Event, wanted: tuple[type[Event], ...]) -> bool:
        """Tell whether an event is waited for, having dealt with one that is not."""
        if isinstance(event, wanted):
            return True
        if isinstance(event, ReleaseRequested):
            self._follow_release()
        elif type(event) in _ENDS:
            self._flush_quietly()
            raise PeerError(self._end(event))
        return False

    def wait_until(self, deadline: float, *wanted: type[Event]) -> Event | None:
        """Return the next event of these types, or None where there is none until then (by ``time.monotonic``)."""
        self._connection.restart_idle()
        while True:
            event = self.core.next_event()
            if event is not None and self._is_wanted(event, wanted):
                return event
            if event is None:
                self._connection.wait(max(deadline - time.monotonic(), 0))
                if time.monotonic() >= deadline and not self._connection.has_pending():
                    return None
                self._receive()

    def _end(self, event: Event) -> str:
        """Return how the peer ended the association; with TLS 1.3 it may have refused our certificate only now."""
        failure = self._connection.failure
        if isinstance(event, ConnectionLost) and isinstance(failure, ssl.SSLError):
            return f"{self.peer}: {explain(failure, server=False)}"
        hint = ""
        if isinstance(event, ConnectionLost) and not self._tls and not self.core.contexts:
            hint = ", and if it is a port for TLS, call it over TLS"
        return f"{self.peer} {_ENDS[type(event)].format(event=event)}{hint}"

    def release(self) -> None:
        """End in good order and close; a peer that does not answer any more is left alone."""
        try:
            if self.core.state is State.ESTABLISHED:
                self._connection.idle_seconds = self._timeouts.associate
                self.send(ReleaseRequest())
                self.flush()
                self.wait_for(ReleaseConfirmed)
        except PeerError:
            return
        finally:
            self._connection.close()

    def abort(self) -> None:
        """Break off at once and close."""
        self._connection.abort()
        self._flush_quietly()
        self._connection.close()

    def _receive(self) -> None:
        if self.core.finished:
            raise PeerError(f"the association with {self.peer} is over")
        if self._interruption is not None:
            interrupt, act = self._interruption
            self._connection.wait(self._connection.idle_seconds, interrupt.fileno())
            if interrupt.given:
                self._interruption = None
                act()
                return
        self._connection.receive()
        if self._connection.timed_out:
            self._flush_quietly()
            raise PeerError(f"{self.peer} did not answer within {self._connection.idle_seconds:g} s; aborted")

    def _follow_release(self) -> None:
        """Answer the peer's wish to end; where it does not collide with ours, that comes too early."""
        self.send(ReleaseResponse())
        self.flush()
        if self.core.state is State.AWAITING_TRANSPORT_CLOSE:
            raise PeerError(f"{self.peer} released the association before everything was done")

    def _broken_off(self, error: OSError) -> PeerError:
        """Return what the peer may have said before it closed the connection."""
        try:
            self.wait_for(PeerAborted)
        except PeerError as reason:
            return reason
        return PeerError(f"{self.peer} aborted the association ({error.strerror or error}); its log may say why")

    def _flush_quietly(self) -> None:
        try:
            self._connection.flush()
        except OSError:
            return


def _advise(reject: AssociateReject, request: AssociateRequest) -> str:
    advice = _ADVICE.get((reject.source, reject.reason))
    if (reject.source, reject.reason) == _IDENTITY and request.user_information.user_identity is not None:
        advice = "check the user and the passcode or token"
    if advice is None:
        return reject.describe()
    return f"{reject.describe()}; {advice.format(calling=request.calling_aet, called=request.called_aet)}"


def _granted(asked: UserInformation, answered: UserInformation) -> int:
    """Return how many requests may be outstanding; no answer means one, 0 as many as were asked for (PS3.7 D.3.3.3)."""
    wanted, granted = asked.asynchronous_operations_window, answered.asynchronous_operations_window
    if wanted is None or granted is None:
        return 1
    return min(wanted.invoked, granted.invoked or wanted.invoked)


def _open(peer: Peer, timeout: float, tls: TlsClient | None) -> socket.socket:
    """Connect; TLS has not shaken hands yet.

    Raises:
        ConfigurationError: a certificate, key or CA cannot be used.
    """
    context = tls.context() if tls is not None else None
    sock = _connect(peer, timeout)
    if tls is None or context is None:
        return sock
    name = (tls.name or peer.host).partition("%")[0]
    return context.wrap_socket(sock, server_hostname=name, do_handshake_on_connect=False)


def _connect(peer: Peer, timeout: float) -> socket.socket:
    try:
        return socket.create_connection((peer.host, peer.port), timeout)
    except TimeoutError as error:
        raise PeerError(f"{peer} does not answer within {timeout:g} s; check host, port and firewall") from error
    except ConnectionRefusedError as error:
        raise PeerError(f"{peer} refuses connections; check that it runs and listens on port {peer.port}") from error
    except socket.gaierror as error:
        raise PeerError(f"{peer}: the host {peer.host!r} is not known; check its name") from error
    except OSError as error:
        raise PeerError(f"cannot connect to {peer}: {error.strerror or error}") from error
