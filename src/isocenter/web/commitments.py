"""Storage commitments in the management API: what peers asked to be kept for sure, and what became of that."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import BaseModel

from isocenter.commitment import Commitment
from isocenter.web.node import Node

_MOST = 1000

Limit = Annotated[int, Query(ge=1, le=_MOST)]
Offset = Annotated[int, Query(ge=0, le=2**31)]


class Failure(BaseModel):
    """An object that is not committed; ``reason`` is the failure reason (PS3.3 C.14.1.1)."""

    SOPClassUID: str
    SOPInstanceUID: str
    reason: int


class Transaction(BaseModel):
    """A request; ``state``: pending, reported or undelivered; ``failed`` is null until the objects were read back."""

    TransactionUID: str
    calling_aet: str
    state: str
    received: datetime
    changed: datetime
    objects: int
    failed: list[Failure] | None
    attempts: int
    detail: str


def add_commitment_routes(api: FastAPI, node: Node) -> None:
    """Add the routes below ``/commitments``."""
    commitments = node.archive.commitments

    @api.get("/commitments")
    def list_commitments(limit: Limit = 100, offset: Offset = 0) -> list[Transaction]:
        """List storage commitment transactions, newest first."""
        return [_shown(each) for each in commitments.recent(limit, offset)]


def _shown(commitment: Commitment) -> Transaction:
    failures = commitment.failures
    return Transaction(
        TransactionUID=commitment.TransactionUID, calling_aet=commitment.calling_aet, state=commitment.state.value,
        received=datetime.fromtimestamp(commitment.received / 1000, UTC),
        changed=datetime.fromtimestamp(commitment.changed / 1000, UTC),
        objects=len(commitment.requested), attempts=commitment.attempts, detail=commitment.detail,
        failed=None if failures is None else [
            Failure(SOPClassUID=f.sop_class_uid, SOPInstanceUID=f.sop_instance_uid, reason=f.reason) for f in failures
        ],
    )  # fmt: skip
