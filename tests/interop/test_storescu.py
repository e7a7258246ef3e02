"""DCMTK's storescu over folders of real data: what it says was accepted is in the archive and comes back unchanged.

storescu encodes data sets anew while it sends them (lengths of sequences, group lengths, padding), so elements are
compared, as pydicom reads them.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import DataElement, Dataset, dcmread
from pydicom.uid import ExplicitVRBigEndian

from isocenter.archive import Archive
from isocenter.cli.identify import identify
from isocenter.cli.sources import UNREADABLE, Candidate, find_candidates
from isocenter.errors import IsocenterError
from isocenter.settings import load_settings

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.peer("storescu"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # pydicom's, of what is odd in real files
]
PADDING, PIXEL_DATA = 0xFFFCFFFC, 0x7FE00010
FOLDERS = ["charset", "transfer_syntax", "pixel_presentation", "patient_id_collision", "sop", "rt"]
#: The other folders with objects: with those above, all of the real data.
REST = ["anonymise", "deid", "dicomdir", "dynamic", "geometry", "malformed", "small", "volumes"]
#: Sent and stored, but pydicom cannot read the file, so that there is nothing to compare with.
NOT_READ = {"malformed/bigendian_undefined_length.dcm"}
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
MAX_CONTEXTS = 128
SUCCESS, WARNING = "Success", "Warning: CoercionOfDataElements"
#: Files that storescu 3.6.7 itself does not get across, and its words for it. The last five name a transfer syntax that
#: it does not know or reads as an uncompressed one; the others are no objects, or broken for its reader.
NOT_SENT = {
    "charset/pydicom/FileInfo.txt": "larger (1701667182) than remaining bytes in file",
    "charset/pydicom/chrSQEncoding.dcm": "No SOP Class or Instance UID",
    "charset/pydicom/chrSQEncoding1.dcm": "No SOP Class or Instance UID",
    "pixel_presentation/overlay_expected.png": "larger (169478669) than remaining bytes in file",
    "sop/sr/sr_basictext_latin2_polish.expected.json": "larger (807542816) than remaining bytes in file",
    "charset/iso_ir_13_sc.dcm": "Invalid tag",
    "sop/us/us_jpegls_philips.dcm": "Invalid tag",
    "transfer_syntax/jpegls/JLSL_RGB_ILV0.dcm": "No SOP Class or Instance UID",
    "transfer_syntax/jpegls/JLSL_RGB_ILV2.dcm": "No SOP Class or Instance UID",
    "transfer_syntax/htj2k/HTJ2KLossless_08_RGB.dcm": "Failed to send message",
    "transfer_syntax/jpegxl/us_multiframe_jpegxl_recompression.dcm": "Failed to receive message",
    "transfer_syntax/seg_1bit/liver_deflate.dcm": "Failed to send message",
    "transfer_syntax/seg_1bit/liver_nonbyte_aligned_deflate.dcm": "Failed to send message",
}
#: Files that we refuse: they have no StudyInstanceUID.
REFUSED = {
    "sop/sm_wsi/wsi_140tiles_jpeg.dcm",
    "transfer_syntax/jpegls/JLSL_08_07_0_1F.dcm",
    "transfer_syntax/jpegls/JLSL_16_15_1_1F.dcm",
}
#: Categories of the objects that belong to no study.
NON_PATIENT = ("color-palettes", "hanging-protocols")


def proposals(folders: list[Path]) -> set[tuple[str, str]]:
    """Return SOP class and transfer syntax of all objects in the folders."""
    found: set[tuple[str, str]] = set()
    for candidate in find_candidates(folders):
        if isinstance(candidate, Candidate):
            try:
                with candidate.open() as file:
                    item = identify(candidate, file)
            except (IsocenterError, *UNREADABLE):
                continue
            found.add((item.sop_class_uid, item.transfer_syntax_uid))
    return found


def profile(pairs: set[tuple[str, str]]) -> str:
    """Return a configuration of storescu that proposes each SOP class in each transfer syntax that it is there in."""
    assert len(pairs) <= MAX_CONTEXTS
    syntaxes = sorted({syntax for _, syntax in pairs})
    lines = ["[[TransferSyntaxes]]"]
    for number, syntax in enumerate(syntaxes):
        lines += [f"[Syntax{number}]", f"TransferSyntax1 = {syntax}"]
    lines += ["[[PresentationContexts]]", "[All]"]
    for number, (sop_class, syntax) in enumerate(sorted(pairs), 1):
        lines.append(f"PresentationContext{number} = {sop_class}\\Syntax{syntaxes.index(syntax)}")
    return "\n".join([*lines, "[[Profiles]]", "[Default]", "PresentationContexts = All", ""])


def storescu(port: int, configuration: Path, folders: list[Path]) -> Iterator[tuple[Path, str]]:
    """Send the folders; yield each file that storescu tried, with the answer it says it got, or what it says failed."""
    command = ["storescu", "-v", "-nh", "+r", "+sd", "-xf", str(configuration), "Default", "-aec", "ISOCENTER"]
    done = subprocess.run(
        [*command, "127.0.0.1", str(port), *map(str, folders)],
        env=os.environ | {"TCP_NODELAY": "1"}, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    output = (done.stdout + done.stderr).decode("latin-1")
    for block in output.split("I: Sending file: ")[1:]:
        name, _, rest = block.partition("\n")
        answer = re.search(r"Received Store Response \((.*)\)", rest)
        failure = re.search(r"^E: (?!Store Failed)(.*)", rest, re.MULTILINE)
        yield Path(name), answer[1] if answer else failure[1] if failure else "?"


def read(file: Path | BytesIO) -> Dataset:
    return dcmread(file, force=True)


def even(element: DataElement) -> DataElement:
    """Return an element whose bytes have been padded as storescu pads them."""
    if not isinstance(element.value, bytes) or len(element.value) % 2 == 0:
        return element
    return DataElement(element.tag, element.VR, element.value + b"\0")


def elements(data_set: Dataset, *, private: bool = True) -> dict[int, Any]:
    """Return what a data set says: without group lengths and trailing padding, pixel data little endian and even.

    Some files have pixel data of a VR that their transfer syntax does not allow; storescu puts it right.
    """
    found = {
        int(element.tag): even(element)
        for element in data_set
        if element.tag.element and element.tag != PADDING and (private or not element.tag.is_private)
    }
    pixels = found.pop(PIXEL_DATA, None)
    if pixels is not None:
        value = bytearray(pixels.value + b"\0" * (len(pixels.value) % 2))
        if data_set.file_meta.get("TransferSyntaxUID") == ExplicitVRBigEndian and pixels.VR == "OW":
            value[0::2], value[1::2] = value[1::2], value[0::2]
        found[PIXEL_DATA] = bytes(value)
    return found


def same(sent: Dataset, stored: Dataset) -> bool:
    """Tell whether two objects are the same; files without meta information do not name a transfer syntax.

    One that was here before in another uncompressed transfer syntax is the same, too; not all of them tell the VR of
    private elements, so those are left out there.
    """
    theirs, ours = sent.file_meta.get("TransferSyntaxUID"), stored.file_meta.TransferSyntaxUID
    if theirs in {None, ours}:
        return elements(sent) == elements(stored)
    if theirs.is_encapsulated or ours.is_encapsulated:
        return False
    return elements(sent, private=False) == elements(stored, private=False)


def part10(multipart: bytes) -> bytes:
    """Return the one file of a multipart answer."""
    boundary, _, rest = multipart.lstrip(b"\r\n").partition(b"\r\n")
    return rest.partition(b"\r\n\r\n")[2].rpartition(b"\r\n" + boundary + b"--")[0]


def fetch(server: Any, instance: dict[str, Any]) -> Dataset:
    study, series, uid = (instance[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018"))
    return read(BytesIO(part10(server.get(f"/dicom-web/studies/{study}/series/{series}/instances/{uid}", AS_STORED))))


def kept_in_conflict(data: Path) -> list[Dataset]:
    """Return the objects of the conflict list: many of the files are variants under one UID."""
    with Archive.open(data, load_settings({"data": str(data)})) as archive:
        kept = (each.instance for each in archive.conflicts())
        return [read(BytesIO(archive.open_object(each).read())) for each in kept if each is not None]


@pytest.fixture
def sent(serving: Callable[..., Any], data_dir: Path, tmp_path: Path) -> tuple[Any, dict[str, str]]:
    """A server, and what storescu says became of each file, by its path below the folder of data."""
    server = serving("--durability", "os").start()
    return server, send(server, data_dir, FOLDERS, tmp_path)


def send(server: Any, data_dir: Path, names: list[str], scratch: Path) -> dict[str, str]:
    folders = [data_dir / name for name in names]
    configuration = scratch / "storescu.cfg"
    configuration.write_text(profile(proposals(folders)))
    answers = storescu(server.dicom_port, configuration, folders)
    return {str(path.relative_to(data_dir)): answer for path, answer in answers}


def test_what_storescu_sends_comes_back(sent: tuple[Any, dict[str, str]], data_dir: Path) -> None:
    server, answers = sent
    assert all_came_back(server, answers, data_dir) > 180


def test_the_rest_that_storescu_sends_comes_back(serving: Callable[..., Any], data_dir: Path, tmp_path: Path) -> None:
    server = serving("--durability", "os").start()
    answers = send(server, data_dir, REST, tmp_path)
    assert all_came_back(server, answers, data_dir) > 1500


def all_came_back(server: Any, answers: dict[str, str], data_dir: Path) -> int:
    """Check that everything that was accepted is in the archive, unchanged, and return how many files that is."""
    accepted = {name for name, answer in answers.items() if answer in {SUCCESS, WARNING}}
    instances = server.json("/dicom-web/instances?limit=100000")
    stored: dict[str, list[Dataset]] = {}
    for instance in instances:
        stored.setdefault(instance["00080018"]["Value"][0], []).append(fetch(server, instance))
    for category in NON_PATIENT:
        for each in server.json(f"/dicom-web/{category}"):
            uid = each["00080018"]["Value"][0]
            file = server.get(f"/dicom-web/{category}/{uid}", "application/dicom")
            stored.setdefault(uid, []).append(read(BytesIO(file)))
    for second in kept_in_conflict(server.data):
        stored[second.SOPInstanceUID].append(second)
    files = {name: read(data_dir / name) for name in accepted - NOT_READ}
    missing = {name for name, file in files.items() if not any(same(file, one) for one in stored[file.SOPInstanceUID])}
    assert missing == set()
    assert len(stored.keys() - {file.SOPInstanceUID for file in files.values()}) == len(accepted & NOT_READ)
    return len(accepted)


def test_what_storescu_does_not_get_across(sent: tuple[Any, dict[str, str]], data_dir: Path) -> None:
    """Every file is sent but those of the tables; the refused ones for the reason that the log gives."""
    server, answers = sent
    everything = {str(path.relative_to(data_dir)) for name in FOLDERS for path in (data_dir / name).rglob("*.*")}
    assert answers.keys() == everything
    failed = {name: answer for name, answer in answers.items() if answer not in {SUCCESS, WARNING}}
    assert failed.keys() == NOT_SENT.keys() | REFUSED
    assert all(phrase in failed[name] for name, phrase in NOT_SENT.items())
    assert {failed[name] for name in REFUSED} == {"Error: CannotUnderstand"}
    log = server.data.with_suffix(".log").read_text()
    refusals = [line for line in log.splitlines() if " refused: " in line]
    unnamed = [line for line in refusals if line.endswith("refused: StudyInstanceUID is missing")]
    assert len(unnamed) == len(REFUSED)
    assert unnamed == refusals
