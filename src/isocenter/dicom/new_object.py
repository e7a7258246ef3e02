"""Objects that the archive itself adds to a study: patient and study as an object of it has them, the rest our own."""

import datetime as dt

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from isocenter.dicom.uids import new_uid

_FROM_STUDY = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientAge", "StudyInstanceUID",
    "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber", "StudyDescription",
)  # fmt: skip
_ALWAYS = frozenset(_FROM_STUDY) - {"IssuerOfPatientID", "PatientAge", "StudyDescription"}


def new_object(source: Dataset, sop_class: str, modality: str, description: str, now: dt.datetime) -> Dataset:
    """Return an object in a new series of the study of ``source``: patient, study, series, equipment, SOP common."""
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _FROM_STUDY:
        if keyword in source or keyword in _ALWAYS:
            setattr(made, keyword, source.get(keyword, None))
    made.SOPClassUID, made.SOPInstanceUID, made.SeriesInstanceUID = sop_class, new_uid(), new_uid()
    made.Modality, made.SeriesNumber, made.InstanceNumber = modality, 9000, 1
    made.SeriesDescription = description
    made.Manufacturer, made.ManufacturerModelName = "Isocenter", "Isocenter"
    made.DeviceSerialNumber, made.SoftwareVersions = "1", "1"
    made.SeriesDate = made.ContentDate = made.InstanceCreationDate = now.strftime("%Y%m%d")
    made.SeriesTime = made.ContentTime = made.InstanceCreationTime = now.strftime("%H%M%S")
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made
