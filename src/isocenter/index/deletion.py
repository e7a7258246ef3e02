"""Deletion: rows go at once, bytes after them, or when the bin is emptied.

The locations of what is deleted are kept in the table ``garbage``, or in the bin, in the same transaction, so a crash
in between leaves neither a row without bytes nor bytes that a repair would take for a lost object.
"""

from isocenter.index.attributes import Level
from isocenter.index.bin import give_up_outlived, open_deletion
from isocenter.index.database import Database, Transaction
from isocenter.index.outbox import Event, insert_events
from isocenter.index.patients import forget_if_empty

_CHOSEN = """
SELECT instance.id FROM instance JOIN series ON series.id = instance.series_id JOIN study ON study.id = series.study_id
WHERE study."StudyInstanceUID" = :study AND (:series = '' OR series."SeriesInstanceUID" = :series)
  AND (:sop = '' OR instance."SOPInstanceUID" = :sop)"""
_CONFLICTS = """
"StudyInstanceUID" = :study AND (:series = '' OR "SeriesInstanceUID" = :series)
  AND (:sop = '' OR "SOPInstanceUID" = :sop)"""
_AFFECTED = f"""
SELECT DISTINCT series.study_id, series.id, study.patient_id FROM instance JOIN series ON series.id = instance.series_id
JOIN study ON study.id = series.study_id WHERE instance.id IN ({_CHOSEN}) ORDER BY series.id"""  # noqa: S608 - constants
_KEEP_LOCATIONS = (
    f"INSERT INTO garbage (location) SELECT location FROM instance WHERE id IN ({_CHOSEN})",  # noqa: S608
    f"INSERT INTO garbage (location) SELECT location FROM conflict WHERE location <> '' AND {_CONFLICTS}",  # noqa: S608
)
_INTO_BIN = (
    f"""INSERT INTO binned (deletion_id, "SOPInstanceUID", location, size, data_set_offset, hash, received)
    SELECT :deletion, "SOPInstanceUID", location, size, data_set_offset, hash, received FROM instance
    WHERE id IN ({_CHOSEN}) ORDER BY id""",  # noqa: S608
    f"""INSERT INTO binned (deletion_id, "SOPInstanceUID", location, size, data_set_offset, hash, received)
    SELECT :deletion, "SOPInstanceUID", location, size, data_set_offset, hash, received FROM conflict
    WHERE location <> '' AND {_CONFLICTS} ORDER BY id""",  # noqa: S608
)
_DELETE = (
    f"DELETE FROM key_value WHERE key_id IN (SELECT id FROM query_key WHERE level = 3) AND owner IN ({_CHOSEN})",  # noqa: S608
    f"DELETE FROM instance WHERE id IN ({_CHOSEN})",  # noqa: S608
    f"DELETE FROM conflict WHERE {_CONFLICTS}",  # noqa: S608
)
_RECOUNT = """
UPDATE series SET instances = (SELECT COUNT(*) FROM instance WHERE series_id = :id),
  bytes = (SELECT COALESCE(SUM(size), 0) FROM instance WHERE series_id = :id), revision = revision + 1, changed = :now
WHERE id = :id"""
_DELETE_EMPTY = (
    "DELETE FROM series_metadata WHERE series_id = :id AND NOT EXISTS (SELECT 1 FROM instance WHERE series_id = :id)",
    "DELETE FROM series WHERE id = :id AND NOT EXISTS (SELECT 1 FROM instance WHERE series_id = :id)",
    *(
        f"DELETE FROM {table} WHERE study_id = :study AND NOT EXISTS (SELECT 1 FROM series WHERE study_id = :study)"  # noqa: S608
        for table in ("measurement_draft", "key_image_draft")
    ),
    "DELETE FROM study WHERE id = :study AND NOT EXISTS (SELECT 1 FROM series WHERE study_id = :study)",
    *(
        f"""DELETE FROM key_value WHERE key_id IN (SELECT id FROM query_key WHERE level = {level.value})
        AND owner = :{owner} AND NOT EXISTS (SELECT 1 FROM {level.name.lower()} WHERE id = :{owner})"""  # noqa: S608
        for level, owner in ((Level.SERIES, "id"), (Level.STUDY, "study"))
    ),
)


def delete_objects(
    database: Database,
    StudyInstanceUID: str,  # noqa: N803 - DICOM keywords
    SeriesInstanceUID: str,  # noqa: N803
    SOPInstanceUID: str,  # noqa: N803
    now: int,
    expires: int | None = None,
) -> bool:
    """Delete a study, one of its series ("" = all) or one object ("" = all); return False where there is none.

    The objects go to the bin until ``expires`` (milliseconds since 1970), or are given up if that is None.
    """
    chosen = {"study": StudyInstanceUID, "series": SeriesInstanceUID, "sop": SOPInstanceUID}
    with database.write() as transaction:
        affected = transaction.rows(_AFFECTED, **chosen)
        if not affected:
            return False
        parameters: dict[str, str | int] = dict(chosen)
        if expires is not None:
            parameters["deletion"] = open_deletion(transaction, chosen, now, expires)
        for statement in (*(_KEEP_LOCATIONS if expires is None else _INTO_BIN), *_DELETE):
            transaction.change(statement, parameters)
        for study_id, series_id, patient_id in affected:
            recount(transaction, series_id, now)
            for statement in _DELETE_EMPTY:
                transaction.change(statement, {"id": series_id, "study": study_id})
            forget_if_empty(transaction, patient_id)
        if expires is None:
            give_up_outlived(transaction, StudyInstanceUID)
        insert_events(transaction, [(Event.DELETED, row[0], row[1], 0) for row in affected], now)
    return True


def recount(transaction: Transaction, series_id: int, now: int) -> None:
    """Set the counters of a series from its objects."""
    transaction.change(_RECOUNT, {"id": series_id, "now": now})


def garbage(database: Database) -> list[str]:
    """Return the locations whose bytes are still to be removed."""
    with database.read() as connection:
        return [row[0] for row in connection.exec_driver_sql("SELECT location FROM garbage LIMIT 100000")]


def forget_garbage(database: Database, locations: list[str]) -> None:
    """Strike locations off, their bytes being gone."""
    with database.write() as transaction:
        transaction.change_many(
            "DELETE FROM garbage WHERE location = :location", [{"location": location} for location in locations]
        )
