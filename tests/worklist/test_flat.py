"""Data sets as people write them."""

from typing import Any

import pytest

from isocenter.errors import UsageError
from isocenter.worklist.flat import flattened, read_attributes, read_pairs

FLAT = {
    "PatientName": "Müller^Jörg=山田^太郎",
    "PatientWeight": 81.5,
    "PatientSex": None,
    "OtherPatientIDs": "A\\B",
    "Rows": "512",
    "RequestedProcedureCodeSequence": [{"CodeValue": "C1", "CodingSchemeDesignator": "99X"}],
}
JSON = {
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Müller^Jörg", "Ideographic": "山田^太郎"}]},
    "00101030": {"vr": "DS", "Value": [81.5]},
    "00100040": {"vr": "CS"},
    "00101000": {"vr": "LO", "Value": ["A", "B"]},
    "00280010": {"vr": "US", "Value": [512]},
    "00321064": {
        "vr": "SQ",
        "Value": [{"00080100": {"vr": "SH", "Value": ["C1"]}, "00080102": {"vr": "SH", "Value": ["99X"]}}],
    },
}


def test_both_forms_are_the_same() -> None:
    assert read_attributes(FLAT) == JSON
    assert read_attributes(JSON) == JSON
    assert read_attributes(JSON | {"00080005": {"vr": "CS", "Value": ["ISO_IR 100"]}}) == JSON


def test_flattened_is_the_way_back() -> None:
    shown = flattened(JSON)
    assert shown["PatientName"] == "Müller^Jörg=山田^太郎"
    assert shown["OtherPatientIDs"] == ["A", "B"]
    assert shown["RequestedProcedureCodeSequence"] == [{"CodeValue": "C1", "CodingSchemeDesignator": "99X"}]
    assert read_attributes(shown) == JSON


def test_pairs_of_a_command_line() -> None:
    assert read_pairs({0x00100020: "1\\2", 0x00400100: "x", 0x00080060: ""}) == {
        "00100020": {"vr": "LO", "Value": ["1", "2"]},
        "00400100": {"vr": "SQ"},
        "00080060": {"vr": "CS"},
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Nonsense": "x"}, "Nonsense"),
        ({"PatientBirthDate": "31.1.2024"}, "PatientBirthDate: use a date like"),
        ({"PatientBirthDate": "20240230"}, "PatientBirthDate"),
        ({"StudyTime": "2500"}, "StudyTime: use a time"),
        ({"StudyInstanceUID": "1.2.x"}, "StudyInstanceUID: use a UID"),
        ({"PatientSex": "male"}, "PatientSex: use 1 to 16 capital"),
        ({"AccessionNumber": "x" * 17}, "AccessionNumber: use at most 16"),
        ({"PatientID": "a\nb"}, "PatientID"),
        ({"PatientName": "a" * 65}, "PatientName"),
        ({"PatientName": {"Alphabetic": "A", "Ideographic": "x" * 65}}, "PatientName"),
        ({"ScheduledStationAETitle": "über"}, "ScheduledStationAETitle: use an AE"),
        ({"Rows": "many"}, "Rows: a number is due"),
        ({"PatientID": {"vr": "LO"}}, "PatientID: a value is due"),
        ({"PatientID": ["x", [1]]}, "00100020"),
        ({"RequestedProcedureCodeSequence": "x"}, "an object of attributes is due, not str"),
        ({"RequestedProcedureCodeSequence": [{"CodeValue": "x" * 17}]}, "CodeValue"),
        ({"00100020": {"vr": "LO", "Value": "x"}}, "Value must be an array"),
        ({"00100020": {"Value": ["x"]}}, "needs a vr"),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_attributes(given)


def test_nesting_has_an_end() -> None:
    given: dict[str, Any] = {}
    for _ in range(100):
        given = {"RequestedProcedureCodeSequence": [given]}
    with pytest.raises(UsageError, match="nested"):
        read_attributes(given)
