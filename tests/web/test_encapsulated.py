"""Rendered instances that hold a document: the document comes as it is."""

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, EncapsulatedCDAStorage, EncapsulatedPDFStorage

from .conftest import STUDY, Client, ct, part10

ADDRESS = f"/dicom-web/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1/rendered"
PDF = b"%PDF-1.4 and so on"


def document(sop_class: str, media_type: str, content: bytes) -> Dataset:
    dataset = ct()
    for keyword in ("PixelData", "Rows", "Columns", "WindowCenter", "WindowWidth"):
        del dataset[keyword]
    dataset.SOPClassUID, dataset.Modality = sop_class, "DOC"
    dataset.MIMETypeOfEncapsulatedDocument, dataset.EncapsulatedDocument = media_type, content
    return dataset


@pytest.mark.parametrize("accept", ["application/pdf", "*/*", "text/html,application/xml;q=0.9,*/*;q=0.8", ""])
def test_a_pdf(client: Client, accept: str) -> None:
    client.stow(part10(document(EncapsulatedPDFStorage, "application/pdf", PDF)))
    answer = client.get(ADDRESS, accept=accept)
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "application/pdf", PDF)
    assert "content-disposition" not in answer.headers


def test_a_part_of_a_deflated_pdf(client: Client) -> None:
    stored = part10(document(EncapsulatedPDFStorage, "application/pdf", PDF), DeflatedExplicitVRLittleEndian)
    client.stow(stored)
    answer = client.get(ADDRESS, range="bytes=0-3")
    assert (answer.status_code, answer.content) == (206, b"%PDF")


def test_xml_is_for_saving(client: Client) -> None:
    client.stow(part10(document(EncapsulatedCDAStorage, "text/XML", b"<a/>")))
    answer = client.get(ADDRESS)
    assert (answer.headers["content-type"], answer.headers["content-disposition"]) == ("text/xml", "attachment")


def test_another_type_is_not_acceptable(client: Client) -> None:
    client.stow(part10(document(EncapsulatedPDFStorage, "application/pdf", PDF)))
    assert client.get(ADDRESS, accept="image/png").status_code == 406


def test_what_is_neither_image_nor_document_says_so(client: Client) -> None:
    dataset = document("1.2.840.10008.5.1.4.1.1.88.22", "", b"")
    client.stow(part10(dataset))
    assert client.get(ADDRESS).status_code == 404
    assert client.get(f"{ADDRESS.removesuffix('.1/rendered')}.9/rendered").status_code == 404
