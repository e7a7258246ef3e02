"""Columns that narrow a search whose last word has whoever compares the data set: no row that matches is left out.

Columns of one value are compared as they are; those of several (AE titles, names with component groups) by what they
contain.
"""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from isocenter.dicom.matching import AnyOf, Equals, Match, Range, Universal, Wildcard, comparables
from isocenter.index.query import compare

Condition = sa.ColumnElement[bool]
#: SQLite takes no longer ones.
_LONGEST_PATTERN = 4096


def column_value(vr: str, values: tuple[str, ...]) -> str:
    """Return what a column holds: the comparable forms of values, with backslashes between."""
    return "\\".join(form for value in values for form in comparables(vr, value)).replace("\0", "")


def conditions(table: sa.Table, restrictions: Mapping[str, Match], several: Collection[str]) -> list[Condition]:
    """Return the conditions for ``restrictions`` (column -> match); columns in ``several`` may hold several values.

    Raises:
        UsageError: a key has too many values.
    """
    return [
        _contains(table.c[name], match) if name in several else compare(table.c[name], match)
        for name, match in restrictions.items()
        if not isinstance(match, Universal)
    ]


def _contains(column: "sa.ColumnElement[Any]", match: Match) -> Condition:
    """Return the condition that a column may have a value that matches."""
    match match:
        case Equals(values, vr):
            return sa.or_(*(_contains(column, Wildcard(value, vr)) for value in values))
        case Wildcard(pattern) if len(pattern) > _LONGEST_PATTERN:
            return sa.true()
        case Wildcard():
            return column.like(f"%{match.like()}%", escape="\\")
        case AnyOf(options):
            return sa.or_(*(_contains(column, option) for option in options))
        case Range() | Universal():
            return sa.true()
