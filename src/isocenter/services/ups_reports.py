"""Reports of work items to known peers (PS3.4 CC.2.4): N-EVENT-REPORT on an association of our own, until it was taken.

Reports wait in the index, in order. One process at a time tells a peer, under a lease; where the peer cannot be reached
it is tried again later, over restarts, for a day. Whoever is no known peer has its reports over WebSocket only. Time is
an argument; only the background thread knows a clock.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from isocenter.dicom.json import Json
from isocenter.dimse import status
from isocenter.dimse.status import StatusCategory
from isocenter.errors import IsocenterError
from isocenter.index.peers import KnownPeer
from isocenter.index.subscriptions import Deliveries, Pending
from isocenter.ups.signal import Signal

logger = logging.getLogger(__name__)

_SECOND = 1000
#: How long one turn with a peer may take; then another process may try.
_LEASE = 300 * _SECOND
#: Reports of one turn.
_AT_ONCE = 50
#: After each failure in a row.
_PAUSES = tuple(seconds * _SECOND for seconds in (5, 30, 120, 600, 1800))
#: Reports are told for a day.
_KEPT = 86_400 * _SECOND
#: Seconds after which reports of other processes are looked for, and between two looks for what is too old.
_LOOK_AFTER, _TIDY_AFTER = 2.0, 3600.0


class Receiver(Protocol):
    """An association with a peer that takes reports."""

    def report(self, event_type: int, uid: str, information: Json) -> int:
        """Send a report and return the status that it is answered with."""

    def release(self) -> None:
        """End in good order."""

    def abort(self) -> None:
        """Break off at once."""


class Directory(Protocol):
    """The part of ``index.peers.Peers`` that is used here."""

    def get(self, aet: str) -> KnownPeer | None:
        """Return the peer with this AE title."""


#: Opens an association with a peer for reports; raises PeerError, UnsupportedError.
Connect = Callable[[KnownPeer], Receiver]


class UpsReports:
    """Tells known peers; ``tidy`` is called now and then with the time, to forget what is over."""

    def __init__(
        self,
        deliveries: Deliveries,
        peers: Directory,
        connect: Connect,
        signal: Signal,
        tidy: Callable[[], object] = lambda: None,
    ) -> None:
        self._deliveries = deliveries
        self._peers = peers
        self._connect = connect
        self._signal = signal
        self._tidy = tidy
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def deliver(self, now: int) -> int | None:
        """Tell whoever is due at ``now`` (milliseconds since 1970); return when the next one is, None if nobody is."""
        dues: list[int] = []
        for pending in self._deliveries.pending():
            known = self._peers.get(pending.aet)
            if known is None or self._stopping:
                continue
            if pending.due > now:
                dues.append(pending.due)
            elif self._deliveries.lease(pending, now + _LEASE):
                due = self._tell(known, pending, now)
                dues += [] if due is None else [due]
            else:  # another process does it, unless that dies
                dues.append(now + _LEASE)
        return min(dues, default=None)

    def _tell(self, known: KnownPeer, pending: Pending, now: int) -> int | None:
        """Take one turn with a peer, and return when the next one has to be."""
        due, failures = None, 0
        try:
            if self._send(known, pending):
                due = now
        except IsocenterError as error:
            failures = pending.failures + 1
            due = now + _PAUSES[min(failures, len(_PAUSES)) - 1]
            logger.warning("%s could not be told of work items: %s", known.aet, error)
        self._deliveries.settle(known.aet, due or now, failures)
        return due

    def _send(self, known: KnownPeer, pending: Pending) -> bool:
        """Tell the next reports; return whether there may be more."""
        events = self._deliveries.events(known.aet, pending.position, _AT_ONCE)
        receiver = self._connect(known)
        try:
            for event in events:
                answer = receiver.report(event.type, event.uid, event.information)
                if status.category(answer) is StatusCategory.FAILURE:  # it was told, and will not like it later
                    logger.warning("%s refused a report of a work item: %s", known.aet, status.describe(answer))
                self._deliveries.advance(known.aet, event.id)
        except BaseException:
            receiver.abort()
            raise
        receiver.release()
        return len(events) == _AT_ONCE

    def start(self) -> None:
        """Start the background thread."""
        if self._thread is None:
            self._remove = self._signal.listen(self._wake.set)
            self._thread = threading.Thread(target=self._run, name="ups-reports", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop the background thread; what was not told is told after the next start."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._remove()
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        seen, due, tidied = -1, None, 0.0
        while not self._stopping:
            try:
                now = time.time()
                latest = self._deliveries.latest()
                if latest != seen or (due is not None and due <= now * _SECOND):
                    due = self.deliver(round(now * _SECOND))
                    seen = latest
                if now - tidied >= _TIDY_AFTER:
                    self._deliveries.forget(round(now * _SECOND) - _KEPT)
                    self._tidy()
                    tidied = now
            except IsocenterError as error:
                logger.error("telling of work items failed, it is tried again: %s", error)
            except Exception:
                logger.exception("telling of work items failed")
            self._wake.wait(_LOOK_AFTER)
            self._wake.clear()
