"""What a check asks of the index and puts right in it: counters and empty parents."""

from typing import NamedTuple

from isocenter.index.database import Database
from isocenter.index.deletion import recount

_WRONG_COUNTS = """
SELECT series.id, series."SeriesInstanceUID", series.instances, COUNT(instance.id) FROM series
LEFT JOIN instance ON instance.series_id = series.id GROUP BY series.id, series."SeriesInstanceUID", series.instances,
  series.bytes HAVING series.instances <> COUNT(instance.id) OR series.bytes <> COALESCE(SUM(instance.size), 0)
ORDER BY series.id"""
_EMPTY = (
    "FROM series WHERE NOT EXISTS (SELECT 1 FROM instance WHERE instance.series_id = series.id)",
    "FROM study WHERE NOT EXISTS (SELECT 1 FROM series WHERE series.study_id = study.id)",
    "FROM patient WHERE NOT EXISTS (SELECT 1 FROM study WHERE study.patient_id = patient.id)",
)
_EMPTY_BLOBS = """
DELETE FROM series_metadata
WHERE NOT EXISTS (SELECT 1 FROM instance WHERE instance.series_id = series_metadata.series_id)"""


class WrongCount(NamedTuple):
    """A series whose counters do not fit its objects."""

    series_id: int
    SeriesInstanceUID: str
    counted: int
    actual: int


def wrong_counts(database: Database) -> list[WrongCount]:
    """Return the series whose counters are wrong; those of objects that just come in may be among them."""
    with database.read() as connection:
        return [WrongCount(*row) for row in connection.exec_driver_sql(_WRONG_COUNTS)]


def put_counts_right(database: Database, wrong: list[WrongCount], now: int) -> None:
    """Count again."""
    with database.write() as transaction:
        for each in wrong:
            recount(transaction, each.series_id, now)


def count_empty(database: Database) -> int:
    """Return how many series, studies and patients hold nothing."""
    with database.read() as connection:
        return sum(int(connection.exec_driver_sql(f"SELECT COUNT(*) {each}").scalar_one()) for each in _EMPTY)


def remove_empty(database: Database) -> None:
    """Remove series, studies and patients that hold nothing."""
    with database.write() as transaction:
        transaction.change(_EMPTY_BLOBS, {})
        for each in _EMPTY:
            transaction.change(f"DELETE {each}", {})
