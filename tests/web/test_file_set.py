"""ZIP files with a DICOMDIR: read by pydicom and DCMTK, every file under the name that the directory says."""

import io
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.fileset import FileSet
from pydicom.uid import UID

from isocenter.archive import Archive
from isocenter.dicom.uids import new_uid

from .conftest import STUDY, Client, ct

STUDIES = f"/dicom-web/studies/{STUDY}"
SERIES = f"{STUDIES}/series/{STUDY}.1"
ZIP = "application/zip"


def unpacked(client: Client, path: str, folder: Path) -> Path:
    """Unpack the answer, whose length must be what was said."""
    folder /= "set"
    answer = client.get(f"{path}?dicomdir=true", accept=ZIP)
    assert answer.status_code == 200, answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        assert file.testzip() is None
        file.extractall(folder)
    return folder


@contextmanager
def file_set(folder: Path) -> Iterator[FileSet]:
    """Give what pydicom reads, and clean up what it makes for itself."""
    files = FileSet(folder / "DICOMDIR")
    yield files
    files._stage["t"].cleanup()


def report(**attributes: Any) -> Dataset:
    """Build a structured report with a content item that modifies its title and one that does not."""
    dataset = ct(9, series=3, **attributes)
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    dataset.Modality, dataset.CompletionFlag, dataset.VerificationFlag = "SR", "COMPLETE", "UNVERIFIED"
    title = Dataset()
    title.CodeValue, title.CodingSchemeDesignator, title.CodeMeaning = "1", "99X", "Title"
    dataset.ConceptNameCodeSequence = [title]
    items = [Dataset(), Dataset()]
    items[0].RelationshipType, items[1].RelationshipType = "HAS CONCEPT MOD", "CONTAINS"
    dataset.ContentSequence = items
    for keyword in ("Rows", "Columns", "PixelData"):
        delattr(dataset, keyword)
    return dataset


@pytest.fixture
def filled(store: Callable[..., None]) -> None:
    store(ct(1), ct(2, InstanceNumber=None), ct(3, series=2), report(ContentDate="20240131", ContentTime="1200"))


@pytest.mark.parametrize(("path", "count"), [(STUDIES, 4), (SERIES, 2), (f"{SERIES}/instances/{STUDY}.1.2", 1)])
def test_pydicom_reads_it(
    client: Client, archive: Archive, filled: None, tmp_path: Path, path: str, count: int
) -> None:
    with file_set(unpacked(client, path, tmp_path)) as files:
        assert files.ID == "ISOCENTER"
        assert len(files) == count
        for each in files:
            read = each.load()
            assert read.SOPInstanceUID == each.ReferencedSOPInstanceUIDInFile
            assert read.StudyInstanceUID == STUDY
            assert Path(each.path).read_bytes()[128:132] == b"DICM"
        assert files.find_values("PatientID") == ["P1"]
    parts = {part for path in (tmp_path / "set").rglob("*") for part in path.relative_to(tmp_path / "set").parts}
    assert all(re.fullmatch("[A-Z0-9_]{1,8}", part) for part in parts)


def test_records_say_what_the_objects_say(client: Client, filled: None, tmp_path: Path) -> None:
    records = dcmread(unpacked(client, STUDIES, tmp_path) / "DICOMDIR").DirectoryRecordSequence
    assert [record.DirectoryRecordType for record in records] == [
        "PATIENT", "STUDY", "SERIES", "IMAGE", "IMAGE", "SERIES", "IMAGE", "SERIES", "SR DOCUMENT",
    ]  # fmt: skip
    assert (records[1].StudyDescription, records[1].StudyID) == ("Thorax", "1")
    assert (records[4].InstanceNumber, records[4].Rows) == (2, 6)  # a number by its place, for it had none
    assert records[8].ContentDate == "20240131"
    assert [item.RelationshipType for item in records[8].ContentSequence] == ["HAS CONCEPT MOD"]


@pytest.mark.peer("dcmdump")
def test_dcmtk_reads_it(client: Client, filled: None, tmp_path: Path) -> None:
    path = unpacked(client, STUDIES, tmp_path) / "DICOMDIR"
    done = subprocess.run(["dcmdump", "+P", "0004,1500", str(path)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.count("DICOM\\S000000") == 4


@pytest.mark.peer("dciodvfy")
def test_dciodvfy_finds_no_error(client: Client, store: Callable[..., None], tmp_path: Path) -> None:
    store(ct(1, StudyID="S1"), ct(2, StudyID="S1"))
    path = unpacked(client, STUDIES, tmp_path) / "DICOMDIR"
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if line.startswith("Error")] == []


def test_names_beyond_ascii_and_patients_without_id(client: Client, store: Callable[..., None], tmp_path: Path) -> None:
    store(ct(1, PatientName="Müller^Jörg", PatientID="", SpecificCharacterSet="ISO_IR 100"))
    records = dcmread(unpacked(client, STUDIES, tmp_path) / "DICOMDIR").DirectoryRecordSequence
    assert records[0].PatientName == "Müller^Jörg"
    assert records[0].PatientID == ""


def test_many_objects_on_real_paths(client: Client, store: Callable[..., None], tmp_path: Path) -> None:
    uid = new_uid()
    store(*(ct(number, study=uid) for number in range(1, 41)))
    with file_set(unpacked(client, f"/dicom-web/studies/{uid}", tmp_path)) as files:
        assert sorted(each.load().InstanceNumber for each in files) == list(range(1, 41))


def test_a_value_that_is_none(client: Client, filled: None) -> None:
    assert client.get(f"{STUDIES}?dicomdir=perhaps", accept=ZIP).status_code == 400
    with zipfile.ZipFile(io.BytesIO(client.get(f"{STUDIES}?dicomdir=false", accept=ZIP).content)) as file:
        assert "DICOMDIR" not in file.namelist()
    assert UID(STUDY).is_valid
