"""N-ACTION and N-EVENT-REPORT of storage commitment, over transactions that only remember."""

from collections.abc import Generator, Iterable

import pytest

from isocenter.commitment import Failure, Reference, State
from isocenter.dicom.json import data_set_to_json, json_to_data_set
from isocenter.dicom.uids import transfer_syntax
from isocenter.dimse.commands import Command, CommandField, respond
from isocenter.errors import OutOfResourcesError, UsageError
from isocenter.services.commit import CommitService, ReportService, event_command
from isocenter.services.commit_report import (
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
    Report,
    read_report,
    read_request,
    write_report,
    write_request,
)
from isocenter.services.service import Handler, Operation, ServiceContext
from isocenter.settings import load_settings

CT, EXPLICIT, IMPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
ONE, TWO = Reference(CT, "1.2.1"), Reference(CT, "1.2.2")
FAILED = Failure(*TWO, 0x0112)
ACTION = Command(
    CommandField.N_ACTION_RQ, MessageID=7, CommandDataSetType=1, RequestedSOPClassUID=STORAGE_COMMITMENT,
    RequestedSOPInstanceUID=STORAGE_COMMITMENT_INSTANCE, ActionTypeID=1,
)  # fmt: skip


class FakeHeld:
    def __init__(self, failures: tuple[Failure, ...] | None) -> None:
        self._failures = failures
        self.calls: list[str] = []

    def examine(self) -> Generator[None, None, tuple[Failure, ...] | None]:
        yield
        yield
        return self._failures

    def reported(self, _: float) -> None:
        self.calls.append("reported")

    def postpone(self, why: str, _: float) -> State:
        self.calls.append(why)
        return State.PENDING

    def leave(self, _: float) -> None:
        self.calls.append("left")


class FakeTransactions:
    def __init__(self, failures: tuple[Failure, ...] | None = ()) -> None:
        self.held: FakeHeld | None = FakeHeld(failures)
        self.error: Exception | None = None
        self.begun: list[tuple[str, str, tuple[Reference, ...]]] = []

    def begin(self, calling_aet: str, uid: str, requested: Iterable[Reference], _: float) -> FakeHeld | None:
        if self.error is not None:
            raise self.error
        self.begun.append((calling_aet, uid, tuple(requested)))
        return self.held


def context(syntax: str) -> ServiceContext:
    return ServiceContext(1, "CT1", "ISOCENTER", "192.0.2.7", 3, STORAGE_COMMITMENT, syntax)


def begin(
    transactions: FakeTransactions, command: Command = ACTION, data: bytes | None = None, syntax: str = EXPLICIT
) -> Handler:
    if data is None:
        data = json_to_data_set(write_request("2.25.1", [ONE, TWO, ONE]), implicit=syntax == IMPLICIT)
    handler = CommitService(transactions, load_settings()).begin(context(syntax), command)
    handler.write(memoryview(data)[:20], memoryview(data)[20:])
    return handler


def status_of(handler: Handler) -> int | None:
    (message,) = handler.finish()
    assert isinstance(message, Command)
    return message.Status


def operation_of(handler: Handler) -> tuple[Generator[Operation | None], Operation]:
    assert status_of(handler) == 0
    work = handler.afterwards()
    assert work is not None
    operation = next(each for each in work if each is not None)
    return work, operation


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize(("failures", "event_type"), [((), 1), ((FAILED,), 2), ((Failure(*ONE, 0x0110), FAILED), 2)])
def test_what_is_asked_is_filed_and_reported(syntax: str, failures: tuple[Failure, ...], event_type: int) -> None:
    transactions = FakeTransactions(failures)
    work, operation = operation_of(begin(transactions, syntax=syntax))
    assert transactions.begun == [("CT1", "2.25.1", (ONE, TWO))]
    assert (operation.context_id, operation.command.EventTypeID) == (3, event_type)
    assert isinstance(operation.data_set, bytes)
    said = read_report(data_set_to_json(operation.data_set, transfer_syntax(syntax), bulk_data_uri=None))
    failed = {failure[:2] for failure in failures}
    committed = tuple(each for each in (ONE, TWO) if each not in failed)
    assert said == Report("2.25.1", committed, failures, "ISOCENTER" if committed else "")
    operation.answer = respond(operation.command, 0)
    assert list(work) == []
    assert transactions.held is not None
    assert transactions.held.calls == ["reported"]


@pytest.mark.parametrize(("code", "called"), [(0x0107, "reported"), (0x0110, "processing failure (0110H)")])
def test_the_answer_counts(code: int, called: str) -> None:
    transactions = FakeTransactions()
    work, operation = operation_of(begin(transactions))
    operation.answer = respond(operation.command, code)
    assert list(work) == []
    assert transactions.held is not None
    assert transactions.held.calls == [called]


