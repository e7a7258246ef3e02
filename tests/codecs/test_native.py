import numpy as np
import pytest

from isocenter.codecs.registry import decode_frame
from isocenter.errors import InvalidObjectError, UnsupportedError

EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64])
@pytest.mark.parametrize(("uid", "order"), [(EXPLICIT, "<"), (BIG_ENDIAN, ">")])
def test_every_width_in_both_orders(dtype, uid, order, describe):
    info = np.iinfo(dtype)
    values = np.array([[info.min, 0, 1], [info.max, 2, 3]], dtype)
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    decoded = decode_frame(data, describe(values), uid, vr="OB" if values.itemsize == 1 else "OW")
    assert decoded.dtype == dtype
    np.testing.assert_array_equal(decoded, values)


def test_big_endian_bytes_written_as_words(describe):
    values = np.arange(6, dtype=np.uint8).reshape(2, 3)
    data = values.reshape(-1, 2)[:, ::-1].tobytes()
    np.testing.assert_array_equal(decode_frame(data, describe(values), BIG_ENDIAN, vr="OW"), values)


def test_planes_become_pixels(describe):
    values = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    data = values.transpose(2, 0, 1).tobytes()
    np.testing.assert_array_equal(decode_frame(data, describe(values, PlanarConfiguration=1), EXPLICIT), values)


@pytest.mark.parametrize("number", range(4))
def test_frames_of_single_bits_need_not_begin_on_a_byte(number, describe):
    frames = np.random.default_rng(3).integers(0, 2, (4, 5, 7), np.uint8)
    packed = np.packbits(frames.ravel(), bitorder="little").tobytes()
    begin, end = number * 35, (number + 1) * 35
    data = packed[begin // 8 : -(-end // 8)]
    described = describe(frames[0], BitsAllocated=1, BitsStored=1, HighBit=0, NumberOfFrames=4)
    np.testing.assert_array_equal(decode_frame(data, described, EXPLICIT, number=number), frames[number])


def test_packed_12_bit(describe):
    values = np.array([[0x123, 0xFED], [0x7FF, 0x800]], np.uint16)
    described = describe(values, BitsAllocated=12, BitsStored=12)
    data = bytes([0x23, 0xD1, 0xFE, 0xFF, 0x07, 0x80])
    np.testing.assert_array_equal(decode_frame(data, described, EXPLICIT), values)


def test_signed_12_bit_is_extended_whether_the_writer_did_or_not(describe):
    data = np.array([[0x0FFB, 0xFFFB, 0x07FF, 5]], np.uint16)
    described = describe(data.view(np.int16), BitsStored=12, HighBit=11)
    np.testing.assert_array_equal(decode_frame(data.tobytes(), described, EXPLICIT), [[-5, -5, 2047, 5]])


def test_overlays_above_the_stored_bits_are_not_pixels(describe):
    data = np.array([[0xF123, 0x0FFF]], np.uint16)
    described = describe(data, BitsStored=12, HighBit=11)
    np.testing.assert_array_equal(decode_frame(data.tobytes(), described, EXPLICIT), [[0x123, 0xFFF]])


def test_halved_chroma_is_repeated(describe):
    described = describe(np.empty((1, 4, 3), np.uint8), PhotometricInterpretation="YBR_FULL_422")
    decoded = decode_frame(bytes([1, 2, 101, 201, 3, 4, 102, 202]), described, EXPLICIT)
    np.testing.assert_array_equal(decoded, [[[1, 101, 201], [2, 101, 201], [3, 102, 202], [4, 102, 202]]])


def test_422_that_was_written_in_full(describe):
    values = np.arange(12, dtype=np.uint8).reshape(1, 4, 3)
    described = describe(values, PhotometricInterpretation="YBR_FULL_422")
    np.testing.assert_array_equal(decode_frame(values.tobytes(), described, EXPLICIT), values)


@pytest.mark.parametrize(("vr", "dtype"), [("OF", np.float32), ("OD", np.float64)])
def test_float_pixel_data(vr, dtype, describe):
    values = np.array([[1.5, -2.25], [np.inf, 0]], dtype)
    described = describe(values, PixelRepresentation=0)
    np.testing.assert_array_equal(decode_frame(values.tobytes(), described, EXPLICIT, vr=vr), values)


def test_a_frame_that_is_cut_short(ct_like, describe):
    with pytest.raises(InvalidObjectError, match="cut short"):
        decode_frame(ct_like.tobytes()[:-1], describe(ct_like), EXPLICIT)


def test_a_width_that_nothing_writes(describe):
    values = np.zeros((2, 2), np.uint32)
    with pytest.raises(UnsupportedError, match="24 bits"):
        decode_frame(bytes(12), describe(values, BitsAllocated=24, BitsStored=24), EXPLICIT)


def test_no_copy_where_none_is_needed(ct_like, describe):
    data = ct_like.tobytes()
    decoded = decode_frame(data, describe(ct_like), EXPLICIT)
    assert np.shares_memory(decoded, np.frombuffer(data, np.uint8))
