"""Isocontour regions of a PET against numpy: drawn, cut anew, kept, shown in planes and over the CT, signed, read."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pydicom
import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset

from .conftest import ROOT, Archive, View, write_measurements
from .isocontour import Axial, measured, region
from .test_fusion import FACTOR, ct_of_pair, fuse, pet_of_pair
from .test_measure import choose, drag, numbers
from .test_mpr import enter
from .test_planes import take
from .test_suv import dose_left

pytestmark = pytest.mark.browser
STUDY, REAL = f"{ROOT}.95", f"{ROOT}.96"
STEPS, ORIGIN = np.array([4.0, 5.0, 5.0]), np.array([-6.0, -57.5, -57.5])

SAVED = """async ([path, share]) => {
  for (;;) {
    const [one] = await (await fetch(path)).json();
    if (one?.values?.length === 6 && one.isocontour.share === share) return one;
    await new Promise(requestAnimationFrame);
  }
}"""


def uptake() -> np.ndarray:
    """Return SUV by slice, row and column: two hot balls on a slope, the hotter one below."""
    k, j, i = np.mgrid[0:14, 0:24, 0:24]
    places = np.stack([k, j, i], axis=-1) * STEPS + ORIGIN
    first = 9 - np.linalg.norm(places - (18, 2, -12), axis=-1) / 4
    second = 12 - np.linalg.norm(places - (34, 10, 40), axis=-1) / 3
    return np.maximum(np.maximum(first, second), 0.6 + i / 100)


def ours(dataset: Dataset, series: str) -> Dataset:
    """Return an image of the pair as one of the study here."""
    number = dataset.SOPInstanceUID.rpartition(".")[2]
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, f"{STUDY}.{series}"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{STUDY}.{series}.{number}"
    dataset.FrameOfReferenceUID, dataset.PatientID = f"{STUDY}.9", "P-095"
    return dataset


def pet(number: int, suv: np.ndarray) -> tuple[Dataset, np.ndarray]:
    """Return a slice of the PET, and the SUV that its pixels stand for."""
    dataset = ours(pet_of_pair(number), "2")
    stored = np.round(suv / FACTOR / dataset.RescaleSlope).astype(np.uint16)
    dataset.PixelData = stored.tobytes()
    return dataset, stored * float(dataset.RescaleSlope) * FACTOR


@pytest.fixture(scope="module")
def volume(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Axial:
    """Put the pair into the archive, and return the values of its PET."""
    slices = [pet(number, suv) for number, suv in enumerate(uptake())]
    below = [ours(ct_of_pair(number), "1") for number in range(12)]
    take(archive, tmp_path_factory.mktemp("region"), *(dataset for dataset, _ in slices), *below)
    return Axial(np.stack([values for _, values in slices]), STEPS, ORIGIN)


def saved(view: View, study: str, share: float) -> dict[str, Any]:
    """Wait until the archive keeps the region cut at a share, with what it measures, and return it."""
    draft = view.page.evaluate(SAVED, [f"/api/studies/{study}/measurements", share])
    return cast("dict[str, Any]", draft)


def sphere(draft: dict[str, Any]) -> tuple[np.ndarray, float]:
    """Return middle (z, y, x) and radius of a region's sphere."""
    plane = draft["plane"]
    origin, row, column = (np.array(plane[name]) for name in ("origin", "row", "column"))
    centre, edge = (origin + x * plane["columnStep"] * row + y * plane["rowStep"] * column for x, y in draft["points"])
    return centre[::-1], float(np.linalg.norm(edge - centre))


def lines(view: View) -> list[float]:
    """Return what stands beside the region: maximum, peak, mean, volume, glycolysis, threshold."""
    texts = view.page.locator(".measurement[data-kind=isocontour]").first.locator("tspan")
    expect(texts.nth(1)).to_contain_text("TLG")
    return [number for line in texts.all_text_contents()[:3] for number in numbers(line)]


def expected(volume: Axial, draft: dict[str, Any]) -> dict[str, float]:
    share = draft["isocontour"]["share"]
    return measured(volume, region(volume, *sphere(draft), share))


def compare(volume: Axial, draft: dict[str, Any]) -> None:
    """What is kept is what numpy finds; peaks differ by how finely voxels are divided."""
    values = {value["quantity"]: value["value"] for value in draft["values"]}
    for name, wanted in expected(volume, draft).items():
        assert values[name] == pytest.approx(wanted, rel=2e-3 if name == "peak" else 1e-5), name


