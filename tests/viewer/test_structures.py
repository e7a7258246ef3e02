"""Segmentations, contours and dose over the images they belong to: pixels, volumes, doses against numpy."""

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, expect

from . import overlays
from .conftest import COLUMNS, CT_STUDY, ROWS, SLICES, Archive, View, looking, start, stop
from .overlays import VOXEL_ML, dose_at, liver, tumour

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Return an archive with the generated CT and everything that lies over it."""
    files = tmp_path_factory.mktemp("planned")
    made = [overlays.placed_slice(n) for n in range(1, SLICES + 1)]
    made += [overlays.binary(), overlays.fractional(), overlays.label_map(), overlays.tiled()]
    made += [overlays.structure_set(), overlays.plan(), overlays.dose()]
    for index, dataset in enumerate(made):
        dataset.save_as(files / f"{index}.dcm", enforce_file_format=True)
    running = start(tmp_path_factory.mktemp("planned-archive"))
    running.take(files)
    yield running
    stop(running)


@pytest.fixture
def shown(browser: Browser, planned: Archive) -> Iterator[View]:
    """Return a page with the CT open and the list of structures beside it."""
    with looking(browser, planned) as view:
        view.study(CT_STUDY)
        expect(view.page.locator(".card-structures button").first).to_be_visible()
        yield view


def entry(view: View, title: str) -> Locator:
    return view.page.get_by_role("region", name=title)


def show(view: View, title: str) -> None:
    """Tick an object in the list and wait until it is read."""
    entry(view, title).get_by_role("checkbox").first.click()
    expect(entry(view, title)).to_have_attribute("data-status", "ready")


def drawn(view: View, cell: int = 0) -> dict[str, dict[str, int]]:
    """What is drawn on a pane, by object and number."""
    found = view.page.evaluate(f"window.__isocenter.structures({cell})")
    return {one["id"]: one for one in found}


def go(view: View, number: int) -> None:
    """Show a slice of the CT by its number, from 1."""
    view.page.keyboard.press("Home")
    for _ in range(number - 1):
        view.page.keyboard.press("ArrowDown")
    view.settled()


def test_segmentations_lie_where_numpy_has_them(shown: View) -> None:
    shown.page.locator(".card", has_text="Binary segmentation").dblclick()
    expect(shown.page.get_by_test_id("structures")).to_be_visible()
    masks = {"1": liver(), "2": tumour()}
    shown.page.keyboard.press("u")
    for number in (12, 14):
        go(shown, number)
        counts = {key.rpartition("/")[2]: one["pixels"] for key, one in drawn(shown).items()}
        assert counts == {key: int(mask[number - 1].sum()) for key, mask in masks.items()}
    binary = entry(shown, "Binary segmentation")
    expect(binary).to_contain_text(f"Anatomical Structure · Liver · {liver().sum() * VOXEL_ML:.2f} ml")
    expect(binary.get_by_label("Colour of Liver")).to_have_value("#ff0000")
    binary.get_by_label("Hide Liver").click()
    assert [key[-2:] for key in drawn(shown)] == ["/2"]
    shown.page.keyboard.press("Home")
    binary.get_by_label("Go to Tumour").click()
    shown.settled()
    assert shown.summary()["index"] in range(10, 14)
    binary.get_by_role("checkbox").first.click()
    show(shown, "Fractional segmentation")
    expect(entry(shown, "Fractional segmentation")).to_contain_text(f"{liver().sum() * VOXEL_ML / 2:.2f} ml")
    entry(shown, "Fractional segmentation").get_by_role("checkbox").first.click()
    show(shown, "Labelmap segmentation")
    go(shown, 12)
    only = (liver()[11] == 1) & (tumour()[11] == 0)
    counts = {key.rpartition("/")[2]: one["pixels"] for key, one in drawn(shown).items()}
    assert counts == {"1": int(only.sum()), "2": int(tumour()[11].sum())}
    entry(shown, "Tiled segmentation").get_by_role("checkbox").first.click()
    expect(entry(shown, "Tiled segmentation").get_by_role("alert")).to_contain_text("cut into tiles")


def nearest(view: View, cell: int, mask: NDArray[np.uint8]) -> int:
    """Count the pixels of a pane's plane whose nearest voxel is inside."""
    summary = view.page.evaluate(f"window.__isocenter.summary({cell})")
    corner, right, down = (
        np.array(view.page.evaluate(f"window.__isocenter.pixelToPatient({c}, {r}, {cell})"))
        for c, r in ((0, 0), (1, 0), (0, 1))
    )
    rows, columns = np.mgrid[0 : summary["rows"], 0 : summary["columns"]]
    places = corner + columns[..., None] * (right - corner) + rows[..., None] * (down - corner)
    row, column, normal = overlays.AXES
    i, j, k = (np.floor(v + 0.5).astype(int) for v in (places @ row, places @ column / 2, places @ normal / 5 - 1))
    inside = (i >= 0) & (j >= 0) & (k >= 0) & (k < mask.shape[0]) & (j < mask.shape[1]) & (i < mask.shape[2])
    return int(mask[k[inside], j[inside], i[inside]].sum())


