"""What the viewer shows of real series against what pydicom, numpy and dcm2niix have read from the files.

Each run takes the series with the worst traps. With ``ISOCENTER_FIDELITY_TABLE`` it takes all, and the comparison is
written there as a table (``tools/make_fidelity.py``).
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Error, expect

from .conftest import View, looking, some_of, start, stop, write_measurements
from .fidelity import Nifti, Picture, Series, read_series
from .test_measure import choose, drag, numbers, texts
from .test_mpr import CORONAL, SAGITTAL, Reference, all_drawn, enter, turn
from .test_mpr import compare as compare_planes

pytestmark = [
    pytest.mark.browser,
    pytest.mark.real_data,
    pytest.mark.filterwarnings("ignore:Invalid value for VR UI"),
]
FOLDERS = ("volumes", "geometry", "dynamic")
TABLE = os.environ.get("ISOCENTER_FIDELITY_TABLE", "")
#: What is difficult about each series.
TRAPS = {
    "dynamic/dti_ge": "four directions at four places",
    "dynamic/fmri_ge_15x10": "ten times without TemporalPositionIdentifier",
    "dynamic/fmri_philips_35x8": "eight times, oblique",
    "dynamic/fmri_philips_classic_4x2": "two times, oblique",
    "dynamic/mr_heart_16f.dcm": "frames without geometry",
    "dynamic/siemens_mosaic_fmri": "slices side by side in one image",
    "dynamic/us_echo_acuson_65f_jpeg.dcm": "colour, lossy, regions",
    "dynamic/us_echo_hp_34f_jpeg.dcm": "colour, lossy",
    "dynamic/us_echo_palette_10f_rle.dcm": "palette",
    "dynamic/xa_coronary_96f_jpeg.dcm": "lossy, no spacing",
    "geometry/ct_phantom_gantry_tilt_philips54": "gantry tilt of 18.5°",
    "geometry/irregular_spacing_ge4": "irregular spacing",
    "geometry/non_isotropic_pmod": "pixels of 4 by 6.4 mm, oblique",
    "volumes/ct_chest_lidc_183": "",
    "volumes/mr_t1_brain_384": "rows and columns of different spacing, oblique",
    "volumes/pet_wholebody_qin_299/PET": "slope by slice, SUV",
}
#: What the picture must say of itself all the time.
NOTES = {
    "dynamic/siemens_mosaic_fmri": ["Mosaic of slices: no positions"],
    "dynamic/us_echo_palette_10f_rle.dcm": ["Not calibrated"],
    "dynamic/xa_coronary_96f_jpeg.dcm": ["Lossy", "Not calibrated"],
    "geometry/ct_phantom_gantry_tilt_philips54": ["Gantry tilt 18.5°"],
    "geometry/irregular_spacing_ge4": ["Irregular spacing"],
}
QUICK = ("geometry/", "dynamic/dti_ge", "dynamic/siemens", "dynamic/xa", "dynamic/us_echo_palette")
NIFTI = {"dynamic/fmri_ge_15x10": "dynamic/fmri_ge_15x10.expected.nii"}
_LETTERS = """['top', 'right', 'bottom', 'left'].map(
  (edge) => document.querySelector(`.edge-${edge}`)?.textContent ?? '').join(' ')"""
_PLACE = "(pixel) => window.__isocenter.pixelToPane(...pixel)"
_LENGTH_IS = """(wanted) => {
  const [line] = [...document.querySelectorAll('.measurement[data-kind=length]')].slice(-1);
  return Math.abs(wanted - Number.parseFloat(line?.querySelector('tspan')?.textContent)) < 0.06; }"""
HEAD = "| series | trap | pictures | points | value | place (mm) | length | planes | letters |"


@dataclass
class Found:
    """What was compared of a series, and the largest differences."""

    name: str
    pictures: int
    points: int = 0
    value: float = 0.0
    unit: str = ""
    suv: float | None = None
    place: float | None = None
    length: str = ""
    planes: str = "none"
    letters: str = ""

    def row(self) -> str:
        """Return a line of the table."""
        place = "no geometry" if self.place is None else f"{self.place:.4f}"
        value = f"{self.value:.2g} {self.unit}".strip()
        value += "" if self.suv is None else f", {self.suv:.2g} SUVbw"
        trap, letters = TRAPS[self.name], self.letters or "none"
        cells = (self.name, trap, self.pictures, self.points, value, place, self.length, self.planes, letters)
        return "| " + " | ".join(map(str, cells)) + " |"


@cache
def chosen(data_dir: Path) -> list[Series]:
    """Return the series that are compared in this run."""
    return read_series(data_dir, FOLDERS, ()) if TABLE else some_of(read_series(data_dir, FOLDERS, QUICK), 2)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, browser: Browser, data_dir: Path) -> Iterator[View]:
    """Return a page of an archive that holds the series."""
    running = start(tmp_path_factory.mktemp("fidelity"))
    running.take(*(file for series in chosen(data_dir) for file in series.files.values()))
    with looking(browser, running) as view:
        yield view
    stop(running)


def test_series_are_shown_as_their_files_say(opened: View, data_dir: Path) -> None:
    found = [compare(opened, series, data_dir) for series in chosen(data_dir)]
    assert len(found) == (len(TRAPS) if TABLE else len(some_of(range(7), 2)))
    if TABLE:
        Path(TABLE).write_text("\n".join([HEAD, "|---|" + "---|" * 8, *(one.row() for one in found)]) + "\n", "utf-8")


def compare(view: View, series: Series, data_dir: Path) -> Found:
    """Open a series; compare its order, and points of its middle, first and last picture."""
    query = f"StudyInstanceUIDs={series.first.StudyInstanceUID}&SeriesInstanceUID={series.first.SeriesInstanceUID}"
    write_measurements(view.archive, str(series.first.StudyInstanceUID), [])  # of an earlier attempt
    view.page.goto(f"{view.archive.url}/viewer?{query}")
    view.page.wait_for_function("() => window.__isocenter?.summary().rows > 0")
    if view.summary()["playing"]:
        view.page.keyboard.press("Space")
    order = [(one["SOPInstanceUID"], one["frame"]) for one in view.page.evaluate("window.__isocenter.order()")]
    assert series.is_in_order(order), f"{series.name}: order"
    for note in NOTES.get(series.name, []):
        expect(view.page.locator(".notes").first).to_contain_text(note)
    found = Found(series.name, len(series.pictures()))
    answer = Nifti(data_dir / NIFTI[series.name]) if series.name in NIFTI else None
    for key, phases in (("", 0), ("Home", 0), ("End", 2)):
        if key:
            view.page.keyboard.press(key)
        for phase in range(phases + 1 if answer else 1):
            if phase:
                view.page.keyboard.press("Shift+ArrowRight")
                expect(view.page.get_by_test_id("phase-bar")).to_have_attribute("data-phase", str(phase))
            _picture(view, series, found, answer, phase)
    _length(view, series, found)
    if series.volumes():
        _planes(view, series, found)
    return found


def _picture(view: View, series: Series, found: Found, answer: Nifti | None, phase: int) -> None:
    view.settled()
    said = view.summary()
    picture: Picture = (str(said["SOPInstanceUID"]), int(str(said["frame"])))
    values = series.values(picture)
    rows, columns = values.shape[:2]
    letters = view.page.evaluate(_LETTERS)
    assert letters == series.letters(picture), f"{series.name}: letters"
    found.letters = letters.strip()
    for column, row in ((columns // 2, rows // 2), (columns // 3, rows // 4), (columns * 9 // 10, rows * 9 // 10)):
        _value(view, series, found, (column, row), values[row, column])
        place = series.place(picture, column, row)
        if place is not None:
            shown = view.page.evaluate(f"window.__isocenter.pixelToPatient({column}, {row})")
            found.place = max(found.place or 0.0, float(np.abs(np.array(shown) - place).max()))
            assert found.place < 1e-3, f"{series.name}: place of {(column, row)}"
        if answer is not None and place is not None:
            assert answer.at(place, phase) == values[row, column]
        found.points += 1


def _value(view: View, series: Series, found: Found, pixel: tuple[int, int], expected: object) -> None:
    """Compare what the pointer says: value, or red, green and blue, and the SUV behind it."""
    text, _, suv = _said(view, pixel).partition("SUVbw")
    factor, wanted = series.suv_factor(), np.atleast_1d(np.asarray(expected, float))
    assert (factor is not None) == bool(suv), f"{series.name}: {text} {suv}"
    found.unit = re.sub(r"^[-\d., ]+", "", re.sub(r"RGB.*", "RGB", text)).strip()
    lossy = "JPEG Baseline" in series.first.file_meta.TransferSyntaxUID.name
    found.value = max(found.value, _difference(text, wanted, 2 if lossy else 0))
    if factor is not None:
        found.suv = max(found.suv or 0.0, _difference(suv, wanted * factor, 0))


def _said(view: View, pixel: tuple[int, int]) -> str:
    """Return what the pointer says of a pixel; once more where the pane has changed its size meanwhile."""
    for _ in range(3):
        box, place = view.page.locator(".pane-surface").bounding_box(), view.page.evaluate(_PLACE, list(pixel))
        assert box is not None
        view.page.mouse.move(box["x"] + place[0], box["y"] + place[1])
        try:
            expect(view.page.get_by_test_id("cursor-value")).to_contain_text(f"({pixel[0]}, {pixel[1]})", timeout=4000)
        except AssertionError:
            continue
        break
    return view.value_at(*pixel)


def _difference(text: str, wanted: NDArray[np.float64], allowed: float) -> float:
    """Return by how much numbers in a text differ, at most by rounding of their last digit or what is allowed."""
    written = re.findall(r"-?\d+(?:\.\d+)?", text)
    digits = max(len(number.partition(".")[2]) for number in written)
    difference = float(np.abs(np.array(written, float) - wanted).max())
    assert difference <= max(allowed, 0.51 * 10.0**-digits), f"{text} for {wanted}"
    return difference


def _length(view: View, series: Series, found: Found) -> None:
    """Draw a length across the picture and compare its text."""
    columns, rows = int(str(view.summary()["columns"])), int(str(view.summary()["rows"]))
    a, b = (columns // 3, rows // 3), (columns // 2, rows * 2 // 3)
    choose(view, "d")
    drag(view, a, b)
    spacing = series.measured(series.pictures()[0], *a)
    expected = float(np.hypot(*(np.subtract(b, a) * (1 if spacing is None else spacing))))
    with suppress(Error):
        view.page.wait_for_function(_LENGTH_IS, arg=expected)
    text = texts(view, "length")[0]
    assert text.split()[1] == ("px" if spacing is None else "mm"), f"{series.name}: {text}"
    difference = abs(numbers(text)[0] - expected)
    assert difference < 0.06, f"{series.name}: {text} for {expected}"
    found.length = f"{difference:.2f} {text.split()[1]}"


def _planes(view: View, series: Series, found: Found) -> None:
    """Compare the planes of each volume, then turned ones, with values that numpy interpolates."""
    view.page.keyboard.press("Escape")
    enter(view)
    straight, volumes = 0.0, series.volumes()
    for phase in range(len(volumes))[:: 1 if TABLE else max(1, len(volumes) - 1)]:
        reference = Reference([pydicom.dcmread(series.files[uid]) for uid, _ in volumes[phase]])
        if len(volumes) > 1:
            _show_phase(view, phase)
        straight = max(straight, compare_planes(view, reference))
    turn(view)
    turned = compare_planes(view, reference, (CORONAL, SAGITTAL))
    each = f" in each of {len(volumes)} phases" if len(volumes) > 1 else ""
    found.planes = f"{straight:.2g}{each}, turned {turned:.2g} {found.unit}".strip()


def _show_phase(view: View, phase: int) -> None:
    """Lead the planes to a phase, and wait for all of its slices."""
    bar = view.page.get_by_test_id("phase-bar")
    bar.get_by_role("slider").fill(str(phase))
    expect(bar).to_have_attribute("data-phase", str(phase))
    view.page.wait_for_function(
        """() => { const bar = document.querySelector('.mpr-bar');
                   return bar && bar.dataset.total > 0 && bar.dataset.loaded === bar.dataset.total; }"""
    )
    expect(view.page.locator(".notes", has_text="slices")).to_have_count(0)
    all_drawn(view)
