"""WADO-RS: retrieve the instances of a study, of a series, or one instance (PS3.18 10.4).

Objects go out as they were stored, straight from their files; or in the transfer syntax that the client asks for, each
made when it is due; or as they were stored in one ZIP file.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from isocenter.archive import Instance
from isocenter.dicom.uids import IMPLICIT_VR_LITTLE_ENDIAN
from isocenter.errors import UsageError
from isocenter.multipart import write_end, write_part_header
from isocenter.transcoding.transcoder import WRITABLE
from isocenter.web import anonymized
from isocenter.web.addresses import address_of_object, base_address
from isocenter.web.media_types import DICOM, ZIP, MediaRange, multipart_content_type
from isocenter.web.negotiation import accepted, in_short, not_acceptable
from isocenter.web.node import Node
from isocenter.web.ranges import ranged
from isocenter.web.streaming import Made, Piece, Span, StreamedResponse
from isocenter.web.transcode import resolved, transcoded
from isocenter.web.zip_stream import file_set_pieces, zip_pieces

AS_STORED = "*"
NOT_FOR_THE_WEB = frozenset({IMPLICIT_VR_LITTLE_ENDIAN})
"""Nothing is converted to these (PS3.18 8.7.3.4)."""


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
    single = "instance" in request.path_params
    if anonymized.PARAMETER in request.query_params:
        choices = _accepted(request, single=single)
        return await anonymized.answer(node, request, instances, choices, single=single)
    return await answer(node, request, instances, single=single)


async def answer(node: Node, request: Request, instances: list[Instance], *, single: bool) -> Response:
    """Send instances in a way that the client accepts; a ``single`` one needs neither multipart nor ZIP."""
    for choice in _accepted(request, single=single):
        if choice.zipped and choice.transfer_syntax == AS_STORED:
            return await _send_zip(node, request, instances)
        syntaxes = await node.threads.read(syntaxes_of, node, instances, choice)
        if syntaxes is not None:
            return await send(node, request, instances, syntaxes, multipart=choice.multipart)
    offers = await node.threads.read(_offers, node, instances)
    raise not_acceptable(ZIP, f"{DICOM}; transfer-syntax=*", f"{DICOM}; {in_short(offers)}")


def _accepted(request: Request, *, single: bool) -> tuple[Choice, ...]:
    choices = _choices(accepted(request))
    return choices if single else tuple(choice for choice in choices if choice.multipart or choice.zipped)


def _choices(accept: Sequence[MediaRange]) -> tuple[Choice, ...]:
    if not accept:
        return (Choice(multipart=True, transfer_syntax=AS_STORED),)
    return tuple(
        Choice(r.multipart, r.transfer_syntax or AS_STORED, zipped=r.type == ZIP)
        for r in accept
        if r.type == ZIP or r.includes(DICOM)
    )


def syntaxes_of(node: Node, instances: Sequence[Instance], choice: Choice) -> list[str] | None:
    """Return the transfer syntax of each object in this choice, None where one cannot be had so. Blocks."""
    wanted = choice.transfer_syntax
    if choice.zipped or (wanted in NOT_FOR_THE_WEB and any(i.transfer_syntax_uid != wanted for i in instances)):
        return None
    found = []
    for instance in instances:
        syntax = resolved(node.archive, instance, wanted)
        if syntax is None:
            return None
        found.append(syntax)
    return found


def _offers(node: Node, instances: Sequence[Instance]) -> list[str]:
    """Return the syntaxes in which the first object can be had, stored ones of all first."""
    stored = sorted({instance.transfer_syntax_uid for instance in instances})
    possible = (uid for uid in sorted(WRITABLE - NOT_FOR_THE_WEB) if uid not in stored)
    return stored + [uid for uid in possible if resolved(node.archive, instances[0], uid) == uid]


async def _send_zip(node: Node, request: Request, instances: list[Instance]) -> Response:
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


async def send(
    node: Node, request: Request, instances: Sequence[Instance], syntaxes: Sequence[str], *, multipart: bool
) -> Response:
    """Send the objects, each in its syntax."""
    bodies: list[Piece] = [_body(node, *each) for each in zip(instances, syntaxes, strict=True)]
    if len(bodies) == 1 and isinstance(bodies[0], Made):  # make it now, so that a failure can still be told
        bodies = [await node.threads.paint(bodies[0].make)]
    if not multipart:
        headers = {"content-type": f"{DICOM}; transfer-syntax={syntaxes[0]}"}
        body = bodies[0]
        assert isinstance(body, Span | bytes)
        as_stored = syntaxes[0] == instances[0].transfer_syntax_uid
        return ranged(request, body, node.threads, headers, f'"{instances[0].hash.hex()}"' if as_stored else "")
    boundary = uuid.uuid4().hex
    headers = {"content-type": multipart_content_type(boundary, DICOM)}
    pieces = _parts(instances, syntaxes, bodies, boundary, base_address(request))
    return StreamedResponse(pieces, node.threads, headers=headers)


def _body(node: Node, instance: Instance, syntax: str) -> Piece:
    if syntax == instance.transfer_syntax_uid:
        return Span(partial(node.archive.open_object, instance), 0, instance.size)
    return Made(partial(transcoded, node.archive, instance, syntax))


def _parts(
    instances: Sequence[Instance], syntaxes: Sequence[str], bodies: Sequence[Piece], boundary: str, base: str
) -> Iterator[Piece]:
    for instance, syntax, body in zip(instances, syntaxes, bodies, strict=True):
        headers = {
            "Content-Type": f"{DICOM}; transfer-syntax={syntax}",
            "Content-Location": address_of_object(base, instance),
        }
        yield write_part_header(boundary, headers)
        yield body
    yield write_end(boundary)
