import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.dicom.json import data_set_to_json
from isocenter.dicom.scanner import MAX_DEPTH, TruncatedError
from isocenter.dicom.uids import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    transfer_syntax,
)
from isocenter.dicom.writer import write_element, write_sequence
from isocenter.errors import InvalidObjectError

EXPLICIT = transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN)
IMPLICIT = transfer_syntax(IMPLICIT_VR_LITTLE_ENDIAN)
BIG = transfer_syntax(EXPLICIT_VR_BIG_ENDIAN)
SEQUENCE, PIXELS = 0x00081140, 0x7FE00010


def attribute(vr: str, raw: bytes, tag: int = 0x00091010, head: bytes = b"") -> dict[str, Any]:
    return data_set_to_json(head + write_element(tag, vr, raw), EXPLICIT, bulk_data_uri=None)[f"{tag:08X}"]


def uri(path: tuple[int, ...]) -> str:
    return "/".join(f"{part:X}" for part in path)


@pytest.mark.parametrize(
    ("vr", "raw", "values"),
    [
        ("CS", b"ORIGINAL\\PRIMARY ", ["ORIGINAL", "PRIMARY"]),
        ("CS", b"A\\\\B", ["A", None, "B"]),
        ("UI", b"1.2.3\0", ["1.2.3"]),
        ("LT", b" a\\b ", [" a\\b"]),
        ("DS", b"1.5\\-2\\ 3e2 ", [1.5, -2, 300.0]),
        ("DS", b"1\\\\2 ", [1, None, 2]),
        ("DS", b"nan\\inf\\1_0\\0x10\\abc ", ["nan", "inf", "1_0", "0x10", "abc"]),
        ("IS", b"007 ", [7]),
        ("IS", b"99999999999999999999", ["99999999999999999999"]),
        ("IS", b"1.0 ", [1.0]),
        ("US", b"\1\0\2\0", [1, 2]),
        ("SS", b"\xff\xff", [-1]),
        (
            "FD",
            struct.pack("<4d", 0.1, float("nan"), float("inf"), float("-inf")),
            [0.1, "NaN", "Infinity", "-Infinity"],
        ),
        ("SV", struct.pack("<q", -(2**60)), [-(2**60)]),
        ("AT", b"\x10\0\x20\0\x08\0\x05\0", ["00100020", "00080005"]),
        (
            "PN",
            b"A^B=C=D\\\\E ",
            [{"Alphabetic": "A^B", "Ideographic": "C", "Phonetic": "D"}, None, {"Alphabetic": "E"}],
        ),
        ("PN", b"=C", [{"Ideographic": "C"}]),
    ],
)
def test_values(vr: str, raw: bytes, values: list[Any]) -> None:
    assert attribute(vr, raw) == {"vr": vr, "Value": values}


@pytest.mark.parametrize("vr", ["CS", "PN", "DS", "US", "OB", "UN", "SQ", "AT", "LT"])
def test_an_empty_element_has_no_value(vr: str) -> None:
    assert attribute(vr, b"") == {"vr": vr}


def test_blanks_are_no_value() -> None:
    assert attribute("LO", b"  ") == attribute("LO", b"")


def test_text_is_decoded_and_the_character_set_kept() -> None:
    head = write_element(0x00080005, "CS", b"ISO_IR 100")
    found = data_set_to_json(head + write_element(0x00100010, "PN", b"M\xfcller"), EXPLICIT, bulk_data_uri=None)
    assert found["00080005"]["Value"] == ["ISO_IR 100"]
    assert found["00100010"]["Value"] == [{"Alphabetic": "Müller"}]


@pytest.mark.parametrize(("vr", "raw"), [("US", b"\x64\0"), ("PN", b"ISO_IR 100"), ("AT", b"\x08\0\x05\0")])
def test_a_character_set_of_another_vr_is_none(vr: str, raw: bytes) -> None:
    head = write_element(0x00080005, vr, raw)
    assert attribute("LO", b"abc ", head=head) == {"vr": "LO", "Value": ["abc"]}


