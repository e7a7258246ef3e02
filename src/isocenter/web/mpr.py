"""Planes and slabs cut out of a series by the server: ``/api/studies/{study}/series/{series}/mpr``.

For programs, and for the viewer where a browser cannot hold the volume. Pictures are windowed; the raw answers have the
real values (after rescaling, PS3.3 C.11.1). Where the plane lies is said in a header of the answer, as JSON.
"""

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import FastAPI, Query, Request, Response
from pydantic import BaseModel, Field

from isocenter.codecs.display import DEFAULT_SHARES, apply_window
from isocenter.codecs.image import write_picture
from isocenter.codecs.presentation import Window
from isocenter.errors import UsageError
from isocenter.web.anonymized import PARAMETER
from isocenter.web.conditional import caching, is_known, not_modified
from isocenter.web.node import Node
from isocenter.web.projection import project
from isocenter.web.reformat import Mode, Pixels, Plane, PlaneName, cut, standard_plane
from isocenter.web.views import MAX_SIDE, read_window
from isocenter.web.volume_geometry import Vector, Volume, finest_step
from isocenter.web.volumes import StoredVolume, Volumes

HEADER = "x-isocenter-plane"
_OCTETS = "application/octet-stream"
#: What stands for outside the volume among 16-bit values, and how many steps the others have.
OUTSIDE, _STEPS = -32768, 65534
_MOST_MM = 10_000.0

Kind = Literal["png", "jpeg", "webp", "float32", "int16"]
#: Kind -> media type.
_MEDIA_TYPES: dict[Kind, str] = {
    "png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "float32": _OCTETS, "int16": _OCTETS,
}  # fmt: skip
_TRIPLE = "three numbers, as x,y,z of the patient (LPS)"
Triple = Annotated[str | None, Field(description=_TRIPLE, max_length=128)]
Side = Annotated[int | None, Field(ge=1, le=MAX_SIDE)]


class Wanted(BaseModel):
    """The query: a plane of the patient by name, or any by origin and directions; its pixels, its slab, its form."""

    type: Kind = "png"
    plane: PlaneName = "axial"
    offset: Annotated[float | None, Field(ge=-_MOST_MM, le=_MOST_MM, description="z, y or x of the plane")] = None
    origin: Triple = None
    right: Triple = None
    down: Triple = None
    columns: Side = None
    rows: Side = None
    spacing: Annotated[float | None, Field(ge=0.01, le=_MOST_MM, description="mm between pixels")] = None
    thickness: Annotated[float, Field(ge=0, le=_MOST_MM)] = 0.0
    mode: Mode = "max"
    through: Annotated[bool, Field(description="the maximum along all of the volume, of fewer voxels if many")] = False
    window: Annotated[str | None, Field(description="centre,width[,function]", max_length=64)] = None
    instance: Annotated[str, Field(description="a multi-frame object of the series", max_length=64)] = ""

    def plane_in(self, volume: Volume) -> Plane:
        """Return the plane that is asked for.

        Raises:
            UsageError: what is given does not make one.
        """
        vectors, columns, rows = (self.origin, self.right, self.down), self.columns, self.rows
        if not any(vectors):
            found = standard_plane(volume, self.plane, self.offset, self.spacing)
            return replace(
                found, columns=columns or found.columns, rows=rows or found.rows, thickness=self.thickness,
                mode=self.mode,
            )  # fmt: skip
        if not all(vectors) or columns is None or rows is None:
            raise UsageError("a plane of your own needs origin, right, down, columns and rows")
        origin, right, down = (_triple(text or "") for text in vectors)
        right, down = _unit(right), _unit(down)
        if abs(float(right @ down)) > 1e-3:
            raise UsageError("the directions right and down must be at right angles")
        step = self.spacing or finest_step(volume)
        return Plane(origin, right, down, columns, rows, step, step, self.thickness, self.mode)


