"""GDCM's gdcmscu against our node.

gdcmscu 3.0.21 (and 3.2.6) ends every operation by an exception of its own after the release was answered, with every
peer, DCMTK's too, and before it prints any result. So its debug log is read, in which each response stands twice, and
what it did is checked on our side and in the files that it wrote.
"""

import re
import signal
from collections import Counter
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file

pytestmark = pytest.mark.peer("gdcmscu")

C_STORE_RSP, C_FIND_RSP, C_MOVE_RSP, C_ECHO_RSP = 0x8001, 0x8020, 0x8021, 0x8030
SUCCESS, PENDING = 0x0000, 0xFF00
ENDED_BY_ITSELF = "ProtocolStream as nullptr is invalid"


def responses(log: str) -> Counter[tuple[int, int]]:
    """Return how many responses of which command and status gdcmscu received."""
    found = re.findall(r"\(0000,0100\) \?\? \(US\) (\d+).*?\(0000,0900\) \?\? \(US\) (\d+)", log, re.DOTALL)
    twice = Counter((int(field), int(status)) for field, status in found if int(field) & 0x8000)
    return Counter({response: count // 2 for response, count in twice.items()})


@pytest.fixture
def gdcmscu(full_node, run_peer):
    """Run gdcmscu with our node to its end, and return its debug log."""

    def run(*arguments: object) -> str:
        command = ["stdbuf", "-o0", "gdcmscu", "-D", "--call", "ISOCENTER", "127.0.0.1", full_node.port, *arguments]
        log = run_peer(*command, code=-signal.SIGABRT)
        assert ENDED_BY_ITSELF in log
        return log

    return run


def test_echo(gdcmscu) -> None:
    assert responses(gdcmscu("--echo")) == {(C_ECHO_RSP, SUCCESS): 1}


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_implicit.dcm", "SC_rgb_rle.dcm", "JPEG2000.dcm"])
def test_store(gdcmscu, full_node, name: str) -> None:
    """Objects arrive as the file has them, in its transfer syntax."""
    sent = dcmread(get_testdata_file(name))
    assert responses(gdcmscu("--store", get_testdata_file(name))) == {(C_STORE_RSP, SUCCESS): 1}
    (instance,) = full_node.archive.instances(sent.StudyInstanceUID, sent.SeriesInstanceUID, sent.SOPInstanceUID)
    with full_node.archive.open_object(instance) as file:
        stored = dcmread(file)
        assert stored.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
        assert stored == sent


@pytest.mark.parametrize(
    ("options", "keys", "matches"),
    [
        (["--studyroot", "--study"], {"20,d": "", "10,10": ""}, 4),
        (["--studyroot", "--study"], {"20,d": "", "10,10": "CompressedSamples^CT*"}, 1),
        (["--patientroot", "--patient"], {"10,20": "", "10,10": "compressed*"}, 3),
        (["--studyroot", "--study"], {"20,d": "1.2.3"}, 0),
    ],
)
def test_find(gdcmscu, objects: list[Dataset], options: list[str], keys: dict[str, str], matches: int) -> None:
    arguments = [part for tag, value in keys.items() for part in ("--key", f"{tag}={value}")]
    expected = Counter({(C_FIND_RSP, PENDING): matches, (C_FIND_RSP, SUCCESS): 1})
    assert responses(gdcmscu("--find", *options, *arguments)) == +expected


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_implicit.dcm"])
def test_move(gdcmscu, full_node, free_port, tmp_path: Path, name: str) -> None:
    """gdcmscu is its own destination.

    It reads data sets in the syntax of the last context of the association, whichever they come on, and answers the
    release of the association that brought an object only when it has seen a response to its own request.
    """
    (sent,) = full_node.fill(name)
    port = free_port()
    full_node.know("GDCMSCU", port)
    what = ["--studyroot", "--study", "--key", f"20,d={sent.StudyInstanceUID}"]
    log = gdcmscu("--move", *what, "--port-scp", port, "-o", tmp_path)
    assert responses(log)[C_MOVE_RSP, SUCCESS] == 1
    (path,) = tmp_path.glob("*.dcm")
    assert dcmread(path) == sent
