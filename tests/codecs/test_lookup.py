import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.codecs.lookup import read_lookup, read_segmented
from isocenter.errors import InvalidObjectError


@pytest.mark.parametrize(
    ("descriptor", "data", "values", "bits"),
    [
        ([4, 0, 16], struct.pack("<4H", 0, 0x1234, 2, 0xFFFF), [0, 0x1234, 2, 0xFFFF], 16),
        ([4, 0, 8], bytes([1, 2, 3, 255]), [1, 2, 3, 255], 8),  # bytes, two to a word
        ([3, 0, 8], bytes([1, 2, 3, 0]), [1, 2, 3], 8),
        ([4, 0, 8], struct.pack("<4H", 1, 2, 3, 255), [1, 2, 3, 255], 8),  # 8 bits, one to a word
        ([4, 0, 8], [0x0201, 0xFF03], [1, 2, 3, 255], 8),
        ([4, 0, 16], struct.pack("<4H", 1, 2, 3, 255), [1, 2, 3, 255], 8),  # says 16, fills 8
        ([2, 0, 10], [0, 4095], [0, 4095], 12),  # says 10, fills 12
    ],
)
def test_entries_as_writers_write_them(descriptor, data, values, bits):
    table = read_lookup(descriptor, data, signed=False)
    np.testing.assert_array_equal(table.values, values)
    assert table.bits == bits


def test_no_entries_means_65536():
    assert len(read_lookup([0, 0, 16], bytes(131072), signed=False).values) == 65536


@pytest.mark.parametrize(("signed", "first"), [(True, -2), (False, 65534)])
def test_the_first_input_may_be_signed(signed, first):
    assert read_lookup([1, 65534, 8], [1], signed=signed).first == first


def test_a_table_without_entries():
    with pytest.raises(InvalidObjectError):
        read_lookup([4, 0, 16], b"", signed=False)


def words(*numbers) -> bytes:
    return struct.pack(f"<{len(numbers)}H", *numbers)


@pytest.mark.parametrize(
    ("bits", "data", "expected"),
    [
        (16, words(0, 3, 10, 20, 30), [10, 20, 30]),
        (16, words(0, 1, 0, 1, 4, 400), [0, 100, 200, 300, 400]),
        (16, words(0, 2, 5, 6, 1, 1, 8, 2, 2, 0, 0), [5, 6, 8, 5, 6, 8]),
        (16, words(0, 1, 9, 0, 2, 1, 2, 2, 1, 6, 0), [9, 1, 2, 1, 2]),
        (8, bytes([0, 1, 0, 1, 5, 250, 0, 2, 7, 8]), [0, 50, 100, 150, 200, 250, 7, 8]),
        (8, bytes([0, 2, 1, 2, 2, 1, 0, 0, 0, 0]), [1, 2, 1, 2]),
    ],
)
def test_segments(bits, data, expected):
    table = read_segmented([len(expected), 0, bits], data, signed=False)
    np.testing.assert_array_equal(table.values, expected)


@pytest.mark.parametrize(
    "data",
    [
        words(1, 4, 400),  # a line from nowhere
        words(0, 1, 5),  # too short
        words(3, 1, 5, 0),  # no such kind
        words(0, 1, 5, 2, 1, 6, 0),  # refers to itself
        words(2, 9, 0, 0),
    ],
)
def test_broken_segments(data):
    with pytest.raises(InvalidObjectError):
        read_segmented([4, 0, 16], data, signed=False)


@given(data=st.binary(max_size=60), count=st.integers(0, 65535), bits=st.sampled_from([8, 16]))
def test_any_bytes_end_in_a_table_or_an_error(data, count, bits):
    for read in (read_lookup, read_segmented):
        try:
            table = read([count, 0, bits], data, signed=False)
        except InvalidObjectError:
            continue
        assert 0 < len(table.values) <= 65536
