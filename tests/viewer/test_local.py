"""Local files without an upload: a dropped ZIP and a chosen folder, shown by the viewer; no request tells of them."""

import base64
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Request, expect
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from .conftest import ROOT, Archive, View, ct_slice, stored_value

pytestmark = pytest.mark.browser
STUDY, OTHER = f"{ROOT}.91", f"{ROOT}.92"
SYNTAXES = (None, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, RLELossless)
DROP = """([name, content]) => {
    const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name));
    for (const type of ['dragover', 'drop'])
        window.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
}"""


def local_slice(number: int, study: str) -> Dataset:
    """Return a slice of the generated CT in a study of its own, each in another transfer syntax."""
    dataset: Dataset = ct_slice(number)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, f"{study}.1"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{study}.1.{number}"
    dataset.PatientName, dataset.PatientID = "Nobody^Else", "SECRET-7"
    syntax = SYNTAXES[number % len(SYNTAXES)]
    if syntax == RLELossless:
        dataset.compress(RLELossless, generate_instance_uid=False)
    elif syntax:
        dataset["PixelData"].VR = "OW"
        dataset.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            dataset.PixelData = np.frombuffer(dataset.PixelData, "<i2").astype(">i2").tobytes()
    return dataset


def written(dataset: Dataset) -> bytes:
    target = io.BytesIO()
    dataset.save_as(target, enforce_file_format=True)
    return target.getvalue()


def packed(study: str) -> bytes:
    """Return a ZIP of ten slices in a folder, a text and a file that is cut off."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for number in range(1, 11):
            made.writestr(f"disc/images/{number}", written(local_slice(number, study)))
        made.writestr("disc/README.TXT", "Words of no use to a viewer.")
        made.writestr("disc/cut", written(local_slice(11, study))[:500])
    return target.getvalue()


def open_folder(view: View, folder: Path) -> None:
    with view.page.expect_file_chooser() as chooser:
        view.page.get_by_role("button", name="Open a local folder…").click()
    chooser.value.set_files(folder)


def test_local_files_are_shown_and_never_sent(view: View, archive: Archive, tmp_path: Path) -> None:
    requests: list[Request] = []
    view.list()
    view.page.on("request", lambda request: requests.append(request))
    view.page.evaluate(DROP, ["disc.zip", base64.b64encode(packed(STUDY)).decode()])
    expect(view.page.get_by_test_id("local-badge")).to_be_visible()
    view.settled()
    assert view.summary()["count"] == 10

    view.page.keyboard.press("Home")
    for number in range(10, 0, -1):
        view.settled()
        shown = str(view.summary()["SOPInstanceUID"])
        at = int(shown.rsplit(".", 1)[1])
        assert view.value_at(30, 20) == f"{stored_value(at, 20, 30) - 1024} HU", shown
        if number > 1:
            view.page.keyboard.press("ArrowDown")

    view.page.keyboard.press("k")
    view.page.keyboard.press("Control+k")
    view.page.get_by_role("combobox", name="Search commands").fill("Store the key images")
    view.page.keyboard.press("Enter")
    expect(view.page.get_by_text("nothing is stored in the archive")).to_be_visible()

    view.page.keyboard.press("Control+Home")
    panel = view.page.get_by_test_id("local-panel")
    expect(panel).to_contain_text("Files left out: 2")
    panel.get_by_text("Files left out: 2").click()
    expect(panel).to_contain_text("disc.zip/disc/README.TXT: Not a DICOM file")
    expect(panel).to_contain_text("disc.zip/disc/cut: ")

    for number in (1, 2):
        (tmp_path / f"{number}.dcm").write_bytes(written(local_slice(number, OTHER)))
    open_folder(view, tmp_path)
    expect(panel.locator(".local-study")).to_have_count(2)
    panel.locator(".local-study").last.click()
    view.settled()

    view.page.reload()
    expect(view.page.get_by_text("local files must be opened again")).to_be_visible()
    outside = [request for request in requests if request.url.startswith(archive.url)]
    assert [request.url for request in outside if request.method != "GET" or request.post_data] == []
    told = [f"{request.url} {request.headers}" for request in outside]
    assert [one for one in told if ROOT in one or "SECRET" in one or "Nobody" in one] == []
