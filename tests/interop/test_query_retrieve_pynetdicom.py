"""Query and retrieve: pynetdicom as SCU of our node and as SCP of our commands."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import JPEG2000, ImplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless
from pynetdicom import AE, StoragePresentationContexts, build_role, evt
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation
from pynetdicom.sop_class import (
    CTImageStorage,
    PatientRootQueryRetrieveInformationModelFind,
    SecondaryCaptureImageStorage,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from isocenter.cli import main

FIND, GET, MOVE = (
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)
PENDING, SUCCESS, CANCELLED, SOME_FAILED = 0xFF00, 0x0000, 0xFE00, 0xB000


def identifier(level: str, **keys: str | list[str]) -> Dataset:
    dataset = Dataset()
    dataset.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.fixture
def associate(full_node):
    """Associate with our node; contexts are abstract syntaxes, alone or with transfer syntaxes."""
    made = []

    def make(*contexts, roles=(), extended=(), handlers=(), port=None):
        ae = AE("PYNETDICOM")
        for context in contexts:
            ae.add_requested_context(*context) if isinstance(context, tuple) else ae.add_requested_context(context)
        association = ae.associate(
            "127.0.0.1",
            port or full_node.port,
            ext_neg=[*(build_role(uid, scp_role=True) for uid in roles), *extended],
            evt_handlers=list(handlers),
        )
        assert association.is_established
        made.append(association)
        return association

    yield make
    for association in made:
        if association.is_established:
            association.release()


class TestFind:
    """C-FIND."""

    def test_all_studies(self, associate, objects) -> None:
        association = associate(FIND)
        found = list(association.send_c_find(identifier("STUDY", StudyInstanceUID="", ModalitiesInStudy=""), FIND))
        assert [status.Status for status, _ in found] == [PENDING] * 4 + [SUCCESS]
        assert {answer.StudyInstanceUID for _, answer in found[:-1]} == {d.StudyInstanceUID for d in objects}
        assert {answer.RetrieveAETitle for _, answer in found[:-1]} == {"ISOCENTER"}

    def test_a_relational_query_when_negotiated(self, associate, objects) -> None:
        item = SOPClassExtendedNegotiation()
        item.sop_class_uid = PatientRootQueryRetrieveInformationModelFind
        item.service_class_application_information = b"\x01\x01\x01\x01"
        association = associate(PatientRootQueryRetrieveInformationModelFind, extended=[item])
        agreed = association.acceptor.sop_class_extended
        assert agreed == {PatientRootQueryRetrieveInformationModelFind: b"\x01\x01\x01\x01"}
        question = identifier("IMAGE", SOPInstanceUID="", PatientName="compressed*", Modality="CT")
        found = list(association.send_c_find(question, PatientRootQueryRetrieveInformationModelFind))
        assert [answer.SOPInstanceUID for _, answer in found[:-1]] == [objects[0].SOPInstanceUID]
        assert found[-1][0].Status == SUCCESS

    def test_the_same_without_it_is_refused(self, associate, objects) -> None:
        question = identifier("IMAGE", SOPInstanceUID="", PatientName="compressed*")
        ((status, _),) = associate(FIND).send_c_find(question, FIND)
        assert status.Status == 0xA900
        assert "StudyInstanceUID" in status.ErrorComment

    def test_cancel(self, associate, full_node, monkeypatch) -> None:
        """An archive without end: only the cancellation can stop the answers."""
        answer = {"0020000D": {"vr": "UI", "Value": ["1.2"]}}
        monkeypatch.setattr(full_node.archive, "find_pages", lambda query, size: iter(lambda: [answer], None))
        association = associate(FIND)
        statuses = []
        for status, _ in association.send_c_find(identifier("STUDY", StudyInstanceUID=""), FIND, msg_id=7):
            statuses.append(status.Status)
            if len(statuses) == 3:
                association.send_c_cancel(7, query_model=FIND)
        assert set(statuses[:-1]) == {PENDING}
        assert statuses[-1] == CANCELLED
        ((status, _),) = association.send_c_find(identifier("SERIES", SeriesInstanceUID=""), FIND)
        assert status.Status == 0xA900

    def test_release_amid_the_answers(self, associate, full_node, monkeypatch) -> None:
        answer = {"0020000D": {"vr": "UI", "Value": ["1.2"]}}
        ended = threading.Event()

        def endless(query, size):
            try:
                while True:
                    yield [answer]
            finally:
                ended.set()

        monkeypatch.setattr(full_node.archive, "find_pages", endless)
        association = associate(FIND)
        answers = association.send_c_find(identifier("STUDY", StudyInstanceUID=""), FIND)
        assert next(answers)[0].Status == PENDING
        association.abort()
        assert ended.wait(10)


class Kept:
    """Handlers that keep what is stored; ``status`` is their answer."""

    def __init__(self) -> None:
        self.datasets: dict[str, Dataset] = {}
        self.requests: list = []
        self.status = SUCCESS

    def store(self, event: evt.Event) -> int:
        dataset = event.dataset
        dataset.file_meta = event.file_meta
        self.datasets[dataset.SOPInstanceUID] = dataset
        self.requests.append(event.request)
        return self.status


@pytest.fixture
def kept() -> Kept:
    return Kept()


class TestGet:
    """C-GET."""

    @pytest.fixture
    def get(self, associate, kept):
        def run(question: Dataset, *contexts, roles) -> list:
            association = associate(GET, *contexts, roles=roles, handlers=[(evt.EVT_C_STORE, kept.store)])
            return list(association.send_c_get(question, GET))

        return run

    def test_as_stored(self, get, objects, kept) -> None:
        ct = objects[0]
        question = identifier("STUDY", StudyInstanceUID=ct.StudyInstanceUID)
        responses = get(question, CTImageStorage, roles=[CTImageStorage])
        assert [status.Status for status, _ in responses] == [PENDING, SUCCESS]
        assert responses[-1][0].NumberOfCompletedSuboperations == 1
        stored = kept.datasets[ct.SOPInstanceUID]
        assert stored == ct

    def test_several_series_and_counts(self, get, objects, kept) -> None:
        rle, jpeg = objects[2], objects[4]
        question = identifier("STUDY", StudyInstanceUID=rle.StudyInstanceUID)
        contexts = [
            (SecondaryCaptureImageStorage, [RLELossless]),
            (SecondaryCaptureImageStorage, [ImplicitVRLittleEndian]),
        ]
        responses = get(question, *contexts, roles=[SecondaryCaptureImageStorage])
        assert [status.Status for status, _ in responses] == [PENDING, PENDING, SUCCESS]
        assert [status.NumberOfRemainingSuboperations for status, _ in responses[:2]] == [1, 0]
        assert kept.datasets[rle.SOPInstanceUID].file_meta.TransferSyntaxUID == RLELossless
        decompressed = kept.datasets[jpeg.SOPInstanceUID]
        assert decompressed.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
        assert decompressed.pixel_array.shape == jpeg.pixel_array.shape

    def test_decompressed_values_are_right(self, get, objects, kept) -> None:
        rle = objects[2]
        question = identifier("IMAGE", StudyInstanceUID=rle.StudyInstanceUID, SeriesInstanceUID=rle.SeriesInstanceUID,
                              SOPInstanceUID=rle.SOPInstanceUID)  # fmt: skip
        for syntax in ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2"):
            get(question, (SecondaryCaptureImageStorage, [syntax]), roles=[SecondaryCaptureImageStorage])
            found = kept.datasets[rle.SOPInstanceUID]
            assert found.file_meta.TransferSyntaxUID == syntax
            np.testing.assert_array_equal(found.pixel_array, rle.pixel_array)
            assert [e for e in found if e.tag != 0x7FE00010] == [e for e in rle if e.tag != 0x7FE00010]

    def test_without_the_role_nothing_is_sent(self, get, objects, kept) -> None:
        ct = objects[0]
        responses = get(identifier("STUDY", StudyInstanceUID=ct.StudyInstanceUID), CTImageStorage, roles=[])
        status, failed = responses[-1]
        assert (status.Status, status.NumberOfFailedSuboperations) == (0xA702, 1)
        assert failed.FailedSOPInstanceUIDList == ct.SOPInstanceUID
        assert "does not take" in status.ErrorComment
        assert kept.datasets == {}

    def test_what_is_not_taken_is_failed(self, get, objects, kept) -> None:
        """Of two objects the peer takes the one in JPEG 2000 only, and nothing that MR could be given in."""
        j2k, mr = objects[3], objects[1]
        question = identifier("STUDY", StudyInstanceUID=[mr.StudyInstanceUID, j2k.StudyInstanceUID])
        responses = get(question, (j2k.SOPClassUID, [JPEG2000]), (mr.SOPClassUID, [JPEGBaseline8Bit]),
                        roles=[j2k.SOPClassUID, mr.SOPClassUID])  # fmt: skip
        status, failed = responses[-1]
        assert (status.Status, status.NumberOfCompletedSuboperations, status.NumberOfFailedSuboperations) == (
            SOME_FAILED, 1, 1,
        )  # fmt: skip
        assert failed.FailedSOPInstanceUIDList == mr.SOPInstanceUID
        assert set(kept.datasets) == {j2k.SOPInstanceUID}

    def test_who_takes_compressed_objects_only_gets_them(self, get, objects, kept) -> None:
        ct = objects[0]
        question = identifier("STUDY", StudyInstanceUID=ct.StudyInstanceUID)
        assert get(question, (ct.SOPClassUID, [RLELossless]), roles=[ct.SOPClassUID])[-1][0].Status == SUCCESS
        found = kept.datasets[ct.SOPInstanceUID]
        assert found.file_meta.TransferSyntaxUID == RLELossless
        np.testing.assert_array_equal(found.pixel_array, ct.pixel_array)

    @pytest.mark.parametrize(("answer", "status"), [(0xB000, SUCCESS), (0xA700, 0xA702)])
    def test_answers_of_the_receiver_are_counted(self, get, objects, kept, answer: int, status: int) -> None:
        kept.status = answer
        question = identifier("STUDY", StudyInstanceUID=objects[0].StudyInstanceUID)
        response, _ = get(question, CTImageStorage, roles=[CTImageStorage])[-1]
        assert response.Status == status
        assert response.NumberOfWarningSuboperations == (answer == 0xB000)
        assert response.NumberOfFailedSuboperations == (answer == 0xA700)

    def test_cancel(self, associate, objects, kept) -> None:
        """The cancellation goes out while the first of two objects is being received."""
        made = []

        def store(event: evt.Event) -> int:
            made[0].send_c_cancel(3, query_model=GET)
            return kept.store(event)

        association = associate(
            GET, SecondaryCaptureImageStorage, roles=[SecondaryCaptureImageStorage],
            handlers=[(evt.EVT_C_STORE, store)],
        )  # fmt: skip
        made.append(association)
        question = identifier("STUDY", StudyInstanceUID=objects[2].StudyInstanceUID)
        responses = list(association.send_c_get(question, GET, msg_id=3))
        status = responses[-1][0]
        assert (status.Status, len(kept.datasets)) == (CANCELLED, 1)
        assert (status.NumberOfRemainingSuboperations, status.NumberOfCompletedSuboperations) == (1, 1)


@pytest.fixture
def start_scp() -> Iterator[Callable[..., int]]:
    """Start pynetdicom as SCP; arguments are handlers and abstract syntaxes, the port is returned."""
    servers = []

    def start(*handlers, contexts=(), aet: str = "THERE") -> int:
        ae = AE(aet)
        for context in contexts or StoragePresentationContexts[:120]:
            if isinstance(context, str):
                ae.add_supported_context(context)
            else:
                ae.add_supported_context(context.abstract_syntax, scu_role=True, scp_role=True)
        servers.append(ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=list(handlers)))
        return int(servers[-1].server_address[1])

    yield start
    for server in servers:
        server.shutdown()


class TestMove:
    """C-MOVE."""

    def test_counts_and_originator(self, associate, full_node, objects, kept, start_scp) -> None:
        full_node.know("THERE", start_scp((evt.EVT_C_STORE, kept.store)))
        question = identifier("STUDY", StudyInstanceUID=objects[2].StudyInstanceUID)
        responses = list(associate(MOVE).send_c_move(question, "THERE", MOVE, msg_id=42))
        assert [status.Status for status, _ in responses] == [PENDING, PENDING, SUCCESS]
        assert [status.NumberOfRemainingSuboperations for status, _ in responses[:2]] == [1, 0]
        assert responses[-1][0].NumberOfCompletedSuboperations == 2
        assert set(kept.datasets) == {objects[2].SOPInstanceUID, objects[4].SOPInstanceUID}
        for request in kept.requests:
            assert request.MoveOriginatorApplicationEntityTitle == "PYNETDICOM"
            assert request.MoveOriginatorMessageID == 42

    def test_a_list_of_studies(self, associate, full_node, objects, kept, start_scp) -> None:
        full_node.know("THERE", start_scp((evt.EVT_C_STORE, kept.store)))
        question = identifier("STUDY", StudyInstanceUID=sorted({dataset.StudyInstanceUID for dataset in objects}))
        responses = list(associate(MOVE).send_c_move(question, "THERE", MOVE))
        assert responses[-1][0].Status == SUCCESS
        assert set(kept.datasets) == {dataset.SOPInstanceUID for dataset in objects}

    def test_several_associations_at_once(self, associate, make_node, kept, start_scp) -> None:
        """Each of three stores is answered only when all three are under way."""
        node = make_node(move_associations=3)
        objects = node.fill("CT_small.dcm", "MR_small_implicit.dcm", "SC_rgb_rle.dcm")
        barrier = threading.Barrier(3, timeout=20)

        def store(event: evt.Event) -> int:
            barrier.wait()
            return kept.store(event)

        node.know("THERE", start_scp((evt.EVT_C_STORE, store)))
        question = identifier("STUDY", StudyInstanceUID=[dataset.StudyInstanceUID for dataset in objects])
        responses = list(associate(MOVE, port=node.port).send_c_move(question, "THERE", MOVE))
        assert [status.Status for status, _ in responses] == [PENDING, PENDING, PENDING, SUCCESS]
        assert set(kept.datasets) == {dataset.SOPInstanceUID for dataset in objects}

    def test_failures_are_listed(self, associate, full_node, objects, kept, start_scp) -> None:
        kept.status = 0xA700
        full_node.know("THERE", start_scp((evt.EVT_C_STORE, kept.store)))
        question = identifier("STUDY", StudyInstanceUID=objects[2].StudyInstanceUID)
        status, failed = list(associate(MOVE).send_c_move(question, "THERE", MOVE))[-1]
        assert (status.Status, status.NumberOfFailedSuboperations) == (0xA702, 2)
        assert set(failed.FailedSOPInstanceUIDList) == {objects[2].SOPInstanceUID, objects[4].SOPInstanceUID}

    def test_cancel(self, associate, full_node, objects, kept, start_scp) -> None:
        """The receiver of the first object cancels on the association that asked."""
        made = []

        def store(event: evt.Event) -> int:
            if not kept.datasets:
                made[0].send_c_cancel(5, query_model=MOVE)
            return kept.store(event)

        full_node.know("THERE", start_scp((evt.EVT_C_STORE, store)))
        made.append(associate(MOVE))
        question = identifier("STUDY", StudyInstanceUID=[d.StudyInstanceUID for d in objects[:3]])
        status = list(made[0].send_c_move(question, "THERE", MOVE, msg_id=5))[-1][0]
        assert status.Status == CANCELLED
        assert status.NumberOfRemainingSuboperations > 0
        assert status.NumberOfCompletedSuboperations == len(kept.datasets) < len(objects)

    def test_a_receiver_that_breaks_off_fails_its_object_only(
        self, associate, full_node, objects, kept, start_scp
    ) -> None:
        def store(event: evt.Event) -> int:
            if not kept.requests:
                kept.requests.append(event.request)
                event.assoc.abort()
            return kept.store(event)

        full_node.know("THERE", start_scp((evt.EVT_C_STORE, store)))
        question = identifier("STUDY", StudyInstanceUID=objects[2].StudyInstanceUID)
        status, failed = list(associate(MOVE).send_c_move(question, "THERE", MOVE))[-1]
        assert (status.Status, status.NumberOfCompletedSuboperations) == (SOME_FAILED, 1)
        assert failed.FailedSOPInstanceUIDList in {objects[2].SOPInstanceUID, objects[4].SOPInstanceUID}

    @pytest.mark.parametrize("destination", ["NOBODY", "ISOCENTER"])
    def test_unknown_destination(self, associate, full_node, objects, destination: str) -> None:
        full_node.know("ISOCENTER", full_node.port)
        question = identifier("STUDY", StudyInstanceUID=objects[0].StudyInstanceUID)
        ((status, _),) = associate(MOVE).send_c_move(question, destination, MOVE)
        assert status.Status == 0xA801
        assert "destination" in status.ErrorComment


class TestOurCommands:
    """Our SCU against pynetdicom's SCP."""

    def run(self, *arguments: object) -> int:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        return int(ended.value.code or 0)

    def test_find(self, start_scp, capsys: pytest.CaptureFixture[str]) -> None:
        asked = []

        def find(event: evt.Event):
            asked.append(event.identifier)
            for number in range(3):
                if event.is_cancelled:
                    yield CANCELLED, None
                    return
                yield PENDING, identifier("STUDY", StudyInstanceUID=f"1.{number}", PatientName="Müller^Jörg",
                                          SpecificCharacterSet="ISO_IR 192")  # fmt: skip

        port = start_scp((evt.EVT_C_FIND, find), contexts=[FIND])
        assert self.run("find", f"THERE@127.0.0.1:{port}", "PatientName=MÜL*", "--json") == 0
        found = json.loads(capsys.readouterr().out)
        assert [answer["0020000D"]["Value"] for answer in found] == [["1.0"], ["1.1"], ["1.2"]]
        assert found[0]["00100010"]["Value"] == [{"Alphabetic": "Müller^Jörg"}]
        assert (asked[0].QueryRetrieveLevel, asked[0].PatientName) == ("STUDY", "MÜL*")

    def test_find_fails(self, start_scp, capsys: pytest.CaptureFixture[str]) -> None:
        port = start_scp((evt.EVT_C_FIND, lambda event: iter([(0xA700, None)])), contexts=[FIND])
        assert self.run("find", f"THERE@127.0.0.1:{port}") == 1
        assert "out of resources (A700H)" in capsys.readouterr().err

    def test_get(self, start_scp, objects, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        def get(event: evt.Event):
            yield len(objects[:2])
            for dataset in objects[:2]:
                yield PENDING, dataset

        contexts = [GET, *[context for context in StoragePresentationContexts if context.abstract_syntax in {
            dataset.SOPClassUID for dataset in objects[:2]}]]  # fmt: skip
        port = start_scp((evt.EVT_C_GET, get), contexts=contexts)
        assert self.run("get", f"THERE@127.0.0.1:{port}", "StudyInstanceUID=1.2", "--to", tmp_path) == 0
        assert "2 done, 0 with warnings, 0 failed; success" in capsys.readouterr().out
        for dataset in objects[:2]:
            assert dcmread(tmp_path / f"{dataset.SOPInstanceUID}.dcm") == dataset

    def test_move(self, start_scp, capsys: pytest.CaptureFixture[str]) -> None:
        moved = []

        def move(event: evt.Event):
            moved.append((event.move_destination, event.identifier.StudyInstanceUID))
            yield None, None

        port = start_scp((evt.EVT_C_MOVE, move), contexts=[MOVE])
        assert self.run("move", f"THERE@127.0.0.1:{port}", "WS", "StudyInstanceUID=1.2") == 1
        assert moved == [("WS", "1.2")]
        assert "move destination unknown (A801H)" in capsys.readouterr().out
