"""Command sets of DIMSE messages (PS3.7 6.3, 9.3, 10.3, Annex E): implicit VR little endian, group 0000.

Three tables: the elements, the command fields, and which elements each command has. Reads tolerantly (unknown and
retired elements are passed over), writes strictly. Knows no fragments; those are in ``message``.
"""

import struct
from collections.abc import Callable
from enum import IntEnum
from typing import Any, NamedTuple

from isocenter.errors import LocalProtocolError, RemoteProtocolError

#: CommandDataSetType of a message without a data set; any other value means that one follows (PS3.7 E.1).
NO_DATA_SET = 0x0101
DATA_SET_FOLLOWS = 0x0001

#: Far more than any command set has; AttributeIdentifierList and ErrorComment are the only long ones.
MAX_COMMAND_SET = 65536


class CommandField(IntEnum):
    """The commands (PS3.7 E.1); bit 15 marks a response."""

    C_STORE_RQ = 0x0001
    C_STORE_RSP = 0x8001
    C_GET_RQ = 0x0010
    C_GET_RSP = 0x8010
    C_FIND_RQ = 0x0020
    C_FIND_RSP = 0x8020
    C_MOVE_RQ = 0x0021
    C_MOVE_RSP = 0x8021
    C_ECHO_RQ = 0x0030
    C_ECHO_RSP = 0x8030
    N_EVENT_REPORT_RQ = 0x0100
    N_EVENT_REPORT_RSP = 0x8100
    N_GET_RQ = 0x0110
    N_GET_RSP = 0x8110
    N_SET_RQ = 0x0120
    N_SET_RSP = 0x8120
    N_ACTION_RQ = 0x0130
    N_ACTION_RSP = 0x8130
    N_CREATE_RQ = 0x0140
    N_CREATE_RSP = 0x8140
    N_DELETE_RQ = 0x0150
    N_DELETE_RSP = 0x8150
    C_CANCEL_RQ = 0x0FFF


class Priority(IntEnum):
    """Priority of a C service (PS3.7 E.1)."""

    MEDIUM = 0
    HIGH = 1
    LOW = 2


class Command(NamedTuple):
    """A command set; None = the element is absent. Attribute lists are tuples of tags.

    A tuple, since two are made for every object that comes in, and a dataclass of this size takes 5 us.
    """

    CommandField: int
    MessageID: int | None = None
    MessageIDBeingRespondedTo: int | None = None
    CommandDataSetType: int = NO_DATA_SET
    AffectedSOPClassUID: str | None = None
    RequestedSOPClassUID: str | None = None
    AffectedSOPInstanceUID: str | None = None
    RequestedSOPInstanceUID: str | None = None
    Priority: int | None = None
    Status: int | None = None
    MoveDestination: str | None = None
    OffendingElement: tuple[int, ...] | None = None
    ErrorComment: str | None = None
    ErrorID: int | None = None
    EventTypeID: int | None = None
    AttributeIdentifierList: tuple[int, ...] | None = None
    ActionTypeID: int | None = None
    NumberOfRemainingSuboperations: int | None = None
    NumberOfCompletedSuboperations: int | None = None
    NumberOfFailedSuboperations: int | None = None
    NumberOfWarningSuboperations: int | None = None
    MoveOriginatorApplicationEntityTitle: str | None = None
    MoveOriginatorMessageID: int | None = None

    @property
    def is_response(self) -> bool:
        """Whether bit 15 of the command field is set."""
        return self.CommandField & 0x8000 != 0

    @property
    def has_data_set(self) -> bool:
        """Whether a data set follows."""
        return self.CommandDataSetType != NO_DATA_SET


class _Element(NamedTuple):
    """A row of PS3.7 Table E.1-1."""

    number: int  # element number in group 0000
    keyword: str
    vr: str


_ELEMENTS = (
    _Element(0x0002, "AffectedSOPClassUID", "UI"),
    _Element(0x0003, "RequestedSOPClassUID", "UI"),
    _Element(0x0100, "CommandField", "US"),
    _Element(0x0110, "MessageID", "US"),
    _Element(0x0120, "MessageIDBeingRespondedTo", "US"),
    _Element(0x0600, "MoveDestination", "AE"),
    _Element(0x0700, "Priority", "US"),
    _Element(0x0800, "CommandDataSetType", "US"),
    _Element(0x0900, "Status", "US"),
    _Element(0x0901, "OffendingElement", "AT"),
    _Element(0x0902, "ErrorComment", "LO"),
    _Element(0x0903, "ErrorID", "US"),
    _Element(0x1000, "AffectedSOPInstanceUID", "UI"),
    _Element(0x1001, "RequestedSOPInstanceUID", "UI"),
    _Element(0x1002, "EventTypeID", "US"),
    _Element(0x1005, "AttributeIdentifierList", "AT"),
    _Element(0x1008, "ActionTypeID", "US"),
    _Element(0x1020, "NumberOfRemainingSuboperations", "US"),
    _Element(0x1021, "NumberOfCompletedSuboperations", "US"),
    _Element(0x1022, "NumberOfFailedSuboperations", "US"),
    _Element(0x1023, "NumberOfWarningSuboperations", "US"),
    _Element(0x1030, "MoveOriginatorApplicationEntityTitle", "AE"),
    _Element(0x1031, "MoveOriginatorMessageID", "US"),
)

