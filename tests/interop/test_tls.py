"""TLS with DCMTK's tools in both directions, and between two of our own nodes, by the certificates of ``tls init``."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pynetdicom import AE, evt
from pynetdicom.sop_class import CTImageStorage

from isocenter.cli import main
from isocenter.index.peers import KnownPeer
from isocenter.net.tls import server_context
from isocenter.settings import load_settings

#: DCMTK 3.6.7's movescu and getscu have no TLS; C-MOVE and C-GET over TLS are asked for by our own commands.
DCMTK = pytest.mark.peer("echoscu", "storescu", "findscu", "storescp")
CT = Path(get_testdata_file("CT_small.dcm"))


@pytest.fixture
def good(certificates: Callable[..., Any]) -> Any:
    return certificates()


@pytest.fixture
def secure_node(make_node: Callable[..., Any], good: Any) -> Any:
    """A node on a TLS port that wants certificates."""
    return make_node(**good.settings())


@pytest.fixture
def options(good: Any) -> list[str]:
    """Return DCMTK's options for TLS."""
    return ["+tls", good.client_key, good.client, "+cf", good.ca]


@pytest.fixture
def ours(good: Any) -> list[str]:
    """Return our own options for TLS."""
    return ["--tls", "--tls-ca", good.ca, "--tls-cert", good.client, "--tls-key", good.client_key]


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


@DCMTK
class TestDcmtkCalls:
    def test_echo_in_each_profile(self, secure_node: Any, options: list[str], run_peer: Callable[..., str]) -> None:
        for profile in ("+py", "+px", "+pz"):
            text = run_peer("echoscu", "-v", profile, *options, "127.0.0.1", secure_node.port)
            assert "Received Echo Response (Success)" in text

    def test_store_and_find(
        self, secure_node: Any, options: list[str], ours: list[str], run_peer: Callable[..., str], tmp_path: Path
    ) -> None:
        run_peer("storescu", *options, "127.0.0.1", secure_node.port, CT)
        dataset = dcmread(CT)
        study = f"StudyInstanceUID={dataset.StudyInstanceUID}"
        keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", study]
        found = run_peer("findscu", "-S", *options, *keys, "-k", "PatientID", "127.0.0.1", secure_node.port)
        assert dataset.PatientID in found
        assert run("get", f"X@localhost:{secure_node.port}", *ours, study, "--to", tmp_path) == 0
        (file,) = tmp_path.iterdir()
        assert dcmread(file).PixelData == dataset.PixelData

    def test_move_to_storescp(
        self, secure_node: Any, good: Any, ours: list[str], start_peer: Callable[..., int], tmp_path: Path
    ) -> None:
        (dataset,) = secure_node.fill("CT_small.dcm")
        port = start_peer("storescp", "+tls", good.server_key, good.server, "+cf", good.ca, "-od", tmp_path)
        secure_node.archive.peers.add(KnownPeer("DCMTK", "127.0.0.1", port, tls=True))
        peer = f"X@localhost:{secure_node.port}"
        assert run("move", peer, "DCMTK", *ours, f"StudyInstanceUID={dataset.StudyInstanceUID}") == 0
        (file,) = tmp_path.iterdir()
        assert dcmread(file).PixelData == dataset.PixelData

    @pytest.mark.parametrize(
        ("kind", "log"),
        [
            ("other", "comes from a CA that is not trusted here"),
            ("expired", "its certificate has expired"),
            ("anonymous", "it shows no certificate, and one is required here"),
            ("plain", "it does not speak TLS, and this port does"),
        ],
    )
    def test_who_is_refused(
        self, make_node: Callable[..., Any], certificates: Callable[..., Any], run_peer: Callable[..., str],
        caplog: pytest.LogCaptureFixture, kind: str, log: str,
    ) -> None:  # fmt: skip
        good = certificates()
        shown = certificates(kind) if kind in {"other", "expired"} else good
        node = make_node(**good.settings(tls_ca=shown.ca if kind == "expired" else good.ca))
        options = {
            "anonymous": ["+tla", "+cf", good.ca],
            "plain": [],
        }.get(kind, ["+tls", shown.client_key, shown.client, "+cf", good.ca])
        text = run_peer("echoscu", *options, "127.0.0.1", node.port, code=1)
        assert "Association Request Failed" in text
        echo = run_peer("echoscu", "-v", "+tls", good.server_key, good.server, "+cf", good.ca, "127.0.0.1", node.port,
                        code=1 if kind == "expired" else 0)  # fmt: skip
        assert kind == "expired" or "Success" in echo
        node.wait_until_quiet()
        assert log in caplog.text


