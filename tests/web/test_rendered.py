"""Pictures and thumbnails: window, viewport, quality, media types, and which instance stands for a series."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset
from starlette.datastructures import QueryParams

from isocenter.archive import Archive
from isocenter.codecs.presentation import Window
from isocenter.errors import UsageError
from isocenter.web.rendered import read_view, representatives

from .conftest import STUDY, Client, ct

SERIES = f"/dicom-web/studies/{STUDY}/series/{STUDY}.1"
INSTANCE = f"{SERIES}/instances/{STUDY}.1.1"
GRADIENT = np.tile(np.arange(0, 256, 4, dtype="<i2"), (32, 1))


def gradient(number: int = 1, frames: int = 1, **attributes: object) -> Dataset:
    """Build an image of 32 x 64 whose values go from 0 to 252; further frames are brighter by 1000."""
    pixels = np.stack([GRADIENT + 1000 * frame for frame in range(frames)])
    dataset = ct(number, Rows=32, Columns=64, PixelData=pixels.tobytes(), **attributes)
    dataset.WindowCenter, dataset.WindowWidth = 128, 256
    if frames > 1:
        dataset.NumberOfFrames = frames
    return dataset


def decoded(client: Client, path: str, accept: str = "image/png") -> np.ndarray:
    answer = client.get(path, accept=accept)
    assert answer.status_code == 200, answer.text
    decode = {
        "image/png": imagecodecs.png_decode,
        "image/jpeg": imagecodecs.jpeg8_decode,
        "image/webp": imagecodecs.webp_decode,
    }
    return decode[answer.headers["content-type"]](answer.content)


def test_the_window_of_the_file(client: Client, store: Callable[..., None]) -> None:
    store(gradient())
    shown = decoded(client, f"{INSTANCE}/rendered")
    assert shown.shape == (32, 64)
    assert abs(shown.astype(int) - GRADIENT).max() <= 1


@pytest.mark.parametrize(
    ("window", "at_100", "at_200"),
    [
        ("100,50,linear", 130, 255),
        ("100,50,linear-exact", 128, 255),
        ("100,50", 130, 255),
        ("100,400,SIGMOID", 128, 186),
    ],
)
def test_the_window_of_the_query(
    client: Client, store: Callable[..., None], window: str, at_100: int, at_200: int
) -> None:
    store(gradient())
    shown = decoded(client, f"{INSTANCE}/rendered?window={window}")
    assert abs(int(shown[0, 25]) - at_100) <= 1
    assert abs(int(shown[0, 50]) - at_200) <= 2


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("*/*", "image/jpeg"),
        ("image/png", "image/png"),
        ("image/webp", "image/webp"),
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "image/jpeg"),
        ("image/jpeg;q=0.5, image/png", "image/png"),
    ],
)
def test_media_types(client: Client, store: Callable[..., None], accept: str, chosen: str) -> None:
    store(gradient())
    answer = client.get(f"{INSTANCE}/rendered", accept=accept)
    assert answer.headers["content-type"] == chosen
    assert decoded(client, f"{INSTANCE}/rendered", accept).shape[:2] == (32, 64)


def test_the_accept_parameter_wins(client: Client, store: Callable[..., None]) -> None:
    store(gradient())
    assert (
        client.get(f"{INSTANCE}/rendered?accept=image/png", accept="image/jpeg").headers["content-type"] == "image/png"
    )
    assert client.get(f"{INSTANCE}/rendered", accept="image/gif").status_code == 406


@pytest.mark.parametrize(
    ("viewport", "shape"),
    [("32,32", (16, 32)), ("128,64", (64, 128)), ("8,8,0,0,16,16", (8, 8)), ("10,10,60,30,16,16", (5, 10))],
)
def test_viewports(client: Client, store: Callable[..., None], viewport: str, shape: tuple[int, int]) -> None:
    store(gradient())
    assert decoded(client, f"{INSTANCE}/rendered?viewport={viewport}").shape == shape


def test_a_viewport_shows_its_rectangle(client: Client, store: Callable[..., None]) -> None:
    store(gradient())
    shown = decoded(client, f"{INSTANCE}/rendered?viewport=16,16,48,0,16,16")
    assert abs(shown[:, 0].astype(int) - 192).max() <= 2


def test_quality_makes_it_smaller(client: Client, store: Callable[..., None]) -> None:
    noise = np.random.default_rng(1).integers(0, 250, (64, 64)).astype("<i2")
    store(ct(1, Rows=64, Columns=64, PixelData=noise.tobytes()))
    sizes = [len(client.get(f"{INSTANCE}/rendered?quality={q}", accept="image/jpeg").content) for q in (10, 90)]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize(
    "query",
    [
        "window=1", "window=a,b", "window=1,0,linear", "window=1,2,cubic", "window=1,-5", "window=1e400,2",
        "window=nan,5", "viewport=0,0", "viewport=1", "viewport=1,2,3", "viewport=9000,9", "viewport=9,9,-1,0,4,4",
        "viewport=9,9,100,0,4,4",
        "quality=0", "quality=101", "quality=x", "quality=",
    ],
)  # fmt: skip
def test_nonsense_is_400(client: Client, store: Callable[..., None], query: str) -> None:
    store(gradient())
    answer = client.get(f"{INSTANCE}/rendered?{query}")
    assert answer.status_code == 400, answer.content[:99]
    assert answer.json()["error"]["code"] == "UsageError"


def test_frames(client: Client, store: Callable[..., None]) -> None:
    store(gradient(frames=3))
    first = decoded(client, f"{INSTANCE}/rendered")
    assert (first == decoded(client, f"{INSTANCE}/frames/1/rendered")).all()
    assert decoded(client, f"{INSTANCE}/frames/3/rendered").min() == 255
    assert client.get(f"{INSTANCE}/frames/4/rendered").status_code == 404
    assert client.get(f"{INSTANCE}/frames/1,2/rendered").status_code == 400


def test_what_is_known_is_not_drawn_again(client: Client, store: Callable[..., None]) -> None:
    store(gradient())
    first = client.get(f"{INSTANCE}/rendered")
    assert client.get(f"{INSTANCE}/rendered", if_none_match=first.headers["etag"]).status_code == 304
    assert client.get(f"{INSTANCE}/rendered?quality=5", if_none_match=first.headers["etag"]).status_code == 200


@pytest.mark.parametrize("level", [f"/dicom-web/studies/{STUDY}", SERIES, INSTANCE, f"{INSTANCE}/frames/1"])
def test_thumbnails(client: Client, store: Callable[..., None], level: str) -> None:
    store(gradient())
    assert decoded(client, f"{level}/thumbnail").shape == (64, 128)
    assert decoded(client, f"{level}/thumbnail?viewport=32,32").shape == (16, 32)
    etag = client.get(f"{level}/thumbnail").headers["etag"]
    assert client.get(f"{level}/thumbnail", if_none_match=etag).status_code == 304


def test_a_thumbnail_of_a_cine_shows_its_middle(client: Client, store: Callable[..., None]) -> None:
    store(gradient(frames=3))
    middle = decoded(client, f"{INSTANCE}/frames/2/rendered")
    assert middle.min() == 255
    assert decoded(client, f"{SERIES}/thumbnail").min() == 255


def test_a_series_without_images_does_not_spoil_the_study(client: Client, store: Callable[..., None]) -> None:
    report = ct(1, series=0, Modality="SR")
    for keyword in ("PixelData", "Rows", "Columns"):
        delattr(report, keyword)
    store(report, gradient())
    assert decoded(client, f"/dicom-web/studies/{STUDY}/thumbnail").shape == (64, 128)
    answer = client.get(f"/dicom-web/studies/{STUDY}/series/{STUDY}.0/thumbnail")
    assert answer.status_code == 404


def test_the_middle_stands_for_a_series(store: Callable[..., None], archive: Archive) -> None:
    store(*(ct(number) for number in range(1, 6)), ct(6, series=2))
    assert [i.InstanceNumber for i in representatives(archive.instances(STUDY))] == [3, 6]


def test_reading_a_view() -> None:
    view = read_view(QueryParams("window=-500,1500,sigmoid&viewport=100,50,1,2,3,4&quality=70"), "image/jpeg")
    assert view.window == Window(-500, 1500, "SIGMOID")
    assert (view.size, view.crop, view.quality) == ((100, 50), (1, 2, 3, 4), 70)
    with pytest.raises(UsageError, match="function"):
        read_view(QueryParams("window=1,2,\x00"), "image/jpeg")


@pytest.mark.real_data
def test_a_hostile_object_is_refused_by_name(client: Client, store: Callable[..., None], data_dir: Path) -> None:
    store((data_dir / "malformed" / "rows_65535_oob.dcm").read_bytes())
    (study,) = client.get("/dicom-web/studies").json()
    answer = client.get(f"/dicom-web/studies/{study['0020000D']['Value'][0]}/thumbnail")
    assert answer.status_code in {404, 409}
    assert answer.json()["error"]["message"]


@pytest.mark.real_data
def test_what_does_not_say_how_to_draw_may_be_broken(
    client: Client, store: Callable[..., None], data_dir: Path
) -> None:
    store((data_dir / "malformed" / "bigendian_undefined_length.dcm").read_bytes())
    (found,) = client.get("/dicom-web/instances").json()
    picture = decoded(client, f"{urlsplit(found['00081190']['Value'][0]).path}/rendered")
    assert picture.shape == (512, 512)
    assert (picture[0, 256] < 10, picture[300, 280] > 150) == (True, True)  # air above the chest, its aorta
