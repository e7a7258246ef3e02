"""``make deid-score``: plant tokens in every kind of object, anonymise, and count what is gone and what stayed.

usage: python -m bench.deid_score [--peers PYTHON] [--data FOLDER] [--failures N]

``--data``: real DICOM files, by default those of ISOCENTER_TEST_DATA; without them generated objects alone.
"""

import argparse
import csv
import os
import platform
import subprocess
import sys
import tempfile
import warnings
from datetime import datetime
from pathlib import Path

from bench.deid_score.corpus import write_corpus, write_key
from bench.deid_score.judging import BY_OPTION, Score, Tally, judge
from bench.deid_score.planting import Answer

PEERS = ("dicom-anonymizer", "dicognito", "deid")
PROFILES = ("tcia", "basic")
GOAL = 99.95


def ours(profile: str, inputs: Path, place: Path) -> dict[str, Path]:
    """Return the outputs of this program by the name of the input."""
    out, project = place / f"out-{profile}", place / "project"
    command = [sys.executable, "-m", "isocenter", "anonymize", str(inputs), "-o", str(out)]
    options = ["--project", str(project), "--profile", profile, "--burned-in", "blank", "--json"]
    subprocess.run([*command, *options], check=False, stdout=subprocess.DEVNULL)
    runs = sorted((project / "runs").glob("*.csv"))
    with runs[-1].open(encoding="utf-8", newline="") as listing:
        return {Path(row["input"]).name: out / row["output"] for row in csv.DictReader(listing) if row["output"]}


def peer(name: str, python: str, inputs: Path, place: Path) -> dict[str, Path]:
    """Return the outputs of another program."""
    out = place / f"out-{name}"
    out.mkdir()
    script = Path(__file__).with_name("peers.py")
    subprocess.run([python, str(script), name, str(inputs), str(out)], check=True, stdout=subprocess.DEVNULL)
    return {path.name: path for path in out.rglob("*.dcm")}


def table(scores: dict[str, Score]) -> str:
    """Return the table in Markdown."""
    lines = [f"| check | {' | '.join(scores)} |", "|---|" + "---|" * len(scores)]

    def rows(title: str, pick: str) -> None:
        kinds = sorted({kind for score in scores.values() for kind in getattr(score, pick)})
        for kind in kinds:
            cells = [_cell(getattr(score, pick), kind) for score in scores.values()]
            lines.append(f"| {title}: {kind}{' (option)' if kind in BY_OPTION else ''} | {' | '.join(cells)} |")

    rows("gone", "removed")
    rows("kept", "retained")
    written = [f"{score.written} of {score.inputs}" for score in scores.values()]
    lines.append(f"| objects written | {' | '.join(written)} |")
    basic = [f"**{score.percent((score.removed, score.retained), BY_OPTION):.2f} %**" for score in scores.values()]
    lines.append(f"| **score** without options | {' | '.join(basic)} |")
    whole = [f"{score.percent((score.removed, score.retained)):.2f} %" for score in scores.values()]
    lines.append(f"| score with options | {' | '.join(whole)} |")
    return "\n".join(lines) + "\n"


def _cell(tally: Tally, kind: str) -> str:
    passed, count = tally.get(kind, (0, 0))
    return f"{passed}/{count}" if count else ""


def score_ours(real: Path | None, place: Path, profile: str = "tcia", *, every: int = 1) -> Score:
    """Plant, run this program alone and return its score."""
    inputs = place / "in"
    inputs.mkdir()
    answers = write_corpus(inputs, real, every=every)
    return judge(answers, inputs, ours(profile, inputs, place))


def _scores(answers: list[Answer], inputs: Path, place: Path, python: str | None) -> dict[str, Score]:
    scores = {f"isocenter, {p}": judge(answers, inputs, ours(p, inputs, place)) for p in PROFILES}
    for name in PEERS if python else ():
        scores[name] = judge(answers, inputs, peer(name, str(python), inputs, place))
    return scores


def main() -> int:
    """Print the table; the exit code is 1 below the goal."""
    warnings.simplefilter("ignore")
    data = os.environ.get("ISOCENTER_TEST_DATA")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has the other programs")
    parser.add_argument("--data", type=Path, default=Path(data) if data else None, help="folder of real DICOM files")
    parser.add_argument("--failures", type=int, default=20, help="failed checks to print")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="deid-score-") as folder:
        place = Path(folder)
        inputs = place / "in"
        inputs.mkdir()
        answers = write_corpus(inputs, options.data)
        write_key(place / "key.json", answers)
        scores = _scores(answers, inputs, place, options.peers)
    day = datetime.now().astimezone().date()
    print(f"{day}, {platform.machine()}, Python {platform.python_version()}, {len(answers)} objects\n")
    print(table(scores))
    first = next(iter(scores.values()))
    for failure in first.failures[: options.failures]:
        print("failed:", failure)
    return int(first.percent((first.removed, first.retained)) < GOAL)


if __name__ == "__main__":
    sys.exit(main())
