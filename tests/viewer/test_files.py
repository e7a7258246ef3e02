"""A volume as a file: voxels and their places as NIfTI, the surface at a value as STL, and nobody's name in either."""

import gzip
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import expect

from .conftest import COLUMNS, CT_STUDY, ROWS, SLICES, Archive, View, ct_slice, stored_value
from .test_export import choose
from .test_planes import take
from .test_volume3d import COUNT, STUDY, settled, slice_of

pytestmark = pytest.mark.browser


def test_a_volume_as_nifti(view: View) -> None:
    view.study(CT_STUDY)
    with view.page.expect_download() as saved:
        choose(view, "export.nifti")
    assert saved.value.suggested_filename == "CT-3-volume.nii.gz"
    content = gzip.decompress(Path(saved.value.path()).read_bytes())
    assert struct.unpack_from("<8h", content, 40)[:5] == (3, COLUMNS, ROWS, SLICES, 1)
    assert struct.unpack_from("<2f", content, 112) == (1, -1024)
    assert b"Muster" not in content
    assert b"P-001" not in content
    voxels = np.frombuffer(content, "<i2", offset=352).reshape(SLICES, ROWS, COLUMNS)
    affine = np.array(struct.unpack_from("<12f", content, 280)).reshape(3, 4)
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
    for number in (1, 9, SLICES):
        dataset = ct_slice(number)
        first = np.array(dataset.ImagePositionPatient, float) * (-1, -1, 1)
        matrix = np.c_[affine[:, :3], affine[:, 3] - first]
        index = round(-np.linalg.lstsq(matrix[:, :3], matrix[:, 3], rcond=None)[0][2])
        assert (voxels[index] == stored_value(number, rows, columns)).all()
        orientation = np.array(dataset.ImageOrientationPatient, float).reshape(2, 3)
        for column, row in ((0, 0), (79, 0), (11, 63)):
            # Pixels are 1 mm along the columns' index and 2 mm along the rows'.
            place = np.array(dataset.ImagePositionPatient, float) + orientation[0] * column + orientation[1] * row * 2
            assert affine @ (column, row, index, 1) == pytest.approx(place * (-1, -1, 1), abs=1e-3)
    expect(view.page.locator(".page-note")).to_contain_text(re.compile(f"{COLUMNS} . {ROWS} . {SLICES} voxels"))


def surface(view: View) -> tuple[str, NDArray[np.float64]]:
    """Save the surface at the value that is proposed; return the file's name and its triangles."""
    with view.page.expect_download() as saved:
        view.page.get_by_role("button", name="Save", exact=True).click()
    content = Path(saved.value.path()).read_bytes()
    (count,) = struct.unpack_from("<I", content, 80)
    assert len(content) == 84 + 50 * count
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("rest", "<u2")])
    return saved.value.suggested_filename, np.frombuffer(content, record, offset=84)["corners"].astype(float)


def test_the_surface_of_a_volume_as_stl(view: View, real_archive: Archive, tmp_path: Path) -> None:
    """Between air at -1000 and the block at 1000 HU, 263 HU lies 0.63 of the way in."""
    take(real_archive, tmp_path / "in", *(slice_of(n) for n in range(1, COUNT + 1)))
    view.archive = real_archive
    view.page.set_viewport_size({"width": 1280, "height": 520})
    view.study(STUDY)
    view.page.keyboard.press("Shift+V")
    settled(view)
    choose(view, "export.surface")
    expect(view.page.get_by_label("Value of the surface")).to_have_value("263")
    name, triangles = surface(view)
    assert name == "CT-1-surface-263HU.stl"
    part = 1263 / 2000
    assert triangles.min((0, 1)) == pytest.approx([19 + part, 3 + part, 32 + 2 * part], abs=0.01)
    assert triangles.max((0, 1)) == pytest.approx([28 - part, 12 - part, 40 - 2 * part], abs=0.01)
    enclosed = np.einsum("ij,ij->", triangles[:, 0], np.cross(triangles[:, 1], triangles[:, 2])) / 6
    assert enclosed == pytest.approx((9 - 2 * part) ** 2 * (8 - 4 * part), rel=0.05)
    view.page.get_by_role("button", name="Clip", exact=True).click()
    view.page.get_by_label("Last of the columns").fill("0.6")
    choose(view, "export.surface")
    expect(view.page.locator(".surface-form")).to_contain_text("What is clipped away is left out.")
    _, clipped = surface(view)
    assert clipped[..., 0].max() == pytest.approx(23.5, abs=0.01)
    assert clipped[..., 0].min() == pytest.approx(19 + part, abs=0.01)
