"""De-identification of 512 KiB CT and 33 KiB MR files: ours, other programs and a plain copy, alternating in one run.

    python -m bench.deid [--peers PYTHON] [--place FOLDER]

PYTHON: an interpreter with the programs of tools/install_deid_peers.py; FOLDER: where files are read and written, for
instance /dev/shm; else below ``.cache``.

Each side reads files from the page cache and writes new ones, in a process of its own. Counted is processor time (user
and system, of the process and its children), from the first file to the last; without the start. Then the command,
two processes against one, by the clock, and an object of 2 GB in a process that may have 300 MB of its own.
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

from bench.data import CT, MR, ROOT, Kind, files, series_folders
from isocenter.deid import Project

ROUNDS = 5
#: Of all MR files for the runs with one process and two, so that each takes ten seconds, and how often they are run.
COPIES, PAIRS = 30, 3
#: Files that the slower programs get.
FEW = 100
BYTES_OF_LARGE = 2_000_000_000
#: What a process may have besides mapped files.
MEMORY = 300 << 20
_HEAD = """
import os, sys, time, json, resource, pathlib
if len(sys.argv) > 6:
    resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[6]),) * 2)
folder, out, count = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
files = sorted(folder.glob("*.dcm"))[:count]
def cpu():
    return sum(getattr(resource.getrusage(who), name) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
               for name in ("ru_utime", "ru_stime"))
"""
_TAIL = """
print(json.dumps({"files": done, "cpu": cpu() - started,
                  "wall": time.perf_counter() - clock}))
"""
_BEGIN = "\nstarted, clock = cpu(), time.perf_counter()\n"
#: Side -> what it does for each file, as its documentation says.
SCRIPTS: dict[str, str] = {
    "isocenter": """
from isocenter.cli.anonymizer import Job, run_all
from isocenter.cli.sources import find_candidates
from isocenter.deid import policy
inputs = list(find_candidates([folder]))
job = Job((folder,), pathlib.Path(sys.argv[4]), policy("research"), out / "set")
"""
    + _BEGIN
    + "done = sum(o.outcome == 'output' for o in run_all(job, inputs, int(sys.argv[5])))",
    "plain copy": "import shutil" + _BEGIN + "done = sum(bool(shutil.copyfile(f, out / f.name)) for f in files)",
    "dicognito": "import pydicom\nfrom dicognito.anonymizer import Anonymizer\nanonymizer, done = Anonymizer(), 0"
    + _BEGIN
    + """
for file in files:
    with pydicom.dcmread(file, force=False) as ds:
        anonymizer.anonymize(ds)
        ds.save_as(out / file.name, enforce_file_format=True)
        done += 1
""",
    "dicom-anonymizer": "from dicomanonymizer import anonymize_dicom_file\ndone = 0"
    + _BEGIN
    + """
for file in files:
    anonymize_dicom_file(str(file), str(out / file.name))
    done += 1
""",
    "deid": "from deid.config import DeidRecipe\nfrom deid.dicom import replace_identifiers\n"
    "recipe = DeidRecipe(deid='dicom')"
    + _BEGIN
    + """
done = len(replace_identifiers(dicom_files=[str(f) for f in files], deid=recipe, save=True, remove_private=True,
                               output_folder=str(out)))
