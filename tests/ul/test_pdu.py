"""PDUs against bytes written down by hand from PS3.8 9.3, and against bytes that nobody should send."""

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.errors import LocalProtocolError, RemoteProtocolError
from isocenter.ul.items import ContextResult, PresentationContext, PresentationResult, write_item
from isocenter.ul.pdu import (
    READERS,
    Abort,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    DataTransfer,
    PresentationDataValue,
    ReleaseRequest,
    ReleaseResponse,
    read_ae_title,
    read_pdu,
    write_ae_title,
    write_data_header,
    write_pdu,
)
from isocenter.ul.user_information import UserInformation

APPLICATION_CONTEXT = b"\x10\x00\x00\x15" + b"1.2.840.10008.3.1.1.1"
TITLES = b"ARCHIVE         " + b"SCANNER         " + bytes(32)

REQUEST = AssociateRequest(
    "ARCHIVE", "SCANNER", (PresentationContext(1, "1.2.840.10008.1.1", ("1.2.840.10008.1.2",)),), UserInformation(16384)
)
REQUEST_BYTES = (
    b"\x01\x00\x00\x00\x00\x9b" + b"\x00\x01\x00\x00" + TITLES + APPLICATION_CONTEXT
    + b"\x20\x00\x00\x2e" + b"\x01\x00\x00\x00"
    + b"\x30\x00\x00\x11" + b"1.2.840.10008.1.1"
    + b"\x40\x00\x00\x11" + b"1.2.840.10008.1.2"
    + b"\x50\x00\x00\x08" + b"\x51\x00\x00\x04\x00\x00\x40\x00"
)  # fmt: skip

ACCEPT = AssociateAccept(
    "ARCHIVE",
    "SCANNER",
    (
        PresentationResult(1, ContextResult.ACCEPTANCE, "1.2.840.10008.1.2"),
        PresentationResult(3, ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED),
    ),
    UserInformation(0),
)
ACCEPT_BYTES = (
    b"\x02\x00\x00\x00\x00\x92" + b"\x00\x01\x00\x00" + TITLES + APPLICATION_CONTEXT
    + b"\x21\x00\x00\x19" + b"\x01\x00\x00\x00" + b"\x40\x00\x00\x11" + b"1.2.840.10008.1.2"
    + b"\x21\x00\x00\x08" + b"\x03\x00\x03\x00" + b"\x40\x00\x00\x00"
    + b"\x50\x00\x00\x08" + b"\x51\x00\x00\x04\x00\x00\x00\x00"
)  # fmt: skip

CASES = [
    pytest.param(REQUEST, REQUEST_BYTES, id="A-ASSOCIATE-RQ"),
    pytest.param(ACCEPT, ACCEPT_BYTES, id="A-ASSOCIATE-AC"),
    pytest.param(AssociateReject(1, 1, 7), b"\x03\x00\x00\x00\x00\x04\x00\x01\x01\x07", id="A-ASSOCIATE-RJ"),
    pytest.param(
        DataTransfer((PresentationDataValue(1, True, True, b"ab"), PresentationDataValue(3, False, False, b""))),
        b"\x04\x00\x00\x00\x00\x0e" + b"\x00\x00\x00\x04\x01\x03ab" + b"\x00\x00\x00\x02\x03\x00",
        id="P-DATA-TF",
    ),
    pytest.param(ReleaseRequest(), b"\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00", id="A-RELEASE-RQ"),
    pytest.param(ReleaseResponse(), b"\x06\x00\x00\x00\x00\x04\x00\x00\x00\x00", id="A-RELEASE-RP"),
    pytest.param(Abort(2, 6), b"\x07\x00\x00\x00\x00\x04\x00\x00\x02\x06", id="A-ABORT"),
]


@pytest.mark.parametrize(("pdu", "data"), CASES)
def test_written(pdu: object, data: bytes) -> None:
    assert write_pdu(pdu) == data


@pytest.mark.parametrize(("pdu", "data"), CASES)
def test_read(pdu: object, data: bytes) -> None:
    assert read_pdu(data + b"more") == (pdu, len(data))


@pytest.mark.parametrize(("pdu", "data"), CASES)
def test_needs_every_byte(pdu: object, data: bytes) -> None:
    assert [read_pdu(data[:end]) for end in range(len(data))] == [None] * len(data)


def reason_of(read: Callable[[bytes], object], data: bytes) -> int | None:
    """Return the reason of the abort that these bytes lead to, or None where they can be read."""
    try:
        read(data)
    except RemoteProtocolError as error:
        return error.reason
    return None


@given(kind=st.sampled_from(sorted(READERS)), body=st.binary(max_size=300))
def test_random_bodies_are_read_or_refused(kind: int, body: bytes) -> None:
    assert reason_of(READERS[kind], body) in {None, 6}


@given(data=st.data(), case=st.sampled_from([REQUEST_BYTES, ACCEPT_BYTES]))
def test_damaged_associations_are_read_or_refused(data: st.DataObject, case: bytes) -> None:
    damaged = bytearray(case)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(6, len(case) - 1))] = data.draw(st.integers(0, 255))
    assert reason_of(read_pdu, bytes(damaged)) in {None, 6}


def test_unknown_type_is_unrecognized() -> None:
    with pytest.raises(RemoteProtocolError, match="0x47") as caught:
        read_pdu(b"GET / HTTP/1.1")
    assert caught.value.reason == 1


