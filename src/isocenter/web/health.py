"""``/health`` and ``/metrics``: for what watches the server. No patient values."""

import json
import os
import shutil
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from isocenter.errors import IsocenterError, OutOfResourcesError
from isocenter.index.query import Level, Query
from isocenter.web.metrics import CONTENT_TYPE
from isocenter.web.node import Node

#: Less free space than this, in bytes, is no room.
_ROOM = 16 << 20


async def health(node: Node, _request: Request) -> Response:
    """Answer 200 while index and storage can be used, 503 with the reason otherwise."""
    try:
        await node.threads.read(_use, node)
    except (IsocenterError, OSError) as error:
        return _answer(503, {"status": "unusable", "reason": str(error)})
    return _answer(200, {"status": "ok"})


def _use(node: Node) -> None:
    """Ask the index for one row, and look whether the folder of the objects can be written and has room.

    Raises:
        OutOfResourcesError: an object could not be stored now.
    """
    node.archive.find(Query(Level.STUDY, {}, frozenset(), limit=1))
    data = Path(node.settings.data)
    if not os.access(data, os.W_OK):
        raise OutOfResourcesError("the data folder cannot be written")
    if shutil.disk_usage(data).free < _ROOM:
        raise OutOfResourcesError("there is no room left in the data folder")


def _answer(status: int, content: dict[str, str]) -> Response:
    headers = {"cache-control": "no-store"}
    return Response(json.dumps(content).encode(), status, headers, "application/json")


async def metrics(node: Node, _request: Request) -> Response:
    """Answer with the exposition for Prometheus."""
    body = await node.threads.read(node.metrics.exposition)
    return Response(body, headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"})
