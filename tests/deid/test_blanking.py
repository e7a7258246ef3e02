"""Blanked areas are constant in every frame; outside them nothing changes."""

import io

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from isocenter.codecs.registry import decode_frame
from isocenter.codecs.writing import encode_frame, encoded
from isocenter.deid import Box, DeviceRule, Project, Status, anonymize, policy
from isocenter.deid.painting import written_syntax
from isocenter.dicom.layout import Layout, read_layout
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.pixels import ImageDescription
from isocenter.dicom.scanner import inflate
from isocenter.dicom.uids import transfer_syntax
from isocenter.errors import UsageError

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


def described(ds: Dataset) -> ImageDescription:
    names = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation")
    numbers = {name: int(ds[name].value) for name in names}
    return ImageDescription(
        **numbers, PhotometricInterpretation=ds.PhotometricInterpretation, NumberOfFrames=int(ds.NumberOfFrames)
    )


def compressed(ds: Dataset, pixels: np.ndarray, syntax: str) -> bytes:
    """Return the file of a picture with its frames in a compressed syntax."""
    plain = described(ds)
    after = encoded(plain, syntax)
    ds.PhotometricInterpretation = after.PhotometricInterpretation
    ds.PixelData = encapsulate([encode_frame(frame, plain, syntax) for frame in pixels])
    ds["PixelData"].VR, ds["PixelData"].is_undefined_length = "OB", True
    if "PlanarConfiguration" in ds:
        ds.PlanarConfiguration = 0
    known = UID(syntax).is_transfer_syntax
    stand_in = JPEG2000Lossless if len(syntax) < 23 else HTJ2KLossless  # pydicom does not know every syntax
    ds.file_meta.TransferSyntaxUID = syntax if known else stand_in
    ds.save_as(buffer := io.BytesIO(), enforce_file_format=True)
    written = buffer.getvalue()
    length = len(stand_in) + len(stand_in) % 2
    padded = syntax.encode().ljust(length, b"\0")
    return written if known else written.replace(stand_in.encode().ljust(length, b"\0"), padded, 1)


def decoded(file: bytes) -> np.ndarray:
    """Return the values of all frames of a file."""
    meta = read_preamble_and_meta(file, final=True)
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    body = memoryview(file)[meta.data_set_offset :]
    body = inflate(body, 1 << 24) if syntax.deflated else body
    layout = read_layout(body, syntax)
    joined = [b"".join(bytes(body[at : at + length]) for at, length in frame) for frame in layout.frames]
    return np.stack(
        [decode_frame(f, layout.description, syntax.uid, vr=layout.vr, number=n) for n, f in enumerate(joined)]
    )


MASK = np.zeros((40, 50), bool)
for area in RULE.boxes:
    MASK[area.top : area.bottom, area.left : area.right] = True
BLANK = policy(burned_in="blank", device_rules=(RULE,))


def check(found: np.ndarray, expected: np.ndarray, after: Dataset) -> None:
    """Outside the boxes the values are the same in every frame, inside they are constant; the markers say so."""
    assert np.array_equal(found[:, ~MASK], expected[:, ~MASK])
    inside = found[:, MASK].reshape(-1, expected.shape[3] if expected.ndim == 4 else 1)
    assert len(np.unique(inside, axis=0)) == 1
    assert after.BurnedInAnnotation == "NO"
    assert "113101" in [item.CodeValue for item in after.DeidentificationMethodCodeSequence]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize("kind", KINDS)
def test_native_pixels_stay_native(project: Project, kind: str, syntax: str) -> None:
    ds, pixels = picture(kind)
    result = anonymize(file_of(ds, syntax), project, BLANK)
    assert result.status is Status.OUTPUT, result.reason
    after = result.dataset()
    assert after.file_meta.TransferSyntaxUID == syntax
    check(stored(after, pixels), pixels, after)
    assert "LossyImageCompression" not in after


LOSSLESS = ["5", "4.57", "4.70", "4.80", "4.90", "4.110", "4.201", "4.202", "1.98", "8.1"]


