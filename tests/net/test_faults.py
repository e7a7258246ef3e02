"""Peers that stop, trickle, send garbage or come in hundreds: bounded, answered, and nobody else notices."""

import threading
from pathlib import Path

import pytest

from isocenter.net.client import VERIFICATION_PROPOSAL, connect
from isocenter.ul.pdu import Abort, AssociateAccept, AssociateReject, ReleaseRequest, ReleaseResponse


def echo(server) -> None:
    with connect(server.peer, [VERIFICATION_PROPOSAL]) as association:
        assert association.echo().Status == 0


def trickle(peer, data: bytes):
    """Send a byte, listen for 20 ms, and so on, until the server says something; return what it says."""
    peer.sock.settimeout(0.02)
    for byte in data:
        try:
            peer.sock.sendall(bytes((byte,)))
            pdu = peer.receive()
        except TimeoutError:
            continue
        except (BrokenPipeError, ConnectionResetError):
            return None
        return pdu
    pytest.fail("the server listened to everything")


@pytest.mark.parametrize("cut", [3, 9, 100])
def test_a_peer_that_stops_within_a_pdu(serve, raw_peer, message, cut: int) -> None:
    server = serve(idle_seconds=0.2)
    peer = raw_peer(server).establish()
    peer.send(message(b"x" * 1000)[:-cut])
    assert peer.receive() == Abort(0, 0)
    echo(server)


def test_a_peer_that_stops_within_a_message_leaves_nothing(serve, raw_peer, message) -> None:
    server = serve(idle_seconds=0.2)
    peer = raw_peer(server).establish()
    peer.send(message(b"x" * 1000)[:-1])
    assert peer.receive() == Abort(0, 0)
    assert server.service.discarded.wait(10)
    assert server.service.data == {}
    peer.close()
    server.stop()
    assert server.counters()["associations_timed out"] == 1


def test_a_peer_that_hangs_up_within_a_message(serve, raw_peer, message) -> None:
    server = serve()
    peer = raw_peer(server).establish()
    peer.send(message(b"x" * 1000)[:-1])
    assert server.service.written.wait(10)
    peer.close()
    assert server.service.discarded.wait(10)
    assert server.service.data == {}


def test_silence_is_bounded_by_artim(serve, raw_peer) -> None:
    server = serve(artim_seconds=0.1)
    assert raw_peer(server).receive() is None
    echo(server)


def test_a_request_byte_by_byte_is_bounded_by_artim(serve, raw_peer) -> None:
    server = serve(artim_seconds=0.2)
    assert trickle(raw_peer(server), b"\x01\x00\x00\x00\xff\xff" + bytes(1000)) is None


def test_data_byte_by_byte_is_bounded_by_the_idle_time(serve, raw_peer, message) -> None:
    """One byte at a time keeps a naive timer from expiring for ever."""
    server = serve(idle_seconds=0.3)
    peer = raw_peer(server).establish()
    other = threading.Thread(target=echo, args=(server,))
    other.start()
    assert trickle(peer, message(b"x" * 1000)) == Abort(0, 0)
    other.join()


def test_a_peer_that_does_not_close_after_the_end_is_closed(serve, raw_peer) -> None:
    server = serve(artim_seconds=0.1)
    peer = raw_peer(server).establish()
    peer.send(ReleaseRequest())
    assert peer.receive() == ReleaseResponse()
    assert peer.receive() is None


@pytest.mark.parametrize(
    ("established", "data", "expected"),
    [
        pytest.param(False, b"GET / HTTP/1.1\r\n\r\n", Abort(0, 0), id="HTTP"),
        pytest.param(False, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", Abort(0, 0), id="TLS"),
        pytest.param(False, b"\x01\x00\xff\xff\xff\xff" + bytes(100), Abort(0, 0), id="4 GB request"),
        pytest.param(True, bytes(1000), Abort(2, 1), id="zeros"),
        pytest.param(True, b"\xff" * 1000, Abort(2, 1), id="ones"),
        pytest.param(True, b"\x04\x00\xff\xff\xff\xff\xff\xff\xff\xfb\x03\x00", Abort(2, 6), id="4 GB of data"),
    ],
)
def test_garbage(serve, raw_peer, established: bool, data: bytes, expected: Abort) -> None:
    server = serve()
    peer = raw_peer(server)
    if established:
        peer.establish()
    peer.send(data)
    assert peer.receive() == expected
    echo(server)


def test_a_message_out_of_order_is_aborted(serve, raw_peer, new_data_pdu) -> None:
    peer = raw_peer(serve()).establish()
    peer.send(new_data_pdu(3, b"a data set that nothing announced"))
    assert peer.receive() == Abort(0, 0)


def test_a_response_to_nothing_is_aborted(serve, raw_peer, new_data_pdu, message) -> None:
    peer = raw_peer(serve()).establish()
    command = bytearray(message(b"x")[12:])
    position = command.index(b"\x00\x00\x00\x01\x02\x00\x00\x00") + 8
    command[position + 1] = 0x80
    command = command[: command.index(b"\x04\x00\x00\x00\x00")]
    command[command.index(b"\x10\x01\x02") : command.index(b"\x10\x01\x02") + 2] = b"\x20\x01"
    peer.send(new_data_pdu(3, bytes(command), is_command=True))
    assert peer.receive() == Abort(0, 0)


@pytest.fixture
def many(transport: str) -> int:
    return 500 if transport == "plain" else 60  # each handshake is work for this one process


def test_hundreds_of_connections_at_once(serve, raw_peer, new_request, many) -> None:
    server = serve(max_associations=10)
    peers = [raw_peer(server) for _ in range(many)]
    for peer in peers:
        peer.send(new_request())
    answers = [peer.receive() for peer in peers]
    accepted = [peer for peer, answer in zip(peers, answers, strict=True) if isinstance(answer, AssociateAccept)]
    assert len(accepted) == 10
    assert answers.count(AssociateReject(2, 3, 2)) == many - 10
    for peer in accepted:
        peer.send(ReleaseRequest())
        assert peer.receive() == ReleaseResponse()
    echo(server)
    assert server.counters()["associations_refused_local limit exceeded"] == many - 10


def test_hundreds_of_silent_connections_keep_nobody_out(serve, raw_peer, many) -> None:
    server = serve(max_associations=1)
    peers = [raw_peer(server) for _ in range(many)]
    echo(server)
    assert len(peers) == many


def test_descriptors_are_given_back(serve, raw_peer, message) -> None:
    server = serve()
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    for kind in range(30):
        peer = raw_peer(server)
        if kind % 3:
            peer.establish()
        peer.send(b"garbage" if kind % 2 else message(b"x")[:50])
        peer.hang_up()
        while peer.receive() is not None:
            pass
        peer.close()
    server.stop()
    assert len(list(descriptors.iterdir())) <= before
