"""The scanner on bytes built here; ``test_real_data`` compares it with pydicom on real files."""

import mmap
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.dicom.encoding import EXPLICIT_LITTLE, UNDEFINED, Element
from isocenter.dicom.scanner import (
    MAX_DEPTH,
    BrokenDataSetError,
    TruncatedError,
    inflate,
    iter_elements,
    iter_items,
    only_padding,
    scan,
)
from isocenter.dicom.uids import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    TransferSyntax,
    transfer_syntax,
)
from isocenter.dicom.writer import write_element, write_sequence
from isocenter.errors import InvalidObjectError

EXPLICIT = transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN)
IMPLICIT = transfer_syntax(IMPLICIT_VR_LITTLE_ENDIAN)
BIG = transfer_syntax(EXPLICIT_VR_BIG_ENDIAN)

MODALITY, PATIENT_NAME, ROWS, PIXELS = 0x00080060, 0x00100010, 0x00280010, 0x7FE00010
SEQUENCE = 0x00081140
WANTED = frozenset({MODALITY, PATIENT_NAME, ROWS})

ITEM = b"\xfe\xff\x00\xe0"
OPEN_ITEM = ITEM + b"\xff\xff\xff\xff"
END_ITEM = b"\xfe\xff\x0d\xe0\0\0\0\0"
END_SEQUENCE = b"\xfe\xff\xdd\xe0\0\0\0\0"


def explicit(*elements: tuple[int, str, bytes]) -> bytes:
    return b"".join(write_element(*element) for element in elements)


def implicit(*elements: tuple[int, str, bytes]) -> bytes:
    return b"".join(write_element(*element, implicit=True) for element in elements)


def big(tag: int, vr: str, value: bytes) -> bytes:
    return struct.pack(">HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), len(value)) + value


def open_sequence(tag: int, *items: bytes, vr: bytes = b"SQ") -> bytes:
    head = struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr, 0, UNDEFINED)
    return head + b"".join(OPEN_ITEM + item + END_ITEM for item in items) + END_SEQUENCE


HEAD = ((MODALITY, "CS", b"CT"), (PATIENT_NAME, "PN", b"Doe^John"), (ROWS, "US", b"\x00\x02"))
EXPECTED = {MODALITY: b"CT", PATIENT_NAME: b"Doe^John", ROWS: b"\x00\x02"}
PIXEL_ELEMENT = (PIXELS, "OW", b"\1\2\3\4")


