"""WADO-RS metadata: whole, compressed or not, asked for again, with bulk data that can be fetched."""

import gzip
import json
from collections.abc import Callable
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from isocenter.archive import Archive

from .conftest import DICOM_JSON, STUDY, Client, ct, parts_of

XML = 'multipart/related; type="application/dicom+xml"'
SERIES = f"/dicom-web/studies/{STUDY}/series/{STUDY}.1"
LEVELS = {
    f"/dicom-web/studies/{STUDY}/metadata": ["1", "2", "3"],
    f"{SERIES}/metadata": ["1", "2"],
    f"{SERIES}/instances/{STUDY}.1.2/metadata": ["2"],
}


@pytest.fixture
def filled(store: Callable[..., None]) -> None:
    store(ct(1), ct(2), ct(3, series=2, SeriesDescription="Größe"))


@pytest.mark.parametrize("path", LEVELS)
def test_every_level(client: Client, filled: None, path: str) -> None:
    answer = client.get(path, accept=DICOM_JSON)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == DICOM_JSON
    assert "content-encoding" not in answer.headers
    content = answer.json()
    assert [item["00080018"]["Value"][0].rpartition(".")[2] for item in content] == LEVELS[path]
    assert all(item["00280010"] == {"vr": "US", "Value": [6]} for item in content)


@pytest.mark.parametrize("path", LEVELS)
def test_compressed_is_the_same(client: Client, filled: None, path: str) -> None:
    plain = client.get(path)
    packed = client.get(path, accept_encoding="br, gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json()
    assert "accept-encoding" in packed.headers["vary"]


@pytest.mark.parametrize("path", LEVELS)
def test_what_is_known_is_not_sent_again(client: Client, store: Callable[..., None], filled: None, path: str) -> None:
    etag = client.get(path).headers["etag"]
    again = client.get(path, if_none_match=f'"other", {etag}')
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    store(ct(9))
    changed = client.get(path, if_none_match=etag)
    is_instance = "/instances/" in path
    assert changed.status_code == (304 if is_instance else 200)
    assert (changed.headers["etag"] == etag) == is_instance


def test_the_stored_blob_is_served_as_it_is(client: Client, archive: Archive, filled: None) -> None:
    assert archive.settle(4e9) > 0
    blob = archive.metadata(STUDY, f"{STUDY}.1")
    assert blob.settled
    answer = client.get(f"{SERIES}/metadata", accept_encoding="gzip")
    assert answer.headers["etag"] == f'W/"{blob.etag}"'
    assert answer.json() == json.loads(gzip.decompress(blob.body))
    assert len(client.get(f"/dicom-web/studies/{STUDY}/metadata").json()) == 3


def test_pixel_data_is_where_the_metadata_says(client: Client, filled: None) -> None:
    (item,) = client.get(f"{SERIES}/instances/{STUDY}.1.2/metadata").json()
    address = item["7FE00010"]["BulkDataURI"]
    assert client.get(urlsplit(address).path, accept="application/octet-stream").content == ct(2).PixelData


@pytest.mark.parametrize("path", ["/dicom-web/studies/1.9/metadata", f"/dicom-web/studies/{STUDY}/series/1.9/metadata"])
def test_nothing_there(client: Client, filled: None, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", LEVELS)
def test_other_media_types(client: Client, filled: None, path: str) -> None:
    assert client.get(path, accept="application/json").headers["content-type"] == "application/json"
    assert client.get(path, accept="application/dicom+xml").status_code == 406


@pytest.mark.parametrize("path", LEVELS)
def test_as_xml(client: Client, filled: None, path: str) -> None:
    headers = client.get(path, accept=DICOM_JSON).json()
    answer = client.get(path, accept=XML)
    assert answer.status_code == 200
    parts = [ET.fromstring(body) for _, body in parts_of(answer)]
    assert len(parts) == len(headers)
    for document, header in zip(parts, headers, strict=True):
        assert [each.get("tag") for each in document] == sorted(header)
        uid = document.findtext("*[@keyword='SOPInstanceUID']/*")
        assert uid == header["00080018"]["Value"][0]
        bulk = document.find("*[@keyword='PixelData']/*")
        assert bulk is not None
        assert bulk.get("uri") == header["7FE00010"]["BulkDataURI"]
    etag = answer.headers["etag"]
    assert etag != client.get(path, accept=DICOM_JSON).headers["etag"]
    assert client.get(path, accept=XML, if_none_match=etag).status_code == 304
