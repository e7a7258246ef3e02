"""Hanging protocols that users have saved: one JSON text for each kind of study, by its name."""

import time
from dataclasses import dataclass

from isocenter.errors import NotFoundError, UsageError
from isocenter.index.database import Database

#: How many there may be.
MOST = 500

_LIST = "SELECT id, body FROM hanging_protocol ORDER BY id"
_COUNT = "SELECT count(*) FROM hanging_protocol WHERE id <> :id"
_WRITE = """
INSERT INTO hanging_protocol (id, changed, body) VALUES (:id, :changed, :body)
ON CONFLICT (id) DO UPDATE SET changed = excluded.changed, body = excluded.body"""
_REMOVE = "DELETE FROM hanging_protocol WHERE id = :id"


@dataclass(frozen=True, slots=True)
class Hanging:
    """A protocol: the kind of study it is for, and its JSON text."""

    id: str
    body: str


class HangingProtocols:
    """The table of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Hanging]:
        """Return all of them, by the kind of study."""
        return [Hanging(str(row[0]), str(row[1])) for row in self._database.rows(_LIST)]

    def put(self, kind: str, body: str) -> None:
        """Keep a protocol in place of that of the same kind.

        Raises:
            UsageError: there are too many.
        """
        with self._database.write() as transaction:
            if int(transaction.rows(_COUNT, id=kind)[0][0]) >= MOST:
                raise UsageError(f"there may be {MOST} hanging protocols; delete one first")
            transaction.change(_WRITE, {"id": kind, "changed": time.time_ns() // 1_000_000, "body": body})

    def remove(self, kind: str) -> None:
        """Remove a protocol.

        Raises:
            NotFoundError: there is none of this kind.
        """
        with self._database.write() as transaction:
            if transaction.change(_REMOVE, {"id": kind}) == 0:
                raise NotFoundError("there is no hanging protocol of this kind of study")
