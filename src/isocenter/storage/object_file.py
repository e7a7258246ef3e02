"""An object that is open for reading, wherever in a file it lies. Knows neither segments nor folders."""

import io
import mmap
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from isocenter.errors import NotFoundError


class ObjectFile(io.BufferedReader):
    """A file of its own to those that read it.

    Behind ``fileno`` is the file that holds it; it begins at ``base`` there and is ``length`` bytes long.
    The descriptor is closed with it.
    """

    def __init__(self, descriptor: int, base: int, length: int, is_there: Callable[[int], bool] | None = None) -> None:
        self._window = _Window(descriptor, base, length, is_there)
        super().__init__(self._window)
        self.base = base
        self.length = length

    def check(self) -> None:
        """Make sure that what was read by the descriptor was the object; one that is deleted reads as zeros.

        ``read`` does so itself.

        Raises:
            NotFoundError: it was deleted meanwhile.
        """
        self._window.check()

    @contextmanager
    def mapped(self) -> Iterator[memoryview]:
        """Map the object into memory; ends with ``check``."""
        with map_range(self.fileno(), self.base, self.length) as data:
            yield data
        self.check()


class _Window(io.RawIOBase):
    """The bytes of a file from ``base`` on, ``length`` of them."""

    name = "object"  # what reads a file may ask for it

    def __init__(self, descriptor: int, base: int, length: int, is_there: Callable[[int], bool] | None) -> None:
        super().__init__()
        self._is_there = is_there
        self._descriptor = descriptor
        self._base = base
        self._length = length
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        self._position = max(start + offset, 0)
        return self._position

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # what io passes
        room = max(self._length - self._position, 0)
        read = os.preadv(self._descriptor, [memoryview(buffer)[:room]], self._base + self._position)
        self._position += read
        self.check()
        return read

    def check(self) -> None:
        """As ``ObjectFile.check``."""
        if self._is_there is not None and not self._is_there(self._descriptor):
            raise NotFoundError("this object was deleted while it was read")

    def close(self) -> None:
        if not self.closed:
            super().close()
            os.close(self._descriptor)


@contextmanager
def map_range(descriptor: int, offset: int, length: int) -> Iterator[memoryview]:
    """Map a part of a file into memory, read-only."""
    start = offset // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
    before = offset - start
    with (
        mmap.mmap(descriptor, before + length, access=mmap.ACCESS_READ, offset=start) as mapped,
        memoryview(mapped) as whole,
        whole[before:] as data,
    ):
        yield data
