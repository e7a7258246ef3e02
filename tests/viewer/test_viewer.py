"""An open study in a real browser: pictures, values, window, view, cine, tags, links."""

import re
from itertools import pairwise
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pydicom
import pytest
from playwright.sync_api import Route, expect

from .bad_input import image
from .conftest import (
    BROKEN_STUDY,
    CT_STUDY,
    FRAMES,
    ROOT,
    SLICES,
    SR_STUDY,
    US_STUDY,
    Archive,
    View,
    get_json,
    stored_value,
)

pytestmark = pytest.mark.browser
BOTH = pytest.mark.parametrize("renderer", ["canvas", "cornerstone"], indirect=True)
#: The stack opens in its middle; slices are counted from 1.
MIDDLE = SLICES // 2 + 1


def hounsfield(number: int, row: int, column: int) -> int:
    return stored_value(number, row, column) - 1024


def linear(value: float, center: float, width: float) -> int:
    """Return the grey of a value, 0 to 255 (PS3.3 C.11.2.1.2)."""
    return round(255 * min(1.0, max(0.0, (value - (center - 0.5)) / (width - 1) + 0.5)))


@BOTH
def test_a_study_opens_with_its_first_series_in_the_middle(view: View, renderer: str) -> None:
    view.study(CT_STUDY)
    assert view.page.locator(".pane-drawing").get_attribute("data-renderer") == renderer
    assert view.summary()["SOPInstanceUID"] == f"{CT_STUDY}.1.{MIDDLE}"
    assert view.summary()["source"] == "browser"
    expect(view.page.locator(".card")).to_have_count(2)
    expect(view.page.locator(".card").first.locator("img")).to_be_visible()


@BOTH
@pytest.mark.parametrize(("column", "row"), [(0, 0), (79, 63), (0, 63), (40, 20)])
def test_value_under_the_cursor_is_that_of_the_file(view: View, renderer: str, column: int, row: int) -> None:
    view.study(CT_STUDY)
    assert view.value_at(column, row) == f"{hounsfield(MIDDLE, row, column)} HU"


@BOTH
@pytest.mark.parametrize("change", [[], ["r"], ["h", "Control+j"], ["v", "Shift+r"], ["+", "+"]])
def test_what_is_drawn_lies_where_the_cursor_reads_it(view: View, renderer: str, change: list[str]) -> None:
    """The grey on the screen at a pixel is the grey of its value, also when turned, mirrored and zoomed."""
    view.study(CT_STUDY)
    for key in ["1", *change]:
        view.page.keyboard.press(key)
    if "Control+j" in change:
        view.drag(50, 20)
        assert "↻ 22°" in view.corner("bl")
    low, high = hounsfield(MIDDLE, 0, 0), hounsfield(MIDDLE, 63, 79)
    for column, row in ((35, 20), (45, 40), (38, 44)):
        expected = round(255 * (hounsfield(MIDDLE, row, column) - low) / (high - low))
        assert view.brightness(column, row) == pytest.approx(expected, abs=4)


def test_the_window_can_be_dragged_chosen_and_reset(view: View) -> None:
    view.study(CT_STUDY)
    assert "W 400 L 40" in view.corner("bl")
    grey = view.brightness(40, 20)
    assert grey == pytest.approx(linear(hounsfield(MIDDLE, 20, 40), 40, 400), abs=2)
    view.drag(50, -40)
    width, level = map(float, re.search(r"W (\S+) L (\S+)", view.corner("bl")).groups())
    assert width > 400
    assert level < 40
    assert view.brightness(40, 20) > grey
    view.page.keyboard.press("3")
    assert "W 1500 L -600" in view.corner("bl")
    view.page.keyboard.press("Escape")
    assert "W 400 L 40" in view.corner("bl")
    view.page.locator(".preset-button").click()
    choices = [text.split() for text in view.page.get_by_role("menuitemradio").all_inner_texts()]
    assert [choices[at][-1] for at, (first, *_) in enumerate(choices) if first in {"Stroke", "Subdural"}] == ["9", "75"]
    view.page.get_by_role("menuitemradio", name="Brain").click()
    assert "W 80 L 40" in view.corner("bl")


