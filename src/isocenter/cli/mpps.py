"""``isocenter mpps``: report to a DICOM node what a modality does with a scheduled step, and list such reports."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from isocenter.archive import Archive
from isocenter.cli.calling import credential_options
from isocenter.cli.options import existing_archive, json_option, resolve, setting_options
from isocenter.cli.output import print_json, print_rows
from isocenter.cli.querying import read_keys
from isocenter.cli.sources import UNREADABLE, Candidate, find_candidates
from isocenter.dicom import dictionary
from isocenter.dicom.header import read_header
from isocenter.dicom.json import Json
from isocenter.dicom.nested import compile_keys, texts
from isocenter.dicom.part10 import read_preamble_and_meta
from isocenter.dicom.scanner import inflate
from isocenter.dicom.uids import is_valid_uid, new_uid, transfer_syntax
from isocenter.errors import IsocenterError, NotFoundError, UsageError
from isocenter.net.client import connect
from isocenter.net.credentials import Credentials
from isocenter.net.peer import Peer
from isocenter.net.worklist import MPPS_PROPOSAL, WORKLIST_PROPOSAL, change_step, create_step, find_scheduled
from isocenter.worklist.flat import read_attributes, read_pairs
from isocenter.worklist.keys import placed
from isocenter.worklist.performed_attributes import COMPLETED, DISCONTINUED, IN_SCHEDULED, SCHEDULED_SEQUENCE
from isocenter.worklist.reporting import REASONS, SERIES_TAGS, begun, ended, series_of, wanted_of_entry

Function = TypeVar("Function", bound=Callable[..., Any])

#: Bytes of a file in which its header is looked for.
_HEAD = 1 << 20
_SHOWN = (
    "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime", "PerformedProcedureStepStatus", "PatientName",
    "PatientID", "Modality", "PerformedStationAETitle", "PerformedProcedureStepID", "SOPInstanceUID",
)  # fmt: skip


@click.group(name="mpps")
def command() -> None:
    """Report what is done with a scheduled step (modality performed procedure step).

    A step is started for an entry of the node's worklist, and its UID printed; with that it is completed, and the files
    that came of it are named, or it is discontinued.

    \b
    Example: isocenter mpps start RIS@10.0.0.3:104 --aet CT1 ScheduledProcedureStepID=S1
             isocenter mpps complete RIS@10.0.0.3:104 2.25.1234 ~/study --retrieve-aet ARCHIVE1
             isocenter mpps discontinue RIS@10.0.0.3:104 2.25.1234 --reason refused
    """  # noqa: D301 - \b is click's mark for text that keeps its lines


def _calling_options(function: Function) -> Function:
    for option in (
        click.option("--set", "changes", multiple=True, metavar="KEY=VALUE",
                     help="An attribute of the performed step, once for each."),
        click.option("--aet", default="ISOCENTER", show_default=True, help="AE title to call with."),
    ):  # fmt: skip
        function = option(function)
    return credential_options(function)  # type: ignore[return-value]


@command.command(name="start")
@click.argument("peer", metavar="AET@HOST:PORT")
@click.argument("keys", nargs=-1, required=True, metavar="KEY=VALUE...")
@click.option("--worklist", "worklist", metavar="AET@HOST:PORT", help="Node with the worklist [default: the same].")
@click.option("--unscheduled", is_flag=True, help="There is no entry: the keys are what is known of the step.")
@click.option("--uid", help="UID of the step [default: a new one].")
@_calling_options
def start(
    *, peer: str, keys: tuple[str, ...], worklist: str | None, unscheduled: bool, uid: str | None,
    changes: tuple[str, ...], aet: str, credentials: Credentials,
) -> None:  # fmt: skip
    """Report that a step begins (N-CREATE), and print its UID.

    The keys must match one entry of the worklist, from which the step takes patient, order and procedure. The AE title
    called with is that of the station.

    \b
    Example: isocenter mpps start RIS@10.0.0.3:104 --aet CT1 AccessionNumber=A1 Modality=CT
             isocenter mpps start RIS@10.0.0.3:104 --unscheduled PatientName=DOE^JANE PatientID=4711 Modality=CT
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    node = Peer.parse(peer)
    step_uid = _checked_uid(uid or new_uid())
    given = _read_changes(changes)
    if unscheduled:
        entry = read_attributes(placed(read_pairs(read_keys(keys))))
    else:
        entry = _one_entry(Peer.parse(worklist) if worklist else node, keys, aet, credentials)
    data_set = begun(entry, aet, datetime.now().astimezone(), given)
    with connect(node, [MPPS_PROPOSAL], calling_aet=aet, credentials=credentials) as association:
        create_step(association, step_uid, data_set)
    click.echo(step_uid)


def _file_options(function: Function) -> Function:
    for option in (
        click.option("--retrieve-aet", default="", help="AE title of the node that has the files."),
        click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]..."),
        click.argument("uid"),
        click.argument("peer", metavar="AET@HOST:PORT"),
    ):
        function = option(function)
    return _calling_options(function)


