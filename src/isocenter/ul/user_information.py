"""The user information item and its sub-items (PS3.8 9.3.2.3, Annex D.1; PS3.7 Annex D.3.3).

All of them, used here or not: maximum length, implementation, asynchronous operations window, role selection,
extended and common extended negotiation, user identity. Sub-items of unknown type are passed over, as PS3.8 asks.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from isocenter.errors import LocalProtocolError
from isocenter.ul.items import ITEM_USER_INFORMATION, broken, read_items, read_uid, write_item, write_uid

MAXIMUM_LENGTH = 0x51
IMPLEMENTATION_CLASS_UID = 0x52
ASYNCHRONOUS_OPERATIONS_WINDOW = 0x53
ROLE_SELECTION = 0x54
IMPLEMENTATION_VERSION_NAME = 0x55
EXTENDED_NEGOTIATION = 0x56
COMMON_EXTENDED_NEGOTIATION = 0x57
USER_IDENTITY_REQUEST = 0x58
USER_IDENTITY_RESPONSE = 0x59


class UserIdentityType(IntEnum):
    """What a user identity consists of (PS3.7 Table D.3-14)."""

    USERNAME = 1
    USERNAME_AND_PASSCODE = 2
    KERBEROS = 3
    SAML = 4
    JWT = 5


@dataclass(frozen=True, slots=True)
class AsynchronousOperationsWindow:
    """How many operations may be outstanding; 0 = unlimited (PS3.7 D.3.3.3)."""

    invoked: int = 1
    performed: int = 1


@dataclass(frozen=True, slots=True)
class RoleSelection:
    """Roles the requestor proposes to have, or is granted, for a SOP class (PS3.7 D.3.3.4)."""

    sop_class_uid: str
    scu: bool
    scp: bool


@dataclass(frozen=True, slots=True)
class ExtendedNegotiation:
    """Service class specific bytes for a SOP class (PS3.7 D.3.3.5)."""

    sop_class_uid: str
    information: bytes


@dataclass(frozen=True, slots=True)
class CommonExtendedNegotiation:
    """Service class and related general SOP classes of a SOP class (PS3.7 D.3.3.6)."""

    sop_class_uid: str
    service_class_uid: str
    related_sop_class_uids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """Who the requestor says it is (PS3.7 D.3.3.7.1); the fields never show in a repr, since they hold secrets."""

    kind: int
    primary: bytes
    secondary: bytes = b""
    positive_response_requested: bool = False

    def __repr__(self) -> str:
        return f"UserIdentity(kind={self.kind})"


@dataclass(frozen=True, slots=True)
class UserInformation:
    """Everything in the user information item; ``max_length`` in bytes of a P-DATA-TF value, 0 = unlimited."""

    max_length: int = 0
    implementation_class_uid: str = ""
    implementation_version_name: str = ""
    asynchronous_operations_window: AsynchronousOperationsWindow | None = None
    roles: tuple[RoleSelection, ...] = ()
    extended: tuple[ExtendedNegotiation, ...] = ()
    common_extended: tuple[CommonExtendedNegotiation, ...] = ()
    user_identity: UserIdentity | None = None
    user_identity_response: bytes | None = None


class _Fields:
    """Reads the fields of one sub-item in order; running past its end is the peer's fault."""

    def __init__(self, value: bytes, name: str) -> None:
        self._value = value
        self._position = 0
        self._name = name

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def counted(self) -> bytes:
        return self.take(self.number(2))

    def uid(self) -> str:
        return read_uid(self.counted())

    def rest(self) -> bytes:
        return self.take(len(self._value) - self._position)

    def more(self) -> bool:
        return self._position < len(self._value)

    def take(self, size: int) -> bytes:
        end = self._position + size
        if end > len(self._value):
            raise broken(f"sub-item {self._name} is cut short")
        part = self._value[self._position : end]
        self._position = end
        return part


def _read_role(fields: _Fields) -> RoleSelection:
    return RoleSelection(fields.uid(), bool(fields.number(1)), bool(fields.number(1)))


def _read_common_extended(fields: _Fields) -> CommonExtendedNegotiation:
    sop_class_uid, service_class_uid = fields.uid(), fields.uid()
    related = _Fields(fields.counted(), "related general SOP classes") if fields.more() else None
    uids: list[str] = []
    while related is not None and related.more():
        uids.append(related.uid())
    return CommonExtendedNegotiation(sop_class_uid, service_class_uid, tuple(uids))


def _read_user_identity(fields: _Fields) -> UserIdentity:
    kind, response = fields.number(1), bool(fields.number(1))
    return UserIdentity(kind, fields.counted(), fields.counted(), response)


