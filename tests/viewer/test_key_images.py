"""Key images: marked by one key, kept, shown alone, stored as an object and shown from it."""

from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Response, expect

from .conftest import CT_STUDY, View, get_json

pytestmark = pytest.mark.browser
PATH = f"/api/studies/{CT_STUDY}/key-images"


def written(response: Response) -> bool:
    return response.request.method == "PUT" and response.url.endswith("/key-images")


def toggle(view: View) -> None:
    with view.page.expect_response(written):
        view.page.keyboard.press("k")


def test_marked_kept_shown_alone_and_stored(view: View) -> None:
    page, badge = view.page, view.page.get_by_test_id("key-badge")
    view.study(CT_STUDY)
    first = view.summary()
    toggle(view)
    expect(badge).to_have_count(1)
    page.keyboard.press("PageUp")
    expect(badge).to_have_count(0)
    view.settled()
    second = view.summary()
    toggle(view)
    kept = get_json(view.archive.url + PATH)
    assert isinstance(kept, list)
    assert [one["SOPInstanceUID"] for one in kept] == [first["SOPInstanceUID"], second["SOPInstanceUID"]]
    view.study(CT_STUDY)
    expect(page.locator(".card-keys")).to_have_text("2")
    page.keyboard.press("Shift+k")
    expect(page.locator(".pane")).to_have_attribute("data-index", "1")
    view.settled()
    summary = view.summary()
    assert (summary["SOPInstanceUID"], summary["count"]) == (first["SOPInstanceUID"], 2)
    expect(page.locator(".card")).to_have_count(1)
    page.keyboard.press("Home")
    view.settled()
    assert view.summary()["SOPInstanceUID"] == second["SOPInstanceUID"]
    page.keyboard.press("End")
    page.get_by_label("Export", exact=True).click()
    page.locator("[data-command='key.store']").click()
    expect(page.locator(".page-note")).to_contain_text("key object selection")
    assert get_json(view.archive.url + PATH) == []
    page.keyboard.press("Shift+k")
    expect(page.locator(".card")).to_have_count(3)
    assert view.summary()["SOPInstanceUID"] == first["SOPInstanceUID"]
    expect(badge).to_have_count(1)
    page.keyboard.press("k")
    expect(page.locator(".page-note")).to_contain_text("stored selection")
    page.locator(".card").last.click()
    page.locator(".report-link").last.click()
    wanted = "(uid) => window.__isocenter.summary(1).SOPInstanceUID === uid"
    page.wait_for_function(wanted, arg=second["SOPInstanceUID"])
    expect(badge).to_have_count(1)
    (series,) = [one for one in _series(view) if one["00080060"]["Value"] == ["KO"]]
    uid = series["0020000E"]["Value"][0]
    address = f"{view.archive.url}/api/studies/{CT_STUDY}/series/{uid}?confirm={uid}"
    with urlopen(Request(address, method="DELETE")):
        pass


def _series(view: View) -> list[dict[str, dict[str, list[str]]]]:
    found = get_json(f"{view.archive.url}/dicom-web/studies/{CT_STUDY}/series")
    assert isinstance(found, list)
    return found
