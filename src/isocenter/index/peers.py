"""Peers: the remote application entities that this archive knows, one row each, by AE title."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from isocenter.errors import NotFoundError, UsageError
from isocenter.index.database import Database
from isocenter.index.schema import peer

#: What a peer may be allowed to do here; "move" is retrieval, by C-MOVE or C-GET.
PERMISSIONS: Mapping[str, str] = {
    "store": "send objects (C-STORE)",
    "find": "search (C-FIND)",
    "move": "retrieve (C-MOVE, C-GET)",
    "ups": "schedule, perform and follow work items (UPS)",
}

_ADD = """
INSERT INTO peer (aet, host, port, allowed, comment, tls, tls_name, deid_project)
VALUES (:aet, :host, :port, :allowed, :comment, :tls, :tls_name, :deid_project)
ON CONFLICT (aet) DO UPDATE SET host = excluded.host, port = excluded.port, allowed = excluded.allowed,
comment = excluded.comment, tls = excluded.tls, tls_name = excluded.tls_name,
deid_project = excluded.deid_project"""
_REMOVE = "DELETE FROM peer WHERE aet = :aet"


@dataclass(frozen=True, slots=True)
class KnownPeer:
    """A remote application entity: where it listens, what it may do here, and whether it is called over TLS.

    ``tls_name``: what its certificate is for, if not its host. ``deid_project``: objects go to it de-identified under
    this project only.

    Raises:
        UsageError: a value that no peer can have; the message says which.
    """

    aet: str
    host: str
    port: int
    allowed: frozenset[str] = frozenset(PERMISSIONS)
    comment: str = ""
    tls: bool = False
    tls_name: str = ""
    deid_project: str = ""

    def __post_init__(self) -> None:
        if not 1 <= len(self.aet) <= 16 or not self.aet.isascii() or not self.aet.isprintable() or "\\" in self.aet:
            raise UsageError(f"{self.aet[:32]!r} is no AE title: 1 to 16 printable ASCII characters, no backslash")
        if self.aet != self.aet.strip():
            raise UsageError("an AE title has no spaces around it")
        for host in (self.host, self.tls_name or "-"):
            if not host or len(host) > 255 or not host.isprintable() or " " in host:
                raise UsageError(f"{host[:64]!r} is no host: give a name or an IP address")
        if not 0 < self.port < 65536:
            raise UsageError(f"{self.port} is no port: use 1 to 65535")
        unknown = sorted(self.allowed - set(PERMISSIONS))
        if unknown:
            raise UsageError(f"{unknown[0][:32]!r} is nothing to allow: use {', '.join(PERMISSIONS)}")


class Peers:
    """The table of peers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[KnownPeer]:
        """Return all peers by AE title."""
        with self._database.read() as connection:
            return [_peer(row) for row in connection.execute(sa.select(peer).order_by(peer.c.aet))]

    def get(self, aet: str) -> KnownPeer | None:
        """Return the peer with this AE title."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(peer).where(peer.c.aet == aet)).one_or_none()
        return None if row is None else _peer(row)

    def add(self, known: KnownPeer) -> None:
        """Add a peer, in place of one with the same AE title."""
        values = {
            "aet": known.aet,
            "host": known.host,
            "port": known.port,
            "allowed": " ".join(sorted(known.allowed)),
            "comment": known.comment,
            "tls": known.tls,
            "tls_name": known.tls_name,
            "deid_project": known.deid_project,
        }
        with self._database.write() as transaction:
            transaction.change(_ADD, values)

    def remove(self, aet: str) -> None:
        """Forget a peer.

        Raises:
            NotFoundError: there is none with this AE title.
        """
        with self._database.write() as transaction:
            if not transaction.change(_REMOVE, {"aet": aet}):
                raise NotFoundError(f"there is no peer {aet[:32]!r}")


def _peer(row: "sa.Row[Any]") -> KnownPeer:
    allowed = frozenset(row.allowed.split())
    return KnownPeer(row.aet, row.host, row.port, allowed, row.comment, row.tls, row.tls_name, row.deid_project)
