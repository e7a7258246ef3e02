import struct

import pytest

from isocenter.dicom.header import Header, decode_value, read_header
from isocenter.dicom.uids import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    transfer_syntax,
)
from isocenter.dicom.writer import write_element, write_sequence

EXPLICIT, BIG = transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN), transfer_syntax(EXPLICIT_VR_BIG_ENDIAN)
NAME, IMAGE_TYPE, ROWS, SEQUENCE, CHARSET = 0x00100010, 0x00080008, 0x00280010, 0x00081140, 0x00080005


@pytest.mark.parametrize("implicit", [False, True])
def test_values_are_decoded_text(implicit: bool) -> None:
    data = b"".join(
        write_element(tag, vr, value, implicit=implicit)
        for tag, vr, value in [
            (CHARSET, "CS", b"ISO_IR 100"),
            (IMAGE_TYPE, "CS", b"ORIGINAL\\PRIMARY \\"),
            (NAME, "PN", b"M\xfcller^J\xf6rg "),
            (0x00100020, "LO", b""),
            (ROWS, "US", b"\x00\x02"),
        ]
    )
    syntax = transfer_syntax(IMPLICIT_VR_LITTLE_ENDIAN if implicit else EXPLICIT_VR_LITTLE_ENDIAN)
    assert read_header(data, syntax, [NAME, IMAGE_TYPE, ROWS, 0x00100020, 0x00100030]) == {
        IMAGE_TYPE: ("ORIGINAL", "PRIMARY", ""),
        NAME: ("Müller^Jörg",),
        0x00100020: (),
        ROWS: ("512",),
    }
    assert read_header(data, syntax, {CHARSET}) == {CHARSET: ("ISO_IR 100",)}
    assert read_header(data, syntax, []) == {}


def test_sequences_and_bytes_have_no_text() -> None:
    data = write_sequence(SEQUENCE, [write_element(NAME, "PN", b"inner ")]) + write_element(0x00091010, "OB", b"ab")
    assert read_header(data, EXPLICIT, [SEQUENCE, 0x00091010, NAME]) == {SEQUENCE: (), 0x00091010: ()}


@pytest.mark.parametrize(
    ("raw", "vr", "values"),
    [
        (struct.pack(">2H", 1, 2), "US", ("1", "2")),
        (struct.pack(">h", -5), "SS", ("-5",)),
        (struct.pack(">d", 0.5), "FD", ("0.5",)),
        (struct.pack(">2H", 0x0010, 0x0020), "AT", ("00100020",)),
        (b"\0\1\2", "US", ("1",)),  # a rest that is no number
        (b" a\\b ", "LO", ("a", "b")),
        (b" a\\b ", "LT", (" a\\b",)),
        (b"1.2.3\0", "UI", ("1.2.3",)),
        (b"\xfc", "CS", ("ü",)),
        (b"  ", "LO", ()),
        (b"", "LO", ()),
    ],
)
def test_values_of_a_big_endian_data_set(raw: bytes, vr: str, values: tuple[str, ...]) -> None:
    assert decode_value(raw, vr, BIG, ("ISO_IR 100",)) == values


def test_header_is_easy_to_ask() -> None:
    header = Header({NAME: ("A", "B"), ROWS: ("512",), IMAGE_TYPE: ()})
    assert (header.text(NAME), header.text(IMAGE_TYPE, "none"), header.text(0x00080060)) == ("A", "none", "")
    assert (header.texts(NAME), header.texts(0x00080060)) == (("A", "B"), ())
    assert (header.integer(ROWS), header.integer(NAME), header.integer(NAME, 7)) == (512, None, 7)
    assert Header({ROWS: ("1e999",)}).integer(ROWS) is None
