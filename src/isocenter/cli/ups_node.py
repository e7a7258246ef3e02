"""The part of ``isocenter ups`` that is about another node's work items, over DICOM (PS3.4 CC)."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from isocenter.cli.calling import credential_options
from isocenter.cli.listening import listening
from isocenter.cli.options import json_option
from isocenter.cli.output import print_json, print_rows, visible
from isocenter.cli.process import stop_on_signals
from isocenter.dicom.json import Json
from isocenter.dicom.nested import texts
from isocenter.dicom.uids import is_valid_uid, new_uid
from isocenter.dimse.commands import Command
from isocenter.dimse.status import describe
from isocenter.errors import UsageError
from isocenter.net import ups
from isocenter.net.client import ClientAssociation, connect
from isocenter.net.credentials import Credentials
from isocenter.net.peer import Peer
from isocenter.services.ups_events import EventService
from isocenter.ups.attributes import data_set, key, text, values
from isocenter.ups.keys import add_key
from isocenter.ups.reports import ReportType
from isocenter.ups.states import State

Function = TypeVar("Function", bound=Callable[..., Any])

SHOWN = (
    "ProcedureStepState", "ScheduledProcedureStepPriority", "ScheduledProcedureStepStartDateTime", "WorklistLabel",
    "ProcedureStepLabel", "PatientName", "PatientID", "SOPInstanceUID",
)  # fmt: skip
#: What is told of a report besides its type.
_TOLD = ("ProcedureStepState", "InputReadinessState", "ReasonForCancellation", "SCPStatus")


def _checked(_: click.Context, __: click.Parameter, uid: str | None) -> str | None:
    if uid and not is_valid_uid(uid):
        raise UsageError(f"{uid!r} is no UID")
    return uid


_peer = click.argument("peer", metavar="AET@HOST:PORT")
_uid = click.argument("uid", callback=_checked)
_uid_or_all = click.argument("uid", required=False, callback=_checked)
_keys = click.argument("keys", nargs=-1, metavar="[KEY=VALUE]...")
_file = click.option("--file", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                     help="JSON file with attributes (DICOM JSON Model); KEY=VALUE goes before it.")  # fmt: skip
_transaction = click.option("--transaction", required=True, metavar="UID", callback=_checked,
                            help="The Transaction UID of the claim.")  # fmt: skip


def _calling(function: Function) -> Function:
    aet = click.option("--aet", default="ISOCENTER", show_default=True, help="AE title to call with.")
    return credential_options(aet(function))  # type: ignore[return-value]


@click.command(name="find")
@_peer
@_keys
@click.option("--limit", type=click.IntRange(min=1), help="Cancel after so many answers.")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
@_calling
@json_option
def find(
    *, peer: str, keys: tuple[str, ...], limit: int | None, as_csv: bool, aet: str, credentials: Credentials,
    as_json: bool,
) -> None:  # fmt: skip
    """Ask a node for its work items that match all keys.

    \b
    Example: isocenter ups find RIS@10.0.0.3:104 ProcedureStepState=SCHEDULED
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    wanted = read_attributes(keys)
    query = {**{key(name): data_set(**{name: ""})[key(name)] for name in SHOWN}, **wanted}
    with _called(peer, aet, credentials) as association, closing(ups.find_work_items(association, query)) as found:
        items = list(itertools.islice(found, limit))
    print_work_items(items, as_csv=as_csv, as_json=as_json)


@click.command(name="get")
@_peer
@_uid
@_calling
def get(*, peer: str, uid: str, aet: str, credentials: Credentials) -> None:
    """Print a work item of a node as DICOM JSON (N-GET)."""
    with _called(peer, aet, credentials) as association:
        print_json(ups.get_work_item(association, uid))


