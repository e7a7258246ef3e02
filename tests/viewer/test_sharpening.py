"""Large images over a slow link, stored or sent in HTJ2K: a lower resolution from the first bytes, then the whole."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

from isocenter.codecs.writing import encode_frame
from isocenter.dicom.pixels import ImageDescription

from .conftest import CT_STUDY, ROOT, Archive, looking, mr_slice

pytestmark = pytest.mark.browser
RPCL = UID("1.2.840.10008.1.2.4.202")
#: Bytes a second: the file takes ten seconds, a fourteenth of it one.
SLOW = 100_000


def noise() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 4096, (800, 1000), "u2")


def radiograph(syntax: UID) -> Dataset:
    """Return an image of 1 MB: noise, and in it a smooth square whose values are ten times the column's number."""
    dataset = mr_slice()
    study = f"{ROOT}.46.{len(syntax)}"
    uid = dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = f"{study}.1.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, uid.rpartition(".")[0]
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.file_meta.TransferSyntaxUID, dataset.Modality = syntax, "DX"
    dataset.WindowCenter, dataset.WindowWidth = 2048, 4096
    dataset.Rows, dataset.Columns = 800, 1000
    dataset.BitsStored, dataset.HighBit = 12, 11
    values = noise()
    values[200:600, 100:400] = 10 * np.arange(100, 400)
    if syntax == ExplicitVRLittleEndian:
        dataset.PixelData = values.tobytes()
        return dataset
    description = ImageDescription(800, 1000, 1, "MONOCHROME2", 16, 12)
    dataset.PixelData = encapsulate([encode_frame(values, description, RPCL)])
    dataset["PixelData"].is_undefined_length = True
    return dataset


@pytest.mark.parametrize("syntax", [RPCL, ExplicitVRLittleEndian])
def test_a_large_image_is_shown_before_it_is_whole(
    browser: Browser, archive: Archive, tmp_path: Path, syntax: UID
) -> None:
    image = radiograph(syntax)
    image.save_as(tmp_path / "1.dcm", enforce_file_format=True)
    archive.take(tmp_path)
    with looking(browser, archive) as view:
        view.study(CT_STUDY)  # so that the page itself is there
        link = view.page.context.new_cdp_session(view.page)
        link.send("Network.enable")
        slow = {"offline": False, "latency": 0, "downloadThroughput": SLOW, "uploadThroughput": -1}
        link.send("Network.emulateNetworkConditions", slow)
        view.page.add_init_script(
            f"localStorage.setItem('isocenter.link', {SLOW / 1000})"
        )  # as the last page measured it
        view.page.goto(f"{archive.url}/viewer?StudyInstanceUIDs={image.StudyInstanceUID}", wait_until="commit")
        notes = view.page.locator(".notes")
        expect(notes).to_contain_text("Reduced to 1/")
        assert view.value_at(250, 400) == ""
        place, shade = view.page.evaluate("window.__isocenter.pixelToPane(250, 400)"), view.brightness(250, 400)
        assert abs(shade - 2500 / 4096 * 255) <= 2
        assert view.summary()["loaded"] == 0

        link.send("Network.emulateNetworkConditions", {**slow, "downloadThroughput": -1})
        view.settled()
        expect(notes).not_to_contain_text("Reduced")
        assert view.value_at(250, 400).startswith("2500")
        assert view.value_at(30, 20).startswith(str(noise()[20, 30]))
        assert view.page.evaluate("window.__isocenter.pixelToPane(250, 400)") == place
        assert abs(view.brightness(250, 400) - shade) <= 2
