"""Text in compressed frames becomes zeros; everything else, and every length, stays."""

import io
import struct

import imagecodecs
import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames

from isocenter.deid import Project, Status, anonymize
from isocenter.deid.bitstreams import clear_icc, clear_text
from isocenter.deid.checking import Kind, check, open_object

TOKEN = b"ZqPatientXk"
IMAGE = (np.indices((64, 64)).sum(0) % 251).astype(np.uint8)


def with_segment(stream: bytes, marker: int, payload: bytes) -> bytes:
    """Return a JPEG, JPEG-LS or JPEG 2000 stream with one segment more behind its first marker."""
    at = 2 if stream[1] == 0xD8 else 4 + struct.unpack_from(">H", stream, 4)[0]
    return stream[:at] + struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload + stream[at:]


def in_tile_part(stream: bytes, payload: bytes) -> bytes:
    """Return a JPEG 2000 stream with a comment in the header of its first tile-part."""
    at = stream.index(b"\xff\x90\x00\x0a")
    size = struct.unpack_from(">I", stream, at + 6)[0]
    comment = struct.pack(">BBHH", 0xFF, 0x64, len(payload) + 4, 1) + payload
    head = stream[at : at + 6] + struct.pack(">I", size and size + len(comment)) + stream[at + 10 : at + 12]
    return stream[:at] + head + comment + stream[at + 12 :]


JPEG = imagecodecs.jpeg8_encode(IMAGE, level=90)
LOSSLESS = imagecodecs.ljpeg_encode(IMAGE) if hasattr(imagecodecs, "ljpeg_encode") else JPEG
JPEG_LS = imagecodecs.jpegls_encode(IMAGE)
J2K = imagecodecs.jpeg2k_encode(IMAGE, level=0, codecformat="j2k")
JP2 = imagecodecs.jpeg2k_encode(IMAGE, level=0, codecformat="jp2")

