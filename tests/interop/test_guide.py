"""The user guide's table of services: each of its lines is run, by a shell as a reader would, from the top down."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

pytestmark = pytest.mark.peer("curl", "storescu", "storescp", "dcmj2pnm")

GUIDE = Path(__file__).resolve().parent.parent.parent / "docs" / "guide.md"
#: Programs that a line may begin with; other code in the table is no line to run.
PROGRAMS = (
    "isocenter",
    "curl",
    "echoscu",
    "storescu",
    "dcmsend",
    "findscu",
    "getscu",
    "movescu",
    "dcm2json",
    "dcmj2pnm",
)


def lines() -> list[str]:
    """Return the lines of the table, row by row."""
    section = GUIDE.read_text(encoding="utf-8").partition("## Services at a glance")[2].partition("\n## ")[0]
    code = [part for row in section.splitlines() if row.startswith("|") for part in re.findall(r"`([^`]+)`", row)]
    return [line for line in code if line.split()[0] in PROGRAMS and " " in line]


def ct() -> Dataset:
    """Return the object that the lines speak of."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, "1.2.3.1.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    dataset.PatientName, dataset.PatientID, dataset.Modality = "DOE^JANE", "4711", "CT"
    dataset.StudyDate, dataset.StudyTime, dataset.StudyID, dataset.AccessionNumber = "20240131", "0930", "1", "A1"
    dataset.SeriesNumber, dataset.InstanceNumber = 1, 1
    dataset.Rows = dataset.Columns = 16
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.WindowCenter, dataset.WindowWidth = 128, 256
    dataset.PixelData = bytes(range(256)) * 2
    return dataset


def test_every_line_of_the_table(
    serving: Callable[..., Any], start_peer: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serving("--durability", "os").start()
    here = tmp_path / "here"
    (here / "folder").mkdir(parents=True)
    ct().save_as(here / "ct.dcm", enforce_file_format=True)
    ct().save_as(here / "folder" / "ct.dcm", enforce_file_format=True)
    workstation = start_peer("storescp", "-aet", "WORKSTATION", "-od", tmp_path)
    monkeypatch.setenv("TCP_NODELAY", "1")
    places = {
        "11112": str(server.dicom_port), "8080": str(server.http_port), "11113": str(workstation),
        " DIR": f" {shlex.quote(str(server.data))}",
    }  # fmt: skip
    failed = {}
    for line in lines():
        command = line.replace("isocenter ", f"{shlex.quote(sys.executable)} -m isocenter ", 1)
        command = re.sub(r"^curl ", "curl --silent --show-error --fail ", command)
        for written, real in places.items():
            command = command.replace(written, real)
        done = subprocess.run(command, shell=True, cwd=here, capture_output=True, timeout=60, check=False)
        if done.returncode:
            failed[line] = (done.stdout + done.stderr).decode(errors="replace")
    assert not failed, "\n\n".join(f"{line}\n{said}" for line, said in failed.items())
    for made in ("study/1.2.3.1.1.dcm", "study.zip", "study.multipart", "frame.multipart", "picture.jpg"):
        assert (here / made).stat().st_size > 100, made


def test_the_table_has_every_program() -> None:
    assert {line.split()[0] for line in lines()} == set(PROGRAMS)
    assert len(lines()) > 40
