"""Filing: the rows of a new object, in one transaction with those of all objects that wait.

Rows come into being by unique keys and ``ON CONFLICT`` only, so it does not matter which thread, process or machine
was first with a patient, a study or a series. A study belongs to its UID: its patient is that of its first object, and
an object that says otherwise is filed in the study and listed as a conflict. Non-patient objects have a table of their
own; a UID that is in one of the two tables is not taken into the other.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from isocenter.errors import IsocenterError
from isocenter.index.attributes import NON_PATIENT_ATTRIBUTES, SPECIFIC_CHARACTER_SET, Kind, Level, kept
from isocenter.index.conflicts import ConflictKind, list_conflict
from isocenter.index.database import ConstraintError, Database, Transaction, TransientError
from isocenter.index.edits import last_edit
from isocenter.index.entry import Entry, Instance
from isocenter.index.identity import Identity
from isocenter.index.instances import read_instance
from isocenter.index.non_patient import read_non_patient
from isocenter.index.outbox import Event, insert_events
from isocenter.index.patients import IDENTITY, IDENTITY_COLUMNS, insert, place_patient, shown
from isocenter.index.schema import instance, non_patient_object, series, study

_KNOWN_SERIES = 4096
_ATTEMPTS = 5

#: Values that decide under which series, study and patient an object is filed; equal bytes, equal series.
_FINGERPRINT = (0x0020000D, 0x0020000E, 0x00100020, 0x00100010, 0x00100021, 0x00100030, SPECIFIC_CHARACTER_SET)
_NUMBERS = tuple(attribute for attribute in kept(Level.INSTANCE) if attribute.kind is Kind.NUMBER)


@dataclass(slots=True)
class Filed:
    """What became of an entry: ``existing`` is the row that already had its SOP instance UID, None if it is new."""

    existing: Instance | None = None
    conflicts: list[ConflictKind] = field(default_factory=list)


@dataclass(slots=True)
class _Change:
    """What a batch adds to a series."""

    instances: int = 0
    bytes: int = 0
    events: list[int] = field(default_factory=list)


Place = tuple[int, int]  # study id, series id


class Filing:
    """Files batches of entries; one batch at a time (the caller sees to that)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[tuple[bytes | None, ...], Place] = OrderedDict()
        self._codes: dict[str, int] = {}
        self._last_edit = 0

    def file(self, entries: Sequence[Entry]) -> list[Filed | BaseException]:
        """File all entries in one transaction; if that does not go, each in its own."""
        try:
            return list(self._attempt(entries))
        except IsocenterError as error:
            if len(entries) == 1:
                return [error]
        return [self.file([entry])[0] for entry in entries]

    def _attempt(self, entries: Sequence[Entry]) -> list[Filed]:
        """Run the transaction, again where another process was in the way or removed what this one knew."""
        for _ in range(_ATTEMPTS):
            try:
                with self._database.write(durable=False) as transaction:  # a restart redoes it from the object
                    self._forget_before_edits(transaction)
                    batch = _Batch(transaction, self._known, self._codes)
                    filed = batch.file(entries)
            except (ConstraintError, TransientError) as error:
                self._known.clear()
                failure: IsocenterError = error
                continue
            self._codes.update(batch.new_codes)
            for fingerprint, place in batch.new_places.items():
                self._known[fingerprint] = place
            while len(self._known) > _KNOWN_SERIES:
                self._known.popitem(last=False)
            return filed
        raise failure

    def _forget_before_edits(self, transaction: Transaction) -> None:
        """Look patients up anew after a correction, by whatever process: what agreed with a study may not any more."""
        last = last_edit(transaction)
        if last != self._last_edit:
            self._known.clear()
            self._last_edit = last


