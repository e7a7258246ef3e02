"""Who is told of work items (PS3.4 CC.2.3): of one, of all, of those that match a filter."""

from collections.abc import Callable
from datetime import UTC, datetime

from isocenter.dicom.json import Json
from isocenter.dicom.nested import compile_keys, matches
from isocenter.errors import UsageError
from isocenter.index.database import Database, Transaction
from isocenter.index.subscriptions import (
    Follower,
    all_work_items,
    everybody,
    follow,
    insert_reports,
    subscribe,
    subscribe_to_all,
    unfollow,
    unsubscribe,
)
from isocenter.ups import reports
from isocenter.ups.attributes import FILTERED_SUBSCRIPTION, GLOBAL_SUBSCRIPTION, taken_over
from isocenter.ups.signal import Signal
from isocenter.ups.states import ACTION_NOT_APPROPRIATE, WorkItemRefusedError
from isocenter.ups.workitems import check_filter, known_work_item

_WORKLISTS = frozenset({GLOBAL_SUBSCRIPTION, FILTERED_SUBSCRIPTION})


class Subscriptions:
    """The tables of subscriptions; ``resource`` is a work item's UID or one of the two well-known ones."""

    def __init__(
        self, database: Database, signal: Signal, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._signal = signal
        self._now = now

    def subscribe(self, resource: str, aet: str, *, locked: bool, identifier: Json | None = None) -> None:
        """Subscribe; who subscribes to one work item, or to all with a lock, is told at once what their states are.

        Raises:
            WorkItemRefusedError: there is no such work item.
            UsageError: the AE title is none, or the ``identifier`` is no filter.
        """
        check_aet(aet)
        wanted = {}
        if resource == FILTERED_SUBSCRIPTION:
            wanted = taken_over(identifier or {})
            check_filter(wanted)
        with self._database.write() as transaction:
            transaction.serialize_events()  # no work item becomes another one meanwhile
            if resource in _WORKLISTS:
                told = self._follow(transaction, Follower(aet, resource, wanted, locked))
            else:
                told = self._subscribe(transaction, resource, aet, locked=locked)
        if told:
            self._signal.give()

    def _follow(self, transaction: Transaction, follower: Follower) -> bool:
        follow(transaction, follower)
        if not follower.filter:
            subscribe_to_all(transaction, follower.aet, locked=follower.locked)
            if not follower.locked:
                return False
        keys = compile_keys(follower.filter)
        told = False
        for number, uid, found in all_work_items(transaction):
            if matches(keys, found):
                subscribe(transaction, number, follower.aet, locked=follower.locked, own=False)
                if follower.locked:
                    told = self._report(transaction, follower.aet, uid, found) or told
        return told

    def _subscribe(self, transaction: Transaction, uid: str, aet: str, *, locked: bool) -> bool:
        row = known_work_item(transaction, uid)
        subscribe(transaction, row.id, aet, locked=locked, own=True)
        return self._report(transaction, aet, uid, row.data_set)

    def _report(self, transaction: Transaction, aet: str, uid: str, found: Json) -> bool:
        return insert_reports(transaction, [aet], uid, [reports.state_report(found)], self._milliseconds())

    def unsubscribe(self, resource: str, aet: str) -> None:
        """End a subscription; that to all ends those to each, too.

        Raises:
            WorkItemRefusedError: there is no such work item.
        """
        check_aet(aet)
        with self._database.write() as transaction:
            if resource in _WORKLISTS:
                for each in _WORKLISTS if resource == GLOBAL_SUBSCRIPTION else (resource,):
                    unfollow(transaction, aet, each)
                unsubscribe(transaction, None, aet)
                return
            unsubscribe(transaction, known_work_item(transaction, resource).id, aet)

    def suspend(self, resource: str, aet: str) -> None:
        """Tell no more of new work items; of those that are there it is gone on.

        Raises:
            WorkItemRefusedError: it is a subscription to one work item.
        """
        check_aet(aet)
        if resource not in _WORKLISTS:
            raise WorkItemRefusedError(ACTION_NOT_APPROPRIATE)
        with self._database.write() as transaction:
            unfollow(transaction, aet, resource)

    def announce(self, status: str) -> None:
        """Tell all who subscribed to anything what this archive does: RESTARTED, or GOING DOWN."""
        with self._database.write() as transaction:
            report = reports.status_change(status)
            aets = everybody(transaction)
            told = insert_reports(transaction, aets, GLOBAL_SUBSCRIPTION, [report], self._milliseconds())
        if told:
            self._signal.give()

    def _milliseconds(self) -> int:
        return int(self._now().timestamp() * 1000)


def check_aet(aet: str) -> None:
    """Check the AE title of a receiver.

    Raises:
        UsageError: it is none.
    """
    if not 1 <= len(aet) <= 16 or not aet.isascii() or not aet.isprintable() or "\\" in aet or aet != aet.strip():
        raise UsageError(f"{aet[:32]!r} is no AE title: 1 to 16 printable ASCII characters, no backslash")