def test_a_region_measures_what_numpy_finds(view: View, volume: Axial) -> None:
    write_measurements(view.archive, STUDY, [])
    view.study(STUDY, f"&SeriesInstanceUIDs={STUDY}.2")
    choose(view, "Shift+i")
    column, row = (-12 + 57.5) / 5, (2 + 57.5) / 5
    drag(view, (column, row), (column + 5, row))
    maximum, peak, mean, millilitres, _, threshold, share, *_ = lines(view)
    hottest = volume.values[:, :, :16].max()
    assert (maximum, threshold, share) == pytest.approx((hottest, 0.41 * hottest, 41), abs=0.006)
    draft = saved(view, STUDY, 0.41)
    compare(volume, draft)
    values = {value["quantity"]: value["value"] for value in draft["values"]}
    assert (peak, mean, millilitres) == pytest.approx([values[name] for name in ("peak", "mean", "volume")], abs=0.006)
    bar = view.page.get_by_role("group", name="Isocontour region")
    bar.get_by_role("button", name="50 %").click()
    view.page.keyboard.press("}")
    expect(view.page.locator(".measurement[data-kind=isocontour]").first).to_contain_text("51 % of max")
    view.page.keyboard.press("Control+z")
    expect(view.page.locator(".measurement[data-kind=isocontour]").first).to_contain_text("50 % of max")
    compare(volume, saved(view, STUDY, 0.5))
    enter(view)
    borders = view.page.locator(".measurement[data-kind=isocontour]:has(.measure-line:not([data-helper=true]))")
    expect(borders).not_to_have_count(0)
    view.study(STUDY, f"&SeriesInstanceUIDs={STUDY}.1")
    fuse(view)
    expect(view.page.locator(".measurement[data-kind=isocontour] tspan").nth(1)).to_contain_text("TLG")
    view.page.keyboard.press("q")
    panel = view.page.get_by_label("List of measurements")
    expect(panel.locator("li .measure-jump strong")).to_contain_text("max 8.")
    panel.get_by_role("button", name="Sign").click()
    told = panel.locator(".measure-reported li").first
    expect(told).to_contain_text("SUVbw Peak Value Within ROI")
    expect(told).to_contain_text("Isocontour, 50% of maximum")


def real_slice(path: Path, number: int) -> Dataset:
    """Return a real slice as an object of a study here."""
    dataset = pydicom.dcmread(path)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = REAL, f"{REAL}.1"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{REAL}.1.{number}"
    return dataset


@pytest.mark.real_data
def test_a_region_of_a_real_pet(view: View, archive: Archive, data_dir: Path, tmp_path: Path) -> None:
    """The hottest place of a whole-body PET, whose slices have slopes of their own."""
    paths = sorted((data_dir / "volumes/pet_wholebody_qin_299/PET").iterdir())
    found = sorted((pydicom.dcmread(one) for one in paths), key=lambda one: float(one.ImagePositionPatient[2]))[60:84]
    slices = [real_slice(Path(str(one.filename)), number) for number, one in enumerate(found)]
    take(archive, tmp_path / "in", *slices)
    factor = 1000 * float(slices[0].PatientWeight) / dose_left(slices[0])
    values = [one.pixel_array * float(one.RescaleSlope) + float(one.RescaleIntercept) for one in slices]
    z = [float(one.ImagePositionPatient[2]) for one in slices]
    steps = np.array([(z[-1] - z[0]) / (len(z) - 1), *map(float, slices[0].PixelSpacing)])
    x, y, _ = map(float, slices[0].ImagePositionPatient)
    volume = Axial(np.stack(values) * factor, steps, np.array([z[0], y, x]))
    hottest = np.unravel_index(volume.values.argmax(), volume.values.shape)
    write_measurements(view.archive, REAL, [])
    view.study(REAL)
    shown = [one["SOPInstanceUID"] for one in view.page.evaluate("window.__isocenter.order()")]
    view.page.keyboard.press("Home")
    for _ in range(shown.index(slices[hottest[0]].SOPInstanceUID)):
        view.page.keyboard.press("ArrowDown")
    view.settled()
    choose(view, "Shift+i")
    column, row = float(hottest[2]), float(hottest[1])
    drag(view, (column, row), (column + 6, row))
    lines(view)
    compare(volume, saved(view, REAL, 0.41))
