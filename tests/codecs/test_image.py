import imagecodecs
import numpy as np
import pytest

from isocenter.codecs.image import WRITERS, fit, scale, write_jpeg, write_picture, write_png
from isocenter.errors import UnsupportedError, UsageError

GREY = np.add.outer(np.arange(100), np.arange(120)).astype(np.uint8)
COLOUR = np.stack([GREY, GREY[::-1], 255 - GREY], axis=-1)
READERS = {
    "image/jpeg": imagecodecs.jpeg8_decode,
    "image/png": imagecodecs.png_decode,
    "image/webp": imagecodecs.webp_decode,
}


@pytest.mark.parametrize("picture", [GREY, COLOUR, COLOUR[:, ::-1]], ids=["grey", "colour", "not contiguous"])
@pytest.mark.parametrize("media_type", WRITERS)
def test_pictures_come_back(picture, media_type):
    read = np.squeeze(READERS[media_type](write_picture(picture, media_type, 95)))
    if read.ndim > picture.ndim:
        read = read[..., 0]
    assert np.abs(read.astype(int) - picture).mean() < 4


def test_png_is_exact():
    np.testing.assert_array_equal(imagecodecs.png_decode(write_png(COLOUR)), COLOUR)


def test_jpeg_quality_matters():
    assert len(write_jpeg(COLOUR, 30)) < len(write_jpeg(COLOUR, 95))


@pytest.mark.parametrize("quality", [0, 101, -1])
def test_impossible_quality(quality):
    with pytest.raises(UsageError):
        write_jpeg(GREY, quality)


def test_unknown_media_type():
    with pytest.raises(UnsupportedError, match="image/jpeg"):
        write_picture(GREY, "image/heic")


@pytest.mark.parametrize("size", [(10, 10), (50, 60), (100, 120), (333, 111), (1, 1), (99, 7)])
@pytest.mark.parametrize("picture", [GREY, COLOUR], ids=["grey", "colour"])
def test_scaling_keeps_shape_and_mean(picture, size):
    columns, rows = size
    scaled = scale(picture, columns, rows)
    assert scaled.shape == (rows, columns, *picture.shape[2:])
    assert scaled.dtype == np.uint8
    if min(size) > 5:
        assert scaled.mean() == pytest.approx(picture.mean(), abs=2)


def test_a_checkerboard_becomes_grey_when_smaller():
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    assert np.abs(scale(board, 16, 16).astype(int) - 128).max() <= 1


def test_a_ramp_stays_a_ramp_when_larger():
    ramp = np.tile(np.arange(0, 100, 10, np.uint8), (4, 1))
    larger = scale(ramp, 100, 4)[0].astype(int)
    assert (np.diff(larger) >= 0).all()
    assert (np.diff(larger) <= 2).all()


@pytest.mark.parametrize(("viewport", "expected"), [((60, 60), (50, 60)), ((240, 1000), (200, 240)), ((1, 1), (1, 1))])
def test_fit_keeps_the_proportions(viewport, expected):
    assert fit(GREY, *viewport).shape == expected


@pytest.mark.parametrize("viewport", [(0, 10), (10, -1)])
def test_an_empty_viewport(viewport):
    for scaling in (fit, scale):
        with pytest.raises(UsageError):
            scaling(GREY, *viewport)
