"""A power cut below the file system: what was not synced is gone, and everything acknowledged is there all the same.

A killed process loses nothing that it wrote, since the kernel keeps it; a power cut does. Two ways to lose it:

- "disk": the data lie on an ext4 in a file that is mounted as a disk, in a mount namespace of its own. What the kernel
  has not written to that disk is in memory only, so a copy of the file, made when the server was killed, is what a
  machine without power would find: blocks that were synced, some that were written early, the file system's journal to
  be replayed. ext4 commits by itself every ten minutes only. Not shown: a disk that says "written" and lies, blocks
  that are torn, writes that the disk reorders.
- "double", also where mounting is not allowed: a server that notes which ranges of its segments it has synced.
  Afterwards these ranges alone are kept, and the write-ahead log of the index is dropped as a whole, which is more than
  a power cut takes. Not shown: folders and names that were not synced.

The control is a server that acknowledges without syncing: it must lose objects, or the way would show nothing.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .conftest import Serving
from .test_kill import Sender

DISK = 256 << 20
KEEPER = 'mount -o loop,commit=600,noatime "$1" "$2" && echo mounted && read -r _'
#: Objects that are sent before the power goes.
ENOUGH = 30
#: A server that writes to a list which ranges of which files it has synced.
DOUBLE = """
import os, sys
from isocenter.cli import main

listed, written = open(sys.argv.pop(1), "a"), {}

def noting(name):
    real = getattr(os, name)
    def write(descriptor, data, position, *more):
        count = real(descriptor, data, position, *more)
        written.setdefault(descriptor, []).append((position, count))
        return count
    setattr(os, name, write)

def syncing(name):
    real = getattr(os, name)
    def sync(descriptor):
        ranges = written.pop(descriptor, [])
        real(descriptor)
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        listed.write("".join(f"{start} {length} {path}\\n" for start, length in ranges))
        listed.flush()
    setattr(os, name, sync)

noting("pwrite")
noting("pwritev")
syncing("fsync")
syncing("fdatasync")
main()
"""


@dataclass
class Disk:
    """Where the data are before the power cut and after."""

    folder: Path
    keepers: list["subprocess.Popen[str]"] = field(default_factory=list)

    def start(self, *options: str) -> Serving:
        """Start the server before."""
        raise NotImplementedError

    def cut(self) -> Serving:
        """Return a server, not started, over what a killed one left on the disk."""
        raise NotImplementedError

    def close(self) -> None:
        for keeper in self.keepers:
            keeper.communicate()  # its ``read`` sees the end of the input; the mount goes with it


class LoopDisk(Disk):
    """An ext4 in a file."""

    def start(self, *options: str) -> Serving:
        return self._serving("before.img", *options).start()

    def cut(self) -> Serving:
        shutil.copyfile(self.folder / "before.img", self.folder / "after.img")
        serving = self._serving("after.img")
        another_start(Path(f"/proc/{self.keepers[-1].pid}/root{serving.data}"))
        return serving

    def _serving(self, image: str, *options: str) -> Serving:
        point = self.folder / f"{image}.mounted"
        point.mkdir()
        keeper = mount(self.folder / image, point)
        assert keeper is not None
        self.keepers.append(keeper)
        program = ("nsenter", "--target", str(keeper.pid), "--mount", sys.executable, "-m", "isocenter")
        return Serving(point / "data", options, program=program)


class DoubleDisk(Disk):
    """A folder, of which a list says what was synced."""

    def start(self, *options: str) -> Serving:
        program = (sys.executable, "-c", DOUBLE, str(self.folder / "synced"))
        return Serving(self.folder / "before", options, program=program).start()

    def cut(self) -> Serving:
        before, after = self.folder / "before", self.folder / "after"
        shutil.copytree(before, after, ignore=shutil.ignore_patterns("*.seg", "*-wal", "*-shm"))
        for line in (self.folder / "synced").read_text().splitlines():
            start, length, path = line.split(" ", 2)
            if path.endswith(".seg"):
                keep(Path(path), after / Path(path).relative_to(before), int(start), int(length))
        another_start(after)
        return Serving(after)


def keep(source: Path, target: Path, start: int, length: int) -> None:
    """Copy a range of a file; the rest of the new one is zeros."""
    if source.exists():
        with source.open("rb") as old, target.open("r+b" if target.exists() else "w+b") as new:
            old.seek(start)
            new.seek(start)
            new.write(old.read(length))


def another_start(data: Path) -> None:
    """Make the machine's start that the archive remembers another one than this."""
    marker = data / "durable"
    if marker.exists():
        marker.write_text(re.sub(r"^\S+", "0123-another-start", marker.read_text()))


