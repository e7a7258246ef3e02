"""Presentation states: grey scale, geometry, graphics and text, on pictures whose pixels are known."""

from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from isocenter.codecs.display import render
from isocenter.codecs.presentation import Presentation, Window
from isocenter.codecs.softcopy import Reference, State, references

IMAGE = "1.2.3"
GREY = np.full((40, 60), 100, np.uint8)


def item(**attributes: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def state(number: int = 1, **attributes: Any) -> State:
    return State(item(**{"PresentationLUTShape": "IDENTITY", **attributes}), IMAGE, number)


def table(values: list[int], bits: int = 8, first: int = 0) -> Dataset:
    lut = Dataset()
    lut.add_new(0x00283002, "US", [len(values), first, bits])
    lut.add_new(0x00283006, "US", values)
    return lut


def test_the_state_says_how_grey_is_shown() -> None:
    of_image = Presentation(slope=2, intercept=5, windows=(Window(1, 1),), inverse=True)
    voi = item(WindowCenter=40, WindowWidth=80)
    shown = state(SoftcopyVOILUTSequence=[voi]).presentation(of_image)
    assert [(w.center, w.width) for w in shown.windows] == [(40, 80)]
    assert (shown.slope, shown.intercept, shown.inverse) == (2, 5, False)
    shown = state(RescaleSlope=3, RescaleIntercept=1, PresentationLUTShape="INVERSE").presentation(of_image)
    assert (shown.slope, shown.intercept, shown.inverse) == (3, 1, True)
    assert [(w.center, w.width) for w in shown.windows] == [(1, 1)]


@pytest.mark.parametrize(
    ("reference", "number", "meant"),
    [
        ({"ReferencedSOPInstanceUID": IMAGE}, 1, True),
        ({"ReferencedSOPInstanceUID": "9.9"}, 1, False),
        ({"ReferencedSOPInstanceUID": IMAGE, "ReferencedFrameNumber": [2, 3]}, 1, False),
        ({"ReferencedSOPInstanceUID": IMAGE, "ReferencedFrameNumber": [2, 3]}, 3, True),
    ],
)
def test_what_is_for_another_image_or_frame_is_left_out(reference: dict[str, Any], number: int, meant: bool) -> None:
    voi = item(WindowCenter=40, WindowWidth=80, ReferencedImageSequence=[item(**reference)])
    shown = state(number, SoftcopyVOILUTSequence=[voi]).presentation(Presentation())
    assert bool(shown.windows) == meant


def test_the_shape_stands_for_itself(describe: Any) -> None:
    frame = np.arange(256, dtype="u1").reshape(16, 16)
    mono1 = describe(frame, PhotometricInterpretation="MONOCHROME1")
    assert render(frame, mono1).argmax() == 0
    assert render(frame, mono1, state().presentation(Presentation())).argmax() == 255


def test_a_presentation_lut_comes_last(describe: Any) -> None:
    frame = np.arange(256, dtype="u1").reshape(16, 16)
    shown = render(
        frame, describe(frame), state(PresentationLUTSequence=[table([255, 0])]).presentation(Presentation())
    )
    assert set(shown[frame < 127]) == {255}
    assert set(shown[frame > 128]) == {0}


@pytest.mark.parametrize(("rotation", "flip"), [(0, "N"), (90, "N"), (180, "Y"), (270, "Y"), (0, "Y")])
def test_turned_clockwise_then_flipped(rotation: int, flip: str) -> None:
    picture = np.arange(12, dtype=np.uint8).reshape(3, 4)
    expected = np.rot90(picture, -rotation // 90)
    expected = expected[:, ::-1] if flip == "Y" else expected
    shown = state(ImageRotation=rotation, ImageHorizontalFlip=flip).applied(picture, [])
    np.testing.assert_array_equal(shown, expected)


@pytest.mark.parametrize("corners", [([11, 6], [30, 25]), ([30, 25], [11, 6]), ([30, 6], [11, 25])])
def test_the_displayed_area(corners: tuple[list[int], list[int]]) -> None:
    area = item(DisplayedAreaTopLeftHandCorner=corners[0], DisplayedAreaBottomRightHandCorner=corners[1])
    picture = np.arange(2400).reshape(40, 60).astype(np.uint8)
    shown = state(DisplayedAreaSelectionSequence=[area]).applied(picture, [])
    np.testing.assert_array_equal(shown, picture[5:25, 10:30])


@pytest.mark.parametrize(
    ("kind", "data", "on", "off"),
    [
        ("POLYLINE", [1, 1, 60, 1], (0, 30), (1, 30)),
        ("POINT", [31, 21], (20, 30), (30, 30)),
        ("CIRCLE", [31, 21, 41, 21], (20, 40), (20, 30)),
        ("ELLIPSE", [11, 21, 51, 21, 31, 11, 31, 31], (10, 30), (20, 30)),
        ("INTERPOLATED", [1, 40, 60, 40], (39, 5), (38, 5)),
    ],
)
def test_graphics(kind: str, data: list[int], on: tuple[int, int], off: tuple[int, int]) -> None:
    graphic = item(GraphicAnnotationUnits="PIXEL", GraphicType=kind, GraphicData=data, GraphicFilled="N")
    shown = state(GraphicAnnotationSequence=[item(GraphicObjectSequence=[graphic])]).applied(GREY, [])
    assert shown[on] == 255
    assert shown[off] == 100


def test_filled_graphics_and_parts_of_the_display() -> None:
    graphic = item(GraphicAnnotationUnits="DISPLAY", GraphicType="POLYLINE", GraphicFilled="Y",
                   GraphicData=[0, 0, 0.5, 0, 0.5, 1, 0, 1, 0, 0])  # fmt: skip
    shown = state(GraphicAnnotationSequence=[item(GraphicObjectSequence=[graphic])], ImageRotation=90).applied(GREY, [])
    assert shown.shape == (60, 40)
    assert shown[30, 5] == 255  # after it was turned
    assert shown[30, 35] == 100


def test_text_stands_at_its_place() -> None:
    text = item(UnformattedTextValue="HERE", AnchorPoint=[20, 15], AnchorPointAnnotationUnits="PIXEL")
    shown = state(GraphicAnnotationSequence=[item(TextObjectSequence=[text])]).applied(np.zeros((60, 90), "u1"), [])
    rows, columns = np.nonzero(shown > 150)
    assert (rows.min() >= 13, columns.min() >= 17, rows.max() < 30, columns.max() < 70) == (True,) * 4


def test_colour_is_drawn_on_too() -> None:
    graphic = item(GraphicAnnotationUnits="PIXEL", GraphicType="POLYLINE", GraphicData=[1, 1, 60, 1])
    colour = np.zeros((40, 60, 3), np.uint8)
    shown = state(GraphicAnnotationSequence=[item(GraphicObjectSequence=[graphic])]).applied(colour, [])
    assert tuple(shown[0, 30]) == (255, 255, 255)


def test_references() -> None:
    images = [item(ReferencedSOPInstanceUID="1.1"), item(ReferencedSOPInstanceUID="1.2", ReferencedFrameNumber=4)]
    dataset = item(ReferencedSeriesSequence=[item(SeriesInstanceUID="1", ReferencedImageSequence=images)])
    assert references(dataset) == [Reference("1", "1.1"), Reference("1", "1.2", (4,))]
    assert references(Dataset()) == []
