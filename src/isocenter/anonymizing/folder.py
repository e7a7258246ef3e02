"""De-identified objects in a folder: ``<patient>/<study>/<series>/<instance>.dcm``, all names new ones.

An object is written beside and gets its final name when it is whole. So no half-written file ever has that name, and
nothing that is there is replaced. What a run that was killed left beside goes with the next run.
"""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path

from isocenter.deid import Result
from isocenter.dicom.encoding import Buffer
from isocenter.errors import OutOfResourcesError

INCOMING = ".incoming-"
OTHER_OBJECT = "another object with the same UID was written before"
_BLOCK = 1 << 18
_PIECES = 512
#: Pieces that are joined before they are written, in bytes.
_SMALL = 1 << 15
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})


class Given(Enum):
    """What became of an object that was to get its name."""

    NEW = "new"
    SAME = "the same bytes are there already"
    OTHER = "another object is there"


@contextmanager
def incoming(path: Path) -> Iterator[None]:
    """Make a folder, whose name begins with `INCOMING`, for objects without a final name; at the end it is gone."""
    descriptor = _make_and_hold(path)
    try:
        for other in path.parent.glob(f"{INCOMING}*"):
            if other != path:
                _remove_unless_held(other)
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def _make_and_hold(path: Path) -> int:
    while True:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDONLY)
        with suppress(OSError):  # a file system without locks: nobody removes it then
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if path.exists():
            return descriptor
        os.close(descriptor)  # another run took it for one that was left


def _remove_unless_held(path: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path)
        finally:
            os.close(descriptor)


def place_of(result: Result) -> str:
    """Return where an object goes, below the folder."""
    return f"{result.patient}/{result.study or 'no study'}/{result.series or 'no series'}/{result.instance}.dcm"


def write_object(path: Path | str, pieces: Sequence[Buffer]) -> None:
    """Write an object under a name that is not its final one.

    Raises:
        OutOfResourcesError: it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            _write_pieces(descriptor, pieces)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _no_room(error) from error


def give_name(written: str, path: str) -> Given:
    """Give a written object its final name, unless another has it; the first name is gone afterwards.

    Raises:
        OutOfResourcesError: the file system refuses.
    """
    try:
        _link(written, path)
    except FileExistsError:
        return Given.SAME if _same(Path(written), Path(path)) else Given.OTHER
    except OSError as error:
        raise _no_room(error) from error
    finally:
        with suppress(FileNotFoundError):
            os.unlink(written)  # noqa: PTH108 - a path object for each object takes as long as the call
    return Given.NEW


def _no_room(error: OSError) -> OutOfResourcesError:
    return OutOfResourcesError(f"cannot write to the output folder: {error.strerror}")


def _link(written: str, path: str) -> None:
    """Give a file its second name; on file systems that have no such names, its only one. Never replaces a file."""
    try:
        os.link(written, path)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        _link(written, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if Path(path).exists():
            raise FileExistsError(path) from error
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(written).rename(path)


def _write_pieces(descriptor: int, pieces: Sequence[Buffer]) -> None:
    joined = _joined(pieces)
    for at in range(0, len(joined), _PIECES):
        part = joined[at : at + _PIECES]
        while part:
            written = os.writev(descriptor, part)
            while part and written >= len(part[0]):
                written -= len(part.pop(0))
            if part:
                part[0] = part[0][written:]


def _joined(pieces: Sequence[Buffer]) -> list[memoryview]:
    """Return the pieces with small ones, of which a header has some ten, made one; large ones are not copied."""
    found: list[memoryview] = []
    small: list[Buffer] = []
    for piece in pieces:
        if len(piece) < _SMALL:
            small.append(piece)
            continue
        if small:
            found.append(memoryview(b"".join(small)))
            small.clear()
        found.append(memoryview(piece))
    return [*found, memoryview(b"".join(small))] if small else found


def _same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while block := first.read(_BLOCK):
            if block != second.read(_BLOCK):
                return False
    return True