@click.command(name="create")
@_peer
@_keys
@_file
@click.option("--uid", callback=_checked, help="UID of the work item [default: a new one].")
@_calling
def create(
    *, peer: str, keys: tuple[str, ...], file: Path | None, uid: str | None, aet: str, credentials: Credentials
) -> None:
    """Schedule a work item at a node (N-CREATE), and print its UID.

    What is not given: priority MEDIUM, input ready, to be done now.

    \b
    Example: isocenter ups create RIS@10.0.0.3:104 ProcedureStepLabel="Segment the liver" PatientID=4711
             isocenter ups create RIS@10.0.0.3:104 ScheduledStationNameCodeSequence.CodeValue=AI1 --file more.json
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    now = datetime.now().astimezone().strftime("%Y%m%d%H%M%S")
    usual = data_set(
        ProcedureStepState=State.SCHEDULED, ScheduledProcedureStepPriority="MEDIUM", InputReadinessState="READY",
        ScheduledProcedureStepStartDateTime=now, ProcedureStepLabel="",
    )  # fmt: skip
    made, attributes = uid or new_uid(), {**usual, **read_attributes(keys, file)}
    with _called(peer, aet, credentials) as association:
        answer = ups.create_work_item(association, made, attributes)
    _note(answer)
    click.echo(answer.AffectedSOPInstanceUID or made)


@click.command(name="claim")
@_peer
@_uid
@click.option(
    "--transaction", metavar="UID", callback=_checked, help="The Transaction UID to claim it with [default: a new one]."
)
@_calling
def claim(*, peer: str, uid: str, transaction: str | None, aet: str, credentials: Credentials) -> None:
    """Claim a work item, and print the Transaction UID that all further requests need."""
    transaction_uid = transaction or new_uid()
    _change(peer, uid, State.IN_PROGRESS, transaction_uid, aet, credentials)
    click.echo(transaction_uid)


@click.command(name="update")
@_peer
@_uid
@_keys
@_file
@click.option(
    "--transaction",
    metavar="UID",
    default="",
    callback=_checked,
    help="The Transaction UID of the claim, if it is claimed.",
)
@_calling
def update(
    *, peer: str, uid: str, keys: tuple[str, ...], file: Path | None, transaction: str, aet: str,
    credentials: Credentials,
) -> None:  # fmt: skip
    """Set attributes of a work item (N-SET), such as how far it is.

    \b
    Example: isocenter ups update RIS@10.0.0.3:104 2.25.12 --transaction 2.25.34 \\
               ProcedureStepProgressInformationSequence.ProcedureStepProgress=50
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    given = read_attributes(keys, file)
    if not given:
        raise UsageError("say what to set: KEY=VALUE, or --file")
    with _called(peer, aet, credentials) as association:
        _note(ups.update_work_item(association, uid, given, transaction))
    click.echo(f"{uid} updated")


def _ending(name: str, state: State, words: str) -> click.Command:
    """Return the command that brings a claimed work item to one of its two ends."""

    @click.command(name=name, help=words)
    @_peer
    @_uid
    @_keys
    @_file
    @_transaction
    @_calling
    def end(
        *, peer: str, uid: str, keys: tuple[str, ...], file: Path | None, transaction: str, aet: str,
        credentials: Credentials,
    ) -> None:  # fmt: skip
        given = read_attributes(keys, file)
        if given:
            with _called(peer, aet, credentials) as association:
                _note(ups.update_work_item(association, uid, given, transaction))
        _change(peer, uid, state, transaction, aet, credentials)
        click.echo(f"{uid} {name}d")

    return end


complete = _ending(
    "complete", State.COMPLETED,
    "Complete a claimed work item; attributes that are given are set before, for the final state needs some: what was "
    "done, where, when, and what came of it (UnifiedProcedureStepPerformedProcedureSequence).",
)  # fmt: skip
discontinue = _ending(
    "discontinue", State.CANCELED, "Cancel a work item that you have claimed; attributes that are given are set before."
)


@click.command(name="request-cancel")
@_peer
@_uid
@click.option("--reason", default="", help="Why, in words.")
@_calling
def request_cancel(*, peer: str, uid: str, reason: str, aet: str, credentials: Credentials) -> None:
    """Ask for the end of a work item: it is canceled if nobody has begun, else whoever performs it is told."""
    with _called(peer, aet, credentials) as association:
        _note(ups.request_cancel(association, uid, reason))
    click.echo("requested")


