"""Pictures out of the viewer: their pixels, sizes and names, and that nobody is named in them unless asked for."""

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import expect

from .conftest import COLUMNS, CT_STUDY, ROWS, SLICES, SR_STUDY, Archive, View
from .test_planes import take
from .test_viewer import MIDDLE, hounsfield
from .test_volume3d import COUNT, STUDY, settled, slice_of

pytestmark = pytest.mark.browser


def choose(view: View, command: str) -> None:
    """Choose from the export menu."""
    view.page.get_by_role("button", name="Export").click()
    view.page.locator(f'.menu [data-command="{command}"]').click()
    if view.page.locator(".menu").count():
        view.page.keyboard.press("Escape")


def saved(view: View, key: str = "Control+s") -> tuple[str, NDArray[np.uint8]]:
    """Save the picture and return the file's name and its pixels."""
    with view.page.expect_download() as started:
        view.page.keyboard.press(key)
    path = Path(started.value.path())
    return started.value.suggested_filename, np.asarray(Image.open(path).convert("RGB"))


def corner(pixels: NDArray[np.uint8]) -> int:
    """Return the brightest value in the top left corner, where the patient would be."""
    return int(pixels[6:60, 6:160].max())


def test_the_picture_on_screen_is_saved_without_the_patient(view: View) -> None:
    view.study(CT_STUDY)
    view.page.keyboard.press("1")
    name, pixels = saved(view)
    box = view.page.locator(".pane-surface").bounding_box()
    assert name == f"CT-3-{MIDDLE}.png"
    assert pixels.shape[:2] == (round(box["height"]), round(box["width"]))
    low, high = hounsfield(MIDDLE, 0, 0), hounsfield(MIDDLE, 63, 79)
    for column, row in ((35, 20), (45, 40)):
        x, y = view.page.evaluate(f"window.__isocenter.pixelToPane({column}, {row})")
        expected = 255 * (hounsfield(MIDDLE, row, column) - low) / (high - low)
        assert int(pixels[round(y), round(x), 0]) == pytest.approx(expected, abs=4)
    assert corner(pixels) == 0
    choose(view, "export.text")
    assert corner(saved(view)[1]) > 200
    name, lossy = saved(view, "Control+Shift+s")
    assert name == f"CT-3-{MIDDLE}.jpg"
    assert np.abs(lossy.astype(int) - saved(view)[1]).mean() < 2
    with view.page.expect_download() as fine:
        view.page.keyboard.press("Control+Shift+s")
    view.page.get_by_role("button", name="Export").click()
    view.page.get_by_role("slider", name="JPEG quality").press("Home")
    with view.page.expect_download() as coarse:
        view.page.locator('.menu [data-command="export.jpeg"]').click()
    sizes = [Path(one.value.path()).stat().st_size for one in (coarse, fine)]
    assert sizes[0] < 0.8 * sizes[1]
    assert Path(coarse.value.path()).read_bytes()[:3] == b"\xff\xd8\xff"


def test_the_whole_image_at_its_own_size(view: View) -> None:
    """Pixels are 1 by 2 mm: the picture has two for each along the columns, however it is zoomed."""
    view.study(CT_STUDY)
    for key in ("1", "+", "+", "r"):
        view.page.keyboard.press(key)
    choose(view, "export.size")
    _, pixels = saved(view)
    assert pixels.shape[:2] == (COLUMNS, ROWS * 2)


def test_measurements_are_on_the_picture_that_is_copied(view: View) -> None:
    view.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    view.study(CT_STUDY)
    view.page.keyboard.press("d")
    view.page.locator('.pane[data-measuring="ready"]').wait_for()
    view.drag(120, 40)
    view.page.keyboard.press("Control+c")
    read = """async () => {
        for (let tries = 0; tries < 100; tries += 1) {
          const [item] = await navigator.clipboard.read();
          if (item?.types.includes('image/png'))
            return [...new Uint8Array(await (await item.getType('image/png')).arrayBuffer())];
          await new Promise((done) => setTimeout(done, 50));
        } }"""
    pixels = np.asarray(Image.open(io.BytesIO(bytes(view.page.evaluate(read)))).convert("RGB")).astype(int)
    yellow = (pixels[..., 0] > 220) & (pixels[..., 1] > 180) & (pixels[..., 2] < 130)
    assert yellow.sum() > 100
    assert corner(pixels) == 0


