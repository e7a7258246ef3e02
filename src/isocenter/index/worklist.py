"""Entries of the modality worklist, one row each: the data set as DICOM JSON, and columns to search it by.

A search returns no less than what matches; the last word has whoever compares the data set.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import sqlalchemy as sa

from isocenter.dicom.matching import Match
from isocenter.errors import NotFoundError, UsageError
from isocenter.index.database import Database, Transaction
from isocenter.index.narrowing import column_value, conditions
from isocenter.index.schema import worklist_entry

_TABLE = worklist_entry
#: In DICOM JSON: Scheduled Procedure Step Sequence, and in its item Scheduled Procedure Step Status.
STEP_SEQUENCE, STEP_STATUS = "00400100", "00400020"
#: Column -> VR; what may have several forms or values is searched by what it contains.
_COLUMNS: Mapping[str, str] = {
    "PatientID": "LO",
    "PatientName": "PN",
    "AccessionNumber": "SH",
    "StudyInstanceUID": "UI",
    "RequestedProcedureID": "SH",
    "ScheduledProcedureStepID": "SH",
    "Modality": "CS",
    "ScheduledStationAETitle": "AE",
    "ScheduledProcedureStepStartDate": "DA",
    "ScheduledProcedureStepStartTime": "TM",
    "ScheduledPerformingPhysicianName": "PN",
}
_SEVERAL = frozenset({"PatientName", "ScheduledStationAETitle", "ScheduledPerformingPhysicianName"})
FIRST_STATUS = "SCHEDULED"
_NOT_BEGUN = (FIRST_STATUS, "ARRIVED", "READY")
FINISHED = ("COMPLETED", "DISCONTINUED")

_NAMES = ", ".join(f'"{name}"' for name in _COLUMNS)
_INSERT = (
    f"INSERT INTO worklist_entry (source, stamp, status, changed, data_set, {_NAMES}) VALUES "  # noqa: S608 - constants
    f"(:source, :stamp, :status, :changed, :data_set, {', '.join(':' + name for name in _COLUMNS)}) RETURNING id"
)
_UPDATE = (
    "UPDATE worklist_entry SET stamp = :stamp, status = :status, changed = :changed, data_set = :data_set, "  # noqa: S608
    + ", ".join(f'"{name}" = :{name}' for name in _COLUMNS)
    + " WHERE id = :id"
)
_SAME = """
SELECT id FROM worklist_entry WHERE "StudyInstanceUID" = :study AND "ScheduledProcedureStepID" = :step AND id <> :id"""
_FIND_SOURCE = """
SELECT id, status, "StudyInstanceUID", "ScheduledProcedureStepID" FROM worklist_entry WHERE source = :source"""
_FIND_ID = "SELECT source, status FROM worklist_entry WHERE id = :id"
_REMOVE = "DELETE FROM worklist_entry WHERE id = :id"
_REMOVE_SOURCE = "DELETE FROM worklist_entry WHERE source = :source"
_FORGET = f"""
DELETE FROM worklist_entry WHERE source = '' AND (status IN {FINISHED} AND changed < :before OR status IN {_NOT_BEGUN}
AND "ScheduledProcedureStepStartDate" <> '' AND "ScheduledProcedureStepStartDate" < :day)"""  # noqa: S608 - constants
_STAMPS = "SELECT source, stamp FROM worklist_entry WHERE source <> ''"
_SET_STATUS = """
UPDATE worklist_entry SET status = :status, changed = :changed
WHERE "StudyInstanceUID" = :study AND "ScheduledProcedureStepID" = :step"""
_PERFORMED = """
SELECT DISTINCT performed_step.status FROM performed_step_reference
JOIN performed_step ON performed_step.id = performed_step_reference.performed_step_id
WHERE "StudyInstanceUID" = :study AND "ScheduledProcedureStepID" = :step"""
#: What became of a scheduled step by the states of the performed ones, the first that is among them.
_OUTCOMES = (("IN PROGRESS", "STARTED"), ("COMPLETED", "COMPLETED"), ("DISCONTINUED", "DISCONTINUED"))


class DuplicateEntryError(UsageError):
    """There is an entry with this study and this step."""

    http_status = 409


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be filed: its data set, the values of its columns, and the status that it names, if any."""

    data_set: dict[str, Any]
    columns: Mapping[str, tuple[str, ...]]
    status: str = ""

    COLUMNS: ClassVar[frozenset[str]] = frozenset(_COLUMNS)

    def first(self, keyword: str) -> str:
        """Return the first value of a column."""
        return next(iter(self.columns.get(keyword, ())), "")


@dataclass(frozen=True, slots=True)
class WorklistEntry:
    """An entry as it is filed; ``source`` is the file it comes from, ``changed`` milliseconds since 1970."""

    id: int
    source: str
    status: str
    changed: int
    data_set: dict[str, Any] = field(repr=False)


