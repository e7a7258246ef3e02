"""A segmentation that a person has painted, as a Segmentation or Label Map Segmentation (PS3.3 A.51, A.87, C.8.20).

Patient, study and frame of reference are those of the images it was painted on, place and spacing of each frame those
of its image. Segments are numbered from 1 without gaps, in the order they are given. Builds the data set; knows neither
archive nor HTTP.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from isocenter.dicom.uids import new_uid
from isocenter.errors import UsageError

Code = tuple[str, str, str]

SEGMENTATION, LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"
_FROM_STUDY = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientAge", "StudyInstanceUID",
    "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber", "StudyDescription",
    "FrameOfReferenceUID", "PositionReferenceIndicator",
)  # fmt: skip
_ALWAYS = frozenset(_FROM_STUDY) - {"IssuerOfPatientID", "PatientAge", "StudyDescription"}
_GROUPS = {
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "PixelSpacing": "PixelMeasuresSequence",
    "SliceThickness": "PixelMeasuresSequence",
}


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: ``colour`` is "#rrggbb", ``category`` and ``property_type`` are codes with their meaning."""

    number: int
    label: str
    colour: str
    category: Code
    property_type: Code


@dataclass(frozen=True, slots=True)
class Mask:
    """Where a segment is in a frame of an image; ``runs`` are beginnings and lengths along the rows."""

    SOPInstanceUID: str
    frame: int
    segment: int
    runs: Sequence[int]


@dataclass(frozen=True, slots=True)
class Painting:
    """What was painted on a series; a label map holds one segment a pixel."""

    label: str
    label_map: bool
    segments: Sequence[Segment]
    masks: Sequence[Mask]


def make_segmentation(sources: Mapping[str, Dataset], painting: Painting, now: dt.datetime) -> Dataset:
    """Return the object of a painting; ``sources`` are the headers of its images by SOP Instance UID.

    Raises:
        UsageError: an image has no place in the patient, the images differ, or the masks do not fit them.
    """
    painting = _numbered(painting)
    masks = _placed(sources, painting)
    first = sources[masks[0].mask.SOPInstanceUID]
    made = _head(first, painting, now)
    made.SharedFunctionalGroupsSequence = [_shared(masks)]
    frames = _label_frames(masks) if painting.label_map else [(one, [one]) for one in masks]
    places = {place: index for index, place in enumerate(sorted({one.place for one, _ in frames}), 1)}
    made.PerFrameFunctionalGroupsSequence = [
        _frame_groups(one, places[one.place], 0 if painting.label_map else one.mask.segment, sources)
        for one, _ in frames
    ]
    _add_dimensions(made, label_map=painting.label_map)
    _add_references(made, masks, sources)
    _add_pixels(made, masks[0], [parts for _, parts in frames], label_map=painting.label_map)
    return made


def _numbered(painting: Painting) -> Painting:
    numbers = {segment.number: index for index, segment in enumerate(painting.segments, 1)}
    if any(mask.segment not in numbers for mask in painting.masks):
        raise UsageError("a mask belongs to a segment that is not described")
    segments = [replace(segment, number=numbers[segment.number]) for segment in painting.segments]
    masks = [replace(mask, segment=numbers[mask.segment]) for mask in painting.masks]
    return replace(painting, segments=segments, masks=masks)


@dataclass(frozen=True, slots=True)
class _Placed:
    mask: Mask
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, ...]
    thickness: float | None
    rows: int
    columns: int
    place: float


def _placed(sources: Mapping[str, Dataset], painting: Painting) -> list[_Placed]:
    """Return the masks with their places, by segment and along the normal."""
    found = [_place(sources[mask.SOPInstanceUID], mask) for mask in painting.masks if any(mask.runs[1::2])]
    if not found:
        raise UsageError("nothing is painted yet, so there is nothing to save")
    shape = {(one.rows, one.columns, one.orientation, one.spacing) for one in found}
    if len(shape) > 1:
        raise UsageError("the images differ in size, direction or spacing, so they hold no segmentation")
    found.sort(key=lambda one: (one.mask.segment, one.place, one.mask.frame))
    return found


