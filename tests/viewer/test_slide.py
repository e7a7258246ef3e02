"""A whole-slide image: its tiles lie where pydicom puts them, with their colours; levels, channels and the map work."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, VLWholeSlideMicroscopyImageStorage

from .conftest import ROOT, Archive, View, _file, _patient, _pixels, get_json

pytestmark = pytest.mark.browser
STUDY, SERIES, TILE = f"{ROOT}.91", f"{ROOT}.91.1", 64
WIDTH, HEIGHT = 400, 300


def picture() -> np.ndarray:
    """Return the slide in full: colours that change slowly, so that JPEG keeps them, and say where they are."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return np.stack([40 + columns // 2, 60 + rows // 2, 200 - columns // 4 - rows // 4], -1).astype(np.uint8)


def _tiles(whole: np.ndarray) -> list[np.ndarray]:
    high, wide = whole.shape[:2]
    padded = np.pad(whole, ((0, -high % TILE), (0, -wide % TILE), (0, 0)), mode="edge")
    return [
        padded[row : row + TILE, column : column + TILE]
        for row in range(0, padded.shape[0], TILE)
        for column in range(0, padded.shape[1], TILE)
    ]


def part(number: int, whole: np.ndarray, kind: str = "VOLUME") -> Dataset:
    """Return a level as native RGB, TILED_FULL; a picture beside the pyramid as one frame."""
    dataset = _file(Dataset(), VLWholeSlideMicroscopyImageStorage, f"{SERIES}.{number}", STUDY, SERIES)
    _patient(dataset, "Slide^Test", "P-091", "20240309", "Histology")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "SM", 1, number
    dataset.ImageType = ["ORIGINAL", "PRIMARY", kind, "NONE"]
    dataset.TotalPixelMatrixRows, dataset.TotalPixelMatrixColumns = whole.shape[:2]
    frames = np.stack(_tiles(whole)) if kind == "VOLUME" else whole[None]
    dataset.NumberOfFrames, dataset.DimensionOrganizationType = len(frames), "TILED_FULL"
    measures, groups, path = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [0.15 / whole.shape[0], 0.2 / whole.shape[1]]
    groups.PixelMeasuresSequence = [measures]
    dataset.SharedFunctionalGroupsSequence = [groups]
    dataset.FrameOfReferenceUID, dataset.ImageOrientationSlide = f"{STUDY}.9", [0, -1, 0, -1, 0, 0]
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = 20, 40
    origin.ZOffsetInSlideCoordinateSystem = 0
    dataset.TotalPixelMatrixOriginSequence = [origin]
    path.OpticalPathIdentifier, path.ObjectiveLensPower = "1", 20
    dataset.OpticalPathSequence = [path]
    return _pixels(dataset, frames, "RGB")


def finest() -> Dataset:
    """Return the finest level as JPEG: two optical paths, the second of which shows red and blue exchanged."""
    dataset = part(1, picture())
    frames = [*_tiles(picture()), *_tiles(np.ascontiguousarray(picture()[..., ::-1]))]
    other = Dataset()
    other.OpticalPathIdentifier, other.OpticalPathDescription = "2", "Exchanged"
    dataset.OpticalPathSequence.append(other)
    dataset.NumberOfFrames, dataset.PhotometricInterpretation = len(frames), "YBR_FULL_422"
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    encoded = [imagecodecs.jpeg8_encode(np.ascontiguousarray(frame), level=95, subsampling="422") for frame in frames]
    dataset.PixelData = encapsulate(encoded)
    dataset["PixelData"].is_undefined_length = True
    return dataset


