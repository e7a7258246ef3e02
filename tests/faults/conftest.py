"""What the fault tests share: objects, the three ways into a server, and what a server process costs."""

import http.client
import json
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from isocenter.dicom.part10 import write_file_meta
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from isocenter.dimse.commands import Command
from isocenter.multipart import write_end, write_part_header
from isocenter.net.client import VERIFICATION_PROPOSAL, Proposal, Timeouts, connect
from isocenter.net.peer import Peer
from isocenter.storage.segment import HEADER_SIZE, records

from ..conftest import Serving  # noqa: TID252 - with importlib mode there is no absolute name

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
BOUNDARY = "malformed-or-not"
STOW = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
TIMEOUTS = Timeouts(10, 10, 30)
_LONG = frozenset({"OB", "OW", "UN", "SQ", "UT"})


def element(tag: int, vr: str, value: bytes | str) -> bytes:
    """Return an element in explicit VR little endian, padded to an even length."""
    raw = value.encode() if isinstance(value, str) else value
    raw += (b"\0" if vr in {"UI", "OB", "OW", "UN"} else b" ") * (len(raw) % 2)
    layout = "<HH2sHI" if vr in _LONG else "<HH2sH"
    head = (tag >> 16, tag & 0xFFFF, vr.encode()) + ((0, len(raw)) if vr in _LONG else (len(raw),))
    return struct.pack(layout, *head) + raw


def uid_of(study: int, number: int) -> str:
    """Return the UID of an image; its study is ``2.25.<study>``, its series ``2.25.<study>.0``."""
    return f"2.25.{study}.0.{number}"


def image(study: int, number: int, pixels: bytes = b"\1\2", **others: tuple[int, str, bytes | str]) -> bytes:
    """Return the data set of a CT image; ``others`` add to or replace elements, by any name."""
    elements = {
        0x00080016: ("UI", CT_IMAGE),
        0x00080018: ("UI", uid_of(study, number)),
        0x00080020: ("DA", "20260301"),
        0x00080060: ("CS", "CT"),
        0x00100010: ("PN", f"Fault^{study}"),
        0x00100020: ("LO", f"F{study}"),
        0x0020000D: ("UI", f"2.25.{study}"),
        0x0020000E: ("UI", f"2.25.{study}.0"),
        0x00200013: ("IS", str(number)),
        0x7FE00010: ("OW", pixels),
    } | {tag: (vr, value) for tag, vr, value in others.values()}
    return b"".join(element(tag, vr, value) for tag, (vr, value) in sorted(elements.items()))


def part10(data_set: bytes, sop_instance_uid: str) -> bytes:
    """Return a file of a data set in explicit VR little endian."""
    return write_file_meta(CT_IMAGE, sop_instance_uid, EXPLICIT_VR_LITTLE_ENDIAN) + data_set


def multipart(*files: bytes) -> bytes:
    """Return a STOW-RS body of these files."""
    head = write_part_header(BOUNDARY, {"Content-Type": "application/dicom"})
    return b"".join(head + file for file in files) + write_end(BOUNDARY)


def c_store(
    server: Serving, data_set: bytes, sop_class: str, sop_instance: str, syntax: str = EXPLICIT_VR_LITTLE_ENDIAN
) -> Command:
    """Send one data set over an association of its own."""
    with connect(peer_of(server), [Proposal(sop_class, (syntax,))], timeouts=TIMEOUTS) as association:
        return association.store(
            data_set, sop_class_uid=sop_class, sop_instance_uid=sop_instance, transfer_syntax_uid=syntax
        )


def stow(server: Serving, *files: bytes) -> tuple[int, dict[str, Any]]:
    """Post files; return the HTTP status and the answer."""
    client = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=30)
    try:
        client.request("POST", "/dicom-web/studies", multipart(*files), {"Content-Type": STOW})
        answer = client.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        client.close()


def peer_of(server: Serving) -> Peer:
    return Peer("ISOCENTER", "127.0.0.1", server.dicom_port)


def assert_alive(server: Serving) -> None:
    """The server is the same process as before and answers both kinds of peers."""
    assert server.process is not None
    assert server.process.poll() is None
    with connect(peer_of(server), [VERIFICATION_PROPOSAL], timeouts=TIMEOUTS) as association:
        assert association.echo().Status == 0
    assert server.json("/health") == {"status": "ok"}


def half_received(data: Path) -> list[Path]:
    """Return the segments in which there is anything but whole objects: bytes of uploads that did not end."""
    return [path for path in (data / "objects").rglob("*.seg") if _has_rest(path)]


def _has_rest(path: Path) -> bool:
    content = path.read_bytes()
    with path.open("rb") as file:
        ends = [(record.start, record.start + HEADER_SIZE + record.length) for record in records(file.fileno())]
    starts = [start for start, _ in ends] + [len(content)]
    return any(any(content[end:start]) for end, start in zip([0, *(end for _, end in ends)], starts, strict=True))


def run(server: Serving, *arguments: str) -> tuple[int, Any]:
    """Run isocenter on the server's data; return its exit code and what it printed as JSON."""
    command = [*server.program, *arguments, "--json", "--data", str(server.data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def fsck(server: Serving) -> dict[str, Any]:
    """Check everything deeply; return the report."""
    report: dict[str, Any] = run(server, "fsck", "--deep")[1]
    return report


def process_status(server: Serving, name: str) -> int:
    """Return a number of /proc: ``VmRSS`` and ``VmHWM`` in bytes, ``Threads`` as it is."""
    assert server.process is not None
    text = Path(f"/proc/{server.process.pid}/status").read_text()
    value, *unit = next(line for line in text.splitlines() if line.startswith(f"{name}:")).split()[1:]
    return int(value) * (1024 if unit == ["kB"] else 1)


def reset_peak(server: Serving) -> None:
    """Make VmHWM begin anew from what is resident now."""
    assert server.process is not None
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One server for all tests of a module."""
    serving = Serving(tmp_path_factory.mktemp("faults") / "data", ("--durability", "os")).start()
    yield serving
    if serving.process is not None:
        assert serving.stop() == 0
