"""The client against a real server, and against peers that reject, abort, lie or say nothing."""

import io
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from isocenter.dimse.commands import Command, CommandField, write_command
from isocenter.errors import PeerError, UnsupportedError
from isocenter.net.client import VERIFICATION_PROPOSAL, Proposal, Timeouts, connect
from isocenter.net.peer import Peer
from isocenter.ul.items import ContextResult, PresentationResult
from isocenter.ul.pdu import Abort, AssociateAccept, AssociateReject, ReleaseRequest, read_pdu, write_pdu
from isocenter.ul.user_information import UserInformation

CT, MR, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.1.2.1"
PROPOSALS = [VERIFICATION_PROPOSAL, Proposal(CT, (EXPLICIT,))]
QUICK = Timeouts(connect=5, associate=0.2, response=0.2)


@pytest.fixture
def scripted() -> Iterator[Callable[..., Peer]]:
    """Start a peer that answers what it receives with one reply after another, then hangs up or stays silent."""
    threads: list[threading.Thread] = []
    stop = threading.Event()

    def start(*replies: bytes, hang_up: bool = False) -> Peer:
        listener = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            with listener, listener.accept()[0] as sock:
                for reply in replies:
                    sock.recv(65536)
                    sock.sendall(reply)
                if not hang_up:
                    stop.wait(10)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return Peer("OTHER", "127.0.0.1", listener.getsockname()[1])

    yield start
    stop.set()
    for thread in threads:
        thread.join()


ACCEPT = write_pdu(
    AssociateAccept(
        "OTHER", "ISOCENTER", (PresentationResult(1, ContextResult.ACCEPTANCE, "1.2.840.10008.1.2"),), UserInformation()
    )
)


def test_echo(serve) -> None:
    with connect(serve().peer, PROPOSALS) as association:
        assert association.echo().Status == 0
        assert association.echo().Status == 0


@pytest.mark.parametrize("max_pdu", [4096, 70_000, 262_144])
def test_store_from_a_file_in_pieces(serve, max_pdu: int) -> None:
    server = serve(max_pdu=max_pdu)
    data = bytes(range(253)) * 10_000
    file = io.BytesIO(b"head" + data)
    file.seek(4)
    with connect(server.peer, PROPOSALS) as association:
        for uid in ("1.1", "1.2"):
            file.seek(4)
            response = association.store(file, sop_class_uid=CT, sop_instance_uid=uid, transfer_syntax_uid=EXPLICIT)
            assert response.Status == 0
    assert server.service.data == {"1.1": data, "1.2": data}


