"""Measurements in the management API: drafts of a study, read and written as a whole (RFC 9110 13.1.1: If-Match)."""

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from isocenter.archive import Archive
from isocenter.dicom.measured_place import DIAMETERS, lines_of
from isocenter.dicom.measurement_report import has_place, make_report
from isocenter.errors import UsageError
from isocenter.web.made_objects import Made, store_made
from isocenter.web.node import Node
from isocenter.web.study_drafts import (
    RESPONSES,
    answer,
    asked_version,
    bounded_body,
    checked,
    described,
    forget,
    written,
)

#: How many there may be of one study.
MOST = 1000
_KIND = Literal[
    "length", "angle", "cobb", "bidirectional", "ellipse", "rectangle", "circle", "freehand", "probe", "isocontour",
    "calibration", "arrow", "ellipsoid", "path",
]  # fmt: skip
_QUANTITY = Literal[
    "length", "width", "height", "angle", "area", "mean", "deviation", "minimum", "maximum", "value", "peak", "volume",
    "glycolysis", "threshold",
]  # fmt: skip
_SUV = Literal["bw", "lbmJames", "lbmJanma", "bsa", "stored"]

Real = Annotated[float, Field(allow_inf_nan=False)]
Point = tuple[Real, Real]
Place = tuple[Real, Real, Real]
Contour = Annotated[list[Real], Field(min_length=9, max_length=30_000)]
Uid = Annotated[str, Field(pattern=r"^[0-9.]{1,64}$")]
Short = Annotated[str, Field(max_length=64)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Plane(_Strict):
    """Where the picture lies in the patient: the middle of its first pixel, directions, steps in mm."""

    #: In a volume whose images name no frame of reference, "of" and what the viewer calls the volume.
    FrameOfReferenceUID: Annotated[str, Field(pattern=r"^([0-9.]{0,64}|of [ -~]{1,256})$")]
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

    quantity: _QUANTITY
    value: Real
    unit: Short


class Image(_Strict):
    """The stored image it was drawn on, or that of the reformatted plane's volume."""

    SeriesInstanceUID: Uid
    SOPInstanceUID: Uid
    frame: Annotated[int, Field(ge=1, le=1 << 31)]
    reformatted: bool = False


class Calibration(_Strict):
    """A line of known length (mm) by which pixels are so many mm apart; ``series``: in all images of this size."""

    known: Annotated[Real, Field(gt=0)]
    series: bool
    columns: Annotated[int, Field(ge=0, le=1 << 31)]
    rows: Annotated[int, Field(ge=0, le=1 << 31)]
    columnSpacing: Annotated[Real, Field(gt=0)]  # noqa: N815 - as the viewer says it
    rowSpacing: Annotated[Real, Field(gt=0)]  # noqa: N815 - as the viewer says it


class Isocontour(_Strict):
    """What a region is cut at, a share of its maximum or a value, and what its PET is read in."""

    share: Annotated[Real, Field(gt=0, lt=1)] | None = None
    value: Real | None = None
    suv: _SUV


class Diameter(_Strict):
    """A further diameter of an ellipsoid, drawn on a picture of its own."""

    pictureId: Annotated[str, Field(max_length=512)]  # noqa: N815 - as the viewer says it
    image: Image
    points: tuple[Point, Point]
    plane: Plane | None = None
    label: Point | None = None
    source: Short = ""
    calibration: Calibration | None = None


class Path(_Strict):
    """A path through a volume, along which it is straightened: points in the patient, width across and length in mm."""

    points: Annotated[list[Place], Field(min_length=2, max_length=400)]
    width: Annotated[Real, Field(gt=0)]
    length: Annotated[Real, Field(ge=0)]


class Measurement(_Strict):
    """A measurement: points in pixels of its picture (the middle of the first pixel is 0, 0).

    ``calibration`` is what a line of the kind "calibration" says, and of others what they were measured with. An
    isocontour region is drawn as a sphere; ``contours`` are its border in the patient: x, y, z one behind the other.
    The text of an arrow, which goes from what it points at to the text, is its name; without a second point it is that
    text alone. An ellipsoid has its first diameter here, the others in ``further``.
    A path has its points in ``path``, none on a picture, and is not signed.
    """

    id: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")]
    kind: _KIND
    pictureId: Annotated[str, Field(max_length=512)]  # noqa: N815 - as the viewer says it
    image: Image
    points: Annotated[list[Point], Field(max_length=400)]
    plane: Plane | None = None
    label: Point | None = None
    values: Annotated[list[Quantity], Field(max_length=8)] = []
    source: Short = ""
    calibration: Calibration | None = None
    isocontour: Isocontour | None = None
    contours: Annotated[list[Contour], Field(max_length=4000)] = []
    further: Annotated[list[Diameter], Field(max_length=2)] = []
    path: Path | None = None
    name: Annotated[str, Field(max_length=200)] = ""
    colour: Annotated[str, Field(pattern=r"^(#[0-9a-f]{6})?$")] = ""
    locked: bool = False
    hidden: bool = False


_LIST = TypeAdapter(list[Measurement])


def _has_own_results(ellipsoid: Measurement) -> bool:
    named = {*DIAMETERS[: len(ellipsoid.further) + 1], "volume"}
    return all(result.quantity in named for result in ellipsoid.values)


#: What must be true of a measurement of a kind, and what is said where it is not.
_RULES: dict[str, tuple[Callable[[Measurement], bool], str]] = {
    "arrow": (lambda one: len(one.points) <= 2, "an arrow has one point or two"),
    "ellipsoid": (_has_own_results, "an ellipsoid has diameters, one for each line, and a volume"),
    "calibration": (lambda one: one.calibration is not None, "a calibration says how long its line is"),
    "isocontour": (lambda one: one.isocontour is not None, "an isocontour region says what it is cut at"),
    "path": (lambda one: one.path is not None and not one.points, "a path has its points in the patient only"),
}


def add_measurement_routes(api: FastAPI, node: Node) -> None:
    """Add the routes below ``/studies/{study}/measurements``."""
    drafts = node.archive.drafts

    @api.get("/studies/{study}/measurements")
    def read_measurements(study: str) -> list[Measurement]:
        """Read the measurements of a study that are not signed; the ETag is their version."""
        return answer(drafts.get(study))  # type: ignore[return-value]

    @api.put(
        "/studies/{study}/measurements",
        status_code=204,
        openapi_extra=described("Measurement", MOST),
        responses=RESPONSES,
    )
    async def write_measurements(study: str, request: Request) -> Response:
        """Write them as a whole, in place of the version that If-Match names ("*": of any)."""
        version = asked_version(request)
        body = read_list(await bounded_body(request))
        return written(await node.threads.write(drafts.put, study, version, body))

    @api.post("/studies/{study}/measurements/report", status_code=201)
    def sign_measurements(study: str) -> Made:
        """Store results and arrows as a structured report (TID 1500) in its own series; they are no drafts then."""
        return sign(node.archive, study)


def sign(archive: Archive, study: str) -> Made:
    """Store a report of the drafts, with patient and study as the first image that they name has them.

    Those without a result, unless they are arrows, or without a place that a report can name stay drafts.

    Raises:
        UsageError: there is nothing to sign, or no result among it.
        NotFoundError: an image that they name is not here any more.
    """
    drafts = json.loads(archive.drafts.get(study).body)
    results = [draft for draft in drafts if draft.get("values") or draft["kind"] == "arrow"]
    if not results:
        raise UsageError("there is no measurement to sign")
    measured = [draft for draft in results if has_place(draft)]
    if not measured:
        raise UsageError("no report can say where this was measured: the images have no frame of reference")
    images = [line["image"] for draft in measured for line in lines_of(draft)]
    made = store_made(archive, study, images, lambda source, classes, now: make_report(source, measured, classes, now))
    forget(archive.drafts, study, {json.dumps(draft, sort_keys=True) for draft in measured})
    return made


def read_list(body: bytes) -> str:
    """Return what is kept of a list of measurements that a client sent.

    Raises:
        UsageError: it is no list of measurements; the message says where.
    """
    found = checked(_LIST, body, MOST)
    _check_together(found)
    return _LIST.dump_json(found, exclude_defaults=True).decode()


def _check_together(found: Sequence[Measurement]) -> None:
    if len({one.id for one in found}) < len(found):
        raise UsageError("two measurements have the same id")
    for one in found:
        rule = _RULES.get(one.kind)
        if rule and not rule[0](one):
            raise UsageError(rule[1])
        if one.kind != "path" and (one.path is not None or not one.points):
            raise UsageError("a measurement has points on its picture; only a path has them in the patient")
        if any(len(contour) % 3 for contour in one.contours):
            raise UsageError("a contour has three numbers for each point")
