import io
import itertools
import subprocess

import numpy as np
import pydicom
import pytest
from click.testing import CliRunner
from pydicom.pixels import pixel_array

from isocenter.cli.phantom import command
from isocenter.dicom.uids import is_valid_uid
from isocenter.errors import UsageError
from isocenter.phantom import KINDS, count, ct, mr, studies, us

INVENTED = {"Phantom", "Specimen", "Example", "Muster", "Placeholder", "Sample"}
SLICES = {
    "ct": 4, "mr": 3, "us": 2, "heart": 1, "followup": 3, "petct": 3, "plan": 4, "ecg": 1, "dx": 6, "thin": 5,
    "mg": 1, "xa": 4, "slide": 2, "nm": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> dict[str, list[pydicom.Dataset]]:
    return {kind: list(studies(7, [kind], slices)) for kind, slices in SLICES.items()}


def written(dataset: pydicom.Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def contents(dataset: pydicom.Dataset) -> bytes:
    """Return pixels, or samples of the first waveform."""
    return dataset.get("PixelData") or dataset.WaveformSequence[0].WaveformData


@pytest.mark.peer("dciodvfy")
@pytest.mark.parametrize("kind", KINDS)
def test_objects_are_valid(kind, made, tmp_path):
    for number, dataset in enumerate(made[kind]):
        path = tmp_path / f"{number}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        result = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
        lines = (result.stdout + result.stderr).splitlines()
        assert lines
        assert [line for line in lines if line.startswith("Error")] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_bytes(kind, made):
    again = list(studies(7, [kind], SLICES[kind]))
    other = next(studies(8, [kind], SLICES[kind]))
    assert [written(dataset) for dataset in again] == [written(dataset) for dataset in made[kind]]
    assert contents(other) != contents(again[0])
    assert other.SOPInstanceUID != again[0].SOPInstanceUID


def test_identifiers_are_unique_and_valid(made):
    objects = list(itertools.chain(*made.values()))
    assert len({dataset.SOPInstanceUID for dataset in objects}) == len(objects)
    assert len({dataset.StudyInstanceUID for dataset in objects}) == len(KINDS) + 1  # with the prior
    assert len({(dataset.StudyInstanceUID, dataset.SeriesNumber) for dataset in objects}) == len(
        {dataset.SeriesInstanceUID for dataset in objects}
    )
    for dataset in objects:
        for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
            assert is_valid_uid(dataset[keyword].value)
            assert dataset[keyword].value.startswith("2.25.")


@pytest.mark.parametrize("kind", KINDS)
def test_patients_are_invented(kind, made):
    for dataset in made[kind]:
        assert str(dataset.PatientName.family_name) in INVENTED
        assert dataset.PatientID.startswith("PHANTOM-")


def test_count_says_what_will_come(made):
    for kind, slices in SLICES.items():
        assert count([kind], slices) == len(made[kind])
    assert count(["ct", "mr", "us"]) == 200 + 3 * 60 + 1


@pytest.mark.parametrize(("only", "slices"), [(["oct"], 3), (["ct", ""], 3), (["ct"], 0), (["ct"], 99999)])
def test_what_there_is_not(only, slices):
    with pytest.raises(UsageError):
        next(studies(1, only, slices))


def test_objects_come_as_they_are_made():
    stream = studies(1, KINDS, 2000)  # would take minutes
    assert next(stream).Modality == "CT"


# CT


def hounsfield(dataset: pydicom.Dataset) -> np.ndarray:
    return pixel_array(dataset) * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)


@pytest.fixture(scope="module")
def chest() -> list[np.ndarray]:
    return [hounsfield(dataset) for dataset in ct.instances(1, 6)]  # 25, 75, 125, 175, 225, 275 mm


@pytest.mark.parametrize(
    ("plane", "x", "y", "low", "high"),
    [
        (2, -165, -165, -1010, -985),  # air round the patient
        (2, -85, 20, -900, -780),  # right lung
        (3, 80, 20, -900, -780),  # left lung
        (0, -70, -10, 80, 115),  # liver
        (0, 82, 12, 95, 140),  # spleen
        (1, 33, -28, 90, 300),  # left ventricle
        (2, 25, 36, 250, 310),  # descending aorta
        (3, -1, 20, -1010, -930),  # trachea above its fork
        (2, 0, 55, 120, 330),  # vertebra
    ],
)
def test_hounsfield_units(plane, x, y, low, high, chest):
    row, column = (round(v / ct.PIXEL + (ct.ROWS - 1) / 2) for v in (y, x))
    patch = chest[plane][row - 2 : row + 3, column - 2 : column + 3]
    assert low < patch.mean() < high


def test_there_is_dense_bone_and_fat_everywhere(chest):
    for plane in chest:
        assert np.percentile(plane, 99.9) > 500
        assert ((plane > -125) & (plane < -75)).mean() > 0.02


def test_lungs_fill_the_middle_of_the_chest(chest):
    share = [float(((plane > -920) & (plane < -650)).mean()) for plane in chest]
    assert share[2] > 0.12
    assert share[2] > share[0]
    assert share[5] < 0.05


def test_noise_is_there_and_neighbours_share_it(chest):
    row, column = (round(v / ct.PIXEL + (ct.ROWS - 1) / 2) for v in (-10, -70))
    liver = chest[0][row - 12 : row + 13, column - 12 : column + 13]
    liver = liver - liver.mean()
    assert 4 < liver.std() < 20
    assert np.corrcoef(liver[:, :-1].ravel(), liver[:, 1:].ravel())[0, 1] > 0.2


def test_ct_geometry(made):
    slices = made["ct"]
    heights = [float(dataset.ImagePositionPatient[2]) for dataset in slices]
    np.testing.assert_allclose(np.diff(heights), 300 / len(slices))
    assert [dataset.InstanceNumber for dataset in slices] == [1, 2, 3, 4]
    assert slices[0].RescaleIntercept == -1024
    assert slices[0].WindowCenter[0] == 40
    assert pixel_array(slices[0]).dtype == np.int16


# MR


def test_mr_planes_are_oblique_and_parallel(made):
    planes = [dataset for dataset in made["mr"] if dataset.SeriesNumber == 1]
    row, column = (np.array(planes[0].ImageOrientationPatient[i : i + 3], float) for i in (0, 3))
    normal = np.cross(row, column)
    assert row @ column == pytest.approx(0, abs=1e-6)
    for direction in (row, column, normal):
        assert np.linalg.norm(direction) == pytest.approx(1, abs=1e-6)
        assert np.sort(np.abs(direction))[1] > 0.04  # along no axis
    positions = np.array([dataset.ImagePositionPatient for dataset in planes], float)
    steps = np.diff(positions, axis=0)
    np.testing.assert_allclose(steps @ normal, 150 / len(planes), atol=1e-3)
    np.testing.assert_allclose(np.cross(steps, normal), 0, atol=1e-3)
    assert float(planes[0].SpacingBetweenSlices) > 2 * float(planes[0].PixelSpacing[0])


def test_mr_series_show_the_same_head_in_other_contrasts(made):
    first = {dataset.SeriesNumber: dataset for dataset in made["mr"] if dataset.InstanceNumber == 2}
    assert sorted(first) == [1, 2, 3]
    positions = {tuple(dataset.ImagePositionPatient) for dataset in first.values()}
    assert len(positions) == 1
    t1, t2, flair = (pixel_array(first[number]).astype(float) for number in (1, 2, 3))
    fluid = t2 > 1050
    assert fluid.sum() > 300
    assert t1[fluid].mean() < 350
    assert flair[fluid].mean() < 350


def test_mr_directions_form_a_rotation():
    turn = mr.orientation()
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1)


