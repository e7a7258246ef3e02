"""SUV of real PET files as the viewer shows it, against pydicom and the rules of QIBA's FDG-PET/CT profile."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from .conftest import ROOT, Archive, View
from .test_measure import numbers
from .test_planes import take

pytestmark = [pytest.mark.browser, pytest.mark.real_data]
GE, SIEMENS = "sop/pt/pt_ge_jpeglossless.dcm", "sop/pt/pt_siemens_ac.dcm"
CPS = tuple(f"volumes/pet_wholebody_qin_299/PET/{n:06d}.dcm" for n in (0, 150, 298))


def moment(date: str, time: str) -> datetime:
    """Return a DA and a TM value as a moment."""
    whole = datetime.strptime(date + time.partition(".")[0], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return whole + timedelta(seconds=float("0." + (time.partition(".")[2] or "0")))


def average(duration: float, half_life: float) -> float:
    """Return when in a frame (s from its begin) its activity is its mean."""
    decay = math.log(2) / half_life
    return math.log(decay * duration / (1 - math.exp(-decay * duration))) / decay


def dose_left(dataset: Dataset) -> float:
    """Return the dose that the values refer to, in Bq."""
    drug = dataset.RadiopharmaceuticalInformationSequence[0]
    dose, half_life = float(drug.RadionuclideTotalDose), float(drug.RadionuclideHalfLife)
    if dataset.DecayCorrection == "ADMIN":
        return dose
    series = moment(dataset.SeriesDate, dataset.SeriesTime)
    acquired = moment(dataset.AcquisitionDate, dataset.AcquisitionTime)
    if series > acquired:
        shift = average(float(dataset.ActualFrameDuration) / 1000, half_life) - float(dataset.FrameReferenceTime) / 1000
        series = acquired + timedelta(seconds=shift)
    injected = moment(dataset.SeriesDate, drug.RadiopharmaceuticalStartTime)
    return dose * 2 ** (-(series - injected).total_seconds() / half_life)


def sizes(dataset: Dataset) -> dict[str, float]:
    """Return what a dose is divided by, in g or cm²."""
    weight, height = float(dataset.PatientWeight), float(dataset.get("PatientSize") or 0) * 100
    found = {"SUVbw": weight * 1000}
    if height:
        found["SUVbsa"] = 0.007184 * weight**0.425 * height**0.725 * 10_000
    if height and dataset.PatientSex == "M":
        found["SUVlbm (James)"] = (1.1 * weight - 128 * (weight / height) ** 2) * 1000
        found["SUVlbm (Janma)"] = 9270 * weight / (6680 + 216 * weight / (height / 100) ** 2) * 1000
    return found


def digits(value: float) -> float:
    """Return half of the last digit that is shown of a value, and a little more."""
    return 0.0006 if value < 1 else 0.006 if value < 100 else 0.06 if value < 1000 else 0.6


def expect_suv(view: View, dataset: Dataset, expected: dict[str, float]) -> None:
    """Compare the value of the brightest pixels for each kind; others cannot be chosen."""
    pixels = dataset.pixel_array
    places = [divmod(int(at), pixels.shape[1]) for at in pixels.ravel().argsort()[[-1, -41, -401]]]
    for label, factor in expected.items():
        view.page.locator(".preset-button").click()
        view.page.get_by_role("menuitemradio", name=label).click()
        view.page.locator(".preset-button").click()
        expect(view.page.locator(".preset-button")).to_have_attribute("aria-expanded", "false")
        for row, column in places:
            activity = float(pixels[row, column]) * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
            shown = view.value_at(column, row)
            stored, suv = numbers(shown.partition("SUV")[0])[0], numbers(shown.rpartition(label)[2])[0]
            assert stored == pytest.approx(activity, abs=digits(activity))
            assert suv == pytest.approx(activity * factor, abs=digits(activity * factor))
    view.page.locator(".preset-button").click()
    for label in {"SUVbw", "SUVlbm (Janma)", "SUVlbm (James)", "SUVbsa"} - set(expected):
        expect(view.page.get_by_role("menuitemradio", name=label)).to_be_disabled()
    view.page.locator(".preset-button").click()


def changed(path: Path, number: int) -> Dataset:
    """Return a copy of a file as an object of its own, uncompressed."""
    dataset = pydicom.dcmread(path)
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        dataset.decompress()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.StudyInstanceUID = f"{ROOT}.68.{number}"
    dataset.SeriesInstanceUID, dataset.SOPInstanceUID = f"{ROOT}.68.{number}.1", f"{ROOT}.68.{number}.1.1"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def test_suv_of_real_files_is_that_of_the_rules(view: View, archive: Archive, data_dir: Path) -> None:
    archive.take(*(data_dir / name for name in (GE, SIEMENS, *CPS)))
    for name in (GE, SIEMENS, CPS[1]):
        dataset = pydicom.dcmread(data_dir / name)
        view.study(dataset.StudyInstanceUID)
        assert view.summary()["SOPInstanceUID"] == dataset.SOPInstanceUID
        expect_suv(view, dataset, {label: size / dose_left(dataset) for label, size in sizes(dataset).items()})


def test_suv_of_other_corrections_and_of_counts(view: View, archive: Archive, data_dir: Path, tmp_path: Path) -> None:
    """Real files with what differs put in: corrected to injection, counts with Philips' factors, no weight."""
    injected, factor, activity, weightless = (changed(data_dir / SIEMENS, number) for number in (1, 2, 3, 4))
    injected.DecayCorrection = "ADMIN"
    for dataset, element, value in ((factor, 0x00, "0.000551"), (activity, 0x09, "1.75")):
        dataset.Units = "CNTS"
        dataset.private_block(0x7053, "Philips PET Private Group", create=True).add_new(element, "DS", value)
    del weightless.PatientWeight
    take(archive, tmp_path / "in", injected, factor, activity, weightless)
    of = sizes(injected)
    wanted = (
        (injected, {label: size / 394_000_000 for label, size in of.items()}),
        (factor, {label: 0.000551 * size / of["SUVbw"] for label, size in of.items()}),
        (activity, {label: 1.75 * size / dose_left(activity) for label, size in of.items()}),
        (weightless, {}),
    )
    for dataset, expected in wanted:
        view.study(dataset.StudyInstanceUID)
        expect_suv(view, dataset, expected)
    assert "SUV" not in view.value_at(60, 60)
    view.page.locator(".preset-button").click()
    expect(view.page.get_by_role("menuitemradio", name="SUVbw")).to_have_attribute(
        "title", "the patient's weight is missing"
    )