def test_planes_of_a_volume_cut_them(shown: View) -> None:
    shown.page.keyboard.press("u")
    show(shown, "Binary segmentation")
    show(shown, "Plan structures")
    shown.page.keyboard.press("m")
    expect(shown.page.locator('.pane[data-status="ready"]')).to_have_count(3)
    shown.page.wait_for_function("window.__isocenter.structures(2).length >= 2")
    for cell in range(3):
        found = drawn(shown, cell)
        expected = nearest(shown, cell, liver())
        assert expected > 50
        assert found[f"{CT_STUDY}.30.1/1"]["pixels"] == pytest.approx(expected, rel=0.02)  # places between two voxels
        assert found[f"{CT_STUDY}.40.1/1"]["pixels"] > 50


def test_contours_and_dose_are_those_of_the_plan(shown: View) -> None:
    shown.page.keyboard.press("u")
    show(shown, "Plan structures")
    expect(entry(shown, "Plan structures")).to_contain_text("PTV · 88.00 ml")
    for number, rings, lines in ((12, 2, 3), (8, 2, 0), (7, 0, 0), (16, 0, 0)):
        go(shown, number)
        found = drawn(shown)
        assert found.get(f"{CT_STUDY}.40.1/1", {"rings": 0})["rings"] == rings
        assert found.get(f"{CT_STUDY}.40.1/2", {"open": 0})["open"] == lines
    show(shown, "Plan dose")
    expect(entry(shown, "Plan dose")).to_contain_text("100 % is Twenty gray")
    go(shown, 12)
    for column, row in ((17, 33), (50, 20), (3, 61)):
        value = dose_at(column, row, 12)
        assert f"Dose {value:.2f} Gy ({5 * value:.1f} %)" in shown.value_at(column, row)
    entry(shown, "Plan dose").get_by_role("button", name="Dose-volume histogram").click()
    expect(shown.page.get_by_test_id("dvh")).to_have_attribute("data-waiting", "0")
    cells = shown.page.locator(".dvh tbody tr").first.locator("td").all_inner_texts()
    volume, least, mean, most = (float(text) for text in cells[:4])
    assert (volume, mean) == (pytest.approx(88, rel=1e-3), pytest.approx(dose_at(67000 / 2200, 25, 11.5), abs=0.01))
    assert least == pytest.approx(dose_at(10, 10, 7.5), abs=0.2)
    assert most == pytest.approx(dose_at(50, 40, 15.5), abs=0.2)
    with shown.page.expect_download() as coming:
        shown.page.get_by_role("button", name="Table as CSV").click()
    assert coming.value.path().read_text().splitlines()[1].startswith('"Target",8')


def press(view: View, column: int, row: int) -> None:
    """Press and let go in the middle of a pixel."""
    x, y = view.page.evaluate(f"window.__isocenter.pixelToPane({column}, {row})")
    box = view.page.locator(".pane-surface").bounding_box()
    assert box is not None
    view.page.mouse.click(box["x"] + x, box["y"] + y)


def counts(view: View) -> dict[str, int]:
    return {key: one["pixels"] for key, one in drawn(view).items()}


