"""Drafts: what the viewer keeps of a study before it becomes an object (measurements, key images), one JSON text each.

The version counts changes. Who writes names the version that was read, so that nothing unseen is overwritten.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from isocenter.errors import NotFoundError, UsageError
from isocenter.index.database import Database, Row, Transaction

_STUDY = 'SELECT id FROM study WHERE "StudyInstanceUID" = :study'
_READ = "SELECT version, body FROM {table} WHERE study_id = :id"
_WRITE = """
INSERT INTO {table} (study_id, version, changed, body) VALUES (:id, :version, :changed, :body)
ON CONFLICT (study_id) DO UPDATE SET version = excluded.version, changed = excluded.changed, body = excluded.body"""


class ChangedMeanwhileError(UsageError):
    """Somebody else has written since the version that was named."""

    http_status = 412


@dataclass(frozen=True, slots=True)
class Draft:
    """What is kept of a study as JSON text; version 0: nothing ever was."""

    version: int
    body: str


class StudyDrafts:
    """One table of drafts."""

    def __init__(self, database: Database, table: Literal["measurement_draft", "key_image_draft"]) -> None:
        self._database = database
        self._read, self._write = _READ.format(table=table), _WRITE.format(table=table)

    def get(self, study: str) -> Draft:
        """Return what is kept of a study.

        Raises:
            NotFoundError: there is no such study.
        """
        rows = self._database.rows(self._read, id=_found(self._database.rows(_STUDY, study=study)))
        return Draft(int(rows[0][0]), str(rows[0][1])) if rows else Draft(0, "[]")

    def put(self, study: str, version: int | None, body: str) -> int:
        """Keep ``body`` in place of the version that was read (None: of any), and return the new version.

        Raises:
            NotFoundError: there is no such study.
            ChangedMeanwhileError: another version is there.
        """
        with self._database.write() as transaction:
            number = _found(transaction.rows(_STUDY, study=study))
            now = self._version(transaction, number)
            if version is not None and version != now:
                raise ChangedMeanwhileError("they have changed meanwhile: read them again")
            values = {"id": number, "version": now + 1, "changed": time.time_ns() // 1_000_000, "body": body}
            transaction.change(self._write, values)
        return now + 1

    def _version(self, transaction: Transaction, number: int) -> int:
        rows = transaction.rows(self._read, id=number)
        return int(rows[0][0]) if rows else 0


def _found(rows: Sequence[Row]) -> int:
    if not rows:
        raise NotFoundError("there is no such study")
    return int(rows[0][0])
