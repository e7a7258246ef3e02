"""Pictures and thumbnails: window, viewport, quality, media types, and which instance stands for a series."""

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from starlette.datastructures import QueryParams

from isocenter.archive import Archive
from isocenter.codecs.presentation import Window
from isocenter.codecs.video_file import boxes, inside
from isocenter.errors import UsageError
from isocenter.web.animations import frame_times
from isocenter.web.rendered import representatives
from isocenter.web.views import read_view

from .conftest import STUDY, Client, ct, parts_of

SERIES = f"/dicom-web/studies/{STUDY}/series/{STUDY}.1"
INSTANCE = f"{SERIES}/instances/{STUDY}.1.1"
TILTED = np.tile(np.arange(0, 256, 4), (32, 1)) + np.arange(32)[:, None]
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
    assert client.get(f"{INSTANCE}/rendered", accept="image/bmp").status_code == 406
    assert client.get(f"{INSTANCE}/rendered", accept="video/webm").status_code == 406


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
    assert client.get(f"{INSTANCE}/frames/1,4/rendered").status_code == 404
    assert client.get(f"{INSTANCE}/frames/1,2/rendered", accept="image/png").status_code == 406


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


@pytest.mark.parametrize(
    ("viewport", "expected"),
    [
        ("64,32,0,0,-64,32", TILTED[:, ::-1]),
        ("64,32,0,0,64,-32", TILTED[::-1]),
        ("64,32,,,,", TILTED),
        ("32,32,32,,32,", TILTED[:, 32:]),
        ("32,16,32,16,-32,-16", TILTED[16:, 32:][::-1, ::-1]),
    ],
)
def test_a_viewport_flips_what_is_negative(
    client: Client, store: Callable[..., None], viewport: str, expected: np.ndarray
) -> None:
    store(ct(1, Rows=32, Columns=64, PixelData=TILTED.astype("<i2").tobytes(), WindowCenter=128, WindowWidth=256))
    shown = decoded(client, f"{INSTANCE}/rendered?viewport={viewport}").astype(int)
    assert abs(shown - np.minimum(expected, 255)).max() <= 1


def test_annotations_are_burnt_in(client: Client, store: Callable[..., None]) -> None:
    black = np.zeros((128, 128), "<i2")
    store(
        ct(
            1,
            Rows=128,
            Columns=128,
            PixelData=black.tobytes(),
            SpecificCharacterSet="ISO_IR 192",
            PatientName="Müller^Łucja",
            KVP="120",
        )
    )
    plain = decoded(client, f"{INSTANCE}/rendered?window=100,100")
    patient = decoded(client, f"{INSTANCE}/rendered?window=100,100&annotation=patient")
    both = decoded(client, f"{INSTANCE}/rendered?window=100,100&annotation=patient,technique")
    assert plain.max() == 0
    assert patient[:64].max() > 200
    assert patient[64:].max() == 0
    assert both[64:].max() > 200
    small = decoded(client, f"{INSTANCE}/rendered?window=100,100&annotation=patient&viewport=64,64")
    assert small[:40].max() > 200  # the text is not scaled down with the image
    assert client.get(f"{INSTANCE}/rendered?annotation=address").status_code == 400


def test_a_study_is_rendered_as_parts(client: Client, store: Callable[..., None]) -> None:
    report = ct(3)
    for keyword in ("PixelData", "Rows", "Columns"):
        delattr(report, keyword)
    store(gradient(1), gradient(2, frames=2), report)
    for path in (f"/dicom-web/studies/{STUDY}", SERIES):
        answer = client.get(f"{path}/rendered", accept='multipart/related; type="image/png"')
        parts = parts_of(answer)
        assert [headers["content-type"] for headers, _ in parts] == ["image/png", "image/png"]
        assert all(imagecodecs.png_decode(body).shape == (32, 64) for _, body in parts)
        assert client.get(f"{path}/rendered", accept="image/png").status_code == 406
    frames = client.get(
        f"{SERIES}/instances/{STUDY}.1.2/frames/2,1/rendered", accept="multipart/related; type=image/jpeg"
    )
    assert [headers["content-location"].split("/")[-2] for headers, _ in parts_of(frames)] == ["2", "1"]


def test_frames_as_an_animation(client: Client, store: Callable[..., None]) -> None:
    store(gradient(frames=3, FrameTime="40"))
    answer = client.get(f"{INSTANCE}/rendered", accept="image/gif")
    assert answer.headers["content-type"] == "image/gif"
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.n_frames, image.size, image.info["duration"]) == (2, (64, 32), 40)  # two of them look the same
    named = client.get(f"{INSTANCE}/frames/3,1/rendered", accept="image/gif")
    with Image.open(io.BytesIO(named.content)) as image:
        assert image.n_frames == 2
        assert np.asarray(image.convert("L")).min() == 255