def _place(source: Dataset, mask: Mask) -> _Placed:
    position, orientation, spacing = (
        _values(source, mask.frame, keyword)
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
    )
    if (len(position), len(orientation), len(spacing)) != (3, 6, 2) or not source.get("FrameOfReferenceUID"):
        raise UsageError("an image without position, spacing or frame of reference holds no segmentation")
    place = round(float(np.dot(np.cross(orientation[:3], orientation[3:]), position)), 4)
    thickness = next(iter(_values(source, mask.frame, "SliceThickness")), None)
    return _Placed(mask, position, orientation, spacing, thickness, int(source.Rows), int(source.Columns), place)


def _values(source: Dataset, frame: int, keyword: str) -> tuple[float, ...]:
    """Return the values of an attribute of a frame: its own, that of all frames, or that of the image."""
    groups = source.get("PerFrameFunctionalGroupsSequence") or []
    own = [groups[frame - 1]] if 0 < frame <= len(groups) else []
    shared = source.get("SharedFunctionalGroupsSequence") or []
    items = [item for group in (*own, *shared) for item in group.get(_GROUPS[keyword]) or []]
    for place in (*items, source):
        if keyword in place and place[keyword].VM > 0:
            value = place[keyword].value
            return tuple(float(one) for one in (value if place[keyword].VM > 1 else [value]))
    return ()


def _head(source: Dataset, painting: Painting, now: dt.datetime) -> Dataset:
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _FROM_STUDY:
        if keyword in source or keyword in _ALWAYS:
            setattr(made, keyword, source.get(keyword, None))
    made.SOPClassUID = LABEL_MAP if painting.label_map else SEGMENTATION
    made.SOPInstanceUID, made.SeriesInstanceUID = new_uid(), new_uid()
    made.Modality, made.SeriesNumber, made.InstanceNumber = "SEG", 9100, 1
    made.SeriesDescription = painting.label or "Segmentation"
    made.Manufacturer, made.ManufacturerModelName = "Isocenter", "Isocenter"
    made.DeviceSerialNumber, made.SoftwareVersions = "1", "1"
    made.SeriesDate = made.ContentDate = made.InstanceCreationDate = now.strftime("%Y%m%d")
    made.SeriesTime = made.ContentTime = made.InstanceCreationTime = now.strftime("%H%M%S")
    made.ImageType, made.LossyImageCompression = ["DERIVED", "PRIMARY"], "00"
    made.ContentLabel, made.ContentDescription, made.ContentCreatorName = "SEGMENTATION", painting.label, None
    made.SegmentationType = "LABELMAP" if painting.label_map else "BINARY"
    made.SegmentsOverlap = "NO" if painting.label_map else "UNDEFINED"
    made.SegmentSequence = [_segment(segment) for segment in painting.segments]
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made


def _segment(segment: Segment) -> Dataset:
    return _dataset(
        SegmentNumber=segment.number,
        SegmentLabel=segment.label,
        SegmentAlgorithmType="MANUAL",
        SegmentedPropertyCategoryCodeSequence=[_code(segment.category)],
        SegmentedPropertyTypeCodeSequence=[_code(segment.property_type)],
        RecommendedDisplayCIELabValue=list(lab_of(segment.colour)),
    )


def _shared(masks: Sequence[_Placed]) -> Dataset:
    first = masks[0]
    places = sorted({one.place for one in masks})
    apart = min((b - a for a, b in pairwise(places)), default=first.thickness)
    measures = _dataset(PixelSpacing=list(first.spacing), SliceThickness=first.thickness or apart or 1)
    if apart:
        measures.SpacingBetweenSlices = round(apart, 4)
    return _dataset(
        PixelMeasuresSequence=[measures],
        PlaneOrientationSequence=[_dataset(ImageOrientationPatient=list(first.orientation))],
    )


def _frame_groups(one: _Placed, place: int, segment: int, sources: Mapping[str, Dataset]) -> Dataset:
    source = _reference(sources[one.mask.SOPInstanceUID])
    if int(sources[one.mask.SOPInstanceUID].get("NumberOfFrames") or 1) > 1:
        source.ReferencedFrameNumber = one.mask.frame
    source.PurposeOfReferenceCodeSequence = [_code(("121322", "DCM", "Source image for image processing operation"))]
    derivation = _dataset(
        DerivationCodeSequence=[_code(("113076", "DCM", "Segmentation"))], SourceImageSequence=[source]
    )
    groups = _dataset(
        FrameContentSequence=[_dataset(DimensionIndexValues=[segment, place] if segment else [place])],
        PlanePositionSequence=[_dataset(ImagePositionPatient=list(one.position))],
        DerivationImageSequence=[derivation],
    )
    if segment:
        groups.SegmentIdentificationSequence = [_dataset(ReferencedSegmentNumber=one.mask.segment)]
    return groups


