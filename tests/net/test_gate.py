"""Who may do what: known peers by AE title and address, and how the others are told."""

import pytest

from isocenter.index.peers import KnownPeer
from isocenter.net.gate import EVERYTHING, Gate
from isocenter.ul.items import ContextResult, PresentationContext
from isocenter.ul.pdu import AssociateAccept, AssociateReject, AssociateRequest
from isocenter.ul.user_information import UserInformation

CT, FIND, VERIFICATION = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.1.1"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


class Directory:
    def __init__(self, *peers: KnownPeer) -> None:
        self._peers = {peer.aet: peer for peer in peers}

    def get(self, aet: str) -> KnownPeer | None:
        return self._peers.get(aet)


@pytest.mark.parametrize(
    ("host", "aet", "address", "expected"),
    [
        ("127.0.0.1", "A", "127.0.0.1", {"store"}),
        ("127.0.0.1", "A", "::ffff:127.0.0.1", {"store"}),
        ("localhost", "A", "127.0.0.1", {"store"}),
        ("::1", "A", "0:0:0:0:0:0:0:1", {"store"}),
        ("fe80::1", "A", "fe80::1%lo", {"store"}),
        ("127.0.0.1", "A", "127.0.0.2", set()),
        ("127.0.0.1", "a", "127.0.0.1", set()),
        ("host.invalid", "A", "127.0.0.1", set()),
    ],
)
def test_known_by_title_and_address(host: str, aet: str, address: str, expected: set[str]) -> None:
    directory = Directory(KnownPeer("A", host, 104, frozenset({"store"})))
    assert Gate(directory, only_known=True).permissions(aet, address) == expected
    assert Gate(directory, only_known=False).permissions(aet, address) == EVERYTHING


def answer(serve, raw_peer, asked: dict[str, str], *, allowed: frozenset[str] | None, only_known: bool = True):
    server = serve()
    peers = [] if allowed is None else [KnownPeer("SCANNER", "127.0.0.1", 104, allowed)]
    server.server._gate = Gate(Directory(*peers), only_known=only_known)
    server.service.permission = "store"
    contexts = tuple(
        PresentationContext(2 * n + 1, abstract, (syntax,)) for n, (abstract, syntax) in enumerate(asked.items())
    )
    peer = raw_peer(server)
    peer.send(AssociateRequest("ISOCENTER", "SCANNER", contexts, UserInformation(16384, "1.2.3")))
    return peer.receive()


def results(accept: AssociateAccept) -> list[int]:
    assert isinstance(accept, AssociateAccept)
    return [result.result for result in accept.results]


ALL = {VERIFICATION: IMPLICIT, CT: EXPLICIT}


def test_a_known_peer_may_do_what_it_is_allowed(serve, raw_peer) -> None:
    assert results(answer(serve, raw_peer, ALL, allowed=frozenset({"store"}))) == [0, 0]
    refused = answer(serve, raw_peer, ALL, allowed=frozenset({"find"}))
    assert results(refused) == [ContextResult.ACCEPTANCE, ContextResult.USER_REJECTION]


def test_an_unknown_peer_may_verify_only(serve, raw_peer) -> None:
    assert results(answer(serve, raw_peer, ALL, allowed=None)) == [0, ContextResult.USER_REJECTION]
    assert results(answer(serve, raw_peer, {VERIFICATION: IMPLICIT}, allowed=None)) == [0]
    assert answer(serve, raw_peer, {CT: EXPLICIT}, allowed=None) == AssociateReject(1, 1, 3)


def test_without_the_setting_everybody_may(serve, raw_peer) -> None:
    assert results(answer(serve, raw_peer, ALL, allowed=None, only_known=False)) == [0, 0]
