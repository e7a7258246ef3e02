"""Corrections of studies: one transaction that points a study's objects at other bytes, and the history of these.

The bytes before go to the bin under a deletion of their own, which only the history knows. Study, series and object
keep their rows, so all that hangs on them stays; the patient is found or made.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from isocenter.index.attributes import BY_TAG, SPECIFIC_CHARACTER_SET, Attribute, Level
from isocenter.index.bin import close_deletion, open_deletion
from isocenter.index.conflicts import ConflictKind, list_contradiction
from isocenter.index.database import Database, Row, Transaction, TransientError
from isocenter.index.deletion import recount
from isocenter.index.header import RawHeader, Value
from isocenter.index.outbox import Event, insert_events
from isocenter.index.patients import forget_if_empty, place_patient, shown, update_patient

#: What can be corrected: tags of attributes that the index keeps of patients and studies.
EDITABLE: tuple[Attribute, ...] = tuple(
    BY_TAG[tag]
    for tag in (
        0x00100010, 0x00100020, 0x00100021, 0x00100030, 0x00100040,
        0x00081030, 0x00080050, 0x00200010, 0x00080020, 0x00080030, 0x00080090,
    )
)  # fmt: skip

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Version:
    """Bytes of an object in the storage."""

    location: str
    size: int
    data_set_offset: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class StudyObject:
    """An object of a study as it is now; ``received`` in milliseconds since 1970."""

    id: int
    study_id: int
    series_id: int
    SOPInstanceUID: str
    transfer_syntax_uid: str
    received: int
    version: Version


@dataclass(frozen=True, slots=True)
class StudyEdit:
    """One correction, by keyword what patient and study were before and after; times in milliseconds since 1970.

    ``undone``: the correction that this one put back, or 0. ``reversible``: it can be put back until ``expires``.
    """

    id: int
    StudyInstanceUID: str
    time: int
    who: str
    reason: str
    before: dict[str, str]
    after: dict[str, str]
    objects: int
    undone: int
    expires: int
    reversible: bool

    @property
    def changes(self) -> dict[str, tuple[str, str]]:
        """What was changed: the values before and after."""
        return {name: (old, self.after[name]) for name, old in self.before.items() if old != self.after[name]}


@dataclass(frozen=True, slots=True)
class NewEdit:
    """A correction that is to be made, by ``who``; ``expires``: until when the bytes before are kept."""

    study: str
    values: Values
    who: str
    reason: str
    now: int
    expires: int
    undone: int = 0


@dataclass(frozen=True, slots=True)
class Swap:
    """An object that gets other bytes; ``binned_in``: the deletion that has had them until now, 0 for new ones."""

    object: StudyObject
    new: Version
    binned_in: int = 0


_OBJECTS = """
SELECT instance.id, series.study_id, series.id, instance."SOPInstanceUID", code.value, instance.received,
  instance.location, instance.size, instance.data_set_offset, instance.hash
FROM instance JOIN series ON series.id = instance.series_id JOIN study ON study.id = series.study_id
JOIN code ON code.id = instance."AvailableTransferSyntaxUID" WHERE study."StudyInstanceUID" = :study
ORDER BY instance.id"""
_EDITABLE = ", ".join(f'{attribute.level.name.lower()}."{attribute.keyword}"' for attribute in EDITABLE)
_VALUES = f"""
SELECT patient.id, {_EDITABLE} FROM study JOIN patient ON patient.id = study.patient_id
WHERE study."StudyInstanceUID" = :study"""  # noqa: S608 - names of the schema
_BIN = """
INSERT INTO binned (deletion_id, "SOPInstanceUID", location, size, data_set_offset, hash, received, made)
SELECT :deletion, "SOPInstanceUID", location, size, data_set_offset, hash, received, :made FROM instance
WHERE id = :id AND location = :location
ON CONFLICT (location) DO UPDATE SET deletion_id = excluded.deletion_id, made = excluded.made"""
_TAKE_OUT = "DELETE FROM binned WHERE deletion_id = :deletion AND location = :location"
_POINT = """
UPDATE instance SET location = :location, size = :size, data_set_offset = :offset, hash = :hash
WHERE id = :id AND location = :before"""
_INSERT = """
INSERT INTO study_edit ("StudyInstanceUID", time, who, reason, before, after, objects, deletion, undone)
VALUES (:study, :time, :who, :reason, :before, :after, :objects, :deletion, :undone) RETURNING id"""
_REPLACED = """
(SELECT COUNT(*) FROM binned JOIN instance ON instance."SOPInstanceUID" = binned."SOPInstanceUID"
 WHERE binned.deletion_id = study_edit.deletion AND """
_HISTORY = f"""
SELECT study_edit.id, "StudyInstanceUID", time, who, reason, before, after, objects, undone,
  COALESCE((SELECT expires FROM deletion WHERE deletion.id = study_edit.deletion), 0),
  {_REPLACED} instance.hash = binned.made),
  {_REPLACED} instance.hash <> binned.made AND instance.hash <> binned.hash)