def sparse() -> Dataset:
    """Return the level of half the size as JPEG 2000, its frames in the wrong order, each saying where it lies."""
    half = np.ascontiguousarray(picture()[::2, ::2])
    dataset = part(2, half)
    tiles, across = _tiles(half), -(-half.shape[1] // TILE)
    places = []
    for index in reversed(range(len(tiles))):
        place, item = Dataset(), Dataset()
        place.ColumnPositionInTotalImagePixelMatrix = index % across * TILE + 1
        place.RowPositionInTotalImagePixelMatrix = index // across * TILE + 1
        item.PlanePositionSlideSequence = [place]
        places.append(item)
    dataset.PerFrameFunctionalGroupsSequence, dataset.DimensionOrganizationType = places, "TILED_SPARSE"
    dataset.PhotometricInterpretation = "YBR_RCT"
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    dataset.PixelData = encapsulate(
        [
            imagecodecs.jpeg2k_encode(np.ascontiguousarray(tile), reversible=True, mct=True, codecformat="J2K")
            for tile in reversed(tiles)
        ]
    )
    dataset["PixelData"].is_undefined_length = True
    return dataset


@pytest.fixture
def slide(browser: Browser, real_archive: Archive, tmp_path: Path) -> Iterator[Page]:
    label = np.full((40, 40, 3), 220, np.uint8)
    for number, dataset in enumerate(
        [finest(), sparse(), part(3, picture()[::8, ::8], "THUMBNAIL"), part(4, label, "LABEL")]
    ):
        dataset.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    real_archive.take(tmp_path)
    context = browser.new_context(viewport={"width": 900, "height": 700})
    shown = View(context.new_page(), real_archive)
    shown.page.goto(f"{real_archive.url}/viewer?StudyInstanceUIDs={STUDY}")
    yield shown.page
    context.close()
    with urlopen(Request(f"{real_archive.url}/api/studies/{STUDY}?confirm={STUDY}", method="DELETE")):
        pass  # with what was signed
    assert shown.errors == []


def _loaded(page: Page, level: int) -> None:
    expect(page.locator(f'.slide[data-waiting="0"][data-level="{level}"]')).to_have_count(1)


def _resize(page: Page, width: int, height: int) -> None:
    before = page.evaluate("document.querySelector('.slide-surface canvas').width")
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function(f"() => document.querySelector('.slide-surface canvas').width !== {before}")


def colours(page: Page, places: list[tuple[int, int]]) -> np.ndarray:
    """Return the colours on the slide's canvas in the middle of these pixels of the finest level."""
    read = """places => {
      const canvas = document.querySelector('.slide-surface canvas');
      const context = canvas.getContext('2d');
      return places.map(([column, row]) => {
        const [x, y] = window.__isocenter.slide(column, row);
        return [...context.getImageData(Math.floor(x), Math.floor(y), 1, 1).data.slice(0, 3)];
      });
    }"""
    return np.array(page.evaluate(read, places))


def _expected(places: list[tuple[int, int]]) -> np.ndarray:
    return np.array([picture()[row, column] for column, row in places]).astype(int)


def test_a_slide(slide: Page) -> None:
    _loaded(slide, 0)
    places = [(20, 20), (63, 150), (200, 64), (390, 10), (10, 290), (333, 222)]
    assert np.abs(colours(slide, places) - _expected(places)).max() <= 4
    text = slide.get_by_test_id("slide-text")
    expect(text).to_contain_text("Level 1 of 3 · 400")
    expect(slide.get_by_test_id("scale-bar")).to_contain_text("µm")
    expect(slide.locator(".card")).to_have_count(2)
    expect(slide.locator(".card").nth(1)).to_contain_text("Label")
    expect(slide.locator('.card .thumbnail[data-state="ready"]')).to_have_count(2)

    slide.get_by_role("slider", name="Optical path").fill("1")
    expect(slide.get_by_text("Optical path: Exchanged")).to_be_visible()
    _loaded(slide, 0)
    assert np.abs(colours(slide, places) - _expected(places)[:, ::-1]).max() <= 4
    slide.get_by_role("slider", name="Optical path").fill("0")

    _resize(slide, 560, 340)
    surface = slide.locator(".slide-surface")
    surface.focus()
    for _ in range(4):
        slide.keyboard.press("-")
    _loaded(slide, 1)  # by the positions of its frames
    inside = [(40, 40), (150, 150), (360, 260)]
    assert np.abs(colours(slide, inside) - _expected(inside)).max() <= 4
    _resize(slide, 900, 700)
    slide.keyboard.press("0")
    slide.keyboard.press("r")
    expect(text).to_contain_text("Turned 90°")
    _loaded(slide, 0)
    assert np.abs(colours(slide, inside) - _expected(inside)).max() <= 4
    with slide.expect_download() as saved:
        slide.keyboard.press("Control+s")
    on_file = np.asarray(Image.open(saved.value.path()).convert("RGB"))
    assert on_file.shape[:2] == (round(surface.bounding_box()["height"]), round(surface.bounding_box()["width"]))
    assert len(np.unique(on_file.reshape(-1, 3), axis=0)) > 100
    slide.keyboard.press("p")
    expect(text).to_contain_text("This tool does not work on slides")


def _drag(page: Page, start: tuple[int, int], end: tuple[int, int]) -> None:
    box = page.locator(".slide-surface").bounding_box()
    points = page.evaluate("all => all.map((pixel) => window.__isocenter.slide(...pixel))", [start, end])
    (x, y), (to_x, to_y) = [(box["x"] + column, box["y"] + row) for column, row in points]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move((x + to_x) / 2, (y + to_y) / 2)
    page.mouse.move(to_x, to_y)
    page.mouse.up()


def _drafts(url: str, count: int) -> list[dict]:
    for _ in range(100):
        drafts = get_json(f"{url}/api/studies/{STUDY}/measurements")
        if len(drafts) == count:
            return drafts
        time.sleep(0.05)
    raise AssertionError(f"{len(drafts)} drafts instead of {count}")


def test_lengths_and_areas_of_a_slide_are_those_of_its_file(slide: Page, real_archive: Archive, tmp_path: Path) -> None:
    _loaded(slide, 0)
    _resize(slide, 1100, 700)
    slide.locator(".slide-surface").focus()
    drawn = slide.locator(".measurement")
    slide.keyboard.press("d")
    expect(slide.locator(".pane[data-measuring=ready]")).to_have_count(1)
    _drag(slide, (50, 60), (350, 260))
    expect(drawn).to_contain_text(re.compile(r"18\d\.\d µm"))
    _resize(slide, 800, 540)
    slide.keyboard.press("r")
    for _ in range(4):
        slide.keyboard.press("-")
    _loaded(slide, 1)
    _drag(slide, (60, 200), (340, 200))
    slide.keyboard.press("Shift+E")
    _drag(slide, (280, 20), (380, 120))
    expect(drawn).to_have_count(3)
    expect(drawn.last).to_contain_text("µm²")
    wanted = {"length": (300 * 0.5) ** 2 + (200 * 0.5) ** 2, "second": 280 * 0.5, "area": 100 * 100 * 0.25}
    one, two, region = _drafts(real_archive.url, 3)
    assert one["values"][0]["value"] == pytest.approx(wanted["length"] ** 0.5, abs=1)
    assert two["values"][0]["value"] == pytest.approx(wanted["second"], abs=3)
    assert region["values"] == [{"quantity": "area", "value": pytest.approx(wanted["area"], rel=0.05), "unit": "µm²"}]
    assert region["plane"]["origin"] == [20, 40, 0]
    slide.keyboard.press("Control+z")
    expect(drawn).to_have_count(2)
    slide.keyboard.press("Control+y")
    with slide.expect_download() as saved:
        slide.keyboard.press("Control+s")
    picture = np.asarray(Image.open(saved.value.path()).convert("RGB")).astype(int)
    assert (np.abs(picture - [255, 216, 77]).max(-1) < 24).sum() > 100  # the lines, in their yellow
    slide.reload()
    expect(drawn).to_have_count(3)
    slide.keyboard.press("q")
    panel = slide.get_by_label("List of measurements")
    expect(panel.locator("li").last).to_contain_text("µm²")
    expect(panel.locator("li").first.locator(".muted")).to_have_text("1 · SM")
    with slide.expect_download() as csv:
        panel.get_by_role("button", name="CSV").click()
    assert f",µm²,,{STUDY},{SERIES},{SERIES}.1,1," in csv.value.path().read_text()
    panel.get_by_role("button", name="Sign").click()
    told = panel.locator(".measure-reported li")
    expect(told).to_have_count(3)
    expect(told.last).to_contain_text("µm²")
    expect(drawn).to_have_count(3)  # where the report has them on the slide
    moved = "all => all.map((one) => one.getAttribute('points'))"
    (corner, *_) = slide.locator(".measurement").last.locator("polyline").first.evaluate_all(moved)[0].split()
    at = slide.evaluate("pixel => window.__isocenter.slide(...pixel)", region["points"][0])
    assert [float(value) for value in corner.split(",")] == pytest.approx(at, abs=0.2)


def test_tiles_that_cannot_be_read_are_said_to_be_and_asked_for_again(slide: Page) -> None:
    _loaded(slide, 0)
    slide.route("**/frames/**", lambda route: route.abort())
    slide.reload()
    expect(slide.get_by_role("alert")).to_contain_text("Some tiles cannot be shown")
    slide.unroute("**/frames/**")
    slide.get_by_role("button", name="Try again").click()
    expect(slide.get_by_role("alert")).to_have_count(0)
    _loaded(slide, 0)
    assert np.abs(colours(slide, [(20, 20)]) - _expected([(20, 20)])).max() <= 4
