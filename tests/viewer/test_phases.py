"""Series with phases: found, stepped and played in stack and planes, curve of a region; values against numpy."""

import csv
import io
import time
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage

from .conftest import ROOT, Archive, View, _file, _patient, _pixels, get_json
from .test_measure import choose, numbers
from .test_mpr import all_drawn, enter, shown
from .test_planes import take
from .test_volume3d import brightness, picture, settled

pytestmark = pytest.mark.browser
STUDY = f"{ROOT}.61"
PHASES, PLACES, SIZE = 4, 6, 32


def volume(phase: int) -> np.ndarray:
    """Return the values of a phase by place, row and column: linear in space, its own offset in time."""
    place, row, column = np.mgrid[0:PLACES, 0:SIZE, 0:SIZE]
    return 200 + 30 * place + 4 * row + 2 * column + 100 * [0, 3, 5, 1][phase]


def image(phase: int, place: int) -> Dataset:
    """Return an image; numbered place by place, as scanners like to."""
    number = place * PHASES + phase + 1
    dataset = _file(Dataset(), MRImageStorage, f"{STUDY}.1.{number}", STUDY, f"{STUDY}.1")
    _patient(dataset, "Phases^Test", "P-061", "20240302", "Dynamic")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "MR", 1, number
    dataset.FrameOfReferenceUID, dataset.ImageOrientationPatient = f"{STUDY}.9", [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [-31, -31, 3 * place]
    dataset.PixelSpacing, dataset.SliceThickness = [2, 2], 3
    dataset.TriggerTime = 125 * phase
    return _pixels(dataset, volume(phase)[place].astype(np.uint16), "MONOCHROME2")


@pytest.fixture(scope="module")
def dynamic(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Put the series into the archive."""
    made = [image(phase, place) for phase in range(PHASES) for place in range(PLACES)]
    take(archive, tmp_path_factory.mktemp("dynamic"), *made)


def expect_phase(view: View, text: str) -> None:
    expect(view.page.get_by_test_id("phase-bar").locator("output")).to_have_text(text)


@pytest.mark.usefixtures("dynamic")
def test_time_is_a_second_axis_and_a_region_has_a_curve(view: View) -> None:
    view.study(STUDY)
    expect_phase(view, "Heart phase 1 / 4 · 0 ms")
    assert view.summary()["count"] == PLACES
    place = int(view.summary()["index"])  # type: ignore[call-overload]
    assert numbers(view.value_at(5, 9)) == [volume(0)[place, 9, 5]]
    view.page.keyboard.down("Shift")
    view.page.mouse.wheel(0, 100)
    view.page.keyboard.up("Shift")
    expect_phase(view, "Heart phase 2 / 4 · 125 ms")
    view.settled()
    assert view.summary()["index"] == place
    assert numbers(view.value_at(5, 9)) == [volume(1)[place, 9, 5]]
    view.page.keyboard.press("Shift+ArrowRight")
    expect_phase(view, "Heart phase 3 / 4 · 250 ms")
    view.settled()

    choose(view, "Shift+e")
    box = view.page.locator(".pane-surface").bounding_box()
    assert box is not None
    for corner, press in (((8, 10), view.page.mouse.down), ((20, 24), view.page.mouse.up)):
        x, y = view.page.evaluate(f"window.__isocenter.pixelToPane({corner[0]}, {corner[1]})")
        view.page.mouse.move(box["x"] + x, box["y"] + y)
        press()
    view.page.keyboard.press("Shift+q")
    curve = view.page.get_by_test_id("curve")
    expect(curve.locator(".curve-point")).to_have_count(PHASES)
    region = np.s_[place, 10:25, 8:21]
    with view.page.expect_download() as download:
        curve.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8"))))
    assert [float(row["time_ms"]) for row in rows] == [0, 125, 250, 375]
    assert [float(row["value"]) for row in rows] == pytest.approx(
        [volume(phase)[region].mean() for phase in range(PHASES)], abs=4.1
    )
    steps = np.diff([float(row["value"]) for row in rows])
    assert steps == pytest.approx([300, 200, -400], abs=1e-6)
    curve.locator(".curve-point").nth(3).click()
    expect_phase(view, "Heart phase 4 / 4 · 375 ms")


def kept_of_plane(view: View) -> dict:
    """Return the draft that was drawn in a plane, as soon as it is there."""
    for _ in range(100):
        for draft in get_json(f"{view.archive.url}/api/studies/{STUDY}/measurements"):
            if draft["image"].get("reformatted"):
                return draft
        time.sleep(0.05)
    raise AssertionError("nothing was kept")


def region_of_plane(values: np.ndarray, drawn: dict) -> float:
    """Return the mean of a rectangle in a plane: each of its pixels interpolated between the voxels around it."""
    plane, (left, right), (top, bottom) = drawn["plane"], *(sorted(axis) for axis in zip(*drawn["points"], strict=True))
    columns = np.arange(np.ceil(max(left, 0)), np.floor(right) + 1)
    rows = np.arange(np.ceil(max(top, 0)), np.floor(bottom) + 1)
    row, column = np.meshgrid(rows, columns, indexing="ij")
    steps = (
        column[..., None] * plane["columnStep"] * np.array(plane["row"]),
        row[..., None] * plane["rowStep"] * np.array(plane["column"]),
    )
    voxels = (np.array(plane["origin"]) + steps[0] + steps[1] - [-31, -31, 0]) / [2, 2, 3]
    places = np.moveaxis(voxels[..., ::-1], -1, 0)
    low = np.clip(np.floor(places).astype(int), 0, np.array(values.shape)[:, None, None] - 2)
    share = places - low
    total = np.zeros(row.shape)
    for corner in np.ndindex(2, 2, 2):
        at = tuple(low[axis] + corner[axis] for axis in range(3))
        weight = np.prod([share[axis] if corner[axis] else 1 - share[axis] for axis in range(3)], axis=0)
        total += weight * values[at]
    return float(total.mean())


@pytest.mark.usefixtures("dynamic")
def test_planes_follow_the_phase_and_play(view: View) -> None:
    view.study(STUDY)
    enter(view)
    for phase in (0, 2):
        if phase:
            view.page.get_by_role("slider", name="Heart phase").fill(str(phase))
        expect_phase(view, f"Heart phase {phase + 1} / 4 · {125 * phase} ms")
        expect(view.page.locator(".notes", has_text="slices")).to_have_count(0)
        all_drawn(view)
        expected = volume(phase)
        for cell in range(3):
            place, text = shown(view, cell, 10, 3)
            column, row, depth = (place - [-31, -31, 0]) / [2, 2, 3]
            assert numbers(text)[0] == pytest.approx(expected[0, 0, 0] + 30 * depth + 4 * row + 2 * column, abs=0.5)
    view.page.keyboard.press("Space")
    view.page.wait_for_function(
        """() => { const seen = (window.seen ??= new Set());
                   seen.add(document.querySelector('.phase-bar').dataset.phase); return seen.size === 4; }"""
    )
    view.page.keyboard.press("Space")

    box = view.page.locator(".pane-surface").nth(2).bounding_box()
    assert box is not None
    choose(view, "Shift+e")
    corners = ((8, 3), (20, 7))
    for corner, press in zip(corners, (view.page.mouse.down, view.page.mouse.up), strict=True):
        x, y = view.page.evaluate(f"window.__isocenter.pixelToPane({corner[0]}, {corner[1]}, 2)")
        view.page.mouse.move(box["x"] + x, box["y"] + y)
        press()
    drawn = kept_of_plane(view)
    view.page.keyboard.press("Shift+q")
    curve = view.page.get_by_test_id("curve")
    expect(curve.locator(".curve-point")).to_have_count(PHASES)
    with view.page.expect_download() as download:
        curve.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8"))))
    means = [region_of_plane(volume(phase), drawn) for phase in range(PHASES)]
    assert [float(row["value"]) for row in rows] == pytest.approx(means, abs=0.51)
    assert [float(row["time_ms"]) for row in rows] == [0, 125, 250, 375]


@pytest.mark.usefixtures("dynamic")
def test_a_volume_in_three_dimensions_follows_the_phase_and_plays(view: View) -> None:
    view.page.set_viewport_size({"width": 1280, "height": 480})
    view.study(STUDY)
    view.page.keyboard.press("Shift+V")
    settled(view)
    view.page.get_by_label("Preset").select_option("mip")
    place = (-31 + 2 * 20, 0.0, 3 * 2.5)

    def expect_grey(phase: int) -> None:
        """Look from in front: the greatest value is the last row's, the window that of the first phase."""
        expect(view.page.locator(f'.volume[data-drawn="{phase}"]')).to_be_visible()
        settled(view)
        expect(view.page.locator(".volume .corner-bl")).to_contain_text(
            f"Heart phase {phase + 1} / 4 · {125 * phase} ms"
        )
        greatest = volume(phase)[2:4, SIZE - 1, 20].mean()
        low, high = volume(0).min(), volume(0).max()
        expected = min(255.0, 255 * (greatest - low) / (high - low))
        assert brightness(view, picture(view), place) == pytest.approx(expected, abs=6)

    expect_grey(0)
    camera = view.page.evaluate(f"window.__isocenter.volume({list(place)}).at")
    view.page.get_by_role("slider", name="Heart phase").fill("3")
    expect_grey(3)
    view.page.locator(".volume-canvas").hover()
    view.page.keyboard.down("Shift")
    view.page.mouse.wheel(0, -100)
    view.page.mouse.wheel(0, -100)
    view.page.keyboard.up("Shift")
    expect_grey(1)
    assert view.page.evaluate(f"window.__isocenter.volume({list(place)}).at") == camera
    expect(view.page.get_by_label("Preset")).to_have_value("mip")
    view.page.keyboard.press("Space")
    view.page.wait_for_function(
        """() => { const seen = (window.seen ??= new Set());
                   seen.add(document.querySelector('.volume').dataset.drawn); return seen.size === 4; }"""
    )
    view.page.keyboard.press("Space")
    shown_last = view.page.locator(".volume .phase-bar output").inner_text()
    view.page.keyboard.press("Escape")
    expect(view.page.locator(".volume")).to_have_count(0)
    expect_phase(view, shown_last)
