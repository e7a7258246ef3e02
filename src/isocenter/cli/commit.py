"""``isocenter commit``: ask a DICOM node whether it keeps objects for sure (storage commitment)."""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from isocenter.cli.calling import credential_options
from isocenter.cli.listening import listening
from isocenter.cli.options import json_option
from isocenter.cli.output import print_json, print_table, visible
from isocenter.cli.send import identify
from isocenter.cli.sources import UNREADABLE, Rejected, find_candidates
from isocenter.commitment import Failure, Reference
from isocenter.dicom.uids import is_valid_uid, new_uid
from isocenter.dimse.status import describe
from isocenter.errors import IsocenterError, PeerError, UsageError
from isocenter.net.client import connect
from isocenter.net.commit import COMMIT_PROPOSAL, request_commitment
from isocenter.net.credentials import NONE, Credentials
from isocenter.net.peer import Peer
from isocenter.services.commit import ReportService
from isocenter.services.commit_report import Report

#: How long the report is waited for on the association that asked, where it may come on another one, in seconds.
_SAME_ASSOCIATION = 2.0


@dataclass(slots=True)
class Outcome:
    """What the node said; ``report`` is None where it said nothing in time, ``problem`` says why if that is known."""

    transaction_uid: str
    requested: tuple[Reference, ...]
    report: Report | None = None
    problem: str = ""
    unreadable: list[Rejected] = field(default_factory=list)

    @property
    def failed(self) -> tuple[Failure, ...]:
        """What is not committed, with its reason; what the report leaves out has the reason 0."""
        if self.report is None:
            return tuple(Failure(*reference, 0) for reference in self.requested)
        reasons = {failure[:2]: failure.reason for failure in self.report.failed}
        committed = set(self.report.committed) - set(reasons)
        return tuple(Failure(*r, reasons.get(r, 0)) for r in self.requested if r not in committed)

    @property
    def complete(self) -> bool:
        """Whether everything is committed that was named."""
        return not self.failed and not self.unreadable


@click.command(name="commit")
@click.argument("peer", metavar="AET@HOST:PORT")
@click.argument("names", nargs=-1, required=True, metavar="PATH|CLASS=UID...")
@click.option("--aet", default="ISOCENTER", show_default=True, help="AE title to call with, and to listen as.")
@click.option(
    "--listen",
    type=click.IntRange(1, 65535),
    metavar="PORT",
    help="Take the report on this port, too, if the node opens an association for it.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--wait", default=60.0, show_default=True, type=click.FloatRange(min=0), help="Seconds to wait for it.")
