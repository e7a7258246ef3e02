"""The study list in a real browser."""

import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Route, expect

from isocenter.web.viewer import STATIC

from .conftest import CT_STUDY, US_STUDY, ct_slice, generated

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """An archive to which no other file adds studies."""
    yield from generated(tmp_path_factory)


def test_begins_with_its_own_script_and_the_bundlers():
    assert (STATIC / "index.html").read_text().count('.js"') == 2


def test_shows_studies_newest_first_with_readable_names(view):
    view.list()
    names = view.page.locator(".row-name")
    expect(names).to_have_text(["Muster, Erika (山田 花子)", "Echo, Test", "Broken, Image", "Report, Only"])
    row = view.page.locator(".row").first
    expect(row).to_contain_text("7 Mar 2024")
    expect(row).to_contain_text("54 y · F")
    expect(row.locator(".badge")).to_have_text(["CT", "MR"])
    expect(row.locator(".cell-images")).to_have_text("25")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("muster eri", 1),
        ("MÜSTER", 1),
        ("花子", 1),
        ("P-002", 1),
        ("ACCP-003", 1),
        ("findings", 1),
        ("low dose", 1),
        ("p-002", 1),
        ("P-00", 4),
        ("nobody", 0),
    ],
)
def test_searches_name_id_accession_and_description(view, typed, found):
    view.list()
    view.page.keyboard.press("/")
    view.page.keyboard.type(typed)
    expect(view.page.locator(".row")).to_have_count(found)
    if not found:
        expect(view.page.get_by_role("heading", name="No study matches")).to_be_visible()
        view.page.get_by_role("button", name="Clear filters").click()
        expect(view.page.locator(".row")).to_have_count(4)


def test_filters_by_modality_and_date(view):
    view.list()
    view.page.get_by_label("Modality").select_option("US")
    expect(view.page.locator(".row-name")).to_have_text(["Echo, Test"])
    view.page.get_by_label("Modality").select_option("")
    view.page.get_by_role("radio", name="Today").click()
    expect(view.page.locator(".row")).to_have_count(0)
    view.page.get_by_role("radio", name="All").click()
    expect(view.page.locator(".row")).to_have_count(4)


def test_filters_by_institution_and_status(view):
    view.list()
    view.page.keyboard.press("f")
    view.page.keyboard.type("mary")
    expect(view.page.locator(".row-name")).to_have_text(["Report, Only"])
    view.page.reload()  # the address keeps it
    expect(view.page.get_by_label("Institution", exact=True)).to_have_value("mary")
    expect(view.page.locator(".row-name")).to_have_text(["Report, Only"])
    view.page.get_by_role("button", name="Institution and status").click()
    expect(view.page.locator(".row")).to_have_count(4)
    assert view.page.url == f"{view.archive.url}/"
    view.page.keyboard.press("f")
    view.page.get_by_label("Status", exact=True).select_option("With a report")
    expect(view.page.locator(".row-name")).to_have_text(["Report, Only"])
    assert view.page.url.endswith("/?status=report")


def test_sorts_by_a_column(view):
    view.list()
    view.page.get_by_role("button", name="Patient", exact=True).click()
    expect(view.page.locator(".row-name").first).to_have_text("Broken, Image")
    with view.page.expect_request(re.compile(r"/dicom-web/studies\?orderby=-PatientName&limit=50&offset=0")):
        view.page.get_by_role("button", name="Patient", exact=True).click()
    expect(view.page.locator(".row-name").first).to_have_text("Report, Only")
    view.page.reload()  # the address keeps it
    expect(view.page.locator(".row-name").first).to_have_text("Report, Only")
    assert view.page.url.endswith("/?orderby=-PatientName")


def test_columns_and_their_order_are_kept(view):
    view.page.goto(view.archive.url)
    heads = view.page.locator(".table-head .cell:visible")
    expect(heads).to_have_count(8)
    view.page.get_by_label("Columns", exact=True).first.click()
    view.page.get_by_role("checkbox", name="Birth date").uncheck()
    view.page.get_by_role("button", name="Description", exact=True).click()
    view.page.goto(f"{view.archive.url}/viewer")
    view.page.goto(view.archive.url)
    expect(heads).to_have_count(7)
    expect(view.page.get_by_role("columnheader", name="Description")).to_have_attribute("aria-sort", "ascending")
    expect(view.page.locator(".row .cell-birth:visible")).to_have_count(0)
    view.page.get_by_label("Columns", exact=True).first.click()
    view.page.get_by_role("checkbox", name="Birth date").check()
    expect(heads).to_have_count(8)


