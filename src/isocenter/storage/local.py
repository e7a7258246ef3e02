"""Objects in segments below one folder of this machine.

``objects/3f/6921a2f0c4b1.seg``: segments (see there), each filled by one process only and by one upload at a time; no
name comes from a patient or a UID. A location is ``3f/6921a2f0c4b1.seg:1a000:80456``: file, where the record begins,
how long the object is, in hexadecimal; one without colons is a file that is an object by itself, as an earlier version
stored it or somebody put there. ``incoming/``: one folder per process, locked while it lives, with the names of the
segments it fills; those of a dead process are cut behind their last record at the next start. ``lost+found/``: what a
check set aside. Files are 0600, folders 0700.

An object becomes durable by one ``fdatasync`` of blocks that were reserved before; the disk has begun with them while
the object was still arriving.
"""
# ruff: noqa: PTH102, PTH103, PTH108, PTH110, PTH112, PTH114, PTH116, PTH208
# Plain strings: building Path objects costs more than the system calls they are for.

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from isocenter.errors import IsocenterError, NotFoundError, OutOfResourcesError
from isocenter.storage.blocks import start_writeback
from isocenter.storage.object_file import ObjectFile, map_range
from isocenter.storage.segment import (
    BLOCK,
    HEADER_SIZE,
    SEGMENT_SIZE,
    Segment,
    aligned,
    erase,
    is_empty,
    read_record,
    records,
    write_header,
)
from isocenter.storage.storage import Buffer, Stored

_SUFFIX = ".seg"
#: Segments that stay open with nobody to fill them.
_IDLE_SEGMENTS = 4
#: Segments laid out with zeros ahead of need, the share of the free room that they may take, and how many seconds no
#: upload must have ended before one is made.
_PREPARED_SEGMENTS = 4
_PREPARED_SHARE = 64
_QUIET = 1.0
#: What a long transfer used up shows how many more it could have used, to this many.
_MOST_PREPARED = 12
#: A first write of this size is a small object, all of it.
_SMALL = (1 << 16) + 1024
#: Bytes after which the disk is told to begin.
_EARLY = 1 << 17
_READ = os.O_RDONLY | os.O_CLOEXEC
_COPY = 1 << 20
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.ENOMEM, errno.EMFILE, errno.ENFILE})