def test_a_mapped_file_can_be_closed_after_an_error(tmp_path: Path) -> None:
    file = tmp_path / "broken"
    for encoded, syntax in ((explicit(*HEAD), EXPLICIT), (implicit(*HEAD), IMPLICIT)):
        file.write_bytes(encoded + END_ITEM[:4] + b"\4\0\0\0text")
        with (
            pytest.raises(BrokenDataSetError) as caught,
            file.open("rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
            memoryview(mapped) as data,
        ):
            scan(data, syntax, WANTED)
        assert caught.value.offset == len(encoded)


@pytest.mark.parametrize(
    ("data", "syntax"),
    [
        pytest.param(explicit(*HEAD, PIXEL_ELEMENT), EXPLICIT, id="explicit"),
        pytest.param(implicit(*HEAD, PIXEL_ELEMENT), IMPLICIT, id="implicit"),
        pytest.param(b"".join(big(*e) for e in HEAD) + big(PIXELS, "OW", b"\0\0\0\0"), BIG, id="big endian"),
        pytest.param(explicit(*HEAD, PIXEL_ELEMENT), IMPLICIT, id="explicit that says implicit"),
        pytest.param(implicit(*HEAD, PIXEL_ELEMENT), EXPLICIT, id="implicit that says explicit"),
        pytest.param(
            write_element(0x00020010, "UI", b"1.2") + explicit(*HEAD, PIXEL_ELEMENT), EXPLICIT, id="group 0002 inside"
        ),
        pytest.param(
            write_element(0x00080000, "UL", b"\x0a\0\0\0") + explicit(*HEAD, PIXEL_ELEMENT), EXPLICIT, id="group length"
        ),
        pytest.param(END_ITEM + explicit(*HEAD, PIXEL_ELEMENT), EXPLICIT, id="stray delimiter"),
    ],
)
def test_values_of_wanted_tags(data: bytes, syntax: TransferSyntax) -> None:
    result = scan(data, syntax, WANTED)
    assert result.values == EXPECTED
    assert (result.next_tag, result.complete) == (PIXELS, True)
    assert result.position == data.index(b"\xe0\x7f") if syntax is not BIG else data.index(b"\x7f\xe0")


def test_what_is_not_wanted_is_left_out_and_none_means_all() -> None:
    data = explicit(*HEAD, (0x00280011, "US", b"\1\0"), PIXEL_ELEMENT)
    assert scan(data, EXPLICIT, frozenset({ROWS})).values == {ROWS: b"\x00\x02"}
    assert set(scan(data, EXPLICIT, None).values) == {MODALITY, PATIENT_NAME, ROWS, 0x00280011}


def test_stop_is_the_first_tag_not_read() -> None:
    result = scan(explicit(*HEAD), EXPLICIT, WANTED, stop=PATIENT_NAME)
    assert result.values == {MODALITY: b"CT"}
    assert (result.next_tag, result.complete) == (PATIENT_NAME, True)


def test_a_data_set_without_pixels_is_whole_when_the_position_is_its_length() -> None:
    data = explicit(*HEAD)
    result = scan(data, EXPLICIT, WANTED)
    assert (result.values, result.position, result.next_tag, result.complete) == (EXPECTED, len(data), None, False)


def test_a_scan_can_go_on_where_it_ran_out_of_bytes() -> None:
    data = explicit(*HEAD, PIXEL_ELEMENT)
    for cut in range(len(data)):
        first = scan(data[:cut], EXPLICIT, WANTED)
        assert first.position <= cut
        values = dict(first.values)
        if not first.complete:
            values |= scan(data, EXPLICIT, WANTED, offset=first.position).values
        assert values == EXPECTED


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_will_do_and_values_are_bytes(kind: type) -> None:
    result = scan(kind(explicit(*HEAD)), EXPLICIT, WANTED)
    assert result.values == EXPECTED
    assert all(type(value) is bytes for value in result.values.values())


def test_a_map_can_be_closed_after_a_scan_that_failed(tmp_path: Path) -> None:
    file = tmp_path / "broken"
    file.write_bytes(explicit(*HEAD) + ITEM * 4)
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        result = scan(data, EXPLICIT, WANTED)
        assert not result.complete
        with pytest.raises(BrokenDataSetError):
            list(iter_elements(data, EXPLICIT))


def test_of_a_tag_that_comes_twice_the_first_counts() -> None:
    data = explicit((MODALITY, "CS", b"CT"), (PATIENT_NAME, "PN", b"A "), (MODALITY, "CS", b"MR"))
    assert scan(data, EXPLICIT, WANTED).values[MODALITY] == b"CT"


INNER = explicit((PATIENT_NAME, "PN", b"Inner "))
NESTED = open_sequence(SEQUENCE, open_sequence(SEQUENCE, INNER) + INNER, INNER)
SEQUENCES = {
    "defined": write_sequence(SEQUENCE, [INNER, INNER]),
    "undefined": open_sequence(SEQUENCE, INNER, INNER),
    "nested": NESTED,
    "empty": open_sequence(SEQUENCE),
    "empty items": open_sequence(SEQUENCE, b"", b""),
    "defined items": struct.pack("<HH2sHI", 8, 0x1140, b"SQ", 0, UNDEFINED)
    + ITEM + struct.pack("<I", len(INNER)) + INNER + END_SEQUENCE,
    "UN is implicit": open_sequence(SEQUENCE, implicit((PATIENT_NAME, "PN", b"Inner ")), vr=b"UN"),
    "UN that is explicit all the same": open_sequence(SEQUENCE, INNER, vr=b"UN"),
    "SQ that switches to implicit": open_sequence(SEQUENCE, implicit((PATIENT_NAME, "PN", b"Inner "))),
    "item delimiter missing": NESTED[: -len(END_ITEM + END_SEQUENCE)] + END_SEQUENCE,
    "stray item": OPEN_ITEM + INNER + END_ITEM,
    "stray item of defined length": ITEM + struct.pack("<I", len(INNER)) + INNER,
    "fragments": struct.pack("<HH2sHI", 0x0009, 0x1010, b"OB", 0, UNDEFINED)
    + ITEM + b"\0\0\0\0" + ITEM + b"\4\0\0\0\xfe\xff\xdd\xe0" + END_SEQUENCE,
}  # fmt: skip


@pytest.mark.parametrize("name", SEQUENCES)
def test_sequences_are_passed_over(name: str) -> None:
    data = SEQUENCES[name] + explicit(*HEAD[1:], PIXEL_ELEMENT)
    result = scan(data, EXPLICIT, WANTED)
    assert result.values == {PATIENT_NAME: b"Doe^John", ROWS: b"\x00\x02"}
    assert result.complete
    tags = [element.tag for element in iter_elements(data, EXPLICIT)]
    assert tags[-3:] == [PATIENT_NAME, ROWS, PIXELS]
    assert len(tags) == (3 if name.startswith("stray") else 4)


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_cut_inside_a_sequence_is_a_cut_at_its_start(name: str) -> None:
    data = SEQUENCES[name]
    for cut in range(8, len(data)):
        result = scan(data[:cut], EXPLICIT, WANTED)
        assert (result.values, result.complete, result.position) == ({}, False, 0)


@pytest.mark.parametrize("name", [name for name in SEQUENCES if "item" not in name and name != "fragments"])
def test_items_hold_their_elements(name: str) -> None:
    data = SEQUENCES[name]
    sequence = next(iter_elements(data, EXPLICIT))
    items = list(iter_items(data, sequence, EXPLICIT))
    inner = [
        [data[e.offset : e.offset + e.length] for e in iter_elements(data, i.encoding, i.offset, i.end)][-1]
        for i in items
    ]
    assert inner == {"empty": []}.get(name, [b"Inner "] * len(items))
    assert len(items) == {"empty": 0, "defined": 2, "undefined": 2, "nested": 2}.get(name, 1)


def test_fragments_are_items() -> None:
    data = SEQUENCES["fragments"]
    items = list(iter_items(data, next(iter_elements(data, EXPLICIT)), EXPLICIT))
    assert [item.end - item.offset for item in items] == [0, 4]


def test_an_item_that_is_cut_is_given_before_the_error() -> None:
    data = write_sequence(SEQUENCE, [INNER])[:-4]
    items = iter_items(data, Element(SEQUENCE, "SQ", 12, len(INNER) + 8), EXPLICIT)
    item = next(items)
    assert (item.offset, item.end) == (20, len(data))
    with pytest.raises(TruncatedError, match="claims 14 bytes, 10 are left"):
        next(items)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"??" + b"\4\0", id="question marks, short"),
        pytest.param(b"  " + b"\4\0", id="blanks, short"),
        pytest.param(b"\0\0" + b"\4\0", id="zeros, short"),
        pytest.param(b"--" + b"\4\0", id="hyphens, short"),
        pytest.param(b"ZZ" + b"\0\0\4\0\0\0", id="later VR, long"),
        pytest.param(b"ZZ" + b"\4\0", id="later VR, short"),
        pytest.param(b"\4\0\0\0", id="implicit in between"),
    ],
)
def test_an_unknown_vr_is_read_by_what_follows(head: bytes) -> None:
    odd = struct.pack("<HH", 0x0008, 0x0070) + head + b"abcd"
    data = explicit(HEAD[0]) + odd + explicit(*HEAD[1:], PIXEL_ELEMENT)
    result = scan(data, EXPLICIT, WANTED | {0x00080070})
    assert result.values == EXPECTED | {0x00080070: b"abcd"}
    assert result.complete
    vrs = {element.tag: element.vr for element in iter_elements(data, EXPLICIT)}
    assert vrs[0x00080070] == ""


