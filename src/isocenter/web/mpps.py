"""Performed procedure steps in the management API: search, show."""

from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from pydantic import BaseModel

from isocenter.dicom import dictionary
from isocenter.dicom.nested import compile_keys
from isocenter.index.performed import PerformedStep
from isocenter.web.node import Node
from isocenter.worklist.flat import flattened, read_pairs
from isocenter.worklist.keys import placed
from isocenter.worklist.performed_attributes import IN_SCHEDULED, SCHEDULED_SEQUENCE

_MOST = 1000
_OWN = frozenset({"limit", "offset"})

Limit = Annotated[int, Query(ge=1, le=_MOST)]
Offset = Annotated[int, Query(ge=0, le=2**31)]


class Step(BaseModel):
    """What a modality reported: that it began, and how it ended."""

    SOPInstanceUID: str
    status: str
    calling_aet: str
    created: datetime
    changed: datetime
    attributes: dict[str, Any]
    data_set: dict[str, Any]


def add_mpps_routes(api: FastAPI, node: Node) -> None:
    """Add the routes below ``/mpps``."""
    performed = node.archive.performed

    @api.get("/mpps")
    def list_steps(request: Request, limit: Limit = 100, offset: Offset = 0) -> list[Step]:
        """List performed procedure steps, newest first; other parameters are matching keys: ``Modality=CT``.

        Those of the scheduled step (StudyInstanceUID, AccessionNumber, ScheduledProcedureStepID …) are among them.
        """
        pairs = {dictionary.tag(name): value for name, value in request.query_params.items() if name not in _OWN}
        keys = compile_keys(placed(read_pairs(pairs), SCHEDULED_SEQUENCE, IN_SCHEDULED))
        return [_shown(step) for step in islice(performed.find(keys), offset, offset + limit)]

    @api.get("/mpps/{uid}")
    def get_step(uid: str) -> Step:
        """Show a performed procedure step."""
        return _shown(performed.get(uid))


def _shown(step: PerformedStep) -> Step:
    return Step(
        SOPInstanceUID=step.SOPInstanceUID, status=step.status, calling_aet=step.calling_aet,
        created=datetime.fromtimestamp(step.created / 1000, UTC),
        changed=datetime.fromtimestamp(step.changed / 1000, UTC),
        attributes=flattened(step.data_set), data_set=step.data_set,
    )  # fmt: skip
