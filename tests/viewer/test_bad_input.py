"""Bad input and bad luck: what is wrong is said in its place, the rest is shown, what comes back is taken up again."""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from ..conftest import Serving  # noqa: TID252 - with importlib mode there is no absolute name
from . import bad_input as bad
from .conftest import SLICES, Archive, View, looking, start, stop, stored_value
from .test_volume3d import brightness, picture, settled

pytestmark = pytest.mark.browser

#: Kept in the page: every WebGL context, with what takes it away and gives it back.
CONTEXTS = """
    window.__gl = [];
    const get = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        const context = get.call(this, kind, ...rest);
        if (String(kind).startsWith('webgl') && context && !window.__gl.some((one) => one.context === context))
            window.__gl.push({ context, loss: context.getExtension('WEBGL_lose_context') });
        return context;
    };
"""
#: What is written on the page, and what is said of its elements.
WORDS = """document.body.innerText
    + [...document.querySelectorAll('[title], [aria-label], [alt]')].map(({ outerHTML }) => outerHTML)"""
OVERFLOWING = """() => {
    const { scrollWidth, scrollHeight } = document.documentElement;
    const wide = scrollWidth > innerWidth || scrollHeight > innerHeight;
    const outside = [...document.querySelectorAll('.corner, .row, .rail-item, .study-title, .list-footer')]
        .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 || one.getBoundingClientRect().left < -1);
    return wide || outside.map((one) => one.className).join();
}"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of everything that is bad."""
    folder = tmp_path_factory.mktemp("bad")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom says what is wrong with them
        for index, dataset in enumerate(bad.everything()):
            dataset.save_as(folder / f"{index}.dcm", enforce_file_format=True)
    return folder


