"""``isocenter fsck``: index against storage, both ways."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from isocenter.archive import Archive
from isocenter.cli.options import existing_archive, json_option, resolve, setting_options
from isocenter.cli.output import print_json, print_table, progress, size


@click.command(name="fsck")
@setting_options("data")
@click.option("--deep", is_flag=True, help="Read every byte and compare it with the hash of what was received.")
@click.option("--repair", is_flag=True, help="Put right what can be put right without losing anything.")
@json_option
def command(*, config: Path | None, deep: bool, repair: bool, as_json: bool, **given: Any) -> int:  # noqa: ANN401 - click\'s values
    """Check that every object in the index has its file, and every file its place in the index.

    The archive may be running. A repair files objects that have none, points lost ones to a copy if there is one,
    counts again, and moves unreadable files to lost+found; it deletes no bytes. The exit code is 1 if something is
    still wrong at the end.

    \b
    Example: isocenter fsck --data ~/images --deep
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    settings = resolve(config, given)
    with Archive.open(existing_archive(settings), settings) as archive, progress() as bar:
        task = bar.add_task("checking", total=archive.statistics().instances)
        report = archive.check(deep=deep, repair=repair, progress=lambda done: bar.update(task, completed=done))
    if as_json:
        findings = [asdict(finding) | {"problem": finding.problem.value} for finding in report.findings]
        print_json({"instances": report.instances, "bytes": report.bytes, "clean": report.clean, "findings": findings})
    else:
        rows = [(each.problem.value, each.subject, each.detail, each.repair or "-") for each in report.findings]
        if rows:
            print_table(("PROBLEM", "WHAT", "DETAIL", "DONE"), rows)
        verdict = f"{len(rows)} findings" if rows else "all is well"
        click.echo(f"{report.instances} objects, {size(report.bytes)}: {verdict}")
    return 0 if report.clean else 1
