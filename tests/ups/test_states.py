"""Every state and every action (PS3.4 Table CC.1.1-2)."""

from itertools import product

import pytest

from isocenter.dimse.status import StatusCategory, category
from isocenter.ups.states import (
    NOTICES,
    REFUSALS,
    CancelRequest,
    State,
    WorkItemRefusedError,
    change,
    check_update,
    request_cancel,
)

SCHEDULED, IN_PROGRESS, COMPLETED, CANCELED = State
HELD = {SCHEDULED: "", IN_PROGRESS: "1.1", COMPLETED: "1.1", CANCELED: "1.1"}

#: As the table of the standard has it, its rows by columns SCHEDULED, IN PROGRESS, COMPLETED, CANCELED. With the right
#: Transaction UID; 0 = the state changes, 1 = it does if the final state's requirements are met.
RIGHT: dict[State, tuple[int, int, int, int]] = {
    SCHEDULED: (0xC303, 0xC303, 0xC303, 0xC303),
    IN_PROGRESS: (0, 0xC302, 0xC300, 0xC300),
    COMPLETED: (0xC310, 1, 0xB306, 0xC300),
    CANCELED: (0xC310, 1, 0xC300, 0xB304),
}
CELLS = [(wanted, now, RIGHT[wanted][place]) for wanted in State for place, now in enumerate(State)]


def outcome(now: State, wanted: State, given: str) -> int:
    try:
        move = change(now, wanted, given=given, held=HELD[now])
    except WorkItemRefusedError as error:
        return error.refusal.status
    return move.notice.status if move.notice else int(move.needs_final_state)


@pytest.mark.parametrize(("wanted", "now", "status"), CELLS)
def test_with_the_right_transaction_uid(wanted: State, now: State, status: int) -> None:
    assert outcome(now, wanted, "1.1") == status


@pytest.mark.parametrize(("wanted", "now"), list(product(State, State)))
def test_without_a_transaction_uid(wanted: State, now: State) -> None:
    assert outcome(now, wanted, "") == (0xC303 if wanted is SCHEDULED else 0xC301)


@pytest.mark.parametrize("now", [IN_PROGRESS, COMPLETED, CANCELED])
@pytest.mark.parametrize("wanted", [COMPLETED, CANCELED])
def test_with_somebody_elses_transaction_uid(wanted: State, now: State) -> None:
    assert outcome(now, wanted, "9.9") == 0xC301


def test_who_is_late_learns_that_it_is_claimed() -> None:
    assert outcome(IN_PROGRESS, IN_PROGRESS, "9.9") == 0xC302


@pytest.mark.parametrize(
    ("now", "given", "status"),
    [
        (SCHEDULED, "", 0), (SCHEDULED, "1.1", 0xC310),
        (IN_PROGRESS, "", 0xC301), (IN_PROGRESS, "1.1", 0), (IN_PROGRESS, "9.9", 0xC301),
        *((final, given, 0xC300) for final in (COMPLETED, CANCELED) for given in ("", "1.1", "9.9")),
    ],
)  # fmt: skip
def test_updates(now: State, given: str, status: int) -> None:
    outcome = 0
    try:
        check_update(now, given=given, held=HELD[now])
    except WorkItemRefusedError as error:
        outcome = error.refusal.status
    assert outcome == status


def test_requests_to_cancel() -> None:
    assert request_cancel(SCHEDULED) is CancelRequest.CANCEL
    assert request_cancel(IN_PROGRESS) is CancelRequest.TELL
    assert request_cancel(CANCELED) is CancelRequest.ALREADY
    with pytest.raises(WorkItemRefusedError) as caught:
        request_cancel(COMPLETED)
    assert caught.value.refusal.status == 0xC311


def test_statuses_are_what_dimse_takes_them_for() -> None:
    assert {category(refusal.status) for refusal in REFUSALS} == {StatusCategory.FAILURE}
    assert {category(notice.status) for notice in NOTICES} == {StatusCategory.WARNING}
    assert all(400 <= refusal.http_status < 500 for refusal in REFUSALS)