def test_an_item_has_the_character_set_of_the_whole_or_its_own() -> None:
    name = write_element(0x00100010, "PN", b"\xfc")
    own = write_element(0x00080005, "CS", b"ISO_IR 144") + name
    data = write_element(0x00080005, "CS", b"ISO_IR 100") + write_sequence(SEQUENCE, [name, own]) + name
    found = data_set_to_json(data, EXPLICIT, bulk_data_uri=None)
    names = [item["00100010"]["Value"][0]["Alphabetic"] for item in (*found["00081140"]["Value"], found)]
    assert names == ["ü", "\u045c", "ü"]


def test_what_does_not_belong_into_json() -> None:
    data = b"".join([
        write_element(0x00020010, "UI", b"1.2"),
        write_element(0x00080000, "UL", b"\0\0\0\0"),
        write_element(0x00080060, "CS", b"CT"),
        write_element(0xFFFCFFFC, "OB", b"\0\0"),
    ])  # fmt: skip
    assert data_set_to_json(data, EXPLICIT, bulk_data_uri=None) == {"00080060": {"vr": "CS", "Value": ["CT"]}}


def test_binary_values_are_inline_until_the_threshold() -> None:
    data = write_element(0x00091010, "OB", bytes(10)) + write_element(0x00091011, "UN", bytes(12))
    found = data_set_to_json(data, EXPLICIT, bulk_data_uri=uri, bulk_threshold=10)
    assert found["00091010"] == {"vr": "OB", "InlineBinary": base64.b64encode(bytes(10)).decode()}
    assert found["00091011"] == {"vr": "UN", "BulkDataURI": "91011"}


def test_without_uri_bulk_data_is_left_out() -> None:
    assert attribute("OB", bytes(2000)) == {"vr": "OB"}
    assert attribute("OW", b"ab", PIXELS) == {"vr": "OW"}


def test_the_path_of_bulk_data_counts_items_from_one() -> None:
    inner = write_element(0x00091010, "OB", bytes(2000))
    data = write_sequence(SEQUENCE, [b"", inner]) + write_element(PIXELS, "OW", b"ab")
    found = data_set_to_json(data, EXPLICIT, bulk_data_uri=uri)
    assert found["00081140"]["Value"][1]["00091010"]["BulkDataURI"] == "81140/2/91010"
    assert found["7FE00010"] == {"vr": "OW", "BulkDataURI": "7FE00010"}


@pytest.mark.parametrize("cut", [0, 5, 100])
@pytest.mark.parametrize(
    "pixels",
    [
        write_element(PIXELS, "OW", bytes(100)),
        struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OB", 0, 0xFFFFFFFF) + (b"\xfe\xff\0\xe0" + bytes(4)) * 13,
    ],
)
def test_the_head_of_a_file_is_enough(pixels: bytes, cut: int) -> None:
    data = (write_element(0x00080060, "CS", b"CT") + pixels)[: 10 + 12 + cut]
    assert data_set_to_json(data, EXPLICIT, bulk_data_uri=uri) == {
        "00080060": {"vr": "CS", "Value": ["CT"]},
        "7FE00010": {"vr": "OW" if pixels[4:6] == b"OW" else "OB", "BulkDataURI": "7FE00010"},
    }


def test_stop() -> None:
    data = write_element(0x00080060, "CS", b"CT") + write_element(0x00100010, "PN", b"A ") + b"garbage"
    assert set(data_set_to_json(data, EXPLICIT, bulk_data_uri=None, stop=0x00100010)) == {"00080060"}


def test_implicit_vrs_come_from_the_dictionaries() -> None:
    signed = write_element(0x00280103, "US", b"\1\0", implicit=True) + write_element(
        0x00280106, "SS", b"\xff\xff", implicit=True
    )
    private = b"".join([
        write_element(0x00430010, "LO", b"GEMS_PARM_01", implicit=True),
        write_element(0x00431001, "SS", b"\xff\xff", implicit=True),
        write_element(0x00431101, "SS", b"\xff\xff", implicit=True),  # a block nobody reserved
    ])  # fmt: skip
    found = data_set_to_json(signed + private, IMPLICIT, bulk_data_uri=None)
    assert found["00280106"] == {"vr": "SS", "Value": [-1]}
    assert found["00430010"] == {"vr": "LO", "Value": ["GEMS_PARM_01"]}
    assert found["00431001"] == {"vr": "SS", "Value": [-1]}
    assert found["00431101"]["vr"] == "UN"


