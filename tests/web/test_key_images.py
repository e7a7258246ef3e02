"""Key images over HTTP: kept at once, refused where they are none, stored as a Key Object Selection."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import KeyObjectSelectionDocumentStorage, MultiFrameGrayscaleWordSecondaryCaptureImageStorage

from .conftest import STUDY, Client, ct
from .made_objects import made_object

PATH = f"/api/studies/{STUDY}/key-images"


def mark(number: int, series: int = 1, frame: int = 0) -> dict[str, Any]:
    uid = f"{STUDY}.{series}"
    return {"SeriesInstanceUID": uid, "SOPInstanceUID": f"{uid}.{number}", "frame": frame}


def put(client: Client, content: object, version: str = "*") -> Any:
    return client.request("PUT", PATH, json=content, headers={"if-match": version})


def test_marks_are_kept_under_a_version(client: Client, store: Callable[..., None]) -> None:
    store(ct(1), ct(2))
    assert (client.get(PATH).json(), client.get(PATH).headers["etag"]) == ([], '"0"')
    assert put(client, [mark(1), mark(2, frame=3), mark(1)], '"0"').headers["etag"] == '"1"'
    assert client.get(PATH).json() == [mark(1), mark(2, frame=3)]
    assert put(client, [], '"0"').status_code == 412
    for wrong in ({}, [1], [mark(1) | {"frame": -1}], [mark(1) | {"more": 1}], [mark(1) | {"SOPInstanceUID": "../x"}]):
        assert put(client, wrong).status_code == 400
    assert client.get(PATH).headers["etag"] == '"1"'


@pytest.mark.peer("dciodvfy")
def test_stored_as_a_key_object_selection(client: Client, store: Callable[..., None], tmp_path: Path) -> None:
    patient = {"PatientBirthDate": "19700101", "PatientSex": "M", "StudyID": "S1"}
    clip = ct(3, series=2, SOPClassUID=MultiFrameGrayscaleWordSecondaryCaptureImageStorage, NumberOfFrames=6)
    store(ct(1), ct(2, **patient), clip)
    assert client.request("POST", f"{PATH}/selection").status_code == 400
    put(client, [mark(2), mark(3, series=2, frame=4), mark(3, series=2, frame=6)])
    stored = client.request("POST", f"{PATH}/selection", json={"description": "Für Demo"})
    assert stored.status_code == 201
    made = made_object(client, tmp_path, stored.json())
    assert (made.SOPClassUID, made.Modality) == (KeyObjectSelectionDocumentStorage, "KO")
    assert (made.PatientID, made.StudyID, made.AccessionNumber) == ("P1", "S1", "A1")
    (evidence,) = made.CurrentRequestedProcedureEvidenceSequence
    named = {one.SeriesInstanceUID: len(one.ReferencedSOPSequence) for one in evidence.ReferencedSeriesSequence}
    assert named == {f"{STUDY}.1": 1, f"{STUDY}.2": 1}
    images = [one.ReferencedSOPSequence[0] for one in made.ContentSequence if one.ValueType == "IMAGE"]
    found = [(one.ReferencedSOPInstanceUID, one.get("ReferencedFrameNumber")) for one in images]
    assert found == [(f"{STUDY}.1.2", None), (f"{STUDY}.2.3", 4), (f"{STUDY}.2.3", 6)]
    assert [one.TextValue for one in made.ContentSequence if one.ValueType == "TEXT"][-1] == "Für Demo"
    assert client.get(PATH).json() == []
    put(client, [mark(9)])
    assert client.request("POST", f"{PATH}/selection").status_code == 404
    assert client.get(PATH).json() == [mark(9)]
