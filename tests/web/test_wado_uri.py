"""WADO-URI: files and pictures by query parameters, and what is refused."""

import io
from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from .conftest import STUDY, Client, ct

UIDS = f"studyUID={STUDY}&seriesUID={STUDY}.1&objectUID={STUDY}.1.1"
WADO = f"/wado?requestType=WADO&{UIDS}"
GRADIENT = np.tile(np.arange(0, 256, 4, dtype="<i2"), (32, 1))


def gradient(**attributes: Any) -> pydicom.Dataset:
    """Two frames of 32 x 64, values from 0 to 252; the second is the first turned round."""
    pixels = np.stack([GRADIENT, GRADIENT[:, ::-1]])
    return ct(1, Rows=32, Columns=64, NumberOfFrames=2, PixelData=pixels.tobytes(), WindowCenter=128, WindowWidth=256,
              **attributes)  # fmt: skip


@pytest.fixture
def filled(store: Callable[..., None]) -> None:
    store(gradient(), syntax=ImplicitVRLittleEndian)


def picture(client: Client, parameters: str) -> np.ndarray:
    answer = client.get(f"{WADO}&contentType=image/png&{parameters}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return imagecodecs.png_decode(answer.content)


@pytest.mark.parametrize(
    ("asked", "syntax"),
    [
        ("", ExplicitVRLittleEndian),
        (f"&transferSyntax={ExplicitVRLittleEndian}", ExplicitVRLittleEndian),
        (f"&transferSyntax={ImplicitVRLittleEndian}", ImplicitVRLittleEndian),
        ("&transferSyntax=*", ImplicitVRLittleEndian),
    ],
)
def test_files(client: Client, filled: None, asked: str, syntax: str) -> None:
    answer = client.get(f"{WADO}&contentType=application/dicom{asked}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/dicom")
    dataset = pydicom.dcmread(io.BytesIO(answer.content))
    assert dataset.file_meta.TransferSyntaxUID == syntax
    assert dataset.PixelData == gradient().PixelData


def test_an_image_is_a_jpeg_unless_something_else_is_wanted(client: Client, filled: None) -> None:
    assert client.get(WADO).headers["content-type"] == "image/jpeg"
    assert client.get(WADO, accept="image/png").headers["content-type"] == "image/png"
    answer = client.get(f"{WADO}&contentType=application/dicom", accept="image/png")
    assert answer.headers["content-type"].startswith("application/dicom")


def test_what_is_no_image_is_a_file(client: Client, store: Callable[..., None]) -> None:
    dataset = ct(1)
    del dataset.PixelData, dataset.Rows, dataset.Columns
    store(dataset)
    assert client.get(WADO).headers["content-type"].startswith("application/dicom")
    assert client.get(f"{WADO}&contentType=image/jpeg").status_code == 406


def test_lossy_objects_are_sent_as_they_are(client: Client, store: Callable[..., None]) -> None:
    dataset = ct(1, PixelData=pydicom.encaps.encapsulate([b"\xff\xd8\xff\xd9"]))
    dataset["PixelData"].is_undefined_length = True
    store(dataset, syntax="1.2.840.10008.1.2.4.50")
    file = f"{WADO}&contentType=application/dicom"
    assert "1.2.840.10008.1.2.4.50" in client.get(file).headers["content-type"]
    assert client.get(f"{file}&transferSyntax={ExplicitVRLittleEndian}").status_code == 409  # it is broken
    assert client.get(f"{file}&transferSyntax=1.2.840.10008.1.2.4.102").status_code == 406


def test_frames_and_windows(client: Client, filled: None) -> None:
    first, second = picture(client, ""), picture(client, "frameNumber=2")
    assert (first == second[:, ::-1]).all()
    narrow = picture(client, "windowCenter=128&windowWidth=2")
    assert set(np.unique(narrow)) <= {0, 255, 128}
    assert (narrow != first).any()


@pytest.mark.parametrize(
    ("parameters", "shape"),
    [
        ("rows=16", (16, 32)), ("columns=16", (8, 16)), ("rows=16&columns=16", (8, 16)),
        ("region=0.5,0,1,0.5", (16, 32)), ("region=0,0,0.001,0.001", (1, 1)), ("region=0.5,0,1,1&rows=8", (8, 8)),
    ],
)  # fmt: skip
def test_sizes_and_regions(client: Client, filled: None, parameters: str, shape: tuple[int, int]) -> None:
    assert picture(client, parameters).shape == shape


def test_a_region_shows_its_part(client: Client, filled: None) -> None:
    assert (picture(client, "region=0.5,0.25,1,0.75") == picture(client, "")[8:24, 32:]).all()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (UIDS, 400),
        (f"requestType=wado2&{UIDS}", 400),
        (f"requestType=WADO&studyUID={STUDY}&objectUID={STUDY}.1.1", 400),
        (f"requestType=WADO&{UIDS}9", 404),
        (f"requestType=WADO&{UIDS}&anonymize=yes", 406),
        (f"requestType=WADO&{UIDS}&presentationUID=1.2", 400),
        (f"requestType=WADO&{UIDS}&contentType=text/plain", 406),
        *(
            (f"requestType=WADO&{UIDS}&{wrong}", 400)
            for wrong in (
                "frameNumber=0", "frameNumber=1,2", "rows=0", "rows=9999", "columns=x", "imageQuality=101",
                "windowCenter=1", "windowWidth=1", "windowCenter=nan&windowWidth=1", "windowCenter=1&windowWidth=0",
                "region=0,0,1", "region=1,0,0,1", "region=0,0,2,1", "region=a,b,c,d",
            )
        ),
        (f"requestType=WADO&{UIDS}&frameNumber=3", 404),
    ],
)  # fmt: skip
def test_what_is_refused(client: Client, filled: None, query: str, status: int) -> None:
    answer = client.get(f"/wado?{query}")
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_what_is_known_is_not_sent_again(client: Client, filled: None) -> None:
    etag = client.get(WADO).headers["etag"]
    assert client.get(WADO, if_none_match=etag).status_code == 304
    assert client.get(f"{WADO}&frameNumber=2", if_none_match=etag).status_code == 200


def test_frames_as_an_animation(client: Client, filled: None) -> None:
    gif = client.get(f"{WADO}&contentType=image/gif")
    with Image.open(io.BytesIO(gif.content)) as image:
        assert (image.format, image.n_frames) == ("GIF", 2)
    video = client.get(f"{WADO}&contentType=video/mp4&rows=16")
    assert (video.status_code, video.headers["content-type"], video.content[4:12]) == (200, "video/mp4", b"ftypiso6")
    one = client.get(f"{WADO}&contentType=video/mp4&rows=16&frameNumber=2")
    assert 0 < len(one.content) < len(video.content)


def test_a_stored_video_is_sent_as_it_is(client: Client, store: Callable[..., None]) -> None:
    stream = bytes(range(256)) * 4
    video = ct(1, PixelData=pydicom.encaps.encapsulate([stream]), NumberOfFrames=20)
    video["PixelData"].is_undefined_length = True
    store(video, syntax="1.2.840.10008.1.2.4.102")
    for asked in ("", "&contentType=video/mp4"):
        answer = client.get(f"{WADO}{asked}")
        assert (answer.headers["content-type"], answer.content) == ("video/mp4", stream)
    assert client.get(f"{WADO}&contentType=image/jpeg").status_code == 406
