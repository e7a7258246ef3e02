"""The attributes of the Modality Worklist Information Model (PS3.4 Table K.6-1), in one table.

From it come the place of a keyword (in the scheduled procedure step or around it), what an entry must have, and the
conformance statement. Other attributes of PS3.6 may stand in an entry, too, and are matched and returned alike.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from isocenter.dicom import dictionary
from isocenter.index.worklist import FINISHED, STEP_SEQUENCE

#: What a step may be: as PS3.3 C.4.10 (0040,0020) has it, and over.
STATES = ("SCHEDULED", "ARRIVED", "READY", "STARTED", "DEPARTED", *FINISHED)


class Need(Enum):
    """What becomes of an entry without the attribute."""

    GIVEN = "needed"
    MADE = "made up if missing"
    OPEN = ""


@dataclass(frozen=True, slots=True)
class WorklistKey:
    """A row: the type of the return key, the kinds of matching, and whether it belongs to the step."""

    keyword: str
    type: str
    in_step: bool = False
    matching: str = ""
    need: Need = Need.OPEN

    @property
    def tag(self) -> int:
        """Its tag."""
        return dictionary.tag(self.keyword)


_SINGLE, _WILD, _RANGE = "single value", "single value, wildcard", "single value, range"

KEYS: tuple[WorklistKey, ...] = (
    WorklistKey("ScheduledStationAETitle", "1", True, _SINGLE, Need.GIVEN),
    WorklistKey("ScheduledProcedureStepStartDate", "1", True, _RANGE, Need.GIVEN),
    WorklistKey("ScheduledProcedureStepStartTime", "1", True, _RANGE, Need.GIVEN),
    WorklistKey("Modality", "1", True, _SINGLE, Need.GIVEN),
    WorklistKey("ScheduledPerformingPhysicianName", "2", True, _WILD),
    WorklistKey("ScheduledProcedureStepDescription", "1C", True),
    WorklistKey("ScheduledStationName", "2", True),
    WorklistKey("ScheduledProcedureStepLocation", "2", True),
    WorklistKey("ScheduledProtocolCodeSequence", "1C", True),
    WorklistKey("PreMedication", "2C", True),
    WorklistKey("ScheduledProcedureStepID", "1", True, _SINGLE, Need.MADE),
    WorklistKey("RequestedContrastAgent", "2C", True),
    WorklistKey("ScheduledProcedureStepStatus", "3", True, _SINGLE),
    WorklistKey("ScheduledProcedureStepEndDate", "3", True, _RANGE),
    WorklistKey("ScheduledProcedureStepEndTime", "3", True, _RANGE),
    WorklistKey("ScheduledPerformingPhysicianIdentificationSequence", "3", True),
    WorklistKey("CommentsOnTheScheduledProcedureStep", "3", True),
    WorklistKey("RequestedProcedureID", "1", False, _SINGLE, Need.MADE),
    WorklistKey("RequestedProcedureDescription", "1C"),
    WorklistKey("RequestedProcedureCodeSequence", "1C"),
    WorklistKey("StudyInstanceUID", "1", False, _SINGLE, Need.MADE),
    WorklistKey("ReferencedStudySequence", "2"),
    WorklistKey("RequestedProcedurePriority", "2"),
    WorklistKey("PatientTransportArrangements", "2"),
    WorklistKey("AccessionNumber", "2", False, _SINGLE),
    WorklistKey("RequestingPhysician", "2", False, _WILD),
    WorklistKey("ReferringPhysicianName", "2", False, _WILD),
    WorklistKey("AdmissionID", "2", False, _SINGLE),
    WorklistKey("CurrentPatientLocation", "2"),
    WorklistKey("ReferencedPatientSequence", "2"),
    WorklistKey("PatientName", "1", False, _WILD, Need.GIVEN),
    WorklistKey("PatientID", "1", False, _SINGLE, Need.GIVEN),
    WorklistKey("PatientBirthDate", "2", False, _RANGE),
    WorklistKey("PatientSex", "2"),
    WorklistKey("PatientWeight", "2"),
    WorklistKey("ConfidentialityConstraintOnPatientDataDescription", "2"),
    WorklistKey("PatientState", "2"),
    WorklistKey("PregnancyStatus", "2"),
    WorklistKey("MedicalAlerts", "2"),
    WorklistKey("Allergies", "2"),
    WorklistKey("SpecialNeeds", "2"),
)

IN_STEP: frozenset[int] = frozenset(key.tag for key in KEYS if key.in_step)


def placed(
    attributes: dict[str, Any], sequence: str = STEP_SEQUENCE, inner: frozenset[int] = IN_STEP
) -> dict[str, Any]:
    """Return a flat data set with those attributes in a sequence that belong there: to the scheduled procedure step.

    A sequence that is there already keeps its item, and gets the flat attributes in addition.
    """
    step = {name: value for name, value in attributes.items() if int(name, 16) in inner}
    around = {name: value for name, value in attributes.items() if name not in step}
    if step:
        items = around.get(sequence, {}).get("Value") or [{}]
        around[sequence] = {"vr": "SQ", "Value": [{**items[0], **step}, *items[1:]]}
    return around
