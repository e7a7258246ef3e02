"""What the viewer draws against the archive's rendered pictures: one grey level a sample, on every file.

Most files become series of one study here, with UIDs of their own: many are the same image in another transfer syntax,
and the next series is shown sooner than the next page. Nothing is allowed beyond one level, for lossy files either.
First the picture that the viewer makes of itself for export and print, which the plain canvas shows as well; then, on
the screen, what WebGL draws where there is a graphics processor. Continuous integration takes every fifth and every
twenty-fifth file, other ones for another commit; all take three minutes.
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

from .conftest import ROOT, Archive, View, looking, some_of, start, stop

pytestmark = [pytest.mark.browser, pytest.mark.real_data, pytest.mark.filterwarnings("ignore::UserWarning")]
FOLDERS = ("pixel_presentation", "transfer_syntax", "small")
STUDY = f"{ROOT}.45"
#: Overlays are of this colour in the viewer, and white in the archive's pictures.
OVERLAY = (255, 207, 92)
#: What lies over the picture, but for planes of the file.
WITHOUT_TEXT = ".overlay, .slider, .cine { visibility: hidden !important }"
FILES = 163
#: Of so many files continuous integration takes one.
_STEP = 5
AS_IT_IS = "transfer_syntax/jpegxl/us_multiframe_jpegxl_recompression.dcm"  # pydicom writes no JPEG XL
#: The second is not in the transfer syntax it names, which pydicom reads, but does not write.
NOT_COPIED = (AS_IT_IS, "small/pydicom/SC_rgb_jpeg.dcm")


def copies(data_dir: Path, target: Path) -> dict[str, str]:
    """Write files with an image as series of their own; return the names of the files by instance."""
    made = {}
    files = sorted(file for folder in FOLDERS for file in (data_dir / folder).rglob("*.dcm"))
    for file in some_of(files, _STEP):
        name = str(file.relative_to(data_dir))
        dataset = pydicom.dcmread(file, force=True)
        if "PixelData" not in dataset or dataset.get("Modality") == "SEG" or name in NOT_COPIED:
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
def filled(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Iterator[tuple[Archive, dict[str, str]]]:
    """Return an archive with the copies, and which files these are."""
    running = start(tmp_path_factory.mktemp("pipeline"))
    files = tmp_path_factory.mktemp("copies")
    names = copies(data_dir, files)
    running.take(files, data_dir / AS_IT_IS)
    yield running, names
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


def shown(view: View, names: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Go through the series; give what file each is, and its address."""
    view.study(STUDY, f"&SeriesInstanceUID={STUDY}.1")
    for instance, name in names.items():
        view.page.wait_for_function(
            f"() => window.__isocenter.summary().SOPInstanceUID === '{instance}'"
            " && window.__isocenter.summary().rows > 0"
        )
        yield name, f"{STUDY}/series/{instance.rpartition('.')[0]}"
        view.page.keyboard.press("ArrowRight")


def difference(view: View, series: str) -> int:
    """Return by how much both pictures differ at most."""
    if view.summary()["playing"]:
        view.page.keyboard.press("Space")
    view.settled()
    mine, theirs = drawn(view), rendered(view, series)
    assert mine.shape == theirs.shape, series
    return int(np.abs(mine - theirs).max())


def test_pictures_are_those_of_the_archive(
    filled: tuple[Archive, dict[str, str]], browser: Browser, data_dir: Path
) -> None:
    archive, names = filled
    single = pydicom.dcmread(data_dir / AS_IT_IS, stop_before_pixels=True)
    with looking(browser, archive, width=640, height=480) as view:
        view.study(single.StudyInstanceUID)
        found = {AS_IT_IS: difference(view, f"{single.StudyInstanceUID}/series/{single.SeriesInstanceUID}")}
        found.update((name, difference(view, series)) for name, series in shown(view, names))
    assert len(found) >= (FILES // (_STEP + 2) if "ISOCENTER_FUZZ_SEED" in os.environ else FILES)
    assert {name: apart for name, apart in found.items() if apart > 1} == {}


def exact_pixels(view: View) -> None:
    """Show pixels as squares."""
    view.page.keyboard.press("Control+k")
    view.page.get_by_role("combobox", name="Search commands").fill("exact pixels")
    view.page.keyboard.press("Enter")


def on_screen(view: View, series: str) -> int:
    """Return by how much the screen differs at most from the archive's picture, looked at in some middles of pixels."""
    if view.summary()["playing"]:
        view.page.keyboard.press("Space")
    view.settled()
    theirs = rendered(view, series)
    places = "[[0, 0], [1, 1]].map((pixel) => window.__isocenter.pixelToPane(...pixel))"
    while min(np.subtract(*reversed(view.page.evaluate(places)))) < 1.5:  # a pixel covers the middle of one on screen
        view.page.keyboard.press("+")
    first, second = view.page.evaluate(places)
    view.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    box = view.page.locator(".pane-surface").bounding_box()
    assert box is not None
    screen = colours(view.page.screenshot(style=WITHOUT_TEXT))
    screen[(screen == OVERLAY).all(axis=2)] = 255
    axes = []
    for axis, count, corner, size in ((0, theirs.shape[1], "x", "width"), (1, theirs.shape[0], "y", "height")):
        pixels = np.arange(0, count, max(1, count // 200))
        at = np.floor(box[corner] + first[axis] + pixels * (second[axis] - first[axis])).astype(int)
        inside = (at > box[corner] + 1) & (at < box[corner] + box[size] - 2)
        axes.append((pixels[inside], at[inside]))
    (columns, x), (rows, y) = axes
    assert len(columns) * len(rows) > 0
    return int(np.abs(screen[np.ix_(y, x)] - theirs[np.ix_(rows, columns)]).max())


def test_what_the_graphics_processor_draws_is_that_too(
    filled: tuple[Archive, dict[str, str]], browser: Browser
) -> None:
    archive, names = filled
    step = _STEP if "ISOCENTER_FUZZ_SEED" in os.environ else 1
    found = {}
    with looking(browser, archive, "cornerstone", width=1000, height=900) as view:
        for number, (name, series) in enumerate(shown(view, names)):
            if number == 0:
                assert view.page.locator(".pane-drawing").get_attribute("data-renderer") == "cornerstone"
                exact_pixels(view)
            if number % step == 0:
                found[name] = on_screen(view, series)
    assert len(found) >= len(names) // step
    assert {name: apart for name, apart in found.items() if apart > 1} == {}