@pytest.mark.parametrize("size", [1, 7, 8, 64, 4096])
def test_zeros_behind_the_data_set_are_padding(size: int) -> None:
    data = explicit(*HEAD)
    result = scan(data + bytes(size), EXPLICIT, WANTED)
    assert (result.values, result.position) == (EXPECTED, len(data))
    assert only_padding(data + bytes(size), len(data))
    assert len(list(iter_elements(data + bytes(size), EXPLICIT))) == 3


def test_padding_ends_where_something_else_is() -> None:
    assert not only_padding(bytes(70_000) + b"x", 0)
    assert only_padding(bytes(70_000), 3)


@pytest.mark.parametrize(
    ("data", "offset", "reason"),
    [
        pytest.param(
            explicit(HEAD[0]) + b"\x10\0\x10\0ab" + b"\xff" * 30, 10, "unknown VR b'ab' of 00100010", id="no VR"
        ),
        pytest.param(
            explicit(HEAD[0]) + END_ITEM[:4] + b"\2\0\0\0ab" + bytes(20), 10, "FFFEE00D outside", id="full delimiter"
        ),
        pytest.param(
            struct.pack("<HH2sHI", 8, 0x1140, b"SQ", 0, UNDEFINED) + explicit(*HEAD), 12,
            "00080060 where an item", id="no items",
        ),
    ],
)  # fmt: skip
def test_broken_bytes_are_refused_with_the_offset(data: bytes, offset: int, reason: str) -> None:
    with pytest.raises(BrokenDataSetError, match=reason) as caught:
        list(iter_elements(data, EXPLICIT))
    assert caught.value.offset == offset