@DCMTK
class TestWeCallDcmtk:
    @pytest.fixture
    def received(self, tmp_path: Path) -> Path:
        return tmp_path

    @pytest.fixture
    def storescp(self, good: Any, start_peer: Callable[..., int], received: Path) -> int:
        return start_peer("storescp", "+tls", good.server_key, good.server, "+cf", good.ca, "-od", received)

    def test_echo_and_send(self, storescp: int, ours: list[str], received: Path) -> None:
        assert run("echo", f"X@127.0.0.1:{storescp}", *ours) == 0
        assert run("send", f"X@127.0.0.1:{storescp}", *ours, CT) == 0
        (file,) = received.iterdir()
        assert dcmread(file).PixelData == dcmread(CT).PixelData

    def test_what_it_refuses(
        self, storescp: int, ours: list[str], certificates: Callable[..., Any], capsys: pytest.CaptureFixture[str]
    ) -> None:
        other = certificates("other")
        peer = f"X@127.0.0.1:{storescp}"
        assert run("echo", peer, "--tls", "--tls-ca", ours[2], "--tls-cert", other.client, "--tls-key",
                   other.client_key) == 1  # fmt: skip
        assert "does not trust the CA" in capsys.readouterr().err
        assert run("echo", peer, "--tls", "--tls-ca", other.ca) == 1
        assert "comes from a CA that is not trusted here" in capsys.readouterr().err
        assert run("echo", peer, "--tls", "--tls-ca", ours[2]) == 1
        assert "shown a certificate" in capsys.readouterr().err
        assert run("echo", peer, *ours) == 0


class TestTwoNodes:
    """Both with the certificates of one ``tls init``; each knows the other by its TLS port."""

    def test_send_find_move_get(
        self, make_node: Callable[..., Any], good: Any, ours: list[str], tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        one, two = make_node(**good.settings()), make_node(**good.settings(aet="SECOND"))
        one.archive.peers.add(KnownPeer("SECOND", "127.0.0.1", two.port, tls=True, tls_name="localhost"))
        peer = f"ISOCENTER@localhost:{one.port}"
        assert run("send", peer, *ours, CT, get_testdata_file("JPEG2000.dcm")) == 0
        capsys.readouterr()
        assert run("find", peer, *ours, "--json") == 0
        studies = [each["0020000D"]["Value"][0] for each in json.loads(capsys.readouterr().out)]
        assert len(studies) == 2
        for study in studies:
            assert run("move", peer, "SECOND", *ours, f"StudyInstanceUID={study}") == 0
        target = tmp_path / "got"
        study = dcmread(CT).StudyInstanceUID
        assert run("get", f"SECOND@localhost:{two.port}", *ours, f"StudyInstanceUID={study}", "--to", target) == 0
        (file,) = target.iterdir()
        assert dcmread(file).PixelData == dcmread(CT).PixelData
        assert two.archive.statistics().instances == 2

    @pytest.mark.parametrize("what", ["plain", "wrong host"])
    def test_a_destination_that_cannot_be_reached_fails_the_move(
        self, make_node: Callable[..., Any], certificates: Callable[..., Any], good: Any, ours: list[str], what: str,
        capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        one = make_node(**good.settings())
        (dataset,) = one.fill("CT_small.dcm")
        known = KnownPeer("HERE", "127.0.0.1", one.port, tls=what != "plain", tls_name="other.example")
        one.archive.peers.add(known)
        peer = f"ISOCENTER@localhost:{one.port}"
        assert run("move", peer, "HERE", *ours, f"StudyInstanceUID={dataset.StudyInstanceUID}") == 1
        assert f"failed: {dataset.SOPInstanceUID}" in capsys.readouterr().err
        one.wait_until_quiet()
        assert ("does not speak TLS" if what == "plain" else "the host name in it may be another one") in caplog.text


@DCMTK
def test_a_storm_of_handshakes_that_go_nowhere_does_not_hold_up_who_comes_after(
    secure_node: Any, options: list[str], run_peer: Callable[..., str]
) -> None:
    silent = [socket.create_connection(("127.0.0.1", secure_node.port)) for _ in range(50)]
    try:
        assert "Success" in run_peer("echoscu", "-v", *options, "127.0.0.1", secure_node.port)
    finally:
        for sock in silent:
            sock.close()


class TestPynetdicom:
    def test_it_sends_to_us(self, secure_node: Any, good: Any) -> None:
        ae = AE()
        ae.add_requested_context(CTImageStorage)
        association = ae.associate("127.0.0.1", secure_node.port, tls_args=(good.caller().context(), "localhost"))
        assert association.is_established
        dataset = dcmread(CT)
        assert association.send_c_store(dataset).Status == 0
        association.release()
        assert secure_node.archive.statistics().instances == 1

    def test_we_send_to_it(self, good: Any, ours: list[str]) -> None:
        received: list[str] = []

        def store(event: Any) -> int:
            received.append(event.request.AffectedSOPInstanceUID)
            return 0

        ae = AE()
        ae.add_supported_context(CTImageStorage)
        context = server_context(load_settings(good.settings()))
        server = ae.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, store)], ssl_context=context
        )
        try:
            assert run("send", f"ANY@localhost:{server.socket.getsockname()[1]}", *ours, CT) == 0
        finally:
            server.shutdown()
        assert received == [dcmread(CT).SOPInstanceUID]
