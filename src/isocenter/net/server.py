"""The DICOM node as a server: accepts connections on the sockets it is given, plain or TLS, one thread for each.

Owns the limits on how many there are and the graceful end; what an association says is in ``session``. Several
worker processes may accept on the same socket.
"""

import contextlib
import itertools
import logging
import selectors
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from isocenter import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from isocenter.net.connection import Connection
from isocenter.net.gate import Gate
from isocenter.net.identity import REJECTION, Authenticator, Everybody, describe
from isocenter.net.observer import Counters, Observer
from isocenter.net.session import Session
from isocenter.services.service import Service
from isocenter.settings import Settings
from isocenter.ul.association import Association, Role
from isocenter.ul.negotiation import LOCAL_LIMIT_EXCEEDED, AcceptorPolicy, GrantedRoles, negotiate
from isocenter.ul.pdu import AssociateAccept, AssociateReject, AssociateRequest, RejectResult, RejectSource

logger = logging.getLogger(__name__)

#: Connections beyond the limit on associations that may wait for their rejection; more are closed at once.
_MAX_WAITING = 1000
#: How long accepting pauses when the process has no descriptor or thread left, in seconds.
_PAUSE = 0.5
#: What aborted sessions get to end, in seconds, after the grace of ``stop`` is over.
_LAST_WORDS = 2.0

#: Requests that a peer may have outstanding where none of them is answered with more than one response.
_WINDOW = 64

_STOPPING = AssociateReject(RejectResult.TRANSIENT, RejectSource.SERVICE_PROVIDER_PRESENTATION, 1)


class Listener(NamedTuple):
    """A socket that listens already, and is closed at the end; ``tls`` is what it speaks TLS with."""

    sock: socket.socket
    tls: ssl.SSLContext | None = None