STREAMS = {
    "comment": with_segment(JPEG, 0xFE, TOKEN),
    "exif": with_segment(JPEG, 0xE1, b"Exif\0\0" + TOKEN),
    "icc": with_segment(JPEG, 0xE2, b"ICC_PROFILE\0" + TOKEN),
    "after jfif": with_segment(JPEG, 0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0" + TOKEN),
    "behind the end": JPEG + TOKEN + b"\0",
    "far behind the end": JPEG + TOKEN + bytes(1 << 17),
    "behind the end, with another": JPEG + TOKEN + b"\xff\xd9",
    "behind the scan": JPEG[:-2] + struct.pack(">BBH", 0xFF, 0xFE, len(TOKEN) + 2) + TOKEN + JPEG[-2:],
    "between segments": JPEG[:2] + TOKEN + JPEG[2:],
    "j2k comment in a tile-part": in_tile_part(J2K, TOKEN),
    "j2k behind the end": J2K + TOKEN,
    "jpeg-ls comment": with_segment(JPEG_LS, 0xFE, TOKEN),
    "jpeg-ls application": with_segment(JPEG_LS, 0xE7, TOKEN),
    "j2k comment": with_segment(J2K, 0x64, b"\0\x01" + TOKEN),
    "jp2 xml": JP2 + struct.pack(">I4s", 8 + len(TOKEN), b"xml ") + TOKEN,
    "jp2 behind its boxes": JP2 + TOKEN[:7] + TOKEN,
    "jp2 unknown box": JP2 + struct.pack(">I4s", 8 + len(TOKEN), b"free") + TOKEN,
    "jp2 uuid": JP2 + struct.pack(">I4s", 24 + len(TOKEN), b"uuid") + bytes(range(16)) + TOKEN,
}
DECODERS = {"jpeg-ls": imagecodecs.jpegls_decode, "j": imagecodecs.jpeg2k_decode}


def decode(name: str, stream: bytes) -> np.ndarray:
    found = next((d for start, d in DECODERS.items() if name.startswith(start)), imagecodecs.jpeg8_decode)
    return found(stream)


@pytest.mark.parametrize("name", STREAMS)
def test_text_goes_and_the_picture_stays(name: str) -> None:
    stream = STREAMS[name]
    assert TOKEN in stream
    cleared = clear_text(stream)
    assert cleared is not None
    assert TOKEN not in cleared
    assert len(cleared) == len(stream)
    assert np.array_equal(decode(name, bytes(cleared)), decode(name, stream))


@pytest.mark.parametrize("stream", [JPEG, JPEG_LS], ids=["jpeg", "jpeg-ls"])
def test_a_clean_stream_is_left_as_it_is(stream: bytes) -> None:
    assert clear_text(stream) is None


@given(st.binary(max_size=80), st.sampled_from([b"\xff\xd8", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ", b""]))
def test_any_bytes_keep_their_length(raw: bytes, start: bytes) -> None:
    cleared = clear_text(start + raw)
    assert cleared is None or len(cleared) == len(start + raw)


@given(st.binary(max_size=300))
def test_any_profile_keeps_its_length_or_goes(raw: bytes) -> None:
    assert len(clear_icc(raw)) in {0, len(raw)}


@pytest.mark.parametrize(
    "stream",
    [with_segment(JPEG, marker, TOKEN) for marker in (0xC8, 0xF0, 0xF6, 0xF9, 0xFD)]
    + [with_segment(bytes(clear_text(J2K)), marker, TOKEN) for marker in (0x54, 0x65, 0x7F)],
    ids=lambda stream: stream[:40].hex()[-12:],
)
def test_text_in_markers_that_no_decoder_needs_goes(stream: bytes) -> None:
    cleared = clear_text(stream)
    assert cleared == stream.replace(TOKEN, bytes(len(TOKEN)))


@pytest.mark.parametrize("kind", [b"desc", b"data", b"ncl2", b"dtim", b"mmod"])
def test_only_numbers_stay_in_a_colour_profile(kind: bytes) -> None:
    head = bytearray(128)
    head[24:36] = struct.pack(">6H", 2024, 1, 31, 12, 0, 0)
    head[100 : 100 + len(TOKEN)] = TOKEN
    profile = bytes(head) + struct.pack(">I4sII", 1, b"desc", 144, 8 + len(TOKEN)) + kind + bytes(4) + TOKEN
    cleared = clear_icc(profile)
    assert not any(cleared[24:36] + cleared[100:128])
    assert TOKEN not in cleared


def test_text_of_a_colour_profile_goes() -> None:
    tags = struct.pack(">I4sII", 1, b"desc", 144, 8 + len(TOKEN))
    profile = bytes(128) + tags + b"desc\0\0\0\0" + TOKEN
    cleared = clear_icc(profile)
    assert TOKEN not in cleared
    assert cleared[:152] == profile[:152]


def test_text_between_the_tags_of_a_colour_profile_goes() -> None:
    tag = b"XYZ " + bytes(4) + struct.pack(">3i", 1, 2, 3)
    head = bytes(128) + struct.pack(">I4sII", 1, b"wtpt", 160, len(tag)) + TOKEN.ljust(16, b" ")
    cleared = clear_icc(head + tag + TOKEN)
    assert TOKEN not in cleared
    assert cleared == head.replace(TOKEN.ljust(16, b" "), bytes(16)) + tag + bytes(len(TOKEN))


def test_what_a_recompressed_jpeg_was_goes_and_its_picture_stays() -> None:
    stream = imagecodecs.jpegxl_encode_jpeg(with_segment(JPEG, 0xE5, TOKEN * 9), usecontainer=True)
    assert b"jbrd" in stream
    cleared = clear_text(stream)
    assert cleared is not None
    at = stream.index(b"jbrd")
    size = struct.unpack_from(">I", stream, at - 4)[0]
    assert not any(cleared[at + 4 : at - 4 + size])
    assert np.array_equal(imagecodecs.jpegxl_decode(bytes(cleared)), imagecodecs.jpegxl_decode(stream))


def image(frames: list[bytes], syntax: str, count: int, fragments: int = 1, *, offsets: bool = True) -> bytes:
    """Return a file with encapsulated frames."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", "1.2.826.1"
    ds.Rows = ds.Columns = 64
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.NumberOfFrames = 1, "MONOCHROME2", count
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ds.PixelData = encapsulate(frames, fragments_per_frame=fragments, has_bot=offsets)
    ds["PixelData"].VR = "OB"
    ds["PixelData"].is_undefined_length = True
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.save_as(buffer := io.BytesIO(), enforce_file_format=True)
    return buffer.getvalue()


@pytest.mark.parametrize("fragments", [1, 2])
@pytest.mark.parametrize("offsets", [True, False])
def test_frames_offset_tables_and_syntax_stay(project: Project, fragments: int, *, offsets: bool) -> None:
    frames = [STREAMS["comment"], JPEG, STREAMS["exif"]]
    file = image(frames, "1.2.840.10008.1.2.4.50", 3, fragments, offsets=offsets)
    result = anonymize(file, project)
    assert result.status is Status.OUTPUT
    assert TOKEN not in result.data
    before, after = pydicom.dcmread(io.BytesIO(file)), result.dataset()
    assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
    assert len(after.PixelData) == len(before.PixelData)
    if fragments == 1:
        for one, two in zip(generate_frames(before.PixelData, number_of_frames=3),
                            generate_frames(after.PixelData, number_of_frames=3), strict=True):  # fmt: skip
            assert np.array_equal(imagecodecs.jpeg8_decode(one), imagecodecs.jpeg8_decode(two))


def test_a_comment_that_goes_on_in_the_next_fragment_goes(project: Project) -> None:
    stream = with_segment(JPEG, 0xFE, TOKEN + b"ab" * 20 + TOKEN)
    half = stream.index(TOKEN) + 20
    frames = [stream[:half], stream[half:]]
    file = image(frames, "1.2.840.10008.1.2.4.50", 1, offsets=False)
    result = anonymize(file, project)
    assert TOKEN not in result.data
    frame = next(generate_frames(result.dataset().PixelData, number_of_frames=1))
    assert np.array_equal(imagecodecs.jpeg8_decode(frame), imagecodecs.jpeg8_decode(JPEG))
    findings = [found.kind for found in check(open_object(file))]
    assert Kind.STREAM in findings


def test_text_in_the_offset_table_goes(project: Project) -> None:
    file = image([JPEG], "1.2.840.10008.1.2.4.50", 1, offsets=False)
    empty = b"\xfe\xff\x00\xe0\0\0\0\0"
    result = anonymize(file.replace(empty, b"\xfe\xff\x00\xe0\x0c\0\0\0" + TOKEN + b"\0"), project)
    assert TOKEN not in result.data
    assert result.data.endswith(file[file.index(empty) :])


def test_pixel_data_without_fragments_hide_nothing_behind_them(project: Project) -> None:
    file = image([JPEG], "1.2.840.10008.1.2.4.50", 1, offsets=False)
    head = file[: file.index(b"\xfe\xff\x00\xe0")]
    padding = b"\xfc\xff\xfc\xffOB\0\0" + struct.pack("<I", len(TOKEN) + 1) + TOKEN + b"\0"
    for fragments in (b"", b"\xfe\xff\x00\xe0\0\0\0\0"):
        result = anonymize(head + fragments + b"\xfe\xff\xdd\xe0\0\0\0\0" + padding, project)
        assert TOKEN not in result.data
        assert result.data.endswith(b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0")


def test_untouched_frames_are_the_same_bytes(project: Project) -> None:
    frames = [JPEG_LS, JPEG_LS[:-20] + b"\xfe\xff\xdd\xe0\0\0\0\0" + JPEG_LS[-20:]]  # a delimiter inside the data
    file = image(frames, "1.2.840.10008.1.2.4.80", 2)
    after = anonymize(file, project).dataset()
    assert after.PixelData == pydicom.dcmread(io.BytesIO(file)).PixelData