def mount(image: Path, point: Path) -> "subprocess.Popen[str] | None":
    """Mount a disk image where only a new namespace sees it; None where that is not allowed."""
    if any(shutil.which(name) is None for name in ("unshare", "nsenter", "mkfs.ext4")):
        return None
    if not image.exists():
        with image.open("wb") as file:
            file.truncate(DISK)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)
    command = ["unshare", "--mount", "sh", "-c", KEEPER, "sh", str(image), str(point)]
    keeper = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert keeper.stdout is not None
    if keeper.stdout.readline() == "mounted\n":
        return keeper
    keeper.communicate()
    return None


def may_mount(folder: Path) -> bool:
    """Tell whether a disk can be mounted here."""
    point = folder / "probe"
    point.mkdir()
    keeper = mount(folder / "probe.img", point) if os.geteuid() == 0 else None
    if keeper is not None:
        keeper.communicate()
    return keeper is not None


@pytest.fixture(params=["disk", "double"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    kind = LoopDisk if request.param == "disk" and may_mount(tmp_path) else DoubleDisk
    made = kind(tmp_path)
    yield made
    made.close()


@pytest.fixture
def lose_power(disk: Disk) -> Iterator[Callable[..., tuple[Serving, list[Sender]]]]:
    """Store by several senders, cut the power amid it, and start on what is left."""
    servers: list[Serving] = []

    def run(*options: str) -> tuple[Serving, list[Sender]]:
        servers.append(disk.start("--settle-seconds", "3600", *options))
        started = threading.Event()
        senders = [Sender(servers[0].dicom_port, 7, study, started) for study in range(3)]
        for sender in senders:
            sender.start()
        while sum(len(sender.acknowledged) for sender in senders) < ENOUGH:
            assert any(sender.is_alive() for sender in senders)
            started.wait(0.01)
            started.clear()
        servers[0].kill()
        for sender in senders:
            sender.join(30)
        servers.append(disk.cut())
        return servers[1].start(), senders

    yield run
    for server in servers:
        if server.process is not None:
            server.kill()


def lost(server: Serving, senders: list[Sender]) -> list[str]:
    """Return what was acknowledged and is not found, or not as it was sent."""
    missing = []
    for sender in senders:
        study = f"2.25.8.{sender.study + 1}"
        found = {each["00080018"]["Value"][0] for each in server.json(f"/dicom-web/instances?StudyInstanceUID={study}")}
        for uid, content in sender.acknowledged.items():
            path = f"/dicom-web/studies/{study}/series/{study}.0/instances/{uid}"
            accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
            if uid not in found or content not in server.get(path, accept):
                missing.append(uid)
    return missing


def test_nothing_acknowledged_is_lost(lose_power: Callable[..., tuple[Serving, list[Sender]]]) -> None:
    server, senders = lose_power()
    assert sum(len(sender.acknowledged) for sender in senders) >= ENOUGH
    assert lost(server, senders) == []
    remade = re.search(r"after a crash (\d+) objects were put right", server.data.with_suffix(".log").read_text())
    assert remade is not None, "the power cut took no row: it showed nothing"
    assert int(remade.group(1)) > 0
    assert server.stop() == 0
    check = [*server.program, "fsck", "--deep", "--json", "--data", str(server.data)]
    assert subprocess.run(check, capture_output=True, check=False).returncode == 0


def test_without_syncing_objects_are_lost(lose_power: Callable[..., tuple[Serving, list[Sender]]]) -> None:
    server, senders = lose_power("--durability", "os")
    assert lost(server, senders)
