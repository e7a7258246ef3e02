"""Two cores joined by a fake link, and one core against everything a peer could send."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isocenter.errors import LocalProtocolError
from isocenter.ul.association import UNLIMITED_FRAGMENT, Association, Role
from isocenter.ul.events import (
    AssociationAccepted,
    AssociationRequested,
    ConnectionLost,
    DataReceived,
    PeerAborted,
    ProtocolViolated,
    ReleaseConfirmed,
    ReleaseRequested,
    SendData,
    TransportOpened,
)
from isocenter.ul.pdu import Abort, DataTransfer, PresentationDataValue, ReleaseRequest, ReleaseResponse, write_pdu
from isocenter.ul.states import State


def values(*items: tuple[int, bool, bool, bytes]) -> bytes:
    return write_pdu(DataTransfer(tuple(PresentationDataValue(*item) for item in items)))


def drain(core: Association) -> list[object]:
    events = []
    while (event := core.next_event()) is not None:
        events.append(event._replace(data=bytes(event.data)) if isinstance(event, DataReceived) else event)
    return events


def feed(core: Association, data: bytes, chunk: int) -> list[object]:
    events = []
    for start in range(0, len(data), chunk):
        core.receive_data(data[start : start + chunk], 0.0)
        events += drain(core)
    return events


def joined(events: list[DataReceived]) -> list[tuple[int, bool, bool, bytes]]:
    """Put slices together again, up to each last one."""
    messages, data = [], b""
    for event in events:
        data += event.data
        if event.is_last:
            messages.append((event.context_id, event.is_command, data))
            data = b""
    assert data == b""
    return messages


@pytest.mark.parametrize("chunk", [1, 2, 5, 7, 100, 1 << 20])
def test_a_whole_life(new_pair, request_pdu, chunk: int) -> None:
    pair = new_pair(chunk=chunk)
    events = pair.establish(request_pdu)
    assert [type(event) for event in events] == [AssociationRequested, AssociationAccepted]
    assert events[0].request == request_pdu
    assert pair.requestor.contexts == pair.acceptor.contexts
    assert sorted(pair.acceptor.contexts) == [1, 3]
    assert pair.requestor.max_fragment == 32768 - 6
    assert pair.acceptor.max_fragment == 16384 - 6
    payload = bytes(range(256)) * 100
    received = pair.send(pair.requestor, SendData(3, False, True, payload))
    assert b"".join(bytes(event.data) for event in received) == payload
    assert [event.is_last for event in received] == [False] * (len(received) - 1) + [True]
    assert pair.send(pair.requestor, ReleaseRequest()) == [ReleaseRequested()]
    assert pair.send(pair.acceptor, ReleaseResponse()) == [ReleaseConfirmed()]
    assert pair.requestor.finished
    assert not pair.acceptor.finished
    pair.acceptor.receive_data(b"", 1.0)
    assert pair.acceptor.next_event() is None
    assert pair.acceptor.finished


def test_slices_are_views_of_what_was_passed_in(established) -> None:
    core = established.acceptor
    buffer = bytearray(values((3, False, True, b"x" * 1000)))
    core.receive_data(memoryview(buffer), 0.0)
    event = core.next_event()
    assert event.data.obj is buffer
    assert core.next_event() is None


def test_what_was_not_consumed_is_kept(established) -> None:
    core = established.acceptor
    data = values((3, False, False, b"abc")) + values((3, False, True, b"def"))
    for start in range(0, len(data), 5):
        core.receive_data(data[start : start + 5], 0.0)
    assert joined(drain(core)) == [(3, False, b"abcdef")]


MESSAGES = st.lists(
    st.tuples(st.sampled_from([1, 3]), st.booleans(), st.booleans(), st.binary(max_size=40)), min_size=1, max_size=6
)


@given(pdus=st.lists(MESSAGES, min_size=1, max_size=4), data=st.data())
def test_any_chunking_gives_the_same_data(new_pair, pdus, data) -> None:
    pair = new_pair()
    pair.establish()
    stream = b"".join(values(*pdu) for pdu in pdus)
    events = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        pair.acceptor.receive_data(stream[:size], 0.0)
        events += drain(pair.acceptor)
        stream = stream[size:]
    expected = [value for pdu in pdus for value in pdu]
    rebuilt, current = [], b""
    for event in events:
        current += event.data
        if len(current) == len(expected[len(rebuilt)][3]):
            rebuilt.append((event.context_id, event.is_command, event.is_last, current))
            current = b""
        else:
            assert not event.is_last
    assert rebuilt == expected


def aborts(core: Association) -> list[tuple[int, int]]:
    """Return source and reason of the A-ABORT PDUs that are to be sent."""
    data = b"".join(core.data_to_send())
    return [(data[i + 8], data[i + 9]) for i in range(0, len(data), 10) if data[i] == 7]


VIOLATIONS = [
    pytest.param(b"\x00\x00\x00\x00\x00\x04", 1, id="type 0"),
    pytest.param(b"GET / HTTP/1.1\r\n\r\n", 1, id="HTTP"),
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 1, id="TLS"),
    pytest.param(b"\x01\x00\xff\xff\xff\xff", 6, id="4 GB association request"),
    pytest.param(b"\x05\x00\x00\x10\x00\x01", 6, id="1 MiB release request"),
    pytest.param(b"\x05\x00\x00\x00\x00\x02\x00\x00", 6, id="short release request"),
    pytest.param(b"\x02\x00\x00\x00\x00\x04abcd", 6, id="short accept"),
    pytest.param(write_pdu(ReleaseResponse()), 2, id="release response to nothing"),
    pytest.param(b"\x04\x00\xff\xff\xff\xff\xff\xff\xff\xfb\x03\x00", 6, id="4 GB of data"),
    pytest.param(b"\x04\x00\x00\x00\x80\x01", 6, id="longer than announced"),
    pytest.param(b"\x04\x00\x00\x00\x00\x00", 6, id="no PDV"),
    pytest.param(b"\x04\x00\x00\x00\x00\x08\x00\x00\x00\x05\x03\x00ab", 6, id="PDV past its PDU"),
    pytest.param(b"\x04\x00\x00\x00\x00\x08\x00\x00\x00\x01\x03\x00ab", 6, id="PDV of one byte"),
    pytest.param(b"\x04\x00\x00\x00\x00\x08\x00\x00\x00\x03\x03\x00ab", 6, id="byte left over"),
    pytest.param(b"\x04\x00\x00\x00\x00\x08\x00\x00\x00\x04\x05\x00ab", 6, id="unknown context"),
]


@pytest.mark.parametrize(("data", "reason"), VIOLATIONS)
@pytest.mark.parametrize("chunk", [1, 3, 1 << 20])
def test_violations_end_in_an_abort(new_pair, data: bytes, reason: int, chunk: int) -> None:
    pair = new_pair()
    pair.establish()
    core = pair.acceptor
    events = feed(core, data, chunk)
    assert isinstance(events[-1], ProtocolViolated)
    assert events[-1].reason == reason
    assert aborts(core) == [(2, reason)]
    assert core.state is State.AWAITING_TRANSPORT_CLOSE
    assert core.next_timeout() == 30.0
    if reason != 2:  # the stream cannot be understood any more
        core.receive_data(b"whatever may still come" * 10, 0.0)
        assert drain(core) == []
        assert aborts(core) == []
    core.receive_data(b"", 0.0)
    assert drain(core) == []
    assert core.finished


def test_before_the_association_the_abort_is_the_users(pair) -> None:
    """PS3.8 has AA-1 in Sta2; the reason is then not significant."""
    pair.acceptor.send(TransportOpened(), 0.0)
    events = feed(pair.acceptor, values((1, False, True, b"abc")), 1 << 20)
    assert [type(event) for event in events] == [ProtocolViolated]
    assert aborts(pair.acceptor) == [(0, 0)]


def test_data_after_our_abort_is_passed_over(established) -> None:
    core = established.acceptor
    stream = values((3, False, False, b"x" * 1000)) + write_pdu(Abort())
    core.receive_data(stream[:100], 0.0)
    assert isinstance(core.next_event(), DataReceived)
    core.send(Abort(), 0.0)
    events = feed(core, stream[100:], 64)
    assert events == []
    assert core.finished


def test_events_come_before_the_end(established) -> None:
    core = established.acceptor
    core.receive_data(values((3, False, True, b"abc")) + write_pdu(Abort(0, 0)), 0.0)
    core.receive_data(b"", 0.0)
    assert [type(event) for event in drain(core)] == [DataReceived, PeerAborted]
    assert core.finished


@pytest.mark.parametrize("cut", [0, 3, 9, 14])
def test_a_lost_connection(established, cut: int) -> None:
    core = established.acceptor
    events = feed(core, values((3, False, True, b"abcdefgh"))[:cut], 1 << 20)
    core.receive_data(b"", 0.0)
    events += drain(core)
    assert events[-1] == ConnectionLost()
    assert core.finished
    assert not any(event.is_last for event in events[:-1])
    core.receive_data(b"late", 0.0)
    core.receive_data(b"", 0.0)
    assert drain(core) == []


def test_a_release_collision(established) -> None:
    """PS3.8 7.2.2.3: both ask to release at once."""
    pair = established
    pair.requestor.send(ReleaseRequest(), 0.0)
    assert pair.send(pair.acceptor, ReleaseRequest()) == [ReleaseRequested()]
    assert pair.deliver(pair.requestor) == [ReleaseRequested()]
    with pytest.raises(LocalProtocolError):
        pair.acceptor.send(ReleaseResponse(), 0.0)
    assert pair.send(pair.requestor, ReleaseResponse()) == [ReleaseConfirmed()]
    assert pair.send(pair.acceptor, ReleaseResponse()) == [ReleaseConfirmed()]
    assert pair.requestor.finished


def test_data_may_follow_a_release_request(established) -> None:
    """AR-6 and AR-7: what is under way still comes."""
    pair = established
    pair.requestor.send(ReleaseRequest(), 0.0)
    pair.deliver(pair.requestor)
    events = pair.send(pair.acceptor, SendData(1, True, True, b"response"))
    assert [(e.is_command, bytes(e.data)) for e in events] == [(True, b"response")]


@pytest.mark.parametrize(
    "primitive",
    [
        pytest.param(SendData(5, False, True, b""), id="context not accepted"),
        pytest.param(SendData(1, False, True, bytes(32768 - 5)), id="longer than the peer takes"),
    ],
)
def test_what_may_not_be_sent(established, primitive: SendData) -> None:
    with pytest.raises(LocalProtocolError):
        established.requestor.send(primitive, 0.0)
    assert established.requestor.data_to_send() == []
    assert established.requestor.state is State.ESTABLISHED


def test_a_request_that_cannot_be_written_changes_nothing(new_request) -> None:
    core = Association(Role.REQUESTOR)
    with pytest.raises(LocalProtocolError):
        core.send(new_request(called_aet=""), 0.0)
    assert core.state is State.IDLE


def test_a_peer_without_limit(pair) -> None:
    pair.establish(max_length=0)
    assert pair.requestor.max_fragment == UNLIMITED_FRAGMENT


def test_contexts_that_were_not_proposed_do_not_count(pair, new_request, new_accept) -> None:
    core = pair.requestor
    core.send(new_request(contexts=new_request().contexts[:1]), 0.0)
    core.send(TransportOpened(), 0.0)
    core.receive_data(write_pdu(new_accept(new_request())), 0.0)
    assert isinstance(core.next_event(), AssociationAccepted)
    assert list(core.contexts) == [1]


@settings(max_examples=200)
@given(data=st.binary(max_size=200), prefix=st.sampled_from(["", "request", "established"]), chunk=st.integers(1, 50))
def test_random_bytes_never_raise(new_pair, data: bytes, prefix: str, chunk: int) -> None:
    pair = new_pair()
    if prefix == "established":
        pair.establish()
    else:
        pair.acceptor.send(TransportOpened(), 0.0)
    core = pair.acceptor
    feed(core, data, chunk)
    assert core.state in {
        State.AWAITING_ASSOCIATE_REQUEST, State.ESTABLISHED, State.AWAITING_TRANSPORT_CLOSE, State.IDLE,
        State.AWAITING_LOCAL_RELEASE_RESPONSE,
    }  # fmt: skip
    core.receive_data(b"", 0.0)
    drain(core)
    assert core.finished


@settings(max_examples=200)
@given(data=st.data())
def test_damaged_streams_never_raise(new_pair, data: st.DataObject) -> None:
    pair = new_pair()
    pair.establish()
    stream = bytearray(values((1, True, True, b"command"), (3, False, False, b"x" * 30)) + write_pdu(ReleaseRequest()))
    for _ in range(data.draw(st.integers(1, 5))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    feed(pair.acceptor, bytes(stream), data.draw(st.integers(1, 60)))
    pair.acceptor.receive_data(b"", 0.0)
    drain(pair.acceptor)
    assert pair.acceptor.finished


def test_lengths_are_not_believed(established) -> None:
    """A PDU that claims a megabyte costs what was received of it."""
    core = established.acceptor
    tracemalloc.start()
    try:
        feed(core, b"\x01\x00\x00\x0f\xff\xff" + bytes(100), 10)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000


def test_progress_is_counted_in_pdus(established) -> None:
    core = established.acceptor
    before = core.pdus_received
    data = values((3, False, True, b"abc"))
    feed(core, data[:-1], 1)
    assert core.pdus_received == before
    feed(core, data[-1:], 1)
    assert core.pdus_received == before + 1


def test_what_is_left_of_a_fragment_is_known_and_never_more(established) -> None:
    core = established.acceptor
    data = values((3, False, False, b"abcdef"), (3, False, True, b"gh"))
    left = []
    for start in range(len(data)):
        feed(core, data[start : start + 1], 1)
        left.append(core.fragment_left)
        assert core.fragment_left <= len(data) - start - 1
    assert left == [*[0] * 11, 6, 5, 4, 3, 2, 1, 0, *[0] * 5, 2, 1, 0]
