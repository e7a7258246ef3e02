"""Measurements survive a reload: kept in the archive at once, shown again, merged between windows, failures said."""

import pytest
from playwright.sync_api import Response, expect

from .conftest import CT_STUDY, View, get_json
from .test_measure import choose, drag, place, texts

pytestmark = pytest.mark.browser


def saved(response: Response) -> bool:
    return response.request.method == "PUT" and response.url.endswith("/measurements")


def kept(view: View) -> list[dict]:
    answer = get_json(f"{view.archive.url}/api/studies/{CT_STUDY}/measurements")
    assert isinstance(answer, list)
    return answer


def test_what_was_measured_is_there_after_a_reload(view: View) -> None:
    view.study(CT_STUDY)
    choose(view, "d")
    with view.page.expect_response(saved):
        drag(view, (20, 20), (50, 20))
    (draft,) = kept(view)
    assert (draft["kind"], draft["image"]["SeriesInstanceUID"]) == ("length", f"{CT_STUDY}.1")
    assert draft["values"][0]["quantity"] == "length"
    assert draft["values"][0]["value"] == pytest.approx(30, abs=0.3)
    view.study(CT_STUDY)
    expect(view.page.locator(".measurement[data-kind=length]")).to_have_count(1)
    assert texts(view, "length") == ["30.0 mm"]
    choose(view, "d")
    with view.page.expect_response(saved):
        drag(view, (20, 40), (50, 40))
    with view.page.expect_response(saved):
        view.page.keyboard.press("Control+z")
    view.page.keyboard.press("Control+z")
    expect(view.page.locator(".measurement[data-kind=length]")).to_have_count(1)
    assert [one["id"] for one in kept(view)] == [draft["id"]]


def test_two_windows_do_not_overwrite_each_other(view: View) -> None:
    view.study(CT_STUDY)
    choose(view, "d")
    with view.page.expect_response(saved):
        drag(view, (20, 20), (50, 20))
    other = View(view.page.context.new_page(), view.archive)
    other.study(CT_STUDY)
    expect(other.page.locator(".measurement")).to_have_count(1)
    choose(other, "d")
    with other.page.expect_response(saved):
        drag(other, (20, 40), (40, 40))
    with view.page.expect_response(lambda answer: saved(answer) and answer.status == 204):
        drag(view, (20, 50), (60, 50))
    expect(view.page.locator(".measurement")).to_have_count(3)
    assert len(kept(view)) == 3
    assert other.errors == []


def test_a_failure_is_said_and_tried_again(view: View) -> None:
    view.study(CT_STUDY)
    choose(view, "d")
    view.page.route("**/measurements", lambda route: route.abort())
    drag(view, (20, 20), (50, 20))
    expect(view.page.get_by_test_id("save-note")).to_contain_text("not saved: The archive cannot be reached")
    view.page.unroute("**/measurements")
    expect(view.page.get_by_test_id("save-note")).to_have_count(0)
    assert len(kept(view)) == 1
    assert place(view, (20, 20))
