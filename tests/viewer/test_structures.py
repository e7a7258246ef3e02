"""Segmentations, contours and dose over the images they belong to: pixels, volumes, doses against numpy."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Locator, expect

from . import overlays
from .conftest import CT_STUDY, SLICES, Archive, View, start, stop
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
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.add_init_script("localStorage?.setItem('isocenter.renderer', 'canvas')")
    view = View(context.new_page(), planned)
    view.study(CT_STUDY)
    expect(view.page.locator(".card-structures button").first).to_be_visible()
    yield view
    context.close()
    assert view.errors == []


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
