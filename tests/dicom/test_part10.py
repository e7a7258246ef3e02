import io
import struct

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter import IMPLEMENTATION_CLASS_UID
from isocenter.dicom.part10 import FileMeta, guess_transfer_syntax, read_preamble_and_meta, write_file_meta
from isocenter.dicom.uids import EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from isocenter.dicom.writer import write_element
from isocenter.errors import InvalidObjectError

CT, UID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.5"
DATA_SET = write_element(0x00080016, "UI", CT.encode()) + write_element(0x00080018, "UI", UID.encode())
IMPLICIT_DATA_SET = write_element(0x00080016, "UI", CT.encode(), implicit=True)
BIG_DATA_SET = struct.pack(">HH2sH", 8, 0x16, b"UI", 26) + CT.encode() + b"\0"
META = write_file_meta(CT, UID, EXPLICIT_VR_LITTLE_ENDIAN, "SENDER")
GROUP_2 = META[132:]


def test_what_is_written_is_read() -> None:
    expected = FileMeta(EXPLICIT_VR_LITTLE_ENDIAN, CT, UID, len(META), "SENDER", preamble=True)
    assert read_preamble_and_meta(META + DATA_SET) == expected


def test_pydicom_reads_what_is_written() -> None:
    meta = pydicom.dcmread(io.BytesIO(META + DATA_SET)).file_meta
    assert meta.FileMetaInformationGroupLength == len(GROUP_2) - 12
    assert (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID) == (CT, UID)
    assert meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert meta.SourceApplicationEntityTitle == "SENDER"


@pytest.mark.parametrize("uid", ["", "1.2\u00e9"])
def test_strict_when_writing(uid: str) -> None:
    with pytest.raises(InvalidObjectError):
        write_file_meta(CT, uid, EXPLICIT_VR_LITTLE_ENDIAN)


def test_more_bytes_are_asked_for_until_the_data_set_begins() -> None:
    data = META + DATA_SET
    needed = [cut for cut in range(len(data)) if read_preamble_and_meta(data[:cut]) is None]
    assert needed == list(range(len(META) + 8))


@pytest.mark.parametrize(
    ("data", "syntax", "offset", "preamble"),
    [
        pytest.param(GROUP_2 + DATA_SET, EXPLICIT_VR_LITTLE_ENDIAN, len(GROUP_2), False, id="no preamble"),
        pytest.param(DATA_SET, EXPLICIT_VR_LITTLE_ENDIAN, 0, False, id="bare explicit"),
        pytest.param(IMPLICIT_DATA_SET, IMPLICIT_VR_LITTLE_ENDIAN, 0, False, id="bare implicit"),
        pytest.param(BIG_DATA_SET, EXPLICIT_VR_BIG_ENDIAN, 0, False, id="bare big endian"),
        pytest.param(META[:132] + DATA_SET, EXPLICIT_VR_LITTLE_ENDIAN, 132, True, id="preamble without meta"),
        pytest.param(
            META[:132] + GROUP_2[12:] + DATA_SET, EXPLICIT_VR_LITTLE_ENDIAN, len(META) - 12, True, id="no group length"
        ),
        pytest.param(
            META[:132] + write_element(0x00020000, "UL", b"\xff\xff\xff\x7f") + GROUP_2[12:] + DATA_SET,
            EXPLICIT_VR_LITTLE_ENDIAN, len(META), True, id="group length that lies",
        ),
        pytest.param(
            META[:132] + write_element(0x00020002, "UI", CT.encode()) + IMPLICIT_DATA_SET,
            IMPLICIT_VR_LITTLE_ENDIAN, 132 + 34, True, id="no transfer syntax, implicit",
        ),
        pytest.param(
            META[:132] + write_element(0x00020002, "UI", CT.encode()) + BIG_DATA_SET,
            EXPLICIT_VR_BIG_ENDIAN, 132 + 34, True, id="no transfer syntax, big endian",
        ),
        pytest.param(
            META[:132]
            + write_element(0x00020010, "UI", IMPLICIT_VR_LITTLE_ENDIAN.encode(), implicit=True) + IMPLICIT_DATA_SET,
            IMPLICIT_VR_LITTLE_ENDIAN, 132 + 26, True, id="implicit meta",
        ),
        pytest.param(META, EXPLICIT_VR_LITTLE_ENDIAN, len(META), True, id="nothing behind the meta"),
        pytest.param(
            write_element(0x00080005, "CS", b"ISO_IR 100") + bytes(110) + b"DICM" + bytes(100),
            EXPLICIT_VR_LITTLE_ENDIAN, 0, False, id="DICM inside a bare data set",
        ),
    ],
)  # fmt: skip
def test_what_files_are_like(data: bytes, syntax: str, offset: int, preamble: bool) -> None:
    meta = read_preamble_and_meta(data, final=True)
    assert meta is not None
    assert (meta.transfer_syntax_uid, meta.data_set_offset, meta.preamble) == (syntax, offset, preamble)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"hello, this is a text file, not an image",
        b"%PDF-1.7\n" * 40,
        b'{"a": 1}' * 40,
        b"PK\3\4" + bytes(300),
        bytes(300),
        b"\xff\xd8\xff\xe0" * 100,
        b"\x08\0",
        META[:140],
        META[:132],
    ],
)
def test_what_is_no_dicom_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidObjectError, match="no DICOM file"):
        read_preamble_and_meta(data, final=True)


def test_an_endless_meta_is_refused() -> None:
    data = META[:132] + write_element(0x00020100, "UI", b"1.2") + struct.pack("<HH2sHI", 2, 0x102, b"OB", 0, 1 << 30)
    with pytest.raises(InvalidObjectError, match="1073741824 bytes"):
        read_preamble_and_meta(data + bytes(100))


def test_implicit_big_endian_is_named() -> None:
    with pytest.raises(InvalidObjectError, match="implicit VR big endian"):
        guess_transfer_syntax(struct.pack(">HHI", 8, 0x16, 26))


@given(st.binary(max_size=400), st.booleans(), st.booleans())
def test_any_bytes(tail: bytes, preamble: bool, final: bool) -> None:
    data = META[:132] + tail if preamble else tail
    try:
        meta = read_preamble_and_meta(data, final=final)
    except InvalidObjectError:
        return
    assert meta is not None or not final
    assert meta is None or meta.data_set_offset <= len(data)
