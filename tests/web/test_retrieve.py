"""WADO-RS retrieve of objects: as stored, byte for byte, or as Explicit VR Little Endian."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)

from isocenter.archive import Archive
from isocenter.codecs.writing import ENCODERS, is_lossy

from .conftest import STUDY, Client, ct, part10, parts_of

INSTANCE = f"/dicom-web/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1"
SERIES = f"/dicom-web/studies/{STUDY}/series/{STUDY}.1"
ANY_DICOM = 'multipart/related; type="application/dicom"; transfer-syntax=*'


def accepting(syntax: str, *, multipart: bool = False) -> str:
    kind = 'multipart/related; type="application/dicom"' if multipart else "application/dicom"
    return f"{kind}; transfer-syntax={syntax}"


@pytest.fixture
def filled(store: Callable[..., None]) -> None:
    store(ct(1), ct(2), ct(3, series=2))


@pytest.mark.parametrize(
    ("path", "numbers"),
    [("", [1, 2, 3]), (f"/series/{STUDY}.1", [1, 2]), (f"/series/{STUDY}.1/instances/{STUDY}.1.2", [2])],
)
@pytest.mark.parametrize("accept", ["*/*", ANY_DICOM, "multipart/related; type=application/dicom"])
def test_objects_come_as_they_were_stored(
    client: Client, archive: Archive, filled: None, path: str, numbers: list[int], accept: str
) -> None:
    answer = client.get(f"/dicom-web/studies/{STUDY}{path}", accept=accept)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith('multipart/related; type="application/dicom"; boundary=')
    assert int(answer.headers["content-length"]) == len(answer.content)
    parts = parts_of(answer)
    files = {}
    for instance in archive.instances(STUDY):
        with archive.open_object(instance) as file:
            files[instance.InstanceNumber] = file.read()
    assert [body for _, body in parts] == [files[number] for number in numbers]
    assert {headers["content-type"] for headers, _ in parts} == {
        f"application/dicom; transfer-syntax={ExplicitVRLittleEndian}"
    }
    again = client.get(parts[-1][0]["content-location"], accept="application/dicom")
    assert again.content == files[numbers[-1]]


def test_one_object_without_multipart(client: Client, filled: None) -> None:
    answer = client.get(INSTANCE, accept="application/dicom")
    assert answer.headers["content-type"] == f"application/dicom; transfer-syntax={ExplicitVRLittleEndian}"
    assert pydicom.dcmread(io.BytesIO(answer.content)).PixelData == ct(1).PixelData


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        (f"/dicom-web/studies/{STUDY}", "application/dicom"),
        (INSTANCE, "image/jpeg"),
        (INSTANCE, "application/dicom+xml"),
        (INSTANCE, 'multipart/related; type="image/jls"'),
        (INSTANCE, accepting(JPEGBaseline8Bit)),
        (INSTANCE, accepting(ImplicitVRLittleEndian)),
    ],
)
def test_what_is_not_to_be_had_is_406(client: Client, filled: None, path: str, accept: str) -> None:
    answer = client.get(path, accept=accept)
    assert answer.status_code == 406
    assert "application/dicom" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path", ["1.9", f"{STUDY}/series/1.9", f"{STUDY}/series/{STUDY}.2/instances/{STUDY}.1.1", "..%2f", "%00"]
)
def test_what_is_not_there_is_404(client: Client, filled: None, path: str) -> None:
    answer = client.get(f"/dicom-web/studies/{path}")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NotFoundError"


def rich(**attributes: object) -> pydicom.Dataset:
    """Build an object with what a rewriting can get wrong: signs, sequences, private elements, floats, text."""
    dataset = ct(1, PixelPaddingValue=-5, **attributes)
    dataset["PixelPaddingValue"].VR = "SS"
    dataset.RescaleSlope, dataset.SpecificCharacterSet = "1.5", "ISO_IR 192"
    dataset.PatientComments = "ärztlich"
    item, inner = pydicom.Dataset(), pydicom.Dataset()
    inner.CodeValue, inner.CodeMeaning = "1", "eins"
    item.ConceptNameCodeSequence, item.ReferencedFrameNumber = [inner], [1, 2, 3]
    dataset.ContentSequence = [item, pydicom.Dataset()]
    block = dataset.private_block(0x0009, "ISOCENTER TEST", create=True)
    block.add_new(1, "FD", [1.5, -2.25])
    block.add_new(2, "OW", b"\x01\x02\x03\x04")
    dataset.DoubleFloatRealWorldValueFirstValueMapped = 0.1
    dataset.FrameIncrementPointer = 0x00181063
    return dataset


def known(dataset: pydicom.Dataset, *, private: bool) -> pydicom.Dataset:
    """Return a comparable copy; implicit VR loses the VR of private elements."""
    copy = pydicom.dcmread(io.BytesIO(part10(dataset)))
    if not private:
        copy.remove_private_tags()
    return copy


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian], ids=lambda s: s.name
)
def test_native_objects_as_explicit_little_endian(client: Client, store: Callable[..., None], syntax: str) -> None:
    original = rich()
    if syntax == ExplicitVRBigEndian:
        swapped = rich(PixelData=np.frombuffer(ct(1).PixelData, "<u2").byteswap().tobytes())
        swapped[0x00091002].value = b"\x02\x01\x04\x03"
        store(part10(swapped, syntax))
    else:
        store(part10(original, syntax))
    answer = client.get(INSTANCE, accept=accepting(ExplicitVRLittleEndian))
    assert answer.status_code == 200
    got = pydicom.dcmread(io.BytesIO(answer.content))
    assert got.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    private = syntax != ImplicitVRLittleEndian
    assert known(got, private=private) == known(original, private=private)


def test_lossless_objects_as_explicit_little_endian(client: Client, store: Callable[..., None]) -> None:
    original = rich()
    compressed = rich()
    compressed.file_meta = pydicom.dataset.FileMetaDataset()
    compressed.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    compressed.compress(RLELossless, generate_instance_uid=False)
    store(part10(compressed, RLELossless))
    assert (
        pydicom.dcmread(
            io.BytesIO(client.get(INSTANCE, accept="application/dicom").content)
        ).file_meta.TransferSyntaxUID
        == RLELossless
    )
    answer = client.get(INSTANCE, accept=accepting(ExplicitVRLittleEndian, multipart=True))
    ((headers, body),) = parts_of(answer)
    assert headers["content-type"] == f"application/dicom; transfer-syntax={ExplicitVRLittleEndian}"
    got = pydicom.dcmread(io.BytesIO(body))
    assert got.PixelData == original.PixelData
    assert known(got, private=True) == known(original, private=True)


def test_a_broken_frame_is_told_before_anything_is_sent(client: Client, store: Callable[..., None]) -> None:
    broken = ct(1)
    broken.PixelData = pydicom.encaps.encapsulate([b"\x01\0\0\0" + b"\xff" * 80])
    broken["PixelData"].is_undefined_length = True
    store(part10(broken, RLELossless))
    answer = client.get(INSTANCE, accept=accepting(ExplicitVRLittleEndian))
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "InvalidObjectError"


def test_a_choice_that_fits_is_taken_among_several(client: Client, store: Callable[..., None]) -> None:
    store(part10(ct(1), ImplicitVRLittleEndian))
    accept = f"{accepting(JPEGBaseline8Bit)}, {accepting(ImplicitVRLittleEndian)};q=0.5"
    answer = client.get(INSTANCE, accept=accept)
    assert pydicom.dcmread(io.BytesIO(answer.content)).file_meta.TransferSyntaxUID == ImplicitVRLittleEndian


def test_head_has_the_length_and_no_body(client: Client, filled: None) -> None:
    answer = client.request("HEAD", INSTANCE, headers={"accept": "application/dicom"})
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) > 500
    assert answer.content == b""


def test_an_icon_goes_with_its_compression(client: Client, store: Callable[..., None]) -> None:
    dataset = ct(1)
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.compress(RLELossless, generate_instance_uid=False)
    icon = pydicom.Dataset()
    icon.Rows = icon.Columns = 8
    icon.add_new(0x7FE00010, "OB", pydicom.encaps.encapsulate([b"\x01\x02" * 8]))
    icon["PixelData"].is_undefined_length = True
    dataset.IconImageSequence = [icon]
    store(part10(dataset, RLELossless))
    answer = client.get(INSTANCE, accept=accepting(ExplicitVRLittleEndian))
    got = pydicom.dcmread(io.BytesIO(answer.content))
    assert "IconImageSequence" not in got
    assert got.PixelData == ct(1).PixelData


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name", ["sop/mg/mg_ge_jpeglossless.dcm", "dynamic/us_echo_palette_10f_rle.dcm", "volumes/mr_t1_brain_384"]
)
def test_real_objects_as_explicit_little_endian(
    client: Client, store: Callable[..., None], data_dir: Path, name: str
) -> None:
    path = data_dir / name
    raw = (min(path.rglob("*.dcm")) if path.is_dir() else path).read_bytes()
    store(raw)
    original = pydicom.dcmread(io.BytesIO(raw))
    uids = (original.StudyInstanceUID, original.SeriesInstanceUID, original.SOPInstanceUID)
    address = "/dicom-web/studies/{}/series/{}/instances/{}".format(*uids)
    answer = client.get(address, accept=accepting(ExplicitVRLittleEndian))
    assert answer.status_code == 200, answer.text
    got = pydicom.dcmread(io.BytesIO(answer.content))
    assert (got.pixel_array == original.pixel_array).all()


@pytest.mark.parametrize("uid", [*sorted(ENCODERS), DeflatedExplicitVRLittleEndian])
def test_a_series_in_any_syntax_that_is_written(client: Client, store: Callable[..., None], uid: str) -> None:
    unsigned = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "PixelRepresentation": 0}
    if uid.endswith(".4.51"):
        unsigned = {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11, "PixelRepresentation": 0}
    pixels = np.arange(64 * 64).reshape(64, 64) // 64 * 3
    kind = "u1" if unsigned["BitsAllocated"] == 8 else "<u2"
    images = [ct(n, Rows=64, Columns=64, PixelData=(pixels + n).astype(kind).tobytes(), **unsigned) for n in (1, 2)]
    store(*images)
    answer = client.get(SERIES, accept=accepting(uid, multipart=True))
    assert answer.status_code == 200, answer.text
    parts = parts_of(answer)
    assert len(parts) == 2
    for original, (headers, body) in zip(images, parts, strict=True):
        assert headers["content-type"] == f"application/dicom; transfer-syntax={uid}"
        got = pydicom.dcmread(io.BytesIO(body))
        assert got.file_meta.TransferSyntaxUID == uid
        assert got.file_meta.MediaStorageSOPInstanceUID == got.SOPInstanceUID
        if is_lossy(uid):
            assert_derived(got, original)
        else:
            assert got.SOPInstanceUID == original.SOPInstanceUID
            assert "LossyImageCompression" not in got


def assert_derived(got: pydicom.Dataset, original: pydicom.Dataset) -> None:
    """Assert what PS3.3 C.7.6.1.1.5 asks of an image that has lost information."""
    assert got.SOPInstanceUID != original.SOPInstanceUID
    assert got.LossyImageCompression == "01"
    assert float(got.LossyImageCompressionRatio) > 1
    assert got.LossyImageCompressionMethod == ENCODERS[got.file_meta.TransferSyntaxUID].method
    assert got.ImageType[0] == "DERIVED"
    (source,) = got.SourceImageSequence
    assert source.ReferencedSOPInstanceUID == original.SOPInstanceUID
    assert source.PurposeOfReferenceCodeSequence[0].CodeValue == "121320"
    assert got.DerivationCodeSequence[0].CodeValue == "113040"


def test_objects_without_image_stay_explicit(client: Client, store: Callable[..., None]) -> None:
    report = ct(2)
    for keyword in ("PixelData", "Rows", "Columns"):
        delattr(report, keyword)
    store(ct(1), report)
    parts = parts_of(client.get(SERIES, accept=accepting("1.2.840.10008.1.2.4.201", multipart=True)))
    found = {headers["content-type"].partition("syntax=")[2] for headers, _ in parts}
    assert found == {"1.2.840.10008.1.2.4.201", ExplicitVRLittleEndian}


def test_what_there_is_instead(client: Client, filled: None) -> None:
    answer = client.get(INSTANCE, accept=accepting(JPEGBaseline8Bit))
    assert answer.status_code == 406
    message = answer.json()["error"]["message"]
    assert "application/dicom; transfer-syntax=1.2.840.10008.1.2.N with N = 1, " in message
    assert ", 4.201, " in message
    assert "4.50" not in message
    assert client.get(INSTANCE, accept=accepting(ImplicitVRLittleEndian)).status_code == 406


def test_overlays_in_unused_bits_are_not_lost(client: Client, store: Callable[..., None]) -> None:
    dataset = ct(1, BitsStored=12, HighBit=11)
    dataset.add_new(0x60000100, "US", 16)
    dataset.add_new(0x60000102, "US", 12)
    store(dataset)
    assert client.get(INSTANCE, accept=accepting("1.2.840.10008.1.2.4.80")).status_code == 406
    assert client.get(INSTANCE, accept=accepting(DeflatedExplicitVRLittleEndian)).status_code == 200
