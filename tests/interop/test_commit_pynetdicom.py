"""Storage commitment: pynetdicom as SCU of our node, on the same association and on a new one, and as SCP of ours."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pydicom import Dataset
from pydicom.data import get_testdata_file
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import CTImageStorage, StorageCommitmentPushModel, StorageCommitmentPushModelInstance

from isocenter.cli import main
from isocenter.cli.dicom_part import delivery_of
from isocenter.commitment import Reference

PUSH, INSTANCE = StorageCommitmentPushModel, StorageCommitmentPushModelInstance
PATIENCE = 30.0
CT_FILE = get_testdata_file("CT_small.dcm")
CT_UID = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"


class Reports:
    """Takes N-EVENT-REPORTs, and waits for them."""

    def __init__(self, status: int = 0) -> None:
        self.status = status
        self.taken: list[tuple[int, Dataset]] = []
        self._more = threading.Semaphore(0)

    def handle(self, event: evt.Event) -> tuple[int, None]:
        self.taken.append((event.event_type, event.event_information))
        self._more.release()
        return self.status, None

    def wait(self) -> tuple[int, Dataset]:
        assert self._more.acquire(timeout=PATIENCE)
        return self.taken[-1]


@contextmanager
def associated(port: int, reports: Reports, aet: str = "PYNETDICOM") -> Iterator:
    ae = AE(aet)
    ae.add_requested_context(PUSH)
    association = ae.associate("127.0.0.1", port, evt_handlers=[(evt.EVT_N_EVENT_REPORT, reports.handle)])
    assert association.is_established
    yield association
    if association.is_established:
        association.release()


@contextmanager
def listening(reports: Reports) -> Iterator[int]:
    """A user that takes reports on associations of the provider's own."""
    ae = AE("PYNETDICOM")
    ae.add_supported_context(PUSH, scu_role=False, scp_role=True)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, reports.handle)])
    yield server.socket.getsockname()[1]
    server.shutdown()


def asked(*objects: Dataset, uid: str = "2.25.77", **changes: str) -> Dataset:
    request = Dataset()
    request.TransactionUID = uid
    request.ReferencedSOPSequence = []
    for each in objects:
        item = Dataset()
        item.ReferencedSOPClassUID = changes.get("sop_class") or each.SOPClassUID
        item.ReferencedSOPInstanceUID = changes.get("sop_instance") or each.get("SOPInstanceUID", "")
        request.ReferencedSOPSequence.append(item)
    return request


def commit(association, request: Dataset, action: int = 1, instance: str = INSTANCE) -> int:
    return association.send_n_action(request, action, PUSH, instance)[0].Status


def answered(node) -> None:
    """Wait until the peer's answer to each report has come: pynetdicom breaks if it releases before it has sent it."""
    deadline = time.monotonic() + PATIENCE
    while any(each.state.value == "pending" for each in node.archive.commitments.recent()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


class TestSameAssociation:
    """The peer keeps the association open."""

    def test_all_are_committed(self, full_node, objects) -> None:
        reports = Reports()
        with associated(full_node.port, reports) as association:
            assert commit(association, asked(*objects)) == 0
            event_type, report = reports.wait()
            answered(full_node)
        assert event_type == 1
        assert report.TransactionUID == "2.25.77"
        assert report.RetrieveAETitle == "ISOCENTER"
        named = {(i.ReferencedSOPClassUID, i.ReferencedSOPInstanceUID) for i in report.ReferencedSOPSequence}
        assert named == {(d.SOPClassUID, d.SOPInstanceUID) for d in objects}
        assert "FailedSOPSequence" not in report
        assert full_node.archive.commitments.recent()[0].state.value == "reported"

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [({"sop_instance": "1.2.3.4"}, 0x0112), ({"sop_class": "1.2.840.10008.5.1.4.1.1.88.11"}, 0x0119)],
    )
    def test_failures(self, full_node, objects, changes, reason) -> None:
        request = asked(objects[0])
        request.ReferencedSOPSequence += asked(objects[1], **changes).ReferencedSOPSequence
        reports = Reports()
        with associated(full_node.port, reports) as association:
            assert commit(association, request) == 0
            event_type, report = reports.wait()
            answered(full_node)
        assert event_type == 2
        assert [item.FailureReason for item in report.FailedSOPSequence] == [reason]
        assert [i.ReferencedSOPInstanceUID for i in report.ReferencedSOPSequence] == [objects[0].SOPInstanceUID]

    def test_a_transaction_uid_is_used_once(self, full_node, objects) -> None:
        reports = Reports()
        with associated(full_node.port, reports) as association:
            for expected in (1, 2):
                assert commit(association, asked(objects[0])) == 0
                assert reports.wait()[0] == expected
                answered(full_node)
        assert [item.FailureReason for item in reports.taken[1][1].FailedSOPSequence] == [0x0131]

    def test_stores_and_requests_go_on_meanwhile(self, full_node, objects) -> None:
        reports = Reports()
        ae = AE("PYNETDICOM")
        ae.add_requested_context(PUSH)
        ae.add_requested_context(CTImageStorage, objects[0].file_meta.TransferSyntaxUID)
        association = ae.associate("127.0.0.1", full_node.port, evt_handlers=[(evt.EVT_N_EVENT_REPORT, reports.handle)])
        for number in range(3):
            assert commit(association, asked(*objects, uid=f"2.25.{number}")) == 0
            assert association.send_c_store(objects[0]).Status == 0
        for _ in range(3):
            reports.wait()
        answered(full_node)
        association.release()
        assert {report.TransactionUID for _, report in reports.taken} == {"2.25.0", "2.25.1", "2.25.2"}

    @pytest.mark.parametrize(
        ("request_", "arguments", "status"),
        [
            (asked(), {}, 0x0115),
            (asked(Dataset(), sop_class="1.2", sop_instance="1.3", uid=""), {}, 0x0115),
            (asked(Dataset(), sop_class="1.2", sop_instance=""), {}, 0x0115),
            (asked(Dataset(), sop_class="1.2", sop_instance="1.3"), {"action": 2}, 0x0123),
            (asked(Dataset(), sop_class="1.2", sop_instance="1.3"), {"instance": "1.2.3"}, 0x0112),
        ],
    )
    def test_bad_requests(self, full_node, request_, arguments, status) -> None:
        with associated(full_node.port, Reports()) as association:
            assert commit(association, request_, **arguments) == status
        assert full_node.archive.commitments.recent() == []


