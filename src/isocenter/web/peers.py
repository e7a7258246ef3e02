"""Known DICOM nodes in the management API: list, add, change, forget, ask whether they answer."""

from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, Field

from isocenter.errors import NotFoundError, UnsupportedError
from isocenter.index.peers import PERMISSIONS, KnownPeer
from isocenter.web.node import Node


class PeerBody(BaseModel):
    """Where a node listens, what it may do here (store, find, move: retrieve, ups), and whether it is called over TLS.

    ``tls_name`` is what its certificate is for, if not its host. ``deid_project``: objects go to it de-identified only;
    null leaves that as it is, "" sends originals.
    """

    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    allowed: list[str] = sorted(PERMISSIONS)
    comment: str = ""
    tls: bool = False
    tls_name: str = ""
    deid_project: str | None = None


class Peer(PeerBody):
    """A known node."""

    aet: str
    deid_project: str


class Echo(BaseModel):
    """How long a node took to answer, in milliseconds."""

    associate_ms: float
    echo_ms: float


def add_peer_routes(api: FastAPI, node: Node) -> None:
    """Add the routes below ``/peers``."""
    peers = node.archive.peers

    @api.get("/peers")
    def list_peers() -> list[Peer]:
        """List the known nodes by AE title."""
        return [_shown(known) for known in peers.all()]

    @api.put("/peers/{aet}")
    def put_peer(aet: str, body: PeerBody) -> Peer:
        """Add a node, or change the one with this AE title."""
        allowed = frozenset(body.allowed)
        before, project = peers.get(aet), body.deid_project
        if project:
            node.jobs.projects.get(project)
        if project is None:
            project = before.deid_project if before else ""
        known = KnownPeer(aet, body.host, body.port, allowed, body.comment, body.tls, body.tls_name, project)
        peers.add(known)
        return _shown(known)

    @api.delete("/peers/{aet}", status_code=204)
    def delete_peer(aet: str) -> None:
        """Forget a node."""
        peers.remove(aet)

    @api.post("/peers/{aet}/echo", responses={502: {"description": "It does not answer; the message says why"}})
    def echo_peer(aet: str) -> Echo:
        """Ask a node whether it answers (C-ECHO)."""
        known = peers.get(aet)
        if known is None:
            raise NotFoundError(f"there is no peer {aet[:32]!r}")
        if node.echo is None:
            raise UnsupportedError("this server has no DICOM node that could ask")
        associate_ms, echo_ms = node.echo(known)
        return Echo(associate_ms=associate_ms, echo_ms=echo_ms)


def _shown(known: KnownPeer) -> Peer:
    return Peer(
        aet=known.aet, host=known.host, port=known.port, allowed=sorted(known.allowed), comment=known.comment,
        tls=known.tls, tls_name=known.tls_name, deid_project=known.deid_project,
    )  # fmt: skip
