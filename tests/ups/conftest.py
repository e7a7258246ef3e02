"""Work items as they are sent."""

from typing import Any

from isocenter.dicom.json import Json
from isocenter.ups.attributes import Code, data_set

STATION = Code("PROC1", "99SITE", "Processor 1").as_item()
START = "20240131093000"


def new_work_item(**changes: Any) -> Json:
    """Return a complete work item as an SCU would send it; None leaves an attribute out."""
    given: dict[str, Any] = {
        "ProcedureStepState": "SCHEDULED", "ScheduledProcedureStepPriority": "MEDIUM",
        "ProcedureStepLabel": "Segment the liver", "WorklistLabel": "AI",
        "ScheduledProcedureStepStartDateTime": START, "InputReadinessState": "READY",
        "PatientName": {"Alphabetic": "Müller^Jörg"}, "PatientID": "4711", "IssuerOfPatientID": "",
        "IssuerOfPatientIDQualifiersSequence": [], "PatientBirthDate": "19700101",
        "PatientSex": "M", "OtherPatientIDsSequence": [], "AdmissionID": "", "IssuerOfAdmissionIDSequence": [],
        "AdmittingDiagnosesDescription": "", "AdmittingDiagnosesCodeSequence": [], "InputInformationSequence": [],
        "ReferencedRequestSequence": [data_set(AccessionNumber="A1", StudyInstanceUID="1.2.3")],
        "ScheduledProcessingParametersSequence": [], "ScheduledStationNameCodeSequence": [STATION],
        "ScheduledStationClassCodeSequence": [], "ScheduledStationGeographicLocationCodeSequence": [],
        "ScheduledWorkitemCodeSequence": [Code("110005", "DCM", "Interpretation").as_item()],
        "CommentsOnTheScheduledProcedureStep": "", "ProcedureStepProgressInformationSequence": [],
    }  # fmt: skip
    return data_set(**{name: value for name, value in (given | changes).items() if value is not None})


def performed() -> Json:
    """Return what has to be set before a work item is completed."""
    item = data_set(
        PerformedStationNameCodeSequence=[STATION], PerformedProcedureStepStartDateTime=START,
        PerformedWorkitemCodeSequence=[Code("110005", "DCM", "Interpretation").as_item()],
        PerformedProcedureStepEndDateTime="20240131094500", OutputInformationSequence=[],
    )  # fmt: skip
    return data_set(UnifiedProcedureStepPerformedProcedureSequence=[item])


def canceled() -> Json:
    """Return what has to be set before a work item is canceled."""
    item = data_set(
        ProcedureStepCancellationDateTime=START,
        ProcedureStepDiscontinuationReasonCodeSequence=[Code("110513", "DCM", "Discontinued").as_item()],
    )
    return data_set(ProcedureStepProgressInformationSequence=[item])
