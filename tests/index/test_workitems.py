"""Work items, claimed by many at once, and their subscribers, on both databases."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from isocenter.dicom.nested import compile_keys
from isocenter.errors import UsageError
from isocenter.index.index import Index
from isocenter.index.subscriptions import Deliveries
from isocenter.ups.attributes import FILTERED_SUBSCRIPTION, GLOBAL_SUBSCRIPTION, Code, data_set, text
from isocenter.ups.reports import ReportType
from isocenter.ups.signal import Signal
from isocenter.ups.states import WorkItemRefusedError
from isocenter.ups.subscriptions import Subscriptions
from isocenter.ups.workitems import WorkItems

CODE = Code("PROC1", "99SITE", "Processor 1")


class Desk:
    """Work items and subscriptions on one index, with a clock that stands still."""

    def __init__(self, index: Index) -> None:
        self.time = datetime(2024, 1, 31, 9, 30, tzinfo=UTC)
        self.given = 0
        signal = Signal()
        signal.listen(self._note)
        self.work_items = WorkItems(index.database, "WORK", signal, lambda: self.time)
        self.subscriptions = Subscriptions(index.database, signal, lambda: self.time)
        self.deliveries = Deliveries(index.database, "test")

    def _note(self) -> None:
        self.given += 1

    def add(self, uid: str = "", **changes: Any) -> str:
        given: dict[str, Any] = {
            "ProcedureStepState": "SCHEDULED", "ScheduledProcedureStepPriority": "LOW", "ProcedureStepLabel": "Label",
            "ScheduledProcedureStepStartDateTime": "20240131", "InputReadinessState": "READY",
        }  # fmt: skip
        return self.work_items.create(data_set(**given | changes), uid).uid

    def found(self, **keys: Any) -> list[str]:
        answers = self.work_items.find(compile_keys(data_set(**keys)))
        return [text(answer, "ProcedureStepLabel") for answer in answers]

    def told(self, aet: str, uid: str = "") -> list[tuple[int, str]]:
        events = self.deliveries.events(aet, 0)
        return [(e.type, text(e.information, "ProcedureStepState")) for e in events if uid in {"", e.uid}]


@pytest.fixture
def desk(index: Index) -> Desk:
    return Desk(index)


def status(work: Callable[..., object], *arguments: object, **named: object) -> int:
    try:
        work(*arguments, **named)
    except WorkItemRefusedError as error:
        return error.refusal.status
    return 0


STATE, CANCEL, PROGRESS, ASSIGNED = (
    ReportType.STATE, ReportType.CANCEL_REQUESTED, ReportType.PROGRESS, ReportType.ASSIGNED,
)  # fmt: skip
PERFORMED = data_set(
    UnifiedProcedureStepPerformedProcedureSequence=[
        data_set(
            PerformedStationNameCodeSequence=[CODE.as_item()], PerformedProcedureStepStartDateTime="2024",
            PerformedWorkitemCodeSequence=[CODE.as_item()], PerformedProcedureStepEndDateTime="2024",
            OutputInformationSequence=[],
        )
    ]
)  # fmt: skip


def test_of_many_that_claim_at_once_one_wins(desk: Desk) -> None:
    uid = desk.add()
    outcomes: dict[str, int] = {}
    start = threading.Barrier(8)

    def claim(number: int) -> None:
        start.wait()
        outcomes[f"1.{number}"] = status(desk.work_items.change_state, uid, "IN PROGRESS", f"1.{number}")

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes.values()) == [0] + [0xC302] * 7
    winner = next(name for name, outcome in outcomes.items() if outcome == 0)
    for name in outcomes:  # and only who won may go on
        assert status(desk.work_items.update, uid, PERFORMED, name) == (0 if name == winner else 0xC301)


def test_of_many_that_create_one_uid_at_once_one_wins(desk: Desk) -> None:
    outcomes: list[int] = []
    start = threading.Barrier(6)

    def create() -> None:
        start.wait()
        outcomes.append(status(desk.add, "1.2.3"))

    threads = [threading.Thread(target=create) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [0] + [0x0111] * 5


def test_nothing_happens_between_subscribing_and_being_told(desk: Desk) -> None:
    """Whoever subscribes while work items are created and claimed is told of each state that he did not find."""
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        for number in range(15):
            uid = desk.add(f"1.{number}")
            desk.work_items.change_state(uid, "IN PROGRESS", "1.9")

    worker = threading.Thread(target=work)
    worker.start()
    start.wait()
    for number in range(5):
        desk.subscriptions.subscribe(GLOBAL_SUBSCRIPTION, f"A{number}", locked=True)
    worker.join()
    for number in range(5):
        last = {
            event.uid: text(event.information, "ProcedureStepState")
            for event in desk.deliveries.events(f"A{number}", 0)
        }
        assert last == {f"1.{each}": "IN PROGRESS" for each in range(15)}


def test_no_update_at_the_same_time_is_lost(desk: Desk) -> None:
    uid = desk.add()
    names = ("ProcedureStepLabel", "WorklistLabel", "CommentsOnTheScheduledProcedureStep", "AdmissionID")
    start = threading.Barrier(3)

    def update(name: str) -> None:
        start.wait()
        for number in range(5):
            desk.work_items.update(uid, data_set(**{name: f"{name[:5]}{number}"}))

    threads = [threading.Thread(target=update, args=(name,)) for name in names[:3]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = desk.work_items.get(uid)
    assert [text(found, name) for name in names[:3]] == ["Proce4", "Workl4", "Comme4"]


def test_a_life(desk: Desk) -> None:
    uid = desk.add("1.2.3")
    desk.subscriptions.subscribe(uid, "WATCHER", locked=False)
    assert status(desk.work_items.change_state, uid, "COMPLETED", "1.1") == 0xC310
    assert status(desk.work_items.change_state, uid, "IN PROGRESS", "") == 0xC301
    assert status(desk.work_items.change_state, uid, "DONE", "1.1") == 0x0106
    assert status(desk.work_items.change_state, uid, "IN PROGRESS", "no uid") == 0x0106
    assert desk.work_items.change_state(uid, "IN PROGRESS", "1.1") is None
    assert status(desk.work_items.change_state, uid, "COMPLETED", "1.1") == 0xC304
    progress = data_set(ProcedureStepProgressInformationSequence=[data_set(ProcedureStepProgress=50)])
    assert status(desk.work_items.update, uid, progress) == 0xC301
    desk.work_items.update(uid, progress | data_set(TransactionUID="1.1"))
    desk.work_items.update(uid, PERFORMED, "1.1")
    assert desk.work_items.change_state(uid, "COMPLETED", "1.1") is None
    notice = desk.work_items.change_state(uid, "COMPLETED", "1.1")
    assert notice is not None
    assert notice.status == 0xB306
    assert status(desk.work_items.update, uid, progress, "1.1") == 0xC300
    assert status(desk.work_items.request_cancel, uid, "X", {}) == 0xC311
    assert "00081195" not in desk.work_items.get(uid)
    assert desk.told("WATCHER") == [
        (STATE, "SCHEDULED"), (STATE, "IN PROGRESS"), (PROGRESS, ""), (STATE, "COMPLETED"),
    ]  # fmt: skip
    for work in (desk.work_items.get, desk.subscriptions.unsubscribe):
        assert status(work, "9.9", *(["X"] if work == desk.subscriptions.unsubscribe else [])) == 0xC307


def test_requests_to_cancel(desk: Desk) -> None:
    scheduled, claimed = desk.add("1.1"), desk.add("1.2")
    for uid in (scheduled, claimed):
        desk.subscriptions.subscribe(uid, "WATCHER", locked=False)
    reason = data_set(ReasonForCancellation="Patient left", ContactURI="tel:1", ContactDisplayName="Ward")
    assert desk.work_items.request_cancel(scheduled, "RIS", reason) is None
    ended = desk.work_items.get(scheduled)
    assert text(ended, "ProcedureStepState") == "CANCELED"
    progress = ended["00741002"]["Value"][0]
    assert text(progress, "ReasonForCancellation") == "Patient left"
    assert text(progress, "ProcedureStepCancellationDateTime") == "20240131093000.000000+0000"
    assert progress["0074100E"]["Value"][0]["00080100"]["Value"] == ["110513"]
    told = [(CANCEL, ""), (STATE, "IN PROGRESS"), (STATE, "CANCELED"), (PROGRESS, "")]
    assert desk.told("WATCHER", scheduled)[1:] == told  # the last one of whom to contact
    again = desk.work_items.request_cancel(scheduled, "RIS", {})
    assert again is not None
    assert again.status == 0xB304
    desk.work_items.change_state(claimed, "IN PROGRESS", "1.9")
    assert desk.work_items.request_cancel(claimed, "RIS", reason) is None
    event = desk.deliveries.events("WATCHER", 0)[-1]
    assert (event.type, event.uid) == (CANCEL, claimed)
    assert [text(event.information, name) for name in ("RequestingAE", "ReasonForCancellation", "ContactURI")] == [
        "RIS", "Patient left", "tel:1",
    ]  # fmt: skip
    desk.subscriptions.unsubscribe(claimed, "WATCHER")
    assert status(desk.work_items.request_cancel, claimed, "RIS", reason) == 0xC312


def test_who_claimed_it_may_cancel_it_without_saying_why(desk: Desk) -> None:
    """PS3.4 CC.2.5.1.3.2 has it canceled by two N-ACTIONs and no N-SET."""
    uid = desk.add()
    desk.work_items.change_state(uid, "IN PROGRESS", "1.9")
    assert desk.work_items.change_state(uid, "CANCELED", "1.9") is None
    progress = desk.work_items.get(uid)["00741002"]["Value"][0]
    assert text(progress, "ProcedureStepCancellationDateTime") == "20240131093000.000000+0000"
    assert progress["0074100E"]["Value"][0]["00080100"]["Value"] == ["110513"]


@pytest.mark.parametrize("before", ["none", "locked", "loose"])
@pytest.mark.parametrize("event", ["global locked", "global loose", "own locked", "own loose"])
def test_table_of_subscriptions(desk: Desk, before: str, event: str) -> None:
    """PS3.4 Table CC.2.3-2: a subscription to all leaves those that are there, one of its own does not."""
    desk.add("1.1")
    if before != "none":
        desk.subscriptions.subscribe("1.1", "A", locked=before == "locked")
    which, _, lock = event.partition(" ")
    desk.subscriptions.subscribe("1.1" if which == "own" else GLOBAL_SUBSCRIPTION, "A", locked=lock == "locked")
    expected = lock if which == "own" or before == "none" else before
    desk.work_items.request_cancel("1.1", "X", {})
    desk.time += timedelta(days=2)
    assert desk.work_items.forget(1) == (0 if expected == "locked" else 1)


def test_who_follows_one_work_item_hears_of_restarts_too(desk: Desk) -> None:
    desk.subscriptions.subscribe(desk.add(), "ONE", locked=False)
    desk.subscriptions.subscribe(GLOBAL_SUBSCRIPTION, "ALL", locked=False)
    desk.subscriptions.announce("GOING DOWN")
    for aet in ("ONE", "ALL"):
        event = desk.deliveries.events(aet, 0)[-1]
        names = ("SCPStatus", "SubscriptionListStatus", "UnifiedProcedureStepListStatus")
        assert [text(event.information, name) for name in names] == ["GOING DOWN", "WARM START", "WARM START"]


def test_assignments_are_told(desk: Desk) -> None:
    performer = data_set(
        HumanPerformerCodeSequence=[CODE.as_item()], HumanPerformerName={"Alphabetic": "Ada"},
        HumanPerformerOrganization="Ward 3",
    )  # fmt: skip
    uid = desk.add()
    desk.subscriptions.subscribe(uid, "A", locked=False)
    desk.work_items.update(uid, data_set(ScheduledHumanPerformersSequence=[performer]))
    event = desk.deliveries.events("A", 0)[-1]
    assert (event.type, text(event.information, "HumanPerformerOrganization")) == (ASSIGNED, "Ward 3")
    assert event.information["00404009"]["Value"] == [CODE.as_item()]


def test_subscriptions_to_all(desk: Desk) -> None:
    old = desk.add("1.1")
    desk.subscriptions.subscribe(GLOBAL_SUBSCRIPTION, "LOCKED", locked=True)
    desk.subscriptions.subscribe(GLOBAL_SUBSCRIPTION, "LOOSE", locked=False)
    assert (desk.told("LOCKED"), desk.told("LOOSE")) == ([(STATE, "SCHEDULED")], [])
    new = desk.add("1.2", ScheduledStationNameCodeSequence=[CODE.as_item()])
    expected = [(STATE, "SCHEDULED"), (ASSIGNED, "")]
    assert desk.told("LOCKED", new) == desk.told("LOOSE", new) == expected
    desk.subscriptions.unsubscribe(new, "LOOSE")
    desk.subscriptions.suspend(GLOBAL_SUBSCRIPTION, "LOCKED")
    third = desk.add("1.3")
    assert (desk.told("LOCKED", third), desk.told("LOOSE", third)) == ([], [(STATE, "SCHEDULED")])
    desk.work_items.change_state(old, "IN PROGRESS", "1.9")
    desk.work_items.change_state(new, "IN PROGRESS", "1.9")
    assert desk.told("LOOSE", new) == expected
    assert desk.told("LOCKED", new)[-1] == desk.told("LOOSE", old)[-1] == (STATE, "IN PROGRESS")
    desk.subscriptions.unsubscribe(GLOBAL_SUBSCRIPTION, "LOOSE")
    desk.work_items.change_state(third, "IN PROGRESS", "1.9")
    assert desk.told("LOOSE", third) == [(STATE, "SCHEDULED")]
    assert status(desk.subscriptions.suspend, new, "LOOSE") == 0xC314


def test_subscriptions_with_a_filter(desk: Desk) -> None:
    wanted = data_set(ScheduledStationNameCodeSequence=[data_set(CodeValue="PROC1")])
    desk.subscriptions.subscribe(FILTERED_SUBSCRIPTION, "PROC1", locked=True, identifier=wanted)
    mine = desk.add("1.1", ScheduledStationNameCodeSequence=[CODE.as_item()])
    desk.add("1.2")
    assert {event.uid for event in desk.deliveries.events("PROC1", 0)} == {mine}
    for wrong in ({}, data_set(ProcedureStepLabel="*"), data_set(ScheduledProcedureStepStartDateTime="soon")):
        with pytest.raises(UsageError):
            desk.subscriptions.subscribe(FILTERED_SUBSCRIPTION, "PROC1", locked=True, identifier=wrong)
    for aet in ("", "much too long for an AE title", " X", "Ä"):
        with pytest.raises(UsageError):
            desk.subscriptions.subscribe(mine, aet, locked=False)


def test_search_by_columns_and_beyond(desk: Desk) -> None:
    request = data_set(AccessionNumber="A%1", StudyInstanceUID="1.2")
    desk.add(
        ProcedureStepLabel="one", PatientName={"Alphabetic": "Müller^Jörg", "Ideographic": "山田"}, PatientID="1",
        ReferencedRequestSequence=[request], ScheduledProcedureStepStartDateTime="20240201",
        ScheduledStationNameCodeSequence=[CODE.as_item(), Code("B", "99S", "b").as_item()],
    )  # fmt: skip
    desk.add(ProcedureStepLabel="two", PatientID="2", ScheduledProcedureStepPriority="HIGH")
    station = "ScheduledStationNameCodeSequence"
    for keys, expected in (
        ({}, ["two", "one"]),
        ({"PatientName": {"Alphabetic": "MULL*"}}, ["one"]),
        ({"PatientName": {"Alphabetic": "山田"}}, ["one"]),
        ({"PatientName": {"Alphabetic": "*org"}}, ["one"]),
        ({"ScheduledProcedureStepPriority": ["HIGH", "MEDIUM"]}, ["two"]),
        ({"ScheduledProcedureStepStartDateTime": "20240201-"}, ["one"]),
        ({"ScheduledProcedureStepStartDateTime": "-20240131"}, ["two"]),
        ({"ReferencedRequestSequence": [data_set(AccessionNumber="A%1")]}, ["one"]),
        ({"ReferencedRequestSequence": [data_set(AccessionNumber="A_1")]}, []),
        ({"ReferencedRequestSequence": [data_set(AccessionNumber="A*")]}, ["one"]),
        ({station: [data_set(CodeValue="PROC1")]}, ["one"]),
        ({station: [data_set(CodeValue=["B", "C"])]}, ["one"]),
        ({station: [data_set(CodeValue="B", CodeMeaning="other")]}, []),
        ({"ProcedureStepState": "COMPLETED"}, []),
        ({"ProcedureStepLabel": "t?o"}, ["two"]),
        ({"SOPInstanceUID": "1.2.3"}, []),
    ):
        assert desk.found(**keys) == expected, keys


def test_long_lists_come_in_pages(desk: Desk) -> None:
    for number in range(203):
        desk.add(ProcedureStepLabel=str(number))
    assert desk.found() == [str(number) for number in range(203)]


def test_finished_ones_are_forgotten_unless_they_are_locked(desk: Desk) -> None:
    for uid in ("1.1", "1.2", "1.3"):
        desk.add(uid)
    desk.work_items.request_cancel("1.1", "X", {})
    desk.work_items.request_cancel("1.2", "X", {})
    desk.subscriptions.subscribe("1.1", "WATCHER", locked=False)
    desk.subscriptions.subscribe("1.2", "WATCHER", locked=True)
    assert desk.work_items.forget(1) == 0
    desk.time += timedelta(days=2)
    assert desk.work_items.forget(1) == 1
    assert [status(desk.work_items.get, uid) for uid in ("1.1", "1.2", "1.3")] == [0xC307, 0, 0]
    for uid, http_status in (("1.1", 410), ("1.9", 404)):
        for ask in (desk.work_items.get, lambda uid: desk.work_items.change_state(uid, "COMPLETED", "1.5")):
            with pytest.raises(WorkItemRefusedError) as refused:
                ask(uid)
            assert refused.value.refusal.http_status == http_status
    desk.subscriptions.unsubscribe("1.2", "WATCHER")
    assert desk.work_items.forget(1) == 1
    desk.time += timedelta(days=3700)
    assert desk.work_items.forget(10_000) == 0
    with pytest.raises(WorkItemRefusedError, match="no such work item"):
        desk.work_items.get("1.1")


def test_deliveries(desk: Desk) -> None:
    desk.subscriptions.subscribe(GLOBAL_SUBSCRIPTION, "A", locked=False)
    desk.add("1.1")
    desk.subscriptions.announce("RESTARTED")
    deliveries = desk.deliveries
    events = deliveries.events("A", 0)
    assert [e.type for e in events] == [ReportType.STATE, ReportType.STATUS_CHANGE]
    assert deliveries.latest() == events[-1].id
    (pending,) = deliveries.pending()
    assert (pending.aet, pending.position, pending.due) == ("A", 0, 0)
    assert deliveries.lease(pending, 500)
    assert not deliveries.lease(pending, 600)  # another process was quicker
    deliveries.advance("A", events[0].id)
    deliveries.advance("A", 0)  # never back
    assert deliveries.position("A") == events[0].id
    deliveries.settle("A", 900, 2)
    (pending,) = deliveries.pending()
    assert (pending.position, pending.due, pending.failures) == (events[0].id, 900, 2)
    deliveries.advance("A", events[1].id)
    assert deliveries.pending() == []
    deliveries.forget(2**60)
    assert [e.id for e in deliveries.events("A", 0)] == [events[-1].id]
    assert desk.given == 2