# Ultrasound


def test_cine(made):
    (cine,) = made["us"]
    frames = pixel_array(cine, raw=False)
    assert frames.shape == (2, 480, 640, 3)
    assert cine.NumberOfFrames == 2
    assert float(cine.FrameTime) == pytest.approx(33.3333)
    assert cine.FrameIncrementPointer == pydicom.tag.Tag("FrameTime")
    assert not np.array_equal(frames[0], frames[1])
    assert frames[0, 440, 5].max() < 30  # outside the sector
    assert frames[0, 100:140, 310:330].mean() > 40  # heart wall


def test_two_beats_make_sixty_frames():
    phases = [number / (60_000 / us.BEATS_PER_MINUTE / us.FRAME_TIME) % 1 for number in range(61)]
    assert phases[60] == pytest.approx(0, abs=1e-9)
    assert phases[30] == pytest.approx(0, abs=1e-9)


def test_ultrasound_calibration(made):
    (region,) = made["us"][0].SequenceOfUltrasoundRegions
    assert region.PhysicalUnitsXDirection == region.PhysicalUnitsYDirection == 3  # cm
    assert region.PhysicalDeltaX == pytest.approx(0.0375)
    assert 0 <= region.RegionLocationMinX0 < region.RegionLocationMaxX1 < 640
    assert 0 <= region.RegionLocationMinY0 < region.RegionLocationMaxY1 < 480
    depth = (region.RegionLocationMaxY1 - region.RegionLocationMinY0) * region.PhysicalDeltaY
    assert depth == pytest.approx(15, abs=0.2)


def test_text_is_burned_in(made):
    frame = pixel_array(made["us"][0], index=0, raw=False)
    assert made["us"][0].BurnedInAnnotation == "YES"
    assert (frame[6:20, 8:90].min(axis=-1) > 150).mean() > 0.15


# the command


def test_command_writes_files(tmp_path):
    result = CliRunner().invoke(command, [str(tmp_path / "out"), "--only", "us, ct", "--slices", "2", "--seed", "3"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("3 objects, ")
    files = sorted(tmp_path.rglob("*.dcm"))
    assert [pydicom.dcmread(path, stop_before_pixels=True).Modality for path in files] == ["CT", "CT", "US"]


@pytest.mark.parametrize("arguments", [["--only", "oct"], ["--only", ","], ["--slices", "0"]])
def test_command_refuses(arguments, tmp_path):
    result = CliRunner().invoke(command, [str(tmp_path), *arguments])
    assert isinstance(result.exception, UsageError)
    assert not list(tmp_path.iterdir())


def test_help_has_an_example():
    assert "Example: isocenter phantom" in CliRunner().invoke(command, ["--help"]).output
