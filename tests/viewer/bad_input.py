"""Damaged, contradictory and hostile objects, one study for each kind, for ``test_bad_input.py``."""

from collections.abc import Iterator

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import RLELossless

from .conftest import ROOT, SLICES, _patient, ct_slice, report

PLAIN, GEOMETRY, DOUBLED, MIXED, TINY, HUGE, CUT, WRONG, HOSTILE = (f"{ROOT}.20{n}" for n in range(1, 10))
HUGE_SIDE = 20_000
#: A right-to-left override, a zero-width joiner of directions, a bell and an escape: none of them may reach the screen.
CONTROLS = "\u202e\u2066\u200f\x07\x1b"
SCRIPT = "<script>window.__pwned=1</script><img src=x onerror='window.__pwned=1'>"
HOSTILE_TEXT = f"{SCRIPT}{CONTROLS}evil"
LONG = "W" * 10_000


def moved(dataset: Dataset, study: str, series: int, number: int) -> Dataset:
    """Put an object into a study of its own."""
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, f"{study}.{series}"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{study}.{series}.{number}"
    dataset.SeriesNumber = series
    return _patient(dataset, f"Bad^{study[-1]}", f"BAD-{study[-3:]}", "20240601", f"Bad input {study[-1]}")


def image(study: str, series: int, number: int, description: str) -> Dataset:
    """Return an axial slice, 5 mm from the next, of the values of the generated CT."""
    dataset = moved(ct_slice(number), study, series, number)
    dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 5 * number]
    dataset.InstanceNumber, dataset.SeriesDescription = number, description
    return dataset


def plain() -> Iterator[Dataset]:
    """Yield a stack without a fault."""
    for number in range(1, SLICES + 1):
        yield image(PLAIN, 1, number, "Without a fault")


def without_geometry() -> Iterator[Dataset]:
    """Yield a stack of which no image says where it is, and one of which one image does not."""
    for number in range(1, 7):
        for series, description in ((1, "No geometry"), (2, "One without place")):
            dataset = image(GEOMETRY, series, number, description)
            if series == 1 or number == 3:
                del dataset.ImagePositionPatient, dataset.ImageOrientationPatient
            if series == 1:
                del dataset.PixelSpacing
            yield dataset


def doubled_and_missing() -> Iterator[Dataset]:
    """Yield a stack with slice 4 twice, and one without slices 5 and 6."""
    for number in range(1, 11):
        yield image(DOUBLED, 1, number, "Slice 4 twice")
        if number not in (5, 6):
            yield image(DOUBLED, 2, number, "Slices 5 and 6 missing")
    again = image(DOUBLED, 1, 4, "Slice 4 twice")
    again.SOPInstanceUID = again.file_meta.MediaStorageSOPInstanceUID = f"{DOUBLED}.1.99"
    yield again


def mixed() -> Iterator[Dataset]:
    """Yield a series of axial and coronal images, and one of two sizes."""
    for number in range(1, 9):
        dataset = image(MIXED, 1, number, "Axial and coronal")
        if number > 4:
            dataset.ImageOrientationPatient, dataset.ImagePositionPatient = [1, 0, 0, 0, 0, -1], [0, 5 * number, 0]
        yield dataset
        sized = image(MIXED, 2, number, "Two sizes")
        if number > 4:
            sized.Rows, sized.Columns = 32, 40
            sized.PixelData = sized.PixelData[: 32 * 40 * 2]
        yield sized


def tiny() -> Dataset:
    """Return an image of a single pixel, of value 200."""
    return _bytes(image(TINY, 1, 1, "1 x 1"), 1, b"\xc8\0")


def huge() -> Dataset:
    """Return an image of 20 000 by 20 000 pixels, brighter downwards, in runs of 128 (PS3.5 Annex G)."""
    dataset = _bytes(image(HUGE, 1, 1, "20 000 x 20 000"), HUGE_SIDE, b"")
    full, rest = divmod(HUGE_SIDE, 128)
    counts = np.array([257 - 128] * full + [257 - rest], np.uint8)
    runs = np.empty((HUGE_SIDE, len(counts), 2), np.uint8)
    runs[..., 0], runs[..., 1] = counts, huge_value(np.arange(HUGE_SIDE))[:, None]
    header = np.array([1, 64] + [0] * 14, "<u4").tobytes()
    dataset.PixelData = encapsulate([header + runs.tobytes()])
    dataset.file_meta.TransferSyntaxUID = RLELossless
    return dataset


