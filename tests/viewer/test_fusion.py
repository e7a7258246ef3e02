"""PET over CT: values of both under the pointer and colours on screen against numpy, blend, window, planes, refusal."""

import numpy as np
import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, PositronEmissionTomographyImageStorage

from .conftest import ROOT, Archive, View, _file, _patient, _pixels
from .test_colours import table
from .test_measure import numbers
from .test_mpr import enter, shown
from .test_planes import colour, take

pytestmark = pytest.mark.browser
STUDY, FRAME, OTHER = f"{ROOT}.80", f"{ROOT}.80.9", f"{ROOT}.80.8"
#: Factor to SUVbw: 70 kg, 300 MBq, injected an hour before the series, half-life 6586.2 s.
FACTOR = 70_000 / (300e6 * 2 ** (-3600 / 6586.2))


def activity(place: np.ndarray) -> float:
    """Return the Bq/ml at a place in the patient: linear, so that interpolation is exact."""
    x, y, z = place
    return float(9000 + 100 * x + 60 * y + 40 * z)


def _geometry(dataset: Dataset, number: int, size: int, spacing: float, origin: tuple[float, float, float]) -> Dataset:
    dataset.SeriesNumber = {"CT": 1, "PT": 2}[dataset.Modality]
    dataset.InstanceNumber, dataset.FrameOfReferenceUID = number + 1, FRAME
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = list(origin)
    dataset.PixelSpacing, dataset.SliceThickness = [spacing, spacing], 4
    dataset.Rows = dataset.Columns = size
    return dataset


def ct_of_pair(number: int) -> Dataset:
    """Return slice ``number`` (from 0) of the CT: 96 x 96 pixels of 1 mm, 3 mm apart."""
    dataset = _file(Dataset(), CTImageStorage, f"{STUDY}.1.{number}", STUDY, f"{STUDY}.1")
    _patient(dataset, "Fusion^Test", "P-060", "20240301", "PET/CT")
    dataset.Modality = "CT"
    _geometry(dataset, number, 96, 1.0, (-48, -48, 3 * number))
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, 0, "HU"
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    return _pixels(dataset, np.full((96, 96), 40, np.int16), "MONOCHROME2", signed=True)


def pet_of_pair(number: int, series: str = "2", frame: str = FRAME) -> Dataset:
    """Return slice ``number`` (from 0) of the PET: 24 x 24 pixels of 5 mm, 4 mm apart, with slopes of their own."""
    uid = f"{STUDY}.{series}"
    dataset = _file(Dataset(), PositronEmissionTomographyImageStorage, f"{uid}.{number}", STUDY, uid)
    _patient(dataset, "Fusion^Test", "P-060", "20240301", "PET/CT")
    dataset.Modality, dataset.PatientWeight, dataset.PatientSize, dataset.PatientSex = "PT", 70, 1.75, "F"
    _geometry(dataset, number, 24, 5.0, (-57.5, -57.5, 4 * number - 6))
    dataset.FrameOfReferenceUID = frame
    dataset.Units, dataset.DecayCorrection, dataset.CorrectedImage = "BQML", "START", ["DECY", "ATTN"]
    dataset.SeriesDate = dataset.AcquisitionDate = "20240301"
    dataset.SeriesTime, dataset.AcquisitionTime = "110000", "110500"
    drug = Dataset()
    drug.RadiopharmaceuticalStartTime, drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = "100000", 300e6, 6586.2
    dataset.RadiopharmaceuticalInformationSequence = [drug]
    dataset.RescaleSlope, dataset.RescaleIntercept = 0.5 + number % 3, 0
    rows, columns = np.mgrid[0:24, 0:24]
    value = 9000 + 100 * (-57.5 + 5 * columns) + 60 * (-57.5 + 5 * rows) + 40 * (4 * number - 6)
    return _pixels(dataset, np.round(value / dataset.RescaleSlope).astype(np.uint16), "MONOCHROME2")


