"""The answer to a store request: the Store Instances Response Module (PS3.18 10.5.3, Annex I)."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from starlette.responses import Response

from isocenter.archive import Outcome, Receipt
from isocenter.errors import OutOfResourcesError, UnsupportedError
from isocenter.web.addresses import address_of, address_of_object
from isocenter.web.intake import Failure, Result
from isocenter.web.media_types import DICOM_XML
from isocenter.web.models import xml_response

#: Statuses for when every part failed for the same reason; else it is 409.
_COMMON_FAILURES = {OutOfResourcesError: OutOfResourcesError.http_status, UnsupportedError: 415}
#: PS3.7 C.4.2: the one attribute for a reason in words; 64 characters.
_ERROR_COMMENT = "00000902"
#: The same as C-STORE answers (`services/store.py` says why).
_CONFLICT_WARNING = 0xB000
_CONFLICT_TEXT = "A different object with the same UID was there before; both are kept, see the list of conflicts."


def store_response(results: Sequence[Result], base: str, study: str, media_type: str) -> Response:
    """Return the answer that says what became of each part, as JSON or XML."""
    stored = [result for result in results if isinstance(result, Receipt)]
    failed = [result for result in results if isinstance(result, Failure)]
    studies = {study} if study else {receipt.StudyInstanceUID for receipt in stored} - {""}
    content = {
        "00081190": {"vr": "UR", "Value": [address_of(base, uid) for uid in studies] if len(studies) == 1 else []},
        "00081198": _sequence(_failure(failure) for failure in failed if failure.is_named),
        "00081199": _sequence(_success(receipt, base) for receipt in stored),
        "0008119A": _sequence(_failure(failure) for failure in failed if not failure.is_named),
    }
    module = {tag: attribute for tag, attribute in content.items() if attribute["Value"]}
    status, headers = _status(stored, failed), {}
    if any(receipt.outcome is Outcome.CONFLICT for receipt in stored):
        status, headers = 202, {"warning": f'299 {base}: "{_CONFLICT_TEXT}"'}
    if media_type == DICOM_XML:
        return xml_response([module], headers, status)
    return Response(json.dumps(module).encode(), status, headers, media_type)


def _sequence(items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"vr": "SQ", "Value": list(items)}


def _status(stored: Sequence[Receipt], failed: Sequence[Failure]) -> int:
    """Return the status of PS3.18 Table 10.5.3-1."""
    if not failed:
        return 200
    if stored:
        return 202
    for kind, status in _COMMON_FAILURES.items():
        if all(issubclass(failure.kind, kind) for failure in failed):
            return status
    return 409


def _success(receipt: Receipt, base: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "00081150": {"vr": "UI", "Value": [receipt.SOPClassUID]},
        "00081155": {"vr": "UI", "Value": [receipt.SOPInstanceUID]},
        "00081190": {"vr": "UR", "Value": [address_of_object(base, receipt)]},
    }
    if receipt.outcome is Outcome.CONFLICT:
        item["00081196"] = {"vr": "US", "Value": [_CONFLICT_WARNING]}
    return item


def _failure(failure: Failure) -> dict[str, Any]:
    item: dict[str, Any] = {
        "00081197": {"vr": "US", "Value": [failure.reason]},
        _ERROR_COMMENT: {"vr": "LO", "Value": [failure.comment[:64]]},
    }
    if failure.is_named:
        item["00081150"] = {"vr": "UI", "Value": [failure.sop_class_uid]}
        item["00081155"] = {"vr": "UI", "Value": [failure.sop_instance_uid]}
    return dict(sorted(item.items()))
