"""Storage commitment transactions, one row each (PS3.4 Annex J): what was asked, what was found, who tells it and when.

A pending transaction is worked on by its holder alone until the time ``due``, which the holder puts off as long as it
works; afterwards anybody may take it, so it survives whoever held it. Times are milliseconds since 1970.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import sqlalchemy as sa

from isocenter.index.database import Database
from isocenter.index.schema import commitment

_COLUMNS = 'id, calling_aet, "TransactionUID", state, received, changed, requested, failures, attempts, detail'
_ADD = f"""
INSERT INTO commitment (calling_aet, "TransactionUID", state, received, changed, requested, failures, holder, due,
  attempts, detail)
VALUES (:aet, :uid, 'pending', :now, :now, :requested, '', :holder, :until, 0, '')
ON CONFLICT (calling_aet, "TransactionUID") DO NOTHING RETURNING {_COLUMNS}"""  # noqa: S608 - constants
#: Of two that take the same one, the second finds it held.
_CLAIM = f"""
UPDATE commitment SET holder = :holder, due = :until
WHERE id = (SELECT id FROM commitment WHERE state = 'pending' AND due <= :now ORDER BY due, id LIMIT 1)
  AND state = 'pending' AND due <= :now
RETURNING {_COLUMNS}"""  # noqa: S608 - constants
_OWN = "WHERE id = :id AND state = 'pending' AND holder = :holder"
_HOLD = f"UPDATE commitment SET due = :until {_OWN}"  # noqa: S608 - constants
_KEEP = f"UPDATE commitment SET failures = :failures, changed = :now {_OWN}"  # noqa: S608 - constants
_CLOSE = f"UPDATE commitment SET state = :state, detail = :detail, changed = :now, holder = '' {_OWN}"  # noqa: S608
_POSTPONE = f"""
UPDATE commitment SET due = :due, attempts = attempts + :tried, detail = :detail, changed = :now, holder = '' {_OWN}"""  # noqa: S608
_FORGET = "DELETE FROM commitment WHERE state <> 'pending' AND changed < :before"
_NEXT = "SELECT MIN(due) FROM commitment WHERE state = 'pending'"


class State(Enum):
    """What became of a transaction: its result is still to be told, was told, or could not be."""

    PENDING = "pending"
    REPORTED = "reported"
    UNDELIVERED = "undelivered"


class Reference(NamedTuple):
    """An object by its SOP class and instance UIDs."""

    sop_class_uid: str
    sop_instance_uid: str


class Failure(NamedTuple):
    """An object that is not committed, and its failure reason (PS3.3 C.14.1.1)."""

    sop_class_uid: str
    sop_instance_uid: str
    reason: int


@dataclass(frozen=True, slots=True)
class Commitment:
    """A transaction; ``failures`` is None until the objects were looked at."""

    id: int
    calling_aet: str
    TransactionUID: str
    state: State
    received: int
    changed: int
    requested: tuple[Reference, ...]
    failures: tuple[Failure, ...] | None
    attempts: int
    detail: str


class CommitmentTable:
    """The table; ``holder`` names who works with it: one thread of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, calling_aet: str, uid: str, requested: Iterable[Reference], holder: str, now: int, until: int
    ) -> Commitment | None:
        """File a transaction, held until ``until``; return None where this peer has used the UID before."""
        values = {"aet": calling_aet, "uid": uid, "requested": json.dumps(list(requested)), "holder": holder}
        with self._database.write() as transaction:
            rows = transaction.rows(_ADD, **values, now=now, until=until)
        return _commitment(rows[0]) if rows else None

    def claim(self, holder: str, now: int, until: int) -> Commitment | None:
        """Take the transaction that is due longest."""
        with self._database.write() as transaction:
            rows = transaction.rows(_CLAIM, holder=holder, now=now, until=until)
        return _commitment(rows[0]) if rows else None

    def hold(self, key: int, holder: str, until: int) -> bool:
        """Keep it for longer; return False where it is another's by now."""
        return self._change(_HOLD, key, holder, until=until)

    def keep(self, key: int, holder: str, failures: Iterable[Failure], now: int) -> bool:
        """Note what was found."""
        return self._change(_KEEP, key, holder, failures=json.dumps(list(failures)), now=now)

    def close(self, key: int, holder: str, state: State, detail: str, now: int) -> bool:
        """End it."""
        return self._change(_CLOSE, key, holder, state=state.value, detail=detail, now=now)

    def postpone(self, key: int, holder: str, due: int, detail: str, now: int, *, tried: bool) -> bool:
        """Leave it to whoever comes at the time ``due``; ``tried``: its result could not be delivered."""
        return self._change(_POSTPONE, key, holder, due=due, detail=detail, now=now, tried=int(tried))

    def forget(self, before: int) -> int:
        """Remove what ended before that time; return how many."""
        with self._database.write() as transaction:
            return transaction.change(_FORGET, {"before": before})

    def next_due(self) -> int | None:
        """Return when the next one is due."""
        found = self._database.rows(_NEXT)[0][0]
        return None if found is None else int(found)

    def recent(self, limit: int, offset: int) -> list[Commitment]:
        """Return transactions, the newest first."""
        query = sa.select(*(commitment.c[name.strip(' "')] for name in _COLUMNS.split(",")))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(commitment.c.id.desc()).limit(limit).offset(offset)).all()
        return [_commitment(row) for row in rows]

    def _change(self, sql: str, key: int, holder: str, **values: Any) -> bool:  # noqa: ANN401 - values of any column
        with self._database.write() as transaction:
            return transaction.change(sql, {"id": key, "holder": holder, **values}) == 1


def _commitment(row: Sequence[Any]) -> Commitment:
    requested = tuple(Reference(*each) for each in json.loads(row[6]))
    failures = tuple(Failure(*each) for each in json.loads(row[7])) if row[7] else None
    return Commitment(row[0], row[1], row[2], State(row[3]), row[4], row[5], requested, failures, row[8], row[9])