@click.command(name="follow")
@_peer
@_uid_or_all
@click.option("--filter", "keys", multiple=True, metavar="KEY=VALUE", help="Only those that match, instead of a UID.")
@click.option("--lock", is_flag=True, help="They are not deleted before you follow them no longer.")
@click.option(
    "--listen", type=click.IntRange(1, 65535), metavar="PORT", help="Take reports on this port and print them."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--count", type=click.IntRange(min=1), help="End after so many reports.")
@_calling
@json_option
def follow(
    *, peer: str, uid: str | None, keys: tuple[str, ...], lock: bool, listen: int | None, host: str, count: int | None,
    aet: str, credentials: Credentials, as_json: bool,
) -> None:  # fmt: skip
    """Follow a node's work items: one, those that match, or all.

    Reports go to the AE title called with, as the node knows its address; with --listen they are printed until Ctrl-C.

    \b
    Example: isocenter ups follow RIS@10.0.0.3:104 --aet WATCH1 --listen 11113 --host 10.0.0.9
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    if uid and keys:
        raise UsageError("choose a UID or --filter")
    identifier = read_attributes(keys)
    reports = itertools.count(1)
    with stop_on_signals() as stop:

        def take(about: str, kind: ReportType, information: Json) -> None:
            print_report(about, kind, information, as_json=as_json)
            if next(reports) == count:
                stop.set()

        with listening(EventService(take), aet, host, listen):
            with _called(peer, aet, credentials) as association:
                _note(ups.subscribe(association, uid or "", aet, locked=lock, identifier=identifier))
            if listen is not None:
                stop.wait()
    if listen is None:
        click.echo("subscribed")


@click.command(name="unfollow")
@_peer
@_uid_or_all
@_calling
def unfollow(*, peer: str, uid: str | None, aet: str, credentials: Credentials) -> None:
    """Follow a work item no longer, or all of them."""
    with _called(peer, aet, credentials) as association:
        _note(ups.unsubscribe(association, uid or "", aet))
    click.echo("unsubscribed")


COMMANDS = (find, get, create, claim, update, complete, discontinue, request_cancel, follow, unfollow)


def read_attributes(keys: tuple[str, ...], file: Path | None = None) -> Json:
    """Return the attributes of a file, with those of KEY=VALUE in their place.

    Raises:
        UsageError: a key is no attribute, or the file is not DICOM JSON.
    """
    given: Json = {}
    for each in keys:
        name, _, value = each.partition("=")
        add_key(given, name, [value])
    if file is None:
        return given
    try:
        read = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    read = read[0] if isinstance(read, list) and len(read) == 1 else read
    if not isinstance(read, dict):
        raise UsageError(f"{file} must hold one DICOM JSON Model object")
    return {**read, **given}


def print_work_items(found: list[Json], *, as_csv: bool, as_json: bool) -> None:
    """Print what there is to be done."""
    if as_json:
        print_json(found)
    else:
        print_rows(SHOWN, [["\\".join(texts(values(item, name))) for name in SHOWN] for item in found], as_csv=as_csv)


def print_report(uid: str, kind: ReportType, information: Json, *, as_json: bool) -> None:
    """Print a report in one line."""
    if as_json:
        click.echo(json.dumps({"uid": uid, "type": kind.name, "information": information}, ensure_ascii=False))
        return
    told = [found for name in _TOLD if (found := text(information, name))]
    click.echo("\t".join((visible(uid), kind.name.lower().replace("_", " "), *map(visible, told))))


@contextmanager
def _called(peer: str, aet: str, credentials: Credentials) -> Iterator[ClientAssociation]:
    with connect(Peer.parse(peer), ups.PROPOSALS, calling_aet=aet, credentials=credentials) as association:
        yield association


def _change(peer: str, uid: str, state: State, transaction: str, aet: str, credentials: Credentials) -> None:
    with _called(peer, aet, credentials) as association:
        _note(ups.change_state(association, uid, state, transaction))


def _note(answer: Command) -> None:
    """Say what the node said, if it did what was asked and had something to say about it."""
    if answer.Status:
        comment = f": {visible(answer.ErrorComment)}" if answer.ErrorComment else ""
        click.echo(f"warning: {describe(answer.Status)}{comment}", err=True)
