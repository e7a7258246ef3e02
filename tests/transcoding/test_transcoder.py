"""Objects in another transfer syntax: values, header, fragments and offset tables, read by pydicom."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import FileMetaDataset

from isocenter.dicom.json import data_set_to_json
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.uids import transfer_syntax
from isocenter.errors import InvalidObjectError, UnsupportedError
from isocenter.transcoding import transcoder
from isocenter.transcoding.files import data_set_offset, transcode_file
from isocenter.transcoding.transcoder import WRITABLE, Identity, can_transcode, transcode

EXPLICIT, IMPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"
JPEG, SV1, JPEG_LS, J2K, HTJ2K, RLE = (
    f"1.2.840.10008.1.2.{end}" for end in ("4.50", "4.70", "4.80", "4.90", "4.201", "5")
)
#: What pydicom decodes.
READABLE = [EXPLICIT, IMPLICIT, DEFLATED, SV1, J2K, RLE]


def written(path: str | Path | bytes, syntax: str, quality: int = 90) -> Dataset:
    """Return an object in another syntax as pydicom reads it."""
    file = io.BytesIO(path if isinstance(path, bytes) else Path(path).read_bytes())
    with transcode_file(file, syntax, quality) as made:
        return dcmread(io.BytesIO(made.read()))


def saved(dataset: Dataset, syntax: str = EXPLICIT) -> bytes:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def image(pixels: np.ndarray, **attributes: Any) -> Dataset:
    bits = pixels.dtype.itemsize * 8
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = pixels.shape[:3]
    dataset.SamplesPerPixel = pixels.shape[3] if pixels.ndim == 4 else 1
    dataset.PhotometricInterpretation = "RGB" if pixels.ndim == 4 else "MONOCHROME2"
    if pixels.ndim == 4:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.PixelData = pixels.tobytes()
    return dataset


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_bigendian.dcm", "SC_rgb_rle_2frame.dcm", "JPEG2000.dcm"])
@pytest.mark.parametrize("syntax", READABLE)
def test_values_and_header_stay(name: str, syntax: str) -> None:
    path = get_testdata_file(name)
    original = dcmread(path)
    got = written(path, syntax)
    assert got.file_meta.TransferSyntaxUID == syntax
    np.testing.assert_array_equal(got.pixel_array, original.pixel_array)
    changed = {0x7FE00010, 0x7FE00001, 0x00280004, 0x00280006, 0xFFFCFFFC}
    lost = [e.tag for e in original if e.tag not in changed and not e.tag.is_private and got.get(e.tag) != e]
    assert lost == []


def test_each_frame_is_a_fragment_and_the_table_names_it() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (5, 9, 7)).astype("u1")
    got = written(saved(image(pixels)), RLE)
    offsets = pydicom.encaps.parse_basic_offsets(got.PixelData)
    fragments = list(pydicom.encaps.generate_fragments(got.PixelData[8 + 4 * len(offsets) :]))
    assert len(fragments) == len(offsets) == 5
    assert all(len(fragment) % 2 == 0 for fragment in fragments)
    np.testing.assert_array_equal(got.pixel_array, pixels)


def test_an_extended_offset_table_where_32_bits_do_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcoder, "_MAX_OFFSET", 100)
    pixels = np.random.default_rng(1).integers(0, 255, (3, 9, 7)).astype("u1")
    got = written(saved(image(pixels)), J2K)
    starts, lengths = (
        struct.unpack("<3Q", value) for value in (got.ExtendedOffsetTable, got.ExtendedOffsetTableLengths)
    )
    assert starts == (0, 8 + lengths[0], 16 + lengths[0] + lengths[1])
    assert pydicom.encaps.parse_basic_offsets(got.PixelData) == []
    np.testing.assert_array_equal(got.pixel_array, pixels)


def test_single_bits_follow_one_another() -> None:
    bits = np.random.default_rng(2).integers(0, 2, (5, 3, 7)).astype("u1")  # 21 bits a frame
    dataset = image(bits, BitsAllocated=1, BitsStored=1, HighBit=0)
    packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    compressed = io.BytesIO()
    with transcode_file(io.BytesIO(saved(dataset)), J2K) as made:
        compressed.write(made.read())
    assert written(compressed.getvalue(), EXPLICIT).PixelData == dataset.PixelData


def test_colour_says_what_it_became() -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (1, 16, 16, 3)).astype("u1")
    planar = image(pixels, PlanarConfiguration=1)
    planar.PixelData = pixels.transpose(0, 3, 1, 2).tobytes()
    raw = saved(planar)
    expected = {SV1: "RGB", J2K: "YBR_RCT", RLE: "RGB", JPEG: "YBR_FULL_422"}
    for syntax, photometric in expected.items():
        got = written(raw, syntax)
        assert (got.PhotometricInterpretation, got.PlanarConfiguration) == (photometric, 0)
        if syntax != JPEG:
            np.testing.assert_array_equal(got.pixel_array, pixels[0])


def test_loss_is_told_and_told_again() -> None:
    smooth = np.tile(np.arange(64, dtype="u1"), (1, 64, 1))
    original = image(smooth, ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], DerivationDescription="cropped")
    raw = saved(original)
    got = written(raw, JPEG, 50)
    assert got.ImageType == ["DERIVED", "PRIMARY", "AXIAL"]
    assert got.DerivationDescription.startswith("cropped; Lossy compression: JPEG Baseline")
    assert got.SOPInstanceUID == got.file_meta.MediaStorageSOPInstanceUID == written(raw, JPEG, 50).SOPInstanceUID
    assert got.SOPInstanceUID not in {"1.2.3", written(raw, JPEG, 60).SOPInstanceUID}
    twice = written(saved_again(got), "1.2.840.10008.1.2.4.91")
    assert list(twice.LossyImageCompressionMethod) == ["ISO_10918_1", "ISO_15444_1"]
    assert len(twice.LossyImageCompressionRatio) == 2
    assert len(twice.SourceImageSequence) == len(twice.DerivationCodeSequence) == 2


def saved_again(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def test_what_was_lossy_says_so_when_it_is_decoded() -> None:
    path = get_testdata_file("SC_rgb_jpeg_dcmtk.dcm")
    assert "LossyImageCompression" not in dcmread(path) or dcmread(path).LossyImageCompression == "01"
    got = written(path, EXPLICIT)
    assert got.LossyImageCompression == "01"
    assert float(got.LossyImageCompressionRatio) > 1
    assert got.SOPInstanceUID == dcmread(path).SOPInstanceUID


def test_what_cannot_be_done_is_said() -> None:
    raw = saved(image(np.zeros((1, 4, 4), "i2")))
    with pytest.raises(UnsupportedError, match="it does not hold 16 bits stored"):
        written(raw, JPEG)
    with pytest.raises(UnsupportedError, match="nothing here converts"):
        written(raw, "1.2.840.10008.1.2.4.102")
    with pytest.raises(InvalidObjectError, match="no DICOM file"):
        transcode_file(io.BytesIO(b"nothing"), RLE)
    assert not can_transcode("1.2.840.10008.1.2.4.102", EXPLICIT)
    assert all(can_transcode(EXPLICIT, uid) for uid in WRITABLE)


def test_a_broken_frame_is_an_error() -> None:
    path = get_testdata_file("JPEG2000.dcm")
    raw = bytearray(Path(path).read_bytes())
    at = raw.find(b"\xff\x4f\xff\x51")
    raw[at : at + 2] = b"\0\0"
    with pytest.raises(InvalidObjectError):
        transcode_file(io.BytesIO(raw), EXPLICIT)


def test_without_an_image_nothing_is_compressed() -> None:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.PatientID = "1.2.840.10008.5.1.4.1.1.88.11", "1.2.3", "P"
    raw = saved(dataset)
    meta = read_preamble_and_meta(raw, final=True)
    assert meta is not None
    with transcode(raw[meta.data_set_offset :], transfer_syntax(EXPLICIT), Identity("1.2", "1.2.3"), HTJ2K) as made:
        assert dcmread(made).file_meta.TransferSyntaxUID == EXPLICIT
    with transcode(raw[meta.data_set_offset :], transfer_syntax(EXPLICIT), Identity("1.2", "1.2.3"), DEFLATED) as made:
        assert data_set_offset(made) > 132
        assert dcmread(made).PatientID == "P"


def test_an_icon_does_not_say_whether_the_image_is_signed() -> None:
    """US or SS is decided by the image's Pixel Representation, before and behind an icon that has its own."""
    icon = image(np.zeros((1, 4, 4), "u1"))
    mapped = Dataset()
    mapped.add_new("RealWorldValueFirstValueMapped", "SS", -5)
    groups = Dataset()
    groups.RealWorldValueMappingSequence = [mapped]
    pixels = np.full((1, 4, 4), -7, "<i2")
    raw = saved(image(pixels, IconImageSequence=[icon], SharedFunctionalGroupsSequence=[groups]), IMPLICIT)
    got = written(raw, EXPLICIT)
    found = got.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]["RealWorldValueFirstValueMapped"]
    assert (found.VR, found.value) == ("SS", -5)
    meta = read_preamble_and_meta(raw, final=True)
    told = data_set_to_json(raw[meta.data_set_offset :], transfer_syntax(IMPLICIT), bulk_data_uri=None)
    item = told["52009229"]["Value"][0]["00409096"]["Value"][0]["00409216"]
    assert (item["vr"], item["Value"]) == ("SS", [-5])


def test_a_derived_object_keeps_its_letters_and_loses_its_signatures() -> None:
    """What was signed is another object; a description stays in the character set of the data set."""
    smooth = np.tile(np.arange(64, dtype="u1"), (1, 64, 1))
    signature = Dataset()
    signature.MACIDNumber = 1
    original = image(
        smooth, SpecificCharacterSet="ISO_IR 100", DerivationDescription="für Übersicht",
        MACParametersSequence=[signature], DigitalSignaturesSequence=[signature],
    )  # fmt: skip
    got = written(saved(original), JPEG, 50)
    assert got.DerivationDescription.startswith("für Übersicht; Lossy")
    assert "MACParametersSequence" not in got
    assert "DigitalSignaturesSequence" not in got
    assert "DigitalSignaturesSequence" in written(saved(original), RLE)
