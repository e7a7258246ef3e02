"""The table of attributes that the index keeps: one row per attribute, from which all else follows.

The columns of the schema, the reading of headers, the keys of C-FIND and QIDO-RS and the attributes of their answers
are derived from ``ATTRIBUTES`` (PS3.4 C.6, PS3.18 10.6). To add one: a row here, and a migration.
"""

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """The levels of the query information models, outermost first."""

    PATIENT = 0
    STUDY = 1
    SERIES = 2
    INSTANCE = 3


class Kind(Enum):
    """How an attribute is kept and matched."""

    TEXT = "text"
    NAME = "name"  # text, and one folded column for each component group
    NUMBER = "number"
    CODED = "coded"  # a number that stands for a text in the table ``code``
    COMPUTED = "computed"  # from counters or rows below


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: ``keyword`` is also its column's name."""

    tag: int
    keyword: str
    vr: str
    level: Level
    kind: Kind


def _rows(level: Level, *rows: tuple[int, str, str] | tuple[int, str, str, Kind]) -> tuple[Attribute, ...]:
    kinds = {"PN": Kind.NAME, "IS": Kind.NUMBER, "US": Kind.NUMBER}
    return tuple(
        Attribute(row[0], row[1], row[2], level, row[3] if len(row) == 4 else kinds.get(row[2], Kind.TEXT))
        for row in rows
    )


ATTRIBUTES: tuple[Attribute, ...] = (
    *_rows(
        Level.PATIENT,
        (0x00100010, "PatientName", "PN"),
        (0x00100020, "PatientID", "LO"),
        (0x00100021, "IssuerOfPatientID", "LO"),
        (0x00100030, "PatientBirthDate", "DA"),
        (0x00100040, "PatientSex", "CS"),
        (0x00201200, "NumberOfPatientRelatedStudies", "IS", Kind.COMPUTED),
        (0x00201202, "NumberOfPatientRelatedSeries", "IS", Kind.COMPUTED),
        (0x00201204, "NumberOfPatientRelatedInstances", "IS", Kind.COMPUTED),
    ),
    *_rows(
        Level.STUDY,
        (0x0020000D, "StudyInstanceUID", "UI"),
        (0x00080020, "StudyDate", "DA"),
        (0x00080030, "StudyTime", "TM"),
        (0x00080050, "AccessionNumber", "SH"),
        (0x00080090, "ReferringPhysicianName", "PN"),
        (0x00080201, "TimezoneOffsetFromUTC", "SH"),
        (0x00081030, "StudyDescription", "LO"),
        (0x00081060, "NameOfPhysiciansReadingStudy", "PN"),
        (0x00101010, "PatientAge", "AS"),
        (0x00101020, "PatientSize", "DS"),
        (0x00101030, "PatientWeight", "DS"),
        (0x00200010, "StudyID", "SH"),
        (0x00080061, "ModalitiesInStudy", "CS", Kind.COMPUTED),
        (0x00080062, "SOPClassesInStudy", "UI", Kind.COMPUTED),
        (0x00201206, "NumberOfStudyRelatedSeries", "IS", Kind.COMPUTED),
        (0x00201208, "NumberOfStudyRelatedInstances", "IS", Kind.COMPUTED),
    ),
    *_rows(
        Level.SERIES,
        (0x0020000E, "SeriesInstanceUID", "UI"),
        (0x00080060, "Modality", "CS"),
        (0x00200011, "SeriesNumber", "IS"),
        (0x00080021, "SeriesDate", "DA"),
        (0x00080031, "SeriesTime", "TM"),
        (0x00080070, "Manufacturer", "LO"),
        (0x00080080, "InstitutionName", "LO"),
        (0x00081010, "StationName", "SH"),
        (0x0008103E, "SeriesDescription", "LO"),
        (0x00081040, "InstitutionalDepartmentName", "LO"),
        (0x00081050, "PerformingPhysicianName", "PN"),
        (0x00081070, "OperatorsName", "PN"),
        (0x00081090, "ManufacturerModelName", "LO"),
        (0x00180015, "BodyPartExamined", "CS"),
        (0x00181030, "ProtocolName", "LO"),
        (0x00200052, "FrameOfReferenceUID", "UI"),
        (0x00200060, "Laterality", "CS"),
        (0x00400244, "PerformedProcedureStepStartDate", "DA"),
        (0x00400245, "PerformedProcedureStepStartTime", "TM"),
        (0x00201209, "NumberOfSeriesRelatedInstances", "IS", Kind.COMPUTED),
    ),
    *_rows(
        Level.INSTANCE,
        (0x00080018, "SOPInstanceUID", "UI"),
        (0x00080016, "SOPClassUID", "UI", Kind.CODED),
        (0x00083002, "AvailableTransferSyntaxUID", "UI", Kind.CODED),
        (0x00200013, "InstanceNumber", "IS"),
        (0x00280008, "NumberOfFrames", "IS"),
        (0x00280010, "Rows", "US"),
        (0x00280011, "Columns", "US"),
        (0x00280100, "BitsAllocated", "US"),
    ),
)

#: What is kept of a non-patient object besides its UIDs; their levels do not matter (PS3.4 U.6, X.6, BB.6, HH.6, II.6).
NON_PATIENT_ATTRIBUTES: tuple[Attribute, ...] = _rows(
    Level.INSTANCE,
    (0x00080070, "Manufacturer", "LO"),
    (0x00221095, "ImplantName", "LO"),
    (0x00221097, "ImplantPartNumber", "LO"),
    (0x00700080, "ContentLabel", "CS"),
    (0x00700081, "ContentDescription", "LO"),
    (0x00720002, "HangingProtocolName", "SH"),
    (0x00720004, "HangingProtocolDescription", "LO"),
    (0x00720006, "HangingProtocolLevel", "CS"),
    (0x00760001, "ImplantAssemblyTemplateName", "LO"),
    (0x00780001, "ImplantTemplateGroupName", "LO"),
)

BY_TAG: dict[int, Attribute] = {attribute.tag: attribute for attribute in ATTRIBUTES}

#: Suffixes of the folded search columns of a person name, in the order of its component groups (PS3.5 6.2.1).
NAME_GROUPS = ("_alphabetic", "_ideographic", "_phonetic")

SPECIFIC_CHARACTER_SET = 0x00080005

#: What must be read from a header to file an object.
HEADER_TAGS: frozenset[int] = frozenset(
    {SPECIFIC_CHARACTER_SET}
    | {a.tag for a in ATTRIBUTES if a.kind is not Kind.COMPUTED} - {0x00083002}
    | {a.tag for a in NON_PATIENT_ATTRIBUTES}
)


def kept(level: Level) -> tuple[Attribute, ...]:
    """Return the attributes with a column at this level, in the table's order."""
    return tuple(a for a in ATTRIBUTES if a.level is level and a.kind is not Kind.COMPUTED)
