"""An archive in a temporary folder behind the application, a client in the same process, and builders of objects."""

import asyncio
import io
import shutil
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian
from starlette.types import Receive, Scope, Send

from isocenter.archive import Archive, Source
from isocenter.multipart import MultipartReader, PartData, PartEnded, PartStarted, write_end, write_part_header
from isocenter.settings import Settings, load_settings
from isocenter.web.app import Application, create_app
from isocenter.web.management import create_management
from isocenter.web.node import Node

DICOM_JSON = "application/dicom+json"
BOUNDARY = "the-boundary"
STOW = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
STUDY = "1.2.826.1"


def ct(number: int = 1, series: int = 1, study: str = STUDY, **attributes: Any) -> Dataset:
    """Build a small CT slice whose pixels are known: row * 10 + column + number."""
    rows, columns = attributes.pop("Rows", 6), attributes.pop("Columns", 8)
    pixels = np.add.outer(np.arange(rows) * 10, np.arange(columns)).astype("<i2") + number
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = f"{study}.{series}.{number}"
    dataset.StudyDate, dataset.StudyTime = "20240131", "101112"
    dataset.AccessionNumber = "A1"
    dataset.Modality = "CT"
    dataset.ReferringPhysicianName = "House^Gregory"
    dataset.StudyDescription = "Thorax"
    dataset.SeriesDescription = f"Series {series}"
    dataset.PatientName, dataset.PatientID = "Muster^Max", "P1"
    dataset.StudyInstanceUID = study
    dataset.SeriesInstanceUID = f"{study}.{series}"
    dataset.SeriesNumber, dataset.InstanceNumber = series, number
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 1
    dataset.WindowCenter, dataset.WindowWidth = 40, 100
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    if "PixelData" not in attributes:
        dataset.PixelData = pixels.tobytes()
    return dataset


def part10(dataset: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """Return the DICOM file of a data set."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", CTImageStorage)
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
    meta.TransferSyntaxUID = UID(syntax)
    written = Dataset()
    written.update(dataset)
    written.file_meta = meta
    buffer = io.BytesIO()
    dcmwrite(buffer, written, enforce_file_format=True)
    return buffer.getvalue()


def multipart(*files: bytes, content_type: str = "application/dicom") -> bytes:
    """Return a STOW-RS body of these files."""
    parts = (write_part_header(BOUNDARY, {"Content-Type": content_type}) + file for file in files)
    return b"".join(parts) + write_end(BOUNDARY)


def parts_of(response: httpx.Response) -> list[tuple[dict[str, str], bytes]]:
    """Return headers and body of each part of a multipart answer."""
    content_type = response.headers["content-type"]
    assert content_type.startswith("multipart/related")
    reader = MultipartReader(content_type.partition("boundary=")[2].strip('"'))
    reader.receive_data(response.content)
    reader.receive_data(b"")
    parts: list[tuple[dict[str, str], bytes]] = []
    headers, body = {}, b""
    while (event := reader.next_event()) is not None:
        match event:
            case PartStarted():
                headers, body = dict(event.headers), b""
            case PartData():
                body += event.data
            case PartEnded():
                parts.append((headers, body))
    return parts


class Client:
    """Asks the application as a program on this machine would; every answer is complete.

    Its event loop runs in a thread of its own: beside a browser test, whose driver keeps one in the main thread.
    """

    def __init__(self, app: Application) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1234))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080")

    def close(self) -> None:
        self._run(self._client.aclose())
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self._thread.submit(self._runner.run, coroutine).result()

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        response: httpx.Response = self._run(self._client.request(method, path, **arguments))
        return response

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Get a path; ``accept_encoding="gzip"`` becomes the header Accept-Encoding."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("GET", path, headers={"accept-encoding": "identity", **named})

    def stow(self, *files: bytes, study: str = "", **headers: str) -> httpx.Response:
        path = "/dicom-web/studies" + (f"/{study}" if study else "")
        return self.request("POST", path, content=multipart(*files), headers={"content-type": STOW, **headers})


@pytest.fixture
def run_async() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Return a function that runs a coroutine to its end, in a thread as the ``Client`` does."""

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, coroutine).result()

    return run


@pytest.fixture(scope="session")
def empty_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty archive, migrated once for all tests."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    Archive.open(folder, load_settings({"data": str(folder), "durability": "os"})).close()
    return folder


@pytest.fixture
def settings(tmp_path: Path, empty_data: Path) -> Settings:
    shutil.copytree(empty_data, tmp_path / "data")
    return load_settings({"data": str(tmp_path / "data"), "durability": "os"})


@pytest.fixture
def archive(settings: Settings) -> Iterator[Archive]:
    with Archive.open(Path(settings.data), settings) as opened:
        yield opened


class LazyManagement:
    """The management API, made when it is first asked: most tests do not ask it, and making it takes longer."""

    def __init__(self, node: Node) -> None:
        self._node = node

    @cached_property
    def _made(self) -> FastAPI:
        return create_management(self._node)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._made(scope, receive, send)


@pytest.fixture(autouse=True)
def lazy_management(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("isocenter.web.app.create_management", LazyManagement)


@pytest.fixture
def app(archive: Archive, settings: Settings, tmp_path: Path) -> Iterator[Application]:
    application = create_app(archive, settings, static=tmp_path / "static")
    yield application
    application.node.close()


@pytest.fixture
def client(app: Application) -> Iterator[Client]:
    made = Client(app)
    yield made
    made.close()


@pytest.fixture
def store(archive: Archive) -> Callable[..., None]:
    """Return a function that puts objects into the archive."""

    def put(*datasets: Dataset | bytes, syntax: str = ExplicitVRLittleEndian) -> None:
        for dataset in datasets:
            reception = archive.receive_file(Source("import"))
            reception.write(dataset if isinstance(dataset, bytes) else part10(dataset, syntax))
            reception.finish()

    return put
