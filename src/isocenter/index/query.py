"""From query keys to SQL: the one compiler behind C-FIND and QIDO-RS (PS3.4 C.2.2.2, PS3.18 8.3.4).

Keys of the query's level and of those above restrict the row and its parents; keys of a level below ask whether there
is one such series or object (``Modality`` of a study works like ``ModalitiesInStudy``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from isocenter.dicom.matching import AnyOf, Equals, Match, Range, Universal, Wildcard, compile_match
from isocenter.dicom.uids import is_valid_uid
from isocenter.errors import UsageError
from isocenter.index.attributes import BY_TAG, NAME_GROUPS, Attribute, Kind, Level
from isocenter.index.header import LONGEST_TEXT
from isocenter.index.instances import instance_order, series_order
from isocenter.index.moments import take_moments
from isocenter.index.name_words import fuzzy
from isocenter.index.schema import code, instance, is_empty, patient, series, study
from isocenter.index.site_keys import SiteKey
from isocenter.index.site_values import conditions_of
from isocenter.index.status import StudyStatus, condition_of

__all__ = ["MATCHED_AS", "Level", "Query", "compile_page", "compile_query"]

Condition = sa.ColumnElement[bool]

TABLES: dict[Level, sa.Table] = {
    Level.PATIENT: patient,
    Level.STUDY: study,
    Level.SERIES: series,
    Level.INSTANCE: instance,
}
#: Studies, each with its patient.
STUDIES: "sa.Select[Any]" = sa.select(study, *(column for column in patient.c if column.name != "id")).join_from(
    study, patient, patient.c.id == study.c.patient_id
)
#: The same, read patient after patient: the sum keeps SQLite from looking patients up, which it would for fewer rows.
_STUDIES_BY_PATIENT: "sa.Select[Any]" = sa.select(*STUDIES.selected_columns).join_from(
    patient, study, patient.c.id + sa.literal_column("0") == study.c.patient_id
)
#: Computed attributes that are matched as an attribute of the rows they come from.
MATCHED_AS = {0x00080061: 0x00080060, 0x00080062: 0x00080016}
_STUDY_UID, _SERIES_UID = 0x0020000D, 0x0020000E
#: Stands for a number that is missing: behind all that a column holds.
_NO_NUMBER = 2**31
#: More values, patterns or ranges than this in one key are no search, and more than a database takes in one expression.
_MAX_OPTIONS = 200
_AFTER_ALL_TEXT = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for.

    ``keys``: tag -> key as in C-FIND (``""`` matches all, lists with backslashes); ``include``: the attributes that
    answers carry besides the keys, None for all; ``limit``: at most so many answers, None for all; ``combined``: a date
    range and a time range together are one range of moments (PS3.4 C.2.2.2.5); ``timezone``: the offset from UTC that
    dates and moments among the keys are given at, "" for that of each study; ``order``: tags to order by, each with
    whether it descends, instead of the level's own order (pages have that);
    ``site``: keys that the site has added, each as in ``keys``; ``shown``: those of them that answers carry;
    ``status``: of studies that are in this state only.
    """

    level: Level
    keys: Mapping[int, str]
    include: frozenset[int] | None = None
    limit: int | None = None
    offset: int = 0
    fuzzy: bool = False
    combined: bool = False
    timezone: str = ""
    order: tuple[tuple[int, bool], ...] = ()
    site: tuple[tuple[SiteKey, str], ...] = ()
    shown: tuple[SiteKey, ...] = ()
    status: StudyStatus | None = None


def compile_query(query: Query) -> "sa.Select[Any]":
    """Return the SELECT of the level's rows; a study's come with its patient's.

    Raises:
        UsageError: a key is not kept in the index, or cannot be read.
    """
    return _matching(query).order_by(*_order(query)).limit(query.limit).offset(query.offset)


def compile_page(query: Query, size: int, after: "sa.Row[Any] | None") -> "sa.Select[Any]":
    """Return the SELECT of the next ``size`` rows behind ``after``, the last row of the page before.

    The order is total and made of columns of the rows, so that no page has to pass over those before it.

    Raises:
        UsageError: as ``compile_query``.
    """
    columns = _place(query)
    statement = _matching(query).limit(size)
    newest_first = query.level is Level.STUDY
    if after is not None:
        mapping = after._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
        values = (_NO_NUMBER if mapping[column.name] is None else mapping[column.name] for column in columns)
        here, there = sa.tuple_(*map(_filled, columns)), sa.tuple_(*values)
        statement = statement.where(here < there if newest_first else here > there)
    return statement.order_by(*(column.desc() if newest_first else _filled(column) for column in columns))