@pytest.mark.parametrize("when", ["at once", "before", "amid", "awaited"])
def test_what_is_not_told_is_left_to_others(when: str) -> None:
    transactions = FakeTransactions()
    handler = begin(transactions)
    assert status_of(handler) == 0
    work = handler.afterwards()
    assert work is not None
    for _ in range({"at once": 0, "before": 1, "amid": 2, "awaited": 3}[when]):
        next(work)
    work.close()
    assert transactions.held is not None
    assert transactions.held.calls == ["left"]


def test_what_another_has_taken_is_not_told() -> None:
    transactions = FakeTransactions(None)
    handler = begin(transactions)
    assert status_of(handler) == 0
    work = handler.afterwards()
    assert work is not None
    assert list(work) == [None, None]
    assert transactions.held is not None
    assert transactions.held.calls == []


def test_a_uid_that_was_used_before() -> None:
    transactions = FakeTransactions()
    transactions.held = None
    _, operation = operation_of(begin(transactions))
    assert isinstance(operation.data_set, bytes)
    said = read_report(data_set_to_json(operation.data_set, transfer_syntax(EXPLICIT), bulk_data_uri=None))
    assert (said.committed, {failure.reason for failure in said.failed}) == ((), {0x0131})


REFUSED: list[tuple[dict[str, object], int]] = [
    ({"CommandField": CommandField.N_GET_RQ}, 0x0211),
    ({"RequestedSOPClassUID": "1.2.840.10008.1.20.2"}, 0x0118),
    ({"RequestedSOPInstanceUID": "1.2.3"}, 0x0112),
    ({"ActionTypeID": 2}, 0x0123),
    ({"ActionTypeID": None}, 0x0123),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED)
def test_what_cannot_be_meant(changes: dict[str, object], code: int) -> None:
    transactions = FakeTransactions()
    handler = begin(transactions, ACTION._replace(**changes))  # type: ignore[arg-type]
    assert status_of(handler) == code
    assert handler.afterwards() is None
    assert transactions.begun == []


BAD: list[tuple[bytes, int]] = [
    (b"", 0x0115),
    (json_to_data_set(write_request("", [ONE])), 0x0115),
    (json_to_data_set(write_request("2.25.1", [])), 0x0115),
    (json_to_data_set(write_request("2.25.1", [Reference("", "1.2")])), 0x0115),
    (json_to_data_set(write_request("2.25.1", [ONE]))[:-3], 0x0110),
    (b"\x08\x00\x99\x11SQ\0\0\xff\xff\xff\xff", 0x0110),
]


@pytest.mark.parametrize(("data", "code"), BAD)
def test_data_sets_that_are_wrong(data: bytes, code: int) -> None:
    transactions = FakeTransactions()
    handler = begin(transactions, data=data)
    assert status_of(handler) == code
    assert handler.afterwards() is None
    assert transactions.begun == []


def test_no_room() -> None:
    transactions = FakeTransactions()
    transactions.error = OutOfResourcesError("no room")
    assert status_of(begin(transactions)) == 0x0213


def test_a_report_is_taken() -> None:
    taken: list[Report] = []
    report = Report("2.25.1", (ONE,), (FAILED,), "PACS")
    handler = ReportService(taken.append).begin(context(EXPLICIT), event_command(report))
    handler.write(memoryview(json_to_data_set(write_report(report))))
    assert status_of(handler) == 0
    assert taken == [report]


@pytest.mark.parametrize(
    ("changes", "data", "code"),
    [
        ({"EventTypeID": 3}, None, 0x0113),
        ({"AffectedSOPInstanceUID": "1.2"}, None, 0x0112),
        ({"CommandField": CommandField.C_STORE_RQ}, None, 0x0211),
        ({}, b"", 0x0115),
        ({}, b"\x08\x00", 0x0110),
    ],
)
def test_reports_that_are_wrong(changes: dict[str, object], data: bytes | None, code: int) -> None:
    report = Report("2.25.1", (ONE,), ())
    command = event_command(report)._replace(**changes)  # type: ignore[arg-type]
    taken: list[Report] = []
    handler = ReportService(taken.append).begin(context(EXPLICIT), command)
    handler.write(memoryview(json_to_data_set(write_report(report)) if data is None else data))
    assert status_of(handler) == code
    assert taken == []


def test_reading_names_what_is_missing() -> None:
    with pytest.raises(UsageError, match="TransactionUID is missing"):
        read_request(write_request("", [ONE]))
    with pytest.raises(UsageError, match="ReferencedSOPInstanceUID is no UID"):
        read_request(write_request("2.25.1", [Reference(CT, "one")]))
