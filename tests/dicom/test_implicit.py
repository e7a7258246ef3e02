"""Explicit VR to implicit VR: the same elements, in another form."""

import io
from pathlib import Path

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from isocenter.dicom.implicit import implicit_vr
from isocenter.dicom.json import data_set_to_json
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.scanner import MAX_DEPTH
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from isocenter.dicom.writer import write_element, write_sequence
from isocenter.errors import InvalidObjectError, UnsupportedError

EXPLICIT, IMPLICIT = transfer_syntax(EXPLICIT_VR_LITTLE_ENDIAN), transfer_syntax(IMPLICIT_VR_LITTLE_ENDIAN)


def converted(data: bytes, offset: int = 0) -> bytes:
    return b"".join(bytes(piece) for piece in implicit_vr(data, offset))


def shown(data: bytes, syntax) -> dict:
    return data_set_to_json(data, syntax, bulk_data_uri=None)


@pytest.mark.parametrize("name", ["CT_small.dcm", "rtplan.dcm", "reportsi.dcm", "liver_1frame.dcm"])
def test_real_objects(name: str, tmp_path: Path) -> None:
    dataset = dcmread(get_testdata_file(name))
    path = tmp_path / "explicit.dcm"
    dcmwrite(path, dataset, implicit_vr=False, little_endian=True, force_encoding=True)
    data = path.read_bytes()
    meta = read_preamble_and_meta(data)
    assert meta is not None
    read = dcmread(io.BytesIO(converted(data, meta.data_set_offset)), force=True)
    public = [(e.tag, e.value) for e in dataset if not e.tag.is_private]  # OB pixels are OW without a VR
    assert [(e.tag, e.value) for e in read if not e.tag.is_private] == public


@pytest.mark.parametrize("undefined", [True, False])
def test_nested_sequences_of_both_kinds(undefined: bool) -> None:
    inner, outer = Dataset(), Dataset()
    inner.CodeValue, inner.CodeMeaning = "1", "long" * 9
    outer.ConceptNameCodeSequence = [inner]
    outer.is_undefined_length_sequence_item = undefined
    dataset = Dataset()
    dataset.ContentSequence = [outer, Dataset()]
    dataset["ContentSequence"].is_undefined_length = undefined
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, implicit_vr=False, little_endian=True, enforce_file_format=False)
    assert dcmread(io.BytesIO(converted(buffer.getvalue())), force=True) == dataset


def test_group_lengths_are_left_out_and_odd_lengths_padded() -> None:
    data = write_element(0x00080000, "UL", b"\x10\0\0\0") + b"\x10\0\x20\0LO\x01\0A"
    assert shown(converted(data), IMPLICIT) == {"00100020": {"vr": "LO", "Value": ["A"]}}
    assert len(converted(data)) == 10


def test_unknown_values_of_undefined_length_are_implicit_inside() -> None:
    item = write_element(0x00080100, "SH", b"1 ", implicit=True)
    sequence = write_sequence(0x0008A730, [item], implicit=True)[8:]
    data = b"\x40\0\x30\xa7UN\0\0\xff\xff\xff\xff" + sequence + b"\xfe\xff\xdd\xe0\0\0\0\0"
    found = shown(converted(data), IMPLICIT)
    assert found == {"0040A730": {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["1"]}}]}}


def test_broken_and_too_deep() -> None:
    with pytest.raises(InvalidObjectError):
        converted(write_element(0x00100020, "LO", b"value")[:-2])
    data = write_element(0x00080100, "SH", b"1 ")
    for _ in range(MAX_DEPTH + 2):
        data = write_sequence(0x0040A730, [data])
    with pytest.raises(UnsupportedError):
        converted(data)
