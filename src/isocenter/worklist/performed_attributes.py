"""The attributes of a performed procedure step and what is asked of each, in one table (PS3.4 Table F.7.2-1)."""

from dataclasses import dataclass

from isocenter.dicom import dictionary

STATUS = "00400252"
SCHEDULED_SEQUENCE = "00400270"
SERIES_SEQUENCE = "00400340"
IN_PROGRESS, COMPLETED, DISCONTINUED = "IN PROGRESS", "COMPLETED", "DISCONTINUED"
STATES = (IN_PROGRESS, COMPLETED, DISCONTINUED)


@dataclass(frozen=True, slots=True)
class StepAttribute:
    """A row: the type in N-CREATE, whether N-SET may change it, whether it is needed at the end; rows of its items."""

    keyword: str
    type: str
    may_set: bool = False
    final: bool = False
    items: tuple["StepAttribute", ...] = ()

    @property
    def tag(self) -> int:
        """Its tag."""
        return dictionary.tag(self.keyword)

    @property
    def name(self) -> str:
        """Its tag as in DICOM JSON."""
        return f"{self.tag:08X}"


_SCHEDULED = (
    StepAttribute("StudyInstanceUID", "1"),
    StepAttribute("ReferencedStudySequence", "2"),
    StepAttribute("AccessionNumber", "2"),
    StepAttribute("RequestedProcedureID", "2"),
    StepAttribute("RequestedProcedureDescription", "2"),
    StepAttribute("ScheduledProcedureStepID", "2"),
    StepAttribute("ScheduledProcedureStepDescription", "2"),
    StepAttribute("ScheduledProtocolCodeSequence", "2"),
)
_SERIES = (
    StepAttribute("PerformingPhysicianName", "2"),
    StepAttribute("ProtocolName", "1"),
    StepAttribute("OperatorsName", "2"),
    StepAttribute("SeriesInstanceUID", "1"),
    StepAttribute("SeriesDescription", "2"),
    StepAttribute("RetrieveAETitle", "2"),
    StepAttribute("ReferencedImageSequence", "2"),
    StepAttribute("ReferencedNonImageCompositeSOPInstanceSequence", "2"),
)
STEP_ATTRIBUTES: tuple[StepAttribute, ...] = (
    StepAttribute("ScheduledStepAttributesSequence", "1", items=_SCHEDULED),
    StepAttribute("PatientName", "2"),
    StepAttribute("PatientID", "2"),
    StepAttribute("PatientBirthDate", "2"),
    StepAttribute("PatientSex", "2"),
    StepAttribute("ReferencedPatientSequence", "2"),
    StepAttribute("PerformedProcedureStepID", "1"),
    StepAttribute("PerformedStationAETitle", "1"),
    StepAttribute("PerformedStationName", "2"),
    StepAttribute("PerformedLocation", "2"),
    StepAttribute("PerformedProcedureStepStartDate", "1"),
    StepAttribute("PerformedProcedureStepStartTime", "1"),
    StepAttribute("PerformedProcedureStepStatus", "1", may_set=True),
    StepAttribute("PerformedProcedureStepDescription", "2", may_set=True),
    StepAttribute("PerformedProcedureTypeDescription", "2", may_set=True),
    StepAttribute("ProcedureCodeSequence", "2", may_set=True),
    StepAttribute("PerformedProcedureStepEndDate", "2", may_set=True, final=True),
    StepAttribute("PerformedProcedureStepEndTime", "2", may_set=True, final=True),
    StepAttribute("CommentsOnThePerformedProcedureStep", "3", may_set=True),
    StepAttribute("PerformedProcedureStepDiscontinuationReasonCodeSequence", "3", may_set=True),
    StepAttribute("Modality", "1"),
    StepAttribute("StudyID", "2"),
    StepAttribute("PerformedProtocolCodeSequence", "2", may_set=True),
    StepAttribute("PerformedSeriesSequence", "2", may_set=True, final=True, items=_SERIES),
)
#: What a search may name without the sequence that it stands in.
IN_SCHEDULED: frozenset[int] = frozenset(attribute.tag for attribute in _SCHEDULED)
