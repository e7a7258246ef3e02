"""``isocenter settings``: what is in force and why."""

import os
from pathlib import Path

import click

from isocenter.cli.options import json_option
from isocenter.cli.output import print_json, print_table
from isocenter.settings import SETTINGS, load_settings


@click.command(name="settings")
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="TOML file with settings.")
@json_option
def command(*, config: Path | None, as_json: bool) -> None:
    """Print every setting with its value, its source and what it does.

    A setting comes from the command line, else from the environment (ISOCENTER_ and its name in capitals), else
    from the TOML file, else from its default.

    \b
    Example: ISOCENTER_AET=ARCHIVE1 isocenter settings --config site.toml
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    settings = load_settings(None, os.environ, config)
    rows = [
        {
            "name": s.name,
            "value": getattr(settings, s.name),
            "source": settings.source(s.name),
            "help": s.help,
        }
        for s in SETTINGS
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(("SETTING", "VALUE", "SOURCE", "WHAT IT DOES"), [list(row.values()) for row in rows])
