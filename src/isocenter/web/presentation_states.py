"""Presentation states in the management API: the view of an image, stored as a softcopy presentation state."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from pydicom import Dataset

from isocenter.codecs.colour_profile import profile_of
from isocenter.dicom.presentation_state import make_presentation_state
from isocenter.web.made_objects import Made, store_made
from isocenter.web.node import Node

Real = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)]
Whole = Annotated[int, Field(ge=-(1 << 30), le=1 << 30)]
Uid = Annotated[str, Field(pattern=r"^[0-9.]{1,64}$")]
Point = tuple[Real, Real]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ShownImage(_Strict):
    """The image; ``frame`` counts from 1, 0 is an object of one frame."""

    SeriesInstanceUID: Uid
    SOPInstanceUID: Uid
    frame: Annotated[int, Field(ge=0, le=1 << 31)] = 0


class ShownWindow(_Strict):
    """The window in values after rescale."""

    center: Real
    width: Annotated[Real, Field(gt=0)]
    function: Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"] = "LINEAR"


class Graphic(_Strict):
    """Lines in pixels from the corner of the first pixel; a text, opposite corners of its box, what it is about."""

    lines: Annotated[list[Annotated[list[Point], Field(min_length=1, max_length=1000)]], Field(max_length=100)] = []
    text: Annotated[str, Field(max_length=1024)] = ""
    box: tuple[Point, Point] = ((0, 0), (0, 0))
    anchor: Point | None = None


class ShownView(_Strict):
    """How an image is shown. ``inverse``: low values are bright, whatever the photometric interpretation says.

    ``area``: left, top, right and bottom pixel, counted from 1. The image is turned clockwise by ``rotation``, then
    flipped left to right.
    """

    image: ShownImage
    label: Annotated[str, Field(max_length=64)] = ""
    window: ShownWindow | None = None
    inverse: bool = False
    area: tuple[Whole, Whole, Whole, Whole]
    rotation: Literal[0, 90, 180, 270] = 0
    flipped: bool = False
    overlays: bool = True
    graphics: Annotated[list[Graphic], Field(max_length=1000)] = []


def add_presentation_state_routes(api: FastAPI, node: Node) -> None:
    """Add the route ``/studies/{study}/presentation-states``."""

    @api.post("/studies/{study}/presentation-states", status_code=201)
    def store_presentation_state(study: str, view: ShownView) -> Made:
        """Store a view of an image as a presentation state in a series of its own."""
        shown = view.model_dump()

        def make(source: Dataset, classes: dict[str, str], now: datetime) -> Dataset:
            return make_presentation_state(source, shown, classes, now, profile_of("srgb"))

        return store_made(node.archive, study, [shown["image"]], make)  # type: ignore[arg-type]
