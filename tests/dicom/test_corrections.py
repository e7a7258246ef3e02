"""Corrected data sets: what is not corrected stays as it is, down to the byte."""

import struct

import pytest

from isocenter.dicom.corrections import Mark, correct
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from isocenter.dicom.writer import write_element, write_sequence
from isocenter.errors import InvalidObjectError

EXPLICIT, IMPLICIT = transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN), transfer_syntax(IMPLICIT_VR_LITTLE_ENDIAN)
NAME, STUDY_ID = 0x00100010, 0x00200010
MARK = Mark("20260301120000+0000", "ISOCENTER X")
SOP = write_element(0x00080018, "UI", b"1.2.3")
PIXELS = write_element(0x7FE00010, "OW", bytes(range(256)))
LATIN = write_element(0x00080005, "CS", b"ISO_IR 100")


def name(text: str, codec: str = "ascii") -> bytes:
    return write_element(NAME, "PN", text.encode(codec))


def item(*before: bytes) -> bytes:
    """Return the item that a correction adds."""
    return b"".join((
        write_sequence(0x04000550, [b"".join(before)]),
        write_element(0x04000562, "DT", MARK.time.encode()),
        write_element(0x04000563, "LO", MARK.system.encode()),
        write_element(0x04000564, "LO", b""),
        write_element(0x04000565, "CS", b"CORRECT"),
    ))  # fmt: skip


def corrected(data: bytes, **values: str) -> bytes:
    tags = {"name": NAME, "study": STUDY_ID}
    pieces = correct(data, EXPLICIT, {tags[key]: text for key, text in values.items()}, MARK)
    assert pieces is not None
    return b"".join(pieces)


def test_only_the_values_and_what_tells_of_them_change() -> None:
    original = write_sequence(0x04000561, [item(name("A"), write_element(STUDY_ID, "SH", b""))])
    after = SOP + name("B") + write_element(STUDY_ID, "SH", b"7") + original + PIXELS
    assert corrected(SOP + name("A") + PIXELS, name="B", study="7") == after


def test_an_object_with_these_values_stays_as_it_is() -> None:
    assert correct(SOP + name("B ") + PIXELS, EXPLICIT, {NAME: "B", STUDY_ID: ""}, MARK) is None


@pytest.mark.parametrize("kind", ["defined", "undefined", "UN"])
def test_what_was_corrected_before_is_kept(kind: str) -> None:
    first = item(name("Z"))
    if kind == "defined":
        sequence = write_sequence(0x04000561, [first])
    else:
        if kind == "UN":
            first = write_element(0x04000563, "LO", b"OTHER ", implicit=True)
        body = struct.pack("<HHI", 0xFFFE, 0xE000, len(first)) + first + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
        vr = b"UN" if kind == "UN" else b"SQ"
        sequence = struct.pack("<HH2sHI", 0x0400, 0x0561, vr, 0, 0xFFFFFFFF) + body
    after = corrected(SOP + name("A") + sequence + PIXELS, name="B")
    assert first in after
    assert after.endswith(PIXELS)
    assert b"A " in after[after.index(first) + len(first) :]
    if kind != "UN":
        assert after == SOP + name("B") + write_sequence(0x04000561, [first, item(name("A"))]) + PIXELS


def test_group_lengths_and_signatures_of_before_are_left_out() -> None:
    length = write_element(0x00100000, "UL", struct.pack("<I", 10))
    other = write_element(0x00080000, "UL", struct.pack("<I", 12))
    signature = write_sequence(0xFFFAFFFA, [write_element(0x04000005, "US", b"\1\0")])
    after = corrected(other + SOP + length + name("A") + PIXELS + signature, name="B")
    original = write_sequence(0x04000561, [item(name("A"))])
    assert after == other + SOP + name("B") + original + PIXELS


def test_text_becomes_utf_8_down_to_the_items() -> None:
    def code(text: bytes) -> bytes:
        return write_element(0x00080104, "LO", text)

    own = LATIN + code("Schädel".encode("latin-1"))
    before = LATIN + SOP + write_sequence(0x00081032, [code("Schädel".encode("latin-1")), own]) + name("A")
    after = corrected(before + PIXELS, name="Š")
    utf_8 = write_element(0x00080005, "CS", b"ISO_IR 192")
    codes = write_sequence(0x00081032, [code("Schädel".encode()), own])
    original = write_sequence(0x04000561, [item(LATIN, name("A"))])
    assert after == utf_8 + SOP + codes + name("Š", "utf-8") + original + PIXELS


def test_what_may_be_text_of_another_character_set_is_refused() -> None:
    private = write_element(0x00091001, "UN", "Schädel".encode("latin-1"))
    binary = write_element(0x00091002, "UN", b"\x00\x01\xff\xfe")
    assert corrected(LATIN + SOP + binary + name("A"), name="Š")
    with pytest.raises(InvalidObjectError, match="00091001 may be text"):
        corrected(LATIN + SOP + private + name("A"), name="Š")


def test_implicit_vr() -> None:
    before = [
        write_element(0x00080018, "UI", b"1.2.3", implicit=True),
        PIXELS[:4] + struct.pack("<I", 256) + PIXELS[12:],
    ]
    pieces = correct(b"".join(before), IMPLICIT, {NAME: "B"}, MARK)
    assert pieces is not None
    after = b"".join(pieces)
    assert after.startswith(before[0] + write_element(NAME, "PN", b"B", implicit=True))
    assert after.endswith(before[1])