FROM study_edit WHERE "StudyInstanceUID" = :study ORDER BY study_edit.id"""  # noqa: S608 - constants
_KEPT = """
SELECT "SOPInstanceUID", location, size, data_set_offset, hash, made, deletion_id FROM binned
WHERE deletion_id = (SELECT deletion FROM study_edit WHERE id = :edit AND "StudyInstanceUID" = :study) ORDER BY id"""
_LAST_OF_STUDY = 'SELECT COALESCE(MAX(id), 0) FROM study_edit WHERE "StudyInstanceUID" = :study'
_SYNTAX = transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN)


def last_edit(transaction: Transaction) -> int:
    """Return the number of the last correction of any study, 0 if there was none."""
    return int(transaction.rows("SELECT COALESCE(MAX(id), 0) FROM study_edit")[0][0])


def last_edit_of(transaction: Transaction, study: str) -> int:
    """Return the number of the last correction of a study, 0 if there was none."""
    return int(transaction.rows(_LAST_OF_STUDY, study=study)[0][0])


def objects_of(source: Database | Transaction, study: str) -> list[StudyObject]:
    """Return the objects of a study as they are now."""
    return [_object(row) for row in source.rows(_OBJECTS, study=study)]


def _object(row: Row) -> StudyObject:
    number, study_id, series_id, uid, syntax, received, *version = row
    return StudyObject(number, study_id, series_id, uid, syntax, received, Version(*version))


def values_of(source: Database | Transaction, study: str) -> dict[str, str] | None:
    """Return what can be corrected of a study, by keyword; None where there is no such study."""
    rows = source.rows(_VALUES, study=study)
    return _by_keyword(rows[0]) if rows else None


def _by_keyword(row: Row) -> dict[str, str]:
    return {attribute.keyword: row[at] for at, attribute in enumerate(EDITABLE, 1)}


def read_history(database: Database, study: str) -> list[StudyEdit]:
    """Return the corrections of a study, oldest first."""
    return [_edit(row) for row in database.rows(_HISTORY, study=study)]


def _edit(row: Row) -> StudyEdit:
    number, study, time, who, reason, before, after, objects, undone, expires, kept, changed = row
    return StudyEdit(number, study, time, who, reason, json.loads(before), json.loads(after), objects, undone, expires,
                     kept > 0 and not changed)  # fmt: skip


def kept_versions(source: Database | Transaction, study: str, edit: int) -> dict[str, tuple[Version, bytes, int]]:
    """Return by SOP instance UID what a correction replaced, the hash of what it made, and the deletion that has it."""
    rows = source.rows(_KEPT, study=study, edit=edit)
    return {row[0]: (Version(*row[1:5]), bytes(row[5]), row[6]) for row in rows}


def count_kept(database: Database) -> tuple[int, int]:
    """Return how many objects from before corrections there are, and their bytes."""
    objects, size = database.rows(
        "SELECT COUNT(*), CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM binned WHERE made IS NOT NULL"
    )[0]
    return objects, size


def store_edit(transaction: Transaction, edit: NewEdit, swaps: list[Swap]) -> int:
    """Make a correction; return its number. ``announce_edit`` comes after, at the end of the transaction.

    Raises:
        TransientError: an object is not any more what it was.
    """
    patient_id, before = _read(transaction, edit.study)
    after = before | normal(edit.values)
    chosen = {"study": edit.study, "series": "", "sop": ""}
    deletion = open_deletion(transaction, chosen, edit.now, edit.expires)
    for swap in swaps:
        _swap(transaction, swap, deletion)
    _update_study(transaction, edit)
    others = _move_to_patient(transaction, edit.study, patient_id, before, after)
    for series_id in sorted({swap.object.series_id for swap in swaps}):
        recount(transaction, series_id, edit.now)
    for each in {deletion, *(swap.binned_in for swap in swaps)} - {0}:
        close_deletion(transaction, each)
    number = int(
        transaction.rows(
            _INSERT, study=edit.study, time=edit.now, who=edit.who, reason=edit.reason, before=json.dumps(before),
            after=json.dumps(after), objects=len(swaps), deletion=deletion if swaps else 0, undone=edit.undone,
        )[0][0]
    )  # fmt: skip
    if others:
        columns = _columns(after, Level.PATIENT)
        detail = f"PatientID {after['PatientID']!r} belongs to {others}; correction {number} says {shown(columns)}"
        list_contradiction(transaction, ConflictKind.PATIENT, f"edit {number}", edit.study, detail, edit.now)
    return number


def announce_edit(transaction: Transaction, edit: NewEdit, swaps: list[Swap]) -> None:
    """Tell consumers; the last thing a transaction does."""
    events = [(Event.EDITED, s.object.study_id, s.object.series_id, s.object.id) for s in swaps]
    insert_events(transaction, events, edit.now)


def _read(transaction: Transaction, study: str) -> tuple[int, dict[str, str]]:
    rows = transaction.rows(_VALUES, study=study)
    if not rows:
        raise TransientError("the study was deleted meanwhile")
    return int(rows[0][0]), _by_keyword(rows[0])


def _swap(transaction: Transaction, swap: Swap, deletion: int) -> None:
    """Take the new bytes out of the bin, if they are there, put the old ones in, and point the object at the new."""
    new, old = swap.new, swap.object.version
    parameters = {"id": swap.object.id, "deletion": deletion, "location": old.location, "made": new.hash}
    place = {"id": swap.object.id, "before": old.location, "location": new.location, "size": new.size,
             "offset": new.data_set_offset, "hash": new.hash}  # fmt: skip
    taken = {"deletion": swap.binned_in, "location": new.location}
    done = [transaction.change(_TAKE_OUT, taken)] if swap.binned_in else []
    if [*done, transaction.change(_BIN, parameters), transaction.change(_POINT, place)].count(1) != 2 + len(done):
        raise TransientError("an object was changed or deleted meanwhile")


def _columns(values: Values, level: Level) -> dict[str, Value]:
    """Return the columns of these values of a level, in the form of the index."""
    chosen = [attribute for attribute in EDITABLE if attribute.level is level and attribute.keyword in values]
    raw = {attribute.tag: values[attribute.keyword].encode() for attribute in chosen}
    return RawHeader(raw | {SPECIFIC_CHARACTER_SET: b"ISO_IR 192"}, _SYNTAX).columns_of(chosen)


def normal(values: Values) -> dict[str, str]:
    """Return values as the index keeps them."""
    columns = _columns(values, Level.PATIENT) | _columns(values, Level.STUDY)
    return {keyword: str(columns[keyword]) for keyword in values}


def _update_study(transaction: Transaction, edit: NewEdit) -> None:
    columns = _columns(edit.values, Level.STUDY)
    if columns:
        assignments = ", ".join(f'"{column}" = :{column}' for column in columns)
        statement = f'UPDATE study SET {assignments} WHERE "StudyInstanceUID" = :study'  # noqa: S608 - names of the schema
        transaction.change(statement, {**columns, "study": edit.study})


def _move_to_patient(transaction: Transaction, study: str, patient_id: int, before: Values, after: Values) -> str:
    """Let the study belong to who it is said to; return who else has the PatientID, "" for nobody."""
    old, new = _columns(before, Level.PATIENT), _columns(after, Level.PATIENT)
    if old == new:
        return ""
    target, others = place_patient(transaction, new, study)
    if target == patient_id:  # spelled in another way, or with more or less known
        update_patient(transaction, patient_id, new, study)
        return ""
    transaction.change(
        'UPDATE study SET patient_id = :target WHERE "StudyInstanceUID" = :study', {"target": target, "study": study}
    )
    forget_if_empty(transaction, patient_id)
    return others