_C_RQ = ("AffectedSOPClassUID", "MessageID")
_C_RSP = ("MessageIDBeingRespondedTo", "Status")
_REQUESTED = ("RequestedSOPClassUID", "MessageID", "RequestedSOPInstanceUID")

#: Elements that each command must have, besides CommandField and CommandDataSetType (PS3.7 9.3 and 10.3).
REQUIRED: dict[CommandField, tuple[str, ...]] = {
    CommandField.C_STORE_RQ: (*_C_RQ, "Priority", "AffectedSOPInstanceUID"),
    CommandField.C_STORE_RSP: _C_RSP,
    CommandField.C_GET_RQ: (*_C_RQ, "Priority"),
    CommandField.C_GET_RSP: _C_RSP,
    CommandField.C_FIND_RQ: (*_C_RQ, "Priority"),
    CommandField.C_FIND_RSP: _C_RSP,
    CommandField.C_MOVE_RQ: (*_C_RQ, "Priority", "MoveDestination"),
    CommandField.C_MOVE_RSP: _C_RSP,
    CommandField.C_ECHO_RQ: _C_RQ,
    CommandField.C_ECHO_RSP: _C_RSP,
    CommandField.C_CANCEL_RQ: ("MessageIDBeingRespondedTo",),
    CommandField.N_EVENT_REPORT_RQ: (*_C_RQ, "AffectedSOPInstanceUID", "EventTypeID"),
    CommandField.N_EVENT_REPORT_RSP: _C_RSP,
    CommandField.N_GET_RQ: _REQUESTED,
    CommandField.N_GET_RSP: _C_RSP,
    CommandField.N_SET_RQ: _REQUESTED,
    CommandField.N_SET_RSP: _C_RSP,
    CommandField.N_ACTION_RQ: (*_REQUESTED, "ActionTypeID"),
    CommandField.N_ACTION_RSP: _C_RSP,
    CommandField.N_CREATE_RQ: _C_RQ,
    CommandField.N_CREATE_RSP: _C_RSP,
    CommandField.N_DELETE_RQ: _REQUESTED,
    CommandField.N_DELETE_RSP: _C_RSP,
}

#: A data set follows always / never; commands that are in neither set may have one (PS3.7 9.3 and 10.3).
WITH_DATA_SET = frozenset(
    {
        CommandField.C_STORE_RQ,
        CommandField.C_GET_RQ,
        CommandField.C_FIND_RQ,
        CommandField.C_MOVE_RQ,
        CommandField.N_SET_RQ,
    }
)
WITHOUT_DATA_SET = frozenset(
    {
        CommandField.C_STORE_RSP,
        CommandField.C_ECHO_RQ,
        CommandField.C_ECHO_RSP,
        CommandField.C_CANCEL_RQ,
        CommandField.N_GET_RQ,
        CommandField.N_DELETE_RQ,
        CommandField.N_DELETE_RSP,
    }
)

_UID_LENGTH = 64

_HEADER = struct.Struct("<HHI")
_HEADER_SIZE = _HEADER.size
_US = struct.Struct("<H")


def _read_number(value: bytes) -> int:
    if len(value) != 2:
        raise RemoteProtocolError(f"a number of a command set has {len(value)} bytes")
    return int.from_bytes(value, "little")


def _read_tags(value: bytes) -> tuple[int, ...]:
    if len(value) % 4:
        raise RemoteProtocolError(f"an attribute tag list of a command set has {len(value)} bytes")
    pairs = struct.unpack(f"<{len(value) // 2}H", value)
    return tuple(group << 16 | element for group, element in zip(pairs[::2], pairs[1::2], strict=True))


def _read_text(value: bytes) -> str:
    return value.decode("ascii", "replace").strip(" \0")


def _write_uid(value: str) -> bytes:
    encoded = value.encode("ascii")
    if len(encoded) > _UID_LENGTH:
        raise LocalProtocolError(f"a UID of {len(encoded)} characters")
    return encoded + b"\0" * (len(encoded) % 2)


