"""Corrections in the management API: what a study says of its patient and of itself, and what it said before."""

import logging
import time
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import FastAPI, Path, Request
from pydantic import BaseModel, ConfigDict, Field, create_model

from isocenter.editing import EDITABLE, By, StudyEdit
from isocenter.web.node import Node

_LOG = logging.getLogger(__name__)
_LARGEST = (1 << 63) - 1
Number = Annotated[int, Path(ge=1, le=_LARGEST, description="Number of a correction")]
Version = Annotated[int | None, Field(ge=0, le=_LARGEST, description="The version that was read; none: whichever")]
Reason = Annotated[str, Field(max_length=1024, description="Why, for the history")]
_RESPONSES: dict[int | str, dict[str, Any]] = {
    409: {"description": "Objects are arriving, were corrected again, or cannot be corrected"},
    412: {"description": "Another correction came before"},
    507: {"description": "There is no room"},
}

_fields: dict[str, Any] = {a.keyword: (Annotated[str | None, Field(max_length=256)], None) for a in EDITABLE}
Values = create_model("StudyValues", __config__=ConfigDict(extra="forbid"), __doc__="Attributes by keyword.", **_fields)


class Correction(BaseModel):
    """What is to be corrected: keywords with new values, "" to empty one; those that are not named stay."""

    model_config = ConfigDict(extra="forbid")

    values: Values  # type: ignore[valid-type]
    reason: Reason = ""
    version: Version = None


class PutBack(BaseModel):
    """Why a correction is put back."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = ""
    version: Version = None


class Change(BaseModel):
    """A value before and after."""

    before: str
    after: str


class CorrectionBody(BaseModel):
    """A correction; ``undone``: the number of the one that it put back, or 0; ``reversible``: it can be put back."""

    id: int
    time: datetime
    who: str
    reason: str
    changes: dict[str, Change]
    objects: int
    undone: int
    reversible: bool
    expires: datetime | None


class StudyCorrections(BaseModel):
    """The values as they are, with their version, and the corrections, oldest first."""

    version: int
    values: dict[str, str]
    corrections: list[CorrectionBody]


def add_correction_routes(api: FastAPI, node: Node) -> None:
    """Add the routes below ``/studies/{study}/corrections``."""
    editing = node.archive.editing

    @api.get("/studies/{study}/corrections")
    def read_corrections(study: str) -> StudyCorrections:
        """Read what can be corrected of a study, and how it was corrected."""
        known = editing.values(study)
        return StudyCorrections(
            version=known.version, values=known.values, corrections=[_body(each) for each in editing.history(study)]
        )

    @api.post("/studies/{study}/corrections", status_code=201, responses=_RESPONSES)
    def correct(study: str, wanted: Correction, request: Request) -> CorrectionBody:
        """Correct a study in all its objects."""
        given = wanted.values.model_dump(exclude_none=True)  # type: ignore[attr-defined]
        return _logged(editing.edit(study, given, _by(request, wanted), time.time()))

    @api.post("/studies/{study}/corrections/{id}/put-back", status_code=201, responses=_RESPONSES)
    def put_back(study: str, id: Number, request: Request, wanted: PutBack | None = None) -> CorrectionBody:  # noqa: A002 - the name in the path
        """Let the objects be what they were before a correction; itself one."""
        return _logged(editing.put_back(study, id, _by(request, wanted or PutBack()), time.time()))


def _by(request: Request, wanted: Correction | PutBack) -> By:
    return By(request.client.host if request.client else "", wanted.reason, wanted.version)


def _logged(made: StudyEdit) -> CorrectionBody:
    """Log who did what, without the values."""
    what = f"put back correction {made.undone}" if made.undone else ", ".join(made.changes)
    _LOG.info("%s: study %s: correction %d of %d objects: %s", made.who, made.StudyInstanceUID, made.id, made.objects,
              what)  # fmt: skip
    return _body(made)


def _body(made: StudyEdit) -> CorrectionBody:
    changes = {keyword: Change(before=before, after=after) for keyword, (before, after) in made.changes.items()}
    return CorrectionBody(
        id=made.id, time=_time(made.time), who=made.who, reason=made.reason, changes=changes, objects=made.objects,
        undone=made.undone, reversible=made.reversible, expires=_time(made.expires) if made.expires else None,
    )  # fmt: skip


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