def test_opens_with_the_keyboard_and_comes_back_to_the_same_row(view):
    view.list()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        view.page.keyboard.press(key)
    view.page.wait_for_url(re.compile("/viewer"))
    view.settled()
    expect(view.page.locator(".study-title")).to_contain_text("Echo, Test")
    view.page.get_by_role("button", name="Back to the study list").click()
    expect(view.page.locator('.row[aria-selected="true"] .row-name')).to_have_text("Echo, Test")


def test_other_studies_of_the_patient_are_listed_below_a_row(view):
    def study(uid, date, issuer, name="Muster^Erika"):
        values = {"0020000D": uid, "00080020": date, "00100020": "P-001", "00100021": issuer, "00081030": f"Of {date}"}
        row = {tag: {"vr": "LO", "Value": [value]} for tag, value in values.items()}
        return {**row, "00100010": {"vr": "PN", "Value": [{"Alphabetic": name}]}}

    own = study(CT_STUDY, "20240307", "HOME")
    others = [study("1.5", "20200101", "HOME"), study(US_STUDY, "20220101", "", "Beispiel^Erika")]
    answers = {"StudyInstanceUID": [own], "PatientID": [own, *others, study("1.7", "20210101", "AWAY")]}
    for key, rows in answers.items():
        view.page.route(f"**/dicom-web/studies?{key}=*", lambda route, _request, rows=rows: route.fulfill(json=rows))
    view.list()
    names = view.page.locator(".row-name")
    view.page.get_by_role("button", name="Other studies of the patient").first.click()
    below = view.page.locator('.row[aria-level="2"]')
    expect(below.locator(".cell-description")).to_have_text(
        ["Of 20220101", "Of 20200101"]
    )  # not those of AWAY's patient
    expect(below.locator(".row-name").first.get_by_label("Another name")).to_be_visible()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowLeft", "ArrowLeft"):  # into the second, back up, and close
        view.page.keyboard.press(key)
    expect(names).to_have_count(4)
    for key in ("ArrowRight", "ArrowDown"):
        view.page.keyboard.press(key)
    expect(below.locator(".cell-description")).to_have_count(2)
    expect(below.first).to_have_attribute("aria-selected", "true")
    view.page.keyboard.press("Enter")
    view.page.wait_for_url(re.compile(f"StudyInstanceUIDs={US_STUDY}"), timeout=8000)


def test_asks_for_rows_before_scripts_and_for_the_viewer_after_rows(view):
    asked: list[str] = []
    held: list[Route] = []
    view.page.on("request", lambda request: asked.append(request.url))
    view.page.route("**/dicom-web/studies?limit=50&offset=0", lambda route: held.append(route))
    view.page.goto(view.archive.url)
    expect(view.page.get_by_label("Loading studies")).to_be_visible()
    view.page.evaluate("new Promise((done) => requestIdleCallback(() => requestIdleCallback(done)))")
    assert not [url for url in asked if "viewer-page" in url or "adapter" in url]
    assert len(held) == 1
    with view.page.expect_request(re.compile("viewer-page")):
        held[0].continue_()
    expect(view.page.locator(".row")).to_have_count(4)
    assert len([url for url in asked if "/dicom-web/studies?" in url]) == 1


def test_empty_archive_says_where_to_send_and_shows_arrivals(browser, empty_archive, tmp_path):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(empty_archive.url)
    expect(page.get_by_role("heading", name="The archive is empty")).to_be_visible()
    expect(page.locator(".address")).to_contain_text(re.compile(r"ISOCENTER@127\.0\.0\.1:\d+"))
    ct_slice(1).save_as(tmp_path / "1.dcm", enforce_file_format=True)
    empty_archive.take(tmp_path / "1.dcm")
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator(".row")).to_have_attribute("data-fresh", "true")
    page.close()


