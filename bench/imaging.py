"""Coding of images: frames per second of one core, ours against DCMTK's and GDCM's programs, in CPU time of both.

The image is a CT of many frames, so that starting a program does not count much; both sides read a file and write one.
What their files decode to is compared, so that nobody is quick by doing something else.
"""

import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from isocenter.phantom import studies
from isocenter.transcoding.files import transcode_file

FRAMES = 30
ROUNDS = 2
SV1, JPEG_LS, J2K, RLE = (f"1.2.840.10008.1.2.{end}" for end in ("4.70", "4.80", "4.90", "5"))
MULTIFRAME = "1.2.840.10008.5.1.4.1.1.7.3"  # Multi-frame Grayscale Word Secondary Capture


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of work: into which syntax, or out of it, and the program that does the same."""

    name: str
    syntax: str
    decodes: bool
    peer: str
    command: Sequence[str]
    goal: float = 1


WORKS = (
    Work("JPEG lossless decoded", SV1, True, "dcmdjpeg", ["dcmdjpeg"]),
    Work("JPEG lossless encoded", SV1, False, "dcmcjpeg", ["dcmcjpeg", "+e1"]),
    Work("JPEG-LS decoded", JPEG_LS, True, "dcmdjpls", ["dcmdjpls"]),
    Work("RLE decoded", RLE, True, "dcmdrle", ["dcmdrle"]),
    Work("JPEG 2000 decoded", J2K, True, "gdcmconv", ["gdcmconv", "--raw"]),
    Work("JPEG 2000 encoded", J2K, False, "gdcmconv", ["gdcmconv", "--j2k"]),
)


def volume(path: Path) -> Path:
    """Write the phantom's thorax as one object and return its path."""
    slices = list(studies(1, ["ct"], FRAMES))
    ds = slices[0]
    ds.SOPClassUID = MULTIFRAME
    ds.NumberOfFrames = len(slices)
    ds.PixelData = b"".join(each.PixelData for each in slices)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(path, enforce_file_format=True)
    return path


def rates(work: Work, folder: Path) -> tuple[float, float]:
    """Return frames per second of one core, ours and the peer's: the better of a few rounds, alternating."""
    native = folder / "native.dcm"
    source = _ours(native, folder / "source.dcm", work.syntax) if work.decodes else native
    target = ExplicitVRLittleEndian if work.decodes else work.syntax
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(FRAMES / _seconds(lambda: _ours(source, folder / "ours.dcm", target)))
        theirs.append(FRAMES / _seconds(lambda: _theirs(work, source, folder / "theirs.dcm")))
    _compare(native, *(folder / f"{side}.dcm" for side in ("ours", "theirs")))
    return max(ours), max(theirs)


def _ours(source: Path, out: Path, syntax: str) -> Path:
    with source.open("rb") as file, transcode_file(file, syntax) as made:
        out.write_bytes(made.read())
    return out


def _theirs(work: Work, source: Path, out: Path) -> Path:
    subprocess.run([*work.command, str(source), str(out)], check=True, capture_output=True)
    return out


def _seconds(do: Callable[[], object]) -> float:
    """Return the CPU time of this process and of those that it starts."""
    before = _cpu()
    do()
    return _cpu() - before


def _cpu() -> float:
    return sum(os.times()[:4])


def _compare(native: Path, *others: Path) -> None:
    expected = pydicom.dcmread(native).pixel_array[0]
    for path in others:
        ds = pydicom.dcmread(path)
        if ds.file_meta.TransferSyntaxUID != JPEG_LS and not np.array_equal(ds.pixel_array[0], expected):
            raise RuntimeError(f"{path.name} holds other values")


def cpu_of(pids: Iterable[int]) -> float:
    """Return the CPU seconds of running processes."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(one[11]) + int(one[12]) for one in fields) / os.sysconf("SC_CLK_TCK")
