"""UPS-RS: create, retrieve, update work items, change their state, request their cancellation (PS3.18 11.4 to 11.8).

What is allowed is ``isocenter.ups``' business; here refusals and notices become statuses and Warning fields.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from isocenter.dicom.native_xml import json_to_xml
from isocenter.dicom.native_xml_reader import xml_to_json
from isocenter.errors import UsageError
from isocenter.ups.attributes import taken_over, text
from isocenter.ups.states import Notice, WorkItemRefusedError
from isocenter.ups.subscriptions import check_aet
from isocenter.web.addresses import base_address
from isocenter.web.media_types import DICOM_JSON, DICOM_XML, JSON, choose, parse_media_type
from isocenter.web.models import model_type, xml_response
from isocenter.web.negotiation import accepted
from isocenter.web.node import Handler, Node

#: No work item is longer.
MAX_BODY = 1 << 22
_JSON = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
#: Names of the query parameter that is a UID; it may also stand alone, as PS3.18 11.4.1 and 11.6.1 write it.
_WORKITEM_NAMES = ("workitem", "AffectedSOPInstanceUID")
_TRANSACTION_NAMES = ("transaction-uid", "transaction")


def explained(handler: Handler) -> Handler:
    """Let a handler answer refusals with their status and the Warning field that PS3.18 names."""

    @wraps(handler)
    async def answer(node: Node, request: Request) -> Response:
        try:
            return await handler(node, request)
        except WorkItemRefusedError as error:
            refusal = error.refusal
            headers = {"warning": warning(request, refusal.warning)} if refusal.warning else None
            raise HTTPException(refusal.http_status, str(error), headers) from error

    return answer


def warning(request: Request, words: str) -> str:
    """Return the value of a Warning field."""
    return f'299 {base_address(request)}: "{words}"'


def noted(request: Request, notice: Notice | None) -> dict[str, str]:
    """Return the header fields for what is to be said about a request that was carried out."""
    return {} if notice is None else {"warning": warning(request, notice.text)}


@explained
async def create_workitem(node: Node, request: Request) -> Response:
    """File a new work item (11.4)."""
    uid = _alone_or_named(request, _WORKITEM_NAMES)
    made = await node.threads.write(node.archive.work_items.create, await _body(request), uid)
    address = f"{base_address(request)}/workitems/{made.uid}"
    headers = {"location": address, "content-location": address, **noted(request, made.notice)}
    return Response(status_code=201, headers=headers)


@explained
async def retrieve_workitem(node: Node, request: Request) -> Response:
    """Return a work item (11.5)."""
    single = choose(accepted(request), (DICOM_JSON, JSON, DICOM_XML))
    media_type = single or model_type(request)
    found = await node.threads.read(node.archive.work_items.get, request.path_params["workitem"])
    headers = {"cache-control": "no-cache"}
    if media_type == DICOM_XML:
        if single:
            return Response(json_to_xml(found), headers=headers, media_type=DICOM_XML)
        return xml_response([found], headers)
    return Response(_JSON.encode([found]).encode(), headers=headers, media_type=media_type)


@explained
async def update_workitem(node: Node, request: Request) -> Response:
    """Set attributes of a work item (11.6)."""
    transaction_uid = _alone_or_named(request, _TRANSACTION_NAMES)
    uid = request.path_params["workitem"]
    await node.threads.write(node.archive.work_items.update, uid, await _body(request), transaction_uid)
    return Response(headers={"content-location": f"{base_address(request)}/workitems/{uid}"})


@explained
async def change_workitem_state(node: Node, request: Request) -> Response:
    """Claim, complete or cancel a work item (11.7)."""
    body = taken_over(await _body(request))
    wanted, transaction_uid = text(body, "ProcedureStepState"), text(body, "TransactionUID")
    uid = request.path_params["workitem"]
    notice = await node.threads.write(node.archive.work_items.change_state, uid, wanted, transaction_uid)
    headers = {"content-location": f"{base_address(request)}/workitems/{uid}", **noted(request, notice)}
    return Response(headers=headers)


@explained
async def request_cancellation(node: Node, request: Request) -> Response:
    """Cancel a work item that nobody has begun, or ask whoever performs it to (11.8)."""
    requester = request.path_params.get("requester") or request.query_params.get("requester") or node.settings.aet
    check_aet(requester)
    body = await _body(request, required=False)
    uid = request.path_params["workitem"]
    notice = await node.threads.write(node.archive.work_items.request_cancel, uid, requester, body)
    return Response(status_code=202, headers=noted(request, notice))


def _alone_or_named(request: Request, names: tuple[str, ...]) -> str:
    """Return a UID from the query: the only thing in it, or under a name."""
    found = next((request.query_params[name] for name in names if name in request.query_params), "")
    alone = request.url.query
    return found or (alone if alone and "=" not in alone else "")


async def _body(request: Request, *, required: bool = True) -> dict[str, Any]:
    """Return the one data set of the body, JSON or XML.

    Raises:
        UsageError: it is none.
        HTTPException: it is too long, or of another media type.
    """
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BODY:
            raise HTTPException(413, f"a work item has at most {MAX_BODY >> 20} MiB")
        pieces.append(piece)
    media_type = parse_media_type(request.headers.get("content-type", JSON)).type
    read = _READERS.get(media_type)
    if read is None:
        raise HTTPException(415, f"send a work item as {', '.join(_READERS)}")
    content = b"".join(pieces)
    if not content and not required:
        return {}
    return read(content)


def _read_json(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the body is no JSON: {error}") from error
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        raise UsageError("the body must be one DICOM JSON Model object, or an array of one")
    _check_form(found)
    return found


def _check_form(attributes: dict[str, Any]) -> None:
    """Check what handlers look at before the whole data set is checked."""
    for name, attribute in attributes.items():
        if not isinstance(attribute, dict) or not isinstance(attribute.get("Value", []), list):
            raise UsageError(f"DICOM JSON: {name[:16]!r} must be an object with a vr, its Value an array")


_READERS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    DICOM_JSON: _read_json,
    JSON: _read_json,
    DICOM_XML: xml_to_json,
}
