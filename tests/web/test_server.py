"""The real server on a real socket: streams in both directions, slow and vanishing clients, a graceful end."""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from isocenter.archive import Archive, Instance
from isocenter.web import retrieve, streaming
from isocenter.web.app import Application
from isocenter.web.server import HttpServer
from isocenter.web.streaming import Span

from .conftest import STOW, STUDY, ct, multipart, part10

INSTANCE = f"/dicom-web/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1"


@pytest.fixture
def server(app: Application) -> Iterator[HttpServer]:
    sock = socket.create_server(("127.0.0.1", 0))
    made = HttpServer(app, sock, grace=5)
    thread = threading.Thread(target=made.run)
    thread.start()
    assert made.started.wait(20)
    yield made
    made.stop()
    thread.join(20)
    assert not thread.is_alive()


def test_it_says_that_it_has_begun_before_it_answers(app: Application) -> None:
    said: list[str] = []

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        said.append(scope["type"])
        await app(scope, receive, send)

    made = HttpServer(answer, socket.create_server(("127.0.0.1", 0)), grace=5, began=lambda: said.append("begun"))
    with closing(http.client.HTTPConnection("127.0.0.1", made.port, timeout=20)) as client:
        client.request("GET", "/health")  # it waits in the socket already
        thread = threading.Thread(target=made.run)
        thread.start()
        assert client.getresponse().status == 200
    made.stop()
    thread.join(20)
    assert said[:3] == ["lifespan", "begun", "http"]


def connection(server: HttpServer) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20))


def test_stow_in_chunks_of_any_size(server: HttpServer, archive: Archive) -> None:
    large = ct(1, Rows=1024, Columns=1024)
    body = multipart(part10(large), part10(ct(2)))
    sizes = [1, 2, 3, 5, 1000, 70_000, 400_000]
    pieces, position = [], 0
    while position < len(body):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(body[position : position + size])
        position += size
    with connection(server) as client:
        client.request("POST", "/dicom-web/studies", iter(pieces), {"Content-Type": STOW}, encode_chunked=True)
        answer = client.getresponse()
        assert answer.status == 200, answer.read()
        assert len(json.load(answer)["00081199"]["Value"]) == 2
        client.request("GET", f"{INSTANCE}/bulkdata/7FE00010", headers={"Accept": "application/octet-stream"})
        assert client.getresponse().read() == large.PixelData


def test_an_upload_that_breaks_off_leaves_nothing(server: HttpServer, archive: Archive) -> None:
    body = multipart(part10(ct(1, Rows=512, Columns=512)))
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        head = f"Host: localhost\r\nContent-Type: {STOW}\r\nContent-Length: {len(body)}\r\n\r\n"
        sock.sendall(b"POST /dicom-web/studies HTTP/1.1\r\n" + head.encode() + body[:-1000])
    with connection(server) as client:
        client.request("GET", "/dicom-web/studies")
        assert client.getresponse().status == 204
    server.stop()


def test_a_series_comes_whole_over_one_connection(server: HttpServer, store: Callable[..., None]) -> None:
    objects = [ct(number, Rows=700, Columns=500) for number in range(1, 5)]
    store(*objects)
    with connection(server) as client:
        for _ in range(2):
            client.request("GET", f"/dicom-web/studies/{STUDY}/series/{STUDY}.1")
            answer = client.getresponse()
            content = answer.read()
            assert len(content) == int(answer.headers["Content-Length"])
            assert all(dataset.PixelData in content for dataset in objects)


def test_decoded_frames_come_as_they_are_made(server: HttpServer, store: Callable[..., None]) -> None:
    dataset = ct(1, NumberOfFrames=3, PixelData=ct(1).PixelData * 3)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.compress(RLELossless, generate_instance_uid=False)
    store(part10(dataset, RLELossless))
    with connection(server) as client:
        client.request("GET", f"{INSTANCE}/frames/1,2,3")
        answer = client.getresponse()
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert answer.read().count(ct(1).PixelData) == 3
        explicit = f'multipart/related; type="application/dicom"; transfer-syntax={ExplicitVRLittleEndian}'
        client.request("GET", f"/dicom-web/studies/{STUDY}", headers={"Accept": explicit})
        assert ct(1).PixelData * 3 in client.getresponse().read()


