"""Bulk data parts of a STOW-RS body: kept in one file without a name for each request, until they are used.

One file, so that a request with thousands of parts needs one descriptor; the room of a part that was used goes back to
the file system at once, where that can be done.
"""

import errno
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from isocenter.errors import OutOfResourcesError, UnsupportedError
from isocenter.storage.blocks import punch

#: What one element can hold (PS3.5 7.1.1).
MAX_VALUE = 0xFFFFFFFE
_CHUNK = 1 << 20
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Spool:
    """The file of one request; it goes when nobody holds it any more, so no reader ever sees another file."""

    def __init__(self) -> None:
        self._descriptor = -1
        self.end = 0

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """Write at the end. May wait for the disk.

        Raises:
            OutOfResourcesError: there is no room in the folder for temporary files.
        """
        try:
            if self._descriptor < 0:
                with tempfile.TemporaryFile(buffering=0) as file:
                    self._descriptor = os.dup(file.fileno())
            rest = memoryview(data)
            while rest:
                written = os.pwrite(self._descriptor, rest, self.end)
                self.end += written
                rest = rest[written:]
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise OutOfResourcesError("no room for bulk data in the folder for temporary files (TMPDIR)") from error
            raise

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes from ``offset`` on."""
        return os.pread(self._descriptor, length, offset) if length > 0 else b""

    def give_back(self, offset: int, length: int) -> None:
        """Give the room of bytes back that are not needed any more."""
        if self._descriptor >= 0 and length:
            punch(self._descriptor, offset, length)


@dataclass(slots=True)
class BulkPart:
    """Bytes with their media type; ``users`` are the objects that still need them. Parts are written one by one."""

    spool: Spool
    media_type: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    users: int = 1
    size: int = 0
    begin: int = field(init=False)

    def __post_init__(self) -> None:
        self.begin = self.spool.end

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes. May wait for the disk.

        Raises:
            UnsupportedError: it is more than one element can hold.
            OutOfResourcesError: there is no room.
        """
        if self.size + len(data) > MAX_VALUE:
            raise UnsupportedError(f"a part is longer than {MAX_VALUE} bytes, more than one element can hold")
        self.spool.append(data)
        self.size += len(data)

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes from ``offset`` on, fewer at the end."""
        return self.spool.read(self.begin + offset, min(length, self.size - offset))

    def chunks(self) -> Iterator[bytes]:
        """Yield all bytes in pieces."""
        for offset in range(0, self.size, _CHUNK):
            yield self.read(offset, _CHUNK)

    def all(self, limit: int) -> bytes:
        """Return all bytes.

        Raises:
            UnsupportedError: they are more than ``limit``.
        """
        if self.size > limit:
            raise UnsupportedError(f"a part of {self.size} bytes is too long here; {limit} are taken")
        return b"".join(self.chunks())

    def release(self) -> None:
        """Say that one user has done with it; the last one's word gives the room back."""
        self.users -= 1
        if self.users <= 0:
            self.close()

    def close(self) -> None:
        """Give the room back."""
        self.spool.give_back(self.begin, self.size)
        self.size = 0
