"""The seam between the archive and the place where bytes are kept.

A storage keeps opaque objects under names that it chooses itself (``location``); it knows nothing about DICOM, patients
or the index. An object exists from the return of ``Upload.commit`` on, whole and durable, or not at all.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from isocenter.storage.object_file import ObjectFile

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Stored:
    """One object that a storage holds; ``changed`` is its time of storing in seconds since 1970 (UTC).

    ``seal`` is what it was committed with, empty where the storage does not know.
    """

    location: str
    size: int
    changed: float
    seal: bytes = b""


class Upload(Protocol):
    """An object on its way in, used by one thread. After ``commit`` or ``discard`` nothing more may be called.

    Every method that writes raises OutOfResourcesError where there is no room.
    """

    def write(self, chunks: Sequence[Buffer]) -> None:
        """Append the chunks; they may be reused after the return."""

    def view(self) -> AbstractContextManager[Buffer]:
        """Return all that was written so far, readable while the context is open (at least one byte written)."""

    def commit(self, seal: bytes = b"") -> str:
        """Make the object durable and return its location; on an error nothing of it is left.

        ``seal``: up to 16 bytes kept beside it, by which its owner can tell whether the bytes are all there.
        """

    def discard(self) -> None:
        """Forget the object; never raises."""


class Storage(Protocol):
    """A place that keeps objects; safe for use from many threads and many processes at once.

    ``after_crash``: a process that used it has died without closing it; some of its objects may be unknown to others.
    """

    after_crash: bool

    def create(self) -> Upload:
        """Begin an object."""

    def prepare(self) -> None:
        """Do, if nothing arrives, what makes later uploads quicker; may take some tenths of a second."""

    def open(self, location: str) -> ObjectFile:
        """Open an object for reading.

        Raises:
            NotFoundError: there is no such object.
        """

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
