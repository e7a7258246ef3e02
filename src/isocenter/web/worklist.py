"""The modality worklist in the management API: search, add, change, remove."""

from itertools import islice
from typing import Annotated, Any

from fastapi import Body, FastAPI, Path, Request

from isocenter.dicom.nested import compile_keys
from isocenter.index.worklist import WorklistEntry
from isocenter.web.node import Node
from isocenter.web.steps import Limit, Offset, Shown, read_parameters, shown
from isocenter.worklist.keys import placed

_EXAMPLE = {
    "PatientName": "DOE^JANE", "PatientID": "4711", "Modality": "CT", "ScheduledStationAETitle": "CT1",
    "ScheduledProcedureStepStartDate": "20240131", "ScheduledProcedureStepStartTime": "0930",
    "RequestedProcedureDescription": "CT thorax",
}  # fmt: skip

Given = Annotated[
    dict[str, Any],
    Body(
        description="A DICOM JSON Model object, or the same by keyword, flat: what belongs to the scheduled procedure "
        "step is put into its sequence. StudyInstanceUID, RequestedProcedureID and ScheduledProcedureStepID are made "
        "up where they are missing.",
        examples=[_EXAMPLE],
    ),
]
Number = Annotated[int, Path(ge=1, le=2**53)]


class Entry(Shown):
    """An entry: what is to be done with whom, and what became of it. ``source``: the file it comes from, if any."""

    id: int
    source: str


def add_worklist_routes(api: FastAPI, node: Node) -> None:
    """Add the routes below ``/worklist``."""
    worklist = node.archive.worklist

    @api.get("/worklist")
    def list_entries(request: Request, finished: bool = False, limit: Limit = 100, offset: Offset = 0) -> list[Entry]:
        """List entries by date and time; other parameters are matching keys: ``Modality=CT&PatientName=DOE*``."""
        keys = compile_keys(placed(read_parameters(request.query_params)))
        return [_shown(entry) for entry in islice(worklist.find(keys, finished=finished), offset, offset + limit)]

    @api.post("/worklist", status_code=201, responses={409: {"description": "This step is there already"}})
    def add_entry(given: Given) -> Entry:
        """Add an entry."""
        return _shown(worklist.add(given))

    @api.get("/worklist/{id}")
    def get_entry(id: Number) -> Entry:  # noqa: A002 - the name in the path
        """Show an entry."""
        return _shown(worklist.get(id))

    @api.put("/worklist/{id}", responses={409: {"description": "This step is there already, in another entry"}})
    def change_entry(id: Number, given: Given) -> Entry:  # noqa: A002 - the name in the path
        """Put another entry in the place of one; without ScheduledProcedureStepStatus it keeps its status."""
        return _shown(worklist.change(id, given))

    @api.delete("/worklist/{id}", status_code=204)
    def remove_entry(id: Number) -> None:  # noqa: A002 - the name in the path
        """Remove an entry."""
        worklist.remove(id)


def _shown(entry: WorklistEntry) -> Entry:
    return Entry(id=entry.id, source=entry.source, **shown(entry.status, entry.changed, entry.data_set))
