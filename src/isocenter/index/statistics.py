"""What an archive holds, in numbers."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from isocenter.index.database import Database
from isocenter.index.schema import conflict, non_patient_object, patient, series, study


@dataclass(frozen=True, slots=True)
class Holdings:
    """Counts of series, instances and bytes of one modality."""

    Modality: str
    series: int
    instances: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of everything; ``bytes`` are those of the objects' files. Non-patient objects are counted apart."""

    patients: int
    studies: int
    series: int
    instances: int
    bytes: int
    conflicts: int
    non_patient_objects: int
    non_patient_bytes: int
    modalities: tuple[Holdings, ...]


def read_statistics(database: Database) -> Statistics:
    """Count; the work grows with the number of series, not of objects."""
    sums: tuple[Any, ...] = (sa.func.count(), sa.func.sum(series.c.instances), sa.func.sum(series.c.bytes))
    by_modality = sa.select(series.c.Modality, *sums).group_by(series.c.Modality).order_by(series.c.Modality)
    with database.read() as connection:
        counts = [
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (patient, study, conflict)
        ]
        rows = connection.execute(by_modality).all()
        apart = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(non_patient_object.c.size), 0))
        non_patient = connection.execute(apart.select_from(non_patient_object)).one()
    holdings = tuple(Holdings(row[0], row[1], int(row[2]), int(row[3])) for row in rows)
    return Statistics(
        patients=counts[0],
        studies=counts[1],
        series=sum(each.series for each in holdings),
        instances=sum(each.instances for each in holdings),
        bytes=sum(each.bytes for each in holdings),
        conflicts=counts[2],
        non_patient_objects=non_patient[0],
        non_patient_bytes=int(non_patient[1]),
        modalities=holdings,
    )
