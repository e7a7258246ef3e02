"""Performed procedure steps, one row each: the data set as DICOM JSON, columns to search it by, and what it was about.

A change of a step and what it means for the scheduled ones that it names are one transaction.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from isocenter.dicom.matching import Match
from isocenter.errors import IsocenterError, NotFoundError
from isocenter.index.database import Database, Transaction
from isocenter.index.narrowing import column_value, conditions
from isocenter.index.schema import performed_step
from isocenter.index.worklist import update_status

_TABLE = performed_step
#: Column -> VR.
COLUMNS: Mapping[str, str] = {
    "PatientID": "LO",
    "PatientName": "PN",
    "Modality": "CS",
    "PerformedStationAETitle": "AE",
    "PerformedProcedureStepID": "SH",
    "PerformedProcedureStepStartDate": "DA",
    "PerformedProcedureStepStartTime": "TM",
}
_SEVERAL = frozenset({"PatientName"})
_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
_INSERT = (
    'INSERT INTO performed_step ("SOPInstanceUID", status, calling_aet, created, changed, data_set, '  # noqa: S608
    f"{_NAMES}) VALUES (:uid, :status, :calling_aet, :now, :now, :data_set, "
    f"{', '.join(':' + name for name in COLUMNS)}) RETURNING id"
)
_REFER = """
INSERT INTO performed_step_reference (performed_step_id, "StudyInstanceUID", "ScheduledProcedureStepID")
VALUES (:id, :study, :step)"""
_REFERENCES = """
SELECT "StudyInstanceUID", "ScheduledProcedureStepID" FROM performed_step_reference WHERE performed_step_id = :id"""
_FIND = 'SELECT id FROM performed_step WHERE "SOPInstanceUID" = :uid'
#: Nobody else changes the row until the end of the transaction.
_HOLD = 'UPDATE performed_step SET changed = changed WHERE "SOPInstanceUID" = :uid RETURNING id, data_set'
_OVER = "SELECT id FROM performed_step WHERE status <> 'IN PROGRESS' AND changed < :before"
_FORGET = (
    "DELETE FROM performed_step_reference WHERE performed_step_id = :id",
    "DELETE FROM performed_step WHERE id = :id",
)
_UPDATE = "UPDATE performed_step SET status = :status, changed = :now, data_set = :data_set WHERE id = :id"


class DuplicateStepError(IsocenterError):
    """There is a step with this SOP Instance UID."""

    http_status = 409
    dimse_status = 0x0111


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step to be filed: the values of its columns, and the scheduled steps (study UID, step ID) that it is about."""

    uid: str
    status: str
    calling_aet: str
    data_set: dict[str, Any]
    columns: Mapping[str, tuple[str, ...]]
    scheduled: Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PerformedStep:
    """A step as it is filed; times are milliseconds since 1970."""

    id: int
    SOPInstanceUID: str
    status: str
    calling_aet: str
    created: int
    changed: int
    data_set: dict[str, Any] = field(repr=False)


class PerformedSteps:
    """The table of steps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, step: NewStep) -> None:
        """File a step.

        Raises:
            DuplicateStepError: its UID is there already.
        """
        with self._database.write() as transaction:
            if transaction.rows(_FIND, uid=step.uid):
                raise DuplicateStepError("there is a performed procedure step with this SOP Instance UID")
            values = {name: column_value(vr, step.columns.get(name, ())) for name, vr in COLUMNS.items()}
            ((number,),) = transaction.rows(
                _INSERT, uid=step.uid, status=step.status, calling_aet=step.calling_aet, now=_now(),
                data_set=_text(step.data_set), **values,
            )  # fmt: skip
            references = [{"id": number, "study": study, "step": scheduled} for study, scheduled in step.scheduled]
            transaction.change_many(_REFER, references)
            _tell_worklist(transaction, number)

    def change(self, uid: str, make: Callable[[dict[str, Any]], tuple[str, dict[str, Any]]]) -> None:
        """Give a step the status and data set that ``make`` returns for its present one; nobody changes it meanwhile.

        Raises:
            NotFoundError: there is no such step.
        """
        with self._database.write() as transaction:
            number, text = _known(transaction.rows(_HOLD, uid=uid))
            status, data_set = make(json.loads(text))
            values = {"id": number, "status": status, "now": _now(), "data_set": _text(data_set)}
            transaction.change(_UPDATE, values)
            _tell_worklist(transaction, number)

    def forget(self, before: int) -> int:
        """Delete steps that were over before a time; return how many."""
        with self._database.write() as transaction:
            over = [{"id": number} for (number,) in transaction.rows(_OVER, before=before)]
            for statement in _FORGET:
                transaction.change_many(statement, over)
        return len(over)

    def get(self, uid: str) -> PerformedStep:
        """Return a step.

        Raises:
            NotFoundError: there is no such step.
        """
        with self._database.read() as connection:
            rows = connection.execute(sa.select(_TABLE).where(_TABLE.c.SOPInstanceUID == uid)).all()
        return _step(_known(rows))

    def pages(self, restrictions: Mapping[str, Match], size: int) -> Iterator[Sequence[PerformedStep]]:
        """Yield the steps that may match, newest first, in pages; ``restrictions``: column -> match.

        Raises:
            UsageError: a key has too many values.
        """
        statement = sa.select(_TABLE).where(*conditions(_TABLE, restrictions, _SEVERAL))
        statement = statement.order_by(_TABLE.c.id.desc()).limit(size)
        last: int | None = None
        while True:
            with self._database.read() as connection:
                rows = connection.execute(statement if last is None else statement.where(_TABLE.c.id < last)).all()
            yield [_step(row) for row in rows]
            if len(rows) < size:
                return
            last = rows[-1].id


def _tell_worklist(transaction: Transaction, number: int) -> None:
    for study, step in transaction.rows(_REFERENCES, id=number):
        update_status(transaction, study, step)


def _known(rows: Sequence[Any]) -> Any:  # noqa: ANN401 - a row
    if not rows:
        raise NotFoundError("there is no performed procedure step with this SOP Instance UID")
    return rows[0]


def _step(row: Any) -> PerformedStep:  # noqa: ANN401 - a row
    return PerformedStep(
        row.id, row.SOPInstanceUID, row.status, row.calling_aet, row.created, row.changed, json.loads(row.data_set)
    )


def _text(data_set: dict[str, Any]) -> str:
    return json.dumps(data_set, ensure_ascii=False, separators=(",", ":"))


def _now() -> int:
    return time.time_ns() // 1_000_000
