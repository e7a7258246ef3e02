"""``isocenter tls``: what it makes works, is kept secret where it must be, and is never overwritten."""

import datetime as dt
import json
import logging
import shutil
import socket
import stat
import threading
from pathlib import Path

import pytest
from cryptography import x509

from isocenter.cli import main
from isocenter.cli.authority import issue_certificate, make_certificates
from isocenter.cli.certificates import read_certificates, warn_of_expiry
from isocenter.errors import ConfigurationError, UsageError
from isocenter.net.credentials import Credentials
from isocenter.net.peer import Peer
from isocenter.net.server import DicomServer, Listener
from isocenter.net.tls import TlsClient, server_context
from isocenter.net.verification import verify
from isocenter.services.echo import EchoService
from isocenter.settings import load_settings

NOW = dt.datetime.now(dt.UTC)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["tls", *arguments])
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "deep" / "tls"
    make_certificates(folder, ["archive.example.org", "10.0.0.5", "::1"], NOW)
    return folder


def test_init_says_how_to_use_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "tls"
    assert run("init", "--host", "archive.example.org", "-o", str(folder)) == 0
    said = capsys.readouterr().out
    assert f"--tls-certificate {folder / 'server.pem'} --tls-key {folder / 'server-key.pem'}" in said
    assert f"echoscu +tls {folder / 'client-key.pem'} {folder / 'client.pem'} +cf {folder / 'ca.pem'}" in said
    names = read_certificates(folder / "server.pem")[0].names
    assert {"archive.example.org", "localhost", "127.0.0.1", "::1"} <= set(names)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert run("init", "-o", str(folder)) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_keys_are_for_their_owner_only(made: Path) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in made.iterdir()}
    assert {mode for name, mode in modes.items() if name.endswith("-key.pem")} == {0o600}
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert len(modes) == 6


def test_uses_and_names(made: Path) -> None:
    loaded = {
        name: x509.load_pem_x509_certificate((made / f"{name}.pem").read_bytes()) for name in ("server", "client")
    }
    uses = {
        name: {use._name for use in each.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value}
        for name, each in loaded.items()
    }
    assert uses == {"server": {"serverAuth", "clientAuth"}, "client": {"clientAuth"}}
    described = read_certificates(made / "server.pem")[0]
    assert described.names == ("archive.example.org", "10.0.0.5", "::1")
    assert described.subject == "CN=archive.example.org"
    assert read_certificates(made / "ca.pem")[0].is_ca


def test_one_file_that_is_there_stops_it(tmp_path: Path) -> None:
    (tmp_path / "client-key.pem").write_text("mine")
    with pytest.raises(UsageError, match=r"client-key\.pem is there already"):
        make_certificates(tmp_path, ["localhost"], NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["client-key.pem"]


def test_issue(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One more certificate of the same CA works with those that are there."""
    made = Path(shutil.copytree(made, tmp_path / "tls"))
    folder = str(made)
    assert run("issue", "ct1", "--host", "localhost", "--host", "10.0.0.7", "-o", folder) == 0
    assert "for localhost, 10.0.0.7" in capsys.readouterr().out
    assert run("issue", "workstation", "-o", folder, "--json") == 0
    assert json.loads(capsys.readouterr().out)["key"] == str(made / "workstation-key.pem")
    assert read_certificates(made / "ct1.pem")[0].names == ("localhost", "10.0.0.7")
    assert stat.S_IMODE((made / "ct1-key.pem").stat().st_mode) == 0o600
    shown = {
        "tls_certificate": str(made / "ct1.pem"),
        "tls_key": str(made / "ct1-key.pem"),
        "tls_ca": str(made / "ca.pem"),
    }
    settings = load_settings(shown)
    server = DicomServer(settings, [EchoService()],
                         [Listener(socket.create_server(("127.0.0.1", 0)), server_context(settings))])  # fmt: skip
    thread = threading.Thread(target=server.serve)
    thread.start()
    caller = TlsClient(str(made / "ca.pem"), str(made / "workstation.pem"), str(made / "workstation-key.pem"))
    try:
        verify(Peer("CT1", "localhost", server.address[1]), "WS", credentials=Credentials(caller))
    finally:
        server.stop(0)
        thread.join()
    for name in ("ct1", "ca", "server"):
        assert run("issue", name, "-o", folder) == 2
        assert "nothing is overwritten" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "../x", "a b", "sch\u00f6n"])
def test_issue_for_what_is_no_name(made: Path, name: str) -> None:
    with pytest.raises(UsageError, match="is no name for a file"):
        issue_certificate(made, name, [], NOW)


def test_issue_without_a_ca(made: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="name the folder that 'isocenter tls init' made"):
        issue_certificate(tmp_path, "x", [], NOW)
    (tmp_path / "ca.pem").write_bytes((made / "ca.pem").read_bytes())
    (tmp_path / "ca-key.pem").write_bytes((made / "server-key.pem").read_bytes())
    with pytest.raises(ConfigurationError, match="is not the key of"):
        issue_certificate(tmp_path, "x", [], NOW)
    (tmp_path / "ca-key.pem").write_text("nothing")
    with pytest.raises(ConfigurationError, match="are not the files of a CA"):
        issue_certificate(tmp_path, "x", [], NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca-key.pem", "ca.pem"]


@pytest.mark.parametrize("host", ["", "a b", "sch\u00f6n", "x/../y"])
def test_what_is_no_host(tmp_path: Path, host: str) -> None:
    with pytest.raises(UsageError, match="is no host"):
        make_certificates(tmp_path, [host], NOW)


def test_show(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(path) for path in sorted(made.glob("*.pem"))]  # keys, too, as a shell's *.pem gives them
    assert run("show", *files) == 0
    text = capsys.readouterr().out
    assert "CN=archive.example.org" in text
    assert f"{NOW + dt.timedelta(days=730):%Y-%m-%d}" in text
    assert run("show", "--json", *files) == 0
    shown = {Path(each["file"]).name: each for each in json.loads(capsys.readouterr().out)}
    assert set(shown) == {"ca.pem", "client.pem", "server.pem"}
    assert shown["server.pem"]["days_left"] in {729, 730}


def test_show_of_what_has_expired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_certificates(tmp_path, ["localhost"], NOW - dt.timedelta(days=731))
    assert run("show", str(tmp_path / "server.pem")) == 1
    assert "expired" in capsys.readouterr().out


def test_show_of_what_is_no_certificate(tmp_path: Path) -> None:
    file = tmp_path / "text.pem"
    file.write_text("no certificate")
    with pytest.raises(ConfigurationError, match="holds no certificate"):
        read_certificates(file)
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_certificates(tmp_path / "missing.pem")


@pytest.mark.parametrize(
    ("days", "warning"), [(0, None), (699, None), (701, "expires in 29 days"), (731, "has expired")]
)
def test_warning(made: Path, caplog: pytest.LogCaptureFixture, days: int, warning: str | None) -> None:
    with caplog.at_level(logging.WARNING):
        warn_of_expiry([made / "server.pem", made / "ca.pem"], NOW + dt.timedelta(days=days, hours=-1))
    if warning is None:
        assert not caplog.records
    else:
        assert warning in caplog.text
        assert "CN=archive.example.org" in caplog.text
        assert len(caplog.records) == 1


def test_a_file_that_went_away_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    warn_of_expiry([tmp_path / "gone.pem"], NOW)
    assert "cannot read" in caplog.text
