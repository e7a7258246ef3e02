"""N-CREATE, N-SET and N-GET of performed procedure steps, over a keeper that only remembers."""

from typing import Any

import pytest

from isocenter.dicom.json import data_set_to_json, json_to_data_set
from isocenter.dicom.uids import transfer_syntax
from isocenter.dimse.commands import Command, CommandField, write_command
from isocenter.errors import IsocenterError, NotFoundError, OutOfResourcesError
from isocenter.index.performed import DuplicateStepError, PerformedStep
from isocenter.services.mpps import MPPS_RETRIEVE, MppsService
from isocenter.services.service import Response, ServiceContext
from isocenter.worklist.performed import MODALITY_PERFORMED_PROCEDURE_STEP as MPPS
from isocenter.worklist.performed_rules import FinishedStepError, MissingAttributeError

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
DATA_SET = {
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Müller^Jörg"}]},
    "00400252": {"vr": "CS", "Value": ["IN PROGRESS"]},
    "00400270": {"vr": "SQ", "Value": [{"0020000D": {"vr": "UI", "Value": ["1.2"]}}]},
}


class FakeSteps:
    def __init__(self, error: Exception | None = None, left: tuple[int, ...] = ()) -> None:
        self.error = error
        self.left = left
        self.calls: list[tuple[Any, ...]] = []

    def _note(self, *call: Any) -> None:
        self.calls.append(call)
        if self.error is not None:
            raise self.error

    def create(self, uid: str, given: dict[str, Any], calling_aet: str) -> str:
        self._note("create", uid, given, calling_aet)
        return uid or "2.25.1"

    def change(self, uid: str, given: dict[str, Any]) -> tuple[int, ...]:
        self._note("change", uid, given)
        return self.left

    def get(self, uid: str) -> PerformedStep:
        self._note("get", uid)
        return PerformedStep(1, uid, "IN PROGRESS", "CT1", 0, 0, DATA_SET)


def create(uid: str | None = "1.9") -> Command:
    return Command(CommandField.N_CREATE_RQ, MessageID=9, CommandDataSetType=1, AffectedSOPClassUID=MPPS,
                   AffectedSOPInstanceUID=uid)  # fmt: skip


SET = Command(CommandField.N_SET_RQ, MessageID=9, CommandDataSetType=1, RequestedSOPClassUID=MPPS,
              RequestedSOPInstanceUID="1.9")  # fmt: skip
GET = Command(CommandField.N_GET_RQ, MessageID=9, RequestedSOPClassUID=MPPS_RETRIEVE, RequestedSOPInstanceUID="1.9")


def ask(steps: FakeSteps, command: Command, data: bytes = b"", syntax: str = EXPLICIT) -> Response:
    sop_class = command.AffectedSOPClassUID or command.RequestedSOPClassUID or ""
    context = ServiceContext(1, "CT1", "ISOCENTER", "192.0.2.7", 1, sop_class, syntax)
    handler = MppsService(steps).begin(context, command)
    handler.write(memoryview(data)[:20], memoryview(data)[20:])
    (message,) = handler.finish()
    response = message if isinstance(message, Response) else Response(message)
    write_command(response.command._replace(CommandDataSetType=0x101 if response.data_set is None else 1))
    return response


@pytest.mark.parametrize(("uid", "answered"), [("1.9", "1.9"), (None, "2.25.1")])
def test_create(uid: str | None, answered: str) -> None:
    steps = FakeSteps()
    command = ask(steps, create(uid), json_to_data_set(DATA_SET)).command
    assert (command.Status, command.AffectedSOPInstanceUID, command.AffectedSOPClassUID) == (0, answered, MPPS)
    assert steps.calls == [("create", uid or "", DATA_SET, "CT1")]


def test_set() -> None:
    steps = FakeSteps()
    command = ask(steps, SET, json_to_data_set(DATA_SET, implicit=True), IMPLICIT).command
    assert (command.CommandField, command.Status, command.AffectedSOPInstanceUID) == (0x8120, 0, "1.9")
    assert steps.calls == [("change", "1.9", DATA_SET)]


def test_what_was_not_changed_is_named() -> None:
    command = ask(FakeSteps(left=(0x00100020,)), SET, json_to_data_set(DATA_SET)).command
    assert (command.Status, command.AttributeIdentifierList) == (0x0107, (0x00100020,))


@pytest.mark.parametrize(
    ("error", "status", "error_id", "tags"),
    [
        (DuplicateStepError("there is one"), 0x0111, None, None),
        (MissingAttributeError("Modality missing", 0x00080060), 0x0120, None, (0x00080060,)),
        (FinishedStepError("Performed Procedure Step Object may no longer be updated"), 0x0110, 0xA710, None),
        (NotFoundError("there is none"), 0x0112, None, None),
        (OutOfResourcesError("no room left for the index"), 0x0213, None, None),
        (IsocenterError("the index does not work"), 0x0110, None, None),
    ],
)
@pytest.mark.parametrize("command", [create(), SET])
def test_errors_have_their_status(
    error: Exception, status: int, error_id: int | None, tags: tuple[int, ...] | None, command: Command
) -> None:
    answer = ask(FakeSteps(error), command, json_to_data_set(DATA_SET)).command
    assert (answer.Status, answer.ErrorID, answer.AttributeIdentifierList) == (status, error_id, tags)
    assert answer.ErrorComment == str(error)


def test_broken_data_sets_are_refused() -> None:
    for data in (json_to_data_set(DATA_SET)[:-1], b"nonsense", bytes(5_000_000)):
        steps = FakeSteps()
        assert ask(steps, create(), data).command.Status == 0x0110
        assert steps.calls == []


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize(
    ("wanted", "found", "status"),
    [
        (None, {"00080005", *DATA_SET}, 0),
        ((), {"00080005", *DATA_SET}, 0),
        ((0x00400252,), {"00400252"}, 0),
        ((0x00400252, 0x00080060), {"00400252"}, 1),
        ((0x00080060,), set(), 1),
    ],
)
def test_get(wanted: tuple[int, ...] | None, found: set[str], status: int, syntax: str) -> None:
    response = ask(FakeSteps(), GET._replace(AttributeIdentifierList=wanted), b"", syntax)
    assert (response.command.Status, response.command.AffectedSOPInstanceUID) == (status, "1.9")
    assert response.data_set is not None
    shown = data_set_to_json(response.data_set, transfer_syntax(syntax), bulk_data_uri=None)
    assert set(shown) == found


@pytest.mark.parametrize(
    ("command", "field"), [(SET, CommandField.N_GET_RQ), (GET, CommandField.N_SET_RQ), (SET, CommandField.C_STORE_RQ)]
)
def test_other_commands_are_not_its_business(command: Command, field: int) -> None:
    steps = FakeSteps()
    assert ask(steps, command._replace(CommandField=field)).command.Status == 0x0211
    assert steps.calls == []
