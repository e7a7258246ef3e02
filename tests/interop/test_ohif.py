"""The OHIF viewer reads our DICOMweb, in a real browser.

OHIF's built files are served as they are, from the same origin as our DICOMweb, by a small server that passes the
latter's requests on and remembers them.
"""

import http.client
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import imagecodecs
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

pytestmark = [pytest.mark.browser, pytest.mark.ohif]

STUDY = "1.2.826.0.1.3680043.10.543.78"
SLICES, SIDE = 6, 64
CONFIGURATION = """
window.config = {
  name: 'test', routerBasename: null, extensions: [], modes: [], customizationService: {}, showStudyList: true,
  maxNumberOfWebWorkers: 1, showLoadingIndicator: true, showWarningMessageForCrossOrigin: false,
  showCPUFallbackMessage: false, strictZSpacingForVolumeViewport: true, investigationalUseDialog: { option: 'never' },
  httpErrorHandler: (error) => console.error('HTTP', error.status), defaultDataSourceName: 'dicomweb',
  dataSources: [{
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'dicomweb',
    configuration: {
      friendlyName: 'test', name: 'test', qidoRoot: '/dicom-web', wadoRoot: '/dicom-web', wadoUriRoot: '/wado',
      qidoSupportsIncludeField: true, supportsReject: false, imageRendering: 'wadors', thumbnailRendering: 'wadors',
      enableStudyLazyLoad: true, supportsFuzzyMatching: false, supportsWildcard: true,
      omitQuotationForMultipartRequest: true, bulkDataURI: { enabled: true } } }] };
"""


def ct_slice(number: int) -> Dataset:
    """Return a slice whose left half is bright and whose right half is black in its window."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, f"{STUDY}.1.{number}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY, f"{STUDY}.1"
    dataset.PatientName, dataset.PatientID, dataset.StudyID = "Halves^Two", "OHIF-1", "1"
    dataset.StudyDate, dataset.StudyTime, dataset.AccessionNumber = "20240307", "101500", "A1"
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CT", 1, number
    dataset.StudyDescription, dataset.SeriesDescription = "Two halves", "Left is bright"
    dataset.FrameOfReferenceUID = f"{STUDY}.9"
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [0, 0, number], [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [1, 1], 1
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    dataset.WindowCenter, dataset.WindowWidth = 0, 1000
    dataset.Rows = dataset.Columns = SIDE
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    pixels = np.full((SIDE, SIDE), -1000, np.int16)
    pixels[:, : SIDE // 2] = 1000
    dataset.PixelData = pixels.tobytes()
    return dataset


class Site(ThreadingHTTPServer):
    """OHIF's files and our DICOMweb under one origin; ``answers`` are the statuses of what was passed on."""

    def __init__(self, folder: Path, archive_port: int) -> None:
        self.folder = folder
        self.archive_port = archive_port
        self.answers: dict[str, int] = {}
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(SimpleHTTPRequestHandler):
    """One request."""

    server: Site
    protocol_version = "HTTP/1.1"
    extensions_map: ClassVar[dict[str, str]] = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".wasm": "application/wasm",
        ".js": "text/javascript",
    }

    def __init__(self, request: Any, address: Any, server: Site) -> None:
        super().__init__(request, address, server, directory=str(server.folder))

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/dicom-web"):
            self._pass_on()
        elif path == "/app-config.js":
            self._answer(200, {"Content-Type": "text/javascript"}, CONFIGURATION.encode())
        else:
            if not (self.server.folder / path.lstrip("/")).is_file():
                self.path = "/index.html"  # the addresses of a single page
            super().do_GET()

    def _pass_on(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.archive_port, timeout=30)
        connection.request("GET", self.path, headers={"Accept": self.headers["Accept"]})
        answer = connection.getresponse()
        self.server.answers[self.path] = answer.status
        body = answer.read()
        self._answer(answer.status, {"Content-Type": answer.headers.get("Content-Type", "")}, body)
        connection.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(serving: Callable[..., Any], tmp_path: Path, ohif_dir: Path) -> Iterator[Site]:
    """OHIF over an archive with one study."""
    server = serving("--durability", "os").start()
    for number in range(1, SLICES + 1):
        ct_slice(number).save_as(tmp_path / f"{number}.dcm", enforce_file_format=True)
    body = b"".join(
        b"--b\r\nContent-Type: application/dicom\r\n\r\n" + path.read_bytes() + b"\r\n"
        for path in tmp_path.glob("*.dcm")
    )
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=30)
    headers = {
        "Content-Type": 'multipart/related; type="application/dicom"; boundary=b',
        "Accept": "application/dicom+json",
    }
    connection.request("POST", "/dicom-web/studies", body + b"--b--", headers)
    assert connection.getresponse().status == 200
    connection.close()
    site = Site(ohif_dir, server.http_port)
    thread = threading.Thread(target=site.serve_forever)
    thread.start()
    yield site
    site.shutdown()
    thread.join(20)
    site.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in which OHIF gives no guided tour; afterwards it must have raised no error."""
    context = browser.new_context(viewport={"width": 1300, "height": 700})
    context.add_init_script("localStorage.shownTours = '[\"basicViewerTour\"]'")
    page = context.new_page()
    page.set_default_timeout(60_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def brightness(page: Page) -> tuple[int, int]:
    """Return the grey in the middle of the left and of the right half of the picture."""
    box = page.locator(".cornerstone-viewport-element canvas").first.bounding_box()
    assert box is not None
    quarter = min(box["width"], box["height"]) / 4
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    clips = [{"x": x + sign * quarter - 5, "y": y - 5, "width": 10, "height": 10} for sign in (-1, 1)]
    left, right = (imagecodecs.png_decode(page.screenshot(clip=clip))[..., :3].mean() for clip in clips)
    return round(left), round(right)


def drawn(page: Page) -> tuple[int, int]:
    """Return the brightness once something is drawn; each look takes a frame of the browser's."""
    for _ in range(200):
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found = brightness(page)
        if any(found):
            return found
    raise AssertionError("the picture stays black")


def test_a_study_is_listed(site: Site, page: Page) -> None:
    page.goto(site.url)
    row = page.get_by_role("row").filter(has_text="Halves, Two")
    row.wait_for()
    for text in ("07-Mar-2024 10:15", "CT", "Two halves", str(SLICES)):
        expect(row).to_contain_text(text)


def test_a_study_is_drawn(site: Site, page: Page) -> None:
    """In the window that the images ask for, and without a request that we fail."""
    page.goto(f"{site.url}/viewer?StudyInstanceUIDs={STUDY}")
    page.locator(".cornerstone-viewport-element canvas").first.wait_for()
    assert drawn(page) == (255, 0)
    shown = "".join(page.locator("body").inner_text().split())
    assert {text for text in ("Twohalves", "Leftisbright", "W:1000L:0", f"(1/{SLICES})") if text not in shown} == set()
    assert set(site.answers.values()) == {200}
    frames = {path for path in site.answers if path.endswith("/frames/1")}
    assert frames <= {
        f"/dicom-web/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.{n}/frames/1" for n in range(1, 7)
    }
    assert frames
