"""A volume in three dimensions: sides and places on the screen, values of a MIP, presets, clipping, early pictures."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Route, expect
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from isocenter.web import volume_preview

from .conftest import CT_STUDY, ROOT, SLICES, US_STUDY, Archive, View, _file, _patient, _pixels
from .test_mpr import preview_of_ct
from .test_planes import take

pytestmark = pytest.mark.browser
STUDY = f"{ROOT}.60"
SIDE, COUNT, STEP = 40, 24, 2.0
#: A block of bone in air, in the patient: to the left, in front, toward the head.
BLOCK = (24.0, 8.0, 36.0)


def axial(number: int, pixels: NDArray[np.int16], study: str = STUDY) -> Dataset:
    """Return axial slice ``number``, of voxels of 1 x 1 x 2 mm."""
    dataset = _file(Dataset(), CTImageStorage, f"{study}.1.{number}", study, f"{study}.1")
    _patient(dataset, "Block^In Air", "P-060", "20240204", "3D")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CT", 1, number
    dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, number * STEP]
    dataset.PixelSpacing, dataset.FrameOfReferenceUID = [1, 1], f"{study}.9"
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    return _pixels(dataset, pixels, "MONOCHROME2", signed=True)


def slice_of(number: int) -> Dataset:
    """Return axial slice ``number``: 1000 HU in a block of 8 x 8 x 4 voxels around BLOCK, air elsewhere."""
    pixels = np.full((SIDE, SIDE), 24, np.int16)
    if abs(number * STEP - BLOCK[2]) < 4:
        pixels[int(BLOCK[1]) - 4 : int(BLOCK[1]) + 4, int(BLOCK[0]) - 4 : int(BLOCK[0]) + 4] = 2024
    return axial(number, pixels)


@pytest.fixture
def opened(view: View, real_archive: Archive, tmp_path: Path) -> View:
    """Give the block in three dimensions, drawn to its end."""
    take(real_archive, tmp_path / "in", *(slice_of(n) for n in range(1, COUNT + 1)))
    view.archive = real_archive
    view.page.set_viewport_size({"width": 640, "height": 480})
    view.study(STUDY)
    view.page.keyboard.press("Shift+V")
    settled(view)
    return view


def settled(view: View, shown: str = "slices") -> None:
    expect(view.page.locator(f'.volume[data-shown="{shown}"][data-settled="true"]')).to_be_visible(timeout=60_000)


def picture(view: View) -> NDArray[np.uint8]:
    """Return what the canvas shows, without what lies over it."""
    hide = ".overlay, .volume-cube, .volume-close, .volume-clip, .volume-cutting, .volume-panel { visibility: hidden }"
    return np.asarray(Image.open(io.BytesIO(view.page.locator(".volume-canvas").screenshot(style=hide))).convert("RGB"))


def brightness(view: View, image: NDArray[np.uint8], place: tuple[float, float, float]) -> int:
    """Return the greatest channel of the pixel where a place in the patient lies."""
    across, down = view.page.evaluate(f"window.__isocenter.volume({list(place)}).at")
    rows, columns = image.shape[:2]
    return int(image[round(down * rows), round(across * columns)].max())


def test_sides_are_where_a_radiologist_expects_them(opened: View) -> None:
    opened.page.set_viewport_size({"width": 1280, "height": 480})
    for side, right, top in ("ALH", "PRH", "LPH", "RAH", "HRA", "FLA"):
        opened.page.get_by_title(f"From {side}", exact=True).click()
        expect(opened.page.locator(".volume-cube")).to_have_attribute("aria-label", f"Seen from {side}")
        settled(opened)
        image = picture(opened)
        assert brightness(opened, image, BLOCK) > 120
        rows, columns = np.nonzero(image.max(axis=2) > 60)
        middle = np.array([columns.mean() / image.shape[1], rows.mean() / image.shape[0]]) - 0.5
        # The block lies to the left, in front and toward the head of the volume's middle.
        assert (middle[0] > 0.01) == (right in "LAH"), side
        assert (middle[1] < -0.01) == (top in "LAH"), side


def test_a_mip_has_the_greatest_value_of_the_window(opened: View) -> None:
    opened.page.get_by_label("Preset").select_option("mip")
    settled(opened)
    image = picture(opened)
    assert brightness(opened, image, BLOCK) == 255  # 1000 HU, window 250/900
    assert brightness(opened, image, (4, 30, 10)) == 0
    opened.page.get_by_label("Width", exact=True).fill("3276")
    opened.page.get_by_label("Level", exact=True).fill("1000.6")
    settled(opened)
    assert brightness(opened, picture(opened), BLOCK) == pytest.approx(127, abs=4)


def test_at_rest_every_pixel_is_drawn(view: View, real_archive: Archive, tmp_path: Path) -> None:
    study, wide = f"{ROOT}.61", 324  # more than software turns: three pixels become one
    pixels = np.full((wide, wide), 24, np.int16)
    pixels[:, 100] = 2024
    take(real_archive, tmp_path / "in", *(axial(n, pixels, study) for n in range(1, 9)))
    view.archive = real_archive
    view.study(study)
    view.page.keyboard.press("Shift+V")
    view.page.get_by_label("Preset").select_option("mip")
    settled(view)
    reduced = view.page.locator(".volume .notes").get_by_text("Reduced to 1/3")
    expect(reduced).to_have_count(0)
    assert brightness(view, picture(view), (100, 162, 10)) > 100
    view.page.get_by_title("From F", exact=True).click()
    expect(reduced).to_be_visible()
    expect(reduced).to_have_count(0)


def test_clipping_takes_the_block_away(opened: View) -> None:
    opened.page.get_by_role("button", name="Clip", exact=True).click()
    opened.page.get_by_label("Last of the columns").fill("0.4")
    settled(opened)
    assert picture(opened).max() < 10
    opened.page.get_by_role("button", name="Reset 3D").click()
    settled(opened)
    assert brightness(opened, picture(opened), BLOCK) > 120
    # The block lies in front of the middle: a plane there, seen from the front, takes it away and stays where it is.
    depth = opened.page.get_by_label("Depth of the plane")
    depth.fill("0.5")
    settled(opened)
    assert picture(opened).max() < 10
    opened.page.get_by_role("button", name="Hold it").click()
    for _ in range(36):
        opened.page.keyboard.press("ArrowRight")
    expect(opened.page.locator(".volume-cube")).to_have_attribute("aria-label", "Seen from P")
    settled(opened)
    assert picture(opened).max() < 10
    opened.page.keyboard.press("Control+z")
    depth.fill("0.3")
    settled(opened)
    assert brightness(opened, picture(opened), BLOCK) > 120
    depth.fill("0.95")
    settled(opened)
    assert picture(opened).max() < 10
    depth.fill("0")
    settled(opened)
    assert brightness(opened, picture(opened), BLOCK) > 120


def test_the_transfer_function_is_changed_by_keys_and_pointer(opened: View) -> None:
    opened.page.get_by_role("button", name="Transfer function").click()
    graph = opened.page.get_by_test_id("transfer-graph")
    expect(opened.page.locator(".transfer-axis")).to_contain_text("3071 HU")
    # Bins of 16 HU over a height of 150: air at -1000 and the block at 1000 HU stand up, the air all the way.
    assert re.search(r"V0\.0H", graph.locator(".transfer-histogram").get_attribute("d") or "")
    last = opened.page.get_by_role("slider", name="Point 4 of 4")
    expect(last).to_have_attribute("aria-valuetext", "1200 HU, opacity 85 %")
    before = brightness(opened, picture(opened), BLOCK)
    for name in ("Point 4 of 4", "Point 3 of 4", "Point 2 of 4"):
        opened.page.get_by_role("slider", name=name).focus()
        for _ in range(10):
            opened.page.keyboard.press("Shift+ArrowDown")
    settled(opened)
    assert before > 120
    assert picture(opened).max() < 10
    expect(opened.page.locator(".volume .corner-bl")).to_contain_text("Bone, changed")
    # What was changed is there again after leaving and coming back, until it is reset.
    opened.page.keyboard.press("Escape")
    opened.page.keyboard.press("Shift+V")
    settled(opened)
    assert picture(opened).max() < 10
    opened.page.get_by_role("button", name="Transfer function").click()
    opened.page.get_by_role("button", name="Reset the function").click()
    settled(opened)
    assert brightness(opened, picture(opened), BLOCK) == pytest.approx(before, abs=6)
    graph.dblclick(position={"x": 220, "y": 60})
    added = opened.page.get_by_role("slider", name="Point 5 of 5")
    added.focus()
    opened.page.keyboard.press("Delete")
    expect(added).to_have_count(0)


def test_scissors_cut_along_the_line_of_sight(opened: View) -> None:
    box = opened.page.locator(".volume-canvas").bounding_box()
    assert box is not None

    def draw(reach: float) -> None:
        """Draw a square about the block, with this half side in parts of the canvas."""
        across, down = opened.page.evaluate(f"window.__isocenter.volume({list(BLOCK)}).at")
        for index, (x, y) in enumerate(((-1, -1), (1, -1), (1, 1), (-1, 1))):
            at = (across + x * reach) * box["width"], (down + y * reach) * box["height"]
            opened.page.mouse.move(box["x"] + at[0], box["y"] + at[1], steps=4)
            if index == 0:
                opened.page.mouse.down()
        opened.page.mouse.up()

    def expect_cuts(count: int, seen: bool) -> None:
        expect(opened.page.locator(f'.volume[data-cuts="{count}"]')).to_be_visible()
        settled(opened)
        assert (brightness(opened, picture(opened), BLOCK) > 120) == seen

    opened.page.get_by_role("button", name="Scissors").click()
    draw(0.2)
    expect_cuts(1, seen=False)
    opened.page.keyboard.press("Control+z")
    expect_cuts(0, seen=True)
    opened.page.get_by_role("button", name="Keep inside").click()
    draw(0.2)
    expect_cuts(1, seen=True)
    opened.page.get_by_role("button", name="Remove inside").click()
    opened.page.get_by_label("Preset").select_option("mip")
    expect_cuts(1, seen=True)
    draw(0.2)
    expect_cuts(2, seen=False)
    opened.page.get_by_role("button", name="Undo all cuts").click()
    expect_cuts(0, seen=True)
    opened.page.keyboard.press("Escape")
    expect(opened.page.get_by_role("button", name="Keep inside")).to_have_count(0)
    expect(opened.page.locator(".volume")).to_have_count(1)


def test_dragging_turns_and_the_wheel_zooms(opened: View) -> None:
    box = opened.page.locator(".volume-canvas").bounding_box()
    assert box is not None
    before = opened.page.evaluate(f"window.__isocenter.volume({list(BLOCK)}).at")
    opened.page.mouse.move(box["x"] + 100, box["y"] + 100)
    opened.page.mouse.down()
    opened.page.mouse.move(box["x"] + 100 + box["height"] / 2, box["y"] + 100, steps=3)
    opened.page.mouse.up()
    expect(opened.page.locator(".volume-cube")).to_have_attribute("aria-label", "Seen from R")
    slice_before = opened.summary()["index"]
    for key, side in (("ArrowLeft", "A"), ("ArrowUp", "F"), ("ArrowDown", "A"), ("ArrowRight", "R")):
        for _ in range(18):  # of 5° each
            opened.page.keyboard.press(key)
        expect(opened.page.locator(".volume-cube")).to_have_attribute("aria-label", f"Seen from {side}")
    assert opened.summary()["index"] == slice_before
    settled(opened)
    size = np.count_nonzero(picture(opened).max(axis=2) > 60)
    opened.page.keyboard.press("-")
    settled(opened)
    assert np.count_nonzero(picture(opened).max(axis=2) > 60) == pytest.approx(size / 1.25**2, rel=0.2)
    opened.page.mouse.wheel(0, -300)
    settled(opened)
    after = opened.page.evaluate(f"window.__isocenter.volume({list(BLOCK)}).at")
    assert after != before
    assert brightness(opened, picture(opened), BLOCK) > 120


def test_a_preview_shows_before_the_slices(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, number in (("MOST_PIXELS", 40), ("MOST_SLICES", SLICES), ("FEWEST_VOXELS", 1)):
        monkeypatch.setattr(volume_preview, name, number)
    held: list[Route] = []
    released = False

    def hold(route: Route) -> None:
        if released or re.search(r"\.1\.13/frames", route.request.url):
            route.continue_()
        else:
            held.append(route)

    view.page.route("**/frames/*", hold)
    view.page.route("**/preview", lambda route: route.fulfill(body=preview_of_ct()))
    view.page.set_viewport_size({"width": 640, "height": 480})
    view.study(CT_STUDY, f"&SeriesInstanceUID={CT_STUDY}.1")
    view.page.keyboard.press("Shift+V")
    settled(view, "preview")
    expect(view.page.locator(".volume .notes")).to_contain_text("Preview at 1/2")
    released = True
    while held:
        held.pop().continue_()
    settled(view)
    expect(view.page.locator(".volume .notes")).to_have_count(0)


def test_what_is_no_volume_is_refused_with_the_reason(view: View) -> None:
    view.study(US_STUDY)
    view.page.keyboard.press("Shift+V")
    expect(view.page.get_by_role("alert")).to_contain_text("colour images")
    expect(view.page.locator(".volume")).to_have_count(0)


def test_escape_closes_it(opened: View) -> None:
    opened.page.keyboard.press("Escape")
    expect(opened.page.locator(".volume")).to_have_count(0)
    expect(opened.page.locator('.pane[data-status="ready"]')).to_have_count(1)
