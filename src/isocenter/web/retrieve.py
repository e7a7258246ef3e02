"""WADO-RS: retrieve the instances of a study, of a series, or one instance (PS3.18 10.4).

Objects go out as they were stored, straight from their files, or in Explicit VR Little Endian when the client asks for
that and it can be had without loss; or as they were stored in one ZIP file.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from isocenter.archive import Instance
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from isocenter.errors import UsageError
from isocenter.multipart import write_end, write_part_header
from isocenter.web.addresses import address_of_object, base_address
from isocenter.web.media_types import DICOM, ZIP, MediaRange, multipart_content_type
from isocenter.web.negotiation import accepted, not_acceptable
from isocenter.web.node import Node
from isocenter.web.ranges import ranged
from isocenter.web.streaming import Made, Piece, Span, StreamedResponse
from isocenter.web.transcode import can_transcode, explicit_little_endian
from isocenter.web.zip_stream import file_set_pieces, zip_pieces

AS_STORED = "*"


@dataclass(frozen=True, slots=True)
class Choice:
    """A way of answering that the client accepts; ``transfer_syntax`` ``*`` is as stored."""

    multipart: bool
    transfer_syntax: str
    zipped: bool = False


def instances_of(node: Node, request: Request) -> list[Instance]:
    """Return what the path names.

    Raises:
        NotFoundError: there is no such study, series or instance.
    """
    path = request.path_params
    return node.archive.instances(path["study"], path.get("series"), path.get("instance"))


async def retrieve(node: Node, request: Request) -> Response:
    """Send instances as DICOM files."""
    instances = await node.threads.read(instances_of, node, request)
    return await answer(node, request, instances, single="instance" in request.path_params)


async def answer(node: Node, request: Request, instances: list[Instance], *, single: bool) -> Response:
    """Send instances in a way that the client accepts; a ``single`` one needs neither multipart nor ZIP."""
    choices = _choices(accepted(request))
    if not single:
        choices = tuple(choice for choice in choices if choice.multipart or choice.zipped)
    for choice in choices:
        if all(is_possible(instance, choice) for instance in instances):
            how = _send_zip if choice.zipped else send
            return await how(node, request, instances, choice)
    raise not_acceptable(ZIP, f"{DICOM}; transfer-syntax=*", *sorted({i.transfer_syntax_uid for i in instances}))


def _choices(accept: Sequence[MediaRange]) -> tuple[Choice, ...]:
    if not accept:
        return (Choice(multipart=True, transfer_syntax=AS_STORED),)
    return tuple(
        Choice(r.multipart, r.transfer_syntax or AS_STORED, zipped=r.type == ZIP)
        for r in accept
        if r.type == ZIP or r.includes(DICOM)
    )


def is_possible(instance: Instance, choice: Choice) -> bool:
    """Return whether the object can be had in this way."""
    wanted = choice.transfer_syntax
    if wanted in {AS_STORED, instance.transfer_syntax_uid}:
        return True
    explicit = wanted == EXPLICIT_VR_LITTLE_ENDIAN and not choice.zipped
    return explicit and can_transcode(instance.transfer_syntax_uid)


async def _send_zip(node: Node, request: Request, instances: list[Instance], _choice: Choice) -> Response:
    """Send the objects as they were stored in a ZIP file, with ``dicomdir=true`` as a file-set (PS3.10 8).

    Its name tells the level only.
    """
    if _wants_dicomdir(request):
        pieces, length = await node.threads.read(file_set_pieces, node.archive, instances)
    else:
        pieces, length = zip_pieces(node.archive, instances)
    level = next((level for level in ("instance", "series", "study") if level in request.path_params), "object")
    headers = {"content-type": ZIP, "content-disposition": f'attachment; filename="{level}.zip"'}
    response = StreamedResponse(pieces, node.threads, headers=headers)
    response.headers["content-length"] = str(length)
    return response


def _wants_dicomdir(request: Request) -> bool:
    value = request.query_params.get("dicomdir", "false").lower()
    if value not in {"true", "false"}:
        raise UsageError(f"dicomdir must be true or false, not {value[:32]!r}")
    return value == "true" and "study" in request.path_params  # objects of no patient have records of other kinds


async def send(node: Node, request: Request, instances: list[Instance], choice: Choice) -> Response:
    """Send the objects in the way that was chosen."""
    bodies: list[Piece] = [_body(node, instance, choice) for instance in instances]
    if len(bodies) == 1 and isinstance(bodies[0], Made):  # make it now, so that a failure can still be told
        bodies = [await node.threads.paint(bodies[0].make)]
    if not choice.multipart:
        headers = {"content-type": f"{DICOM}; transfer-syntax={_syntax(instances[0], choice)}"}
        body = bodies[0]
        assert isinstance(body, Span | bytes)
        as_stored = choice.transfer_syntax in {AS_STORED, instances[0].transfer_syntax_uid}
        return ranged(request, body, node.threads, headers, f'"{instances[0].hash.hex()}"' if as_stored else "")
    boundary = uuid.uuid4().hex
    headers = {"content-type": multipart_content_type(boundary, DICOM)}
    pieces = _parts(instances, bodies, choice, boundary, base_address(request))
    return StreamedResponse(pieces, node.threads, headers=headers)


def _body(node: Node, instance: Instance, choice: Choice) -> Piece:
    if choice.transfer_syntax in {AS_STORED, instance.transfer_syntax_uid}:
        return Span(partial(node.archive.open_object, instance), 0, instance.size)
    return Made(partial(explicit_little_endian, node.archive, instance))


def _syntax(instance: Instance, choice: Choice) -> str:
    return instance.transfer_syntax_uid if choice.transfer_syntax == AS_STORED else choice.transfer_syntax


def _parts(
    instances: Sequence[Instance], bodies: Sequence[Piece], choice: Choice, boundary: str, base: str
) -> Iterator[Piece]:
    for instance, body in zip(instances, bodies, strict=True):
        headers = {
            "Content-Type": f"{DICOM}; transfer-syntax={_syntax(instance, choice)}",
            "Content-Location": address_of_object(base, instance),
        }
        yield write_part_header(boundary, headers)
        yield body
    yield write_end(boundary)
