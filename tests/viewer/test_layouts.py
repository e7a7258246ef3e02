"""Several panes: layouts, dropping, maximising, linked scrolling, reference lines, crosshair, linked views."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage

from .conftest import ROOT, Archive, View, _file, _patient, _pixels
from .test_planes import take

pytestmark = pytest.mark.browser
STUDY = f"{ROOT}.40"
SHAPE = (40, 50)


def mr(series: int, number: int, position: list[float], orientation: list[float], frame: str = "9") -> Dataset:
    """Return a slice; its value is 100 times its series plus its number."""
    dataset = _file(Dataset(), MRImageStorage, f"{STUDY}.{series}.{number}", STUDY, f"{STUDY}.{series}")
    _patient(dataset, "Many^Series", "P-040", "20240201", "Knee")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "MR", series, number
    dataset.FrameOfReferenceUID = f"{STUDY}.{frame}"
    dataset.ImageOrientationPatient, dataset.ImagePositionPatient = orientation, position
    dataset.PixelSpacing = [2, 2]
    return _pixels(dataset, np.full(SHAPE, 100 * series + number, np.uint16), "MONOCHROME2")


AXIAL, CORONAL = [1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1]


@pytest.fixture(scope="module")
def knee(real_archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Return an archive with a coarse and a fine axial series, a coronal one and an axial one of another space."""
    made = [mr(1, n, [0, 0, 6.0 * n], AXIAL) for n in range(11)]
    made += [mr(2, n, [0, 0, 2.0 * n], AXIAL) for n in range(31)]
    made += [mr(3, n, [0, 4.0 * n, 70], CORONAL) for n in range(20)]
    made += [mr(4, n, [0, 0, 5.0 * n], AXIAL, "8") for n in range(11)]
    take(real_archive, tmp_path_factory.mktemp("knee") / "in", *made)
    return real_archive


def open_four(view: View, archive: Archive) -> None:
    """Open the study in two rows and two columns, and wait until all four panes show a picture."""
    view.archive = archive
    view.study(STUDY, f"&SeriesInstanceUID={STUDY}.1")
    view.page.keyboard.press("Shift+l")
    view.page.locator('[data-place="2x2"]').click()
    expect(view.page.locator('.pane[data-status="ready"]')).to_have_count(4)


def picture(view: View, cell: int) -> str:
    """Return the end of the UID of what a pane shows: series and number."""
    return str(view.page.evaluate(f"window.__isocenter.summary({cell}).SOPInstanceUID")).removeprefix(f"{STUDY}.")


def wait_picture(view: View, cell: int, uid: str) -> None:
    view.page.wait_for_function(f"() => window.__isocenter.summary({cell}).SOPInstanceUID === '{STUDY}.{uid}'")


def at(view: View, cell: int, column: float, row: float) -> tuple[float, float]:
    """Return where a pixel of a pane is on the page."""
    x, y = view.page.evaluate(f"window.__isocenter.pixelToPane({column}, {row}, {cell})")
    box = view.page.locator(".pane-surface").nth(cell).bounding_box()
    assert box is not None
    return box["x"] + x, box["y"] + y


def test_scrolling_is_linked_by_position_in_the_same_space(view: View, knee: Archive) -> None:
    open_four(view, knee)
    others = [picture(view, cell) for cell in (2, 3)]
    view.page.keyboard.press("Home")
    wait_picture(view, 0, "1.0")
    wait_picture(view, 1, "2.0")
    view.page.keyboard.press("ArrowDown")
    wait_picture(view, 1, "2.3")
    assert [picture(view, cell) for cell in (2, 3)] == others
    view.page.keyboard.press("l")
    view.page.keyboard.press("ArrowDown")
    wait_picture(view, 0, "1.2")
    assert picture(view, 1) == "2.3"


def test_unrelated_series_follow_by_offset_if_wished(view: View, knee: Archive) -> None:
    open_four(view, knee)
    before = int(picture(view, 3).split(".")[1])
    view.page.get_by_role("button", name="Links").click()
    view.page.locator('[data-command="link.offset"]').click()
    view.page.keyboard.press("Escape")
    view.page.keyboard.press("ArrowDown")
    wait_picture(view, 3, f"4.{before + 1}")


def test_reference_lines_lie_where_the_planes_meet(view: View, knee: Archive) -> None:
    """The active axial slice at z = 30 cuts the coronal pictures, whose first row is at z = 70, at row 20."""
    open_four(view, knee)
    wait_picture(view, 0, "1.5")
    line = view.page.locator(".pane").nth(2).locator(".cut-line")
    expect(line).to_have_count(1)
    y = view.page.evaluate("window.__isocenter.pixelToPane(0, 20, 2)[1]")
    assert float(line.get_attribute("y1")) == pytest.approx(y, abs=0.5)
    assert float(line.get_attribute("y2")) == pytest.approx(y, abs=0.5)
    expect(view.page.locator(".pane").nth(3).locator(".cut-line")).to_have_count(0)
    view.page.keyboard.press("j")
    expect(view.page.locator(".cut-line")).to_have_count(0)