@BOTH
def test_invert(view: View, renderer: str) -> None:
    view.study(CT_STUDY)
    view.page.keyboard.press("1")
    before = view.brightness(40, 20)
    view.page.keyboard.press("n")
    assert view.brightness(40, 20) == pytest.approx(255 - before, abs=3)


def test_the_magnifier_shows_the_pixel_under_the_pointer(view: View) -> None:
    """In its middle is the grey of that pixel, also when turned; next to it pixels are 2.5 times as far apart."""
    view.study(CT_STUDY)
    for key in ("1", "r", "Shift+z"):
        view.page.keyboard.press(key)
    view.value_at(45, 40)
    read = """([dx, dy]) => { const lens = document.querySelector('.magnifier canvas'), at = lens.width / 2;
                             return lens.getContext('2d').getImageData(at + dx, at + dy, 1, 1).data[0]; }"""
    low, high = hounsfield(MIDDLE, 0, 0), hounsfield(MIDDLE, 63, 79)
    view.page.locator(".magnifier").wait_for()
    (ax, ay), (bx, by) = (view.page.evaluate(f"window.__isocenter.pixelToPane({x}, 40)") for x in (45, 48))
    for column, away in ((45, [0, 0]), (48, [2.5 * (bx - ax), 2.5 * (by - ay)])):
        expected = round(255 * (hounsfield(MIDDLE, 40, column) - low) / (high - low))
        assert view.page.evaluate(read, away) == pytest.approx(expected, abs=4)
    view.page.keyboard.press("Shift+z")
    expect(view.page.get_by_test_id("magnifier")).to_have_count(0)


def test_scrolls_by_wheel_keys_and_slider(view: View) -> None:
    view.study(CT_STUDY)

    def shown() -> object:
        return view.summary()["SOPInstanceUID"]

    view.page.mouse.move(700, 400)
    view.page.mouse.wheel(0, 100)
    view.settled()
    assert shown() == f"{CT_STUDY}.1.{MIDDLE + 1}"
    view.page.keyboard.press("End")
    view.settled()
    assert shown() == f"{CT_STUDY}.1.{SLICES}"
    assert view.value_at(3, 4) == f"{hounsfield(SLICES, 4, 3)} HU"
    view.page.keyboard.press("PageUp")
    view.settled()
    assert shown() == f"{CT_STUDY}.1.{SLICES - 10}"
    box = view.page.get_by_role("slider").bounding_box()
    view.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 9)
    view.settled()
    assert shown() == f"{CT_STUDY}.1.1"
    assert f"Image 1 / {SLICES} · No. {SLICES}" in view.corner("bl")


def test_loads_the_whole_stack_from_the_middle_outward(view: View) -> None:
    asked: list[int] = []
    view.page.on(
        "request",
        lambda request: asked.append(int(m[1])) if (m := re.search(r"\.1\.(\d+)/frames", request.url)) else None,
    )
    view.study(CT_STUDY)
    view.page.wait_for_function(f"() => window.__isocenter.summary().loaded === {SLICES}")
    assert asked[0] == MIDDLE
    distances = [abs(number - MIDDLE) for number in asked]
    assert all(after >= before - 4 for before, after in pairwise(distances))
    assert sorted(asked) == list(range(1, SLICES + 1))
    expect(view.page.locator(".slider-loaded")).to_have_count(1)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [([], "H LP F RA"), (["r"], "RA H LP F"), (["h"], "H RA F LP"), (["v"], "F LP H RA"), (["r", "h"], "RA F LP H")],
)
def test_orientation_letters_follow_the_file_and_the_view(view: View, keys: list[str], expected: str) -> None:
    """ImageOrientationPatient of the slices is 0.8, 0.6, 0 along rows and 0, 0, -1 along columns."""
    view.study(CT_STUDY)
    for key in keys:
        view.page.keyboard.press(key)
    assert view.edges() == expected


