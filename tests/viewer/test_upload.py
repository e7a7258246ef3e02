"""Files put into the archive from the study list: dropped or chosen, alone, in a ZIP, in folders, on a disc; what
became of each, over a broken line, too."""

import base64
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect
from pydicom.fileset import FileSet

from .conftest import ROOT, Archive, get_json, looking, start, stop, stored_value
from .test_local import local_slice, written

pytestmark = pytest.mark.browser
STUDY, ON_DISC, IN_FOLDER = (f"{ROOT}.94.{number}" for number in range(3))
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


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Return a running archive that holds what the tests of this file put there."""
    running = start(tmp_path_factory.mktemp("filled"))
    yield running
    stop(running)


def images_of(archive: Archive, study: str) -> list[Any]:
    """Return how many images each study has that is this one: a list of one number, or an empty one."""
    found: Any = get_json(f"{archive.url}/dicom-web/studies?StudyInstanceUID={study}&includefield=00201208")
    return [one["00201208"]["Value"][0] for one in found]


def test_files_are_put_into_the_archive_and_told_of(browser: Browser, filled: Archive, tmp_path: Path) -> None:
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

    with looking(browser, filled) as view:
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
        expect(panel).to_contain_text("Files refused: 1")
        expect(panel).to_contain_text("disc.zip/disc/lost: ")
        panel.get_by_text("Files left out: 2").click()
        expect(panel).to_contain_text("disc.zip/disc/README.TXT: Not a DICOM file")
        expect(panel).to_contain_text("disc.zip/disc/again/1: The same object is there already")
        assert len(sent) > 2
        assert images_of(filled, STUDY) == [10]

        panel.get_by_role("button", name="Close").click()
        (tmp_path / "11.dcm").write_bytes(written(local_slice(11, STUDY)))
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Control+u")
        chooser.value.set_files(tmp_path / "11.dcm")
        expect(panel).to_contain_text("1 of 1 files · 1 objects stored")

        view.study(STUDY)
        page.keyboard.press("Home")
        view.settled()
        shown = int(str(view.summary()["SOPInstanceUID"]).rsplit(".", 1)[1])
        assert view.summary()["count"] == 11
        assert view.value_at(30, 20) == f"{stored_value(shown, 20, 30) - 1024} HU"


def write_disc(folder: Path) -> None:
    """Write a disc: objects in folders, the directory of them, and what comes with such discs."""
    files = FileSet()
    for number in range(2, 6):
        files.add(local_slice(number * 5, ON_DISC))  # all in one transfer syntax, which a file-set wants
    files.write(folder)
    files._stage["t"].cleanup()
    (folder / "AUTORUN.INF").write_text("[autorun]\nopen=VIEWER.EXE\n")
    (folder / "VIEWER").mkdir()
    (folder / "VIEWER" / "VIEWER.EXE").write_bytes(b"MZ" + bytes(1000))
    (folder / "EMPTY.DCM").touch()


def drop_from_disk(page: Page, path: Path, x: int) -> None:
    """Drop a file or folder as a desktop does, with everything in it."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": 300, "data": data})


def expect_left_out(panel: Locator) -> None:
    """Look at what the panel says of all that is no object on the disc."""
    panel.get_by_text("Files left out: 4").click()
    expect(panel).to_contain_text("disc/DICOMDIR: The directory of a disc: its files are read themselves")
    expect(panel).to_contain_text("disc/AUTORUN.INF: Not a DICOM file")
    expect(panel).to_contain_text("disc/VIEWER/VIEWER.EXE: Not a DICOM file")
    expect(panel).to_contain_text("disc/EMPTY.DCM: The file is empty")


def test_discs_and_folders_are_taken_with_everything_in_them(browser: Browser, filled: Archive, tmp_path: Path) -> None:
    disc_folder, folder = tmp_path / "disc", tmp_path / "folder"
    disc_folder.mkdir()
    write_disc(disc_folder)
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "deep" / "deeper" / "1").write_bytes(written(local_slice(1, IN_FOLDER)))
    (folder / "2.dcm").write_bytes(written(local_slice(2, IN_FOLDER)))
    (folder / "notes.txt").write_text("Words of no use to an archive.")
    with looking(browser, filled) as view:
        page = view.page
        view.list()
        drop_from_disk(page, disc_folder, 100)
        view.settled()  # the one study is shown
        assert view.summary()["count"] == 4
        page.keyboard.press("Control+Home")
        expect_left_out(page.get_by_test_id("local-panel"))
        assert images_of(filled, ON_DISC) == []

        drop_from_disk(page, disc_folder, 900)
        panel = page.get_by_test_id("upload-panel")
        expect(panel).to_contain_text("8 of 8 files · 4 objects stored")
        expect_left_out(panel)
        expect(panel.get_by_text("refused")).to_have_count(0)
        assert images_of(filled, ON_DISC) == [4]

        panel.get_by_role("button", name="Close").click()
        with page.expect_file_chooser() as chooser:
            page.keyboard.press("Control+Shift+u")
        chooser.value.set_files(folder)
        expect(panel).to_contain_text("3 of 3 files · 2 objects stored")
        panel.get_by_text("Files left out: 1").click()
        expect(panel).to_contain_text("folder/notes.txt: Not a DICOM file")
        assert images_of(filled, IN_FOLDER) == [2]
