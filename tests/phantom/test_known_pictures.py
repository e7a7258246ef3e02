"""Mammograms, angiogram, slide, bone scan: read from their files and measured, against `isocenter.phantom.answers`."""

import io

import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array

from isocenter.phantom import studies
from isocenter.phantom.answers import answer


def read(kind: str, slices: int | None = None) -> list[pydicom.Dataset]:
    """Return the objects of a kind, each written and read again."""
    made = []
    for dataset in studies(1, [kind], slices):
        buffer = io.BytesIO()
        dataset.save_as(buffer, enforce_file_format=True)
        buffer.seek(0)
        made.append(pydicom.dcmread(buffer))
    return made


def close(kind: str, what: str, measured: float) -> bool:
    question = answer(kind, what)
    return measured == pytest.approx(question.value, rel=question.tolerance / 100)


def profile(values: np.ndarray, row: float, column: float, reach: int) -> np.ndarray:
    """Return the median of what lies up to 1, 2, ... pixels away from a place."""
    rows, columns = np.indices(values.shape)
    away = np.hypot(rows - row, columns - column).astype(int)
    return np.array([np.median(values[away == step]) for step in range(reach)])


def crossing(line: np.ndarray, level: float) -> float:
    """Return how far away a falling profile goes through a level."""
    after = int(np.argmax(line < level))
    return float(after + 0.5 - (level - line[after]) / (line[after - 1] - line[after]))


def patches(mask: np.ndarray) -> int:
    """Return how many parts a mask has that touch nowhere."""
    todo, count = {tuple(place) for place in np.argwhere(mask).tolist()}, 0
    while todo:
        count += 1
        edge = [todo.pop()]
        while edge:
            row, column = edge.pop()
            near = {(row + r, column + c) for r in (-1, 0, 1) for c in (-1, 0, 1)} & todo
            todo -= near
            edge += near
    return count


@pytest.fixture(scope="module")
def mammograms() -> dict[str, pydicom.Dataset]:
    return {f"{d.ImageLaterality} {d.ViewPosition}": d for d in read("mg")}


#: Height of what lies 24 mm lateral and 20 mm above, and 12 mm lateral and 8 mm below, in the two views.
HEIGHTS = {"CC": (24, 12), "MLO": (-20 + 44 / 2**0.5, -20 + 4 / 2**0.5)}


@pytest.mark.parametrize("view", ["CC", "MLO"])
def test_mass_and_specks_of_mammograms(view, mammograms):
    left, right = pixel_array(mammograms[f"L {view}"]), pixel_array(mammograms[f"R {view}"])[:, ::-1]
    spacing = float(mammograms["L CC"].ImagerPixelSpacing[0])
    middle = (left.shape[0] - 1) / 2
    row, column = middle - HEIGHTS[view][0] / spacing, 50 / spacing - 0.5
    around = left[round(row) - 80 : round(row) + 80, round(column) - 80 : round(column) + 80]
    line = profile(around, row - round(row) + 80, column - round(column) + 80, 75)
    assert close(
        "mg", "Mass, left upper outer quadrant", 2 * spacing * crossing(line, (line[:30].mean() + line[60:].mean()) / 2)
    )
    row, column = round(middle - HEIGHTS[view][1] / spacing), round(42 / spacing)
    cluster = right[row - 60 : row + 60, column - 60 : column + 60]
    assert close("mg", "Microcalcifications, right breast", patches(cluster > 0.85 * 4095))
    assert patches(left[row - 60 : row + 60, column - 60 : column + 60] > 0.93 * 4095) == 0


def test_chest_walls_are_where_the_orientation_says(mammograms):
    for name, dataset in mammograms.items():
        pixels = pixel_array(dataset)
        wall, front = (0, -1) if dataset.PatientOrientation[0] == "A" else (-1, 0)
        assert pixels[600:800, wall].mean() > 5 * pixels[600:800, front].mean()
        assert dataset.PatientOrientation[0] == ("A" if name[0] == "L" else "P")
        inward = "R" if name[0] == "L" else "L"
        assert dataset.PatientOrientation[1] == (inward if name[2:] == "CC" else f"F{inward}")
        assert dataset.ViewCodeSequence[0].CodeValue == {"CC": "399162004", "MLO": "399368009"}[name[2:]]


