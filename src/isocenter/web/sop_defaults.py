"""What an object needs besides what its metadata says, one row per SOP class that is made from a plain file.

Type 2 attributes of its modules that are missing are added empty, type 1 attributes with the value that claims least
(PS3.3 A.8, A.32.5, A.45, A.85, A.104, A.105). SOP classes that have no row get nothing: their metadata must be whole.
"""

from collections.abc import Mapping
from typing import Any

SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
VIDEO_PHOTOGRAPHIC = "1.2.840.10008.5.1.4.1.1.77.1.4.1"
_ENCAPSULATED = "1.2.840.10008.5.1.4.1.1.104."
CDA = f"{_ENCAPSULATED}2"

#: Media type of a part -> SOP class of an object whose metadata names none.
CLASS_OF_TYPE: Mapping[str, str] = {
    "application/pdf": f"{_ENCAPSULATED}1",
    "text/xml": CDA,
    "application/xml": CDA,
    "application/hl7-cda+xml": CDA,
    "model/stl": f"{_ENCAPSULATED}3",
    "application/sla": f"{_ENCAPSULATED}3",
    "model/obj": f"{_ENCAPSULATED}4",
    "model/mtl": f"{_ENCAPSULATED}5",
}
#: What MIMETypeOfEncapsulatedDocument must say (PS3.3 C.24.2); other names of the same thing are accepted for a part.
DOCUMENT_TYPES: Mapping[str, str] = {
    f"{_ENCAPSULATED}1": "application/pdf",
    CDA: "text/XML",
    f"{_ENCAPSULATED}3": "model/stl",
    f"{_ENCAPSULATED}4": "model/obj",
    f"{_ENCAPSULATED}5": "model/mtl",
}

Attributes = Mapping[str, Any]  # keyword -> value, None for an empty one
_PATIENT_AND_STUDY: Attributes = dict.fromkeys((
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName",
    "StudyID", "AccessionNumber", "SeriesNumber", "Manufacturer", "InstanceNumber",
))  # fmt: skip
_DOCUMENT: Attributes = {
    **_PATIENT_AND_STUDY,
    **dict.fromkeys(("ContentDate", "ContentTime", "AcquisitionDateTime", "DocumentTitle", "ConceptNameCodeSequence")),
    "ConversionType": "WSD",
    "BurnedInAnnotation": "YES",
    "InstanceNumber": "1",
}
_MILLIMETRE = {
    "00080100": {"vr": "SH", "Value": ["mm"]},
    "00080102": {"vr": "SH", "Value": ["UCUM"]},
    "00080104": {"vr": "LO", "Value": ["mm"]},
}
_MODEL: Attributes = {
    **_DOCUMENT,
    "Modality": "M3D",
    "SeriesNumber": "1",
    "Manufacturer": "Isocenter",
    "ManufacturerModelName": "Isocenter",
    "DeviceSerialNumber": "0",
    "SoftwareVersions": "0",
    "PositionReferenceIndicator": None,
    "ContentDescription": None,
    "MeasurementUnitsCodeSequence": [_MILLIMETRE],
}
_PHOTOGRAPH: Attributes = {
    **_PATIENT_AND_STUDY,
    **dict.fromkeys(("PatientOrientation", "AcquisitionContextSequence", "Laterality")),
}

DEFAULTS: Mapping[str, Attributes] = {
    SECONDARY_CAPTURE: {
        **_PATIENT_AND_STUDY, "Modality": "OT", "ConversionType": "WSD", "PatientOrientation": None, "Laterality": None,
    },
    f"{_ENCAPSULATED}1": {**_DOCUMENT, "Modality": "DOC"},
    CDA: {**_DOCUMENT, "Modality": "DOC"},
    f"{_ENCAPSULATED}3": _MODEL,
    f"{_ENCAPSULATED}4": _MODEL,
    f"{_ENCAPSULATED}5": _MODEL,
    "1.2.840.10008.5.1.4.1.1.77.1.1.1": {**_PHOTOGRAPH, "Modality": "ES", "ImageType": ["ORIGINAL", "PRIMARY"]},
    "1.2.840.10008.5.1.4.1.1.77.1.2.1": {**_PHOTOGRAPH, "Modality": "GM", "ImageType": ["ORIGINAL", "PRIMARY"]},
    VIDEO_PHOTOGRAPHIC: {**_PHOTOGRAPH, "Modality": "XC", "ImageType": ["ORIGINAL", "PRIMARY"]},
    "1.2.840.10008.5.1.4.1.1.77.1.4": {**_PHOTOGRAPH, "Modality": "XC", "ImageType": ["ORIGINAL", "PRIMARY"]},
}  # fmt: skip
#: SOP classes that need a frame of reference of their own where the metadata has none.
NEED_FRAME_OF_REFERENCE = frozenset({f"{_ENCAPSULATED}{number}" for number in (3, 4, 5)})