def test_depth_is_bounded() -> None:
    data = b"".join(struct.pack("<HH2sHI", 8, 0x1140, b"SQ", 0, UNDEFINED) + OPEN_ITEM for _ in range(10_000))
    with pytest.raises(InvalidObjectError, match=f"deeper than {MAX_DEPTH}"):
        scan(data, EXPLICIT, WANTED)


def test_a_length_beyond_the_end_is_a_cut_and_allocates_nothing() -> None:
    data = explicit(*HEAD) + struct.pack("<HH2sHI", 0x0040, 0x0010, b"OB", 0, 0xFFFFFFF0) + b"abc"
    result = scan(data, EXPLICIT, None)
    assert (result.values, result.next_tag, result.complete) == (EXPECTED, 0x00400010, False)
    assert result.position == len(data) - 15
    with pytest.raises(TruncatedError, match="00400010 claims 4294967280 bytes, 3 are left"):
        list(iter_elements(data, EXPLICIT))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real structure, cut and with some bytes changed; or any bytes at all."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=200))
    parts = draw(st.lists(st.sampled_from([*SEQUENCES.values(), explicit(*HEAD), implicit(*HEAD)]), max_size=4))
    data = bytearray(b"".join(parts))
    for position, byte in draw(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6)):
        if position < len(data):
            data[position] = byte
    return bytes(data[: draw(st.integers(0, 600))])


@given(data=damaged(), syntax=st.sampled_from([EXPLICIT, IMPLICIT, BIG]))
def test_any_bytes_end_in_a_result_or_in_invalid_object(data: bytes, syntax: TransferSyntax) -> None:
    with suppress(BrokenDataSetError):
        result = scan(data, syntax, None)
        assert 0 <= result.position <= len(data)
        assert sum(map(len, result.values.values())) <= len(data)


@given(data=damaged(), syntax=st.sampled_from([EXPLICIT, IMPLICIT, BIG]))
def test_iterating_any_bytes_ends_and_stays_inside(data: bytes, syntax: TransferSyntax) -> None:
    seen = 0
    with suppress(BrokenDataSetError):
        for element in iter_elements(data, syntax):
            assert element.offset <= len(data)
            if element.length == UNDEFINED:
                seen += sum(1 for _ in iter_items(data, element, syntax))
            seen += 1
    assert seen <= len(data)


def deflate(data: bytes, bits: int = -15) -> bytes:
    stream = zlib.compressobj(wbits=bits)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize("bits", [-15, 15])
def test_inflate(bits: int) -> None:
    data = explicit(*HEAD) * 50
    assert inflate(deflate(data, bits), 1 << 20) == data


def test_inflate_is_bounded() -> None:
    bomb = deflate(bytes(10_000_000))
    with pytest.raises(InvalidObjectError, match="longer than 1000 bytes"):
        inflate(bomb, 1000)
    assert inflate(bomb, 1000, partial=True) == bytes(1000)


def test_inflate_of_a_cut_stream() -> None:
    data = bytes(range(256)) * 40
    cut = deflate(data)[:-20]
    with pytest.raises(InvalidObjectError, match="cut short"):
        inflate(cut, 1 << 20)
    assert data.startswith(inflate(cut, 1 << 20, partial=True))


def test_inflate_of_something_else() -> None:
    with pytest.raises(InvalidObjectError, match="cannot be inflated"):
        inflate(b"\xff" * 50, 1000)


def test_a_deflated_syntax_scans_like_its_inflated_data_set() -> None:
    syntax = transfer_syntax(DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN)
    assert scan(inflate(deflate(explicit(*HEAD)), 1000), syntax, WANTED).values == EXPECTED


def test_an_encoding_may_stand_for_a_syntax() -> None:
    assert len(list(iter_elements(explicit(*HEAD), EXPLICIT_LITTLE))) == 3


def test_zeros_before_something_else_are_broken_and_looked_at_once() -> None:
    data = explicit(*HEAD) + bytes(1 << 20) + b"x"
    with pytest.raises(BrokenDataSetError, match="zeros where a data element is due"):
        list(iter_elements(data, EXPLICIT))
    with pytest.raises(BrokenDataSetError):
        scan(data, EXPLICIT, None)
