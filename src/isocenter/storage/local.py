"""Objects as files below one folder of this machine.

``objects/3f/6921a2f0c4b1/0a7``: folders of at most 1000 files, each filled by one process only; no name comes from a
patient or a UID. ``incoming/``: one folder per process, locked while it lives, in which uploads grow; what a dead
process left there is removed at the next start. ``lost+found/``: what a check set aside. Files are 0600, folders 0700.

An object becomes durable by a rename and then one ``fsync`` of the file, which on ext4, xfs and btrfs makes the new
name durable too.
"""
# ruff: noqa: PTH102, PTH103, PTH104, PTH108, PTH110, PTH116, PTH123, PTH208
# Plain strings: building Path objects costs more than the system calls they are for.

import contextlib
import errno
import fcntl
import mmap
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from isocenter.errors import IsocenterError, NotFoundError, OutOfResourcesError
from isocenter.storage.storage import Buffer, Stored

FILES_PER_FOLDER = 1000
_PIECES_PER_WRITE = 512  # below IOV_MAX of every system
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM, errno.EMFILE, errno.ENFILE})


class LocalStorage:
    """The folder ``root``; ``durable`` says whether a commit waits for the disk."""

    def __init__(self, root: Path, *, durable: bool = True, files_per_folder: int = FILES_PER_FOLDER) -> None:
        self.durable = durable
        self._root = str(root)
        self.objects_folder = f"{root}/objects"
        self._lost = f"{root}/lost+found"
        for folder in (self._root, self.objects_folder, self._lost, f"{root}/incoming"):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        self._incoming, self._lock_descriptor = _claim_folder(f"{root}/incoming")
        self.after_crash = _remove_leftovers(f"{root}/incoming")
        self._files_per_folder = files_per_folder
        self._lock = threading.Lock()
        self._uploads = 0
        self._folder = ""
        self._files = files_per_folder

    def create(self) -> "LocalUpload":
        """Begin a file in this process's incoming folder."""
        with self._lock:
            self._uploads += 1
            number = self._uploads
        path = f"{self._incoming}/{number:x}"
        try:
            return LocalUpload(self, path, os.open(path, _CREATE, 0o600))
        except OSError as error:
            raise storage_error(error) from error

    def place(self, path: str) -> str:
        """Rename a finished upload to its final name and return its location."""
        location = self._next_location()
        try:
            os.rename(path, f"{self.objects_folder}/{location}")
        except FileNotFoundError:  # somebody removed the folder under us
            with self._lock:
                self._files = self._files_per_folder
            location = self._next_location()
            os.rename(path, f"{self.objects_folder}/{location}")
        return location

    def _next_location(self) -> str:
        with self._lock:
            if self._files >= self._files_per_folder:
                self._folder = self._new_folder()
                self._files = 0
            location = f"{self._folder}/{self._files:03x}"
            self._files += 1
        return location

    def _new_folder(self) -> str:
        """Make a folder that no other process has, durable before the first file is in it."""
        shard = secrets.token_hex(1)
        folder = f"{shard}/{int(time.time()):08x}{secrets.token_hex(2)}"
        parent = f"{self.objects_folder}/{shard}"
        with contextlib.suppress(FileExistsError):
            os.mkdir(parent, 0o700)
            self._sync_folder(self.objects_folder)
        os.mkdir(f"{self.objects_folder}/{folder}", 0o700)
        self._sync_folder(parent)
        return folder

    def _sync_folder(self, folder: str) -> None:
        if not self.durable:
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def open(self, location: str) -> BinaryIO:
        """Open a file for reading, unbuffered enough for ``sendfile``."""
        try:
            return open(f"{self.objects_folder}/{location}", "rb")
        except FileNotFoundError as error:
            raise NotFoundError(f"the file of this object is missing ({location}); run 'isocenter fsck'") from error
        except OSError as error:
            raise storage_error(error) from error

    def path(self, location: str) -> Path:
        """Return the file's path."""
        return Path(f"{self.objects_folder}/{location}")

    def size(self, location: str) -> int | None:
        """Return the file's size, None where there is none."""
        try:
            return os.stat(f"{self.objects_folder}/{location}").st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def delete(self, locations: Iterable[str]) -> None:
        """Unlink the files."""
        for location in locations:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self.objects_folder}/{location}")

    def set_aside(self, location: str) -> str:
        """Move the file to ``lost+found`` and return its new path."""
        target = f"{self._lost}/{location.replace('/', '-')}"
        while os.path.lexists(target):
            target += "+"
        os.rename(f"{self.objects_folder}/{location}", target)
        return target

    def objects(self, since: float = 0) -> Iterator[Stored]:
        """Walk the folders that changed since then; files that vanish meanwhile are left out."""
        for shard in sorted(os.listdir(self.objects_folder)):
            for folder in sorted(_folders(f"{self.objects_folder}/{shard}")):
                path = f"{self.objects_folder}/{shard}/{folder}"
                if since <= 0 or os.stat(path).st_mtime >= since:
                    yield from _files(path, f"{shard}/{folder}")

    def close(self) -> None:
        """Remove this process's incoming folder and release it."""
        if self._lock_descriptor >= 0:
            shutil.rmtree(self._incoming, ignore_errors=True)
            os.close(self._lock_descriptor)
            self._lock_descriptor = -1