""",
}


def run(
    side: str, python: str, folder: Path, place: Path, count: int, jobs: int = 1, limit: int | None = None
) -> dict[str, float]:
    """Return files, processor seconds and seconds by the clock of one run; ``limit``: bytes of memory of its own."""
    with tempfile.TemporaryDirectory(dir=place) as out:
        script = _HEAD + SCRIPTS[side] + _TAIL
        arguments = [python, "-c", script, str(folder), out, str(count), str(place / "project"), str(jobs)]
        arguments += [str(limit)] if limit else []
        done = subprocess.run(arguments, capture_output=True, text=True, check=True)
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return found


def measure(kind: Kind, peers: str | None, place: Path, cache: Path) -> None:
    """Print medians and ratios for one kind of file."""
    folder = series_folders(replace(kind, series=1), cache)[0]
    own: dict[str, tuple[str, int]] = {
        "isocenter": (sys.executable, kind.images),
        "plain copy": (sys.executable, kind.images),
    }
    others = {name: (peers, FEW) for name in SCRIPTS if name not in own} if peers else {}
    rates: dict[str, list[float]] = {name: [] for name in (*own, *others)}
    for _ in range(ROUNDS):
        for name, (python, count) in {**own, **others}.items():
            found = run(name, python, folder, place, count)
            rates[name].append(found["files"] / max(found["cpu"], 1e-6))
    ours = statistics.median(rates["isocenter"])
    for name, found_rates in rates.items():
        rate = statistics.median(found_rates)
        ratio = f"{ours / rate:8.2f} x" if name != "isocenter" else ""
        say(f"{kind.name:3} {name:20} {rate:8.0f} files for each second of processor {ratio}")


def processes(place: Path, cache: Path) -> None:
    """Print how much sooner the command is done with two processes than with one, from its start to its end.

    Beside it what the machine allows: two commands at once, each with half of the files, that share nothing.
    """
    halves = [place / "many" / str(half) for half in range(2)]
    for half in halves:
        half.mkdir(parents=True)
    for number, file in product(
        range(COPIES), (file for series in series_folders(MR, cache) for file in files(series))
    ):
        own = f"{ROOT[:-4]}{number:04d}"  # as long as before, so that all lengths stay
        data = file.read_bytes().replace(ROOT.encode(), own.encode())
        (halves[number % 2] / f"{number}-{file.parent.name}-{file.name}").write_bytes(data)
    whole = [place / "many"]
    pairs = [
        [_commands(each, place, jobs) for each, jobs in ((whole, 1), (whole, 2), (halves, 1))] for _ in range(PAIRS)
    ]
    shutil.rmtree(whole[0])
    one, two = (statistics.median(pair[side][0] for pair in pairs) for side in (0, 1))
    sooner, most = (statistics.median(pair[0][0] / pair[side][0] for pair in pairs) for side in (1, 2))
    more = statistics.median(pair[1][1] / pair[0][1] for pair in pairs)
    say(
        f"two processes, {COPIES * MR.series * MR.images} MR: {two:.1f} s, {sooner:.2f} x one ({one:.1f} s), "
        f"{more:.2f} x its processor time; two commands that share nothing {most:.2f} x"
    )


def _commands(folders: list[Path], place: Path, jobs: int) -> tuple[float, float]:
    """Return seconds by the clock and of the processor of one command for each folder, all at once."""
    command = [sys.executable, "-m", "isocenter", "anonymize", "--profile", "research"]
    outs = [place / f"out{number}" for number, _ in enumerate(folders)]
    clock, before = time.perf_counter(), _of_children()
    running = [
        subprocess.Popen(
            [*command, str(folder), "-o", str(out), "--project", f"{out}-key", "--jobs", str(jobs)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for folder, out in zip(folders, outs, strict=True)
    ]
    failed = [code for code in [process.wait() for process in running] if code]
    if failed:
        raise RuntimeError(f"anonymize ended with {failed}")
    took = time.perf_counter() - clock, _of_children() - before
    for out in outs:
        shutil.rmtree(out)
    return took


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def large(place: Path) -> None:
    """Print that an object of 2 GB goes through in little memory."""
    from bench.large_object import write_multi_frame  # noqa: PLC0415 - writes 2 GB

    folder = place / "large"
    folder.mkdir()
    write_multi_frame(folder / "large.dcm", BYTES_OF_LARGE)
    found = run("isocenter", sys.executable, folder, place, 1, limit=MEMORY)
    shutil.rmtree(folder)
    written = "written" if found["files"] else "NOT written"
    say(f"2 GB multi-frame {written} in {found['cpu']:.2f} s of processor with {MEMORY >> 20} MiB of memory")


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has the other programs")
    parser.add_argument("--only", default="", help="files, processes or large")
    cache = Path(__file__).resolve().parent.parent / ".cache" / "bench"
    parser.add_argument("--place", type=Path, default=cache, metavar="FOLDER", help="where files are read and written")
    options = parser.parse_args()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.place) as folder:
        place = Path(folder)
        Project.open(place / "project")
        for kind in (CT, MR) if options.only in {"", "files"} else ():
            measure(kind, options.peers, place, cache)
        if options.only in {"", "processes"}:
            processes(place, cache)
        if options.only in {"", "large"}:
            large(place)


if __name__ == "__main__":
    main()
