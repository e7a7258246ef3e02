"""``isocenter worklist``: ask a DICOM node what is scheduled, and keep an archive's own worklist."""

import itertools
import json
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from isocenter.archive import Archive
from isocenter.cli.calling import credential_options
from isocenter.cli.options import existing_archive, json_option, resolve, setting_options
from isocenter.cli.output import print_json, print_rows
from isocenter.cli.querying import read_keys
from isocenter.dicom import dictionary
from isocenter.dicom.nested import compile_keys, texts
from isocenter.errors import UsageError
from isocenter.index.worklist import STEP_SEQUENCE
from isocenter.net.client import connect
from isocenter.net.credentials import Credentials
from isocenter.net.peer import Peer
from isocenter.net.worklist import WORKLIST_PROPOSAL, find_scheduled
from isocenter.worklist.flat import read_pairs
from isocenter.worklist.keys import placed

_SHOWN = (
    "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime", "PatientName", "PatientID", "Modality",
    "ScheduledStationAETitle", "ScheduledProcedureStepDescription", "AccessionNumber", "ScheduledProcedureStepID",
    "StudyInstanceUID",
)  # fmt: skip

_csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")


@click.group(name="worklist")
def command() -> None:
    """Ask a DICOM node what is scheduled (modality worklist), or keep an archive's own worklist.

    KEY is an attribute by keyword or tag; those of the scheduled procedure step are put into its sequence by
    themselves. A running server sees changes at once.

    \b
    Example: isocenter worklist find RIS@10.0.0.3:104 Modality=CT ScheduledProcedureStepStartDate=20240131
             isocenter worklist add --data /srv/images PatientName=DOE^JANE PatientID=4711 Modality=CT \\
                 ScheduledStationAETitle=CT1 ScheduledProcedureStepStartDate=20240131 \\
                 ScheduledProcedureStepStartTime=0930
    """  # noqa: D301 - \b is click's mark for text that keeps its lines


@command.command(name="find")
@click.argument("peer", metavar="AET@HOST:PORT")
@click.argument("keys", nargs=-1, metavar="[KEY[=VALUE]]...")
@click.option("--aet", default="ISOCENTER", show_default=True, help="AE title to call with.")
@click.option("--limit", type=click.IntRange(min=1), help="Cancel after so many answers.")
@_csv_option
@credential_options
@json_option
def find_entries(
    *, peer: str, keys: tuple[str, ...], aet: str, limit: int | None, as_csv: bool, credentials: Credentials,
    as_json: bool,
) -> None:  # fmt: skip
    """Ask a DICOM node for its worklist (C-FIND).

    With =VALUE a key restricts the search (wildcards * and ?, ranges like 20240101-20240107, lists with
    backslashes), without it is only asked for.

    \b
    Example: isocenter worklist find RIS@10.0.0.3:104 --aet CT1 ScheduledStationAETitle=CT1 PatientName=DOE*
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    wanted = read_keys(keys)
    everything = {dictionary.tag(keyword): "" for keyword in _SHOWN} | wanted
    with (
        connect(Peer.parse(peer), [WORKLIST_PROPOSAL], calling_aet=aet, credentials=credentials) as association,
        closing(find_scheduled(association, placed(read_pairs(everything)))) as found,
    ):
        answers = list(itertools.islice(found, limit))
    if as_json:
        print_json(answers)
    else:
        columns = [dictionary.keyword(tag) or f"{tag:08X}" for tag in everything]
        print_rows(columns, [_row(answer, everything) for answer in answers], as_csv=as_csv)


@command.command(name="list")
@click.argument("keys", nargs=-1, metavar="[KEY[=VALUE]]...")
@click.option("--finished", is_flag=True, help="Those that are completed or discontinued, too.")
@setting_options("data", "worklist_folder")
@_csv_option
@json_option
def list_entries(
    *, keys: tuple[str, ...], finished: bool, config: Path | None, as_csv: bool, as_json: bool,
    **given: Any,  # noqa: ANN401 - click's values
) -> None:  # fmt: skip
    """List an archive's own worklist, or what matches the keys; the first column is what ``remove`` takes."""
    wanted = read_keys(keys)
    shown = {dictionary.tag(keyword): "" for keyword in _SHOWN} | wanted
    with closing(_open(config, given)) as archive:
        entries = list(archive.worklist.find(compile_keys(placed(read_pairs(wanted))), finished=finished))
    if as_json:
        print_json([{"id": e.id, "status": e.status, "source": e.source, "data_set": e.data_set} for e in entries])
    else:
        columns = ["ID", "STATUS", *(dictionary.keyword(tag) or f"{tag:08X}" for tag in shown)]
        rows = [[str(e.id), e.status, *_row(e.data_set, shown)] for e in entries]
        print_rows(columns, rows, as_csv=as_csv)


@command.command(name="add")
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--file", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="JSON file with the attributes, by keyword or as DICOM JSON; KEY=VALUE goes before it.")  # fmt: skip
@setting_options("data")
def add_entry(*, pairs: tuple[str, ...], file: Path | None, config: Path | None, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Add an entry to an archive's own worklist; UIDs and numbers that are missing are made up."""
    attributes = read_pairs(read_keys(pairs))
    if file is not None:
        attributes = _read_json(file) | attributes
    with closing(_open(config, given)) as archive:
        entry = archive.worklist.add(attributes)
    step = "".join(_row(entry.data_set, [dictionary.tag("ScheduledProcedureStepID")]))
    click.echo(f"entry {entry.id} added, ScheduledProcedureStepID {step}")


@command.command(name="remove")
@click.argument("numbers", nargs=-1, required=True, type=click.IntRange(min=1), metavar="ID...")
@setting_options("data")
def remove_entries(*, numbers: tuple[int, ...], config: Path | None, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Remove entries from an archive's own worklist."""
    with closing(_open(config, given)) as archive:
        for number in numbers:
            archive.worklist.remove(number)
            click.echo(f"entry {number} removed")


def _row(data_set: dict[str, Any], tags: Iterable[int]) -> list[str]:
    """Return the values of attributes of an entry or of its step, each in one line."""
    step: dict[str, Any] = next(iter(data_set.get(STEP_SEQUENCE, {}).get("Value", [])), {})
    flat = {**data_set, **step}
    return ["\\".join(texts(flat.get(f"{tag:08X}", {}).get("Value", []))) for tag in tags]


def _read_json(file: Path) -> dict[str, Any]:
    try:
        read = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} is no JSON: {error}") from error
    if not isinstance(read, dict):
        raise UsageError(f"{file} must hold one object of attributes")
    return read


def _open(config: Path | None, given: dict[str, Any]) -> Archive:
    settings = resolve(config, given)
    return Archive.open(existing_archive(settings), settings)
