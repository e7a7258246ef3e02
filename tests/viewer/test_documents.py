"""Objects without a picture: reports are read, their images open beside them; PDFs show; the rest is a card."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, EncapsulatedPDFStorage, EnhancedSRStorage

from .conftest import ROOT, SR_STUDY, Archive, View, _file, _patient
from .test_mpr import bars
from .test_planes import take

pytestmark = pytest.mark.browser
STUDY = f"{ROOT}.50"
HOSTILE = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"


def code(meaning: str, value: str = "X") -> Dataset:
    dataset = Dataset()
    dataset.CodeValue, dataset.CodingSchemeDesignator, dataset.CodeMeaning = value, "99TEST", meaning
    return dataset


def item(kind: str, name: str, *below: Dataset) -> Dataset:
    dataset = Dataset()
    dataset.RelationshipType, dataset.ValueType, dataset.ConceptNameCodeSequence = "CONTAINS", kind, [code(name)]
    if below:
        dataset.ContentSequence = list(below)
    return dataset


def report() -> Dataset:
    """Return a report of the study of bars: text, a measurement, an image of the study and one that is elsewhere."""
    text = item("TEXT", "Finding")
    text.TextValue = f"Nothing of note. {HOSTILE}"
    value = Dataset()
    value.NumericValue, value.MeasurementUnitsCodeSequence = "12.5", [code("millimeter", "mm")]
    number = item("NUM", "Length")
    number.MeasuredValueSequence = [value]
    images = []
    for uid in (f"{STUDY}.1.7", "1.2.3.4"):
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = CTImageStorage, uid
        image = item("IMAGE", "Source")
        image.ReferencedSOPSequence = [reference]
        images.append(image)
    dataset = item("CONTAINER", "Chest CT report", item("CONTAINER", "Findings", text, number), *images)
    _file(dataset, EnhancedSRStorage, f"{STUDY}.2.1", STUDY, f"{STUDY}.2")
    _patient(dataset, "One^Slice", "P-050", "20240203", "Slab")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "SR", 2, 1
    dataset.ContentDate, dataset.ContentTime = "20240203", "111500"
    dataset.CompletionFlag, dataset.VerificationFlag = "COMPLETE", "UNVERIFIED"
    return dataset


@pytest.fixture
def opened(view: View, real_archive: Archive, tmp_path: Path) -> View:
    take(real_archive, tmp_path / "in", *(bars(n) for n in range(1, 12)), report())
    view.archive = real_archive
    view.study(STUDY, f"&SeriesInstanceUID={STUDY}.2")
    return view


def test_a_report_is_read(opened: View) -> None:
    shown = opened.page.locator(".report")
    expect(shown.get_by_role("heading", name="Chest CT report")).to_be_visible()
    expect(shown.get_by_role("heading", name="Findings")).to_be_visible()
    expect(shown).to_contain_text("3 Feb 2024 11:15 · Complete, not verified")
    expect(shown.locator('[data-key="1.1.1"]')).to_contain_text(HOSTILE)
    expect(shown.locator('[data-key="1.1.2"]')).to_contain_text("12.5 mm")
    expect(shown.locator('[data-key="1.3"]')).to_contain_text("not in the open study")
    assert opened.page.title() == "Isocenter viewer"
    # On paper it is whole, black on white, under whose it is; nowhere without.
    opened.page.evaluate("window.print = () => undefined")
    opened.page.keyboard.press("Control+Shift+p")
    expect(opened.page.get_by_role("alert")).to_contain_text("A report may name the patient")
    opened.page.keyboard.press("Control+p")
    paper = opened.page.locator(".print-sheet")
    paper.wait_for(state="attached")
    opened.page.emulate_media(media="print")
    expect(paper.locator("header").first).to_contain_text("One, Slice")
    expect(paper.locator('[data-key="1.1.2"]')).to_contain_text("12.5 mm")
    expect(paper.locator(".report article")).to_have_css("background-color", "rgb(255, 255, 255)")
    expect(paper.locator("button")).to_have_count(0)


def test_an_image_of_a_report_opens_beside_it(opened: View) -> None:
    opened.page.locator(".report-link").click()
    expect(opened.page.locator(".pane")).to_have_count(2)
    expect(opened.page.locator('.pane[data-status="ready"]')).to_have_count(1)
    assert opened.summary()["SOPInstanceUID"] == f"{STUDY}.1.7"
    expect(opened.page.locator(".report")).to_be_visible()


def test_a_pdf_is_shown(view: View, real_archive: Archive, tmp_path: Path) -> None:
    study = f"{ROOT}.75"
    dataset = _file(Dataset(), EncapsulatedPDFStorage, f"{study}.1.1", study, f"{study}.1")
    _patient(dataset, "Paper^Only", "P-051", "20240205", "Letter")
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "DOC", 1, 1
    dataset.DocumentTitle, dataset.MIMETypeOfEncapsulatedDocument = "Letter", "application/pdf"
    dataset.EncapsulatedDocument = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    take(real_archive, tmp_path / "in", dataset)
    view.archive = real_archive
    with view.page.expect_response("**/rendered") as answer:
        view.study(study)
    assert answer.value.headers["content-type"] == "application/pdf"
    expect(view.page.locator(".pdf iframe")).to_be_visible()
    expect(view.page.get_by_role("link", name="Open PDF")).to_be_visible()


def test_other_objects_say_what_they_are(view: View) -> None:
    view.study(SR_STUDY)
    expect(view.page.get_by_test_id("document")).to_contain_text("Enhanced SR Storage")
