"""The bin of an archive: list, restore, empty. Where it is filled is ``index/deletion.py``.

To restore an object is to file it again from its bytes (as ``fsck --repair`` does), so what came meanwhile under the
same UID is treated as ever: equal, or a conflict of which both are kept.
"""

from collections.abc import Callable
from dataclasses import dataclass

from isocenter.arrivals import Arrivals
from isocenter.errors import InvalidObjectError, NotFoundError
from isocenter.index.bin import Binned, Deletion, give_up, read_binned, read_deletions, take_out
from isocenter.index.index import Index
from isocenter.ingest import Intake, Outcome, file
from isocenter.inspection import describe
from isocenter.storage.storage import Storage

__all__ = ["Bin", "Deletion", "Restored"]

_AT_ONCE = 100


@dataclass(slots=True)
class Restored:
    """What became of the objects of a deletion; ``lost``: their bytes cannot be read, they stay in the bin."""

    stored: int = 0
    duplicates: int = 0
    conflicts: int = 0
    lost: int = 0


class Bin:
    """The bin; ``remove_garbage`` removes the bytes of what was emptied."""

    def __init__(self, storage: Storage, index: Index, remove_garbage: Callable[[], None]) -> None:
        self._storage = storage
        self._index = index
        self._intake = Intake(storage, index, Arrivals.of_process())
        self._remove_garbage = remove_garbage

    def deletions(self) -> list[Deletion]:
        """Return what is in the bin, oldest first."""
        return read_deletions(self._index.database)

    def restore(self, deletion: int, progress: Callable[[int], None] | None = None) -> Restored:
        """File the objects of a deletion again; ``progress`` is told how many are done.

        Raises:
            NotFoundError: there is no such deletion.
        """
        self._require(deletion)
        result, after = Restored(), 0
        done = 0
        while found := read_binned(self._index.database, after, _AT_ONCE, deletion):
            take_out(self._index.database, deletion, [each for each in found if self._file(each, result)])
            after, done = found[-1].id, done + len(found)
            if progress is not None:
                progress(done)
        return result

    def _file(self, binned: Binned, result: Restored) -> bool:
        try:
            entry = describe(self._storage, binned.location, binned.received / 1000)
        except (InvalidObjectError, NotFoundError):
            result.lost += 1
            return False
        outcome = file(self._intake, entry).outcome
        result.stored += outcome is Outcome.STORED
        result.duplicates += outcome is Outcome.DUPLICATE
        result.conflicts += outcome is Outcome.CONFLICT
        return True

    def empty(self, deletion: int) -> None:
        """Give up the objects of a deletion for good.

        Raises:
            NotFoundError: there is no such deletion.
        """
        self._require(deletion)
        give_up(self._index.database, deletion)
        self._remove_garbage()

    def empty_all(self) -> int:
        """Give up everything in the bin; return how many deletions that were."""
        found = self.deletions()
        for each in found:
            give_up(self._index.database, each.id)
        self._remove_garbage()
        return len(found)

    def _require(self, deletion: int) -> None:
        if all(each.id != deletion for each in self.deletions()):
            raise NotFoundError(f"there is no deletion {deletion} in the bin")
