"""Phantom bone scan: the whole body from the front and from behind (PS3.3 A.5).

Must not know: anatomy (see `scintigram`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.tag import Tag
from pydicom.uid import NuclearMedicineImageStorage

from isocenter.dicom.content_items import code, dataset
from isocenter.phantom.objects import Study, new_object
from isocenter.phantom.pixels import add_grey
from isocenter.phantom.scintigram import COLUMNS, PIXEL, ROWS, pictures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom import Dataset

DEFAULT_SLICES = 1
#: What the cameras look at (PS3.16 CID 26), and which way along x rows run.
CAMERAS = (
    (("272460009", "SCT", "Anterior projection"), 1),
    (("272461008", "SCT", "Posterior projection"), -1),
)
LOW, HIGH = 126.0, 154.0
"""Kiloelectronvolt of technetium-99m that are counted."""
SECONDS = 1024


def study(seed: int) -> Study:
    """Return the study that the pictures belong to."""
    return Study(
        key="nm", seed=seed, PatientName="Example^Norma", PatientID=f"PHANTOM-NM-{seed:03d}",
        PatientBirthDate="19520218", PatientSex="F", PatientAge="073Y", PatientSize="1.74", PatientWeight="71",
        StudyDate="20251110", StudyTime="140000", StudyID="NM1", AccessionNumber=f"A{seed:04d}12",
        StudyDescription="Bone scan, whole body",
    )  # fmt: skip


def objects(slices: int) -> int:  # noqa: ARG001 - all kinds have one form
    """Return how many objects `instances` yields: one, of two frames."""
    return 1


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:  # noqa: ARG001 - all kinds have one form
    """Yield the two pictures as one object."""
    counts, made = pictures(seed), new_object(study(seed), NuclearMedicineImageStorage, 1, 1)
    made.ImageType, made.Modality = ["ORIGINAL", "PRIMARY", "WHOLE BODY", "EMISSION"], "NM"
    made.SeriesDescription, made.ProtocolName, made.BodyPartExamined = "Anterior, posterior", "Bone scan", "WHOLEBODY"
    made.PixelSpacing, made.CountsAccumulated = [PIXEL, PIXEL], int(counts.sum())
    made.BurnedInAnnotation, made.LossyImageCompression, made.AcquisitionContextSequence = "NO", "00", []
    made.WindowCenter, made.WindowWidth = 14, 28
    _scan(made)
    _frames(made)
    add_grey(made, counts)
    yield made


def _scan(made: Dataset) -> None:
    """Add patient, table and tracer (PS3.3 C.8.4.6, C.8.4.9, C.8.4.10)."""
    made.PatientOrientationCodeSequence = [code(("102538003", "SCT", "recumbent"))]
    made.PatientOrientationCodeSequence[0].PatientOrientationModifierCodeSequence = [
        code(("40199007", "SCT", "supine"))
    ]
    made.PatientGantryRelationshipCodeSequence = [code(("102540008", "SCT", "headfirst"))]
    made.WholeBodyTechnique, made.ScanVelocity, made.ScanLength = "1PS", ROWS * PIXEL / SECONDS, ROWS * PIXEL
    made.ActualFrameDuration = SECONDS * 1000
    tracer = dataset(
        RadionuclideCodeSequence=[code(("72454005", "SCT", "^99m^Technetium"))],
        RadiopharmaceuticalCodeSequence=[code(("420176002", "SCT", "Technetium Tc^99m^ medronate"))],
        Radiopharmaceutical="Tc-99m MDP", RadiopharmaceuticalRoute="Intravenous", RadionuclideTotalDose=650,
        AdministrationRouteCodeSequence=[code(("47625008", "SCT", "Intravenous route"))],
        RadiopharmaceuticalStartTime="110000",
    )  # fmt: skip
    made.RadiopharmaceuticalInformationSequence = [tracer]
    window = dataset(EnergyWindowLowerLimit=LOW, EnergyWindowUpperLimit=HIGH)
    made.EnergyWindowInformationSequence = [
        dataset(EnergyWindowName="Tc-99m", EnergyWindowRangeSequence=[window]),
    ]


def _frames(made: Dataset) -> None:
    """Say which camera each frame is of (PS3.3 C.8.4.8, C.8.4.11)."""
    made.NumberOfFrames = made.NumberOfDetectors = len(CAMERAS)
    made.NumberOfEnergyWindows, made.EnergyWindowVector = 1, [1] * len(CAMERAS)
    made.DetectorVector = list(range(1, len(CAMERAS) + 1))
    made.FrameIncrementPointer = [Tag("EnergyWindowVector"), Tag("DetectorVector")]
    made.DetectorInformationSequence = [
        dataset(
            CollimatorType="PARA", FieldOfViewShape="RECTANGLE", CollimatorGridName="LEHR", StartAngle=180 * number,
            ViewCodeSequence=[code(named)], ImageOrientationPatient=[way, 0, 0, 0, 0, -1],
            ImagePositionPatient=[-way * (COLUMNS - 1) / 2 * PIXEL, -200 * way, ROWS * PIXEL],
        )
        for number, (named, way) in enumerate(CAMERAS)
    ]  # fmt: skip
