"""Planes cut by the server: against a point-by-point computation from the objects' headers, refusals, memory."""

import json
import math
from collections.abc import Callable
from typing import Any

import httpx
import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import JPEG2000Lossless

from isocenter.errors import InvalidObjectError
from isocenter.web import reformat
from isocenter.web.mpr import HEADER, OUTSIDE
from isocenter.web.volumes import SliceCache

from .conftest import STUDY, Client, ct
from .test_previews import broken

ADDRESS = f"/api/studies/{STUDY}/series/{STUDY}.1/mpr"
OBLIQUE = [math.cos(0.4), math.sin(0.4), 0, -math.sin(0.4) * 0.8, math.cos(0.4) * 0.8, 0.6]


def volume(
    places: NDArray[Any], *, orientation: list[float] = OBLIQUE, tilt: float = 0.0, **attributes: Any
) -> list[Dataset]:
    """Build slices of noise; ``tilt``: mm along the columns for each mm along the normal."""
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    normal, noise = np.cross(row, column), np.random.default_rng(3)
    made = []
    for number, place in enumerate(places, 1):
        pixels = noise.integers(-1000, 3000, (9, 12)).astype("<i2")
        position = np.array([-20.0, 10.0, 300.0]) + place * (normal + tilt * column)
        header = {
            "ImagePositionPatient": [round(float(value), 6) for value in position], "PixelSpacing": [1.5, 0.9],
            "ImageOrientationPatient": orientation, "RescaleSlope": 2 + number % 2, "RescaleIntercept": -1024,
            "Rows": 9, "Columns": 12, "PixelData": pixels.tobytes(),
        }  # fmt: skip
        made.append(ct(number, **(header | attributes)))
    return made


def value_at(slices: list[Dataset], point: NDArray[np.float64]) -> float:
    """Return the value at a place in the patient, straight from the headers; NaN outside."""
    slices = sorted(slices, key=lambda one: float(normal_of(one) @ one.ImagePositionPatient))
    distances = [float(normal_of(one) @ (point - np.array(one.ImagePositionPatient, float))) for one in slices]
    below = max((at for at, distance in enumerate(distances) if distance >= -1e-9), default=0)
    low = min(below, len(slices) - 2)
    share = distances[low] / (distances[low] - distances[low + 1])
    if not -0.5 <= share <= 1.5:
        return math.nan
    share = min(1.0, max(0.0, share))
    one, other = slices[low], slices[low + 1]
    shift = np.array(other.ImagePositionPatient, float) - np.array(one.ImagePositionPatient, float)
    base = point - shift * (distances[low] / float(normal_of(one) @ shift))  # along the line, not the normal
    values = [bilinear(each, base - np.array(one.ImagePositionPatient, float)) for each in (one, other)]
    return values[0] * (1 - share) + values[1] * share


def normal_of(one: Dataset) -> NDArray[np.float64]:
    return np.cross(one.ImageOrientationPatient[:3], one.ImageOrientationPatient[3:])


def bilinear(one: Dataset, away: NDArray[np.float64]) -> float:
    stored = np.frombuffer(one.PixelData, "<i2").reshape(one.Rows, one.Columns)
    u = float(away @ one.ImageOrientationPatient[:3]) / one.PixelSpacing[1]
    v = float(away @ one.ImageOrientationPatient[3:]) / one.PixelSpacing[0]
    if not (-0.5 <= u <= one.Columns - 0.5 and -0.5 <= v <= one.Rows - 0.5):
        return math.nan
    u, v = min(max(u, 0), one.Columns - 1), min(max(v, 0), one.Rows - 1)
    i, j = min(int(u), one.Columns - 2), min(int(v), one.Rows - 2)
    a, b = u - i, v - j
    upper = stored[j, i] * (1 - a) + stored[j, i + 1] * a
    lower = stored[j + 1, i] * (1 - a) + stored[j + 1, i + 1] * a
    return float((upper * (1 - b) + lower * b) * one.RescaleSlope + one.RescaleIntercept)


