"""DICOM over TLS on real sockets: both ports at once, every bad certificate, and who speaks to the wrong port."""

import logging
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509 import (
    Certificate,
    CertificateRevocationListBuilder,
    RevokedCertificateBuilder,
    load_pem_x509_certificate,
)

from isocenter.cli.authority import make_certificates
from isocenter.errors import ConfigurationError, PeerError
from isocenter.net.client import VERIFICATION_PROPOSAL, Proposal, Timeouts, connect
from isocenter.net.credentials import Credentials
from isocenter.net.peer import Peer
from isocenter.net.tls import PASSPHRASE, PROFILES, TlsClient, server_context
from isocenter.settings import BY_NAME, load_settings

CT, EXPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"
PROPOSALS = [VERIFICATION_PROPOSAL, Proposal(CT, (EXPLICIT,))]
QUICK = Timeouts(connect=5, associate=5, response=5)


def echo(peer, tls: TlsClient | None) -> int | None:
    with connect(peer, PROPOSALS, credentials=Credentials(tls), timeouts=QUICK) as association:
        return association.echo().Status


@pytest.fixture
def good(certificates):
    return certificates()


@pytest.fixture
def secure(serve, good):
    """A server with both ports, of which the TLS one wants certificates."""
    return serve(**good.settings())


def test_plain_and_tls_side_by_side(secure, good, caplog) -> None:
    with caplog.at_level(logging.DEBUG, "isocenter.net"):
        assert echo(secure.tls_peer, good.caller()) == 0
        assert echo(secure.peer, None) == 0
    assert "TLSv1.3, certificate of 'Isocenter client'" in caplog.text


