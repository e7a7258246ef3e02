"""Colour maps of grey pictures: the palettes are the standard's, and both renderers show them."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect
from pydicom import dcmread
from pydicom.data import get_palette_files
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from .conftest import CT_STUDY, ROOT, Archive, View, _file, _patient, _pixels
from .test_planes import colour
from .test_viewer import BOTH, MIDDLE, hounsfield

PALETTES = json.loads(
    (Path(__file__).parents[2] / "viewer" / "src" / "core" / "data" / "palettes.json").read_text("utf-8")
)
FILES = {"hotIron": "hotiron", "pet": "pet", "pet20Step": "pet20step", "hotMetalBlue": "hotmetalblue"}


def table(name: str) -> np.ndarray:
    """Return the 256 colours of a palette as the viewer holds it, between its points by straight lines."""
    points = np.array(PALETTES[name])
    return np.stack([np.interp(np.arange(256), points[:, 0], points[:, channel]) for channel in (1, 2, 3)], 1)


@pytest.mark.parametrize("name", FILES)
def test_palettes_are_those_of_the_standard(name: str) -> None:
    dataset = dcmread(get_palette_files(f"{FILES[name]}.dcm")[0])
    expected = np.stack(
        [
            np.frombuffer(dataset[f"{channel}PaletteColorLookupTableData"].value, np.uint8)
            for channel in ("Red", "Green", "Blue")
        ],
        1,
    )
    assert np.abs(table(name) - expected).max() < 0.5


@pytest.mark.browser
@BOTH
def test_a_picture_in_colours(view: View, renderer: str) -> None:
    view.study(CT_STUDY)
    view.page.keyboard.press("1")
    view.page.locator(".preset-button").click()
    view.page.get_by_role("menuitemradio", name="Hot iron").click()
    low, high = hounsfield(MIDDLE, 0, 0), hounsfield(MIDDLE, 63, 79)
    assert view.corner("bl").splitlines()[-2].endswith("· Hot iron")
    assert view.page.get_by_test_id("colour-bar").inner_text().splitlines()[::2] == [f"{high} HU", str(low)]
    for column, row in ((20, 20), (45, 40), (60, 50)):
        shade = 255 * (hounsfield(MIDDLE, row, column) - low) / (high - low)
        expected = table("hotIron")[round(shade)]
        view.page.mouse.move(5, 300)
        assert colour(view, column, row) == pytest.approx(tuple(expected), abs=6)
    view.page.keyboard.press("Home")
    view.settled()
    expect(view.page.get_by_test_id("colour-bar")).to_be_visible()
    view.page.keyboard.press("Escape")
    expect(view.page.get_by_test_id("colour-bar")).to_have_count(0)


@pytest.mark.browser
@pytest.mark.peer("dcmcjpls")
@pytest.mark.parametrize("interleaving", ["none", "line", "sample"])
def test_components_of_jpeg_ls_are_put_together(
    view: View, archive: Archive, tmp_path: Path, interleaving: str
) -> None:
    study = f"{ROOT}.77.{len(interleaving)}"
    dataset = _file(Dataset(), SecondaryCaptureImageStorage, f"{study}.1.1", study, f"{study}.1")
    _patient(dataset, "Planes^Colour", "P-077", "20240305", "Colour planes")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "OT", 1, 1
    rows, columns = np.mgrid[0:24, 0:32]
    pixels = np.stack([10 * rows, 7 * columns, 255 - 3 * (rows + columns)], -1).astype(np.uint8)
    _pixels(dataset, pixels, "RGB")
    dataset.save_as(tmp_path / "native", enforce_file_format=True)
    folder = tmp_path / "coded"
    folder.mkdir()
    subprocess.run(
        ["dcmcjpls", f"--interleave-{interleaving}", "--uid-never", str(tmp_path / "native"), str(folder / "a.dcm")],
        check=True,
    )
    archive.take(folder)
    view.study(study)
    for column, row in ((1, 2), (30, 4), (11, 20)):
        assert view.value_at(column, row) == "RGB " + " ".join(map(str, pixels[row, column]))
