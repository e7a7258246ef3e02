"""Fingers on a phone: two zoom, three change the window, one is the chosen tool."""

import math

import pytest
from playwright.sync_api import expect

from .conftest import CT_STUDY, View

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
