"""``isocenter anonymize``: de-identified copies of whatever is found (PS3.15 Annex E)."""

import csv
import getpass
import json
import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TextIO

import click

from isocenter.anonymizing.audit import Event, Who, record
from isocenter.anonymizing.reports import FOLDER as REPORTS
from isocenter.anonymizing.reports import write_reports
from isocenter.cli.anonymize_extras import Extras, WaysBack
from isocenter.cli.anonymize_inputs import policy_of, project_of
from isocenter.cli.anonymize_options import Source, Wish, extra_options, source_options, wish_options
from isocenter.cli.anonymizer import THERE, Job, Outcome, faces_in, run_all
from isocenter.cli.calling import credential_options
from isocenter.cli.file_set import pack, write_directory
from isocenter.cli.options import json_option
from isocenter.cli.output import print_json, print_table, progress, size, visible
from isocenter.cli.sources import folder_of
from isocenter.deid import Project
from isocenter.deid.report import INPUT_OUTCOMES, RunReport
from isocenter.errors import ConfigurationError, UsageError
from isocenter.net.credentials import Credentials
from isocenter.net.peer import Peer

_RUN = "run.json"


@click.command(name="anonymize")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder, or .zip file, for the copies and reports.")
@click.option(
    "--project",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder with the key, made if missing; or the name of a project of the archive --data.",
)
@wish_options
@source_options
@click.option("--resume", is_flag=True, help="Do not look again at inputs whose output is there.")
@extra_options
@click.option("--dry-run", is_flag=True, help="Say what would be done and write nothing.")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes at once.")
@credential_options
@json_option
def command(
    *, paths: tuple[Path, ...], out: Path | None, project: Path, wish: Wish, source: Source, resume: bool,
    extras: Extras, dry_run: bool, jobs: int, credentials: Credentials, as_json: bool,
) -> int:  # fmt: skip
    """Write de-identified copies of PATHS, or of studies, to the folder OUT.

    PATHS are files, folders, ZIP archives or DICOMDIRs; they are not changed. A DICOMDIR stands for the files in its
    folder: it is counted, and --dicomdir makes a new one. Instead of them, --study names studies of
    the archive in --data, or of the DICOM node --from. The project folder holds the secret key
    from which all pseudonyms are made: the same key gives the same patient the same pseudonym, today and next year. It
    also lists which input became which output: keep it apart from OUT, and never give it away. Objects that cannot be
    cleaned are set aside: listed with the reason and not written. The exit code is 1 if anything was set aside or
    rejected. Text in pixels is read with --burned-in ocr, which needs isocenter[ocr], and only where signs say that
    there may be some. --deface looks at the volumes of all series first; what may show a face that cannot be taken
    out is set aside.

    \b
    Example: isocenter anonymize ~/studies -o ~/for-the-trial --project ~/keys/trial --profile research --jobs 4
             isocenter anonymize --study 1.2.3 --data /srv/images --project trial -o ~/for-the-trial --resume
             isocenter anonymize --study 1.2.3 --from PACS@10.0.0.2:104 --project ~/keys/trial -o ~/for-the-trial
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    folder, facts = project_of(project, source.data)
    chosen = policy_of(facts, wish.policy, chosen=wish.chosen)
    target = _target(out, folder, paths, dry_run=dry_run)
    extras = replace(extras, reversible=extras.reversible and not dry_run)
    job = Job(paths, folder, chosen, target, stored=source.stored(paths), resume=resume, extras=extras)
    name = facts.name if facts else folder.name
    if source.peer is None:
        code = _run(job, name, jobs, (), as_json=as_json)
    else:
        from isocenter.cli.anonymize_node import fetched  # noqa: PLC0415 - heavy, and files need none

        Project.open(folder)
        peer = Peer.parse(source.peer)
        with fetched(peer, source.studies, source.aet, credentials, job.present()) as (found, left_out):
            code = _run(replace(job, paths=(found,)), name, jobs, left_out, as_json=as_json)
    if target is not None and out is not None and out.suffix.lower() == ".zip":
        pack(target, out)
    return code


def _run(job: Job, name: str, jobs: int, left_out: Sequence[str], *, as_json: bool) -> int:
    """Do the work, write reports and the audit event, and return the exit code."""
    inputs, target = job.inputs(), job.out
    report = RunReport(job.policy, Project.open(job.project).fingerprint())
    if job.policy.deface:
        inputs = list(inputs)
        job = replace(job, faces=faces_in(inputs))
    if target:
        _claim(target, report, job.extras)
    done = 0
    listed: list[Outcome] = []
    bar = progress()
    task = bar.add_task("anonymizing", total=None, bytes=0)
    with (
        _listing(job.project, dry_run=target is None) as listing,
        closing(run_all(job, inputs, jobs, lambda total: bar.update(task, total=total))) as outcomes,
        WaysBack(job.project) as ways_back,
        bar,
    ):
        rows = csv.writer(listing)
        rows.writerow(("input", "outcome", "reason", "output"))
        for outcome in chain((Outcome(uid, "unchanged", reason=THERE) for uid in left_out), outcomes):
            report.add(outcome.outcome, outcome.reason, outcome.result)
            ways_back.take(outcome.sealed)
            rows.writerow((outcome.name, outcome.outcome, outcome.reason, outcome.output))
            if outcome.outcome in {"sequestered", "rejected"}:
                listed.append(outcome)
            done += outcome.size
            bar.update(task, advance=1, bytes=done)
    if target:
        write_reports(target / REPORTS, report, add=job.resume)
        _note(job, name, report)
        if job.extras.file_set:
            write_directory(target)
    _print(report, listed, done, dry_run=target is None, as_json=as_json)
    return 1 if listed else 0


def _note(job: Job, name: str, report: RunReport) -> None:
    """Keep the audit event of a run."""
    source = "studies of an archive" if job.stored else "files"
    studies = tuple(sorted({study for _, study in report.studies}))
    counts = {outcome: report.outcomes[outcome] for outcome in INPUT_OUTCOMES}
    event = Event(
        Who("command", user=getpass.getuser()), f"{source} into a folder", name, report.policy.name,
        report.policy.digest(), studies, counts,
    )  # fmt: skip
    record(job.project, event)


def _target(out: Path | None, project: Path, paths: tuple[Path, ...], *, dry_run: bool) -> Path | None:
    """Return the output folder, None for a dry run; refuse one that would mix with the key or the inputs."""
    if dry_run:
        return None
    if out is None:
        raise UsageError("name the folder for the copies with -o, or add --dry-run")
    if out.suffix.lower() == ".zip":
        if out.exists():
            raise UsageError(f"{out} is there already; choose another name")
        out = out.with_name(out.name + ".parts")  # packed when all is done; a run that was stopped goes on in it
    target = out.resolve()
    if target.exists() and not target.is_dir():
        raise UsageError(f"{out} is a file; name a folder, or a .zip file that is not there yet")
    if project.resolve().is_relative_to(target):
        raise UsageError("the project folder is inside the output folder; the key must not be given away with it")
    starts = [folder_of(path).resolve() for path in paths if path.exists()]
    if any(project.resolve().is_relative_to(start) for start in starts):
        raise UsageError("the project folder is inside an input folder; choose another one")
    if any(target.is_relative_to(start) for start in starts):
        raise UsageError("the output folder is inside an input folder; choose another one")
    return target


def _claim(target: Path, report: RunReport, extras: Extras) -> None:
    """Make the output folder this run's; refuse one that another key or profile wrote to."""
    path = target / REPORTS / _RUN
    own = {"project": report.project, "digest": report.policy.digest(), **extras.marks()}
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


def _print(report: RunReport, listed: list[Outcome], done: int, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json(report.as_json())
        return
    if listed:
        print_table(("INPUT", "OUTCOME", "REASON"), [(visible(o.name), o.outcome, o.reason) for o in listed])
    counts = ", ".join(f"{report.outcomes[outcome]} {text}" for outcome, text in INPUT_OUTCOMES.items())
    if dry_run:
        click.echo("A dry run, which wrote nothing; without --dry-run it would be:")
    click.echo(f"{report.outcomes.total()} inputs ({size(done)}): {counts}; {len(report.studies)} studies")
