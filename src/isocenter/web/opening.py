"""The document that opens a study in a viewer: all metadata in one answer, compact (see ``isocenter.opening``)."""

from fastapi import FastAPI, Request, Response

from isocenter.web.conditional import caching, is_known, not_modified
from isocenter.web.node import Node

_VARY = "accept-encoding"


def add_opening_route(api: FastAPI, node: Node) -> None:
    """Add ``/studies/{study}/open``."""

    @api.get("/studies/{study}/open", response_class=Response, responses={200: {"content": {"application/json": {}}}})
    def open_study(study: str, request: Request) -> Response:
        """Send the metadata of a study: of each series what all objects share once, else a column for each element."""
        opening = node.archive.openings.read(study)
        etag = f'W/"{opening.etag}"'
        if is_known(request, etag):
            return not_modified(etag, _VARY)
        return Response(opening.body, headers=caching(etag, _VARY), media_type="application/json")