def _label_frames(masks: Sequence[_Placed]) -> list[tuple[_Placed, list[_Placed]]]:
    """Return the masks of each image together, along the normal."""
    by_frame: dict[tuple[float, str, int], list[_Placed]] = {}
    for one in masks:
        by_frame.setdefault((one.place, one.mask.SOPInstanceUID, one.mask.frame), []).append(one)
    return [(parts[0], parts) for _, parts in sorted(by_frame.items())]


def _add_dimensions(made: Dataset, *, label_map: bool) -> None:
    uid = new_uid()
    made.DimensionOrganizationSequence = [_dataset(DimensionOrganizationUID=uid)]
    by_segment = _dataset(
        DimensionOrganizationUID=uid, DimensionIndexPointer=0x0062000B, FunctionalGroupPointer=0x0062000A,
        DimensionDescriptionLabel="Segment Number",
    )  # fmt: skip
    by_place = _dataset(
        DimensionOrganizationUID=uid, DimensionIndexPointer=0x00200032, FunctionalGroupPointer=0x00209113,
        DimensionDescriptionLabel="Image Position Patient",
    )  # fmt: skip
    made.DimensionIndexSequence = [by_place] if label_map else [by_segment, by_place]


def _add_references(made: Dataset, masks: Sequence[_Placed], sources: Mapping[str, Dataset]) -> None:
    used = list(dict.fromkeys(one.mask.SOPInstanceUID for one in masks))
    series: dict[str, list[Dataset]] = {}
    for uid in used:
        series.setdefault(sources[uid].SeriesInstanceUID, []).append(_reference(sources[uid]))
    made.ReferencedSeriesSequence = [
        _dataset(SeriesInstanceUID=uid, ReferencedInstanceSequence=instances) for uid, instances in series.items()
    ]


def _add_pixels(made: Dataset, first: _Placed, frames: Sequence[Sequence[_Placed]], *, label_map: bool) -> None:
    bits = 8 if label_map else 1
    made.NumberOfFrames, made.Rows, made.Columns = len(frames), first.rows, first.columns
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PixelRepresentation = 1, "MONOCHROME2", 0
    made.BitsAllocated = made.BitsStored = bits
    made.HighBit = bits - 1
    if label_map:
        made.PixelPaddingValue = 0
    data = b"".join(
        _packed([_pixels(parts, label_map=label_map) for parts in frames[at : at + 8]], label_map=label_map)
        for at in range(0, len(frames), 8)  # eight frames of bits end with a whole byte
    )
    made.PixelData = data + b"\0" * (len(data) % 2)
    made["PixelData"].VR = "OB"


def _packed(frames: Sequence[NDArray[np.uint8]], *, label_map: bool) -> bytes:
    pixels = np.concatenate(frames)
    return pixels.tobytes() if label_map else np.packbits(pixels, bitorder="little").tobytes()


def _pixels(parts: Sequence[_Placed], *, label_map: bool) -> NDArray[np.uint8]:
    count = parts[0].rows * parts[0].columns
    pixels = np.zeros(count, np.uint8)
    for one in parts:
        end = 0
        for start, length in zip(one.mask.runs[::2], one.mask.runs[1::2], strict=True):
            if start < end or length < 0 or start + length > count:
                raise UsageError("the runs of a mask overlap or reach beyond its image")
            end = start + length
            pixels[start:end] = one.mask.segment if label_map else 1
    return pixels


def lab_of(colour: str) -> tuple[int, int, int]:
    """Return "#rrggbb" as CIELab relative to D50 in three 16-bit numbers (PS3.3 C.10.7.1.1)."""
    srgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
    )
    t = to_xyz @ linear / np.array([0.9642, 1.0, 0.8251])
    fx, fy, fz = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    light, a, b = 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
    stored = np.clip(np.round([light * 655.35, (a + 128) * 257, (b + 128) * 257]), 0, 65535)
    return int(stored[0]), int(stored[1]), int(stored[2])


def _reference(source: Dataset) -> Dataset:
    return _dataset(ReferencedSOPClassUID=source.SOPClassUID, ReferencedSOPInstanceUID=source.SOPInstanceUID)


def _code(code: Code) -> Dataset:
    return _dataset(CodeValue=code[0], CodingSchemeDesignator=code[1], CodeMeaning=code[2])


def _dataset(**values: object) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made
