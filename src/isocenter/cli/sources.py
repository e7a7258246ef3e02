"""Where ``import`` and ``send`` find objects: files, folders, ZIP archives and the folder of a DICOMDIR.

Every file found is named and can be opened as a stream; nothing is unpacked to disk and nothing is read whole. Whether
it is an object is for the reader to say; what cannot be opened at all is reported with the reason.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.uids import MEDIA_STORAGE_DIRECTORY
from isocenter.errors import IsocenterError, UsageError

__all__ = ["BLOCK", "MEDIA_STORAGE_DIRECTORY", "UNREADABLE", "Candidate", "Rejected", "find_candidates"]

#: Bytes to read at once.
BLOCK = 1 << 18
#: What reading may raise for a file, or a member of a ZIP, that is damaged, locked or compressed by unknown means.
UNREADABLE = (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
#: Enough for the file meta information of a DICOMDIR.
_HEAD = 1 << 12
_ZIP = b"PK\x03\x04"
_ENCRYPTED = 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be an object: ``name`` for people, ``size`` in bytes, ``open`` gives a stream from its start.

    ``member``: of a ZIP archive, whose one open file no two processes may read from.
    """

    name: str
    size: int
    open: Callable[[], BinaryIO]
    member: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file that cannot be taken, and why."""

    name: str
    reason: str


def find_candidates(paths: Iterable[Path]) -> Iterator[Candidate | Rejected]:
    """Yield every file below these paths, in the order of names; links to folders are not followed.

    A file that is a DICOMDIR, or called one, stands for the folder it is in.

    Raises:
        UsageError: one of the paths is not there.
    """
    for path in paths:
        if not path.exists():
            raise UsageError(f"there is no file or folder {path}")
        if path.is_dir():
            yield from _in_folder(path)
        elif _is_directory(path):
            yield from _in_folder(path.resolve().parent)
        else:
            yield from _at(path)


def _is_directory(path: Path) -> bool:
    if path.name.upper() == "DICOMDIR":
        return True
    with suppress(IsocenterError, OSError), path.open("rb") as stream:
        meta = read_preamble_and_meta(stream.read(_HEAD), final=True)
        return meta is not None and meta.sop_class_uid == MEDIA_STORAGE_DIRECTORY
    return False


def _in_folder(folder: Path) -> Iterator[Candidate | Rejected]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        yield Rejected(str(folder), f"cannot be read: {error.strerror}")
        return
    for entry in entries:
        if not entry.is_dir():
            yield from _at(entry)
        elif not entry.is_symlink():
            yield from _in_folder(entry)


def _at(path: Path) -> Iterator[Candidate | Rejected]:
    if not path.is_file():
        yield Rejected(str(path), "not a regular file")
        return
    try:
        with path.open("rb") as stream:
            start = stream.read(len(_ZIP))
        size = path.stat().st_size
    except OSError as error:
        yield Rejected(str(path), f"cannot be read: {error.strerror}")
        return
    if start == _ZIP:
        yield from _in_zip(path)
    else:
        yield Candidate(str(path), size, partial(_open_file, path))


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
            yield Candidate(name, member.file_size, partial(_open_member, archive, member), member=True)


def _open_file(path: Path) -> BinaryIO:
    return path.open("rb")


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> BinaryIO:
    try:
        return cast("BinaryIO", archive.open(member))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise OSError(f"cannot be unpacked: {error}") from error
