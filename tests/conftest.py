"""What every test may use: the folder of real data, free ports, and the rule for what this machine lacks.

Tests that need a foreign program or the real data are left out (not skipped) where those are missing, and the end of
the run says what to install; with ``ISOCENTER_FORBID_MISSING=1`` (continuous integration) that is a failure.
"""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("ISOCENTER_TEST_DATA", ROOT.parent / "shared" / "data"))
PACKAGES = {
    "storescu": "dcmtk", "echoscu": "dcmtk", "storescp": "dcmtk", "dcmdump": "dcmtk", "dcmsend": "dcmtk",
    "dciodvfy": "dicom3tools", "chromium": "chromium", "Orthanc": "orthanc", "orthanc": "orthanc",
}  # fmt: skip
STATIC = ROOT / "src" / "isocenter" / "web" / "static" / "index.html"

_left_out: dict[str, int] = {}


def _missing(item: pytest.Item) -> str | None:
    """Return what this test lacks here, or None."""
    for mark in item.iter_markers("peer"):
        for name in mark.args:
            if shutil.which(name) is None:
                return f"program {name}: apt-get install {PACKAGES.get(name, name)}"
    if item.get_closest_marker("browser"):
        if shutil.which("chromium") is None:
            return "program chromium: apt-get install chromium"
        if not STATIC.exists():
            return "the built viewer: make viewer"
    if item.get_closest_marker("real_data") and not DATA.is_dir():
        return f"real DICOM files in {DATA.name}/ (set ISOCENTER_TEST_DATA)"
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here, and remember it."""
    kept, dropped = [], []
    for item in items:
        reason = _missing(item)
        if reason is None:
            kept.append(item)
        else:
            dropped.append(item)
            _left_out[reason] = _left_out.get(reason, 0) + 1
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept
    fatal = {reason for reason in _left_out if "real DICOM files" not in reason}
    if fatal and os.environ.get("ISOCENTER_FORBID_MISSING") == "1":
        raise pytest.UsageError("this run may leave nothing out, but lacks " + "; ".join(sorted(fatal)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out and how to get it."""
    for reason, count in sorted(_left_out.items()):
        terminalreporter.write_line(f"left out {count} tests, which need {reason}", yellow=True)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of real DICOM files (tests marked ``real_data`` only)."""
    return DATA
