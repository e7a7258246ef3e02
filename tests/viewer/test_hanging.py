"""Hanging protocols: mammograms by numbers, stages, a prior fetched and linked in mm, one's own kept and forgotten."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, DigitalMammographyXRayImageStorageForPresentation

from .conftest import ROOT, Archive, View, _file, _patient, _pixels, get_json, start, stop
from .test_planes import take

pytestmark = pytest.mark.browser
MG_STUDY, TODAY, BEFORE = f"{ROOT}.70", f"{ROOT}.71", f"{ROOT}.72"
#: Side, view, rows, columns, PatientOrientation, mm of a pixel; in the order of their series.
VIEWS = (
    ("L", "MLO", 120, 90, ["A", "FR"], 1.0),
    ("R", "CC", 50, 40, ["P", "L"], 2.0),
    ("R", "MLO", 120, 90, ["A", "HR"], 1.0),
    ("L", "CC", 100, 80, ["A", "R"], 1.0),
)
SPACING = {TODAY: 1.0, BEFORE: 3.0}


def mammogram(number: int) -> Dataset:
    side, view, rows, columns, orientation, spacing = VIEWS[number - 1]
    series = f"{MG_STUDY}.{number}"
    dataset = _file(Dataset(), DigitalMammographyXRayImageStorageForPresentation, f"{series}.1", MG_STUDY, series)
    _patient(dataset, "Four^Views", "P-070", "20240601", "Screening")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "MG", number, 1
    dataset.ImageLaterality, dataset.ViewPosition, dataset.BodyPartExamined = side, view, "BREAST"
    dataset.PatientOrientation, dataset.ImagerPixelSpacing = orientation, [spacing, spacing]
    return _pixels(dataset, np.arange(rows * columns, dtype=np.uint16).reshape(rows, columns), "MONOCHROME2")


def ct(study: str, number: int) -> Dataset:
    """Return a slice of today's or the older study; each has a frame of reference of its own."""
    dataset = _file(Dataset(), CTImageStorage, f"{study}.1.{number}", study, f"{study}.1")
    _patient(dataset, "Then^Now", "P-071", "20240601" if study == TODAY else "20230301", "Chest")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CT", 1, number
    dataset.BodyPartExamined, dataset.FrameOfReferenceUID = "CHEST", f"{study}.9"
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient, dataset.PixelSpacing = [0, 0, SPACING[study] * number], [1, 1]
    return _pixels(dataset, np.full((32, 32), number, np.uint16), "MONOCHROME2")


