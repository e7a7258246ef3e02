"""Write ``docs/fidelity.md``: what the viewer shows of real series against what was read from their files.

usage: python tools/make_fidelity.py        needs Chromium, the built viewer and the folder of ``ISOCENTER_TEST_DATA``
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = "tests/viewer/test_fidelity.py"
HEAD = """# Fidelity of the viewer

<!-- Made by `python tools/make_fidelity.py`; do not edit. -->

For every series of the real test data with volumes, difficult geometry or moving pictures: what the viewer says in
a browser, against what pydicom and numpy read from the files (`tests/viewer/fidelity.py`, without any code of the
product) and, for the series that has one, against the NIfTI volume that dcm2niix made of it (value at the same
place of the patient and the same time). Compared are the first, middle and last picture, at three pixels each: the
value under the pointer (in HU, SUV, RGB or what the file says), the place in the patient (LPS), the letters at the
four sides, the order of all pictures, and a length that is drawn across the picture. Of volumes, in series over
time of each of their phases, also the values in the three planes, and in two that were turned about the third, against
trilinear interpolation by numpy. The numbers are the greatest differences.

A value may differ by the rounding of its last digit, and by 2 where lossy JPEG is decoded by different programs; a
place by 0.001 mm; a length by the rounding of its last digit (0.06); a value in a plane by 0.6 or 0.2 %. Order and
letters must be equal.

"""


def main() -> int:
    """Run the comparison and write the page; return the exit code of the tests."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table.md"
        command = [sys.executable, "-m", "pytest", "-q", "-x", "--reruns", "0", "--timeout", "1200", str(ROOT / TESTS)]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "ISOCENTER_FIDELITY_TABLE": str(table)}, check=False
        )
        if done.returncode == 0 and table.exists():
            (ROOT / "docs" / "fidelity.md").write_text(HEAD + table.read_text("utf-8"), "utf-8")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
