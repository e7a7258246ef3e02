"""The maximum through a whole volume: exact along its axes, in its place from any side, none lost by coarseness."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from isocenter.web import volumes
from isocenter.web.projection import coarse_volume

from .conftest import Client
from .test_mpr import ADDRESS, EVEN, OBLIQUE, OWN, UNEVEN, floats, volume

ROW, COLUMN = np.array(OBLIQUE[:3]), np.array(OBLIQUE[3:])
#: Along slices, rows and columns: directions and mm.
LINES, STEPS = (np.cross(ROW, COLUMN), COLUMN, ROW), (2.0, 1.5, 0.9)
Vector = NDArray[np.float64]


def values_of(slices: list[Dataset]) -> NDArray[np.float64]:
    """Return the real values (slices, rows, columns)."""
    stored = np.array([np.frombuffer(one.PixelData, "<i2").reshape(9, 12) for one in slices], float)
    slope, intercept = (
        np.array([[[one[name].value]] for one in slices], float) for name in ("RescaleSlope", "RescaleIntercept")
    )
    return stored * slope + intercept


def seen(client: Client, origin: Vector, right: Vector, down: Vector, shape: tuple[int, int], step: float) -> Any:
    """Return the maximum through the volume and what is told of it."""
    vectors = "&".join(
        f"{name}={','.join(str(float(part)) for part in vector)}"
        for name, vector in (("origin", origin), ("right", right), ("down", down))
    )
    query = f"type=float32&through=true&{vectors}&rows={shape[0]}&columns={shape[1]}&spacing={step}"
    return floats(client.get(f"{ADDRESS}?{query}"))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_along_an_axis_it_is_the_maximum(client: Client, store: Callable[..., None], axis: int) -> None:
    slices = volume(EVEN)
    store(*slices)
    most = values_of(slices).max(axis=axis)
    down, right = (each for each in range(3) if each != axis)
    start = np.array(slices[0].ImagePositionPatient, float) + 100 * LINES[axis]  # anywhere on the line of sight
    across, told = seen(client, start, LINES[right], LINES[down], (1, most.shape[1]), STEPS[right])
    below, _ = seen(client, start, LINES[right], LINES[down], (most.shape[0], 1), STEPS[down])
    assert told["factor"] == 1
    np.testing.assert_allclose(across[0], most[0], atol=0.5)
    np.testing.assert_allclose(below[:, 0], most[:, 0], atol=0.5)


@pytest.mark.parametrize(("places", "tilt"), [(EVEN, 0.0), (EVEN, 0.35), (UNEVEN, -0.2)])
@pytest.mark.parametrize("most", [1 << 24, 250])
def test_a_bright_voxel_is_where_it_lies_from_every_side(
    client: Client, store: Callable[..., None], places: Vector, tilt: float, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volumes, "coarse_volume", lambda *arguments: coarse_volume(*arguments, most=most))
    slices = volume(places, tilt=tilt)
    for number, one in enumerate(slices):
        pixels = np.full((9, 12), -900, "<i2")
        pixels[4, 7] = 2000 if number == 3 else -900
        one.PixelData = pixels.tobytes()
    store(*slices)
    place = np.array(slices[3].ImagePositionPatient, float) + 7 * STEPS[2] * ROW + 4 * STEPS[1] * COLUMN
    coarse = 1 if most > 1000 else 2
    for right, other in np.random.default_rng(7).normal(size=(6, 2, 3)):
        across = right / np.linalg.norm(right)
        below = np.cross(across, other) / np.linalg.norm(np.cross(across, other))
        made, told = seen(client, place - 15 * (across + below), across, below, (151, 151), 0.2)
        assert told["factor"] == coarse
        assert np.nanmax(made) == pytest.approx(
            2000 * slices[3].RescaleSlope - 1024, abs=1200
        )  # of 5800: pixels lie beside the middles
        middle = np.argwhere(np.nan_to_num(made, nan=-9999) > np.nanmax(made) - 600).mean(axis=0)
        assert np.abs(middle - 75).max() * 0.2 < 1.5 * coarse  # voxels of 2 mm, and twice as much


def test_no_maximum_is_lost_by_coarseness(
    client: Client, store: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    monkeypatch.setattr(
        volumes, "coarse_volume", lambda *given: made.append(coarse_volume(*given, most=250)) or made[0]
    )
    slices = volume(EVEN)
    store(*slices)
    for _ in range(2):
        assert client.get(f"{ADDRESS}?through=true&{OWN}").status_code == 200
    (coarse,) = made  # kept
    assert (coarse.factor, coarse.together, coarse.values.shape) == (2, 1, (7, 5, 6))
    padded = np.pad(values_of(slices), ((0, 0), (0, 1), (0, 0)), mode="edge")
    np.testing.assert_allclose(coarse.values, padded.reshape(7, 5, 2, 6, 2).max(axis=(2, 4)), atol=0.01)


def test_only_the_maximum_is_had_through_all(client: Client, store: Callable[..., None]) -> None:
    store(*volume(EVEN))
    answer = client.get(f"{ADDRESS}?through=true&mode=mean&{OWN}")
    assert answer.status_code == 400
    assert "maximum only" in answer.json()["error"]["message"]
