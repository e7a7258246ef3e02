"""Every sub-item of the user information against bytes written down by hand (PS3.8 D.1, PS3.7 D.3.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.errors import LocalProtocolError, RemoteProtocolError
from isocenter.ul.user_information import (
    AsynchronousOperationsWindow,
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    RoleSelection,
    UserIdentity,
    UserInformation,
    read_user_information,
    write_user_information,
)

MAXIMUM = b"\x51\x00\x00\x04\x00\x00\x00\x00"

CASES = [
    pytest.param(UserInformation(0x01020304), b"\x51\x00\x00\x04\x01\x02\x03\x04", id="maximum length"),
    pytest.param(UserInformation(implementation_class_uid="1.2.3"), MAXIMUM + b"\x52\x00\x00\x051.2.3", id="class UID"),
    pytest.param(
        UserInformation(asynchronous_operations_window=AsynchronousOperationsWindow(5, 0)),
        MAXIMUM + b"\x53\x00\x00\x04\x00\x05\x00\x00",
        id="asynchronous operations window",
    ),
    pytest.param(
        UserInformation(roles=(RoleSelection("1.2", True, False), RoleSelection("1.3", False, True))),
        MAXIMUM + b"\x54\x00\x00\x07\x00\x031.2\x01\x00" + b"\x54\x00\x00\x07\x00\x031.3\x00\x01",
        id="role selection",
    ),
    pytest.param(
        UserInformation(implementation_version_name="ABC_1"), MAXIMUM + b"\x55\x00\x00\x05ABC_1", id="version name"
    ),
    pytest.param(
        UserInformation(extended=(ExtendedNegotiation("1.2", b"\x01\x00"),)),
        MAXIMUM + b"\x56\x00\x00\x07\x00\x031.2\x01\x00",
        id="extended negotiation",
    ),
    pytest.param(
        UserInformation(common_extended=(CommonExtendedNegotiation("1.2", "1.3", ("1.4", "1.5")),)),
        MAXIMUM + b"\x57\x00\x00\x16" + b"\x00\x031.2" + b"\x00\x031.3" + b"\x00\x0a" + b"\x00\x031.4" + b"\x00\x031.5",
        id="common extended negotiation",
    ),
    pytest.param(
        UserInformation(user_identity=UserIdentity(2, b"me", b"secret", True)),
        MAXIMUM + b"\x58\x00\x00\x0e\x02\x01\x00\x02me\x00\x06secret",
        id="user identity",
    ),
    pytest.param(
        UserInformation(user_identity_response=b"ok"),
        MAXIMUM + b"\x59\x00\x00\x04\x00\x02ok",
        id="user identity response",
    ),
]


@pytest.mark.parametrize(("information", "data"), CASES)
def test_written(information: UserInformation, data: bytes) -> None:
    assert write_user_information(information) == b"\x50\x00" + len(data).to_bytes(2, "big") + data


@pytest.mark.parametrize(("information", "data"), CASES)
def test_read(information: UserInformation, data: bytes) -> None:
    assert read_user_information(data) == information


@pytest.mark.parametrize(("information", "data"), CASES)
def test_cut_short(information: UserInformation, data: bytes) -> None:
    """A cut inside the last sub-item, its length field put right, is never a crash."""
    start = 0 if data == MAXIMUM or information.max_length else len(MAXIMUM)
    body = data[start + 4 :]
    for end in range(len(body)):
        cut = data[:start] + data[start : start + 2] + end.to_bytes(2, "big") + body[:end]
        assert reason_of(cut) in {None, 6}


def reason_of(data: bytes) -> int | None:
    """Return the reason of the abort that these bytes lead to, or None where they can be read."""
    try:
        read_user_information(data)
    except RemoteProtocolError as error:
        return error.reason
    return None


@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    assert reason_of(data) in {None, 6}


@given(kind=st.integers(0x51, 0x59), value=st.binary(max_size=60))
def test_random_sub_items(kind: int, value: bytes) -> None:
    assert reason_of(bytes((kind, 0)) + len(value).to_bytes(2, "big") + value) in {None, 6}


def test_unknown_sub_items_are_passed_over() -> None:
    assert read_user_information(b"\x60\x00\x00\x02xx" + MAXIMUM) == UserInformation()


def test_common_extended_without_related_classes() -> None:
    data = b"\x57\x00\x00\x0a\x00\x031.2\x00\x031.3"
    assert read_user_information(data).common_extended == (CommonExtendedNegotiation("1.2", "1.3"),)


def test_a_secret_does_not_show() -> None:
    assert "secret" not in repr(UserInformation(user_identity=UserIdentity(2, b"secret", b"secret")))


@pytest.mark.parametrize(
    "information",
    [
        pytest.param(UserInformation(implementation_version_name="X" * 17), id="version name"),
        pytest.param(UserInformation(user_identity_response=bytes(65536)), id="field too long"),
        pytest.param(UserInformation(extended=(ExtendedNegotiation("1.2", bytes(65535)),)), id="item too long"),
    ],
)
def test_written_strictly(information: UserInformation) -> None:
    with pytest.raises(LocalProtocolError):
        write_user_information(information)
