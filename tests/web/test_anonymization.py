"""De-identification in the management API: projects without keys, jobs, previews, downloads."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import SecondaryCaptureImageStorage

from isocenter.anonymizing.jobs import Jobs
from isocenter.anonymizing.worker import Worker
from isocenter.archive import Archive
from isocenter.settings import Settings

from .conftest import STUDY, Client, ct

BASE = "/api/anonymization"


@pytest.fixture
def work(archive: Archive, settings: Settings) -> Callable[[], int]:
    return lambda: Worker(Jobs(archive, Path(settings.data))).work()


@pytest.fixture
def project(client: Client, store: Callable[..., None]) -> str:
    """A project, and a study of two slices and a screen."""
    screen = ct(9, 2, SOPClassUID=SecondaryCaptureImageStorage, SeriesDescription="Screen")
    store(ct(1), ct(2), screen)
    body = {"name": "trial", "profile": "research", "comment": "for the core lab"}
    assert client.request("POST", f"{BASE}/projects", json=body).status_code == 201
    return "trial"


def add(client: Client, **body: object) -> dict:
    answer = client.request("POST", f"{BASE}/jobs", json={"project": "trial", "studies": [STUDY], **body})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_projects_and_their_statement_never_tell_the_key(client: Client, project: str, settings: Settings) -> None:
    secret = (Path(settings.data) / "projects" / project / "key").read_text().split()[-1]
    (listed,) = client.get(f"{BASE}/projects").json()
    assert (listed["name"], listed["profile"], listed["keep"]) == ("trial", "research", [])
    answers = [client.get(f"{BASE}/projects{path}") for path in ("", "/trial", "/trial/statement", "/trial/events")]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert answers[1].json()["digest"] == listed["digest"]
    assert "conformance statement" in answers[2].text
    assert not [answer for answer in answers if secret[:16] in answer.text]
    assert client.request("POST", f"{BASE}/projects", json={"name": "trial"}).status_code == 400
    assert client.request("POST", f"{BASE}/projects", json={"name": "x", "keep": ["faces"]}).status_code == 400
    faceless = client.request("POST", f"{BASE}/projects", json={"name": "faceless", "deface": True}).json()
    assert (faceless["deface"], listed["deface"]) == (True, False)
    assert "Faces are taken out of head" in client.get(f"{BASE}/projects/faceless/statement").text
    assert client.get(f"{BASE}/choices").json()["profiles"][0] == {"name": "basic", "options": []}


def test_a_job_its_report_and_its_zip(client: Client, project: str, work: Callable[[], int]) -> None:
    job = add(client)
    path = f"{BASE}/jobs/{job['id']}"
    assert (job["state"], job["objects"], job["counts"]["left"]) == ("waiting", 3, 3)
    assert client.get(f"{path}/zip").status_code == 404
    work()
    ended = client.get(path).json()
    assert (ended["state"], ended["done"]) == ("done", 3)
    assert ended["counts"] == {"output": 2, "unchanged": 0, "sequestered": 1, "rejected": 0, "left": 0}
    (study,) = ended["studies"]
    assert study["not_written"][0]["SOPInstanceUID"] == f"{STUDY}.2.9"
    (becomes,) = study["becomes"]
    answer = client.get(f"{path}/zip")
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        objects = [pydicom.dcmread(io.BytesIO(archive.read(name))) for name in names if name.endswith(".dcm")]
    assert {each.StudyInstanceUID for each in objects} == {becomes}
    assert "reports/summary.csv" in names
    assert b"Muster" not in answer.content
    assert STUDY.encode() + b"." not in answer.content
    for part, words in (("summary", "<h1>De-identification"), ("summary.csv", "outcome,,,output,,,2,")):
        report = client.get(f"{path}/{part}").text
        assert words in report
        assert STUDY not in report
    assert client.get(f"{BASE}/jobs").json()[0]["id"] == job["id"]
    assert client.get(f"{BASE}/projects/trial/events").json()[0]["who"] == {"way": "web", "address": "127.0.0.1"}
    assert client.request("DELETE", f"{path}?confirm=no").status_code == 400
    assert client.request("DELETE", f"{path}?confirm={job['id']}").status_code == 204
    assert client.get(path).status_code == 404


def test_cancelled_and_resumed(client: Client, project: str, work: Callable[[], int]) -> None:
    path = f"{BASE}/jobs/{add(client)['id']}"
    assert client.request("POST", f"{path}/cancel").json()["state"] == "cancelled"
    assert client.request("POST", f"{path}/cancel").status_code == 400
    assert client.request("POST", f"{path}/resume").json()["state"] == "waiting"
    work()
    assert client.get(path).json()["state"] == "done"


def test_preview_shows_before_after_why_and_what_is_caught(client: Client, project: str) -> None:
    slices, screen = client.get(f"{BASE}/preview/{STUDY}?project=trial").json()
    assert (screen["Modality"], screen["SeriesDescription"]) == ("CT", "Screen")
    assert (slices["reason"], slices["objects"], slices["SOPInstanceUID"]) == ("", 2, f"{STUDY}.1.2")
    assert (screen["decision"], screen["rows"], screen["columns"], screen["boxes"]) == (True, 6, 8, None)
    assert "secondary capture" in screen["reason"]
    for series in (slices, screen):
        path = f"{BASE}/preview/{STUDY}/series/{series['SeriesInstanceUID']}?project=trial"
        rows = {row["name"]: row for row in client.get(path).json()["header"]}
        name = rows["Patient's Name"]
        assert (name["before"], name["change"]) == ("Muster^Max", "changed")
        assert "Table E.1-1" in name["why"]
    first = client.get(f"{BASE}/preview/{STUDY}/series/{STUDY}.1?project=trial&at=0").json()
    assert first["SOPInstanceUID"] == f"{STUDY}.1.1"
    assert client.get(f"{BASE}/preview/{STUDY}?project=none").status_code == 404
    assert client.get(f"{BASE}/preview/1.2.3?project=trial").status_code == 404


def test_approved_boxes_let_a_picture_out(client: Client, project: str, work: Callable[[], int]) -> None:
    area = {"rows": 6, "columns": 8, "boxes": [[0, 0, 8, 1]]}
    job = add(client, areas={f"{STUDY}.2": area}, target="archive")
    work()
    shown = client.get(f"{BASE}/jobs/{job['id']}").json()
    assert shown["counts"]["output"] == 3
    made = client.get(f"/dicom-web/studies/{shown['studies'][0]['becomes'][0]}/instances").json()
    assert len(made) == 3
    wrong = {**area, "boxes": [[0, 0, 9, 1]]}
    body = {"project": "trial", "studies": [STUDY], "areas": {f"{STUDY}.2": wrong}}
    assert client.request("POST", f"{BASE}/jobs", json=body).status_code == 400


def test_a_preview_says_that_no_face_can_be_taken_out(client: Client, project: str) -> None:
    client.request("POST", f"{BASE}/projects", json={"name": "faceless", "deface": True})
    path = f"{BASE}/preview/{STUDY}/series/{STUDY}.1"
    with_face = client.get(f"{path}?project=trial").json()
    without = client.get(f"{path}?project=faceless").json()
    assert (with_face["reason"], bool(with_face["header"])) == ("", True)
    assert ("volume" in without["reason"], without["header"]) == (True, [])
    listed = client.get(f"{BASE}/preview/{STUDY}?project=faceless").json()
    assert ("volume" in listed[0]["reason"], listed[0]["decision"]) == (True, False)
    assert "face" not in listed[1]["reason"]
