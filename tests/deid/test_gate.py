"""What the gate catches, and that nothing it catches is written unless somebody decides so."""

from collections.abc import Callable
from types import ModuleType

import pytest

from isocenter.deid import Project, Status, anonymize, policy
from isocenter.dicom.encoded_writer import write_element
from isocenter.dicom.encoding import EXPLICIT_LITTLE

CT, MR, SC, US = (f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("2", "4", "7", "6.1"))
PDF, RAW, SLIDE = (f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("104.1", "66", "77.1.6"))
SIZE = [(0x00280010, "US", b"\x08\0"), (0x00280011, "US", b"\x08\0")]
RGB = [(0x00280002, "US", b"\x03\0"), (0x00280004, "CS", b"RGB")]
Rows = list[tuple[int, str, bytes]]

CAUGHT: list[tuple[str, str, Rows]] = [
    ("secondary capture", SC, []),
    ("multi-frame secondary capture", "1.2.840.10008.5.1.4.1.1.7.4", []),
    ("ultrasound", US, []),
    ("ultrasound multi-frame", "1.2.840.10008.5.1.4.1.1.3.1", []),
    ("photograph", "1.2.840.10008.5.1.4.1.1.77.1.4", []),
    ("screen save", CT, [(0x00080008, "CS", b"DERIVED\\SECONDARY\\SCREEN SAVE")]),
    ("dose screen", CT, [(0x00080008, "CS", b"DERIVED\\SECONDARY\\DOSE_INFO")]),
    ("CSA report", MR, [(0x00080008, "CS", b"DERIVED\\SECONDARY\\CSA REPORT")]),
    ("marked", CT, [(0x00280301, "CS", b"YES")]),
    ("dose report", CT, [(0x0008103E, "LO", b"Dose Report")]),
    ("patient protocol", CT, [(0x0008103E, "LO", b"Patient Protocol")]),
    ("film", "1.2.840.10008.5.1.4.1.1.1", [(0x00080064, "CS", b"DF")]),
    ("colour CT", CT, [(0x00080060, "CS", b"CT"), *RGB]),
    ("slide label", SLIDE, [(0x00080008, "CS", b"ORIGINAL\\PRIMARY\\LABEL\\NONE")]),
    ("slide overview", SLIDE, [(0x00080008, "CS", b"ORIGINAL\\PRIMARY\\OVERVIEW\\NONE")]),
    ("dose information", CT, [(0x00080008, "CS", b"DERIVED\\SECONDARY\\DOSEINFO")]),
    ("vendor's screen", CT, [(0x00080008, "CS", b"DERIVED\\SECONDARY\\GSI SCREEN")]),
    ("protocol page", CT, [(0x00080008, "CS", b"DERIVED\\SECONDARY\\EXAM PROTOCOL")]),
    ("palette CT", CT, [(0x00080060, "CS", b"CT"), (0x00280004, "CS", b"PALETTE COLOR")]),
    ("hard copy", MR, [(0x00080060, "CS", b"HC")]),
    ("modality OT", MR, [(0x00080060, "CS", b"OT")]),
    ("modality US", MR, [(0x00080060, "CS", b"US")]),
]


@pytest.mark.parametrize(("name", "sop_class", "rows"), CAUGHT, ids=[row[0] for row in CAUGHT])
def test_images_that_may_show_text_are_set_aside(
    make: Callable[..., bytes], project: Project, name: str, sop_class: str, rows: Rows
) -> None:
    file = make([*SIZE, *rows, (0x7FE00010, "OB", bytes(192))], sop_class)
    result = anonymize(file, project)
    assert result.status is Status.SEQUESTERED
    assert "may show text" in result.reason
    assert not result.pieces
    kept = anonymize(file, project, policy(burned_in="keep"))
    assert kept.status is Status.OUTPUT
    assert kept.dataset().BurnedInAnnotation == "YES"


def test_a_received_no_is_not_believed(make: Callable[..., bytes], project: Project) -> None:
    file = make([*SIZE, (0x00280301, "CS", b"NO"), (0x7FE00010, "OB", bytes(64))], SC)
    assert anonymize(file, project).status is Status.SEQUESTERED
    assert anonymize(file, project, policy(burned_in="keep")).dataset().BurnedInAnnotation == "YES"


def test_pixels_without_a_size_are_pixels(make: Callable[..., bytes], project: Project) -> None:
    for size in ([], [(0x00280010, "US", b"\0\0"), (0x00280011, "US", b"\0\0")]):
        assert anonymize(make([*size, (0x7FE00010, "OB", bytes(64))], SC), project).status is Status.SEQUESTERED


@pytest.mark.parametrize("sop_class", [PDF, RAW, "1.2.3.4.5"])
def test_what_cannot_be_cleaned_stays_set_aside_whatever_is_chosen(
    make: Callable[..., bytes], project: Project, sop_class: str
) -> None:
    file = make([(0x00420011, "OB", b"%PDF Zq1Xk ")], sop_class)
    for choice in ("sequester", "blank", "keep"):
        result = anonymize(file, project, policy("tcia", ["device"], choice))
        assert result.status is Status.SEQUESTERED
        assert "Zq1Xk" not in result.reason


def test_a_document_inside_another_object_is_found(make: Callable[..., bytes], project: Project) -> None:
    assert anonymize(make([(0x00420011, "OB", b"%PDF")]), project).status is Status.SEQUESTERED


MAP, NEWER = "1.2.840.10008.5.1.4.1.1.30", "1.2.840.10008.5.1.4.1.1.66.77"
PASSED: list[tuple[str, str, Rows]] = [
    ("CT", CT, [(0x00080008, "CS", b"DERIVED\\PRIMARY\\AXIAL")]),
    ("map", MAP, [(0x00080060, "CS", b"OT")]),
    ("class of a later edition", NEWER, []),
    ("slide", SLIDE, RGB),
    ("no image", SC, []),
]


@pytest.mark.parametrize(("name", "sop_class", "rows"), PASSED, ids=[row[0] for row in PASSED])
def test_the_others_pass(make: Callable[..., bytes], project: Project, name: str, sop_class: str, rows: Rows) -> None:
    size = [] if name == "no image" else SIZE
    assert anonymize(make([*size, *rows], sop_class), project).status is Status.OUTPUT


@pytest.mark.parametrize("modality", [b"ECG", b"HD", b"US", b"OT"])
def test_padding_behind_the_place_of_pixels_is_none(
    make: Callable[..., bytes], project: Project, modality: bytes
) -> None:
    rows = [(0x00080060, "CS", modality), (0xFFFCFFFC, "OB", b"x")]
    assert anonymize(make(rows, "1.2.840.10008.5.1.4.1.1.9.1.1"), project).status is Status.OUTPUT
    pixels = [(0x00080060, "CS", modality), (0x7FE00010, "OB", b"x"), (0xFFFCFFFC, "OB", b"x")]
    assert anonymize(make(pixels, "1.2.840.10008.5.1.4.1.1.9.1.1"), project).status is Status.SEQUESTERED


def test_pixels_out_of_order_behind_padding_are_found(kit: ModuleType, project: Project) -> None:
    rows = ((0x00080060, "CS", b"US"), (0xFFFCFFFC, "OB", b"xx"), (0x7FE00010, "OB", b"xx"))
    body = b"".join(write_element(*row, EXPLICIT_LITTLE) for row in rows)
    assert anonymize(kit.wrap(kit.build(body)), project).status is Status.SEQUESTERED
