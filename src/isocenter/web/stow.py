"""STOW-RS: store instances as they come, or made from metadata and bulk data (PS3.18 10.5).

Here a body is read and cut into parts; ``intake`` takes instances, ``assembly`` puts metadata and bulk data together.
Bodies are never held, and one without end or use is not read on.
"""

import contextlib
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from isocenter.archive import Receipt, Source
from isocenter.errors import UnsupportedError, UsageError
from isocenter.multipart import Event, MultipartReader, PartData, PartEnded, PartStarted
from isocenter.web.addresses import base_address
from isocenter.web.assembly import METADATA_TYPES, Assembly
from isocenter.web.intake import Failure, Intake
from isocenter.web.media_types import DICOM, MULTIPART, MediaRange, parse_media_type
from isocenter.web.models import model_type
from isocenter.web.node import Node
from isocenter.web.stow_response import store_response

#: How parts of DICOM files are labelled in the field.
_PART_TYPES = frozenset({DICOM, "application/octet-stream", ""})
#: Parts of one request.
MAX_PARTS = 50_000
#: Bytes before the first part, behind the last one, or of a part's headers.
_MAX_NOISE = 1 << 20
#: Bytes that are read for nothing after a body was given up; the connection is closed to one that goes on, perhaps
#: without end.
_MAX_DRAINED = 64 << 20
_CLOSE = {"connection": "close"}


class Taker(Protocol):
    """Takes the parts of a body."""

    async def begin(self, media_type: MediaRange, location: str) -> None:
        """Begin a part."""

    async def write(self, data: memoryview | bytes) -> None:
        """Take bytes of the part."""

    async def end(self) -> None:
        """End the part."""

    async def finish(self) -> None:
        """Say that there are no more parts."""

    def abandon(self) -> None:
        """Give up what did not come to its end; also after ``finish``."""


async def store(node: Node, request: Request) -> Response:
    """Store the instances of the body and say what became of each."""
    media_type = model_type(request)
    source = Source("web", address=request.client.host if request.client else "")
    study = request.path_params.get("study", "")
    content_type = parse_media_type(request.headers.get("content-type", ""))
    part_type = content_type.parameters.get("type", DICOM).lower() if content_type.type == MULTIPART else ""
    intake = Intake(node, source, study)
    taker = _taker(node, intake, study, part_type or content_type.type)
    broken: UsageError | None = None
    try:
        if part_type:
            await _read_parts(request, _reader(content_type), taker)
        else:
            await _read_single(request, content_type, taker)
        await taker.finish()
    except UsageError as error:
        broken = error
    finally:
        intake.abandon()
        taker.abandon()
        results = await intake.results()
    last = {} if broken is None or await _drained(request) else _CLOSE
    if broken is not None and not any(isinstance(result, Receipt) for result in results):
        raise HTTPException(broken.http_status, str(broken), last)
    if not results:
        raise UsageError(f"the body holds no instance: send multipart/related parts of type {part_type or DICOM}")
    results += [Failure.of(broken)] if broken is not None else []
    response = store_response(results, base_address(request), study, media_type)
    response.headers.update(last)
    return response


async def _drained(request: Request) -> bool:
    """Read what is left of a body, so that its sender comes to read the answer; tell whether that was all."""
    left = _MAX_DRAINED
    with contextlib.suppress(RuntimeError):  # Starlette's way of saying that the body was read to its end before
        async for chunk in request.stream():
            left -= len(chunk)
            if left < 0:
                return False
    return True


def _taker(node: Node, intake: Intake, study: str, wanted: str) -> Taker:
    """Return what takes parts of a type.

    Raises:
        HTTPException: 415, nothing does.
    """
    if wanted == DICOM:
        return Files(intake)
    if wanted in METADATA_TYPES:
        return Assembly(node, intake, study, wanted)
    kinds = ", ".join((DICOM, *METADATA_TYPES))
    raise HTTPException(415, f'send {MULTIPART}; type="{DICOM}", or one instance; types are {kinds}')


class Files:
    """Takes parts that are DICOM files."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def begin(self, media_type: MediaRange, _location: str) -> None:
        """Begin a file; a part of another type is refused."""
        if media_type.type in _PART_TYPES:
            await self._intake.begin()
        else:
            await self._intake.refuse(UnsupportedError(f"a part is {media_type.type}; only {DICOM} is stored here"))

    async def write(self, data: memoryview | bytes) -> None:
        """Take bytes of the file."""
        await self._intake.write(data)

    async def end(self) -> None:
        """Have the file made durable."""
        await self._intake.end()

    async def finish(self) -> None:
        """Do nothing: every file is by itself."""

    def abandon(self) -> None:
        """Do nothing: the intake holds everything."""


def _reader(content_type: MediaRange) -> MultipartReader:
    boundary = content_type.parameters.get("boundary")
    if not boundary:
        raise UsageError("the Content-Type of the body has no boundary")
    return MultipartReader(boundary)


async def _read_single(request: Request, content_type: MediaRange, taker: Taker) -> None:
    await taker.begin(content_type, "")
    async for chunk in request.stream():
        if chunk:
            await taker.write(chunk)
    await taker.end()


async def _read_parts(request: Request, reader: MultipartReader, taker: Taker) -> None:
    """Give the parts of the body to the taker.

    Raises:
        UsageError: it could not be read to its end, or there is no end.
    """
    parts = noise = 0
    async for chunk in request.stream():
        if not chunk:
            continue
        reader.receive_data(chunk)
        noise += len(chunk)
        while (event := reader.next_event()) is not None:
            noise, parts = 0, parts + isinstance(event, PartStarted)
            if parts > MAX_PARTS:
                raise UsageError(f"the body has more than {MAX_PARTS} parts: send several requests")
            await _follow(event, taker)
        if noise > _MAX_NOISE:
            raise UsageError("the body goes on without a part: the boundary may be a wrong one")
    reader.receive_data(b"")


async def _follow(event: Event, taker: Taker) -> None:
    match event:
        case PartStarted():
            media_type = parse_media_type(event.headers.get("content-type", ""))
            await taker.begin(media_type, event.headers.get("content-location", ""))
        case PartData():
            await taker.write(event.data)
        case PartEnded():
            await taker.end()
