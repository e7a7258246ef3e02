"""The bin over HTTP: DELETE over DICOMweb fills it, the management API lists, restores and empties it."""

from collections.abc import Callable

import pytest

from .conftest import STUDY, Client, ct

STUDIES = f"/dicom-web/studies/{STUDY}"


@pytest.fixture
def number(client: Client, store: Callable[..., None]) -> int:
    """A study that was deleted; return the number of its deletion."""
    store(ct(1), ct(2))
    assert client.request("DELETE", f"/api/studies/{STUDY}?confirm={STUDY}").status_code == 204
    (deletion,) = client.get("/api/bin").json()
    assert (deletion["StudyInstanceUID"], deletion["PatientID"], deletion["objects"]) == (STUDY, "P1", 2)
    assert deletion["expires"] > deletion["deleted"]
    return int(deletion["id"])


def test_restored(client: Client, number: int) -> None:
    assert client.get("/dicom-web/studies").status_code == 204
    assert client.get(f"{STUDIES}/metadata").status_code == 404
    answer = client.request("POST", f"/api/bin/{number}/restore")
    assert answer.json() == {"stored": 2, "duplicates": 0, "conflicts": 0, "lost": 0}
    assert len(client.get(f"{STUDIES}/metadata").json()) == 2
    assert client.get("/api/bin").json() == []
    assert client.request("POST", f"/api/bin/{number}/restore").status_code == 404


def test_emptied(client: Client, number: int) -> None:
    assert client.request("DELETE", f"/api/bin/{number}?confirm=yes").status_code == 400
    assert client.request("DELETE", f"/api/bin/{number}?confirm={number}").status_code == 204
    assert client.request("DELETE", f"/api/bin/{number}?confirm={number}").status_code == 404
    assert client.get("/api/bin").json() == []


def test_all_of_it(client: Client, number: int) -> None:
    assert client.request("DELETE", "/api/bin").status_code == 400
    assert client.request("DELETE", "/api/bin?confirm=everything").status_code == 204
    assert client.get("/api/bin").json() == []


@pytest.mark.parametrize("path", ["/api/bin/0/restore", "/api/bin/x/restore", f"/api/bin/{1 << 63}/restore"])
def test_numbers_that_are_none(client: Client, path: str) -> None:
    assert client.request("POST", path).status_code == 400
