import numpy as np
import pytest
from pydicom import Dataset

from isocenter.codecs.presentation import Window, read_presentation
from isocenter.errors import InvalidObjectError


def dataset(**attributes) -> Dataset:
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def lut_item(descriptor, data) -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "US", descriptor)
    item.add_new(0x00283006, "US" if isinstance(data, list) else "OW", data)
    return item


def test_an_empty_data_set_shows_values_as_they_are():
    presentation = read_presentation(Dataset())
    assert (presentation.slope, presentation.intercept, presentation.windows) == (1, 0, ())
    assert presentation.padding is None


def test_windows_and_rescale():
    presentation = read_presentation(
        dataset(
            RescaleSlope="2", RescaleIntercept="-1024", WindowCenter=["40", "-600"], WindowWidth=["400", "1500"],
            WindowCenterWidthExplanation=["SOFT", "LUNG"], VOILUTFunction="SIGMOID",
        )
    )  # fmt: skip
    assert (presentation.slope, presentation.intercept) == (2, -1024)
    assert presentation.windows == (Window(40, 400, "SIGMOID", "SOFT"), Window(-600, 1500, "SIGMOID", "LUNG"))


@pytest.mark.parametrize("slope", ["0", None])
def test_a_slope_of_nothing_is_one(slope):
    assert read_presentation(dataset(RescaleSlope=slope, RescaleIntercept="5")).slope == 1


@pytest.mark.parametrize(("center", "width"), [(None, "400"), ("40", None), ("40", "0"), ([], []), ("40", "-1")])
def test_half_a_window_is_none(center, width):
    assert read_presentation(dataset(WindowCenter=center, WindowWidth=width)).windows == ()


def test_the_frame_s_own_groups_come_first():
    def group(window, intercept):
        return dataset(
            FrameVOILUTSequence=[dataset(WindowCenter=window, WindowWidth=100)],
            PixelValueTransformationSequence=[dataset(RescaleSlope=1, RescaleIntercept=intercept)],
        )

    frames = [group(1, -1), group(2, -2), Dataset()]
    enhanced = dataset(PerFrameFunctionalGroupsSequence=frames, SharedFunctionalGroupsSequence=[group(9, -9)])
    found = [read_presentation(enhanced, number) for number in (0, 1, 2, 7)]
    assert [p.windows[0].center for p in found] == [1, 2, 9, 9]
    assert [p.intercept for p in found] == [-1, -2, -9, -9]


@pytest.mark.parametrize(
    ("representation", "value", "limit", "expected"),
    [
        (1, -2000, None, (-2000, -2000)),
        (1, 63536, None, (-2000, -2000)),
        (0, 63536, None, (63536, 63536)),
        (0, 10, 5, (5, 10)),
    ],
)
def test_padding(representation, value, limit, expected):
    made = Dataset()
    made.PixelRepresentation = representation
    made.add_new(0x00280120, "SS" if value < 0 else "US", value)
    if limit is not None:
        made.add_new(0x00280121, "US", limit)
    assert read_presentation(made).padding == expected


def test_lookup_sequences():
    presentation = read_presentation(
        dataset(
            PixelRepresentation=1,
            ModalityLUTSequence=[lut_item([3, 65534, 16], [7, 8, 9])],
            VOILUTSequence=[lut_item([2, 7, 8], b"\x00\x00\xff\x00")],
        )
    )
    assert presentation.modality_lut is not None
    np.testing.assert_array_equal(presentation.modality_lut(np.array([-9, -2, -1, 0, 9])), [7, 7, 8, 9, 9])
    np.testing.assert_array_equal(presentation.voi_luts[0](np.array([7, 8])), [0, 255])


def test_palettes_are_read_only_for_palette_colour():
    made = dataset(PhotometricInterpretation="PALETTE COLOR")
    with pytest.raises(InvalidObjectError, match="red"):
        read_presentation(made)
    for number in range(3):
        made.add_new(0x00281101 + number, "US", [2, 0, 16])
        made.add_new(0x00281201 + number, "OW", bytes([0, number, 0, 255]))
    palette = read_presentation(made).palette
    assert palette is not None
    assert [int(table.to_8_bit()[0]) for table in palette] == [0, 1, 2]
    assert read_presentation(Dataset()).palette is None


@pytest.mark.parametrize(("shape", "inverse"), [("IDENTITY", False), ("INVERSE", True)])
def test_presentation_lut_shape(shape, inverse):
    assert read_presentation(dataset(PresentationLUTShape=shape)).inverse is inverse
