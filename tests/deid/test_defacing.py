"""Faces go from head volumes, single slices and multi-frame, tilted or not; the brain stays bit by bit."""

import io
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from isocenter.cli import main
from isocenter.deid import Policy, Project, Result, Status, anonymize, policy
from isocenter.deid.defacing import find_faces

CT, MR, ENHANCED_MR = (f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("2", "4", "4.1"))
ROWS, COLUMNS, SLICES, PIXEL, SPACING = 110, 96, 84, 2.4, 3.0
DEFACE = policy("research", deface=True)
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


def defaced(files: list[bytes], project: Project, chosen: Policy = DEFACE) -> list[Result]:
    faces = find_faces(partial(bytes, file) for file in files)
    return [anonymize(file, project, chosen, faces=faces) for file in files]


def pixels(results: list[Result]) -> np.ndarray:
    assert {result.status for result in results} == {Status.OUTPUT}, results[0].reason
    return np.concatenate([np.frombuffer(r.dataset().PixelData, np.uint16).reshape(-1, ROWS, COLUMNS) for r in results])


@pytest.mark.parametrize(
    ("sop_class", "tilt", "nod", "multi_frame"),
    [(MR, 18, 8, False), (ENHANCED_MR, -12, -8, True), (CT, 15, -6, False)],
)
def test_the_face_goes_and_the_brain_stays(
    project: Project, sop_class: str, tilt: float, nod: float, multi_frame: bool
) -> None:
    volume = Volume(sop_class, tilt, nod)
    results = defaced([volume.object(None)] if multi_frame else volume.objects(), project)
    after, parts, (_, y, z) = pixels(results), volume.parts, volume.points
    assert np.array_equal(after[parts["brain"]], volume.values[parts["brain"]])
    air = 100
    eyes, nose = parts["eyes"], parts["skin"] & (y < -88) & (z < -45)
    chin = parts["skin"] & (y < -70) & (z < -70)
    for part, most in ((eyes, 0.45), (nose, 0.02), (chin, 0.02)):
        assert (volume.values[part] > air).mean() > 0.9
        assert (after[part] > air).mean() < most
    forehead = z > -20
    assert np.array_equal(after[forehead], volume.values[forehead])
    ds = results[0].dataset()
    assert ds.RecognizableVisualFeatures == "NO"
    assert "113102" in [item.CodeValue for item in ds.DeidentificationMethodCodeSequence]
    assert "BurnedInAnnotation" not in ds


def test_what_gives_no_face_is_set_aside_or_passes(project: Project) -> None:
    head = Volume(slices=SLICES).objects()
    cases = [
        (head[:12], Status.SEQUESTERED, "too few for a volume"),
        (head[::4], Status.SEQUESTERED, "mm apart"),
        (head[-40:], Status.SEQUESTERED, "face"),
        (head[:50], Status.SEQUESTERED, "top of the head"),
    ]
    for files, status, reason in cases:
        result = defaced(files, project)[0]
        assert (result.status, reason in result.reason) == (status, True), (reason, result.reason)
    assert anonymize(head[0], project, DEFACE).status is Status.SEQUESTERED  # its series was not looked at
    trunk = Volume()
    trunk.values[:] = 10
    trunk.values[(np.abs(trunk.points[0]) < 112) & (np.abs(trunk.points[1] + 20) < 70)] = 500
    result = defaced(trunk.objects(), project)[0]
    assert result.status is Status.OUTPUT
    assert "RecognizableVisualFeatures" not in result.dataset()
    assert "113102" not in [item.CodeValue for item in result.dataset().DeidentificationMethodCodeSequence]


def test_a_broken_value_sets_the_series_aside(project: Project) -> None:
    files = Volume(slices=2).objects()
    assert b"\x20\0\x32\0DS" in files[1]
    files[1] = files[1].replace(b"\x20\0\x32\0DS", b"\x20\0\x32\0UL")
    files[1] = files[1].replace(b"\x20\0\x37\0DS", b"\x20\0\x37\0FD")
    results = defaced(files, project)
    assert [result.status for result in results] == [Status.SEQUESTERED] * 2
    assert all("header is broken" in result.reason for result in results)


def test_without_the_choice_faces_stay_and_nothing_is_claimed(project: Project) -> None:
    file = Volume().object(60)
    result = anonymize(file, project, policy("research"))
    assert "RecognizableVisualFeatures" not in result.dataset()
    assert policy("research").digest() != DEFACE.digest()


def test_the_command_takes_faces_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, file in enumerate(Volume().objects()):
        (folder / f"{number:03d}.dcm").write_bytes(file)
    (folder / "zz.txt").write_bytes(b"no object")
    out, key = str(tmp_path / "out"), str(tmp_path / "key")
    with pytest.raises(SystemExit) as ended:
        main(["anonymize", str(folder), "-o", out, "--project", key, "--deface", "--json"])
    facts = json.loads(capsys.readouterr().out)
    assert (ended.value.code, facts["output"], facts["rejected"]) == (1, SLICES, 1)
    assert "does not exclude" in facts["faces"]
