"""A disk that fills up under a server: refused as "out of resources", nothing lost, and on again when there is room.

The disk is a small tmpfs in a mount namespace of its own, which needs no rights on most systems and leaves no mount
behind. Where that is not allowed, a server runs whose writes fail as those to a full disk do.
"""

import http.client
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from isocenter.errors import OutOfResourcesError
from isocenter.net.client import Proposal, connect

from .conftest import (
    AS_STORED,
    CT_IMAGE,
    TIMEOUTS,
    Serving,
    assert_alive,
    c_store,
    fsck,
    half_received,
    image,
    part10,
    peer_of,
    stow,
    uid_of,
)

DISK = 40 << 20
FILLER = 32 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")
OUT_OF_RESOURCES = OutOfResourcesError.dimse_status
KEEPER = 'mount -t tmpfs -o size="$1" tmpfs "$2" && echo mounted && read -r _'
#: A server whose storage writes fail when they, and a file that fills the disk, would be more than a size. A write
#: counts 64 KiB at least, so that small objects fill it, too.
DOUBLE = """
import contextlib, errno, os, sys
from isocenter.cli import main
from isocenter.storage import segment

filler, size, pwritev, used = sys.argv.pop(1), int(sys.argv.pop(1)), os.pwritev, 0

def limited(descriptor, buffers, position):
    global used
    room = size - used
    with contextlib.suppress(FileNotFoundError):
        room -= os.stat(filler).st_size
    if sum(map(len, buffers)) > room:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    written = pwritev(descriptor, buffers, position)
    used += max(written, 1 << 16)
    return written

segment.os.pwritev = limited
main()
"""


@dataclass(frozen=True)
class Disk:
    """A small disk: ``folder`` for programs started with ``prefix``; ``view`` is how this process sees it."""

    folder: Path
    view: Path
    program: tuple[str, ...]

    @property
    def is_mounted(self) -> bool:
        return self.view != self.folder

    @property
    def filler(self) -> Path:
        return self.view / "filler"

    def serving(self) -> Serving:
        return Serving(self.folder / "data", program=self.program)

    @property
    def data(self) -> Path:
        return self.view / "data"


def with_a_mount(folder: Path) -> tuple[subprocess.Popen[str], Disk] | None:
    """Mount a tmpfs that only a new namespace sees; None where that is not allowed."""
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        return None
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", KEEPER, "sh", str(DISK), str(folder)]
    keeper = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert keeper.stdout is not None
    if keeper.stdout.readline() != "mounted\n":
        end(keeper)
        return None
    enter = ("nsenter", "--target", str(keeper.pid), "--user", "--preserve-credentials", "--mount")
    view = Path(f"/proc/{keeper.pid}/root{folder}")
    return keeper, Disk(folder, view, (*enter, sys.executable, "-m", "isocenter"))


def end(keeper: subprocess.Popen[str]) -> None:
    keeper.communicate()  # its ``read`` sees the end of the input; the mount goes with it


@pytest.fixture
def disk(way: str, tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = with_a_mount(folder) if way == "mounted" else None
    program = (sys.executable, "-c", DOUBLE, str(folder / "filler"), str(DISK))
    small = mounted[1] if mounted else Disk(folder, folder, program)
    small.filler.write_bytes(bytes(FILLER))
    yield small
    if mounted:
        end(mounted[0])


def fill_by_c_store(server: Serving, study: int, size: int) -> list[int]:
    """Store until there is no more room, then three more; return the numbers of those acknowledged."""
    kept: list[int] = []
    refused = 0
    with connect(peer_of(server), [Proposal(CT_IMAGE, (EXPLICIT_VR_LITTLE_ENDIAN,))], timeouts=TIMEOUTS) as association:
        for number in itertools.count(1):
            response = association.store(
                content(study, number, size),
                sop_class_uid=CT_IMAGE,
                sop_instance_uid=uid_of(study, number),
                transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN,
            )
            if response.Status == 0:
                kept.append(number)
                continue
            assert response.Status == OUT_OF_RESOURCES
            refused += 1
            if refused == 3:
                return kept
    raise AssertionError


def fill_by_stow(server: Serving, study: int, size: int) -> list[int]:
    """The same over HTTP, two in a request, so that some requests are stored in part."""
    kept: list[int] = []
    for first in itertools.count(1, 2):
        pair = (first, first + 1)
        status, body = stow(server, *(part10(content(study, n, size), uid_of(study, n)) for n in pair))
        stored = [item["00081155"]["Value"][0] for item in body.get("00081199", {"Value": []})["Value"]]
        failed = body.get("00081198", {"Value": []})["Value"]
        kept += [number for number in pair if uid_of(study, number) in stored]
        assert len(stored) + len(failed) == 2
        assert status == {2: 200, 1: 202, 0: 507}[len(stored)]
        assert {item["00081197"]["Value"][0] for item in failed} <= {OUT_OF_RESOURCES}
        if not stored:
            return kept
    raise AssertionError


def content(study: int, number: int, size: int) -> bytes:
    return image(study, number, bytes([study, number % 251]) * (size // 2))


def assert_kept(server: Serving, kept: dict[tuple[int, int, int], None]) -> None:
    for wanted in {study for study, _, _ in kept}:
        body = server.get(f"/dicom-web/studies/2.25.{wanted}", AS_STORED)
        missing = [key for key in kept if key[0] == wanted and content(*key) not in body]
        assert missing == []


def health(server: Serving) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=10)) as client:
        client.request("GET", "/health")
        answer = client.getresponse()
        json.loads(answer.read())
        return answer.status


@pytest.mark.parametrize(
    ("way", "size", "fill"),
    [
        pytest.param("mounted", 1 << 20, fill_by_c_store, id="large-C-STORE"),
        pytest.param("mounted", 1 << 20, fill_by_stow, id="large-STOW"),
        pytest.param("mounted", 3000, fill_by_c_store, id="small-C-STORE"),
        pytest.param("mounted", 3000, fill_by_stow, id="small-STOW"),
        pytest.param("double", 1 << 20, fill_by_c_store, id="double"),
    ],
)
def test_full_disk(disk: Disk, fill: Callable[[Serving, int, int], list[int]], size: int) -> None:
    """Large objects fill the disk by themselves; with small ones it is the index that finds no room."""
    server = disk.serving().start()
    try:
        kept = {(1, number, size): None for number in fill(server, 1, size)}
        assert len(kept) > 3
        if size < PAGE and disk.is_mounted:
            os.truncate(disk.filler, FILLER - PAGE)  # room for one more object, and none for its row
            assert stow(server, part10(content(3, 1, size), uid_of(3, 1)))[0] == 507
        assert half_received(disk.data) == []
        assert health(server) == (503 if disk.is_mounted else 200)  # a double deceives the storage only
        assert_kept(server, kept)

        disk.filler.unlink()
        assert_alive(server)
        for number in range(1, 7, 2):
            assert stow(server, part10(content(2, number, size), uid_of(2, number)))[0] == 200
            assert c_store(server, content(2, number + 1, size), CT_IMAGE, uid_of(2, number + 1)).Status == 0
        kept |= {(2, number, size): None for number in range(1, 7)}
        assert half_received(disk.data) == []
        report = fsck(server)
        assert report["findings"] == []
        assert report["instances"] == len(kept)
        assert server.stop() == 0
        server.start()
        assert_kept(server, kept)
    finally:
        if server.process is not None:
            server.kill()
    log = (disk.folder / "data.log").read_text()
    assert "Traceback" not in log
    assert "no room left" in log
    if size < PAGE and disk.is_mounted:
        assert "no room left for the index" in log
