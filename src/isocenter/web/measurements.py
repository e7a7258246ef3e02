"""Measurements in the management API: drafts of a study, read and written as a whole (RFC 9110 13.1.1: If-Match)."""

import io
import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydicom import dcmread, dcmwrite

from isocenter.archive import Archive, Receipt, Source
from isocenter.dicom.measurement_report import make_report
from isocenter.errors import UsageError
from isocenter.index.drafts import Draft
from isocenter.web.node import Node

#: Bytes of the drafts of one study, and how many there may be.
MOST_BYTES = 1 << 20
MOST = 1000
_VERSION = re.compile(r'"(\d{1,18})"')
_KIND = Literal["length", "angle", "cobb", "bidirectional", "ellipse", "rectangle", "circle", "probe"]

Real = Annotated[float, Field(allow_inf_nan=False)]
Point = tuple[Real, Real]
Place = tuple[Real, Real, Real]
Uid = Annotated[str, Field(pattern=r"^[0-9.]{1,64}$")]
Short = Annotated[str, Field(max_length=64)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Plane(_Strict):
    """Where the picture lies in the patient: the middle of its first pixel, directions, steps in mm."""

    FrameOfReferenceUID: Annotated[str, Field(pattern=r"^[0-9.]{0,64}$")]
    origin: Place
    row: Place
    column: Place
    normal: Place
    columnStep: Annotated[Real, Field(gt=0)]  # noqa: N815 - as the viewer says it
    rowStep: Annotated[Real, Field(gt=0)]  # noqa: N815 - as the viewer says it
    columns: Annotated[int, Field(ge=1, le=1 << 31)]
    rows: Annotated[int, Field(ge=1, le=1 << 31)]


class Quantity(_Strict):
    """One result: ``quantity`` is what was measured, ``unit`` as it is shown ("mm", "°", "HU")."""

    quantity: Literal["length", "width", "angle", "area", "mean", "deviation", "minimum", "maximum", "value"]
    value: Real
    unit: Short


class Image(_Strict):
    """The stored image it was drawn on, or that of the reformatted plane's volume."""

    SeriesInstanceUID: Uid
    SOPInstanceUID: Uid
    frame: Annotated[int, Field(ge=1, le=1 << 31)]
    reformatted: bool = False


class Measurement(_Strict):
    """A measurement: points in pixels of its picture (the middle of the first pixel is 0, 0)."""

    id: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")]
    kind: _KIND
    pictureId: Annotated[str, Field(max_length=512)]  # noqa: N815 - as the viewer says it
    image: Image
    points: Annotated[list[Point], Field(min_length=1, max_length=64)]
    plane: Plane | None = None
    label: Point | None = None
    values: Annotated[list[Quantity], Field(max_length=8)] = []
    source: Short = ""
    name: Short = ""
    colour: Annotated[str, Field(pattern=r"^(#[0-9a-f]{6})?$")] = ""
    locked: bool = False
    hidden: bool = False


class Report(BaseModel):
    """The report that was stored."""

    SeriesInstanceUID: str
    SOPInstanceUID: str


_LIST = TypeAdapter(list[Measurement])


def add_measurement_routes(api: FastAPI, node: Node) -> None:
    """Add the routes below ``/studies/{study}/measurements``."""
    drafts = node.archive.drafts

    @api.get("/studies/{study}/measurements")
    def read_measurements(study: str) -> list[Measurement]:
        """Read the measurements of a study that are not signed; the ETag is their version."""
        return _answer(drafts.get(study))  # type: ignore[return-value]

    @api.put("/studies/{study}/measurements", status_code=204, openapi_extra=_body(), responses=_RESPONSES)
    async def write_measurements(study: str, request: Request) -> Response:
        """Write them as a whole, in place of the version that If-Match names ("*": of any)."""
        version = _asked(request.headers.get("if-match", ""))
        body = read_list(await _bounded(request))
        written = await node.threads.write(drafts.put, study, version, body)
        return Response(status_code=204, headers={"etag": f'"{written}"'})

    @api.post("/studies/{study}/measurements/report", status_code=201)
    def sign_measurements(study: str) -> Report:
        """Store the measurements as a DICOM structured report (TID 1500) in a series of its own."""
        receipt = sign(node.archive, study, json.loads(drafts.get(study).body))
        return Report(SeriesInstanceUID=receipt.SeriesInstanceUID, SOPInstanceUID=receipt.SOPInstanceUID)


_RESPONSES: dict[int | str, dict[str, Any]] = {412: {"description": "They have changed meanwhile"}}


def sign(archive: Archive, study: str, drafts: list[dict[str, Any]]) -> Receipt:
    """Store a report of these drafts, with patient and study as the first image that they name has them.

    Raises:
        UsageError: there is nothing to sign, or no result among it.
        NotFoundError: an image that they name is not here any more.
    """
    measured = [draft for draft in drafts if draft.get("values")]
    if not measured:
        raise UsageError("there is no measurement to sign")
    images = [
        archive.instances(study, d["image"]["SeriesInstanceUID"], d["image"]["SOPInstanceUID"])[0] for d in measured
    ]
    with archive.open_object(images[0]) as stored:
        source = dcmread(stored, stop_before_pixels=True, force=True)
    classes = {image.SOPInstanceUID: image.SOPClassUID for image in images}
    buffer = io.BytesIO()
    dcmwrite(buffer, make_report(source, measured, classes, datetime.now().astimezone()), enforce_file_format=True)
    reception = archive.receive_file(Source("web"), study_instance_uid=study)
    reception.write(buffer.getvalue())
    return reception.finish()


def _body() -> dict[str, Any]:
    schema = {"type": "array", "maxItems": MOST, "items": {"$ref": "#/components/schemas/Measurement"}}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _answer(draft: Draft) -> Response:
    headers = {"etag": f'"{draft.version}"', "cache-control": "no-store"}
    return Response(draft.body.encode(), 200, headers, "application/json")


def _asked(if_match: str) -> int | None:
    if if_match.strip() == "*":
        return None
    found = _VERSION.fullmatch(if_match.strip())
    if found is None:
        raise UsageError('give the version that you have read as If-Match, as it is in the ETag, or "*" for any')
    return int(found[1])


async def _bounded(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise UsageError(f"measurements of one study may take {MOST_BYTES} bytes; sign or delete some")
    return bytes(body)


def read_list(body: bytes) -> str:
    """Return what is kept of a list of measurements that a client sent.

    Raises:
        UsageError: it is no list of measurements; the message says where.
    """
    try:
        found = _LIST.validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    _check_together(found)
    return _LIST.dump_json(found, exclude_defaults=True).decode()


def _check_together(found: Sequence[Measurement]) -> None:
    if len(found) > MOST:
        raise UsageError(f"there may be {MOST} measurements of one study; sign or delete some")
    if len({one.id for one in found}) < len(found):
        raise UsageError("two measurements have the same id")
