"""Segmentations, a structure set and a dose over the generated CT, built so that their answers can be computed."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from .conftest import COLUMNS, CT_STUDY, ROWS, SLICES, _file, _patient, ct_slice

SEGMENTATION, LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"
STRUCTURE_SET, DOSE, PLAN = (f"1.2.840.10008.5.1.4.1.1.481.{n}" for n in (3, 2, 5))
FRAME = f"{CT_STUDY}.9"
#: The generated CT: rows are 2 mm apart, columns 1 mm, slices 5 mm.
AXES = np.array([0.8, 0.6, 0]), np.array([0, 0, -1.0]), np.array([-0.6, 0.8, 0])
VOXEL_ML = 2.0 * 1.0 * 5.0 / 1000


def placed_slice(number: int) -> Dataset:
    """Return a slice of the generated CT with a frame of reference."""
    dataset = ct_slice(number)
    dataset.FrameOfReferenceUID = FRAME
    return dataset


def place(column: float, row: float, number: float) -> NDArray[np.float64]:
    """Return where a pixel of slice ``number`` lies in the patient, LPS mm."""
    return column * AXES[0] + 2 * row * AXES[1] + 5 * number * AXES[2]


def liver() -> NDArray[np.uint8]:
    """Return slice, row, column of a ball, 1 inside."""
    k, j, i = np.mgrid[1 : SLICES + 1, 0:ROWS, 0:COLUMNS]
    return (((i - 40) / 18) ** 2 + ((j - 30) / 11) ** 2 + ((k - 12) / 4) ** 2 <= 1).astype(np.uint8)


def tumour() -> NDArray[np.uint8]:
    """Return a box that overlaps it."""
    mask = np.zeros((SLICES, ROWS, COLUMNS), np.uint8)
    mask[10:14, 20:40, 50:70] = 1
    return mask


def _item(**values: object) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def _code(value: str, meaning: str) -> list[Dataset]:
    return [_item(CodeValue=value, CodingSchemeDesignator="SCT", CodeMeaning=meaning)]


def _segment(number: int, label: str, meaning: str) -> Dataset:
    return _item(
        SegmentNumber=number,
        SegmentLabel=label,
        SegmentedPropertyCategoryCodeSequence=_code("123037004", "Anatomical Structure"),
        SegmentedPropertyTypeCodeSequence=_code("10200004", meaning),
        RecommendedDisplayCIELabValue=[35580, 53665, 50856],
        SegmentAlgorithmType="MANUAL",
    )


def segmentation(uid: str, kind: str, frames: list[tuple[int, int, NDArray[np.uint8]]]) -> Dataset:
    """Return a segmentation with these frames: segment, slice, pixels as they are stored."""
    dataset = _file(Dataset(), LABEL_MAP if kind == "LABELMAP" else SEGMENTATION, uid, CT_STUDY, uid.rpartition(".")[0])
    _patient(dataset, "Muster^Erika=山田^花子", "P-001", "20240307", "Thorax low dose")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "SEG", 30, 1
    dataset.SeriesDescription = f"{kind.capitalize()} segmentation"
    dataset.FrameOfReferenceUID, dataset.SegmentationType = FRAME, kind
    dataset.SegmentSequence = [_segment(1, "Liver", "Liver"), _segment(2, "Tumour", "Neoplasm")]
    dataset.ReferencedSeriesSequence = [_item(SeriesInstanceUID=f"{CT_STUDY}.1")]
    dataset.SharedFunctionalGroupsSequence = [
        _item(
            PlaneOrientationSequence=[_item(ImageOrientationPatient=[0.8, 0.6, 0, 0, 0, -1])],
            PixelMeasuresSequence=[_item(PixelSpacing=[2.0, 1.0], SliceThickness=5, SpacingBetweenSlices=5)],
        )
    ]
    dataset.PerFrameFunctionalGroupsSequence = [
        _item(
            PlanePositionSequence=[_item(ImagePositionPatient=[round(v, 3) for v in place(0, 0, number)])],
            SegmentIdentificationSequence=[_item(ReferencedSegmentNumber=segment)],
        )
        for segment, number, _ in frames
    ]
    pixels = np.stack([frame for *_, frame in frames])
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    bits = 1 if kind == "BINARY" else 8
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    if kind == "FRACTIONAL":
        dataset.SegmentationFractionalType, dataset.MaximumFractionalValue = "OCCUPANCY", 200
    data = np.packbits(pixels.ravel(), bitorder="little").tobytes() if bits == 1 else pixels.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    return dataset


def binary() -> Dataset:
    """Return both segments, which overlap, without their empty slices."""
    masks = (liver(), tumour())
    frames = [(s, k + 1, mask[k]) for s, mask in enumerate(masks, 1) for k in range(SLICES) if mask[k].any()]
    return segmentation(f"{CT_STUDY}.30.1", "BINARY", frames)


def fractional() -> Dataset:
    """Return the first segment at half of a voxel."""
    return segmentation(
        f"{CT_STUDY}.31.1", "FRACTIONAL", [(1, k + 1, m * 100) for k, m in enumerate(liver()) if m.any()]
    )


def label_map() -> Dataset:
    """Return both, the second one over the first."""
    labels = np.where(tumour() == 1, 2, liver()).astype(np.uint8)
    return segmentation(f"{CT_STUDY}.32.1", "LABELMAP", [(1, k + 1, labels[k]) for k in range(SLICES)])


def tiled() -> Dataset:
    """Return one that is cut into tiles."""
    dataset = binary()
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{CT_STUDY}.33.1"
    dataset.SeriesInstanceUID, dataset.SeriesDescription = f"{CT_STUDY}.33", "Tiled segmentation"
    dataset.TotalPixelMatrixColumns = dataset.TotalPixelMatrixRows = 1000
    return dataset


def _contour(kind: str, points: list[tuple[float, float]], number: float) -> Dataset:
    data = [round(float(v), 4) for column, row in points for v in place(column, row, number)]
    return _item(ContourGeometricType=kind, NumberOfContourPoints=len(points), ContourData=data)


def _square(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def structure_set() -> Dataset:
    """Return a box with a hole on slices 8 to 15, a point and an open line on slice 12."""
    uid = f"{CT_STUDY}.40.1"
    dataset = _file(Dataset(), STRUCTURE_SET, uid, CT_STUDY, f"{CT_STUDY}.40")
    _patient(dataset, "Muster^Erika=山田^花子", "P-001", "20240307", "Thorax low dose")
    dataset.Modality, dataset.SeriesNumber, dataset.StructureSetLabel = "RTSTRUCT", 40, "Plan structures"
    ring = [
        _contour("CLOSED_PLANAR", points, number)
        for number in range(8, 16)
        for points in (_square(10, 10, 50, 40), _square(20, 20, 30, 30))
    ]
    marks = [_contour("POINT", [(60, 30)], 12), _contour("OPEN_PLANAR", [(60, 40), (70, 40), (70, 50)], 12)]
    drawn = {1: ("Target", "PTV", ring), 2: ("Marks", "MARKER", marks)}
    dataset.StructureSetROISequence = [
        _item(ROINumber=n, ROIName=name, ReferencedFrameOfReferenceUID=FRAME) for n, (name, *_) in drawn.items()
    ]
    dataset.ROIContourSequence = [
        _item(ReferencedROINumber=n, ROIDisplayColor=[255, 128, 0], ContourSequence=contours)
        for n, (*_, contours) in drawn.items()
    ]
    dataset.RTROIObservationsSequence = [
        _item(ObservationNumber=n, ReferencedROINumber=n, RTROIInterpretedType=kind)
        for n, (_, kind, _c) in drawn.items()
    ]
    dataset.ReferencedFrameOfReferenceSequence = [
        _item(
            FrameOfReferenceUID=FRAME,
            RTReferencedStudySequence=[_item(RTReferencedSeriesSequence=[_item(SeriesInstanceUID=f"{CT_STUDY}.1")])],
        )
    ]
    return dataset


def plan() -> Dataset:
    """Return a plan that prescribes 20 Gy."""
    dataset = _file(Dataset(), PLAN, f"{CT_STUDY}.41.1", CT_STUDY, f"{CT_STUDY}.41")
    _patient(dataset, "Muster^Erika=山田^花子", "P-001", "20240307", "Thorax low dose")
    dataset.Modality, dataset.SeriesNumber, dataset.SeriesDescription = "RTPLAN", 41, "Twenty gray"
    dataset.DoseReferenceSequence = [_item(DoseReferenceNumber=1, TargetPrescriptionDose=20)]
    return dataset


def dose_at(column: float, row: float, number: float) -> float:
    """Return the dose at a pixel, in Gy: linear, so that interpolating adds nothing."""
    return 0.2 * column + 0.1 * row + 0.25 * number


def dose() -> Dataset:
    """Return a dose in the directions of the CT, coarser, its planes 10 mm apart."""
    dataset = _file(Dataset(), DOSE, f"{CT_STUDY}.42.1", CT_STUDY, f"{CT_STUDY}.42")
    _patient(dataset, "Muster^Erika=山田^花子", "P-001", "20240307", "Thorax low dose")
    dataset.Modality, dataset.SeriesNumber, dataset.SeriesDescription = "RTDOSE", 42, "Plan dose"
    dataset.FrameOfReferenceUID, dataset.DoseUnits, dataset.DoseType = FRAME, "GY", "PHYSICAL"
    dataset.DoseSummationType, dataset.DoseGridScaling = "PLAN", 0.001
    dataset.ImageOrientationPatient = [0.8, 0.6, 0, 0, 0, -1]
    dataset.ImagePositionPatient = [round(v, 3) for v in place(0, 0, 0)]
    dataset.PixelSpacing, dataset.GridFrameOffsetVector = [4.0, 4.0], [10.0 * k for k in range(14)]
    dataset.ReferencedRTPlanSequence = [_item(ReferencedSOPClassUID=PLAN, ReferencedSOPInstanceUID=f"{CT_STUDY}.41.1")]
    k, j, i = np.mgrid[0:14, 0:33, 0:22]
    stored = np.round(dose_at(i * 4, j * 2, k * 2) / 0.001).astype(np.uint16)
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelData = 15, stored.tobytes()
    return dataset
