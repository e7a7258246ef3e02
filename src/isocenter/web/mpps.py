"""Performed procedure steps in the management API: search, show."""

from datetime import datetime
from itertools import islice

from fastapi import FastAPI, Request

from isocenter.dicom.nested import compile_keys
from isocenter.index.performed import PerformedStep
from isocenter.web.node import Node
from isocenter.web.steps import Limit, Offset, Shown, moment, read_parameters, shown
from isocenter.worklist.keys import placed
from isocenter.worklist.performed_attributes import IN_SCHEDULED, SCHEDULED_SEQUENCE


class Step(Shown):
    """What a modality reported: that it began, and how it ended."""

    SOPInstanceUID: str
    calling_aet: str
    created: datetime


def add_mpps_routes(api: FastAPI, node: Node) -> None:
    """Add the routes below ``/mpps``."""
    performed = node.archive.performed

    @api.get("/mpps")
    def list_steps(request: Request, limit: Limit = 100, offset: Offset = 0) -> list[Step]:
        """List performed procedure steps, newest first; other parameters are matching keys: ``Modality=CT``.

        Those of the scheduled step (StudyInstanceUID, AccessionNumber, ScheduledProcedureStepID …) are among them.
        """
        keys = compile_keys(placed(read_parameters(request.query_params), SCHEDULED_SEQUENCE, IN_SCHEDULED))
        return [_shown(step) for step in islice(performed.find(keys), offset, offset + limit)]

    @api.get("/mpps/{uid}")
    def get_step(uid: str) -> Step:
        """Show a performed procedure step."""
        return _shown(performed.get(uid))


def _shown(step: PerformedStep) -> Step:
    return Step(
        SOPInstanceUID=step.SOPInstanceUID, calling_aet=step.calling_aet, created=moment(step.created),
        **shown(step.status, step.changed, step.data_set),
    )  # fmt: skip