@pytest.mark.parametrize("size", [0, 1, 511, 16384, 3_000_000])
def test_data_sets_go_both_ways_whole(secure, good, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    with connect(secure.tls_peer, PROPOSALS, credentials=Credentials(good.caller())) as association:
        for number in range(3):
            uid = f"1.2.{number}"
            answer = association.store(data, sop_class_uid=CT, sop_instance_uid=uid, transfer_syntax_uid=EXPLICIT)
            assert answer.Status == 0
    assert secure.service.data == {f"1.2.{number}": data for number in range(3)}


def test_tls_1_2_and_the_extended_profile(serve, good, caplog) -> None:
    server = serve(**good.settings(tls_profile="extended"))
    context = good.caller().context()
    context.maximum_version = context.minimum_version
    with (
        socket.create_connection(("127.0.0.1", server.tls_port)) as sock,
        context.wrap_socket(sock, server_hostname="localhost") as tls,
    ):
        assert tls.version() == "TLSv1.2"
        assert "GCM" in tls.cipher()[0]
        assert tls.cipher()[0].startswith("ECDHE")
    context.set_ciphers("ECDHE+CHACHA20")
    with socket.create_connection(("127.0.0.1", server.tls_port)) as sock, pytest.raises(OSError, match="HANDSHAKE"):
        context.wrap_socket(sock, server_hostname="localhost")
    assert echo(server.tls_peer, good.caller()) == 0
    assert "no cipher suite that is allowed here" in caplog.text


def test_profiles_and_their_setting_agree() -> None:
    for profile in PROFILES:
        assert BY_NAME["tls_profile"].parse(profile) == profile


@pytest.mark.parametrize("version", [None, "1.2"])
@pytest.mark.parametrize(
    ("client", "server", "here", "there"),
    [
        # what the client is told, and what the server's log says
        ("none", "good", "wants? to be shown a certificate", "shows no certificate"),
        ("other", "good", "does not trust the CA", "comes from a CA that is not trusted here"),
        ("expired", "good", "that has expired: make a new one", "its certificate has expired"),
        ("good", "other", "comes from a CA that is not trusted here", "does not trust the CA"),
        ("good", "expired", "its certificate has expired", "that has expired: make a new one"),
        ("good", "wrong host", "is for another host", "the host name in it may be another one"),
    ],
)
def test_bad_certificates(
    serve, certificates, caplog, monkeypatch, client: str, server: str, here: str, there: str, version: str | None
) -> None:
    """Each side says what is wrong, and the server goes on."""
    authority, shown = certificates(client if client != "none" else "good"), certificates(server)
    node = serve(**shown.settings(tls_ca=certificates().ca if client in {"none", "other"} else authority.ca))
    tls = authority.caller(ca=shown.ca if server != "other" else certificates().ca)
    if client == "none":
        tls = TlsClient(ca=shown.ca)
    if version:
        contexts = TlsClient.context

        def older(self: TlsClient):
            context = contexts(self)
            context.maximum_version = context.minimum_version
            return context

        monkeypatch.setattr(TlsClient, "context", older)
    with pytest.raises(PeerError, match=here):
        echo(node.tls_peer, tls)
    assert echo(node.peer, None) == 0
    node.stop()
    assert there in caplog.text
    assert node.counters()["associations_refused_TLS handshake failed"] == 1


def test_optional_certificates(serve, good, certificates) -> None:
    node = serve(**good.settings(tls_client_certificates="optional"))
    assert echo(node.tls_peer, good.caller()) == 0
    assert echo(node.tls_peer, TlsClient(ca=good.ca)) == 0
    with pytest.raises(PeerError, match="does not trust the CA"):
        echo(node.tls_peer, certificates("other").caller(ca=good.ca))


def test_a_name_that_is_not_the_host(serve, certificates) -> None:
    elsewhere = certificates("wrong host")
    node = serve(**elsewhere.settings())
    assert echo(node.tls_peer, elsewhere.caller(name="elsewhere.example")) == 0


def test_plain_call_to_the_tls_port(secure, caplog) -> None:
    with pytest.raises(PeerError, match="call it over TLS"):
        echo(secure.tls_peer, None)
    secure.stop()
    assert "it does not speak TLS, and this port does" in caplog.text


def test_tls_call_to_the_plain_port(secure, good, caplog) -> None:
    with pytest.raises(PeerError, match="does not speak TLS on this port"):
        echo(secure.peer, good.caller())
    secure.stop()
    assert "the peer speaks TLS to a plain port" in caplog.text


def test_silence_holds_nobody_up_and_ends(serve, good, caplog) -> None:
    """A peer that connects and says nothing does not keep others from shaking hands, and is given up."""
    node = serve(**good.settings(artim_seconds=0.3))
    with socket.create_connection(("127.0.0.1", node.tls_port), 10) as silent:
        assert echo(node.tls_peer, good.caller()) == 0
        assert silent.recv(1) == b""
    node.stop()
    assert "the TLS handshake was not done within 0.3 s" in caplog.text


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03",  # a ClientHello that ends after two bytes
        b"\x16\x03\x01\xff\xff" + bytes(70_000),  # a record longer than any
        b"\x17\x03\x03\x00\x10" + bytes(16),  # data before the handshake
        b"\x15\x03\x03\x00\x02\x02\x28",  # an alert at once
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x80\x2e\x01\x00\x02" + bytes(60),  # SSL 2
        bytes(5),
    ],
)
def test_bad_handshakes(secure, good, caplog, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", secure.tls_port), 10) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        try:
            while sock.recv(65536):
                pass
        except ConnectionResetError:  # with bytes of ours unread
            pass
    assert echo(secure.tls_peer, good.caller()) == 0
    assert "no TLS: " in caplog.text
    assert "unexpected" not in caplog.text


def test_the_server_stops_amid_a_handshake(secure, good) -> None:
    with socket.create_connection(("127.0.0.1", secure.tls_port)):
        assert echo(secure.tls_peer, good.caller()) == 0  # accepted later, so the first one was accepted, too
        secure.stop(grace=5)
    assert not secure.server._sessions


def test_a_silent_server_is_given_up(good) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = Peer("SILENT", "127.0.0.1", listener.getsockname()[1])
        with pytest.raises(PeerError, match=r"not done within 0\.3 s; the port may not speak TLS"):
            connect(peer, PROPOSALS, credentials=Credentials(good.caller()), timeouts=Timeouts(connect=0.3))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tls_certificate": ""}, "needs tls_certificate and tls_key"),
        ({"tls_ca": ""}, "tls_ca does not say which CA"),
        ({"tls_ca": "/nowhere/ca.pem"}, "CA certificates /nowhere/ca.pem: cannot be read"),
        ({"tls_certificate": "/nowhere/x.pem"}, "certificate /nowhere/x.pem .*: cannot be read"),
        ({"tls_ca": __file__}, "there is no certificate in it"),
        ({"tls_certificate": __file__}, "not the PEM files of a certificate and its key"),
    ],
)
def test_files_that_cannot_be_used(good, settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        server_context(load_settings(good.settings(**settings)))


def test_a_key_of_another_certificate(good) -> None:
    with pytest.raises(ConfigurationError, match="does not belong to the certificate"):
        server_context(load_settings(good.settings(tls_key=good.client_key)))


@pytest.fixture(scope="module")
def issued(tmp_path_factory) -> tuple[Path, Certificate, RSAPrivateKey]:
    """A folder with certificates of a server and a client, whose keys are encrypted; their CA and its key."""
    folder = tmp_path_factory.mktemp("issued")
    made = make_certificates(folder, ["localhost", "127.0.0.1"], datetime.now(UTC))
    for name in ("server", "client"):
        key = serialization.load_pem_private_key(made[name][1].read_bytes(), None)
        locked = serialization.BestAvailableEncryption(SECRET)
        (folder / f"{name}-locked.pem").write_bytes(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
        )
    ca_key = serialization.load_pem_private_key(made["ca"][1].read_bytes(), None)
    return folder, load_pem_x509_certificate(made["ca"][0].read_bytes()), ca_key


SECRET = b"correct horse"


def locked_settings(folder: Path, **others: object) -> dict[str, object]:
    return {
        "tls_certificate": str(folder / "server.pem"), "tls_key": str(folder / "server-locked.pem"),
        "tls_ca": str(folder / "ca.pem"), **others,
    }  # fmt: skip


def caller(folder: Path, **others: str) -> TlsClient:
    return TlsClient(str(folder / "ca.pem"), str(folder / "client.pem"), str(folder / "client-locked.pem"), **others)


def test_encrypted_keys(serve, issued, tmp_path, monkeypatch) -> None:
    folder, _, _ = issued
    with pytest.raises(ConfigurationError, match="the key is encrypted; put its passphrase into a file"):
        server_context(load_settings(locked_settings(folder)))
    (tmp_path / "wrong").write_bytes(b"wrong")
    with pytest.raises(ConfigurationError, match=r"server-locked\.pem: the passphrase is wrong"):
        server_context(load_settings(locked_settings(folder, tls_key_passphrase_file=str(tmp_path / "wrong"))))
    with pytest.raises(ConfigurationError, match="passphrase file /nowhere/x: cannot be read"):
        caller(folder, passphrase_file="/nowhere/x").context()
    (tmp_path / "secret").write_bytes(SECRET + b"\n")
    node = serve(**locked_settings(folder, tls_key_passphrase_file=str(tmp_path / "secret")))
    monkeypatch.setenv(PASSPHRASE, SECRET.decode())
    assert echo(node.tls_peer, caller(folder)) == 0


def revocations(
    issued, file: Path, *names: str, until: timedelta = timedelta(days=1), age: timedelta = timedelta(days=2)
) -> str:
    """Write a CRL of the CA that names these certificates."""
    folder, ca, ca_key = issued
    now = datetime.now(UTC)
    builder = CertificateRevocationListBuilder().issuer_name(ca.subject)
    builder = builder.last_update(now - age).next_update(now + until)
    for name in names:
        serial = load_pem_x509_certificate((folder / f"{name}.pem").read_bytes()).serial_number
        builder = builder.add_revoked_certificate(
            RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
        )
    file.write_bytes(builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return str(file)


def test_revoked_certificates(serve, issued, certificates, tmp_path, monkeypatch, caplog) -> None:
    """Each side refuses what was revoked, says so, and lets others in."""
    folder, _, _ = issued
    monkeypatch.setenv(PASSPHRASE, SECRET.decode())
    none, client = revocations(issued, tmp_path / "none.pem"), revocations(issued, tmp_path / "client.pem", "client")
    server = revocations(issued, tmp_path / "server.pem", "server")
    stale = revocations(issued, tmp_path / "stale.pem", until=-timedelta(days=1))
    open_, strict = serve(**locked_settings(folder, tls_crl=none)), serve(**locked_settings(folder, tls_crl=client))
    assert echo(open_.tls_peer, caller(folder, crl=none)) == 0
    for crl, said in (
        (server, "was revoked; it needs a new one"),
        (stale, "out of date; put the new one in its place"),
    ):
        with pytest.raises(PeerError, match=said):
            echo(open_.tls_peer, caller(folder, crl=crl))
    with pytest.raises(PeerError, match="that was revoked: make a new one"):
        echo(strict.tls_peer, caller(folder))
    strict.stop()
    assert "its certificate was revoked" in caplog.text
    with pytest.raises(ConfigurationError, match="there is no CRL in it"):
        caller(folder, crl=str(folder / "ca.pem")).context()
    with pytest.raises(ConfigurationError, match="revocation list /nowhere/x: cannot be read"):
        caller(folder, crl="/nowhere/x").context()


def test_a_new_revocation_list_counts_at_once(serve, issued, tmp_path, monkeypatch, caplog) -> None:
    """The server goes on while its file is replaced: by one that names the caller, by one that is none."""
    folder, _, _ = issued
    monkeypatch.setenv(PASSPHRASE, SECRET.decode())
    file = tmp_path / "list.pem"
    node = serve(**locked_settings(folder, tls_crl=revocations(issued, file)))
    assert echo(node.tls_peer, caller(folder)) == 0
    revocations(issued, file, "client", age=timedelta(hours=1))
    with pytest.raises(PeerError, match="that was revoked"):
        echo(node.tls_peer, caller(folder))
    file.write_text("no list")
    with pytest.raises(PeerError, match="that was revoked"):
        echo(node.tls_peer, caller(folder))
    assert "the one before stays" in caplog.text