def test_frames_as_a_video(client: Client, store: Callable[..., None]) -> None:
    times = [0, *([20, 60] * 15)]
    store(gradient(frames=31, FrameTimeVector=times))
    answer = client.get(f"{INSTANCE}/rendered", accept="image/svg+xml, video/*")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    found = fragments(answer.content)
    assert [len(durations) for _, durations in found] == [24, 7]
    assert [start for start, _ in found] == [0, 90 * sum(times[:25])]
    assert [d // 90 for _, durations in found for d in durations] == [*times[1:], 40]
    etag = answer.headers["etag"]
    assert client.get(f"{INSTANCE}/rendered", accept="image/svg+xml, video/*", if_none_match=etag).status_code == 304
    named = client.get(f"{INSTANCE}/frames/2,5,9/rendered?viewport=16,16", accept="video/mp4")
    assert [len(durations) for _, durations in fragments(named.content)] == [3]
    parts = client.get(f"{SERIES}/rendered", accept="video/mp4;q=0.1, image/gif;q=0.2")
    assert parts.headers["content-type"] == "image/gif"


def test_what_cannot_be_a_video_is_said_before_it_begins(client: Client, store: Callable[..., None]) -> None:
    broken = gradient(frames=2)
    broken.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8 no picture"] * 2)
    broken["PixelData"].is_undefined_length = True
    store(broken, syntax="1.2.840.10008.1.2.4.80")
    store(gradient(2))
    assert client.get(f"{INSTANCE}/rendered", accept="video/mp4").status_code == 409
    assert client.get(f"{SERIES}/rendered", accept="video/mp4").status_code == 406


def fragments(data: bytes) -> list[tuple[int, list[int]]]:
    """Return the start of each fragment of a video, and how long its pictures are shown."""
    found = []
    for kind, begin, end in boxes(partial(piece, data), 0, len(data)):
        if kind == b"moof":
            start, run = (
                inside(partial(piece, data), (kind, begin, end), b"traf", kind) for kind in (b"tfdt", b"trun")
            )
            durations = np.frombuffer(data[run[1] + 16 : run[2]], ">u4")[::2]
            found.append((int.from_bytes(data[start[1] + 4 : start[2]], "big"), durations.tolist()))
    return found


def piece(data: bytes, offset: int, length: int) -> bytes:
    return data[offset : offset + length]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"FrameTime": 40, "CineRate": 10}, [40, 40, 40]),
        ({"FrameTimeVector": [0, 10, 30]}, [10, 30, 20]),
        ({"FrameTimeVector": [0, 10], "RecommendedDisplayFrameRate": 20}, [50, 50, 50]),
        ({"FrameTime": 0, "CineRate": 10}, [100, 100, 100]),
        ({"CineRate": 0}, [50, 50, 50]),
        ({}, [50, 50, 50]),
    ],
)
def test_how_long_frames_are_shown(attributes: dict[str, Any], expected: list[float]) -> None:
    header = Dataset()
    for keyword, value in attributes.items():
        setattr(header, keyword, value)
    assert frame_times(header, 3) == expected


