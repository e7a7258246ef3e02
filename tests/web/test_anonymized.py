"""``?anonymize=PROJECT``: nothing original in bodies, fields and names; what is left out is told."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pydicom
import pytest
from pydicom.uid import SecondaryCaptureImageStorage

from isocenter.anonymizing.audit import events
from isocenter.anonymizing.projects import Facts, KeptProject, Projects
from isocenter.settings import Settings

from .conftest import STUDY, Client, ct, parts_of

DICOM = 'multipart/related; type="application/dicom"'
PATH = f"/dicom-web/studies/{STUDY}"


@pytest.fixture
def project(settings: Settings, store: Callable[..., None]) -> KeptProject:
    """A project; two slices and a screen in one study."""
    store(ct(1), ct(2), ct(9, 2, SOPClassUID=SecondaryCaptureImageStorage))
    return Projects(Path(settings.data)).add(Facts("trial", "research"))


def nothing_original(answer: httpx.Response) -> bool:
    whole = answer.content + str(answer.headers).encode()
    return not any(word in whole for word in (b"Muster", b"House", b"1.2.826.1.", b"1.2.826.1\0"))


def test_a_study_in_parts_tells_what_is_left_out(client: Client, project: KeptProject) -> None:
    answer = client.get(f"{PATH}?anonymize=trial")
    assert answer.status_code == 206
    assert "1 of 3 objects" in answer.headers["warning"]
    parts = parts_of(answer)
    read = [pydicom.dcmread(io.BytesIO(body)) for _, body in parts]
    assert [each.InstanceNumber for each in read] == [1, 2]
    assert {each.PatientIdentityRemoved for each in read} == {"YES"}
    assert all("content-location" not in {name.lower() for name in headers} for headers, _ in parts)
    assert nothing_original(answer)
    (event,) = events(project.folder)
    assert (event["what"], event["counts"]) == ("WADO-RS", {"output": 2, "sequestered": 1})
    assert event["who"] == {"way": "web", "address": "127.0.0.1"}


def test_series_and_instance_are_whole(client: Client, project: KeptProject) -> None:
    series = client.get(f"{PATH}/series/{STUDY}.1?anonymize=trial")
    single = client.get(f"{PATH}/series/{STUDY}.1/instances/{STUDY}.1.2?anonymize=trial", accept="application/dicom")
    assert (series.status_code, single.status_code) == (200, 200)
    assert parts_of(series)[1][1] == single.content
    assert int(single.headers["content-length"]) == len(single.content)
    assert "etag" not in single.headers
    assert nothing_original(single)


def test_a_zip_has_reports_and_no_original_name(client: Client, project: KeptProject) -> None:
    answer = client.get(f"{PATH}?anonymize=trial", accept="application/zip")
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        objects = [name for name in archive.namelist() if name.endswith(".dcm")]
        summary = json.loads(archive.read("reports/summary.json"))
        first = pydicom.dcmread(io.BytesIO(archive.read(objects[0])))
    assert objects[0].split("/")[:2] == [first.PatientID, first.StudyInstanceUID]
    assert (summary["output"], summary["sequestered"], len(objects)) == (2, 1, 2)
    assert nothing_original(answer)


def test_large_objects_go_by_a_file(client: Client, project: KeptProject, monkeypatch: pytest.MonkeyPatch) -> None:
    path = f"{PATH}/series/{STUDY}.1?anonymize=trial"
    in_memory = [body for _, body in parts_of(client.get(path))]
    monkeypatch.setattr("isocenter.web.anonymized._IN_MEMORY", 10)
    assert [body for _, body in parts_of(client.get(path))] == in_memory


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        (f"{PATH}?anonymize=none", "*/*", 404), (f"{PATH}?anonymize=", "*/*", 404),
        (f"{PATH}/series/{STUDY}.2?anonymize=trial", "*/*", 406),
        (f"{PATH}?anonymize=trial&dicomdir=true", "application/zip", 400),
        (f"{PATH}?anonymize=trial", f"{DICOM}; transfer-syntax=1.2.840.10008.1.2.5", 406),
        (f"{PATH}/metadata?anonymize=trial", "*/*", 400), (f"{PATH}/series?anonymize=trial", "*/*", 400),
        (f"{PATH}/series/{STUDY}.1/instances/{STUDY}.1.1/frames/1?anonymize=trial", "*/*", 400),
        (f"{PATH}/thumbnail?%61nonymize=trial", "*/*", 400), ("/dicom-web/studies?anonymize=trial", "*/*", 400),
    ],
)  # fmt: skip
def test_nothing_original_is_given_instead(
    client: Client, project: KeptProject, path: str, accept: str, status: int
) -> None:
    answer = client.get(path, accept=accept)
    assert answer.status_code == status
    assert nothing_original(answer)


MISSPELT = ("anonymise", "Anonymize", "anonymized", "anoynimze", "annonymize", "anonimize", "deidentify", "de-id",
            "deid_project", "pseudonymize", "%61nonymise", "anonymize%20")  # fmt: skip


@pytest.mark.parametrize("path", [PATH, f"{PATH}/metadata", "/dicom-web/studies", "/api/anonymization/projects"])
def test_a_misspelt_parameter_is_refused(client: Client, project: KeptProject, path: str) -> None:
    for name in MISSPELT:
        answer = client.get(f"{path}?{name}=trial", accept="*/*")
        assert (answer.status_code, "are had by anonymize=" in answer.text) == (400, True), (name, answer.text)
        assert nothing_original(answer)


def test_other_parameters_mean_what_they_mean(client: Client, project: KeptProject) -> None:
    for query in ("_=1", "organize=1", "annotation=patient"):
        assert client.get(f"{PATH}?{query}").status_code == 200, query
    keys = ("DeidentificationMethod", "DeidentificationMethodCodeSequence.CodeValue", "00120063")
    for query in (*(f"{key}=x" for key in keys), "PatientIdentityRemoved=YES", "limit=1"):
        assert client.get(f"/dicom-web/studies?{query}").status_code in {200, 204}, query
