"""A power cut amid corrections: a study is as it was or corrected, all of it, and what was acknowledged stays so.

``ISOCENTER_KILLS`` sets how often (2 in the ordinary run).
"""

import contextlib
import json
import os
import random
import threading
import urllib.error
from collections.abc import Callable
from http.client import HTTPException
from typing import Any
from urllib.request import Request, urlopen

from .conftest import Serving, fsck, image, part10, stow, uid_of

KILLS = int(os.environ.get("ISOCENTER_KILLS", "2"))
OBJECTS = 60
STUDY = "2.25.7"
PATH = f"/api/studies/{STUDY}/corrections"


def post(server: Serving, path: str, body: dict[str, Any]) -> bool:
    """Tell whether a correction was acknowledged."""
    request = Request(server.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with contextlib.suppress(urllib.error.URLError, HTTPException, ConnectionError), urlopen(request, timeout=60):
        return True
    return False


def patient(server: Serving) -> str:
    """Return the PatientID that all objects have."""
    found = server.json(f"/dicom-web/studies/{STUDY}/metadata")
    assert len(found) == OBJECTS
    (said,) = {each["00100020"]["Value"][0] for each in found}
    (listed,) = server.json(f"/dicom-web/studies?StudyInstanceUID={STUDY}")
    assert listed["00100020"]["Value"] == [said]
    return str(said)


def test_a_study_is_corrected_whole_or_not_at_all(serving: Callable[..., Serving]) -> None:
    server = serving("--settle-seconds", "0.001").start()
    rng = random.Random(7)
    files = (part10(image(7, n, rng.randbytes(60_000)), uid_of(7, n)) for n in range(OBJECTS))
    assert stow(server, *files)[0] == 200
    known, acknowledged = patient(server), threading.Event()

    def correct(wanted: str) -> None:
        if post(server, PATH, {"values": {"PatientID": wanted, "PatientName": f"Kill^{wanted}"}}):
            acknowledged.set()

    for number in range(KILLS):
        acknowledged.clear()
        wanted = f"K{number}"
        thread = threading.Thread(target=correct, args=(wanted,))
        thread.start()
        acknowledged.wait(rng.uniform(0.0, 0.6))  # the moment of the power cut
        was_acknowledged = acknowledged.is_set()
        server.kill()
        thread.join(60)
        server.start()
        found = patient(server)
        assert found == wanted if was_acknowledged else found in {known, wanted}
        known = found
        assert server.json("/api/conflicts") == []
    history = server.json(PATH)["corrections"]
    for each in reversed(history):
        assert post(server, f"{PATH}/{each['id']}/put-back", {})
    assert patient(server) == "F7"
    assert server.stop() == 0
    assert fsck(server)["findings"] == []
