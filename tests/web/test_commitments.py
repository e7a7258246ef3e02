"""Storage commitments in the management API."""

import time

from isocenter.archive import Archive
from isocenter.commitment import Reference

from .conftest import Client

UNKNOWN = Reference("1.2.840.10008.5.1.4.1.1.2", "1.2.404")


def test_list(client: Client, archive: Archive) -> None:
    assert client.get("/api/commitments").json() == []
    now = time.time()
    for number in (1, 2):
        held = archive.commitments.begin("CT1", f"2.25.{number}", [UNKNOWN], now)
        assert held is not None
    list(held.examine())
    held.reported(now)
    newest, first = client.get("/api/commitments").json()
    assert (newest["TransactionUID"], newest["state"], newest["objects"]) == ("2.25.2", "reported", 1)
    assert newest["failed"] == [{"SOPClassUID": UNKNOWN[0], "SOPInstanceUID": UNKNOWN[1], "reason": 0x0112}]
    assert (first["state"], first["failed"], first["calling_aet"]) == ("pending", None, "CT1")
    assert client.get("/api/commitments?limit=1&offset=1").json() == [first]
    assert client.get("/api/commitments?limit=0").status_code in {400, 422}
