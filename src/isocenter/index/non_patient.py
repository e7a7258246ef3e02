"""The rows of objects that belong to no patient, study or series (PS3.4 GG): read, found, deleted.

They are filed by ``filing.py`` like all objects. As an ``Instance`` they have "" for study and series.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from isocenter.dicom.matching import compile_match
from isocenter.errors import UsageError
from isocenter.index.attributes import BY_TAG, NON_PATIENT_ATTRIBUTES, Attribute
from isocenter.index.database import Database, Transaction
from isocenter.index.entry import Instance
from isocenter.index.outbox import Event, insert_events
from isocenter.index.query import compare
from isocenter.index.schema import code, non_patient_object

_SOP_CLASS, _SOP_INSTANCE, _SYNTAX = 0x00080016, 0x00080018, 0x00083002
_sop_class, _syntax = code.alias("sop_class"), code.alias("syntax")
_COLUMNS: "tuple[sa.ColumnElement[Any], ...]" = (
    sa.literal_column("''"),
    sa.literal_column("''"),
    non_patient_object.c.SOPInstanceUID,
    _sop_class.c.value,
    sa.literal_column("NULL"),
    sa.literal_column("NULL"),
    _syntax.c.value,
    non_patient_object.c.location,
    non_patient_object.c.size,
    non_patient_object.c.data_set_offset,
    non_patient_object.c.hash,
)
_FROM = non_patient_object.join(_sop_class, _sop_class.c.id == non_patient_object.c.SOPClassUID).join(
    _syntax, _syntax.c.id == non_patient_object.c.AvailableTransferSyntaxUID
)
_BY_UID = str(sa.select(*_COLUMNS).select_from(_FROM).where(non_patient_object.c.SOPInstanceUID == sa.bindparam("uid")))

#: What can be a key of a search and is in its answers, by tag.
KEYS: Mapping[int, Attribute] = {
    **{tag: BY_TAG[tag] for tag in (_SOP_CLASS, _SOP_INSTANCE, _SYNTAX)},
    **{attribute.tag: attribute for attribute in NON_PATIENT_ATTRIBUTES},
}
_KEY_COLUMNS: "dict[int, sa.ColumnElement[Any]]" = {
    **{tag: non_patient_object.c[attribute.keyword] for tag, attribute in KEYS.items()},
    _SOP_CLASS: _sop_class.c.value,
    _SYNTAX: _syntax.c.value,
}

_DELETE = """DELETE FROM non_patient_object WHERE "SOPInstanceUID" = :uid RETURNING id, location"""
_DELETE_SECONDS = """
DELETE FROM conflict WHERE "StudyInstanceUID" = '' AND "SOPInstanceUID" = :uid RETURNING location"""
_KEEP_LOCATION = "INSERT INTO garbage (location) VALUES (:location)"


@dataclass(frozen=True, slots=True)
class NonPatientQuery:
    """What to look for among the objects of these SOP classes; ``keys``: tag of ``KEYS`` -> key as in C-FIND."""

    sop_classes: Collection[str]
    keys: Mapping[int, str]
    limit: int | None = None
    offset: int = 0


def find_non_patient(database: Database, query: NonPatientQuery) -> list[dict[str, Any]]:
    """Return the answers as DICOM JSON Model objects, as they came in.

    Raises:
        UsageError: a key is not kept in the index, or cannot be read.
    """
    unknown = [tag for tag in query.keys if tag not in KEYS]
    if unknown:
        raise UsageError(f"({unknown[0] >> 16:04X},{unknown[0] & 0xFFFF:04X}) is no key of non-patient objects")
    matches = ((tag, compile_match(KEYS[tag].vr, key)) for tag, key in query.keys.items())
    statement = (
        sa.select(*(column.label(f"{tag:08X}") for tag, column in sorted(_KEY_COLUMNS.items())))
        .select_from(_FROM)
        .where(_sop_class.c.value.in_(query.sop_classes), *(compare(_KEY_COLUMNS[tag], m) for tag, m in matches))
        .order_by(non_patient_object.c.id)
        .limit(query.limit)
        .offset(query.offset)
    )
    with database.read() as connection:
        return [_answer(row._mapping) for row in connection.execute(statement)]  # noqa: SLF001 - its public name


def _answer(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return an answer with the attributes that the object has."""
    return {tag: {"vr": KEYS[int(tag, 16)].vr, "Value": [value]} for tag, value in values.items() if value}


def read_non_patient(transaction: Transaction, SOPInstanceUID: str) -> Instance | None:  # noqa: N803 - a DICOM keyword
    """Return the row of an object, within a transaction."""
    rows = transaction.rows(_BY_UID, uid=SOPInstanceUID)
    return Instance(*rows[0]) if rows else None


def get_non_patient(database: Database, SOPInstanceUID: str) -> Instance | None:  # noqa: N803 - a DICOM keyword
    """Return the row of an object."""
    rows = database.rows(_BY_UID, uid=SOPInstanceUID)
    return Instance(*rows[0]) if rows else None


def read_all_non_patient(database: Database, after: int, limit: int) -> list[tuple[int, Instance]]:
    """Return the next rows by their key, for walking through the whole archive in pieces."""
    key = non_patient_object.c.id
    statement = sa.select(key, *_COLUMNS).select_from(_FROM).where(key > after).order_by(key).limit(limit)
    with database.read() as connection:
        return [(row[0], Instance(*row[1:])) for row in connection.execute(statement)]


def delete_non_patient(database: Database, SOPInstanceUID: str, now: int) -> bool:  # noqa: N803 - a DICOM keyword
    """Delete an object with those of the conflict list under its UID that are of no patient; False: there is none."""
    with database.write() as transaction:
        deleted = transaction.rows(_DELETE, uid=SOPInstanceUID)
        if not deleted:
            return False
        seconds = transaction.rows(_DELETE_SECONDS, uid=SOPInstanceUID)
        locations = [deleted[0][1], *(row[0] for row in seconds if row[0])]
        transaction.change_many(_KEEP_LOCATION, [{"location": location} for location in locations])
        insert_events(transaction, [(Event.NON_PATIENT_DELETED, 0, 0, deleted[0][0])], now)
    return True