class WorklistEntries:
    """The table of entries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, entry: NewEntry) -> int:
        """File an entry and return its number.

        Raises:
            DuplicateEntryError: its step is there already.
        """
        with self._database.write() as transaction:
            _check_new(transaction, entry, 0)
            return _insert(transaction, entry, "", "")

    def replace(self, number: int, entry: NewEntry) -> None:
        """File an entry in place of another; without a status of its own it keeps that one's.

        Raises:
            NotFoundError: there is no such entry.
            UsageError: it comes from a file.
            DuplicateEntryError: its step is there already, in another entry.
        """
        with self._database.write() as transaction:
            status = _editable(transaction, number)
            _check_new(transaction, entry, number)
            transaction.change(_UPDATE, _values(entry, "", entry.status or status) | {"id": number})

    def remove(self, number: int) -> None:
        """Remove an entry.

        Raises:
            NotFoundError: there is no such entry.
            UsageError: it comes from a file.
        """
        with self._database.write() as transaction:
            _editable(transaction, number)
            transaction.change(_REMOVE, {"id": number})

    def forget(self, before: int, day: str) -> int:
        """Remove entries that were over before a time, and those of days before ``day`` (YYYYMMDD) that nobody began.

        What comes from a file stays as long as that. Returns how many.
        """
        with self._database.write() as transaction:
            return transaction.change(_FORGET, {"before": before, "day": day})

    def stamps(self) -> dict[str, str]:
        """Return the files that entries come from, each with the stamp it had."""
        return {str(source): str(stamp) for source, stamp in self._database.rows(_STAMPS)}

    def follow(self, changed: Iterable[tuple[str, str, NewEntry]], gone: Iterable[str]) -> None:
        """File what files (name, stamp, entry) have become, and remove what came from files that are gone.

        What modalities reported of a step goes before what its file says. A file that is about another step by now is
        a new entry.
        """
        with self._database.write() as transaction:
            for source in gone:
                transaction.change(_REMOVE_SOURCE, {"source": source})
            for source, stamp, entry in changed:
                _follow(transaction, source, stamp, entry)

    def get(self, number: int) -> WorklistEntry:
        """Return an entry.

        Raises:
            NotFoundError: there is no such entry.
        """
        with self._database.read() as connection:
            row = connection.execute(sa.select(_TABLE).where(_TABLE.c.id == number)).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no worklist entry {number}")
        return _entry(row)

    def pages(
        self, restrictions: Mapping[str, Match], size: int, *, finished: bool
    ) -> Iterator[Sequence[WorklistEntry]]:
        """Yield the entries that may match, by date and time, in pages; ``finished``: those whose step is over, too.

        ``restrictions``: column -> what its values have to match. Raises UsageError for a key with too many values.
        """
        place = (_TABLE.c.ScheduledProcedureStepStartDate, _TABLE.c.ScheduledProcedureStepStartTime, _TABLE.c.id)
        statement = sa.select(_TABLE).where(*conditions(_TABLE, restrictions, _SEVERAL)).order_by(*place).limit(size)
        if not finished:
            statement = statement.where(_TABLE.c.status.not_in(FINISHED))
        last: tuple[Any, ...] | None = None
        while last is None or last:
            with self._database.read() as connection:
                after = statement if last is None else statement.where(sa.tuple_(*place) > last)
                rows = connection.execute(after).all()
            yield [_entry(row) for row in rows]
            last = tuple(getattr(rows[-1], column.name) for column in place) if len(rows) == size else ()


def update_status(transaction: Transaction, study: str, step: str) -> None:
    """Set the status of a scheduled step to what became of it: still in progress, completed, or discontinued."""
    states = {state for (state,) in transaction.rows(_PERFORMED, study=study, step=step)}
    status = next((outcome for state, outcome in _OUTCOMES if state in states), "")
    if status:
        transaction.change(_SET_STATUS, {"study": study, "step": step, "status": status, "changed": _now()})


def _now() -> int:
    return time.time_ns() // 1_000_000


def _editable(transaction: Transaction, number: int) -> str:
    """Return the status of an entry that may be changed here."""
    found = transaction.rows(_FIND_ID, id=number)
    if not found:
        raise NotFoundError(f"there is no worklist entry {number}")
    source, status = found[0]
    if source:
        raise UsageError(f"this entry comes from the file {source!r} of the worklist folder; change that")
    return str(status)


def _check_new(transaction: Transaction, entry: NewEntry, number: int) -> None:
    study, step = entry.first("StudyInstanceUID"), entry.first("ScheduledProcedureStepID")
    found = transaction.rows(_SAME, study=study, step=step, id=number)
    if found:
        raise DuplicateEntryError(
            f"worklist entry {found[0][0]} has this StudyInstanceUID and step ID; change that one"
        )


def _insert(transaction: Transaction, entry: NewEntry, source: str, stamp: str) -> int:
    values = _values(entry, stamp, entry.status or FIRST_STATUS) | {"source": source}
    number = int(transaction.rows(_INSERT, **values)[0][0])
    if not entry.status:
        update_status(transaction, entry.first("StudyInstanceUID"), entry.first("ScheduledProcedureStepID"))
    return number


def _follow(transaction: Transaction, source: str, stamp: str, entry: NewEntry) -> None:
    step = (entry.first("StudyInstanceUID"), entry.first("ScheduledProcedureStepID"))
    found = transaction.rows(_FIND_SOURCE, source=source)
    if found and tuple(found[0][2:]) == step:
        number, status = found[0][:2]
        transaction.change(_UPDATE, _values(entry, stamp, entry.status or status) | {"id": number})
    else:
        transaction.change(_REMOVE_SOURCE, {"source": source})
        _insert(transaction, entry, source, stamp)
    update_status(transaction, *step)


def _values(entry: NewEntry, stamp: str, status: str) -> dict[str, Any]:
    columns = {name: column_value(vr, entry.columns.get(name, ())) for name, vr in _COLUMNS.items()}
    text = json.dumps(entry.data_set, ensure_ascii=False, separators=(",", ":"))
    return {**columns, "stamp": stamp, "status": status, "changed": _now(), "data_set": text}


def _entry(row: "sa.Row[Any]") -> WorklistEntry:
    """Return the entry of a row; its data set says what its step is by now."""
    data_set = json.loads(row.data_set)
    data_set[STEP_SEQUENCE]["Value"][0][STEP_STATUS] = {"vr": "CS", "Value": [row.status]}
    return WorklistEntry(row.id, row.source, row.status, row.changed, data_set)
