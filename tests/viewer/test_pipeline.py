"""What the viewer draws against the archive's rendered pictures: one grey level a sample, on every file.

Most files become series of one study here, with UIDs of their own: many are the same image in another transfer syntax,
and the next series is shown sooner than the next page. Nothing is allowed beyond one level, for lossy files either.
Continuous integration takes every third file, other ones for another commit; all take a minute.
"""

import base64
import io
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from .conftest import ROOT, View, looking, some_of, start, stop

pytestmark = [pytest.mark.browser, pytest.mark.real_data, pytest.mark.filterwarnings("ignore::UserWarning")]
FOLDERS = ("pixel_presentation", "transfer_syntax")
STUDY = f"{ROOT}.45"
#: Overlays are of this colour in the viewer, and white in the archive's pictures.
OVERLAY = (255, 207, 92)
FILES = 91
#: Of so many files continuous integration takes one.
_STEP = 3
AS_IT_IS = "transfer_syntax/jpegxl/us_multiframe_jpegxl_recompression.dcm"  # pydicom writes no JPEG XL


def copies(data_dir: Path, target: Path) -> dict[str, str]:
    """Write files with an image as series of their own; return the names of the files by instance."""
    made = {}
    files = sorted(file for folder in FOLDERS for file in (data_dir / folder).rglob("*.dcm"))
    for file in some_of(files, _STEP):
        name = str(file.relative_to(data_dir))
        dataset = pydicom.dcmread(file, force=True)
        if "PixelData" not in dataset or dataset.get("Modality") == "SEG" or name == AS_IT_IS:
            continue
        if "TransferSyntaxUID" not in dataset.file_meta:
            implicit = dataset.original_encoding[0]
            dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        number = len(made) + 1
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, f"{STUDY}.{number}"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"{STUDY}.{number}.1")
        dataset.PatientID, dataset.SeriesNumber = "PIPELINE", number
        dataset.save_as(target / f"{number}.dcm", enforce_file_format=True)
        made[str(dataset.SOPInstanceUID)] = name
    return made


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[View]:
    """Return a page of an archive that is empty."""
    running = start(tmp_path_factory.mktemp("pipeline"))
    with looking(browser, running, width=640, height=480) as view:
        yield view
    stop(running)


def colours(png: bytes) -> NDArray[np.int16]:
    """Return red, green and blue of every pixel."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(np.int16)


def drawn(view: View) -> NDArray[np.int16]:
    """Return the colours of the picture that is on screen, overlays in white."""
    picture = colours(base64.b64decode(view.page.evaluate("window.__isocenter.drawn()").partition(",")[2]))
    picture[(picture == OVERLAY).all(axis=2)] = 255
    return picture


def rendered(view: View, series: str) -> NDArray[np.int16]:
    """Return the archive's picture of the frame that is on screen."""
    said = view.summary()
    address = f"{view.archive.url}/dicom-web/studies/{series}/instances/{said['SOPInstanceUID']}"
    with urlopen(Request(f"{address}/frames/{said['frame']}/rendered", headers={"Accept": "image/png"})) as answer:
        return colours(answer.read())


def difference(view: View, series: str) -> int:
    """Return by how much both pictures differ at most."""
    if view.summary()["playing"]:
        view.page.keyboard.press("Space")
    view.settled()
    mine, theirs = drawn(view), rendered(view, series)
    assert mine.shape == theirs.shape, series
    return int(np.abs(mine - theirs).max())


def test_pictures_are_those_of_the_archive(opened: View, data_dir: Path, tmp_path: Path) -> None:
    names = copies(data_dir, tmp_path)
    single = pydicom.dcmread(data_dir / AS_IT_IS, stop_before_pixels=True)
    opened.archive.take(tmp_path, data_dir / AS_IT_IS)
    opened.study(single.StudyInstanceUID)
    found = {AS_IT_IS: difference(opened, f"{single.StudyInstanceUID}/series/{single.SeriesInstanceUID}")}
    opened.study(STUDY, f"&SeriesInstanceUID={STUDY}.1")
    for instance, name in names.items():
        opened.page.wait_for_function(
            f"() => window.__isocenter.summary().SOPInstanceUID === '{instance}'"
            " && window.__isocenter.summary().rows > 0"
        )
        found[name] = difference(opened, f"{STUDY}/series/{instance.rpartition('.')[0]}")
        opened.page.keyboard.press("ArrowRight")
    assert len(found) >= (FILES // (_STEP + 2) if "ISOCENTER_FUZZ_SEED" in os.environ else FILES)
    assert {name: apart for name, apart in found.items() if apart > 1} == {}
