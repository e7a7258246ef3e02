"""The front of the index: everything the archive asks of it. Knows rows, not files."""

from collections.abc import Iterator
from typing import Any, Self

from isocenter.index.answers import find, find_pages
from isocenter.index.conflicts import (
    Conflict,
    ConflictKind,
    conflict_key,
    kept_location,
    list_conflict,
    move_second,
    read_conflicts,
)
from isocenter.index.database import Database
from isocenter.index.deletion import delete_objects
from isocenter.index.entry import Entry, Instance
from isocenter.index.filing import Filed, Filing
from isocenter.index.group_commit import GroupCommit
from isocenter.index.instances import read_at, read_instances
from isocenter.index.migrate import migrate
from isocenter.index.query import Query

_MOVE = tuple(
    f'UPDATE {table} SET location = :location, size = :size, data_set_offset = :offset WHERE "SOPInstanceUID" = :uid'  # noqa: S608 - constants
    for table in ("instance", "non_patient_object")
)


class Index:
    """The index in one database; used by all threads of a process."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._commits: GroupCommit[Entry, Filed] = GroupCommit(Filing(database).file)

    @classmethod
    def open(cls, url: str, *, durable: bool = True) -> Self:
        """Open the database and bring its schema up to date."""
        database = Database(url, durable=durable)
        try:
            migrate(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        """Close all connections."""
        self.database.close()

    def file(self, entry: Entry) -> Filed:
        """File an object; returns when its row is durable, together with those of other threads that wait."""
        return self._commits.submit(entry)

    def keep_conflict(self, entry: Entry, detail: str) -> bool:
        """List another object under a known UID; return False where the list keeps the same one elsewhere."""
        key = conflict_key(entry)
        with self.database.write() as transaction:
            if list_conflict(transaction, ConflictKind.INSTANCE, key, detail, entry):
                return True
            return kept_location(transaction, key) == entry.location

    def move(self, instance: Instance, entry: Entry) -> None:
        """Let the row of a lost object point to an identical one."""
        with self.database.write() as transaction:
            place = {"location": entry.location, "size": entry.size, "offset": entry.data_set_offset}
            for statement in _MOVE:  # the UID is in one of the two tables
                transaction.change(statement, place | {"uid": instance.SOPInstanceUID})

    def move_conflict(self, entry: Entry) -> None:
        """Let the conflict that keeps a lost object point to an identical one."""
        with self.database.write() as transaction:
            move_second(transaction, entry)

    def delete(self, study: str, series: str, sop: str, now: int, expires: int | None = None) -> bool:
        """Delete a study, a series or an object ("" = all below), into the bin if it ``expires``; False: no such."""
        return delete_objects(self.database, study, series, sop, now, expires)

    def make_durable(self) -> None:
        """Return when everything that was filed until now would survive a loss of power."""
        self.database.make_durable()

    def find(self, query: Query) -> list[dict[str, Any]]:
        """Return the answers to a query as DICOM JSON Model objects."""
        return find(self.database, query)

    def find_pages(self, query: Query, size: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the answers in pages, each read when it is asked for."""
        return find_pages(self.database, query, size)

    def knows(self, location: str) -> bool:
        """Tell whether a row names this location."""
        return bool(read_at(self.database, [location]))

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the conflict list, oldest first."""
        return read_conflicts(self.database)

    def instances(
        self,
        StudyInstanceUID: str,  # noqa: N803 - DICOM keywords
        SeriesInstanceUID: str | None = None,  # noqa: N803
        SOPInstanceUID: str | None = None,  # noqa: N803
    ) -> list[Instance]:
        """Return the objects of a study, series, or one object, in their order; empty if there is none."""
        return read_instances(self.database, StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID)
