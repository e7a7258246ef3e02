"""Objects that go to a known node because somebody here wants it (C-STORE); de-identified where it gets no others."""

import logging
from collections.abc import Iterator

from isocenter.anonymizing.audit import Who
from isocenter.archive import Instance
from isocenter.errors import IsocenterError
from isocenter.index.peers import KnownPeer
from isocenter.services.move import Connect, SubAssociation, sending
from isocenter.services.outgoing import Outgoing
from isocenter.services.retrieval import Tally

logger = logging.getLogger(__name__)


def send_to(
    outgoing: Outgoing, connect: Connect, peer: KnownPeer, instances: list[Instance], who: Who
) -> Iterator[Tally]:
    """Send objects; yield how far it is before the first and after each.

    Raises:
        IsocenterError: nothing can be sent, for what the peer is to get cannot be made.
    """
    tally = Tally(len(instances))
    with (
        outgoing.towards(peer, who) as opens,
        sending(SubAssociation(opens, connect, peer, instances, None)) as sender,
    ):
        yield tally
        for instance in instances:
            try:
                tally.note(instance, sender.send_alone(instance))
            except IsocenterError as error:
                tally.note(instance, error)
            yield tally
    logger.info("%s: %d objects sent to %r, %d failed", who.address, tally.sent, peer.aet, len(tally.failed))