class TestAssociationOfItsOwn:
    """The peer has closed the association, or did not take the report."""

    @pytest.fixture
    def deliver(self, full_node) -> Callable[..., int]:
        """Let the worker deliver what is due in so many seconds."""
        return lambda later=0.0: delivery_of(full_node.archive, full_node.settings).deliver(time.time() + later)

    @pytest.fixture
    def left(self, full_node, objects) -> None:
        """A transaction that nobody but the index knows of, as after a restart."""
        references = [Reference(each.SOPClassUID, each.SOPInstanceUID) for each in objects]
        held = full_node.archive.commitments.begin("PYNETDICOM", "2.25.5", references, time.time())
        held.leave(time.time())

    def test_what_is_left_is_told_there(self, full_node, objects, left, deliver) -> None:
        reports = Reports()
        with listening(reports) as port:
            full_node.know("PYNETDICOM", port)
            assert deliver() == 1
            assert deliver() == 0
        ((event_type, report),) = reports.taken
        assert (event_type, report.TransactionUID, report.RetrieveAETitle) == (1, "2.25.5", "ISOCENTER")
        assert len(report.ReferencedSOPSequence) == len(objects)

    def test_what_is_refused_is_told_again_there(self, full_node, objects, deliver) -> None:
        refusing, reports = Reports(status=0x0110), Reports()
        with associated(full_node.port, refusing) as association:
            assert commit(association, asked(*objects)) == 0
            refusing.wait()
        full_node.stop()
        with listening(reports) as port:
            full_node.know("PYNETDICOM", port)
            assert deliver() == 0
            assert deliver(11) == 1
        assert reports.taken[0][0] == 1

    def test_a_peer_that_cannot_be_reached_is_tried_again(self, full_node, left, deliver, free_port) -> None:
        full_node.know("PYNETDICOM", free_port())
        assert deliver() == 0
        (pending,) = full_node.archive.commitments.recent()
        assert (pending.state.value, pending.attempts) == ("pending", 1)
        assert "refuses connections" in pending.detail
        reports = Reports()
        with listening(reports) as port:
            full_node.know("PYNETDICOM", port)
            assert deliver(11) == 1

    def test_an_unknown_peer_is_not_told_there(self, full_node, left, deliver, caplog) -> None:
        assert deliver() == 0
        assert full_node.archive.commitments.recent()[0].state.value == "undelivered"
        assert "isocenter peers add" in caplog.text

    def test_the_server_tells_it_by_itself(self, objects, full_node) -> None:
        """A peer that releases at once is told by the worker of the serving process."""
        reports = Reports()
        delivery = delivery_of(full_node.archive, full_node.settings)
        delivery.start()
        try:
            with listening(reports) as port:
                full_node.know("PYNETDICOM", port)
                hold = full_node.archive.commitments.look_at
                gate = threading.Event()
                full_node.archive.commitments.look_at = lambda reference: gate.wait(PATIENCE) and hold(reference)
                with associated(full_node.port, Reports()) as association:
                    assert commit(association, asked(*objects)) == 0
                    association.abort()
                gate.set()
                event_type, report = reports.wait()
        finally:
            delivery.stop()
        assert (event_type, report.TransactionUID) == (1, "2.25.77")


