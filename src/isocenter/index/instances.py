"""Reading instance rows, in the order in which people go through them: by series, then by number."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from isocenter.index.database import Database, Transaction
from isocenter.index.entry import Instance
from isocenter.index.schema import binned, code, instance, non_patient_object, series, study

_sop_class, _syntax = code.alias("sop_class"), code.alias("syntax")
_COLUMNS: "tuple[sa.ColumnElement[Any], ...]" = (
    study.c.StudyInstanceUID,
    series.c.SeriesInstanceUID,
    instance.c.SOPInstanceUID,
    _sop_class.c.value,
    instance.c.InstanceNumber,
    instance.c.NumberOfFrames,
    _syntax.c.value,
    instance.c.location,
    instance.c.size,
    instance.c.data_set_offset,
    instance.c.hash,
)
_FROM = (
    instance.join(series, series.c.id == instance.c.series_id)
    .join(study, study.c.id == series.c.study_id)
    .join(_sop_class, _sop_class.c.id == instance.c.SOPClassUID)
    .join(_syntax, _syntax.c.id == instance.c.AvailableTransferSyntaxUID)
)
_BY_UID = str(
    sa.select(*_COLUMNS)
    .select_from(_FROM)
    .where(instance.c.SOPInstanceUID == sa.bindparam("uid"))
    .compile(compile_kwargs={"render_postcompile": True})
)


def read_instance(transaction: Transaction, SOPInstanceUID: str) -> Instance | None:  # noqa: N803 - a DICOM keyword
    """Return the row of an object."""
    rows = transaction.rows(_BY_UID, uid=SOPInstanceUID)
    return Instance(*rows[0]) if rows else None


def get_instance(database: Database, SOPInstanceUID: str) -> Instance | None:  # noqa: N803 - a DICOM keyword
    """Return the row of an object, outside a transaction."""
    rows = database.rows(_BY_UID, uid=SOPInstanceUID)
    return Instance(*rows[0]) if rows else None


def read_instances(
    database: Database,
    StudyInstanceUID: str,  # noqa: N803 - DICOM keywords
    SeriesInstanceUID: str | None = None,  # noqa: N803
    SOPInstanceUID: str | None = None,  # noqa: N803
) -> list[Instance]:
    """Return the objects of a study, of one of its series, or one object; series by number, objects by number."""
    uids = {"study": StudyInstanceUID, "series": SeriesInstanceUID, "sop": SOPInstanceUID}
    given = {name: uid for name, uid in uids.items() if uid is not None}
    return [Instance(*row) for row in database.rows(_by_uids(*given), **given)]


@cache
def _by_uids(*names: str) -> str:
    """Return the query with these UIDs as parameters."""
    columns = {
        "study": study.c.StudyInstanceUID,
        "series": series.c.SeriesInstanceUID,
        "sop": instance.c.SOPInstanceUID,
    }
    conditions = [columns[name] == sa.bindparam(name) for name in names]
    return str(sa.select(*_COLUMNS).select_from(_FROM).where(*conditions).order_by(*series_order(), *instance_order()))


def read_at(database: Database, locations: Sequence[str]) -> set[str]:
    """Return those of the locations that a row names, also one in the bin."""
    tables = (instance, non_patient_object, binned)
    with database.read() as connection:
        found = (sa.select(table.c.location).where(table.c.location.in_(locations)) for table in tables)
        return set(connection.execute(sa.union_all(*found)).scalars())


def read_all(database: Database, after: int, limit: int) -> list[tuple[int, Instance]]:
    """Return the next rows by their key, for walking through the whole archive in pieces."""
    query = sa.select(instance.c.id, *_COLUMNS).select_from(_FROM).where(instance.c.id > after)
    with database.read() as connection:
        rows = connection.execute(query.order_by(instance.c.id).limit(limit)).all()
    return [(row[0], Instance(*row[1:])) for row in rows]


def series_order() -> "tuple[sa.ColumnElement[Any], ...]":
    """Return the order of series: by number, those without one last, then as they came."""
    return series.c.SeriesNumber.is_(None), series.c.SeriesNumber, series.c.id


def instance_order() -> "tuple[sa.ColumnElement[Any], ...]":
    """Return the order of the objects of a series: by number, those without one last, then as they came."""
    return instance.c.InstanceNumber.is_(None), instance.c.InstanceNumber, instance.c.id
