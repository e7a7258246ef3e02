"""Which directory record an object has in a DICOMDIR, and with which keys (PS3.3 F.4, F.5).

Keys that the standard requires and an object lacks: numbers are made up by their place, all others stay empty, for an
invented date or patient would be taken for a real one.
"""

from typing import Any

from isocenter.dicom import dictionary
from isocenter.dicom.uids import SOP_CLASSES

Json = dict[str, Any]

#: Keyword of a SOP class, or how it ends, -> type of its record; everything else is an image.
_KINDS: tuple[tuple[str, str], ...] = (
    ("RTDoseStorage", "RT DOSE"),
    ("RTStructureSetStorage", "RT STRUCTURE SET"),
    ("RTPlanStorage", "RT PLAN"),
    ("RTIonPlanStorage", "RT PLAN"),
    ("TreatmentRecordStorage", "RT TREAT RECORD"),
    ("RTTreatmentSummaryRecordStorage", "RT TREAT RECORD"),
    ("PresentationStateStorage", "PRESENTATION"),
    ("BasicStructuredDisplayStorage", "PRESENTATION"),
    ("WaveformStorage", "WAVEFORM"),
    ("SRStorage", "SR DOCUMENT"),
    ("ProcedureLogStorage", "SR DOCUMENT"),
    ("ReportStorage", "SR DOCUMENT"),
    ("KeyObjectSelectionDocumentStorage", "KEY OBJECT DOC"),
    ("MRSpectroscopyStorage", "SPECTROSCOPY"),
    ("RawDataStorage", "RAW DATA"),
    ("SpatialRegistrationStorage", "REGISTRATION"),
    ("SpatialFiducialsStorage", "FIDUCIAL"),
    ("RealWorldValueMappingStorage", "VALUE MAP"),
    ("StereometricRelationshipStorage", "STEREOMETRIC"),
    ("MeasurementsStorage", "MEASUREMENT"),
    ("SurfaceSegmentationStorage", "SURFACE"),
    ("SurfaceScanMeshStorage", "SURFACE SCAN"),
    ("SurfaceScanPointCloudStorage", "SURFACE SCAN"),
    ("TractographyResultsStorage", "TRACT"),
    ("ContentAssessmentResultsStorage", "ASSESSMENT"),
)
_TIMED = ("InstanceNumber", "ContentDate", "ContentTime")
_NAMED = (*_TIMED, "ContentLabel", "ContentDescription", "ContentCreatorName")
#: Type of a record -> its keys; those that may be missing are left out where the object has none.
_KEYS: dict[str, tuple[str, ...]] = {
    "PATIENT": ("PatientName", "PatientID"),
    "STUDY": ("StudyDate", "StudyTime", "AccessionNumber", "StudyDescription", "StudyInstanceUID", "StudyID"),
    "SERIES": ("Modality", "SeriesInstanceUID", "SeriesNumber"),
    "IMAGE": ("InstanceNumber",),
    "RT DOSE": ("InstanceNumber", "DoseSummationType"),
    "RT STRUCTURE SET": ("InstanceNumber", "StructureSetLabel", "StructureSetDate", "StructureSetTime"),
    "RT PLAN": ("InstanceNumber", "RTPlanLabel", "RTPlanDate", "RTPlanTime"),
    "RT TREAT RECORD": ("InstanceNumber", "TreatmentDate", "TreatmentTime"),
    "PRESENTATION": (
        "InstanceNumber", "ContentLabel", "ContentDescription", "PresentationCreationDate", "PresentationCreationTime",
        "ContentCreatorName",
    ),
    "WAVEFORM": _TIMED,
    "SR DOCUMENT": (*_TIMED, "CompletionFlag", "VerificationFlag", "ConceptNameCodeSequence"),
    "KEY OBJECT DOC": (*_TIMED, "ConceptNameCodeSequence"),
    "SPECTROSCOPY": (*_TIMED, "ImageType", "NumberOfFrames", "Rows", "Columns", "DataPointRows", "DataPointColumns"),
    "RAW DATA": _TIMED,
    "ENCAP DOC": (*_TIMED, "DocumentTitle", "ConceptNameCodeSequence", "MIMETypeOfEncapsulatedDocument"),
    "STEREOMETRIC": (),
    "ASSESSMENT": ("InstanceNumber", "InstanceCreationDate", "InstanceCreationTime"),
    **dict.fromkeys(
        ("REGISTRATION", "FIDUCIAL", "VALUE MAP", "MEASUREMENT", "SURFACE", "SURFACE SCAN", "TRACT"), _NAMED
    ),
}  # fmt: skip
#: Keys that are copied where the object has them.
_OPTIONAL: dict[str, tuple[str, ...]] = {
    "IMAGE": ("ImageType", "NumberOfFrames", "Rows", "Columns"),
    "SERIES": ("SeriesDescription",),
    "SR DOCUMENT": ("VerificationDateTime", "ContentSequence"),
    "KEY OBJECT DOC": ("ContentSequence",),
    "PRESENTATION": ("ReferencedSeriesSequence", "BlendingSequence"),
    "SPECTROSCOPY": ("ReferencedImageEvidenceSequence",),
    "ENCAP DOC": ("HL7InstanceIdentifier",),
}
_NUMBERS = frozenset({"InstanceNumber", "SeriesNumber", "StudyID"})
_CONTENT, _RELATIONSHIP = "0040A730", "0040A010"


def kind_of(sop_class_uid: str) -> str:
    """Return the type of the record of an object of this SOP class."""
    known = SOP_CLASSES.get(sop_class_uid)
    keyword = known.keyword if known else ""
    if keyword.startswith("Encapsulated"):
        return "ENCAP DOC"
    return next((kind for end, kind in _KINDS if keyword.endswith(end)), "IMAGE")


def keys_of(kind: str, attributes: Json, number: int) -> Json:
    """Return the keys of a record from the header of an object; ``number`` is its place, from 1."""
    found: Json = {}
    for keyword in _KEYS[kind]:
        tag = dictionary.tag(keyword)
        value = attributes.get(f"{tag:08X}", {"vr": dictionary.vr(tag)})
        if keyword in _NUMBERS and not value.get("Value"):
            value = {"vr": dictionary.vr(tag), "Value": [number]}
        found[f"{tag:08X}"] = value
    for keyword in _OPTIONAL.get(kind, ()):
        key = f"{dictionary.tag(keyword):08X}"
        if key in attributes:
            found[key] = attributes[key]
    if _CONTENT in found:
        modifiers = [item for item in found[_CONTENT].get("Value", []) if _modifies(item)]
        found[_CONTENT] = {"vr": "SQ", "Value": modifiers}
        if not modifiers:
            del found[_CONTENT]
    return found


def _modifies(item: Json | None) -> bool:
    """Tell whether a content item modifies the concept of the document (PS3.3 F.5.25)."""
    return bool(item) and (item or {}).get(_RELATIONSHIP, {}).get("Value") == ["HAS CONCEPT MOD"]
