"""A running archive with generated and real images, and a real browser that looks at it.

The archive is a process of its own, as a user would start it; the browser is headless Chromium with WebGL in software.
The generated images carry their own answer: a pixel's value can be computed from its place.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import Request, urlopen

import numpy as np
import pydicom
import pytest
from playwright.sync_api import Browser, Page
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    CTImageStorage,
    EnhancedSRStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    UltrasoundMultiFrameImageStorage,
)

ROOT = "1.2.826.0.1.3680043.10.543.77"
CT_STUDY, US_STUDY, BROKEN_STUDY, SR_STUDY = (f"{ROOT}.{n}" for n in (1, 2, 3, 4))
SLICES, ROWS, COLUMNS = 24, 64, 80
FRAMES = 12
Case = TypeVar("Case")


def stored_value(number: int, row: int, column: int) -> int:
    """Return the stored value of a pixel of slice ``number`` (from 1) of the generated CT."""
    return 900 + 7 * number + 3 * row + column


def _file(dataset: Dataset, sop_class: str, uid: str, study: str, series: str) -> Dataset:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = uid
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
    dataset.SpecificCharacterSet = "ISO_IR 192"
    return dataset


def _patient(dataset: Dataset, name: str, identifier: str, date: str, description: str) -> Dataset:
    dataset.PatientName, dataset.PatientID, dataset.PatientSex, dataset.PatientBirthDate = (
        name,
        identifier,
        "F",
        "19700102",
    )
    dataset.StudyDate, dataset.StudyTime, dataset.StudyDescription = date, "101500", description
    dataset.AccessionNumber = f"ACC{identifier}"
    dataset.StudyID = "1"
    return dataset


def _pixels(dataset: Dataset, array: np.ndarray, photometric: str, signed: bool = False) -> Dataset:
    colour = photometric == "RGB"
    dataset.Rows, dataset.Columns = array.shape[-3:-1] if colour else array.shape[-2:]
    dataset.SamplesPerPixel = 3 if colour else 1
    if colour:
        dataset.PlanarConfiguration = 0
    dataset.PhotometricInterpretation = photometric
    dataset.BitsAllocated = dataset.BitsStored = array.dtype.itemsize * 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(signed)
    dataset.PixelData = array.tobytes()
    return dataset


def ct_slice(number: int) -> Dataset:
    """Return slice ``number`` (from 1) of the generated CT: oblique, numbered against the direction of the stack."""
    dataset = _file(Dataset(), CTImageStorage, f"{CT_STUDY}.1.{number}", CT_STUDY, f"{CT_STUDY}.1")
    _patient(dataset, "Muster^Erika=山田^花子", "P-001", "20240307", "Thorax low dose")
    dataset.Modality, dataset.SeriesNumber, dataset.SeriesDescription = "CT", 3, "Oblique 5.0"
    dataset.InstanceNumber = SLICES + 1 - number
    dataset.ImageOrientationPatient = [0.8, 0.6, 0, 0, 0, -1]
    dataset.ImagePositionPatient = [round(-0.6 * 5 * number, 3), round(0.8 * 5 * number, 3), 0]
    dataset.PixelSpacing, dataset.SliceThickness = [2.0, 1.0], 5
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, -1024, "HU"
    dataset.WindowCenter, dataset.WindowWidth = [40, -600], [400, 1500]
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
    return _pixels(dataset, stored_value(number, rows, columns).astype(np.int16), "MONOCHROME2", signed=True)


def mr_slice() -> Dataset:
    """Return a second series of the CT study, without a window of its own; its description names the patient."""
    dataset = _file(Dataset(), MRImageStorage, f"{CT_STUDY}.2.1", CT_STUDY, f"{CT_STUDY}.2")
    _patient(dataset, "Muster^Erika=山田^花子", "P-001", "20240307", "Thorax low dose")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "MR", 4, 1
    dataset.SeriesDescription = "Head of MUSTER, P-001"
    return _pixels(dataset, np.arange(64 * 64, dtype=np.uint16).reshape(64, 64), "MONOCHROME2")


def us_cine() -> Dataset:
    """Return a colour cine of ten frames a second; the first pixel's red says which frame it is."""
    dataset = _file(Dataset(), UltrasoundMultiFrameImageStorage, f"{US_STUDY}.1.1", US_STUDY, f"{US_STUDY}.1")
    _patient(dataset, "Echo^Test", "P-002", "20240306", "Echocardiogram")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "US", 1, 1
    dataset.NumberOfFrames, dataset.FrameTime = FRAMES, 100
    frames = np.zeros((FRAMES, 48, 64, 3), np.uint8)
    frames[..., 0] = 10 * np.arange(FRAMES)[:, None, None]
    frames[..., 1] = 77
    return _pixels(dataset, frames, "RGB")


