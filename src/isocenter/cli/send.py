"""``isocenter send``: C-STORE of whatever is found, over as many associations as it takes."""

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.progress import Progress

from isocenter.cli import commitment
from isocenter.cli.calling import credential_options
from isocenter.cli.identify import Item, identify
from isocenter.cli.options import json_option
from isocenter.cli.output import print_json, progress, size, visible
from isocenter.cli.sender import Report, Sender, other_proposals_of, proposal_of
from isocenter.cli.sources import PASSED_OVER, UNREADABLE, Candidate, Rejected, find_candidates, in_words
from isocenter.errors import IsocenterError
from isocenter.net.client import Proposal, connect
from isocenter.net.credentials import NONE, Credentials
from isocenter.net.peer import Peer
from isocenter.ul.items import MAX_PRESENTATION_CONTEXTS

#: Objects on their way at once, where the node grants it.
WINDOW = 8


@click.command(name="send")
@click.argument("peer")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Associations at once.")
@click.option("--outstanding", default=WINDOW, show_default=True, type=click.IntRange(1, 64),
              help="Objects on their way at once in each, as far as the node grants it.")  # fmt: skip
@click.option("--aet", default="ISOCENTER", show_default=True, help="AE title to call with.")
@click.option(
    "--commit",
    "wants_commitment",
    is_flag=True,
    help="Ask the node at the end whether it keeps for sure what was sent (storage commitment).",
)
@commitment.waiting_options
@credential_options
@json_option
def command(
    *, peer: str, paths: tuple[Path, ...], jobs: int, outstanding: int, aet: str, credentials: Credentials,
    wants_commitment: bool, listen: int | None, host: str, wait: float, as_json: bool,
) -> int:  # fmt: skip
    """Send DICOM objects to PEER, written as AET@host:port.

    PATHS are files, folders, ZIP archives or DICOMDIRs; a DICOMDIR stands for the files in its folder. Every SOP class
    and transfer syntax is sent as it is stored, or uncompressed to a node that does not take it.
    At the end you see what was sent, what failed and why; the exit code is 1 if anything failed, or with --commit was
    not committed. Files in a folder that are not DICOM, such as the README of a disc, are counted and no failure; with
    --json they are listed.

    \b
    Example: isocenter send ISOCENTER@127.0.0.1:11112 ~/cd-from-hospital --jobs 4
             isocenter send PACS@10.0.0.2:104 ~/study --commit --listen 11113 --host 10.0.0.9 --aet SCANNER1
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    node = Peer.parse(peer)
    report = send(node, paths, jobs=jobs, calling_aet=aet, credentials=credentials, outstanding=outstanding)
    if not as_json:
        _print(report)
    outcome = None
    if wants_commitment and report.taken:
        outcome = commitment.commit(
            node, report.taken, calling_aet=aet, listen=listen, host=host, wait=wait, credentials=credentials
        )
    if as_json:
        print_json(_as_json(report, outcome))
    elif outcome is not None:
        commitment.print_outcome(outcome)
    return 0 if report.complete and (outcome is None or outcome.complete) else 1


def _as_json(report: Report, outcome: commitment.Outcome | None) -> dict[str, Any]:
    return {
        "sent": report.sent,
        "bytes": report.bytes,
        "seconds": round(report.seconds, 3),
        "warnings": [w._asdict() for w in report.warnings],
        "failed": [f._asdict() for f in report.failed],
        **{what: report.kinds[what] for what in PASSED_OVER},
        "passed_over": [p._asdict() for p in report.passed],
        **({} if outcome is None else {"commitment": commitment.as_json(outcome)}),
    }


def _print(report: Report) -> None:
    for kind, rows in (("warning", report.warnings), ("failed", report.failed)):
        for row in rows:
            click.echo(f"{kind}: {visible(row.name)}: {visible(row.reason)}", err=True)
    rate = f", {report.sent / report.seconds:,.0f}/s, {size(report.bytes / report.seconds)}/s" if report.seconds else ""
    click.echo(
        f"sent {report.sent} ({size(report.bytes)}) in {report.seconds:.1f} s{rate}; failed {len(report.failed)}"
        f"{in_words(report.kinds)}"
    )


def send(
    peer: Peer,
    paths: Sequence[Path],
    *,
    jobs: int = 1,
    calling_aet: str = "ISOCENTER",
    credentials: Credentials = NONE,
    outstanding: int = WINDOW,
) -> Report:
    """Send everything below the paths; ``outstanding``: objects whose answers may be awaited at once.

    Raises:
        UsageError: a path that does not exist.
        PeerError: the peer cannot be reached or refuses the first association.
    """
    report = Report()
    with progress() as bar:
        items = list(_readable(find_candidates(paths), report, bar))
        started = time.monotonic()
        task = bar.add_task("sending", total=len(items))
        report.tell = lambda: bar.update(task, completed=report.sent + report.not_taken, bytes=report.bytes)
        for proposals, part in _associations(items):
            call = partial(
                connect, peer, proposals, calling_aet=calling_aet, credentials=credentials, window=outstanding
            )
            Sender(peer, call, report).run(part, jobs)
        report.seconds = time.monotonic() - started
    return report


def _readable(found: Iterable[Candidate | Rejected], report: Report, bar: Progress) -> Iterator[Item]:
    """Yield what can be sent; report the rest."""
    task = bar.add_task("reading", total=None)
    for candidate in found:
        bar.advance(task)
        if isinstance(candidate, Rejected):
            report.add_failed(candidate.name, candidate.reason)
            continue
        try:
            with candidate.open() as file:
                yield identify(candidate, file)
        except (IsocenterError, *UNREADABLE) as error:
            report.add_refused(candidate, error)
    bar.remove_task(task)


def _associations(items: Sequence[Item]) -> Iterator[tuple[list[Proposal], list[Item]]]:
    """Divide the items so that none needs more presentation contexts than an association can have."""
    proposals = list(dict.fromkeys(map(proposal_of, items)))
    for start in range(0, len(proposals), MAX_PRESENTATION_CONTEXTS):
        part = proposals[start : start + MAX_PRESENTATION_CONTEXTS]
        chosen = set(part)
        members = [item for item in items if proposal_of(item) in chosen]
        others = dict.fromkeys(other for item in members for other in other_proposals_of(item))
        room = MAX_PRESENTATION_CONTEXTS - len(part)
        yield (
            [*part, *[other for other in others if other not in chosen][:room]],
            members,
        )
