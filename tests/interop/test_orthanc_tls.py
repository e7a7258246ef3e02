"""Orthanc and our node over DICOM TLS, each with a certificate that the other wants to see, in both directions."""

import json
import shutil
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from isocenter.cli import main
from isocenter.index.peers import KnownPeer

pytestmark = pytest.mark.peer("Orthanc")

CT = Path(get_testdata_file("CT_small.dcm"))


class Orthanc:
    """A running Orthanc, by its REST API."""

    def __init__(self, http_port: int, dicom_port: int) -> None:
        self._url = f"http://127.0.0.1:{http_port}"
        self.dicom_port = dicom_port

    def call(self, path: str, body: Any = None, method: str | None = None) -> Any:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, method=method or ("POST" if data else "GET"))
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")


@pytest.fixture
def good(certificates: Callable[..., Any]) -> Any:
    return certificates()


@pytest.fixture
def secure_node(make_node: Callable[..., Any], good: Any) -> Any:
    return make_node(**good.settings())


@pytest.fixture
def orthanc(
    start_peer: Callable[..., int], free_port: Callable[[], int], tmp_path: Path, good: Any, secure_node: Any
) -> Orthanc:
    """An empty Orthanc whose DICOM port speaks TLS, and which knows our node."""
    dicom, http = free_port(), free_port()
    configuration = {
        "StorageDirectory": str(tmp_path / "storage"), "IndexDirectory": str(tmp_path / "index"), "HttpPort": http,
        "DicomPort": dicom, "DicomAet": "ORTHANC", "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
        "DicomAlwaysAllowStore": True, "DicomAlwaysAllowEcho": True, "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True, "DicomAlwaysAllowMove": True,
        "DicomTlsEnabled": True, "DicomTlsCertificate": good.server, "DicomTlsPrivateKey": good.server_key,
        "DicomTlsTrustedCertificates": good.ca, "DicomTlsRemoteCertificateRequired": True,
        "DicomModalities": {"isocenter": {"AET": "ISOCENTER", "Host": "127.0.0.1", "Port": secure_node.port,
                                          "UseDicomTls": True}},
    }  # fmt: skip
    (tmp_path / "orthanc.json").write_text(json.dumps(configuration))
    start_peer(shutil.which("Orthanc"), tmp_path / "orthanc.json", port=http)
    return Orthanc(http, dicom)


def command(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def test_orthanc_calls_us(orthanc: Orthanc, secure_node: Any) -> None:
    """C-ECHO, C-STORE, C-FIND; and C-MOVE to itself, for which our node calls back over TLS."""
    name = orthanc.call("/instances", CT.read_bytes())["ID"]
    orthanc.call("/modalities/isocenter/echo", {})
    orthanc.call("/modalities/isocenter/store", [name])
    assert secure_node.archive.statistics().instances == 1
    orthanc.call(f"/instances/{name}", method="DELETE")
    query = orthanc.call("/modalities/isocenter/query", {"Level": "Study", "Query": {"PatientID": "1CT1"}})["ID"]
    assert orthanc.call(f"/queries/{query}/answers") == ["0"]
    secure_node.archive.peers.add(KnownPeer("ORTHANC", "127.0.0.1", orthanc.dicom_port, tls=True))
    orthanc.call(f"/queries/{query}/answers/0/retrieve", {"TargetAet": "ORTHANC", "Synchronous": True})
    assert orthanc.call("/instances") == [name]


def test_we_call_orthanc(
    orthanc: Orthanc, secure_node: Any, good: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    peer = f"ORTHANC@127.0.0.1:{orthanc.dicom_port}"
    tls = ["--tls", "--tls-ca", good.ca, "--tls-cert", good.client, "--tls-key", good.client_key]
    study = f"StudyInstanceUID={dcmread(CT).StudyInstanceUID}"
    assert command("echo", peer, *tls) == 0
    assert command("send", peer, *tls, CT) == 0
    assert len(orthanc.call("/instances")) == 1
    capsys.readouterr()
    assert command("find", peer, *tls, study, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == 1
    assert command("get", peer, *tls, study, "--to", tmp_path / "here") == 0
    (file,) = (tmp_path / "here").iterdir()
    assert dcmread(file).PixelData == dcmread(CT).PixelData
    assert command("move", peer, "ISOCENTER", *tls, study) == 0
    assert secure_node.archive.statistics().instances == 1


def test_without_a_certificate_orthanc_refuses(orthanc: Orthanc, good: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("echo", f"ORTHANC@127.0.0.1:{orthanc.dicom_port}", "--tls", "--tls-ca", good.ca) == 1
    assert "shown a certificate" in capsys.readouterr().err
