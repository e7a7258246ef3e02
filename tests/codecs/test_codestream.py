import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.codecs.codestream import read_jpeg, read_jpeg2000, read_jpegxl
from isocenter.errors import InvalidObjectError

SIZES = [(8, 8), (64, 48), (37, 91), (480, 640), (1000, 3), (9, 700)]


@pytest.mark.parametrize("size", SIZES)
def test_sizes_of_all_kinds(size):
    values = np.zeros(size, np.uint8)
    for stream in (imagecodecs.jpeg8_encode(values), imagecodecs.jpegls_encode(values)):
        header = read_jpeg(bytes(stream))
        assert (header.rows, header.columns, header.components, header.precision) == (*size, 1, 8)
    header = read_jpeg2000(bytes(imagecodecs.jpeg2k_encode(values, codecformat="J2K")))
    assert (header.rows, header.columns, header.precision, header.signed) == (*size, 8, False)
    assert read_jpegxl(bytes(imagecodecs.jpegxl_encode(values, lossless=True))) == size


def test_jpeg_2000_in_boxes_and_signed():
    values = np.zeros((20, 30), np.int16)
    header = read_jpeg2000(bytes(imagecodecs.jpeg2k_encode(values, codecformat="JP2")))
    assert (header.rows, header.columns, header.signed) == (20, 30, True)


@pytest.mark.parametrize(("subsampling", "expected"), [("444", False), ("422", True), ("420", True)])
def test_halved_chroma_is_seen(subsampling, expected):
    stream = imagecodecs.jpeg8_encode(np.zeros((16, 16, 3), np.uint8), subsampling=subsampling)
    assert read_jpeg(bytes(stream)).subsampled is expected


def test_lossless_and_adobe_markers_are_seen():
    grey = np.zeros((16, 16), np.uint16)
    assert read_jpeg(bytes(imagecodecs.jpeg8_encode(grey, lossless=True, bitspersample=16))).lossless
    colour = np.zeros((16, 16, 3), np.uint8)
    assert read_jpeg(bytes(imagecodecs.jpeg8_encode(colour, outcolorspace="RGB"))).adobe_transform == 0
    assert read_jpeg(bytes(imagecodecs.jpeg8_encode(colour))).adobe_transform is None


@given(
    st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xc0", b"\xff\x4f\xff\x51", b"\xff\x0a"])
)
def test_any_bytes_are_a_header_or_an_error(data, start):
    for read in (read_jpeg, read_jpeg2000, read_jpegxl):
        try:
            read(start + data)
        except InvalidObjectError as error:
            message = str(error)
            assert "JPEG" in message
