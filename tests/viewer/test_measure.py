"""Measuring in the stack view: values against the files, units and their source, moving, undo."""

import itertools
import json
import math
import re
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
import pydicom
import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset
from pydicom.uid import DigitalXRayImageStorageForPresentation

from .conftest import CT_STUDY, ROOT, SLICES, Archive, View, _file, _patient, _pixels, stored_value
from .test_planes import take, two_scales

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize("renderer", ["canvas", "cornerstone"], indirect=True)
MIDDLE = SLICES // 2 + 1
Pixel = tuple[float, float]
#: Numbers of studies that a test has for itself, in each attempt.
OWN = itertools.count(50)


def place(view: View, pixel: Pixel) -> tuple[float, float]:
    """Return where the middle of a pixel is on the page."""
    x, y = view.page.evaluate(f"window.__isocenter.pixelToPane({pixel[0]}, {pixel[1]})")
    box = view.page.locator(".pane-surface").bounding_box()
    assert box is not None
    return box["x"] + x, box["y"] + y


def choose(view: View, key: str) -> None:
    """Choose a measuring tool and wait until its code is there."""
    view.page.keyboard.press(key)
    view.page.locator("[data-measuring=ready]").first.wait_for()


def drag(view: View, start: Pixel, *further: Pixel) -> None:
    """Press on a pixel, go over others, release on the last."""
    x, y = place(view, start)
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    for pixel in further:
        (ax, ay), (x, y) = (x, y), place(view, pixel)
        view.page.mouse.move((ax + x) / 2, (ay + y) / 2)
        view.page.mouse.move(x, y)
    view.page.mouse.up()


def click(view: View, pixel: Pixel) -> None:
    """Click on a pixel."""
    view.page.mouse.move(*place(view, pixel))
    view.page.mouse.down()
    view.page.mouse.up()


def texts(view: View, kind: str) -> list[str]:
    """Return the lines of text of the last measurement of this kind, once what the pointer did is drawn."""
    view.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return view.page.locator(f".measurement[data-kind={kind}]").last.locator("tspan").all_text_contents()


def says(view: View, kind: str, line: str) -> None:
    """Wait until the last measurement of this kind has this one line of text."""
    expect(view.page.locator(f".measurement[data-kind={kind}]").last.locator("tspan")).to_have_text([line])


