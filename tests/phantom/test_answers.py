"""The made objects, measured by formulas of the test's own, against `isocenter.phantom.answers`."""

import datetime as dt
import itertools
from collections.abc import Sequence

import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array

from isocenter.phantom import studies
from isocenter.phantom.answers import ANSWERS, Answer, answer
from isocenter.phantom.followup import FINDINGS
from isocenter.phantom.uptake import LESIONS

PLANES = 60
"""Of the planning CT."""


def close(question: Answer, measured: float) -> bool:
    return measured == pytest.approx(question.value, rel=question.tolerance / 100)


def of(kind: str) -> list[Answer]:
    return [one for one in ANSWERS if one.kind == kind]


def volume(slices: Sequence[pydicom.Dataset]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]:
    """Return values, x, y, z (broadcastable, LPS) and millilitres of a voxel."""
    first = slices[0]
    values = np.stack([pixel_array(d) * float(d.RescaleSlope) + float(d.RescaleIntercept) for d in slices])
    rows, columns = (float(v) for v in first.PixelSpacing)
    x = float(first.ImagePositionPatient[0]) + columns * np.arange(first.Columns)
    y = float(first.ImagePositionPatient[1]) + rows * np.arange(first.Rows)
    z = np.array([float(d.ImagePositionPatient[2]) for d in slices])
    return values, x[None, None], y[None, :, None], z[:, None, None], rows * columns * (z[1] - z[0]) / 1000


def test_left_ventricle_of_each_phase():
    phases: dict[float, list[pydicom.Dataset]] = {}
    for dataset in studies(1, ["heart"], 20):
        phases.setdefault(dataset.NominalPercentageOfCardiacPhase, []).append(dataset)
    assert len(phases) == 10
    measured = {}
    for percent, slices in phases.items():
        values, _, _, _, voxel = volume(slices)
        blood, muscle = np.median(values[_beside_bone(values > 330)]), 112
        part = (values - muscle) / (blood - muscle)
        measured[percent] = float((part * _touching(values > 318)).sum()) * voxel
        assert close(answer("heart", f"Left ventricle at {percent:.0f} %"), measured[percent])
    assert close(answer("heart", "Ejection fraction"), 100 * (1 - min(measured.values()) / measured[0]))


def _beside_bone(mask: np.ndarray) -> np.ndarray:
    """Return what is within a box round the ventricle that no bone reaches into."""
    box = np.zeros(mask.shape, np.bool_)
    box[:, 30:130, 75:175] = True
    return mask & box


def _touching(core: np.ndarray) -> np.ndarray:
    """Return the brightest blood, which only the left ventricle has, and three pixels of the wall around it."""
    grown = _beside_bone(core)
    for _ in range(3):
        grown = np.logical_or.reduce([grown, *(np.roll(grown, step, axis) for axis in (1, 2) for step in (-1, 1))])
    return grown


@pytest.fixture(scope="module")
def followup() -> dict[str, list[pydicom.Dataset]]:
    series: dict[str, list[pydicom.Dataset]] = {}
    for dataset in itertools.islice(studies(1, ["followup"], 50), 50 + FINDINGS):  # without the prior
        series.setdefault(f"{dataset.Modality} {dataset.StudyDate}", []).append(dataset)
    return series


def test_nodule_segmentation_report_and_dates(followup):
    (segmentation,), (report,) = followup["SEG 20251124"], followup["SR 20251124"]
    frames = pixel_array(segmentation)
    numbers = [
        item.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        for item in segmentation.PerFrameFunctionalGroupsSequence
    ]
    measures = segmentation.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    voxel = float(measures.PixelSpacing[0]) * float(measures.PixelSpacing[1]) * float(measures.SpacingBetweenSlices)
    nodule = frames[np.array(numbers) == 1].sum() * voxel / 1000
    assert nodule == pytest.approx(answer("followup", "Nodule, volume").value, rel=0.08)  # slices of 5 mm
    lengths = [
        float(item.MeasuredValueSequence[0].NumericValue)
        for element in report.iterall()
        if element.VR == "SQ"
        for item in element.value
        if item.get("ValueType") == "NUM"
    ]
    assert close(answer("followup", "Nodule, diameter"), lengths[0])
    places = [e.value for e in report.iterall() if e.keyword == "GraphicData"]
    axis = np.array(places[0][:6]).reshape(2, 3)
    assert np.linalg.norm(axis[1] - axis[0]) == pytest.approx(lengths[0], abs=1e-3)
    days = dt.date.fromisoformat("2025-11-24") - dt.date.fromisoformat("2025-05-26")
    grown = [answer("followup", name).value for name in ("Nodule, volume", "Nodule before, volume")]
    assert close(answer("followup", "Doubling time"), days.days * np.log(2) / np.log(grown[0] / grown[1]))


