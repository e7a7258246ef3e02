"""``isocenter ups``: the work items of an archive, and with ``ups_node`` those of other nodes."""

import itertools
from pathlib import Path
from typing import Any

import click

from isocenter.archive import Archive
from isocenter.cli.options import existing_archive, json_option, resolve, setting_options
from isocenter.cli.output import print_json
from isocenter.cli.ups_node import COMMANDS, print_work_items, read_attributes
from isocenter.dicom.nested import compile_keys
from isocenter.settings import Settings
from isocenter.ups.attributes import data_set, values


@click.group(name="ups")
def command() -> None:
    """Schedule, do and follow work items (Unified Procedure Steps) of another node, or of an archive itself.

    Of a node (AET@HOST:PORT): find, get, create, claim, update, complete, discontinue, request-cancel, follow,
    unfollow.
    Of an archive (--data): list, show, cancel; a running server sees changes at once, and tells whoever follows them.

    \b
    Example: isocenter ups list --data /srv/images ProcedureStepState=SCHEDULED
             isocenter ups claim RIS@10.0.0.3:104 2.25.12
    """  # noqa: D301 - \b is click's mark for text that keeps its lines


@command.command(name="list")
@click.argument("keys", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--limit", type=click.IntRange(min=1), help="Print so many at most.")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@setting_options("data")
@json_option
def list_work_items(
    *, keys: tuple[str, ...], limit: int | None, as_csv: bool, config: Path | None, as_json: bool, **given: Any  # noqa: ANN401 - click's values
) -> None:  # fmt: skip
    """List those that match all keys, by their start.

    KEY is an attribute by keyword or tag; with dots between it reaches into sequences.

    \b
    Example: isocenter ups list --data /srv/images ScheduledStationNameCodeSequence.CodeValue=AI1 "PatientName=DOE*"
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    identifier = read_attributes(keys)
    with _open(resolve(config, given)) as archive:
        found = list(itertools.islice(archive.work_items.find(compile_keys(identifier)), limit))
    print_work_items(found, as_csv=as_csv, as_json=as_json)


@command.command(name="show")
@click.argument("uid")
@setting_options("data")
@json_option
def show_work_item(*, uid: str, config: Path | None, as_json: bool, **given: Any) -> None:  # noqa: ANN401, ARG001 - click's values; it is JSON either way
    """Print a work item as DICOM JSON."""
    with _open(resolve(config, given)) as archive:
        print_json(archive.work_items.get(uid))


@command.command(name="cancel")
@click.argument("uid")
@click.option("--reason", default="", help="Why, in words.")
@setting_options("data", "aet")
def cancel_work_item(*, uid: str, reason: str, config: Path | None, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Cancel a work item that nobody has begun, or ask whoever performs it to."""
    settings = resolve(config, given)
    with _open(settings) as archive:
        notice = archive.work_items.request_cancel(uid, settings.aet, data_set(ReasonForCancellation=reason))
        state = values(archive.work_items.get(uid), "ProcedureStepState")[0]
    if notice is not None:
        click.echo("it is canceled already")
    else:
        click.echo("canceled" if state == "CANCELED" else "whoever performs it is asked to cancel it")


for _each in COMMANDS:
    command.add_command(_each)


def _open(settings: Settings) -> Archive:
    return Archive.open(existing_archive(settings), settings)