def _place(query: Query) -> "tuple[sa.Column[Any], ...]":
    """Return the columns that pages are ordered by; within one study or series that is the number, else the key."""
    table = TABLES[query.level]
    if query.level is Level.PATIENT:
        return table.c.PatientName_alphabetic, table.c.id
    if query.level is Level.STUDY:
        return table.c.StudyDate, table.c.StudyTime, table.c.id
    if not query.keys.get(_STUDY_UID) and not query.keys.get(_SERIES_UID):
        return (table.c.id,)
    if query.level is Level.SERIES:
        return table.c.study_id, table.c.SeriesNumber, table.c.id
    return table.c.series_id, table.c.InstanceNumber, table.c.id


def _filled(column: "sa.Column[Any]") -> "sa.ColumnElement[Any]":
    """Return a column without NULL, which has no order; what has no number comes last."""
    return sa.func.coalesce(column, _NO_NUMBER) if column.nullable else column


def _matching(query: Query) -> "sa.Select[Any]":
    """Return the SELECT of the rows that match, in no order."""
    conditions = _conditions(query)
    statement = _rows(query, conditions)
    for level, found in conditions.items():
        below = level.value > query.level.value
        statement = statement.where(_below(query.level, level, found) if below else sa.and_(*found))
    return statement


def _conditions(query: Query) -> dict[Level, list[Condition]]:
    """Return what the keys ask of the rows of each level."""
    conditions: dict[Level, list[Condition]] = {}
    matches = {tag: compile_match(_attribute(tag).vr, key) for tag, key in query.keys.items()}
    take_moments(matches, conditions, combined=query.combined, timezone=query.timezone)
    for tag, match in matches.items():
        attribute = _attribute(tag)
        if isinstance(match, Universal):
            continue
        if attribute.kind is Kind.COMPUTED:
            raise UsageError(f"{attribute.keyword} cannot be a matching key; ask for it with an empty value")
        like = None
        if query.fuzzy and attribute.kind is Kind.NAME and match != Equals(("",), "PN"):
            like = fuzzy(TABLES[attribute.level], attribute, query.keys[tag])
        condition = _condition(attribute, match) if like is None else like
        conditions.setdefault(attribute.level, []).append(condition)
    for level, condition in conditions_of(query.site, compare):
        conditions.setdefault(level, []).append(condition)
    if query.status is not None:
        conditions.setdefault(Level.STUDY, []).append(condition_of(query.status))
    return conditions


def _rows(query: Query, conditions: dict[Level, list[Condition]]) -> "sa.Select[Any]":
    """Return the SELECT of all rows of the level, with those above that conditions and order need."""
    ordered = [_attribute(tag).level for tag, _ in query.order]
    if query.level is Level.STUDY and ordered[:1] == [Level.PATIENT] and Level.STUDY not in conditions:
        return _STUDIES_BY_PATIENT
    return _select(query.level, {*conditions, *ordered})


