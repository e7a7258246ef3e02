"""The work of ``deid check``: all objects read twice, findings of one kind counted together.

The first pass collects by which words people are identified in the set, the second judges each object by them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from isocenter.cli.sources import UNREADABLE, Candidate, Rejected
from isocenter.deid import Policy
from isocenter.deid.checking import Finding, Kind, Opened, check, identifiers, open_object
from isocenter.deid.suspicion import words
from isocenter.errors import InvalidObjectError, IsocenterError

#: Files of one kind of finding that the JSON lists.
_LISTED = 100


@dataclass(slots=True)
class Group:
    """Findings that differ in nothing but the object."""

    kind: str
    name: str
    detail: str
    first: str
    count: int = 0
    files: list[str] = field(default_factory=list)
    values: set[str] = field(default_factory=set, repr=False)


@dataclass(slots=True)
class FoundAll:
    """All findings of a run; ``other`` files are no DICOM objects."""

    objects: int = 0
    other: int = 0
    groups: dict[tuple[str, str, str], Group] = field(default_factory=dict)

    def add(self, file: str, finding: Finding) -> None:
        """Count a finding."""
        key = (finding.kind, finding.name, finding.detail)
        group = self.groups.setdefault(key, Group(*key, file))
        group.count += 1
        if len(group.files) < _LISTED:
            group.files.append(file)
            group.values |= {finding.value} - {""}

    def sorted(self) -> list[Group]:
        """Return the groups in the order of their kinds."""
        order = {kind: number for number, kind in enumerate(Kind)}
        return sorted(self.groups.values(), key=lambda group: (order[Kind(group.kind)], group.name, group.detail))

    def as_json(self, *, show_values: bool) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "objects": self.objects,
            "other_files": self.other,
            "findings": [
                {"kind": g.kind, "attribute": g.name, "detail": g.detail, "objects": g.count, "files": g.files}
                | ({"values": sorted(g.values)} if show_values else {})
                for g in self.sorted()
            ],
        }


def check_all(
    inputs: Sequence[Candidate | Rejected], policy: Policy | None, advance: Callable[[int], None]
) -> FoundAll:
    """Return all findings; ``advance`` is called twice for each input with the bytes read so far."""
    found, seen, done = FoundAll(), set[str](), 0
    for candidate in inputs:
        opened = _open(candidate)
        if isinstance(opened, Opened):
            seen |= identifiers(opened)
        advance(done)
    for candidate in inputs:
        done += _check_one(candidate, policy, seen, found)
        advance(done)
    return found


def _check_one(candidate: Candidate | Rejected, policy: Policy | None, seen: set[str], found: FoundAll) -> int:
    opened = _open(candidate)
    if opened is None:
        found.other += 1
        return 0
    if isinstance(opened, Finding):
        found.add(candidate.name, opened)
        return 0
    found.objects += 1
    try:
        findings = check(opened, seen, policy)
    except IsocenterError:
        findings = [Finding(Kind.UNREADABLE, 0, "broken")]
    own = identifiers(opened) - _pseudonyms(opened)
    if not own.isdisjoint(words(PurePath(candidate.name).stem)):
        findings.append(Finding(Kind.SEEN, 0, "in the file's name"))
    for finding in findings:
        found.add(candidate.name, finding)
    return len(opened.data)


def _pseudonyms(opened: Opened) -> set[str]:
    """Return words of a PatientID that is no patient's any more: outputs are named after it."""
    marked = opened.values.get(0x00120062, b"").strip(b"\0 ") == b"YES"
    return identifiers(opened) if marked else set()


def _open(candidate: Candidate | Rejected) -> Opened | Finding | None:
    """Return an object; None for what is none; a finding for one that cannot be read."""
    if isinstance(candidate, Rejected):
        return Finding(Kind.UNREADABLE, 0, candidate.reason)
    try:
        with candidate.open() as stream:
            data = stream.read()
    except UNREADABLE:
        return Finding(Kind.UNREADABLE, 0, "the file")
    if data[128:132] != b"DICM":
        return None
    try:
        return open_object(data)
    except InvalidObjectError:
        return Finding(Kind.UNREADABLE, 0, "cut short or broken")
