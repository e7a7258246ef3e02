"""``isocenter bin``: what was deleted and can be restored."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from isocenter.archive import Archive
from isocenter.bin import Deletion
from isocenter.cli.options import existing_archive, json_option, resolve, setting_options
from isocenter.cli.output import print_json, print_table, size
from isocenter.errors import UsageError


@click.group(name="bin")
def command() -> None:
    """List, restore or empty what was deleted.

    What is deleted stays in the bin for the days that the setting bin_days said then. It is in no search and no study;
    its room on the disk is given back when it is emptied. The server may be running.

    \b
    Example: isocenter bin restore 3 --data ~/images
    """  # noqa: D301 - \b is click's mark for text that keeps its lines


@command.command(name="list")
@setting_options("data")
@json_option
def list_bin(*, config: Path | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - click's values
    """List the deletions, oldest first."""
    with _opened(config, given) as archive:
        found = archive.bin.deletions()
    if as_json:
        print_json([asdict(each) | {"deleted": _time(each.deleted), "expires": _time(each.expires)} for each in found])
    elif not found:
        click.echo("the bin is empty")
    else:
        columns = ("ID", "DELETED", "KEPT UNTIL", "PATIENT", "PATIENT ID", "STUDY", "WHAT", "OBJECTS", "SIZE", "UID")
        print_table(columns, [_row(each) for each in found])


@command.command(name="restore")
@click.argument("ids", nargs=-1, required=True, type=int, metavar="ID...")
@setting_options("data")
def restore(*, ids: tuple[int, ...], config: Path | None, **given: Any) -> int:  # noqa: ANN401 - click's values
    """Put deletions back; the exit code is 1 if an object cannot be read any more."""
    lost = 0
    with _opened(config, given) as archive:
        for number in ids:
            result = archive.bin.restore(number)
            lost += result.lost
            click.echo(
                f"deletion {number}: {result.stored} objects restored, {result.duplicates} were there again already, "
                f"{result.conflicts} are in the conflict list, {result.lost} cannot be read"
            )
    return 1 if lost else 0


@command.command(name="empty")
@click.argument("ids", nargs=-1, type=int, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="Everything in the bin.")
@setting_options("data")
def empty(*, ids: tuple[int, ...], everything: bool, config: Path | None, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Give up deletions for good, by their numbers or --all."""
    if bool(ids) == everything:
        raise UsageError("name the deletions, or --all; 'isocenter bin list' shows them")
    with _opened(config, given) as archive:
        for number in ids:
            archive.bin.empty(number)
        count = archive.bin.empty_all() if everything else len(ids)
    click.echo(f"{count} deletions are gone for good")


def _opened(config: Path | None, given: dict[str, Any]) -> Archive:
    settings = resolve(config, given)
    return Archive.open(existing_archive(settings), settings)


def _row(each: Deletion) -> tuple[object, ...]:
    uids = (each.StudyInstanceUID, each.SeriesInstanceUID, each.SOPInstanceUID)
    level, uid = [(level, uid) for level, uid in zip(("study", "series", "object"), uids, strict=True) if uid][-1]
    study = " ".join(filter(None, (each.StudyDate, each.StudyDescription)))
    return (each.id, _time(each.deleted), _time(each.expires), each.PatientName, each.PatientID, study, level,
            each.objects, size(each.bytes), uid)  # fmt: skip


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
