"""``isocenter send``: C-STORE of whatever is found, over as many associations as it takes."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click
from rich.progress import Progress

from isocenter.cli.calling import credential_options
from isocenter.cli.options import json_option
from isocenter.cli.output import print_json, progress, size, visible
from isocenter.cli.sources import MEDIA_STORAGE_DIRECTORY, UNREADABLE, Candidate, Rejected, find_candidates
from isocenter.dicom.part10 import MAX_META_LENGTH, FileMeta, read_preamble_and_meta
from isocenter.dicom.scanner import scan
from isocenter.dicom.uids import is_valid_uid, transfer_syntax
from isocenter.dimse.status import StatusCategory, category, describe
from isocenter.errors import InvalidObjectError, IsocenterError, PeerError, UnsupportedError
from isocenter.net.client import ClientAssociation, Proposal, connect
from isocenter.net.credentials import NONE, Credentials
from isocenter.net.peer import Peer
from isocenter.ul.items import MAX_PRESENTATION_CONTEXTS

_HEAD = 1 << 14
_SOP_CLASS_UID, _SOP_INSTANCE_UID = 0x00080016, 0x00080018


@dataclass(frozen=True, slots=True)
class Item:
    """One object to send, and where its data set begins."""

    candidate: Candidate
    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    data_set_offset: int

    @property
    def proposal(self) -> Proposal:
        """The presentation context that it needs."""
        return Proposal(self.sop_class_uid, (self.transfer_syntax_uid,))


@dataclass(slots=True)
class Report:
    """What became of everything that was found; used by several threads."""

    sent: int = 0
    bytes: int = 0
    warnings: list[Rejected] = field(default_factory=list)
    failed: list[Rejected] = field(default_factory=list)
    seconds: float = 0.0
    not_taken: int = 0  # of the failed, those that were tried
    tell: Callable[[], object] = bool
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add_sent(self, item: Item, warning: str) -> None:
        """Count an object that the peer took."""
        with self._lock:
            self.sent += 1
            self.bytes += item.candidate.size
            if warning:
                self.warnings.append(Rejected(item.candidate.name, warning))
        self.tell()

    def add_not_taken(self, item: Item, reason: str) -> None:
        """Note an object that the peer did not get, or did not take."""
        with self._lock:
            self.not_taken += 1
        self.add_failed(item.candidate.name, reason)
        self.tell()

    def add_failed(self, name: str, reason: str) -> None:
        """Note something that cannot be sent."""
        with self._lock:
            self.failed.append(Rejected(name, reason))


@click.command(name="send")
@click.argument("peer")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Associations at once.")
@click.option("--aet", default="ISOCENTER", show_default=True, help="AE title to call with.")
@credential_options
@json_option
def command(*, peer: str, paths: tuple[Path, ...], jobs: int, aet: str, credentials: Credentials, as_json: bool) -> int:
    """Send DICOM objects to PEER, written as AET@host:port.

    PATHS are files, folders, ZIP archives or DICOMDIRs. Every SOP class and transfer syntax is sent as it is stored.
    At the end you see what was sent, what failed and why; the exit code is 1 if anything failed.

    \b
    Example: isocenter send ISOCENTER@127.0.0.1:11112 ~/cd-from-hospital --jobs 4
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    report = send(Peer.parse(peer), paths, jobs=jobs, calling_aet=aet, credentials=credentials)
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
) -> Report:
    """Send everything below the paths.

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
            call = partial(connect, peer, proposals, calling_aet=calling_aet, credentials=credentials)
            _Sender(peer, call, report).run(part, jobs)
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
        yield part, [item for item in items if item.proposal in chosen]


class _Sender:
    """Sends items with the same proposals over one or several associations."""

    def __init__(self, peer: Peer, call: Callable[[], ClientAssociation], report: Report) -> None:
        self._peer = peer
        self._connect = call
        self._report = report
        self._lock = threading.Lock()

    def run(self, items: list[Item], jobs: int) -> None:
        """Send all items; the first association is made here, so that its refusal ends the command."""
        queue = iter(items)
        with ExitStack() as stack:
            first = self._connect()
            threads = [
                threading.Thread(target=self._work, args=(queue, None)) for _ in range(min(jobs, len(items)) - 1)
            ]
            for thread in threads:
                thread.start()
                stack.callback(thread.join)
            self._work(queue, first)

    def _work(self, queue: Iterator[Item], association: ClientAssociation | None) -> None:
        """Send items until none is left; a broken association is replaced once per item."""
        while True:
            with self._lock:
                item = next(queue, None)
            if item is None:
                break
            try:
                association = association or self._connect()
                self._store(association, item)
            except PeerError as error:
                self._report.add_not_taken(item, str(error))
                if association is not None:
                    association.abort()
                association = None
            except (IsocenterError, *UNREADABLE) as error:
                self._report.add_not_taken(item, str(error))
        if association is not None:
            association.release()

    def _store(self, association: ClientAssociation, item: Item) -> None:
        if not association.accepts(item.sop_class_uid, item.transfer_syntax_uid):
            name = transfer_syntax(item.transfer_syntax_uid).name or item.transfer_syntax_uid
            raise UnsupportedError(f"{self._peer} does not accept SOP class {item.sop_class_uid} in {name}")
        with item.candidate.open() as file:
            file.seek(item.data_set_offset, os.SEEK_SET)
            response = association.store(
                file,
                sop_class_uid=item.sop_class_uid,
                sop_instance_uid=item.sop_instance_uid,
                transfer_syntax_uid=item.transfer_syntax_uid,
            )
        status = response.Status if response.Status is not None else 0x0110
        comment = response.ErrorComment or ""
        what = f"{describe(status)}{': ' if comment else ''}{comment}"
        if category(status) in {StatusCategory.SUCCESS, StatusCategory.WARNING}:
            self._report.add_sent(item, what if status else comment)
        else:
            self._report.add_not_taken(item, what)