def test_a_client_that_leaves_ends_the_reading(
    server: HttpServer, store: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of a long answer is not read from disk for nobody."""
    store(ct(1, Rows=3000, Columns=3000, PixelData=bytes(18_000_000)))
    monkeypatch.setattr(streaming, "CHUNK", 64 * 1024)
    read: list[int] = []
    original = streaming.read_cached
    monkeypatch.setattr(
        streaming,
        "read_cached",
        lambda descriptor, offset, size: read.append(offset) or original(descriptor, offset, size),
    )
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        sock.connect(("127.0.0.1", server.port))
        sock.sendall(f"GET {INSTANCE} HTTP/1.1\r\nHost: localhost\r\nAccept: application/dicom\r\n\r\n".encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 200 OK")
    server.stop()
    assert len(read) < 18_000_000 // (64 * 1024)


def test_a_client_that_leaves_ends_the_decoding(
    server: HttpServer, store: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a study that is decoded on the way, the rest is not decoded for nobody."""
    store(*(part10(ct(number), ImplicitVRLittleEndian) for number in range(1, 201)))
    decoded: list[str] = []
    left = threading.Event()
    original = retrieve.transcoded

    def decode(archive: Archive, instance: Instance, wanted: str) -> Span:
        decoded.append(instance.SOPInstanceUID)
        if len(decoded) == 2:
            assert left.wait(20)
        return original(archive, instance, wanted)

    monkeypatch.setattr(retrieve, "transcoded", decode)
    accept = f'multipart/related; type="application/dicom"; transfer-syntax={ExplicitVRLittleEndian}'
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.sendall(f"GET /dicom-web/studies/{STUDY} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n".encode())
        received = b""
        while b"DICM" not in received:
            received += sock.recv(4096)
    left.set()
    server.stop()
    assert 1 <= len(decoded) < 150


def test_what_the_page_cache_lacks_is_read_by_a_thread(
    server: HttpServer, store: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = ct(1, Rows=900, Columns=900)
    store(dataset)
    monkeypatch.setattr(streaming, "read_cached", lambda *_: None)
    with connection(server) as client:
        client.request("GET", f"{INSTANCE}/frames/1", headers={"Accept": "application/octet-stream"})
        assert client.getresponse().read() == dataset.PixelData


def test_expect_100_continue_and_keep_alive_after_a_refusal(server: HttpServer) -> None:
    with connection(server) as client:
        client.request("POST", "/dicom-web/studies", b"x" * 300_000, {"Content-Type": "text/plain"})
        answer = client.getresponse()
        assert (answer.status, json.load(answer)["error"]["status"]) == (415, 415)
        client.request("GET", "/health")
        assert client.getresponse().status == 200


def test_a_body_without_end_is_cut_off(server: HttpServer) -> None:
    """It is answered, and its sender stopped by a closed connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as sock:
        sock.sendall(
            f"POST /dicom-web/studies HTTP/1.1\r\nHost: localhost\r\nContent-Type: {STOW}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        with pytest.raises(OSError, match=r"reset|pipe"):
            send_many(sock, chunk, 1000)


def send_many(sock: socket.socket, chunk: bytes, times: int) -> None:
    for _ in range(times):
        sock.sendall(chunk)


def test_stop_before_run_ends_at_once(app: Application) -> None:
    server = HttpServer(app, socket.create_server(("127.0.0.1", 0)), grace=1)
    server.stop()
    thread = threading.Thread(target=server.run)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert server.started.is_set()


def test_who_asks_is_served_before_work_beside(server: HttpServer, archive: Archive) -> None:
    assert not archive.serving
    with connection(server) as client:
        client.request("GET", "/health")
        assert client.getresponse().status == 200
    assert archive.requests.within(20)
