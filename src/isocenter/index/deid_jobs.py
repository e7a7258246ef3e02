"""De-identification jobs, one row each, and one for each of their studies: what was asked, how far it is, what came.

A job that has not ended is worked on by its holder alone until the time ``due``, which the holder puts off while it
works; afterwards anybody may take it, so it survives whoever held it. Times are milliseconds since 1970.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from isocenter.errors import NotFoundError
from isocenter.index.database import Database

_COLUMNS = "id, project, target, who, areas, state, detail, created, changed, objects, done, cancelled"
_ADD = """
INSERT INTO deid_job (project, target, who, areas, state, detail, created, changed, objects, done, cancelled, holder,
  due)
VALUES (:project, :target, :who, :areas, 'waiting', '', :now, :now, :objects, 0, 0, '', 0) RETURNING id"""
_ADD_STUDY = """
INSERT INTO deid_job_study (job_id, place, "StudyInstanceUID", objects, report)
VALUES (:job, :place, :study, :objects, '')"""
_OPEN = "state IN ('waiting', 'running')"
#: Of two that take the same one, the second finds it held.
_CLAIM = f"""
UPDATE deid_job SET holder = :holder, due = :until, state = 'running', changed = :now
WHERE id = (SELECT id FROM deid_job WHERE {_OPEN} AND due <= :now ORDER BY due, id LIMIT 1)
  AND {_OPEN} AND due <= :now
RETURNING {_COLUMNS}"""  # noqa: S608 - constants
_OWN = "WHERE id = :id AND state = 'running' AND holder = :holder"
_HOLD = f"UPDATE deid_job SET due = :until, done = :done, changed = :now {_OWN} RETURNING cancelled"  # noqa: S608
_REPORT = "UPDATE deid_job_study SET report = :report, objects = :objects WHERE job_id = :job AND place = :place"
_CLOSE = f"""
UPDATE deid_job SET state = :state, detail = :detail, done = :done, changed = :now, holder = '', due = 0 {_OWN}"""  # noqa: S608
_LEAVE = f"UPDATE deid_job SET holder = '', due = 0 {_OWN}"  # noqa: S608 - constants
_CANCEL = f"""
UPDATE deid_job SET cancelled = 1, changed = :now,
  state = CASE WHEN state = 'waiting' THEN 'cancelled' ELSE state END
WHERE id = :id AND {_OPEN}"""  # noqa: S608 - constants
_RESUME = """
UPDATE deid_job SET state = 'waiting', cancelled = 0, detail = '', due = 0, changed = :now
WHERE id = :id AND state IN ('failed', 'cancelled')"""
_REMOVE = "DELETE FROM deid_job WHERE id = :id AND state NOT IN ('waiting', 'running')"
_REMOVE_STUDIES = "DELETE FROM deid_job_study WHERE job_id = :id"
_SELECT = f"SELECT {_COLUMNS} FROM deid_job "  # noqa: S608 - constants
_STUDIES = 'SELECT "StudyInstanceUID", objects, report, place FROM deid_job_study WHERE job_id = :id ORDER BY place'
_NEXT = f"SELECT MIN(due) FROM deid_job WHERE {_OPEN}"  # noqa: S608 - constants


class State(StrEnum):
    """How far a job is; one that failed or was cancelled can be resumed."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nobody works on it any more."""
        return self not in {State.WAITING, State.RUNNING}


@dataclass(frozen=True, slots=True)
class Job:
    """A job: under which ``project``, where to (``target``), for whom (``who``), with which approved ``areas``."""

    id: int
    project: str
    target: Mapping[str, str]
    who: Mapping[str, str]
    areas: Mapping[str, Any]
    state: State
    detail: str
    created: int
    changed: int
    objects: int
    done: int
    cancelled: bool


