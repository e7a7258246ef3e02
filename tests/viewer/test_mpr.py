"""Planes of a volume: geometry and values against numpy, slabs, crosshair, turning, early pictures, refusals."""

import json
import re
from pathlib import Path

import numpy as np
import pydicom
import pytest
from playwright.sync_api import Route, expect
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from isocenter.web import volume_preview

from .conftest import (
    COLUMNS,
    CT_STUDY,
    ROOT,
    SLICES,
    US_STUDY,
    Archive,
    View,
    _file,
    _patient,
    _pixels,
    ct_slice,
    some_of,
)
from .test_measure import choose, numbers
from .test_planes import take

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize("renderer", ["canvas", "cornerstone"], indirect=True)
AXIAL, CORONAL, SAGITTAL = range(3)


def enter(view: View) -> None:
    """Show the open series as planes and wait until its whole volume has come and is drawn."""
    view.page.keyboard.press("m")
    view.page.wait_for_function(
        """() => { const bar = document.querySelector('.mpr-bar');
                   return bar && bar.dataset.total > 0 && bar.dataset.loaded === bar.dataset.total; }""",
        timeout=60_000,
    )
    expect(view.page.locator('.pane[data-status="ready"]')).to_have_count(3)
    expect(view.page.locator(".notes", has_text="slices")).to_have_count(0)


def all_drawn(view: View) -> None:
    """Wait until every pane shows the picture that is wanted."""
    view.page.wait_for_function(
        "() => [...document.querySelectorAll('.pane')].every(({ dataset }) => dataset.index === dataset.shown)"
    )


def summary(view: View, cell: int) -> dict[str, object]:
    return view.page.evaluate(f"window.__isocenter.summary({cell})")


def shown(view: View, cell: int, column: int, row: int) -> tuple[np.ndarray, str]:
    """Move the mouse to a pixel of a pane; return where it lies in the patient and the value that is shown.

    A pane that is just drawn anew may put the pixel elsewhere: then the mouse follows it.
    """
    pane = view.page.locator(".pane").nth(cell)
    cursor = pane.get_by_test_id("cursor-value")
    for _ in range(20):
        x, y = view.page.evaluate(f"window.__isocenter.pixelToPane({column}, {row}, {cell})")
        place = view.page.evaluate(f"window.__isocenter.pixelToPatient({column}, {row}, {cell})")
        box = pane.locator(".pane-surface").bounding_box()
        assert box is not None
        view.page.mouse.move(box["x"] + x, box["y"] + y)
        view.page.evaluate("new Promise(requestAnimationFrame)")
        text = cursor.inner_text() if cursor.count() else ""
        if not text or text.startswith(f"({column}, {row})"):
            return np.array(place), text.partition(")")[2].strip()
    raise AssertionError(f"pixel {column}, {row} was asked for, {text} is shown")


class Reference:
    """A volume read by pydicom, and its value anywhere in the patient by trilinear interpolation."""

    def __init__(self, datasets: list[Dataset]) -> None:
        first = datasets[0]
        self.row, self.column = (np.array(first.ImageOrientationPatient[i : i + 3], float) for i in (0, 3))
        self.normal = np.cross(self.row, self.column)
        datasets = sorted(datasets, key=lambda d: float(np.dot(d.ImagePositionPatient, self.normal)))
        self.positions = np.array([d.ImagePositionPatient for d in datasets], float)
        self.row_step, self.column_step = map(float, first.PixelSpacing)
        self.values = np.stack([pydicom.pixels.apply_modality_lut(d.pixel_array, d) for d in datasets]).astype(float)

    def index(self, place: np.ndarray) -> tuple[float, float, float]:
        """Return slice, row and column of a place, with fractions: first between the slices, then in the plane."""
        depth = (self.positions - self.positions[0]) @ self.normal
        at = float((place - self.positions[0]) @ self.normal)
        k = float(np.interp(at, depth, np.arange(len(depth)), left=-1, right=len(depth)))
        origin = np.array([np.interp(at, depth, self.positions[:, axis]) for axis in range(3)])
        return k, (place - origin) @ self.column / self.row_step, (place - origin) @ self.row / self.column_step

    def at(self, place: np.ndarray) -> float | None:
        """Return the value at a place; None outside."""
        index = self.index(place)
        if any(not 0 <= v <= size - 1 for v, size in zip(index, self.values.shape, strict=True)):
            return None
        low = [min(int(v), size - 2) for v, size in zip(index, self.values.shape, strict=True)]
        share = np.array(index) - low
        cube = self.values[low[0] : low[0] + 2, low[1] : low[1] + 2, low[2] : low[2] + 2]
        for part in share:
            cube = cube[0] * (1 - part) + cube[1] * part
        return float(cube)


