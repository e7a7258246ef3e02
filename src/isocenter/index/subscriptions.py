"""Rows of subscriptions to work items, of what subscribers are to be told, and of how far each was told.

A report is one row for each subscriber, written in the transaction of what it reports; the numbers of the rows are the
order in which they are told, whoever wrote them.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from isocenter.index.database import Database, Transaction

_SUBSCRIBE = """
INSERT INTO workitem_subscription (workitem_id, aet, locked) VALUES (:id, :aet, :locked)
ON CONFLICT (workitem_id, aet) DO UPDATE SET locked = excluded.locked WHERE :own = 1"""
_SUBSCRIBE_TO_ALL = """
INSERT INTO workitem_subscription (workitem_id, aet, locked) SELECT id, :aet, :locked FROM workitem WHERE 1 = 1
ON CONFLICT (workitem_id, aet) DO NOTHING"""
_UNSUBSCRIBE = "DELETE FROM workitem_subscription WHERE workitem_id = :id AND aet = :aet"
_UNSUBSCRIBE_ALL = "DELETE FROM workitem_subscription WHERE aet = :aet"
_SUBSCRIBERS = "SELECT aet FROM workitem_subscription WHERE workitem_id = :id ORDER BY aet"
_FOLLOW = """
INSERT INTO worklist_subscription (aet, resource, filter, locked) VALUES (:aet, :resource, :filter, :locked)
ON CONFLICT (aet, resource) DO UPDATE SET filter = excluded.filter, locked = excluded.locked"""
_UNFOLLOW = "DELETE FROM worklist_subscription WHERE aet = :aet AND resource = :resource"
_EVERYBODY = """
SELECT aet FROM worklist_subscription UNION SELECT aet FROM workitem_subscription ORDER BY aet"""
_FOLLOWERS = "SELECT aet, resource, filter, locked FROM worklist_subscription ORDER BY aet, resource"
_ALL_WORK_ITEMS = 'SELECT id, "SOPInstanceUID", data_set FROM workitem ORDER BY id'
_INSERT_EVENT = """
INSERT INTO workitem_event (aet, "SOPInstanceUID", type, information, time)
VALUES (:aet, :uid, :type, :information, :time)"""
_EVENTS = """
SELECT id, "SOPInstanceUID", type, information, time FROM workitem_event
WHERE aet = :aet AND id > :after ORDER BY id LIMIT :limit"""
_LATEST = "SELECT COALESCE(MAX(id), 0) FROM workitem_event"
_FORGET_EVENTS = "DELETE FROM workitem_event WHERE time < :before AND id < (SELECT MAX(id) FROM workitem_event)"
_PENDING = """
SELECT event.aet, COALESCE(MAX(receiver.position), 0), COALESCE(MAX(receiver.due), 0),
  COALESCE(MAX(receiver.failures), 0)