def test_zoom_pan_fit(view: View) -> None:
    view.study(CT_STUDY)

    def place() -> list[float]:
        return view.page.evaluate("window.__isocenter.pixelToPane(10, 10)")

    fit = place()
    view.drag(30, 20, button="middle")
    assert place() == pytest.approx([fit[0] + 30, fit[1] + 20], abs=0.01)
    view.drag(0, 60, button="right")
    assert place()[0] < fit[0]
    view.page.keyboard.press("=")
    assert place() == pytest.approx(fit)


def test_scale_bar_and_pixel_shape_come_from_the_spacing(view: View) -> None:
    """Rows are 2 mm apart and columns 1 mm: the picture is 80 x 128 mm."""
    view.study(CT_STUDY)
    corners = view.page.evaluate("[window.__isocenter.pixelToPane(0, 0), window.__isocenter.pixelToPane(79, 63)]")
    (left, top), (right, bottom) = corners
    assert (bottom - top) / (right - left) == pytest.approx(63 * 2 / 79, rel=1e-6)
    bar = view.page.get_by_test_id("scale-bar")
    expect(bar).to_contain_text("2 cm")
    width = float(bar.locator("svg").get_attribute("width")) - 2
    assert width == pytest.approx(20 * (right - left) / 79, rel=0.001)


def test_an_uncalibrated_picture_has_no_millimetres(view: View) -> None:
    view.study(CT_STUDY, f"&SeriesInstanceUID={CT_STUDY}.2")
    expect(view.page.locator(".notes")).to_contain_text("Not calibrated")
    expect(view.page.get_by_test_id("scale-bar")).to_have_count(0)
    assert view.page.locator(".edge").count() == 0


def test_corner_text_has_three_states(view: View) -> None:
    view.study(CT_STUDY)
    assert view.corner("tl").splitlines() == ["Muster, Erika (山田 花子)", "P-001", "2 Jan 1970 · 54 y · F"]
    assert "Thorax low dose" in view.corner("tr")
    assert "CT · Series 3" in view.corner("br")
    view.page.keyboard.press("i")
    assert view.corner("tl").splitlines() == ["Muster, Erika (山田 花子)", "P-001"]
    view.page.keyboard.press("i")
    expect(view.page.locator(".corner-tl")).to_have_count(0)
    assert view.edges() == "H LP F RA"


def test_a_cine_plays_at_its_rate_and_stops(view: View) -> None:
    view.study(US_STUDY)
    assert view.summary()["playing"] is True
    expect(view.page.locator(".cine-rate")).to_have_text("10 fps")
    view.page.wait_for_function(f"() => window.__isocenter.summary().loaded === {FRAMES}")
    seen, elapsed = view.page.evaluate(
        """() => new Promise((done) => { const seen = []; const start = performance.now();
           const look = (now) => { seen.push(window.__isocenter.summary().index);
                                   now - start < 1500 ? requestAnimationFrame(look) : done([seen, now - start]); };
           requestAnimationFrame(look); })"""
    )
    shown = sum((b - a) % FRAMES for a, b in pairwise(seen))  # frames are left out rather than time
    assert shown == pytest.approx(elapsed / 100, abs=4)
    view.page.keyboard.press("Space")
    assert view.summary()["playing"] is False
    view.page.keyboard.press("ArrowDown")
    view.settled()
    frame = view.summary()["frame"]
    assert view.value_at(5, 5) == f"RGB {10 * (frame - 1)} 77 0"


def test_several_frames_come_in_one_request(view: View) -> None:
    asked: list[str] = []
    view.page.on(
        "request", lambda request: asked.append(request.url.rsplit("/", 1)[1]) if "/frames/" in request.url else None
    )
    view.study(US_STUDY)
    view.page.wait_for_function(f"() => window.__isocenter.summary().loaded === {FRAMES}")
    assert any(len(frames.split(",")) > 4 for frames in asked)
    assert sorted(int(n) for frames in asked for n in frames.split(",")) == list(range(1, FRAMES + 1))


