import io

import pydicom
import pytest

from isocenter.dicom.writer import write_element, write_sequence
from isocenter.errors import InvalidObjectError


def read(data: bytes, *, implicit: bool) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(data), force=True) if not implicit else pydicom.filereader.read_dataset(
        io.BytesIO(data), is_implicit_VR=True, is_little_endian=True
    )  # fmt: skip


@pytest.mark.parametrize("implicit", [False, True])
def test_pydicom_reads_what_is_written(implicit: bool) -> None:
    item = write_element(0x00081155, "UI", b"1.2.3", implicit=implicit)
    data = b"".join([
        write_element(0x00080060, "CS", b"CT", implicit=implicit),
        write_sequence(0x00081140, [item, b""], implicit=implicit),
        write_element(0x00100010, "PN", b"Doe", implicit=implicit),
        write_element(0x7FE00010, "OW", b"abcd", implicit=implicit),
    ])  # fmt: skip
    found = read(data, implicit=implicit)
    assert (found.Modality, found.PatientName, found.PixelData) == ("CT", "Doe", b"abcd")
    assert [len(part) for part in found.ReferencedImageSequence] == [1, 0]
    assert found.ReferencedImageSequence[0].ReferencedSOPInstanceUID == "1.2.3"


@pytest.mark.parametrize(("vr", "padded"), [("LO", b"abc "), ("UI", b"abc\0"), ("OB", b"abc\0"), ("UT", b"abc ")])
def test_padding(vr: str, padded: bytes) -> None:
    assert write_element(0x00100010, vr, b"abc").endswith(padded)


def test_a_value_too_long_for_its_vr_becomes_un() -> None:
    data = write_element(0x00100010, "LO", bytes(70_000))
    assert data[4:6] == b"UN"
    assert int.from_bytes(data[8:12], "little") == 70_000


@pytest.mark.parametrize("vr", ["", "ZZ", "é?"])
def test_no_such_vr(vr: str) -> None:
    with pytest.raises(InvalidObjectError, match="no VR"):
        write_element(0x00100010, vr, b"")
