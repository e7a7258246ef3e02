"""The work items of an archive: created, claimed, changed, brought to an end (PS3.4 CC.2.1, CC.2.2, CC.2.5 to CC.2.8).

Each request is one transaction: the row is read, the rules say what becomes of it, it is written on the condition that
nobody else was quicker, and those who subscribed have their reports. Of two that claim a work item at once one wins.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from isocenter.dicom.json import Json
from isocenter.dicom.nested import Keys, compile_keys, matches
from isocenter.dicom.uids import is_valid_uid, new_uid
from isocenter.errors import UsageError
from isocenter.index.database import Database, Transaction, TransientError
from isocenter.index.subscriptions import followers, insert_reports, subscribe, subscribers
from isocenter.index.workitems import (
    WorkItemRow,
    forget_gone_work_items,
    forget_work_items,
    insert_work_item,
    is_gone,
    read_work_item,
    update_work_item,
    work_item_pages,
)
from isocenter.ups import reports
from isocenter.ups.attributes import Code, data_set, key, taken_over, values
from isocenter.ups.check import check_final, new_work_item, updated, with_reasons, with_state
from isocenter.ups.signal import Signal
from isocenter.ups.states import (
    ALREADY_CANCELED,
    CREATED_WITH_MODIFICATIONS,
    DUPLICATE,
    FINAL_STATES,
    INVALID_INSTANCE,
    INVALID_VALUE,
    NO_SUCH_WORK_ITEM,
    PERFORMER_UNREACHABLE,
    WORK_ITEM_GONE,
    CancelRequest,
    Notice,
    State,
    WorkItemRefusedError,
    change,
    check_update,
    request_cancel,
)

_ATTEMPTS = 20
_DAY = 86_400_000
#: For so long it is remembered that there was a work item.
_GONE_DAYS = 3650
#: PS3.16 CID 9300: why, where nobody said it.
_UNSPECIFIED = Code("110513", "DCM", "Discontinued for unspecified reason")
_TRANSACTION_UID = "TransactionUID"
_REASON = "ProcedureStepDiscontinuationReasonCodeSequence"
_Result = TypeVar("_Result")


class Created(NamedTuple):
    """A new work item, and what is to be said about it."""

    uid: str
    notice: Notice | None


class Next(NamedTuple):
    """What becomes of a work item: its data set, whose it is, and what its subscribers are told."""

    data_set: Json
    transaction_uid: str
    told: list[reports.Report]


class WorkItems:
    """The table of work items; ``label`` names the worklist of those that name none, ``now`` gives the time in UTC."""

    def __init__(
        self, database: Database, label: str, signal: Signal, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._label = label
        self._signal = signal
        self._now = now

    def create(self, attributes: Json, uid: str = "") -> Created:
        """File a new work item; without a UID it gets one.

        Raises:
            WorkItemRefusedError: it does not fulfil the requirements, or there is one with this UID.
            UsageError: the data set is none.
        """
        taken = taken_over(attributes)
        uid = uid or next((str(each) for each in values(taken, "SOPInstanceUID")), "") or new_uid()
        if not is_valid_uid(uid):
            raise WorkItemRefusedError(INVALID_INSTANCE)
        made, modified = new_work_item(taken, uid, self._label, self._moment())

        def file(transaction: Transaction) -> bool:
            transaction.serialize_events()  # who subscribes to all now waits, and finds it
            number = insert_work_item(transaction, uid, made)
            if number is None:
                raise WorkItemRefusedError(DUPLICATE)
            told = [follower for follower in followers(transaction) if matches(compile_keys(follower.filter), made)]
            for follower in told:
                subscribe(transaction, number, follower.aet, locked=follower.locked, own=False)
            aets = dict.fromkeys(follower.aet for follower in told)
            return insert_reports(transaction, aets, uid, reports.created(made), self._milliseconds())

        if self._written(file):
            self._signal.give()
        return Created(uid, CREATED_WITH_MODIFICATIONS if modified else None)

    def get(self, uid: str) -> Json:
        """Return the data set of a work item; the Transaction UID is its holder's secret.

        Raises:
            WorkItemRefusedError: there is none, or none any more.
        """
        return known_work_item(self._database, uid).data_set

    def find(self, keys: Keys) -> Iterator[Json]:
        """Yield the data sets that match, by their start."""
        for page in work_item_pages(self._database, keys):
            yield from (row.data_set for row in page if matches(keys, row.data_set))

    def update(self, uid: str, changes: Json, transaction_uid: str = "") -> None:
        """Set attributes; once it is claimed, only with the Transaction UID of whoever did.

        Raises:
            WorkItemRefusedError: that may not be.
            UsageError: the data set is none.
        """
        taken = taken_over(changes)
        given = transaction_uid or next((str(each) for each in values(taken, _TRANSACTION_UID)), "")

        def rule(row: WorkItemRow) -> Next:
            check_update(State(row.state), given=given, held=row.transaction_uid)
            after = updated(row.data_set, taken, self._moment())
            return Next(after, row.transaction_uid, reports.changed(row.data_set, after))

        self._apply(uid, rule)

    def change_state(self, uid: str, wanted: str, transaction_uid: str) -> Notice | None:
        """Claim, complete or cancel a work item.

        Raises:
            WorkItemRefusedError: that may not be.
        """
        if wanted not in set(State):
            raise WorkItemRefusedError(INVALID_VALUE, "ProcedureStepState", int(key("ProcedureStepState"), 16))
        if transaction_uid and not is_valid_uid(transaction_uid):
            raise WorkItemRefusedError(INVALID_VALUE, _TRANSACTION_UID, int(key(_TRANSACTION_UID), 16))
        notices: list[Notice | None] = [None]

        def rule(row: WorkItemRow) -> Next | None:
            move = change(State(row.state), State(wanted), given=transaction_uid, held=row.transaction_uid)
            notices[0] = move.notice
            if move.notice is not None:
                return None
            after = with_state(row.data_set, State(wanted))
            if move.needs_final_state:
                after = self._with_reasons(after, {}) if wanted == State.CANCELED else after
                check_final(after, State(wanted))
            return Next(after, transaction_uid, reports.changed(row.data_set, after))

        self._apply(uid, rule)
        return notices[0]

    def request_cancel(self, uid: str, requester: str, request: Json) -> Notice | None:
        """Cancel a work item that nobody has begun, or tell its subscribers that somebody wants it canceled.

        Raises:
            WorkItemRefusedError: it is completed, or nobody can be told.
            UsageError: the data set is none.
        """
        taken = taken_over(request)
        answers: list[CancelRequest] = []

        def rule(row: WorkItemRow) -> Next | None:
            answers[:] = [request_cancel(State(row.state))]
            if answers[0] is CancelRequest.CANCEL:
                return self._canceled(row, requester, taken)
            if answers[0] is CancelRequest.TELL:
                return Next(row.data_set, row.transaction_uid, [reports.cancel_requested(requester, taken)])
            return None

        self._apply(uid, rule, must_be_heard=lambda: answers == [CancelRequest.TELL])
        return ALREADY_CANCELED if answers == [CancelRequest.ALREADY] else None

    def forget(self, days: int) -> int:
        """Delete work items that came to their end so many days ago and are not locked; return how many."""
        now = self._milliseconds()

        def forget(transaction: Transaction) -> int:
            forget_gone_work_items(transaction, now - _GONE_DAYS * _DAY)
            return forget_work_items(transaction, now - days * _DAY, now)

        return self._written(forget)

    def _canceled(self, row: WorkItemRow, requester: str, request: Json) -> Next:
        """Let a work item that nobody has begun be in progress, and canceled (PS3.4 CC.2.2.3)."""
        begun = with_state(row.data_set, State.IN_PROGRESS)
        ended = with_state(self._with_reasons(begun, request), State.CANCELED)
        told = [reports.cancel_requested(requester, request), reports.state_report(begun)]
        return Next(ended, new_uid(), [*told, *reports.changed(begun, ended)])

    def _with_reasons(self, work_item: Json, request: Json) -> Json:
        """Return a work item with when it was canceled and why: as was said before, as requested, or unspecified."""
        given = data_set(
            ProcedureStepCancellationDateTime=self._moment(),
            ProcedureStepDiscontinuationReasonCodeSequence=values(request, _REASON) or [_UNSPECIFIED.as_item()],
        )
        if values(request, "ReasonForCancellation"):
            given |= data_set(ReasonForCancellation=values(request, "ReasonForCancellation"))
        if values(request, "ContactURI"):
            contact = {
                name: request[name] for name in map(key, ("ContactURI", "ContactDisplayName")) if name in request
            }
            given |= data_set(ProcedureStepCommunicationsURISequence=[contact])
        return dict(sorted(with_reasons(work_item, given).items()))

    def _apply(
        self, uid: str, rule: Callable[[WorkItemRow], Next | None], must_be_heard: Callable[[], bool] = lambda: False
    ) -> None:
        """Let a rule say what becomes of a work item, as often as somebody else was quicker."""

        def file(transaction: Transaction) -> bool:
            row = known_work_item(transaction, uid)
            step = rule(row)
            if step is None:
                return False
            now = self._milliseconds()
            finished = now if values(step.data_set, "ProcedureStepState")[0] in FINAL_STATES else 0
            if not update_work_item(
                transaction, row, step.data_set, transaction_uid=step.transaction_uid, finished=finished
            ):
                raise TransientError("the work item was changed meanwhile")
            transaction.serialize_events()  # who subscribes now waits, and reads what it has become
            aets = subscribers(transaction, row.id)
            if must_be_heard() and not aets:
                raise WorkItemRefusedError(PERFORMER_UNREACHABLE)
            return insert_reports(transaction, aets, uid, step.told, now)

        if self._written(file):
            self._signal.give()

    def _written(self, work: Callable[[Transaction], _Result]) -> _Result:
        """Do work in a transaction, again where another one got in its way."""
        for _ in range(_ATTEMPTS - 1):
            try:
                with self._database.write() as transaction:
                    return work(transaction)
            except TransientError:
                continue
        with self._database.write() as transaction:
            return work(transaction)

    def _moment(self) -> str:
        return self._now().strftime("%Y%m%d%H%M%S.%f%z")

    def _milliseconds(self) -> int:
        return int(self._now().timestamp() * 1000)


def known_work_item(source: Transaction | Database, uid: str) -> WorkItemRow:
    """Return a work item.

    Raises:
        WorkItemRefusedError: there is none, or none any more.
    """
    row = read_work_item(source, uid)
    if row is None:
        raise WorkItemRefusedError(WORK_ITEM_GONE if is_gone(source, uid) else NO_SUCH_WORK_ITEM)
    return row


def check_filter(identifier: Json) -> None:
    """Check the filter of a subscription.

    Raises:
        UsageError: it restricts nothing, or a key cannot be read.
    """
    if not compile_keys(identifier).restricts:
        raise UsageError("a filtered subscription needs matching keys; to all work items there is another one")
