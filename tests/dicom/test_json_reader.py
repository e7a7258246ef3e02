from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.dicom.json import data_set_to_json, json_to_data_set
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from isocenter.errors import UsageError

EXPLICIT = transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN)

WHOLE: dict[str, Any] = {
    "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
    "00080008": {"vr": "CS", "Value": ["ORIGINAL", None, "AXIAL"]},
    "00080018": {"vr": "UI", "Value": ["1.2.3"]},
    "00081140": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": ["1.2.4"]}}, {}]},
    "00090010": {"vr": "LO", "Value": ["MAKER"]},
    "00091010": {"vr": "OB", "InlineBinary": "AAEC/w=="},
    "00091011": {"vr": "AT", "Value": ["00100020"]},
    "00100010": {
        "vr": "PN",
        "Value": [{"Alphabetic": "Wang^XiaoDong", "Ideographic": "王^小東"}, None, {"Phonetic": "x"}],
    },
    "00100020": {"vr": "LO"},
    "00181020": {"vr": "DS", "Value": [1.5, -2, "abc", None]},
    "00189098": {"vr": "FD", "Value": [0.1, "NaN", "Infinity"]},
    "00200013": {"vr": "IS", "Value": [7]},
    "00280010": {"vr": "US", "Value": [512]},
    "00282000": {"vr": "SV", "Value": [-1]},
    "00420011": {"vr": "LT", "Value": ["a\\b"]},
}


def back(data: bytes) -> dict[str, Any]:
    return data_set_to_json(data, EXPLICIT, bulk_data_uri=None)


def test_there_and_back_is_the_same() -> None:
    assert back(json_to_data_set(WHOLE)) == WHOLE


def test_elements_are_in_the_order_of_tags() -> None:
    assert json_to_data_set(dict(reversed(WHOLE.items()))) == json_to_data_set(WHOLE)


def test_the_character_set_is_utf_8_only_where_text_is_not_ascii() -> None:
    latin = {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 100"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "A"}]},
    }
    assert back(json_to_data_set(latin)) == latin
    nested = {"00081140": {"vr": "SQ", "Value": [latin | {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "é"}]}}]}}
    found = back(json_to_data_set(nested))
    assert found["00080005"]["Value"] == ["ISO_IR 192"]
    assert found["00081140"]["Value"] == [{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "é"}]}}]


def test_decimal_strings_have_at_most_16_characters() -> None:
    data = json_to_data_set({"00181020": {"vr": "DS", "Value": [-0.012345678901234567, 1e300, 1.0]}})
    assert data[8:].decode().split("\\") == ["-0.0123456789012", "1e+300", "1 "]


def test_bulk_data_is_fetched() -> None:
    attributes = {"7FE00010": {"vr": "OW", "BulkDataURI": "there"}, "00081190": {"vr": "UR", "BulkDataURI": "there"}}
    data = json_to_data_set(attributes, {"there": b"abcd"}.__getitem__)
    assert data.endswith(b"OW\0\0\4\0\0\0abcd")
    with pytest.raises(UsageError, match="cannot be resolved"):
        json_to_data_set(attributes)


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ([], "an object of attributes is due"),
        ({"0010": {"vr": "LO"}}, "no tag"),
        ({"0010001G": {"vr": "LO"}}, "no tag"),
        ({"+0100010": {"vr": "LO"}}, "no tag"),
        ({"00100010": "x"}, "needs a vr"),
        ({"00100010": {}}, "needs a vr"),
        ({"00100010": {"vr": "PN", "Value": "Doe"}}, "must be an array"),
        ({"00100010": {"vr": "PN", "Value": [1]}}, "cannot hold"),
        ({"00100010": {"vr": "XX", "Value": ["a"]}}, "there is no such VR"),
        ({"00280010": {"vr": "US", "Value": [70000]}}, "cannot hold"),
        ({"00280010": {"vr": "US", "Value": ["x"]}}, "cannot hold"),
        ({"00080060": {"vr": "CS", "Value": [{}]}}, "cannot hold"),
        ({"00080060": {"vr": "CS", "Value": [True]}}, "cannot hold"),
        ({"00091010": {"vr": "OB", "InlineBinary": "a*"}}, "base64"),
        ({"00091010": {"vr": "OB", "InlineBinary": 5}}, "base64"),
        ({"00081140": {"vr": "SQ", "Value": ["x"]}}, "an object of attributes is due"),
    ],
)
def test_what_is_not_in_the_form_of_the_standard(attributes: Any, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        json_to_data_set(attributes)


def test_depth_is_bounded() -> None:
    attributes: dict[str, Any] = {}
    for _ in range(200):
        attributes = {"00081140": {"vr": "SQ", "Value": [attributes]}}
    with pytest.raises(UsageError, match="nested deeper"):
        json_to_data_set(attributes)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANY = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)
VRS = st.sampled_from(["PN", "US", "FL", "DS", "SQ", "OB", "AT", "LO", "SV", "??"])
ATTRIBUTE = st.fixed_dictionaries({"vr": VRS}, optional={"Value": ANY | st.lists(ANY, max_size=3), "InlineBinary": ANY})


@given(st.dictionaries(st.sampled_from(["00080060", "00100010", "7FE00010", "x"]), ATTRIBUTE | ANY, max_size=3))
def test_any_json_is_written_or_refused(attributes: dict[str, Any]) -> None:
    try:
        data = json_to_data_set(attributes)
    except UsageError:
        return
    back(data)
