"""Everything outside the pictures for people who do not see or use a mouse, and in another language.

Names are those that Chromium's accessibility tree computes. The walk is in German: what is English in it has been
forgotten. (The canvas itself is described by the polite status.)
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import CT_STUDY, Archive, View, forget_measurements, looking

pytestmark = pytest.mark.browser

LANGUAGES = Path(__file__).parents[2] / "viewer/src/languages"
INTERACTIVE = {
    "button", "checkbox", "combobox", "link", "listbox", "menuitem", "menuitemcheckbox", "menuitemradio", "option",
    "radio", "searchbox", "slider", "spinbutton", "switch", "tab", "textbox",
}  # fmt: skip
# What the keys open; each is looked at and closed again.
PANELS = ["g", "q", "u", "m", "Shift+v", "Shift+l", "Control+k", "Control+,", "Shift+?"]


@pytest.fixture
def german(browser: Browser, archive: Archive) -> Iterator[View]:
    """Return a page for somebody whose browser speaks German."""
    forget_measurements(archive)
    with looking(browser, archive, locale="de-AT") as shown:
        yield shown


def tree(page: Page) -> list[tuple[str, str]]:
    """Role and name of what assistive programs are told."""
    client = page.context.new_cdp_session(page)
    nodes = client.send("Accessibility.getFullAXTree")["nodes"]
    client.detach()
    told = [node for node in nodes if not node["ignored"]]
    return [(node["role"]["value"], node.get("name", {}).get("value", "").strip()) for node in told]


def forgotten() -> set[str]:
    """English texts that no German text is like."""
    german = json.loads((LANGUAGES / "de.json").read_text())
    return {key for key, text in german.items() if key != text} - set(german.values())


def check(page: Page, where: str) -> None:
    """Every control has a name, and nothing is English; attributes (key G) keep the names of the standard."""
    told = tree(page)
    assert [role for role, name in told if role in INTERACTIVE and not name] == [], where
    assert where == "g" or {name for _, name in told} & forgotten() == set(), where


def focus_is_seen(page: Page, stops: int) -> int:
    """Go through the page by Tab; each stop has an outline. Return how many different stops there were."""
    seen = set()
    for _ in range(stops):
        page.keyboard.press("Tab")
        name, seen_how = page.evaluate(
            """() => { const e = document.activeElement, style = getComputedStyle(e);
                       const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
                       const around = e.parentElement && e.parentElement.matches(':focus-within')
                         && getComputedStyle(e.parentElement).borderColor !== 'rgb(31, 37, 46)';
                       return [e.outerHTML.slice(0, 120), e === document.body || ring || around]; }"""
        )
        assert seen_how, name
        seen.add(name)
    return len(seen)


def test_every_control_has_a_name_in_german(german: View) -> None:
    """The list, the viewer, each panel, the menus: named, in German, with a language and a visible focus."""
    page = german.page
    german.list()
    assert page.evaluate("document.documentElement.lang") == "de"
    check(page, "list")
    assert focus_is_seen(page, 8) > 4
    expect(page.locator(".row").first).to_contain_text("7. März 2024")
    page.locator(".list-link").click()
    page.locator("dialog").wait_for()
    check(page, "jobs")
    german.study(CT_STUDY)
    check(page, "viewer")
    for key in PANELS:
        page.keyboard.press(key)
        page.evaluate("new Promise((done) => requestIdleCallback(done, { timeout: 1000 }))")
        check(page, key)
        page.keyboard.press("Escape" if page.locator("dialog, .menu").count() else key)
    for button in page.locator(".viewer-head [aria-haspopup=menu]:visible").all():
        button.click()
        check(page, button.inner_text())
        page.keyboard.press("Escape")
    german.settled()


def test_images_and_windows_are_told_politely(view: View) -> None:
    """What a pane shows is in a polite status once it rests; controls are named and focus is seen in English, too."""
    view.study(CT_STUDY)
    page = view.page
    told = page.get_by_test_id("announced")
    expect(told).to_have_attribute("aria-live", "polite")
    expect(told).to_contain_text("Image")
    page.keyboard.press("Home")
    expect(told).to_contain_text("Image 1 / 24")
    page.keyboard.press("ArrowDown")
    expect(told).to_contain_text("Image 2 / 24")
    page.keyboard.press("3")
    expect(told).to_contain_text("W 1500 L -600")
    assert [role for role, name in tree(page) if role in INTERACTIVE and not name] == []
    page.locator(".viewer-head button").first.focus()
    assert focus_is_seen(page, 6) > 4


def test_menus_are_walked_by_keys_and_give_the_focus_back(view: View) -> None:
    """The space bar opens a menu from its button, arrows lead through it, Escape closes it; dialogs do the same."""
    view.study(CT_STUDY)
    page = view.page
    button = page.get_by_role("button", name="View", exact=True)
    button.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press(" ")
    entries = page.get_by_role("menu", name="Rotate, flip, fit").get_by_role("menuitem")
    expect(entries.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(entries.nth(1)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    expect(entries.last).to_be_focused()
    page.keyboard.press("Escape")
    expect(entries).to_have_count(0)
    expect(button).to_be_focused()
