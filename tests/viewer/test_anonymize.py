"""De-identification in a real browser: mark studies, look at header and boxes, approve, run, download."""

import io
import re
import zipfile
from urllib.request import Request, urlopen

import pydicom
import pytest
from playwright.sync_api import expect

from .conftest import get_json

pytestmark = pytest.mark.browser


def test_from_the_list_to_the_download(view):
    view.list()
    page = view.page
    page.get_by_label("Search").fill("Echo")
    expect(page.locator(".row")).to_have_count(1)
    page.keyboard.press("Escape")
    for key in ("ArrowDown", " "):
        page.keyboard.press(key)
    expect(page.get_by_role("group", name="Marked studies")).to_contain_text("1 marked")
    page.keyboard.press("a")
    page.get_by_label("Name", exact=True).fill("browser-trial")
    page.get_by_label("Profile").select_option("research")
    page.get_by_role("button", name="Make project").click()
    expect(page.get_by_role("radio", name="browser-trial")).to_be_checked()
    page.get_by_role("button", name="Preview").click()
    picture = page.locator(".box-editor svg")
    expect(page.locator(".series-item")).to_contain_text("set aside")
    page.get_by_role("tab", name="Header").click()
    row = page.locator(".header-table tr", has_text="Patient's Name")
    expect(row).to_contain_text("Echo^Test")
    expect(row).to_contain_text("DEIDENTIFIED^")
    expect(row).to_contain_text("replaced by a pseudonym (Table E.1-1: Z)")
    page.get_by_role("tab", name="Picture").click()
    expect(picture).to_be_visible()
    if page.locator(".blank-box").count():
        page.get_by_role("button", name="Delete all").click()
    edge = picture.bounding_box()
    page.mouse.move(edge["x"] + 2, edge["y"] + 2)
    page.mouse.down()
    page.mouse.move(edge["x"] + edge["width"] / 2, edge["y"] + edge["height"] / 4, steps=3)
    page.mouse.up()
    box = page.locator(".blank-box")
    expect(box).to_have_count(1)
    label = box.get_attribute("aria-label")
    box.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(box).not_to_have_attribute("aria-label", label)
    page.get_by_role("button", name="Add box").click()
    page.locator(".blank-box").nth(1).focus()
    page.keyboard.press("Delete")
    expect(box).to_have_count(1)
    width, height, left, top = map(int, re.findall(r"\d+", box.get_attribute("aria-label"))[1:])
    page.get_by_role("button", name="Approve 1 box").click()
    expect(page.locator(".series-item")).to_contain_text("approved: blanked")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("status")).to_contain_text("done")
    expect(page.locator(".job")).to_contain_text("1 written")
    with page.expect_download() as started:
        page.get_by_role("link", name="Download ZIP").click()
    with zipfile.ZipFile(started.value.path()) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith(".dcm")]
        written = pydicom.dcmread(io.BytesIO(archive.read(name)))
    assert written.PatientIdentityRemoved == "YES"
    assert written.BurnedInAnnotation == "NO"
    assert not written.pixel_array.reshape(-1, written.Rows, written.Columns, written.SamplesPerPixel)[
        :, top : top + height, left : left + width
    ].any()
    assert "Echo" not in str(written.PatientName)
    url = view.archive.url
    (job,) = [each for each in get_json(f"{url}/api/anonymization/jobs") if each["project"] == "browser-trial"]
    assert job["counts"] == {"output": 1, "unchanged": 0, "sequestered": 0, "rejected": 0, "left": 0}
    page.get_by_role("button", name="All jobs").click()
    expect(page.locator(".job-list")).to_contain_text("browser-trial")
    with urlopen(Request(f"{url}/api/anonymization/jobs/{job['id']}?confirm={job['id']}", method="DELETE")):
        pass
    assert not [j for j in get_json(f"{url}/api/anonymization/jobs") if j["id"] == job["id"]]
