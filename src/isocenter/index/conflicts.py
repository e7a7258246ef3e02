"""The conflict list: what contradicts what was there before, kept until a person decides.

Kinds: ``instance`` (another object under a known SOP instance UID; the second object is kept here), ``patient`` (one
PatientID, two people), ``study patient`` (an object names another patient than its study).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa

from isocenter.index import schema
from isocenter.index.database import Database, Transaction
from isocenter.index.entry import Entry, Instance


class ConflictKind(Enum):
    """What contradicts."""

    INSTANCE = "instance"
    PATIENT = "patient"
    STUDY_PATIENT = "study patient"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One row of the list; ``instance`` is the second object, where there is one."""

    id: int
    kind: ConflictKind
    StudyInstanceUID: str
    SeriesInstanceUID: str
    SOPInstanceUID: str
    detail: str
    received: int
    instance: Instance | None


_INSERT = """
INSERT INTO conflict (kind, key, "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID",
  "TransferSyntaxUID", detail, location, size, data_set_offset, hash, received)
VALUES (:kind, :key, :study, :series, :sop, :sop_class, :syntax, :detail, :location, :size, :offset, :hash, :received)
ON CONFLICT (kind, key) DO NOTHING RETURNING id"""

_MOVE = """
UPDATE conflict SET location = :location, size = :size, data_set_offset = :offset WHERE kind = :kind AND key = :key"""


def list_conflict(transaction: Transaction, kind: ConflictKind, key: str, detail: str, entry: Entry) -> bool:
    """Add a row; return False where the same contradiction is already listed.

    Only a conflict of kind INSTANCE keeps the entry's object.
    """
    own = kind is ConflictKind.INSTANCE
    made = transaction.rows(
        _INSERT,
        kind=kind.value,
        key=key,
        study=entry.StudyInstanceUID,
        series=entry.SeriesInstanceUID,
        sop=entry.SOPInstanceUID,
        sop_class=entry.SOPClassUID,
        syntax=entry.transfer_syntax_uid,
        detail=detail,
        location=entry.location if own else "",
        size=entry.size if own else 0,
        offset=entry.data_set_offset if own else 0,
        hash=entry.hash if own else b"",
        received=entry.received,
    )
    return bool(made)


def list_contradiction(
    transaction: Transaction, kind: ConflictKind, key: str, study: str, detail: str, now: int
) -> None:
    """Add a row about a whole study, which keeps no object."""
    transaction.rows(
        _INSERT, kind=kind.value, key=key, study=study, series="", sop="", sop_class="", syntax="", detail=detail,
        location="", size=0, offset=0, hash=b"", received=now,
    )  # fmt: skip


def conflict_key(second: Entry | Instance) -> str:
    """Return the key of the conflict that keeps this object."""
    return f"{second.SOPInstanceUID} {second.transfer_syntax_uid} {second.hash.hex()}"


def move_second(transaction: Transaction, entry: Entry) -> None:
    """Let the conflict that keeps this object point to where it is now."""
    transaction.change(
        _MOVE,
        {
            "location": entry.location,
            "size": entry.size,
            "offset": entry.data_set_offset,
            "kind": ConflictKind.INSTANCE.value,
            "key": conflict_key(entry),
        },
    )


def kept_location(transaction: Transaction, key: str) -> str:
    """Return where the second object of a listed conflict is."""
    sql = "SELECT location FROM conflict WHERE kind = :kind AND key = :key"
    return str(transaction.rows(sql, kind=ConflictKind.INSTANCE.value, key=key)[0][0])


def read_conflicts(database: Database) -> Iterator[Conflict]:
    """Yield the list, oldest first."""
    with database.read() as connection:
        rows = connection.execute(sa.select(schema.conflict).order_by(schema.conflict.c.id)).all()
    for row in rows:
        second = None
        if row.location:
            second = Instance(
                row.StudyInstanceUID,
                row.SeriesInstanceUID,
                row.SOPInstanceUID,
                row.SOPClassUID,
                None,
                None,
                row.TransferSyntaxUID,
                row.location,
                row.size,
                row.data_set_offset,
                row.hash,
            )
        yield Conflict(
            row.id,
            ConflictKind(row.kind),
            row.StudyInstanceUID,
            row.SeriesInstanceUID,
            row.SOPInstanceUID,
            row.detail,
            row.received,
            second,
        )
