"""``isocenter ups`` against another node: a pynetdicom provider that takes down what it is asked, and an Isocenter."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import (
    UnifiedProcedureStepEvent,
    UnifiedProcedureStepPull,
    UnifiedProcedureStepPush,
    UnifiedProcedureStepWatch,
)

from isocenter.cli import main
from isocenter.ups.attributes import Code, data_set

PUSH, PULL, WATCH = UnifiedProcedureStepPush, UnifiedProcedureStepPull, UnifiedProcedureStepWatch
UID, TRANSACTION = "1.2.826.7", "1.2.826.9"
CODE = Code("AI1", "99SITE", "Processor 1")
DONE = data_set(
    UnifiedProcedureStepPerformedProcedureSequence=[
        data_set(
            PerformedStationNameCodeSequence=[CODE.as_item()], PerformedProcedureStepStartDateTime="20240131093000",
            PerformedWorkitemCodeSequence=[CODE.as_item()], PerformedProcedureStepEndDateTime="20240131094500",
            OutputInformationSequence=[],
        )
    ]
)  # fmt: skip


class Provider:
    """A provider of work items that answers everything with success; ``subscribed`` reports at once."""

    def __init__(self, report_to: int) -> None:
        self.asked: list[tuple[str, str, Dataset]] = []
        self._report_to = report_to
        ae = AE("RIS")
        for sop_class in (PUSH, PULL, WATCH):
            ae.add_supported_context(sop_class)
        handlers = [
            (evt.EVT_N_CREATE, self._create), (evt.EVT_N_SET, self._set), (evt.EVT_N_ACTION, self._action),
            (evt.EVT_N_GET, self._get), (evt.EVT_C_FIND, self._find), (evt.EVT_RELEASED, self._report),
        ]  # fmt: skip
        self._server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self.address = f"RIS@127.0.0.1:{self._server.server_address[1]}"

    def _create(self, event: evt.Event) -> tuple[int, Dataset]:
        self.asked.append(("create", str(event.request.AffectedSOPInstanceUID), event.attribute_list))
        return 0xB300, event.attribute_list

    def _set(self, event: evt.Event) -> tuple[int, Dataset]:
        self.asked.append(("set", str(event.request.RequestedSOPInstanceUID), event.modification_list))
        return 0, Dataset()

    def _action(self, event: evt.Event) -> tuple[int, None]:
        uid = str(event.request.RequestedSOPInstanceUID)
        self.asked.append((f"action {event.action_type}", uid, event.action_information))
        return 0, None

    def _get(self, event: evt.Event) -> tuple[int, Dataset]:
        found = Dataset()
        found.SpecificCharacterSet, found.PatientName = "ISO_IR 192", "山田^花子"
        return 0, found

    def _find(self, event: evt.Event) -> Iterator[tuple[int, Dataset]]:
        self.asked.append(("find", "", event.identifier))
        for label in ("First", "Second"):
            found = Dataset()
            found.SOPInstanceUID, found.ProcedureStepLabel = UID, label
            yield 0xFF00, found

    def _report(self, event: evt.Event) -> None:
        """Tell of a change, as provider of UPS Event, over an association of its own."""
        if self.asked[-1][0] != "action 3":
            return
        ae = AE("RIS")
        ae.add_requested_context(UnifiedProcedureStepEvent)
        role = build_role(UnifiedProcedureStepEvent, scp_role=True)
        association = ae.associate("127.0.0.1", self._report_to, ae_title="WATCH1", ext_neg=[role])
        told = Dataset()
        told.ProcedureStepState, told.InputReadinessState = "IN PROGRESS", "READY"
        with suppress(RuntimeError):
            association.send_n_event_report(told, 1, PUSH, UID, meta_uid=UnifiedProcedureStepEvent)
        association.release()

    def close(self) -> None:
        self._server.shutdown()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["ups", *map(str, arguments)])
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return call


@pytest.fixture
def port(free_port: Callable[[], int]) -> int:
    return free_port()


@pytest.fixture
def provider(port: int) -> Iterator[Provider]:
    made = Provider(port)
    yield made
    made.close()


def test_every_request_reaches_a_foreign_provider(run: Any, provider: Provider, tmp_path: Path) -> None:
    node = provider.address
    code, out, err = run("create", node, "--uid", UID, "ProcedureStepLabel=Segment", "PatientName=Müller^Jörg")
    assert (code, out.strip()) == (0, UID)
    assert "B300" in err
    name, uid, created = provider.asked[-1]
    assert (name, uid, created.ProcedureStepState, str(created.PatientName)) == (
        "create", UID, "SCHEDULED", "Müller^Jörg",
    )  # fmt: skip
    assert run("claim", node, UID, "--transaction", TRANSACTION)[1].strip() == TRANSACTION
    assert (provider.asked[-1][0], provider.asked[-1][2].ProcedureStepState) == ("action 1", "IN PROGRESS")
    progress = "ProcedureStepProgressInformationSequence.ProcedureStepProgress=50"
    assert run("update", node, UID, progress, "--transaction", TRANSACTION)[0] == 0
    assert provider.asked[-1][2].TransactionUID == TRANSACTION
    assert provider.asked[-1][2].ProcedureStepProgressInformationSequence[0].ProcedureStepProgress == 50
    (tmp_path / "done.json").write_text(json.dumps([DONE]))
    assert run("complete", node, UID, "--file", tmp_path / "done.json", "--transaction", TRANSACTION)[0] == 0
    assert [name for name, *_ in provider.asked[-2:]] == ["set", "action 1"]
    assert provider.asked[-1][2].ProcedureStepState == "COMPLETED"
    assert run("discontinue", node, UID, "--transaction", TRANSACTION)[1] == f"{UID} discontinued\n"
    assert run("request-cancel", node, UID, "--reason", "not needed")[0] == 0
    assert (provider.asked[-1][0], provider.asked[-1][2].ReasonForCancellation) == ("action 2", "not needed")
    assert json.loads(run("get", node, UID)[1])["00100010"]["Value"] == [{"Alphabetic": "山田^花子"}]
    found = json.loads(run("find", node, "--json", "ProcedureStepState=SCHEDULED")[1])
    assert [each["00741204"]["Value"] for each in found] == [["First"], ["Second"]]
    assert provider.asked[-1][2].ProcedureStepState == "SCHEDULED"
    assert run("unfollow", node, "--aet", "WATCH1")[0] == 0
    assert provider.asked[-1][:2] == ("action 4", "1.2.840.10008.5.1.4.34.5")


def test_reports_of_a_foreign_provider_are_printed(run: Any, provider: Provider, port: int) -> None:
    code, out, _ = run("follow", provider.address, UID, "--aet", "WATCH1", "--listen", port, "--count", 1, "--lock")
    assert (code, out) == (0, f"{UID}\tstate\tIN PROGRESS\tREADY\n")
    subscribed = provider.asked[-1][2]
    assert (subscribed.ReceivingAE, subscribed.DeletionLock) == ("WATCH1", "TRUE")


def test_a_work_item_of_another_isocenter_from_its_beginning_to_its_end(
    run: Any, full_node: Any, tmp_path: Path
) -> None:
    node = f"ISOCENTER@127.0.0.1:{full_node.port}"
    uid = run("create", node, "ProcedureStepLabel=Segment")[1].strip()
    assert run("find", node, "--csv", "ProcedureStepState=SCHEDULED")[1].splitlines()[1].endswith(uid)
    transaction = run("claim", node, uid)[1].strip()
    code, _, err = run("claim", node, uid)
    assert (code, "C302" in err) == (1, True)
    code, _, err = run("complete", node, uid, "--transaction", transaction)
    assert (code, "C304" in err) == (1, True)
    (tmp_path / "done.json").write_text(json.dumps(DONE))
    assert run("complete", node, uid, "--transaction", transaction, "--file", tmp_path / "done.json")[0] == 0
    assert json.loads(run("get", node, uid)[1])["00741000"]["Value"] == ["COMPLETED"]
    assert run("get", node, "1.2.3")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("claim", "RIS@127.0.0.1:1", "nonsense"), "is no UID"),
        (("update", "RIS@127.0.0.1:1", UID), "say what to set"),
        (("follow", "RIS@127.0.0.1:1", UID, "--filter", "PatientID=1"), "choose a UID or --filter"),
        (("create", "RIS@127.0.0.1:1", "Nonsense=1"), "Nonsense"),
    ],
)
def test_what_cannot_be_meant_is_said(run: Any, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert said in err
