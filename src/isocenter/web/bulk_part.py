"""A bulk data part of a STOW-RS body: a small one in memory, a large one in a file without a name, until it is used."""

import errno
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO

from isocenter.errors import OutOfResourcesError, UnsupportedError

#: What one element can hold (PS3.5 7.1.1).
MAX_VALUE = 0xFFFFFFFE
_IN_MEMORY = 1 << 16
_CHUNK = 1 << 20


@dataclass(slots=True)
class BulkPart:
    """Bytes with their media type; ``users`` are the objects that still need them."""

    media_type: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    users: int = 1
    size: int = 0
    _head: bytearray = field(default_factory=bytearray)
    _file: IO[bytes] | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take the next bytes. May wait for the disk.

        Raises:
            UnsupportedError: it is more than one element can hold.
            OutOfResourcesError: there is no room in the folder for temporary files.
        """
        self.size += len(data)
        if self.size > MAX_VALUE:
            raise UnsupportedError(f"a part is longer than {MAX_VALUE} bytes, more than one element can hold")
        if self._file is None and self.size <= _IN_MEMORY:
            self._head += data
            return
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - open until it is used
                self._write_all(self._head)
                self._head = bytearray()
            self._write_all(data)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                raise OutOfResourcesError(
                    "there is no room for the bulk data in the folder for temporary files"
                ) from error
            raise

    def _write_all(self, data: bytes | bytearray | memoryview) -> None:
        assert self._file is not None
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes from ``offset`` on, fewer at the end."""
        if self._file is None:
            return bytes(self._head[offset : offset + length])
        return os.pread(self._file.fileno(), length, offset)

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
        self._head = bytearray()
        if self._file is not None:
            self._file.close()
            self._file = None
