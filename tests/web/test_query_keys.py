"""Keys of the site in the management API, and in searches."""

from collections.abc import Callable

import pytest

from isocenter.archive import Archive, Level

from .conftest import Client, ct

REQUEST = "RequestAttributesSequence.ScheduledProcedureStepID"


@pytest.fixture
def filled(store: Callable[..., None]) -> None:
    """Two studies, one with a comment."""
    store(ct(1, ImageComments="seen"), ct(1, study="1.2.826.2", PatientID="P2"))


def put(client: Client, path: str, **body: str) -> int:
    return client.request("PUT", f"/api/query-keys/{path}", json=body).status_code


def test_add_list_remove(client: Client, archive: Archive, filled: None) -> None:
    assert client.get("/api/query-keys").json() == []
    assert put(client, "Exposure", level="series") == 200
    assert put(client, "0099xx01:A%2FB 1.0", level="study", vr="LO") == 200
    first, second = client.get("/api/query-keys").json()
    assert first == {
        "level": "series", "vr": "IS", "path": "00181152", "name": "Exposure", "ready": False, "progress": 0.0,
    }  # fmt: skip
    assert second["path"] == "0099xx01:A/B 1.0"
    assert archive.reindexing.run()
    assert [each["progress"] for each in client.get("/api/query-keys").json()] == [1.0, 1.0]
    again = client.request("POST", "/api/query-keys/reindex")
    assert (again.status_code, again.json()[0]["ready"]) == (202, False)
    assert client.request("DELETE", "/api/query-keys/0099xx01:A%2FB 1.0").status_code == 204
    assert client.request("DELETE", "/api/query-keys/KVP").status_code == 404
    assert put(client, "PatientName", level="study") == 400
    assert put(client, "KVP", level="world") in {400, 422}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("ImageComments=*", 2),
        ("ImageComments=%22%22", 1),
        ("ImageComments=se*", 1),
        ("00204000=x", 0),
        (f"{REQUEST}=S1", 0),
    ],
)
def test_searches(client: Client, archive: Archive, filled: None, query: str, count: int) -> None:
    archive.site_keys.add("ImageComments", Level.STUDY)
    archive.site_keys.add(REQUEST, Level.SERIES)
    archive.reindexing.run()
    response = client.get(f"/dicom-web/studies?{query}")
    assert "warning" not in response.headers
    assert len(response.json() if response.content else []) == count


def test_included_fields(client: Client, archive: Archive, filled: None) -> None:
    archive.site_keys.add("ImageComments", Level.STUDY)
    archive.site_keys.add(REQUEST, Level.SERIES)
    archive.reindexing.run()
    for include, tags in (
        ("ImageComments", {"00204000"}),
        ("all", {"00204000"}),
        ("", set()),
    ):
        (first, *_) = client.get(f"/dicom-web/studies?includefield={include}").json()
        assert {"00204000", "00400275"} & set(first) == tags
    for include in (REQUEST, "RequestAttributesSequence"):
        (first, *_) = client.get(f"/dicom-web/series?includefield={include}").json()
        assert first["00400275"] == {"vr": "SQ"}


def test_others_are_ignored_as_before(client: Client, filled: None) -> None:
    assert "ImageComments" in client.get("/dicom-web/studies?ImageComments=x").headers["warning"]