def _write_text(value: str) -> bytes:
    encoded = value.encode("ascii", "replace")[:64]
    return encoded + b" " * (len(encoded) % 2)


def _write_tags(value: tuple[int, ...]) -> bytes:
    return b"".join(struct.pack("<HH", tag >> 16, tag & 0xFFFF) for tag in value)


_READ: dict[str, Callable[[bytes], Any]] = {
    "UI": lambda value: value.rstrip(b"\0 ").decode("ascii", "backslashreplace"),
    "US": _read_number,
    "AE": _read_text,
    "LO": _read_text,
    "AT": _read_tags,
}
_WRITE: dict[str, Callable[[Any], bytes]] = {
    "UI": _write_uid,
    "US": _US.pack,
    "AE": _write_text,
    "LO": _write_text,
    "AT": _write_tags,
}
_READERS = {e.number: (e.keyword, _READ[e.vr]) for e in _ELEMENTS}
#: Element number, place in the tuple, writer; in the order of the numbers.
_WRITERS = tuple((e.number, Command._fields.index(e.keyword), _WRITE[e.vr]) for e in _ELEMENTS)
assert {element.keyword for element in _ELEMENTS} == set(Command._fields)


def read_command(data: bytes) -> Command:
    """Return the command set in ``data``.

    Raises:
        RemoteProtocolError: an element is cut short or too long, or what every command needs is missing.
    """
    found: dict[str, Any] = {}
    position, end = 0, len(data)
    while position < end:
        if end - position < _HEADER_SIZE:
            raise RemoteProtocolError("a command set ends within an element")
        group, number, length = _HEADER.unpack_from(data, position)
        start = position + _HEADER_SIZE
        position = start + length
        if position > end:
            raise RemoteProtocolError(f"command element {group:04X},{number:04X} claims {length} bytes")
        if group != 0:
            raise RemoteProtocolError(f"element {group:04X},{number:04X} in a command set")
        if length and number in _READERS:
            keyword, read = _READERS[number]
            found[keyword] = read(data[start:position])
    if "CommandField" not in found or "CommandDataSetType" not in found:
        raise RemoteProtocolError("a command set without CommandField or CommandDataSetType")
    command = Command(**found)
    answers = command.is_response or command.CommandField == CommandField.C_CANCEL_RQ
    if (command.MessageIDBeingRespondedTo if answers else command.MessageID) is None:
        raise RemoteProtocolError(f"command 0x{command.CommandField:04X} without its message identifier")
    return command


def write_command(command: Command) -> bytes:
    """Return the bytes of a command set, CommandGroupLength first.

    Raises:
        LocalProtocolError: an element that this command must have is missing, or its data set is not as it must be.
    """
    _check(command)
    body = b"".join(
        [
            _HEADER.pack(0, number, len(encoded)) + encoded
            for number, place, write in _WRITERS
            if (value := command[place]) is not None
            for encoded in (write(value),)
        ]
    )
    return _HEADER.pack(0, 0, 4) + len(body).to_bytes(4, "little") + body


def _check(command: Command) -> None:
    try:
        name = CommandField(command.CommandField)
    except ValueError:
        if command.is_response:
            return  # to a request that there is not, which it says
        raise LocalProtocolError(f"no such command: 0x{command.CommandField:04X}") from None
    missing = [keyword for keyword in REQUIRED[name] if getattr(command, keyword) is None]
    if missing:
        raise LocalProtocolError(f"{name.name} without {', '.join(missing)}")
    if command.has_data_set and name in WITHOUT_DATA_SET:
        raise LocalProtocolError(f"{name.name} has no data set")
    if not command.has_data_set and name in WITH_DATA_SET:
        raise LocalProtocolError(f"{name.name} without its data set")


def respond(request: Command, status: int, comment: str = "") -> Command:
    """Return the response without data set to a request; ``comment`` becomes ErrorComment (64 characters).

    UIDs are echoed unless they are too long to be any.
    """
    return Command(
        CommandField=request.CommandField | 0x8000,
        MessageIDBeingRespondedTo=request.MessageID,
        AffectedSOPClassUID=_echo(request.AffectedSOPClassUID or request.RequestedSOPClassUID),
        AffectedSOPInstanceUID=_echo(request.AffectedSOPInstanceUID or request.RequestedSOPInstanceUID),
        Status=status,
        ErrorComment=comment[:64] if comment else None,
    )


def _echo(uid: str | None) -> str | None:
    return uid if uid is None or len(uid) <= _UID_LENGTH else None