@pytest.mark.parametrize("end", LOSSLESS)
@pytest.mark.parametrize("kind", ["8 bit", "16 bit", "signed", "colour by pixel", "ybr", "palette"])
def test_what_was_compressed_without_loss_is_so_again(project: Project, kind: str, end: str) -> None:
    ds, pixels = picture(kind)
    syntax = f"1.2.840.10008.1.2.{end}"
    result = anonymize(compressed(ds, pixels, syntax), project, BLANK)
    assert result.status is Status.OUTPUT, result.reason
    after = result.dataset()
    assert after.file_meta.TransferSyntaxUID == syntax
    check(decoded(result.data), pixels, after)
    assert "LossyImageCompression" not in after


def test_pixels_that_share_their_chroma_go_on_sharing_it(project: Project) -> None:
    ds, _ = picture("ybr")
    pairs = np.random.default_rng(9).integers(1, 250, (3, 40, 25, 4)).astype(np.uint8)
    ds.PhotometricInterpretation, ds.PixelData = "YBR_FULL_422", pairs.tobytes()
    rule = DeviceRule("maker", "model", 40, 50, (Box(11, 3, 30, 20),))
    result = anonymize(file_of(ds, ExplicitVRLittleEndian), project, policy(burned_in="blank", device_rules=(rule,)))
    after = result.dataset()
    assert after.PhotometricInterpretation == "YBR_FULL_422"
    found = np.frombuffer(after.PixelData, np.uint8).reshape(pairs.shape)
    inside = np.zeros((40, 25), bool)
    inside[3:20, 5:15] = True  # pairs of which a half is inside
    assert np.array_equal(found[:, ~inside], pairs[:, ~inside])
    assert np.array_equal(np.unique(found[:, inside].reshape(-1, 4), axis=0), [[0, 0, 128, 128]])


LOSSY = {"4.50": "4.70", "4.81": "4.80", "4.91": "4.90", "4.203": "4.201", "4.112": "4.110"}


@pytest.mark.parametrize("end", LOSSY)
@pytest.mark.parametrize("kind", ["8 bit", "colour by pixel"])
def test_lossy_pixels_lose_nothing_more_and_stay_marked(project: Project, kind: str, end: str) -> None:
    ds, pixels = picture(kind)
    file = compressed(ds, pixels, f"1.2.840.10008.1.2.{end}")
    result = anonymize(file, project, BLANK)
    assert result.status is Status.OUTPUT, result.reason
    after = result.dataset()
    assert after.file_meta.TransferSyntaxUID == f"1.2.840.10008.1.2.{LOSSY[end]}"
    check(decoded(result.data), decoded(file), after)
    if end == "4.50":  # the others need not have lost anything
        assert (after.LossyImageCompression, after.LossyImageCompressionMethod) == ("01", "ISO_10918_1")


def test_single_bits_are_blanked(project: Project) -> None:
    ds, _ = picture("8 bit")
    bits = np.random.default_rng(3).integers(0, 2, (3, 41, 51)).astype(np.uint8)
    ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit = 41, 51, 1, 1, 0
    packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    ds.PixelData = packed + b"\0" * (len(packed) % 2)
    rule = DeviceRule("maker", "model", 41, 51, (Box(0, 0, 51, 7),))
    result = anonymize(file_of(ds, ExplicitVRLittleEndian), project, policy(burned_in="blank", device_rules=(rule,)))
    found = np.unpackbits(np.frombuffer(result.dataset().PixelData, np.uint8), bitorder="little")[: bits.size]
    bits[:, :7] = 0
    assert np.array_equal(found.reshape(bits.shape), bits)


@pytest.mark.parametrize("kind", ["8 bit", "16 bit", "signed"])
def test_big_endian_pixels_stay_big_endian(project: Project, kind: str) -> None:
    ds, pixels = picture(kind)
    ds.PixelData = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    result = anonymize(file_of(ds, ExplicitVRBigEndian), project, BLANK)
    assert result.status is Status.OUTPUT, result.reason
    after = result.dataset()
    assert after.file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    check(np.frombuffer(after.PixelData, pixels.dtype.newbyteorder(">")).reshape(pixels.shape), pixels, after)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, RLELossless])