def test_findings_name_images_that_are_there(followup):
    images = {dataset.SOPInstanceUID for dataset in followup["CT 20251124"]}
    for kind in ("SEG", "SR", "PR", "KO"):
        (made,) = followup[f"{kind} 20251124"]
        named = {e.value for e in made.iterall() if e.keyword == "ReferencedSOPInstanceUID"}
        assert named
        assert named <= images
    (letter,) = followup["DOC 20251124"]
    assert letter.EncapsulatedDocument.startswith(b"%PDF-1.4")
    assert b"60.7" not in letter.EncapsulatedDocument
    assert b"61 days" in letter.EncapsulatedDocument


def test_uptake_of_lesions_by_a_formula_of_the_test():
    slices = [d for d in studies(1, ["petct"], 60) if d.Modality == "PT"]
    values, x, y, z, _ = volume(slices)
    first = slices[0]
    (drug,) = first.RadiopharmaceuticalInformationSequence
    injected = dt.datetime.fromisoformat(
        drug.RadiopharmaceuticalStartDateTime[:8] + "T" + drug.RadiopharmaceuticalStartDateTime[8:]
    )
    began = dt.datetime.fromisoformat(first.SeriesDate + "T" + first.SeriesTime)
    left = float(drug.RadionuclideTotalDose) * 0.5 ** (
        (began - injected).total_seconds() / float(drug.RadionuclideHalfLife)
    )
    suv = values * float(first.PatientWeight) * 1000 / left
    for question, lesion in zip(of("petct"), LESIONS, strict=True):
        assert question.what == f"{lesion.name} ({lesion.diameter:.0f} mm)"
        cx, cy, cz = lesion.center
        away = np.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z + 300 - cz) ** 2)
        inner = suv[away < lesion.diameter / 2 - 1.8]
        assert len(inner) >= 4
        assert close(question, float(inner.mean()))
        assert close(question, float(suv[away < lesion.diameter / 2 + 2].max()))


def test_dose_volume_histogram_from_grid_and_outlines():
    made = list(studies(1, ["plan"], PLANES))
    structures, _, dose = made[-3:]
    names = {roi.ROINumber: roi.ROIName for roi in structures.StructureSetROISequence}
    grid = pixel_array(dose) * float(dose.DoseGridScaling)
    for contours in structures.ROIContourSequence:
        name = names[contours.ReferencedROINumber]
        if name not in {"GTV", "PTV"}:
            continue
        doses, millilitres = _sampled(contours, dose, grid)
        assert close(answer("plan", f"{name}, volume"), millilitres)
        assert close(answer("plan", f"{name}, mean dose"), float(doses.mean()))
        if name == "PTV":
            assert close(answer("plan", "PTV, dose to 95 %"), float(np.percentile(doses, 5)))
    stored = [item.DVHMeanDose for item in dose.DVHSequence]
    assert close(answer("plan", "GTV, mean dose"), float(stored[0]))


def _sampled(contours: pydicom.Dataset, dose: pydicom.Dataset, grid: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the doses at points 0.5 mm apart in the outlines, linearly between grid points; and the volume."""
    origin, step = np.array(dose.ImagePositionPatient, float), float(dose.PixelSpacing[0])
    found, area = [], 0.0
    for contour in contours.ContourSequence:
        points = np.array(contour.ContourData, float).reshape(-1, 3)
        steps = [np.arange(points[:, axis].min(), points[:, axis].max(), 0.5) for axis in (0, 1)]
        x, y = (values.ravel() for values in np.meshgrid(*steps))
        inside = _inside(x, y, points)
        following = np.roll(points, -1, axis=0)
        area += abs(float((points[:, 0] * following[:, 1] - following[:, 0] * points[:, 1]).sum())) / 2
        places = np.stack([x[inside], y[inside], np.full(int(inside.sum()), points[0, 2])])
        found.append(_between(grid, (places - origin[:, None]) / step))
    return np.concatenate(found), area * 300 / PLANES / 1000


def _inside(x: np.ndarray, y: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return whether points are within a polygon: an odd number of its edges is to their right."""
    odd = np.zeros(len(x), np.bool_)
    for (x1, y1, _), (x2, y2, _) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if y1 != y2:
            odd ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return odd


def _between(grid: np.ndarray, places: np.ndarray) -> np.ndarray:
    base = np.floor(places).astype(int)
    part = places - base
    total = np.zeros(places.shape[1])
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod([part[a] if corner[a] else 1 - part[a] for a in range(3)], axis=0)
        total += weight * grid[base[2] + corner[2], base[1] + corner[1], base[0] + corner[0]]
    return total


def test_the_days_move_together():
    today = dt.date(2027, 3, 1)
    moved, still = (next(studies(1, ["petct"], 1, day)) for day in (today, dt.date(2025, 11, 26)))
    later = today - dt.date(2025, 11, 26)
    for keyword in ("StudyDate", "PatientBirthDate", "AcquisitionDate"):
        days = [dt.date.fromisoformat(d[keyword].value) for d in (moved, still)]
        assert days[0] - days[1] == later


def test_findings_move_as_often_as_their_images():
    made = list(studies(1, ["followup"], 2, dt.date(2027, 3, 1)))
    assert len({(d.PatientBirthDate, d.StudyDate) for d in made if d.StudyID == "CT4"}) == 1
