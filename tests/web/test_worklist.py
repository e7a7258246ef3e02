"""The modality worklist in the management API."""

from typing import Any

import pytest

from .conftest import Client

FLAT = {
    "PatientName": "Müller^Jörg", "PatientID": "4711", "Modality": "CT", "ScheduledStationAETitle": "CT1",
    "ScheduledProcedureStepStartDate": "20240131", "ScheduledProcedureStepStartTime": "0930",
}  # fmt: skip
STEP = {"StudyInstanceUID": "1.2", "ScheduledProcedureStepID": "S1"}


def post(client: Client, **attributes: Any) -> Any:
    return client.request("POST", "/api/worklist", json=FLAT | attributes)


def test_add_show_change_remove(client: Client) -> None:
    added = post(client, **STEP)
    assert added.status_code == 201
    entry = added.json()
    path = f"/api/worklist/{entry['id']}"
    assert (entry["status"], entry["source"]) == ("SCHEDULED", "")
    assert entry["attributes"]["PatientName"] == "Müller^Jörg"
    assert entry["attributes"]["ScheduledProcedureStepSequence"][0]["ScheduledProcedureStepID"] == "S1"
    assert entry["data_set"]["0020000D"] == {"vr": "UI", "Value": ["1.2"]}
    assert client.get(path).json() == entry
    changed = client.request("PUT", path, json=entry["data_set"] | {"00100020": {"vr": "LO", "Value": ["9"]}})
    assert (changed.status_code, changed.json()["attributes"]["PatientID"]) == (200, "9")
    assert client.request("DELETE", path).status_code == 204
    assert client.get(path).status_code == client.request("DELETE", path).status_code == 404
    assert client.request("PUT", path, json=FLAT).status_code == 404


def test_list_by_keys(client: Client) -> None:
    for number, modality in enumerate(("CT", "MR", "CT")):
        post(client, ScheduledProcedureStepID=f"S{number}", Modality=modality)
    post(client, ScheduledProcedureStepID="S3", ScheduledProcedureStepStatus="COMPLETED")

    def ids(query: str) -> list[str]:
        found = client.get(f"/api/worklist?{query}").json()
        return [e["attributes"]["ScheduledProcedureStepSequence"][0]["ScheduledProcedureStepID"] for e in found]

    assert ids("") == ["S0", "S1", "S2"]
    assert ids("Modality=CT&PatientName=muller*") == ["S0", "S2"]
    assert ids("00080060=MR") == ["S1"]
    assert ids("ScheduledProcedureStepStartDate=20240201-") == []
    assert ids("finished=true") == ["S0", "S1", "S2", "S3"]
    assert ids("limit=1&offset=1") == ["S1"]


@pytest.mark.parametrize(
    "query", ["Nonsense=1", "ScheduledProcedureStepStartDate=soon", "limit=0", "offset=-1", "finished=perhaps"]
)
def test_wrong_queries_are_refused(client: Client, query: str) -> None:
    assert client.get(f"/api/worklist?{query}").status_code == 400


@pytest.mark.parametrize(
    ("attributes", "status", "message"),
    [
        ({"PatientID": ""}, 400, "an entry needs PatientID"),
        ({"ScheduledProcedureStepStartDate": "31.1.2024"}, 400, "use a date like 20240131"),
        ({"Colour": "red"}, 400, "Colour"),
        (STEP, 409, "has this StudyInstanceUID"),
    ],
)
def test_what_is_no_entry_is_refused(client: Client, attributes: dict, status: int, message: str) -> None:
    post(client, **STEP)
    answer = post(client, **attributes)
    assert answer.status_code == status
    assert message in answer.json()["error"]["message"]
    assert len(client.get("/api/worklist").json()) == 1


@pytest.mark.parametrize("body", [b"[]", b"nonsense", b'"x"', b""])
def test_bodies_that_are_no_object_are_refused(client: Client, body: bytes) -> None:
    answer = client.request("POST", "/api/worklist", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400


def test_numbers_out_of_range_are_refused(client: Client) -> None:
    for number in ("0", "-1", "x", "9" * 30):
        assert client.get(f"/api/worklist/{number}").status_code == 400
