"""What lies over a picture (overlays, shutter, padding), ultrasound scales, the lossy note, and studies that grow."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, DigitalXRayImageStorageForPresentation, UltrasoundImageStorage

from .conftest import ROOT, Archive, View, _file, _patient, _pixels

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize("renderer", ["canvas", "cornerstone"], indirect=True)


def covered_image() -> Dataset:
    """Return a bright image of 40 x 32 with a shutter, an overlay pixel at (20, 10) and padding in column 12."""
    study = f"{ROOT}.20"
    dataset = _file(Dataset(), DigitalXRayImageStorageForPresentation, f"{study}.1.1", study, f"{study}.1")
    _patient(dataset, "Covered^Image", "P-020", "20240201", "Overlay and shutter")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "DX", 1, 1
    dataset.ImagerPixelSpacing = [0.5, 0.5]
    pixels = np.full((32, 40), 600, np.uint16)
    pixels[:, 12] = 1000
    _pixels(dataset, pixels, "MONOCHROME2")
    dataset.WindowCenter, dataset.WindowWidth = 500, 1000
    dataset.PixelPaddingValue = 1000
    dataset.ShutterShape, dataset.ShutterLeftVerticalEdge, dataset.ShutterRightVerticalEdge = "RECTANGULAR", 5, 36
    dataset.ShutterUpperHorizontalEdge, dataset.ShutterLowerHorizontalEdge = 1, 32
    bits = np.zeros((32, 40), np.uint8)
    bits[10, 20] = 1
    dataset.add_new(0x60000010, "US", 32)
    dataset.add_new(0x60000011, "US", 40)
    dataset.add_new(0x60000040, "CS", "G")
    dataset.add_new(0x60000050, "SS", [1, 1])
    dataset.add_new(0x60000100, "US", 1)
    dataset.add_new(0x60000102, "US", 0)
    dataset.add_new(0x60003000, "OW", np.packbits(bits.ravel(), bitorder="little").tobytes())
    return dataset


def two_scales() -> Dataset:
    """Return an ultrasound image whose halves have 0.2 and 0.4 mm a pixel, and no scale at the bottom."""
    study = f"{ROOT}.21"
    dataset = _file(Dataset(), UltrasoundImageStorage, f"{study}.1.1", study, f"{study}.1")
    _patient(dataset, "Two^Scales", "P-021", "20240202", "Regions")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "US", 1, 1
    _pixels(dataset, np.full((200, 400), 90, np.uint8), "MONOCHROME2")
    dataset.LossyImageCompression, dataset.LossyImageCompressionRatio = "01", ["4", "12.345"]
    regions = []
    for left, delta in ((0, 0.02), (200, 0.04)):
        region = Dataset()
        region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
        region.RegionLocationMinX0, region.RegionLocationMinY0 = left, 0
        region.RegionLocationMaxX1, region.RegionLocationMaxY1 = left + 199, 149
        region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
        region.PhysicalDeltaX = region.PhysicalDeltaY = delta
        regions.append(region)
    dataset.SequenceOfUltrasoundRegions = regions
    return dataset


def take(archive: Archive, folder: Path, *datasets: Dataset) -> None:
    """Save the data sets and put them into the archive."""
    folder.mkdir(exist_ok=True)
    for dataset in datasets:
        dataset.save_as(folder / f"{dataset.SOPInstanceUID}.dcm", enforce_file_format=True)
    archive.take(folder)


def colour(view: View, column: int, row: int) -> tuple[int, ...]:
    """Return the red, green and blue on the screen in the middle of a pixel."""
    import imagecodecs

    place = view.page.evaluate(f"window.__isocenter.pixelToPane({column}, {row})")
    box = view.page.locator(".pane-surface").bounding_box()
    assert box is not None
    clip = {"x": round(box["x"] + place[0]) - 1, "y": round(box["y"] + place[1]) - 1, "width": 2, "height": 2}
    return tuple(int(v) for v in imagecodecs.png_decode(view.page.screenshot(clip=clip))[0, 0, :3])


@BOTH
@pytest.mark.parametrize("turn", [[], ["r"], ["h"]])
def test_overlay_shutter_and_padding_lie_over_the_picture(
    view: View, renderer: str, real_archive: Archive, tmp_path: Path, turn: list[str]
) -> None:
    take(real_archive, tmp_path / "in", covered_image())
    view.archive = real_archive
    view.study(f"{ROOT}.20")
    for key in turn:
        view.page.keyboard.press(key)
    expect(view.page.get_by_test_id("planes")).to_be_visible()
    view.page.wait_for_function("() => document.querySelector('.plane-layer').width > 300")
    assert colour(view, 10, 10)[0] == pytest.approx(153, abs=3)
    assert colour(view, 2, 10) == (0, 0, 0)
    assert colour(view, 37, 10) == (0, 0, 0)
    assert colour(view, 35, 10)[0] == pytest.approx(153, abs=3)
    assert colour(view, 12, 20) == (0, 0, 0)
    assert colour(view, 20, 10) == pytest.approx((255, 207, 92), abs=3)
    view.page.keyboard.press("o")
    expect(view.page.get_by_test_id("planes")).to_be_visible()  # the padding stays
    view.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert colour(view, 2, 10)[0] == pytest.approx(153, abs=3)


def test_the_scale_is_that_of_the_region_under_the_pointer(view: View, real_archive: Archive, tmp_path: Path) -> None:
    take(real_archive, tmp_path / "in", two_scales())
    view.archive = real_archive
    view.study(f"{ROOT}.21")
    bar = view.page.get_by_test_id("scale-bar")
    (left, _), (right, _) = view.page.evaluate(
        "[window.__isocenter.pixelToPane(0, 0), window.__isocenter.pixelToPane(399, 0)]"
    )
    columns = (right - left) / 399
    expect(bar).to_have_count(0)
    for column, per_column in ((50, 0.2), (300, 0.4)):
        view.value_at(column, 40)
        label = bar.inner_text()
        millimetres = float(label.split()[0]) * (10 if " cm" in label else 1)
        width = float(bar.locator("svg").get_attribute("width")) - 2
        assert width == pytest.approx(millimetres / per_column * columns, rel=0.001)
        assert "US region" in label
    view.value_at(50, 180)
    expect(bar).to_have_count(0)
    expect(view.page.locator(".notes")).to_have_text("Lossy 12.3:1")


def growing(number: int) -> Dataset:
    """Return slice ``number`` of a study that arrives slowly."""
    study = f"{ROOT}.22"
    dataset = _file(Dataset(), CTImageStorage, f"{study}.1.{number}", study, f"{study}.1")
    _patient(dataset, "Grows^Still", "P-022", "20240203", "Arriving")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CT", 1, number
    dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, number * 2]
    dataset.PixelSpacing = [1, 1]
    dataset.FrameOfReferenceUID = f"{study}.9"
    return _pixels(dataset, np.full((16, 16), number, np.int16), "MONOCHROME2", signed=True)


def test_an_open_study_grows_by_itself(view: View, real_archive: Archive, tmp_path: Path) -> None:
    take(real_archive, tmp_path / "first", *(growing(n) for n in range(3, 6)))
    view.archive = real_archive
    view.study(f"{ROOT}.22")
    assert view.summary()["count"] == 3
    before = view.summary()["SOPInstanceUID"]
    take(real_archive, tmp_path / "later", *(growing(n) for n in range(1, 3)))
    view.page.wait_for_function("() => window.__isocenter.summary().count === 5")
    view.settled()
    assert view.summary()["SOPInstanceUID"] == before
    assert view.value_at(3, 3) == "4 HU"
    expect(view.page.locator(".card-count")).to_have_text("5")


@BOTH
@pytest.mark.real_data
def test_overlays_in_the_pixel_data_are_drawn(view: View, renderer: str, real_archive: Archive, data_dir: Path) -> None:
    """The retired form: each overlay is a bit of the pixel cells (here bits 15 and 14)."""
    file = data_dir / "pixel_presentation" / "overlay.dcm"
    dataset = pydicom.dcmread(file)
    real_archive.take(file)
    view.archive = real_archive
    view.study(dataset.StudyInstanceUID, f"&SOPInstanceUID={dataset.SOPInstanceUID}")
    expect(view.page.get_by_test_id("planes")).to_be_visible()
    for _ in range(4):  # so that a pixel of the image is several on the screen
        view.page.keyboard.press("+")
    view.page.wait_for_function("() => document.querySelector('.plane-layer').width > 300")
    cells = np.frombuffer(dataset.PixelData, "<u2").reshape(dataset.Rows, dataset.Columns)
    bits = sum((cells >> dataset[group, 0x102].value) & 1 for group in (0x6000, 0x6002))
    inner = np.argwhere(bits[150:360, 150:360] > 0) + 150
    row, column = (int(v) for v in inner[len(inner) // 2])
    view.page.mouse.move(5, 300)
    red, _, blue = colour(view, column, row)
    assert red - blue > 60
