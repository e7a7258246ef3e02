"""Phantom slide: a whole-slide image as a pyramid of JPEG tiles, with label and overview (PS3.3 A.32.8).

Must not know: tissue (see `section`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from isocenter.codecs.colour_profile import SRGB, profile_of
from isocenter.dicom.content_items import code, dataset
from isocenter.phantom import lettering
from isocenter.phantom.objects import Study, new_object
from isocenter.phantom.pixels import add_jpeg, jpeg
from isocenter.phantom.section import PIXEL, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom import Dataset

    Picture = NDArray[np.uint8]

DEFAULT_SLICES = 12
"""Rows of tiles of the finest level."""
TILE, STEP, QUALITY = 256, 4, 80
SLIDE = (26.0, 76.0)
"""Millimetres of the glass."""
WHERE = (16.0, 40.0)
"""Where the first pixel lies on it."""
BESIDE = ("LABEL", "OVERVIEW")
"""Pictures that are not of the pyramid."""
NOT_A_PATIENT = ("PHANTOM", "COLON  H/E", "NOT A PATIENT")


@dataclass(frozen=True, slots=True)
class Part:
    """One object of the series: what it shows, its picture, the size of its pixels in millimetres."""

    kind: str
    derived: bool
    picture: Picture
    pixel: float

    @property
    def tiled(self) -> bool:
        """Tell whether it is cut into tiles."""
        return self.kind == "VOLUME"


def study(seed: int) -> Study:
    """Return the study that the slide belongs to."""
    return Study(
        key="slide", seed=seed, PatientName="Muster^Simon", PatientID=f"PHANTOM-SM-{seed:03d}",
        PatientBirthDate="19660721", PatientSex="M", PatientAge="059Y",
        StudyDate="20251118", StudyTime="101000", StudyID="SM1", AccessionNumber=f"A{seed:04d}13",
        StudyDescription="Histology, biopsy of the colon",
    )  # fmt: skip


def objects(slices: int) -> int:  # noqa: ARG001 - all kinds have one form
    """Return how many objects `instances` yields: two levels, thumbnail, label, overview."""
    return 5


def instances(seed: int, slices: int = DEFAULT_SLICES) -> Iterator[Dataset]:
    """Yield the levels, the finest first, then thumbnail, label and overview."""
    belongs = study(seed)
    for number, part in enumerate(_parts(seed, slices), 1):
        made = new_object(belongs, VLWholeSlideMicroscopyImageStorage, 1, number)
        _describe(made, belongs, part)
        _place(made, belongs, part)
        _light(made)
        tiles = _tiles(part.picture) if part.tiled else [part.picture]
        made.NumberOfFrames = len(tiles)
        add_jpeg(made, [jpeg(tile, QUALITY) for tile in tiles], *tiles[0].shape[:2])
        yield made


def _parts(seed: int, slices: int) -> Iterator[Part]:
    rows, columns = slices * TILE, -(-slices * 4 // 3) * TILE
    finest = Section.stained(np.random.default_rng([seed, 14]), rows, columns).coloured()
    yield Part("VOLUME", derived=False, picture=finest, pixel=PIXEL)
    middle = np.asarray(Image.fromarray(finest).reduce(STEP))
    yield Part("VOLUME", derived=True, picture=middle, pixel=PIXEL * STEP)
    small = np.asarray(Image.fromarray(middle).reduce(STEP))
    yield Part("THUMBNAIL", derived=True, picture=small, pixel=PIXEL * STEP**2)
    yield Part("LABEL", derived=False, picture=_label(), pixel=0.1)
    yield Part("OVERVIEW", derived=False, picture=_overview(small), pixel=0.1)


def _tiles(whole: Picture) -> list[Picture]:
    """Return the tiles row by row; what is beyond the edge repeats it."""
    rows, columns = whole.shape[:2]
    filled = np.pad(whole, ((0, -rows % TILE), (0, -columns % TILE), (0, 0)), mode="edge")
    return [
        filled[row : row + TILE, column : column + TILE]
        for row in range(0, rows, TILE)
        for column in range(0, columns, TILE)
    ]


def _label() -> Picture:
    """Return the paper that is glued to the glass."""
    picture = np.full((240, 240, 3), 238, np.uint8)
    for number, line in enumerate(NOT_A_PATIENT):
        lettering.write(picture, 70 + 40 * number, 20, line, (30, 30, 60), 2)
    return picture


def _overview(small: Picture) -> Picture:
    """Return the whole glass, label and tissue at their places."""
    picture = np.full((round(SLIDE[0] * 10), round(SLIDE[1] * 10), 3), 236, np.uint8)
    label = _label()
    picture[10:250, 10:250] = label
    size = [max(round(side * PIXEL * STEP**2 * 10), 1) for side in small.shape[1::-1]]
    tissue = np.asarray(Image.fromarray(small).resize((size[0], size[1]), Image.Resampling.BOX))
    top, left = (picture.shape[0] - size[1]) // 2, (picture.shape[1] + label.shape[1] - size[0]) // 2
    picture[top : top + size[1], left : left + size[0]] = tissue
    return picture


def _describe(made: Dataset, belongs: Study, part: Part) -> None:
    """Add what the image is and the specimen on the glass (PS3.3 C.8.12.4, C.7.6.22)."""
    kind = ["DERIVED" if part.derived else "ORIGINAL", "PRIMARY", part.kind, "RESAMPLED" if part.derived else "NONE"]
    made.ImageType, made.Modality, made.SeriesDescription = kind, "SM", "H&E"
    made.AcquisitionDateTime = belongs.StudyDate + belongs.StudyTime
    del made.AcquisitionDate, made.AcquisitionTime
    made.AcquisitionContextSequence, made.VolumetricProperties = [], "VOLUME"
    made.SpecimenLabelInImage = "YES" if part.kind in BESIDE else "NO"
    if part.kind == "LABEL":
        made.BarcodeValue, made.LabelText = "", "\n".join(NOT_A_PATIENT)
    made.BurnedInAnnotation, made.FocusMethod, made.ExtendedDepthOfField = "NO", "AUTO", "NO"
    made.ContainerIdentifier, made.IssuerOfTheContainerIdentifierSequence = "PHANTOM-SLIDE", []
    made.ContainerTypeCodeSequence = [code(("433466003", "SCT", "Microscope slide"))]
    made.SpecimenDescriptionSequence = [
        dataset(
            SpecimenIdentifier="PHANTOM-SPECIMEN", SpecimenUID=belongs.uid("specimen"),
            IssuerOfTheSpecimenIdentifierSequence=[], SpecimenPreparationSequence=[],
            SpecimenShortDescription="Colon, haematoxylin and eosin",
        )
    ]  # fmt: skip


def _place(made: Dataset, belongs: Study, part: Part) -> None:
    """Add where the pixels lie on the glass, and how frames follow one another (PS3.3 C.8.12.4, C.7.6.17)."""
    rows, columns = part.picture.shape[:2]
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = belongs.uid("frame of reference"), "SLIDE_CORNER"
    made.TotalPixelMatrixRows, made.TotalPixelMatrixColumns = rows, columns
    made.TotalPixelMatrixFocalPlanes, made.NumberOfOpticalPaths = 1, 1
    made.ImagedVolumeWidth, made.ImagedVolumeHeight = round(columns * part.pixel, 6), round(rows * part.pixel, 6)
    made.ImagedVolumeDepth = 0.004
    corner = (0.0, 0.0) if part.kind in BESIDE else WHERE
    made.TotalPixelMatrixOriginSequence = [
        dataset(XOffsetInSlideCoordinateSystem=corner[0], YOffsetInSlideCoordinateSystem=corner[1])
    ]
    made.ImageOrientationSlide = [0, -1, 0, -1, 0, 0]
    if part.kind not in BESIDE:
        made.PyramidUID, made.PyramidLabel = belongs.uid("pyramid"), "H&E"
    organization = belongs.uid("dimensions")
    made.DimensionOrganizationType = "TILED_FULL"
    made.DimensionOrganizationSequence = [dataset(DimensionOrganizationUID=organization)]
    made.SharedFunctionalGroupsSequence = [
        dataset(
            PixelMeasuresSequence=[dataset(PixelSpacing=[part.pixel, part.pixel], SliceThickness=0.004)],
            WholeSlideMicroscopyImageFrameTypeSequence=[dataset(FrameType=made.ImageType)],
            OpticalPathIdentificationSequence=[dataset(OpticalPathIdentifier="1")],
        )
    ]


def _light(made: Dataset) -> None:
    """Add lamp, lens and colours (PS3.3 C.8.12.5)."""
    path = dataset(
        OpticalPathIdentifier="1", OpticalPathDescription="Brightfield", ObjectiveLensPower=20,
        IlluminationTypeCodeSequence=[code(("111744", "DCM", "Brightfield illumination"))],
        IlluminationColorCodeSequence=[code(("414298005", "SCT", "Full Spectrum"))],
        ICCProfile=_profile(), ColorSpace="SRGB",
    )  # fmt: skip
    made.OpticalPathSequence = [path]


def _profile() -> bytes:
    """Return the profile of sRGB without the moment at which it was made."""
    made = bytearray(profile_of(SRGB))
    made[24:36] = bytes([7, 233, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    return bytes(made)
