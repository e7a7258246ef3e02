"""QIDO-RS: reading the query, the shape of answers, what is told about what was not understood."""

import time
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from pydicom.uid import ComprehensiveSRStorage, XRayRadiationDoseSRStorage
from starlette.datastructures import QueryParams

from isocenter.archive import Archive
from isocenter.editing import By
from isocenter.errors import UsageError
from isocenter.index.query import Level
from isocenter.web import qido
from isocenter.web.qido import read_search

from .conftest import DICOM_JSON, STUDY, Client, ct, parts_of

OTHER = "1.2.826.2"
XML = 'multipart/related; type="application/dicom+xml"'


@pytest.fixture
def filled(store: Callable[..., None]) -> None:
    """Two studies: one of two series of two and one, one of another patient."""
    store(ct(1), ct(2), ct(3, series=2, Modality="MR"))
    store(ct(1, study=OTHER, PatientName="Beispiel^Erika", PatientID="P2", StudyDate="20230506", AccessionNumber="B7"))


def uids(client: Client, path: str, tag: str = "0020000D") -> list[str]:
    answer = client.get(f"/dicom-web{path}", accept=DICOM_JSON)
    assert answer.status_code in {200, 204}, answer.text
    return [item[tag]["Value"][0] for item in answer.json()] if answer.content else []


def test_studies_have_the_attributes_of_the_standard(client: Client, filled: None) -> None:
    answer = client.get("/dicom-web/studies?PatientID=P1")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == DICOM_JSON
    (study,) = answer.json()
    assert list(study) == sorted(study)
    assert study["0020000D"] == {"vr": "UI", "Value": [STUDY]}
    assert study["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Muster^Max"}]}
    assert study["00080061"] == {"vr": "CS", "Value": ["CT", "MR"]}
    assert study["00201206"] == {"vr": "IS", "Value": [2]}
    assert study["00201208"] == {"vr": "IS", "Value": [3]}
    assert study["00081190"] == {"vr": "UR", "Value": [f"http://127.0.0.1:8080/dicom-web/studies/{STUDY}"]}
    assert study["00080056"] == {"vr": "CS", "Value": ["ONLINE"]}
    required = {"00080020", "00080030", "00080050", "00080090", "00100020", "00100030", "00100040", "00200010"}
    assert required <= set(study)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [STUDY, OTHER]),
        ("?PatientName=Muster*", [STUDY]),
        ("?PatientName=m?ster%5EMAX", [STUDY]),
        ("?00100010=Beispiel%5EErika", [OTHER]),
        ("?PatientName=max&fuzzymatching=true", [STUDY]),
        ("?StudyDate=20240101-20241231", [STUDY]),
        ("?StudyDate=-20231231", [OTHER]),
        (f"?StudyInstanceUID={STUDY},{OTHER}", [STUDY, OTHER]),
        (f"?StudyInstanceUID={STUDY}%5C{OTHER}", [STUDY, OTHER]),
        (f"?StudyInstanceUID={OTHER}&StudyInstanceUID=1.9", [OTHER]),
        ("?AccessionNumber=B7", [OTHER]),
        ("?ModalitiesInStudy=MR", [STUDY]),
        ("?PatientID=", [STUDY, OTHER]),
        ("?PatientID=nobody", []),
        ("?AccessionNumber=B7&AccessionNumber=B8&multiplevaluematching=true", [OTHER]),
        ("?AccessionNumber=%22%22&emptyvaluematching=true", []),
        ("?StudyDate=-20231231&TimezoneOffsetFromUTC=%2B0100", [OTHER]),
        ("?StudyDate=-20231231&TimezoneOffsetFromUTC=+0100", [OTHER]),
        ("?limit=1", [STUDY]),
        ("?limit=1&offset=1", [OTHER]),
        ("?limit=0", []),
        ("?offset=5", []),
        ("?limit=101&offset=0&fuzzymatching=false&StudyInstanceUID=&00100020=", [STUDY, OTHER]),
    ],
)
def test_matching(client: Client, filled: None, query: str, found: list[str]) -> None:
    assert uids(client, f"/studies{query}") == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("orderby=PatientName", [OTHER, STUDY]),
        ("orderby=-PatientName", [STUDY, OTHER]),
        ("orderby=StudyDate", [OTHER, STUDY]),
        ("orderby=00080020&limit=1", [OTHER]),
        ("orderby=PatientSex,-PatientID", [OTHER, STUDY]),
        ("orderby=PatientSex&orderby=PatientID", [STUDY, OTHER]),
    ],
)
def test_order(client: Client, filled: None, query: str, found: list[str]) -> None:
    assert uids(client, f"/studies?{query}") == found


