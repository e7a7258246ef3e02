"""Who may do what: known peers by AE title and address, and how the others are told."""

import pytest

from isocenter.dimse.commands import Command, read_command, respond
from isocenter.index.peers import KnownPeer
from isocenter.net.gate import EVERYTHING, Gate
from isocenter.services.service import Answer, Service, ServiceContext
from isocenter.ul.items import ContextResult, PresentationContext
from isocenter.ul.pdu import AssociateAccept, AssociateReject, AssociateRequest
from isocenter.ul.user_information import RoleSelection, UserInformation

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


@pytest.mark.parametrize("only_known", [True, False])
def test_who_gets_de_identified_objects_sees_nothing_original(only_known: bool) -> None:
    directory = Directory(KnownPeer("LAB", "127.0.0.1", 104, deid_project="trial"))
    assert Gate(directory, only_known=only_known).permissions("LAB", "127.0.0.1") == {"store", "move"}


def answer(
    serve, raw_peer, asked: dict[str, str], *, allowed: frozenset[str] | None, only_known: bool = True,
    roles: tuple[RoleSelection, ...] = (), message: bytes = b"",
):  # fmt: skip
    server = serve(Sending())
    peers = [] if allowed is None else [KnownPeer("SCANNER", "127.0.0.1", 104, allowed)]
    server.server._gate = Gate(Directory(*peers), only_known=only_known)
    server.service.permission = "store"
    contexts = tuple(
        PresentationContext(2 * n + 1, abstract, (syntax,)) for n, (abstract, syntax) in enumerate(asked.items())
    )
    peer = raw_peer(server)
    peer.send(AssociateRequest("ISOCENTER", "SCANNER", contexts, UserInformation(16384, "1.2.3", roles=roles)))
    accept = peer.receive()
    if not message:
        return accept
    peer.send(message)
    return accept, read_command(peer.receive().values[0].data)


class Sending(Service):
    """Stands for retrieval, which sends what others store."""

    abstract_syntaxes = {FIND: (EXPLICIT,)}  # noqa: RUF012 - as in the services
    permission = "move"
    invokes = frozenset({CT})

    def begin(self, context: ServiceContext, command: Command) -> Answer:
        return Answer(respond(command, 0))


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


@pytest.mark.parametrize("both", [True, False])
def test_who_may_retrieve_but_not_store_is_sent_to_and_not_heard(serve, raw_peer, message, both: bool) -> None:
    """As a workstation that uses C-GET: it provides storage and may not ask for it."""
    contexts = {FIND: EXPLICIT, CT: EXPLICIT}
    accept, response = answer(
        serve, raw_peer, contexts, allowed=frozenset({"move"}), roles=(RoleSelection(CT, scu=both, scp=True),),
        message=message(b"x"),
    )  # fmt: skip
    assert results(accept) == [0, 0]
    assert accept.user_information.roles == (RoleSelection(CT, scu=False, scp=True),)
    assert response.Status == 0x0124
    assert "role was not granted" in response.ErrorComment


def test_who_may_both_is_granted_both(serve, raw_peer, message) -> None:
    accept, response = answer(
        serve, raw_peer, {FIND: EXPLICIT, CT: EXPLICIT}, allowed=frozenset({"move", "store"}),
        roles=(RoleSelection(CT, scu=True, scp=True),), message=message(b"x"),
    )  # fmt: skip
    assert accept.user_information.roles == (RoleSelection(CT, scu=True, scp=True),)
    assert response.Status == 0


def test_who_may_find_only_is_not_sent_to(serve, raw_peer) -> None:
    accept = answer(serve, raw_peer, {VERIFICATION: IMPLICIT, FIND: EXPLICIT, CT: EXPLICIT},
                    allowed=frozenset({"find"}), roles=(RoleSelection(CT, scu=True, scp=True),))  # fmt: skip
    assert results(accept) == [0, ContextResult.USER_REJECTION, ContextResult.USER_REJECTION]
