"""Digital subtraction in the viewer: mask of the file, mask chosen, moved; every value against numpy."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset
from pydicom.uid import XRayAngiographicImageStorage

from .conftest import ROOT, Archive, View, _file, _patient, _pixels
from .test_measure import numbers
from .test_planes import take

pytestmark = pytest.mark.browser
STUDY = f"{ROOT}.67"
FRAMES, SIZE, TOP = 6, 48, 1023


def frames() -> np.ndarray:
    """Return a background that differs from pixel to pixel, with a vessel that fills from frame 3 on."""
    row, column = np.mgrid[0:SIZE, 0:SIZE]
    background = 400 + 6 * row + 3 * column + 20 * ((row * 7 + column * 3) % 5)
    made = np.stack([background + frame for frame in range(FRAMES)])
    made[2:, 20:28, :] //= 2
    return made


def mask(of: np.ndarray, right: float, down: float) -> np.ndarray:
    """Return a mask moved by parts of a pixel, linear between pixels, its edge going on beyond the edge."""
    rows = np.clip(np.arange(SIZE) - down, 0, SIZE - 1)
    columns = np.clip(np.arange(SIZE) - right, 0, SIZE - 1)
    across = np.stack([np.interp(columns, np.arange(SIZE), line) for line in of])
    return np.stack([np.interp(rows, np.arange(SIZE), line) for line in across.T]).T


def logarithm(values: np.ndarray) -> np.ndarray:
    return np.log1p(values) * TOP / np.log1p(TOP)


@pytest.fixture(scope="module")
def angiogram(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Put an angiogram with a mask of its own into the archive."""
    dataset = _file(Dataset(), XRayAngiographicImageStorage, f"{STUDY}.1.1", STUDY, f"{STUDY}.1")
    _patient(dataset, "Angio^Test", "P-067", "20240305", "Angiogram")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "XA", 1, 1
    dataset.NumberOfFrames, dataset.FrameTime, dataset.PixelIntensityRelationship = FRAMES, 250, "LIN"
    item = Dataset()
    item.MaskOperation, item.MaskFrameNumbers, item.MaskSubPixelShift = "AVG_SUB", [1, 2], [0.5, -0.25]
    dataset.MaskSubtractionSequence = [item]
    _pixels(dataset, frames().astype(np.uint16), "MONOCHROME2")
    dataset.BitsStored, dataset.HighBit = 10, 9
    take(archive, tmp_path_factory.mktemp("angiogram"), dataset)


def expect_badge(view: View, text: str) -> None:
    expect(view.page.locator(".notes", has_text=text)).to_be_visible()


def expect_values(view: View, difference: np.ndarray) -> None:
    for column, row in ((5, 5), (30, 22), (24, 12)):
        expected = difference[row, column]
        assert numbers(view.value_at(column, row))[0] == pytest.approx(
            expected, abs=0.06 if abs(expected) >= 100 else 0.006
        )


@pytest.mark.usefixtures("angiogram")
def test_a_mask_is_subtracted_chosen_and_moved(view: View) -> None:
    view.study(STUDY)
    view.page.get_by_test_id("pane").get_by_role("button", name="Pause").click()
    view.page.keyboard.press("Home")
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("ArrowDown")
    view.settled()
    stored = frames().astype(float)
    natural = view.value_at(30, 22)
    assert numbers(natural) == [stored[3, 22, 30]]

    view.page.keyboard.press("Shift+d")
    expect_badge(view, "Subtracted (logarithm), mask 1, 2, shift -0.25, 0.5")
    view.settled()
    expect_values(view, logarithm(stored[3]) - logarithm(mask(stored[:2].mean(0), -0.25, 0.5)))
    assert re.search(r"W \d+ L 0\b", view.corner("bl"))
    assert view.brightness(30, 24) < 40 < 90 < view.brightness(30, 8) < 165

    view.page.get_by_role("button", name="Mask not shifted").click()
    expect_badge(view, "mask 1, 2, shift 0, 0")
    view.page.keyboard.press("ArrowUp")
    view.page.keyboard.press("ArrowUp")
    view.settled()
    view.page.keyboard.press("Shift+n")
    expect_badge(view, "mask 2, shift 0, 0")
    expect_values(view, np.zeros((SIZE, SIZE)))
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("Shift+p")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowLeft"):
        view.page.keyboard.press(key)
    expect_badge(view, "mask 2, shift 1.9, -1")
    view.settled()
    expect_values(view, logarithm(stored[2]) - logarithm(mask(stored[1], 1.9, -1)))
    view.drag(-40, 0)
    expect(view.page.locator(".notes")).to_contain_text(re.compile(r"shift -?\d+(\.\d)?, -1"))
    expect(view.page.locator(".notes")).not_to_contain_text("shift 1.9,")
    view.page.keyboard.press("Escape")

    view.page.keyboard.press("Shift+d")
    expect(view.page.locator(".notes", has_text="Subtracted")).to_have_count(0)
    view.settled()
    assert numbers(view.value_at(30, 22)) == [stored[2, 22, 30]]
