"""Images without a window of their own: the viewer and the archive's own pictures show them alike."""

from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from .conftest import ROOT, Archive, View, _file, _patient, _pixels
from .test_planes import take

pytestmark = pytest.mark.browser

SMOOTH = np.add.outer(np.arange(48), np.arange(64))


def counts() -> tuple[str, np.ndarray, dict[str, int]]:
    return "NM", (SMOOTH * 3).astype(np.uint16), {}


def padded() -> tuple[str, np.ndarray, dict[str, int]]:
    values = (SMOOTH * 20 - 1000).astype(np.int16)
    values[:, :16] = -2000
    return "MR", values, {"PixelPaddingValue": -2000}


def small() -> tuple[str, np.ndarray, dict[str, int]]:
    return "OT", (SMOOTH + 60).astype(np.uint8), {}


def nearly_empty() -> tuple[str, np.ndarray, dict[str, int]]:
    values = np.zeros((48, 64), np.uint16)
    values[20:23, 20:23] = 900
    return "MR", values, {}


@pytest.mark.parametrize("kind", [counts, padded, small, nearly_empty])
def test_the_viewer_shows_what_the_archive_renders(
    view: View, archive: Archive, tmp_path: Path, kind: Callable[[], tuple[str, np.ndarray, dict[str, int]]]
) -> None:
    modality, values, more = kind()
    study = f"{ROOT}.78.{len(kind.__name__)}"
    dataset = _file(Dataset(), SecondaryCaptureImageStorage, f"{study}.1.1", study, f"{study}.1")
    _patient(dataset, "Window^None", "P-078", "20240305", kind.__name__)
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = modality, 1, 1
    _pixels(dataset, values, "MONOCHROME2", signed=values.dtype.kind == "i")
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    take(archive, tmp_path / "files", dataset)
    address = f"{archive.url}/dicom-web/studies/{study}/series/{study}.1/instances/{study}.1.1/rendered"
    with urlopen(Request(address, headers={"Accept": "image/png"})) as answer:
        rendered = imagecodecs.png_decode(answer.read())
    view.study(study)
    for column, row in ((5, 5), (21, 21), (40, 12), (62, 46)):
        assert view.brightness(column, row) == pytest.approx(int(rendered[row, column]), abs=1), (column, row)
    assert rendered.max() - rendered.min() > 100