class _Batch:
    """One transaction of filing; what it learns counts only when it is committed."""

    def __init__(
        self,
        transaction: Transaction,
        known: Mapping[tuple[bytes | None, ...], Place],
        codes: Mapping[str, int],
    ) -> None:
        self._transaction = transaction
        self._known = known
        self._codes = codes
        self.new_places: dict[tuple[bytes | None, ...], Place] = {}
        self.new_codes: dict[str, int] = {}
        self._changes: dict[Place, _Change] = {}
        self._non_patient: list[int] = []  # keys of new rows

    def file(self, entries: Sequence[Entry]) -> list[Filed]:
        filed = [self._file_one(entry) for entry in entries]
        now = max(entry.received for entry in entries)
        for (_, series_id), change in sorted(self._changes.items(), key=lambda each: each[0][1]):
            parameters = {"id": series_id, "n": change.instances, "bytes": change.bytes, "now": now}
            if not self._transaction.change(_COUNT, parameters):
                raise ConstraintError("the series was removed meanwhile")
        events = [
            (Event.STORED, study_id, series_id, instance_id)
            for (study_id, series_id), change in self._changes.items()
            for instance_id in change.events
        ]
        events += [(Event.NON_PATIENT_STORED, 0, 0, object_id) for object_id in self._non_patient]
        insert_events(self._transaction, events, now)
        return filed

    def _file_one(self, entry: Entry) -> Filed:
        if not entry.StudyInstanceUID:
            return self._file_non_patient(entry)
        filed = Filed()
        fingerprint = tuple(map(entry.header.values.get, _FINGERPRINT))
        place = self._known.get(fingerprint) or self.new_places.get(fingerprint)
        if place is None:
            filed.existing = self._existing(entry.SOPInstanceUID)
            if filed.existing is not None:
                return filed
            place = self.new_places[fingerprint] = self._place(entry, filed)
        values = self._object(entry)
        values["series_id"] = place[1]
        for attribute in _NUMBERS:
            values[attribute.keyword] = entry.header.number(attribute)
        inserted = self._transaction.rows(_INSERT_INSTANCE, **values)
        if not inserted:
            filed.existing = self._existing(entry.SOPInstanceUID)
            return filed
        change = self._changes.setdefault(place, _Change())
        change.instances += 1
        change.bytes += entry.size
        change.events.append(inserted[0][0])
        return filed

    def _file_non_patient(self, entry: Entry) -> Filed:
        values = self._object(entry) | entry.header.columns_of(NON_PATIENT_ATTRIBUTES)
        inserted = self._transaction.rows(_INSERT_NON_PATIENT, **values)
        if not inserted:
            return Filed(self._existing(entry.SOPInstanceUID))
        self._non_patient.append(inserted[0][0])
        return Filed()

    def _object(self, entry: Entry) -> dict[str, Any]:
        """Return the columns that every object has."""
        return {
            "SOPInstanceUID": entry.SOPInstanceUID,
            "SOPClassUID": self._code(entry.SOPClassUID),
            "AvailableTransferSyntaxUID": self._code(entry.transfer_syntax_uid),
            "location": entry.location,
            "size": entry.size,
            "data_set_offset": entry.data_set_offset,
            "hash": entry.hash,
            "received": entry.received,
        }

    def _existing(self, uid: str) -> Instance | None:
        """Return the object of this UID, in a study or of no patient."""
        return read_instance(self._transaction, uid) or read_non_patient(self._transaction, uid)

    def _place(self, entry: Entry, filed: Filed) -> Place:
        """Return study and series of the entry, made if they are new."""
        study_id = self._study(entry, filed)
        columns = entry.header.columns(Level.SERIES)
        columns |= {"study_id": study_id, "SeriesInstanceUID": entry.SeriesInstanceUID}
        columns |= {"instances": 0, "bytes": 0, "revision": 0, "changed": entry.received}
        self._transaction.rows(_INSERT_SERIES, **columns)
        found = self._transaction.rows(_FIND_SERIES, study_id=study_id, uid=entry.SeriesInstanceUID)
        return study_id, int(found[0][0])

    def _study(self, entry: Entry, filed: Filed) -> int:
        """Return the entry's study, made if it is new; list a conflict where its patient is another."""
        columns = entry.header.columns(Level.PATIENT)
        identity = Identity.of(columns)
        found = self._find_study(entry)
        if found is None:
            patient_id = self._patient(entry, identity, columns, filed)
            values = entry.header.columns(Level.STUDY)
            values |= {"patient_id": patient_id, "StudyInstanceUID": entry.StudyInstanceUID}
            self._transaction.rows(_INSERT_STUDY, **values)
            found = self._find_study(entry)
            assert found is not None
        study_id, owner, filed_under = found
        if not identity.agrees(owner):
            detail = f"the study is filed under {filed_under}; this object says {shown(columns)}"
            key = f"{entry.StudyInstanceUID} {identity.key(entry.StudyInstanceUID)}"
            self._list(ConflictKind.STUDY_PATIENT, key, detail, entry, filed)
        return study_id

    def _find_study(self, entry: Entry) -> tuple[int, Identity, str] | None:
        rows = self._transaction.rows(_FIND_STUDY, uid=entry.StudyInstanceUID)
        if not rows:
            return None
        columns = dict(zip(IDENTITY_COLUMNS, rows[0][1:], strict=True))
        return rows[0][0], Identity.of(columns), shown(columns)

    def _patient(self, entry: Entry, identity: Identity, columns: Mapping[str, Any], filed: Filed) -> int:
        """Return the patient of a new study; list a conflict where its ID belongs to others."""
        patient_id, others = place_patient(self._transaction, columns, entry.StudyInstanceUID)
        if others:
            detail = f"PatientID {identity.PatientID!r} belongs to {others}; this object says {shown(columns)}"
            self._list(ConflictKind.PATIENT, identity.key(entry.StudyInstanceUID), detail, entry, filed)
        return patient_id

    def _list(self, kind: ConflictKind, key: str, detail: str, entry: Entry, filed: Filed) -> None:
        list_conflict(self._transaction, kind, key, detail, entry)
        filed.conflicts.append(kind)

    def _code(self, value: str) -> int:
        code = self._codes.get(value) or self.new_codes.get(value)
        if code is None:
            self._transaction.rows(_INSERT_CODE, value=value)
            code = self.new_codes[value] = int(self._transaction.rows(_FIND_CODE, value=value)[0][0])
        return code


_INSERT_STUDY = insert(study, "StudyInstanceUID")
_INSERT_SERIES = insert(series, "study_id", "SeriesInstanceUID")
_INSERT_INSTANCE = insert(instance, "SOPInstanceUID", absent=non_patient_object)
_INSERT_NON_PATIENT = insert(non_patient_object, "SOPInstanceUID", absent=instance)
_INSERT_CODE = "INSERT INTO code (value) VALUES (:value) ON CONFLICT (value) DO NOTHING RETURNING id"
_FIND_CODE = "SELECT id FROM code WHERE value = :value"
_FIND_STUDY = f"""
SELECT study.id, {IDENTITY} FROM study JOIN patient ON patient.id = study.patient_id WHERE "StudyInstanceUID" = :uid"""  # noqa: S608 - names of the schema
_FIND_SERIES = 'SELECT id FROM series WHERE study_id = :study_id AND "SeriesInstanceUID" = :uid'
_COUNT = """
UPDATE series SET instances = instances + :n, bytes = bytes + :bytes, revision = revision + 1, changed = :now
WHERE id = :id"""
