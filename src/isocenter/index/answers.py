"""From rows to answers: DICOM JSON Model objects (PS3.18 F) with the attributes asked for.

Parents are read once for all answers, and their values are shared between them. Computed attributes are counted only
where they are asked for.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from isocenter.index.attributes import ATTRIBUTES, Attribute, Kind, Level, kept
from isocenter.index.database import Database
from isocenter.index.query import STUDIES, Query, compile_page, compile_query
from isocenter.index.schema import code, instance, series, study

Json = dict[str, Any]
Rows = Sequence["sa.Row[Any]"]

#: Rows asked for at once by key.
_PIECE = 1000
_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def find(database: Database, query: Query) -> list[Json]:
    """Return the answers to a query, in its order."""
    statement = compile_query(query)
    with database.read() as connection:
        rows = connection.execute(statement).all()
        return _Answers(connection, query).of(rows) if rows else []


def find_pages(database: Database, query: Query, size: int) -> Iterator[list[Json]]:
    """Yield the answers to a query in pages, each read when it is asked for; ``offset`` does not count here.

    Between two pages nothing is held open, so whoever takes them may be slow.
    """
    left, after = query.limit, None
    while left is None or left > 0:
        wanted = size if left is None else min(size, left)
        statement = compile_page(query, wanted, after)
        with database.read() as connection:
            rows = connection.execute(statement).all()
            answers = _Answers(connection, query).of(rows) if rows else []
        if answers:
            yield answers
        if len(rows) < wanted:
            return
        after = rows[-1]
        left = None if left is None else left - wanted


class _Answers:
    """The answers to one query, on one connection."""

    def __init__(self, connection: sa.Connection, query: Query) -> None:
        self._connection = connection
        self._level = query.level
        self._wanted = None if query.include is None else query.include | set(query.keys)

    def of(self, rows: Rows) -> list[Json]:
        return _LEVELS[self._level](self, rows)

    def patients(self, rows: Rows) -> list[Json]:
        answers = self._objects(rows, Level.PATIENT)
        self._count_patients([row.id for row in rows], answers)
        return answers

    def studies(self, rows: Rows) -> list[Json]:
        answers = [
            above | own
            for above, own in zip(self._objects(rows, Level.PATIENT), self._objects(rows, Level.STUDY), strict=True)
        ]
        self._count_studies([row.id for row in rows], answers)
        self._count_patients([row.patient_id for row in rows], answers)
        return answers

    def series(self, rows: Rows) -> list[Json]:
        parents = self._parents(study, (row.study_id for row in rows))
        answers = [
            parents[row.study_id] | own for row, own in zip(rows, self._objects(rows, Level.SERIES), strict=True)
        ]
        for computed in self._computed(Level.SERIES):
            for row, answer in zip(rows, answers, strict=True):
                answer[_tag(computed)] = {"vr": computed.vr, "Value": [row.instances]}
        return answers

    def instances(self, rows: Rows) -> list[Json]:
        parents = self._parents(series, (row.series_id for row in rows))
        answers = []
        codes = self._codes(rows)
        for row, own in zip(rows, self._objects(rows, Level.INSTANCE), strict=True):
            for attribute in _CODED:
                if self._wants(attribute):
                    own[_tag(attribute)] = {"vr": "UI", "Value": [codes[getattr(row, attribute.keyword)]]}
            answers.append(parents[row.series_id] | own)
        return answers

    def _parents(self, table: sa.Table, ids: Iterable[int]) -> dict[int, Json]:
        """Return the answers one level up, by key."""
        statement = STUDIES if table is study else sa.select(table)
        found: dict[int, Json] = {}
        for piece in _pieces(set(ids)):
            rows = self._connection.execute(statement.where(table.c.id.in_(piece))).all()
            above = _Above(self._connection, self._wanted)
            answers = above.studies(rows) if table is study else above.series(rows)
            found.update(zip((row.id for row in rows), answers, strict=True))
        return found

    def _objects(self, rows: Rows, level: Level) -> list[Json]:
        """Return the level's own attributes of each row."""
        plan = [
            (attribute.keyword, _tag(attribute), _writer(attribute))
            for attribute in kept(level)
            if attribute.kind is not Kind.CODED and self._wants(attribute)
        ]
        mappings = [row._mapping for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for it
        return [{tag: write(row[keyword]) for keyword, tag, write in plan} for row in mappings]

    def _wants(self, attribute: Attribute) -> bool:
        return self._wanted is None or attribute.tag in self._wanted

    def _computed(self, level: Level) -> list[Attribute]:
        """Return the computed attributes to answer; all of them only at the query's own level."""
        if self._wanted is None and level is not self._level:
            return []
        return [a for a in ATTRIBUTES if a.level is level and a.kind is Kind.COMPUTED and self._wants(a)]

    def _codes(self, rows: Rows) -> dict[int, str]:
        ids = {getattr(row, attribute.keyword) for row in rows for attribute in _CODED}
        found: dict[int, str] = {}
        for piece in _pieces(ids):
            found.update(
                (row.id, row.value) for row in self._connection.execute(sa.select(code).where(code.c.id.in_(piece)))
            )
        return found

    def _count_studies(self, ids: Sequence[int], answers: Sequence[Json]) -> None:
        """Add what is counted or listed over the series of each study."""
        computed = {attribute.keyword: attribute for attribute in self._computed(Level.STUDY)}
        if not computed:
            return
        columns = (series.c.study_id, series.c.Modality, sa.func.count(), sa.func.sum(series.c.instances))
        counted: dict[int, list[Any]] = self._grouped(columns, series.c.study_id, series.c.Modality, ids)
        classes = self._classes(ids) if "SOPClassesInStudy" in computed else {}
        for key, answer in zip(ids, answers, strict=True):
            groups: list[tuple[int, str, int, int]] = counted.get(key, [])
            values: dict[str, list[Any]] = {
                "ModalitiesInStudy": sorted({row[1] for row in groups} - {""}),
                "SOPClassesInStudy": sorted(classes.get(key, ())),
                "NumberOfStudyRelatedSeries": [sum(row[2] for row in groups)],
                "NumberOfStudyRelatedInstances": [int(sum(row[3] for row in groups))],
            }
            for keyword, attribute in computed.items():
                answer[_tag(attribute)] = _object(attribute.vr, values[keyword])

    def _classes(self, ids: Sequence[int]) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for piece in _pieces(ids):
            statement = (
                sa.select(series.c.study_id, code.c.value)
                .join_from(series, instance, instance.c.series_id == series.c.id)
                .join(code, code.c.id == instance.c.SOPClassUID)
                .where(series.c.study_id.in_(piece))
                .distinct()
            )
            for row in self._connection.execute(statement):
                found.setdefault(row[0], set()).add(row[1])
        return found

    def _count_patients(self, ids: Sequence[int], answers: Sequence[Json]) -> None:
        """Add what is counted over the studies of each patient."""
        computed = self._computed(Level.PATIENT)
        if not computed:
            return
        found: dict[int, tuple[int, ...]] = {}
        counted: tuple[Any, ...] = (
            study.c.patient_id,
            sa.func.count(study.c.id.distinct()),
            sa.func.count(series.c.id),
            sa.func.coalesce(sa.func.sum(series.c.instances), 0),
        )
        for piece in _pieces(ids):
            statement: sa.Select[Any] = (
                sa.select(*counted)
                .join_from(study, series, series.c.study_id == study.c.id, isouter=True)
                .where(study.c.patient_id.in_(piece))
                .group_by(study.c.patient_id)
            )
            found.update((row[0], (row[1], row[2], int(row[3]))) for row in self._connection.execute(statement).all())
        places = {
            "NumberOfPatientRelatedStudies": 0,
            "NumberOfPatientRelatedSeries": 1,
            "NumberOfPatientRelatedInstances": 2,
        }
        for key, answer in zip(ids, answers, strict=True):
            for attribute in computed:
                answer[_tag(attribute)] = _object(attribute.vr, [found.get(key, (0, 0, 0))[places[attribute.keyword]]])

    def _grouped(
        self, columns: Iterable[Any], key: "sa.Column[Any]", other: "sa.Column[Any]", ids: Collection[int]
    ) -> dict[int, list["sa.Row[Any]"]]:
        found: dict[int, list[sa.Row[Any]]] = {}
        for piece in _pieces(ids):
            statement = sa.select(*columns).where(key.in_(piece)).group_by(key, other)
            for row in self._connection.execute(statement):
                found.setdefault(row[0], []).append(row)
        return found


class _Above(_Answers):
    """Answers that are parents of others: without what is computed, unless it was asked for by name."""

    def __init__(self, connection: sa.Connection, wanted: frozenset[int] | None) -> None:
        self._connection = connection
        self._level = Level.INSTANCE
        self._wanted = wanted


_LEVELS: dict[Level, Callable[[_Answers, Rows], list[Json]]] = {
    Level.PATIENT: _Answers.patients,
    Level.STUDY: _Answers.studies,
    Level.SERIES: _Answers.series,
    Level.INSTANCE: _Answers.instances,
}
_CODED = tuple(attribute for attribute in kept(Level.INSTANCE) if attribute.kind is Kind.CODED)


def _tag(attribute: Attribute) -> str:
    return f"{attribute.tag:08X}"


def _object(vr: str, values: list[Any]) -> Json:
    return {"vr": vr, "Value": values} if values else {"vr": vr}


def _writer(attribute: Attribute) -> Callable[[Any], Json]:
    """Return the function that writes a column's value as an attribute."""
    vr = attribute.vr

    def text(value: str) -> Json:
        return _object(vr, [part or None for part in value.split("\\")]) if value else {"vr": vr}

    def number(value: int | None) -> Json:
        return {"vr": vr} if value is None else {"vr": vr, "Value": [value]}

    def name(value: str) -> Json:
        return _object(vr, [_name(part) for part in value.split("\\")]) if value else {"vr": vr}

    def decimal(value: str) -> Json:
        try:
            return _object(vr, [float(value)]) if value else {"vr": vr}
        except ValueError:
            return text(value)

    if attribute.kind is Kind.NAME:
        return name
    if attribute.kind is Kind.NUMBER:
        return number
    return decimal if vr == "DS" else text


def _name(value: str) -> Json | None:
    groups = zip(_NAME_GROUPS, value.split("="), strict=False)
    return {group: text for group, text in groups if text} or None


def _pieces(ids: Collection[int]) -> Iterable[list[int]]:
    ordered = list(ids)
    return (ordered[at : at + _PIECE] for at in range(0, len(ordered), _PIECE))
