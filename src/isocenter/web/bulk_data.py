"""WADO-RS: retrieve bulk data by its path in the data set (PS3.18 10.4.1.1.5), whole or a range (RFC 9110 14).

A path is what the metadata's BulkDataURI ends with: the tag, or the tag of a sequence, the number of its item from 1,
and so on. Native values go out as they are; encapsulated pixel data as its frames.
"""

import re
import uuid
from array import array
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from isocenter.archive import Instance
from isocenter.dicom import dictionary
from isocenter.dicom.encoding import UNDEFINED, Buffer, Element, Encoding, encoding_of
from isocenter.dicom.layout import Layout, is_compressed
from isocenter.dicom.pixels import PIXEL_DATA
from isocenter.dicom.scanner import iter_elements, iter_items
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, TransferSyntax
from isocenter.errors import NotFoundError, UsageError
from isocenter.multipart import write_end, write_part_header
from isocenter.web.frames import Answer, frames_response, read_frames
from isocenter.web.layouts import opened
from isocenter.web.media_types import ANYTHING, OCTET_STREAM, multipart_content_type
from isocenter.web.negotiation import accepted, not_acceptable
from isocenter.web.node import Node
from isocenter.web.ranges import ranged
from isocenter.web.streaming import Span, StreamedResponse

_PATH = re.compile(r"[0-9A-Fa-f]{8}(/[1-9][0-9]{0,5}/[0-9A-Fa-f]{8}){0,64}", re.ASCII)
#: Words of the VRs whose bytes depend on the order.
_SWAPPED = {
    "OW": "H",
    "OF": "I",
    "OL": "I",
    "OD": "Q",
    "OV": "Q",
    "US": "H",
    "SS": "H",
    "UL": "I",
    "FL": "I",
    "FD": "Q",
}


async def retrieve_bulk_data(node: Node, request: Request) -> Response:
    """Send the value that the path names."""
    path = read_path(request.path_params["path"])
    found = await node.threads.read(_found, node, request, path)
    return await frames_response(node, found) if isinstance(found, Answer) else _answer(node, request, found)


def _found(node: Node, request: Request, path: tuple[int, ...]) -> bytes | Span | Answer:
    names = request.path_params
    instance = node.archive.instances(names["study"], names["series"], names["instance"])[0]
    value = _value_at(node, instance, path)
    if isinstance(value, Layout):
        return read_frames(node, request, instance, value, range(1, len(value.frames) + 1))
    return value


def read_path(text: str) -> tuple[int, ...]:
    """Return tags and item numbers of a path.

    Raises:
        UsageError: it is no such path.
    """
    if _PATH.fullmatch(text) is None:
        raise UsageError(f"{text[:64]!r} is no path of tags and item numbers, such as 7FE00010 or 00089215/1/00420011")
    return tuple(int(field, 10 if place % 2 else 16) for place, field in enumerate(text.split("/")))


def _value_at(node: Node, instance: Instance, path: tuple[int, ...]) -> bytes | Span | Layout:
    """Return the value at a path; for encapsulated pixel data where its frames are."""
    with opened(node.archive, instance) as (data, syntax):
        element, encoding = find_element(data, syntax, path)
        if element.length != UNDEFINED:
            return _value(node, instance, data, syntax, element, encoding)
    if path != (PIXEL_DATA,) or not is_compressed(syntax):
        raise NotFoundError("this element is no bulk data: it has no value of its own")
    return node.layouts.layout(node.archive, instance)


def find_element(data: Buffer, syntax: TransferSyntax, path: tuple[int, ...]) -> tuple[Element, Encoding]:
    """Return the element at a path and the encoding it is in.

    Raises:
        NotFoundError: there is none.
    """
    encoding = encoding_of(syntax)
    offset, end = 0, len(data)
    for tag, number in zip(path[::2], (*path[1::2], 0), strict=True):
        found = next((e for e in iter_elements(data, encoding, offset, end) if e.tag >= tag), None)
        if found is None or found.tag != tag:
            raise NotFoundError(f"the object has no element {tag:08X} there")
        if not number:
            return found, encoding
        item = next((i for n, i in enumerate(iter_items(data, found, encoding, end), 1) if n == number), None)
        if item is None:
            raise NotFoundError(f"the sequence {tag:08X} has no item {number}")
        offset, end, encoding = item
    raise AssertionError("a path ends with a tag")


def _value(
    node: Node, instance: Instance, data: Buffer, syntax: TransferSyntax, element: Element, encoding: Encoding
) -> bytes | Span:
    """Return the value, little endian; a span of the file where that is what the file holds."""
    kind = _SWAPPED.get(element.vr or dictionary.vr(element.tag), "")
    if encoding.big_endian and kind:
        words = array(kind, bytes(data[element.offset : element.offset + element.length]))
        words.byteswap()
        return words.tobytes()
    if syntax.deflated:
        return bytes(data[element.offset : element.offset + element.length])
    return Span(partial(node.archive.open_object, instance), instance.data_set_offset + element.offset, element.length)


def _answer(node: Node, request: Request, value: bytes | Span) -> Response:
    content_type = f"{OCTET_STREAM}; transfer-syntax={EXPLICIT_VR_LITTLE_ENDIAN}"
    for wanted in accepted(request) or ANYTHING:
        if not wanted.includes(OCTET_STREAM):
            continue
        if wanted.multipart and wanted.type != "*/*":
            boundary = uuid.uuid4().hex
            headers = {"content-type": multipart_content_type(boundary, OCTET_STREAM, EXPLICIT_VR_LITTLE_ENDIAN)}
            part = {"Content-Type": content_type, "Content-Location": str(request.url.replace(query=""))}
            return StreamedResponse(
                [write_part_header(boundary, part), value, write_end(boundary)], node.threads, headers=headers
            )
        return ranged(request, value, node.threads, {"content-type": content_type})
    raise not_acceptable(OCTET_STREAM)