def disc(radius: float, number: int = 12) -> int:
    """Count the pixels within so many mm of pixel (40, 30) of slice 12, on slice ``number``."""
    j, i = np.mgrid[0:ROWS, 0:COLUMNS]
    return int(((i - 40) ** 2 + (2 * (j - 30)) ** 2 + (5 * (number - 12)) ** 2 <= radius**2).sum())


@pytest.mark.peer("dciodvfy")
def test_a_segmentation_is_painted_and_saved(shown: View, tmp_path: Path) -> None:
    go(shown, 12)
    shown.page.keyboard.press("Shift+B")
    painting = shown.page.get_by_role("region", name="Painting")
    painting.get_by_label("Radius of the brush in mm").fill("6.5")
    press(shown, 40, 30)
    assert counts(shown) == {"draft/1": disc(6.5)}
    painting.get_by_text("Through slices").click()
    press(shown, 40, 30)
    go(shown, 13)
    assert counts(shown) == {"draft/1": disc(6.5, 13)}
    shown.page.keyboard.press("Control+z")
    assert counts(shown) == {}
    shown.page.keyboard.press("Control+y")
    assert counts(shown) == {"draft/1": disc(6.5, 13)}
    painting.get_by_role("button", name="Add a segment").click()
    painting.get_by_label("Name of segment 2").fill("Grown")
    painting.get_by_label("What segment 2 is").select_option("lesion")
    painting.get_by_label("Lowest value").fill("100")
    painting.get_by_label("Highest value").fill("120")
    painting.get_by_text("Through slices").click()
    shown.page.keyboard.press("Shift+G")
    value = 900 + 7 * 13 - 1024 + 3 * np.arange(ROWS)[:, None] + np.arange(COLUMNS)
    inside = (value >= 100) & (value <= 120)
    seed = next((c, r) for r, c in np.argwhere(inside).tolist() if r == 30)
    press(shown, *seed)
    expect(painting.get_by_role("button", name="Save")).to_be_enabled()
    assert counts(shown)["draft/2"] == int(inside.sum())
    painting.get_by_label("Name of the segmentation").fill("By hand")
    before = counts(shown)
    with shown.page.expect_response(lambda answer: answer.url.endswith("/segmentations")) as coming:
        painting.get_by_role("button", name="Save").click()
    made = coming.value.json()
    expect(entry(shown, "By hand")).to_have_attribute("data-status", "ready")
    assert {key.rpartition("/")[2]: n for key, n in counts(shown).items()} == {k[-1]: n for k, n in before.items()}
    expect(painting).to_have_count(0)
    check_stored(shown, made, tmp_path, {12: disc(6.5), 13: before["draft/1"]}, before["draft/2"])
    shown.study(CT_STUDY)
    shown.page.locator(".card", has_text="By hand").dblclick()
    expect(shown.page.get_by_test_id("structures")).to_have_attribute("data-count", "1")


def check_stored(view: View, made: dict[str, str], folder: Path, first: dict[int, int], second: int) -> None:
    """Compare the stored object with what was painted."""
    path = f"{CT_STUDY}/{made['SeriesInstanceUID']}/{made['SOPInstanceUID']}"
    study, series, instance = path.split("/")
    query = f"studyUID={study}&seriesUID={series}&objectUID={instance}&contentType=application/dicom"
    with urlopen(f"{view.archive.url}/wado?requestType=WADO&{query}") as answer:
        found = pydicom.dcmread(io.BytesIO(answer.read()))
    assert (str(found.PatientName), found.SeriesDescription) == (str(overlays.placed_slice(1).PatientName), "By hand")
    frames = list(zip(found.PerFrameFunctionalGroupsSequence, found.pixel_array, strict=True))
    assert [segment.SegmentLabel for segment in found.SegmentSequence] == ["Segment 1", "Grown"]
    by_slice = {}
    for groups, pixels in frames:
        number = round(float(np.array(groups.PlanePositionSequence[0].ImagePositionPatient) @ overlays.AXES[2] / 5))
        by_slice[groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber, number] = int(pixels.sum())
    assert {number: by_slice[1, number] for number in first} == first
    assert by_slice[2, 13] == second
    found.save_as(folder / "seg.dcm")
    done = subprocess.run(["dciodvfy", str(folder / "seg.dcm")], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if line.startswith("Error")] == []
