"""The docs say what is there: derived pages are up to date, links lead somewhere, every setting is explained."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def test_derived_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_docs.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8"))
    missing = [t for t in targets if not (page.parent / t).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_files_named_in_the_docs_exist(page: Path) -> None:
    named = re.findall(r"`((?:src|tests|docs|tools|bench|viewer)/[\w./-]+)`", page.read_text(encoding="utf-8"))
    missing = sorted({n for n in named if not (ROOT / n).exists()})
    assert not missing


def test_tests_named_in_the_docs_exist() -> None:
    page = (ROOT / "docs" / "deidentification.md").read_text(encoding="utf-8")
    named = sorted(set(re.findall(r"`([\w/]+)::(test_\w+)`", page)))
    assert len(named) > 80
    missing = []
    for module, name in named:
        path = ROOT / "tests" / (module if "/" in module else f"deid/{module}")
        if f"\ndef {name}(" not in path.with_suffix(".py").read_text(encoding="utf-8"):
            missing.append(f"{module}::{name}")
    assert missing == []


MATRIX = (ROOT / "docs" / "viewer-matrix.md").read_text(encoding="utf-8")
GUIDE = "".join((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("user-guide", "guide"))
#: Keys as the guide writes them, where commands have other names for them.
KEYS = {
    "Del": "Delete", "Esc": "Escape", "PgUp": "PageUp", "PgDn": "PageDown",
    "\u2191": "ArrowUp", "\u2193": "ArrowDown", "\u2190": "ArrowLeft", "\u2192": "ArrowRight",
}  # fmt: skip


def test_tests_named_in_the_viewer_matrix_exist() -> None:
    """A name is that of a file, of a test in it, or of a test in the file named last; bad input has its own."""
    missing, count = [], 0
    for row in re.findall(r"^\| .*", MATRIX, re.MULTILINE):
        module = "test_bad_input" if "## Bad input" in MATRIX.partition(row)[0] else ""
        for named, test in re.findall(r"`(test_\w+)?(?:`?::(test_\w+))?`?", row):
            if (ROOT / "tests" / "viewer" / f"{named}.py").exists():
                module = named
            elif named:
                test = named
            path, count = ROOT / "tests" / "viewer" / f"{module}.py", count + bool(named or test)
            if test and not (path.exists() and f"\ndef {test}(" in path.read_text(encoding="utf-8")):
                missing.append(f"{module}::{test}")
    assert missing == []
    assert count > 100


def test_the_viewer_matrix_names_the_pictures_of_the_contact_sheet() -> None:
    tool = (ROOT / "tools" / "contact_sheet.py").read_text(encoding="utf-8")
    rows = re.findall(r"^ {4}Row\(\s*\"(\w+)\"", tool, re.MULTILINE)
    cells = re.findall(r"^\| (?!\*\*|feature).* \| ([\w, \u2013]+) \|$", MATRIX.partition("## Basic")[0], re.MULTILINE)
    named = {name for cell in cells for name in re.findall(r"\w+", cell)}
    assert named - set(rows) == set()
    assert set(rows) - named == set()
    assert len(rows) == len(set(rows))
    (guide,) = re.findall(r"^GUIDE = \((.*?)^\)", tool, re.MULTILINE | re.DOTALL)
    pictures = {path.stem.removeprefix("guide-") for path in (ROOT / "docs" / "images").glob("guide-*.jpg")}
    assert set(re.findall(r"\w+", guide)) == pictures == set(re.findall(r"\(images/guide-(\w+)\.jpg\)", GUIDE))


def commands() -> dict[str, list[str]]:
    """Return the commands of the viewer with their keys, as the guide writes letters."""
    source = (ROOT / "viewer" / "src" / "core" / "commands.ts").read_text(encoding="utf-8")
    rows = re.findall(r"\{ name: '([\w.]+)', .* keys: \[(.*)\] \},", source)
    return {name: [spelled(key) for key in re.findall(r"'([^']+)'", keys)] for name, keys in rows}


def spelled(key: str) -> str:
    """Return a key as commands have it, letters large."""
    head, plus, last = key.rpartition("+") if len(key) > 1 else ("", "", key)
    return head + plus + KEYS.get(last, last.upper() if len(last) == 1 else last)


def test_the_key_table_of_the_guide_has_every_key_of_the_viewer() -> None:
    keys = commands()
    assert len(keys) > 120
    (table,) = re.findall(r"^\| Key \| \| Key .*\n\|-.*\n((?:\|.*\n)+)", GUIDE, re.MULTILINE)
    cells = [cell.strip() for row in table.splitlines() for cell in row.strip("|\n").split(" | ")[::2]]
    named = {spelled(key) for cell in cells for key in cell.replace("2\u20139", "2 3 4 5 6 7 8 9").split()}
    assert {found[0] for found in keys.values() if found} - named == set()
    assert named - {key for found in keys.values() for key in found} == set()


@pytest.mark.parametrize("page", [GUIDE, MATRIX], ids=["guide", "matrix"])
def test_keys_with_shift_or_ctrl_that_the_guide_names_are_there(page: str) -> None:
    named = re.findall(r"\b((?:(?:Shift|Ctrl)[ +])+)([A-Z,\u2190-\u2193])(?![\w'])", page)
    there = {key for found in commands().values() for key in found}
    wrong = {modifiers.replace(" ", "+") + spelled(key) for modifiers, key in named} - there
    assert len(named) > 40
    assert wrong == set()
