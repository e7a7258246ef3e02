"""``isocenter reindex``: read the objects for the keys that the site has added."""

from pathlib import Path
from typing import Any

import click

from isocenter.archive import Archive
from isocenter.cli.options import existing_archive, resolve, setting_options
from isocenter.cli.output import progress


@click.command(name="reindex")
@setting_options("data")
@click.option("--again", is_flag=True, help="Read all objects, also those that have been read.")
def command(*, config: Path | None, again: bool, **given: Any) -> int:  # noqa: ANN401 - click's values
    """Read objects for the keys that were added with "isocenter keys", until all are read.

    It goes on where it was interrupted. A running server does the same by itself, and then there is nothing to do here;
    the exit code is 1 if something is left for it.

    \b
    Example: isocenter reindex --data ~/images
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    settings = resolve(config, given)
    with Archive.open(existing_archive(settings), settings) as archive, progress() as bar:
        if again:
            archive.site_keys.restart()
        task = bar.add_task("reading", total=None)
        done = archive.reindexing.run(lambda read, whole: bar.update(task, completed=read, total=whole))
        count = len(archive.added_keys())
    if not count:
        click.echo("there are no keys; add one with 'isocenter keys add ATTRIBUTE'")
    else:
        click.echo(f"{count} keys: " + ("all objects are read" if done else "another process is reading the objects"))
    return 0 if done else 1
