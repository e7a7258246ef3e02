"""A multi-frame object of any size, written frame by frame."""

import io
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

_SIDE = 1000


def write_multi_frame(path: Path, size: int) -> None:
    """Write an enhanced CT of about ``size`` bytes of pixels."""
    frames = size // (_SIDE * _SIDE * 2)
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2.1", "2.25.77041120463129831"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "2.25.77041120463129832", "2.25.77041120463129833"
    ds.PatientID, ds.PatientName, ds.Modality = "1", "One", "CT"
    ds.Rows = ds.Columns = _SIDE
    ds.NumberOfFrames, ds.SamplesPerPixel, ds.PhotometricInterpretation = frames, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.save_as(head := io.BytesIO(), enforce_file_format=True)
    length = frames * _SIDE * _SIDE * 2
    with path.open("wb") as file:
        file.write(head.getvalue() + b"\xe0\x7f\x10\x00OW\0\0" + length.to_bytes(4, "little"))
        for number in range(frames):
            file.write(bytes([number % 251]) * (_SIDE * _SIDE * 2))
