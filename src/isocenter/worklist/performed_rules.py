"""What may become of a performed procedure step: made in progress, changed, ended, then never changed (PS3.4 F.7.2).

What is of type 1 has to be there. What is of type 2 and missing is taken as empty, and what N-SET may not change is
left as it is and named: devices send both, and a step that is refused is one that nobody hears of. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from isocenter.dicom import dictionary
from isocenter.dicom.json import Json
from isocenter.dicom.nested import texts
from isocenter.errors import IsocenterError, UsageError
from isocenter.worklist.flat import check_values
from isocenter.worklist.performed_attributes import (
    COMPLETED,
    IN_PROGRESS,
    SERIES_SEQUENCE,
    STATES,
    STATUS,
    STEP_ATTRIBUTES,
    StepAttribute,
)


class StepError(IsocenterError):
    """A performed procedure step cannot be made or changed so; ``tags`` are the attributes that are wrong."""

    http_status = 400

    def __init__(self, message: str, *tags: int) -> None:
        super().__init__(message)
        self.tags = tags


class MissingAttributeError(StepError):
    """An attribute is not there that has to be."""

    dimse_status = 0x0120


class MissingValueError(StepError):
    """An attribute is empty that has to have a value."""

    dimse_status = 0x0121


class InvalidValueError(StepError):
    """A value that the attribute cannot have."""

    dimse_status = 0x0106


class FinishedStepError(StepError):
    """The step is over."""

    http_status = 409
    dimse_status = 0x0110
    #: Goes with the status as Error ID (PS3.4 Table F.7.2-2).
    error_id = 0xA710


def status_of(data_set: Mapping[str, Any]) -> str:
    """Return the status of a step."""
    return "".join(texts(data_set.get(STATUS, {}).get("Value", [])[:1]))


def created(given: Json) -> Json:
    """Return the data set of a new step.

    Raises:
        StepError: something is missing or invalid, or it is not in progress.
    """
    _check(given, STEP_ATTRIBUTES)
    if status_of(given) != IN_PROGRESS:
        raise InvalidValueError(f"a step begins with the status {IN_PROGRESS}", int(STATUS, 16))
    return _filled(given, STEP_ATTRIBUTES)


def changed(current: Json, given: Json) -> tuple[Json, tuple[int, ...]]:
    """Return the data set of a step after a change, and the attributes that were left as they were.

    Raises:
        StepError: the step is over, a value is invalid, or something is missing at its end.
    """
    if status_of(current) != IN_PROGRESS:
        raise FinishedStepError("Performed Procedure Step Object may no longer be updated")
    if STATUS in given and status_of(given) not in STATES:
        raise InvalidValueError(f"the status is {', '.join(STATES)}", int(STATUS, 16))
    fixed = {attribute.name for attribute in STEP_ATTRIBUTES if not attribute.may_set}
    left = tuple(int(name, 16) for name in given if name in fixed and given[name] != current.get(name))
    after = _filled({**current, **{n: v for n, v in given.items() if n not in fixed}}, STEP_ATTRIBUTES)
    if status_of(after) != IN_PROGRESS:
        _check_final(after)
    return after, left


def _check_final(data_set: Json) -> None:
    """Check what the end asks for: when it ended, and the series that came of it.

    A discontinued step may have none, though the standard wants one: there may have been no time for it.
    """
    ended = status_of(data_set)
    rows = [row for row in STEP_ATTRIBUTES if row.final and (row.name != SERIES_SEQUENCE or ended == COMPLETED)]
    empty = [row for row in rows if _is_empty(data_set.get(row.name, {}))]
    if empty:
        raise MissingAttributeError(f"{ended} needs {_names(empty)}", *(row.tag for row in empty))
    _check_items(data_set, next(row for row in STEP_ATTRIBUTES if row.name == SERIES_SEQUENCE))


def _check(data_set: Mapping[str, Any], rows: Iterable[StepAttribute]) -> None:
    """Check what has to be there, in items too, and the form of its values."""
    needed = [row for row in rows if row.type == "1"]
    missing = [row for row in needed if row.name not in data_set]
    if missing:
        raise MissingAttributeError(f"{_names(missing)} missing", *(row.tag for row in missing))
    empty = [row for row in needed if _is_empty(data_set[row.name])]
    if empty:
        raise MissingValueError(f"{_names(empty)} empty", *(row.tag for row in empty))
    for row in needed:
        _check_items(data_set, row)
        if not row.items:
            _check_form(row, data_set[row.name])


def _check_form(row: StepAttribute, attribute: Json) -> None:
    try:
        check_values({row.name: attribute})
    except UsageError as error:
        raise InvalidValueError(str(error), row.tag) from None


def _is_empty(attribute: Mapping[str, Any]) -> bool:
    return all(value in (None, "") for value in attribute.get("Value", []))


def _check_items(data_set: Mapping[str, Any], row: StepAttribute) -> None:
    for item in data_set.get(row.name, {}).get("Value", []) if row.items else []:
        _check(item or {}, row.items)


def _filled(data_set: Json, rows: Iterable[StepAttribute]) -> Json:
    """Return a data set with what may be empty and is missing, in items too."""
    return {**dict(_missing(data_set, rows)), **{name: _with_items(name, data_set[name], rows) for name in data_set}}


def _missing(data_set: Json, rows: Iterable[StepAttribute]) -> Iterator[tuple[str, Json]]:
    for row in rows:
        if row.type == "2" and row.name not in data_set:
            yield row.name, {"vr": dictionary.vr(row.tag)}


def _with_items(name: str, attribute: Json, rows: Iterable[StepAttribute]) -> Json:
    inner = next((row.items for row in rows if row.name == name), ())
    if not inner or "Value" not in attribute:
        return attribute
    return {**attribute, "Value": [_filled(item or {}, inner) for item in attribute["Value"]]}


def _names(rows: Iterable[StepAttribute]) -> str:
    return ", ".join(row.keyword for row in rows)
