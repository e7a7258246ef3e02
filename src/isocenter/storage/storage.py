"""The seam between the archive and the place where bytes are kept.

A storage keeps opaque objects under names that it chooses itself (``location``); it knows nothing about DICOM, patients
or the index. An object exists from the return of ``Upload.commit`` on, whole and durable, or not at all.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Stored:
    """One object that a storage holds; ``changed`` is its time of storing in seconds since 1970 (UTC)."""

    location: str
    size: int
    changed: float


class Upload(Protocol):
    """An object on its way in, used by one thread. After ``commit`` or ``discard`` nothing more may be called.

    Every method that writes raises OutOfResourcesError where there is no room.
    """

    def write(self, chunks: Sequence[Buffer]) -> None:
        """Append the chunks; they may be reused after the return."""

    def view(self) -> AbstractContextManager[Buffer]:
        """Return all that was written so far, readable while the context is open (at least one byte written)."""

    def commit(self) -> str:
        """Make the object durable and return its location; on an error nothing of it is left."""

    def discard(self) -> None:
        """Forget the object; never raises."""


class Storage(Protocol):
    """A place that keeps objects; safe for use from many threads and many processes at once.

    ``after_crash``: a process that used it has died without closing it; some of its objects may be unknown to others.
    """

    after_crash: bool

    def create(self) -> Upload:
        """Begin an object."""

    def open(self, location: str) -> BinaryIO:
        """Open an object for reading.

        Raises:
            NotFoundError: there is no such object.
        """

    def path(self, location: str) -> Path:
        """Return the local file that holds the object, for sending it without copying."""

    def size(self, location: str) -> int | None:
        """Return the object's size in bytes, None where there is no such object."""

    def delete(self, locations: Iterable[str]) -> None:
        """Remove objects; those that are not there are no error."""

    def set_aside(self, location: str) -> str:
        """Take an object out of the way without destroying it, and return where a person finds it."""

    def objects(self, since: float = 0) -> Iterator[Stored]:
        """Yield every object that is there; with ``since`` (seconds since 1970) at least those stored later."""

    def close(self) -> None:
        """Give back descriptors and what was not committed."""
