"""C-STORE of many objects: over several associations, with several on their way in each, and what became of each.

Used by ``send``, which finds the objects. One that the peer does not take as it is goes out uncompressed. Where the
peer grants an asynchronous operations window (PS3.7 D.3.3.3), that many objects are sent before the answer to the first
is awaited.
"""

import os
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from isocenter.cli.identify import Item
from isocenter.cli.sources import UNREADABLE, Candidate, Rejected, passed_over
from isocenter.commitment import Reference
from isocenter.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, transfer_syntax
from isocenter.dimse.commands import Command
from isocenter.dimse.status import StatusCategory, category, describe
from isocenter.errors import IsocenterError, PeerError, UnsupportedError
from isocenter.net.client import ClientAssociation, Proposal
from isocenter.net.peer import Peer
from isocenter.transcoding.files import data_set_offset, transcode_file
from isocenter.transcoding.transcoder import can_transcode

UNCOMPRESSED = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)


def proposal_of(item: Item) -> Proposal:
    """Return the presentation context that an object needs."""
    return Proposal(item.sop_class_uid, (item.transfer_syntax_uid,))


def other_proposals_of(item: Item) -> list[Proposal]:
    """Return the presentation contexts that it can be sent in instead, best first."""
    stored = item.transfer_syntax_uid
    others = [uid for uid in UNCOMPRESSED if uid != stored and can_transcode(stored, uid)]
    return [Proposal(item.sop_class_uid, (uid,)) for uid in others]


@dataclass(slots=True)
class Report:
    """What became of everything that was found; used by several threads."""

    sent: int = 0
    bytes: int = 0
    warnings: list[Rejected] = field(default_factory=list)
    failed: list[Rejected] = field(default_factory=list)
    passed: list[Rejected] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)  # of those passed over
    seconds: float = 0.0
    not_taken: int = 0  # of the failed, those that were tried
    tell: Callable[[], object] = bool
    _taken: dict[Reference, None] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def taken(self) -> tuple[Reference, ...]:
        """The objects that the peer took, each once."""
        return tuple(self._taken)

    def add_sent(self, item: Item, warning: str) -> None:
        """Count an object that the peer took."""
        with self._lock:
            self.sent += 1
            self._taken[Reference(item.sop_class_uid, item.sop_instance_uid)] = None
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

    def add_refused(self, found: Candidate, error: Exception) -> None:
        """Note a file that is no object: one that is passed over, or a failure."""
        what = passed_over(found, error)
        if what:
            self.kinds[what] += 1
            self.passed.append(Rejected(found.name, str(error)))
        else:
            self.add_failed(found.name, str(error))

    @property
    def complete(self) -> bool:
        """Whether nothing failed, and something was sent if there was anything."""
        return not self.failed and (not self.kinds["not_dicom"] or self.sent > 0)

    def add_failed(self, name: str, reason: str) -> None:
        """Note something that cannot be sent."""
        with self._lock:
            self.failed.append(Rejected(name, reason))


class Sender:
    """Sends items with the same proposals over one or several associations."""

    def __init__(self, peer: Peer, call: Callable[[], ClientAssociation], report: Report) -> None:
        self._peer = peer
        self._call = call
        self._report = report
        self._lock = threading.Lock()

    def run(self, items: list[Item], jobs: int) -> None:
        """Send all items; the first association is made here, so that its refusal ends the command."""
        queue = iter(items)
        with ExitStack() as stack:
            first = self._call()
            threads = [
                threading.Thread(target=self._work, args=(queue, None)) for _ in range(min(jobs, len(items)) - 1)
            ]
            for thread in threads:
                thread.start()
                stack.callback(thread.join)
            self._work(queue, first)

    def _work(self, queue: Iterator[Item], association: ClientAssociation | None) -> None:
        """Send items until none is left; a broken association is replaced.

        What was on its way then is sent again, one after the other, so that only the item that broke it fails.
        """
        line = _Line(association)
        while True:
            alone = bool(line.again)
            item = line.again.popleft() if alone else self._next(queue)
            if item is None and not line.waiting:
                break
            try:
                self._step(line, item, alone=alone)
            except PeerError as error:
                lost = line.broken_off(item)
                if len(lost) == 1:
                    self._report.add_not_taken(lost[0], str(error))
                else:
                    line.again.extend(lost)
            except (IsocenterError, *UNREADABLE) as error:
                assert item is not None
                self._report.add_not_taken(item, str(error))
                if line.association is not None and not line.association.established:
                    line.again.extend(line.broken_off(None))
        if line.association is not None:
            line.association.release()

    def _step(self, line: "_Line", item: Item | None, *, alone: bool) -> None:
        """Send an item, if there is one, and take responses until there is room for the next."""
        association = line.association = line.association or self._call()
        limit = 0
        if item is not None:
            self._begin(association, item, line.waiting)
            limit = 1 if alone else association.window
        while line.waiting and len(line.waiting) >= limit:
            self._settle(association.next_response(), line.waiting)

    def _next(self, queue: Iterator[Item]) -> Item | None:
        with self._lock:
            return next(queue, None)

    def _begin(self, association: ClientAssociation, item: Item, waiting: dict[int, Item]) -> None:
        with self._opened(association, item) as (file, syntax):
            request = association.begin_store(
                file,
                sop_class_uid=item.sop_class_uid,
                sop_instance_uid=item.sop_instance_uid,
                transfer_syntax_uid=syntax,
            )
        assert request.MessageID is not None
        waiting[request.MessageID] = item

    @contextmanager
    def _opened(self, association: ClientAssociation, item: Item) -> Iterator[tuple[BinaryIO, str]]:
        """Give a file that stands at the data set, in a transfer syntax that the peer takes, and that syntax."""
        possible = (each.transfer_syntaxes[0] for each in (proposal_of(item), *other_proposals_of(item)))
        syntax = next((uid for uid in possible if association.accepts(item.sop_class_uid, uid)), None)
        if syntax is None:
            name = transfer_syntax(item.transfer_syntax_uid).name or item.transfer_syntax_uid
            raise UnsupportedError(f"{self._peer} does not accept SOP class {item.sop_class_uid} in {name}")
        with item.candidate.open() as file:
            if syntax == item.transfer_syntax_uid:
                file.seek(item.data_set_offset, os.SEEK_SET)
                yield file, syntax
                return
            with transcode_file(file, syntax) as made:
                made.seek(data_set_offset(made))
                yield made, syntax

    def _settle(self, response: Command, waiting: dict[int, Item]) -> None:
        """Note what became of the item that a response is about; one about nothing is passed over."""
        item = waiting.pop(response.MessageIDBeingRespondedTo or 0, None)
        if item is None:
            return
        status = response.Status if response.Status is not None else 0x0110
        comment = response.ErrorComment or ""
        what = f"{describe(status)}{': ' if comment else ''}{comment}"
        if category(status) in {StatusCategory.SUCCESS, StatusCategory.WARNING}:
            self._report.add_sent(item, what if status else comment)
        else:
            self._report.add_not_taken(item, what)


@dataclass(slots=True)
class _Line:
    """What one thread has: its association, what is on its way over it, and what has to be sent again."""

    association: ClientAssociation | None
    waiting: dict[int, Item] = field(default_factory=dict)
    again: deque[Item] = field(default_factory=deque)

    def broken_off(self, item: Item | None) -> list[Item]:
        """Break the association off; return what was on its way, and the item that was to go."""
        lost = [*self.waiting.values()]
        if item is not None and item not in lost:
            lost.append(item)
        if self.association is not None:
            self.association.abort()
        self.association = None
        self.waiting.clear()
        return lost
