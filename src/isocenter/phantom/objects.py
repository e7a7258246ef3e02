"""What every phantom object shares: patient, study, equipment, identifiers that follow from the seed (PS3.3 A.1, C.7).

Must not know: pixels of any modality.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

MANUFACTURER, MODEL, SOFTWARE = "Isocenter", "Phantom", "1"


@dataclass(frozen=True, slots=True)
class Study:
    """A study of an invented patient; ``key`` tells studies of one seed apart."""

    key: str
    seed: int
    PatientName: str
    PatientID: str
    PatientBirthDate: str
    PatientSex: str
    PatientAge: str
    StudyDate: str
    StudyTime: str
    StudyID: str
    AccessionNumber: str
    StudyDescription: str
    PatientSize: str = ""
    PatientWeight: str = ""

    def uid(self, *parts: object) -> str:
        """Return the identifier of the study, or of what ``parts`` name within it: a hash under 2.25 (PS3.5 B.2)."""
        name = "/".join(map(str, ("isocenter phantom", self.seed, self.key, *parts)))
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:16], "big")
        number = number & ~(0xF << 76) | 8 << 76  # the version of a UUID made of a hash
        number = number & ~(0x3 << 62) | 2 << 62
        return f"2.25.{number}"

    @property
    def moment(self) -> dt.datetime:
        """Return when the study began."""
        return dt.datetime.strptime(self.StudyDate + self.StudyTime, "%Y%m%d%H%M%S").replace(tzinfo=dt.UTC)


PERSONAL = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "PatientAge", "PatientSize", "PatientWeight",
    "StudyDate", "StudyTime", "StudyID", "AccessionNumber", "StudyDescription",
)  # fmt: skip


def new_object(study: Study, sop_class_uid: str, series: int, number: int) -> Dataset:
    """Return a data set with patient, study, equipment, series and instance, and its file meta information."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    for keyword in PERSONAL:
        if value := getattr(study, keyword):
            setattr(dataset, keyword, value)
    dataset.ReferringPhysicianName = ""
    dataset.StudyInstanceUID = study.uid()
    dataset.SeriesInstanceUID = study.uid("series", series)
    dataset.SOPInstanceUID = study.uid("series", series, "instance", number)
    dataset.SOPClassUID = sop_class_uid
    dataset.SeriesNumber, dataset.InstanceNumber = series, number
    dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = study.StudyDate
    dataset.InstanceCreationDate = study.StudyDate
    dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = dataset.InstanceCreationTime = study.StudyTime
    dataset.Manufacturer, dataset.ManufacturerModelName, dataset.SoftwareVersions = MANUFACTURER, MODEL, SOFTWARE
    dataset.InstitutionName = "Phantom Hospital"
    dataset.StationName, dataset.DeviceSerialNumber = "PHANTOM1", str(study.seed)
    dataset.file_meta = file_meta(dataset)
    return dataset


def file_meta(dataset: Dataset, transfer_syntax_uid: str = ExplicitVRLittleEndian) -> FileMetaDataset:
    """Return file meta information for ``dataset`` (PS3.10 7.1)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = UID(transfer_syntax_uid)
    return meta


def adopted(made: Dataset, study: Study, series: int, number: int = 1) -> Dataset:
    """Return an object that `isocenter.dicom` has made of ``study``, with identifiers that follow from the seed."""
    names = {str(made.SeriesInstanceUID): study.uid("series", series)}
    names[str(made.SOPInstanceUID)] = study.uid("series", series, "instance", number)
    known = {study.uid(), *(study.uid("series", one) for one in range(series))}
    for element in made.iterall():
        if element.VR != "UI" or not str(element.value).startswith("2.25.") or element.value in known:
            continue
        if element.keyword in {"ReferencedSOPInstanceUID", "FrameOfReferenceUID", "ReferencedFrameOfReferenceUID"}:
            continue
        element.value = names.setdefault(str(element.value), study.uid("series", series, "made", len(names)))
    made.SeriesNumber, made.InstanceNumber = series, number
    made.file_meta = file_meta(made, made.file_meta.TransferSyntaxUID)
    return made
