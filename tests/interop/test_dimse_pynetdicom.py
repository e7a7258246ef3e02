"""pynetdicom as SCU of our server and as SCP of our client; it is a peer in tests and nothing else."""

import socket
import threading
from collections.abc import Iterator

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.pdu_primitives import (
    AsynchronousOperationsWindowNegotiation,
    SOPClassCommonExtendedNegotiation,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)

from isocenter.dimse.commands import Command, respond
from isocenter.net.client import VERIFICATION_PROPOSAL, Proposal, Timeouts, connect
from isocenter.net.peer import Peer
from isocenter.net.server import DicomServer
from isocenter.services.echo import EchoService
from isocenter.services.service import Handler, Service, ServiceContext
from isocenter.settings import load_settings

VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


class Keeper(Service):
    """A storage service that keeps lengths, and answers with a status."""

    abstract_syntaxes = {CT: (EXPLICIT,)}  # noqa: RUF012 - as in the services

    def __init__(self) -> None:
        self.lengths: list[int] = []
        self.status = 0

    def begin(self, context: ServiceContext, command: Command) -> "Keeping":
        return Keeping(self, command)


class Keeping(Handler):
    def __init__(self, keeper: Keeper, command: Command) -> None:
        self._keeper = keeper
        self._command = command
        self._length = 0

    def write(self, *chunks: memoryview) -> None:
        self._length += sum(len(chunk) for chunk in chunks)

    def finish(self) -> list[Command]:
        self._keeper.lengths.append(self._length)
        return [respond(self._command, self._keeper.status, "a comment")]


class Node:
    def __init__(self) -> None:
        self.keeper = Keeper()
        sock = socket.create_server(("127.0.0.1", 0))
        self.server = DicomServer(load_settings({"max_associations": 1}), [EchoService(), self.keeper], sock)
        self.port = self.server.address[1]
        self._thread = threading.Thread(target=self.server.serve)
        self._thread.start()

    def close(self) -> None:
        self.server.stop(5)
        self._thread.join()


@pytest.fixture
def node() -> Iterator[Node]:
    running = Node()
    yield running
    running.close()


def scu(*syntaxes: str) -> AE:
    ae = AE("PYNETDICOM")
    for timeout in ("acse_timeout", "dimse_timeout", "network_timeout"):
        setattr(ae, timeout, 10)
    for syntax in syntaxes or (VERIFICATION, CT):
        ae.add_requested_context(syntax, EXPLICIT)
    return ae


def test_echo_and_release(node: Node) -> None:
    association = scu().associate("127.0.0.1", node.port)
    assert association.is_established
    assert association.send_c_echo().Status == 0
    association.release()
    assert association.is_released


@pytest.mark.parametrize("status", [0x0000, 0xA700, 0xB000])
def test_store(node: Node, status: int) -> None:
    node.keeper.status = status
    association = scu().associate("127.0.0.1", node.port)
    answer = association.send_c_store(dcmread(get_testdata_file("CT_small.dcm")))
    association.release()
    assert answer.Status == status
    assert answer.ErrorComment == "a comment"
    assert len(node.keeper.lengths) == 1


def test_every_kind_of_negotiation_item(node: Node) -> None:
    window = AsynchronousOperationsWindowNegotiation()
    window.maximum_number_operations_invoked = 5
    extended = SOPClassExtendedNegotiation()
    extended.sop_class_uid, extended.service_class_application_information = CT, b"\x02\x00\x03"
    common = SOPClassCommonExtendedNegotiation()
    common.sop_class_uid, common.service_class_uid = CT, "1.2.840.10008.4.2"
    common.related_general_sop_class_identification = ["1.2.840.10008.5.1.4.1.1.88.22"]
    identity = UserIdentityNegotiation()
    identity.user_identity_type, identity.primary_field, identity.secondary_field = 2, b"me", b"secret"
    identity.positive_response_requested = False
    items = [window, extended, common, identity, build_role(CT, scu_role=True, scp_role=True)]
    association = scu().associate("127.0.0.1", node.port, ext_neg=items)
    assert association.is_established
    answered = association.acceptor.role_selection[CT]
    assert (answered.scu_role, answered.scp_role) == (True, False)
    assert association.acceptor.asynchronous_operations == (1, 1)
    association.release()


def test_a_rejection_is_understood(node: Node) -> None:
    first = scu().associate("127.0.0.1", node.port)
    second = scu().associate("127.0.0.1", node.port)
    assert second.is_rejected
    primitive = second.acceptor.primitive
    assert (primitive.result, primitive.result_source, primitive.diagnostic) == (2, 3, 2)
    first.release()


def test_contexts_that_are_not_ours_are_refused(node: Node) -> None:
    ae = scu(VERIFICATION, "1.2.840.10008.5.1.4.1.2.2.1")
    ae.add_requested_context(CT, "1.2.840.10008.1.2.4.70")
    association = ae.associate("127.0.0.1", node.port)
    assert {c.abstract_syntax: c.result for c in association.rejected_contexts} == {
        "1.2.840.10008.5.1.4.1.2.2.1": 3,
        CT: 4,
    }
    association.release()


def test_an_abort_is_understood(node: Node) -> None:
    association = scu().associate("127.0.0.1", node.port)
    association.abort()
    again = scu().associate("127.0.0.1", node.port)
    while again.is_rejected:  # our thread has not heard of the abort yet
        again = scu().associate("127.0.0.1", node.port)
    assert again.send_c_echo().Status == 0
    again.release()


@pytest.fixture
def received() -> list[Dataset]:
    return []


@pytest.fixture
def scp(received: list[Dataset]) -> Iterator[Peer]:
    """Run pynetdicom's server."""
    ae = AE("PYNETDICOM")
    ae.maximum_pdu_size = 0  # unlimited
    ae.add_supported_context(VERIFICATION)
    ae.add_supported_context(CT, EXPLICIT)

    def keep(event: evt.Event) -> int:
        received.append(event.dataset)
        return 0xB000 if len(received) > 1 else 0x0000

    handlers = [(evt.EVT_C_STORE, keep), (evt.EVT_C_ECHO, lambda _: 0x0000)]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    yield Peer("PYNETDICOM", "127.0.0.1", server.server_address[1])
    server.shutdown()


def test_our_client(scp: Peer, received: list[Dataset]) -> None:
    path = get_testdata_file("CT_small.dcm")
    sent = dcmread(path)
    with open(path, "rb") as file:  # noqa: PTH123 - the client takes what open() gives
        file.seek(132)
        start = 144 + int.from_bytes(file.read(12)[8:], "little")
        with connect(
            scp, [VERIFICATION_PROPOSAL, Proposal(CT, (EXPLICIT,))], timeouts=Timeouts(5, 5, 10)
        ) as association:
            assert association.echo().Status == 0
            for expected in (0x0000, 0xB000):
                file.seek(start)
                response = association.store(
                    file, sop_class_uid=CT, sop_instance_uid=sent.SOPInstanceUID, transfer_syntax_uid=EXPLICIT
                )
                assert response.Status == expected
    assert [dataset.PixelData for dataset in received] == [sent.PixelData] * 2
