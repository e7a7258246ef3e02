"""Corrections over HTTP: every way out says the same afterwards, the history tells, and all can be put back."""

import logging
from collections.abc import Callable

import pytest

from isocenter.archive import Archive

from .conftest import STUDY, Client, ct

PATH = f"/api/studies/{STUDY}/corrections"


@pytest.fixture
def stored(archive: Archive, store: Callable[..., None]) -> None:
    """A study to whose objects nobody adds any more."""
    store(ct(1), ct(2))
    with archive.index.database.write() as transaction:
        transaction.change("UPDATE instance SET received = received - 60000", {})


@pytest.mark.usefixtures("stored")
def test_corrected_and_put_back(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "isocenter.web.corrections")
    before = client.get(PATH).json()
    assert (before["version"], before["corrections"], before["values"]["PatientID"]) == (0, [], "P1")
    etag = client.get(f"/dicom-web/studies/{STUDY}/metadata").headers["etag"]
    body = {"values": {"PatientID": "P2", "PatientName": "Roe^Richard"}, "reason": "wrong patient", "version": 0}
    answer = client.request("POST", PATH, json=body)
    assert answer.status_code == 201
    made = answer.json()
    assert made["changes"]["PatientID"] == {"before": "P1", "after": "P2"}
    assert (made["objects"], made["reason"], made["reversible"]) == (2, "wrong patient", True)
    assert "PatientID" in caplog.text
    assert "Roe" not in caplog.text
    (found,) = client.get("/dicom-web/studies?PatientID=P2").json()
    assert found["00100010"]["Value"][0]["Alphabetic"] == "Roe^Richard"
    assert client.get("/dicom-web/studies?PatientID=P1").status_code == 204
    metadata = client.get(f"/dicom-web/studies/{STUDY}/metadata")
    assert metadata.headers["etag"] != etag
    assert {each["00100020"]["Value"][0] for each in metadata.json()} == {"P2"}
    file = client.get(f"/dicom-web/studies/{STUDY}").content
    assert file.count(b"Roe^Richard") == 2
    back = client.request("POST", f"{PATH}/{made['id']}/put-back", json={"version": made["id"]})
    assert (back.status_code, back.json()["undone"]) == (201, made["id"])
    after = client.get(PATH).json()
    assert after["values"] == before["values"]
    assert [each["reversible"] for each in after["corrections"]] == [False, True]


@pytest.mark.usefixtures("stored")
def test_refused(client: Client) -> None:
    def status(body: object, path: str = PATH) -> int:
        return int(client.request("POST", path, json=body).status_code)

    assert status({"values": {"Modality": "MR"}}) == 400
    assert status({"values": {}}) == 400
    assert status({"values": {"PatientBirthDate": "yesterday"}}) == 400
    assert status({"values": {"PatientID": "P2"}, "version": 7}) == 412
    assert status({"values": {"PatientID": "P2"}}, "/api/studies/1.2.99/corrections") == 404
    assert status({}, f"{PATH}/1/put-back") == 404
    assert client.get("/api/studies/1.2.99/corrections").status_code == 404


def test_a_study_that_is_arriving(client: Client, store: Callable[..., None]) -> None:
    store(ct(1))
    answer = client.request("POST", PATH, json={"values": {"PatientID": "P2"}})
    assert answer.status_code == 409
    assert "still arriving" in answer.json()["error"]["message"]
