"""Mutated multipart/related bodies: they end in parts or in an error that says what is wrong."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from pydicom.data import get_testdata_file

from isocenter.errors import UsageError
from isocenter.multipart import MultipartReader, PartData

CASES = 2000
BOUNDARY = "0f3c"


def body(*parts: tuple[str, bytes]) -> bytes:
    written = [b"--0f3c\r\n" + headers.encode() + b"\r\n\r\n" + content + b"\r\n" for headers, content in parts]
    return b"".join([*written, b"--0f3c--\r\n"])


@pytest.fixture(scope="module")
def corpus() -> list[bytes]:
    dicom = Path(get_testdata_file("MR_small.dcm")).read_bytes()[:3000]
    return [
        body(("Content-Type: application/dicom", dicom)),
        body(("Content-Type: application/dicom\r\nContent-Length: 3000", dicom), ("Content-Type: image/jpeg", b"\xff")),
        body(*[("Content-Type: application/octet-stream\r\nContent-Location: /a/b/c", b"12345678")] * 12),
        b"a preamble\r\n" + body(('Content-Type: application/dicom+json; charset="utf-8"', b"[{}]")) + b"an epilogue",
        body(("", b""), ("X: " + "y" * 500, b"\r\n--0f3\r\n--0f3c")),
    ]


def test_bodies(
    fuzz: Callable[..., None], in_pieces: Callable[[bytes, Random], Iterator[bytes]], corpus: list[bytes]
) -> None:
    def read(data: bytes, random: Random) -> None:
        reader = MultipartReader(BOUNDARY)
        given = 0
        try:
            for piece in in_pieces(data, random):
                reader.receive_data(piece)
                while (event := reader.next_event()) is not None:
                    given += event.data.nbytes if isinstance(event, PartData) else 0
            reader.receive_data(b"")
        except UsageError:
            return
        assert given <= len(data)

    fuzz(corpus, read, CASES)
