"""Delivers results of storage commitment over associations of their own (PS3.4 J.3.3), to peers that are known.

What could not be told over the association that asked is here taken up, by one process at a time, and tried again with
growing pauses, after a restart, too, since all of it is in the index. Only the background thread knows a clock.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from isocenter.commitment import Commitments, Held, State
from isocenter.errors import IsocenterError
from isocenter.index.peers import KnownPeer
from isocenter.net.client import ClientAssociation
from isocenter.net.commit import send_report
from isocenter.services.commit_report import report_on

logger = logging.getLogger(__name__)

#: Longest time, in seconds, until what another process left behind is seen.
_LONGEST_WAIT = 30.0

#: Opens an association with a peer as the provider of storage commitment; raises PeerError.
Connect = Callable[[KnownPeer], ClientAssociation]


class Directory(Protocol):
    """The part of ``index.peers.Peers`` that is used here."""

    def get(self, aet: str) -> KnownPeer | None:
        """Return the peer with this AE title."""


class Delivery:
    """The worker; ``aet`` is the title of this archive, which the reports name for retrieval."""

    def __init__(self, commitments: Commitments, peers: Directory, connect: Connect, aet: str) -> None:
        self._commitments = commitments
        self._peers = peers
        self._connect = connect
        self._aet = aet
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the background thread."""
        self._thread = threading.Thread(target=self._run, name="commitment", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop it, after the delivery under way."""
        self._stopping = True
        self._commitments.waiting.set()
        if self._thread is not None:
            self._thread.join()

    def deliver(self, now: float) -> int:
        """Take up everything that is due; return how many results were delivered."""
        delivered = 0
        while not self._stopping and (held := self._commitments.claim(now)) is not None:
            delivered += self._deliver(held)
        self._commitments.forget(now)
        return delivered

    def _deliver(self, held: Held) -> bool:
        commitment = held.commitment
        peer = self._peers.get(commitment.calling_aet)
        if peer is None:
            why = "the peer is not known, and closed the association that asked"
            logger.warning(
                "transaction %s of %s: its result cannot be delivered: %s; add it with 'isocenter peers add'",
                commitment.TransactionUID, commitment.calling_aet, why,
            )  # fmt: skip
            held.undeliverable(why, time.time())
            return False
        try:
            return self._tell(held, peer)
        except IsocenterError as error:
            again = held.postpone(str(error), time.time()) is State.PENDING
            logger.warning(
                "transaction %s of %s: its result was not delivered%s: %s",
                commitment.TransactionUID, commitment.calling_aet, ", tried again later" if again else "", error,
            )  # fmt: skip
            return False

    def _tell(self, held: Held, peer: KnownPeer) -> bool:
        """Read back what was not looked at yet, and send the report."""
        commitment = held.commitment
        steps = held.examine()
        while True:
            try:
                next(steps)
            except StopIteration as end:
                failures = end.value
                break
        if failures is None:
            return False
        report = report_on(commitment.TransactionUID, commitment.requested, failures, self._aet)
        with self._connect(peer) as association:
            send_report(association, report)
        held.reported(time.time())
        logger.info(
            "transaction %s of %s: %d objects committed, %d not",
            commitment.TransactionUID, commitment.calling_aet, len(report.committed), len(report.failed),
        )  # fmt: skip
        return True

    def _run(self) -> None:
        waiting = self._commitments.waiting
        while not self._stopping:
            waiting.clear()
            try:
                self.deliver(time.time())
                due = self._commitments.seconds_to_next(time.time())
            except IsocenterError as error:
                logger.error("delivering results of storage commitment failed, it is tried again: %s", error)
                due = None
            except Exception:  # the border of this worker: the next round tries again
                logger.exception("delivering results of storage commitment failed")
                due = None
            if not self._stopping:
                waiting.wait(_LONGEST_WAIT if due is None else min(due, _LONGEST_WAIT))
