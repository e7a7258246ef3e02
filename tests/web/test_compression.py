"""Packed answers: for who takes them, in the coding that is liked best, and only where it helps."""

import gzip
import json
from collections.abc import Callable

import imagecodecs
import pytest

from isocenter.web.compression import choose_coding

from .conftest import STUDY, Client, ct

XML = 'multipart/related; type="application/dicom+xml"'


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", ""), ("identity", ""), ("br", ""), ("gzip", "gzip"), ("GZIP", "gzip"), ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.5, gzip", "gzip"), ("gzip;q=0", ""), ("*", "zstd"), ("*;q=0", ""), ("zstd;q=0, *", "gzip"),
        ("gzip;q=0.5, identity", ""), ("gzip;q=x, zstd;q=1.0.0", ""), ("," * 2000 + "gzip", ""),
        ("gzip ; q = 0.2", "gzip"),
    ],
)  # fmt: skip
def test_the_coding_that_is_liked_best(header: str, coding: str) -> None:
    assert choose_coding(header) == coding


UNPACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "zstd": imagecodecs.zstd_decode}


@pytest.mark.parametrize("coding", UNPACK)
@pytest.mark.parametrize("path", ["/dicom-web/instances?includefield=all", "/api/openapi.json"])
def test_long_answers_are_packed(client: Client, store: Callable[..., None], coding: str, path: str) -> None:
    store(*(ct(number) for number in range(1, 30)))
    plain = client.get(path)
    assert "content-encoding" not in plain.headers
    # what the client unpacks by itself is not what is looked at here
    request = client._client.build_request("GET", path, headers={"accept-encoding": coding})
    answer = client._run(client._client.send(request, stream=True))
    raw = b"".join(client._run(_all(answer)))
    assert answer.headers["content-encoding"] == coding
    assert int(answer.headers["content-length"]) == len(raw) < len(plain.content) / 2
    assert "accept-encoding" in answer.headers["vary"]
    assert json.loads(UNPACK[coding](raw)) == plain.json()


async def _all(answer: object) -> list[bytes]:
    return [chunk async for chunk in answer.aiter_raw()]  # type: ignore[attr-defined]


def test_xml_in_parts_is_packed(client: Client, store: Callable[..., None]) -> None:
    store(*(ct(number) for number in range(1, 9)))
    answer = client.get("/dicom-web/instances", accept=XML, accept_encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    "path",
    [
        "/health",
        f"/dicom-web/studies/{STUDY}",
        f"/dicom-web/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1/rendered",
    ],
)
def test_short_answers_files_and_pictures_are_not(client: Client, store: Callable[..., None], path: str) -> None:
    store(ct(1, Rows=100, Columns=100))
    assert "content-encoding" not in client.get(path, accept_encoding="gzip").headers


def test_metadata_are_packed_once(client: Client, store: Callable[..., None]) -> None:
    store(*(ct(number) for number in range(1, 30)))
    answer = client.get(f"/dicom-web/studies/{STUDY}/metadata", accept_encoding="gzip, zstd")
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.json()) == 29