def damaged_request(old: bytes, new: bytes) -> bytes:
    assert REQUEST_BYTES.count(old) == 1
    body = REQUEST_BYTES[6:].replace(old, new)
    return struct.pack(">BBI", 1, 0, len(body)) + body


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x01\x00\x00\x00\x00\x10" + bytes(16), id="fixed part cut"),
        pytest.param(damaged_request(b"\x20\x00\x00\x2e\x01", b"\x20\x00\x00\x2e\x02"), id="even context"),
        pytest.param(damaged_request(b"\x20\x00\x00\x2e", b"\x20\x00\xff\xff"), id="item past the end"),
        pytest.param(damaged_request(b"\x30\x00\x00\x11", b"\x31\x00\x00\x11"), id="no abstract syntax"),
        pytest.param(damaged_request(b"\x40\x00\x00\x11", b"\x41\x00\x00\x11"), id="no transfer syntax"),
        pytest.param(damaged_request(b"\x50\x00\x00\x08\x51", b"\x50\x00\x00\x08\x52\x00"), id="trailing bytes"),
        pytest.param(damaged_request(b"\x51\x00\x00\x04\x00\x00\x40\x00", b"\x51\x00\x00\x02\x40\x00"), id="sub-item"),
        pytest.param(b"\x05\x00\x00\x00\x00\x05" + bytes(5), id="release too long"),
        pytest.param(b"\x07\x00\x00\x00\x00\x00", id="abort without body"),
        pytest.param(b"\x04\x00\x00\x00\x00\x00", id="P-DATA without PDV"),
        pytest.param(b"\x04\x00\x00\x00\x00\x06\x00\x00\x00\x01\x01\x03", id="PDV too short"),
        pytest.param(b"\x04\x00\x00\x00\x00\x06\x00\x00\x00\x03\x01\x03", id="PDV past the end"),
        pytest.param(b"\x04\x00\x00\x00\x00\x03\x00\x00\x00", id="PDV header cut"),
    ],
)
def test_broken_content_is_an_invalid_parameter(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        read_pdu(data)
    assert caught.value.reason == 6


def context_item(context_id: int, transfer_syntaxes: int = 1) -> bytes:
    value = bytes((context_id, 0, 0, 0)) + write_item(0x30, b"1.2")
    return write_item(0x20, value + write_item(0x40, b"1.2") * transfer_syntaxes)


@pytest.mark.parametrize(
    "items",
    [
        pytest.param(context_item(1) * 2, id="context twice"),
        pytest.param(context_item(1, 257), id="too many transfer syntaxes"),
        pytest.param(write_item(0x99, b"") * 4097, id="too many items"),
        pytest.param(write_item(0x50, write_item(0x99, b"") * 4097), id="too many sub-items"),
    ],
)
def test_limits(items: bytes) -> None:
    body = b"\x00\x01\x00\x00" + TITLES + items
    with pytest.raises(RemoteProtocolError) as caught:
        READERS[1](body)
    assert caught.value.reason == 6


def test_a_full_request_goes_through() -> None:
    contexts = tuple(PresentationContext(i, f"1.2.{i}", ("1.2.840.10008.1.2",) * 60) for i in range(1, 256, 2))
    request = AssociateRequest("A", "B", contexts)
    assert read_pdu(write_pdu(request))[0] == request


def test_unknown_items_are_passed_over() -> None:
    body = REQUEST_BYTES[6:] + write_item(0x99, b"future")
    assert READERS[1](body) == REQUEST


@pytest.mark.parametrize(
    "pdu",
    [
        pytest.param(AssociateRequest("", "B", REQUEST.contexts), id="no title"),
        pytest.param(AssociateRequest("A", "SEVENTEEN LETTERS", REQUEST.contexts), id="long title"),
        pytest.param(AssociateRequest("A", "B\n", REQUEST.contexts), id="control character"),
        pytest.param(AssociateRequest("A", "B", ()), id="no context"),
        pytest.param(AssociateRequest("A", "B", (PresentationContext(2, "1.2", ("1.2",)),)), id="even context"),
        pytest.param(AssociateRequest("A", "B", (PresentationContext(1, "1.2", ()),)), id="no transfer syntax"),
        pytest.param(AssociateRequest("A", "B", (PresentationContext(1, "1" * 65, ("1.2",)),)), id="long UID"),
    ],
)
def test_written_strictly(pdu: AssociateRequest) -> None:
    with pytest.raises(LocalProtocolError):
        write_pdu(pdu)


def test_titles_are_safe_to_log() -> None:
    assert read_ae_title(b"A\r\nB\x1b\xff\x7f".ljust(16)) == "A??B???"
    assert read_ae_title(b"  SCANNER 1\0\0\0\0\0") == "SCANNER 1"
    assert write_ae_title("SCANNER 1") == b"SCANNER 1       "


def test_data_header_is_that_of_a_whole_pdu() -> None:
    assert write_data_header(1, 2, 3) + b"abc" == write_pdu(
        DataTransfer((PresentationDataValue(1, False, True, b"abc"),))
    )


def test_rejections_say_what_they_mean() -> None:
    assert AssociateReject(2, 3, 2).describe() == "rejected transiently: local limit exceeded"
    assert AssociateReject(1, 9, 9).describe() == "rejected permanently: source 9, reason 9"
