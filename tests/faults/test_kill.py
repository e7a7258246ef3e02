"""A power cut amid parallel stores: everything acknowledged is there afterwards, bit-identical and findable.

``ISOCENTER_KILLS`` sets how often (2 in the ordinary run).
"""

import json
import os
import random
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from isocenter.errors import IsocenterError
from isocenter.net.client import Proposal, connect
from isocenter.net.peer import Peer

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
COLOR_PALETTE = "1.2.840.10008.5.1.4.39.1"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
SENDERS = 4
KILLS = int(os.environ.get("ISOCENTER_KILLS", "2"))


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    value += (b"\0" if vr in {b"UI", b"OW"} else b" ") * (len(value) % 2)
    if vr == b"OW":
        return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def data_set(seed: int, study: int, number: int) -> tuple[str, bytes]:
    """Return the UID and the data set of one image of a random size."""
    rng = random.Random(f"{seed}.{study}.{number}")
    uid = f"2.25.{seed + 1}.{study + 1}.{number + 1}"
    elements = [
        (0x00080016, b"UI", CT_IMAGE.encode()),
        (0x00080018, b"UI", uid.encode()),
        (0x00080020, b"DA", b"20260301"),
        (0x00080060, b"CS", b"CT"),
        (0x00100010, b"PN", f"Kill^{study}".encode()),
        (0x00100020, b"LO", f"K{seed}-{study}".encode()),
        (0x0020000D, b"UI", f"2.25.{seed + 1}.{study + 1}".encode()),
        (0x0020000E, b"UI", f"2.25.{seed + 1}.{study + 1}.0".encode()),
        (0x00200013, b"IS", str(number + 1).encode()),
        (0x7FE00010, b"OW", rng.randbytes(rng.choice([64, 4096, 200_000]))),
    ]
    return uid, b"".join(element(*e) for e in elements)


def palette(seed: int, study: int, number: int) -> tuple[str, bytes]:
    """Return the UID and the data set of an object that belongs to no patient."""
    uid = f"2.25.{seed + 1}.{study + 1}.{number + 1}"
    elements = [
        (0x00080016, b"UI", COLOR_PALETTE.encode()),
        (0x00080018, b"UI", uid.encode()),
        (0x00281201, b"OW", random.Random(uid).randbytes(768)),
        (0x00700080, b"CS", f"P{number}".encode()),
    ]
    return uid, b"".join(element(*e) for e in elements)


class Sender(threading.Thread):
    """Sends one study until the connection breaks, and remembers what was acknowledged."""

    sop_class = CT_IMAGE
    data_set = staticmethod(data_set)

    def __init__(self, port: int, seed: int, study: int, started: threading.Event) -> None:
        super().__init__(daemon=True)
        self.port, self.seed, self.study, self.started = port, seed, study, started
        self.acknowledged: dict[str, bytes] = {}

    def run(self) -> None:
        peer = Peer("ISOCENTER", "127.0.0.1", self.port)
        number = 0
        try:
            with connect(peer, [Proposal(self.sop_class, (EXPLICIT_LITTLE,))]) as association:
                while number < 5000:
                    uid, content = self.data_set(self.seed, self.study, number)
                    response = association.store(
                        content, sop_class_uid=self.sop_class, sop_instance_uid=uid, transfer_syntax_uid=EXPLICIT_LITTLE
                    )
                    if response.Status == 0:
                        self.acknowledged[uid] = content
                    self.started.set()
                    number += 1
        except IsocenterError:
            self.started.set()


class PaletteSender(Sender):
    """Sends objects that belong to no patient."""

    sop_class = COLOR_PALETTE
    data_set = staticmethod(palette)


def fsck(data: Any) -> dict[str, Any]:
    command = [sys.executable, "-m", "isocenter", "fsck", "--deep", "--json", "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.mark.parametrize("seed", range(KILLS))
@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_acknowledged_is_lost(serving: Callable[..., Any], seed: int, workers: int) -> None:
    server = serving("--workers", str(workers)).start()
    started = threading.Event()
    senders = [Sender(server.dicom_port, seed, study, started) for study in range(SENDERS)]
    palettes_started = threading.Event()
    palettes = PaletteSender(server.dicom_port, seed, SENDERS, palettes_started)
    for sender in (*senders, palettes):
        sender.start()
    assert started.wait(30)
    assert palettes_started.wait(30)
    threading.Event().wait(random.Random(seed).uniform(0.0, 0.5))  # the moment of the power cut
    server.kill()
    for sender in (*senders, palettes):
        sender.join(30)
    server.start()
    for sender in senders:
        study = f"2.25.{seed + 1}.{sender.study + 1}"
        instances = server.json(f"/dicom-web/studies/{study}/instances") if sender.acknowledged else []
        found = {i["00080018"]["Value"][0] for i in instances}
        assert set(sender.acknowledged) <= found
        for uid, content in sender.acknowledged.items():
            path = f"/dicom-web/studies/{study}/series/{study}.0/instances/{uid}"
            body = server.get(path, 'multipart/related; type="application/dicom"; transfer-syntax=*')
            assert content in body
    for uid, content in palettes.acknowledged.items():
        assert server.get(f"/dicom-web/color-palettes/{uid}", "application/dicom").endswith(content)
    assert server.stop() == 0
    assert sum(len(s.acknowledged) for s in senders) > 0
    assert palettes.acknowledged
    fsck(server.data)