def test_tag_browser_finds_nested_and_private_attributes(view: View) -> None:
    view.study(SR_STUDY)
    expect(view.page.get_by_test_id("document")).to_contain_text("Enhanced SR Storage")
    view.page.keyboard.press("g")
    dialog = view.page.get_by_role("dialog")
    expect(dialog.locator(".tag-line", has_text="PatientName")).to_contain_text("Report, Only")
    dialog.get_by_placeholder("Tag, keyword or value").fill("ReferencedSOPInstance")
    lines = dialog.locator(".tag-line")
    expect(lines).to_have_count(3)
    expect(lines.last).to_contain_text(f"{CT_STUDY}.1.1")
    dialog.get_by_placeholder("Tag, keyword or value").fill("0009,1001")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("private remark")
    expect(lines).to_contain_text("ACME INC")
    view.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_key_sheet(view: View) -> None:
    view.study(CT_STUDY)
    view.page.keyboard.press("?")
    expect(view.page.get_by_role("dialog")).to_contain_text("Tag browser")
    expect(view.page.locator(".key-sheet section:not(:has(.key-row))")).to_have_count(0)
    view.page.keyboard.press("Escape")
    expect(view.page.get_by_role("dialog")).to_have_count(0)


def test_a_link_leads_to_an_image(view: View) -> None:
    view.study(CT_STUDY, f"&SeriesInstanceUID={CT_STUDY}.1&SOPInstanceUID={CT_STUDY}.1.3")
    assert view.summary()["SOPInstanceUID"] == f"{CT_STUDY}.1.3"


def test_series_are_changed_by_key_and_click_and_remembered_in_the_address(view: View) -> None:
    view.study(CT_STUDY)
    view.page.keyboard.press("ArrowRight")
    view.page.wait_for_url(re.compile(re.escape(f"SeriesInstanceUID={CT_STUDY}.2")))
    view.settled()
    assert view.summary()["count"] == 1
    view.page.locator(".card").first.click()
    view.settled()
    assert view.summary()["count"] == SLICES
    assert "Muster" not in view.page.url


def test_an_unreadable_image_says_so(view: View) -> None:
    view.study(BROKEN_STUDY)
    expect(view.page.get_by_role("alert")).to_contain_text("This image cannot be shown")
    expect(view.page.get_by_role("button", name="Try again")).to_be_visible()


def test_a_study_that_is_not_there_says_so(view: View) -> None:
    view.page.goto(f"{view.archive.url}/viewer?StudyInstanceUIDs=1.2.3.4")
    expect(view.page.get_by_role("alert")).to_contain_text("The study cannot be shown")


def test_what_the_browser_cannot_decode_the_archive_decodes(view: View) -> None:
    """The worker's decoder is kept from it: the same values come as little endian from the archive."""

    def answer(route: Route) -> None:
        if "transfer-syntax=*" in (route.request.headers.get("accept") or ""):
            response = route.fetch()
            body = response.body().replace(
                b"transfer-syntax=1.2.840.10008.1.2.1", b"transfer-syntax=1.2.840.10008.9.9.9"
            )
            route.fulfill(response=response, body=body)
        else:
            route.continue_()

    view.page.route("**/frames/1", answer)
    view.study(CT_STUDY)
    assert view.summary()["source"] == "archive"
    assert view.value_at(7, 9) == f"{hounsfield(MIDDLE, 9, 7)} HU"


def test_on_a_phone(phone: View) -> None:
    phone.study(CT_STUDY)
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    strip = phone.page.get_by_role("toolbar").bounding_box()
    assert strip["y"] + strip["height"] == pytest.approx(844, abs=1)
    for tool in phone.page.locator(".tool:visible").all():
        box = tool.bounding_box()
        assert min(box["width"], box["height"]) >= 44
    phone.page.locator('[data-command="panel.series"]').tap()
    phone.page.locator(".card").nth(1).tap()
    phone.page.wait_for_url(re.compile(re.escape(f"SeriesInstanceUID={CT_STUDY}.2")))
    expect(phone.page.locator(".viewer-rail")).to_be_hidden()


def test_memory_is_given_back_when_the_viewer_is_left(view: View) -> None:
    view.study(CT_STUDY)
    view.page.get_by_role("button", name="Back to the study list").click()
    view.page.locator(".row").first.wait_for()
    assert view.page.evaluate("window.__isocenter === undefined")


