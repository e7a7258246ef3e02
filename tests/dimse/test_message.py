"""Messages from slices, and slices of messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.dimse.commands import MAX_COMMAND_SET, Command, CommandField, write_command
from isocenter.dimse.message import (
    CommandReceived,
    DataSetChunk,
    DataSetCompleted,
    MessageReader,
    write_fragments,
    write_message,
)
from isocenter.errors import RemoteProtocolError
from isocenter.ul.events import DataReceived, SendData

ECHO = Command(CommandField.C_ECHO_RQ, MessageID=1, AffectedSOPClassUID="1.2.840.10008.1.1")
STORE = Command(
    CommandField.C_STORE_RQ,
    MessageID=2,
    CommandDataSetType=1,
    AffectedSOPClassUID="1.2",
    AffectedSOPInstanceUID="1.3",
    Priority=0,
)


def received(primitive: SendData) -> DataReceived:
    return DataReceived(
        primitive.context_id, primitive.is_command, primitive.is_last, memoryview(bytes(primitive.data))
    )


def slice_of(data: bytes, *, context_id: int = 1, is_command: bool = False, is_last: bool = True) -> DataReceived:
    return DataReceived(context_id, is_command, is_last, memoryview(data))


def command_slice(command: Command, **changes: object) -> DataReceived:
    return slice_of(write_command(command), is_command=True, **changes)


@given(data=st.binary(max_size=500), max_fragment=st.integers(1, 200))
def test_there_and_back(data: bytes, max_fragment: int) -> None:
    reader = MessageReader()
    events = []
    for primitive in write_message(5, STORE, max_fragment, data):
        assert len(primitive.data) <= max_fragment
        events += reader.read(received(primitive))
    assert events[0] == CommandReceived(5, STORE)
    assert events[-1] == DataSetCompleted(5)
    assert b"".join(bytes(event.data) for event in events[1:-1]) == data
    assert reader.idle


def test_fragments_are_slices_and_only_the_last_is_marked() -> None:
    data = bytearray(b"0123456789")
    fragments = list(write_fragments(3, memoryview(data), 4))
    assert [(bytes(f.data), f.is_last) for f in fragments] == [(b"0123", False), (b"4567", False), (b"89", True)]
    assert all(f.data.obj is data for f in fragments)
    assert not any(f.is_last for f in write_fragments(3, data, 4, is_last=False))


def test_an_empty_data_set_is_one_fragment() -> None:
    assert [(bytes(f.data), f.is_last) for f in write_fragments(3, b"", 4)] == [(b"", True)]


def test_a_message_without_data_set() -> None:
    reader = MessageReader()
    assert reader.read(command_slice(ECHO)) == (CommandReceived(1, ECHO),)
    assert reader.idle


def test_a_data_set_passes_through_uncopied() -> None:
    reader = MessageReader()
    reader.read(command_slice(STORE))
    event = slice_of(b"pixels", is_last=False)
    (chunk,) = reader.read(event)
    assert isinstance(chunk, DataSetChunk)
    assert chunk.data is event.data
    assert not reader.idle


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([slice_of(b"x")], id="data set without command"),
        pytest.param([command_slice(ECHO), slice_of(b"x")], id="data set nobody announced"),
        pytest.param([command_slice(STORE), command_slice(ECHO)], id="command within a message"),
        pytest.param([command_slice(STORE), slice_of(b"x", context_id=3)], id="data set on another context"),
        pytest.param(
            [
                slice_of(b"\0", is_command=True, is_last=False),
                slice_of(b"\0", is_command=True, is_last=False, context_id=3),
            ],
            id="two commands mixed",
        ),
        pytest.param([slice_of(b"\0", is_command=True, is_last=False), slice_of(b"x")], id="data within a command"),
        pytest.param([slice_of(bytes(MAX_COMMAND_SET + 1), is_command=True)], id="command set too large"),
        pytest.param([slice_of(b"garbage", is_command=True)], id="command set broken"),
    ],
)
def test_what_is_out_of_order(events: list[DataReceived]) -> None:
    reader = MessageReader()
    with pytest.raises(RemoteProtocolError):  # noqa: PT012 - any of them
        for event in events:
            reader.read(event)


def test_a_command_set_does_not_grow_without_bound() -> None:
    reader = MessageReader()
    part = slice_of(bytes(1000), is_command=True, is_last=False)
    for _ in range(MAX_COMMAND_SET // 1000):
        assert reader.read(part) == ()
    with pytest.raises(RemoteProtocolError, match="65536"):
        reader.read(part)
