"""User identity and the asynchronous operations window, pynetdicom on the other side, in both directions."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pynetdicom import AE, evt
from pynetdicom.pdu import A_ASSOCIATE_RJ
from pynetdicom.pdu_primitives import AsynchronousOperationsWindowNegotiation, UserIdentityNegotiation
from pynetdicom.sop_class import CTImageStorage, StudyRootQueryRetrieveInformationModelFind, Verification

from isocenter.cli.send import send
from isocenter.errors import PeerError
from isocenter.net.client import VERIFICATION_PROPOSAL, connect
from isocenter.net.credentials import Credentials
from isocenter.net.identity import Verdict
from isocenter.net.peer import Peer
from isocenter.ul.user_information import UserIdentity, UserIdentityType

KINDS = list(UserIdentityType)
NAMED = {UserIdentityType.USERNAME, UserIdentityType.USERNAME_AND_PASSCODE}


def identity_item(kind: int, *, confirm: bool) -> UserIdentityNegotiation:
    item = UserIdentityNegotiation()
    item.user_identity_type = int(kind)
    item.primary_field = b"anna" if kind in NAMED else b"ticket"
    if kind == UserIdentityType.USERNAME_AND_PASSCODE:
        item.secondary_field = b"secret"
    item.positive_response_requested = confirm
    return item


class Decision:
    """Lets in whom it is told to, and remembers who came."""

    def __init__(self, response: bytes | None, *, let_in: bool = True) -> None:
        self.verdict = Verdict(let_in, response)
        self.asked: list[UserIdentity] = []

    def authenticate(self, identity: UserIdentity, calling_aet: str, address: str) -> Verdict:
        self.asked.append(identity)
        return self.verdict


class TestItNamesUsers:
    """pynetdicom calls us."""

    @pytest.fixture
    def call(self, full_node: Any) -> Iterator[Callable[..., Any]]:
        associations = []

        def associate(*items: Any) -> Any:
            ae = AE()
            ae.add_requested_context(Verification)
            came: list[Any] = []
            handlers = [(evt.EVT_PDU_RECV, lambda event: came.append(event.pdu))]
            association = ae.associate("127.0.0.1", full_node.port, ext_neg=list(items), evt_handlers=handlers)
            association.came = came
            associations.append(association)
            return association

        yield associate
        for association in associations:
            association.release()

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("confirm", [True, False])
    def test_let_in(self, full_node: Any, call: Callable[..., Any], kind: int, *, confirm: bool) -> None:
        full_node.server._authenticator = decision = Decision(b"" if kind in NAMED else b"answer")
        association = call(identity_item(kind, confirm=confirm))
        assert association.is_established
        assert association.send_c_echo().Status == 0
        items = association.acceptor.user_identity
        assert (items is not None) is confirm
        if confirm:
            assert items.server_response == (b"" if kind in NAMED else b"answer")
        primary, secondary = (b"anna" if kind in NAMED else b"ticket"), (b"secret" if kind == 2 else b"")
        assert decision.asked == [UserIdentity(kind, primary, secondary, confirm)]

    def test_rejected(self, full_node: Any, call: Callable[..., Any]) -> None:
        full_node.server._authenticator = Decision(None, let_in=False)
        association = call(identity_item(2, confirm=True))
        assert not association.is_established
        # pynetdicom takes a quick rejection for a connection that failed, now and then: what came says it
        (answer,) = [pdu for pdu in association.came if isinstance(pdu, A_ASSOCIATE_RJ)]
        assert (answer.result, answer.source, answer.reason_diagnostic) == (1, 2, 1)


class TestWeNameUsers:
    """We call pynetdicom."""

    @pytest.fixture
    def seen(self) -> list[Any]:
        return []

    @pytest.fixture
    def serve(self, seen: list[Any]) -> Iterator[Callable[..., Peer]]:
        servers = []

        def start(*, let_in: bool = True, response: bytes | None = None, knows: bool = True) -> Peer:
            def decide(event: Any) -> tuple[bool, bytes | None]:
                seen.append((event.user_id_type, event.primary_field, event.secondary_field))
                return let_in, response

            ae = AE()
            ae.add_supported_context(Verification)
            handlers = [(evt.EVT_USER_ID, decide)] if knows else []
            servers.append(ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers))
            return Peer("ANY", "127.0.0.1", servers[-1].socket.getsockname()[1])

        yield start
        for server in servers:
            server.shutdown()

    @pytest.mark.parametrize("kind", KINDS)
    def test_let_in(self, serve: Callable[..., Peer], seen: list[Any], kind: int) -> None:
        secondary = b"secret" if kind == 2 else b""
        response = None if kind in NAMED else b"answer"
        identity = UserIdentity(kind, b"anna", secondary, positive_response_requested=kind not in NAMED)
        credentials = Credentials(identity=identity)
        with connect(serve(response=response), [VERIFICATION_PROPOSAL], credentials=credentials) as association:
            assert association.echo().Status == 0
            answered = association._requestor.accept.user_information.user_identity_response
        assert answered == response
        assert [(kind, primary, second or b"") for kind, primary, second in seen] == [(kind, b"anna", secondary)]

    def test_rejected(self, serve: Callable[..., Peer]) -> None:
        credentials = Credentials(identity=UserIdentity(1, b"eve"))
        with pytest.raises(PeerError, match="check the user"):
            connect(serve(let_in=False), [VERIFICATION_PROPOSAL], credentials=credentials)

    def test_not_confirmed(self, serve: Callable[..., Peer]) -> None:
        credentials = Credentials(identity=UserIdentity(1, b"anna", b"", True))
        with pytest.raises(PeerError, match="does not confirm the user"):
            connect(serve(knows=False), [VERIFICATION_PROPOSAL], credentials=credentials)


class TestAsynchronousOperations:
    @pytest.mark.parametrize(("asked", "granted"), [((5, 5), (5, 1)), ((0, 0), (64, 1)), ((1, 1), (1, 1))])
    def test_it_asks_us(self, full_node: Any, asked: tuple[int, int], granted: tuple[int, int]) -> None:
        window = AsynchronousOperationsWindowNegotiation()
        window.maximum_number_operations_invoked, window.maximum_number_operations_performed = asked
        ae = AE()
        ae.add_requested_context(Verification)
        ae.add_requested_context(CTImageStorage)
        association = ae.associate("127.0.0.1", full_node.port, ext_neg=[window])
        assert association.is_established
        assert association.acceptor.asynchronous_operations == granted
        assert association.send_c_store(dcmread(get_testdata_file("CT_small.dcm"))).Status == 0
        association.release()

    def test_it_asks_us_for_searches_too(self, full_node: Any) -> None:
        window = AsynchronousOperationsWindowNegotiation()
        window.maximum_number_operations_invoked = 5
        ae = AE()
        ae.add_requested_context(StudyRootQueryRetrieveInformationModelFind)
        association = ae.associate("127.0.0.1", full_node.port, ext_neg=[window])
        assert association.is_established
        assert association.acceptor.asynchronous_operations == (1, 1)
        association.release()

    def test_we_ask_it(self) -> None:
        """It answers (1, 1) whatever it was asked for; objects go one by one."""
        received: list[str] = []

        def store(event: Any) -> int:
            received.append(event.request.AffectedSOPInstanceUID)
            return 0

        ae = AE()
        ae.add_supported_context(CTImageStorage)
        server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)])
        try:
            peer = Peer("ANY", "127.0.0.1", server.socket.getsockname()[1])
            report = send(peer, [Path(get_testdata_file("CT_small.dcm"))], outstanding=8)
        finally:
            server.shutdown()
        assert (report.sent, report.failed, len(received)) == (1, [], 1)
