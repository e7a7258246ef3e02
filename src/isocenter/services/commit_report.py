"""The data sets of storage commitment (PS3.4 J.3.2.1.1, J.3.3.1.1): what is asked for, and the report on it.

Both ways, as DICOM JSON Model objects; knows no messages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from isocenter.commitment import Failure, Reference
from isocenter.dicom.uids import is_valid_uid
from isocenter.errors import UsageError

STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
STORAGE_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
#: Action type of a request; event types of a report.
REQUEST = 1
ALL_COMMITTED, FAILURES_EXIST = 1, 2

_RETRIEVE_AET, _TRANSACTION_UID = "00080054", "00081195"
_REFERENCED_CLASS, _REFERENCED_INSTANCE = "00081150", "00081155"
_FAILURE_REASON, _FAILED, _REFERENCED = "00081197", "00081198", "00081199"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a request; ``retrieve_aet``: where the committed objects are."""

    transaction_uid: str
    committed: tuple[Reference, ...]
    failed: tuple[Failure, ...]
    retrieve_aet: str = ""

    @property
    def event_type(self) -> int:
        """The event type that says it."""
        return FAILURES_EXIST if self.failed else ALL_COMMITTED


def report_on(transaction_uid: str, requested: Iterable[Reference], failed: Iterable[Failure], aet: str) -> Report:
    """Return the report of an archive with this AE title."""
    failed = tuple(failed)
    missing = {failure[:2] for failure in failed}
    return Report(transaction_uid, tuple(each for each in requested if each not in missing), failed, aet)


def write_request(transaction_uid: str, requested: Iterable[Reference]) -> Json:
    """Return the action information of a request."""
    return {
        _TRANSACTION_UID: _value("UI", transaction_uid),
        _REFERENCED: _sequence(_item(reference) for reference in requested),
    }


def read_request(attributes: Mapping[str, Any]) -> tuple[str, tuple[Reference, ...]]:
    """Return the transaction UID and what is to be committed, each object once.

    Raises:
        UsageError: one of them is missing or no UID.
    """
    requested = tuple(dict.fromkeys(_reference(item) for item in _items(attributes, _REFERENCED)))
    if not requested:
        raise UsageError("ReferencedSOPSequence is missing or empty")
    return _uid(attributes, _TRANSACTION_UID, "TransactionUID"), requested


def write_report(report: Report) -> Json:
    """Return the event information of a report; without committed objects it has no sequence of them."""
    attributes = {_TRANSACTION_UID: _value("UI", report.transaction_uid)}
    if report.committed:
        attributes[_RETRIEVE_AET] = _value("AE", report.retrieve_aet)
        attributes[_REFERENCED] = _sequence(_item(reference) for reference in report.committed)
    if report.failed:
        attributes[_FAILED] = _sequence(
            _item(Reference(*failure[:2])) | {_FAILURE_REASON: _value("US", failure.reason)}
            for failure in report.failed
        )
    return attributes


def read_report(attributes: Mapping[str, Any]) -> Report:
    """Return a report.

    Raises:
        UsageError: it has no transaction UID, or an item names no object.
    """
    failed = tuple(Failure(*_reference(item), _reason(item)) for item in _items(attributes, _FAILED))
    committed = tuple(_reference(item) for item in _items(attributes, _REFERENCED))
    aet = str(_first(attributes, _RETRIEVE_AET) or "")
    return Report(_uid(attributes, _TRANSACTION_UID, "TransactionUID"), committed, failed, aet)


def _reference(item: Mapping[str, Any]) -> Reference:
    return Reference(
        _uid(item, _REFERENCED_CLASS, "ReferencedSOPClassUID"),
        _uid(item, _REFERENCED_INSTANCE, "ReferencedSOPInstanceUID"),
    )


def _uid(attributes: Mapping[str, Any], key: str, keyword: str) -> str:
    found = str(_first(attributes, key) or "")
    if not is_valid_uid(found):
        raise UsageError(f"{keyword} is no UID" if found else f"{keyword} is missing")
    return found


def _reason(item: Mapping[str, Any]) -> int:
    found = _first(item, _FAILURE_REASON)
    return found if isinstance(found, int) else 0


def _first(attributes: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    values = attributes.get(key, {}).get("Value") or [None]
    return values[0]


def _items(attributes: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    return [item for item in attributes.get(key, {}).get("Value", []) if isinstance(item, dict)]


def _item(reference: Reference) -> Json:
    return {
        _REFERENCED_CLASS: _value("UI", reference.sop_class_uid),
        _REFERENCED_INSTANCE: _value("UI", reference.sop_instance_uid),
    }


def _sequence(items: Iterable[Json]) -> Json:
    return {"vr": "SQ", "Value": list(items)}


def _value(vr: str, value: object) -> Json:
    return {"vr": vr, "Value": [value]}