class LocalStorage:
    """The folder ``root``; ``durable`` says whether a commit waits for the disk."""

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self.durable = durable
        self._root = str(root)
        self.objects_folder = f"{root}/objects"
        self._lost = f"{root}/lost+found"
        for folder in (self._root, self.objects_folder, self._lost, f"{root}/incoming"):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        self._incoming, self._lock_descriptor = _claim_folder(f"{root}/incoming")
        self.after_crash = self._cut_leftovers(f"{root}/incoming")
        self._lock = threading.Lock()
        self._idle: list[Segment] = []
        self._prepared: list[Segment] = []
        self._wanted = _PREPARED_SEGMENTS
        self._last_upload = -_QUIET

    @property
    def _is_busy(self) -> bool:
        """Whether an upload ended within the last second."""
        return time.monotonic() - self._last_upload < _QUIET

    def create(self) -> "LocalUpload":
        """Begin an object; it takes a segment with its first bytes."""
        return LocalUpload(self)

    def take(self) -> Segment:
        """Lend a segment that nobody else fills, to be brought back by ``give_back`` or ended by ``retire``."""
        with self._lock:
            if self._prepared and not (self._idle and self._idle[-1].has_ground):
                self._wanted = min(self._wanted + 1, _MOST_PREPARED)
                return self._prepared.pop()
            if self._idle:
                return self._idle.pop()
        return self._new_segment()

    def prepare(self) -> None:
        """Lay out segments with zeros, for the next burst of uploads; only in quiet times and where there is room."""
        while self.durable and not self._is_busy:
            with self._lock:
                missing = self._wanted - len(self._prepared)
            if missing <= 0 or shutil.disk_usage(self._root).free < _PREPARED_SHARE * SEGMENT_SIZE * self._wanted:
                return
            segment = self._new_segment()
            try:
                segment.prepare()
            except OSError:
                self.retire(segment)
                return
            with self._lock:
                self._prepared.append(segment)

    def _new_segment(self) -> Segment:
        shard = secrets.token_hex(1)
        name = f"{shard}/{int(time.time()):08x}{secrets.token_hex(4)}{_SUFFIX}"
        # tells the next process which segments this one was filling
        os.close(os.open(f"{self._incoming}/{name.replace('/', '-')}", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
        with contextlib.suppress(FileExistsError):
            os.mkdir(f"{self.objects_folder}/{shard}", 0o700)
            self._sync_folder(self.objects_folder)
        segment = Segment(f"{self.objects_folder}/{name}", name)
        self._sync_folder(f"{self.objects_folder}/{shard}")
        return segment

    def give_back(self, segment: Segment) -> None:
        """Keep a segment for the next upload, or close it."""
        self._last_upload = time.monotonic()
        with self._lock:
            keeps = not segment.is_full and len(self._idle) < _IDLE_SEGMENTS
            if keeps:
                self._idle.append(segment)
        if not keeps:
            self.retire(segment)

    def retire(self, segment: Segment) -> None:
        """Close a segment for good."""
        with contextlib.suppress(OSError):
            segment.close()
            os.unlink(f"{self._incoming}/{segment.name.replace('/', '-')}")

    def open(self, location: str) -> ObjectFile:
        """Open an object for reading."""
        name, start, length = _parse(location)
        try:
            descriptor = os.open(f"{self.objects_folder}/{name}", _READ)
        except FileNotFoundError as error:
            raise _missing(location) from error
        except OSError as error:
            raise storage_error(error) from error
        if length is None:
            return ObjectFile(descriptor, 0, os.fstat(descriptor).st_size)

        def is_there(descriptor: int) -> bool:
            record = read_record(descriptor, start)
            return record is not None and record.length == length

        file = ObjectFile(descriptor, start + HEADER_SIZE, length, is_there)
        if not is_there(descriptor):
            file.close()
            raise _missing(location)
        return file

    def size(self, location: str) -> int | None:
        """Return how many bytes of the object are there, None where there is no such object."""
        name, start, length = _parse(location)
        try:
            descriptor = os.open(f"{self.objects_folder}/{name}", _READ)
        except OSError:
            return None
        try:
            size = os.fstat(descriptor).st_size
            if length is None:
                return size
            record = read_record(descriptor, start)
            return None if record is None or record.length != length else min(length, size - start - HEADER_SIZE)
        finally:
            os.close(descriptor)

    def delete(self, locations: Iterable[str]) -> None:
        """Give the objects' blocks back to the file system; segments in which nothing is left are removed."""
        parsed = sorted((_parse(location) for location in locations), key=lambda each: each[:2])
        for name, group in groupby(parsed, key=lambda each: each[0]):
            with contextlib.suppress(FileNotFoundError):
                self._delete(f"{self.objects_folder}/{name}", [(start, length) for _, start, length in group])

    def _delete(self, path: str, objects: list[tuple[int, int | None]]) -> None:
        if objects[0][1] is None:
            os.unlink(path)
            return
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            for start, length in objects:
                record = read_record(descriptor, start)
                if record is not None and record.length == length:
                    erase(descriptor, record)
            if self.durable:
                os.fdatasync(descriptor)
            if _is_idle(descriptor) and is_empty(descriptor):  # the walk through one that is being filled is long
                os.unlink(path)
        finally:
            os.close(descriptor)

    def set_aside(self, location: str) -> str:
        """Move the object to a file in ``lost+found`` and return its path."""
        target = f"{self._lost}/{location.replace('/', '-').replace(':', '-')}"
        while os.path.lexists(target):
            target += "+"
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with self.open(location) as source, os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(source, file, _COPY)
            file.flush()
            if self.durable:
                os.fsync(file.fileno())
        self.delete([location])
        return target

    def objects(self, since: float = 0) -> Iterator[Stored]:
        """Walk what was stored since then; what vanishes meanwhile is left out."""
        for shard in sorted(os.listdir(self.objects_folder)):
            yield from self._below(shard, since)

    def _below(self, folder: str, since: float) -> Iterator[Stored]:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            for name in sorted(os.listdir(f"{self.objects_folder}/{folder}")):
                path = f"{self.objects_folder}/{folder}/{name}"
                if os.path.isdir(path) and not os.path.islink(path):
                    yield from self._below(f"{folder}/{name}", since)
                elif name.endswith(_SUFFIX):
                    yield from _records(path, f"{folder}/{name}", since)
                else:
                    yield from _file(path, f"{folder}/{name}", since)

    def close(self) -> None:
        """End the segments, remove this process's incoming folder and release it."""
        if self._lock_descriptor >= 0:
            for segment in (*self._idle, *self._prepared):
                self.retire(segment)
            self._idle.clear()
            self._prepared.clear()
            shutil.rmtree(self._incoming, ignore_errors=True)
            os.close(self._lock_descriptor)
            self._lock_descriptor = -1

    def _sync_folder(self, folder: str) -> None:
        if not self.durable:
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _cut_leftovers(self, incoming: str) -> bool:
        """Cut the segments of processes that died without closing; return whether there was one."""
        found = False
        for name in os.listdir(incoming):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                descriptor = os.open(f"{incoming}/{name}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                try:
                    with contextlib.suppress(BlockingIOError):
                        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        for segment in os.listdir(descriptor):
                            _cut(f"{self.objects_folder}/{segment.replace('-', '/', 1)}")
                        shutil.rmtree(f"{incoming}/{name}")
                        found = True
                finally:
                    os.close(descriptor)
        return found


class LocalUpload:
    """An object that grows at the end of a segment until its header makes it one."""

    __slots__ = ("_begun", "_end", "_segment", "_storage")

    def __init__(self, storage: LocalStorage) -> None:
        self._storage = storage
        self._segment: Segment | None = None
        self._end = 0  # of what is written
        self._begun = 0  # up to where the disk was told to begin

    def write(self, chunks: Sequence[Buffer]) -> None:
        """Hand the pieces to the kernel."""
        size = sum(map(len, chunks))
        try:
            segment = self._segment or self._begin(size)
            segment.reserve(self._end + size)
            segment.write(chunks, self._end)
        except OSError as error:
            raise storage_error(error) from error
        self._end += size
        if self._end - self._begun >= _EARLY and self._storage.durable:
            until = self._end // BLOCK * BLOCK
            start_writeback(segment.descriptor, self._begun, until - self._begun)
            self._begun = until

    def _begin(self, size: int) -> Segment:
        segment = self._segment = self._storage.take()
        self._end = segment.tail + HEADER_SIZE
        self._begun = segment.tail + BLOCK  # the first block waits for the header
        if size <= _SMALL and self._storage.durable:
            segment.lay_ground(self._end + size)
        return segment

    @contextlib.contextmanager
    def view(self) -> Iterator[memoryview]:
        """Map what was written into memory."""
        assert self._segment is not None
        start = self._segment.tail + HEADER_SIZE
        with map_range(self._segment.descriptor, start, self._end - start) as data:
            yield data

    def commit(self, seal: bytes = b"") -> str:
        """Write the header, then wait for the disk."""
        if self._segment is None:
            self.write([b""])
        segment = self._segment
        assert segment is not None
        start = segment.tail
        length = self._end - start - HEADER_SIZE
        try:
            segment.write([write_header(length, time.time(), seal)], start)
            if self._storage.durable:
                os.fdatasync(segment.descriptor)
        except OSError as error:
            self._segment = None
            self._storage.retire(segment)  # which cuts it before this object
            raise storage_error(error) from error
        segment.tail = aligned(self._end)
        self._segment = None
        self._storage.give_back(segment)
        return f"{segment.name}:{start:x}:{length:x}"

    def discard(self) -> None:
        """Leave nothing of what was written."""
        segment, self._segment = self._segment, None
        if segment is None:
            return
        try:
            segment.forget(self._end)
        except OSError:
            self._storage.retire(segment)
        else:
            self._storage.give_back(segment)


def storage_error(error: OSError) -> IsocenterError:
    """Return what to tell the sender: no room (may work later), or what the system said."""
    if error.errno in _NO_ROOM:
        return OutOfResourcesError(f"no room left for objects: {error.strerror}")
    return IsocenterError(f"cannot write to the object folder: {error.strerror}")


def _missing(location: str) -> NotFoundError:
    return NotFoundError(f"the file of this object is missing ({location}); run 'isocenter fsck'")


def _parse(location: str) -> tuple[str, int, int | None]:
    """Return file, start of the record and length of the object; the length of a file that is one is None."""
    name, _, place = location.partition(":")
    if not place:
        return name, 0, None
    start, _, length = place.partition(":")
    return name, int(start, 16), int(length, 16)


def _records(path: str, name: str, since: float) -> Iterator[Stored]:
    """Walk a segment that has changed since then."""
    descriptor = os.open(path, _READ)
    try:
        if os.fstat(descriptor).st_mtime >= since:
            for record in records(descriptor):
                if record.time >= since:
                    location = f"{name}:{record.start:x}:{record.length:x}"
                    yield Stored(location, record.length, record.time, record.seal)
    finally:
        os.close(descriptor)


def _file(path: str, location: str, since: float) -> Iterator[Stored]:
    status = os.stat(path, follow_symlinks=False)
    if status.st_mtime >= since:
        yield Stored(location, status.st_size, status.st_mtime)


def _is_idle(descriptor: int) -> bool:
    """Tell whether no process fills the segment."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _cut(path: str) -> None:
    """Cut a segment behind its last record; remove one without any."""
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            end = max((record.end for record in records(descriptor)), default=0)
            if end:
                os.ftruncate(descriptor, min(end, os.fstat(descriptor).st_size))
            else:
                os.unlink(path)
        finally:
            os.close(descriptor)


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
