"""Where ``import`` and ``send`` find objects: files, folders, ZIP archives and the folder of a DICOMDIR.

Every file found is named and can be opened as a stream; nothing is unpacked to disk and nothing is read whole. Whether
it is an object is for the reader to say; what cannot be opened at all is reported with the reason.
"""

import os
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.errors import DirectoryError, IsocenterError, NotDicomError, UsageError

#: Bytes to read at once.
BLOCK = 1 << 18
#: What reading may raise for a file, or a member of a ZIP, that is damaged, locked or compressed by unknown means.
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
#: Enough for the file meta information of a DICOMDIR.
_HEAD = 1 << 12
_ZIP = b"PK\x03\x04"
_ENCRYPTED = 1
#: How files are called that are objects, or archives that may hold some; most objects on discs are not called so.
_OBJECT_NAMES = (".dcm", ".dicom", ".ima", ".zip", ".tar", ".tgz", ".gz", ".7z", ".rar", ".iso")
#: What a file is that holds no object and is passed over -> how people read it.
PASSED_OVER = {"directory": "DICOMDIR, standing for its files", "not_dicom": "not DICOM"}
_name = attrgetter("name")


class Candidate(NamedTuple):
    """A file that may be an object: ``name`` for people, ``size`` in bytes.

    ``opener`` gives a stream from its start; None: it is the file of this name, which every process can open.
    ``named``: it was named itself, and not found in a folder. A tuple, for those go from process to process, and data
    classes take four times as long to do so.
    """

    name: str
    size: int
    opener: Callable[[], BinaryIO] | None = None
    named: bool = False

    def open(self) -> BinaryIO:
        """Return a stream from its start."""
        return self.opener() if self.opener else open(self.name, "rb")  # noqa: PTH123 - no path object for each file


class Rejected(NamedTuple):
    """A file that cannot be taken, and why."""

    name: str
    reason: str


def find_candidates(paths: Iterable[Path]) -> Iterator[Candidate | Rejected]:
    """Return every file below these paths, in the order of names; links to folders are not followed.

    A file that is a DICOMDIR, or called one, stands for the folder it is in. The paths are looked at here, what is
    below them as it is asked for.

    Raises:
        UsageError: one of the paths is not there.
    """
    return chain.from_iterable([_below(path) for path in paths])


def passed_over(found: Candidate, error: Exception) -> str:
    """Return which of `PASSED_OVER` a file is that was refused as an object with this error, "" where it is a failure.

    A DICOMDIR stands for its files. A file of another kind is none of them, such as the README of a disc, unless
    somebody named it or it is called as objects or archives are.
    """
    if isinstance(error, DirectoryError):
        return "directory"
    if isinstance(error, NotDicomError) and not found.named and not found.name.lower().endswith(_OBJECT_NAMES):
        return "not_dicom"
    return ""


def in_words(passed: Mapping[str, int]) -> str:
    """Return how many files were passed over, as the end of a sentence; "" for none."""
    return "".join(f", {passed[what]} {text}" for what, text in PASSED_OVER.items() if passed[what])


def folder_of(path: Path) -> Path:
    """Return the folder that a DICOMDIR stands for; any other path as it is."""
    return path.resolve().parent if not path.is_dir() and _is_directory(path) else path


def _below(path: Path) -> Iterator[Candidate | Rejected]:
    if not path.exists():
        raise UsageError(f"there is no file or folder {path}")
    start = folder_of(path)
    return _in_folder(start) if start.is_dir() else _at(str(start), is_file=start.is_file(), named=True)


def _is_directory(path: Path) -> bool:
    if path.name.upper() == "DICOMDIR":
        return True
    with suppress(IsocenterError, OSError), path.open("rb") as stream:
        meta = read_preamble_and_meta(stream.read(_HEAD), final=True)
        return meta is not None and meta.is_directory
    return False


def _in_folder(folder: Path) -> Iterator[Candidate | Rejected]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=_name)
    except OSError as error:
        yield Rejected(str(folder), f"cannot be read: {error.strerror}")
        return
    for entry in entries:
        path = Path(entry.path) if entry.is_symlink() else entry  # a path bears links that lead nowhere, or in circles
        if not path.is_dir():
            yield from _at(entry.path, is_file=path.is_file())
        elif path is entry:
            yield from _in_folder(Path(entry.path))


def _at(path: str, *, is_file: bool, named: bool = False) -> Iterator[Candidate | Rejected]:
    """Yield a file, or what is in it. Without Python's streams and paths, which take longer than the disk's cache."""
    if not is_file:
        yield Rejected(path, "not a regular file")
        return
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            start, size = os.read(descriptor, len(_ZIP)), os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
    except OSError as error:
        yield Rejected(path, f"cannot be read: {error.strerror}")
        return
    if start == _ZIP:
        yield from _in_zip(Path(path))
    else:
        yield Candidate(path, size, named=named)


def _in_zip(path: Path) -> Iterator[Candidate | Rejected]:
    """Yield the members; they are inflated as they are read, and keep the archive open."""
    try:
        archive = zipfile.ZipFile(path)
    except UNREADABLE as error:
        yield Rejected(str(path), f"a damaged ZIP archive: {error}")
        return
    for member in archive.infolist():
        name = f"{path}/{member.filename}"
        if member.flag_bits & _ENCRYPTED:
            yield Rejected(name, "encrypted")
        elif not member.is_dir():
            yield Candidate(name, member.file_size, partial(_open_member, archive, member))


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> BinaryIO:
    try:
        return cast("BinaryIO", archive.open(member))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise OSError(f"cannot be unpacked: {error}") from error