@dataclass(frozen=True, slots=True)
class JobStudy:
    """A study of a job; ``report`` is None until it is done."""

    StudyInstanceUID: str
    objects: int
    report: Mapping[str, Any] | None
    place: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What a new job is to do."""

    project: str
    target: Mapping[str, str]
    who: Mapping[str, str]
    areas: Mapping[str, Any]
    studies: Sequence[tuple[str, int]]


class DeidJobTable:
    """The two tables; ``holder`` names who works with them: one thread of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, asked: Asked, now: int) -> int:
        """File a job and return its number."""
        values = {
            "project": asked.project, "target": json.dumps(asked.target), "who": json.dumps(asked.who),
            "areas": json.dumps(asked.areas), "objects": sum(count for _, count in asked.studies), "now": now,
        }  # fmt: skip
        with self._database.write() as transaction:
            number = int(transaction.rows(_ADD, **values)[0][0])
            rows = [
                {"job": number, "place": place, "study": study, "objects": count}
                for place, (study, count) in enumerate(asked.studies)
            ]
            transaction.change_many(_ADD_STUDY, rows)
        return number

    def get(self, number: int) -> Job:
        """Return a job.

        Raises:
            NotFoundError: there is none of this number.
        """
        rows = self._database.rows(_SELECT + "WHERE id = :id", id=number)
        if not rows:
            raise NotFoundError(f"there is no de-identification job {number}")
        return _job(rows[0])

    def recent(self, limit: int, offset: int) -> list[Job]:
        """Return jobs, the newest first."""
        order = "ORDER BY id DESC LIMIT :limit OFFSET :offset"
        return [_job(row) for row in self._database.rows(_SELECT + order, limit=limit, offset=offset)]

    def studies(self, number: int) -> list[JobStudy]:
        """Return the studies of a job in their order."""
        rows = self._database.rows(_STUDIES, id=number)
        return [JobStudy(row[0], row[1], json.loads(row[2]) if row[2] else None, row[3]) for row in rows]

    def claim(self, holder: str, now: int, until: int) -> Job | None:
        """Take the job that is due longest."""
        with self._database.write() as transaction:
            rows = transaction.rows(_CLAIM, holder=holder, now=now, until=until)
        return _job(rows[0]) if rows else None

    def hold(self, number: int, holder: str, done: int, now: int, until: int) -> bool | None:
        """Keep it for longer and note how far it is; return whether it is cancelled, None where it is another's."""
        with self._database.write() as transaction:
            rows = transaction.rows(_HOLD, id=number, holder=holder, done=done, now=now, until=until)
        return bool(rows[0][0]) if rows else None

    def report(self, number: int, study: JobStudy, report: Mapping[str, Any], objects: int) -> None:
        """Note what became of a study; ``objects``: as many as it had when it was done."""
        values = {"job": number, "place": study.place, "report": json.dumps(report), "objects": objects}
        with self._database.write() as transaction:
            transaction.change(_REPORT, values)

    def close(self, number: int, holder: str, state: State, detail: str, done: int, now: int) -> bool:
        """End it; return False where it is another's by now."""
        values = {"id": number, "holder": holder, "state": state.value, "detail": detail, "done": done, "now": now}
        return self._change(_CLOSE, values)

    def leave(self, number: int, holder: str) -> bool:
        """Let anybody take it at once."""
        return self._change(_LEAVE, {"id": number, "holder": holder})

    def cancel(self, number: int, now: int) -> bool:
        """Ask that it ends; return False where it has ended."""
        return self._change(_CANCEL, {"id": number, "now": now})

    def resume(self, number: int, now: int) -> bool:
        """Let it go on where it stopped; return False where it did not stop."""
        return self._change(_RESUME, {"id": number, "now": now})

    def remove(self, number: int) -> bool:
        """Forget a job that has ended; return False where it has not."""
        with self._database.write() as transaction:
            if not transaction.change(_REMOVE, {"id": number}):
                return False
            transaction.change(_REMOVE_STUDIES, {"id": number})
        return True

    def next_due(self) -> int | None:
        """Return when the next one is due."""
        found = self._database.rows(_NEXT)[0][0]
        return None if found is None else int(found)

    def _change(self, sql: str, values: Mapping[str, Any]) -> bool:
        with self._database.write() as transaction:
            return transaction.change(sql, values) == 1


def _job(row: Sequence[Any]) -> Job:
    target, who, areas = (json.loads(text) for text in row[2:5])
    detail, created, changed, objects, done, cancelled = row[6:]
    state = State(row[5])
    return Job(row[0], row[1], target, who, areas, state, detail, created, changed, objects, done, bool(cancelled))
