"""``isocenter edit``: correct what a study says of its patient and of itself."""

import getpass
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from isocenter.archive import Archive
from isocenter.cli.options import existing_archive, json_option, resolve, setting_options
from isocenter.cli.output import print_json, print_table, visible
from isocenter.editing import By, StudyEdit
from isocenter.errors import UsageError


@click.command(name="edit")
@click.argument("study", metavar="STUDY_UID")
@click.option("--set", "assignments", multiple=True, metavar="KEYWORD=VALUE",
              help="Correct an attribute, or empty it; may be given several times.")  # fmt: skip
@click.option("--put-back", type=int, metavar="ID", help="Let the objects be what they were before this correction.")
@click.option("--reason", default="", help="Why, for the history.")
@setting_options("data")
@json_option
def command(
    *,
    study: str,
    assignments: tuple[str, ...],
    put_back: int | None,
    reason: str,
    config: Path | None,
    as_json: bool,
    **given: Any,  # noqa: ANN401 - click's values
) -> None:
    """Correct what a study says of its patient and of itself, in all its objects.

    Without --set and --put-back it shows the values and all corrections. What was before stays in the bin for the days
    that the setting bin_days says, and can be put back until then. The server may be running.

    \b
    Example: isocenter edit 1.2.840.1 --set PatientID=4711 --set 'PatientName=Roe^Jane' --reason "wrong patient chosen"
             isocenter edit 1.2.840.1
             isocenter edit 1.2.840.1 --put-back 1
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    settings = resolve(config, given)
    if assignments and put_back is not None:
        raise UsageError("give either --set or --put-back")
    values = dict(_pair(each) for each in assignments)
    by = By(f"{getpass.getuser()} at the command line", reason)
    with Archive.open(existing_archive(settings), settings) as archive:
        if values:
            _tell(archive.editing.edit(study, values, by, time.time()), as_json=as_json)
        elif put_back is not None:
            _tell(archive.editing.put_back(study, put_back, by, time.time()), as_json=as_json)
        else:
            _show(archive, study, as_json=as_json)


def _pair(text: str) -> tuple[str, str]:
    keyword, sign, value = text.partition("=")
    if not sign:
        raise UsageError(f"--set {text}: use KEYWORD=VALUE")
    return keyword.strip(), value


def _tell(made: StudyEdit, *, as_json: bool) -> None:
    if as_json:
        print_json(_plain(made))
    else:
        click.echo(f"correction {made.id}: {made.objects} objects")


def _show(archive: Archive, study: str, *, as_json: bool) -> None:
    known, history = archive.editing.values(study), archive.editing.history(study)
    if as_json:
        print_json({"values": known.values, "corrections": [_plain(each) for each in history]})
        return
    print_table(("ATTRIBUTE", "VALUE"), known.values.items())
    if history:
        click.echo()
        print_table(("ID", "TIME", "WHO", "WHAT", "WHY", "PUT BACK UNTIL"), [_row(each) for each in history])


def _row(each: StudyEdit) -> tuple[object, ...]:
    what = "; ".join(f"{keyword}: {visible(old)!r} -> {visible(new)!r}" for keyword, (old, new) in each.changes.items())
    undone = f"put back {each.undone}: " if each.undone else ""
    return (each.id, _time(each.time), each.who, undone + what, each.reason,
            _time(each.expires) if each.reversible else "")  # fmt: skip


def _plain(each: StudyEdit) -> dict[str, Any]:
    return asdict(each) | {"time": _time(each.time), "expires": _time(each.expires) if each.expires else None}


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
