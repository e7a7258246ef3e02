"""The Native DICOM Model: every kind of value, read back by an XML parser."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from isocenter.dicom.native_xml import NAMESPACE, json_to_xml

N = f"{{{NAMESPACE}}}"


def attribute(tag: str, **content: Any) -> ET.Element:
    """Return the element of one attribute, by way of the document's bytes."""
    root = ET.fromstring(json_to_xml({tag: content}))
    assert root.tag == f"{N}NativeDicomModel"
    (only,) = root
    assert only.tag == f"{N}DicomAttribute"
    return only


def test_a_value_and_how_it_is_named() -> None:
    element = attribute("00080020", vr="DA", Value=["20240131"])
    assert element.attrib == {"tag": "00080020", "vr": "DA", "keyword": "StudyDate"}
    assert [(v.get("number"), v.text) for v in element.iter(f"{N}Value")] == [("1", "20240131")]


@pytest.mark.parametrize(
    ("vr", "values", "texts"),
    [
        ("DS", [1, 2.5, "1e400"], {"1": "1", "2": "2.5", "3": "1e400"}),
        ("CS", ["A", None, "B"], {"1": "A", "3": "B"}),
        ("LO", ['a<b>&"c"]]>'], {"1": 'a<b>&"c"]]>'}),
        ("FD", ["NaN"], {"1": "NaN"}),
        ("LT", ["bell\x07 \ufffe high \U0001f600"], {"1": "bell\ufffd \ufffd high \U0001f600"}),
    ],
)
def test_values(vr: str, values: list[Any], texts: dict[str, str]) -> None:
    element = attribute("00081030", vr=vr, Value=values)
    assert {v.get("number"): v.text for v in element.iter(f"{N}Value")} == texts


def test_names() -> None:
    name = {"Alphabetic": "Yamada^Tarou^^Dr", "Ideographic": "山田^太郎"}
    element = attribute("00100010", vr="PN", Value=[name, None, {"Phonetic": "x"}])
    numbers = [each.get("number") for each in element.iter(f"{N}PersonName")]
    assert numbers == ["1", "3"]
    assert element.findtext(f"{N}PersonName/{N}Alphabetic/{N}FamilyName") == "Yamada"
    assert element.findtext(f"{N}PersonName/{N}Alphabetic/{N}NamePrefix") == "Dr"
    assert element.find(f"{N}PersonName/{N}Alphabetic/{N}MiddleName") is None
    assert element.findtext(f"{N}PersonName/{N}Ideographic/{N}GivenName") == "太郎"


def test_sequences_and_empty_values() -> None:
    items = [{"00080100": {"vr": "SH", "Value": ["T"]}}, {}]
    element = attribute("00081140", vr="SQ", Value=items)
    first, second = element.findall(f"{N}Item")
    assert first.findtext(f"{N}DicomAttribute/{N}Value") == "T"
    assert (second.get("number"), len(second)) == ("2", 0)
    assert len(attribute("00081140", vr="SQ")) == 0


def test_binary_values() -> None:
    assert attribute("00420011", vr="OB", InlineBinary="AAE=").findtext(f"{N}InlineBinary") == "AAE="
    (bulk,) = attribute("7FE00010", vr="OW", BulkDataURI='/a?b="1"&c=2')
    assert (bulk.tag, bulk.get("uri")) == (f"{N}BulkData", '/a?b="1"&c=2')


def test_private_attributes_name_their_creator() -> None:
    model = {
        "00090010": {"vr": "LO", "Value": ["ACME <1>"]},
        "00091001": {"vr": "LO", "Value": ["x"]},
        "00091101": {"vr": "LO", "Value": ["of nobody"]},
    }
    found = [(each.get("tag"), each.get("privateCreator")) for each in ET.fromstring(json_to_xml(model))]
    assert found == [("00090010", None), ("00090001", "ACME <1>"), ("00091101", None)]
