"""Files put into the archive from the study list: dropped or chosen; what became of each, over a broken line, too."""

import base64
import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from .conftest import ROOT, Archive, get_json, looking, stored_value
from .test_local import local_slice, written

pytestmark = pytest.mark.browser
STUDY = f"{ROOT}.94"
DROP = """([files, x]) => {
    const dataTransfer = new DataTransfer();
    for (const [name, content] of files) {
        const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
        dataTransfer.items.add(new File([bytes], name));
    }
    const init = { dataTransfer, bubbles: true, cancelable: true, clientX: x, clientY: 300 };
    for (const type of ['dragover', 'drop']) window.dispatchEvent(new DragEvent(type, init));
}"""
DRAG = """(x) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([''], 'file'));
    const init = { dataTransfer, bubbles: true, cancelable: true, clientX: x };
    window.dispatchEvent(new DragEvent('dragover', init));
}"""


def disc() -> bytes:
    """Return a ZIP of ten slices, one of them twice, a text, and an object of no study."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for number in range(1, 11):
            made.writestr(f"disc/images/{number}", written(local_slice(number, STUDY)))
        made.writestr("disc/again/1", written(local_slice(1, STUDY)))
        made.writestr("disc/README.TXT", "Words of no use to an archive.")
        lost = local_slice(12, STUDY)
        del lost.StudyInstanceUID
        made.writestr("disc/lost", written(lost))
    return target.getvalue()


def test_files_are_put_into_the_archive_and_told_of(browser: Browser, empty_archive: Archive, tmp_path: Path) -> None:
    sent: list[int] = []

    def lose_the_first_answer(route: Route) -> None:
        if route.request.method != "POST":
            route.fallback()
            return
        answer = route.fetch()
        sent.append(answer.status)
        if len(sent) == 1:
            route.abort("connectionreset")
        else:
            route.fulfill(response=answer)

    with looking(browser, empty_archive) as view:
        page = view.page
        page.route("**/dicom-web/studies", lose_the_first_answer)
        view.list()
        page.evaluate(DRAG, 900)
        expect(page.locator(".drop-target[data-active=true]")).to_contain_text("Put into the archive")
        page.evaluate(DRAG, 100)
        expect(page.locator(".drop-target[data-active=true]")).to_contain_text("nothing is uploaded")

        page.evaluate(DROP, [[["disc.zip", base64.b64encode(disc()).decode()]], 900])
        panel = page.get_by_test_id("upload-panel")
        expect(panel).to_have_attribute("data-phase", "done")
        expect(panel).to_contain_text("13 of 13 files · 10 objects stored")
        expect(panel).to_contain_text("1 files were refused")
        expect(panel).to_contain_text("disc.zip/disc/lost: ")
        panel.get_by_text("2 files were left out").click()
        expect(panel).to_contain_text("disc.zip/disc/README.TXT: Not a DICOM file")
        expect(panel).to_contain_text("disc.zip/disc/again/1: The same object is there already")
        assert len(sent) > 2
        (study,) = get_json(f"{empty_archive.url}/dicom-web/studies?includefield=00201208")  # type: ignore[misc]
        assert study["00201208"]["Value"] == [10]

        panel.get_by_role("button", name="Close").click()
        (tmp_path / "11.dcm").write_bytes(written(local_slice(11, STUDY)))
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Control+u")
        chooser.value.set_files(tmp_path / "11.dcm")
        expect(panel).to_contain_text("1 of 1 files · 1 objects stored")

        page.get_by_text("Nobody, Else").click()
        page.keyboard.press("Enter")
        view.settled()
        page.keyboard.press("Home")
        view.settled()
        shown = int(str(view.summary()["SOPInstanceUID"]).rsplit(".", 1)[1])
        assert view.summary()["count"] == 11
        assert view.value_at(30, 20) == f"{stored_value(shown, 20, 30) - 1024} HU"