@pytest.fixture(scope="module")
def hung(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Give an archive with four mammograms and a CT with a prior."""
    running = start(tmp_path_factory.mktemp("hanging"))
    made = [mammogram(n) for n in range(1, 5)]
    made += [ct(TODAY, n) for n in range(1, 31)] + [ct(BEFORE, n) for n in range(1, 11)]
    take(running, tmp_path_factory.mktemp("hung") / "in", *made)
    yield running
    stop(running)


def uid(view: View, cell: int) -> str:
    return str(view.page.evaluate(f"window.__isocenter.summary({cell}).SOPInstanceUID")).removeprefix(f"{ROOT}.")


def place(view: View, cell: int, column: float, row: float) -> tuple[float, float]:
    x, y = view.page.evaluate(f"window.__isocenter.pixelToPane({column}, {row}, {cell})")
    return float(x), float(y)


def panes(view: View, count: int) -> None:
    expect(view.page.locator('.pane[data-status="ready"]')).to_have_count(count)


def test_mammograms_face_each_other_at_one_scale(view: View, hung: Archive) -> None:
    """Chest walls meet in the middle; a millimetre is as long everywhere; R is left, CC above."""
    view.archive = hung
    view.study(MG_STUDY)
    panes(view, 4)
    assert [uid(view, cell) for cell in range(4)] == ["70.2.1", "70.4.1", "70.3.1", "70.1.1"]
    view.page.wait_for_function("() => window.__isocenter.pixelToPane(39.5, 0, 0)[0] > 400")
    width = view.page.locator(".pane").first.bounding_box()["width"]  # type: ignore[index]
    # The outer edge of the column at the chest wall: the last one where rows run to P, the first where they run to A.
    walls = [
        place(view, 0, 39.5, 0)[0],
        place(view, 1, -0.5, 0)[0],
        place(view, 2, -0.5, 0)[0],
        place(view, 3, -0.5, 0)[0],
    ]
    assert walls == pytest.approx([width, 0, width, 0], abs=2)
    steps = [abs(place(view, n, 10, 0)[0] - place(view, n, 0, 0)[0]) / 10 / mm for n, mm in enumerate((2, 1, 1, 1))]
    assert steps == pytest.approx([steps[0]] * 4, rel=1e-6)
    for cell, letters in enumerate(("R P L A", "L A R P", "HR P FL A", "HL A FR P")):
        edges = view.page.locator(".pane").nth(cell).locator(".edge")
        assert " ".join(edges.all_inner_texts()) == letters
    view.page.set_viewport_size({"width": 1000, "height": 600})
    view.page.wait_for_function("() => window.__isocenter.pixelToPane(39.5, 0, 0)[0] < 430")
    narrow = view.page.locator(".pane").first.bounding_box()["width"]  # type: ignore[index]
    assert place(view, 0, 39.5, 0)[0] == pytest.approx(narrow, abs=2)
    view.page.keyboard.press(">")
    panes(view, 2)
    assert [uid(view, cell) for cell in range(2)] == ["70.2.1", "70.4.1"]
    view.page.keyboard.press("<")
    panes(view, 4)


def test_a_prior_is_fetched_linked_and_in_the_link(view: View, hung: Archive) -> None:
    """Scrolling 9 mm in slices of 1 mm moves the prior by three slices of 3 mm; the link brings both back."""
    view.archive = hung
    view.study(TODAY)
    panes(view, 1)
    view.page.keyboard.press("Shift+l")
    view.page.locator('[data-stage="ct/3"]').click()
    panes(view, 2)
    assert [uid(view, cell) for cell in range(2)] == ["71.1.16", "72.1.6"]
    for _ in range(9):
        view.page.keyboard.press("ArrowDown")
    view.page.wait_for_function(f"() => window.__isocenter.summary(1).SOPInstanceUID === '{BEFORE}.1.9'")
    assert uid(view, 0) == "71.1.25"
    assert f"{TODAY},{BEFORE}" in view.page.url
    view.page.goto(view.page.url)
    panes(view, 2)
    assert [uid(view, cell).rpartition(".")[0] for cell in range(2)] == ["71.1", "72.1"]


def test_my_protocol_is_kept_and_forgotten(view: View, hung: Archive) -> None:
    """A saved layout with its window meets the next opening of a study of this kind, until it is forgotten."""
    view.archive = hung
    view.study(TODAY)
    view.page.keyboard.press("Shift+l")
    view.page.locator('[data-place="2x1"]').click()
    view.page.keyboard.press("3")
    window = view.page.evaluate("window.__isocenter.summary(0).windowLabel")
    view.page.keyboard.press("Shift+l")
    with view.page.expect_response("**/hanging-protocols/CT.CHEST") as answer:
        view.page.locator('[data-command="hang.save"]').click()
    assert answer.value.status == 204
    (saved,) = get_json(f"{hung.url}/api/hanging-protocols")  # type: ignore[misc]
    assert (saved["id"], saved["bodyPart"], saved["stages"][0]["rows"]) == ("CT.CHEST", "CHEST", 2)
    view.study(BEFORE)
    expect(view.page.locator(".pane")).to_have_count(2)
    panes(view, 1)
    assert uid(view, 0).startswith("72.1")
    assert view.page.evaluate("window.__isocenter.summary(0).windowLabel") == window
    view.page.keyboard.press("Shift+l")
    view.page.locator('[data-command="hang.reset"]').click()
    expect(view.page.locator(".pane")).to_have_count(1)
    assert get_json(f"{hung.url}/api/hanging-protocols") == []
