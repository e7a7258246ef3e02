"""The interface: commands found by words, keys that a user sets, high contrast, clear letters, a whole title."""

import json
import re

import pytest
from playwright.sync_api import expect

from .conftest import CT_STUDY, View

pytestmark = pytest.mark.browser


def test_commands_keys_and_theme(view: View) -> None:
    """Ctrl+K finds and runs; a key that is set works, also after a reload; the theme changes the colours."""
    view.study(CT_STUDY)
    page = view.page
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search commands").fill("flip left")
    expect(page.locator(".command-list button")).to_have_count(1)
    expect(page.locator(".command-list kbd")).to_have_text("H")
    before = view.edges().split()
    page.keyboard.press("Enter")
    expect(page.locator(".edge-left")).to_have_text(before[1])
    page.keyboard.press("h")
    expect(page.locator(".edge-left")).to_have_text(before[3])

    page.keyboard.press("Control+,")
    page.get_by_role("button", name="Key of: Flip left to right").click()
    page.keyboard.press("w")
    expect(page.get_by_role("button", name="Key of: Flip left to right")).to_have_text("W")
    expect(page.get_by_role("button", name="Key of: Window/level")).to_have_text("None")
    page.get_by_label("Theme").select_option("contrast")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(0, 0, 0)"
    page.reload()
    view.settled()
    assert page.evaluate("document.documentElement.dataset.theme") == "contrast"
    page.keyboard.press("w")
    expect(page.locator(".edge-left")).to_have_text(before[1])
    page.keyboard.press("Control+,")
    page.get_by_role("combobox", name="Keys").select_option("ohif")
    page.get_by_role("button", name="Undo all changes of keys").click()
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    expect(page.locator('[data-command="window.invert"]')).to_have_attribute("aria-pressed", "true")


def test_the_title_has_room_and_letters_are_clear_of_text(view: View) -> None:
    """At 1280 px name and description are whole; in a pane of 200 px no letter lies on a line of a corner."""
    view.study(CT_STUDY)
    page = view.page
    cut = "(e) => e.scrollWidth > e.clientWidth"
    assert not page.locator(".study-under").evaluate(cut)
    assert not page.locator(".study-name strong").evaluate(cut)
    page.evaluate("document.querySelector('.panes').style.cssText = 'width: 200px; height: 300px'")
    page.wait_for_function("document.querySelector('.overlay').clientWidth < 210")
    page.wait_for_function(
        """() => { const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
                   const box = (e) => { const range = document.createRange(); range.selectNodeContents(e);
                                        return range.getBoundingClientRect(); };
                   const lines = [...document.querySelectorAll('.corner > div')].map(box).filter((r) => r.width > 0);
                   const letters = [...document.querySelectorAll('.edge')].map(box);
                   return letters.every((letter) => !lines.some((line) => meets(letter, line))); }"""
    )


def test_the_language_is_chosen(view: View) -> None:
    """German in the settings is German in the toolbar at once, and in the study list afterwards."""
    view.study(CT_STUDY)
    page = view.page
    page.keyboard.press("Control+,")
    page.get_by_label("Language").select_option("de")
    expect(page.get_by_role("heading", name="Einstellungen")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Zurück zur Studienliste")).to_be_visible()
    expect(page.get_by_role("button", name="Messen")).to_be_visible()
    view.list()
    expect(page.get_by_placeholder("Name, ID, Auftragsnummer, Beschreibung")).to_be_visible()
    expect(page.locator(".list-footer")).to_contain_text("Studien")
    assert page.evaluate("document.documentElement.lang") == "de"


def test_mouse_names_neighbours_and_links(view: View) -> None:
    """The mouse of RadiAnt, wheel and level the other way, no name anywhere, the next study, a link to a picture."""
    view.study(CT_STUDY)
    page = view.page
    page.keyboard.press("Control+,")
    page.get_by_label("Mouse").select_option("radiant")
    page.get_by_label("The wheel scrolls the other way").check()
    page.get_by_label("Dragging up darkens").check()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save keys as JSON").click()
    keys = json.loads(saved.value.path().read_text()) | {"changed": {"window.invert": ["w"]}}
    page.get_by_label("Read keys from JSON…").set_input_files(
        {"name": "keys.json", "mimeType": "application/json", "buffer": json.dumps(keys).encode()}
    )
    expect(page.get_by_role("button", name="Key of: Invert, W")).to_be_visible()
    page.keyboard.press("Escape")
    index = int(view.summary()["index"])  # type: ignore[call-overload]
    page.mouse.wheel(0, 100)
    page.wait_for_function(f"() => window.__isocenter.summary().index === {index - 1}")
    view.drag(0, 60)
    page.wait_for_function(f"() => window.__isocenter.summary().index > {index - 1}")
    level = float(view.corner("bl").partition(" L ")[2].split()[0])
    view.drag(0, -40, button="middle")
    assert float(view.corner("bl").partition(" L ")[2].split()[0]) > level

    expect(page.locator(".study-name")).to_contain_text("Muster")
    card = page.locator(".rail .card", has_text="Head of")
    expect(card).to_contain_text("MUSTER, P-001")
    page.get_by_role("button", name="Hide or show who the patient is").click()
    expect(page.locator(".corner-tl")).to_have_text("54 y · F")
    expect(card).to_contain_text("Head of …, …")
    written = page.locator("body").inner_html().lower()
    assert [each for each in ("muster", "erika", "p-001") if each in written] == []

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Export", exact=True).click()
    page.locator('.menu [data-command="link.copy"]').click()
    expect(page.locator(".page-note")).to_have_text("The link is copied")
    link = page.evaluate("navigator.clipboard.readText()")
    instance, said = view.summary()["SOPInstanceUID"], view.corner("bl")
    assert "Muster" not in link
    page.goto(link)
    view.settled()
    assert view.summary()["SOPInstanceUID"] == instance
    expect(page.locator(".corner-bl")).to_have_text(re.compile(re.escape(re.search(r"W \S+ L \S+", said)[0])))  # type: ignore[index]

    page.keyboard.press("Control+ArrowRight")
    page.wait_for_function(f"() => !location.search.includes('={CT_STUDY}&')")
    page.locator('.pane[data-status="ready"], [data-testid=document], .failed').first.wait_for()
    page.keyboard.press("Control+ArrowLeft")
    page.wait_for_function(f"() => location.search.includes('{CT_STUDY}')")
