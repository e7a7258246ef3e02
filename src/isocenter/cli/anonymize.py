"""``isocenter anonymize``: de-identified copies of whatever is found (PS3.15 Annex E)."""

import csv
import json
import os
from pathlib import Path
from typing import TextIO

import click

from isocenter.anonymizing.reports import FOLDER as REPORTS
from isocenter.anonymizing.reports import write_reports
from isocenter.cli.anonymizer import Job, Outcome, run_all
from isocenter.cli.options import json_option
from isocenter.cli.output import print_json, print_table, progress, size, visible
from isocenter.cli.projects import read_device_rules
from isocenter.cli.sources import find_candidates
from isocenter.deid import KEEP, PROFILES, BurnedIn, Project, policy
from isocenter.deid.report import OUTCOMES, RunReport
from isocenter.errors import ConfigurationError, UsageError

_RUN = "run.json"


@click.command(name="anonymize")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the copies and reports."
)
@click.option("--project", required=True, type=click.Path(path_type=Path), help="Folder with the key; made if missing.")
@click.option(
    "--profile", type=click.Choice(list(PROFILES)), default="basic", show_default=True, help="What to retain."
)
@click.option("--keep", default="", metavar="WHAT", help=f"Retain besides, with commas: {', '.join(KEEP)}.")
@click.option(
    "--burned-in",
    type=click.Choice([choice.value for choice in BurnedIn]),
    default="sequester",
    show_default=True,
    help="Objects whose pixels may show text: set aside, blank where known, or keep.",
)
@click.option(
    "--regions", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML file of device rules."
)
@click.option("--dry-run", is_flag=True, help="Say what would be done and write nothing.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes at once.")
@json_option
def command(
    *, paths: tuple[Path, ...], out: Path | None, project: Path, profile: str, keep: str, burned_in: str,
    regions: Path | None, dry_run: bool, jobs: int, as_json: bool,
) -> int:  # fmt: skip
    """Write de-identified copies of PATHS to the folder OUT.

    PATHS are files, folders, ZIP archives or DICOMDIRs; they are not changed. The project folder holds the secret key
    from which all pseudonyms are made: the same key gives the same patient the same pseudonym, today and next year. It
    also lists which input became which output: keep it apart from OUT, and never give it away. Objects that cannot be
    cleaned are set aside: listed with the reason and not written. The exit code is 1 if anything was set aside or
    rejected. OCR is not available: text in pixels that no rule expects is not found.

    \b
    Example: isocenter anonymize ~/studies -o ~/for-the-trial --project ~/keys/trial --profile research --jobs 4
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    chosen = policy(
        profile, [name.strip() for name in keep.split(",") if name.strip()], burned_in, read_device_rules(regions)
    )
    target = _target(out, project, paths, dry_run=dry_run)
    inputs = list(find_candidates(paths))
    report = RunReport(chosen, Project.open(project).fingerprint())
    if target:
        _claim(target, report)
    with _listing(project, dry_run=dry_run) as listing, progress() as bar:
        rows = csv.writer(listing)
        rows.writerow(("input", "outcome", "reason", "output"))
        task = bar.add_task("anonymizing", total=len(inputs), bytes=0)
        done = 0
        listed: list[Outcome] = []
        for outcome in run_all(Job(paths, project, chosen, target), inputs, jobs):
            report.add(outcome.outcome, outcome.reason, outcome.result)
            rows.writerow((outcome.name, outcome.outcome, outcome.reason, outcome.output))
            if outcome.outcome in {"sequestered", "rejected"}:
                listed.append(outcome)
            done += outcome.size
            bar.update(task, advance=1, bytes=done)
    if target:
        write_reports(target / REPORTS, report)
    _print(report, listed, done, as_json=as_json)
    return 1 if listed else 0


def _target(out: Path | None, project: Path, paths: tuple[Path, ...], *, dry_run: bool) -> Path | None:
    """Return the output folder, None for a dry run; refuse one that would mix with the key or the inputs."""
    if dry_run:
        return None
    if out is None:
        raise UsageError("name the folder for the copies with -o, or add --dry-run")
    target = out.resolve()
    if project.resolve().is_relative_to(target):
        raise UsageError("the project folder is inside the output folder; the key must not be given away with it")
    if any(project.resolve().is_relative_to(path.resolve()) for path in paths):
        raise UsageError("the project folder is inside an input folder; choose another one")
    if any(target == path.resolve() or target.is_relative_to(path.resolve()) for path in paths):
        raise UsageError("the output folder is inside an input folder; choose another one")
    return target


def _claim(target: Path, report: RunReport) -> None:
    """Make the output folder this run's; refuse one that another key or profile wrote to."""
    path = target / REPORTS / _RUN
    own = {"project": report.project, "digest": report.policy.digest()}
    if path.exists():
        if json.loads(path.read_text(encoding="utf-8")) != own:
            raise ConfigurationError(f"{target} holds the output of another project or profile; choose another folder")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(own), encoding="utf-8")


def _listing(project: Path, *, dry_run: bool) -> TextIO:
    """Open the list of inputs and outcomes: in the project folder, for its owner's eyes only."""
    if dry_run:
        return Path(os.devnull).open("w", encoding="utf-8")
    folder = project / "runs"
    folder.mkdir(mode=0o700, exist_ok=True)
    number = 1 + sum(1 for _ in folder.glob("*.csv"))
    descriptor = os.open(folder / f"{number:04d}.csv", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


def _print(report: RunReport, listed: list[Outcome], done: int, *, as_json: bool) -> None:
    if as_json:
        print_json(report.as_json())
        return
    if listed:
        print_table(("INPUT", "OUTCOME", "REASON"), [(visible(o.name), o.outcome, o.reason) for o in listed])
    counts = ", ".join(f"{report.outcomes[outcome]} {text}" for outcome, text in OUTCOMES.items())
    click.echo(f"{report.outcomes.total()} inputs ({size(done)}): {counts}; {len(report.studies)} studies")