def add_mpr_route(api: FastAPI, node: Node) -> None:
    """Add the route of planes."""
    volumes = Volumes(node.archive, node.layouts)

    @api.get(
        "/studies/{study}/series/{series}/mpr",
        response_class=Response,
        responses={
            200: {"content": {media_type: {} for media_type in dict.fromkeys(_MEDIA_TYPES.values())}},
            409: {"description": "The images are no volume, or one of them is broken"},
        },
    )
    async def mpr(request: Request, study: str, series: str, wanted: Annotated[Wanted, Query()]) -> Response:
        """Send a plane or a slab through a series: a plane of the patient by name, or any by origin and directions."""
        if PARAMETER in request.query_params:
            raise UsageError("only whole objects are given de-identified: studies, series, instances")
        shown = read_window(wanted.window)

        def answer() -> Response:
            stored = volumes.get(study, series, wanted.instance)
            etag = f'W/"{stored.tag}-{zlib.crc32(request.url.query.encode()):08x}"'
            if is_known(request, etag):
                return not_modified(etag, "accept-encoding")
            where = wanted.plane_in(stored.volume)
            values, more = _made(volumes, stored, where, through=wanted.through)
            body, scale = _WRITERS[wanted.type](values, stored.volume, wanted.type, shown)
            told = json.dumps(_told(stored.volume, where) | more | scale, separators=(",", ":"))
            headers = {HEADER: told, **caching(etag, "accept-encoding")}
            return Response(body, headers=headers, media_type=_MEDIA_TYPES[wanted.type])

        return await node.threads.paint(answer)


def _made(volumes: Volumes, stored: StoredVolume, where: Plane, *, through: bool) -> tuple[Pixels, dict[str, int]]:
    """Return a plane's values, and of those through all of a volume how many pixels of a row became one."""
    if not through:
        return cut(stored.volume, where, volumes.reader(stored)), {}
    if where.mode != "max":
        raise UsageError("through all of a volume there is the maximum only")
    coarse = volumes.coarse(stored)
    return project(coarse, where), {"factor": coarse.factor}


def _triple(text: str) -> Vector:
    try:
        values = np.array([float(part) for part in text.split(",")])
    except ValueError:
        values = np.empty(0)
    if values.shape != (3,) or not np.isfinite(values).all() or np.abs(values).max() > _MOST_MM:
        raise UsageError(f"origin, right and down are {_TRIPLE}, not {text[:64]!r}")
    return values


def _unit(vector: Vector) -> Vector:
    length = float(np.linalg.norm(vector))
    if length < 1e-6:
        raise UsageError("a direction must have a length")
    return vector / length


def _told(volume: Volume, plane: Plane) -> dict[str, Any]:
    """Return what a client has to know of a plane that it gets."""
    return {
        "columns": plane.columns, "rows": plane.rows, "origin": _rounded(plane.origin), "right": _rounded(plane.right),
        "down": _rounded(plane.down), "spacing": plane.column_step, "thickness": plane.thickness, "mode": plane.mode,
        "unit": volume.unit, "slices": len(volume.slices), "notes": volume.notes,
    }  # fmt: skip


def _rounded(vector: Vector) -> list[float]:
    return [round(float(value), 6) + 0.0 for value in vector]


Written = tuple[bytes, dict[str, float]]


def _picture(values: Pixels, volume: Volume, kind: Kind, window: Window | None) -> Written:
    """Return a picture in the window asked for, else that of the header, else one of the values; black outside."""
    outside = np.isnan(values)
    shown = apply_window(np.nan_to_num(values).astype(np.float64), window or _window(volume, values[~outside]))
    grey = np.rint(255 - shown if volume.inverse else shown).astype(np.uint8)
    grey[outside] = 0
    return write_picture(grey, _MEDIA_TYPES[kind]), {}


def _window(volume: Volume, values: Pixels) -> Window:
    if volume.window is not None:
        return Window(*volume.window)
    low, high = np.quantile(values, DEFAULT_SHARES) if values.size else (0.0, 1.0)
    return Window(float(low + high) / 2, max(float(high - low), 1e-9), "LINEAR_EXACT")


def _floats(values: Pixels, _volume: Volume, _kind: Kind, _window: Window | None) -> Written:
    return values.astype("<f4", copy=False).tobytes(), {}


def _integers(values: Pixels, _volume: Volume, _kind: Kind, _window: Window | None) -> Written:
    """Return steps between the smallest and the largest value, and what a step and zero are."""
    inside = ~np.isnan(values)
    low, high = (float(values[inside].min()), float(values[inside].max())) if inside.any() else (0.0, 0.0)
    slope = (high - low) / _STEPS or 1.0
    intercept = low + slope * (_STEPS / 2)
    steps = np.full(values.shape, OUTSIDE, "<i2")
    steps[inside] = np.rint((values[inside].astype(np.float64) - intercept) / slope)
    return steps.tobytes(), {"slope": slope, "intercept": intercept}


_WRITERS: dict[Kind, Callable[[Pixels, Volume, Kind, Window | None], Written]] = {
    "png": _picture, "jpeg": _picture, "webp": _picture, "float32": _floats, "int16": _integers,
}  # fmt: skip
