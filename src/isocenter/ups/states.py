"""The states of a Unified Procedure Step and what leads from one to another, as a table (PS3.4 CC.1.1, CC.2.1, CC.2.2).

Also the refusals and warnings of the service, each with its DIMSE status (PS3.4 Tables CC.2.1-2 to CC.2.7-1) and what
it is over HTTP (PS3.18 11.4.3 to 11.11.3). Pure.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from isocenter.errors import IsocenterError


class State(StrEnum):
    """Procedure Step State (0074,1000)."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


FINAL_STATES = frozenset({State.COMPLETED, State.CANCELED})


class Notice(NamedTuple):
    """A request was carried out, but there is something to be said about it."""

    status: int
    text: str


class Refusal(NamedTuple):
    """Why a request was not carried out; ``warning`` is the text of the Warning field, where PS3.18 has one."""

    status: int
    http_status: int
    text: str
    warning: str = ""


class WorkItemRefusedError(IsocenterError):
    """A request about a work item was refused; ``tags`` are the attributes that are the reason."""

    def __init__(self, refusal: Refusal, detail: str = "", *tags: int) -> None:
        super().__init__(f"{refusal.text}: {detail}" if detail else refusal.text)
        self.refusal = refusal
        self.tags = tags


_INCONSISTENT = "The submitted request is inconsistent with the state of the UPS Instance."
_INCONSISTENT_UPDATE = "The submitted request is inconsistent with the current state of the Workitem."
_UNCLAIMED = "The target URI did not reference a claimed Workitem."

NO_SUCH_ATTRIBUTE = Refusal(0x0105, 400, "this may not be set")
INVALID_VALUE = Refusal(0x0106, 400, "invalid value")
DUPLICATE = Refusal(0x0111, 409, "there is a work item with this UID already")
INVALID_INSTANCE = Refusal(0x0117, 400, "the UID of the work item is none, or contradicts itself")
MISSING_ATTRIBUTE = Refusal(0x0120, 400, "an attribute is missing")
MISSING_VALUE = Refusal(0x0121, 400, "an attribute needs a value")
NO_LONGER_CHANGED = Refusal(0xC300, 409, "the work item is COMPLETED or CANCELED", _INCONSISTENT)
NO_LONGER_UPDATED = Refusal(0xC300, 400, "the work item is COMPLETED or CANCELED", _INCONSISTENT_UPDATE)
TRANSACTION_UID_MISSING = Refusal(0xC301, 400, "the Transaction UID is missing", "The Transaction UID is missing.")
TRANSACTION_UID_WRONG = Refusal(
    0xC301, 400, "the Transaction UID is not the right one", "The Transaction UID is incorrect."
)
ALREADY_IN_PROGRESS = Refusal(0xC302, 409, "the work item is IN PROGRESS already", _INCONSISTENT)
ONLY_CREATED_SCHEDULED = Refusal(0xC303, 409, "a work item is SCHEDULED when it is created, never again", _INCONSISTENT)
FINAL_STATE_REQUIREMENTS = Refusal(0xC304, 409, "what the final state requires is not there", _INCONSISTENT)
NO_SUCH_WORK_ITEM = Refusal(0xC307, 404, "there is no such work item")
WORK_ITEM_GONE = Refusal(0xC307, 410, "the work item came to its end and was deleted since")
UNKNOWN_RECEIVER = Refusal(0xC308, 400, "the receiving AE title is no known peer; add it to the peers")
NOT_SCHEDULED = Refusal(0xC309, 400, "a new work item must be SCHEDULED")
NOT_IN_PROGRESS = Refusal(0xC310, 409, "the work item is not IN PROGRESS", _INCONSISTENT)
NOT_CLAIMED = Refusal(0xC310, 409, "the work item is not IN PROGRESS, so it has no Transaction UID", _UNCLAIMED)
ALREADY_COMPLETED = Refusal(0xC311, 409, "the work item is COMPLETED already", "The UPS is already COMPLETED.")
PERFORMER_UNREACHABLE = Refusal(
    0xC312, 409, "nobody who performs the work item can be told", "The performer cannot be contacted."
)
ACTION_NOT_APPROPRIATE = Refusal(0xC314, 400, "this is not possible with this instance")

CREATED_WITH_MODIFICATIONS = Notice(0xB300, "The Workitem was created with modifications.")
LOCK_NOT_GRANTED = Notice(0xB301, "Deletion Lock not granted.")
ALREADY_CANCELED = Notice(0xB304, "The UPS is already in the requested state of CANCELED.")
ALREADY_THERE = Notice(0xB306, "The UPS is already in the requested state of COMPLETED.")