class DicomServer:
    """Serves associations with these services; ``serve`` blocks until ``stop`` is called from another thread.

    ``listeners``: a socket for plain DICOM, or what to listen on. ``observer`` counts, unless the caller has its own;
    ``gate`` says who may do what, without one everybody may do everything; ``authenticator`` decides on the users that
    peers name, without one all are let in.
    """

    def __init__(
        self,
        settings: Settings,
        services: Sequence[Service],
        listeners: socket.socket | Sequence[Listener],
        observer: Observer | None = None,
        gate: Gate | None = None,
        authenticator: Authenticator | None = None,
    ) -> None:
        self.observer: Observer = Counters() if observer is None else observer
        self.stopping = False
        self._settings = settings
        self._gate = gate
        self._authenticator: Authenticator = Everybody() if authenticator is None else authenticator
        self._listeners = [Listener(listeners)] if isinstance(listeners, socket.socket) else list(listeners)
        self._services = tuple(services)
        self._by_abstract_syntax = {uid: service for service in services for uid in service.abstract_syntaxes}
        self._fallback = next((service for service in services if service.unknown_abstract_syntaxes), None)
        self._policy = _policy(settings, services, self._agree, self._window)
        self._lock = threading.Condition()
        self._established = 0
        self._sessions: dict[int, tuple[Session, threading.Thread]] = {}
        self._ids = itertools.count(1)
        self._wake_receiver, self._wake_sender = socket.socketpair()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens on, the first one."""
        host, port = self._listeners[0].sock.getsockname()[:2]
        return str(host), int(port)

    @property
    def handshake_seconds(self) -> float:
        """How long a peer may take to shake hands, before its time to request an association begins."""
        return float(self._settings.artim_seconds)

    def serve(self) -> None:
        """Accept connections until ``stop``."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._wake_receiver)
            selector = stack.enter_context(selectors.DefaultSelector())
            selector.register(self._wake_receiver, selectors.EVENT_READ)
            for listener in self._listeners:
                stack.enter_context(listener.sock).setblocking(False)
                selector.register(listener.sock, selectors.EVENT_READ)
            while not self.stopping:
                selector.select()
                for listener in self._listeners:
                    self._accept_all(listener)

    def stop(self, grace: float) -> None:
        """Stop accepting, let messages under way finish for ``grace`` seconds, abort the rest, and wait for the end."""
        self.stopping = True
        with self._wake_sender, contextlib.suppress(BrokenPipeError):  # it may have seen ``stopping`` already
            self._wake_sender.send(b"\0")
        with self._lock:
            threads = [thread for _, thread in self._sessions.values()]
            for session, _ in self._sessions.values():
                if not session.busy:
                    session.wake()
            self._lock.wait_for(lambda: not self._sessions, grace)
            for session, _ in self._sessions.values():
                session.wake()
            if not self._lock.wait_for(lambda: not self._sessions, _LAST_WORDS):
                logger.warning("%d associations did not end in time", len(self._sessions))
                return
        for thread in threads:
            thread.join(_LAST_WORDS)

    # what a session needs (session.Node)

    def answer(self, request: AssociateRequest, address: str) -> AssociateAccept | AssociateReject:
        """Return the answer to a request from an address; an acceptance takes a place, until ``leave``."""
        answer = negotiate(request, self._policy, *self._rights(request, address))
        if isinstance(answer, AssociateAccept):
            answer = self._identified(request, answer, address)
        if isinstance(answer, AssociateReject):
            return answer
        with self._lock:
            if self.stopping:
                return _STOPPING
            if self._established >= self._settings.max_associations:
                return LOCAL_LIMIT_EXCEEDED
            self._established += 1
        return answer

    def _identified(
        self, request: AssociateRequest, answer: AssociateAccept, address: str
    ) -> AssociateAccept | AssociateReject:
        """Return the answer to a request as its user may have it (PS3.7 D.3.3.7)."""
        identity = request.user_information.user_identity
        if identity is None:
            return answer
        verdict = self._authenticator.authenticate(identity, request.calling_aet, address)
        if not verdict.let_in:
            logger.warning("%s@%s: user %s is not let in", request.calling_aet, address, describe(identity))
            return REJECTION
        if not identity.positive_response_requested or verdict.response is None:
            return answer
        confirmed = replace(answer.user_information, user_identity_response=verdict.response)
        return replace(answer, user_information=confirmed)

    def leave(self) -> None:
        """Give an association's place back."""
        with self._lock:
            self._established -= 1

    def service(self, abstract_syntax: str) -> Service:
        """Return the service for an abstract syntax that was accepted."""
        found = self._by_abstract_syntax.get(abstract_syntax, self._fallback)
        assert found is not None
        return found

    def _agree(self, abstract_syntax: str, proposed: bytes) -> bytes | None:
        """Answer an extended negotiation item of an association request."""
        service = self._by_abstract_syntax.get(abstract_syntax)
        return None if service is None else service.agree(abstract_syntax, proposed)

    def _window(self, abstract_syntaxes: frozenset[str]) -> int:
        """Return how many requests a peer may have outstanding; they wait in the connection."""
        return _WINDOW if all(self.service(uid).queues for uid in abstract_syntaxes) else 1

    def _rights(self, request: AssociateRequest, address: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the abstract syntaxes that the peer may not use, and those in which it may only be sent something."""
        if self._gate is None:
            return frozenset(), frozenset()
        allowed = self._gate.permissions(request.calling_aet, address) | {""}
        asked = {context.abstract_syntax for context in request.contexts}
        services = {uid: self._by_abstract_syntax.get(uid, self._fallback) for uid in asked}
        forbidden = {uid for uid, service in services.items() if service and service.permission not in allowed}
        performed = {role.sop_class_uid for role in request.user_information.roles if role.scp}
        sent = {uid for service in self._services if service.permission in allowed for uid in service.invokes}
        receiving = forbidden & performed & sent
        return frozenset(forbidden - receiving), frozenset(receiving)

    # connections

    def _accept_all(self, listener: Listener) -> None:
        """Take every connection that waits."""
        while not self.stopping:
            try:
                sock, address = listener.sock.accept()
            except BlockingIOError:
                return
            except ConnectionError:
                continue
            except OSError as error:
                logger.error("cannot accept a connection: %s", error.strerror)
                self._pause()
                return
            self._start(sock, address, listener.tls)

    def _pause(self) -> None:
        """Wait until others gave something back, or the server stops."""
        with self._lock:
            self._lock.wait_for(lambda: self.stopping, _PAUSE)

    def _start(self, sock: socket.socket, address: tuple[Any, ...], tls: ssl.SSLContext | None) -> None:
        with self._lock:
            crowded = len(self._sessions) >= self._settings.max_associations + _MAX_WAITING
        if crowded:
            logger.warning("%s: too many connections, closed", address[0])
            self.observer.association_refused("too many connections")
            sock.close()
            return
        association_id = next(self._ids)
        try:
            if tls is not None:  # shakes hands in a thread of its own
                sock = tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            association = Association(Role.ACCEPTOR, artim_seconds=self._settings.artim_seconds)
            connection = Connection(sock, association, self._settings.idle_seconds)
        except OSError:  # gone before it was looked at
            sock.close()
            return
        session = Session(self, connection, association_id, str(address[0]))
        thread = threading.Thread(
            target=self._run, args=(association_id, session), name=f"association-{association_id}", daemon=True
        )
        with self._lock:
            self._sessions[association_id] = session, thread
        try:
            thread.start()
        except RuntimeError as error:
            logger.error("cannot serve a connection: %s", error)
            connection.close()
            self._forget(association_id)

    def _run(self, association_id: int, session: Session) -> None:
        try:
            session.run()
        finally:
            self._forget(association_id)

    def _forget(self, association_id: int) -> None:
        with self._lock:
            del self._sessions[association_id]
            self._lock.notify_all()


def _policy(
    settings: Settings,
    services: Sequence[Service],
    agree: Callable[[str, bytes], bytes | None],
    window: Callable[[frozenset[str]], int],
) -> AcceptorPolicy:
    """Return what the services accept together."""
    return AcceptorPolicy(
        aet=settings.aet,
        transfer_syntaxes={uid: syntaxes for s in services for uid, syntaxes in s.abstract_syntaxes.items()},
        unknown_abstract_syntaxes=next(
            (s.unknown_abstract_syntaxes for s in services if s.unknown_abstract_syntaxes), ()
        ),
        check_called_aet=settings.check_called_aet,
        roles={uid: GrantedRoles(scp=True) for s in services for uid in s.invokes},
        agree=agree,
        window=window,
        max_length=settings.max_pdu,
        implementation_class_uid=IMPLEMENTATION_CLASS_UID,
        implementation_version_name=IMPLEMENTATION_VERSION_NAME,
    )
