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
