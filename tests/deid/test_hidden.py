"""Text that somebody hid where values of another form are due, and own identifiers however they are spelt."""

import struct
from collections.abc import Callable

import pytest

from isocenter.deid import Project, Status, anonymize, policy
from isocenter.deid._tables.safe_private import SAFE_PRIVATE
from isocenter.deid.options import Policy
from isocenter.deid.runs import unneeded
from isocenter.dicom.encoded_writer import write_element, write_items
from isocenter.dicom.encoding import EXPLICIT_LITTLE

TOKEN = b"ZqSecretXk"
KERNEL, CODE_MEANING, PATIENT_NAME, PATIENT_ID = 0x00181210, 0x00080104, 0x00100010, 0x00100020
PROFILES = [policy("basic"), policy("tcia"), policy("tcia", ["device", "institution"])]
SIEMENS = (0x00190010, "LO", b"SIEMENS MR HEADER")
SIDES = [(tag, "US", struct.pack("<H", 16)) for tag in (0x00280010, 0x00280011, 0x00280100)]
PICTURE = [*SIDES, (0x7FE00010, "OW", bytes(512))]
Rows = list[tuple[int, str, bytes]]
Make = Callable[..., bytes]


def output(file: bytes, project: Project, chosen: Policy = PROFILES[1]) -> bytes:
    result = anonymize(file, project, chosen)
    assert result.status is Status.OUTPUT, result.reason
    return result.data


@pytest.mark.parametrize("chosen", PROFILES, ids=lambda each: each.name)
@pytest.mark.parametrize("tag", [CODE_MEANING, 0x00080060, 0x00283006, 0x00189073, 0x00189089, 0x7FE00010, 0x00191027])
def test_a_sequence_where_none_is_due_goes_with_its_items(
    make: Make, project: Project, tag: int, chosen: Policy
) -> None:
    item = write_items(tag, [write_element(PATIENT_NAME, "PN", TOKEN, EXPLICIT_LITTLE)], EXPLICIT_LITTLE)
    length = len(write_element(tag, "SQ", b"", EXPLICIT_LITTLE))
    rows = [(tag, "SQ", item[length:])] + [SIEMENS] * (tag == 0x00191027)
    file = make(rows)
    assert TOKEN in file
    assert TOKEN not in anonymize(file, project, chosen).data


@pytest.mark.parametrize("chosen", PROFILES, ids=lambda each: each.name)
@pytest.mark.parametrize(
    "row",
    [
        (0x00080005, "CS", b"ISO_IR 100\\" + TOKEN),
        (0x00080008, "CS", b"ORIGINAL\\PRIMARY\\" + TOKEN),
        (0x00180015, "CS", TOKEN),
        (0x7FE00001, "OV", TOKEN.ljust(16)),
        (0x7FE00002, "OV", TOKEN.ljust(16)),
        (0x00189089, "UN", TOKEN.ljust(24)),
        (0x00191027, "UN", TOKEN.ljust(48)),
        (0x00191027, "FD", TOKEN.ljust(48)),
        (0x00280009, "AT", TOKEN.ljust(16)),
    ],
    ids=lambda row: f"{row[0]:08X} {row[1]}",
)
def test_text_that_cannot_be_such_a_value_goes(make: Make, project: Project, row: Rows, chosen: Policy) -> None:
    assert TOKEN not in output(make([row, SIEMENS, *PICTURE]), project, chosen)


def test_a_picture_in_an_item_goes(make: Make, project: Project) -> None:
    item = write_items(0x00089215, [write_element(0x7FE00010, "OB", TOKEN, EXPLICIT_LITTLE)], EXPLICIT_LITTLE)
    head = len(write_element(0x00089215, "SQ", b"", EXPLICIT_LITTLE))
    assert TOKEN not in output(make([(0x00089215, "SQ", item[head:])]), project)


def test_values_that_are_what_they_shall_be_stay(make: Make, project: Project) -> None:
    rows = [
        (0x00080005, "CS", b"\\ISO 2022 IR 87"), (0x00080008, "CS", b"ORIGINAL\\PRIMARY\\M_FFE\\M\\FFE"),
        (0x00181210, "SH", b"B30f"), (0x00189089, "FD", struct.pack("<3d", 0.5, -0.5, 1)),
        (0x00189073, "FD", b"gfff:;y?"),
        (0x7FE00001, "OV", struct.pack("<2Q", 0, 16)), SIEMENS, (0x00191027, "FD", struct.pack("<6d", *range(6))),
        *PICTURE,
    ]  # fmt: skip
    data = output(make(rows), project)
    missing = [f"{tag:08X}" for tag, _, raw in rows if raw.strip(b" \0") not in data]
    assert missing == []


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"])
@pytest.mark.parametrize("extra", [TOKEN, TOKEN.ljust(600)])
def test_what_is_behind_the_pixels_of_any_picture_is_not_let_through(
    make: Make, project: Project, extra: bytes, syntax: str
) -> None:
    def status(pixels: bytes, rows: Rows = SIDES) -> Status:
        return anonymize(make([*rows, (0x7FE00010, "OW", pixels)], syntax=syntax), project).status

    assert status(bytes(512)) is status(bytes(600)) is Status.OUTPUT
    assert status(bytes(512) + extra) is status(extra, []) is Status.SEQUESTERED