def test_order_of_other_levels(client: Client, filled: None) -> None:
    series, instances = f"/studies/{STUDY}/series", f"/studies/{STUDY}/instances"
    assert uids(client, f"{series}?orderby=-SeriesNumber", "0020000E") == [f"{STUDY}.2", f"{STUDY}.1"]
    assert uids(client, "/series?orderby=PatientName,Modality", "0020000E")[0] == f"{OTHER}.1"
    found = uids(client, f"{instances}?orderby=Modality,-InstanceNumber", "00080018")
    assert found == [f"{STUDY}.1.2", f"{STUDY}.1.1", f"{STUDY}.2.3"]


def test_states(client: Client, archive: Archive, store: Callable[..., None]) -> None:
    """What is arriving, contradicts, was corrected, or has a report or key images; a dose report is none."""
    sr = {"study": OTHER, "PatientName": "Beispiel^Erika", "PatientID": "P2", "Modality": "SR"}
    store(ct(1), ct(2, study=OTHER, PatientName="Beispiel^Erika", PatientID="P2"))
    store(ct(3, series=2, **sr, SOPClassUID=XRayRadiationDoseSRStorage))

    def found(state: str, path: str = "/studies") -> list[str]:
        return uids(client, f"{path}?status={state}")

    assert sorted(found("arriving")) == [STUDY, OTHER]
    archive.settle(time.time() + 3600)
    assert [found(state) for state in ("arriving", "conflict", "corrected", "report", "key-images")] == [[]] * 5
    store(ct(4, series=3, **sr, SOPClassUID=ComprehensiveSRStorage), ct(5, series=4, **sr | {"Modality": "KO"}))
    store(ct(1, Rows=7))
    assert [found(state) for state in ("arriving", "report", "key-images", "conflict")] == [[OTHER]] * 3 + [[STUDY]]
    assert found("report", "/series") == [OTHER] * 4  # what belongs to these studies
    archive.settle(time.time() + 7200)
    archive.editing.edit(OTHER, {"StudyDescription": "Other"}, By("me", "typo"), time.time() + 7200)
    assert found("corrected") == [OTHER]
    refused = client.get("/dicom-web/studies?status=asleep")
    assert refused.status_code == 400
    assert "status must be arriving, conflict" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/studies?orderby=Modality", "cannot be ordered"),
        ("/studies?orderby=NumberOfStudyRelatedSeries", "cannot be ordered"),
        (f"/studies/{STUDY}/instances?orderby=SOPClassUID", "cannot be ordered"),
        ("/instances?orderby=InstanceNumber", "name it"),
        ("/studies?orderby=KVP", "not kept"),
        ("/studies?orderby=--StudyDate", "neither an attribute"),
        ("/studies?orderby=" + ",".join(["StudyDate"] * 9), "8 are allowed"),
    ],
)
def test_what_cannot_be_ordered_by(client: Client, path: str, message: str) -> None:
    answer = client.get(f"/dicom-web{path}")
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "tag", "found"),
    [
        (f"/studies/{STUDY}/series", "0020000E", [f"{STUDY}.1", f"{STUDY}.2"]),
        (f"/studies/{STUDY}/series?Modality=MR", "0020000E", [f"{STUDY}.2"]),
        (f"/series?StudyInstanceUID={OTHER}", "0020000E", [f"{OTHER}.1"]),
        (f"/studies/{STUDY}/instances", "00080018", [f"{STUDY}.1.1", f"{STUDY}.1.2", f"{STUDY}.2.3"]),
        (f"/studies/{STUDY}/series/{STUDY}.1/instances", "00080018", [f"{STUDY}.1.1", f"{STUDY}.1.2"]),
        (f"/studies/{STUDY}/series/{STUDY}.1/instances?InstanceNumber=2", "00080018", [f"{STUDY}.1.2"]),
        (f"/instances?SOPInstanceUID={STUDY}.2.3", "00080018", [f"{STUDY}.2.3"]),
        (f"/studies/{OTHER}/series/{STUDY}.1/instances", "00080018", []),
    ],
)
def test_levels(client: Client, filled: None, path: str, tag: str, found: list[str]) -> None:
    assert uids(client, path, tag) == found


def test_retrieve_addresses_lead_to_the_thing(client: Client, filled: None) -> None:
    (instance,) = client.get(f"/dicom-web/instances?SOPInstanceUID={STUDY}.2.3").json()
    address = instance["00081190"]["Value"][0]
    assert address.endswith(f"/studies/{STUDY}/series/{STUDY}.2/instances/{STUDY}.2.3")
    assert client.get(address, accept="application/dicom").status_code == 200


