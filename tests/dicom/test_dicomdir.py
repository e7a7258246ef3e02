"""DICOMDIR: offsets that link the records, and types of records like those that pydicom gives."""

import io

import pytest
from pydicom import dcmread
from pydicom.fileset import _FOUR_LEVEL_SOP_CLASSES

from isocenter.dicom.dicomdir import Record, write_dicomdir
from isocenter.dicom.directory_records import keys_of, kind_of

NAME = {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "A"}]}}


@pytest.mark.parametrize(("uid", "kind"), sorted((str(uid), kind) for uid, kind in _FOUR_LEVEL_SOP_CLASSES.items()))
def test_the_type_of_a_record(uid: str, kind: str) -> None:
    assert kind_of(uid) == kind


@pytest.mark.parametrize("uid", ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.77.1.4.1", "1.2.3", ""])
def test_everything_else_is_an_image(uid: str) -> None:
    assert kind_of(uid) == "IMAGE"


def test_offsets_point_to_records() -> None:
    leaves = [Record("IMAGE", keys_of("IMAGE", {}, n), ("A", f"F{n}"), ("1.2", f"1.2.{n}", "1.2.3")) for n in (1, 2)]
    roots = [Record("PATIENT", NAME, below=leaves), Record("PATIENT", NAME)]
    data = write_dicomdir(roots, "1.2.9", "SET")
    read = dcmread(io.BytesIO(data))
    offsets = {item.seq_item_tell: item for item in read.DirectoryRecordSequence}
    first = offsets[read.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity]
    last = offsets[read.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity]
    assert offsets[first.OffsetOfTheNextDirectoryRecord] is last
    assert last.OffsetOfTheNextDirectoryRecord == last.OffsetOfReferencedLowerLevelDirectoryEntity == 0
    one = offsets[first.OffsetOfReferencedLowerLevelDirectoryEntity]
    two = offsets[one.OffsetOfTheNextDirectoryRecord]
    assert [each.ReferencedFileID for each in (one, two)] == [["A", "F1"], ["A", "F2"]]
    assert (two.OffsetOfTheNextDirectoryRecord, two.RecordInUseFlag) == (0, 0xFFFF)
    assert (two.InstanceNumber, two.ReferencedSOPInstanceUIDInFile) == (2, "1.2.2")


def test_an_empty_file_set() -> None:
    read = dcmread(io.BytesIO(write_dicomdir([], "1.2.9", "SET")))
    assert len(read.DirectoryRecordSequence) == 0
    assert read.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity == 0
