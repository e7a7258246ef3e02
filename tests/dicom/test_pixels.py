import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.dicom.pixels import IMAGE_TAGS, ImageDescription, frame_ranges, image_description
from isocenter.dicom.scanner import scan
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, TransferSyntax, transfer_syntax
from isocenter.dicom.writer import write_element
from isocenter.errors import InvalidObjectError

NATIVE = transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN)
JPEG = transfer_syntax("1.2.840.10008.1.2.4.50")
UNDEFINED_HEAD = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def item(value: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(value)) + value


def image(rows: int = 2, columns: int = 2, frames: int = 1, **values: bytes) -> bytes:
    elements = {
        0x00280004: ("CS", values.get("photometric", b"MONOCHROME2 ")),
        0x00280008: ("IS", str(frames).encode()),
        0x00280010: ("US", struct.pack("<H", rows)),
        0x00280011: ("US", struct.pack("<H", columns)),
        0x00280100: ("US", values.get("bits", b"\x10\0")),
        0x00280101: ("US", b"\x0c\0"),
    }
    if "samples" in values:
        elements[0x00280002] = ("US", values["samples"])
    return b"".join(write_element(tag, vr, value) for tag, (vr, value) in sorted(elements.items()))


def encapsulated(*fragments: bytes, table: list[int] | None = None, frames: int = 1, head: bytes = b"") -> bytes:
    offsets = struct.pack(f"<{len(table or [])}I", *(table or []))
    return image(frames=frames) + head + UNDEFINED_HEAD + item(offsets) + b"".join(map(item, fragments)) + END


def described(data: bytes, syntax: TransferSyntax) -> ImageDescription:
    return image_description(scan(data, syntax, IMAGE_TAGS).values, syntax)


def frames_of(data: bytes) -> list[bytes]:
    ranges = frame_ranges(data, JPEG, described(data, JPEG))
    return [b"".join(data[start : start + length] for start, length in frame) for frame in ranges]


def test_description() -> None:
    assert described(image(3, 4, 5), NATIVE) == ImageDescription(
        Rows=3, Columns=4, NumberOfFrames=5, BitsAllocated=16, BitsStored=12, HighBit=11
    )


def test_a_description_makes_do_with_little() -> None:
    data = write_element(0x00280010, "US", b"\1\0") + write_element(0x00280011, "US", b"\2\0")
    assert described(data, NATIVE) == ImageDescription(Rows=1, Columns=2)
    with pytest.raises(InvalidObjectError, match="no image"):
        described(data[:10], NATIVE)


@pytest.mark.parametrize(
    ("values", "frames", "size", "expected"),
    [
        pytest.param({}, 3, 24, [8, 8, 8], id="16 bit"),
        pytest.param({}, 3, 20, [8, 8], id="cut"),
        pytest.param({"bits": b"\x08\0", "samples": b"\3\0", "photometric": b"RGB "}, 2, 24, [12, 12], id="colour"),
        pytest.param(
            {"bits": b"\x08\0", "samples": b"\3\0", "photometric": b"YBR_FULL_422"}, 2, 16, [8, 8], id="4:2:2"
        ),
    ],
)
def test_native_frames(values: dict[str, bytes], frames: int, size: int, expected: list[int]) -> None:
    data = image(frames=frames, **values) + write_element(0x7FE00010, "OW", bytes(size))
    ranges = frame_ranges(data, NATIVE, described(data, NATIVE))
    assert [length for ((_, length),) in ranges] == expected
    assert ranges[0][0][0] == len(data) - size
    assert all(one[0][0] + one[0][1] == other[0][0] for one, other in pairwise(ranges))


def test_single_bit_frames_share_bytes() -> None:
    data = image(rows=3, columns=3, frames=3, bits=b"\1\0") + write_element(0x7FE00010, "OB", bytes(4))
    start = len(data) - 4
    ranges = frame_ranges(data, NATIVE, described(data, NATIVE))
    assert ranges == [((start, 2),), ((start + 1, 2),), ((start + 2, 2),)]


def test_a_cut_native_image_gives_the_frames_that_are_whole() -> None:
    data = (image(frames=2) + write_element(0x7FE00010, "OW", bytes(16)))[:-3]
    assert len(frame_ranges(data, NATIVE, described(data, NATIVE))) == 1


def test_float_pixels() -> None:
    data = image(bits=b"\x20\0") + write_element(0x7FE00008, "OF", bytes(16))
    assert frame_ranges(data, NATIVE, described(data, NATIVE)) == [((len(data) - 16, 16),)]


JPEG_A, JPEG_B, REST = b"\xff\xd8\xff\xe0aa", b"\xff\xd8\xff\xe0bb", b"rest"
EXTENDED = write_element(0x7FE00001, "OV", struct.pack("<2Q", 0, 14)) + write_element(
    0x7FE00002, "OV", struct.pack("<2Q", 6, 5)
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(encapsulated(JPEG_A), [JPEG_A], id="one"),
        pytest.param(encapsulated(JPEG_A, REST), [JPEG_A + REST], id="one frame, several fragments"),
        pytest.param(encapsulated(JPEG_A, JPEG_B, frames=2), [JPEG_A, JPEG_B], id="as many fragments as frames"),
        pytest.param(
            encapsulated(JPEG_A, REST, JPEG_B, frames=2, table=[0, 26]), [JPEG_A + REST, JPEG_B], id="offset table"
        ),
        pytest.param(
            encapsulated(JPEG_A, REST, JPEG_B, frames=2, table=[0, 3]), [JPEG_A + REST, JPEG_B], id="table that lies"
        ),
        pytest.param(encapsulated(JPEG_A, REST, JPEG_B, frames=2), [JPEG_A + REST, JPEG_B], id="no offset table"),
        pytest.param(encapsulated(JPEG_A, b"other ", frames=2, head=EXTENDED), [JPEG_A, b"other"], id="extended table"),
        pytest.param(encapsulated(JPEG_A, frames=2), [JPEG_A], id="a frame is missing"),
        pytest.param(encapsulated(JPEG_A, JPEG_B, frames=2)[:-12], [JPEG_A], id="cut"),
        pytest.param(encapsulated(), [], id="no fragment"),
    ],
)
def test_encapsulated_frames(data: bytes, expected: list[bytes]) -> None:
    assert frames_of(data) == expected


def test_fragments_that_cannot_be_told_apart() -> None:
    with pytest.raises(InvalidObjectError, match="3 fragments cannot be told apart into 2 frames"):
        frames_of(encapsulated(b"aa", b"bb", b"cc", frames=2))


def test_no_pixel_data() -> None:
    with pytest.raises(InvalidObjectError, match="no pixel data"):
        frame_ranges(image(), NATIVE, described(image(), NATIVE))


@given(st.binary(max_size=120), st.integers(1, 5))
def test_any_bytes_for_pixel_data(tail: bytes, frames: int) -> None:
    data = image(frames=frames) + UNDEFINED_HEAD + tail
    try:
        ranges = frame_ranges(data, JPEG, described(data, JPEG))
    except InvalidObjectError:
        return
    assert all(start >= 0 and start + length <= len(data) for frame in ranges for start, length in frame)
