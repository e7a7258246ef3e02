"""``isocenter keys``: attributes that a site wants to search by, besides those of every archive."""

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from isocenter.archive import Archive, Level
from isocenter.cli.options import existing_archive, json_option, resolve, setting_options
from isocenter.cli.output import print_json, print_table

_LEVELS = {level.name.lower(): level for level in Level}


@click.group(name="keys")
def command() -> None:
    """List and edit the attributes that can be searched besides those of every archive.

    An attribute is named by keyword or tag, one in a sequence as RequestAttributesSequence.RequestedProcedureID, a
    private one by group, number in the block and creator, as "0019xx0F:ACME 1.1". A running server, or isocenter
    reindex, reads the objects that are there for it; new ones are found some seconds after they came.

    \b
    Example: isocenter keys add KVP --level series --data /srv/images
    """  # noqa: D301 - \b is click's mark for text that keeps its lines


@command.command(name="list")
@setting_options("data")
@json_option
def list_keys(*, config: Path | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - click's values
    """List them, with how many of the objects from before each have been read for it."""
    with closing(_open(config, given)) as archive:
        keys = archive.site_keys.all()
    if as_json:
        print_json(
            [asdict(key) | {"level": key.level.name.lower(), "name": key.name, "ready": key.is_ready} for key in keys]
        )
    elif not keys:
        click.echo("no keys; add one with 'isocenter keys add ATTRIBUTE'")
    else:
        rows = [
            (k.name, k.vr, k.level.name.lower(), "ready" if k.is_ready else _share(k.position, k.target)) for k in keys
        ]
        print_table(("ATTRIBUTE", "VR", "LEVEL", "OBJECTS READ"), rows)


def _share(done: int, whole: int) -> str:
    return f"{100 * done // max(whole, 1)} %"


@command.command(name="add")
@click.argument("attribute")
@click.option("--level", type=click.Choice([*_LEVELS]), default="instance", show_default=True,
              help="What it belongs to; above instances the first object that has a value counts.")  # fmt: skip
@click.option("--vr", default="", help="Its VR, where the dictionary does not know it.")
@setting_options("data")
def add_key(*, attribute: str, level: str, vr: str, config: Path | None, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Add an attribute."""
    with closing(_open(config, given)) as archive:
        key = archive.site_keys.add(attribute, _LEVELS[level], vr)
    click.echo(
        f"{key.name} ({key.vr}) is a key of the {level}; a running server or 'isocenter reindex' reads the objects"
    )


@command.command(name="remove")
@click.argument("attribute")
@setting_options("data")
def remove_key(*, attribute: str, config: Path | None, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Remove an attribute and its values."""
    with closing(_open(config, given)) as archive:
        archive.site_keys.remove(attribute)
    click.echo(f"{attribute} is no key any more")


def _open(config: Path | None, given: dict[str, Any]) -> Archive:
    settings = resolve(config, given)
    return Archive.open(existing_archive(settings), settings)
