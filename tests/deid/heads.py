"""A drawn head as CT, MR or enhanced MR, of which it is known what is where."""

import io

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

CT, MR, ENHANCED_MR = (f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("2", "4", "4.1"))
ROWS, COLUMNS, SLICES, PIXEL, SPACING = 110, 96, 84, 2.4, 3.0
Vector = tuple[float, float, float]


def ball(points: np.ndarray, centre: Vector, axes: Vector, mirrored: bool = False) -> np.ndarray:
    """Return which points are in an ellipsoid; ``mirrored``: one on each side."""
    x = np.abs(points[0]) if mirrored else points[0]
    parts = [(value - c) / a for value, c, a in zip((x, *points[1:]), centre, axes, strict=True)]
    return parts[0] ** 2 + parts[1] ** 2 + parts[2] ** 2 < 1


def anatomy(points: np.ndarray) -> dict[str, np.ndarray]:
    """Return parts of a head about the middle of its brain: y to the back, z to the top; the nasion is at z = -38."""
    x, y, z = points
    cranium = ball(points, (0, 0, 0), (74, 95, 84))
    jaw = ball(points, (0, -38, -75), (52, 52, 62))
    nose = ball(points, (0, -90, -68), (11, 24, 20))
    neck = (x**2 + (y - 15) ** 2 < 58**2) & (z < -40)
    eyes = ball(points, (32, -72, -46), (14, 14, 13), mirrored=True)
    brain = ball(points, (0, 2, 6), (64, 82, 68)) & (z > -28 + np.maximum(-y - 20, 0) * 0.05)
    stem = ball(points, (0, 25, -50), (16, 16, 45)) | ball(points, (0, 48, -38), (46, 32, 24))
    skull = cranium & ~ball(points, (0, 0, 0), (67, 88, 77)) & (z > -30)
    roof = (np.abs(z + 31) < 3) & cranium & (np.abs(x) < 60)
    cheek = (z < -58) & (z > -100) & ball(points, (0, -38, -75), (46, 46, 56)) & (np.abs(x) < 44) & (y < -55)
    return {
        "skin": cranium | jaw | nose | neck | eyes, "bone": skull | roof | cheek, "eyes": eyes, "brain": brain | stem,
    }  # fmt: skip


def tilted(degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])


class Volume:
    """Slices of a head, and what is where in them."""

    def __init__(self, sop_class: str = MR, tilt: float = 0.0, nod: float = 0.0, slices: int = SLICES) -> None:
        """``tilt`` turns the slices, ``nod`` the head."""
        self.sop_class, self.turn = sop_class, tilted(tilt)
        self.positions = [
            self.turn @ np.array([-COLUMNS * PIXEL / 2, -ROWS * PIXEL / 2 - 8, (n - SLICES + 36) * SPACING])
            for n in range(slices)
        ]
        right, down = self.turn[:, 0] * PIXEL, self.turn[:, 1] * PIXEL
        grid = np.arange(COLUMNS)[None, :, None] * right + np.arange(ROWS)[:, None, None] * down
        points = np.stack([position + grid for position in self.positions])
        points = np.moveaxis(points @ tilted(nod), -1, 0)
        self.parts = anatomy(points)
        self.points = points
        is_ct = sop_class == CT
        values = np.random.default_rng(3).normal(0, 4, points.shape[1:]) + (24 if is_ct else 12)
        for part, ct, mr in (("skin", 1064, 420), ("bone", 900, 60), ("eyes", 5, 180), ("brain", 10, 600)):
            values[self.parts[part]] += ct if is_ct else mr
        if is_ct:
            table = (points[1] > 96) & (np.abs(points[0]) < 90)
            values[table] += 800  # the head rests on it
        self.values = np.maximum(values, 0).astype(np.uint16)

    def object(self, number: int | None) -> bytes:
        """Return a slice, or all of them as one multi-frame object."""
        ds = Dataset()
        ds.SOPClassUID, ds.SOPInstanceUID = self.sop_class, f"1.2.826.0.1.{0 if number is None else number + 1}"
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.PatientID = "1.2.826.0.2", "1.2.826.0.3", "H1"
        ds.Modality = "CT" if self.sop_class == CT else "MR"
        ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = ROWS, COLUMNS, 1, "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
        orientation = [float(v) for v in (*self.turn[:, 0], *self.turn[:, 1])]
        if number is None:
            ds.NumberOfFrames = len(self.positions)
            ds.SharedFunctionalGroupsSequence = [
                wrapped(
                    PlaneOrientationSequence={"ImageOrientationPatient": orientation},
                    PixelMeasuresSequence={"PixelSpacing": [PIXEL, PIXEL]},
                )
            ]
            ds.PerFrameFunctionalGroupsSequence = [
                wrapped(PlanePositionSequence={"ImagePositionPatient": [float(v) for v in p]}) for p in self.positions
            ]
        else:
            ds.ImagePositionPatient = [float(v) for v in self.positions[number]]
            ds.ImageOrientationPatient, ds.PixelSpacing = orientation, [PIXEL, PIXEL]
            if self.sop_class == CT:
                ds.RescaleIntercept, ds.RescaleSlope = -1024, 1
        ds.PixelData = self.values[slice(None) if number is None else number].tobytes()
        ds["PixelData"].VR = "OW"
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.save_as(buffer := io.BytesIO(), enforce_file_format=True)
        return buffer.getvalue()

    def objects(self) -> list[bytes]:
        return [self.object(number) for number in range(len(self.positions))]


def wrapped(**groups: dict) -> Dataset:
    """Return a functional group item."""
    item = Dataset()
    for keyword, values in groups.items():
        inner = Dataset()
        for name, value in values.items():
            setattr(inner, name, value)
        setattr(item, keyword, [inner])
    return item
