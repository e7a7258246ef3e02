"""Events for consumers: written with what they tell, read in order, each consumer with its own position.

One process at a time reads for a consumer: it holds a lease that it renews by reading. Positions move only after the
work is done, so a consumer may see an event again after a crash and must not mind.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

import sqlalchemy as sa

from isocenter.index.database import Database, Transaction
from isocenter.index.schema import outbox

MILLISECONDS_PER_DAY = 86_400_000


class Event(IntEnum):
    """What happened."""

    STORED = 1
    DELETED = 2
    SERIES_SETTLED = 3
    STUDY_SETTLED = 4
    NON_PATIENT_STORED = 5  # these two have neither study nor series
    NON_PATIENT_DELETED = 6
    EDITED = 7  # its bytes are others now


class Entry(NamedTuple):
    """One event as read; ``time`` in milliseconds since 1970."""

    id: int
    event: Event
    study_id: int
    series_id: int
    instance_id: int
    time: int


_INSERT = """
INSERT INTO outbox (event, study_id, series_id, instance_id, time, day)
VALUES (:event, :study_id, :series_id, :instance_id, :time, :day)"""
_ENLIST = """
INSERT INTO consumer (name, position, holder, lease_until) VALUES (:name, 0, '', 0) ON CONFLICT (name) DO NOTHING"""
_LEASE = """
UPDATE consumer SET holder = :holder, lease_until = :until
WHERE name = :name AND (holder = :holder OR lease_until < :now)"""

_ADVANCE = "UPDATE consumer SET position = :position WHERE name = :name AND position < :position"
_FORGET = """
DELETE FROM outbox WHERE day < :day AND id <= (SELECT MIN(position) FROM consumer)
  AND id < (SELECT MAX(id) FROM outbox)"""


def insert_events(transaction: Transaction, events: Iterable[tuple[Event, int, int, int]], now: int) -> None:
    """Write events (kind, study id, series id, instance id); the last thing a transaction does."""
    rows = [
        {
            "event": int(e),
            "study_id": s,
            "series_id": r,
            "instance_id": i,
            "time": now,
            "day": now // MILLISECONDS_PER_DAY,
        }
        for e, s, r, i in events
    ]
    if rows:
        transaction.serialize_events()
        transaction.change_many(_INSERT, rows)


class Consumer:
    """A reader of the outbox, by name; ``holder`` names this process."""

    def __init__(self, database: Database, name: str, holder: str) -> None:
        self._database = database
        self._name = name
        self._holder = holder

    def lease(self, now: int, duration: int) -> bool:
        """Take or renew the right to read until ``now + duration`` (milliseconds)."""
        with self._database.write() as transaction:
            transaction.change(_ENLIST, {"name": self._name})
            parameters = {"holder": self._holder, "until": now + duration, "name": self._name, "now": now}
            return transaction.change(_LEASE, parameters) == 1

    def release(self) -> None:
        """Give the right back."""
        with self._database.write() as transaction:
            transaction.change(
                "UPDATE consumer SET holder = '', lease_until = 0 WHERE name = :name AND holder = :holder",
                {"name": self._name, "holder": self._holder},
            )

    def position(self) -> int:
        """Return the number of the last event that is done with."""
        with self._database.read() as connection:
            found = connection.execute(
                sa.text("SELECT position FROM consumer WHERE name = :name"), {"name": self._name}
            ).scalar()
        return int(found or 0)

    def read(self, after: int, limit: int = 10_000) -> list[Entry]:
        """Return the next events behind number ``after``."""
        query = (
            sa.select(
                outbox.c.id, outbox.c.event, outbox.c.study_id, outbox.c.series_id, outbox.c.instance_id, outbox.c.time
            )
            .where(outbox.c.id > after)
            .order_by(outbox.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [Entry(row[0], Event(row[1]), *row[2:]) for row in connection.execute(query)]

    def advance(self, transaction: Transaction, position: int, now: int, kept_days: int) -> None:
        """Record that all events up to ``position`` are done with, and forget old ones that all consumers have seen.

        The last event always stays: its number is where the next ones go on.
        """
        transaction.change(_ADVANCE, {"position": position, "name": self._name})
        transaction.change(_FORGET, {"day": now // MILLISECONDS_PER_DAY - kept_days})
