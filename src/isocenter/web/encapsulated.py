"""WADO-RS: an instance rendered that holds a document and no image: the document as it is (PS3.18 10.4.1.1.3).

A PDF is shown by browsers; everything else is for saving, for XML may hold programs that would run in this origin.
"""

from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from isocenter.archive import Instance
from isocenter.errors import NotFoundError
from isocenter.web.bulk_data import find_element
from isocenter.web.layouts import opened
from isocenter.web.negotiation import accepted, not_acceptable
from isocenter.web.node import Node
from isocenter.web.ranges import ranged
from isocenter.web.rendered import rendered
from isocenter.web.sop_defaults import DOCUMENT_TYPES
from isocenter.web.streaming import Span

_ENCAPSULATED_DOCUMENT = 0x00420011
_PDF = "application/pdf"


async def rendered_instance(node: Node, request: Request) -> Response:
    """Send a picture of an instance, or its document."""
    try:
        return await rendered(node, request)
    except (NotFoundError, HTTPException):
        document = await node.threads.read(_document, node, request)
        if document is None:
            raise
    media_type, body = document
    wanted = accepted(request)
    if wanted and not any(each.includes(media_type) for each in wanted):
        raise not_acceptable(media_type)
    headers = {"content-type": media_type}
    if media_type != _PDF:
        headers["content-disposition"] = "attachment"
    return ranged(request, body, node.threads, headers)


def _document(node: Node, request: Request) -> tuple[str, bytes | Span] | None:
    """Return type and bytes of the document in an instance, if it has one."""
    path = request.path_params
    instance = node.archive.instances(path["study"], path["series"], path["instance"])[0]
    media_type = DOCUMENT_TYPES.get(instance.SOPClassUID)
    return None if media_type is None else (media_type.lower(), _bytes(node, instance))


def _bytes(node: Node, instance: Instance) -> bytes | Span:
    with opened(node.archive, instance) as (data, syntax):
        element, _ = find_element(data, syntax, (_ENCAPSULATED_DOCUMENT,))
        if syntax.deflated:
            return bytes(data[element.offset : element.offset + element.length])
    offset = instance.data_set_offset + element.offset
    return Span(partial(node.archive.open_object, instance), offset, element.length)