def test_video_goes_out_as_it_is_stored(client: Client, store: Callable[..., None]) -> None:
    stream = bytes(range(256)) * 40
    video = ct(1, PixelData=pydicom.encaps.encapsulate([stream]), NumberOfFrames=20)
    video["PixelData"].is_undefined_length = True
    store(video, syntax="1.2.840.10008.1.2.4.102")
    for accept in ("video/mp4", "video/*", "*/*"):
        answer = client.get(f"{INSTANCE}/rendered", accept=accept)
        assert (answer.headers["content-type"], answer.content) == ("video/mp4", stream)
    part = client.request("GET", f"{INSTANCE}/rendered", headers={"accept": "video/mp4", "range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, stream[100:200])
    assert client.get(f"{INSTANCE}/rendered", accept="image/jpeg").status_code == 406


@pytest.mark.parametrize("accept", ["image/jpeg", "image/png"])
def test_icc_profiles(client: Client, store: Callable[..., None], accept: str) -> None:
    pixels = np.zeros((32, 32, 3), "u1")
    pixels[..., 1] = 200
    own = bytes(imagecodecs.cms_profile("adobergb"))
    colour = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0, "BitsAllocated": 8,
              "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0}  # fmt: skip
    store(ct(1, Rows=32, Columns=32, PixelData=pixels.tobytes(), ICCProfile=own, **colour))

    def asked(space: str) -> tuple[bytes | None, np.ndarray]:
        answer = client.get(f"{INSTANCE}/rendered?iccprofile={space}&quality=100", accept=accept)
        assert answer.status_code == 200, answer.text
        with Image.open(io.BytesIO(answer.content)) as image:
            return image.info.get("icc_profile"), np.asarray(image.convert("RGB"))[16, 16].astype(int)

    assert asked("no")[0] is None
    assert asked("yes")[0] == own
    assert abs(asked("yes")[1] - (0, 200, 0)).max() <= 3
    assert asked("srgb")[0] not in {None, own}
    assert asked("adobergb")[1][1] == pytest.approx(200, abs=3)
    assert asked("rommrgb")[1][0] > 20  # the green of Adobe RGB lies inside ROMM RGB
    assert client.get(f"{INSTANCE}/rendered?iccprofile=cmyk").status_code == 400


def test_overlays_and_shutters_are_shown(client: Client, store: Callable[..., None]) -> None:
    dataset = ct(1, Rows=16, Columns=16, PixelData=np.full((16, 16), 100, "<i2").tobytes(), ShutterShape="RECTANGULAR",
                 ShutterLeftVerticalEdge=5, ShutterRightVerticalEdge=16, ShutterUpperHorizontalEdge=1,
                 ShutterLowerHorizontalEdge=16)  # fmt: skip
    bits = np.zeros((16, 16), "u1")
    bits[3, 8] = 1
    for element, vr, value in [(0x10, "US", 16), (0x11, "US", 16), (0x40, "CS", "G"), (0x50, "SS", [1, 1]),
                               (0x100, "US", 1), (0x102, "US", 0),
                               (0x3000, "OW", np.packbits(bits.reshape(-1), bitorder="little").tobytes())]:  # fmt: skip
        dataset.add_new(0x60000000 | element, vr, value)
    store(dataset)
    shown = decoded(client, f"{INSTANCE}/rendered?window=100,101")
    assert shown[3, 8] == 255
    assert shown[3, 9] not in {0, 255}
    assert shown[:, :4].max() == 0


def state(**attributes: object) -> Dataset:
    """Build a presentation state for instance 1."""
    reference, series = Dataset(), Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = ct(1).SOPClassUID, ct(1).SOPInstanceUID
    series.SeriesInstanceUID, series.ReferencedImageSequence = ct(1).SeriesInstanceUID, [reference]
    dataset = ct(9, series=2, SOPClassUID="1.2.840.10008.5.1.4.1.1.11.1", ReferencedSeriesSequence=[series],
                 PresentationLUTShape="IDENTITY", Modality="PR", **attributes)  # fmt: skip
    for keyword in ("PixelData", "Rows", "Columns", "WindowCenter", "WindowWidth", "PhotometricInterpretation",
                    "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):  # fmt: skip
        delattr(dataset, keyword)
    return dataset


STATE = f"/dicom-web/studies/{STUDY}/series/{STUDY}.2/instances/{STUDY}.2.9"


def test_a_presentation_state_is_the_image_as_it_says(client: Client, store: Callable[..., None]) -> None:
    voi = Dataset()
    voi.WindowCenter, voi.WindowWidth = 64, 128
    store(gradient(), state(SoftcopyVOILUTSequence=[voi], ImageRotation=90, ImageHorizontalFlip="N"))
    shown = decoded(client, f"{STATE}/rendered")
    expected = np.clip(GRADIENT.astype(float) * 2, 0, 255)
    assert shown.shape == (64, 32)
    assert abs(shown.astype(int) - np.rot90(expected, -1)).max() <= 3
    uids = f"studyUID={STUDY}&seriesUID={STUDY}.1&objectUID={STUDY}.1.1&contentType=image/png"
    of_state = f"presentationSeriesUID={STUDY}.2&presentationUID={STUDY}.2.9"
    assert (decoded(client, f"/wado?requestType=WADO&{uids}&{of_state}") == shown).all()
    assert client.get(f"/wado?requestType=WADO&{uids}&presentationUID={STUDY}.2.9").status_code == 400
    assert (
        client.get(
            f"/wado?requestType=WADO&{uids}&presentationSeriesUID={STUDY}.1&presentationUID={STUDY}.1.1"
        ).status_code
        == 400
    )


def test_a_presentation_state_without_its_image(client: Client, store: Callable[..., None]) -> None:
    store(state())
    answer = client.get(f"{STATE}/rendered")
    assert answer.status_code == 404
    assert "none of the images" in answer.json()["error"]["message"]


@pytest.mark.real_data
def test_six_overlays_like_the_expected_picture(client: Client, store: Callable[..., None], data_dir: Path) -> None:
    folder = data_dir / "pixel_presentation"
    image, of_image = ((folder / f"overlay{name}.dcm").read_bytes() for name in ("", "_prOverlay"))
    store(image, of_image)
    dataset = pydicom.dcmread(folder / "overlay_prOverlay.dcm")
    address = f"/dicom-web/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
    shown = decoded(client, f"{address}/instances/{dataset.SOPInstanceUID}/rendered")
    expected = imagecodecs.png_decode((folder / "overlay_expected.png").read_bytes())
    green = (expected[..., 1] > 128) & (expected[..., 0] < 64)  # the overlays
    assert green.sum() > 3000
    assert shown[green].min() == 255
    assert shown[expected.max(axis=2) == 0].max() <= 2


@pytest.mark.real_data
def test_a_supplemental_palette_of_a_perfusion(client: Client, store: Callable[..., None], data_dir: Path) -> None:
    path = data_dir / "pixel_presentation" / "eCT_Supplemental.dcm"
    store(path.read_bytes())
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    uids = (dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID)
    address = "/dicom-web/studies/{}/series/{}/instances/{}".format(*uids)
    shown = decoded(client, f"{address}/rendered").astype(int)
    assert shown.shape == (512, 512, 3)
    assert (np.ptp(shown, axis=2) > 100).mean() > 0.1
