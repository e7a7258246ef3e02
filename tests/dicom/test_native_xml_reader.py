"""Reading the Native DICOM Model: what is written comes back, and hostile documents are refused with a reason."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.dicom.native_xml import NAMESPACE, json_to_xml
from isocenter.dicom.native_xml_reader import xml_to_json
from isocenter.errors import UsageError

OBJECT: dict[str, Any] = {
    "00080020": {"vr": "DA", "Value": ["20240131"]},
    "00081030": {"vr": "LO", "Value": ["Knie & <Hand>", None, "links"]},
    "00081140": {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["T"]}}, {}]},
    "00090010": {"vr": "LO", "Value": ["ACME"]},
    "00091001": {"vr": "LO", "Value": ["private"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Yamada^Tarou^^Dr", "Ideographic": "山田^太郎"}]},
    "00100040": {"vr": "CS"},
    "00420011": {"vr": "OB", "BulkDataURI": "bulk/1"},
    "7FE00010": {"vr": "OW", "InlineBinary": "AAEC"},
}


def document(inner: str) -> bytes:
    return f'<NativeDicomModel xmlns="{NAMESPACE}">{inner}</NativeDicomModel>'.encode()


def test_what_was_written_comes_back() -> None:
    assert xml_to_json(json_to_xml(OBJECT)) == OBJECT


def test_a_private_block_is_reserved_where_the_document_does_not() -> None:
    inner = "".join(
        f'<DicomAttribute tag="00090001" vr="LO" privateCreator="{creator}"><Value number="1">{creator}</Value>'
        "</DicomAttribute>"
        for creator in ("ONE", "TWO")
    )
    found = xml_to_json(document(inner))
    assert {tag: found[tag]["Value"] for tag in found} == {
        "00090010": ["ONE"], "00090011": ["TWO"], "00091001": ["ONE"], "00091101": ["TWO"],
    }  # fmt: skip


def test_a_keyword_may_name_an_attribute_and_the_dictionary_its_vr() -> None:
    inner = '<DicomAttribute keyword="PatientID"><Value number="1">P</Value></DicomAttribute>'
    assert xml_to_json(document(inner)) == {"00100020": {"vr": "LO", "Value": ["P"]}}


ITEMS = '<DicomAttribute tag="00081140" vr="SQ"><Item number="1">' * 70 + "</Item></DicomAttribute>" * 70
ENTITY = b'<!DOCTYPE a [<!ENTITY b "c">]>' + document("")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "cannot be read"),
        (b"<a", "cannot be read"),
        (b"<a/>", "no NativeDicomModel"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "cannot be read"),
        (ENTITY, "document type"),
        (ENTITY.decode().encode("utf-16"), "document type"),
        (document("<Other/>"), "DicomAttribute"),
        (document('<DicomAttribute tag="xyz" vr="LO"/>'), "no tag"),
        (document('<DicomAttribute tag="00100020" vr="LO"><Value>P</Value></DicomAttribute>'), "count from 1"),
        (
            document('<DicomAttribute tag="00100020" vr="LO"><Value number="9999999">P</Value></DicomAttribute>'),
            "count",
        ),
        (document('<DicomAttribute tag="00100020" vr="LO"><Item number="1"/></DicomAttribute>'), "VR LO"),
        (document(ITEMS), "deeper"),
    ],
)
def test_what_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        xml_to_json(body)


@given(st.binary(max_size=200))
def test_nothing_but_a_usage_error(noise: bytes) -> None:
    for body in (noise, document("").replace(b"><", b">" + noise + b"<")):
        with contextlib.suppress(UsageError):
            assert isinstance(xml_to_json(body), dict)