def floats(answer: httpx.Response) -> tuple[NDArray[np.float32], dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    told = json.loads(answer.headers[HEADER])
    return np.frombuffer(answer.content, "<f4").reshape(told["rows"], told["columns"]), told


def expected(slices: list[Dataset], told: dict[str, Any], shift: float = 0.0) -> NDArray[np.float64]:
    """Return what some pixels of a plane must be by the geometry that the answer tells, ``shift`` along its normal."""
    origin, right, down = (np.array(told[name]) for name in ("origin", "right", "down"))
    origin = origin + np.cross(right, down) * shift
    columns, rows = range(0, told["columns"], EVERY), range(0, told["rows"], EVERY)
    places = [[origin + (right * x + down * y) * told["spacing"] for x in columns] for y in rows]
    return np.array([[value_at(slices, place) for place in row] for row in places])


EVERY = 2
EVEN, UNEVEN = np.arange(0, 14, 2.0), np.array([0, 2.0, 3.0, 7.0, 9.0, 10.0])
OWN = "origin=-14,18,305&right=1,0.2,0.3&down=-0.3,0,1&columns=17&rows=13&spacing=0.7"


@pytest.mark.parametrize(("places", "tilt"), [(EVEN, 0.0), (EVEN, 0.35), (UNEVEN, -0.2)])
def test_values_are_those_of_the_place(
    client: Client, store: Callable[..., None], places: NDArray[Any], tilt: float
) -> None:
    slices = volume(places, tilt=tilt)
    store(*slices)
    for query in ("plane=axial", "plane=coronal&spacing=1.1", "plane=sagittal&offset=-14", OWN):
        values, told = floats(client.get(f"{ADDRESS}?type=float32&{query}"))
        values, wanted = values[::EVERY, ::EVERY], expected(slices, told)
        assert np.isfinite(wanted).sum() > 8
        assert (np.isfinite(wanted) ^ np.isfinite(values)).mean() < 0.01  # a pixel on the very edge may be either
        assert np.nanmax(np.abs(values - wanted)) < 0.05
        assert (told["slices"], told["unit"]) == (len(places), "HU")
        assert any("tilt" in note for note in told["notes"]) == (tilt != 0)
        assert any("irregular" in note for note in told["notes"]) == (places is UNEVEN)


@pytest.mark.parametrize(("mode", "combine"), [("max", np.max), ("min", np.min), ("mean", np.mean)])
def test_slabs(client: Client, store: Callable[..., None], mode: str, combine: Callable[..., Any]) -> None:
    slices = volume(EVEN)
    store(*slices)
    values, told = floats(client.get(f"{ADDRESS}?type=float32&plane=coronal&thickness=5&mode={mode}"))
    count = round(5 / (1.5 * OBLIQUE[4]))  # the rows are nearest to the normal
    planes = np.array([expected(slices, told, (at - (count - 1) / 2) * 5 / count) for at in range(count)])
    inside = np.isfinite(planes).all(axis=0)
    assert inside.sum() > 8
    assert np.abs(values[::EVERY, ::EVERY][inside] - combine(planes[:, inside], axis=0)).max() < 0.05


def test_a_picture_is_the_window_of_the_values(client: Client, store: Callable[..., None]) -> None:
    store(*volume(EVEN))
    values, _ = floats(client.get(f"{ADDRESS}?type=float32&plane=sagittal"))
    for query, center, width in (("", 40, 100), ("&window=500,3000", 500, 3000)):
        answer = client.get(f"{ADDRESS}?plane=sagittal{query}")
        assert answer.headers["content-type"] == "image/png"
        picture = imagecodecs.png_decode(answer.content)
        grey = np.clip((np.nan_to_num(values) - (center - 0.5)) / (width - 1) + 0.5, 0, 1) * 255
        assert np.abs(picture - np.where(np.isnan(values), 0, np.rint(grey))).max() <= 1
    assert client.get(f"{ADDRESS}?type=jpeg").content[:2] == b"\xff\xd8"


def test_integers_are_steps_between_the_extremes(client: Client, store: Callable[..., None]) -> None:
    store(*volume(EVEN))
    values, _ = floats(client.get(f"{ADDRESS}?type=float32&{OWN}"))
    answer = client.get(f"{ADDRESS}?type=int16&{OWN}")
    told, stored = json.loads(answer.headers[HEADER]), np.frombuffer(answer.content, "<i2").reshape(values.shape)
    assert ((stored == OUTSIDE) == np.isnan(values)).all()
    assert np.nanmax(np.abs(stored * told["slope"] + told["intercept"] - values)) <= told["slope"] * 0.51
    assert told["slope"] < 0.2


def test_an_answer_is_kept_until_the_series_changes(client: Client, store: Callable[..., None]) -> None:
    store(*volume(EVEN))
    first = client.get(f"{ADDRESS}?plane=coronal")
    assert client.get(f"{ADDRESS}?plane=coronal", if_none_match=first.headers["etag"]).status_code == 304
    store(*volume(np.arange(0, 16, 2.0))[-1:])
    again = client.get(f"{ADDRESS}?plane=coronal", if_none_match=first.headers["etag"])
    assert (again.status_code, json.loads(again.headers[HEADER])["slices"]) == (200, 8)


def without(keyword: str, *numbers: int) -> list[Dataset]:
    slices = volume(EVEN)
    for number in numbers:
        del slices[number][keyword]
    return slices


def changed(keyword: str, value: Any) -> list[Dataset]:
    slices = volume(EVEN)
    slices[2].__setattr__(keyword, value)
    return slices


REFUSED = [
    (volume(EVEN)[:2], "fewer than three images"),
    (without("ImagePositionPatient", 1, 2), "position, orientation or pixel spacing is missing in 2 of 7 images"),
    (changed("ImageOrientationPatient", [0, 1, 0, 0, 0, 1]), "the images are not parallel"),
    (changed("PixelSpacing", [1.5, 1.0]), "the images differ in pixel spacing"),
    (changed("ImagePositionPatient", [-20, 30, 306]), "the slices are shifted against one another by up to"),
    (volume(np.zeros(4)), "all images lie in one place"),
    (changed("PhotometricInterpretation", "PALETTE COLOR"), "colour images are not reformatted"),
]


def test_no_volume_is_refused_with_the_reason(client: Client, store: Callable[..., None]) -> None:
    for number, (slices, reason) in enumerate(REFUSED, 1):
        for one in slices:
            one.SeriesInstanceUID = f"{STUDY}.{number}"
            one.SOPInstanceUID = f"{STUDY}.{number}.{one.InstanceNumber}"
        store(*slices)
        answer = client.get(f"/api/studies/{STUDY}/series/{STUDY}.{number}/mpr")
        assert answer.status_code == 409
        assert reason in answer.json()["error"]["message"]


NONSENSE = (
    "origin=0,0,0", "origin=0,0,0&right=1,0,0&down=0,1,0", "origin=0,0&right=1,0,0&down=0,1,0&columns=9&rows=9",
    "origin=0,0,nan&right=1,0,0&down=0,1,0&columns=9&rows=9", "window=4", "plane=curved", "columns=100000",
    "origin=0,0,0&right=1,0,0&down=1,1,0&columns=9&rows=9", "columns=8000&rows=8000", "anonymize=trial",
    "origin=0,0,0&right=0,0,0&down=1,1,0&columns=9&rows=9", "columns=2000&rows=2000&thickness=900", "type=gif",
)  # fmt: skip


def test_what_makes_no_sense_is_refused(client: Client, shared: None) -> None:
    assert {query: client.get(f"{ADDRESS}?{query}").status_code for query in NONSENSE} == dict.fromkeys(NONSENSE, 400)


@pytest.fixture
def shared(store: Callable[..., None]) -> None:
    store(*volume(EVEN[:3]))


def test_what_is_not_there(client: Client, shared: None) -> None:
    assert client.get(f"/api/studies/{STUDY}/series/1.2.3/mpr").status_code == 404
    assert client.get(f"{ADDRESS}?instance=1.2.3").status_code == 404
    assert client.get(f"{ADDRESS}?instance={STUDY}.1.2").status_code == 200


def test_a_broken_slice_is_told(client: Client, store: Callable[..., None]) -> None:
    store(*broken(), syntax=JPEG2000Lossless)
    answer = client.get(f"{ADDRESS}?plane=coronal")
    assert answer.status_code == 409


def test_only_slices_that_are_needed_are_read(monkeypatch: pytest.MonkeyPatch, client: Client, shared: None) -> None:
    asked: list[int] = []
    kept = reformat.cut

    def noting(stored: Any, plane: Any, read: Callable[[int], Any]) -> Any:
        def noted(number: int) -> Any:
            asked.append(number)
            return read(number)

        return kept(stored, plane, noted)

    monkeypatch.setattr("isocenter.web.mpr.cut", noting)
    told = json.loads(client.get(f"{ADDRESS}?plane=coronal").headers[HEADER])
    assert sorted(asked) == [0, 1, 2]  # each once, though it neighbours two
    asked.clear()
    row, column = np.array(OBLIQUE[:3]), np.array(OBLIQUE[3:])
    second = np.array([-20.0, 10.0, 300.0]) + 2 * np.cross(row, column)
    vectors = "&".join(
        f"{name}={','.join(map(str, vector))}"
        for name, vector in (("origin", second), ("right", row), ("down", column))
    )
    client.get(f"{ADDRESS}?{vectors}&columns=12&rows=9&spacing=0.9")
    assert asked == [1]
    assert told["spacing"] == 0.9


def test_the_cache_holds_no_more_than_it_may() -> None:
    cache, made = SliceCache(most_bytes=1000), 0

    def decode() -> NDArray[np.int16]:
        nonlocal made
        made += 1
        return np.zeros((10, 20), np.int16)

    for number in (1, 2, 1, 3, 1, 2):  # 400 bytes each: two at once
        cache.get((b"hash", number), decode)
        assert cache.bytes <= 1000
    assert made == 4

    def fails() -> NDArray[np.int16]:
        raise InvalidObjectError("broken")

    for _ in range(2):
        with pytest.raises(InvalidObjectError):
            cache.get((b"hash", 9), fails)
    assert cache.bytes == 800
