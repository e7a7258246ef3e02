"""DCMTK's programs against our server, and our client against DCMTK's storescp."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from isocenter.archive import Archive
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.net.client import VERIFICATION_PROPOSAL, Proposal, Timeouts, connect
from isocenter.net.peer import Peer
from isocenter.net.server import DicomServer
from isocenter.services.echo import EchoService
from isocenter.services.store import StoreService
from isocenter.settings import load_settings

ENVIRONMENT = os.environ | {"TCP_NODELAY": "1"}
#: Native and compressed, small and several fragments, one and many frames; all packaged with pydicom.
OBJECTS = ["CT_small.dcm", "MR_small.dcm", "SC_rgb_rle.dcm", "JPEG2000.dcm", "examples_ybr_color.dcm"]
TRAILING_PADDING = 0xFFFCFFFC
PATIENCE = 30


class RunningNode:
    """A node on an archive in a folder."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.settings = load_settings({"data": str(folder), **settings})
        self.archive = Archive.open(folder, self.settings)
        sock = socket.create_server(("127.0.0.1", 0))
        services = [EchoService(), StoreService(self.archive, self.settings)]
        self.server = DicomServer(self.settings, services, sock)
        self.port = self.server.address[1]
        self._thread = threading.Thread(target=self.server.serve)
        self._thread.start()

    def check(self, path: str) -> None:
        """Compare the object in a file with what is stored of it.

        DCMTK encodes anew what it sends (lengths of sequences, padding at the end), so elements are compared.
        """
        sent = dcmread(path)
        (instance,) = self.archive.instances(sent.StudyInstanceUID, sent.SeriesInstanceUID, sent.SOPInstanceUID)
        with self.archive.open_object(instance) as file:
            stored = dcmread(BytesIO(file.read()))
        assert stored.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
        assert list(stored) == [element for element in sent if element.tag != TRAILING_PADDING]

    def close(self) -> None:
        self.server.stop(5)
        self._thread.join()
        self.archive.close()


def data_set(path: Path) -> bytes:
    data = path.read_bytes()
    meta = read_preamble_and_meta(data)
    assert meta is not None
    return data[meta.data_set_offset :]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RunningNode]:
    running = RunningNode(tmp_path / "archive")
    yield running
    running.close()


def run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=cwd
    )


@pytest.mark.peer("echoscu")
def test_echoscu(node: RunningNode) -> None:
    done = run("echoscu", "-v", "--repeat", "3", "127.0.0.1", str(node.port))
    assert done.returncode == 0
    assert done.stderr.count("Received Echo Response (Success)") == 3


@pytest.mark.peer("storescu")
def test_a_user_identity_is_not_answered(node: RunningNode) -> None:
    """We check no identity, so we confirm none: who insists on a confirmation breaks off, others go on."""
    command = ["storescu", "-R", "--user", "me", "--password", "secret"]
    where = ["127.0.0.1", str(node.port), get_testdata_file("CT_small.dcm")]
    assert run(*command, *where).returncode == 0
    assert run(*command, "--pos-response", *where).returncode != 0


@pytest.mark.peer("echoscu")
def test_echoscu_with_many_syntaxes_and_aborting(node: RunningNode) -> None:
    assert run("echoscu", "--propose-ts", "38", "--propose-pc", "128", "127.0.0.1", str(node.port)).returncode == 0
    assert run("echoscu", "--abort", "127.0.0.1", str(node.port)).returncode == 0
    assert run("echoscu", "127.0.0.1", str(node.port)).returncode == 0


@pytest.mark.peer("storescu")
@pytest.mark.parametrize("max_pdu", ["4096", "16384", "131072"])
@pytest.mark.parametrize(
    ("name", "syntax"), [("CT_small.dcm", "-xe"), ("MR_small.dcm", "-x="), ("examples_ybr_color.dcm", "-xy")]
)
def test_storescu(node: RunningNode, name: str, syntax: str, max_pdu: str) -> None:
    path = get_testdata_file(name)
    done = run("storescu", "-v", syntax, "-R", "--max-pdu", max_pdu, "127.0.0.1", str(node.port), path)
    assert done.returncode == 0, done.stderr
    assert "Received Store Response (Success)" in done.stderr
    node.check(path)


@pytest.mark.peer("dcmsend")
def test_dcmsend_of_all_at_once(node: RunningNode) -> None:
    paths = [get_testdata_file(name) for name in OBJECTS]
    done = run("dcmsend", "-v", "--decompress-never", "127.0.0.1", str(node.port), *paths)
    assert done.returncode == 0, done.stderr
    for path in paths:
        node.check(path)


@pytest.mark.peer("storescu")
def test_several_storescu_at_once(node: RunningNode) -> None:
    paths = [get_testdata_file(name) for name in ("CT_small.dcm", "MR_small.dcm", "waveform_ecg.dcm")]
    started = [
        subprocess.Popen(["storescu", "-R", "127.0.0.1", str(node.port), path], env=ENVIRONMENT) for path in paths * 3
    ]
    assert [process.wait(PATIENCE) for process in started] == [0] * 9
    for path in paths:
        node.check(path)


@pytest.fixture
def storescp(tmp_path: Path) -> Iterator[tuple[Peer, Path]]:
    """Run DCMTK's storescp."""
    folder = tmp_path / "received"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    command = ["storescp", "+xa", "-aet", "DCMTK", "-od", str(folder), "+B", str(port)]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_it_listens(port)
        yield Peer("DCMTK", "127.0.0.1", port), folder
    finally:
        process.kill()
        process.wait()


def wait_until_it_listens(port: int) -> None:
    """Try to connect now and then: storescp gives no sign of being ready that could be awaited."""
    pause = threading.Event()
    for _ in range(1000):
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        pause.wait(0.01)
    pytest.fail("storescp does not listen")


@pytest.mark.peer("storescp")
def test_storescp(storescp: tuple[Peer, Path]) -> None:
    peer, folder = storescp
    headers = {name: dcmread(get_testdata_file(name), stop_before_pixels=True) for name in OBJECTS}
    pairs = {(str(h.SOPClassUID), str(h.file_meta.TransferSyntaxUID)) for h in headers.values()}
    proposals = [VERIFICATION_PROPOSAL, *(Proposal(sop_class, (syntax,)) for sop_class, syntax in sorted(pairs))]
    with connect(peer, proposals, timeouts=Timeouts(5, 5, 10)) as association:
        assert association.echo().Status == 0
        for name, header in headers.items():
            path = Path(get_testdata_file(name))
            with path.open("rb") as file:
                file.seek(path.stat().st_size - len(data_set(path)))
                response = association.store(
                    file,
                    sop_class_uid=str(header.SOPClassUID),
                    sop_instance_uid=str(header.SOPInstanceUID),
                    transfer_syntax_uid=str(header.file_meta.TransferSyntaxUID),
                )
            assert response.Status == 0
    received = {dcmread(path).SOPInstanceUID: data_set(path) for path in folder.iterdir()}
    assert received == {h.SOPInstanceUID: data_set(Path(get_testdata_file(n))) for n, h in headers.items()}