def compare(
    view: View, reference: Reference, cells: tuple[int, ...] = (AXIAL, CORONAL, SAGITTAL), tolerance: float = 0.6
) -> float:
    """Compare values under the cursor in every plane with the reference; return how far they are off."""
    greatest = 0.0
    for cell in cells:
        size = summary(view, cell)
        checked = 0
        for across, down in ((0.5, 0.5), (0.31, 0.42), (0.62, 0.38), (0.45, 0.7), (0.7, 0.6), (0.52, 0.22)):
            place, text = shown(view, cell, int(size["columns"] * across), int(size["rows"] * down))
            expected = reference.at(place)
            if expected is None or not text:
                continue
            checked += 1
            assert numbers(text)[0] == pytest.approx(expected, rel=2e-3, abs=tolerance), (cell, across, down, place)
            greatest = max(greatest, abs(numbers(text)[0] - expected))
        assert checked >= 2
    return greatest


def turn(view: View) -> None:
    """Drag the line of the coronal plane in the axial one, so that both others stand oblique."""
    line = view.page.locator(".pane").nth(AXIAL).locator('.cut-line[data-role="coronal"]')
    box = view.page.locator(".pane-surface").nth(AXIAL).bounding_box()
    x, y = (float(line.get_attribute(name)) for name in ("x2", "y2"))
    other = float(line.get_attribute("x1"))
    near = x + (other - x) * 0.15
    view.page.mouse.move(box["x"] + near, box["y"] + y)
    view.page.mouse.down()
    view.page.mouse.move(box["x"] + near, box["y"] + y + 40, steps=4)
    view.page.mouse.up()
    expect(view.page.get_by_role("button", name="Straighten")).to_be_visible()
    expect(view.page.locator('.pane[data-status="ready"]')).to_have_count(3)
    expect(view.page.locator(".pane").nth(CORONAL)).to_contain_text("Coronal oblique")
    all_drawn(view)


@BOTH
def test_planes_of_an_oblique_anisotropic_series_have_the_values_of_their_places(view: View, renderer: str) -> None:
    view.study(CT_STUDY)
    enter(view)
    assert [view.page.locator(".pane").nth(cell).locator(".edge-right").inner_text() for cell in range(3)] == list(
        "LLP"
    )
    assert [view.page.locator(".pane").nth(cell).locator(".edge-top").inner_text() for cell in range(3)] == list("AHH")
    compare(view, Reference([ct_slice(n) for n in range(1, SLICES + 1)]))


def test_the_crosshair_and_scrolling_keep_the_planes_together(view: View) -> None:
    view.study(CT_STUDY)
    enter(view)
    place, _ = shown(view, AXIAL, 40, 50)
    view.page.mouse.down()
    view.page.mouse.up()
    all_drawn(view)
    for cell, axis in ((CORONAL, 1), (SAGITTAL, 0)):
        on_plane = view.page.evaluate(f"window.__isocenter.pixelToPatient(0, 0, {cell})")
        assert on_plane[axis] == pytest.approx(place[axis], abs=2.6)
    line = view.page.locator(".pane").nth(CORONAL).locator('.cut-line[data-role="axial"]')
    before, index = float(line.get_attribute("y1")), summary(view, AXIAL)["index"]
    view.page.mouse.wheel(0, 100)
    view.page.wait_for_function(f"() => window.__isocenter.summary(0).index === {index + 1}")
    z = view.page.evaluate("window.__isocenter.pixelToPatient(0, 0, 0)")[2]
    (_, _, top), (_, _, second) = view.page.evaluate(
        "[window.__isocenter.pixelToPatient(0, 0, 1), window.__isocenter.pixelToPatient(0, 1, 1)]"
    )
    y = view.page.evaluate(f"window.__isocenter.pixelToPane(0, {(z - top) / (second - top)}, 1)[1]")
    expect(line).not_to_have_attribute("y1", str(before))
    view.page.wait_for_function(
        "([at, y]) => Math.abs(document.querySelectorAll('.pane')[at]"
        ".querySelector('.cut-line[data-role=\"axial\"]').getAttribute('y1') - y) < 0.5",
        arg=[CORONAL, y],
    )


