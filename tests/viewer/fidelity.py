"""What the files of a series say of a pixel, after pydicom and numpy alone: value, place, letters, lengths, SUV, order.

Nothing here uses the project's own code. Geometry is that of PS3.3 C.7.6.2.1.1, SUVbw that of the vendor-neutral
pseudo-code of the QIBA profile for values that are corrected to the start.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

Array = NDArray[np.float64]
Picture = tuple[str, int]
"""SOPInstanceUID and frame, from 1."""


@dataclass
class Series:
    """The objects of one series, without their pixels."""

    name: str
    objects: dict[str, Dataset]
    files: dict[str, Path]
    _pixels: dict[Picture, Array] = field(default_factory=dict)

    @property
    def first(self) -> Dataset:
        return next(iter(self.objects.values()))

    def group(self, picture: Picture, name: str) -> Dataset:
        """Return where a frame has its attributes: in its functional groups, the shared ones, or the data set."""
        dataset = self.objects[picture[0]]
        groups = list(dataset.get("PerFrameFunctionalGroupsSequence", [])[picture[1] - 1 : picture[1]])
        for item in (*groups, *dataset.get("SharedFunctionalGroupsSequence", [])):
            if name in item:
                return item[name].value[0]  # type: ignore[no-any-return]
        return dataset

    def pictures(self) -> list[Picture]:
        """Return all pictures of the series as the files are numbered."""
        ordered = sorted(self.objects.values(), key=lambda d: int(d.get("InstanceNumber") or 0))
        return [(d.SOPInstanceUID, n + 1) for d in ordered for n in range(int(d.get("NumberOfFrames") or 1))]

    def values(self, picture: Picture) -> Array:
        """Return the values of a picture after rescale; of colour pictures red, green and blue."""
        if picture not in self._pixels:
            dataset = pydicom.dcmread(self.files[picture[0]])
            stored = pydicom.pixels.pixel_array(dataset, index=picture[1] - 1)
            if dataset.PhotometricInterpretation == "PALETTE COLOR":
                stored = pydicom.pixels.apply_color_lut(stored, dataset) >> 8
            transform = self.group(picture, "PixelValueTransformationSequence")
            slope = float(transform.get("RescaleSlope", 1))
            self._pixels[picture] = stored * slope + float(transform.get("RescaleIntercept", 0))
        return self._pixels[picture]

    def axes(self, picture: Picture) -> tuple[Array, Array] | None:
        """Return the directions of rows and columns."""
        found = self.group(picture, "PlaneOrientationSequence").get("ImageOrientationPatient")
        if not found:
            return None
        cosines = np.array(found, float)
        return cosines[:3], cosines[3:]

    def spacing(self, picture: Picture) -> Array | None:
        """Return the mm between columns and between rows."""
        found = self.group(picture, "PixelMeasuresSequence").get("PixelSpacing")
        return np.array(found, float)[::-1] if found else None

    def measured(self, picture: Picture, column: int, row: int) -> Array | None:
        """Return the mm between columns and rows that hold for lengths; in ultrasound those of the region."""
        for region in self.first.get("SequenceOfUltrasoundRegions", []):
            inside = region.RegionLocationMinX0 <= column <= region.RegionLocationMaxX1
            known = region.PhysicalUnitsXDirection == region.PhysicalUnitsYDirection == 3  # cm
            if known and inside and region.RegionLocationMinY0 <= row <= region.RegionLocationMaxY1:
                return 10 * np.abs(np.array([region.PhysicalDeltaX, region.PhysicalDeltaY], float))
        found = self.spacing(picture)
        return found if found is not None or "ImagerPixelSpacing" not in self.first else self._detector()

    def _detector(self) -> Array:
        """Return the spacing at the detector, divided by the magnification where one is stated."""
        return np.array(self.first.ImagerPixelSpacing, float)[::-1] / float(
            self.first.get("EstimatedRadiographicMagnificationFactor") or 1
        )

    def place(self, picture: Picture, column: float, row: float) -> Array | None:
        """Return where the middle of a pixel is in the patient, LPS mm."""
        if "MOSAIC" in self.first.get("ImageType", []):
            return None  # its position is that of no slice
        axes, spacing = self.axes(picture), self.spacing(picture)
        origin = self.group(picture, "PlanePositionSequence").get("ImagePositionPatient")
        if axes is None or spacing is None or not origin:
            return None
        place: Array = np.array(origin, float) + axes[0] * spacing[0] * column + axes[1] * spacing[1] * row
        return place

    def letters(self, picture: Picture) -> str:
        """Return the letters at top, right, bottom and left of the picture as it is stored."""
        axes = self.axes(picture)
        if axes is None:
            return " ".join(_sides(*self.first.get("PatientOrientation", ("", "")) or ("", "")))
        return " ".join(_sides(*(_direction(axis) for axis in axes)))

    def places_in_order(self) -> list[float]:
        """Return the depths of the different places along the normal, from the first to the last."""
        depths = {round(float(self._depth(picture)), 2) for picture in self.pictures()}
        return sorted(depths)

    def _depth(self, picture: Picture) -> float:
        axes, place = self.axes(picture), self.place(picture, 0, 0)
        if axes is None or place is None:
            return 0.0
        return float(np.dot(np.cross(*self.axes(self.pictures()[0]) or axes), place))

    def is_in_order(self, shown: list[Picture]) -> bool:
        """Whether pictures stand in the order of their places; with no place or one, as they are numbered."""
        if self.place(shown[0], 0, 0) is None or len(self.places_in_order()) == 1:
            return shown == self.pictures()
        depths = [round(self._depth(picture), 2) for picture in shown]
        return depths == self.places_in_order()

    def volumes(self) -> list[list[Picture]]:
        """Return the pictures of each volume: of those at one place the first are the first volume, and so on."""
        pictures = self.pictures()
        if self.place(pictures[0], 0, 0) is None:
            return []
        stacks: dict[float, list[Picture]] = {}
        for picture in pictures:
            stacks.setdefault(round(self._depth(picture), 2), []).append(picture)
        equal = len({len(stack) for stack in stacks.values()}) == 1
        return [list(volume) for volume in zip(*stacks.values(), strict=True)] if equal and len(stacks) > 2 else []

    def suv_factor(self) -> float | None:
        """Return what makes SUVbw of Bq/ml, or None."""
        if self.first.Modality != "PT" or self.first.get("Units") != "BQML":
            return None
        tracer = self.first.RadiopharmaceuticalInformationSequence[0]
        passed = _seconds(str(self.first.SeriesTime)) - _seconds(str(tracer.RadiopharmaceuticalStartTime))
        left = float(tracer.RadionuclideTotalDose) * 2 ** (-passed / float(tracer.RadionuclideHalfLife))
        return float(self.first.PatientWeight) * 1000 / left


def _seconds(time: str) -> float:
    return int(time[:2]) * 3600 + int(time[2:4]) * 60 + float(time[4:])


def _direction(axis: Array) -> str:
    names = zip(("RL", "AP", "FH"), axis, strict=True)
    strong = sorted(((abs(part), pair[int(part > 0)]) for pair, part in names if abs(part) > 0.1), reverse=True)
    return "".join(letter for _, letter in strong)


def _sides(along: str, down: str) -> tuple[str, str, str, str]:
    turned = str.maketrans("RLAPFH", "LRPAHF")
    return down.translate(turned), along, down, along.translate(turned)


def read_series(folder: Path, tops: tuple[str, ...], beginnings: tuple[str, ...] = ()) -> list[Series]:
    """Read the headers of all series with pictures below some folders, or of those whose paths begin so."""
    found: dict[str, Series] = {}
    for file in sorted(file for top in tops for file in (folder / top).rglob("*")):
        if not file.is_file() or file.suffix in (".json", ".nii"):
            continue
        if beginnings and not str(file.relative_to(folder)).startswith(beginnings):
            continue
        dataset = pydicom.dcmread(file, stop_before_pixels=True)
        if dataset.Modality == "SEG":
            continue
        name = str(file.parent.relative_to(folder) if file.parent.name not in tops else file.relative_to(folder))
        series = found.setdefault(dataset.SeriesInstanceUID, Series(name, {}, {}))
        series.objects[dataset.SOPInstanceUID], series.files[dataset.SOPInstanceUID] = dataset, file
    return list(found.values())


class Nifti:
    """A NIfTI-1 volume that another program has made of a series: values by place in the patient and time."""

    def __init__(self, file: Path) -> None:
        data = file.read_bytes()
        shape = np.frombuffer(data, "<i2", 8, 40)
        kind = {4: "<i2", 16: "<f4", 512: "<u2"}[int(np.frombuffer(data, "<i2", 1, 70)[0])]
        start, slope, intercept = np.frombuffer(data, "<f4", 3, 108)
        count = int(np.prod(shape[1 : 1 + shape[0]]))
        values = np.frombuffer(data, kind, count, int(start)).reshape(shape[1 : 1 + shape[0]], order="F")
        self.values = values * float(slope or 1) + float(intercept)
        affine = np.vstack([np.frombuffer(data, "<f4", 12, 280).reshape(3, 4), [0, 0, 0, 1]]).astype(float)
        self.from_patient = np.linalg.inv(np.diag([-1, -1, 1, 1]) @ affine)

    def at(self, place: Array, time: int) -> float:
        """Return the value at a place (LPS mm), which must be the middle of a voxel."""
        voxel = (self.from_patient @ [*place, 1])[:3]
        index = np.round(voxel).astype(int)
        assert np.abs(voxel - index).max() < 0.02, f"no voxel at {place}: {voxel}"
        return float(self.values[(*index, time)])
