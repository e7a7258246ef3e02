import struct

import pytest

from isocenter.dicom.encoding import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_BIG,
    IMPLICIT_LITTLE,
    BrokenDataSetError,
    Element,
    Encoding,
    TruncatedError,
    effective_encoding,
    read_header,
)
from isocenter.dicom.writer import write_element

SHORT = write_element(0x00080060, "CS", b"CT") + write_element(0x00100020, "LO", b"ID")
LONG = write_element(0x00080051, "SQ", bytes(8)) + SHORT
IMPLICIT = write_element(0x00080060, "CS", b"CT", implicit=True) + write_element(0x00100020, "LO", b"ID", implicit=True)


@pytest.mark.parametrize(
    ("data", "encoding", "element"),
    [
        (SHORT, EXPLICIT_LITTLE, Element(0x00080060, "CS", 8, 2)),
        (LONG, EXPLICIT_LITTLE, Element(0x00080051, "SQ", 12, 8)),
        (IMPLICIT, IMPLICIT_LITTLE, Element(0x00080060, "", 8, 2)),
        (struct.pack(">HH2sH", 8, 0x60, b"CS", 2), EXPLICIT_BIG, Element(0x00080060, "CS", 8, 2)),
        (struct.pack(">HHI", 8, 0x60, 2), IMPLICIT_BIG, Element(0x00080060, "", 8, 2)),
        (struct.pack("<HHI", 0xFFFE, 0xE000, 5), EXPLICIT_LITTLE, Element(0xFFFEE000, "", 8, 5)),
    ],
)
def test_headers(data: bytes, encoding: Encoding, element: Element) -> None:
    assert read_header(data, 0, len(data), encoding) == element


@pytest.mark.parametrize("size", range(8))
def test_a_header_that_is_cut(size: int) -> None:
    with pytest.raises(TruncatedError):
        read_header(SHORT[:size], 0, size, EXPLICIT_LITTLE)
    with pytest.raises(TruncatedError):
        read_header(LONG[: size + 4], 0, size + 4, EXPLICIT_LITTLE)


def test_an_error_says_where_and_why() -> None:
    with pytest.raises(BrokenDataSetError, match="broken data set at offset 3: unknown VR") as caught:
        read_header(b"xyz\x08\0\x60\0a1\xff\xff" + b"\xff" * 8 + bytes(1 << 20), 3, 1 << 20, EXPLICIT_LITTLE)
    assert caught.value.offset == 3


@pytest.mark.parametrize(
    ("data", "said", "found"),
    [
        (SHORT, EXPLICIT_LITTLE, EXPLICIT_LITTLE),
        (SHORT, IMPLICIT_LITTLE, EXPLICIT_LITTLE),
        (LONG, IMPLICIT_LITTLE, EXPLICIT_LITTLE),
        (SHORT[:10], IMPLICIT_LITTLE, IMPLICIT_LITTLE),  # too little to tell
        (IMPLICIT, IMPLICIT_LITTLE, IMPLICIT_LITTLE),
        (IMPLICIT, EXPLICIT_LITTLE, IMPLICIT_LITTLE),
        (b"", IMPLICIT_LITTLE, IMPLICIT_LITTLE),
        (struct.pack("<HHI", 0xFFFE, 0xE00D, 0), EXPLICIT_LITTLE, EXPLICIT_LITTLE),
    ],
)
def test_files_that_say_one_thing_and_are_another(data: bytes, said: Encoding, found: Encoding) -> None:
    assert effective_encoding(data, 0, len(data), said) is found


@pytest.mark.parametrize("code", [b"DA", b"DS", b"FD", b"LO", b"PN", b"TM"])
def test_a_length_that_spells_a_vr_is_a_length(code: bytes) -> None:
    length = int.from_bytes(code, "little")
    data = struct.pack("<HHI", 0x0028, 0x3006, length) + b"\x55" * length
    assert effective_encoding(data, 0, len(data), IMPLICIT_LITTLE) is IMPLICIT_LITTLE
