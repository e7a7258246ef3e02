"""Fingers on a phone: two zoom, three change the window, one is the chosen tool."""

import math
import time

import pytest
from playwright.sync_api import expect

from .conftest import CT_STUDY, View, forget_measurements

pytestmark = pytest.mark.browser


def touch(view: View, *fingers: tuple[tuple[float, float], tuple[float, float]]) -> None:
    """Put fingers on the picture, move each from a place to another (in pixels from its middle), and lift them."""
    session = view.page.context.new_cdp_session(view.page)
    box = view.page.locator(".pane-surface").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def points(share: float) -> list[dict[str, float]]:
        return [
            {"x": x + a[0] + (b[0] - a[0]) * share, "y": y + a[1] + (b[1] - a[1]) * share, "id": index}
            for index, (a, b) in enumerate(fingers)
        ]

    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points(0)})
    for step in range(1, 6):
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": points(step / 5)})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_fingers_zoom_window_and_scroll(phone: View) -> None:
    phone.study(CT_STUDY)

    def width() -> float:
        left, right = (phone.page.evaluate(f"window.__isocenter.pixelToPane({column}, 30)") for column in (10, 70))
        return math.dist(left, right)

    before = width()
    touch(phone, ((-40, 0), (-80, 0)), ((40, 0), (80, 0)))
    assert width() == pytest.approx(2 * before, rel=0.1)
    corner = phone.page.locator(".corner-bl")
    expect(corner).to_contain_text("W 400 L 40")
    touch(phone, *(((dx, 0), (dx + 50, 0)) for dx in (-60, 0, 60)))
    expect(corner).not_to_contain_text("W 400 L 40")
    phone.page.keyboard.press("s")
    index = phone.summary()["index"]
    touch(phone, ((0, -60), (0, 60)))
    phone.settled()
    assert phone.summary()["index"] != index


def tap_twice(view: View, at: dict[str, float]) -> None:
    """Tap a place of the page twice, a tenth of a second apart by the events' own clock."""
    session, now = view.page.context.new_cdp_session(view.page), time.time()
    for number, kind in enumerate(("touchStart", "touchEnd") * 2):
        points = [at] if kind == "touchStart" else []
        session.send(
            "Input.dispatchTouchEvent", {"type": kind, "touchPoints": points, "timestamp": now + number * 0.05}
        )


def test_two_taps_on_the_text_of_an_arrow_change_it(phone: View) -> None:
    forget_measurements(phone.archive)
    phone.study(CT_STUDY)
    field, arrow = phone.page.get_by_label("Text of the arrow"), phone.page.locator(".measurement[data-kind=arrow]")
    phone.page.keyboard.press("Shift+j")
    phone.page.locator(".pane[data-measuring=ready]").wait_for()
    touch(phone, ((0, -40), (0, -40)))
    field.fill("Left")
    field.press("Enter")
    expect(arrow).to_have_text("Left")
    phone.page.keyboard.press("s")
    box = arrow.locator(".measure-box").bounding_box()
    assert box is not None
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    phone.page.evaluate("window.doubled = false, addEventListener('dblclick', () => { window.doubled = true; })")
    tap_twice(phone, at)
    field.fill("Right")
    field.press("Enter")
    expect(arrow).to_have_text("Right")
    phone.page.set_viewport_size({"width": 1280, "height": 800})
    phone.page.keyboard.press("Shift+l")
    phone.page.locator('[data-place="2x2"]').click()
    panes = phone.page.locator(".pane:visible")
    expect(panes).to_have_count(4)
    tap_twice(phone, {"x": 300, "y": 200})
    expect(panes).to_have_count(1)
    assert phone.page.evaluate("window.doubled") is False  # else the browser would tell it a second time
    forget_measurements(phone.archive)
