"""RT Structure Set, RT Plan and RT Dose of the phantom's plan (PS3.3 A.18 to A.20, C.8.8).

Must not know: anatomy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import CTImageStorage, RTDoseStorage, RTPlanStorage, RTStructureSetStorage

from isocenter.dicom.content_items import dataset
from isocenter.phantom.beams import ANGLES, AT_CENTER, FIELD_RADIUS, FRACTIONS, PRESCRIBED, dose, doses_within
from isocenter.phantom.canvas import Canvas
from isocenter.phantom.objects import Study, new_object
from isocenter.phantom.pixels import add_grey
from isocenter.phantom.structures import ISOCENTER, STRUCTURES, Structure
from isocenter.phantom.thorax import HEIGHT, body

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

BIN = 0.5
GRID_ROWS, GRID_COLUMNS, GRID_PIXEL, GRID_BOTTOM, GRID_PLANES = 96, 128, 2.75, 120.0, 48
STUDY_MANAGEMENT = "1.2.840.10008.3.1.2.3.1"
"""Detached Study Management, which RT Structure Sets still name."""


@dataclass(slots=True)
class Planning:
    """The images of the planning CT with their heights, and the outlines of each structure on each of them."""

    belongs: Study
    images: list[tuple[str, float]] = field(default_factory=list)
    contours: dict[int, list[list[NDArray[np.float64]]]] = field(
        default_factory=lambda: {structure.number: [] for structure in STRUCTURES}
    )

    @property
    def frame(self) -> str:
        """Return the frame of reference."""
        return self.belongs.uid("frame of reference")


def _started(planning: Planning, sop_class: str, series: int, modality: str, description: str) -> Dataset:
    made = new_object(planning.belongs, sop_class, series, 1)
    del made.AcquisitionDate, made.AcquisitionTime, made.ContentDate, made.ContentTime
    made.Modality, made.SeriesDescription, made.OperatorsName = modality, description, ""
    return made


def structures_of(planning: Planning) -> Dataset:
    """Return the structure set: an outline a slice and structure."""
    made = _started(planning, RTStructureSetStorage, 2, "RTSTRUCT", "Structures")
    made.StructureSetLabel, made.StructureSetDate = "Thorax", planning.belongs.StudyDate
    made.StructureSetTime = planning.belongs.StudyTime
    images = [_reference(CTImageStorage, uid) for uid, _ in planning.images]
    series = dataset(SeriesInstanceUID=planning.belongs.uid("series", 1), ContourImageSequence=images)
    study = _reference(STUDY_MANAGEMENT, planning.belongs.uid())
    study.RTReferencedSeriesSequence = [series]
    made.ReferencedFrameOfReferenceSequence = [
        dataset(FrameOfReferenceUID=planning.frame, RTReferencedStudySequence=[study])
    ]
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = planning.frame, ""
    made.StructureSetROISequence = [
        dataset(ROINumber=one.number, ReferencedFrameOfReferenceUID=planning.frame, ROIName=one.name,
                ROIGenerationAlgorithm="AUTOMATIC") for one in STRUCTURES
    ]  # fmt: skip
    made.ROIContourSequence = [
        dataset(ROIDisplayColor=list(one.colour), ContourSequence=_contours(planning, one.number),
                ReferencedROINumber=one.number) for one in STRUCTURES
    ]  # fmt: skip
    made.RTROIObservationsSequence = [
        dataset(ObservationNumber=one.number, ReferencedROINumber=one.number, RTROIInterpretedType=one.kind,
                ROIInterpreter="") for one in STRUCTURES
    ]  # fmt: skip
    made.ApprovalStatus = "UNAPPROVED"
    return made


def _contours(planning: Planning, number: int) -> list[Dataset]:
    return [
        dataset(
            ContourImageSequence=[_reference(CTImageStorage, uid)], ContourGeometricType="CLOSED_PLANAR",
            NumberOfContourPoints=len(line), ContourData=_points(line, z - HEIGHT),
        )
        for (uid, z), lines in zip(planning.images, planning.contours[number], strict=True) for line in lines
    ]  # fmt: skip


def _points(line: NDArray[np.float64], height: float) -> list[str]:
    return [text for x, y in line for text in (f"{x:.2f}", f"{y:.2f}", f"{height:.2f}")]


def plan_of(planning: Planning, structures: Dataset) -> Dataset:
    """Return the plan: seven static beams of photons through the isocentre."""
    made = _started(planning, RTPlanStorage, 3, "RTPLAN", "Plan")
    made.RTPlanLabel, made.RTPlanDate, made.RTPlanTime = "Left lung", made.SeriesDate, made.SeriesTime
    made.RTPlanGeometry, made.ApprovalStatus = "PATIENT", "UNAPPROVED"
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = planning.frame, ""
    made.ReferencedStructureSetSequence = [_reference(RTStructureSetStorage, structures.SOPInstanceUID)]
    made.DoseReferenceSequence = [
        dataset(DoseReferenceNumber=1, DoseReferenceStructureType="VOLUME", DoseReferenceType="TARGET",
                ReferencedROINumber=3, TargetPrescriptionDose=PRESCRIBED)
    ]  # fmt: skip
    meter = AT_CENTER / FRACTIONS / len(ANGLES)
    group = dataset(FractionGroupNumber=1, NumberOfFractionsPlanned=FRACTIONS, NumberOfBeams=len(ANGLES),
                    NumberOfBrachyApplicationSetups=0)  # fmt: skip
    group.ReferencedBeamSequence = [
        dataset(ReferencedBeamNumber=number, BeamDose=round(meter, 4), BeamMeterset=round(100 * meter, 2))
        for number in range(1, len(ANGLES) + 1)
    ]
    made.FractionGroupSequence = [group]
    made.PatientSetupSequence = [dataset(PatientSetupNumber=1, PatientPosition="HFS")]
    made.BeamSequence = [_beam(number, angle) for number, angle in enumerate(ANGLES, 1)]
    return made


def _beam(number: int, angle: int) -> Dataset:
    size = FIELD_RADIUS
    jaws = [dataset(RTBeamLimitingDeviceType=kind, NumberOfLeafJawPairs=1) for kind in ("X", "Y")]
    places = [dataset(RTBeamLimitingDeviceType=kind, LeafJawPositions=[-size, size]) for kind in ("X", "Y")]
    x, y, z = ISOCENTER
    first = dataset(
        ControlPointIndex=0, NominalBeamEnergy=6, BeamLimitingDevicePositionSequence=places, GantryAngle=angle,
        GantryRotationDirection="NONE", BeamLimitingDeviceAngle=0, BeamLimitingDeviceRotationDirection="NONE",
        PatientSupportAngle=0, PatientSupportRotationDirection="NONE", TableTopEccentricAngle=0,
        TableTopEccentricRotationDirection="NONE", TableTopVerticalPosition="", TableTopLongitudinalPosition="",
        TableTopLateralPosition="", IsocenterPosition=[x, y, z - HEIGHT], CumulativeMetersetWeight=0,
    )  # fmt: skip
    return dataset(
        Manufacturer="Isocenter", TreatmentMachineName="PHANTOM", PrimaryDosimeterUnit="MU", SourceAxisDistance=1000,
        BeamLimitingDeviceSequence=jaws, BeamNumber=number, BeamName=f"Gantry {angle}", BeamType="STATIC",
        RadiationType="PHOTON", TreatmentDeliveryType="TREATMENT", NumberOfWedges=0, NumberOfCompensators=0,
        NumberOfBoli=0, NumberOfBlocks=0, FinalCumulativeMetersetWeight=1, NumberOfControlPoints=2,
        ControlPointSequence=[first, dataset(ControlPointIndex=1, CumulativeMetersetWeight=1)],
        ReferencedPatientSetupNumber=1,
    )  # fmt: skip


def dose_of(planning: Planning, plan: Dataset, structures: Dataset) -> Dataset:
    """Return the dose on a grid."""
    made = _started(planning, RTDoseStorage, 4, "RTDOSE", "Dose")
    left, front = -(GRID_COLUMNS - 1) / 2 * GRID_PIXEL, -(GRID_ROWS - 1) / 2 * GRID_PIXEL
    made.ImagePositionPatient = [round(left, 4), round(front, 4), GRID_BOTTOM - HEIGHT]
    made.ImageOrientationPatient, made.PixelSpacing = [1, 0, 0, 0, 1, 0], [GRID_PIXEL, GRID_PIXEL]
    made.SliceThickness = GRID_PIXEL
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = planning.frame, ""
    made.NumberOfFrames, made.FrameIncrementPointer = GRID_PLANES, 0x3004000C
    made.GridFrameOffsetVector = [index * GRID_PIXEL for index in range(GRID_PLANES)]
    made.DoseUnits, made.DoseType, made.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    made.DoseComment = "Computed, not measured"
    made.ReferencedRTPlanSequence = [_reference(RTPlanStorage, plan.SOPInstanceUID)]
    made.ReferencedStructureSetSequence = [_reference(RTStructureSetStorage, structures.SOPInstanceUID)]
    made.DVHSequence = [_histogram(one) for one in STRUCTURES if one.kind in {"GTV", "PTV"}]
    planes = [_plane(index) for index in range(GRID_PLANES)]
    values = np.stack([plane.values for plane in planes])
    made.DoseGridScaling = f"{1.25 * AT_CENTER / 65535:.10f}"
    add_grey(made, np.rint(values / float(made.DoseGridScaling)).clip(0, 65535).astype("<u2"))
    return made


def _histogram(structure: Structure) -> Dataset:
    """Return the cumulative histogram of a target (PS3.3 C.8.8.4): pairs of bin width in gray and volume in ml."""
    doses, each = doses_within(structure)
    edges = np.arange(0, float(doses.max()), BIN)
    volumes = (doses[None, :] >= edges[:, None]).sum(axis=1) * each
    return dataset(
        DVHReferencedROISequence=[dataset(DVHROIContributionType="INCLUDED", ReferencedROINumber=structure.number)],
        DVHType="CUMULATIVE", DoseUnits="GY", DoseType="PHYSICAL", DVHDoseScaling=1, DVHVolumeUnits="CM3",
        DVHNumberOfBins=len(edges), DVHData=[text for volume in volumes for text in (BIN, f"{volume:.4f}")],
        DVHMinimumDose=f"{doses.min():.3f}", DVHMaximumDose=f"{doses.max():.3f}", DVHMeanDose=f"{doses.mean():.3f}",
    )  # fmt: skip


def _plane(index: int) -> Canvas:
    canvas = Canvas.axial(GRID_ROWS, GRID_COLUMNS, GRID_PIXEL, GRID_BOTTOM + index * GRID_PIXEL, 0.0)
    inside = body(canvas.x, canvas.y, canvas.z) < 0
    canvas.values[...] = dose(canvas.x, canvas.y, np.float32(canvas.z)) * inside
    return canvas


def _reference(sop_class: str, uid: str) -> Dataset:
    return dataset(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=uid)
