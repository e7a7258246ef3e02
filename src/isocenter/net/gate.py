"""Who may do what here: known peers, each by AE title and address, where the setting says that only those may.

A peer that gets de-identified objects only may not look at anything original either (PS3.15 Annex E).
"""

import ipaddress
import logging
import socket
from typing import Protocol

from isocenter.dimse.commands import Command, respond
from isocenter.dimse.status import NOT_AUTHORIZED
from isocenter.index.peers import PERMISSIONS, KnownPeer
from isocenter.services.service import Answer, Handler, Service, ServiceContext

logger = logging.getLogger(__name__)

EVERYTHING = frozenset(PERMISSIONS)
#: What shows nothing original to a peer that gets objects de-identified: answers to searches and work items would.
DEIDENTIFIED = frozenset({"store", "move"})


class Unauthorized(Service):
    """Stands for a service in which the peer was not granted the role of asking (PS3.7 D.3.3.4)."""

    def begin(self, context: ServiceContext, command: Command) -> Handler:  # noqa: ARG002 - the form of a service
        """Refuse."""
        return Answer(respond(command, NOT_AUTHORIZED, "this role was not granted in the association"))


class Directory(Protocol):
    """The part of ``index.peers.Peers`` that is used here."""

    def get(self, aet: str) -> KnownPeer | None:
        """Return the peer with this AE title."""


class Gate:
    """Tells what the peer of an association may do; who gets originals may do everything unless ``only_known``."""

    def __init__(self, peers: Directory, *, only_known: bool) -> None:
        self._peers = peers
        self._only_known = only_known

    def permissions(self, calling_aet: str, address: str) -> frozenset[str]:
        """Return what a peer may do; nothing for one that is not known or calls from another address."""
        known = self._peers.get(calling_aet)
        if known is None:
            return frozenset() if self._only_known else EVERYTHING
        if self._only_known and _plain(address) not in _addresses(known.host):
            logger.warning("%s calls from %s, which is not its host %s", calling_aet, address, known.host)
            return frozenset()
        allowed = known.allowed if self._only_known else EVERYTHING
        return allowed & DEIDENTIFIED if known.deid_project else allowed


def _addresses(host: str) -> set[str]:
    try:
        return {_plain(str(found[4][0])) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError:
        return set()


def _plain(address: str) -> str:
    """Return an IP address in one form: IPv4 also where it came wrapped into IPv6."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
