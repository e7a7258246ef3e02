"""The bin: objects that were deleted and whose bytes are kept until their deletion expires. No search looks here.

A deletion is what one request deleted; it is restored or emptied as a whole. To be restored an object is filed anew
from its bytes, so its row here says only where they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isocenter.index.database import Database, Transaction
from isocenter.index.entry import Instance


@dataclass(frozen=True, slots=True)
class Deletion:
    """One deletion: a study, one of its series, or one object ("" for all below); times in milliseconds since 1970."""

    id: int
    StudyInstanceUID: str
    SeriesInstanceUID: str
    SOPInstanceUID: str
    PatientName: str
    PatientID: str
    StudyDate: str
    StudyDescription: str
    deleted: int
    expires: int
    objects: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Binned:
    """An object in the bin; ``received`` in milliseconds since 1970."""

    id: int
    SOPInstanceUID: str
    location: str
    size: int
    data_set_offset: int
    hash: bytes
    received: int

    def as_instance(self) -> Instance:
        """Return what a check of bytes needs to know of it."""
        return Instance("", "", self.SOPInstanceUID, "", None, None, "", self.location, self.size, self.data_set_offset,
                        self.hash)  # fmt: skip


_OPEN = """
INSERT INTO deletion ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "PatientName", "PatientID",
  "StudyDate", "StudyDescription", deleted, expires)
SELECT :study, :series, :sop, patient."PatientName", patient."PatientID", study."StudyDate", study."StudyDescription",
  :now, :expires
FROM study JOIN patient ON patient.id = study.patient_id WHERE study."StudyInstanceUID" = :study RETURNING id"""
_LIST = """
SELECT deletion.id, deletion."StudyInstanceUID", deletion."SeriesInstanceUID", deletion."SOPInstanceUID",
  deletion."PatientName", deletion."PatientID", deletion."StudyDate", deletion."StudyDescription", deletion.deleted,
  deletion.expires, COUNT(binned.id), CAST(COALESCE(SUM(binned.size), 0) AS BIGINT)
FROM deletion LEFT JOIN binned ON binned.deletion_id = deletion.id
WHERE NOT EXISTS (SELECT 1 FROM study_edit WHERE study_edit.deletion = deletion.id)
GROUP BY deletion.id ORDER BY deletion.id"""
_COLUMNS = 'id, "SOPInstanceUID", location, size, data_set_offset, hash, received'
_OBJECTS = f"SELECT {_COLUMNS} FROM binned WHERE deletion_id = :deletion AND id > :after ORDER BY id LIMIT :limit"  # noqa: S608
_ALL = f"SELECT {_COLUMNS} FROM binned WHERE id > :after ORDER BY id LIMIT :limit"  # noqa: S608 - constants
_EXPIRED = "SELECT id FROM deletion WHERE expires <= :now ORDER BY id"
#: An object that was restored just before a crash is in both places: its bytes are not given up.
_GIVE_UP = """
INSERT INTO garbage (location) SELECT location FROM binned WHERE deletion_id = :deletion
  AND NOT EXISTS (SELECT 1 FROM instance WHERE instance."SOPInstanceUID" = binned."SOPInstanceUID"
    AND instance.location = binned.location)
  AND NOT EXISTS (SELECT 1 FROM conflict WHERE conflict.location = binned.location)
