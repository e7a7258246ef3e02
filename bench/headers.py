"""Reading headers: our raw scan of what the index needs, against pydicom's ``dcmread`` up to the pixels."""

import os
import time
from pathlib import Path

import pydicom

from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.scanner import scan
from isocenter.dicom.uids import transfer_syntax

#: What the index keeps of each object: identifiers, names, dates, descriptions, matrix.
WANTED = frozenset({
    0x00080005, 0x00080016, 0x00080018, 0x00080020, 0x00080030, 0x00080050, 0x00080060, 0x00081030, 0x0008103E,
    0x00100010, 0x00100020, 0x00100030, 0x00100040, 0x0020000D, 0x0020000E, 0x00200010, 0x00200011, 0x00200013,
    0x00280008, 0x00280010, 0x00280011,
})  # fmt: skip


#: More than the header of any of these files; pydicom does not read the pixels either.
HEAD = 8192


def header_scan_ratio(files: list[Path]) -> tuple[float, float]:
    """Return files per second of both, the better of three rounds each, alternating."""
    ours, theirs = [], []
    for _ in range(3):
        ours.append(_rate(_scan, files))
        theirs.append(_rate(_pydicom, files))
    return max(ours), max(theirs)


def _scan(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    content = os.read(descriptor, HEAD)
    os.close(descriptor)
    meta = read_preamble_and_meta(content)
    assert meta is not None
    result = scan(content, transfer_syntax(meta.transfer_syntax_uid), WANTED, offset=meta.data_set_offset)
    assert 0x0020000D in result.values


def _pydicom(file: Path) -> None:
    ds = pydicom.dcmread(file, stop_before_pixels=True)
    assert ds.StudyInstanceUID


def _rate(read: object, files: list[Path]) -> float:
    assert callable(read)
    started = time.perf_counter()
    for file in files:
        read(file)
    return len(files) / (time.perf_counter() - started)
