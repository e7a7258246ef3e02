"""Whether index and storage agree, and what can be put right without losing anything.

Every row must have its file, of the right size and, looked at deeply, with the right bytes; every file must have its
row. A repair files objects that have no row, lets a row whose file is lost point to the same object elsewhere, and
moves what nobody can read to ``lost+found``. It never deletes bytes, but for those of a correction that did not come to
its end while the object before it is in place.
"""

import contextlib
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import xxhash

from isocenter.conflicts import difference
from isocenter.errors import InvalidObjectError, NotFoundError
from isocenter.index.bin import discard, is_binned, read_binned
from isocenter.index.conflicts import Conflict, conflict_key
from isocenter.index.deletion import garbage
from isocenter.index.entry import Entry, Instance
from isocenter.index.index import Index
from isocenter.index.instances import get_instance, read_all, read_at
from isocenter.index.non_patient import read_all_non_patient
from isocenter.index.upkeep import (
    count_empty,
    put_counts_right,
    remove_empty,
    wrong_counts,
)
from isocenter.inspection import describe
from isocenter.storage.storage import Storage, Stored

_LOG = logging.getLogger(__name__)
_ROWS_AT_ONCE = 5000
_BLOCK = 1 << 20
#: Seconds that may pass between an object's becoming durable and its row's.
_MARGIN = 600
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Problem(Enum):
    """What a check can find."""

    MISSING = "missing file"
    SIZE = "wrong size"
    BYTES = "wrong bytes"
    ORPHAN = "file without row"
    UNREADABLE = "unreadable file without row"
    UNFINISHED = "unfinished correction"
    COUNT = "wrong count"
    EMPTY = "empty series, study or patient"


@dataclass(slots=True)
class Finding:
    """One thing that is not right: ``subject`` is a UID or a location; ``repair`` says what was done, "" is nothing."""

    problem: Problem
    subject: str
    detail: str
    repair: str = ""


