"""Phones and tablets: nothing outside the screen, nothing too small for a finger, no text cut off without an ellipsis.

All that is seen of a page is measured, for each size with what it opens in: the list, the viewer, its menus, its
panels and dialogs. What opens is closed again by a finger.
"""

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import CT_STUDY, Archive, View, looking, write_measurements

pytestmark = pytest.mark.browser

FINGER = 39.5
"""Pixels that a control is wide and high at least (a browser rounds)."""
SIZES = {"standing": (390, 844), "lying": (844, 390), "tablet": (820, 1180)}
TABLETS = {"standing": (820, 1180), "lying": (1180, 820)}
#: Keys that open a panel, and what closes it by a finger.
PANELS = {
    "q": "Close the list",
    "u": "Close the structures",
    "g": "Close",
    "Control+k": "Close",
    "Control+,": "Close",
    "?": "Close",
}
MENUS = ("More", "Measure")
ELSEWHERE = ("layout.choose", "links", "view", "export")

WRONG = """(finger) => {
  const found = [];
  const top = [...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body;
  const name = ({ className, ariaLabel, textContent }) => `${className} ${ariaLabel ?? textContent}`;
  const seen = (one) => one.checkVisibility({ checkVisibilityCSS: true }) && !one.closest('.visually-hidden, svg');
  const scrolls = (one) => /auto|scroll/.test(getComputedStyle(one).overflow);
  const around = function* (element) {
    for (let one = element; one; one = getComputedStyle(one).position === 'fixed' ? null : one.parentElement) yield one;
  };
  if (document.scrollingElement.scrollWidth > screen.width) found.push('the page scrolls sideways');
  if (innerWidth > screen.width) found.push('the page is wider than the screen');
  for (const one of top.querySelectorAll('*'))
    if (seen(one) && scrolls(one) && one.scrollWidth > one.clientWidth + 1) found.push(`slides: ${name(one)}`);
  for (const control of top.querySelectorAll('button, a[href], input, select, [role=slider]')) {
    if (!seen(control)) continue;
    const { width, height } = (control.closest('label') ?? control).getBoundingClientRect();
    if (Math.min(width, height) < finger) found.push(`too small, ${width} x ${height}: ${name(control)}`);
    const { left, right, top: above, bottom } = control.getBoundingClientRect();
    const low = above < -1 || bottom > innerHeight + 1;
    const reached = [...around(control.parentElement)].some(scrolls);
    if (left < -1 || right > innerWidth + 1 || (low && !reached)) found.push(`outside: ${name(control)}`);
  }
  const texts = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode()); ) {
    if (!text.data.trim() || !seen(text.parentElement) || text.parentElement.closest('option')) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const { left, right, width } = range.getBoundingClientRect();
    for (const one of around(text.parentElement)) {
      const { overflow, textOverflow, webkitLineClamp } = getComputedStyle(one), box = one.getBoundingClientRect();
      if (textOverflow === 'ellipsis' || webkitLineClamp !== 'none' || scrolls(one) || width === 0) break;
      const out = left < box.left - 2 || right > box.right + 2;
      if (overflow !== 'visible' && out) found.push(`cut off: ${text.data.trim()}`);
    }
  }
  return found;
}"""


def check(page: Page, where: str) -> None:
    """Measure what is seen, once two pictures have been drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate(WRONG, FINGER) == [], where


def check_menus(page: Page) -> None:
    """The menus of the strip, and those that its last menu opens."""
    menu = page.locator(".menu")
    for name in MENUS:
        page.get_by_role("button", name=name, exact=True).tap()
        check(page, name)
        page.touchscreen.tap(5, 200)
        expect(menu).to_have_count(0)
    for name in ELSEWHERE:
        page.get_by_role("button", name="More", exact=True).tap()
        menu.locator(f'[data-command="{name}"], [data-menu="{name}"]').tap()
        expect(menu).to_have_count(1)
        check(page, name)
        page.touchscreen.tap(5, 200)
        expect(menu).to_have_count(0)


@pytest.mark.parametrize("size", SIZES)
def test_everything_fits_and_can_be_touched(browser: Browser, archive: Archive, size: str) -> None:
    width, height = SIZES[size]
    write_measurements(archive, CT_STUDY, [])
    with looking(browser, archive, width=width, height=height, has_touch=True, is_mobile=True) as view:
        walk(view)


def walk(view: View) -> None:
    """The list, the viewer, its menus and panels."""
    page = view.page
    view.list()
    check(page, "list")
    view.study(CT_STUDY)
    check(page, "viewer")
    check_menus(page)
    for key, close in PANELS.items():
        page.keyboard.press(key)
        button = page.get_by_role("button", name=close, exact=True)
        button.wait_for()
        check(page, key)
        button.tap()
        expect(button).to_have_count(0)


ALIGNED = """() => {
  const ends = (row) => [...row.querySelectorAll(':scope > .cell')].filter((one) => one.checkVisibility())
    .map((one) => Math.round(one.getBoundingClientRect().right));
  return [ends(document.querySelector('.table-head')), ends(document.querySelector('.row'))];
}"""


@pytest.mark.parametrize("size", TABLETS)
def test_planes_and_volumes_fit_a_tablet(browser: Browser, archive: Archive, size: str) -> None:
    width, height = TABLETS[size]
    with looking(browser, archive, width=width, height=height, has_touch=True, is_mobile=True) as view:
        page = view.page
        view.list()
        check(page, "list")
        head, row = page.evaluate(ALIGNED)
        assert head == row
        view.study(CT_STUDY)
        check(page, "viewer")
        page.keyboard.press("m")
        expect(page.locator(".pane")).to_have_count(3)
        expect(page.locator(".mpr-bar")).to_be_visible()
        check(page, "planes")
        boxes = [pane.bounding_box() for pane in page.locator(".pane").all()]
        assert min(box["width"] for box in boxes if box) > 300, "corner texts need room"
        page.keyboard.press("m")
        page.keyboard.press("Shift+V")
        expect(page.locator(".volume-canvas")).to_be_visible()
        check(page, "volume")
