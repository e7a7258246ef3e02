"""What a work item must and may have, attribute by attribute: PS3.4 Table CC.2.5-3 with its macros.

Each requirement is a pair, of the SCU and the SCP: ``1`` with a value, ``2`` present, ``3`` optional, ``C`` on a
condition that the table's remarks name; ``-`` not allowed; ``0`` present and empty. ``final``: ``R`` has a value in
both final states, ``P`` when COMPLETED, ``X`` when CANCELED; ``P2`` may have no items. ``check`` applies it.
"""

from typing import NamedTuple


class Requirement(NamedTuple):
    """A row of the table; ``inner`` are the rows of an item."""

    keyword: str
    create: str
    set: str
    get: str = "3/2"
    final: str = ""
    inner: tuple["Requirement", ...] = ()


_R = Requirement


def _gotten(needed: str) -> str:
    """Return what N-GET gives of an attribute within an item."""
    return "-/" + needed.partition("/")[2]


def _item(keyword: str, needed: str = "1/1", inner: tuple[Requirement, ...] = ()) -> Requirement:
    """Return a row of a macro, which is the same in N-CREATE and N-SET."""
    return Requirement(keyword, needed, needed, _gotten(needed), inner=inner)


#: Table CC.2.5-2a; one of the three values is needed, and the scheme with the first two.
CODE = (
    _item("CodeValue", "1C/1C"), _item("CodingSchemeDesignator", "1C/1C"), _item("CodingSchemeVersion", "1C/1C"),
    _item("CodeMeaning"), _item("LongCodeValue", "1C/1C"), _item("URNCodeValue", "1C/1C"),
)  # fmt: skip
#: Table CC.2.5-2b.
_CONTENT = (_item("ValueType"), _item("ConceptNameCodeSequence", inner=CODE))
#: Table CC.2.5-2f.
_REFERENCE = (_item("ReferencedSOPClassUID"), _item("ReferencedSOPInstanceUID"))
#: Table CC.2.5-2c.
_INSTANCES = (
    _item("TypeOfInstances"),
    _item("StudyInstanceUID", "1C/1"),
    _item("SeriesInstanceUID", "1C/1"),
    _item("ReferencedSOPSequence", inner=_REFERENCE),
    _item("DICOMRetrievalSequence", "1C/1", (_item("RetrieveAETitle"),)),
    _item("DICOMMediaRetrievalSequence", "1C/1", (_item("StorageMediaFileSetUID"),)),
    _item("WADORetrievalSequence", "1C/1", (_item("RetrieveURI"),)),
    _item("XDSRetrievalSequence", "1C/1", (_item("RepositoryUniqueID"),)),
    _item("WADORSRetrievalSequence", "1C/1", (_item("RetrieveURL"),)),
)
_PERFORMER = (
    _item("HumanPerformerCodeSequence", inner=CODE),
    _item("HumanPerformerName"),
    _item("HumanPerformerOrganization"),
)


def _done(keyword: str, needed: str = "3/1", final: str = "", inner: tuple[Requirement, ...] = ()) -> Requirement:
    """Return a row of what is known only when the work is under way."""
    return Requirement(keyword, "-", needed, _gotten(needed), final, inner)


_PROGRESS = (
    _done("ProcedureStepProgress"),
    _done("ProcedureStepProgressDescription"),
    _done("ProcedureStepProgressParametersSequence", "3/3", inner=_CONTENT),
    _done(
        "ProcedureStepCommunicationsURISequence",
        inner=(_done("ContactURI", "1/1"), _done("ContactDisplayName")),
    ),
    _done("ProcedureStepCancellationDateTime", final="X"),
    _done("ReasonForCancellation"),
    _done("ProcedureStepDiscontinuationReasonCodeSequence", final="X", inner=CODE),
)
_PERFORMED = (
    _done(
        "ActualHumanPerformersSequence",
        inner=(
            _done("HumanPerformerCodeSequence", inner=CODE),
            _done("HumanPerformerName"),
            _done("HumanPerformerOrganization"),
        ),
    ),
    _done("PerformedStationNameCodeSequence", "3/2", "P", CODE),
    _done("PerformedStationClassCodeSequence", "3/2", inner=CODE),
    _done("PerformedStationGeographicLocationCodeSequence", "3/2", inner=CODE),
    _done("PerformedProcedureStepStartDateTime", final="P"),
    _done("PerformedProcedureStepDescription"),
    _done("CommentsOnThePerformedProcedureStep"),
    _done("PerformedWorkitemCodeSequence", final="P", inner=CODE),
    _done("PerformedProcessingParametersSequence", inner=_CONTENT),
    _done("PerformedProcedureStepEndDateTime", final="P"),
    _done("OutputInformationSequence", "3/2", "P2", _INSTANCES),
)