@pytest.mark.parametrize("kind", ["16 bit", "signed"])
def test_overlays_in_unused_bits_go_and_the_values_stay(project: Project, kind: str, syntax: str) -> None:
    ds, pixels = picture(kind)
    ds.SOPClassUID, ds.Modality, ds.BitsStored, ds.HighBit = "1.2.840.10008.5.1.4.1.1.2", "CT", 12, 11
    bits = np.random.default_rng(5).integers(0, 16, pixels.shape).astype(np.uint16) << 12
    with_overlays = (pixels.view(np.uint16) & 0x0FFF) | bits
    ds.PixelData = with_overlays.tobytes()
    ds.add_new(0x60000100, "US", 16)
    ds.add_new(0x60000102, "US", 12)
    result = anonymize(file_of(ds, syntax), project, policy("research"))
    assert result.status is Status.OUTPUT, result.reason
    found = result.dataset().pixel_array.view(np.uint16)
    assert np.array_equal(found & 0x0FFF, with_overlays & 0x0FFF)
    assert np.array_equal(found >> 12, ((found >> 11) & 1) * (0 if kind == "16 bit" else 15))  # at most the sign
    assert "BurnedInAnnotation" not in result.dataset()


def test_a_frame_that_is_not_what_its_syntax_says_is_set_aside(project: Project) -> None:
    ds, pixels = picture("16 bit")
    file = compressed(ds, pixels, "1.2.840.10008.1.2.4.90")
    wrong = file.replace(b"1.2.840.10008.1.2.4.90", b"1.2.840.10008.1.2.4.80", 1)
    assert anonymize(wrong, project, BLANK).status is Status.SEQUESTERED


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


@pytest.mark.parametrize(
    "box", [Box(5, 5, 2, 9), Box(-4, 0, 9, 6), Box(0, 6, 50, 6), Box(0, 0, 51, 6), Box(0, 0, 50, 41)]
)
def test_boxes_that_would_blank_something_else_are_refused(project: Project, box: Box) -> None:
    with pytest.raises(UsageError, match="left < right"):
        DeviceRule("maker", "model", 40, 50, (box,))
    if box.right <= 50 and box.bottom <= 40:
        ds, _ = picture("8 bit")
        with pytest.raises(UsageError, match="left < right"):
            anonymize(file_of(ds, ExplicitVRLittleEndian), project, areas=[box])


def test_a_photometric_interpretation_that_is_none_is_set_aside(project: Project) -> None:
    ds, _ = picture("8 bit")
    file = file_of(ds, ExplicitVRLittleEndian).replace(b"MONOCHROME2", b"MONOCHR\xc8ME2")
    result = anonymize(file, project, areas=[Box(0, 0, 50, 6)])
    assert result.status is Status.SEQUESTERED
    assert "photometric" in result.reason


def test_without_the_choice_nothing_is_blanked(project: Project) -> None:
    ds, _ = picture("8 bit")
    ds.SequenceOfUltrasoundRegions = regions((5, 8, 44, 35))
    assert anonymize(file_of(ds, ExplicitVRLittleEndian), project).status is Status.SEQUESTERED


@pytest.mark.parametrize(
    ("end", "bits", "expected"),
    [("4.90", 16, "4.90"), ("4.91", 16, "4.90"), ("4.90", 32, "1"), ("4.51", 12, "4.70"), ("4.203", 8, "4.201"),
     ("5", 32, "5"), ("1.99", 16, "1.99"), ("2", 16, "2")],
)  # fmt: skip
def test_what_a_syntax_cannot_hold_goes_uncompressed(end: str, bits: int, expected: str) -> None:
    description = ImageDescription(4, 4, BitsAllocated=-(-bits // 8) * 8, BitsStored=bits, HighBit=bits - 1)
    layout = Layout(description, transfer_syntax(f"1.2.840.10008.1.2.{end}"), "OB", ())
    assert written_syntax(layout).uid == f"1.2.840.10008.1.2.{expected}"
