"""``isocenter phantom``: write demonstration studies."""

from pathlib import Path

import click

from isocenter.cli.output import progress
from isocenter.errors import UsageError
from isocenter.phantom import KINDS, count, studies


@click.command(name="phantom")
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=click.IntRange(0, 9999), default=1, show_default=True, help="Same seed, same bytes.")
@click.option("--only", default=",".join(KINDS), show_default=True, metavar="KINDS", help="What to write, with commas.")
@click.option("--slices", type=int, help="Slices of CT and MR, frames of ultrasound; without it the whole.")
def command(*, out: Path, seed: int, only: str, slices: int | None) -> None:
    """Write demonstration studies to the folder OUT.

    A thorax CT, a brain MR (T1, T2, FLAIR) and a colour ultrasound cine of invented patients, computed and not copied
    from anyone. Existing files of the same name are replaced.

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
            folder = out / f"{dataset.Modality}{seed:04d}" / f"{dataset.SeriesNumber:02d}"
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{dataset.InstanceNumber:04d}.dcm"
            dataset.save_as(path, enforce_file_format=True)
            written += path.stat().st_size
            bar.update(task, advance=1, bytes=written)
    click.echo(f"{total} objects, {written / 1e6:.1f} MB in {out}")
