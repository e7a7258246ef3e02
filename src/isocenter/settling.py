"""Settling: a series or study that has been quiet for a while is finished off: its metadata blob is written, once.

The first consumer of the outbox. It follows the events of stored and deleted objects, and its position moves past an
event only when that event's series has settled, so nothing is missed by a crash or a change of process. Time is an
argument; only the background thread knows a clock.
"""

import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from isocenter.background import Worker
from isocenter.index.bin import give_up_expired
from isocenter.index.blobs import Blobs, announce_settled, read_series_by_key, settle_series
from isocenter.index.deletion import forget_garbage, garbage
from isocenter.index.index import Index
from isocenter.index.outbox import Consumer, Event
from isocenter.metadata import MetadataReader
from isocenter.opening import compact
from isocenter.storage.storage import Storage

_LEASE = 60_000
_SHORTEST_WAIT = 0.25
#: Seconds between two headers. Settling has time; without the pauses, uploads and searches right after a large study
#: take up to five times as long. While somebody is served it only just goes on.
_BREATH = 0.001
_LONG_BREATH = 0.02
_KEPT_DAYS = 30
_READ_AT_ONCE = 10_000


@dataclass(slots=True)
class _Restless:
    """A series with events that are not done with: the first of them, and the time of the last."""

    study_id: int
    first: int
    last_time: int


class Settling:
    """Settles series ``settle_seconds`` after their last event, in one process at a time; calls ``settled`` then.

    ``serving`` tells whether somebody is served who should not wait for this.
    """

    def __init__(
        self,
        storage: Storage,
        index: Index,
        metadata: MetadataReader,
        settle_seconds: float,
        settled: Callable[[], None],
        serving: Callable[[], bool],
    ) -> None:
        self._storage = storage
        self._index = index
        self._metadata = metadata
        self._settled = settled
        self._serving = serving
        self._quiet = round(settle_seconds * 1000)
        self._consumer = Consumer(index.database, "settling", f"{os.getpid()}-{secrets.token_hex(4)}")
        self._read_to = -1  # -1: nothing read under this lease yet
        self._restless: dict[int, _Restless] = {}
        self._lock = threading.Lock()
        self._pause = max(self._quiet / 1000, _SHORTEST_WAIT)
        self._worker = Worker("settling", self._round, self._pause)

    def settle(self, now: float) -> int:
        """Settle what has been quiet long enough at ``now`` (seconds since 1970); return how many series.

        Another process that holds the lease makes this do nothing.
        """
        moment = round(now * 1000)
        with self._lock:
            give_up_expired(self._index.database, moment)
            self.remove_garbage()
            position = self._consumer.position()
            if not self._restless and not self._consumer.read(max(position, self._read_to), 1):
                return 0
            if not self._consumer.lease(moment, _LEASE):
                self._read_to, self._restless = -1, {}
                return 0
            self._follow(position)
            count = self._settle_due(moment)
        if count:
            self._settled()
        return count

    def remove_garbage(self) -> None:
        """Remove the bytes of what was deleted."""
        while locations := garbage(self._index.database):
            self._storage.delete(locations)
            forget_garbage(self._index.database, locations)

    def start(self) -> None:
        """Start the background thread."""
        self._worker.start()

    def stop(self) -> None:
        """Stop the background thread and give the lease back."""
        self._worker.stop()
        if self._read_to >= 0:
            self._consumer.release()
            self._read_to = -1

    def _round(self) -> float:
        self.settle(time.time())
        return self._pause

    def _follow(self, position: int) -> None:
        """Read new events and remember whose rest they disturb."""
        if self._read_to < 0:
            self._read_to, self._restless = position, {}
        while events := self._consumer.read(self._read_to, _READ_AT_ONCE):
            for event in events:
                if event.event in {Event.STORED, Event.DELETED, Event.EDITED}:
                    entry = self._restless.setdefault(event.series_id, _Restless(event.study_id, event.id, event.time))
                    entry.last_time = event.time
            self._read_to = events[-1].id

    def _settle_due(self, moment: int) -> int:
        due = [key for key, entry in self._restless.items() if entry.last_time + self._quiet <= moment]
        settled: list[tuple[int, int]] = []
        studies: set[int] = set()
        busy: set[int] = set()
        failure: Exception | None = None
        for series_id in due:
            entry = self._restless.pop(series_id)
            studies.add(entry.study_id)
            try:
                written = self._write(series_id)
            except Exception as error:  # noqa: BLE001 - raised below, when what has settled is told
                entry.last_time = moment  # it is tried again later, behind the others
                self._restless[series_id] = entry
                failure = error
                break
            if written:
                settled.append((entry.study_id, series_id))
            else:
                busy.add(entry.study_id)
        studies -= busy | {entry.study_id for entry in self._restless.values()}
        done = min((entry.first - 1 for entry in self._restless.values()), default=self._read_to)
        self._tell(settled, sorted(studies), done, moment)
        if failure is not None:
            raise failure
        return len(settled)

    def _tell(self, settled: list[tuple[int, int]], studies: list[int], done: int, moment: int) -> None:
        try:
            with self._index.database.write() as transaction:
                announce_settled(transaction, settled, studies, moment)
                self._consumer.advance(transaction, done, moment, _KEPT_DAYS)
        except BaseException:
            self._read_to = -1  # the next round reads again what was not done with
            raise

    def _breathe(self) -> None:
        """Leave the interpreter to whoever waits for it."""
        self._worker.rest(_LONG_BREATH if self._serving() else _BREATH)

    def _write(self, series_id: int) -> bool:
        """Write the blob of a series; return False where the series has changed meanwhile or is gone."""
        state = read_series_by_key(self._index.database, series_id)
        if state is None:
            return False
        if state.body is not None:
            return True
        made = self._metadata.make(state, self._breathe)
        blobs = Blobs(made.etag, made.body, made.instances, compact(made.body, self._breathe))
        with self._index.database.write() as transaction:
            return settle_series(transaction, state, blobs)