def _attribute(tag: int) -> Attribute:
    attribute = BY_TAG.get(MATCHED_AS.get(tag, tag))
    if attribute is None:
        raise UsageError(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is not kept in the index and cannot be a key")
    return attribute


def _select(level: Level, used: Iterable[Level]) -> "sa.Select[Any]":
    """Return the SELECT at a level, joined with the levels above that it needs."""
    if level is Level.PATIENT:
        return sa.select(patient).where(sa.exists().where(study.c.patient_id == patient.c.id))
    if level is Level.STUDY:
        return STUDIES
    if level is Level.SERIES:
        statement = sa.select(series).join_from(series, study, study.c.id == series.c.study_id)
    else:
        statement = (
            sa.select(instance)
            .join_from(instance, series, series.c.id == instance.c.series_id)
            .join(study, study.c.id == series.c.study_id)
        )
    if Level.PATIENT in used:
        statement = statement.join(patient, patient.c.id == study.c.patient_id)
    return statement


def _below(level: Level, lower: Level, conditions: list[Condition]) -> Condition:
    """Return the condition that there is a row of a level below that fits all of these."""
    inner = sa.select(sa.literal(1)).select_from(TABLES[lower])
    if lower is Level.INSTANCE and level is not Level.SERIES:
        inner = inner.join(series, series.c.id == instance.c.series_id)
    if level is Level.PATIENT and lower is not Level.STUDY:
        inner = inner.join(study, study.c.id == series.c.study_id)
    link = {
        Level.PATIENT: study.c.patient_id == patient.c.id,
        Level.STUDY: series.c.study_id == study.c.id,
        Level.SERIES: instance.c.series_id == series.c.id,
    }[level]
    return inner.where(link, *conditions).correlate(TABLES[level]).exists()


def _order(query: Query) -> "tuple[Any, ...]":
    """Return the order: newest studies first, series and objects by number where they are of one study or series."""
    if query.order:
        terms = (each for tag, descending in query.order for each in _by(query, tag, descending))
        return (*terms, _tie(query.level, descending=query.order[-1][1]))
    if query.level is Level.PATIENT:
        return patient.c.PatientName_alphabetic, patient.c.id
    newest = (study.c.StudyDate.desc(), study.c.StudyTime.desc(), study.c.id.desc())
    if query.level is Level.STUDY:
        return newest
    if not query.keys.get(_STUDY_UID) and not query.keys.get(_SERIES_UID):
        return (TABLES[query.level].c.id,)  # all of the archive: sorting it would take longer than reading it
    if query.level is Level.SERIES:
        return (*newest, *series_order())
    return (*newest, *series_order(), *instance_order())


def _by(query: Query, tag: int, descending: bool) -> "Iterable[sa.ColumnElement[Any]]":
    """Return the order by an attribute of the level or of one above; what has no value comes last.

    Raises:
        UsageError: its values are not in one column, or what is to be sorted has no bound.
    """
    attribute = _attribute(tag)
    column = TABLES[attribute.level].c.get(attribute.keyword + (NAME_GROUPS[0] if attribute.kind is Kind.NAME else ""))
    if column is None or attribute.kind is Kind.CODED or attribute.level.value > query.level.value:
        raise UsageError(f"answers of this level cannot be ordered by {attribute.keyword}")
    if query.level is Level.INSTANCE and not query.keys.get(_STUDY_UID) and not query.keys.get(_SERIES_UID):
        raise UsageError("instances can be ordered where they are of one study or series: name it")
    ordered = column.desc() if descending else column.asc()
    if column.nullable:
        return column.is_(None), ordered
    return (ordered,) if descending else (is_empty(column), ordered)  # "" is the least of all texts


def _tie(level: Level, *, descending: bool) -> "sa.ColumnElement[Any]":
    """Return what decides between equals: in the direction of the last attribute, so that one index serves both."""
    column = study.c.StudyInstanceUID if level is Level.STUDY else TABLES[level].c.id
    return column.desc() if descending else column.asc()


def _condition(attribute: Attribute, match: Match) -> Condition:
    table = TABLES[attribute.level]
    if attribute.kind is Kind.NAME:
        if match == Equals(("",), "PN"):
            return table.c[attribute.keyword] == ""
        return _any_group(table, [table.c[attribute.keyword + suffix] for suffix in NAME_GROUPS], match)
    column = table.c[attribute.keyword]
    if attribute.kind is Kind.CODED:
        return column.in_(sa.select(code.c.id).where(compare(code.c.value, match)))
    return _compare_number(column, match) if attribute.kind is Kind.NUMBER else compare(column, match)


def _any_group(table: sa.Table, groups: "list[sa.Column[Any]]", match: Match) -> Condition:
    """Return the condition that a component group matches: where groups are indexed, each is looked up by itself."""
    if table is not patient:
        return sa.or_(*(compare(group, match) for group in groups))
    same = patient.alias("same_patient")
    found = (sa.select(same.c.id).where(compare(same.c[group.name], match)) for group in groups)
    return patient.c.id.in_(sa.union_all(*found))


def compare(column: "sa.ColumnElement[Any]", match: Match) -> Condition:
    """Return the condition on a text column, in a form that an index on it serves."""
    match match:
        case Equals(values, vr):
            return column == values[0] if len(values) == 1 else _one_of(column, values, vr)
        case Wildcard(pattern):
            if len(pattern) - pattern.count("*") > LONGEST_TEXT:
                return sa.false()
            like = column.like(match.like(), escape="\\")
            start = pattern.split("*", 1)[0].split("?", 1)[0]
            return sa.and_(column >= start, column < start + _AFTER_ALL_TEXT, like) if start else like
        case Range(low, high):
            return sa.and_(column >= (low or "0"), *([column <= high] if high else []))
        case AnyOf(options):
            if len(options) > _MAX_OPTIONS:
                raise UsageError(f"a key with {len(options)} patterns or ranges; {_MAX_OPTIONS} are allowed")
            return sa.or_(*(compare(column, option) for option in options))
        case Universal():
            return sa.true()


def _one_of(column: "sa.ColumnElement[Any]", values: tuple[str, ...], vr: str) -> Condition:
    """Return the condition that a column has one of many values.

    A long list of UIDs becomes part of the statement, since SQLite's time for named parameters is quadratic in their
    number; what has not the form of a UID matches nothing and is left out.
    """
    if len(values) <= _MAX_OPTIONS:
        return column.in_(values)
    if vr != "UI":
        raise UsageError(f"a key with {len(values)} values; {_MAX_OPTIONS} are allowed, except of UIDs")
    uids = [value for value in values if is_valid_uid(value)]
    return column.in_(sa.bindparam(None, uids, expanding=True, literal_execute=True))


def _compare_number(column: "sa.ColumnElement[Any]", match: Match) -> Condition:
    """Return the condition on a number column; a key that is no number matches nothing."""
    if not isinstance(match, Equals):
        return sa.false()
    if len(match.values) > _MAX_OPTIONS:
        raise UsageError(f"a key with {len(match.values)} numbers; {_MAX_OPTIONS} are allowed")
    numbers = [int(value) for value in match.values if value.lstrip("-").isdecimal()]
    found: Condition = column.in_([number for number in numbers if -(2**31) <= number < 2**31])
    return sa.or_(found, column.is_(None)) if "" in match.values else found
