"""Unified Procedure Steps with pynetdicom as the SCU of Push, Pull, Watch, Event and Query."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import (
    UnifiedProcedureStepPull,
    UnifiedProcedureStepPush,
    UnifiedProcedureStepQuery,
    UnifiedProcedureStepWatch,
    UPSFilteredGlobalSubscriptionInstance,
    UPSGlobalSubscriptionInstance,
)

from isocenter.cli.dicom_part import ups_reports_of
from isocenter.index.peers import KnownPeer

from .ups_watcher import Watcher

PUSH, PULL, WATCH = UnifiedProcedureStepPush, UnifiedProcedureStepPull, UnifiedProcedureStepWatch
PATIENCE = 20.0
UID = "1.2.826.99"


def item(**values: Any) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


CODE = item(CodeValue="PROC1", CodingSchemeDesignator="99SITE", CodeMeaning="Processor 1")


def step(**changes: Any) -> Dataset:
    """Return a work item as a scheduler sends it."""
    made = item(
        SpecificCharacterSet="ISO_IR 100", ProcedureStepState="SCHEDULED", ScheduledProcedureStepPriority="MEDIUM",
        ProcedureStepLabel="Segment", WorklistLabel="AI", ScheduledProcedureStepStartDateTime="20240131093000",
        InputReadinessState="READY", PatientName="Müller^Jörg", PatientID="4711", IssuerOfPatientID="",
        IssuerOfPatientIDQualifiersSequence=[], PatientBirthDate="19700101",
        PatientSex="M", OtherPatientIDsSequence=[], AdmissionID="", IssuerOfAdmissionIDSequence=[],
        AdmittingDiagnosesDescription="", AdmittingDiagnosesCodeSequence=[], InputInformationSequence=[],
        ReferencedRequestSequence=[], ScheduledProcessingParametersSequence=[],
        ScheduledStationNameCodeSequence=[CODE], ScheduledStationClassCodeSequence=[],
        ScheduledStationGeographicLocationCodeSequence=[], ScheduledWorkitemCodeSequence=[CODE],
        CommentsOnTheScheduledProcedureStep="", ProcedureStepProgressInformationSequence=[],
        UnifiedProcedureStepPerformedProcedureSequence=[], TransactionUID="",
    )  # fmt: skip
    made.update(item(**changes))
    return made


@pytest.fixture
def associate(full_node) -> Iterator[Callable[..., Association]]:
    opened: list[Association] = []

    def make(aet: str = "SCU", syntax: str = ExplicitVRLittleEndian) -> Association:
        ae = AE(aet)
        for sop_class in (PUSH, PULL, WATCH, UnifiedProcedureStepQuery):
            ae.add_requested_context(sop_class, syntax)
        opened.append(ae.associate("127.0.0.1", full_node.port))
        assert opened[-1].is_established
        assert len(opened[-1].accepted_contexts) == 4
        return opened[-1]

    yield make
    for association in opened:
        association.release()


@pytest.fixture
def watcher(full_node) -> Iterator[Watcher]:
    made = Watcher()
    full_node.know("WATCHER", made.port)
    reports = ups_reports_of(full_node.archive, full_node.settings)
    reports.start()
    yield made
    reports.stop()
    made.close()


def act(association: Association, action: int, uid: str, sop_class: str, **values: Any) -> int:
    status, _ = association.send_n_action(item(**values), action, PUSH, uid, meta_uid=sop_class)
    return int(status.Status)


def change(association: Association, state: str, transaction_uid: str = "1.9") -> int:
    return act(association, 1, UID, PULL, ProcedureStepState=state, TransactionUID=transaction_uid)


def performed() -> Dataset:
    done = item(
        PerformedStationNameCodeSequence=[CODE], PerformedProcedureStepStartDateTime="20240131093000",
        PerformedWorkitemCodeSequence=[CODE], PerformedProcedureStepEndDateTime="20240131094500",
        OutputInformationSequence=[],
    )  # fmt: skip
    return item(UnifiedProcedureStepPerformedProcedureSequence=[done], TransactionUID="1.9")


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_push_pull_and_query(associate: Callable[..., Association], syntax: str) -> None:
    association = associate(syntax=syntax)
    status, _ = association.send_n_create(step(), PUSH, UID)
    assert status.Status == 0
    status, _ = association.send_n_create(step(), PUSH, UID)
    assert status.Status == 0x0111
    for sop_class in (PULL, WATCH, UnifiedProcedureStepQuery):
        query = item(
            SpecificCharacterSet="ISO_IR 100", ProcedureStepState="SCHEDULED", PatientName="MÜLL*", SOPInstanceUID="",
            ScheduledStationNameCodeSequence=[item(CodeValue="PROC1")],
        )  # fmt: skip
        answers = list(association.send_c_find(query, sop_class))
        assert [status.Status for status, _ in answers] == [0xFF00, 0]
        found = answers[0][1]
        assert (found.SOPInstanceUID, found.PatientName) == (UID, "Müller^Jörg")
        assert found.ScheduledStationNameCodeSequence[0].CodeValue == "PROC1"
        query.ProcedureStepState = "COMPLETED"
        assert [status.Status for status, _ in association.send_c_find(query, sop_class)] == [0]
    assert change(association, "COMPLETED") == 0xC310
    assert change(association, "IN PROGRESS") == 0
    assert change(association, "IN PROGRESS", "1.8") == 0xC302
    assert change(association, "COMPLETED") == 0xC304
    status, _ = association.send_n_set(item(ProcedureStepLabel="X"), PUSH, UID, meta_uid=PULL)
    assert status.Status == 0xC301
    status, _ = association.send_n_set(performed(), PUSH, UID, meta_uid=PULL)
    assert status.Status == 0
    assert change(association, "COMPLETED") == 0
    assert change(association, "COMPLETED") == 0xB306
    status, found = association.send_n_get([], PUSH, UID, meta_uid=PULL)
    assert status.Status == 0
    assert found.ProcedureStepState == "COMPLETED"
    assert found.UnifiedProcedureStepPerformedProcedureSequence[0].PerformedWorkitemCodeSequence[0] == CODE
    assert "TransactionUID" not in found
    status, found = association.send_n_get([0x00741000, 0x00100010, 0x00091010], PUSH, UID, meta_uid=WATCH)
    assert (status.Status, [element.tag for element in found if element.tag != 0x00080005]) == (
        0x0001, [0x00100010, 0x00741000],
    )  # fmt: skip


def test_what_is_refused(associate: Callable[..., Association]) -> None:
    association = associate()
    for changes, code in (
        ({"ProcedureStepLabel": ""}, 0x0121), ({"ProcedureStepState": "COMPLETED"}, 0xC309),
        ({"ScheduledProcedureStepPriority": "SOON"}, 0x0106), ({"TransactionUID": "1.1"}, 0x0106),
    ):  # fmt: skip
        status, _ = association.send_n_create(step(**changes), PUSH, UID)
        assert status.Status == code
        assert next(iter(changes)) in status.ErrorComment
    incomplete = step()
    del incomplete.AdmissionID
    status, _ = association.send_n_create(incomplete, PUSH, UID)
    assert status.Status == 0xB300
    assert act(association, 3, UID, WATCH, ReceivingAE="NOBODY", DeletionLock="TRUE") == 0xC308
    assert act(association, 9, UID, WATCH, ReceivingAE="X") == 0x0123
    assert act(association, 1, UID, PUSH, ProcedureStepState="IN PROGRESS", TransactionUID="1.9") == 0x0123
    status, _ = association.send_n_set(performed(), PUSH, UID, meta_uid=PUSH)
    assert status.Status == 0x0211
    status, _ = association.send_n_get([], PUSH, "9.9", meta_uid=PULL)
    assert status.Status == 0xC307


def test_who_may_not_use_work_items(make_node) -> None:
    node = make_node(known_peers_only=True)
    node.archive.peers.add(KnownPeer("SCU", "127.0.0.1", 104, frozenset({"find"})))
    ae = AE("SCU")
    for sop_class in (PUSH, PULL, "1.2.840.10008.5.1.4.1.2.2.1"):
        ae.add_requested_context(sop_class)
    association = ae.associate("127.0.0.1", node.port)
    assert [context.abstract_syntax for context in association.accepted_contexts] == ["1.2.840.10008.5.1.4.1.2.2.1"]
    association.release()


def test_watch_and_events(associate: Callable[..., Association], watcher: Watcher) -> None:
    association = associate()
    assert act(association, 3, UPSGlobalSubscriptionInstance, WATCH, ReceivingAE="WATCHER", DeletionLock="FALSE") == 0
    association.send_n_create(step(), PUSH, UID)
    kind, uid, report = watcher.next()
    assert (kind, uid, report.ProcedureStepState, report.InputReadinessState) == (1, UID, "SCHEDULED", "READY")
    kind, _, report = watcher.next()
    assert (kind, report.ScheduledStationNameCodeSequence[0].CodeValue) == (5, "PROC1")
    assert change(association, "IN PROGRESS") == 0
    assert watcher.next()[2].ProcedureStepState == "IN PROGRESS"
    progress = item(ProcedureStepProgressInformationSequence=[item(ProcedureStepProgress=50)], TransactionUID="1.9")
    status, _ = association.send_n_set(progress, PUSH, UID, meta_uid=PULL)
    assert status.Status == 0
    kind, _, report = watcher.next()
    assert (kind, report.ProcedureStepProgressInformationSequence[0].ProcedureStepProgress) == (3, 50)
    assert act(association, 2, UID, WATCH, ReasonForCancellation="Patient left") == 0
    kind, _, report = watcher.next()
    assert (kind, report.RequestingAE, report.ReasonForCancellation) == (2, "SCU", "Patient left")
    assert act(association, 5, UPSGlobalSubscriptionInstance, WATCH, ReceivingAE="WATCHER") == 0
    association.send_n_create(step(), PUSH, "1.2.826.100")
    assert act(association, 4, UID, WATCH, ReceivingAE="WATCHER") == 0
    assert act(association, 2, UID, WATCH, ReasonForCancellation="again") == 0xC312
    assert act(association, 3, "1.2.826.100", WATCH, ReceivingAE="WATCHER", DeletionLock="TRUE") == 0
    assert watcher.next()[:2] == (1, "1.2.826.100")
    assert watcher.reports.empty()


def test_filtered_subscription(associate: Callable[..., Association], watcher: Watcher) -> None:
    association = associate()
    wanted = {"ReceivingAE": "WATCHER", "DeletionLock": "FALSE", "ProcedureStepLabel": "Mine*"}
    assert act(association, 3, UPSFilteredGlobalSubscriptionInstance, WATCH, **wanted) == 0
    association.send_n_create(step(), PUSH, "1.2.826.1")
    association.send_n_create(step(ProcedureStepLabel="Mine 1"), PUSH, "1.2.826.2")
    assert watcher.next()[1] == "1.2.826.2"


def test_a_peer_that_refuses_a_report_is_told_the_next_one(
    associate: Callable[..., Association], watcher: Watcher
) -> None:
    association = associate()
    watcher.statuses = [0x0110]
    act(association, 3, UPSGlobalSubscriptionInstance, WATCH, ReceivingAE="WATCHER", DeletionLock="FALSE")
    association.send_n_create(step(ScheduledStationNameCodeSequence=[]), PUSH, UID)
    change(association, "IN PROGRESS")
    assert [watcher.next()[2].ProcedureStepState for _ in range(2)] == ["SCHEDULED", "IN PROGRESS"]