def numbers(line: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", line)]


@BOTH
def test_lengths_and_angles_are_in_the_patients_millimetres(view: View, renderer: str) -> None:
    """Rows are 2 mm apart, columns 1 mm."""
    view.study(CT_STUDY)
    choose(view, "d")
    drag(view, (20, 20), (50, 30))
    says(view, "length", f"{math.hypot(30, 20):.1f} mm")
    choose(view, "a")
    drag(view, (60, 40), (30, 40))
    click(view, (45, 50))
    angle = math.degrees(math.atan2(10 * 2, 15 * 1))
    assert numbers(texts(view, "angle")[0]) == pytest.approx([angle], abs=0.1)
    choose(view, "Shift+a")
    drag(view, (5, 5), (25, 5))
    drag(view, (5, 12), (25, 17))
    assert numbers(texts(view, "cobb")[0]) == pytest.approx([math.degrees(math.atan2(10, 20))], abs=0.3)
    choose(view, "b")
    drag(view, (30, 55), (60, 55))
    assert numbers(texts(view, "bidirectional")[0]) == [30.0, 15.0]


@BOTH
@pytest.mark.parametrize("turn", [[], ["r"], ["h", "+"]])
def test_regions_have_the_statistics_of_their_pixels(view: View, renderer: str, turn: list[str]) -> None:
    view.study(CT_STUDY)
    for key in turn:
        view.page.keyboard.press(key)
    rows, columns = np.mgrid[0:64, 0:80]
    values = stored_value(MIDDLE, rows, columns) - 1024
    choose(view, "Shift+e")
    drag(view, (30.4, 25.4), (44.6, 33.6))
    check(texts(view, "rectangle"), values[26:34, 31:45], 14.2 * 8.2 * 2)
    view.page.keyboard.press("Delete")
    choose(view, "e")
    drag(view, (34.4, 36.4), (47.6, 44.6))
    inside = ((columns - 41) / 6.6) ** 2 + ((rows - 40.5) / 4.1) ** 2 <= 1
    check(texts(view, "ellipse"), values[inside], math.pi * 6.6 * 4.1 * 2)
    view.page.keyboard.press("Delete")
    choose(view, "c")
    drag(view, (40, 30), (46.3, 30))
    inside = np.hypot(columns - 40, 2 * (rows - 30)) <= 6.3
    check(texts(view, "circle"), values[inside], math.pi * 6.3**2)
    view.page.keyboard.press("Delete")
    choose(view, "Control+e")
    corners = [(30.4, 25.4), (44.6, 25.4), (44.6, 33.6), (37.4, 33.6), (37.4, 29.6), (30.4, 29.6)]
    for corner in [*corners, corners[0]]:
        click(view, corner)
    inside = (rows >= 26) & (rows <= 33) & (columns >= 31) & (columns <= 44) & ~((rows >= 30) & (columns <= 37))
    check(texts(view, "freehand"), values[inside], (14.2 * 8.2 - 7 * 4) * 2)
    view.page.keyboard.press("Delete")
    drag(view, *corners)  # closes itself where the button is let go
    check(texts(view, "freehand"), values[inside], (14.2 * 8.2 - 7 * 4) * 2)
    view.page.keyboard.press("Delete")
    choose(view, "p")
    click(view, (26, 36))
    assert texts(view, "probe") == [f"{values[36, 26]} HU", "(26, 36)"]


def check(lines: list[str], values: np.ndarray, square_millimetres: float) -> None:
    """Compare the lines of a region with what numpy says of its pixels."""
    assert "HU" in lines[0]
    assert numbers(lines[0]) == pytest.approx([values.mean(), values.std()], abs=0.051)
    assert numbers(lines[1]) == [values.min(), values.max()]
    shown = numbers(lines[2])[0] * (100 if "cm²" in lines[2] else 1)
    assert shown == pytest.approx(square_millimetres, rel=0.01)


def test_measurements_are_moved_undone_deleted_and_hidden(view: View) -> None:
    view.study(CT_STUDY)
    choose(view, "d")
    drag(view, (20, 20), (50, 20))
    says(view, "length", "30.0 mm")
    view.page.keyboard.press("w")
    drag(view, (50, 20), (60, 20))
    says(view, "length", "40.0 mm")
    assert "W 400 L 40" in view.corner("bl")
    drag(view, (40, 20), (40, 25))
    ends = view.page.locator(".measure-handle").first
    assert float(ends.get_attribute("cy")) == pytest.approx(
        view.page.evaluate("window.__isocenter.pixelToPane(20, 25)[1]"), abs=0.1
    )
    view.page.keyboard.press("Control+z")
    view.page.keyboard.press("Control+z")
    says(view, "length", "30.0 mm")
    view.page.keyboard.press("Control+y")
    says(view, "length", "40.0 mm")
    view.page.keyboard.press("Shift+m")
    expect(view.page.locator(".measurement")).to_have_count(0)
    view.page.keyboard.press("Shift+m")
    click(view, (60, 20))
    view.page.keyboard.press("Delete")
    expect(view.page.locator(".measurement")).to_have_count(0)
    view.page.keyboard.press("Control+z")
    expect(view.page.locator(".measurement")).to_have_count(1)
    view.page.keyboard.press("ArrowDown")
    view.settled()
    expect(view.page.locator(".measurement")).to_have_count(0)
    view.page.keyboard.press("ArrowUp")
    expect(view.page.locator(".measurement")).to_have_count(1)


def test_escape_gives_up_what_is_being_drawn(view: View) -> None:
    view.study(CT_STUDY)
    choose(view, "a")
    click(view, (20, 20))
    click(view, (40, 20))
    expect(view.page.locator(".measurement")).to_have_count(1)
    view.page.keyboard.press("Escape")
    expect(view.page.locator(".measurement")).to_have_count(0)


def test_text_stands_beside_the_shape_and_can_be_dragged(view: View) -> None:
    view.study(CT_STUDY)
    choose(view, "e")
    drag(view, (30, 25), (45, 40))
    box, shape = (view.page.locator(name).bounding_box() for name in (".measure-box", ".measure-line >> nth=0"))
    assert box["x"] >= shape["x"] + shape["width"]
    view.page.mouse.move(box["x"] + 10, box["y"] + 10)
    view.page.mouse.down()
    view.page.mouse.move(box["x"] - 300, box["y"] + 200, steps=3)
    view.page.mouse.up()
    assert view.page.locator(".measure-box").bounding_box()["x"] < box["x"] - 200


def detector_image(number: int, **attributes: object) -> Dataset:
    study = f"{ROOT}.3{number}"
    dataset = _file(Dataset(), DigitalXRayImageStorageForPresentation, f"{study}.1.1", study, f"{study}.1")
    _patient(dataset, "Measured^Film", f"P-03{number}", "20240201", "Chest")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "DX", 1, 1
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return _pixels(dataset, np.full((64, 64), 600, np.uint16), "MONOCHROME2")


@pytest.mark.parametrize(
    ("number", "attributes", "expected"),
    [
        (0, {}, "20.0 px"),
        (1, {"ImagerPixelSpacing": [0.5, 0.2]}, "4.0 mm at detector"),
        (2, {"ImagerPixelSpacing": [0.5, 0.2], "EstimatedRadiographicMagnificationFactor": 2}, "2.0 mm magnified"),
        (3, {"ImagerPixelSpacing": [0.5, 0.2], "PixelSpacing": [0.25, 0.1]}, "2.0 mm calibrated"),
        (4, {"PixelSpacing": [0.25, 0.1], "PixelSpacingCalibrationType": "FIDUCIAL"}, "2.0 mm fiducials"),
    ],
)
def test_every_millimetre_names_its_source(
    view: View, real_archive: Archive, tmp_path: Path, number: int, attributes: dict[str, object], expected: str
) -> None:
    take(real_archive, tmp_path / "in", detector_image(number, **attributes))
    view.archive = real_archive
    view.study(f"{ROOT}.3{number}")
    choose(view, "d")
    drag(view, (20, 30), (40, 30))
    says(view, "length", expected)


def test_ultrasound_is_measured_in_its_region(view: View, real_archive: Archive, tmp_path: Path) -> None:
    take(real_archive, tmp_path / "in", two_scales())
    view.archive = real_archive
    view.study(f"{ROOT}.21")
    choose(view, "d")
    for start, end, expected in (
        ((20, 30), (70, 30), "10.0 mm"),
        ((220, 30), (270, 30), "20.0 mm"),
        ((150, 60), (250, 60), "100.0 px"),
        ((20, 180), (70, 180), "50.0 px"),
    ):
        drag(view, start, end)
        says(view, "length", expected)


@pytest.mark.real_data
def test_a_region_in_a_real_ct_has_the_values_of_its_file(view: View, real_archive: Archive, data_dir: Path) -> None:
    file = sorted((data_dir / "volumes/ct_chest_lidc_183").rglob("*.dcm"))[90]
    dataset = pydicom.dcmread(file)
    real_archive.take(file)
    view.archive = real_archive
    view.study(dataset.StudyInstanceUID, f"&SOPInstanceUID={dataset.SOPInstanceUID}")
    values = pydicom.pixels.apply_modality_lut(dataset.pixel_array, dataset)
    choose(view, "Shift+e")
    drag(view, (199.5, 219.5), (259.5, 299.5))
    region = values[220:300, 200:260]
    lines = texts(view, "rectangle")
    assert numbers(lines[0]) == pytest.approx([region.mean(), region.std()], abs=0.06)
    assert numbers(lines[1]) == [region.min(), region.max()]
    row, column = map(float, dataset.PixelSpacing)
    assert numbers(lines[2])[0] == pytest.approx(60 * column * 80 * row / 100, abs=0.1)
    choose(view, "d")
    drag(view, (100, 120), (180, 300))
    assert numbers(texts(view, "length")[0])[0] == pytest.approx(math.hypot(80 * column, 180 * row), abs=0.06)


def test_a_line_of_known_length_calibrates_its_image(view: View, real_archive: Archive, tmp_path: Path) -> None:
    """Without a scale in the file, and against the one in another: named, warned of, kept, undone, refused for a CT."""
    plain, scaled = detector_image(next(OWN)), detector_image(next(OWN), ImagerPixelSpacing=[0.5, 0.5])
    take(real_archive, tmp_path / "plain", plain)
    take(real_archive, tmp_path / "scaled", scaled)
    generated, view.archive = view.archive, real_archive
    notes, bar = view.page.locator(".notes"), view.page.get_by_test_id("scale-bar")
    view.study(plain.StudyInstanceUID)
    expect(notes).to_contain_text("Not calibrated")
    choose(view, "d")
    drag(view, (10, 40), (40, 40))
    says(view, "length", "30.0 px")
    view.page.keyboard.press("Escape")
    calibrate(view, (10, 10), (10, 30), "2,5", "cm")
    expect(notes).to_have_text("Calibrated by hand")
    expect(bar).to_contain_text("calibrated by hand")
    says(view, "calibration", "25.0 mm known")
    says(view, "length", "37.5 mm calibrated by hand")
    view.page.keyboard.press("Control+z")
    expect(notes).to_contain_text("Not calibrated")
    says(view, "length", "30.0 px")
    view.page.keyboard.press("Control+y")
    expect(view.page.get_by_test_id("measurements")).to_contain_text("37.5 mm calibrated by hand")
    with view.page.expect_response(lambda answer: answer.request.method == "PUT" and "measurements" in answer.url):
        view.page.keyboard.press("Shift+m")
        drag(view, (50, 50), (60, 50))
    view.study(plain.StudyInstanceUID)
    expect(notes).to_have_text("Calibrated by hand")
    view.study(scaled.StudyInstanceUID)
    calibrate(view, (10, 10), (10, 30), "8", "mm", warns="0.500 mm a pixel at detector, by which this line is 10.0")
    expect(notes).to_have_text("Calibrated by hand, not as the file says")
    view.archive = generated
    view.study(CT_STUDY)
    choose(view, "Shift+c")
    drag(view, (10, 10), (10, 30))
    expect(view.page.get_by_role("dialog")).to_contain_text("from its scanner")


def calibrate(view: View, start: Pixel, end: Pixel, length: str, unit: str, warns: str = "") -> None:
    """Draw a line and say how long it is."""
    choose(view, "Shift+c")
    drag(view, start, end)
    dialog = view.page.get_by_role("dialog", name="Calibrate by hand")
    expect(dialog).to_contain_text(warns or "The file says nothing")
    dialog.get_by_label("Known length of the line").fill(length)
    dialog.get_by_label("Unit").select_option(unit)
    dialog.get_by_role("button", name="Calibrate", exact=True).click()
    expect(dialog).to_have_count(0)


def test_an_arrow_has_its_text_where_it_was_dragged_to(view: View) -> None:
    """Written in place, kept, changed by a double click, moved; a click alone is a text, and nothing without one."""
    view.study(CT_STUDY)
    arrows, field = view.page.locator(".measurement[data-kind=arrow]"), view.page.get_by_label("Text of the arrow")
    choose(view, "Shift+j")
    drag(view, (30, 20), (50, 30))
    field.fill("Nodule?")
    field.press("Enter")
    expect(arrows).to_have_text(["Nodule?"])
    click(view, (20, 50))
    field.press("Escape")
    expect(arrows).to_have_count(1)
    click(view, (20, 50))
    view.page.keyboard.type("Left")
    with view.page.expect_response(lambda answer: answer.request.method == "PUT" and "measurements" in answer.url):
        drag(view, (60, 45), (40, 45))
    field.press("Escape")
    expect(arrows).to_have_text(["Nodule?", "Left", ""])
    view.page.keyboard.press("Delete")
    view.page.keyboard.press("w")
    box = arrows.first.locator(".measure-box").bounding_box()
    assert box is not None
    assert box["y"] >= place(view, (50, 30))[1]
    view.page.mouse.dblclick(box["x"] + 8, box["y"] + 8)
    field.fill("Nodule, new since 2024")
    with view.page.expect_response(lambda answer: answer.request.method == "PUT" and "measurements" in answer.url):
        field.press("Enter")
    view.study(CT_STUDY)
    expect(arrows).to_have_text(["Nodule, new since 2024", "Left"])
    assert arrows.first.locator("polyline.measure-line").count() == 2  # the line and its head
    assert arrows.last.locator("polyline").count() == 0
    signed = Request(f"{view.archive.url}/api/studies/{CT_STUDY}/measurements/report", method="POST")
    with urlopen(signed, timeout=30) as answer:
        series = json.load(answer)["SeriesInstanceUID"]
    view.study(CT_STUDY)
    told = view.page.locator(".measurement[data-kind=reported]")
    expect(told).to_have_text(["Nodule, new since 2024", "Left"])
    assert [told.nth(at).locator("polyline.measure-line").count() for at in (0, 1)] == [2, 0]
    assert told.last.locator("circle").count() == 0  # a text, not a point with a text
    address = f"{view.archive.url}/api/studies/{CT_STUDY}/series/{series}?confirm={series}"
    urlopen(Request(address, method="DELETE"), timeout=30).close()


def test_an_ellipsoid_has_its_diameters_in_any_picture(view: View) -> None:
    """Three lines, one of them two slices away; undone one by one, kept, moved; given up by Esc."""
    view.study(CT_STUDY)
    choose(view, "Control+b")
    drag(view, (20, 20), (60, 20))
    drag(view, (40, 10), (40, 25))
    ellipsoid = view.page.locator(".measurement[data-kind=ellipsoid]")
    expect(ellipsoid.last).to_contain_text("D2 30.0 mm1 more diameter")
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("ArrowDown")
    view.settled()
    drag(view, (20, 40), (45, 40))
    volume = math.pi / 6 * 40 * 30 * 25 / 1000
    own, total, product = texts(view, "ellipsoid")
    assert (own, total) == ("D3 25.0 mm", f"Volume {volume:.1f} ml")
    assert numbers(product) == [0.52, 6, 40, 30, 25]
    view.page.keyboard.press("Control+z")
    expect(ellipsoid).to_have_count(0)
    view.page.keyboard.press("Control+y")
    with view.page.expect_response(lambda answer: answer.request.method == "PUT" and "measurements" in answer.url):
        drag(view, (45, 40), (50, 40))
    view.study(CT_STUDY)
    expect(ellipsoid).to_have_count(2)
    assert texts(view, "ellipsoid") == ["D2 30.0 mm"]
    expect(ellipsoid.first).to_contain_text(f"D1 40.0 mmVolume {volume * 30 / 25:.1f} ml")
    choose(view, "Control+b")
    drag(view, (20, 50), (60, 50))
    expect(ellipsoid).to_have_count(3)
    view.page.keyboard.press("Escape")
    expect(ellipsoid).to_have_count(2)
