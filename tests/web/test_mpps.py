"""Performed procedure steps in the management API."""

from typing import Any

import pytest

from isocenter.archive import Archive
from isocenter.worklist.flat import read_attributes

from .conftest import Client


def begin(number: int, **changes: Any) -> dict[str, Any]:
    scheduled = {"StudyInstanceUID": f"1.{number}", "ScheduledProcedureStepID": f"S{number}", "AccessionNumber": "A1"}
    return read_attributes({
        "ScheduledStepAttributesSequence": [scheduled], "PatientName": "Müller^Jörg", "PatientID": "4711",
        "PerformedProcedureStepID": "P1", "PerformedStationAETitle": "CT1", "Modality": "CT",
        "PerformedProcedureStepStartDate": "20240131", "PerformedProcedureStepStartTime": "0931",
        "PerformedProcedureStepStatus": "IN PROGRESS", **changes,
    })  # fmt: skip


@pytest.fixture
def steps(archive: Archive) -> None:
    archive.performed.create("1.1", begin(1), "CT1")
    archive.performed.create("1.2", begin(2, Modality="MR"), "MR1")


def test_list_by_keys(client: Client, steps: None) -> None:
    def uids(query: str) -> list[str]:
        return [step["SOPInstanceUID"] for step in client.get(f"/api/mpps?{query}").json()]

    assert uids("") == ["1.2", "1.1"]
    assert uids("Modality=CT&PatientName=muller*") == ["1.1"]
    assert uids("StudyInstanceUID=1.2") == ["1.2"]
    assert uids("AccessionNumber=A1&ScheduledProcedureStepID=S1") == ["1.1"]
    assert uids("PerformedProcedureStepStatus=COMPLETED") == []
    assert uids("limit=1&offset=1") == ["1.1"]


def test_show(client: Client, steps: None) -> None:
    shown = client.get("/api/mpps/1.2").json()
    assert (shown["SOPInstanceUID"], shown["status"], shown["calling_aet"]) == ("1.2", "IN PROGRESS", "MR1")
    assert shown["attributes"]["ScheduledStepAttributesSequence"][0]["StudyInstanceUID"] == "1.2"
    assert shown["data_set"]["00080060"]["Value"] == ["MR"]
    assert client.get("/api/mpps/1.404").status_code == 404
    assert client.get("/api/mpps?Nonsense=1").status_code == 400
