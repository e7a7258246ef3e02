"""The workload: generated series, written once below ``.cache/bench`` and read from the page cache afterwards.

CT: 512 x 512 int16, 512 KiB each; MR: 128 x 128 int16, 33 KiB each; tiny: 8 x 8, for filling an archive.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
#: Below this arc every UID of the workload lies (PS3.5 B.2).
ROOT = "2.25.77041120463129830"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of image: its SOP class, side length in pixels and the number of series and images."""

    name: str
    sop_class: str
    side: int
    series: int
    images: int


CT = Kind("ct", CT_IMAGE, 512, 4, 250)
MR = Kind("mr", MR_IMAGE, 128, 4, 500)


def series_folders(kind: Kind, cache: Path) -> list[Path]:
    """Return one folder per series, each holding ``kind.images`` files; written when missing."""
    folders = []
    for number in range(kind.series):
        folder = cache / f"{kind.name}-{kind.images}" / f"series{number}"
        if not (folder / "complete").exists():
            folder.mkdir(parents=True, exist_ok=True)
            for index in range(kind.images):
                _write(folder / f"{index:05d}.dcm", image(kind, number, index))
            (folder / "complete").touch()
        folders.append(folder)
    return folders


def files(folder: Path) -> list[Path]:
    """Return the DICOM files of a folder, in order."""
    return sorted(folder.glob("*.dcm"))


def read_ahead(folders: list[Path]) -> None:
    """Read every file once, so that none of the sides has to wait for the disk where its sender reads."""
    for folder in folders:
        for file in files(folder):
            file.read_bytes()


def uids(kind: Kind, study: int, count: int) -> tuple[str, str, list[str]]:
    """Return the UIDs of a study, of its series and of its first images."""
    root = f"{ROOT}.{len(kind.name)}{kind.side}.{study}"
    return root, f"{root}.0", [f"{root}.{index + 1}" for index in range(count)]


def image(kind: Kind, study: int, index: int) -> Dataset:
    """Return one image, with about the header of a real one; pixels are noise that does not compress away."""
    rng = np.random.default_rng(study * 100_003 + index)
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID = kind.sop_class
    ds.StudyInstanceUID, ds.SeriesInstanceUID, instances = uids(kind, study, index + 1)
    ds.SOPInstanceUID = instances[-1]
    ds.StudyDate, ds.SeriesDate, ds.AcquisitionDate, ds.ContentDate = ["20260301"] * 4
    ds.StudyTime, ds.SeriesTime, ds.AcquisitionTime, ds.ContentTime = ["101500.00"] * 4
    ds.AccessionNumber = f"A{study:06d}"
    ds.Modality = kind.name.upper()
    ds.Manufacturer, ds.InstitutionName, ds.StationName = "Benchmark", "Benchmark Hospital", "BENCH1"
    ds.ReferringPhysicianName = "Referrer^Some"
    ds.StudyDescription, ds.SeriesDescription = "Benchmark study", f"Series {study}"
    ds.PatientName, ds.PatientID = f"Bench^Patient{study:04d}", f"B{study:06d}"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientAge = "19700101", "O", "056Y"
    ds.BodyPartExamined, ds.SliceThickness, ds.KVP = "CHEST", "1.0", "120"
    ds.PatientPosition = "HFS"
    ds.StudyID, ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = str(study), study + 1, 1, index + 1
    ds.ImagePositionPatient = [-180, -180, float(index)]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.FrameOfReferenceUID = f"{ROOT}.9.{study}"
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows = ds.Columns = kind.side
    ds.PixelSpacing = [0.7, 0.7]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.WindowCenter, ds.WindowWidth, ds.RescaleIntercept, ds.RescaleSlope = "40", "400", "0", "1"
    ds.PixelData = rng.integers(-1000, 1500, (kind.side, kind.side), np.int16).tobytes()
    return ds


def _write(path: Path, ds: Dataset) -> None:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta = meta
    ds.save_as(path, enforce_file_format=True)
