"""The list of measurements: results, jump, name, lock, hide, delete, export."""

import json
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from .conftest import CT_STUDY, View, get_json
from .test_measure import choose, drag

pytestmark = pytest.mark.browser
_CENTRES = "all => all.map((one) => [one.getAttribute('cx'), one.getAttribute('cy')])"


def test_what_was_measured_is_listed_and_can_be_worked_on(view: View, tmp_path: Path) -> None:
    view.study(CT_STUDY)
    choose(view, "d")
    drag(view, (20, 20), (50, 20))
    index = view.summary()["index"]
    view.page.keyboard.press("Home")
    view.settled()
    choose(view, "e")
    drag(view, (20, 30), (30, 40))
    view.page.keyboard.press("q")
    panel = view.page.get_by_label("List of measurements")
    rows = panel.locator("li")
    expect(rows).to_have_count(2)
    list_at, panes_at = panel.bounding_box(), view.page.locator(".panes").bounding_box()
    assert list_at
    assert panes_at
    assert panes_at["x"] + panes_at["width"] <= list_at["x"]
    expect(rows.first).to_contain_text("30.0 mm")
    expect(rows.last).to_contain_text("HU ±")
    expect(rows.last).to_contain_text("3 · Oblique 5.0, image 1 of 24")
    rows.first.locator(".measure-jump").click()
    view.settled()
    assert view.summary()["index"] == index
    rows.first.get_by_label("Name of Length").fill("Lesion <b>1</b>")
    rows.first.get_by_label("Name of Length").press("Enter")
    lesion = rows.first
    expect(lesion.get_by_label("Lock Lesion")).to_be_visible()
    lesion.get_by_label("Lock Lesion").click()
    expect(lesion.get_by_label("Delete Lesion")).to_be_disabled()
    lesion.get_by_label("Hide Lesion").click()
    expect(view.page.locator(".measurement[data-kind=length]")).to_have_count(0)
    lesion.get_by_label("Hide Lesion").click()
    expect(view.page.locator(".measurement[data-kind=length]")).to_have_count(1)
    with view.page.expect_download() as csv:
        panel.get_by_role("button", name="CSV").click()
    csv.value.save_as(tmp_path / "measurements.csv")
    assert "Lesion <b>1</b>,length,length," in (tmp_path / "measurements.csv").read_text()
    with view.page.expect_download() as exported:
        panel.get_by_role("button", name="JSON").click()
    exported.value.save_as(tmp_path / "measurements.json")
    kinds = [one["kind"] for one in json.loads((tmp_path / "measurements.json").read_text())]
    assert kinds == ["length", "ellipse"]
    panel.get_by_role("button", name="Sign").click()
    expect(panel.get_by_role("status")).to_have_text("Stored as a structured report in a new series")
    told = panel.locator(".measure-reported li")
    expect(told).to_have_count(2)
    expect(panel.locator("input[type=text]")).to_have_count(0)
    expect(told.first).to_contain_text("Length 30 mm")
    expect(told.first).to_contain_text("Lesion <b>1</b> · 3 · Oblique 5.0")
    assert get_json(f"{view.archive.url}/api/studies/{CT_STUDY}/measurements") == []
    expect(view.page.locator(".measurement[data-kind=reported]")).to_have_count(1)
    view.study(CT_STUDY)
    shown = view.page.locator(".measurement[data-kind=reported]")
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("Lesion <b>1</b>Length 30 mm")
    ends = [view.page.evaluate(f"window.__isocenter.pixelToPane({column}, 20)") for column in (20, 50)]
    handles = [(float(x), float(y)) for x, y in shown.locator("circle").evaluate_all(_CENTRES)]
    assert handles == [pytest.approx(end, abs=1.5) for end in ends]
    modalities = get_json(f"{view.archive.url}/dicom-web/studies/{CT_STUDY}/series?Modality=SR")
    assert isinstance(modalities, list)
    (report,) = modalities
    series = report["0020000E"]["Value"][0]
    url = f"{view.archive.url}/api/studies/{CT_STUDY}/series/{series}?confirm={series}"
    with urlopen(Request(url, method="DELETE")):
        pass
