"""Bytes under TLS as under TCP: waiting for all of them, half records, timeouts, a full pipe, the end."""

import socket
import ssl
import threading
from collections.abc import Iterator

import pytest

from isocenter.net.stream import PlainStream, TlsStream, make_stream
from isocenter.net.tls import server_context
from isocenter.settings import load_settings

PATIENCE = 10.0


class Peer:
    """The client's end, whose records are sent by hand: what is written comes out as bytes to be sent."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        self.sock = sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")

    def shake_hands(self) -> None:
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.sock.sendall(self._outgoing.read())
                self._incoming.write(self.sock.recv(65536))
            else:
                self.sock.sendall(self._outgoing.read())
                return

    def records(self, data: bytes) -> bytes:
        """Return the records that carry ``data``."""
        self.tls.write(data)
        return self._outgoing.read()

    def read(self) -> bytes:
        self._incoming.write(self.sock.recv(1 << 20))
        try:
            return self.tls.read(1 << 20)
        except ssl.SSLWantReadError:
            return b""


@pytest.fixture
def pair(certificates) -> Iterator[tuple[TlsStream, Peer]]:
    """A stream whose handshake is done, and its peer."""
    good = certificates()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        theirs.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ours, _ = listener.accept()
    context = server_context(load_settings(good.settings()))
    stream = make_stream(context.wrap_socket(ours, server_side=True, do_handshake_on_connect=False))
    assert isinstance(stream, TlsStream)
    peer = Peer(theirs, good.caller().context())
    thread = threading.Thread(target=peer.shake_hands)
    thread.start()
    assert stream.open(PATIENCE) == "TLSv1.3, certificate of 'Isocenter client'"
    thread.join()
    stream.read_at_most(PATIENCE)
    stream.write_at_most(PATIENCE)
    yield stream, peer
    stream.close()
    theirs.close()


def buffer(size: int) -> memoryview:
    return memoryview(bytearray(size))


def test_reads_what_there_is(pair) -> None:
    stream, peer = pair
    peer.sock.sendall(peer.records(b"abc"))
    target = buffer(100)
    assert stream.recv_into(target, 0, 0) == 3
    assert target[:3] == b"abc"


def test_waits_for_all(pair) -> None:
    stream, peer = pair
    data = bytes(range(256)) * 200
    later = threading.Timer(0.05, lambda: peer.sock.sendall(peer.records(data[20_000:])))
    peer.sock.sendall(peer.records(data[:20_000]))
    later.start()
    target = buffer(len(data) + 10)
    assert stream.recv_into(target, len(data), socket.MSG_WAITALL) == len(data)
    assert target[: len(data)] == data
    later.join()


def test_half_a_record_is_not_pending(pair) -> None:
    stream, peer = pair
    record = peer.records(b"whole")
    peer.sock.sendall(record[:9])
    assert not stream.has_pending()
    stream.read_at_most(0.02)
    with pytest.raises(BlockingIOError):
        stream.recv_into(buffer(10), 0, 0)
    peer.sock.sendall(record[9:])
    stream.read_at_most(PATIENCE)
    target = buffer(10)
    assert stream.recv_into(target, 0, 0) == 5
    assert target[:5] == b"whole"


def test_what_was_looked_at_is_read_first(pair) -> None:
    stream, peer = pair
    peer.sock.sendall(peer.records(b"abcdef"))
    stream.recv_into(buffer(1), 1, socket.MSG_WAITALL)  # five bytes wait inside of TLS, none in the socket
    assert stream.has_pending()
    peer.sock.sendall(peer.records(b"ghi"))
    target = buffer(8)
    assert stream.recv_into(target, 8, socket.MSG_WAITALL) == 8
    assert target == b"bcdefghi"
    assert not stream.has_pending()


def test_part_of_all_when_the_time_is_up(pair) -> None:
    stream, peer = pair
    peer.sock.sendall(peer.records(b"abc"))
    stream.read_at_most(0.02)
    assert stream.recv_into(buffer(10), 10, socket.MSG_WAITALL) == 3


def test_writes_parts_in_order_and_gives_up_on_who_does_not_read(pair) -> None:
    stream, peer = pair
    assert stream.sendmsg([b"ab", memoryview(b"cd")]) == 4
    assert peer.read() == b"abcd"
    stream.write_at_most(0.05)
    with pytest.raises(BlockingIOError):
        stream.sendmsg([bytes(1 << 20)] * 32)


@pytest.mark.parametrize("how", ["in good order", "without a word"])
def test_the_end(pair, how: str) -> None:
    stream, peer = pair
    peer.sock.sendall(peer.records(b"last"))
    if how == "in good order":
        with pytest.raises(ssl.SSLWantReadError):
            peer.tls.unwrap()
        peer.sock.sendall(peer._outgoing.read())
    peer.sock.shutdown(socket.SHUT_WR)
    target = buffer(10)
    assert stream.recv_into(target, 10, socket.MSG_WAITALL) == 4
    assert stream.has_pending()
    assert stream.recv_into(target, 0, 0) == 0


def test_damaged_records_are_an_error(pair) -> None:
    stream, peer = pair
    record = bytearray(peer.records(b"whole"))
    record[-1] ^= 1
    peer.sock.sendall(record)
    assert stream.has_pending()  # reading says what it is
    with pytest.raises(ssl.SSLError):
        stream.recv_into(buffer(10), 0, 0)


def test_interrupt_ends_reading(pair) -> None:
    stream, _ = pair
    timer = threading.Timer(0.02, stream.interrupt)
    timer.start()
    assert stream.recv_into(buffer(10), 0, 0) == 0
    timer.join()


def test_closing_says_so(pair) -> None:
    stream, peer = pair
    stream.close()
    peer._incoming.write(peer.sock.recv(65536))
    assert peer.tls.read(1) == b""  # close_notify: not cut off


def test_plain_streams_call_the_kernel() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stream = PlainStream(ours)
        assert stream.recv_into == ours.recv_into
        assert stream.sendmsg == ours.sendmsg
        assert not stream.has_pending()
        theirs.send(b"x")
        assert stream.has_pending()
