"""Rows of Unified Procedure Steps: the data set as DICOM JSON, and columns to search by.

A search returns no less than what matches; the last word has whoever compares the data set. A change is conditional:
it counts only where the row is as it was read.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from isocenter.dicom import dictionary
from isocenter.dicom.matching import Equals, Match, Universal, Wildcard, comparables
from isocenter.dicom.nested import Keys, texts
from isocenter.index.database import Database, Transaction
from isocenter.index.query import compare
from isocenter.index.schema import WORKITEM_COLUMNS, workitem

#: Column -> where its values are; an attribute of its own name else.
_PATHS: Mapping[str, tuple[str, ...]] = {
    "AccessionNumber": ("ReferencedRequestSequence", "AccessionNumber"),
    "RequestedProcedureID": ("ReferencedRequestSequence", "RequestedProcedureID"),
    "ScheduledStationName": ("ScheduledStationNameCodeSequence", "CodeValue"),
    "ScheduledStationClass": ("ScheduledStationClassCodeSequence", "CodeValue"),
    "ScheduledPerformer": ("ScheduledHumanPerformersSequence", "HumanPerformerCodeSequence", "CodeValue"),
    "ScheduledWorkitem": ("ScheduledWorkitemCodeSequence", "CodeValue"),
}
_COLUMNS: Mapping[str, tuple[int, ...]] = {
    name: tuple(dictionary.tag(keyword) for keyword in _PATHS.get(name, (name,))) for name in WORKITEM_COLUMNS
}
#: Columns that may hold several values: each with a backslash before and behind it.
SEVERAL = frozenset(_PATHS) | {"PatientName"}
_FIRST_PAGE, _LARGEST_PAGE = 25, 400
#: With more values than these the data sets decide alone.
_MAX_VALUES = 50

_NAMES = ", ".join(f'"{name}"' for name in WORKITEM_COLUMNS)
_INSERT = f"""
INSERT INTO workitem ("SOPInstanceUID", {_NAMES}, transaction_uid, revision, finished, data_set)
VALUES (:uid, {", ".join(":" + name for name in WORKITEM_COLUMNS)}, '', 0, 0, :data_set)
ON CONFLICT ("SOPInstanceUID") DO NOTHING RETURNING id"""  # noqa: S608 - constants
_UPDATE = f"""
UPDATE workitem SET {", ".join(f'"{name}" = :{name}' for name in WORKITEM_COLUMNS)}, transaction_uid = :transaction_uid,
revision = revision + 1, finished = :finished, data_set = :data_set WHERE id = :id AND revision = :revision"""  # noqa: S608
_READ = """
SELECT id, "SOPInstanceUID", "ProcedureStepState", transaction_uid, revision, finished, data_set
FROM workitem WHERE "SOPInstanceUID" = :uid"""
_OVER = """
FROM workitem WHERE finished > 0 AND finished < :before AND NOT EXISTS
  (SELECT 1 FROM workitem_subscription WHERE workitem_id = workitem.id AND locked = 1)"""
_FORGET = f"DELETE {_OVER}"
_REMEMBER = f"""
INSERT INTO workitem_gone ("SOPInstanceUID", time) SELECT "SOPInstanceUID", :now {_OVER}
ON CONFLICT ("SOPInstanceUID") DO NOTHING"""
_FORGET_GONE = "DELETE FROM workitem_gone WHERE time < :before"
_GONE = 'SELECT 1 FROM workitem_gone WHERE "SOPInstanceUID" = :uid'


@dataclass(frozen=True, slots=True)
class WorkItemRow:
    """A work item as it is filed; ``finished``: milliseconds since 1970, 0 as long as it is not."""

    id: int
    uid: str
    state: str
    transaction_uid: str
    revision: int
    finished: int
    data_set: dict[str, Any]


def read_work_item(source: Transaction | Database, uid: str) -> WorkItemRow | None:
    """Return a work item by its SOP instance UID."""
    rows = source.rows(_READ, uid=uid)
    return _row(rows[0]) if rows else None


def insert_work_item(transaction: Transaction, uid: str, data_set: Mapping[str, Any]) -> int | None:
    """File a new work item and return its key; None where there is one with this UID."""
    rows = transaction.rows(_INSERT, uid=uid, **_values(data_set))
    return int(rows[0][0]) if rows else None


def update_work_item(
    transaction: Transaction, row: WorkItemRow, data_set: Mapping[str, Any], *, transaction_uid: str, finished: int
) -> bool:
    """File what a work item has become; False where it is not as it was read any more."""
    values = {"id": row.id, "revision": row.revision, "transaction_uid": transaction_uid, "finished": finished}
    return transaction.change(_UPDATE, _values(data_set) | values) == 1


def forget_work_items(transaction: Transaction, before: int, now: int) -> int:
    """Delete those that were finished before a time and that nobody has locked, but for their UIDs; return how many."""
    transaction.change(_REMEMBER, {"before": before, "now": now})
    return transaction.change(_FORGET, {"before": before})


def forget_gone_work_items(transaction: Transaction, before: int) -> None:
    """Forget the UIDs of those that were deleted before a time, too."""
    transaction.change(_FORGET_GONE, {"before": before})


def is_gone(source: Transaction | Database, uid: str) -> bool:
    """Tell whether there was a work item that was deleted."""
    return bool(source.rows(_GONE, uid=uid))


def work_item_pages(database: Database, keys: Keys) -> Iterator[Sequence[WorkItemRow]]:
    """Yield the work items that may match, by their start, in pages: a small one first, for those who want a few.

    Raises:
        UsageError: a key has too many values.
    """
    place = (workitem.c.ScheduledProcedureStepStartDateTime, workitem.c.id)
    columns = [workitem.c[name] for name in ("id", "SOPInstanceUID", "ProcedureStepState")]
    columns += [workitem.c[name] for name in ("transaction_uid", "revision", "finished", "data_set")]
    statement = sa.select(*columns, place[0]).where(*_conditions(keys)).order_by(*place)
    size, last = _FIRST_PAGE, None
    while True:
        with database.read() as connection:
            after = statement if last is None else statement.where(sa.tuple_(*place) > last)
            rows = connection.execute(after.limit(size)).all()
        yield [_row(row) for row in rows]
        if len(rows) < size:
            return
        last = rows[-1][-1], rows[-1][0]
        size = min(2 * size, _LARGEST_PAGE)


def _row(row: Sequence[Any]) -> WorkItemRow:
    number, uid, state, transaction_uid, revision, finished, data_set = row[:7]
    return WorkItemRow(number, uid, state, transaction_uid, revision, finished, json.loads(data_set))


def _values(data_set: Mapping[str, Any]) -> dict[str, Any]:
    columns = {name: _column(name, list(_found([data_set], path))) for name, path in _COLUMNS.items()}
    return {**columns, "data_set": json.dumps(data_set, ensure_ascii=False, separators=(",", ":"))}


def _found(items: Sequence[Mapping[str, Any]], path: tuple[int, ...]) -> Iterator[str]:
    """Yield the values at a path of tags as text."""
    for item in items:
        values = item.get(f"{path[0]:08X}", {}).get("Value", ())
        if len(path) == 1:
            yield from texts(values)
        else:
            yield from _found([value or {} for value in values], path[1:])


def _column(name: str, values: Sequence[str]) -> str:
    """Return the comparable form of what is at a path; where there may be several, all of them."""
    vr = dictionary.vr(_COLUMNS[name][-1])
    forms = [form.replace("\0", "") for value in values for form in comparables(vr, value)]
    if name not in SEVERAL:
        return forms[0] if forms else ""
    return "".join(f"\\{form}" for form in forms) + "\\" if forms else ""


def _conditions(keys: Keys) -> "Iterator[sa.ColumnElement[bool]]":
    uid = keys.get(dictionary.tag("SOPInstanceUID"))
    if not isinstance(uid, Universal):
        yield compare(workitem.c.SOPInstanceUID, uid)
    for name, path in _COLUMNS.items():
        match, column = keys.get(*path), workitem.c[name]
        if isinstance(match, Universal):
            continue
        yield _contains(column, match) if name in SEVERAL else compare(column, match)


def _contains(column: "sa.ColumnElement[str]", match: Match) -> "sa.ColumnElement[bool]":
    """Return the condition that a column may have a value that matches among its several."""
    match match:
        case Equals(values):
            if "" in values or len(values) > _MAX_VALUES:
                return sa.true()
            return sa.or_(*(column.contains(f"\\{value}\\", autoescape=True, escape="|") for value in values))
        case Wildcard():
            return column.like(f"%\\\\{match.like()}%", escape="\\")
    return sa.true()
