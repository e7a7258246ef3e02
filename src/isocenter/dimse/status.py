"""DIMSE status codes (PS3.7 Annex C, PS3.4 B.2.3 and C.4): one table, from which meanings and categories come."""

from enum import Enum
from functools import lru_cache
from typing import NamedTuple


class StatusCategory(Enum):
    """What a status means for the operation (PS3.7 C.1 to C.5)."""

    SUCCESS = "success"
    PENDING = "pending"
    WARNING = "warning"
    CANCEL = "cancel"
    FAILURE = "failure"


class StatusRow(NamedTuple):
    """Codes ``first`` to ``last`` and what they mean."""

    first: int
    last: int
    category: StatusCategory
    meaning: str


_SUCCESS, _PENDING = StatusCategory.SUCCESS, StatusCategory.PENDING
_WARNING, _CANCEL, _FAILURE = StatusCategory.WARNING, StatusCategory.CANCEL, StatusCategory.FAILURE

SUCCESS = 0x0000
OPTIONAL_ATTRIBUTES_NOT_SUPPORTED = 0x0001
INVALID_ATTRIBUTE_VALUE = 0x0106
ATTRIBUTE_LIST_ERROR = 0x0107
PROCESSING_FAILURE = 0x0110
NO_SUCH_SOP_INSTANCE = 0x0112
NO_SUCH_EVENT = 0x0113
NO_SUCH_SOP_CLASS = 0x0118
NO_SUCH_ACTION = 0x0123
UNRECOGNIZED_OPERATION = 0x0211
NO_SUCH_SOP_CLASS = 0x0118
SOP_CLASS_NOT_SUPPORTED = 0x0122
NO_SUCH_ACTION = 0x0123
NOT_AUTHORIZED = 0x0124
RESOURCE_LIMITATION = 0x0213
OUT_OF_RESOURCES = 0xA700
UNABLE_TO_PERFORM_SUBOPERATIONS = 0xA702
MOVE_DESTINATION_UNKNOWN = 0xA801
COERCION_OF_DATA_ELEMENTS = 0xB000
SOME_SUBOPERATIONS_FAILED = 0xB000
CANNOT_UNDERSTAND = 0xC000
UNABLE_TO_PROCESS = 0xC001
CANCELLED = 0xFE00
PENDING = 0xFF00
PENDING_WITHOUT_KEYS = 0xFF01