#: All of them, for the conformance statement.
REFUSALS = tuple(found for found in list(globals().values()) if isinstance(found, Refusal))
NOTICES = tuple(found for found in list(globals().values()) if isinstance(found, Notice))


@dataclass(frozen=True, slots=True)
class Move:
    """A change of state that may go on, under this condition; ``notice``: nothing is to be done, but to be said."""

    needs_final_state: bool = False
    notice: Notice | None = None


_GO = Move()
_FINISH = Move(needs_final_state=True)
#: PS3.4 Table CC.1.1-2: (state asked for, state now) -> what happens, with the right Transaction UID.
_TRANSITIONS: dict[tuple[State, State], Move | Refusal] = {
    (State.SCHEDULED, State.SCHEDULED): ONLY_CREATED_SCHEDULED,
    (State.SCHEDULED, State.IN_PROGRESS): ONLY_CREATED_SCHEDULED,
    (State.SCHEDULED, State.COMPLETED): ONLY_CREATED_SCHEDULED,
    (State.SCHEDULED, State.CANCELED): ONLY_CREATED_SCHEDULED,
    (State.IN_PROGRESS, State.SCHEDULED): _GO,
    (State.IN_PROGRESS, State.IN_PROGRESS): ALREADY_IN_PROGRESS,
    (State.IN_PROGRESS, State.COMPLETED): NO_LONGER_CHANGED,
    (State.IN_PROGRESS, State.CANCELED): NO_LONGER_CHANGED,
    (State.COMPLETED, State.SCHEDULED): NOT_IN_PROGRESS,
    (State.COMPLETED, State.IN_PROGRESS): _FINISH,
    (State.COMPLETED, State.COMPLETED): Move(notice=ALREADY_THERE),
    (State.COMPLETED, State.CANCELED): NO_LONGER_CHANGED,
    (State.CANCELED, State.SCHEDULED): NOT_IN_PROGRESS,
    (State.CANCELED, State.IN_PROGRESS): _FINISH,
    (State.CANCELED, State.COMPLETED): NO_LONGER_CHANGED,
    (State.CANCELED, State.CANCELED): Move(notice=ALREADY_CANCELED),
}


def change(current: State, wanted: State, *, given: str, held: str) -> Move:
    """Return how a work item may go from one state to another.

    ``given`` is the Transaction UID of the request, ``held`` that of whoever claimed the work item, after its end, too.

    Raises:
        WorkItemRefusedError: it may not.
    """
    move = _TRANSITIONS[wanted, current]
    if move is ONLY_CREATED_SCHEDULED:
        raise WorkItemRefusedError(ONLY_CREATED_SCHEDULED)
    if not given:
        raise WorkItemRefusedError(TRANSACTION_UID_MISSING)
    claims = wanted is State.IN_PROGRESS  # whoever is late learns that, whatever his UID
    if not claims and held and given != held:
        raise WorkItemRefusedError(TRANSACTION_UID_WRONG)
    if isinstance(move, Refusal):
        raise WorkItemRefusedError(move)
    return move


def check_update(current: State, *, given: str, held: str) -> None:
    """Tell whether attributes may be set (PS3.4 CC.2.6.3): anybody's while SCHEDULED, then whose UID is held.

    Raises:
        WorkItemRefusedError: they may not.
    """
    if current in FINAL_STATES:
        raise WorkItemRefusedError(NO_LONGER_UPDATED)
    if current is State.SCHEDULED:
        if given:
            raise WorkItemRefusedError(NOT_CLAIMED)
        return
    if not given:
        raise WorkItemRefusedError(TRANSACTION_UID_MISSING)
    if given != held:
        raise WorkItemRefusedError(TRANSACTION_UID_WRONG)


class CancelRequest(StrEnum):
    """What a request to cancel comes to (PS3.4 CC.2.2.3)."""

    CANCEL = "it is canceled at once"
    TELL = "whoever performs it is told"
    ALREADY = "it is canceled already"


def request_cancel(current: State) -> CancelRequest:
    """Return what a request to cancel comes to.

    Raises:
        WorkItemRefusedError: the work item is completed.
    """
    if current is State.COMPLETED:
        raise WorkItemRefusedError(ALREADY_COMPLETED)
    return {
        State.SCHEDULED: CancelRequest.CANCEL,
        State.IN_PROGRESS: CancelRequest.TELL,
        State.CANCELED: CancelRequest.ALREADY,
    }[current]
