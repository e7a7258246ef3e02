"""The bin in the management API: what was deleted, put back, or given up for good."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import FastAPI, Path, Query
from pydantic import BaseModel

from isocenter.errors import UsageError
from isocenter.web.node import Node

_LARGEST = (1 << 63) - 1
Number = Annotated[int, Path(ge=1, le=_LARGEST, description="Number of a deletion")]
Confirm = Annotated[str, Query(description="The number of the deletion once more")]
ConfirmAll = Annotated[Literal["everything"], Query(description="That this is meant")]


class DeletionBody(BaseModel):
    """What one request deleted: a study, one of its series, or one object (empty: all below)."""

    id: int
    StudyInstanceUID: str
    SeriesInstanceUID: str
    SOPInstanceUID: str
    PatientName: str
    PatientID: str
    StudyDate: str
    StudyDescription: str
    deleted: datetime
    expires: datetime
    objects: int
    bytes: int


class RestoredBody(BaseModel):
    """How many objects were filed again, were there again already, are in the conflict list, cannot be read."""

    stored: int
    duplicates: int
    conflicts: int
    lost: int


def add_bin_routes(api: FastAPI, node: Node) -> None:
    """Add the routes below ``/bin``."""
    content = node.archive.bin

    @api.get("/bin")
    def list_bin() -> list[DeletionBody]:
        """List what was deleted and can be restored, oldest first."""
        return [
            DeletionBody(
                id=d.id, StudyInstanceUID=d.StudyInstanceUID, SeriesInstanceUID=d.SeriesInstanceUID,
                SOPInstanceUID=d.SOPInstanceUID, PatientName=d.PatientName, PatientID=d.PatientID,
                StudyDate=d.StudyDate, StudyDescription=d.StudyDescription, deleted=_time(d.deleted),
                expires=_time(d.expires), objects=d.objects, bytes=d.bytes,
            )
            for d in content.deletions()
        ]  # fmt: skip

    @api.post("/bin/{id}/restore")
    def restore(id: Number) -> RestoredBody:  # noqa: A002 - the name in the path
        """Put a deletion back."""
        return RestoredBody.model_validate(content.restore(id), from_attributes=True)

    @api.delete("/bin/{id}", status_code=204)
    def empty(id: Number, confirm: Confirm) -> None:  # noqa: A002 - the name in the path
        """Give up a deletion for good."""
        if confirm != str(id):
            raise UsageError(f"emptying the bin cannot be undone: give '{id}' once more as 'confirm'")
        content.empty(id)

    @api.delete("/bin", status_code=204)
    def empty_all(confirm: ConfirmAll) -> None:  # noqa: ARG001 - that it is there is enough
        """Give up everything in the bin for good."""
        content.empty_all()


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
