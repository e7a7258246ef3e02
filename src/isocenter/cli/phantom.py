"""``isocenter phantom``: write demonstration studies."""

from pathlib import Path

import click

from isocenter.cli.output import progress
from isocenter.errors import UsageError
from isocenter.phantom import KINDS, WHAT, count, studies
from isocenter.phantom.answers import ANSWERS


def _list(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print kinds and known answers, and leave."""
    if not wanted:
        return
    for kind, what in WHAT.items():
        click.echo(f"{kind:10} {what}")
    click.echo("\nWhat can be measured on them:")
    for one in ANSWERS:
        click.echo(f"{one.kind:10} {one.what:36} {one.value:8g} {one.unit}")
    ctx.exit()


@click.command(name="phantom")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=click.IntRange(0, 9999), default=1, show_default=True, help="Same seed, same bytes.")
@click.option("--only", default=",".join(KINDS), metavar="KINDS", help="What to write, with commas; else all.")
@click.option("--slices", type=int, help="Slices of series, frames of cines; without it the whole.")
@click.option(
    "--list",
    "listed",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list,
    help="Say which kinds there are, and what can be measured on them.",
)
def command(*, out: Path, seed: int, only: str, slices: int | None) -> None:
    """Write demonstration studies to the folder OUT.

    They are of invented patients, computed and not copied from anyone; --list says which there are. Existing files of
    the same name are replaced.

    \b
    Example: isocenter phantom studies --only ct,us --slices 50
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    kinds = [kind.strip() for kind in only.split(",") if kind.strip()]
    total = count(kinds, slices)
    if not total:
        raise UsageError(f"--only needs at least one of {', '.join(KINDS)}")
    written = 0
    with progress() as bar:
        task = bar.add_task("phantom", total=total, bytes=0)
        for dataset in studies(seed, kinds, slices):
            folder = out / f"{dataset.StudyID}-{seed:04d}" / f"{dataset.SeriesNumber:02d}"
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{dataset.InstanceNumber:04d}.dcm"
            dataset.save_as(path, enforce_file_format=True)
            written += path.stat().st_size
            bar.update(task, advance=1, bytes=written)
    click.echo(f"{total} objects, {written / 1e6:.1f} MB in {out}")
