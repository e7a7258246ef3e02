"""From rows to answers: DICOM JSON Model objects (PS3.18 F) with the attributes asked for.

What is to be written is planned once for each set of attributes. Parents are read once for all answers, and their
values are shared between them. Computed attributes are counted only where they are asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from isocenter.index.attributes import ATTRIBUTES, Attribute, Kind, Level
from isocenter.index.database import Database, Row
from isocenter.index.query import STUDIES, Query, compile_page, compile_query
from isocenter.index.schema import instance, patient, series
from isocenter.index.site_values import add_values

Json = dict[str, Any]
Writer = Callable[[Any], Json]
Plan = tuple[tuple[int, str, Writer], ...]

_NAME_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
#: What the rows of a level come from.
_SOURCES: "dict[Level, sa.Select[Any]]" = {
    Level.PATIENT: sa.select(patient),
    Level.STUDY: STUDIES,
    Level.SERIES: sa.select(series),
    Level.INSTANCE: sa.select(instance),
}
#: Where the values above a row come from: the level, and the column that names its row there.
_PARENTS = {Level.SERIES: (Level.STUDY, "study_id"), Level.INSTANCE: (Level.SERIES, "series_id")}
_COLUMNS = {level: tuple(source.selected_columns.keys()) for level, source in _SOURCES.items()}
_BY_KEY = {
    Level.STUDY: f"{STUDIES} WHERE study.id IN (:keys)",
    Level.SERIES: f"{_SOURCES[Level.SERIES]} WHERE series.id IN (:keys)",
}


def find(database: Database, query: Query) -> list[Json]:
    """Return the answers to a query, in its order."""
    statement = compile_query(query)
    with database.read() as connection:
        rows = connection.execute(statement).all()
    answers = _answers(database, query.level, rows, _wanted(query))
    add_values(database, query.level, answers, query.shown)
    return list(answers.values())


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
        answers = _answers(database, query.level, rows, _wanted(query))
        add_values(database, query.level, answers, query.shown)
        if answers:
            yield list(answers.values())
        if len(rows) < wanted:
            return
        after = rows[-1]
        left = None if left is None else left - wanted


def _wanted(query: Query) -> frozenset[int] | None:
    """Return the attributes asked for, None for all."""
    return None if query.include is None else query.include.union(query.keys)


def _answers(
    database: Database, level: Level, rows: Sequence[Row], wanted: frozenset[int] | None, *, above: bool = False
) -> dict[int, Json]:
    """Return an answer for each row, by its key, in their order; what lost its parent meanwhile is left out.

    ``above``: they are parents of others, without what is computed unless it was asked for by name.
    """
    if not rows:
        return {}
    plan, missing = _plan(level, wanted, above=above)
    if missing:
        added = _ADDERS[level](database, rows, missing)
        rows = [(*row, *more) for row, more in zip(rows, added, strict=True)]
    own = _written(plan, rows)
    if level not in _PARENTS:
        return own
    parent_level, column = _PARENTS[level]
    place = _COLUMNS[level].index(column)
    parent_rows = database.rows_by_key(_BY_KEY[parent_level], {row[place] for row in rows})
    parents = _answers(database, parent_level, parent_rows, wanted, above=True)
    return {row[0]: parents[row[place]] | own[row[0]] for row in rows if row[place] in parents}


def _written(plan: "Plan", rows: Sequence[Row]) -> dict[int, Json]:
    """Return the attributes of each row; equal values of a column are written once and shared."""
    tags = [tag for _, tag, _ in plan]
    columns: list[list[Json]] = []
    for place, _, write in plan:
        values = [row[place] for row in rows]
        texts = {value: write(value) for value in set(values)}
        columns.append([texts[value] for value in values])
    written = zip(*columns, strict=True) if columns else ((),) * len(rows)
    return {row[0]: dict(zip(tags, each, strict=True)) for row, each in zip(rows, written, strict=True)}


@lru_cache(maxsize=256)
def _plan(level: Level, wanted: frozenset[int] | None, *, above: bool) -> tuple[Plan, tuple[str, ...]]:
    """Return place in the row, tag and writer of each attribute, and the columns that are to be added to the rows."""
    attributes = [each for each in ATTRIBUTES if _answered(each, level, wanted, above=above)]
    added = tuple(each.keyword for each in attributes if each.kind in _ADDED)
    places = {name: place for place, name in enumerate((*_COLUMNS[level], *added))}
    return tuple((places[each.keyword], f"{each.tag:08X}", _writer(each)) for each in attributes), added


def _answered(attribute: Attribute, level: Level, wanted: frozenset[int] | None, *, above: bool) -> bool:
    if attribute.level is not level and (level is not Level.STUDY or attribute.level is not Level.PATIENT):
        return False
    if attribute.kind is Kind.COMPUTED and wanted is None and (above or attribute.level is not level):
        return False
    return wanted is None or attribute.tag in wanted


def _counted_patients(database: Database, rows: Sequence[Row], names: tuple[str, ...]) -> Iterable[Row]:
    """Return what is counted over the studies of each patient."""
    counts = _patient_counts(database, [row[0] for row in rows])
    return [[counts[row[0]][name] for name in names] for row in rows]


def _patient_counts(database: Database, keys: Sequence[int]) -> dict[int, dict[str, int]]:
    found = {row[0]: row[1:] for row in database.rows_by_key(_COUNT_PATIENTS, keys)}
    return {key: dict(zip(_PATIENT_COUNTS, found.get(key, (0, 0, 0)), strict=True)) for key in keys}


def _counted_studies(database: Database, rows: Sequence[Row], names: tuple[str, ...]) -> Iterable[Row]:
    """Return what is counted or listed over the series of each study."""
    keys = [row[0] for row in rows]
    series_of: dict[int, list[Row]] = {key: [] for key in keys}
    for row in database.rows_by_key(_SERIES_OF_STUDIES, keys):
        series_of[row[0]].append(row)
    classes: dict[int, set[str]] = {key: set() for key in keys}
    if "SOPClassesInStudy" in names:
        for key, uid in database.rows_by_key(_CLASSES_OF_STUDIES, keys):
            classes[key].add(uid)
    patients = [row[_COLUMNS[Level.STUDY].index("patient_id")] for row in rows]
    asked = any(name in _PATIENT_COUNTS for name in names)
    counts = _patient_counts(database, patients) if asked else {}
    for key, patient_key in zip(keys, patients, strict=True):
        found = series_of[key]
        values: dict[str, Any] = {
            "ModalitiesInStudy": tuple(sorted({row[1] for row in found} - {""})),
            "SOPClassesInStudy": tuple(sorted(classes[key])),
            "NumberOfStudyRelatedSeries": len(found),
            "NumberOfStudyRelatedInstances": sum(row[2] for row in found),
            **counts.get(patient_key, {}),
        }
        yield [values[name] for name in names]


def _counted_series(_database: Database, rows: Sequence[Row], _names: tuple[str, ...]) -> Iterable[Row]:
    """Return the counter that each row holds."""
    place = _COLUMNS[Level.SERIES].index("instances")
    return [(row[place],) for row in rows]


def _decoded_instances(database: Database, rows: Sequence[Row], names: tuple[str, ...]) -> Iterable[Row]:
    """Return the texts that the codes in each row stand for."""
    places = [_COLUMNS[Level.INSTANCE].index(name) for name in names]
    keys = {row[place] for row in rows for place in places}
    texts = {row[0]: row[1] for row in database.rows_by_key(_CODES, keys)}
    return [[texts[row[place]] for place in places] for row in rows]


#: Kinds of attributes whose values are added to the rows of their level, and what adds them.
_ADDED = (Kind.COMPUTED, Kind.CODED)
_ADDERS: dict[Level, Callable[[Database, Sequence[Row], tuple[str, ...]], Iterable[Row]]] = {
    Level.PATIENT: _counted_patients,
    Level.STUDY: _counted_studies,
    Level.SERIES: _counted_series,
    Level.INSTANCE: _decoded_instances,
}
_PATIENT_COUNTS = (
    "NumberOfPatientRelatedStudies", "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances",
)  # fmt: skip
_COUNT_PATIENTS = """
SELECT study.patient_id, count(DISTINCT study.id), count(series.id), CAST(coalesce(sum(series.instances), 0) AS BIGINT)
FROM study LEFT JOIN series ON series.study_id = study.id
WHERE study.patient_id IN (:keys) GROUP BY study.patient_id"""
_SERIES_OF_STUDIES = 'SELECT study_id, "Modality", instances FROM series WHERE study_id IN (:keys)'
_CLASSES_OF_STUDIES = """
SELECT DISTINCT series.study_id, code.value FROM series JOIN instance ON instance.series_id = series.id
JOIN code ON code.id = instance."SOPClassUID" WHERE series.study_id IN (:keys)"""
_CODES = "SELECT id, value FROM code WHERE id IN (:keys)"


def _object(vr: str, values: list[Any]) -> Json:
    return {"vr": vr, "Value": values} if values else {"vr": vr}


def _writer(attribute: Attribute) -> Writer:
    """Return the function that writes a value of a row as an attribute."""
    vr = attribute.vr

    def text(value: str) -> Json:
        if "\\" in value:
            return {"vr": vr, "Value": [part or None for part in value.split("\\")]}
        return {"vr": vr, "Value": [value]} if value else {"vr": vr}

    def number(value: int | None) -> Json:
        return {"vr": vr} if value is None else {"vr": vr, "Value": [value]}

    def name(value: str) -> Json:
        return _object(vr, [_name(part) for part in value.split("\\")]) if value else {"vr": vr}

    def decimal(value: str) -> Json:
        try:
            return _object(vr, [float(value)]) if value else {"vr": vr}
        except ValueError:
            return text(value)

    def listed(values: tuple[str, ...]) -> Json:
        return _object(vr, list(values))

    if attribute.keyword in _LISTS:
        return listed
    if vr in {"IS", "US"}:
        return number
    return {"PN": name, "DS": decimal}.get(vr, text)


_LISTS = frozenset({"ModalitiesInStudy", "SOPClassesInStudy"})


def _name(value: str) -> Json | None:
    groups = zip(_NAME_GROUPS, value.split("="), strict=False)
    return {group: text for group, text in groups if text} or None