class LocalUpload:
    """A file that grows in ``incoming`` until it is renamed."""

    __slots__ = ("_descriptor", "_path", "_storage")

    def __init__(self, storage: LocalStorage, path: str, descriptor: int) -> None:
        self._storage = storage
        self._path = path
        self._descriptor = descriptor

    def write(self, chunks: Sequence[Buffer]) -> None:
        """Hand the pieces to the kernel without joining them."""
        try:
            for start in range(0, len(chunks), _PIECES_PER_WRITE):
                pieces = chunks[start : start + _PIECES_PER_WRITE]
                expected = sum(map(len, pieces))
                written = os.writev(self._descriptor, pieces)
                if written != expected:
                    self._write_rest(b"".join(pieces), written)
        except OSError as error:
            raise storage_error(error) from error

    def _write_rest(self, data: bytes, written: int) -> None:
        rest = memoryview(data)[written:]
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]

    @contextlib.contextmanager
    def view(self) -> Iterator[memoryview]:
        """Map the file into memory."""
        with mmap.mmap(self._descriptor, 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as data:
            yield data

    def commit(self) -> str:
        """Rename, then wait for the disk."""
        try:
            location = self._storage.place(self._path)
            self._path = f"{self._storage.objects_folder}/{location}"
            if self._storage.durable:
                os.fsync(self._descriptor)
        except OSError as error:
            self.discard()
            raise storage_error(error) from error
        os.close(self._descriptor)
        self._descriptor = -1
        return location

    def discard(self) -> None:
        """Close and unlink."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            with contextlib.suppress(OSError):
                os.unlink(self._path)


def storage_error(error: OSError) -> IsocenterError:
    """Return what to tell the sender: no room (may work later), or what the system said."""
    if error.errno in _NO_ROOM:
        return OutOfResourcesError(f"no room left for objects: {error.strerror}")
    return IsocenterError(f"cannot write to the object folder: {error.strerror}")


def _claim_folder(incoming: str) -> tuple[str, int]:
    """Make a folder for this process and lock it; the lock dies with the process."""
    while True:
        folder = f"{incoming}/{secrets.token_hex(6)}"
        os.mkdir(folder, 0o700)
        with contextlib.suppress(FileNotFoundError):  # a starting process may remove it before it is locked
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.path.exists(folder):
                return folder, descriptor
            os.close(descriptor)


def _remove_leftovers(incoming: str) -> bool:
    """Remove the folders of processes that died without closing; return whether there was one."""
    found = False
    for name in _folders(incoming):
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(f"{incoming}/{name}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(f"{incoming}/{name}")
                    found = True
            finally:
                os.close(descriptor)
    return found


def _folders(path: str) -> list[str]:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(path) as entries:
        return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    return []


def _files(path: str, prefix: str) -> Iterator[Stored]:
    with os.scandir(path) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            with contextlib.suppress(FileNotFoundError):
                if entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    yield Stored(f"{prefix}/{entry.name}", status.st_size, status.st_mtime)
