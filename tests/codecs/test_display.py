import numpy as np
import pytest

from isocenter.codecs.display import apply_window, modality_values, render
from isocenter.codecs.lookup import Lookup
from isocenter.codecs.presentation import Presentation, Window
from isocenter.errors import InvalidObjectError, UnsupportedError

RAMP = np.arange(-1024, 3072, dtype=np.int16).reshape(64, 64)


def lookup(first, values, bits=8):
    return Lookup(first, np.asarray(values, np.uint16), bits)


@pytest.mark.parametrize(
    ("window", "value", "expected"),
    [
        # the worked examples of PS3.3 C.11.2.1.2.1: c=2048 w=4096, c=2048 w=1, c=0 w=100, c=0 w=1
        (Window(2048, 4096), 0, 0), (Window(2048, 4096), 4095, 255),
        (Window(2048, 1), 2047, 0), (Window(2048, 1), 2048, 255),
        (Window(0, 100), -50, 0), (Window(0, 100), 49, 255),
        (Window(0, 1), -1, 0), (Window(0, 1), 0, 255),
        (Window(2048, 4096, "LINEAR_EXACT"), 0, 0), (Window(2048, 4096, "LINEAR_EXACT"), 2048, 127.5),
        (Window(2048, 4096, "LINEAR_EXACT"), 4096, 255),
        (Window(40, 400, "SIGMOID"), 40, 127.5), (Window(40, 400, "SIGMOID"), 140, 255 / (1 + np.exp(-1))),
        (Window(40, 400, "SIGMOID"), -1e9, 0), (Window(40, 400, "SIGMOID"), 1e9, 255),
    ],
)  # fmt: skip
def test_windows_of_the_standard(window, value, expected):
    assert apply_window(np.array([float(value)]), window)[0] == pytest.approx(expected, abs=1e-6)


def test_rescale_comes_before_the_window(describe):
    stored = (RAMP + 1024).astype(np.uint16)
    presentation = Presentation(slope=1, intercept=-1024, windows=(Window(40, 400),))
    picture = render(stored, describe(stored), presentation)
    np.testing.assert_array_equal(picture, np.rint(apply_window(RAMP.astype(float), Window(40, 400))))
    assert picture.dtype == np.uint8


def test_the_caller_s_window_wins(describe):
    presentation = Presentation(windows=(Window(0, 10),))
    picture = render(RAMP, describe(RAMP), presentation, Window(1024, 4096))
    assert len(np.unique(picture)) == 256


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.int16])
def test_wide_values_are_shown_like_narrow_ones(dtype, describe):
    presentation = Presentation(slope=2, intercept=7, windows=(Window(500, 900),))
    values = RAMP.astype(dtype)
    np.testing.assert_array_equal(
        render(values, describe(values), presentation), render(RAMP, describe(RAMP), presentation)
    )


def test_not_a_number_is_shown_as_zero(describe):
    values = np.array([[np.nan, 0.0, 1.0]], np.float32)
    picture = render(values, describe(values), Presentation(windows=(Window(0.5, 1, "LINEAR_EXACT"),)))
    np.testing.assert_array_equal(picture, [[0, 0, 255]])


@pytest.mark.parametrize(
    ("photometric", "inverse", "turned"),
    [
        ("MONOCHROME2", False, False),
        ("MONOCHROME1", False, True),
        ("MONOCHROME1", True, True),
        ("MONOCHROME2", True, True),
    ],
)
def test_inverse(photometric, inverse, turned, describe):
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    described = describe(values, PhotometricInterpretation=photometric)
    picture = render(values, described, Presentation(inverse=inverse))
    np.testing.assert_array_equal(picture, 255 - values if turned else values)


def test_padding_is_black_and_does_not_count_for_the_default_window(describe):
    values = np.full((40, 40), -2000, np.int16)
    values[:20] = np.linspace(0, 999, 800).reshape(20, 40)
    plain = render(values, describe(values))
    padded = render(values, describe(values), Presentation(padding=(-2000, -2000), inverse=True))
    assert plain[:20].min() > 100
    assert padded[:20].min() < 3
    assert padded[:20].max() > 252
    assert not padded[20:].any()


def test_the_default_window_leaves_outliers_out(describe):
    values = np.random.default_rng(1).normal(1000, 50, (100, 100)).astype(np.uint16)
    values[0, 0] = 60000
    picture = render(values, describe(values))
    assert 100 < picture.mean() < 155
    assert picture.std() > 30


def test_the_default_window_lies_between_two_percentiles(describe):
    values = np.random.default_rng(2).integers(0, 4000, (100, 101)).astype(np.uint16)
    ordered = np.sort(values.ravel())
    low, high = (float(ordered[round(share * (values.size - 1))]) for share in (0.01, 0.99))
    expected = np.rint(np.clip((values - low) / (high - low), 0, 1) * 255)
    np.testing.assert_array_equal(render(values, describe(values)), expected)