def test_planes_share_their_window(view: View) -> None:
    view.study(CT_STUDY)
    enter(view)
    for cell, key, label in ((AXIAL, "4", "Bone"), (SAGITTAL, "3", "Lung")):
        view.page.locator(".pane").nth(cell).click(position={"x": 20, "y": 200})
        view.page.keyboard.press(key)
        view.page.wait_for_function(
            f"() => [0, 1, 2].every((cell) => window.__isocenter.summary(cell).windowLabel === '{label}')"
        )


def test_a_line_turns_the_planes_and_straighten_puts_them_back(view: View) -> None:
    view.study(CT_STUDY)
    enter(view)
    turn(view)
    assert len(view.page.locator(".pane").nth(CORONAL).locator(".edge-right").inner_text()) == 2
    compare(view, Reference([ct_slice(n) for n in range(1, SLICES + 1)]), (CORONAL, SAGITTAL))
    view.page.get_by_role("button", name="Straighten").click()
    expect(view.page.locator(".pane").nth(CORONAL).locator(".edge-right")).to_have_text("L")


def bars(number: int) -> Dataset:
    """Return slice ``number`` of an axial volume in which only slice 5 is bright."""
    study = f"{ROOT}.50"
    dataset = _file(Dataset(), CTImageStorage, f"{study}.1.{number}", study, f"{study}.1")
    _patient(dataset, "One^Slice", "P-050", "20240203", "Slab")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CT", 1, number
    dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, number * 2]
    dataset.PixelSpacing, dataset.FrameOfReferenceUID = [2, 2], f"{study}.9"
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    return _pixels(dataset, np.full((32, 32), 1000 if number == 5 else 100, np.int16), "MONOCHROME2", signed=True)


@pytest.mark.parametrize(("name", "expected"), [("MIP", 1000), ("MinIP", 100), ("Average", 100 + 900 / 5)])
def test_slabs(view: View, real_archive: Archive, tmp_path: Path, name: str, expected: float) -> None:
    """Ten millimetres are five slices of 2 mm."""
    take(real_archive, tmp_path / "in", *(bars(n) for n in range(1, 12)))
    view.archive = real_archive
    view.study(f"{ROOT}.50")
    enter(view)
    assert shown(view, AXIAL, 16, 16)[1] == "100 HU"
    view.page.get_by_role("button", name=name, exact=True).click()
    expect(view.page.locator(".notes").first).to_contain_text(f"{name} 10 mm")
    expect(view.page.locator(".pane").first).to_have_attribute("data-status", "ready")
    box = view.page.locator(".pane-surface").first.bounding_box()
    x, y = view.page.evaluate("window.__isocenter.pixelToPane(16, 16, 0)")
    view.page.mouse.move(box["x"] + x, box["y"] + y)
    cursor = view.page.locator(".pane").first.get_by_test_id("cursor-value")
    expect(cursor).to_contain_text(f"{expected:g} HU")


def test_measuring_works_in_a_plane(view: View) -> None:
    view.study(CT_STUDY)
    enter(view)
    size = summary(view, CORONAL)
    (a, _), (b, _) = (
        shown(view, CORONAL, int(size["columns"] * share), int(size["rows"] * 0.4)) for share in (0.3, 0.6)
    )
    choose(view, "d")
    for share in (0.3, 0.6):
        shown(view, CORONAL, int(size["columns"] * share), int(size["rows"] * 0.4))
        view.page.mouse.down()
        view.page.mouse.up()
    text = view.page.locator(".pane").nth(CORONAL).locator('.measurement[data-kind="length"] tspan').text_content()
    assert numbers(text)[0] == pytest.approx(float(np.linalg.norm(b - a)), abs=0.06)
    expect(view.page.locator(".pane").nth(AXIAL).locator(".measurement")).to_have_count(0)


def test_planes_show_before_the_series_is_complete_and_sharpen(view: View) -> None:
    held: list[Route] = []
    released = False

    def hold(route: Route) -> None:
        number = int(re.search(r"\.1\.(\d+)/frames", route.request.url)[1])
        if released or number in (1, 13, SLICES):
            route.continue_()
        else:
            held.append(route)

    view.page.route("**/frames/*", hold)
    view.study(CT_STUDY, f"&SeriesInstanceUID={CT_STUDY}.1")
    view.page.keyboard.press("m")
    expect(view.page.locator(".pane .notes").first).to_contain_text(f"of {SLICES} slices")
    expect(view.page.locator('.pane[data-status="ready"]')).to_have_count(3)
    assert shown(view, SAGITTAL, 20, 40)[1].endswith("HU")
    released = True
    while held:
        held.pop().continue_()
    view.page.wait_for_function("() => !document.querySelector('.mpr-progress').textContent")
    expect(view.page.locator(".pane .notes", has_text="slices")).to_have_count(0)