def test_an_angiogram_subtracts_itself():
    (run,) = read("xa", 9)
    assert [int(step) for step in run.FrameTimeVector] == [0, 500, 500, 300, 200, 200, 200, 200, 200]
    assert run.FrameIncrementPointer == pydicom.tag.Tag("FrameTimeVector")
    (mask,) = run.MaskSubtractionSequence
    frames = np.log1p(pixel_array(run).astype(float))
    moved = np.roll(
        frames[[number - 1 for number in mask.MaskFrameNumbers]].mean(0),
        [int(v) for v in mask.MaskSubPixelShift],
        (0, 1),
    )
    vessels = moved - frames[8]
    assert np.abs(np.median(vessels[440:490, 60:200])) < 0.005
    assert np.abs(vessels[440:490, 60:200]).std() < 0.02
    assert np.abs(moved - frames[3])[40:-40, 40:-40].std() < 0.02  # nothing has arrived yet
    unmoved = frames[:3].mean(0) - frames[3]
    assert np.abs(unmoved)[40:-40, 40:-40].std() > 0.03
    spacing = float(run.PixelSpacing[0])
    row, column = (17 / spacing + 255.5 + mask.MaskSubPixelShift[0], -6 / spacing + 255.5 + mask.MaskSubPixelShift[1])
    line = profile(vessels, row, column, 16)
    around = np.median(line[13:])
    half = crossing(line, around + (line[:2].mean() - around) / 2)
    assert close("xa", "Aneurysm, diameter", 2 * spacing * half / (3**0.5 / 2))  # half as deep at 0.87 of the radius


def test_a_slide_is_a_pyramid_with_a_follicle():
    parts = read("slide", 6)
    assert [part.ImageType[2] for part in parts] == ["VOLUME", "VOLUME", "THUMBNAIL", "LABEL", "OVERVIEW"]
    assert len({part.PyramidUID for part in parts[:3]}) == 1
    whole = [part.TotalPixelMatrixColumns * measures(part) for part in parts[:3]]
    assert whole == pytest.approx([whole[0]] * 3, rel=0.02)
    for part in parts[:2]:
        across, down = -(-part.TotalPixelMatrixColumns // 256), -(-part.TotalPixelMatrixRows // 256)
        assert part.NumberOfFrames == across * down
    rows, columns = parts[1].TotalPixelMatrixRows, parts[1].TotalPixelMatrixColumns
    tiles = pixel_array(parts[1], raw=False).reshape(-1, columns // 256, 256, 256, 3)
    red = tiles.swapaxes(1, 2).reshape(-1, columns, 3)[:rows, :, 0].astype(float)
    line = 255 - profile(red, rows * 0.4, columns * 0.36, 200)
    radius = crossing(line, (line[:120].mean() + line[170:].mean()) / 2)
    assert close("slide", "Lymph follicle, diameter", 2 * radius * measures(parts[1]))


def measures(part: pydicom.Dataset) -> float:
    return float(part.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing[0])


def test_counts_of_a_lesion_are_what_its_side_has_more():
    (scan,) = read("nm")
    front, back = pixel_array(scan).astype(int)
    assert scan.CountsAccumulated == front.sum() + back.sum()
    spacing = float(scan.PixelSpacing[0])
    rows, columns = np.indices(front.shape)
    row, away = (1090 + 150) / spacing, 88 / spacing
    for picture, side, name in ((front, 1, "in front"), (back, -1, "behind")):
        here, there = (
            picture[np.hypot(rows - row, columns - 127.5 - sign * side * away) < 11].sum() for sign in (1, -1)
        )
        assert close("nm", f"Lesion, left femur, {name}", here - there)


def test_radiographs_have_the_letter_of_their_side():
    picture = read("dx", 6)[0]
    letter = picture.overlay_array(0x6000)
    assert letter[4, 4] == 1
    assert letter[4:63:9, 4].sum() == 7  # the stem of an R
    assert letter[4:63:9, 40].sum() < 7