def test_nothing_found_is_204(client: Client, filled: None) -> None:
    answer = client.get("/dicom-web/studies?PatientID=nobody")
    assert (answer.status_code, answer.content) == (204, b"")


def test_includefield(client: Client, filled: None) -> None:
    path = f"/dicom-web/studies/{STUDY}/series"
    assert "00080070" not in client.get(path).json()[0]
    assert "00080070" in client.get(f"{path}?includefield=Manufacturer").json()[0]
    several = client.get(f"{path}?includefield=00080070,00081030&includefield=PatientID").json()[0]
    assert {"00080070", "00081030", "00100020"} <= set(several)
    assert {"00080070", "00081090"} <= set(client.get(f"{path}?includefield=all").json()[0])
    sequences = "includefield=RequestAttributesSequence,00400275.00400007"  # not kept: left out
    assert client.get(f"{path}?{sequences}").json() == client.get(path).json()


@pytest.mark.parametrize(
    "query",
    [
        "limit=x", "limit=-1", "limit=1.5", "offset=-1", "fuzzymatching=maybe", "Nonsense=1", "001000=1",
        "TimezoneOffsetFromUTC=CET",
        "includefield=Nonsense", "PatientID=a&00100020=b", "PatientID=a&PatientID=b", "limit=1e9", "limit=%D9%A1",
    ],
)  # fmt: skip
def test_nonsense_is_400_with_a_message(client: Client, query: str) -> None:
    answer = client.get(f"/dicom-web/studies?{query}")
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "UsageError"
    assert error["message"]


def test_keys_that_are_not_kept_are_ignored_with_a_warning(client: Client, filled: None) -> None:
    answer = client.get("/dicom-web/studies?KVP=120&PatientID=P1&RequestAttributesSequence.AccessionNumber=1")
    assert len(answer.json()) == 1
    assert "KVP" in answer.headers["warning"]
    assert "RequestAttributesSequence" in answer.headers["warning"]


def test_more_than_the_most_is_told(client: Client, filled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qido, "MAX_RESULTS", 2)
    answer = client.get("/dicom-web/instances")
    assert len(answer.json()) == 2
    assert "additional results" in answer.headers["warning"]
    exact = client.get("/dicom-web/instances?limit=2")
    assert len(exact.json()) == 2
    assert "warning" not in exact.headers


def test_json_and_what_is_not_to_be_had(client: Client, filled: None) -> None:
    answer = client.get("/dicom-web/studies", accept="application/json")
    assert answer.headers["content-type"] == "application/json"
    assert client.get("/dicom-web/studies", accept="application/dicom+xml").status_code == 406
    asked = client.get("/dicom-web/studies?accept=application/json", accept="application/dicom+xml")
    assert asked.headers["content-type"] == "application/json"


def test_the_path_restricts_and_may_not_be_contradicted() -> None:
    search = read_search(Level.INSTANCE, {"study": "1.2", "series": "1.3"}, QueryParams("limit=5&offset=2"))
    assert search.query.keys == {0x0020000D: "1.2", 0x0020000E: "1.3"}
    assert (search.query.limit, search.query.offset) == (5, 2)
    with pytest.raises(UsageError, match="twice"):
        read_search(Level.SERIES, {"study": "1.2"}, QueryParams("StudyInstanceUID=1.9"))


def test_answers_as_xml(client: Client, filled: None) -> None:
    answer = client.get("/dicom-web/studies?PatientID=P1,&orderby=StudyDate", accept=XML)
    assert answer.status_code == 204
    answer = client.get("/dicom-web/studies?orderby=StudyDate", accept=XML)
    assert answer.headers["content-type"].startswith('multipart/related; type="application/dicom+xml"; boundary=')
    parts = parts_of(answer)
    assert [headers["content-type"] for headers, _ in parts] == ["application/dicom+xml"] * 2
    found = [ET.fromstring(body).findtext(".//*[@keyword='StudyInstanceUID']/*") for _, body in parts]
    assert found == [OTHER, STUDY]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (f"{XML}, application/dicom+json", "multipart/related"),
        (f"{XML};q=0.5, application/dicom+json", "application/dicom+json"),
        ("*/*", "application/dicom+json"),
        ('multipart/related; type="application/octet-stream", application/json', "application/json"),
    ],
)
def test_json_or_xml(client: Client, filled: None, accept: str, media_type: str) -> None:
    assert client.get("/dicom-web/studies", accept=accept).headers["content-type"].startswith(media_type)