@credential_options
@json_option
def command(
    *, peer: str, names: tuple[str, ...], aet: str, listen: int | None, host: str, wait: float,
    credentials: Credentials, as_json: bool,
) -> int:  # fmt: skip
    """Ask a DICOM node whether it keeps objects for sure (storage commitment).

    PATHS are files, folders, ZIP archives or DICOMDIRs, as for send; without files an object is named by its SOP class
    and instance UIDs, CLASS=UID. The report is waited for on the same association, and with --listen on that port, for
    nodes that open one of their own: they have to know this AE title, host and port. The exit code is 1 if anything is
    not committed.

    \b
    Example: isocenter commit PACS@10.0.0.2:104 ~/study --listen 11113 --host 10.0.0.9 --aet SCANNER1
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    node = Peer.parse(peer)
    requested, unreadable = read_references(names)
    if not requested:
        raise UsageError("there is nothing to ask for: none of the files is a DICOM object")
    outcome = commit(node, requested, calling_aet=aet, listen=listen, host=host, wait=wait, credentials=credentials)
    outcome.unreadable = unreadable
    print_outcome(outcome, as_json=as_json)
    return 0 if outcome.complete else 1


def read_references(names: Iterable[str]) -> tuple[tuple[Reference, ...], list[Rejected]]:
    """Return what is named, each object once, and what cannot be read.

    Raises:
        UsageError: a path is not there, or no UIDs are given.
    """
    found: dict[Reference, None] = {}
    rejected: list[Rejected] = []
    for name in names:
        sop_class, equals, uid = name.partition("=")
        if equals and is_valid_uid(sop_class) and is_valid_uid(uid):
            found[Reference(sop_class, uid)] = None
            continue
        for each in _in_files(Path(name)):
            if isinstance(each, Rejected):
                rejected.append(each)
            else:
                found[each] = None
    return tuple(found), rejected


def _in_files(path: Path) -> Iterator[Reference | Rejected]:
    for candidate in find_candidates([path]):
        if isinstance(candidate, Rejected):
            yield candidate
            continue
        try:
            with candidate.open() as file:
                item = identify(candidate, file)
            yield Reference(item.sop_class_uid, item.sop_instance_uid)
        except (IsocenterError, *UNREADABLE) as error:
            yield Rejected(candidate.name, str(error))


def commit(
    peer: Peer,
    requested: Sequence[Reference],
    *,
    calling_aet: str,
    listen: int | None = None,
    host: str = "127.0.0.1",
    wait: float = 60.0,
    credentials: Credentials = NONE,
) -> Outcome:
    """Ask for commitment and wait for the report.

    Raises:
        ConfigurationError: the port to listen on cannot be used.
        UnsupportedError: the peer has no storage commitment.
        PeerError: it cannot be reached, or refuses.
    """
    outcome = Outcome(new_uid(), tuple(requested))
    came = threading.Event()

    def take(report: Report) -> None:
        if report.transaction_uid == outcome.transaction_uid:
            outcome.report = report
            came.set()

    service = ReportService(take)
    deadline = time.monotonic() + wait
    with listening(service, calling_aet, host, listen):
        here = wait if listen is None else min(wait, _SAME_ASSOCIATION)
        with connect(peer, [COMMIT_PROPOSAL], calling_aet=calling_aet, credentials=credentials) as association:
            request_commitment(association, outcome.transaction_uid, outcome.requested, service)
            try:
                association.attend(service, here, came.is_set)
            except PeerError as error:  # it may still report over an association of its own
                outcome.problem = str(error)
        if listen is not None:
            came.wait(max(deadline - time.monotonic(), 0))
    return outcome


def print_outcome(outcome: Outcome, *, as_json: bool) -> None:
    """Say what is committed and what is not."""
    failed = outcome.failed
    if as_json:
        print_json(
            {
                "transaction_uid": outcome.transaction_uid,
                "reported": outcome.report is not None,
                "problem": "" if outcome.report else outcome.problem,
                "retrieve_aet": outcome.report.retrieve_aet if outcome.report else "",
                "committed": [dict(r._asdict()) for r in outcome.requested if r not in {f[:2] for f in failed}],
                "failed": [f._asdict() | {"meaning": _meaning(outcome, f)} for f in failed],
                "unreadable": [{"name": each.name, "reason": each.reason} for each in outcome.unreadable],
            }
        )
        return
    for each in outcome.unreadable:
        click.echo(f"failed: {visible(each.name)}: {visible(each.reason)}", err=True)
    if failed:
        rows = [(f.sop_instance_uid, f.sop_class_uid, _meaning(outcome, f)) for f in failed]
        print_table(("NOT COMMITTED", "SOP CLASS", "WHY"), rows)
    if outcome.report is None:
        why = visible(outcome.problem) or "it did not come in time; see --wait and --listen"
        click.echo(f"no report: {why}", err=True)
    aet = outcome.report.retrieve_aet if outcome.report else ""
    kept = f" by {visible(aet)}" if aet else ""
    click.echo(f"committed {len(outcome.requested) - len(failed)}{kept}; not committed {len(failed)}")


def _meaning(outcome: Outcome, failure: Failure) -> str:
    if outcome.report is None:
        return "no report"
    return describe(failure.reason) if failure.reason else "not in the report"
