"""Text dumps of data sets."""

import pytest

from isocenter.dicom.dump_reader import read_dump
from isocenter.errors import InvalidObjectError

DUMP = r"""
# a comment, and the head of a file, which is passed over
(0002,0010) UI =LittleEndianExplicit
(0008,0005) CS [ISO_IR 100]
(0010,0010) PN [DOE^JANE [#2]]        #  12, 1 PatientName
(0010,0020) LO  4711   # PatientID
(0010,0030) DA (no value available)
(0010,4000) LT [one\two]
(0028,0010) US 512\256
(0018,9087) FD 1.5
(0040,0100) SQ (Sequence with undefined length)
  (fffe,e000) na
    (0008,0060) CS MR
    (0040,0008) SQ
      (fffe,e000) na
        (0008,0100) SH [C1]
      (fffe,e00d)
      (fffe,e000) na
        (0008,0100) SH [C2]
      (fffe,e00d)
    (fffe,e0dd)
    (0040,0001) AE AA32\AA33
  (fffe,e00d) na
(fffe,e0dd) na
(0040,1001) SH []
(0010,0020) LO [another]
"""


def test_a_dump_is_read() -> None:
    assert read_dump(DUMP) == {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 100"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "DOE^JANE [#2]"}]},
        "00100020": {"vr": "LO", "Value": ["4711"]},
        "00100030": {"vr": "DA"},
        "00104000": {"vr": "LT", "Value": ["one\\two"]},
        "00280010": {"vr": "US", "Value": [512, 256]},
        "00189087": {"vr": "FD", "Value": [1.5]},
        "00400100": {
            "vr": "SQ",
            "Value": [
                {
                    "00080060": {"vr": "CS", "Value": ["MR"]},
                    "00400008": {
                        "vr": "SQ",
                        "Value": [
                            {"00080100": {"vr": "SH", "Value": ["C1"]}},
                            {"00080100": {"vr": "SH", "Value": ["C2"]}},
                        ],
                    },
                    "00400001": {"vr": "AE", "Value": ["AA32", "AA33"]},
                }
            ],
        },
        "00401001": {"vr": "SH"},
    }


def test_items_may_go_without_their_ends() -> None:
    text = (
        "(0040,0100) SQ\n(fffe,e000)\n(0008,0060) CS CT\n(fffe,e000)\n(0008,0060) CS MR\n(fffe,e0dd)\n(0040,1001) SH 1"
    )
    found = read_dump(text)
    assert [item["00080060"]["Value"] for item in found["00400100"]["Value"]] == [["CT"], ["MR"]]
    assert found["00401001"] == {"vr": "SH", "Value": ["1"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "line 1 is no element"),
        ("(0010,0010) PN A\n(0010,0020) XX B", "line 2: there is no VR 'XX'"),
        ("(0010,0010)", "no VR ''"),
        ("(fffe,e000) na", "line 1: an item outside"),
        ("(fffe,e00d) na", "end of an item outside"),
        ("(fffe,e0dd) na", "that never began"),
        ("(0028,0010) US many", "line 1"),
    ],
)
def test_what_is_no_dump_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidObjectError, match=message):
        read_dump(text)