def test_a_volume_in_three_dimensions(view: View, real_archive: Archive, tmp_path: Path) -> None:
    take(real_archive, tmp_path / "in", *(slice_of(n) for n in range(1, COUNT + 1)))
    view.archive = real_archive
    view.page.set_viewport_size({"width": 640, "height": 480})
    view.study(STUDY)
    view.page.keyboard.press("Shift+V")
    settled(view)
    name, pixels = saved(view)
    canvas = view.page.locator(".volume-canvas").bounding_box()
    assert name == "CT-1-3D.png"
    assert pixels.shape[:2] == (round(canvas["height"]), round(canvas["width"]))
    across, down = view.page.evaluate("window.__isocenter.volume([24, 8, 36]).at")
    assert pixels[round(down * len(pixels)), round(across * pixels.shape[1])].max() > 60
    assert corner(pixels) == 0


def test_what_is_no_picture_says_so(view: View) -> None:
    view.study(SR_STUDY)
    view.page.keyboard.press("Control+s")
    expect(view.page.get_by_role("alert")).to_have_text("There is no picture in this pane")


def printed(view: View, key: str) -> str:
    """Print, with a dialog that does nothing, and return the text of the sheet."""
    view.page.evaluate("window.print = () => undefined")
    view.page.keyboard.press(key)
    view.page.locator(".print-sheet").wait_for(state="attached")
    view.page.emulate_media(media="print")
    return view.page.locator(".print-sheet").inner_text()


def test_the_layout_is_printed_on_white_with_the_patient(view: View) -> None:
    view.study(CT_STUDY)
    text = printed(view, "Control+p")
    assert "Muster, Erika" in text
    assert "P-001" in text
    assert f"Image {MIDDLE} / {SLICES}" in text
    expect(view.page.locator(".viewer")).to_be_hidden()
    paper = np.asarray(Image.open(io.BytesIO(view.page.screenshot())).convert("L"))
    assert paper[-3:].min() == paper[2, 600] == 255
    canvas = view.page.locator(".print-sheet canvas").bounding_box()
    assert canvas["height"] > 400
    assert view.page.pdf().count(b"/Type /Page\n") == 1
    view.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(view.page.locator(".print-sheet")).to_have_count(0)


def test_a_contact_sheet_has_every_picture_of_the_series(view: View) -> None:
    view.study(CT_STUDY)
    view.page.evaluate("window.print = () => undefined")
    choose(view, "export.contact")
    sheet = view.page.locator(".print-sheet")
    sheet.wait_for(state="attached")
    view.page.emulate_media(media="print")
    captions = sheet.locator("figcaption")
    assert [text.split(" · ")[0] for text in captions.all_inner_texts()] == [
        f"Image {number} / {SLICES}" for number in range(1, SLICES + 1)
    ]
    assert "Muster, Erika" in sheet.locator("header").inner_text()
    drawn = sheet.locator("canvas").evaluate_all(
        """all => all.map(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data
                             .reduce((most, value, at) => (at % 4 < 3 && value > most ? value : most), 0))"""
    )
    assert len(drawn) == SLICES
    assert min(drawn) > 100
    assert view.page.pdf(format="A4").count(b"/Type /Page\n") == 1 + (SLICES - 1) // 30


def test_a_pane_printed_alone_names_nobody(view: View) -> None:
    view.study(CT_STUDY)
    assert printed(view, "Control+Shift+p") == ""
    expect(view.page.locator(".print-sheet canvas")).to_have_count(1)