def huge_value(row: "np.ndarray | int") -> np.ndarray:
    """Return the value of all pixels of a row of the huge image."""
    return (np.asarray(row) * 255 // (HUGE_SIDE - 1)).astype(np.uint8)


def _bytes(dataset: Dataset, side: int, pixels: bytes) -> Dataset:
    dataset.Rows = dataset.Columns = side
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.PixelData = pixels
    dataset["PixelData"].VR = "OB"
    dataset.RescaleIntercept, dataset.WindowCenter, dataset.WindowWidth = 0, 128, 256
    return dataset


def cut() -> Iterator[Dataset]:
    """Yield stacks of three in which the second image is cut off: plain and compressed."""
    for number in range(1, 4):
        dataset = image(CUT, 1, number, "Half of the pixels")
        if number == 2:
            dataset.PixelData = dataset.PixelData[: len(dataset.PixelData) // 4 * 2]
        yield dataset
        dataset = image(CUT, 2, number, "Half of the stream")
        dataset.compress(RLELossless, generate_instance_uid=False)
        if number == 2:
            dataset.PixelData = encapsulate([next(generate_frames(dataset.PixelData, number_of_frames=1))[:2000]])
        yield dataset


def wrong_lengths() -> Iterator[Dataset]:
    """Yield an image with more pixels than it says, one with fewer frames than it says, one with no pixels at all."""
    longer = image(WRONG, 1, 1, "Pixels too many")
    longer.PixelData = longer.PixelData + b"\xff" * 512
    frames = image(WRONG, 2, 1, "Ten frames said, two there")
    frames.NumberOfFrames = 10
    frames.PixelData = frames.PixelData * 2
    empty = image(WRONG, 3, 1, "No pixels")
    empty.PixelData = b""
    bits = image(WRONG, 4, 1, "Bits that contradict")
    bits.BitsStored, bits.HighBit = 40, 3
    nothing = image(WRONG, 5, 1, "Spacing of zero")
    nothing.PixelSpacing, nothing.WindowWidth, nothing.WindowCenter = [0, 0], 0, 0
    yield from (longer, frames, empty, bits, nothing)


def hostile() -> Iterator[Dataset]:
    """Yield images and a report whose every text is an attack."""
    for number in range(1, 4):
        dataset = image(HOSTILE, 1, number, HOSTILE_TEXT)
        yield _hostile(dataset)
    yield _hostile(_said(moved(report(), HOSTILE, 2, 1)))
    second = image(HOSTILE, 3, 1, LONG)
    yield _hostile(second)


def _hostile(dataset: Dataset) -> Dataset:
    dataset.PatientName, dataset.PatientID, dataset.StudyDescription = (
        f"{HOSTILE_TEXT}^Given",
        HOSTILE_TEXT,
        HOSTILE_TEXT,
    )
    dataset.InstitutionName, dataset.AccessionNumber = LONG, HOSTILE_TEXT
    dataset.StationName = dataset.ProtocolName = dataset.Manufacturer = HOSTILE_TEXT
    dataset.ImageComments = LONG
    dataset.SeriesDescription = dataset.get("SeriesDescription", HOSTILE_TEXT)
    dataset.OperatorsName, dataset.BodyPartExamined = HOSTILE_TEXT, SCRIPT
    dataset.add_new(0x00090010, "LO", SCRIPT)
    dataset.add_new(0x00091001, "LO", HOSTILE_TEXT)
    return dataset


def _said(dataset: Dataset) -> Dataset:
    def code(meaning: str) -> Dataset:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "121071", "DCM", meaning
        return item

    finding = Dataset()
    finding.RelationshipType, finding.ValueType, finding.TextValue = "CONTAINS", "TEXT", HOSTILE_TEXT + LONG
    finding.ConceptNameCodeSequence = [code(HOSTILE_TEXT)]
    dataset.ValueType, dataset.ConceptNameCodeSequence = "CONTAINER", [code(HOSTILE_TEXT)]
    dataset.ContinuityOfContent, dataset.ContentSequence = "SEPARATE", [finding]
    dataset.CompletionFlag, dataset.VerificationFlag = "COMPLETE", "UNVERIFIED"
    return dataset


def everything() -> Iterator[Dataset]:
    """Yield every object."""
    for some in (plain(), without_geometry(), doubled_and_missing(), mixed(), cut(), wrong_lengths(), hostile()):
        yield from some
    yield tiny()
    yield huge()
