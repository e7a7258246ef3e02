"""Segmentations in the management API: what was painted on a series, stored as a DICOM object of its own."""

import io
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset

from isocenter.archive import Archive, Instance, Receipt, Source
from isocenter.dicom.segmentation import Mask, Painting, Segment, make_segmentation
from isocenter.errors import UsageError
from isocenter.web.node import Node

#: Bytes of a request: runs of some hundred segments through a thousand slices.
MOST_BYTES = 64 << 20
#: A label map of 8 bits has no more.
MOST_SEGMENTS = 255

Uid = Annotated[str, Field(pattern=r"^[0-9.]{1,64}$")]
Label = Annotated[str, Field(max_length=64)]
Length = Annotated[int, Field(ge=0, le=1 << 31)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CodedConcept(_Strict):
    """A code with its meaning (PS3.3 8)."""

    CodeValue: Annotated[str, Field(min_length=1, max_length=16)]
    CodingSchemeDesignator: Annotated[str, Field(min_length=1, max_length=16)]
    CodeMeaning: Annotated[str, Field(min_length=1, max_length=64)]


class PaintedSegment(_Strict):
    """A segment: what it is called, shown and means."""

    number: Annotated[int, Field(ge=1, le=MOST_SEGMENTS)]
    label: Annotated[str, Field(min_length=1, max_length=64)]
    colour: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
    category: CodedConcept
    type: CodedConcept


class PaintedMask(_Strict):
    """Where a segment is in a frame of an image: beginnings and lengths of its runs along the rows."""

    SOPInstanceUID: Uid
    frame: Annotated[int, Field(ge=1, le=1 << 31)]
    segment: Annotated[int, Field(ge=1, le=MOST_SEGMENTS)]
    runs: list[Length]


class PaintedSegmentation(_Strict):
    """What was painted on a series."""

    SeriesInstanceUID: Uid
    label: Label
    kind: Literal["binary", "labelmap"]
    segments: Annotated[list[PaintedSegment], Field(min_length=1, max_length=MOST_SEGMENTS)]
    masks: Annotated[list[PaintedMask], Field(max_length=1_000_000)]


class StoredSegmentation(BaseModel):
    """The object that was stored."""

    SeriesInstanceUID: str
    SOPInstanceUID: str


_REQUEST = TypeAdapter(PaintedSegmentation)


def add_segmentation_routes(api: FastAPI, node: Node) -> None:
    """Add the route ``/studies/{study}/segmentations``."""

    @api.post("/studies/{study}/segmentations", status_code=201, openapi_extra=_body())
    async def store_segmentation(study: str, request: Request) -> StoredSegmentation:
        """Store what was painted on a series as a DICOM segmentation or label map in a series of its own."""
        body = await _bounded(request)
        receipt = await node.threads.write(_store, node.archive, study, body)
        return StoredSegmentation(SeriesInstanceUID=receipt.SeriesInstanceUID, SOPInstanceUID=receipt.SOPInstanceUID)


def _store(archive: Archive, study: str, body: bytes) -> Receipt:
    return store(archive, study, read_request(body))


def store(archive: Archive, study: str, painted: PaintedSegmentation) -> Receipt:
    """Store a painting, with patient, study and places as its images have them.

    Raises:
        UsageError: nothing is painted, or the masks do not fit the images.
        NotFoundError: an image that they name is not here any more.
    """
    instances = {one.SOPInstanceUID: one for one in archive.instances(study, painted.SeriesInstanceUID)}
    wanted = {mask.SOPInstanceUID for mask in painted.masks}
    if wanted - instances.keys():
        raise UsageError("an image that was painted on is not in the series any more; reload the study")
    sources = {uid: _header(archive, instances[uid]) for uid in wanted}
    segments = [
        Segment(one.number, one.label, one.colour, _code(one.category), _code(one.type)) for one in painted.segments
    ]
    masks = [Mask(one.SOPInstanceUID, one.frame, one.segment, one.runs) for one in painted.masks]
    painting = Painting(painted.label, painted.kind == "labelmap", segments, masks)
    buffer = io.BytesIO()
    dcmwrite(buffer, make_segmentation(sources, painting, datetime.now().astimezone()), enforce_file_format=True)
    reception = archive.receive_file(Source("web"), study_instance_uid=study)
    reception.write(buffer.getvalue())
    return reception.finish()


def _header(archive: Archive, instance: Instance) -> Dataset:
    with archive.open_object(instance) as stored:
        return dcmread(stored, stop_before_pixels=True, force=True)


def _code(concept: CodedConcept) -> tuple[str, str, str]:
    return concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning


def _body() -> dict[str, Any]:
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": PaintedSegmentation.model_json_schema()}},
        }
    }


async def _bounded(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise UsageError(f"a segmentation may take {MOST_BYTES} bytes here; save fewer segments at once")
    return bytes(body)


def read_request(body: bytes) -> PaintedSegmentation:
    """Return what a client wants to be stored.

    Raises:
        UsageError: it is no such request; the message says where.
    """
    try:
        painted = _REQUEST.validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if len({one.number for one in painted.segments}) < len(painted.segments):
        raise UsageError("two segments have the same number")
    if any(len(mask.runs) % 2 for mask in painted.masks):
        raise UsageError("runs are pairs of a beginning and a length")
    return painted
