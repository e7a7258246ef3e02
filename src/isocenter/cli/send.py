"""``isocenter send``: C-STORE of whatever is found, over as many associations as it takes."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click
from rich.progress import Progress

from isocenter.cli.calling import credential_options
from isocenter.cli.options import json_option
from isocenter.cli.output import print_json, progress, size, visible
from isocenter.cli.sender import Item, Report, Sender
from isocenter.cli.sources import MEDIA_STORAGE_DIRECTORY, UNREADABLE, Candidate, Rejected, find_candidates
from isocenter.dicom.part10 import MAX_META_LENGTH, FileMeta, read_preamble_and_meta
from isocenter.dicom.scanner import scan
from isocenter.dicom.uids import is_valid_uid, transfer_syntax
from isocenter.errors import InvalidObjectError, IsocenterError
from isocenter.net.client import Proposal, connect
from isocenter.net.credentials import NONE, Credentials
from isocenter.net.peer import Peer
from isocenter.ul.items import MAX_PRESENTATION_CONTEXTS

#: Objects on their way at once, where the node grants it.
WINDOW = 8
_HEAD = 1 << 14
_SOP_CLASS_UID, _SOP_INSTANCE_UID = 0x00080016, 0x00080018


@click.command(name="send")
@click.argument("peer")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Associations at once.")
@click.option("--outstanding", default=WINDOW, show_default=True, type=click.IntRange(1, 64),
              help="Objects on their way at once in each, as far as the node grants it.")  # fmt: skip
@click.option("--aet", default="ISOCENTER", show_default=True, help="AE title to call with.")
@credential_options
@json_option
def command(
    *, peer: str, paths: tuple[Path, ...], jobs: int, outstanding: int, aet: str, credentials: Credentials,
    as_json: bool,
) -> int:  # fmt: skip
    """Send DICOM objects to PEER, written as AET@host:port.

    PATHS are files, folders, ZIP archives or DICOMDIRs. Every SOP class and transfer syntax is sent as it is stored,
    or uncompressed to a node that does not take it.
    At the end you see what was sent, what failed and why; the exit code is 1 if anything failed.

    \b
    Example: isocenter send ISOCENTER@127.0.0.1:11112 ~/cd-from-hospital --jobs 4
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    report = send(Peer.parse(peer), paths, jobs=jobs, calling_aet=aet, credentials=credentials, outstanding=outstanding)
    if as_json:
        print_json(
            {
                "sent": report.sent,
                "bytes": report.bytes,
                "seconds": round(report.seconds, 3),
                "warnings": [asdict(w) for w in report.warnings],
                "failed": [asdict(f) for f in report.failed],
            }
        )
    else:
        _print(report)
    return 1 if report.failed else 0


def _print(report: Report) -> None:
    for kind, rows in (("warning", report.warnings), ("failed", report.failed)):
        for row in rows:
            click.echo(f"{kind}: {visible(row.name)}: {visible(row.reason)}", err=True)
    rate = f", {report.sent / report.seconds:,.0f}/s, {size(report.bytes / report.seconds)}/s" if report.seconds else ""
    click.echo(
        f"sent {report.sent} ({size(report.bytes)}) in {report.seconds:.1f} s{rate}; failed {len(report.failed)}"
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
            report.add_failed(candidate.name, str(error))
    bar.remove_task(task)


def identify(candidate: Candidate, file: BinaryIO) -> Item:
    """Return what is needed to send an object.

    Raises:
        InvalidObjectError: it is no DICOM object, or does not say which.
    """
    head = file.read(_HEAD)
    meta = read_preamble_and_meta(head, final=len(head) < _HEAD)
    while meta is None and len(head) < 2 * MAX_META_LENGTH:
        more = file.read(MAX_META_LENGTH)
        head += more
        meta = read_preamble_and_meta(head, final=not more)
    if meta is None:
        raise InvalidObjectError("this is no DICOM file: its file meta information has no end")
    sop_class, sop_instance = _identity(head, meta)
    if sop_class == MEDIA_STORAGE_DIRECTORY:
        raise InvalidObjectError(
            "this is a DICOMDIR, an index of files; name it on the command line to send what it lists"
        )
    for keyword, uid in (("SOPClassUID", sop_class), ("SOPInstanceUID", sop_instance)):
        if not is_valid_uid(uid):
            raise InvalidObjectError(f"it has no valid {keyword}: {uid!r}" if uid else f"it has no {keyword}")
    return Item(candidate, sop_class, sop_instance, meta.transfer_syntax_uid, meta.data_set_offset)


def _identity(head: bytes, meta: FileMeta) -> tuple[str, str]:
    """Return SOP class and instance UID: the data set's own, else those of the file meta information."""
    found: dict[int, bytes] = {}
    syntax = transfer_syntax(meta.transfer_syntax_uid)
    if not syntax.deflated:
        wanted = frozenset({_SOP_CLASS_UID, _SOP_INSTANCE_UID})
        found = scan(head, syntax, wanted, stop=_SOP_INSTANCE_UID + 1, offset=meta.data_set_offset).values

    def text(tag: int, otherwise: str) -> str:
        return found.get(tag, b"").decode("ascii", "replace").strip("\0 ") or otherwise

    return text(_SOP_CLASS_UID, meta.sop_class_uid), text(_SOP_INSTANCE_UID, meta.sop_instance_uid)


def _associations(items: Sequence[Item]) -> Iterator[tuple[list[Proposal], list[Item]]]:
    """Divide the items so that none needs more presentation contexts than an association can have."""
    proposals = list(dict.fromkeys(item.proposal for item in items))
    for start in range(0, len(proposals), MAX_PRESENTATION_CONTEXTS):
        part = proposals[start : start + MAX_PRESENTATION_CONTEXTS]
        chosen = set(part)
        others = dict.fromkeys(other for item in items if item.proposal in chosen for other in item.other_proposals)
        room = MAX_PRESENTATION_CONTEXTS - len(part)
        yield (
            [*part, *[other for other in others if other not in chosen][:room]],
            [item for item in items if item.proposal in chosen],
        )