class Provider:
    """pynetdicom as SCP: it reports on the same association, on one of its own, not at all, or refuses."""

    def __init__(self, how: str, failed: int = 0, port: int = 0) -> None:
        self.how, self.failed, self.port = how, failed, port
        self.roles: list[object] = []
        ae = AE("PROVIDER")
        ae.add_supported_context(PUSH)
        ae.add_supported_context(CTImageStorage)
        handlers = [(evt.EVT_C_STORE, lambda _: 0), (evt.EVT_N_ACTION, self._act), (evt.EVT_RELEASED, self._released)]
        self._report: Dataset | None = None
        self._threads: list[threading.Thread] = []
        self.server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)

    def _act(self, event: evt.Event) -> tuple[int, None]:
        request = event.action_information
        report = Dataset()
        report.TransactionUID = request.TransactionUID
        items = list(request.ReferencedSOPSequence)
        for item in items[: self.failed]:
            item.FailureReason = 0x0112
        if self.failed:
            report.FailedSOPSequence = items[: self.failed]
        report.ReferencedSOPSequence = items[self.failed :]
        report.RetrieveAETitle = "PROVIDER"
        self._report = report
        if self.how == "refuse":
            return 0x0213, None
        if self.how == "same":
            self._start(event.assoc)
        return 0, None

    def _released(self, _: evt.Event) -> None:
        if self.how == "own":
            ae = AE("PROVIDER")
            ae.add_requested_context(PUSH)
            role = build_role(PUSH, scp_role=True)
            association = ae.associate("127.0.0.1", self.port, ae_title="SCANNER", ext_neg=[role])
            assert association.is_established
            self._start(association)

    def _start(self, association) -> None:
        thread = threading.Thread(target=self._tell, args=(association,))
        self._threads.append(thread)
        thread.start()

    def _tell(self, association) -> None:
        kind = 2 if self.failed else 1
        self.status = association.send_n_event_report(self._report, kind, PUSH, INSTANCE)[0].Status
        if self.how == "own":
            association.release()

    def close(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE)
        self.server.shutdown()


@pytest.fixture
def provider() -> Iterator[Callable[..., Provider]]:
    made: list[Provider] = []

    def make(*arguments, **options) -> Provider:
        made.append(Provider(*arguments, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def run(capsys, provider: Provider, *arguments: str, command: str = "commit") -> tuple[int, dict]:
    port = provider.server.socket.getsockname()[1]
    with pytest.raises(SystemExit) as end:
        main([command, f"PROVIDER@127.0.0.1:{port}", CT_FILE, "--aet", "SCANNER", "--json", *arguments])
    output = capsys.readouterr()
    return end.value.code, json.loads(output.out) if output.out else {"error": output.err}


class TestCommand:
    """``isocenter commit``."""

    def test_a_report_on_the_same_association(self, provider, capsys) -> None:
        node = provider("same")
        code, said = run(capsys, node)
        assert (code, said["reported"], len(said["committed"]), said["failed"]) == (0, True, 1, [])
        assert said["retrieve_aet"] == "PROVIDER"

    def test_a_report_on_an_association_of_its_own(self, provider, capsys, free_port, monkeypatch) -> None:
        monkeypatch.setattr("isocenter.cli.commitment._SAME_ASSOCIATION", 0.1)
        port = free_port()
        code, said = run(capsys, provider("own", port=port), "--listen", str(port))
        assert (code, said["reported"], len(said["committed"])) == (0, True, 1)

    def test_what_failed_is_said(self, provider, capsys) -> None:
        code, said = run(capsys, provider("same", failed=1), "1.2.840.10008.5.1.4.1.1.4=1.2.3")
        assert (code, len(said["committed"]), len(said["failed"])) == (1, 1, 1)
        assert said["failed"][0]["meaning"] == "no such SOP instance (0112H)"

    def test_no_report(self, provider, capsys) -> None:
        code, said = run(capsys, provider("none"), "--wait", "0.1")
        assert (code, said["reported"], said["committed"]) == (1, False, [])

    def test_a_refusal(self, provider, capsys) -> None:
        code, said = run(capsys, provider("refuse"))
        assert code == 1
        assert "resource limitation (0213H)" in said["error"]


class TestSend:
    """``isocenter send --commit``: what was sent is asked for."""

    def test_what_was_sent_is_committed(self, provider, capsys) -> None:
        code, said = run(capsys, provider("same"), "--commit", command="send")
        assert (code, said["sent"]) == (0, 1)
        assert [each["sop_instance_uid"] for each in said["commitment"]["committed"]] == [CT_UID]

    def test_what_is_not_committed_fails(self, provider, capsys) -> None:
        code, said = run(capsys, provider("same", failed=1), "--commit", command="send")
        assert (code, said["sent"], said["failed"]) == (1, 1, [])
        assert said["commitment"]["failed"][0]["sop_instance_uid"] == CT_UID

    def test_no_report_in_time_fails(self, provider, capsys) -> None:
        code, said = run(capsys, provider("none"), "--commit", "--wait", "0.1", command="send")
        assert (code, said["commitment"]["reported"]) == (1, False)

    def test_an_isocenter_commits_what_it_was_sent(self, full_node, capsys) -> None:
        with pytest.raises(SystemExit) as end:
            main(["send", f"ISOCENTER@127.0.0.1:{full_node.port}", CT_FILE, "--commit"])
        assert (end.value.code, capsys.readouterr().out.splitlines()[-1]) == (
            0,
            "committed 1 by ISOCENTER; not committed 0",
        )
