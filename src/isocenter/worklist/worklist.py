"""The worklist of an archive, with what the worklist folder brings: searched, added to, changed."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from isocenter.dicom.nested import Keys, matches
from isocenter.index.database import Database
from isocenter.index.worklist import STEP_SEQUENCE, NewEntry, WorklistEntries, WorklistEntry
from isocenter.settings import Settings
from isocenter.worklist.entry import read_entry
from isocenter.worklist.folder import WorklistFolder
from isocenter.worklist.keys import KEYS

_PAGE = 500
#: Restricts together with the date, not by itself.
_TIME = "ScheduledProcedureStepStartTime"
#: Column -> where its key is in an identifier.
_PATHS: Mapping[str, tuple[int, ...]] = {
    key.keyword: (int(STEP_SEQUENCE, 16), key.tag) if key.in_step else (key.tag,)
    for key in KEYS
    if key.keyword in NewEntry.COLUMNS and key.keyword != _TIME
}


class Worklist:
    """The scheduled procedure steps that modalities ask for."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._entries = WorklistEntries(database)
        self._keep_finished: bool = settings.worklist_keep_finished
        self._folder = (
            WorklistFolder(Path(settings.worklist_folder), self._entries) if settings.worklist_folder else None
        )

    def find(self, keys: Keys, *, finished: bool | None = None) -> Iterator[WorklistEntry]:
        """Yield the entries that match, by date and time; ``finished``: those that are over, too (None: by setting).

        Raises:
            UsageError: a key has too many values.
        """
        if self._folder is not None:
            self._folder.look()
        restrictions = {column: keys.get(*path) for column, path in _PATHS.items()}
        over = self._keep_finished if finished is None else finished
        for page in self._entries.pages(restrictions, _PAGE, finished=over):
            yield from (entry for entry in page if matches(keys, entry.data_set))

    def get(self, number: int) -> WorklistEntry:
        """Return an entry.

        Raises:
            NotFoundError: there is no such entry.
        """
        return self._entries.get(number)

    def add(self, given: Mapping[str, Any]) -> WorklistEntry:
        """Add the entry of a data set, DICOM JSON or flat by keyword; what it lacks of UIDs and numbers is made up.

        Raises:
            UsageError: it is no entry, or is there already; the message says what to change.
        """
        return self._entries.get(self._entries.add(read_entry(given)))

    def change(self, number: int, given: Mapping[str, Any]) -> WorklistEntry:
        """Put an entry in place of another; without a status of its own it keeps that one's.

        Raises:
            NotFoundError: there is no such entry.
            UsageError: as for ``add``, or it comes from a file.
        """
        self._entries.replace(number, read_entry(given))
        return self._entries.get(number)

    def forget(self, days: int, now: datetime) -> int:
        """Remove entries that were over, or that nobody began, so many days ago; 0 days: none. Return how many."""
        if not days:
            return 0
        before = now - timedelta(days=days)
        return self._entries.forget(int(before.timestamp() * 1000), before.strftime("%Y%m%d"))

    def remove(self, number: int) -> None:
        """Remove an entry.

        Raises:
            NotFoundError: there is no such entry.
            UsageError: it comes from a file.
        """
        self._entries.remove(number)