ON CONFLICT (location) DO NOTHING"""
_FORGET = "DELETE FROM binned WHERE deletion_id = :deletion"
_CLOSE = "DELETE FROM deletion WHERE id = :deletion AND NOT EXISTS (SELECT 1 FROM binned WHERE deletion_id = :deletion)"
#: What corrections have replaced of objects of a study that are neither in the archive nor in the bin any more.
_OUTLIVED = """
FROM binned WHERE deletion_id IN (SELECT deletion FROM study_edit WHERE "StudyInstanceUID" = :study)
  AND NOT EXISTS (SELECT 1 FROM instance WHERE instance."SOPInstanceUID" = binned."SOPInstanceUID")
  AND NOT EXISTS (SELECT 1 FROM binned AS other WHERE other."SOPInstanceUID" = binned."SOPInstanceUID"
    AND NOT EXISTS (SELECT 1 FROM study_edit WHERE study_edit.deletion = other.deletion_id))"""
_GIVE_UP_OUTLIVED = (
    f"INSERT INTO garbage (location) SELECT location {_OUTLIVED} ON CONFLICT (location) DO NOTHING",
    f"DELETE {_OUTLIVED}",
    """DELETE FROM deletion WHERE id IN (SELECT deletion FROM study_edit WHERE "StudyInstanceUID" = :study)
    AND NOT EXISTS (SELECT 1 FROM binned WHERE deletion_id = deletion.id)""",
)
_DISCARD = """
INSERT INTO garbage (location) SELECT :location
WHERE NOT EXISTS (SELECT 1 FROM instance WHERE "SOPInstanceUID" = :sop AND location = :location)
  AND NOT EXISTS (SELECT 1 FROM binned WHERE location = :location)
ON CONFLICT (location) DO NOTHING"""


def open_deletion(transaction: Transaction, chosen: Mapping[str, str], now: int, expires: int) -> int:
    """Begin a deletion of what ``study``, ``series`` and ``sop`` name; return its number."""
    return int(transaction.rows(_OPEN, **chosen, now=now, expires=expires)[0][0])


def read_deletions(database: Database) -> list[Deletion]:
    """Return what is in the bin, oldest first."""
    return [Deletion(*row) for row in database.rows(_LIST)]


def read_binned(database: Database, after: int, limit: int, deletion: int | None = None) -> list[Binned]:
    """Return the next objects of a deletion, or of all, by their key."""
    if deletion is None:
        return [Binned(*row) for row in database.rows(_ALL, after=after, limit=limit)]
    return [Binned(*row) for row in database.rows(_OBJECTS, deletion=deletion, after=after, limit=limit)]


def take_out(database: Database, deletion: int, restored: Sequence[Binned]) -> None:
    """Strike objects off that are filed again; a deletion without objects goes with them."""
    with database.write() as transaction:
        transaction.change_many("DELETE FROM binned WHERE id = :id", [{"id": each.id} for each in restored])
        close_deletion(transaction, deletion)


def give_up(database: Database, deletion: int) -> bool:
    """Empty the bin of a deletion: its bytes are to be removed; return False where there is none."""
    with database.write() as transaction:
        study = transaction.rows('SELECT "StudyInstanceUID" FROM deletion WHERE id = :id', id=deletion)
        for statement in (_GIVE_UP, _FORGET):
            transaction.change(statement, {"deletion": deletion})
        closed = close_deletion(transaction, deletion)
        if study:
            give_up_outlived(transaction, study[0][0])
        return closed


def close_deletion(transaction: Transaction, deletion: int) -> bool:
    """Strike off a deletion that has no objects left; tell whether it was."""
    return transaction.change(_CLOSE, {"deletion": deletion}) == 1


def give_up_outlived(transaction: Transaction, study: str) -> None:
    """Give up what corrections have replaced of objects that are deleted for good."""
    for statement in _GIVE_UP_OUTLIVED:
        transaction.change(statement, {"study": study})


def discard(database: Database, SOPInstanceUID: str, location: str) -> None:  # noqa: N803 - a DICOM keyword
    """Have bytes removed that no row names: those of a correction that did not come to its end."""
    with database.write() as transaction:
        transaction.serialize_events()  # a correction that takes them passes here, too, before it looks at the garbage
        transaction.change(_DISCARD, {"sop": SOPInstanceUID, "location": location})


def is_binned(database: Database, SOPInstanceUID: str) -> bool:  # noqa: N803 - a DICOM keyword
    """Tell whether the bin has an object."""
    return bool(database.rows('SELECT 1 FROM binned WHERE "SOPInstanceUID" = :sop LIMIT 1', sop=SOPInstanceUID))


def give_up_expired(database: Database, now: int) -> None:
    """Empty the bin of what has expired."""
    for (deletion,) in database.rows(_EXPIRED, now=now):
        give_up(database, deletion)
