"""Key images in the management API: marks of a study, kept at once, and stored as a Key Object Selection (KOS)."""

import json
from typing import Annotated

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from isocenter.archive import Archive
from isocenter.dicom.key_images import make_key_images
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

#: How many there may be of a study.
MOST = 1000
Uid = Annotated[str, Field(pattern=r"^[0-9.]{1,64}$")]


class KeyImage(BaseModel):
    """A marked image; ``frame`` counts from 1, 0 is an object of one frame."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    SeriesInstanceUID: Uid
    SOPInstanceUID: Uid
    frame: Annotated[int, Field(ge=0, le=1 << 31)] = 0


class Selection(BaseModel):
    """What is said of the key images as a whole."""

    description: Annotated[str, Field(max_length=1024)] = ""


_LIST = TypeAdapter(list[KeyImage])


def add_key_image_routes(api: FastAPI, node: Node) -> None:
    """Add the routes below ``/studies/{study}/key-images``."""
    drafts = node.archive.key_images

    @api.get("/studies/{study}/key-images")
    def read_key_images(study: str) -> list[KeyImage]:
        """Read the key images of a study that are in no object yet; the ETag is their version."""
        return answer(drafts.get(study))  # type: ignore[return-value]

    @api.put(
        "/studies/{study}/key-images", status_code=204, openapi_extra=described("KeyImage", MOST), responses=RESPONSES
    )
    async def write_key_images(study: str, request: Request) -> Response:
        """Write them as a whole, in place of the version that If-Match names ("*": of any)."""
        version = asked_version(request)
        marks = dict.fromkeys(checked(_LIST, await bounded_body(request), MOST))
        body = _LIST.dump_json(list(marks)).decode()
        return written(await node.threads.write(drafts.put, study, version, body))

    @api.post("/studies/{study}/key-images/selection", status_code=201)
    def store_key_images(study: str, selection: Selection | None = None) -> Made:
        """Store them as a Key Object Selection in a series of its own; they are kept no longer."""
        return store_selection(node.archive, study, (selection or Selection()).description)


def store_selection(archive: Archive, study: str, description: str) -> Made:
    """Store a Key Object Selection of what is marked.

    Raises:
        UsageError: nothing is.
        NotFoundError: an image that is marked is not here any more.
    """
    marks = json.loads(archive.key_images.get(study).body)
    if not marks:
        raise UsageError("no image is marked")
    made = store_made(
        archive, study, marks, lambda source, classes, now: make_key_images(source, marks, classes, now, description)
    )
    forget(archive.key_images, study, {json.dumps(mark, sort_keys=True) for mark in marks})
    return made
