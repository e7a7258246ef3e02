"""The patient's other studies: listed below the series, opened beside what is on screen."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset

from .conftest import ROOT, Archive, View
from .test_mpr import bars
from .test_planes import take

pytestmark = pytest.mark.browser
TODAY, PRIOR, OTHER = (f"{ROOT}.{n}" for n in (70, 71, 72))


def study(uid: str, date: str, description: str, **patient: str) -> list[Dataset]:
    """Return three slices of a study of the patient P-070."""
    made = [bars(n) for n in range(1, 4)]
    for number, dataset in enumerate(made, 1):
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid, f"{uid}.1"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{uid}.1.{number}"
        dataset.PatientID, dataset.PatientName, dataset.PatientBirthDate = "P-070", "Prior^Anna", "19600501"
        dataset.StudyDate, dataset.StudyDescription, dataset.AccessionNumber = date, description, uid[-4:]
        for keyword, value in patient.items():
            setattr(dataset, keyword, value)
    return made


@pytest.fixture
def opened(view: View, real_archive: Archive, tmp_path: Path) -> View:
    studies = (
        *study(TODAY, "20240301", "Follow-up"),
        *study(PRIOR, "20230115", "First look"),
        *study(OTHER, "20220115", "Somebody else", PatientBirthDate="19990909", PatientName="Else^Somebody"),
    )
    take(real_archive, tmp_path / "in", *studies)
    view.archive = real_archive
    view.study(TODAY)
    return view


def test_a_prior_opens_beside_the_current_study(opened: View) -> None:
    listed = opened.page.get_by_label("Other studies of the patient")
    expect(listed.get_by_role("button")).to_have_count(1)
    expect(listed).to_contain_text("15 Jan 2023")
    listed.get_by_role("button").click()
    expect(opened.page.locator('.pane[data-status="ready"]')).to_have_count(2)
    assert opened.page.evaluate("window.__isocenter.summary(0).SOPInstanceUID").startswith(TODAY)
    assert opened.page.evaluate("window.__isocenter.summary(1).SOPInstanceUID").startswith(PRIOR)
    heads = opened.page.locator(".rail-study")
    expect(heads).to_have_text(["1 Mar 2024Follow-up", "15 Jan 2023First look"])
    expect(opened.page.get_by_label("Other studies of the patient")).to_have_count(0)


def test_a_study_that_cannot_be_read_says_so(opened: View) -> None:
    opened.page.route(f"**/studies/{PRIOR}/open", lambda route: route.fulfill(status=503))
    opened.page.get_by_label("Other studies of the patient").get_by_role("button").click()
    expect(opened.page.get_by_role("alert")).to_contain_text("503")
    expect(opened.page.locator(".pane")).to_have_count(1)
