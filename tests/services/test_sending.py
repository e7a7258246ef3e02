"""What is sent to a known node because somebody here wants it: all of it, in one association, failures counted."""

from dataclasses import replace

import pytest

from isocenter.anonymizing.audit import Who
from isocenter.archive import Instance
from isocenter.errors import PeerError, UnsupportedError
from isocenter.services.outgoing import Outgoing
from isocenter.services.sending import send_to

from .test_move import PEER, FakeArchive, Network, instance, unavailable

WHO = Who("web", address="192.0.2.7")


def sent(network: Network, *instances: Instance) -> list[tuple[int, int, int]]:
    outgoing = Outgoing(FakeArchive(list(instances)), unavailable)
    going = send_to(outgoing, network, PEER, list(instances), WHO)
    return [(tally.sent, len(tally.failed), tally.remaining) for tally in going]


def test_all_of_it_over_one_association() -> None:
    network = Network()
    assert sent(network, instance(1), instance(2)) == [(0, 0, 2), (1, 0, 1), (2, 0, 0)]
    (association,) = network.opened
    assert [row[0] for row in association.stored] == [b"1.1.1", b"1.1.2"]
    assert association.originators == {None}
    assert association.ended == "released"


def test_what_is_refused_or_breaks_is_counted_and_the_rest_goes() -> None:
    network = Network(answers=[0xA700, PeerError("gone"), 0])
    assert sent(network, instance(1), instance(2), instance(3))[-1] == (1, 2, 0)
    assert [association.ended for association in network.opened] == ["aborted", "released"]


def test_a_node_that_is_not_there_gets_nothing() -> None:
    assert sent(Network(PeerError("nobody")), instance(1), instance(2))[-1] == (0, 2, 0)


def test_who_gives_up_ends_it() -> None:
    network = Network()
    objects = [instance(1), instance(2)]
    going = send_to(Outgoing(FakeArchive(objects), unavailable), network, PEER, objects, WHO)
    assert [next(going).sent for _ in range(2)] == [0, 1]
    going.close()  # type: ignore[attr-defined]
    assert network.opened[0].ended == "aborted"


def test_who_gets_de_identified_objects_only_gets_no_others() -> None:
    objects = [instance(1)]
    with pytest.raises(UnsupportedError, match="de-identified objects only"):
        next(
            send_to(
                Outgoing(FakeArchive(objects), unavailable),
                Network(),
                replace(PEER, deid_project="trial"),
                objects,
                WHO,
            )
        )
