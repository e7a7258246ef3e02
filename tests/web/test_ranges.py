"""Parts of an instance, entity tags, and HEAD for whatever GET answers."""

from collections.abc import Callable

import pytest

from .conftest import STUDY, Client, ct, part10

INSTANCE = f"/dicom-web/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1"
DICOM = "application/dicom"


@pytest.fixture(autouse=True)
def filled(store: Callable[..., None]) -> None:
    store(ct(1))


@pytest.mark.parametrize(
    "path", [INSTANCE, f"/wado?requestType=WADO&studyUID={STUDY}&seriesUID={STUDY}.1&objectUID={STUDY}.1.1"]
)
def test_an_instance_piece_by_piece(client: Client, path: str) -> None:
    whole = client.get(path, accept=DICOM)
    assert whole.headers["accept-ranges"] == "bytes"
    etag = whole.headers["etag"]
    pieces = b""
    while len(pieces) < len(whole.content):
        answer = client.get(path, accept=DICOM, range=f"bytes={len(pieces)}-{len(pieces) + 299}", if_range=etag)
        assert answer.status_code == 206
        pieces += answer.content
    assert pieces == whole.content
    assert client.get(path, accept=DICOM, range="bytes=0-9", if_range='"other"').content == whole.content
    assert client.get(path, accept=DICOM, if_none_match=etag).status_code == 304
    answer = client.get(path, accept=DICOM, range=f"bytes={len(whole.content)}-")
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(whole.content)}")


def test_what_is_made_on_the_way_has_ranges_without_a_tag(client: Client, store: Callable[..., None]) -> None:
    store(part10(ct(2), "1.2.840.10008.1.2"))
    accept = f"{DICOM}; transfer-syntax=1.2.840.10008.1.2.1"
    whole = client.get(INSTANCE[:-1] + "2", accept=accept)
    assert "etag" not in whole.headers
    assert client.get(INSTANCE[:-1] + "2", accept=accept, range="bytes=128-131").content == b"DICM"


PATHS = [
    "/health", "/docs", "/metrics", "/api/system", "/api/statistics", "/api/bin", "/api/openapi.json",
    "/dicom-web/studies", f"/dicom-web/studies/{STUDY}", f"/dicom-web/studies/{STUDY}/metadata", INSTANCE,
    f"{INSTANCE}/frames/1", f"{INSTANCE}/rendered", f"{INSTANCE}/bulkdata/7FE00010", f"{INSTANCE}/thumbnail",
]  # fmt: skip


#: What has another boundary, or other numbers, each time.
CHANGING = {"/metrics", f"/dicom-web/studies/{STUDY}", INSTANCE, f"{INSTANCE}/frames/1"}


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_a_body(client: Client, path: str) -> None:
    whole, head = client.get(path), client.request("HEAD", path, headers={"accept-encoding": "identity"})
    assert (head.status_code, head.content) == (200, b"")
    left_out = {"content-length", "content-type"} if path in CHANGING else set()
    told = [{name: value for name, value in each.headers.items() if name not in left_out} for each in (whole, head)]
    assert told[0] == told[1]


def test_head_of_what_is_not_there(client: Client) -> None:
    assert client.request("HEAD", "/api/nothing").status_code == 404
    assert client.request("HEAD", "/api/studies/1").status_code == 405
    assert client.request("HEAD", "/dicom-web/studies/9").status_code == 404