def broken_image() -> Dataset:
    """Return an image whose compressed data are no data at all."""
    dataset = _file(Dataset(), CTImageStorage, f"{BROKEN_STUDY}.1.1", BROKEN_STUDY, f"{BROKEN_STUDY}.1")
    _patient(dataset, "Broken^Image", "P-003", "20240305", "Damaged")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CT", 1, 1
    _pixels(dataset, np.zeros((16, 16), np.uint16), "MONOCHROME2")
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.JPEGLSLossless
    dataset.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8 this is no picture \xff\xd9"])
    return dataset


def report() -> Dataset:
    """Return a structured report: an object without a picture."""
    dataset = _file(Dataset(), EnhancedSRStorage, f"{SR_STUDY}.1.1", SR_STUDY, f"{SR_STUDY}.1")
    _patient(dataset, "Report^Only", "P-004", "20240304", "Findings")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "SR", 1, 1
    dataset.ContentDate, dataset.ContentTime = "20240304", "120000"
    dataset.InstitutionName = "St. Mary's"
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CTImageStorage, f"{CT_STUDY}.1.1"
    dataset.ReferencedImageSequence = [item]
    dataset.add_new(0x00090010, "LO", "ACME INC")
    dataset.add_new(0x00091001, "LO", "private remark")
    return dataset


class Archive:
    """A running ``isocenter serve`` and where it is."""

    def __init__(self, data: Path, process: "subprocess.Popen[str]", addresses: dict[str, str]) -> None:
        self.data = data
        self.process = process
        self.url = addresses["dicomweb"].removesuffix("/dicom-web")

    def take(self, *paths: Path) -> None:
        """Import files into the running archive."""
        command = [sys.executable, "-m", "isocenter", "import", "--data", str(self.data), *map(str, paths)]
        subprocess.run(command, check=True, capture_output=True)


def start(folder: Path) -> Archive:
    """Start an archive on free ports and wait until it says where it is."""
    command = [
        sys.executable,
        "-m",
        "isocenter",
        "serve",
        "--data",
        str(folder),
        "--http-port",
        "0",
        "--dicom-port",
        "0",
        "--json",
    ]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    assert process.stdout is not None
    line = process.stdout.readline()
    return Archive(folder, process, json.loads(line))


def stop(archive: Archive) -> None:
    """Stop it as Ctrl-C does."""
    archive.process.terminate()
    archive.process.communicate(timeout=20)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Return a running archive that holds the generated studies; other files may have added theirs."""
    yield from generated(tmp_path_factory)


def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Give an archive that holds the generated studies and nothing else."""
    files = tmp_path_factory.mktemp("files")
    made = [*(ct_slice(n) for n in range(1, SLICES + 1)), mr_slice(), us_cine(), broken_image(), report()]
    for index, dataset in enumerate(made):
        dataset.save_as(files / f"{index}.dcm", enforce_file_format=True)
    running = start(tmp_path_factory.mktemp("archive"))
    running.take(files)
    yield running
    stop(running)