FROM workitem_event AS event LEFT JOIN workitem_receiver AS receiver ON receiver.aet = event.aet AND receiver.way = :way
WHERE event.id > COALESCE(receiver.position, 0) GROUP BY event.aet ORDER BY event.aet"""
_POSITION = "SELECT position FROM workitem_receiver WHERE aet = :aet AND way = :way"
_ENLIST = """
INSERT INTO workitem_receiver (aet, way, position, due, failures) VALUES (:aet, :way, 0, 0, 0)
ON CONFLICT (aet, way) DO NOTHING"""
_LEASE = "UPDATE workitem_receiver SET due = :until WHERE aet = :aet AND way = :way AND due = :seen"
_ADVANCE = "UPDATE workitem_receiver SET position = :position WHERE aet = :aet AND way = :way AND position < :position"
_SETTLE = "UPDATE workitem_receiver SET due = :due, failures = :failures WHERE aet = :aet AND way = :way"


@dataclass(frozen=True, slots=True)
class Follower:
    """Who is told of new work items; ``filter``: an identifier that they have to match, empty for all."""

    aet: str
    resource: str
    filter: dict[str, Any]
    locked: bool


@dataclass(frozen=True, slots=True)
class Event:
    """A report that a subscriber is to be told; ``time``: milliseconds since 1970."""

    id: int
    uid: str
    type: int
    information: dict[str, Any]
    time: int


@dataclass(frozen=True, slots=True)
class Pending:
    """A subscriber with reports that were not told; ``due``: not before then, in milliseconds."""

    aet: str
    position: int
    due: int
    failures: int


def subscribe(transaction: Transaction, work_item: int, aet: str, *, locked: bool, own: bool) -> None:
    """Subscribe to a work item; a subscription to all, not its ``own``, leaves one that is there (Table CC.2.3-2)."""
    transaction.change(_SUBSCRIBE, {"id": work_item, "aet": aet, "locked": int(locked), "own": int(own)})


def subscribe_to_all(transaction: Transaction, aet: str, *, locked: bool) -> None:
    """Subscribe to each work item that is there, but for those with a subscription."""
    transaction.change(_SUBSCRIBE_TO_ALL, {"aet": aet, "locked": int(locked)})


def unsubscribe(transaction: Transaction, work_item: int | None, aet: str) -> None:
    """End the subscription to one work item, or to each."""
    if work_item is None:
        transaction.change(_UNSUBSCRIBE_ALL, {"aet": aet})
    else:
        transaction.change(_UNSUBSCRIBE, {"id": work_item, "aet": aet})


def subscribers(transaction: Transaction, work_item: int) -> list[str]:
    """Return who is told of a work item."""
    return [str(aet) for (aet,) in transaction.rows(_SUBSCRIBERS, id=work_item)]


def follow(transaction: Transaction, follower: Follower) -> None:
    """Subscribe to new work items, in place of what was there for the same resource."""
    values = {"aet": follower.aet, "resource": follower.resource, "locked": int(follower.locked)}
    transaction.change(_FOLLOW, values | {"filter": json.dumps(follower.filter, ensure_ascii=False)})


def unfollow(transaction: Transaction, aet: str, resource: str) -> None:
    """End the subscription to new work items."""
    transaction.change(_UNFOLLOW, {"aet": aet, "resource": resource})


def followers(transaction: Transaction) -> list[Follower]:
    """Return who is told of new work items."""
    rows = transaction.rows(_FOLLOWERS)
    return [Follower(aet, resource, json.loads(text), bool(locked)) for aet, resource, text, locked in rows]


def everybody(transaction: Transaction) -> list[str]:
    """Return who is told of any work item, new or not."""
    return [str(aet) for (aet,) in transaction.rows(_EVERYBODY)]


def all_work_items(transaction: Transaction) -> list[tuple[int, str, dict[str, Any]]]:
    """Return key, UID and data set of each work item."""
    return [(int(key), str(uid), json.loads(text)) for key, uid, text in transaction.rows(_ALL_WORK_ITEMS)]


def insert_reports(
    transaction: Transaction, aets: Iterable[str], uid: str, reports: Iterable[tuple[int, dict[str, Any]]], now: int
) -> bool:
    """Write reports (type, information) about a work item for these subscribers; False where there are none."""
    made = [(int(kind), json.dumps(information, ensure_ascii=False)) for kind, information in reports]
    rows = [
        {"aet": aet, "uid": uid, "type": kind, "information": information, "time": now}
        for kind, information in made
        for aet in aets
    ]
    if rows:
        transaction.serialize_events()
        transaction.change_many(_INSERT_EVENT, rows)
    return bool(rows)


class Deliveries:
    """What is still to be told by one way, and how far each subscriber is; for all processes."""

    def __init__(self, database: Database, way: str) -> None:
        self._database = database
        self._way = way

    def latest(self) -> int:
        """Return the number of the last report of all."""
        return int(self._database.rows(_LATEST)[0][0])

    def events(self, aet: str, after: int, limit: int = 100) -> list[Event]:
        """Return the next reports for a subscriber behind number ``after``."""
        rows = self._database.rows(_EVENTS, aet=aet, after=after, limit=limit)
        return [Event(int(key), uid, int(kind), json.loads(text), int(time)) for key, uid, kind, text, time in rows]

    def position(self, aet: str) -> int:
        """Return the number of the last report that a subscriber was told."""
        rows = self._database.rows(_POSITION, aet=aet, way=self._way)
        return int(rows[0][0]) if rows else 0

    def pending(self) -> list[Pending]:
        """Return the subscribers with reports that were not told."""
        return [Pending(str(row[0]), *(int(value) for value in row[1:])) for row in self._rows(_PENDING)]

    def _rows(self, sql: str) -> Iterable[Any]:
        return self._database.rows(sql, way=self._way)

    def lease(self, pending: Pending, until: int) -> bool:
        """Take the right to tell a subscriber until a time; False where another process was quicker."""
        with self._database.write(durable=False) as transaction:
            named = {"aet": pending.aet, "way": self._way}
            transaction.change(_ENLIST, named)
            return transaction.change(_LEASE, named | {"until": until, "seen": pending.due}) == 1

    def advance(self, aet: str, position: int) -> None:
        """Record that a subscriber was told all reports up to this one."""
        with self._database.write(durable=False) as transaction:
            named = {"aet": aet, "way": self._way}
            transaction.change(_ENLIST, named)
            transaction.change(_ADVANCE, named | {"position": position})

    def settle(self, aet: str, due: int, failures: int) -> None:
        """Give the right back; the next attempt may be at ``due``."""
        with self._database.write(durable=False) as transaction:
            values = {"aet": aet, "way": self._way, "due": due, "failures": failures}
            transaction.change(_SETTLE, values)

    def forget(self, before: int) -> None:
        """Delete reports from before a time, told or not; the last one stays, so that numbers go on."""
        with self._database.write(durable=False) as transaction:
            transaction.change(_FORGET_EVENTS, {"before": before})