def test_un_is_shown_as_what_it_is() -> None:
    item = write_element(0x00080060, "CS", b"CT", implicit=True)
    data = write_element(0x00080061, "UN", b"CT\\MR ") + struct.pack("<HH2sHI", 8, 0x1140, b"UN", 0, len(item) + 8)
    data += b"\xfe\xff\0\xe0" + struct.pack("<I", len(item)) + item
    found = data_set_to_json(data, EXPLICIT, bulk_data_uri=None)
    assert found["00080061"] == {"vr": "CS", "Value": ["CT", "MR"]}
    assert found["00081140"] == {"vr": "SQ", "Value": [{"00080060": {"vr": "CS", "Value": ["CT"]}}]}


def test_big_endian_words_are_little_endian_in_json() -> None:
    data = (
        struct.pack(">HH2sHI", 0x0028, 0x3006, b"OW", 0, 4)
        + b"\1\2\3\4"
        + struct.pack(">HH2sHH", 0x0028, 0x0010, b"US", 2, 512)
    )
    found = data_set_to_json(data, BIG, bulk_data_uri=None)
    assert base64.b64decode(found["00283006"]["InlineBinary"]) == b"\2\1\4\3"
    assert found["00280010"]["Value"] == [512]


def test_what_is_broken_in_a_sequence_of_defined_length_stays_there() -> None:
    good = write_element(0x00080060, "CS", b"CT")
    broken = write_element(SEQUENCE, "SQ", write_sequence(0, [good])[12:] + b"\xfe\xff\0\xe0\xff\0\0\0ab")
    found = data_set_to_json(broken + write_element(0x00100020, "LO", b"ID"), EXPLICIT, bulk_data_uri=None)
    assert found["00081140"]["Value"] == [{"00080060": {"vr": "CS", "Value": ["CT"]}}]
    assert found["00100020"]["Value"] == ["ID"]


def test_a_cut_value_is_an_error() -> None:
    with pytest.raises(TruncatedError, match="00100010 claims 8 bytes, 7 are left"):
        data_set_to_json(write_element(0x00100010, "PN", b"Doe^John")[:-1], EXPLICIT, bulk_data_uri=None)


def test_depth_is_bounded() -> None:
    opening = struct.pack("<HH2sHI", 8, 0x1140, b"SQ", 0, 0xFFFFFFFF) + b"\xfe\xff\0\xe0\xff\xff\xff\xff"
    with pytest.raises(InvalidObjectError, match=f"deeper than {MAX_DEPTH}"):
        data_set_to_json(opening * 2000, EXPLICIT, bulk_data_uri=None)


@given(st.binary(max_size=300), st.sampled_from([EXPLICIT, IMPLICIT, BIG]))
def test_any_bytes_become_json_or_invalid_object(data: bytes, syntax: Any) -> None:
    try:
        found = data_set_to_json(data, syntax, bulk_data_uri=uri)
    except InvalidObjectError:
        return
    json.dumps(found, allow_nan=False)


VRS = st.sampled_from(
    ["AE", "AT", "CS", "DA", "DS", "FD", "FL", "IS", "LO", "LT", "OB", "OW", "PN", "SQ", "UC", "UI", "UN", "US", "UT"]
)
ELEMENTS = st.lists(st.tuples(st.integers(0x00080001, 0x7FE00020), VRS, st.binary(max_size=40)), max_size=12)


@given(ELEMENTS)
def test_any_values_become_valid_json(elements: list[tuple[int, str, bytes]]) -> None:
    data = b"".join(write_element(*element) for element in sorted(elements))
    found = data_set_to_json(data, EXPLICIT, bulk_data_uri=uri)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert set(found) <= {f"{tag:08X}" for tag, _, _ in elements}
