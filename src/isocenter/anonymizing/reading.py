"""The bytes of stored objects: read where they are small, mapped where they are large, so that memory stays bounded."""

from __future__ import annotations

import mmap
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from isocenter.archive import Instance
    from isocenter.dicom.encoding import Buffer
    from isocenter.storage import ObjectFile

#: Larger objects are mapped instead of read.
_MAPPED = 16 << 20


class Objects(Protocol):
    """The part of ``archive.Archive`` that is used here."""

    def open_object(self, instance: Instance) -> ObjectFile:
        """Open the Part 10 file of an object."""


def nothing_to_check() -> None:
    """Stand for a check of what cannot have changed."""


@contextmanager
def read_object(archive: Objects, instance: Instance) -> Iterator[tuple[Buffer, Callable[[], None]]]:
    """Give the bytes of an object's file, and what makes sure that they were the object.

    A mapped object that is deleted reads as zeros; so what was made of it counts only when the check, made after the
    last byte was used, raises no NotFoundError. It is valid while the context is open.

    Raises:
        NotFoundError: it is gone.
    """
    with archive.open_object(instance) as file:
        if instance.size < _MAPPED:
            yield file.read(), nothing_to_check
        else:
            yield map_object(file), file.check


def map_object(file: ObjectFile) -> memoryview:
    """Map an object into memory; what is made of it holds slices of the map, which ends with the last of them."""
    start = file.base // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
    before = file.base - start
    whole = mmap.mmap(file.fileno(), before + file.length, access=mmap.ACCESS_READ, offset=start)
    return memoryview(whole)[before:]