@pytest.fixture(scope="module")
def bad_archive(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Return a running archive of everything that is bad."""
    running = start(tmp_path_factory.mktemp("archive"))
    running.take(files)
    yield running
    stop(running)


@pytest.fixture
def seen(browser: Browser, bad_archive: Archive, renderer: str) -> Iterator[View]:
    """Return a page over it; no script of a file has run when it is closed."""
    with looking(browser, bad_archive, renderer, width=900, height=600, script=CONTEXTS) as shown:
        yield shown
        assert shown.page.evaluate("window.__pwned") is None


def opened(view: View, study: str, series: int) -> None:
    """Open a series."""
    view.study(study, f"&SeriesInstanceUID={study}.{series}")


def notes(view: View) -> Locator:
    """Return the notes on the picture."""
    return view.page.locator(".pane .notes")


CONTRADICTIONS = [
    (bad.GEOMETRY, 1, "No position in 6 of 6 images"),
    (bad.GEOMETRY, 2, "No position in 1 of 6 images"),
    (bad.DOUBLED, 1, "Images in the place of another: 1"),
    (bad.DOUBLED, 2, "Irregular spacing 5.00\N{EN DASH}15.00 mm"),
    (bad.MIXED, 1, "Images of several orientations"),
    (bad.MIXED, 2, "Images of several sizes"),
]


def test_contradictions_are_said_on_the_picture(seen: View) -> None:
    for study, series, note in CONTRADICTIONS:
        opened(seen, study, series)
        expect(notes(seen)).to_contain_text(note)
        assert seen.page.get_by_test_id("pane").get_attribute("data-status") == "ready", note
    opened(seen, bad.PLAIN, 1)
    expect(notes(seen)).to_have_count(0)


def test_what_is_cut_off_is_said_and_the_rest_shown(seen: View) -> None:
    failed, page = seen.page.locator(".pane .failed"), seen.page
    opened(seen, bad.CUT, 1)
    expect(failed).to_contain_text("there is no frame 1; this object has 0")
    page.keyboard.press("End")
    expect(failed).to_have_count(0)
    seen.settled()
    assert seen.value_at(30, 20) == f"{stored_value(3, 20, 30) - 1024} HU"

    opened(seen, bad.CUT, 2)
    expect(notes(seen)).to_contain_text("Cut off: part of the pixel data is missing")
    assert seen.value_at(30, 5) == f"{stored_value(2, 5, 30) - 1024} HU"
    page.keyboard.press("End")
    expect(notes(seen)).to_have_count(0)

    opened(seen, bad.WRONG, 2)
    page.keyboard.press("End")
    expect(failed).to_contain_text("there is no frame 10")
    page.keyboard.press("Home")
    seen.settled()
    assert seen.value_at(30, 20) == f"{stored_value(1, 20, 30) - 1024} HU"
    for series, note in ((1, "More pixel data than the header says"), (4, ""), (5, "Not calibrated")):
        opened(seen, bad.WRONG, series)
        assert seen.summary()["source"] == "browser"
        expect(notes(seen)).to_contain_text(note) if note else expect(notes(seen)).to_have_count(0)


def test_images_of_one_and_of_four_hundred_million_pixels(seen: View) -> None:
    opened(seen, bad.TINY, 1)
    assert (seen.value_at(0, 0), seen.brightness(0, 0)) == ("200 HU", 200)
    opened(seen, bad.HUGE, 1)
    expect(notes(seen)).to_contain_text("Drawn with one of 3 pixels a side")
    for row in (1000, 10_000, 19_000):
        assert abs(seen.brightness(10_000, row) - int(bad.huge_value(row))) <= 1
    box = seen.page.locator(".pane-surface").bounding_box()
    assert box is not None
    seen.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(seen.page.get_by_test_id("cursor-value")).to_contain_text(f"{bad.huge_value(10_000)} HU")


def assert_harmless(page: Page) -> None:
    """No control character is on the page, and nothing stands beyond its edges."""
    words = page.evaluate(WORDS)
    assert not set(bad.CONTROLS) & set(words)
    assert page.evaluate(OVERFLOWING) in (False, "")


def test_hostile_texts_are_only_texts(seen: View) -> None:
    page = seen.page
    seen.list()
    expect(page.locator(".row", has_text="<script>")).to_be_visible()
    assert_harmless(page)
    opened(seen, bad.HOSTILE, 1)
    expect(page.locator(".corner-tl")).to_contain_text("<script>")
    assert_harmless(page)
    page.keyboard.press("g")
    page.get_by_role("textbox", name="Search attributes").fill("StationName")
    expect(page.locator(".tag-line")).to_contain_text("⟨U+202E⟩")
    assert_harmless(page)
    page.keyboard.press("Escape")
    with page.expect_download() as saved:
        page.keyboard.press("Control+s")
    assert re.fullmatch(r"[A-Za-z0-9_-]+\.png", saved.value.suggested_filename)
    page.evaluate("window.print = () => undefined")
    page.keyboard.press("Control+p")
    expect(page.locator(".print-sheet")).to_contain_text("<script>")
    assert_harmless(page)
    opened(seen, bad.HOSTILE, 2)
    expect(page.get_by_test_id("document")).to_contain_text("evilW")
    assert_harmless(page)


@pytest.mark.parametrize("renderer", ["cornerstone"], indirect=True)
def test_a_lost_graphics_processor_is_done_without(seen: View) -> None:
    drawing = seen.page.locator(".pane-drawing")
    opened(seen, bad.PLAIN, 1)
    expect(drawing).to_have_attribute("data-renderer", "cornerstone")
    seen.page.keyboard.press("h")
    before = [seen.brightness(column, 30) for column in (10, 40, 70)]
    seen.page.evaluate("window.__gl.forEach(({ loss }) => loss?.loseContext())")
    expect(drawing).to_have_attribute("data-renderer", "canvas")
    assert [seen.brightness(column, 30) for column in (10, 40, 70)] == pytest.approx(before, abs=1)


def test_the_archive_projects_where_there_is_no_graphics_processor(seen: View) -> None:
    seen.page.set_viewport_size({"width": 740, "height": 320})  # it is drawn in software
    opened(seen, bad.PLAIN, 1)
    seen.page.keyboard.press("Shift+V")
    volume = seen.page.locator(".volume")
    expect(volume).to_have_attribute("data-settled", "true")
    seen.page.evaluate("window.__gl.forEach(({ loss }) => loss?.loseContext())")
    badge = volume.get_by_text("Maximum projection made by the archive: no graphics processor")
    expect(badge).to_be_visible()
    seen.page.set_viewport_size({"width": 1280, "height": 320})  # room for the sides
    seen.page.get_by_title("From H", exact=True).click()
    settled(seen, "projection")
    image = picture(seen)
    for row, column in ((3, 20), (30, 70), (55, 45)):
        most = max(stored_value(number, row, column) for number in range(1, SLICES + 1)) - 1024
        assert brightness(seen, image, (column, 2 * row, 50)) == pytest.approx((most + 200) / 900 * 255, abs=2)
    seen.page.keyboard.press("ArrowRight")
    settled(seen, "projection")
    assert np.abs(picture(seen).astype(int) - image).max() > 50
    seen.page.keyboard.press("ArrowLeft")
    seen.page.set_viewport_size({"width": 740, "height": 320})
    seen.page.evaluate("window.__gl.forEach(({ context, loss }) => context.isContextLost() && loss?.restoreContext())")
    expect(badge).to_have_count(0)
    expect(volume).to_have_attribute("data-shown", "slices")
    expect(volume.locator(".volume-cube")).to_have_attribute("aria-label", "Seen from H")
    expect(volume).to_have_attribute("data-settled", "true")
    seen.page.evaluate("window.__gl.forEach(({ loss }) => loss?.loseContext())")
    expect(badge).to_be_visible()
    seen.page.keyboard.press("Shift+V")
    expect(volume).to_have_count(0)
    seen.settled()
    assert seen.summary()["source"] == "browser"


def test_what_the_archive_failed_to_give_comes_when_it_is_back(browser: Browser, files: Path, tmp_path: Path) -> None:
    server = Serving(tmp_path / "data").start()
    context = browser.new_context(viewport={"width": 900, "height": 600})
    archive = Archive(server.data, server.process, {"dicomweb": f"{server.url}/dicom-web"})
    archive.take(*(file for file in files.iterdir() if file.stat().st_size < 100_000))
    view = View(context.new_page(), archive)
    page, note, failed = view.page, view.page.locator(".connection-note"), view.page.locator(".pane .failed")
    try:
        opened(view, bad.GEOMETRY, 1)
        server.kill()
        page.keyboard.press("q")  # the code of its list is not there yet
        page.locator(".viewer-rail").get_by_text("One without place").click()
        expect(failed).to_contain_text("The archive cannot be reached")
        expect(note).to_contain_text("Trying again by itself")
        server.start()
        expect(failed).to_have_count(0)
        expect(note).to_have_count(0)
        view.settled()
        assert view.summary()["count"] == 6
        expect(page.locator(".measure-panel")).to_be_visible()

        refuse = lambda route: route.fulfill(status=401)  # noqa: E731
        page.route(re.compile("/(api|dicom-web)/"), refuse)
        page.goto(f"{archive.url}/viewer?StudyInstanceUIDs={bad.DOUBLED}")
        expect(note).to_contain_text("Your login has expired")
        expect(page.locator(".failed")).to_contain_text("Your login has expired")
        with context.expect_page() as login:
            note.get_by_role("link", name="Log in").click()
        page.unroute_all()
        login.value.close()
        expect(note).to_have_count(0)
        view.settled()
        assert view.summary()["count"] == 11
    finally:
        context.close()
        if server.process is not None:
            server.kill()
    assert view.errors == []
