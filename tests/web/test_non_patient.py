"""The Non-Patient Instance service: stored over STOW-RS, found and retrieved by category, never in a study."""

from collections.abc import Callable
from typing import Any

import pytest
from pydicom import Dataset

from isocenter.archive import Archive
from isocenter.dicom.uids import NON_PATIENT_SOP_CLASSES

from .conftest import DICOM_JSON, Client, ct, part10, parts_of

PALETTE, HANGING_PROTOCOL = "1.2.840.10008.5.1.4.39.1", "1.2.840.10008.5.1.4.38.1"
ROOT = "http://127.0.0.1:8080/dicom-web"


def palette(number: int = 1, **attributes: Any) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = PALETTE, f"1.2.826.9.{number}"
    dataset.ContentLabel = f"PALETTE{number}"
    dataset.RedPaletteColorLookupTableData = bytes(range(256)) * 8
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.fixture
def filled(store: Callable[..., None]) -> None:
    protocol = palette(3, SOPClassUID=HANGING_PROTOCOL, HangingProtocolName="Head")
    store(palette(1), palette(2), protocol, ct(1))


def test_stored_with_an_address(client: Client) -> None:
    answer = client.stow(part10(palette()))
    assert answer.status_code == 200
    content = answer.json()
    assert "00081190" not in content  # there is no study to name
    (item,) = content["00081199"]["Value"]
    (address,) = item["00081190"]["Value"]
    assert address == f"{ROOT}/color-palettes/1.2.826.9.1"
    assert client.get(address).status_code == 200
    assert client.stow(part10(palette(ContentLabel="OTHER"))).status_code == 202


def test_stored_beside_a_study_but_not_into_one(client: Client) -> None:
    answer = client.stow(part10(palette()), part10(ct(1))).json()
    assert answer["00081190"]["Value"] == [f"{ROOT}/studies/{ct(1).StudyInstanceUID}"]
    assert client.stow(part10(palette(2)), study="1.2.3").status_code == 409
    assert client.get("/dicom-web/color-palettes/1.2.826.9.2").status_code == 404


def test_search(client: Client, filled: None) -> None:
    answer = client.get("/dicom-web/color-palettes?ContentLabel=PAL*&offset=1&includefield=all", accept=DICOM_JSON)
    assert answer.headers["content-type"] == DICOM_JSON
    (found,) = answer.json()
    assert found["00080018"]["Value"] == ["1.2.826.9.2"]
    assert found["00700080"]["Value"] == ["PALETTE2"]
    assert found["00081190"]["Value"] == [f"{ROOT}/color-palettes/1.2.826.9.2"]
    assert list(found) == sorted(found)
    assert len(client.get("/dicom-web/color-palettes").json()) == 2
    assert len(client.get("/dicom-web/color-palettes?limit=1").json()) == 1
    assert client.get("/dicom-web/hanging-protocols?HangingProtocolName=Foot").status_code == 204
    warned = client.get("/dicom-web/hanging-protocols?PatientName=x")
    assert "PatientName is not supported" in warned.headers["warning"]
    assert client.get("/dicom-web/hanging-protocols?nonsense=1").status_code == 400
    assert client.get("/dicom-web/hanging-protocols", accept="text/html").status_code == 406


@pytest.mark.parametrize("category", sorted(set(NON_PATIENT_SOP_CLASSES.values())))
def test_every_category_answers(client: Client, category: str) -> None:
    assert client.get(f"/dicom-web/{category}").status_code == 204


def test_retrieve(client: Client, filled: None) -> None:
    address = "/dicom-web/color-palettes/1.2.826.9.1"
    file = client.get(address, accept="application/dicom")
    assert file.headers["content-type"] == "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"
    assert file.content[-2048:] == part10(palette())[-2048:]
    ((headers, body),) = parts_of(client.get(address, accept='multipart/related; type="application/dicom"'))
    assert body == file.content
    assert headers["content-location"] == f"{ROOT}/color-palettes/1.2.826.9.1"
    for accept in (DICOM_JSON, "application/json", "*/*"):
        (shown,) = client.get(address, accept=accept).json()
        assert shown["00700080"]["Value"] == ["PALETTE1"]
        assert len(shown["00281201"]["InlineBinary"]) > 2048
    ((_, xml),) = parts_of(client.get(address, accept='multipart/related; type="application/dicom+xml"'))
    assert b"PALETTE1" in xml
    assert client.get(address, accept="application/zip").content.startswith(b"PK")
    assert client.get(address, accept="image/jpeg").status_code == 406


@pytest.mark.parametrize(
    "path", ["color-palettes/1.2.3", "hanging-protocols/1.2.826.9.1", "anything", "anything/1.2.826.9.1", "studies/1.2"]
)
def test_what_is_not_there(client: Client, filled: None, path: str) -> None:
    assert client.get(f"/dicom-web/{path}").status_code == 404


def test_no_study_shows_them(client: Client, filled: None) -> None:
    (study,) = client.get("/dicom-web/studies?includefield=all").json()
    assert study["00201208"]["Value"] == [1]
    assert [i["00080018"]["Value"][0] for i in client.get("/dicom-web/instances").json()] == [ct(1).SOPInstanceUID]
    assert client.get("/dicom-web/instances?SOPInstanceUID=1.2.826.9.1").status_code == 204


def test_counted_and_deleted(client: Client, archive: Archive, filled: None) -> None:
    assert client.get("/api/statistics").json()["non_patient_objects"] == 3
    assert "isocenter_non_patient_objects 3.0" in client.get("/metrics").text
    path = "/api/non-patient-objects/1.2.826.9.1"
    assert client.request("DELETE", f"{path}?confirm=1.2").status_code == 400
    assert client.request("DELETE", f"{path}?confirm=1.2.826.9.1").status_code == 204
    assert client.request("DELETE", f"{path}?confirm=1.2.826.9.1").status_code == 404
    assert archive.statistics().non_patient_objects == 2
    assert archive.check(deep=True).findings == []
