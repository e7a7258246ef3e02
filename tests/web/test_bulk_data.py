"""Bulk data by path: nested, in every byte order, whole and in ranges."""

from collections.abc import Callable

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)
from starlette.exceptions import HTTPException

from isocenter.errors import UsageError
from isocenter.web.bulk_data import read_path
from isocenter.web.ranges import read_range

from .conftest import STUDY, Client, ct, part10, parts_of

BULK = f"/dicom-web/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1/bulkdata"
LUT = np.arange(1000, dtype="<u2")


def with_bulk(order: str = "<") -> Dataset:
    dataset = ct(1)
    item = Dataset()
    item.LUTDescriptor = [1000, 0, 16]
    item.add_new(0x00283006, "OW", LUT.astype(f"{order}u2").tobytes())
    dataset.ModalityLUTSequence = [Dataset(), item]
    return dataset


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_values_in_sequences_come_in_little_endian(client: Client, store: Callable[..., None], syntax: str) -> None:
    store(part10(with_bulk(">" if syntax == ExplicitVRBigEndian else "<"), syntax))
    answer = client.get(f"{BULK}/00283000/2/00283006", accept="application/octet-stream")
    assert answer.status_code == 200
    assert answer.content == LUT.tobytes()
    assert answer.headers["content-type"].startswith("application/octet-stream")


def test_as_multipart(client: Client, store: Callable[..., None]) -> None:
    store(ct(1))
    answer = client.get(f"{BULK}/7FE00010", accept='multipart/related; type="application/octet-stream"')
    ((headers, body),) = parts_of(answer)
    assert body == ct(1).PixelData
    assert headers["content-location"].endswith("/bulkdata/7FE00010")
    assert client.get(f"{BULK}/7fe00010").content == ct(1).PixelData


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=90-", 90, 95), ("bytes=-6", 90, 95), ("bytes=10-999", 10, 95)],
)
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_ranges(client: Client, store: Callable[..., None], syntax: str, asked: str, first: int, last: int) -> None:
    store(part10(ct(1), syntax))
    answer = client.get(f"{BULK}/7FE00010", accept="*/*", range=asked)
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{last}/96"
    assert answer.content == ct(1).PixelData[first : last + 1]


@pytest.mark.parametrize("asked", ["bytes=96-", "bytes=9-1", "bytes=-", "bytes=x", "bytes=-0"])
def test_ranges_that_are_not_there(client: Client, store: Callable[..., None], asked: str) -> None:
    store(ct(1))
    answer = client.get(f"{BULK}/7FE00010", range=asked)
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */96"
    with pytest.raises(HTTPException):
        read_range(asked, 96)


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes=0-1,4-5", "nonsense"])
def test_ranges_that_are_left_out_of_account(client: Client, store: Callable[..., None], asked: str) -> None:
    store(ct(1))
    answer = client.get(f"{BULK}/7FE00010", range=asked)
    assert (answer.status_code, answer.content) == (200, ct(1).PixelData)


def test_encapsulated_pixel_data_are_its_frames(client: Client, store: Callable[..., None]) -> None:
    dataset = ct(1, NumberOfFrames=2, PixelData=ct(1).PixelData * 2)
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.compress(RLELossless, generate_instance_uid=False)
    store(part10(dataset, RLELossless))
    answer = client.get(
        f"{BULK}/7FE00010", accept="multipart/related; type=application/octet-stream; transfer-syntax=*"
    )
    streams = list(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=2))
    assert [body for _, body in parts_of(answer)] == streams


@pytest.mark.parametrize("path", ["00080099", "00283000/3/00283006", "00283000/1/00283006", "0008103E/1/00080001"])
def test_nothing_at_a_path(client: Client, store: Callable[..., None], path: str) -> None:
    store(with_bulk())
    answer = client.get(f"{BULK}/{path}")
    assert answer.status_code in {404, 409}, answer.text


@pytest.mark.parametrize(
    "path", ["", "7FE0001", "7FE00010/", "00283000/0/00283006", "00283000/00283006", "x", "../../x"]
)
def test_no_path(path: str) -> None:
    with pytest.raises(UsageError):
        read_path(path)


def test_no_path_over_http(client: Client, store: Callable[..., None]) -> None:
    store(ct(1))
    assert client.get(f"{BULK}/PixelData").status_code == 400
    assert client.get(f"{BULK}/7FE00010", accept="image/jpeg").status_code == 406
