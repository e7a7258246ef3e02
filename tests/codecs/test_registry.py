import contextlib
import subprocess
import sys

import imagecodecs
import numpy as np
import pytest

from isocenter.codecs.registry import (
    ADAPTERS,
    can_decode,
    decode_frame,
    decoded_photometric,
    frame_bytes,
    to_little_endian,
)
from isocenter.dicom.uids import TRANSFER_SYNTAXES
from isocenter.errors import InvalidObjectError, UnsupportedError


def encode_rle(array: np.ndarray) -> bytes:
    """PS3.5 Annex G: per sample one PackBits segment for each byte, most significant first."""
    planes = array.reshape(*array.shape[:2], -1).transpose(2, 0, 1)
    size = array.dtype.itemsize
    parts = [plane.astype(f">u{size}").tobytes()[byte::size] for plane in planes for byte in range(size)]
    segments = [bytes(imagecodecs.packbits_encode(part)) for part in parts]
    offsets = np.cumsum([64, *map(len, segments)])[:-1]
    header = np.zeros(16, "<u4")
    header[: len(parts) + 1] = [len(parts), *offsets]
    return header.tobytes() + b"".join(segments)


EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
NOT_FRAMES = {
    "1.2.840.10008.1.20",  # Papyrus
    "1.2.840.10008.1.2.6.1", "1.2.840.10008.1.2.6.2",  # MIME, XML
}  # fmt: skip
NO_DECODER_MADE = {
    "1.2.840.10008.1.2.4.52", "1.2.840.10008.1.2.4.54", "1.2.840.10008.1.2.4.56", "1.2.840.10008.1.2.4.58",
    "1.2.840.10008.1.2.4.59", "1.2.840.10008.1.2.4.60", "1.2.840.10008.1.2.4.61", "1.2.840.10008.1.2.4.62",
    "1.2.840.10008.1.2.4.63", "1.2.840.10008.1.2.4.64", "1.2.840.10008.1.2.4.65", "1.2.840.10008.1.2.4.66",
    "1.2.840.10008.1.2.4.92", "1.2.840.10008.1.2.4.93", "1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95",
    "1.2.840.10008.1.2.4.204", "1.2.840.10008.1.2.4.205",
}  # fmt: skip
"""Retired JPEG processes, multi-component JPEG 2000 and JPIP references: no file of these is known."""

ENCODERS = {
    "1.2.840.10008.1.2.4.70": lambda a: imagecodecs.jpeg8_encode(a, lossless=True, predictor=1),
    "1.2.840.10008.1.2.4.80": imagecodecs.jpegls_encode,
    "1.2.840.10008.1.2.4.90": lambda a: imagecodecs.jpeg2k_encode(a, codecformat="J2K", reversible=True, level=0),
    "1.2.840.10008.1.2.4.110": lambda a: imagecodecs.jpegxl_encode(a, lossless=True),
    "1.2.840.10008.1.2.4.201": imagecodecs.htj2k_encode,
    "1.2.840.10008.1.2.5": encode_rle,
    "1.2.840.10008.1.2.8.1": lambda a: imagecodecs.deflate_encode(a.tobytes(), raw=True),
}


def encoded(uid: str, array: np.ndarray) -> bytes:
    return bytes(ENCODERS[uid](np.ascontiguousarray(array)))


def test_every_transfer_syntax_has_an_adapter_or_a_reason():
    missing = set(TRANSFER_SYNTAXES) - set(ADAPTERS) - NOT_FRAMES - NO_DECODER_MADE
    assert not missing


@pytest.mark.parametrize("uid", ENCODERS)
def test_unsigned_12_bit_comes_back(uid, ct_like, describe):
    values = (ct_like.astype(np.int32) + 1024).astype(np.uint16)
    decoded = decode_frame(encoded(uid, values), describe(values, BitsStored=12), uid)
    assert decoded.dtype == np.uint16
    np.testing.assert_array_equal(decoded, values)


@pytest.mark.parametrize("uid", sorted(set(ENCODERS) - {"1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201"}))
def test_signed_values_are_kept_as_two_s_complement(uid, ct_like, describe):
    decoded = decode_frame(encoded(uid, ct_like.view(np.uint16)), describe(ct_like), uid)
    assert decoded.dtype == np.int16
    np.testing.assert_array_equal(decoded, ct_like)


@pytest.mark.parametrize("uid", ["1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.201"])
@pytest.mark.parametrize("stored", [np.int16, np.uint16])
@pytest.mark.parametrize("told", [np.int16, np.uint16])
def test_jpeg_2000_is_signed_as_the_header_says(uid, stored, told, ct_like, describe):
    decoded = decode_frame(encoded(uid, ct_like.view(stored)), describe(ct_like.view(told)), uid)
    assert decoded.dtype == told
    np.testing.assert_array_equal(decoded, ct_like.view(told))


@pytest.mark.parametrize("uid", ENCODERS)
def test_lossless_colour_is_interleaved_rgb(uid, describe):
    values = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    np.testing.assert_array_equal(decode_frame(encoded(uid, values), describe(values), uid), values)


def test_rle_of_16_bit_colour(describe):
    values = np.random.default_rng(1).integers(0, 65536, (20, 30, 3), np.uint16)
    np.testing.assert_array_equal(decode_frame(encode_rle(values), describe(values), "1.2.840.10008.1.2.5"), values)


