"""Stored series metadata: one blob for a series, right as long as the series' revision is the one it was made for."""

from dataclasses import dataclass

import sqlalchemy as sa

from isocenter.index.database import Database, Transaction
from isocenter.index.outbox import Event, insert_events
from isocenter.index.schema import series, series_metadata, study


@dataclass(frozen=True, slots=True)
class SeriesState:
    """A series as it is now; ``body`` and ``etag`` are of the stored blob, None where that is not right."""

    id: int
    study_id: int
    StudyInstanceUID: str
    SeriesInstanceUID: str
    revision: int
    instances: int
    body: bytes | None
    etag: str | None


@dataclass(frozen=True, slots=True)
class SeriesOpening:
    """A series of a study with the stored document that opens it, None where that is not right or not made."""

    id: int
    revision: int
    SeriesInstanceUID: str
    etag: str | None
    body: bytes | None


_COLUMNS = (
    series.c.id,
    series.c.study_id,
    study.c.StudyInstanceUID,
    series.c.SeriesInstanceUID,
    series.c.revision,
    series.c.instances,
    series_metadata.c.body,
    series_metadata.c.etag,
)
_FROM = series.join(study, study.c.id == series.c.study_id).outerjoin(
    series_metadata,
    sa.and_(series_metadata.c.series_id == series.c.id, series_metadata.c.revision == series.c.revision),
)
_OPENING = (
    series.c.id,
    series.c.revision,
    series.c.SeriesInstanceUID,
    series_metadata.c.etag,
    series_metadata.c.opening,
)
_STORE = """
INSERT INTO series_metadata (series_id, revision, instances, etag, body, opening)
SELECT id, :revision, :instances, :etag, :body, :opening FROM series WHERE id = :id AND revision = :revision
ON CONFLICT (series_id) DO UPDATE SET revision = excluded.revision, instances = excluded.instances,
  etag = excluded.etag, body = excluded.body, opening = excluded.opening"""


def read_series(database: Database, StudyInstanceUID: str, SeriesInstanceUID: str) -> SeriesState | None:  # noqa: N803
    """Return the series of these UIDs."""
    return _read(
        database, sa.and_(study.c.StudyInstanceUID == StudyInstanceUID, series.c.SeriesInstanceUID == SeriesInstanceUID)
    )


def read_series_by_key(database: Database, series_id: int) -> SeriesState | None:
    """Return the series of this key."""
    return _read(database, series.c.id == series_id)


def _read(database: Database, condition: "sa.ColumnElement[bool]") -> SeriesState | None:
    with database.read() as connection:
        row = connection.execute(sa.select(*_COLUMNS).select_from(_FROM).where(condition)).one_or_none()
    return None if row is None else SeriesState(*row)


def read_openings(database: Database, StudyInstanceUID: str) -> list[SeriesOpening]:  # noqa: N803
    """Return the series of a study, in the order in which they came."""
    condition = study.c.StudyInstanceUID == StudyInstanceUID
    with database.read() as connection:
        rows = connection.execute(sa.select(*_OPENING).select_from(_FROM).where(condition).order_by(series.c.id))
        return [SeriesOpening(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Blobs:
    """What is stored of a settled series: its metadata and the document that opens it, gzip both."""

    etag: str
    body: bytes
    instances: int
    opening: bytes


def settle_series(transaction: Transaction, state: SeriesState, made: Blobs) -> bool:
    """Store the blobs; return False where the series has changed or gone meanwhile."""
    parameters = {
        "id": state.id, "revision": state.revision, "instances": made.instances, "etag": made.etag, "body": made.body,
        "opening": made.opening,
    }  # fmt: skip
    return transaction.change(_STORE, parameters) > 0


def announce_settled(transaction: Transaction, settled: list[tuple[int, int]], studies: list[int], now: int) -> None:
    """Write the events of series (study id, series id) and studies that have come to rest."""
    events = [(Event.SERIES_SETTLED, study_id, series_id, 0) for study_id, series_id in settled]
    insert_events(transaction, [*events, *((Event.STUDY_SETTLED, study_id, 0, 0) for study_id in studies)], now)
