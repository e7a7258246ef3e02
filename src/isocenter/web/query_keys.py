"""Keys that the site adds to those of every archive, in the management API: list with progress, add, remove, redo."""

from typing import Literal

from fastapi import FastAPI
from pydantic import BaseModel

from isocenter.index.attributes import Level
from isocenter.index.site_keys import SiteKey
from isocenter.web.node import Node

LevelName = Literal["patient", "study", "series", "instance"]
_NAMES: dict[Level, LevelName] = {
    Level.PATIENT: "patient", Level.STUDY: "study", Level.SERIES: "series", Level.INSTANCE: "instance",
}  # fmt: skip


class QueryKeyBody(BaseModel):
    """The level that a key belongs to, and its VR, "" for that of the dictionary."""

    level: LevelName = "instance"
    vr: str = ""


class QueryKey(QueryKeyBody):
    """A key of the site; ``progress``: the share of the objects from before the key that have been read for it."""

    path: str
    name: str
    ready: bool
    progress: float


def add_query_key_routes(api: FastAPI, node: Node) -> None:
    """Add the routes below ``/query-keys``."""
    keys = node.archive.site_keys

    @api.get("/query-keys")
    def list_query_keys() -> list[QueryKey]:
        """List the keys that were added, in their order."""
        return [_shown(key) for key in keys.all()]

    @api.put("/query-keys/{path:path}")
    def put_query_key(path: str, body: QueryKeyBody) -> QueryKey:
        """Add a key: a keyword, a tag, a path through sequences (A.B) or a private element (0019xx0F:CREATOR).

        The objects that are there are read for it in the background.
        """
        level = next(level for level, name in _NAMES.items() if name == body.level)
        return _shown(keys.add(path, level, body.vr))

    @api.delete("/query-keys/{path:path}", status_code=204)
    def delete_query_key(path: str) -> None:
        """Remove a key and its values."""
        keys.remove(path)

    @api.post("/query-keys/reindex", status_code=202)
    def reindex() -> list[QueryKey]:
        """Have all objects read again for all keys, in the background."""
        keys.restart()
        return list_query_keys()


def _shown(key: SiteKey) -> QueryKey:
    progress = 1.0 if key.is_ready else key.position / key.target
    return QueryKey(
        path=key.path,
        name=key.name,
        level=_NAMES[key.level],
        vr=key.vr,
        ready=key.is_ready,
        progress=round(progress, 4),
    )
