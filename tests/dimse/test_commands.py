"""Command sets against bytes written down by hand (PS3.7 9.3, 10.3, E), and against broken ones."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.dimse.commands import (
    DATA_SET_FOLLOWS,
    REQUIRED,
    WITH_DATA_SET,
    WITHOUT_DATA_SET,
    Command,
    CommandField,
    read_command,
    respond,
    write_command,
)
from isocenter.errors import LocalProtocolError, RemoteProtocolError

VERIFICATION = "1.2.840.10008.1.1"

ECHO = Command(CommandField.C_ECHO_RQ, MessageID=7, AffectedSOPClassUID=VERIFICATION)
ECHO_BYTES = (
    b"\x00\x00\x00\x00\x04\x00\x00\x00\x38\x00\x00\x00"
    b"\x00\x00\x02\x00\x12\x00\x00\x001.2.840.10008.1.1\x00"
    b"\x00\x00\x00\x01\x02\x00\x00\x00\x30\x00"
    b"\x00\x00\x10\x01\x02\x00\x00\x00\x07\x00"
    b"\x00\x00\x00\x08\x02\x00\x00\x00\x01\x01"
)
REFUSED = Command(
    CommandField.C_STORE_RSP,
    MessageIDBeingRespondedTo=258,
    Status=0xA700,
    OffendingElement=(0x00100010, 0x7FE00010),
    ErrorComment="full",
)
REFUSED_BYTES = (
    b"\x00\x00\x00\x00\x04\x00\x00\x00\x44\x00\x00\x00"
    b"\x00\x00\x00\x01\x02\x00\x00\x00\x01\x80"
    b"\x00\x00\x20\x01\x02\x00\x00\x00\x02\x01"
    b"\x00\x00\x00\x08\x02\x00\x00\x00\x01\x01"
    b"\x00\x00\x00\x09\x02\x00\x00\x00\x00\xa7"
    b"\x00\x00\x01\x09\x08\x00\x00\x00\x10\x00\x10\x00\xe0\x7f\x10\x00"
    b"\x00\x00\x02\x09\x04\x00\x00\x00full"
)


@pytest.mark.parametrize(("command", "data"), [(ECHO, ECHO_BYTES), (REFUSED, REFUSED_BYTES)], ids=["echo", "refused"])
def test_bytes(command: Command, data: bytes) -> None:
    assert write_command(command) == data
    assert read_command(data) == command


EXAMPLES: dict[str, object] = {
    "AffectedSOPClassUID": "1.2.3", "RequestedSOPClassUID": "1.2.4", "AffectedSOPInstanceUID": "1.2.5",
    "RequestedSOPInstanceUID": "1.2.6", "MessageID": 1, "MessageIDBeingRespondedTo": 2, "Priority": 1, "Status": 0,
    "MoveDestination": "WORKSTATION", "OffendingElement": (0x00080018,), "ErrorComment": "comment", "ErrorID": 3,
    "EventTypeID": 1, "AttributeIdentifierList": (0x00100010, 0x00100020), "ActionTypeID": 1,
    "NumberOfRemainingSuboperations": 1, "NumberOfCompletedSuboperations": 2, "NumberOfFailedSuboperations": 3,
    "NumberOfWarningSuboperations": 4, "MoveOriginatorApplicationEntityTitle": "AET", "MoveOriginatorMessageID": 5,
}  # fmt: skip


def example(field: CommandField) -> Command:
    needed = {keyword: EXAMPLES[keyword] for keyword in REQUIRED[field]}
    return Command(field, CommandDataSetType=1 if field in WITH_DATA_SET else 0x0101, **needed)


@pytest.mark.parametrize("field", CommandField)
def test_every_command_needs_what_the_table_says(field: CommandField) -> None:
    command = example(field)
    assert read_command(write_command(command)) == command
    for keyword in REQUIRED[field]:
        with pytest.raises(LocalProtocolError, match=keyword):
            write_command(command._replace(**{keyword: None}))


@pytest.mark.parametrize("field", sorted(WITH_DATA_SET | WITHOUT_DATA_SET))
def test_a_data_set_is_there_or_not(field: CommandField) -> None:
    command = example(field)
    wrong = 0x0101 if field in WITH_DATA_SET else DATA_SET_FOLLOWS
    with pytest.raises(LocalProtocolError, match="data set"):
        write_command(command._replace(CommandDataSetType=wrong))


def test_every_element_goes_there_and_back() -> None:
    assert set(EXAMPLES) | {"CommandField", "CommandDataSetType"} == set(Command._fields)
    command = Command(CommandField.C_FIND_RSP, CommandDataSetType=1, **EXAMPLES)
    assert read_command(write_command(command)) == command


def element(number: int, value: bytes, group: int = 0) -> bytes:
    return (group.to_bytes(2, "little") + number.to_bytes(2, "little") + len(value).to_bytes(4, "little")) + value


FIELD, MESSAGE, TYPE = element(0x100, b"\x30\x00"), element(0x110, b"\x07\x00"), element(0x800, b"\x01\x01")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(FIELD + TYPE, id="no message identifier"),
        pytest.param(MESSAGE + TYPE, id="no command field"),
        pytest.param(FIELD + MESSAGE, id="no data set type"),
        pytest.param(FIELD + MESSAGE + TYPE + b"\x00", id="header cut"),
        pytest.param(FIELD + MESSAGE + TYPE + b"\x00\x00\x02\x09\xff\xff\xff\xff", id="4 GB comment"),
        pytest.param(FIELD + MESSAGE + element(0x800, b"\x01\x01\x00\x00"), id="number of four bytes"),
        pytest.param(FIELD + MESSAGE + TYPE + element(0x901, b"\x01\x01"), id="half a tag"),
        pytest.param(FIELD + MESSAGE + TYPE + element(0x10, b"", group=8), id="group 8"),
        pytest.param(element(0x100, b"\x01\x80") + MESSAGE + TYPE, id="response without the request's identifier"),
    ],
)
def test_broken_command_sets(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        read_command(data)


def test_read_tolerantly() -> None:
    """Retired and unknown elements, a wrong group length, padding of the wrong kind and an empty value do no harm."""
    data = (
        element(0x0000, b"\xff\xff\xff\xff") + element(0x0001, b"\x00\x00\x00\x00")
        + element(0x0002, b"1.2.840.10008.1.1 ") + FIELD + MESSAGE + TYPE + element(0x902, b"") + element(0x5110, b"x")
    )  # fmt: skip
    assert read_command(data) == ECHO


@given(st.binary(max_size=300))
def test_random_bytes(data: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        read_command(data)


@given(position=st.integers(0, len(REFUSED_BYTES) - 1), value=st.integers(0, 255))
def test_damaged_bytes(position: int, value: int) -> None:
    damaged = bytearray(REFUSED_BYTES)
    damaged[position] = value
    with contextlib.suppress(RemoteProtocolError):
        read_command(bytes(damaged))


def test_a_comment_is_cut_and_stays_ascii() -> None:
    response = respond(ECHO, 0x0110, "ß" + "x" * 100)
    assert read_command(write_command(response)).ErrorComment == "?" + "x" * 63


def test_no_such_command() -> None:
    with pytest.raises(LocalProtocolError, match="0x4242"):
        write_command(Command(0x4242, MessageID=1))
    request = read_command(element(0x100, b"\x42\x42") + MESSAGE + TYPE)
    assert request.CommandField == 0x4242
    assert read_command(write_command(respond(request, 0x0211))).CommandField == 0xC242


def test_a_uid_that_is_none_is_not_echoed() -> None:
    request = read_command(element(0x100, b"\x01\x00") + MESSAGE + TYPE + element(0x1000, b"\xff" * 40))
    response = respond(request, 0xC000)
    assert response.AffectedSOPInstanceUID is None
    write_command(response)