def test_the_crosshair_leads_every_pane_to_the_place(view: View, knee: Archive) -> None:
    open_four(view, knee)
    view.page.keyboard.press("x")
    view.page.mouse.click(*at(view, 0, 12, 8))
    wait_picture(view, 2, "3.4")
    cross = view.page.locator(".pane").nth(2).locator(".cursor-cross")
    x, y = view.page.evaluate("window.__isocenter.pixelToPane(12, 20, 2)")
    start = re.match(r"M(\S+) (\S+)h", cross.get_attribute("d"))
    assert (float(start[1]) + 14, float(start[2])) == pytest.approx((x, y), abs=0.5)
    expect(view.page.locator(".pane").nth(3).locator(".cursor-cross")).to_have_count(0)
    view.page.keyboard.press("Escape")
    expect(view.page.locator(".cursor-cross")).to_have_count(0)


def test_windows_and_views_are_linked_by_choice(view: View, knee: Archive) -> None:
    open_four(view, knee)

    def width(cell: int) -> str:
        return re.search(r"W (\S+)", view.page.locator(".corner-bl").nth(cell).inner_text())[1]

    before = width(1)
    view.page.keyboard.press("1")
    assert width(1) == before
    view.page.get_by_role("button", name="Links").click()
    for name in ("link.window", "link.view"):
        view.page.locator(f'[data-command="{name}"]').click()
    view.page.keyboard.press("Escape")
    before = at(view, 1, 5, 5)
    view.page.keyboard.press("+")
    assert at(view, 1, 5, 5) != before
    view.page.mouse.move(*at(view, 0, 25, 20))
    view.page.mouse.down()
    view.page.mouse.move(500, 300)
    view.page.mouse.move(560, 250)
    view.page.mouse.up()
    assert width(1) == width(0)


def test_double_click_maximises_and_a_series_can_be_dropped(view: View, knee: Archive) -> None:
    open_four(view, knee)
    view.page.locator(".card").nth(2).drag_to(view.page.locator(".pane-surface").nth(1))
    view.page.wait_for_function(f"() => window.__isocenter.summary(1).SOPInstanceUID.startsWith('{STUDY}.3.')")
    view.page.mouse.dblclick(*at(view, 1, 10, 10))
    expect(view.page.locator(".pane:visible")).to_have_count(1)
    assert view.page.locator(".pane:visible").bounding_box()["width"] > 1000
    view.page.keyboard.press("f")
    expect(view.page.locator(".pane:visible")).to_have_count(4)


def test_layouts_go_up_to_twenty_panes_and_back(view: View, knee: Archive) -> None:
    view.archive = knee
    view.study(STUDY)
    view.page.get_by_role("button", name="Layout").click()
    view.page.mouse.move(*centre(view, "1x1"))
    view.page.mouse.down()
    view.page.mouse.move(*centre(view, "4x5"), steps=4)
    view.page.mouse.up()
    expect(view.page.locator(".pane")).to_have_count(20)
    view.page.keyboard.press("Shift+l")
    expect(view.page.locator(".layout-picker")).to_be_focused()
    for key in ("ArrowUp", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowLeft", "Enter"):
        view.page.keyboard.press(key)
    expect(view.page.locator(".pane")).to_have_count(2)


def test_a_measurement_shows_on_every_picture_that_holds_it(view: View, knee: Archive) -> None:
    """Drawn on the coarse series at z = 30, it lies on the fine one too, and can be moved there."""
    open_four(view, knee)
    wait_picture(view, 0, "1.5")
    view.page.keyboard.press("Home")
    wait_picture(view, 1, "2.0")
    view.page.keyboard.press("d")
    view.page.locator("[data-measuring=ready]").first.wait_for()
    for pixel in ((10, 10), (30, 10)):
        view.page.mouse.click(*at(view, 0, *pixel))
    texts = [view.page.locator(".pane").nth(cell).locator(".measurement tspan") for cell in range(4)]
    for text, expected in zip(texts, (["40.0 mm"], ["40.0 mm"], [], []), strict=True):
        expect(text).to_have_text(expected)
    view.page.keyboard.press("w")
    view.page.mouse.move(*at(view, 1, 30, 10))
    view.page.mouse.down()
    view.page.mouse.move(*at(view, 1, 38, 10), steps=3)
    view.page.mouse.move(*at(view, 1, 40, 10))
    view.page.mouse.up()
    for text in texts[:2]:
        expect(text).to_have_text(["60.0 mm"])
    view.page.keyboard.press("ArrowDown")
    wait_picture(view, 1, "2.1")
    expect(view.page.locator(".pane").nth(1).locator(".measurement")).to_have_count(0)


def centre(view: View, cell: str) -> tuple[float, float]:
    box = view.page.locator(f'[data-place="{cell}"]').bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
