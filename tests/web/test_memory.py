"""A large object goes in and out in bounded memory: measured on a server in a process of its own."""

import http.client
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import STOW, STUDY, ct, multipart, part10
from .stow_bodies import PDF, body, content_type, document, metadata

SIZE = 200 << 20
CHUNK = 1 << 20
#: What the server may grow by; the object is five times as large.
ALLOWANCE = 40 << 20
SERVER = """
import socket, sys
from pathlib import Path
from isocenter.archive import Archive
from isocenter.settings import load_settings
from isocenter.web.app import create_app
from isocenter.web.server import HttpServer

settings = load_settings({"data": sys.argv[1], "durability": "os"})
with Archive.open(Path(sys.argv[1]), settings) as archive:
    server = HttpServer(create_app(archive, settings), socket.create_server(("127.0.0.1", 0)), grace=1)
    print(server.port, flush=True)
    server.run()
"""


@pytest.fixture
def port(tmp_path: Path, empty_data: Path) -> Iterator[int]:
    command = [sys.executable, "-c", SERVER, str(tmp_path / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


def resident(client: http.client.HTTPConnection) -> int:
    """Return the bytes of memory the server has, as it says itself."""
    client.request("GET", "/metrics")
    page = client.getresponse().read().decode()
    found = re.search(r"^isocenter_process_resident_memory_bytes (\S+)$", page, re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


def large_body() -> Iterator[bytes]:
    """Yield a multipart body with one object of many frames, without ever holding it."""
    small = ct(1, Rows=1024, Columns=512, NumberOfFrames=SIZE // CHUNK, PixelData=b"\1\2")
    head, _, tail = multipart(part10(small)).rpartition(b"\2\0\0\0\1\2")
    yield head + SIZE.to_bytes(4, "little")
    for number in range(SIZE // CHUNK):
        yield bytes([number % 256]) * CHUNK
    yield tail


def test_200_megabytes_in_and_out(port: int) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as client:
        client.request("GET", "/dicom-web/studies")
        client.getresponse().read()
        before = resident(client)
        client.request("POST", "/dicom-web/studies", large_body(), {"Content-Type": STOW}, encode_chunked=True)
        answer = client.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()
        after_store = resident(client)
        client.request("GET", f"/dicom-web/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1/bulkdata/7FE00010")
        answer = client.getresponse()
        numbers = []
        while len(numbers) < SIZE // CHUNK:
            frame = answer.read(CHUNK)
            assert frame == frame[:1] * CHUNK
            numbers.append(frame[0])
        assert numbers == [number % 256 for number in range(SIZE // CHUNK)]
        assert after_store - before < ALLOWANCE
        assert resident(client) - before < ALLOWANCE


def large_document() -> Iterator[bytes]:
    """Yield a multipart body of metadata and a long document, without ever holding it."""
    head, _, tail = body([metadata(t00420011=document())], ("bulk/1", "application/pdf", PDF)).partition(PDF)
    yield head + PDF
    for number in range(SIZE // CHUNK):
        yield bytes([number % 256]) * CHUNK
    yield tail


def test_a_document_of_200_megabytes(port: int) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as client:
        client.request("GET", "/dicom-web/studies")
        client.getresponse().read()
        before = resident(client)
        client.request(
            "POST", "/dicom-web/studies", large_document(), {"Content-Type": content_type()}, encode_chunked=True
        )
        answer = client.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()
        assert resident(client) - before < ALLOWANCE
