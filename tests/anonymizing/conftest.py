"""An archive with two studies, a project of it, and a worker whose clock does not run."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from isocenter.anonymizing.jobs import Jobs
from isocenter.anonymizing.projects import Facts
from isocenter.archive import Archive, Source
from isocenter.dicom import dictionary
from isocenter.dicom.part10 import write_file_meta
from isocenter.dicom.writer import write_element
from isocenter.settings import load_settings

CT, SC = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7"
EXPLICIT = "1.2.840.10008.1.2.1"
STUDY, OTHER = "1.2.826.76", "1.2.826.86"


def build(number: int, sop_class: str = CT, study: str = STUDY, **more: str) -> bytes:
    """Return an object; every identifier in it begins with Zq or 1.2.826."""
    values = {
        "SOPClassUID": sop_class, "SOPInstanceUID": f"{study}.{number}", "StudyDate": "20240131", "Modality": "CT",
        "AccessionNumber": "ZqACC1Xk", "PatientName": "ZqDoeXk^Jane", "PatientID": "ZqMRN1Xk",
        "StudyInstanceUID": study, "SeriesInstanceUID": f"{study}.0.{sop_class[-1]}", "InstanceNumber": str(number),
        **more,
    }  # fmt: skip
    rows = sorted((dictionary.tag(keyword), value) for keyword, value in values.items())
    body = b"".join(write_element(tag, dictionary.vr(tag), value.encode()) for tag, value in rows)
    for keyword, vr, value in (
        ("SamplesPerPixel", "US", b"\1\0"), ("PhotometricInterpretation", "CS", b"MONOCHROME2 "),
        ("Rows", "US", b"\x08\0"), ("Columns", "US", b"\x08\0"), ("BitsAllocated", "US", b"\x08\0"),
        ("BitsStored", "US", b"\x08\0"), ("HighBit", "US", b"\x07\0"), ("PixelRepresentation", "US", b"\0\0"),
        ("PixelData", "OB", bytes(range(1, 65))),
    ):  # fmt: skip
        body += write_element(dictionary.tag(keyword), vr, value)
    return write_file_meta(sop_class, values["SOPInstanceUID"], EXPLICIT) + body


@pytest.fixture(scope="module")
def empty_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty archive, migrated once for all tests."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    Archive.open(folder, load_settings({"durability": "os"})).close()
    return folder


@pytest.fixture
def data(tmp_path: Path, empty_data: Path) -> Path:
    return Path(shutil.copytree(empty_data, tmp_path / "data"))


@pytest.fixture
def archive(data: Path) -> Iterator[Archive]:
    with Archive.open(data, load_settings({"data": str(data), "durability": "os"})) as archive:
        yield archive


@pytest.fixture
def store(archive: Archive) -> Callable[..., None]:
    def put(*objects: bytes) -> None:
        for each in objects:
            reception = archive.receive_file(Source("import"))
            reception.write(each)
            reception.finish()

    return put


@pytest.fixture
def jobs(archive: Archive, data: Path, store: Callable[..., None]) -> Jobs:
    """A project ``trial``, three objects and a screen in one study, one object in another."""
    store(*(build(number) for number in (1, 2, 3)), build(9, SC), build(1, study=OTHER))
    found = Jobs(archive, data)
    found.projects.add(Facts("trial", "research"))
    return found
