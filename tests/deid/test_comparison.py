"""What people are shown before they decide: headers side by side, and where text may be."""

import pytest

from isocenter.deid import Box, DeviceRule, Project, Status, anonymize, policy
from isocenter.deid.comparison import Row, compare
from isocenter.deid.proposal import propose
from isocenter.dicom import dictionary
from isocenter.dicom.part10 import write_file_meta
from isocenter.dicom.writer import write_element
from isocenter.errors import InvalidObjectError

CT, SC, PDF = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.104.1"
EXPLICIT = "1.2.840.10008.1.2.1"
PROJECT = Project(bytes(32))


def build(sop_class: str = CT, **more: str) -> bytes:
    values = {
        "SOPClassUID": sop_class, "SOPInstanceUID": "1.2.826.77.1", "StudyDate": "20240131", "Modality": "CT",
        "PatientName": "Doe^Jane", "PatientID": "MRN1", "StudyInstanceUID": "1.2.826.76",
        "SeriesInstanceUID": "1.2.826.75", "KVP": "120", "OperatorsName": "Roe^Rick", **more,
    }  # fmt: skip
    rows = sorted((dictionary.tag(keyword), value) for keyword, value in values.items())
    body = b"".join(write_element(tag, dictionary.vr(tag), value.encode()) for tag, value in rows)
    image = [("Rows", "US", b"\4\0"), ("Columns", "US", b"\4\0"), ("BitsAllocated", "US", b"\x08\0"),
             ("PixelData", "OB", bytes(range(1, 17)))]  # fmt: skip
    return (
        write_file_meta(sop_class, "1.2.826.77.1", EXPLICIT)
        + body
        + b"".join(write_element(dictionary.tag(keyword), vr, value) for keyword, vr, value in image)
    )


def rows_of(data: bytes, profile: str) -> dict[str, Row]:
    chosen = policy(profile)
    return {row.name: row for row in compare(data, anonymize(data, PROJECT, chosen), chosen)}


def test_headers_side_by_side_say_why() -> None:
    rows = rows_of(build(), "basic")
    name = rows["Patient's Name"]
    assert (name.before, name.change, name.tag) == ("Doe^Jane", "changed", "(0010,0010)")
    assert name.after != "Doe^Jane"
    assert "Table E.1-1: Z" in name.why
    assert (rows["Operators' Name"].change, rows["Operators' Name"].after) == ("removed", "")
    assert (rows["KVP"].before, rows["KVP"].after, rows["KVP"].change) == ("120", "120", "kept")
    assert (rows["Patient Identity Removed"].change, rows["Patient Identity Removed"].after) == ("added", "YES")
    assert rows["Code Meaning"].depth == 1


def test_what_cannot_be_shown_is_an_error_of_ours() -> None:
    data = (
        build()
        .replace(b"US\2\0\4\0", b"US\4\0\4\0\0\0", 1)[:-2]
        .replace(b"\x28\0\0\1US\2\0\x08\0", b"\x28\0\0\1US\3\0abc")
    )
    result = anonymize(build(), PROJECT, policy("basic"))
    with pytest.raises(InvalidObjectError, match="cannot be shown"):
        compare(data, result, policy("basic"))


def test_the_reason_follows_the_options() -> None:
    assert rows_of(build(), "basic")["Study Date"].after == ""
    moved = rows_of(build(), "research")["Study Date"]
    assert moved.after not in {"", "20240131"}
    assert "moved back in time" in moved.why
    assert "retain longitudinal modified dates C" in moved.why


def test_what_the_gate_and_the_rules_say_of_a_picture() -> None:
    rule = DeviceRule("Maker", "M", 4, 4, (Box(0, 0, 4, 1),))
    chosen = policy("basic", burned_in="blank", device_rules=(rule,))
    clean, caught = propose(build(), chosen), propose(build(SC), chosen)
    known = propose(build(SC, Manufacturer="Maker", ManufacturerModelName="M1"), chosen)
    assert (clean.reason, clean.boxes, clean.rows, clean.columns, clean.frames) == ("", None, 4, 4, 1)
    assert caught.burned_in
    assert "secondary capture" in caught.reason
    assert caught.boxes is None
    assert known.boxes == (Box(0, 0, 4, 1),)
    document = propose(build(PDF), chosen)
    assert not document.burned_in
    assert "document" in document.reason


@pytest.mark.parametrize("sop_class", [CT, SC])
def test_what_a_person_said_counts_whatever_the_gate_says(sop_class: str) -> None:
    result = anonymize(build(sop_class), PROJECT, policy("basic"), areas=[Box(0, 0, 4, 1), Box(3, 3, 4, 4)])
    written = result.dataset()
    assert (written.BurnedInAnnotation, written.PixelData) == ("NO", bytes(4) + bytes(range(5, 16)) + bytes(1))
    assert "113101" in [item.CodeValue for item in written.DeidentificationMethodCodeSequence]
    seen_clean = anonymize(build(sop_class), PROJECT, policy("basic"), areas=[]).dataset()
    assert (seen_clean.BurnedInAnnotation, seen_clean.PixelData) == ("NO", bytes(range(1, 17)))


def test_a_person_cannot_pass_what_is_no_picture() -> None:
    assert anonymize(build(PDF), PROJECT, policy("basic"), areas=[]).status is Status.SEQUESTERED
