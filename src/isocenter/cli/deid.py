"""``isocenter deid``: judging what was de-identified, by whomever."""

from pathlib import Path

import click

from isocenter.cli.checker import FoundAll, check_all
from isocenter.cli.options import json_option
from isocenter.cli.output import print_json, print_table, progress, visible
from isocenter.cli.sources import find_candidates
from isocenter.deid import KEEP, PROFILES, Policy, policy
from isocenter.errors import NotFoundError


@click.group(name="deid")
def command() -> None:
    """Check what was de-identified, by whatever program.

    \b
    Example: isocenter deid check ~/for-the-trial
    """  # noqa: D301 - \b is click's mark for text that keeps its lines


@command.command(name="check")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--profile", type=click.Choice(list(PROFILES)), help="Judge by this profile, not by what objects claim.")
@click.option("--keep", default="", metavar="WHAT", help=f"It retains besides, with commas: {', '.join(KEEP)}.")
@click.option("--show-values", is_flag=True, help="Print the values that were found: they may be those of patients.")
@json_option
def check(*, paths: tuple[Path, ...], profile: str | None, keep: str, show_values: bool, as_json: bool) -> int:
    """Look for identifiers that are left in PATHS: files, folders, ZIP archives.

    Nothing is changed. Each object is judged by the Basic Profile of PS3.15 and the options that it claims, or by
    --profile; text, names and UIDs are judged by what they look like, and by whether identifiers of one object are in
    the text of another. The exit code is 0 when nothing was found, 1 when something was, 2 for wrong use. A finding
    is a sign for people to look at, and no finding is no proof: text in pixels is not read.

    \b
    Example: isocenter deid check ~/for-the-trial --json
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    wanted = [name.strip() for name in keep.split(",") if name.strip()]
    chosen: Policy | None = policy(profile or "basic", wanted) if profile or wanted else None
    inputs = list(find_candidates(paths))
    with progress() as bar:
        task = bar.add_task("checking", total=2 * len(inputs), bytes=0)
        found = check_all(inputs, chosen, lambda done: bar.update(task, advance=1, bytes=done))
    if not found.objects:
        raise NotFoundError("there is no DICOM object in these paths")
    if as_json:
        print_json(found.as_json(show_values=show_values))
    else:
        _print(found, show_values=show_values)
    return 1 if found.groups else 0


def _print(found: FoundAll, *, show_values: bool) -> None:
    if found.groups:
        columns = ("FINDING", "ATTRIBUTE", "DETAIL", "OBJECTS", "FIRST IN", *(("VALUES",) if show_values else ()))
        rows = [
            (g.kind, g.name, g.detail, g.count, visible(g.first), *((_some(g.values),) if show_values else ()))
            for g in found.sorted()
        ]
        print_table(columns, rows)
    click.echo(f"{found.objects} objects checked, {found.other} other files: {len(found.groups)} kinds of finding")


def _some(values: set[str]) -> str:
    return "; ".join(sorted(values)[:3])
