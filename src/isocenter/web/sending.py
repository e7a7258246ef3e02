"""Studies that are sent to a known DICOM node, in the management API; lines of JSON tell how far it is."""

from collections.abc import Iterator
from itertools import chain
from typing import Annotated

from fastapi import FastAPI, Request
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from isocenter.anonymizing.audit import Who
from isocenter.errors import NotFoundError, UnsupportedError
from isocenter.services.retrieval import Tally
from isocenter.web.node import Node

NDJSON = "application/x-ndjson"


class SendBody(BaseModel):
    """Where a study is to go: the AE title of a known node."""

    peer: Annotated[str, Field(min_length=1, max_length=16)]


class Progress(BaseModel):
    """How many objects were taken, refused or could not be sent, and are left; ``reason`` of the last failure."""

    sent: int
    failed: int
    remaining: int
    reason: str


def add_sending_route(api: FastAPI, node: Node) -> None:
    """Add the route that sends a study."""

    @api.post("/studies/{study}/send", response_class=StreamingResponse, responses={200: {"content": {NDJSON: {}}}})
    def send_study(study: str, body: SendBody, request: Request) -> StreamingResponse:
        """Send a study to a known node (C-STORE), as it is stored or de-identified, as the node is to get it.

        The answer is a line of JSON for each object (sent, failed, remaining, reason); who ends the request ends the
        sending after the object under way.
        """
        known = node.archive.peers.get(body.peer)
        if known is None:
            raise NotFoundError(f"there is no peer {body.peer!r}; add it to the peers")
        if node.send is None:
            raise UnsupportedError("this server has no DICOM node that could send")
        who = Who("web", address=request.client.host if request.client else "")
        going = node.send(known, node.archive.instances(study), who)
        first = next(going)  # what keeps all of it from being sent is an answer of its own
        return StreamingResponse(_lines(chain([first], going)), media_type=NDJSON)


def _lines(tallies: Iterator[Tally]) -> Iterator[str]:
    for tally in tallies:
        told = Progress(sent=tally.sent, failed=len(tally.failed), remaining=tally.remaining, reason=tally.reason)
        yield told.model_dump_json() + "\n"
