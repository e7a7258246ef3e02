"""Overlays, shutters and what else lies over a picture."""

from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from isocenter.codecs import shutters
from isocenter.codecs.drawing import plain, write_gif
from isocenter.codecs.overlays import activated, burn, in_unused_bits, read_overlays

BITS = np.zeros((2, 4, 5), np.uint8)
BITS[0, 1, 2] = BITS[1, 3, 4] = 1


def overlaid(group: int = 0x6000, **elements: Any) -> Dataset:
    dataset = Dataset()
    values = {
        0x10: ("US", 4), 0x11: ("US", 5), 0x15: ("IS", 2), 0x50: ("SS", [1, 1]), 0x100: ("US", 1), 0x102: ("US", 0),
        0x3000: ("OW", np.packbits(BITS.reshape(-1), bitorder="little").tobytes() + b"\0"),
    }  # fmt: skip
    changed = {int(name[1:], 16): value for name, value in elements.items()}
    for element, (vr, value) in values.items():
        if changed.get(element, value) is not None:
            dataset.add_new(group << 16 | element, vr, changed.get(element, value))
    return dataset


@pytest.mark.parametrize("number", [0, 1])
def test_a_plane_for_each_frame(number: int) -> None:
    (overlay,) = read_overlays(overlaid(), number)
    np.testing.assert_array_equal(overlay.bits, BITS[number])


def test_frames_without_a_plane() -> None:
    assert read_overlays(overlaid(), 2) == []
    only_third = overlaid()
    only_third.add_new(0x60000051, "US", 3)
    assert read_overlays(only_third, 0) == []
    assert read_overlays(only_third, 2)[0].bits[1, 2]


def test_one_plane_is_for_all_frames() -> None:
    assert read_overlays(overlaid(x15=1), 7)[0].bits[1, 2]


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0"])
def test_a_plane_that_is_cut_is_left_out(data: bytes) -> None:
    assert read_overlays(overlaid(x3000=data)) == []


def test_planes_in_unused_bits() -> None:
    dataset = overlaid(x3000=None, x102=15, x15=None)
    assert in_unused_bits(dataset)
    assert not in_unused_bits(overlaid())
    words = np.zeros((4, 5), "<u2")
    words[2, 3] = 0x8000
    assert np.argwhere(read_overlays(dataset, 0, words)[0].bits).tolist() == [[2, 3]]
    assert read_overlays(dataset) == []


@pytest.mark.parametrize(("origin", "place"), [([1, 1], (1, 2)), ([3, 2], (3, 3)), ([0, -1], (0, 0))])
def test_burnt_where_they_belong(origin: list[int], place: tuple[int, int]) -> None:
    picture = np.zeros((6, 6), np.uint8)
    shown = burn(picture, read_overlays(overlaid(x50=origin)))
    assert np.argwhere(shown).tolist() == [list(place)]
    assert not picture.any()


def test_outside_the_picture_nothing_is_burnt() -> None:
    picture = np.zeros((6, 6), np.uint8)
    assert not burn(picture, read_overlays(overlaid(x50=[100, 100]))).any()
    assert not burn(picture, read_overlays(overlaid(x50=[-100, -100]))).any()


def test_what_a_state_activates() -> None:
    state = Dataset()
    state.add_new(0x60001001, "CS", "LAYER")
    state.add_new(0x60021001, "CS", "")
    assert activated(state) == [0x6000]


@pytest.mark.parametrize(
    ("attributes", "seen"),
    [
        ({"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [5, 5], "RadiusOfCircularShutter": 1}, 5),
        ({"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 1, 1, 3, 3, 3, 3, 1]}, 9),
        ({"ShutterShape": "RECTANGULAR", "ShutterLeftVerticalEdge": 2, "ShutterRightVerticalEdge": 4,
          "ShutterUpperHorizontalEdge": 3, "ShutterLowerHorizontalEdge": 4}, 6),
        ({"ShutterShape": "CIRCULAR"}, 100),
        ({"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": [1, 1]}, 100),
        ({"ShutterShape": "BITMAP"}, 100),
        ({}, 100),
    ],
)  # fmt: skip
def test_shutters(attributes: dict[str, Any], seen: int) -> None:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    picture = np.full((10, 10), 200, np.uint8)
    shown = shutters.close(picture, dataset)
    assert (shown == 200).sum() == seen
    assert (shown == 0).sum() == 100 - seen


def test_two_shutters_hide_together_in_their_shade() -> None:
    dataset = Dataset()
    dataset.ShutterShape = ["RECTANGULAR", "CIRCULAR"]
    dataset.ShutterLeftVerticalEdge, dataset.ShutterRightVerticalEdge = 5, 10
    dataset.ShutterUpperHorizontalEdge, dataset.ShutterLowerHorizontalEdge = 1, 10
    dataset.CenterOfCircularShutter, dataset.RadiusOfCircularShutter = [5, 5], 1
    dataset.ShutterPresentationValue = 0x4000
    shown = shutters.close(np.full((10, 10), 200, np.uint8), dataset)
    assert ((shown == 200).sum(), shown.min()) == (4, 0x40)


@pytest.mark.parametrize(
    ("text", "letters"), [("Müller", "Muller"), ("Łódź ß", "Lodz ss"), ("山", "?"), ("a\nb", "a\nb")]
)
def test_letters_of_the_font(text: str, letters: str) -> None:
    assert plain(text) == letters


def test_gif_of_grey_and_colour() -> None:
    assert write_gif([np.zeros((4, 4), "u1"), np.full((4, 4), 9, "u1")], 40).startswith(b"GIF89a")
    assert write_gif([np.zeros((4, 4, 3), "u1")], 0).startswith(b"GIF8")
