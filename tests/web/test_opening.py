"""The document that opens a study: expanded it is the metadata again, settled or not, and it is small."""

import copy
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from pydicom.dataset import Dataset

from isocenter.archive import Archive
from isocenter.opening import compact

from .conftest import STUDY, Client, ct

PER_FRAME = "52009230"
PATH = f"/api/studies/{STUDY}/open"


def _items(columns: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = [copy.deepcopy(columns["shared"]) for _ in range(columns["instances"])]
    for tag, column in columns["own"].items():
        for item, value in zip(items, _values(column), strict=True):
            if value is not None:
                item[tag] = {"vr": column["vr"]} | ({"Value": value} if value else {}) if "vr" in column else value
    return items


def _values(column: dict[str, Any]) -> list[Any]:
    if "item" in column:
        return [{"vr": "SQ", "Value": [item]} for item in _items(column["item"])]
    return list(column.get("values") or column["elements"])


def expanded(series: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the headers that a series' document stands for."""
    headers: list[dict[str, Any]] = [copy.deepcopy(series["shared"]) for _ in range(series["instances"])]
    for tag, column in series["own"].items():
        for header, value in zip(headers, _values(column), strict=True):
            if value is not None and "vr" in column:
                header[tag] = {"vr": column["vr"]} | ({"Value": value} if value else {})
            elif value is not None:
                header[tag] = value
    for header in headers:
        if "items" in header.get(PER_FRAME, {}):
            header[PER_FRAME] = {"vr": "SQ", "Value": _items(header[PER_FRAME]["items"])}
        here = f"/dicom-web/studies/{STUDY}/series/{_uid(header, '0020000E')}/instances/{_uid(header, '00080018')}"
        for element in header.values():
            if element.get("BulkDataURI", "").startswith("~/"):
                element["BulkDataURI"] = f"{here}/bulkdata/{element['BulkDataURI'][2:]}"
    return headers


def _uid(header: dict[str, Any], tag: str) -> str:
    return str(header[tag]["Value"][0])


@pytest.fixture
def filled(store: Callable[..., None]) -> None:
    lut = Dataset()
    lut.LUTDescriptor, lut.LUTData = [2, 0, 16], b"\0\0\1\0"
    further = ct(4, WindowCenter=None)
    further.add_new(0x00091001, "UN", bytes(2000))
    store(ct(1, ImagePositionPatient=[0, 0, 1]), ct(2, ImagePositionPatient=[0, 0, 2], ImageComments="Größe\n,"))
    store(ct(3, VOILUTSequence=[lut]), further, ct(1, series=2))


@pytest.mark.parametrize("settled", [False, True])
def test_expanded_is_the_metadata(client: Client, archive: Archive, filled: None, settled: bool) -> None:
    if settled:
        assert archive.settle(2e9) == 2
    answer = client.get(PATH)
    assert answer.status_code == 200
    document = answer.json()
    assert document["StudyInstanceUID"] == STUDY
    for number, series in enumerate(document["series"], 1):
        metadata = client.get(f"/dicom-web/studies/{STUDY}/series/{STUDY}.{number}/metadata").json()
        assert sorted(map(_text, expanded(series))) == sorted(map(_text, metadata))
    assert "0020000E" in document["series"][0]["shared"]
    assert document["series"][0]["own"]["00200032"]["values"].count(None) == 2


def _text(header: dict[str, Any]) -> str:
    return json.dumps(header, sort_keys=True)


def test_what_is_known_is_not_sent_again(client: Client, archive: Archive, filled: None, store: Any) -> None:
    etag = client.get(PATH).headers["etag"]
    assert client.get(PATH, if_none_match=etag).status_code == 304
    archive.settle(2e9)
    assert client.get(PATH, if_none_match=etag).status_code == 304
    store(ct(5))
    assert client.get(PATH, if_none_match=etag).status_code == 200
    assert client.get("/api/studies/1.2.3/open").status_code == 404


def test_series_that_settled_before_there_were_such_documents(client: Client, archive: Archive, filled: None) -> None:
    archive.settle(2e9)
    kept = client.get(PATH).content
    with archive.index.database.write() as transaction:
        transaction.change("UPDATE series_metadata SET opening = :none", {"none": None})
    assert client.get(PATH).content == kept
    assert client.get(PATH).content == kept  # kept in memory


def test_a_thousand_slices_are_small(client: Client, store: Callable[..., None]) -> None:
    store(*(ct(n, ImagePositionPatient=[0, 0, n]) for n in range(1, 101)))
    packed = len(client.request("GET", PATH, headers={"accept-encoding": "gzip"}).content)
    whole = len(client.get(PATH).content)
    assert whole < 100 * 400
    assert len(client.get(f"/dicom-web/studies/{STUDY}/metadata").content) > 5 * whole > packed


def test_a_series_that_is_just_deleted_has_no_objects() -> None:
    document = json.loads(gzip.decompress(compact(gzip.compress(b"[]"))))
    assert document == {"instances": 0, "shared": {}, "own": {}}


def test_functional_groups_are_columns(client: Client, store: Callable[..., None]) -> None:
    frames = []
    for number in range(500):
        place, content, frame = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, number]
        content.DimensionIndexValues, content.FrameComments = [1, number], "same" if number % 2 else None
        frame.PlanePositionSequence, frame.FrameContentSequence = [place], [content]
        if number == 7:
            frame.CardiacSynchronizationSequence = [Dataset()]
        frames.append(frame)
    store(ct(1, PerFrameFunctionalGroupsSequence=frames))
    answer = client.get(PATH)
    [series] = answer.json()["series"]
    metadata = client.get(f"/dicom-web/studies/{STUDY}/series/{STUDY}.1/metadata")
    assert expanded(series) == metadata.json()
    assert len(answer.content) < len(metadata.content) / 5