def test_counts_go_from_nothing_to_the_most(describe):
    values = np.array([[100, 150], [175, 200]], np.uint16)
    expected = np.rint(values / 200 * 255)
    np.testing.assert_array_equal(render(values, describe(values), Presentation(counts=True)), expected)
    assert render(values.astype(np.uint8), describe(values.astype(np.uint8)), Presentation(counts=True)).max() == 255


def test_few_values_on_much_ground_are_seen(describe):
    values = np.zeros((100, 100), np.uint16)
    values[50, 50] = 900
    assert render(values, describe(values))[50, 50] == 255


@pytest.mark.parametrize(("bits", "highest"), [(8, 255), (1, 1), (4, 15)])
def test_small_pictures_are_shown_as_they_are(bits, highest, describe):
    values = np.array([[0, highest]], np.uint8)
    np.testing.assert_array_equal(render(values, describe(values, BitsStored=bits)), [[0, 255]])


def test_a_constant_image_can_be_shown(describe):
    values = np.full((8, 8), 500, np.int16)
    assert render(values, describe(values)).shape == (8, 8)


def test_modality_lut_takes_the_place_of_the_slope():
    presentation = Presentation(slope=9, modality_lut=lookup(10, [100, 200, 300], 16))
    np.testing.assert_array_equal(
        modality_values(np.array([0, 10, 11, 12, 99]), presentation), [100, 100, 200, 300, 300]
    )


def test_voi_lut_is_preferred_to_the_window(describe):
    values = np.array([[0, 1, 2, 3]], np.uint16)
    presentation = Presentation(windows=(Window(0, 1),), voi_luts=(lookup(0, [0, 1023, 511, 0], 10),))
    np.testing.assert_array_equal(render(values, describe(values), presentation), [[0, 255, 127, 0]])


def test_palette(describe):
    values = np.array([[9, 10, 11, 12]], np.uint8)
    palette = (lookup(10, [1, 2]), lookup(10, [0x300, 0x400], 16), lookup(10, [5, 6]))
    described = describe(values, PhotometricInterpretation="PALETTE COLOR")
    picture = render(values, described, Presentation(palette=palette))
    np.testing.assert_array_equal(picture, [[[1, 3, 5], [1, 3, 5], [2, 4, 6], [2, 4, 6]]])


def test_palette_colour_without_a_palette(describe):
    values = np.zeros((2, 2), np.uint8)
    with pytest.raises(InvalidObjectError, match="palette"):
        render(values, describe(values, PhotometricInterpretation="PALETTE COLOR"))


@pytest.mark.parametrize(
    ("photometric", "stored", "expected"),
    [
        ("RGB", (1, 2, 3), (1, 2, 3)),
        ("YBR_RCT", (1, 2, 3), (1, 2, 3)),
        ("YBR_ICT", (1, 2, 3), (1, 2, 3)),
        ("YBR_FULL", (76, 85, 255), (254, 0, 0)),
        ("YBR_FULL_422", (150, 44, 21), (0, 255, 1)),
        ("YBR_FULL", (200, 128, 128), (200, 200, 200)),
        ("YBR_PARTIAL_422", (235, 128, 128), (255, 255, 255)),
        ("YBR_PARTIAL_422", (16, 128, 128), (0, 0, 0)),
    ],
)
def test_colour(photometric, stored, expected, describe):
    values = np.full((2, 2, 3), stored, np.uint8)
    picture = render(values, describe(values, PhotometricInterpretation=photometric))
    np.testing.assert_allclose(picture[0, 0].astype(int), expected, atol=1)


def test_16_bit_colour(describe):
    values = np.full((2, 2, 3), (0xFF00, 0x8000, 0x00FF), np.uint16)
    np.testing.assert_array_equal(render(values, describe(values))[0, 0], [255, 128, 0])


def test_colour_spaces_that_are_gone(describe):
    values = np.zeros((2, 2, 3), np.uint8)
    with pytest.raises(UnsupportedError, match="HSV"):
        render(values, describe(values, PhotometricInterpretation="HSV"))


def test_a_supplemental_palette_colours_what_lies_in_it(describe):
    frame = np.array([[0, 50, 100, 101]], "u2")
    table = Lookup(100, np.array([0x00, 0xFF], "u2"), 8)
    zero = Lookup(100, np.zeros(2, "u2"), 8)
    presentation = Presentation(
        windows=(Window(50, 100, "LINEAR_EXACT"),), palette=(table, zero, zero), supplemental=True
    )
    shown = render(frame, describe(frame), presentation)
    assert shown.tolist() == [[[0, 0, 0], [128, 128, 128], [0, 0, 0], [255, 0, 0]]]


def test_a_linear_window_of_floats_takes_nothing_from_its_width(describe):
    frame = np.array([[0.0, 0.5, 1.0]], "f4")
    presentation = Presentation(windows=(Window(0.5, 1.0),))
    assert render(frame, describe(frame), presentation).tolist() == [[0, 128, 255]]