@dataclass(slots=True)
class Report:
    """The result of a check: how much was looked at, and what was found."""

    instances: int = 0
    bytes: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Tell whether nothing was found that is still wrong."""
        return all(finding.repair for finding in self.findings)


class Check:
    """One check of an archive; ``progress`` is called with the number of rows looked at."""

    def __init__(
        self, storage: Storage, index: Index, *, deep: bool, progress: Callable[[int], None] | None = None,
        by_person: bool = True,
    ) -> None:  # fmt: skip
        self._by_person = by_person  # who looks at what is found
        self._storage = storage
        self._index = index
        self._deep = deep
        self._progress = progress
        self._lost: dict[str, Finding] = {}  # by SOPInstanceUID
        self._lost_seconds: dict[str, Finding] = {}  # kept in conflicts, by their key
        self._filed: set[str] = set()  # SOPInstanceUIDs that had no row before this check

    def run(self, *, repair: bool) -> Report:
        """Look at everything; with ``repair`` put right what can be."""
        report = Report()
        files = {stored.location: stored for stored in self._storage.objects()}
        for location in garbage(self._index.database):
            files.pop(location, None)
        self._check_rows(report, files)
        self._check_conflicts(report, files)
        self._check_bin(report, files)
        report.findings += self.orphans(files, repair=repair)
        self._check_counts(report, repair=repair)
        return report

    def _check_rows(self, report: Report, files: dict[str, Stored]) -> None:
        for read in (read_all, read_all_non_patient):
            after = 0
            while rows := read(self._index.database, after, _ROWS_AT_ONCE):
                for _, instance in rows:
                    self._check_row(report, instance, files.pop(instance.location, None))
                after = rows[-1][0]
                if self._progress is not None:
                    self._progress(report.instances)

    def _check_row(self, report: Report, instance: Instance, stored: Stored | None) -> None:
        report.instances += 1
        report.bytes += instance.size
        size = stored.size if stored else self._storage.size(instance.location)
        problem = self._problem(instance, size)
        if problem is None or not self._index.knows(instance.location):  # deleted while we looked
            return
        finding = Finding(problem, instance.SOPInstanceUID, f"{instance.location}: {_told(problem, instance, size)}")
        self._lost[instance.SOPInstanceUID] = finding
        report.findings.append(finding)

    def _problem(self, instance: Instance, size: int | None) -> Problem | None:
        if size is None:
            return Problem.MISSING
        if size != instance.size:
            return Problem.SIZE
        if self._deep and hash_of(self._storage, instance.location, instance.data_set_offset) != instance.hash:
            return Problem.BYTES
        return None

    def _check_conflicts(self, report: Report, files: dict[str, Stored]) -> None:
        for conflict in self._index.conflicts():
            second = conflict.instance
            if second is not None:
                stored = files.pop(second.location, None)
                size = stored.size if stored else self._storage.size(second.location)
                problem = self._problem(second, size)
                if problem is not None and _still_listed(self._index, conflict):
                    detail = f"{second.location}, kept in conflict {conflict.id}: {_told(problem, second, size)}"
                    finding = Finding(problem, second.SOPInstanceUID, detail)
                    self._lost_seconds[conflict_key(second)] = finding
                    report.findings.append(finding)

    def _check_bin(self, report: Report, files: dict[str, Stored]) -> None:
        after = 0
        while found := read_binned(self._index.database, after, _ROWS_AT_ONCE):
            for each in found:
                instance, stored = each.as_instance(), files.pop(each.location, None)
                size = stored.size if stored else self._storage.size(each.location)
                problem = self._problem(instance, size)
                if problem is not None and self._index.knows(each.location):
                    detail = f"{each.location}, in the bin: {_told(problem, instance, size)}"
                    report.findings.append(Finding(problem, each.SOPInstanceUID, detail))
            after = found[-1].id

    def orphans(self, files: dict[str, Stored], *, repair: bool) -> list[Finding]:
        """Look at those of the files that no row names; rows that came meanwhile are read again."""
        known = {conflict.instance.location for conflict in self._index.conflicts() if conflict.instance is not None}
        known |= set(garbage(self._index.database))
        candidates = sorted(set(files) - known)
        found: list[Finding] = []
        for at in range(0, len(candidates), _ROWS_AT_ONCE):
            piece = candidates[at : at + _ROWS_AT_ONCE]
            named = read_at(self._index.database, piece)
            lost = (each for each in piece if each not in named and self._storage.size(each) is not None)
            for location in lost:
                with contextlib.suppress(NotFoundError):  # who received it has discarded it meanwhile
                    found.append(self._orphan(files[location], repair=repair))
        return found

    def _orphan(self, stored: Stored, *, repair: bool) -> Finding:
        try:
            entry = describe(self._storage, stored.location, stored.changed)
        except InvalidObjectError as error:
            return self._unreadable(stored, str(error), repair=repair)
        if stored.seal == provisional_seal(entry.hash) and (unfinished := self._unfinished(entry, repair=repair)):
            return unfinished
        if stored.seal not in {
            b"",
            entry.hash,
            provisional_seal(entry.hash),
        }:  # cut off by a crash before it was acknowledged
            return self._unreadable(stored, "its bytes are not those that were received", repair=repair)
        finding = Finding(Problem.ORPHAN, stored.location, f"object {entry.SOPInstanceUID}")
        if repair and (self._by_person or stored.seal != provisional_seal(entry.hash)):
            finding.repair = self._file(entry)
        return finding

    def _unfinished(self, entry: Entry, *, repair: bool) -> Finding | None:
        """Look at what was written for a correction; None: its row may have been lost, so it is like any other."""
        if entry.SOPInstanceUID in self._filed:
            return None
        database = self._index.database
        first = get_instance(database, entry.SOPInstanceUID)
        in_place = first is not None and self._storage.size(first.location) == first.size
        if not in_place and not is_binned(database, entry.SOPInstanceUID):
            return None
        finding = Finding(
            Problem.UNFINISHED, entry.location, f"object {entry.SOPInstanceUID}, which is as it was before"
        )
        if repair:
            discard(database, entry.SOPInstanceUID, entry.location)
            finding.repair = "removed"
        return finding

    def _unreadable(self, stored: Stored, why: str, *, repair: bool) -> Finding:
        finding = Finding(Problem.UNREADABLE, stored.location, why)
        if repair:
            finding.repair = f"moved to {self._storage.set_aside(stored.location)}"
        return finding

    def _file(self, entry: Entry) -> str:
        """Give an object without a row its row, or its place beside the object that has it."""
        first = self._index.file(entry).existing
        if first is None:
            self._filed.add(entry.SOPInstanceUID)
        if first is None or first.location == entry.location:
            return "filed"
        reason = difference(self._storage, first, entry)
        if not reason and first.SOPInstanceUID in self._lost:
            self._index.move(first, entry)
            self._lost[first.SOPInstanceUID].repair = f"the same object was found at {entry.location}"
            return "put in the place of the lost file"
        if reason and self._index.keep_conflict(entry, reason):
            return "listed as a conflict"
        if reason and conflict_key(entry) in self._lost_seconds:
            self._index.move_conflict(entry)
            self._lost_seconds[conflict_key(entry)].repair = f"the same object was found at {entry.location}"
            return "put in the place of the lost file"
        return f"a second copy, moved to {self._storage.set_aside(entry.location)}"

    def _check_counts(self, report: Report, *, repair: bool) -> None:
        wrong = wrong_counts(self._index.database)
        for each in wrong:
            detail = f"the series counts {each.counted} objects and has {each.actual}"
            report.findings.append(
                Finding(Problem.COUNT, each.SeriesInstanceUID, detail, "counted again" if repair else "")
            )
        empty = count_empty(self._index.database)
        if empty:
            report.findings.append(Finding(Problem.EMPTY, "", f"{empty} rows", "removed" if repair else ""))
        if repair:
            put_counts_right(self._index.database, wrong, time.time_ns() // 1_000_000)
            remove_empty(self._index.database)


def provisional_seal(digest: bytes) -> bytes:
    """Return what a corrected object is sealed with, so that one which no row names is not taken for a lost one."""
    return bytes(byte ^ 0xFF for byte in digest)


def hash_of(storage: Storage, location: str, offset: int) -> bytes:
    """Return the hash of the data set of a stored object."""
    digest = xxhash.xxh3_128()
    try:
        with storage.open(location) as file:
            file.seek(offset)
            while block := file.read(_BLOCK):
                digest.update(block)
    except (NotFoundError, OSError):
        return b""
    return digest.digest()


class Redo:
    """Files, after a crash of a process or of the machine, the objects that have no row.

    Filing does not wait for the index's disk: the object itself, durable before it is filed, is the record from which
    its row can be made again. ``marker`` keeps the machine's start and the time until which the index is durable.
    """

    def __init__(self, storage: Storage, index: Index, marker: Path) -> None:
        self._storage = storage
        self._index = index
        self._marker = marker

    def run(self) -> int:
        """File the objects since that time that have no row; return how many. Does nothing if nothing has crashed."""
        boot, durable_until = self._read()
        if boot and boot == _boot_id() and not self._storage.after_crash:
            return 0
        check = Check(self._storage, self._index, deep=False, by_person=False)
        findings = check.orphans({s.location: s for s in self._storage.objects(durable_until - _MARGIN)}, repair=True)
        if findings:
            _LOG.warning("after a crash %d objects were put right", len(findings))
        self.advance()
        return len(findings)

    def advance(self) -> None:
        """Make the index durable and remember until when it is."""
        now = time.time()
        self._index.make_durable()
        with os.fdopen(os.open(self._marker, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
            file.write(f"{_boot_id()} {now:.0f}\n")

    def _read(self) -> tuple[str, float]:
        try:
            boot, until = self._marker.read_text().split()
            return boot, float(until)
        except (OSError, ValueError):
            return "", 0


def _boot_id() -> str:
    """Return what names this start of the machine, "" where the system does not tell."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def _told(problem: Problem, instance: Instance, size: int | None) -> str:
    if problem is Problem.SIZE:
        return f"{size} bytes instead of {instance.size}"
    return "the file is not there" if problem is Problem.MISSING else "the data set is not the one that was stored"


def _still_listed(index: Index, conflict: Conflict) -> bool:
    return any(each.id == conflict.id for each in index.conflicts())
