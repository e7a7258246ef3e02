"""Hanging protocols in the management API: how users want a kind of study laid out, read as a list, written one by one.

A protocol says which series goes where by what it must and should be (modality, plane, view, side …), never by UIDs, so
that it fits the next study of its kind. The viewer finds the series; the archive only keeps what makes sense.
"""

import json
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from isocenter.errors import UsageError
from isocenter.web.node import Node

#: Bytes of one protocol.
MOST_BYTES = 1 << 16

Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9 _.-]{0,32}$")]
Short = Annotated[str, Field(max_length=64)]
Kind = Annotated[str, Path(pattern=r"^[A-Z0-9_.-]{1,64}$", description="Modality, or modality.BODYPART")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Features(_Strict):
    """What a series is; what is left out does not matter."""

    modality: Word | None = None
    kind: Literal["stack", "clip"] | None = None
    plane: Literal["axial", "coronal", "sagittal"] | None = None
    view: Word | None = None
    side: Literal["R", "L"] | None = None
    contrast: bool | None = None
    localizer: bool | None = None
    volume: bool | None = None
    description: Short | None = None
    number: Annotated[int, Field(ge=0, le=1 << 31)] | None = None


class Pose(_Strict):
    """Clockwise quarter turns after mirroring left to right."""

    turns: Annotated[int, Field(ge=0, le=3)]
    mirrored: bool


class Look(_Strict):
    """Window by the name of its choice, inversion, colours."""

    choice: Short = "default"
    inverted: bool = False
    map: Word | None = None


class Slot(_Strict):
    """One pane: the series it wants, of the current study or of a prior one, and how it is shown."""

    study: Literal["current", "prior"] = "current"
    must: Features = Features()
    prefer: Features = Features()
    pose: Pose | None = None
    look: Look | None = None


class Links(_Strict):
    """What panes share."""

    scroll: bool = True
    offset: bool = False
    window: bool = False
    view: bool = False
    lines: bool = True


class Stage(_Strict):
    """A layout and what is in it, row by row; null for a pane that stays empty."""

    name: Short = ""
    rows: Annotated[int, Field(ge=1, le=4)]
    columns: Annotated[int, Field(ge=1, le=5)]
    slots: Annotated[list[Slot | None], Field(min_length=1, max_length=20)]
    links: Links = Links()

    @model_validator(mode="after")
    def _fits(self) -> "Stage":
        if len(self.slots) > self.rows * self.columns:
            raise ValueError("more series than panes")
        return self


class Protocol(_Strict):
    """The stages of a kind of study, in the order in which they are looked at."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    modality: Word
    bodyPart: Word = ""  # noqa: N815 - as the viewer says it
    stages: Annotated[list[Stage], Field(min_length=1, max_length=8)]


class SavedProtocol(Protocol):
    """A protocol with the kind of study it is kept under."""

    id: str


def add_hanging_routes(api: FastAPI, node: Node) -> None:
    """Add the routes below ``/hanging-protocols``."""
    protocols = node.archive.hanging

    @api.get("/hanging-protocols", response_model_exclude_defaults=True)
    def read_hanging_protocols() -> list[SavedProtocol]:
        """List the hanging protocols that users have saved."""
        return [SavedProtocol(id=each.id, **_read(each.body)) for each in protocols.all()]

    @api.put("/hanging-protocols/{kind}", status_code=204)
    def write_hanging_protocol(kind: Kind, protocol: Protocol) -> None:
        """Keep a protocol for a kind of study, in place of the one that was there."""
        body = protocol.model_dump_json(exclude_defaults=True)
        if len(body) > MOST_BYTES:
            raise UsageError(f"a hanging protocol may take {MOST_BYTES} bytes")
        protocols.put(kind, body)

    @api.delete("/hanging-protocols/{kind}", status_code=204)
    def delete_hanging_protocol(kind: Kind) -> None:
        """Forget a protocol; what the viewer brings holds again."""
        protocols.remove(kind)


def _read(body: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body)
    return found
