"""Users: who is let in, what they are answered, what is logged of them, on both sides."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from isocenter.cli import main
from isocenter.errors import PeerError
from isocenter.net.client import VERIFICATION_PROPOSAL, connect
from isocenter.net.credentials import Credentials
from isocenter.net.identity import Verdict, describe
from isocenter.net.peer import Peer
from isocenter.net.server import DicomServer
from isocenter.services.echo import EchoService
from isocenter.settings import load_settings
from isocenter.ul.pdu import AssociateAccept, AssociateReject
from isocenter.ul.user_information import UserIdentity, UserIdentityType

ANNA = UserIdentity(UserIdentityType.USERNAME_AND_PASSCODE, b"anna", b"secret", positive_response_requested=True)


class Book:
    """Knows users and their passcodes; answers those who come with a ticket."""

    def __init__(self) -> None:
        self.asked: list[tuple[UserIdentity, str, str]] = []

    def authenticate(self, identity: UserIdentity, calling_aet: str, address: str) -> Verdict:
        self.asked.append((identity, calling_aet, address))
        if identity.kind == UserIdentityType.KERBEROS:
            return Verdict(let_in=True, response=b"server ticket")
        return Verdict((identity.primary, identity.secondary) == (b"anna", b"secret"), b"")


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def peer(book: Book) -> Iterator[Peer]:
    sock = socket.create_server(("127.0.0.1", 0))
    server = DicomServer(load_settings(), [EchoService()], sock, authenticator=book)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield Peer("ISOCENTER", *server.address)
    server.stop(5)
    thread.join()


def call(peer: Peer, identity: UserIdentity | None) -> bytes | None:
    """Return the server's response to a user."""
    answers: list[AssociateAccept] = []
    with connect(peer, [VERIFICATION_PROPOSAL], calling_aet="WS", credentials=Credentials(identity=identity)) as found:
        assert found.echo().Status == 0
        answers.append(found._requestor.accept)
    return answers[0].user_information.user_identity_response


def test_who_is_let_in_and_answered(peer: Peer, book: Book) -> None:
    assert call(peer, ANNA) == b""
    assert call(peer, UserIdentity(ANNA.kind, ANNA.primary, ANNA.secondary)) is None  # asked for no response
    assert call(peer, UserIdentity(UserIdentityType.KERBEROS, b"ticket", b"", True)) == b"server ticket"
    assert call(peer, None) is None
    assert book.asked[0] == (ANNA, "WS", "127.0.0.1")
    assert len(book.asked) == 3


@pytest.mark.parametrize(
    "identity",
    [
        UserIdentity(UserIdentityType.USERNAME_AND_PASSCODE, b"anna", b"wrong"),
        UserIdentity(UserIdentityType.JWT, b"a.b.c", b"", True),
        UserIdentity(99, b"", b""),
    ],
)
def test_who_is_rejected(peer: Peer, identity: UserIdentity, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(PeerError, match="check the user and the passcode or token"):
        call(peer, identity)
    assert "is not let in" in caplog.text
    assert "wrong" not in caplog.text
    assert call(peer, ANNA) == b""


def test_the_rejection_is_that_of_the_standard(serve, raw_peer, new_request, book: Book) -> None:
    server = serve()
    server.server._authenticator = book
    request = new_request()
    raw = raw_peer(server)
    raw.send(
        replace(request, user_information=replace(request.user_information, user_identity=UserIdentity(1, b"eve")))
    )
    answer = raw.receive()
    assert isinstance(answer, AssociateReject)
    assert (answer.result, answer.source, answer.reason) == (1, 2, 1)  # permanent, ACSE related, no reason given


def test_by_default_everybody_is_let_in_and_written_down(serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert call(serve().peer, replace(ANNA, positive_response_requested=False)) is None
    assert "user 'anna' by name and passcode, not verified" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("identity", "text"),
    [
        (UserIdentity(1, b"anna"), "'anna' by name"),
        (UserIdentity(2, "Zo\u00eb\n\x1b[31m".encode(), b"x"), r"'Zo\xeb\n\x1b[31m' by name and passcode"),
        (UserIdentity(1, b"\xff" + bytes(1000)), r"'\\xff" + r"\x00" * 60 + "' by name"),
        (UserIdentity(3, b"ticket"), "by a Kerberos ticket"),
        (UserIdentity(4, b"<saml/>"), "by a SAML assertion"),
        (UserIdentity(5, b"a.b.c"), "by a JSON Web Token"),
        (UserIdentity(9, b"?"), "of unknown kind 9"),
    ],
)
def test_what_is_logged(identity: UserIdentity, text: str) -> None:
    assert describe(identity) == text


def test_who_is_not_verified_is_not_confirmed(serve) -> None:
    with pytest.raises(PeerError, match="does not confirm the user"):
        call(serve().peer, ANNA)


class TestOptions:
    @pytest.fixture
    def echo(self, peer: Peer, tmp_path: Path):
        (tmp_path / "passcode").write_text("secret\n")
        (tmp_path / "token").write_text("a.b.c\r\n")
        (tmp_path / "empty").write_text("\n")

        def run(*options: str) -> int:
            options = tuple(option.replace("TMP", str(tmp_path)) for option in options)
            with pytest.raises(SystemExit) as ended:
                main(["echo", str(peer), *options])
            return int(ended.value.code or 0)

        return run

    def test_user_and_passcode(self, echo, book: Book) -> None:
        assert echo("--user", "anna", "--passcode-file", "TMP/passcode", "--confirm-user") == 0
        assert book.asked[0][0] == ANNA
        assert echo("--user", "anna") == 1
        assert book.asked[1][0] == UserIdentity(UserIdentityType.USERNAME, b"anna")

    def test_token(self, echo, book: Book) -> None:
        assert echo("--jwt-file", "TMP/token") == 1
        assert book.asked[0][0] == UserIdentity(UserIdentityType.JWT, b"a.b.c")

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--passcode-file", "TMP/passcode"], "say which user"),
            (["--confirm-user"], "say which user"),
            (["--user", "anna", "--jwt-file", "TMP/token"], "choose one"),
            (["--user", "anna", "--passcode-file", "TMP/empty"], "must hold 1 to 65535 bytes"),
            (["--tls-name", "x"], "add --tls"),
            (["--tls", "--tls-key", "TMP/token"], "a certificate needs its key"),
        ],
    )
    def test_wrong_use(self, echo, options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert echo(*options) == 2
        assert message in capsys.readouterr().err
