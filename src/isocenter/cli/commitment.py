"""Asking a DICOM node whether it keeps objects for sure, and what it said: used by ``commit`` and ``send --commit``."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from isocenter.cli.listening import listening
from isocenter.cli.output import print_table, visible
from isocenter.cli.sources import Rejected
from isocenter.commitment import Failure, Reference
from isocenter.dicom.uids import new_uid
from isocenter.dimse.status import describe
from isocenter.errors import PeerError
from isocenter.net.client import connect
from isocenter.net.commit import COMMIT_PROPOSAL, request_commitment
from isocenter.net.credentials import NONE, Credentials
from isocenter.net.peer import Peer
from isocenter.services.commit import ReportService
from isocenter.services.commit_report import Report

Function = TypeVar("Function", bound=Callable[..., Any])

#: How long the report is waited for on the association that asked, where it may come on another one, in seconds.
_SAME_ASSOCIATION = 2.0


def waiting_options(function: Function) -> Function:
    """Add the options that say how a report is waited for: ``listen``, ``host``, ``wait``."""
    for option in (
        click.option("--wait", default=60.0, show_default=True, type=click.FloatRange(min=0),
                     help="Seconds to wait for the report of storage commitment."),
        click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on."),
        click.option("--listen", type=click.IntRange(1, 65535), metavar="PORT",
                     help="Take the report on this port, too, if the node opens an association for it."),
    ):  # fmt: skip
        function = option(function)
    return function


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


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return what is committed and what is not, for programs."""
    failed = outcome.failed
    lost = {failure[:2] for failure in failed}
    return {
        "transaction_uid": outcome.transaction_uid,
        "reported": outcome.report is not None,
        "problem": "" if outcome.report else outcome.problem,
        "retrieve_aet": outcome.report.retrieve_aet if outcome.report else "",
        "committed": [dict(reference._asdict()) for reference in outcome.requested if reference not in lost],
        "failed": [failure._asdict() | {"meaning": _meaning(outcome, failure)} for failure in failed],
        "unreadable": [{"name": each.name, "reason": each.reason} for each in outcome.unreadable],
    }


def print_outcome(outcome: Outcome) -> None:
    """Say what is committed and what is not."""
    failed = outcome.failed
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