@command.command(name="complete")
@_file_options
def complete(
    *, peer: str, uid: str, paths: tuple[Path, ...], retrieve_aet: str, changes: tuple[str, ...], aet: str,
    credentials: Credentials,
) -> None:  # fmt: skip
    """Report that a step is completed (N-SET), and the series that came of it.

    PATHS are the files, folders or ZIPs with its objects; a step without any has none to name and cannot be completed.

    \b
    Example: isocenter mpps complete RIS@10.0.0.3:104 2.25.1234 ~/study --retrieve-aet ARCHIVE1
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    series = _series(paths, retrieve_aet)
    if not series:
        raise UsageError("a completed step has a series: name the files that came of it, or discontinue it")
    data_set = ended(COMPLETED, series, datetime.now().astimezone(), given=_read_changes(changes))
    _change(Peer.parse(peer), uid, data_set, aet, credentials)
    click.echo(f"{uid} completed with {len(series)} series")


@command.command(name="discontinue")
@click.option("--reason", type=click.Choice([*REASONS]), default="unspecified", show_default=True, help="Why it ended.")
@_file_options
def discontinue(
    *, peer: str, uid: str, paths: tuple[Path, ...], retrieve_aet: str, reason: str, changes: tuple[str, ...], aet: str,
    credentials: Credentials,
) -> None:  # fmt: skip
    """Report that a step was broken off (N-SET), why, and the series that came of it, if any.

    \b
    Example: isocenter mpps discontinue RIS@10.0.0.3:104 2.25.1234 --reason equipment
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    series = _series(paths, retrieve_aet)
    data_set = ended(DISCONTINUED, series, datetime.now().astimezone(), reason, _read_changes(changes))
    _change(Peer.parse(peer), uid, data_set, aet, credentials)
    click.echo(f"{uid} discontinued: {REASONS[reason].meaning}")


@command.command(name="list")
@click.argument("keys", nargs=-1, metavar="[KEY[=VALUE]]...")
@setting_options("data")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@json_option
def list_steps(*, keys: tuple[str, ...], config: Path | None, as_csv: bool, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - click's values
    """List the steps that were reported to an archive, newest first, or those that match the keys."""
    settings = resolve(config, given)
    pairs = read_keys(keys)
    wanted = compile_keys(placed(read_pairs(pairs), SCHEDULED_SEQUENCE, IN_SCHEDULED))
    with closing(Archive.open(existing_archive(settings), settings)) as archive:
        steps = [step.data_set for step in archive.performed.find(wanted)]
    if as_json:
        print_json(steps)
        return
    shown = [dictionary.tag(keyword) for keyword in _SHOWN]
    rows = [["\\".join(texts(step.get(f"{tag:08X}", {}).get("Value", []))) for tag in shown] for step in steps]
    print_rows(_SHOWN, rows, as_csv=as_csv)


def _one_entry(node: Peer, keys: Iterable[str], aet: str, credentials: Credentials) -> Json:
    """Return the entry of a node's worklist that matches the keys.

    Raises:
        NotFoundError: there is none.
        UsageError: there are several.
    """
    query = {dictionary.tag(keyword): "" for keyword in wanted_of_entry()} | read_keys(keys)
    with (
        connect(node, [WORKLIST_PROPOSAL], calling_aet=aet, credentials=credentials) as association,
        closing(find_scheduled(association, placed(read_pairs(query)))) as found,
    ):
        entries = list(itertools.islice(found, 2))
    if not entries:
        raise NotFoundError(f"no entry of the worklist of {node} matches; 'isocenter worklist find' shows them")
    if len(entries) > 1:
        raise UsageError("several entries match; name one, for instance by ScheduledProcedureStepID=…")
    return entries[0]


def _change(node: Peer, uid: str, data_set: Json, aet: str, credentials: Credentials) -> None:
    _checked_uid(uid)
    with connect(node, [MPPS_PROPOSAL], calling_aet=aet, credentials=credentials) as association:
        change_step(association, uid, data_set)


def _checked_uid(uid: str) -> str:
    if not is_valid_uid(uid):
        raise UsageError(f"{uid!r} is no UID: 'isocenter mpps start' printed that of the step")
    return uid


def _read_changes(changes: Sequence[str]) -> Json:
    return read_attributes(read_pairs(read_keys(changes)))


def _series(paths: Sequence[Path], retrieve_aet: str) -> list[Json]:
    """Return the series of the objects below the paths."""
    return series_of(_headers(paths), retrieve_aet)


def _headers(paths: Sequence[Path]) -> Iterator[Mapping[int, tuple[str, ...]]]:
    """Yield the headers of the objects below the paths; what is none is told and passed over."""
    for found in find_candidates(paths):
        if isinstance(found, Candidate):
            try:
                header = _header(found)
            except (IsocenterError, *UNREADABLE) as error:
                click.echo(f"left out: {found.name}: {error}", err=True)
                continue
            if header is not None:
                yield header
        else:
            click.echo(f"left out: {found.name}: {found.reason}", err=True)


def _header(found: Candidate) -> Mapping[int, tuple[str, ...]] | None:
    """Return the header of an object; None for an index of files."""
    with found.open() as file:
        head = file.read(_HEAD)
    meta = read_preamble_and_meta(head, final=True)
    assert meta is not None
    if meta.is_directory:
        return None
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    body = head[meta.data_set_offset :]
    return read_header(inflate(body, _HEAD, partial=True) if syntax.deflated else body, syntax, SERIES_TAGS)