def _text(value: bytes) -> str:
    return value.strip(b"\0 ").decode("ascii", "backslashreplace")


#: Sub-item type -> (attribute of UserInformation, reader, may it come several times).
_SUB_ITEMS: dict[int, tuple[str, Callable[[_Fields], Any], bool]] = {
    MAXIMUM_LENGTH: ("max_length", lambda f: f.number(4), False),
    IMPLEMENTATION_CLASS_UID: ("implementation_class_uid", lambda f: read_uid(f.rest()), False),
    ASYNCHRONOUS_OPERATIONS_WINDOW: (
        "asynchronous_operations_window",
        lambda f: AsynchronousOperationsWindow(f.number(2), f.number(2)),
        False,
    ),
    ROLE_SELECTION: ("roles", _read_role, True),
    IMPLEMENTATION_VERSION_NAME: ("implementation_version_name", lambda f: _text(f.rest()), False),
    EXTENDED_NEGOTIATION: ("extended", lambda f: ExtendedNegotiation(f.uid(), f.rest()), True),
    COMMON_EXTENDED_NEGOTIATION: ("common_extended", _read_common_extended, True),
    USER_IDENTITY_REQUEST: ("user_identity", _read_user_identity, False),
    USER_IDENTITY_RESPONSE: ("user_identity_response", lambda f: f.counted(), False),
}


def read_user_information(value: bytes) -> UserInformation:
    """Return what the value of an item 0x50 says; of a sub-item that may come once, the last one counts."""
    found: dict[str, Any] = {}
    for kind, content in read_items(value):
        if kind not in _SUB_ITEMS:
            continue
        name, read, repeats = _SUB_ITEMS[kind]
        parsed = read(_Fields(content, name))
        found[name] = (*found.get(name, ()), parsed) if repeats else parsed
    return UserInformation(**found)


def write_user_information(information: UserInformation) -> bytes:
    """Return the item 0x50, its sub-items in the order of their types."""
    parts = [write_item(MAXIMUM_LENGTH, information.max_length.to_bytes(4, "big"))]
    if information.implementation_class_uid:
        parts.append(write_item(IMPLEMENTATION_CLASS_UID, write_uid(information.implementation_class_uid)))
    window = information.asynchronous_operations_window
    if window is not None:
        value = struct.pack(">HH", window.invoked, window.performed)
        parts.append(write_item(ASYNCHRONOUS_OPERATIONS_WINDOW, value))
    parts.extend(_write_role(role) for role in information.roles)
    if information.implementation_version_name:
        parts.append(write_item(IMPLEMENTATION_VERSION_NAME, _version_name(information.implementation_version_name)))
    for extended in information.extended:
        value = _counted(write_uid(extended.sop_class_uid)) + extended.information
        parts.append(write_item(EXTENDED_NEGOTIATION, value))
    parts.extend(_write_common_extended(common) for common in information.common_extended)
    if information.user_identity is not None:
        parts.append(_write_user_identity(information.user_identity))
    if information.user_identity_response is not None:
        parts.append(write_item(USER_IDENTITY_RESPONSE, _counted(information.user_identity_response)))
    return write_item(ITEM_USER_INFORMATION, b"".join(parts))


def _write_role(role: RoleSelection) -> bytes:
    value = _counted(write_uid(role.sop_class_uid)) + bytes((role.scu, role.scp))
    return write_item(ROLE_SELECTION, value)


def _write_common_extended(common: CommonExtendedNegotiation) -> bytes:
    related = b"".join(_counted(write_uid(uid)) for uid in common.related_sop_class_uids)
    value = _counted(write_uid(common.sop_class_uid)) + _counted(write_uid(common.service_class_uid))
    return write_item(COMMON_EXTENDED_NEGOTIATION, value + _counted(related))


def _write_user_identity(identity: UserIdentity) -> bytes:
    value = bytes((identity.kind, identity.positive_response_requested))
    return write_item(USER_IDENTITY_REQUEST, value + _counted(identity.primary) + _counted(identity.secondary))


def _counted(value: bytes) -> bytes:
    if len(value) > 0xFFFF:
        raise LocalProtocolError(f"a field of {len(value)} bytes does not fit its 16 bit length")
    return len(value).to_bytes(2, "big") + value


def _version_name(name: str) -> bytes:
    if not 1 <= len(name) <= 16 or not name.isascii():
        raise LocalProtocolError(f"an implementation version name has 1 to 16 ASCII characters, not {name!r}")
    return name.encode("ascii")
