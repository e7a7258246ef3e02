"""The viewer without the archive: once loaded it opens again and reads local files; a newer build replaces it whole."""

import base64
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from .conftest import COLUMNS, ROWS, View, looking, stored_value
from .site import Site
from .test_local import DROP, local_slice, written

pytestmark = pytest.mark.browser
STUDY = "1.2.826.0.1.3680043.10.543.77.93"
KEPT = """async () => {
    const names = await caches.keys();
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
    return requests.flat().map(({ url }) => url);
}"""
#: Waits until there is one kept build, another than before; says what there is in the end.
ALONE = """async (before) => {
    for (const end = performance.now() + 30000; ; await new Promise(requestAnimationFrame)) {
        const found = await navigator.serviceWorker.getRegistration();
        const names = await caches.keys();
        const alone = found?.active?.state === 'activated' && !found.waiting && names.length === 1;
        if ((alone && names[0] !== before) || performance.now() > end) return names;
    }
}"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.stop()


def disc() -> bytes:
    """Return a ZIP of six slices in as many transfer syntaxes, one of them for a decoder in WebAssembly."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for number in range(1, 7):
            dataset = local_slice(number, STUDY)
            if number == 5:  # the one that is left uncompressed there
                rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
                stored = stored_value(5, rows, columns).astype(np.int16)
                stream = imagecodecs.jpeg2k_encode(stored, reversible=True, codecformat="j2k")
                dataset.PixelData = encapsulate([stream])
                dataset["PixelData"].VR = "OB"
                dataset["PixelData"].is_undefined_length = True
                dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
            made.writestr(f"disc/{number}", written(dataset))
    return target.getvalue()


def script(page: Page) -> str:
    """The first script of the page: it names the build."""
    return str(page.locator("script[type=module][src]").get_attribute("src"))


def look_at_all(view: View) -> None:
    """Compare a pixel of every slice with what the file was made from."""
    view.page.keyboard.press("Home")
    seen = set()
    for _ in range(6):
        view.settled()
        shown = int(str(view.summary()["SOPInstanceUID"]).rsplit(".", 1)[1])
        assert view.value_at(30, 20) == f"{stored_value(shown, 20, 30) - 1024} HU"
        seen.add(shown)
        view.page.keyboard.press("ArrowDown")
    assert seen == {1, 2, 3, 4, 5, 6}


def test_it_opens_without_the_archive_and_takes_a_new_build_whole(browser: Browser, site: Site) -> None:
    with (
        looking(browser, site, service_workers="allow") as view,
        looking(browser, site) as unkept,
    ):
        page = view.page
        page.goto(f"{site.url}/viewer/")
        expect(page.get_by_text("The archive is empty")).to_be_visible()
        (name,) = page.evaluate(ALONE, "")
        urls = page.evaluate(KEPT)
        assert name.startswith("isocenter /imaging/ ")
        assert len(urls) > 50
        assert [
            url for url in urls if not url.startswith(f"{site.url}/") or "/api/" in url or "/dicom-web" in url
        ] == []
        unkept.page.goto(f"{site.url}/")
        expect(unkept.page.get_by_text("The archive is empty")).to_be_visible()
        before = script(page)

        site.stop()
        page.goto(f"{site.url}/viewer?StudyInstanceUIDs=1.2.3")
        expect(page.get_by_text("The archive cannot be reached. Trying again by itself.")).to_be_visible()
        page.goto(f"{site.url}/")
        expect(page.get_by_text("The studies could not be read")).to_be_visible()
        page.evaluate(DROP, ["disc.zip", base64.b64encode(disc()).decode()])
        expect(page.get_by_test_id("local-badge")).to_be_visible()
        look_at_all(view)
        page.keyboard.press("m")
        expect(page.locator(".pane")).to_have_count(3)
        page.keyboard.press("m")
        page.keyboard.press("g")
        expect(page.get_by_text("PhotometricInterpretation")).to_be_visible()
        page.keyboard.press("Escape")

        site.build()
        site.start()
        page.keyboard.press("Control+Home")
        expect(page.locator(".connection-note").first).to_be_visible()
        page.evaluate("window.dispatchEvent(new Event('online'))")  # it is asked now, and otherwise by itself later
        note = page.locator(".version-note")
        expect(note).to_contain_text("A new version is there.")
        note.get_by_role("button", name="Load it now").click()
        expect(note).to_contain_text("Local files have to be opened again")
        note.get_by_role("button", name="Load anyway").click()
        expect(page.get_by_text("The archive is empty")).to_be_visible()
        assert script(page) != before
        (fresh,) = page.evaluate(ALONE, name)
        assert fresh != name
        urls = page.evaluate(KEPT)
        assert any(url.endswith(script(page).removeprefix(".")) for url in urls)
        expect(note).to_have_count(0)

        # Nothing was kept here, and the code that is asked for now is gone.
        unkept.page.get_by_role("button", name="Jobs").click()
        note = unkept.page.locator(".version-note")
        expect(note).to_contain_text("A new version is there.")
        expect(unkept.page.get_by_text("The archive is empty")).to_be_visible()
        note.get_by_role("button", name="Load it now").click()
        unkept.page.wait_for_function(
            "before => document.querySelector('script[src]')?.getAttribute('src') !== before", arg=before
        )
        unkept.page.get_by_role("button", name="Jobs").click()
        expect(unkept.page.get_by_role("dialog")).to_be_visible()
