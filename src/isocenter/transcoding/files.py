"""DICOM files, on disk or from a stream, in another transfer syntax."""

from typing import BinaryIO

from isocenter.codecs.writing import DEFAULT_QUALITY
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.scanner import inflate
from isocenter.dicom.uids import transfer_syntax
from isocenter.errors import InvalidObjectError
from isocenter.storage import ObjectFile
from isocenter.transcoding.transcoder import Identity, transcode

INFLATED_LIMIT = 1 << 30


def transcode_file(file: BinaryIO, wanted: str, quality: int = DEFAULT_QUALITY) -> ObjectFile:
    """Return the object of a DICOM file in another transfer syntax; the file is read whole.

    Raises:
        UnsupportedError: it cannot be had in this syntax.
        InvalidObjectError: it is no DICOM file, or broken.
    """
    whole = file.read()
    meta = read_preamble_and_meta(whole, final=True)
    if meta is None or not meta.sop_class_uid or not meta.sop_instance_uid:
        raise InvalidObjectError("this is no DICOM file: its file meta information is missing")
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    data = memoryview(whole)[meta.data_set_offset :]
    data_set = memoryview(inflate(data, INFLATED_LIMIT)) if syntax.deflated else data
    return transcode(data_set, syntax, Identity(meta.sop_class_uid, meta.sop_instance_uid), wanted, quality)


def data_set_offset(file: ObjectFile) -> int:
    """Return where the data set of a Part 10 file begins."""
    with file.mapped() as data:
        meta = read_preamble_and_meta(data, final=True)
    assert meta is not None
    return meta.data_set_offset