REQUIREMENTS: tuple[Requirement, ...] = (
    _R("TransactionUID", "0", "1C/-", "-"),
    # SOP Common
    _R("SpecificCharacterSet", "1C/1C", "1C/1C", "3/1"),
    _R("SOPClassUID", "-", "-", "-"),
    _R("SOPInstanceUID", "-", "-", "-"),
    # Scheduled Procedure Information
    _R("ScheduledProcedureStepPriority", "1/1", "3/1", "3/1", "R"),
    _R("ScheduledProcedureStepModificationDateTime", "-/1", "-/1", "3/1", "R"),
    _R("ProcedureStepLabel", "1/1", "3/1", "3/1"),
    _R("WorklistLabel", "2/1", "3/1", "3/1"),
    _R("ScheduledProcessingParametersSequence", "2/2", "3/2", inner=_CONTENT),
    _R("ScheduledStationNameCodeSequence", "2/2", "3/2", inner=CODE),
    _R("ScheduledStationClassCodeSequence", "2/2", "3/2", inner=CODE),
    _R("ScheduledStationGeographicLocationCodeSequence", "2/2", "3/2", inner=CODE),
    _R("ScheduledHumanPerformersSequence", "2C/2C", "3/2", inner=_PERFORMER),
    _R("ScheduledProcedureStepStartDateTime", "1/1", "3/1", "3/1", "R"),
    _R("ExpectedCompletionDateTime", "3/1", "3/1", "3/1"),
    _R("ScheduledProcedureStepExpirationDateTime", "3/3", "3/3", "3/3"),
    _R("ScheduledWorkitemCodeSequence", "2/2", "3/2", inner=CODE),
    _R("CommentsOnTheScheduledProcedureStep", "2/2", "3/2"),
    _R("InputReadinessState", "1/1", "3/1", "3/1", "R"),
    _R("InputInformationSequence", "2/2", "3/2", inner=_INSTANCES),
    _R("StudyInstanceUID", "1C/2", "3/2"),
    _R("OutputDestinationSequence", "3/3", "3/3", "3/3"),
    # Relationship
    _R("PatientName", "2/2", "-"),
    _R("PatientID", "1C/2", "-"),
    _R("IssuerOfPatientID", "2/2", "-"),
    _R("IssuerOfPatientIDQualifiersSequence", "2/2", "-"),
    _R("OtherPatientIDsSequence", "2/2", "3/3", inner=(_item("PatientID"),)),
    _R("PatientBirthDate", "2/2", "-"),
    _R("PatientSex", "2/2", "-"),
    _R("AdmissionID", "2/2", "-"),
    _R("IssuerOfAdmissionIDSequence", "2/2", "-"),
    _R("AdmittingDiagnosesDescription", "2/2", "-"),
    _R("AdmittingDiagnosesCodeSequence", "2/2", "-", inner=CODE),
    _R(
        "ReferencedRequestSequence", "2/2", "-",
        inner=(
            _R("StudyInstanceUID", "1/1", "-", "-/1"),
            _R("AccessionNumber", "2/2", "-", "-/2"),
            _R("IssuerOfAccessionNumberSequence", "2/2", "-", "-/2"),
            _R("OrderPlacerIdentifierSequence", "2/2", "-", "-/2"),
            _R("OrderFillerIdentifierSequence", "2/2", "-", "-/2"),
            _R("RequestedProcedureID", "2/2", "-", "-/2"),
            _R("RequestedProcedureDescription", "2/2", "-", "-/2"),
            _R("RequestedProcedureCodeSequence", "2/2", "-", "-/2", inner=CODE),
        ),
    ),
    _R("ReplacedProcedureStepSequence", "1C/1C", "-", inner=_REFERENCE),
    # Patient Medical
    _R("MedicalAlerts", "3/2", "3/2"),
    _R("PregnancyStatus", "3/2", "3/2"),
    _R("SpecialNeeds", "3/2", "3/2"),
    # Progress Information
    _R("ProcedureStepState", "1/1", "-", "3/1", "R"),
    _R("ProcedureStepProgressInformationSequence", "0", "3/2", "3/2", "X", _PROGRESS),
    # Performed Procedure Information
    _R("UnifiedProcedureStepPerformedProcedureSequence", "0", "3/2", "3/2", "P", _PERFORMED),
)  # fmt: skip