#: Special codes stand before the ranges that contain them; the first row that fits counts.
STATUSES: tuple[StatusRow, ...] = (
    StatusRow(0x0000, 0x0000, _SUCCESS, "success"),
    StatusRow(0x0001, 0x0001, _WARNING, "requested optional attributes are not supported"),
    StatusRow(0x0105, 0x0105, _FAILURE, "no such attribute"),
    StatusRow(0x0106, 0x0106, _FAILURE, "invalid attribute value"),
    StatusRow(0x0107, 0x0107, _WARNING, "attribute list error"),
    StatusRow(0x0110, 0x0110, _FAILURE, "processing failure"),
    StatusRow(0x0111, 0x0111, _FAILURE, "duplicate SOP instance"),
    StatusRow(0x0112, 0x0112, _FAILURE, "no such SOP instance"),
    StatusRow(0x0113, 0x0113, _FAILURE, "no such event type"),
    StatusRow(0x0114, 0x0114, _FAILURE, "no such argument"),
    StatusRow(0x0115, 0x0115, _FAILURE, "invalid argument value"),
    StatusRow(0x0116, 0x0116, _WARNING, "attribute value out of range"),
    StatusRow(0x0117, 0x0117, _FAILURE, "invalid SOP instance"),
    StatusRow(0x0118, 0x0118, _FAILURE, "no such SOP class"),
    StatusRow(0x0119, 0x0119, _FAILURE, "class-instance conflict"),
    StatusRow(0x0120, 0x0120, _FAILURE, "missing attribute"),
    StatusRow(0x0121, 0x0121, _FAILURE, "missing attribute value"),
    StatusRow(0x0122, 0x0122, _FAILURE, "SOP class not supported"),
    StatusRow(0x0123, 0x0123, _FAILURE, "no such action"),
    StatusRow(0x0124, 0x0124, _FAILURE, "not authorized"),
    StatusRow(0x0131, 0x0131, _FAILURE, "duplicate transaction UID"),  # a failure reason only (PS3.3 C.14.1.1)
    StatusRow(0x0210, 0x0210, _FAILURE, "duplicate invocation"),
    StatusRow(0x0211, 0x0211, _FAILURE, "unrecognized operation"),
    StatusRow(0x0212, 0x0212, _FAILURE, "mistyped argument"),
    StatusRow(0x0213, 0x0213, _FAILURE, "resource limitation"),
    StatusRow(0xA702, 0xA702, _FAILURE, "unable to perform sub-operations"),
    StatusRow(0xA700, 0xA7FF, _FAILURE, "out of resources"),
    StatusRow(0xA801, 0xA801, _FAILURE, "move destination unknown"),
    StatusRow(0xA900, 0xA9FF, _FAILURE, "data set does not match SOP class"),
    StatusRow(0xA000, 0xAFFF, _FAILURE, "failure"),
    StatusRow(0xB000, 0xB000, _WARNING, "coercion of data elements, or some sub-operations failed"),
    StatusRow(0xB006, 0xB006, _WARNING, "elements discarded"),
    StatusRow(0xB007, 0xB007, _WARNING, "data set does not match SOP class"),
    StatusRow(0xB300, 0xB300, _WARNING, "the work item was created with modifications"),
    StatusRow(0xB301, 0xB301, _WARNING, "the deletion lock was not granted"),
    StatusRow(0xB304, 0xB304, _WARNING, "the work item is canceled already"),
    StatusRow(0xB305, 0xB305, _WARNING, "invalid values were coerced"),
    StatusRow(0xB306, 0xB306, _WARNING, "the work item is completed already"),
    StatusRow(0xB000, 0xBFFF, _WARNING, "warning"),
    StatusRow(0xC300, 0xC300, _FAILURE, "the work item may no longer be updated"),
    StatusRow(0xC301, 0xC301, _FAILURE, "the right Transaction UID was not given"),
    StatusRow(0xC302, 0xC302, _FAILURE, "the work item is in progress already"),
    StatusRow(0xC303, 0xC303, _FAILURE, "a work item is scheduled by N-CREATE only"),
    StatusRow(0xC304, 0xC304, _FAILURE, "the requirements of the final state are not met"),
    StatusRow(0xC307, 0xC307, _FAILURE, "there is no such work item"),
    StatusRow(0xC308, 0xC308, _FAILURE, "the receiving AE title is unknown"),
    StatusRow(0xC309, 0xC309, _FAILURE, "the work item is not scheduled"),
    StatusRow(0xC310, 0xC310, _FAILURE, "the work item is not in progress"),
    StatusRow(0xC311, 0xC311, _FAILURE, "the work item is completed already"),
    StatusRow(0xC312, 0xC312, _FAILURE, "the performer cannot be contacted"),
    StatusRow(0xC313, 0xC313, _FAILURE, "the performer does not cancel"),
    StatusRow(0xC314, 0xC314, _FAILURE, "the action is not appropriate for this instance"),
    StatusRow(0xC315, 0xC315, _FAILURE, "event reports are not supported"),
    StatusRow(0xC000, 0xCFFF, _FAILURE, "cannot understand"),
    StatusRow(0xFE00, 0xFE00, _CANCEL, "cancelled"),
    StatusRow(0xFF00, 0xFF00, _PENDING, "pending"),
    StatusRow(0xFF01, 0xFF01, _PENDING, "pending, optional keys not supported"),
    StatusRow(0x0100, 0x02FF, _FAILURE, "failure"),
)

_UNKNOWN = StatusRow(0x0000, 0xFFFF, _FAILURE, "unknown status")


@lru_cache(maxsize=256)
def status_row(status: int) -> StatusRow:
    """Return the row for a status; one that the standard does not have counts as a failure."""
    return next((row for row in STATUSES if row.first <= status <= row.last), _UNKNOWN)


def category(status: int) -> StatusCategory:
    """Return what a status means for the operation."""
    return status_row(status).category


def describe(status: int) -> str:
    """Return a status in words: ``out of resources (A700H)``."""
    return f"{status_row(status).meaning} ({status:04X}H)"
