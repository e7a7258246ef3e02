"""Storage commitment: what is asked to be kept is read back from the storage, and its result kept until it was told.

Committed means: the object is in the index under this SOP class, and the bytes in the storage have the hash that was
taken when they came in. Knows neither DIMSE nor peers; time is an argument.
"""

import os
import secrets
import threading
import time
from collections.abc import Generator, Iterable
from enum import IntEnum

from isocenter.index.commitments import Commitment, CommitmentTable, Failure, Reference, State
from isocenter.index.index import Index
from isocenter.index.instances import get_instance
from isocenter.index.non_patient import get_non_patient
from isocenter.integrity import hash_of
from isocenter.settings import Settings
from isocenter.storage.storage import Storage

__all__ = ["Commitment", "Commitments", "Failure", "FailureReason", "Held", "Reference", "State"]

#: How long a transaction stays its holder's, and how long before the end that is prolonged, in milliseconds.
_LEASE, _PROLONG = 120_000, 60_000
#: Between attempts to deliver a result, in milliseconds: the first, doubled each time, up to the last.
_FIRST_WAIT, _LONGEST_WAIT = 10_000, 3_600_000
_A_DAY = 86_400_000


class FailureReason(IntEnum):
    """Why an object is not committed (PS3.3 C.14.1.1)."""

    PROCESSING_FAILURE = 0x0110
    NO_SUCH_OBJECT_INSTANCE = 0x0112
    CLASS_INSTANCE_CONFLICT = 0x0119
    DUPLICATE_TRANSACTION_UID = 0x0131


class Commitments:
    """The transactions of an archive."""

    def __init__(self, storage: Storage, index: Index, settings: Settings) -> None:
        self._storage = storage
        self._index = index
        self._table = CommitmentTable(index.database)
        self._keep: int = settings.commitment_keep_days * _A_DAY
        self._give_up: int = settings.commitment_retry_days * _A_DAY
        #: Set where a transaction became due that nobody in this process works on.
        self.waiting = threading.Event()

    def begin(self, calling_aet: str, uid: str, requested: Iterable[Reference], now: float) -> "Held | None":
        """File a transaction, durably; return None where this peer has used the UID before."""
        moment, holder = _milliseconds(now), _holder()
        found = self._table.add(calling_aet, uid, requested, holder, moment, moment + _LEASE)
        return None if found is None else Held(self, found, holder, moment)

    def claim(self, now: float) -> "Held | None":
        """Take a transaction whose time has come, in this process only."""
        moment, holder = _milliseconds(now), _holder()
        found = self._table.claim(holder, moment, moment + _LEASE)
        return None if found is None else Held(self, found, holder, moment)

    def seconds_to_next(self, now: float) -> float | None:
        """Return how long it is until a transaction is due, None where none is."""
        due = self._table.next_due()
        return None if due is None else max(due - _milliseconds(now), 0) / 1000

    def forget(self, now: float) -> int:
        """Remove what ended long ago (``commitment_keep_days``); return how many."""
        return self._table.forget(_milliseconds(now) - self._keep)

    def recent(self, limit: int = 100, offset: int = 0) -> list[Commitment]:
        """Return transactions, the newest first."""
        return self._table.recent(limit, offset)

    def look_at(self, reference: Reference) -> FailureReason | None:
        """Read an object back; return why it is not committed, or None."""
        database = self._index.database
        uid = reference.sop_instance_uid
        instance = get_instance(database, uid) or get_non_patient(database, uid)
        if instance is None:
            return FailureReason.NO_SUCH_OBJECT_INSTANCE
        if instance.SOPClassUID != reference.sop_class_uid:
            return FailureReason.CLASS_INSTANCE_CONFLICT
        if hash_of(self._storage, instance.location, instance.data_set_offset) == instance.hash:
            return None
        again = get_instance(database, uid) or get_non_patient(database, uid)
        if again is None:  # deleted while it was read
            return FailureReason.NO_SUCH_OBJECT_INSTANCE
        moved = again.location != instance.location
        return self.look_at(reference) if moved else FailureReason.PROCESSING_FAILURE

    # for those who hold one

    def hold(self, held: "Held", now: int) -> bool:
        """Stay the holder."""
        return self._table.hold(held.commitment.id, held.holder, now + _LEASE)

    def keep(self, held: "Held", failures: Iterable[Failure], now: int) -> bool:
        """Note what was found."""
        return self._table.keep(held.commitment.id, held.holder, failures, now)

    def close(self, held: "Held", state: State, detail: str, now: int) -> None:
        """End a transaction."""
        self._table.close(held.commitment.id, held.holder, state, detail, now)

    def postpone(self, held: "Held", detail: str, now: int) -> State:
        """Have another attempt made later, or none where that has gone on for too long."""
        commitment = held.commitment
        if now - commitment.received > self._give_up:
            self.close(held, State.UNDELIVERED, detail, now)
            return State.UNDELIVERED
        wait = min(_FIRST_WAIT << min(commitment.attempts, 20), _LONGEST_WAIT)
        self._table.postpone(commitment.id, held.holder, now + wait, detail, now, tried=True)
        self.waiting.set()
        return State.PENDING

    def leave(self, held: "Held", now: int) -> None:
        """Let anybody take a transaction at once."""
        self._table.postpone(held.commitment.id, held.holder, now, "", now, tried=False)
        self.waiting.set()


class Held:
    """A transaction that only this holder works on; each method does nothing once it is another's."""

    def __init__(self, commitments: Commitments, commitment: Commitment, holder: str, now: int) -> None:
        self.commitment = commitment
        self.holder = holder
        self._commitments = commitments
        self._until = now + _LEASE

    def examine(self) -> Generator[None, None, tuple[Failure, ...] | None]:
        """Look at all objects, with a pause after each; return those that are not committed.

        None: the transaction is another's by now, and nothing is to be told.
        """
        if self.commitment.failures is not None:
            return self.commitment.failures
        failures: list[Failure] = []
        for reference in self.commitment.requested:
            if not self._prolong():
                return None
            reason = self._commitments.look_at(reference)
            if reason is not None:
                failures.append(Failure(*reference, int(reason)))
            yield
        now = _milliseconds(time.time())
        self._until = now + _LEASE
        kept = self._commitments.keep(self, failures, now) and self._commitments.hold(self, now)
        return tuple(failures) if kept else None

    def reported(self, now: float) -> None:
        """The result was told."""
        self._commitments.close(self, State.REPORTED, "", _milliseconds(now))

    def undeliverable(self, why: str, now: float) -> None:
        """The result cannot be told."""
        self._commitments.close(self, State.UNDELIVERED, why, _milliseconds(now))

    def postpone(self, why: str, now: float) -> State:
        """The result could not be told now; return whether it is tried again (pending)."""
        return self._commitments.postpone(self, why, _milliseconds(now))

    def leave(self, now: float) -> None:
        """Let anybody take it at once."""
        self._commitments.leave(self, _milliseconds(now))

    def _prolong(self) -> bool:
        """Stay the holder where the time is nearly over."""
        now = _milliseconds(time.time())
        if now < self._until - _PROLONG:
            return True
        self._until = now + _LEASE
        return self._commitments.hold(self, now)


def _holder() -> str:
    return f"{os.getpid()}-{secrets.token_hex(8)}"


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