@pytest.fixture(scope="session")
def real_archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Return a running archive for real images, which tests put there."""
    running = start(tmp_path_factory.mktemp("real"))
    yield running
    stop(running)


@pytest.fixture
def empty_archive(tmp_path: Path) -> Iterator[Archive]:
    """Return a running archive that holds nothing."""
    running = start(tmp_path / "data")
    yield running
    stop(running)


class View:
    """A page of the viewer, and what a user does in it."""

    def __init__(self, page: Page, archive: Archive) -> None:
        self.page = page
        self.archive = archive
        self.errors: list[str] = []
        page.set_default_timeout(60_000)  # other workers share the processors
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        # Chromium shows PDFs by an extension that is built in.
        if not url.startswith((self.archive.url, "blob:", "data:", "chrome-extension:", "chrome:")):
            self.errors.append(f"request to {url}")

    def list(self) -> None:
        """Open the study list."""
        self.page.goto(self.archive.url)
        self.page.locator(".row, .state").first.wait_for()

    def study(self, study: str, query: str = "") -> None:
        """Open a study by its link and wait for a picture, a document or a failure."""
        self.page.goto(f"{self.archive.url}/viewer?StudyInstanceUIDs={study}{query}")
        self.settled()

    def settled(self) -> None:
        """Wait until the picture that is wanted is the one that is shown."""
        self.page.wait_for_function(
            """() => { const pane = document.querySelector('.pane');
                       if (!pane || !document.querySelector('.pane-drawing')?.dataset.renderer) return false;
                       if (document.querySelector('[data-testid=document]')) return true;
                       const { status, index, shown } = pane.dataset;
                       return status === 'failed' || (status === 'ready' && index === shown); }"""
        )

    def summary(self) -> dict[str, object]:
        """What the viewer says is on screen."""
        return self.page.evaluate("window.__isocenter.summary()")

    def value_at(self, column: int, row: int) -> str:
        """Move the mouse to the middle of a pixel and return what the viewer says of it."""
        place = self.page.evaluate(f"window.__isocenter.pixelToPane({column}, {row})")
        box = self.page.locator(".pane-surface").bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + place[0], box["y"] + place[1])
        from playwright.sync_api import expect

        cursor = self.page.get_by_test_id("cursor-value")
        expect(cursor).to_contain_text(f"({column}, {row})")
        return cursor.inner_text().partition(")")[2].strip()

    def brightness(self, column: int, row: int) -> int:
        """The grey that is on the screen in the middle of a pixel, 0 to 255."""
        import imagecodecs

        place = self.page.evaluate(f"window.__isocenter.pixelToPane({column}, {row})")
        box = self.page.locator(".pane-surface").bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + 2, box["y"] + box["height"] / 2 + 40)
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        clip = {"x": round(box["x"] + place[0]) - 1, "y": round(box["y"] + place[1]) - 1, "width": 2, "height": 2}
        return int(imagecodecs.png_decode(self.page.screenshot(clip=clip))[0, 0, 0])

    def edges(self) -> str:
        """The letters at top, right, bottom and left."""
        return " ".join(self.page.locator(f".edge-{edge}").inner_text() for edge in ("top", "right", "bottom", "left"))

    def corner(self, name: str) -> str:
        """The text of a corner: tl, tr, bl, br."""
        return self.page.locator(f".corner-{name}").inner_text()

    def drag(self, dx: float, dy: float, button: str = "left") -> None:
        """Drag from the middle of the pane."""
        box = self.page.locator(".pane-surface").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down(button=button)  # type: ignore[arg-type]
        self.page.mouse.move(x + dx / 2, y + dy / 2)
        self.page.mouse.move(x + dx, y + dy)
        self.page.mouse.up(button=button)  # type: ignore[arg-type]


@pytest.fixture(params=["canvas"])
def renderer(request: pytest.FixtureRequest) -> str:
    """What draws; tests that try both are parametrised with ``indirect``."""
    return str(request.param)


def some_of(cases: Sequence[Case], step: int) -> list[Case]:
    """Return the slow cases that one run takes: in continuous integration every so-manieth, by its seed others."""
    seed = os.environ.get("ISOCENTER_FUZZ_SEED")
    return list(cases) if seed is None else list(cases)[int(seed) % step :: step]


def forget_measurements(archive: Archive) -> None:
    """Delete what earlier tests have measured in the generated studies."""
    for study in (CT_STUDY, US_STUDY):
        write_measurements(archive, study, [])


def write_measurements(archive: Archive, study: str, measurements: list[dict[str, object]]) -> None:
    """Keep measurements in place of whatever is there, as another window would."""
    body, headers = json.dumps(measurements).encode(), {"If-Match": "*", "Content-Type": "application/json"}
    with urlopen(Request(f"{archive.url}/api/studies/{study}/measurements", body, headers, method="PUT")):
        pass


@contextmanager
def looking(
    browser: Browser, archive: Archive, renderer: str = "canvas", *, width: int = 1280, height: int = 720,
    script: str = "", **options: Any,
) -> Iterator[View]:  # fmt: skip
    """Give a page; afterwards it must have raised no error and asked nobody else for anything."""
    options.setdefault("service_workers", "block")  # it would keep tests from seeing and changing requests
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.add_init_script(f"localStorage?.setItem('isocenter.renderer', '{renderer}');{script}")
    shown = View(context.new_page(), archive)
    yield shown
    shown.page.unroute_all(behavior="ignoreErrors")
    context.close()
    assert shown.errors == []


@pytest.fixture
def view(browser: Browser, archive: Archive, renderer: str) -> Iterator[View]:
    """Return a page of 1280 x 720."""
    forget_measurements(archive)
    with looking(browser, archive, renderer) as shown:
        yield shown


@pytest.fixture
def phone(browser: Browser, archive: Archive) -> Iterator[View]:
    """Return a page of a phone, 390 x 844, with touch."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        device_scale_factor=2,
        service_workers="block",
    )
    shown = View(context.new_page(), archive)
    yield shown
    shown.page.unroute_all(behavior="ignoreErrors")
    context.close()
    assert shown.errors == []


def get_json(url: str) -> object:
    """Return the JSON answer of the archive (an empty list for "no content")."""
    with urlopen(url) as answer:
        return json.loads(answer.read() or b"[]")