@pytest.fixture(scope="module")
def pair(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Put a CT, a PET over it, and a PET of another frame of reference into the archive."""
    made = [*(ct_of_pair(n) for n in range(12)), *(pet_of_pair(n) for n in range(14))]
    made += [pet_of_pair(n, "3", OTHER) for n in range(4)]
    take(archive, tmp_path_factory.mktemp("pair"), *made)


def fuse(view: View) -> None:
    view.page.keyboard.press("Shift+y")
    view.page.get_by_test_id("fusion-bar").wait_for()
    view.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    whole = '[data-testid="fusion"][data-complete="true"]'
    view.page.locator(whole).first.wait_for()
    view.page.wait_for_function(f"() => document.querySelector('{whole}')?.dataset.drawn")


def both(view: View, column: int, row: int) -> tuple[float, float]:
    """Return HU and SUV that are shown for a pixel."""
    found = view.value_at(column, row)
    assert "HU · SUVbw" in " ".join(found.split()), found
    hu, suv = numbers(found)[:2]
    return hu, suv


@pytest.mark.usefixtures("pair")
def test_a_pet_lies_over_its_ct_with_values_and_colours_of_its_places(view: View) -> None:
    view.study(STUDY, f"&SeriesInstanceUIDs={STUDY}.1")
    fuse(view)
    expect(view.page.locator(".notes")).to_contain_text("PT 2 over CT 1, interpolated")
    for column, row in ((48, 48), (20, 70), (83, 11)):
        place = np.array(view.page.evaluate(f"window.__isocenter.pixelToPatient({column}, {row})"))
        hu, suv = both(view, column, row)
        assert hu == 40
        assert suv == pytest.approx(activity(place) * FACTOR, rel=3e-3)
        shade = table("hotIron")[round(255 * min(1.0, activity(place) * FACTOR / 5))]
        assert colour(view, column, row) == pytest.approx(tuple(0.5 * shade + 0.5 * 127.8), abs=5)
    bar = view.page.get_by_test_id("fusion-bar")
    view.page.keyboard.press(")")
    expect(bar.locator("output")).to_have_text("60 %")
    colours = view.page.get_by_test_id("colour-bar")
    expect(colours).to_contain_text("5 SUVbw")
    box = view.page.locator(".pane-surface").bounding_box()
    assert box is not None
    view.page.keyboard.down("Alt")
    view.drag(0, -box["height"] / 5)
    view.page.keyboard.up("Alt")
    assert numbers(colours.inner_text())[0] == pytest.approx(6, abs=0.1)
    assert view.corner("bl").endswith("No. 7")
    assert "W 400 L 40" in view.corner("bl")
    bar.locator(".preset-button").click()
    view.page.get_by_role("menuitemradio", name="SUVlbm (Janma)").click()
    view.page.keyboard.press("Escape")
    lean = 9270 * 70 / (8780 + 244 * 70 / 1.75**2)
    assert numbers(view.value_at(48, 48).partition("SUVlbm (Janma)")[2])[0] == pytest.approx(
        activity(np.array([0, 0, 18])) * FACTOR * lean / 70, rel=5e-3
    )


def along_a_path(view: View) -> None:
    """Draw a straight path in the axial plane: what is straightened along it is fused, too."""
    view.page.keyboard.press("Shift+o")
    ends = []
    for column, row in ((20, 30), (70, 60)):
        ends.append(shown(view, 0, column, row)[0])
        view.page.mouse.down()
        view.page.mouse.up()
    view.page.keyboard.press("Enter")
    view.page.wait_for_function("() => document.querySelectorAll('[data-testid=fusion]')[3]?.dataset.drawn")
    size = view.page.evaluate("window.__isocenter.summary(3)")
    for share in (0.2, 0.5, 0.9):
        column = round(share * (size["columns"] - 1))
        text = shown(view, 3, column, (size["rows"] - 1) // 2)[1]
        place = ends[0] + (ends[1] - ends[0]) * column / (size["columns"] - 1)
        assert numbers(text.partition("SUVbw")[2])[0] == pytest.approx(activity(place) * FACTOR, rel=5e-3)
    view.page.keyboard.press("Escape")


@pytest.mark.usefixtures("pair")
def test_planes_are_fused_too_and_other_frames_of_reference_are_refused(view: View) -> None:
    view.study(STUDY, f"&SeriesInstanceUIDs={STUDY}.1")
    fuse(view)
    enter(view)
    expect(view.page.locator('[data-testid="fusion"]')).to_have_count(3)
    checked = 0
    for cell in (1, 2):
        view.page.wait_for_function(f"() => document.querySelectorAll('[data-testid=fusion]')[{cell}]?.dataset.drawn")
        for column, row in ((30, 6), (60, 14), (48, 10)):
            place, text = shown(view, cell, column, row)
            if "SUVbw" not in text:
                continue
            checked += 1
            assert numbers(text.partition("SUVbw")[2])[0] == pytest.approx(activity(place) * FACTOR, rel=3e-3)
    assert checked >= 4
    along_a_path(view)
    view.page.keyboard.press("Shift+y")
    expect(view.page.locator('[data-testid="fusion"]')).to_have_count(0)
    expect(view.page.locator(".pane")).to_have_count(3)
    view.page.locator(".card").nth(0).click(button="right")
    menu = view.page.locator(".series-menu")
    expect(menu.get_by_role("menuitem", name="frames of reference differ")).to_be_disabled()
    menu.get_by_role("menuitem", name="PT 2", exact=True).click()
    expect(view.page.locator('[data-testid="fusion"]')).to_have_count(3)
