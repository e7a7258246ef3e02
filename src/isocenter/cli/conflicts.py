"""``isocenter conflicts``: what contradicts what was there before."""

import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from isocenter.archive import Archive, Conflict
from isocenter.cli.options import existing_archive, json_option, resolve, setting_options
from isocenter.cli.output import print_json, print_table
from isocenter.errors import NotFoundError, UsageError


@click.command(name="conflicts")
@setting_options("data")
@click.option("--export", type=(int, click.Path(dir_okay=False, path_type=Path)), metavar="ID FILE",
              help="Write the second object of a conflict to a file.")  # fmt: skip
@json_option
def command(*, config: Path | None, export: tuple[int, Path] | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - click\'s values
    """List objects that contradict what was there before.

    "instance": another object came under a known SOP instance UID; the first stays in place, the second is kept here.
    "patient": two people with one PatientID. "study patient": an object names another patient than its study.

    \b
    Example: isocenter conflicts --data ~/images --export 3 second.dcm
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    settings = resolve(config, given)
    with Archive.open(existing_archive(settings), settings) as archive:
        found = archive.conflicts()
        if export is not None:
            _export(archive, found, *export)
            return
    if as_json:
        print_json([_as_json(conflict) for conflict in found])
    elif not found:
        click.echo("no conflicts")
    else:
        rows = [(each.id, each.kind.value, _time(each), each.detail, each.SOPInstanceUID) for each in found]
        print_table(("ID", "KIND", "RECEIVED", "WHAT", "SOP INSTANCE UID"), rows)


def _export(archive: Archive, found: list[Conflict], number: int, target: Path) -> None:
    for conflict in found:
        if conflict.id == number and conflict.instance is not None:
            try:
                with archive.open_object(conflict.instance) as source, target.open("xb") as file:
                    shutil.copyfileobj(source, file)
            except OSError as error:
                raise UsageError(f"cannot write {target}: {error.strerror}") from error
            return
    raise NotFoundError(
        f"conflict {number} keeps no object; 'isocenter conflicts' lists those of kind instance that do"
    )


def _as_json(conflict: Conflict) -> dict[str, Any]:
    known = asdict(conflict) | {"kind": conflict.kind.value, "received": _time(conflict)}
    second = known.pop("instance")
    return known | {"keeps_object": second is not None}


def _time(conflict: Conflict) -> str:
    return datetime.fromtimestamp(conflict.received / 1000, UTC).isoformat(timespec="seconds")