@BOTH
@pytest.mark.real_data
@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
@pytest.mark.parametrize(
    "name",
    [
        "volumes/mr_t1_brain_384",
        "volumes/ct_chest_lidc_183",
        "dynamic/mr_heart_16f.dcm",
        "pixel_presentation/mlut_18.dcm",
        "pixel_presentation/mod_lut_sequence_cr_teeth.dcm",
        "pixel_presentation/test16signed.dcm",
        "sop/enhanced_mr/movingknee_19f.dcm",
    ],
)
def test_real_images_show_the_values_of_their_files(
    view: View, renderer: str, real_archive: Archive, data_dir: Path, name: str
) -> None:
    path = data_dir / name
    file = path if path.is_file() else sorted(path.rglob("*.dcm"))[3]
    dataset = pydicom.dcmread(file)
    real_archive.take(file)
    view.archive = real_archive
    view.study(
        dataset.StudyInstanceUID,
        f"&SeriesInstanceUID={dataset.SeriesInstanceUID}&SOPInstanceUID={dataset.SOPInstanceUID}",
    )
    if view.summary()["playing"]:
        view.page.keyboard.press("Space")
        view.settled()
    frame = int(view.summary()["frame"])
    pixels = pydicom.pixels.pixel_array(dataset, index=frame - 1)
    expected = modality_values(dataset, pixels, frame)
    rows, columns = pixels.shape
    for column, row in ((columns // 2, rows // 2), (columns // 3, rows // 4), (columns - 1, rows - 1)):
        shown = float(view.value_at(column, row).split()[0])
        assert shown == pytest.approx(expected[row, column], rel=1e-3, abs=0.006)


def test_slices_that_are_packed_in_memory_keep_their_values(view: View, real_archive: Archive, tmp_path: Path) -> None:
    """160 MiB of noisy slices take less, and each value is right, before and after others were looked at."""
    study, side, slices = f"{ROOT}.62", 2048, 20
    noise = np.random.default_rng(5)
    pixels = [noise.normal(30 * number, 20, (side, side)).astype("<i2") for number in range(slices)]
    for number, values in enumerate(pixels):
        dataset = image(study, 1, number, "Many large slices")
        dataset.Rows = dataset.Columns = side
        dataset.PixelData = values.tobytes()
        dataset.save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    real_archive.take(tmp_path)
    view.archive = real_archive
    view.study(study)
    view.page.wait_for_function(f"() => window.__isocenter.summary().loaded === {slices}")
    assert int(view.summary()["held"]) < 0.8 * slices * side * side * 2
    for key in ("Home", "End", "Home"):
        view.page.keyboard.press(key)
        view.settled()
        number = int(str(view.summary()["SOPInstanceUID"]).rpartition(".")[2])
        for column, row in ((0, 0), (17, 1033), (1024, 1024), (2047, 2047)):
            assert view.value_at(column, row) == f"{pixels[number][row, column] - 1024} HU"


def modality_values(dataset: pydicom.Dataset, pixels: np.ndarray, frame: int) -> np.ndarray:
    """Return modality values after pydicom, or through the functional group of an enhanced image."""
    if "PerFrameFunctionalGroupsSequence" not in dataset:
        return pydicom.pixels.apply_modality_lut(pixels, dataset)
    groups = (dataset.PerFrameFunctionalGroupsSequence[frame - 1], dataset.SharedFunctionalGroupsSequence[0])
    items = [
        group.PixelValueTransformationSequence[0] for group in groups if "PixelValueTransformationSequence" in group
    ]
    return pixels * float(items[0].RescaleSlope) + float(items[0].RescaleIntercept) if items else pixels


def test_the_notices_of_bundled_packages_are_served(archive: Archive) -> None:
    with urlopen(f"{archive.url}/THIRD_PARTY_NOTICES.txt") as answer:
        text = answer.read().decode()
    assert "@cornerstonejs/core 5.14.0" in text
    assert "Licence: MIT" in text


def test_the_system_says_what_the_empty_list_needs(archive: Archive) -> None:
    system = get_json(f"{archive.url}/api/system")
    assert {"aet", "dicom_port", "version"} <= set(system)