@pytest.mark.parametrize(
    ("photometric", "encoding", "expected"),
    [
        ("RGB", {"colorspace": "RGB", "outcolorspace": "RGB"}, (200, 100, 50)),
        ("YBR_FULL", {"colorspace": "YCBCR", "outcolorspace": "YCBCR"}, (200, 100, 50)),
        ("YBR_FULL_422", {"colorspace": "YCBCR", "outcolorspace": "YCBCR", "subsampling": "422"}, (200, 100, 50)),
        ("RGB", {"colorspace": "RGB", "outcolorspace": "YCBCR", "subsampling": "420"}, (200, 100, 50)),
    ],
)  # fmt: skip
def test_jpeg_colour_is_what_photometric_interpretation_says(photometric, encoding, expected, describe):
    values = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    frame = bytes(imagecodecs.jpeg8_encode(values, level=98, **encoding))
    described = describe(values, PhotometricInterpretation=photometric)
    decoded = decode_frame(frame, described, "1.2.840.10008.1.2.4.50")
    np.testing.assert_allclose(decoded[8, 8], expected, atol=3)


def test_tiles_at_the_edge_of_a_slide_are_filled_up(describe):
    tile = np.full((16, 10, 3), 77, np.uint8)
    frame = bytes(imagecodecs.jpeg8_encode(tile, colorspace="RGB", outcolorspace="RGB", level=100))
    whole = np.empty((16, 16, 3), np.uint8)
    decoded = decode_frame(frame, describe(whole, NumberOfFrames=4), "1.2.840.10008.1.2.4.50")
    assert decoded.shape == whole.shape
    assert abs(int(decoded[15, 15, 0]) - 77) <= 1


@pytest.mark.parametrize("uid", sorted(set(ENCODERS) - {"1.2.840.10008.1.2.8.1"}))
@pytest.mark.parametrize(
    "change", [{"Rows": 65}, {"Columns": 8}, {"SamplesPerPixel": 3}, {"Rows": 60000, "Columns": 60000}]
)
def test_a_header_that_contradicts_its_frame_is_refused(uid, change, ct_like, describe):
    frame = encoded(uid, ct_like.view(np.uint16))
    if uid == "1.2.840.10008.1.2.5" and change == {"Columns": 8}:
        return  # RLE knows no width: a shorter plane is the beginning of a longer one
    with pytest.raises(InvalidObjectError):
        decode_frame(frame, describe(ct_like, **change), uid)


@pytest.mark.parametrize("uid", [*ENCODERS, EXPLICIT])
def test_an_absurd_size_is_refused_before_anything_is_allocated(uid, describe):
    claimed = describe(np.empty((1, 1), np.uint16), Rows=65535, Columns=65535)
    with pytest.raises(InvalidObjectError, match="claims"):
        decode_frame(bytes(1000), claimed, uid)


@pytest.mark.parametrize("uid", ENCODERS)
@pytest.mark.parametrize("seed", range(12))
def test_broken_frames_raise_or_decode_but_never_more(uid, seed, ct_like, describe):
    random = np.random.default_rng(seed)
    frame = bytearray(encoded(uid, ct_like.view(np.uint16)))
    for position in random.integers(0, len(frame), 4):
        frame[position] = random.integers(0, 256)
    frame = frame[: random.integers(1, len(frame) + 1)]
    with contextlib.suppress(InvalidObjectError):
        assert decode_frame(bytes(frame), describe(ct_like), uid).shape == ct_like.shape


@pytest.mark.parametrize("uid", [*ENCODERS, EXPLICIT])
def test_an_empty_frame_is_an_invalid_object(uid, ct_like, describe):
    with pytest.raises(InvalidObjectError):
        decode_frame(b"", describe(ct_like), uid)


@pytest.mark.parametrize("uid", [uid for uid, family in ADAPTERS.items() if family == "video"])
def test_video_says_what_to_do(uid, ct_like, describe):
    assert not can_decode(uid)
    with pytest.raises(UnsupportedError, match="retrieve the object as stored"):
        decode_frame(b"\0" * 9999, describe(ct_like), uid)


def test_an_unknown_syntax_is_unsupported(ct_like, describe):
    with pytest.raises(UnsupportedError, match=r"1\.2\.3"):
        decode_frame(b"", describe(ct_like), "1.2.3")


@pytest.mark.parametrize(
    ("stored", "decoded"),
    [("YBR_RCT", "RGB"), ("YBR_ICT", "RGB"), ("YBR_FULL_422", "YBR_FULL"), ("MONOCHROME1", "MONOCHROME1")],
)
def test_photometric_interpretation_of_decoded_frames(stored, decoded, ct_like, describe):
    assert decoded_photometric(describe(ct_like, PhotometricInterpretation=stored)) == decoded


def test_frame_bytes_are_little_endian_and_native(ct_like, describe):
    data = frame_bytes(ct_like.astype(">i2"))
    np.testing.assert_array_equal(decode_frame(data, describe(ct_like), EXPLICIT), ct_like)


@pytest.mark.parametrize(
    ("vr", "bits", "data", "expected"),
    [
        ("OW", 16, b"\x01\x02\x03\x04", b"\x02\x01\x04\x03"),
        ("OW", 8, b"\x01\x02\x03\x04", b"\x02\x01\x04\x03"),
        ("OB", 8, b"\x01\x02\x03\x04", b"\x01\x02\x03\x04"),
        ("OW", 32, b"\x01\x02\x03\x04", b"\x04\x03\x02\x01"),
        ("OW", 8, b"\x01\x02\x03", b"\x02\x01\x03"),
    ],
)
def test_big_endian_words_are_swapped(vr, bits, data, expected, describe):
    described = describe(np.empty((1, 4), np.uint8), BitsAllocated=bits)
    assert to_little_endian(data, described, BIG_ENDIAN, vr=vr) == expected
    assert to_little_endian(data, described, EXPLICIT, vr=vr) == data


def test_nothing_heavy_is_imported_before_the_first_frame():
    program = "import sys, isocenter.codecs.registry; print(*{'numpy', 'imagecodecs'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.split() == []
