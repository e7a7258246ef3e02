"""The header of a picture: what is read of it says the same as the whole of it."""

import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from isocenter.codecs.presentation import KEYWORDS, Presentation, read_presentation
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.scanner import inflate
from isocenter.dicom.uids import transfer_syntax
from isocenter.errors import InvalidObjectError
from isocenter.web.pictures import Header, display_header

from .conftest import ct, part10


def plain(value: Any) -> Any:
    """Return dataclasses and arrays as what compares."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if dataclasses.is_dataclass(value):
        return tuple(plain(getattr(value, field.name)) for field in dataclasses.fields(value))
    return tuple(map(plain, value)) if isinstance(value, tuple) else value


def without_names(presentation: Presentation) -> Any:
    """Return a presentation as what compares, without the explanations of its windows, which pictures do not show."""
    windows = tuple(dataclasses.replace(window, explanation="") for window in presentation.windows)
    return plain(dataclasses.replace(presentation, windows=windows))


def picked(raw: bytes) -> Header:
    meta = read_preamble_and_meta(raw, final=True)
    assert meta is not None
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    data = raw[meta.data_set_offset :]
    return display_header(inflate(data, 1 << 28) if syntax.deflated else data, syntax)


def elaborate() -> Dataset:
    """Build a signed image with padding, a VOI LUT, and a window of its own for its second frame."""
    lut = Dataset()
    lut.add_new(0x00283002, "SS", [3, -2, 8])
    lut.add_new(0x00283006, "US", [1, 2, 300])
    window = Dataset()
    window.WindowCenter, window.WindowWidth = 7, 9
    frame = Dataset()
    frame.FrameVOILUTSequence = [window]
    dataset = ct(1, PixelRepresentation=1, RescaleSlope="2.5", RescaleIntercept="-1024", WindowCenter=["40", "50"],
                 WindowWidth=["400", "500"], VOILUTSequence=[lut], PresentationLUTShape="INVERSE",
                 PerFrameFunctionalGroupsSequence=[Dataset(), frame])  # fmt: skip
    dataset.add_new(0x00280120, "SS", -2000)
    return dataset


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("frame", [0, 1])
def test_what_is_read_says_the_same_as_the_whole(syntax: str, frame: int) -> None:
    raw = part10(elaborate(), syntax)
    found = picked(raw).presentation(frame + 1)
    assert plain(found) == plain(read_presentation(pydicom.dcmread(io.BytesIO(raw)), frame))
    assert (found.padding, found.inverse, found.slope) == ((-2000, -2000), True, 2.5)
    assert found.windows[0].width == (9 if frame else 400)


def test_only_the_named_attributes_are_looked_at() -> None:
    seen: set[str] = set()

    class Watched(Dataset):
        def get(self, key: Any, default: Any = None) -> Any:
            seen.add(key)
            return super().get(key, default)

    read_presentation(Watched(elaborate()))
    palette = Watched(ct(1, PhotometricInterpretation="PALETTE COLOR"))
    with pytest.raises(InvalidObjectError):
        read_presentation(palette)
    for colour in ("Red", "Green", "Blue"):
        setattr(palette, f"{colour}PaletteColorLookupTableDescriptor", [2, 0, 16])
        setattr(palette, f"{colour}PaletteColorLookupTableData", b"\0\0\1\1")
    read_presentation(palette)
    macros = {"PixelValueTransformationSequence", "FrameVOILUTSequence"}  # of the functional groups
    assert seen - macros == KEYWORDS


@pytest.mark.real_data
@pytest.mark.parametrize("folder", ["pixel_presentation", "transfer_syntax", "volumes", "dynamic"])
def test_real_headers(data_dir: Path, folder: str) -> None:
    compared = simple = 0
    for file in sorted((data_dir / folder).rglob("*.dcm")):
        raw = file.read_bytes()
        whole = pydicom.dcmread(io.BytesIO(raw), stop_before_pixels=True, force=True)
        if "Rows" in whole:
            picked_header = picked(raw)
            assert without_names(picked_header.presentation(1)) == without_names(read_presentation(whole)), file.name
            compared += 1
            simple += picked_header.simple
    assert compared > simple > 0


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_simple_headers_are_read_quickly_and_alike(syntax: str) -> None:
    dataset = ct(1, RescaleSlope="2.5", RescaleIntercept="-1024", WindowCenter=["40", "50"], WindowWidth=["0", "500"],
                 VOILUTFunction="SIGMOID", PresentationLUTShape="INVERSE")  # fmt: skip
    dataset.add_new(0x00280120, "SS", -2000)
    dataset.add_new(0x00280121, "SS", -1000)
    header = picked(part10(dataset, syntax))
    assert header.simple
    assert plain(header.presentation(1)) == plain(read_presentation(dataset))
    dataset.RescaleSlope = "0"
    del dataset.WindowWidth
    assert plain(picked(part10(dataset, syntax)).presentation(1)) == plain(read_presentation(dataset))


def test_a_number_that_is_none_is_an_error_as_before() -> None:
    raw = part10(ct(1, RescaleSlope="1.5")).replace(b"1.5 ", b"1,5 ")
    header = picked(raw)
    assert header.simple
    with pytest.raises(InvalidObjectError, match="cannot be read for display"):
        header.presentation(1)
