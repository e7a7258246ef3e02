"""De-identification of 512 KiB CT and 33 KiB MR files: ours, dicognito and a plain copy, alternating in one run.

    python -m bench.deid [--dicognito PYTHON]      PYTHON: an interpreter that has dicognito installed

Each side reads files from the page cache and writes new ones, in one process.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.data import CT, MR, Kind, series_folders
from isocenter.cli.anonymizer import Job, run_all
from isocenter.cli.sources import find_candidates
from isocenter.deid import Project, policy

ROUNDS = 5
#: What dicognito's own command does for each file, without its summary.
DICOGNITO = """
import sys, time, pathlib, pydicom
from dicognito.anonymizer import Anonymizer
files, out = sorted(pathlib.Path(sys.argv[1]).glob("*.dcm"))[:int(sys.argv[3])], pathlib.Path(sys.argv[2])
anonymizer = Anonymizer()
started = time.perf_counter()
for number, file in enumerate(files):
    with pydicom.dcmread(file, force=False) as ds:
        anonymizer.anonymize(ds)
        ds.save_as(out / f"{number}.dcm", enforce_file_format=True)
print(len(files) / (time.perf_counter() - started))
"""


def ours(folder: Path, out: Path, project: Path) -> float:
    """Return files per second, profile research, reports not counted."""
    inputs = list(find_candidates([folder]))
    job = Job((folder,), project, policy("research"), out)
    started = time.perf_counter()
    written = sum(outcome.outcome == "output" for outcome in run_all(job, inputs, 1))
    return written / (time.perf_counter() - started)


def copy(folder: Path, out: Path) -> float:
    """Return files per second of a plain copy."""
    files = sorted(folder.glob("*.dcm"))
    started = time.perf_counter()
    for file in files:
        shutil.copyfile(file, out / file.name)
    return len(files) / (time.perf_counter() - started)


def dicognito(python: str, folder: Path, out: Path, count: int) -> float:
    """Return files per second of dicognito over the first files."""
    command = [python, "-c", DICOGNITO, str(folder), str(out), str(count)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measure(kind: Kind, python: str | None) -> None:
    """Print medians and ratios for one kind of file."""
    cache = Path(__file__).resolve().parent.parent / ".cache" / "bench"
    folder = series_folders(replace(kind, series=1), cache)[0]
    with tempfile.TemporaryDirectory(dir=cache) as place:
        project = Path(place) / "project"
        Project.open(project)
        sides: dict[str, Callable[[Path], float]] = {
            "isocenter": lambda out: ours(folder, out, project),
            "plain copy": lambda out: copy(folder, out),
        }
        if python:
            sides["dicognito"] = lambda out: dicognito(python, folder, out, 100)
        rates = {name: statistics.median(_rounds(side, Path(place))) for name, side in sides.items()}
    for name, rate in rates.items():
        ratio = f"{rates['isocenter'] / rate:8.2f} x" if name != "isocenter" else ""
        sys.stdout.write(f"{kind.name:3} {name:20} {rate:8.0f} files/s {ratio}\n")


def _rounds(side: Callable[[Path], float], place: Path) -> list[float]:
    rates = []
    for number in range(ROUNDS):
        out = place / f"out{number}"
        out.mkdir()
        rates.append(side(out))
        shutil.rmtree(out)
    return rates


def main() -> None:
    """Measure both kinds of file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--dicognito", metavar="PYTHON", help="interpreter that has dicognito")
    options = parser.parse_args()
    for kind in (CT, MR):
        measure(kind, options.dicognito)


if __name__ == "__main__":
    main()
