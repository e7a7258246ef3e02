"""An archive in a temporary folder, and builders of objects for it."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from isocenter.archive import Archive, Receipt, Source
from isocenter.dicom import dictionary
from isocenter.dicom.part10 import write_file_meta
from isocenter.dicom.writer import write_element
from isocenter.settings import Settings, load_settings

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
SOURCE = Source("dimse", "SCANNER")


def _value(vr: str, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return struct.pack("<H", value) if vr == "US" else str(value).encode()


def _build(number: int = 1, *, implicit: bool = False, **attributes: Any) -> bytes:
    """Return the bytes of a small CT data set; keywords add or replace attributes, None removes one."""
    values: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SOPClassUID": CT,
        "SOPInstanceUID": f"1.2.3.{number}",
        "StudyDate": "20240131",
        "Modality": "CT",
        "PatientName": "Doe^Jane",
        "PatientID": "P1",
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.0",
        "SeriesNumber": "1",
        "InstanceNumber": number,
        "Rows": 8,
        "Columns": 8,
        "BitsAllocated": 16,
        "PixelData": bytes(range(128)),
    }
    elements = []
    for keyword, value in (values | attributes).items():
        if value is not None:
            tag = dictionary.tag(keyword)
            vr = "OW" if keyword == "PixelData" else dictionary.vr(tag)
            elements.append((tag, write_element(tag, vr, _value(vr, value), implicit=implicit)))
    return b"".join(element for _, element in sorted(elements))


def _send(archive: Archive, data_set: bytes, syntax: str = EXPLICIT, piece: int = 1 << 17, **announced: str) -> Receipt:
    """Store a data set as it comes over the wire, in pieces."""
    reception = archive.receive(SOURCE, syntax, **announced)
    for at in range(0, len(data_set), piece):
        reception.write(memoryview(data_set)[at : at + piece])
    return reception.finish()


def _wrap(data_set: bytes, syntax: str = EXPLICIT, sop: str = "1.2.3.1") -> bytes:
    """Return the Part 10 file of a data set."""
    return write_file_meta(CT, sop, syntax) + data_set


def _files_in(folder: Path) -> list[Path]:
    """Return all files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def settings() -> Settings:
    return load_settings({"settle_seconds": 5})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def archive(folder: Path, settings: Settings) -> Iterator[Archive]:
    with Archive.open(folder, settings) as archive:
        yield archive


@pytest.fixture(scope="session")
def build() -> Callable[..., bytes]:
    return _build


@pytest.fixture(scope="session")
def send() -> Callable[..., Receipt]:
    return _send


@pytest.fixture(scope="session")
def wrap() -> Callable[..., bytes]:
    return _wrap


@pytest.fixture(scope="session")
def files_in() -> Callable[[Path], list[Path]]:
    return _files_in
