"""Blanked areas are constant in every frame; outside them nothing changes."""

import io

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from isocenter.deid import Box, DeviceRule, Project, Status, anonymize, policy

US = "1.2.840.10008.5.1.4.1.1.3.1"
RULE = DeviceRule("maker", "model", 40, 50, (Box(0, 0, 50, 6), Box(45, 6, 50, 40)))
KINDS = {
    "8 bit": (np.uint8, 1, "MONOCHROME2", 0),
    "16 bit": (np.uint16, 1, "MONOCHROME2", 0),
    "signed": (np.int16, 1, "MONOCHROME2", 0),
    "colour by pixel": (np.uint8, 3, "RGB", 0),
    "colour by plane": (np.uint8, 3, "RGB", 1),
    "ybr": (np.uint8, 3, "YBR_FULL", 0),
    "palette": (np.uint8, 1, "PALETTE COLOR", 0),
}


def picture(kind: str, frames: int = 3) -> tuple[Dataset, np.ndarray]:
    """Return an ultrasound cine and its pixels: (frames, rows, columns[, samples])."""
    dtype, samples, photometric, planar = KINDS[kind]
    rng = np.random.default_rng(7)
    shape = (frames, 40, 50) if samples == 1 else (frames, 40, 50, samples)
    low = -500 if np.dtype(dtype).kind == "i" else 1
    pixels = rng.integers(low, 250, shape).astype(dtype)
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = US, "1.2.826.1", "US"
    ds.Manufacturer, ds.ManufacturerModelName = "Maker Inc", "Model 7"
    ds.Rows, ds.Columns, ds.NumberOfFrames = 40, 50, frames
    ds.SamplesPerPixel, ds.PhotometricInterpretation = samples, photometric
    if samples > 1:
        ds.PlanarConfiguration = planar
    ds.BitsAllocated = ds.BitsStored = np.dtype(dtype).itemsize * 8
    ds.HighBit, ds.PixelRepresentation = ds.BitsAllocated - 1, int(np.dtype(dtype).kind == "i")
    stored = np.moveaxis(pixels, -1, 1) if planar else pixels
    ds.PixelData = np.ascontiguousarray(stored).tobytes()
    ds["PixelData"].VR = "OW" if ds.BitsAllocated == 16 else "OB"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds, pixels


def file_of(ds: Dataset, syntax: str) -> bytes:
    if syntax == RLELossless:
        if ds.get("PlanarConfiguration"):
            planes = np.frombuffer(ds.PixelData, np.uint8).reshape(-1, 3, 40, 50)
            ds.PixelData, ds.PlanarConfiguration = np.moveaxis(planes, 1, -1).tobytes(), 0
        ds.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    ds.file_meta.TransferSyntaxUID = syntax
    ds.save_as(buffer := io.BytesIO(), enforce_file_format=True)
    return buffer.getvalue()


def stored(ds: Dataset, like: np.ndarray) -> np.ndarray:
    return np.frombuffer(ds.PixelData, like.dtype)[: like.size].reshape(like.shape)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless])
@pytest.mark.parametrize("kind", KINDS)
def test_inside_constant_outside_identical(project: Project, kind: str, syntax: str) -> None:
    ds, pixels = picture(kind)
    result = anonymize(file_of(ds, syntax), project, policy(burned_in="blank", device_rules=(RULE,)))
    assert result.status is Status.OUTPUT, result.reason
    after = result.dataset()
    assert after.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    found = stored(after, pixels)
    mask = np.zeros((40, 50), bool)
    for box in RULE.boxes:
        mask[box.top : box.bottom, box.left : box.right] = True
    assert np.array_equal(found[:, ~mask], pixels[:, ~mask])
    assert len(np.unique(found[:, mask].reshape(-1, pixels.shape[3] if pixels.ndim == 4 else 1), axis=0)) == 1
    assert after.BurnedInAnnotation == "NO"
    assert "113101" in [item.CodeValue for item in after.DeidentificationMethodCodeSequence]


def regions(*corners: tuple[int, int, int, int]) -> list[Dataset]:
    items = []
    for left, top, right, bottom in corners:
        item = Dataset()
        item.RegionLocationMinX0, item.RegionLocationMinY0 = left, top
        item.RegionLocationMaxX1, item.RegionLocationMaxY1 = right, bottom
        items.append(item)
    return items


@pytest.mark.parametrize(
    "corners", [[(5, 8, 44, 35)], [(0, 10, 20, 39), (25, 10, 49, 30)], [(0, 5, 49, 20), (10, 10, 60, 90)]]
)
def test_everything_outside_ultrasound_regions_is_blanked(project: Project, corners: list) -> None:
    ds, pixels = picture("8 bit")
    ds.SequenceOfUltrasoundRegions = regions(*corners)
    after = anonymize(file_of(ds, ImplicitVRLittleEndian), project, policy(burned_in="blank")).dataset()
    inside = np.zeros((40, 50), bool)
    for left, top, right, bottom in corners:
        inside[top : bottom + 1, left : right + 1] = True
    found = stored(after, pixels)
    assert np.array_equal(found[:, inside], pixels[:, inside])
    assert not found[:, ~inside].any()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Rows": 41}, "may show text"),  # the rule is for another size
        ({"Manufacturer": "Other"}, "may show text"),
        ({"NumberOfFrames": 4}, "cannot be blanked"),  # fewer pixels than announced
    ],
)
def test_what_does_not_fit_is_set_aside(project: Project, change: dict, reason: str) -> None:
    ds, _ = picture("8 bit")
    for keyword, value in change.items():
        setattr(ds, keyword, value)
    result = anonymize(file_of(ds, ExplicitVRLittleEndian), project, policy(burned_in="blank", device_rules=(RULE,)))
    assert result.status is Status.SEQUESTERED
    assert reason in result.reason


def test_without_the_choice_nothing_is_blanked(project: Project) -> None:
    ds, _ = picture("8 bit")
    ds.SequenceOfUltrasoundRegions = regions((5, 8, 44, 35))
    assert anonymize(file_of(ds, ExplicitVRLittleEndian), project).status is Status.SEQUESTERED


def test_big_endian_is_set_aside(project: Project) -> None:
    ds, _ = picture("16 bit")
    ds.PixelData = np.frombuffer(ds.PixelData, np.uint16).byteswap().tobytes()
    result = anonymize(file_of(ds, ExplicitVRBigEndian), project, policy(burned_in="blank", device_rules=(RULE,)))
    assert result.status is Status.SEQUESTERED
