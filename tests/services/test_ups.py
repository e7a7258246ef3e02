"""The operations of UPS Push, Pull, Watch and Query, and bad input, on work items in a real index."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from isocenter.dicom.json import Json, data_set_to_json, json_to_data_set
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from isocenter.dimse.commands import Command, CommandField, write_command
from isocenter.index.index import Index
from isocenter.index.peers import KnownPeer, Peers
from isocenter.services.service import Response, ServiceContext
from isocenter.services.ups import UPS_EVENT, UPS_PULL, UPS_QUERY, UPS_WATCH, UpsService
from isocenter.settings import load_settings
from isocenter.ups.attributes import FILTERED_SUBSCRIPTION, GLOBAL_SUBSCRIPTION, UPS_PUSH, data_set, key
from isocenter.ups.signal import Signal
from isocenter.ups.subscriptions import Subscriptions
from isocenter.ups.workitems import WorkItems

UID = "1.2.3"
N_CREATE, N_GET, N_SET = CommandField.N_CREATE_RQ, CommandField.N_GET_RQ, CommandField.N_SET_RQ
N_ACTION, C_FIND, N_DELETE = CommandField.N_ACTION_RQ, CommandField.C_FIND_RQ, CommandField.N_DELETE_RQ
NEW = data_set(
    ProcedureStepState="SCHEDULED", ScheduledProcedureStepPriority="LOW", ProcedureStepLabel="Segment",
    ScheduledProcedureStepStartDateTime="20240131", InputReadinessState="READY",
)  # fmt: skip
#: SOP class -> operations; an N-ACTION by its number.
ALLOWED = {
    UPS_PUSH: {N_CREATE, N_GET, 2},
    UPS_PULL: {C_FIND, N_GET, N_SET, 1},
    UPS_WATCH: {C_FIND, N_GET, 2, 3, 4, 5},
    UPS_QUERY: {C_FIND},
    UPS_EVENT: set(),
}
OPERATIONS = [N_CREATE, N_GET, N_SET, C_FIND, N_DELETE, 1, 2, 3, 4, 5, 6]


class Peer:
    """Asks the service as an association would."""

    def __init__(self, index: Index) -> None:
        peers = Peers(index.database)
        peers.add(KnownPeer("WATCHER", "127.0.0.1", 104))
        signal = Signal()
        self.work_items = WorkItems(index.database, "WORK", signal)
        self.service = UpsService(self.work_items, Subscriptions(index.database, signal), peers, load_settings())

    def ask(
        self, sop_class: str, operation: int, body: bytes | Json | None = None, uid: str | None = UID, **more: Any
    ) -> Response:
        action = operation if operation < 10 else None
        field = N_ACTION if action is not None else operation
        named = "AffectedSOP" if field in {N_CREATE, C_FIND} else "RequestedSOP"
        values = {
            "MessageID": 7,
            f"{named}ClassUID": UPS_PUSH,
            "ActionTypeID": action,
            f"{named}InstanceUID": uid,
        } | more
        context = ServiceContext(1, "SCU", "ISOCENTER", "192.0.2.7", 1, sop_class, EXPLICIT_VR_LITTLE_ENDIAN)
        handler = self.service.begin(context, Command(field, **values))
        content = json_to_data_set(body) if isinstance(body, dict) else body
        if content:
            handler.write(memoryview(content))
        messages = list(handler.finish())
        answer = messages[-1]
        assert not isinstance(answer, tuple) or answer
        response = answer if isinstance(answer, Response) else Response(answer)
        write_command(response.command)  # it can be sent
        return response

    def status(self, *arguments: Any, **named: Any) -> int | None:
        return self.ask(*arguments, **named).command.Status


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    index = Index.open(f"sqlite:///{tmp_path}/index.sqlite", durable=False)
    yield Peer(index)
    index.close()


@pytest.mark.parametrize("sop_class", ALLOWED)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_sop_class_has_its_operations(peer: Peer, sop_class: str, operation: int) -> None:
    peer.ask(UPS_PUSH, N_CREATE, NEW)
    status = peer.status(sop_class, operation, data_set(ReceivingAE="WATCHER", ReasonForCancellation="x"))
    allowed = operation in ALLOWED[sop_class]
    actions = any(each < 10 for each in ALLOWED[sop_class])
    expected = {0x0123} if operation < 10 and actions else {0x0211}
    assert (status in expected) is not allowed


def test_a_uid_is_given_where_none_was_sent(peer: Peer) -> None:
    answer = peer.ask(UPS_PUSH, N_CREATE, NEW, uid=None).command
    assert answer.Status == 0xB300
    assert answer.AffectedSOPInstanceUID
    assert peer.status(UPS_PULL, N_GET, uid=answer.AffectedSOPInstanceUID) == 0


def test_get(peer: Peer) -> None:
    peer.ask(UPS_PUSH, N_CREATE, NEW)
    wanted = tuple(int(key(name), 16) for name in ("ProcedureStepState", "ExpectedCompletionDateTime"))
    answer = peer.ask(UPS_PULL, N_GET, AttributeIdentifierList=wanted)
    assert (answer.command.Status, answer.data_set) == (0, json_to_data_set(data_set(ProcedureStepState="SCHEDULED")))
    secret = (int(key("TransactionUID"), 16),)
    assert peer.ask(UPS_WATCH, N_GET, AttributeIdentifierList=secret)[:2] == (
        peer.ask(UPS_WATCH, N_GET, AttributeIdentifierList=secret).command, b"",
    )  # fmt: skip
    assert peer.status(UPS_WATCH, N_GET, AttributeIdentifierList=secret) == 0x0001
    whole = peer.ask(UPS_PULL, N_GET).data_set
    assert whole is not None
    found = data_set_to_json(whole, transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN), bulk_data_uri=None)
    identity = {key("SOPClassUID"), key("SOPInstanceUID")}  # which the command has (PS3.4 Table CC.2.5-3)
    assert found == {name: value for name, value in peer.work_items.get(UID).items() if name not in identity}


def test_actions(peer: Peer) -> None:
    peer.ask(UPS_PUSH, N_CREATE, NEW)
    receiver = data_set(ReceivingAE="WATCHER", DeletionLock="TRUE")
    assert peer.status(UPS_WATCH, 3, receiver) == 0
    assert peer.status(UPS_WATCH, 3, receiver, uid=GLOBAL_SUBSCRIPTION) == 0
    assert peer.status(UPS_WATCH, 3, receiver | data_set(ProcedureStepLabel="S*"), uid=FILTERED_SUBSCRIPTION) == 0
    assert peer.status(UPS_WATCH, 3, receiver, uid=FILTERED_SUBSCRIPTION) == 0x0106
    assert peer.status(UPS_WATCH, 3, data_set(ReceivingAE="NOBODY"), uid=UID) == 0xC308
    assert peer.status(UPS_WATCH, 3, data_set(ReceivingAE="WATCHER", DeletionLock="MAYBE")) == 0x0106
    assert peer.status(UPS_WATCH, 3, receiver, uid="9.9") == 0xC307
    assert peer.status(UPS_WATCH, 5, receiver) == 0xC314
    assert peer.status(UPS_WATCH, 5, receiver, uid=GLOBAL_SUBSCRIPTION) == 0
    assert peer.status(UPS_WATCH, 4, receiver) == 0
    assert peer.status(UPS_WATCH, 4, data_set(ReceivingAE="")) == 0x0106
    claim = data_set(ProcedureStepState="IN PROGRESS", TransactionUID="1.9")
    answer = peer.ask(UPS_PULL, 1, claim).command
    assert (answer.Status, answer.ActionTypeID, answer.AffectedSOPInstanceUID) == (0, 1, UID)
    late = peer.ask(UPS_PULL, 1, claim).command
    assert (late.Status, bool(late.ErrorComment)) == (0xC302, True)
    refused = peer.ask(UPS_PULL, N_SET, data_set(PatientID="9", TransactionUID="1.9")).command
    assert (refused.Status, refused.AttributeIdentifierList) == (0x0105, (0x00100020,))


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\0", b"x" * 7, b"\x74\0\0\x10CS\xff\xff", json_to_data_set(NEW)[:-3], b"\xff" * 4096,
        b"\0" * (1 << 22) + b"\1", json_to_data_set(data_set(ProcedureStepState="\\".join(["X"] * 1000))),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("sop_class", "operation"), [(UPS_PUSH, N_CREATE), (UPS_PULL, N_SET), (UPS_PULL, 1)])
def test_bad_data_sets_are_failures(peer: Peer, body: bytes, sop_class: str, operation: int) -> None:
    if operation != N_CREATE:
        peer.ask(UPS_PUSH, N_CREATE, NEW)
    if operation == N_SET and body in {b"", b"\0"}:
        return  # sets nothing
    status = peer.status(sop_class, operation, body)
    assert status is not None
    assert status & 0xF000 in {0x0000, 0xC000}
    assert status != 0


@pytest.mark.parametrize("uid", ["", None, "x", "1." * 40, "1.2.3\\4.5", "' OR 1=1"])
def test_uids_that_are_none(peer: Peer, uid: str | None) -> None:
    for sop_class, operation in ((UPS_PULL, N_GET), (UPS_PULL, N_SET), (UPS_WATCH, 2)):
        assert peer.status(sop_class, operation, data_set(ReasonForCancellation="x"), uid=uid) == 0xC307
    if uid:
        assert peer.status(UPS_PUSH, N_CREATE, NEW, uid=uid) == 0x0117
    other = {"AffectedSOPClassUID": "1.2.840.10008.1.1"}
    assert peer.status(UPS_PUSH, N_CREATE, NEW, **other) == 0x0118