OWN: Rows = [
    (0x00080005, "CS", b"ISO_IR 100"), (0x00080020, "DA", b"20230402"),
    (PATIENT_NAME, "PN", "Öztürk^Niña".encode("latin_1")),
    (PATIENT_ID, "LO", b"4711081"), (0x00100030, "DA", b"19561224"), (0x00080090, "PN", b"Kowalski^Jan"),
    (0x00101002, "SQ", b"\xfe\xff\x00\xe0\x12\0\0\0" + write_element(PATIENT_ID, "LO", b"OTHER-0815", EXPLICIT_LITTLE)),
]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "PID4711081", "4711081x", "KowalskiJan", "janKOWALSKI", "ÖZTÜRK", "öztürk", "Ozturk", "Oeztuerk", "Niña",
        "B30 20230402", "2.4.2023", "02-04-2023", "04/02/2023", "230402", "2-Apr-2023", "April 2, 2023", "2023_04_02",
        "OTHER-0815", "24.12.1956", "Dec 24 1956",
    ],
)  # fmt: skip
@pytest.mark.parametrize("codec", ["latin_1", "utf_16_le"])
def test_own_identifiers_in_technical_text(make: Make, project: Project, text: str, codec: str) -> None:
    raw = text.encode(codec)
    for tag in (KERNEL, 0x00080104):
        assert raw not in output(make([*OWN, (tag, "LO", raw)]), project)


@pytest.mark.parametrize("text", ["B30 2023", "v4.2", "47110811", "Janus", "20230403", "1.2.23", "SIEMENS"])
def test_other_technical_text_stays(make: Make, project: Project, text: str) -> None:
    assert text.encode() in output(make([*OWN, (KERNEL, "SH", text.encode())]), project)


def test_a_number_that_identifies_goes_from_numbers(make: Make, project: Project) -> None:
    rows = [*OWN, (0x00180050, "DS", b"4711081"), (0x00180088, "DS", b"1.4711081"), (0x00180060, "DS", b"120")]
    data = output(make(rows), project)
    assert b"DS\x08\x004711081" not in data
    assert b"1.4711081" in data
    assert b"120" in data


def test_days_stay_in_technical_text_with_full_dates(make: Make, project: Project) -> None:
    chosen = policy("research", ["dates"])
    assert b"B30 20230402" in output(make([*OWN, (KERNEL, "SH", b"B30 20230402")]), project, chosen)


def test_letters_one_by_one_are_no_codes(make: Make, project: Project) -> None:
    data = output(
        make([*OWN, (0x0008103E, "LO", b"axial S M I T H T 1"), (0x00181030, "LO", b"k.n.o.x lung")]), project
    )
    assert b"axial" in data
    assert b"lung" in data
    assert not any(part in data for part in (b"S M", b"M T", b"k o", b"k.o", b"o.x"))


def test_what_an_rle_frame_does_not_need() -> None:
    runs = bytes([255, 7, 1, 8, 9, 128, 253, 0])  # 2 + 2 + nothing + 4 bytes
    head = struct.pack("<16L", 2, 68, 76, *([0] * 13)) + b"gap!"
    frame = head + runs + runs + b"text"
    found = {frame[low:high] for low, high in unneeded(frame, 8)}
    assert found == {head[12:], b"", b"text"}
    assert unneeded(frame[:63], 8) == unneeded(struct.pack("<16L", 2, 68, 4, *([0] * 13)), 8) == []


def test_uids_in_safe_private_attributes_are_those_of_the_output(make: Make, project: Project) -> None:
    found = [key for key, vr in SAFE_PRIVATE.items() if vr == "UI"]
    assert len(found) > 5
    for group, element, creator in found:
        rows = [(0x0020000D, "UI", b"1.2.826.4711"), (group << 16 | 0x10, "LO", creator.encode())]
        tag = group << 16 | 0x1000 | element
        result = anonymize(make([*rows, (tag, "UI", b"1.2.826.4711")]), project, PROFILES[1])
        ds = result.dataset()
        assert ds[tag].value == ds.StudyInstanceUID == result.study
        assert b"4711" not in result.data


def test_offsets_are_judged_by_the_object_that_they_are_in(make: Callable[..., bytes], project: Project) -> None:
    """What can be a place in one object may be text in a smaller one."""
    table = (0x7FE00001, "OV", (900).to_bytes(8, "little"))
    numbers = ((0x00280002, 1), (0x00280010, 1), (0x00280011, 1), (0x00280100, 16), (0x00280101, 16), (0x00280102, 15))
    pixel = [*((tag, "US", value.to_bytes(2, "little")) for tag, value in numbers), (0x7FE00010, "OW", b"\1\2")]
    large, small = (
        [table, (0x00080060, "CS", b"CT"), *pixel, *more] for more in ([(0x00204000, "LT", b"x" * 2000)], [])
    )
    found = [anonymize(make(rows, syntax="1.2.840.10008.1.2"), project).data for rows in (large, small)]
    assert [b"\xe0\x7f\x01\0" in data for data in found] == [True, False]