def test_a_file_that_shrinks_aborts(serve) -> None:
    class Shrinking(io.BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            return super().seek(offset, whence) + (10 if whence == io.SEEK_END else 0)

    server = serve()
    with pytest.raises(UnsupportedError, match="shorter"), connect(server.peer, PROPOSALS) as association:
        association.store(Shrinking(b"x" * 100), sop_class_uid=CT, sop_instance_uid="1", transfer_syntax_uid=EXPLICIT)
    assert server.service.discarded.wait(10)
    server.stop()
    assert server.counters()["associations_aborted"] == 1
    assert server.service.data == {}


def test_what_was_not_accepted_is_not_sent(serve) -> None:
    with connect(serve().peer, [*PROPOSALS, Proposal(MR, (EXPLICIT,))]) as association:
        assert association.accepts(CT, EXPLICIT)
        assert not association.accepts(MR, EXPLICIT)
        with pytest.raises(UnsupportedError, match=MR):
            association.store(b"", sop_class_uid=MR, sop_instance_uid="1", transfer_syntax_uid=EXPLICIT)
        assert association.echo().Status == 0


def test_echo_needs_its_context(serve) -> None:
    with connect(serve().peer, PROPOSALS[1:]) as association, pytest.raises(UnsupportedError, match="Verification"):
        association.echo()


def test_too_many_contexts() -> None:
    with pytest.raises(UnsupportedError, match="128"):
        connect(Peer("A", "127.0.0.1", 1), [VERIFICATION_PROPOSAL] * 129)


def test_nobody_listens() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        peer = Peer("A", "127.0.0.1", sock.getsockname()[1])
        with pytest.raises(PeerError, match="refuses connections"):
            connect(peer, PROPOSALS)


@pytest.mark.parametrize(
    ("reject", "advice"),
    [
        (AssociateReject(1, 1, 3), "calling AE title ISOCENTER"),
        (AssociateReject(1, 1, 7), "check the AE title OTHER"),
        (AssociateReject(2, 3, 2), "as many associations as it allows"),
        (AssociateReject(1, 1, 1), "no reason given"),
    ],
)
def test_a_rejection_comes_with_advice(scripted, reject, advice) -> None:
    with pytest.raises(PeerError, match=advice):
        connect(scripted(write_pdu(reject)), PROPOSALS)


@pytest.mark.parametrize(
    ("replies", "hang_up", "message"),
    [
        pytest.param((), False, "did not answer within 0.2 s", id="silence"),
        pytest.param((b"",), True, "closed the connection", id="hangs up"),
        pytest.param((write_pdu(Abort(2, 1)),), False, "aborted the association .source 2, reason 1", id="abort"),
        pytest.param((b"HTTP/1.1 400 Bad Request\r\n",), False, "broke the protocol", id="HTTP"),
    ],
)
def test_no_association(scripted, replies, hang_up, message) -> None:
    with pytest.raises(PeerError, match=message):
        connect(scripted(*replies, hang_up=hang_up), PROPOSALS, timeouts=QUICK)


def data_pdu(data: bytes) -> bytes:
    return b"\x04\x00" + (len(data) + 6).to_bytes(4, "big") + (len(data) + 2).to_bytes(4, "big") + b"\x01\x03" + data


OTHER_RESPONSE = write_command(Command(CommandField.C_ECHO_RSP, MessageIDBeingRespondedTo=99, Status=0))


@pytest.mark.parametrize(
    ("reply", "hang_up", "message"),
    [
        pytest.param(b"", True, "closed the connection", id="hangs up"),
        pytest.param(data_pdu(OTHER_RESPONSE), False, "did not answer", id="answers another message"),
        pytest.param(data_pdu(b"garbage"), False, "no DIMSE response", id="garbage"),
        pytest.param(write_pdu(Abort(0, 0)), False, "aborted the association", id="abort"),
        pytest.param(write_pdu(ReleaseRequest()), False, "released the association", id="release"),
        pytest.param(b"\xff" * 10, False, "broke the protocol", id="no PDU"),
    ],
)
def test_no_response(scripted, reply, hang_up, message) -> None:
    association = connect(scripted(ACCEPT, reply, hang_up=hang_up), PROPOSALS, timeouts=QUICK)
    with pytest.raises(PeerError, match=message), association:
        association.echo()
    with pytest.raises(PeerError):
        association.echo()


def test_a_peer_that_reads_nothing(scripted) -> None:
    peer = scripted(ACCEPT.replace(b"1.2.840.10008.1.2", b"1.2.840.10008.1.2"))
    association = connect(peer, [VERIFICATION_PROPOSAL], timeouts=QUICK)
    with pytest.raises(PeerError, match="takes no more data"), association:
        association.store(
            bytes(64 << 20),
            sop_class_uid="1.2.840.10008.1.1",
            sop_instance_uid="1",
            transfer_syntax_uid="1.2.840.10008.1.2",
        )


def test_release_of_a_peer_that_does_not_answer(scripted) -> None:
    association = connect(scripted(ACCEPT), PROPOSALS, timeouts=QUICK)
    association.release()
    association.release()


def test_the_request_says_what_was_proposed(scripted) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def run() -> None:
        with listener, listener.accept()[0] as sock:
            heard.append(sock.recv(65536))
            sock.sendall(write_pdu(AssociateReject(1, 1, 1)))
            sock.recv(65536)

    thread = threading.Thread(target=run)
    thread.start()
    with pytest.raises(PeerError):
        connect(Peer("OTHER", "127.0.0.1", listener.getsockname()[1]), PROPOSALS, calling_aet="ME", max_length=99999)
    thread.join()
    request, _ = read_pdu(heard[0])
    assert (request.called_aet, request.calling_aet) == ("OTHER", "ME")
    assert [(c.context_id, c.abstract_syntax) for c in request.contexts] == [(1, "1.2.840.10008.1.1"), (3, CT)]
    assert request.user_information.max_length == 99999