def preview_of_ct() -> bytes:
    """Return the archive's preview of the generated CT, at half its resolution in every direction."""
    sets = {dataset.SOPInstanceUID: dataset for dataset in map(ct_slice, range(1, SLICES + 1))}
    headers = [json.loads(dataset.to_json(suppress_invalid_tags=True)) for dataset in sets.values()]
    slices = volume_preview.slices_of(headers)
    assert len(slices) == SLICES
    return volume_preview.write_preview(slices, lambda one: sets[one.SOPInstanceUID].pixel_array)


def test_a_preview_shows_every_plane_before_any_slice_has_come(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, number in (("MOST_PIXELS", COLUMNS // 2), ("MOST_SLICES", SLICES // 2), ("FEWEST_VOXELS", 1)):
        monkeypatch.setattr(volume_preview, name, number)
    held: list[Route] = []
    released = False

    def hold(route: Route) -> None:
        if released or re.search(r"\.1\.13/frames", route.request.url):
            route.continue_()
        else:
            held.append(route)

    view.page.route("**/frames/*", hold)
    view.page.route("**/preview", lambda route: route.fulfill(body=preview_of_ct()))
    view.study(CT_STUDY, f"&SeriesInstanceUID={CT_STUDY}.1")
    view.page.keyboard.press("m")
    expect(view.page.locator(".pane .notes", has_text="Preview at 1/2")).to_have_count(3)
    expect(view.page.locator('.pane[data-status="ready"]')).to_have_count(3)
    reference = Reference([ct_slice(n) for n in range(1, SLICES + 1)])
    compare(view, reference, tolerance=1.5)
    released = True
    while held:
        held.pop().continue_()
    view.page.wait_for_function("() => !document.querySelector('.mpr-progress').textContent")
    expect(view.page.locator(".pane .notes", has_text="Preview")).to_have_count(0)
    compare(view, reference)


@pytest.mark.parametrize(
    ("study", "series", "reason"),
    [(CT_STUDY, f"{CT_STUDY}.2", "fewer than three images"), (US_STUDY, f"{US_STUDY}.1", "colour images")],
)
def test_what_is_no_volume_is_refused_with_the_reason(view: View, study: str, series: str, reason: str) -> None:
    view.study(study, f"&SeriesInstanceUID={series}")
    view.page.keyboard.press("m")
    expect(view.page.get_by_role("alert")).to_contain_text(reason)
    expect(view.page.locator(".pane")).to_have_count(1)
    view.page.keyboard.press("ArrowDown")
    expect(view.page.get_by_role("alert")).to_have_count(0)


def test_leaving_puts_back_what_was_there(view: View) -> None:
    view.study(CT_STUDY)
    view.page.keyboard.press("Home")
    view.settled()
    enter(view)
    view.page.keyboard.press("m")
    expect(view.page.locator(".pane")).to_have_count(1)
    view.settled()
    assert view.summary()["SOPInstanceUID"] == f"{CT_STUDY}.1.1"
    expect(view.page.locator(".mpr-bar")).to_have_count(0)


def test_two_quick_presses_open_one_volume(view: View) -> None:
    view.study(CT_STUDY)
    view.page.evaluate(
        """() => { for (const _ of [1, 2])
                       window.dispatchEvent(new KeyboardEvent('keydown', {key: 'm', code: 'KeyM'})); }"""
    )
    expect(view.page.locator('.pane[data-status="ready"]')).to_have_count(3)
    view.page.keyboard.press("m")
    expect(view.page.locator(".pane")).to_have_count(1)


def test_on_a_phone(phone: View) -> None:
    phone.study(CT_STUDY)
    phone.page.locator('[data-command="mpr.toggle"]').tap()
    expect(phone.page.locator('.pane[data-status="ready"]')).to_have_count(3)
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    first, second = (phone.page.locator(".pane").nth(n).bounding_box() for n in (0, 1))
    assert first["width"] > 380
    assert second["y"] > first["y"] + first["height"] - 1
    bar = phone.page.locator(".mpr-bar").bounding_box()
    strip = phone.page.get_by_role("toolbar").bounding_box()
    assert bar["y"] + bar["height"] <= strip["y"] + 1


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "note"),
    some_of(
        [
            ("volumes/ct_chest_lidc_183", ""),
            ("volumes/mr_t1_brain_384", ""),
            ("geometry/ct_phantom_gantry_tilt_philips54", "Gantry tilt 18.5°, corrected"),
            ("geometry/irregular_spacing_ge4", "Irregular spacing"),
            ("geometry/non_isotropic_pmod", ""),
        ],
        2,
    ),
)
def test_planes_of_real_series_have_the_values_of_their_places(
    view: View, real_archive: Archive, data_dir: Path, name: str, note: str
) -> None:
    files = sorted(file for file in (data_dir / name).rglob("*") if file.is_file())
    datasets = [pydicom.dcmread(file) for file in files if file.suffix in (".dcm", "")]
    datasets = [d for d in datasets if d.SeriesInstanceUID == datasets[0].SeriesInstanceUID]
    real_archive.take(data_dir / name)
    view.archive = real_archive
    view.study(datasets[0].StudyInstanceUID, f"&SeriesInstanceUID={datasets[0].SeriesInstanceUID}")
    enter(view)
    if note:
        expect(view.page.locator(".notes").first).to_contain_text(note)
    compare(view, Reference(datasets))


KEEP_THE_WORKER = """window.Worker = class extends Worker {
    postMessage(message, ...rest) {
        if (message?.kind === 'open') window.__reslicing = this;
        super.postMessage(message, ...rest);
    }
};"""
SERVER = "Drawn by the server"


def test_the_server_draws_the_planes_where_the_browser_cannot(view: View) -> None:
    """The worker that holds the volume gives up in the middle, as it does without memory; all else stays."""
    view.page.add_init_script(KEEP_THE_WORKER)
    view.study(CT_STUDY)
    enter(view)
    size = summary(view, CORONAL)
    choose(view, "d")
    for share in (0.3, 0.6):
        shown(view, CORONAL, int(size["columns"] * share), int(size["rows"] * 0.4))
        view.page.mouse.down()
        view.page.mouse.up()
    length = view.page.locator(".pane").nth(CORONAL).locator('.measurement[data-kind="length"] tspan')
    before = length.text_content()
    view.page.keyboard.press("4")
    panes = "[0, 1, 2].map((cell) => window.__isocenter.summary(cell))"
    view.page.wait_for_function(f"() => {panes}.every(({{ windowLabel }}) => windowLabel === 'Bone')")
    all_drawn(view)
    expect(view.page.locator(".notes", has_text=SERVER)).to_have_count(0)
    at = [summary(view, cell)["pictureId"] for cell in range(3)]
    view.page.evaluate("window.__reslicing.dispatchEvent(new ErrorEvent('error'))")
    expect(view.page.locator(".notes", has_text=SERVER)).to_have_count(3)
    kept = "at.includes(pictureId) && source === 'archive' && windowLabel === 'Bone'"
    view.page.wait_for_function(f"(at) => {panes}.every(({{ pictureId, source, windowLabel }}) => {kept})", arg=at)
    all_drawn(view)
    expect(length).to_have_text(before)
    compare(view, Reference([ct_slice(n) for n in range(1, SLICES + 1)]))


def test_planes_of_the_server_scroll_and_thicken(view: View) -> None:
    view.study(CT_STUDY, "&planes=server")
    with view.page.expect_response(lambda answer: "/mpr?" in answer.url and answer.ok):
        enter(view)
    expect(view.page.locator(".notes", has_text=SERVER)).to_have_count(3)
    index = summary(view, AXIAL)["index"]
    shown(view, AXIAL, 20, 20)
    view.page.mouse.wheel(0, 100)
    view.page.wait_for_function(f"() => window.__isocenter.summary(0).index === {index + 1}")
    all_drawn(view)
    compare(view, Reference([ct_slice(n) for n in range(1, SLICES + 1)]), (AXIAL,))
    with view.page.expect_response(lambda answer: "thickness=10" in answer.url and "mode=mean" in answer.url):
        view.page.get_by_role("button", name="Average", exact=True).click()
    expect(view.page.locator(".notes").first).to_contain_text("Average 10 mm")
    place, text = shown(view, AXIAL, 60, 60)
    reference = Reference([ct_slice(n) for n in range(1, SLICES + 1)])
    planes = [reference.at(place + np.array([0, 0, (at - 2) * 2])) for at in range(5)]  # rows lie 2 mm apart
    assert numbers(text)[0] == pytest.approx(float(np.mean(planes)), abs=0.6)
