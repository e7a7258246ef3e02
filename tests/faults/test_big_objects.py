"""One very large multi-frame object in and out, streamed: the server's memory does not notice.

``ISOCENTER_BIG_MB`` sets the size (600 in the ordinary run; 2048 is what the issue of the first slice promises).
"""

import hashlib
import http.client
import io
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from isocenter.net.client import Proposal, connect

from .conftest import (
    AS_STORED,
    CT_IMAGE,
    STOW,
    TIMEOUTS,
    Serving,
    half_received,
    image,
    multipart,
    part10,
    peer_of,
    process_status,
    reset_peak,
    uid_of,
)

FRAME = 1 << 20  # 1024 x 512 of 16 bits
FRAMES = int(os.environ.get("ISOCENTER_BIG_MB", "600"))
#: What the server's peak may be above what it had.
ALLOWANCE = 80 << 20
NOISE = random.Random(7).randbytes(2 * FRAME)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """As the other modules', but what it stored does not stay on the disk of who tests."""
    folder = tmp_path_factory.mktemp("big")
    serving = Serving(folder / "data", ("--durability", "os")).start()
    try:
        yield serving
        assert serving.stop() == 0
    finally:
        if serving.process is not None:
            serving.kill()
        shutil.rmtree(folder)


class Pixels(io.RawIOBase):
    """A data set of ``FRAMES`` different frames that is made while it is read, as a file."""

    def __init__(self, study: int) -> None:
        one_pixel = image(
            study, 1, b"\1\2",
            samples=(0x00280002, "US", b"\1\0"), photometric=(0x00280004, "CS", "MONOCHROME2"),
            frames=(0x00280008, "IS", str(FRAMES)), rows=(0x00280010, "US", b"\0\4"),
            columns=(0x00280011, "US", b"\0\2"), allocated=(0x00280100, "US", b"\x10\0"),
            stored=(0x00280101, "US", b"\x10\0"), high=(0x00280102, "US", b"\x0f\0"), sign=(0x00280103, "US", b"\0\0"),
        )  # fmt: skip
        self.head = one_pixel[:-6] + (FRAMES * FRAME).to_bytes(4, "little")
        self.length = len(self.head) + FRAMES * FRAME
        self._position = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._position = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.length}[whence]
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._piece()[: len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _piece(self) -> memoryview:
        """Return the rest of the head or of the current frame: noise, begun at another place in each."""
        if self._position < len(self.head):
            return memoryview(self.head)[self._position :]
        frame, offset = divmod(self._position - len(self.head), FRAME)
        return memoryview(NOISE)[offset + frame : FRAME + frame] if frame < FRAMES else memoryview(b"")

    def pieces(self) -> Iterator[memoryview]:
        self.seek(0)
        while piece := self._piece():
            yield piece
            self._position += len(piece)

    def digest(self) -> str:
        hashed = hashlib.blake2b()
        for piece in self.pieces():
            hashed.update(piece)
        return hashed.hexdigest()


def by_stow(server: Serving, study: int) -> None:
    data_set = Pixels(study)
    before, _, after = multipart(part10(b"HERE", uid_of(study, 1))).rpartition(b"HERE")
    headers = {"Content-Type": STOW, "Content-Length": str(len(before) + data_set.length + len(after))}

    def body() -> Iterator[bytes | memoryview]:
        yield before
        yield from data_set.pieces()
        yield after

    with closing(http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=120)) as client:
        client.request("POST", "/dicom-web/studies", body(), headers)  # type: ignore[arg-type]
        answer = client.getresponse()
        assert answer.status == 200, answer.read()


def by_c_store(server: Serving, study: int) -> None:
    with connect(peer_of(server), [Proposal(CT_IMAGE, (EXPLICIT_VR_LITTLE_ENDIAN,))], timeouts=TIMEOUTS) as association:
        response = association.store(
            Pixels(study),  # type: ignore[arg-type]
            sop_class_uid=CT_IMAGE,
            sop_instance_uid=uid_of(study, 1),
            transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN,
        )
        assert response.Status == 0


def fetched_digest(server: Serving, study: int) -> str:
    """Fetch the object by WADO-RS; return the hash of its data set."""
    path = f"/dicom-web/studies/2.25.{study}/series/2.25.{study}.0/instances/{uid_of(study, 1)}"
    left = Pixels(study).length
    hashed = hashlib.blake2b()
    with closing(http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=120)) as client:
        client.request("GET", path, headers={"Accept": AS_STORED})
        answer = client.getresponse()
        assert answer.status == 200
        file = answer.read(4096).partition(b"\r\n\r\n")[2]
        meta = read_preamble_and_meta(file)
        assert meta is not None
        data = file[meta.data_set_offset :]
        buffer = memoryview(bytearray(FRAME))
        while left:
            hashed.update(data)
            left -= len(data)
            if not left:
                break
            data = buffer[: answer.readinto(buffer[: min(left, FRAME)])]
            assert len(data) > 0
        end = answer.read()
        assert end.startswith(b"\r\n--")
        assert end.endswith(b"--\r\n")
    return hashed.hexdigest()


@pytest.mark.parametrize(("store", "study"), [(by_stow, 950), (by_c_store, 951)])
def test_big_object(server: Serving, store: Callable[[Serving, int], None], study: int) -> None:
    server.json("/dicom-web/studies")
    reset_peak(server)
    before = process_status(server, "VmRSS")
    store(server, study)
    assert process_status(server, "VmHWM") - before < ALLOWANCE
    assert fetched_digest(server, study) == Pixels(study).digest()
    assert process_status(server, "VmHWM") - before < ALLOWANCE
    assert half_received(server.data) == []


def test_one_frame_of_a_big_object(server: Serving) -> None:
    """The last frame is found without reading the others."""
    by_c_store(server, 952)
    reset_peak(server)
    before = process_status(server, "VmRSS")
    path = f"/dicom-web/studies/2.25.952/series/2.25.952.0/instances/{uid_of(952, 1)}/frames/{FRAMES}"
    body = server.get(path, 'multipart/related; type="application/octet-stream"')
    assert NOISE[FRAMES - 1 : FRAMES - 1 + FRAME] in body
    assert process_status(server, "VmHWM") - before < ALLOWANCE