def test_says_when_the_archive_cannot_be_reached_and_tries_again(view):
    view.page.route("**/dicom-web/studies?*", lambda route: route.abort())
    view.list()
    expect(view.page.get_by_role("alert")).to_contain_text("cannot be reached")
    view.page.unroute("**/dicom-web/studies?*")
    view.page.get_by_role("button", name="Try again").click()
    expect(view.page.locator(".row")).to_have_count(4)


def test_thousands_of_rows_are_drawn_in_part_only(view):
    study = {"0020000D": {"vr": "UI", "Value": ["1"]}, "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Many^One"}]}}
    asked: list[str] = []

    def answer(route):
        asked.append(route.request.url)
        first = int(re.search(r"offset=(\d+)", route.request.url).group(1))
        rows = [{**study, "0020000D": {"vr": "UI", "Value": [f"1.{n}"]}} for n in range(first, min(first + 200, 5000))]
        route.fulfill(json=rows, content_type="application/dicom+json")

    view.page.route("**/dicom-web/studies?*", answer)
    view.list()
    expect(view.page.locator(".list-footer")).to_contain_text("200+ studies")
    assert view.page.locator(".row").count() < 60
    view.page.locator(".table").press("End")
    expect(view.page.locator(".list-footer")).to_contain_text("400+ studies")
    assert view.page.locator(".row").count() < 60
    assert any("offset=200" in url for url in asked)


def test_more_studies_than_a_page_are_bounded_by_a_day_until_all_are_asked_for(view):
    today = datetime.now().astimezone().date()
    days = [f"{today - timedelta(days=n // 10):%Y%m%d}" for n in range(500)]

    def answer(route):
        query = parse_qs(urlsplit(route.request.url).query)
        since = query.get("StudyDate", ["-"])[0].rstrip("-")
        first, limit = (int(query[name][0]) for name in ("offset", "limit"))
        found = [(number, day) for number, day in enumerate(days) if day >= since][first : first + limit]
        rows = [
            {"0020000D": {"vr": "UI", "Value": [f"1.{n}"]}, "00080020": {"vr": "DA", "Value": [d]}} for n, d in found
        ]
        route.fulfill(json=rows, content_type="application/dicom+json")

    view.page.route("**/dicom-web/studies?*", answer)
    view.page.route("**/api/statistics", lambda route: route.fulfill(json={"studies": 500}))
    view.list()
    counted = view.page.locator(".list-count")
    expect(counted).to_have_text("Studies of the last month · 200 of 500 studies Show all")
    for _ in range(2):
        view.page.locator(".table").press("End")
        expect(counted).to_contain_text("310 of 500 studies")
    expect(view.page.get_by_role("radio", name="All")).to_have_attribute("aria-checked", "false")
    view.page.get_by_role("button", name="Show all").click()
    expect(counted).to_have_text("200 of 500 studies")
    for number in (400, 500):
        view.page.locator(".table").press("End")
        expect(counted).to_contain_text(f"{number}")
    assert view.page.url.endswith("/?date=all")


def test_other_systems_open_studies(view):
    """By the addresses of IHE Invoke Image Display; what is not there is said."""
    view.page.goto(f"{view.archive.url}/IHEInvokeImageDisplay?requestType=PATIENT&patientID=P-002%5E%5E%5EHOME")
    view.page.wait_for_url(re.compile(f"/viewer\\?StudyInstanceUIDs={US_STUDY}"))
    view.settled()
    view.page.goto(f"{view.archive.url}/viewer?requestType=STUDY&accessionNumber=ACCP-009")
    expect(view.page.get_by_role("alert")).to_contain_text("The archive holds no study that this address asks for.")
    view.page.goto(f"{view.archive.url}/IHEInvokeImageDisplay?requestType=PATIENT")
    expect(view.page.get_by_role("alert")).to_contain_text("has no valid patientID")
    view.page.get_by_role("link", name="To the study list").click()
    expect(view.page.locator(".row")).to_have_count(4)


def test_phone(phone):
    phone.list()
    expect(phone.page.locator(".row").first).to_be_visible()
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    phone.page.locator(".row").first.tap()
    phone.page.wait_for_url(re.compile("/viewer"))
