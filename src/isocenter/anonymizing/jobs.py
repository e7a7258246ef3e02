"""De-identification jobs of an archive: asked for, looked at, cancelled, resumed, taken up by whoever works on them.

Kept in the index, so they survive a restart; the objects of a job to a folder lie in ``anonymized/<number>/`` of the
data folder, with their reports. Knows neither DIMSE nor HTTP; time is an argument.
"""

import os
import secrets
import shutil
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isocenter.anonymizing.audit import Who
from isocenter.anonymizing.faces import SeriesFaces
from isocenter.anonymizing.objects import read_areas
from isocenter.anonymizing.projects import KeptProject, Projects
from isocenter.anonymizing.reports import from_json
from isocenter.archive import Archive
from isocenter.deid import Option
from isocenter.deid.report import OUTCOMES, RunReport
from isocenter.errors import NotFoundError, UsageError
from isocenter.index.deid_jobs import Asked, DeidJobTable, Job, JobStudy, State

__all__ = ["Held", "Job", "JobStudy", "Jobs", "State", "Wish"]

FOLDER = "anonymized"
TARGETS = ("folder", "archive", "peer")
#: How long a job stays its holder's, and how long before the end that is prolonged, in milliseconds.
_LEASE, _PROLONG = 120_000, 60_000
#: How often it is noted how far a job is, in milliseconds.
_NOTED = 500
_MOST_STUDIES = 10_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants done; ``peer`` for the target ``peer``, ``areas`` by SeriesInstanceUID as plain values."""

    project: str
    studies: Sequence[str]
    target: str = "folder"
    peer: str = ""
    areas: Mapping[str, Any] | None = None


class Jobs:
    """The jobs of an archive."""

    def __init__(self, archive: Archive, data: Path) -> None:
        self.archive = archive
        self.projects = Projects(data)
        self.faces = SeriesFaces(archive)
        self._data = data
        self._table = DeidJobTable(archive.index.database)
        #: Set where a job became due that nobody in this process works on.
        self.waiting = threading.Event()

    def add(self, wish: Wish, who: Who, now: float) -> Job:
        """File a job, durably.

        Raises:
            NotFoundError: there is no such project, study or peer.
            UsageError: what is wished makes no sense; the message says why.
        """
        target = self._check(wish)
        read_areas(wish.areas or {})
        uids = list(dict.fromkeys(wish.studies))
        if not 0 < len(uids) <= _MOST_STUDIES:
            raise UsageError(f"name one to {_MOST_STUDIES} studies")
        studies = [(uid, len(self.archive.instances(uid))) for uid in uids]
        asked = Asked(wish.project, target, who.as_json(), dict(wish.areas or {}), studies)
        number = self._table.add(asked, _milliseconds(now))
        self.waiting.set()
        return self._table.get(number)

    def _check(self, wish: Wish) -> dict[str, str]:
        """Return the target, if it may be one."""
        kept = self.projects.get(wish.project)
        if wish.target not in TARGETS:
            raise UsageError(f"objects go to one of {', '.join(TARGETS)}")
        if wish.target == "archive" and Option.UIDS in kept.facts.policy().options:
            raise UsageError(f"project {kept.name} keeps UIDs: its output would be mixed with the originals here")
        if wish.target != "peer":
            return {"kind": wish.target}
        if self.archive.peers.get(wish.peer) is None:
            raise NotFoundError(f"there is no peer {wish.peer[:32]!r}; add it to the peers")
        return {"kind": "peer", "peer": wish.peer}

    def get(self, number: int) -> Job:
        """Return a job. Raises NotFoundError."""
        return self._table.get(number)

    def studies(self, number: int) -> list[JobStudy]:
        """Return the studies of a job in their order."""
        return self._table.studies(number)

    def recent(self, limit: int = 100, offset: int = 0) -> list[Job]:
        """Return jobs, the newest first."""
        return self._table.recent(limit, offset)

    def cancel(self, number: int, now: float) -> Job:
        """End a job after the object under way.

        Raises:
            NotFoundError: there is none of this number.
            UsageError: it has ended.
        """
        self._table.get(number)
        if not self._table.cancel(number, _milliseconds(now)):
            raise UsageError(f"job {number} has ended already")
        self.waiting.set()
        return self._table.get(number)

    def resume(self, number: int, now: float) -> Job:
        """Let a job that failed or was cancelled go on; studies that are done are left out.

        Raises:
            NotFoundError: there is none of this number.
            UsageError: it did not stop.
        """
        self._table.get(number)
        if not self._table.resume(number, _milliseconds(now)):
            raise UsageError(f"job {number} neither failed nor was cancelled")
        self.waiting.set()
        return self._table.get(number)

    def remove(self, number: int) -> None:
        """Forget a job that has ended, and remove its folder.

        Raises:
            NotFoundError: there is none of this number.
            UsageError: it has not ended.
        """
        self._table.get(number)
        if not self._table.remove(number):
            raise UsageError(f"job {number} has not ended: cancel it first")
        shutil.rmtree(self.folder(number), ignore_errors=True)

    def folder(self, number: int) -> Path:
        """Return where the objects of a job to a folder are."""
        return self._data / FOLDER / str(number)

    def report(self, number: int) -> RunReport:
        """Return the report of a job as far as it is; reasons and counts of its inputs add up.

        Raises:
            NotFoundError: there is no such job, or its project is gone.
        """
        kept = self.projects.get(self._table.get(number).project)
        return self.report_of(kept, self.studies(number))

    def report_of(self, kept: KeptProject, studies: Sequence[JobStudy]) -> RunReport:
        """Return the report of these studies."""
        found = [study.report for study in studies if study.report is not None]
        return from_json(kept.facts.policy(), kept.open().fingerprint(), found)

    # for those who work

    def claim(self, now: float) -> "Held | None":
        """Take a job whose time has come, in this process only."""
        moment, holder = _milliseconds(now), f"{os.getpid()}-{secrets.token_hex(8)}"
        found = self._table.claim(holder, moment, moment + _LEASE)
        return None if found is None else Held(self._table, found, holder, moment)

    def seconds_to_next(self, now: float) -> float | None:
        """Return how long it is until a job is due, None where none is."""
        due = self._table.next_due()
        return None if due is None else max(due - _milliseconds(now), 0) / 1000


class Held:
    """A job that only this holder works on."""

    def __init__(self, table: DeidJobTable, job: Job, holder: str, now: int) -> None:
        self.job = job
        self.studies = table.studies(job.id)
        self.cancelled = job.cancelled
        self.lost = False
        #: Objects dealt with, in this run or before.
        self.done = sum(study.objects for study in self.studies if _is_done(study))
        self._table = table
        self._holder = holder
        self._noted = now
        self._until = now + _LEASE

    def left(self) -> list[JobStudy]:
        """Return the studies that are not done."""
        return [study for study in self.studies if not _is_done(study)]

    def step(self, now: float) -> bool:
        """Count an object; return whether to go on."""
        self.done += 1
        return self.go_on(now)

    def go_on(self, now: float) -> bool:
        """Note how far it is, from time to time, and stay the holder; return whether to go on."""
        moment = _milliseconds(now)
        if moment - self._noted >= _NOTED or moment > self._until - _PROLONG:
            cancelled = self._table.hold(self.job.id, self._holder, self.done, moment, moment + _LEASE)
            self._noted, self._until = moment, moment + _LEASE
            self.lost, self.cancelled = cancelled is None, bool(cancelled)
        return not (self.lost or self.cancelled)

    def note(self, study: JobStudy, report: Mapping[str, Any], objects: int) -> None:
        """Keep what became of a study."""
        self._table.report(self.job.id, study, report, objects)

    def close(self, state: State, detail: str, now: float) -> None:
        """End the job."""
        self._table.close(self.job.id, self._holder, state, detail, self.done, _milliseconds(now))

    def leave(self) -> None:
        """Let anybody take it at once."""
        self._table.leave(self.job.id, self._holder)


def counts_of(studies: Sequence[JobStudy]) -> dict[str, int]:
    """Return how many objects had which outcome, and how many none yet (``left``)."""
    found: Counter[str] = Counter()
    for study in studies:
        found.update(study.report["outcomes"] if study.report else {})
    total = sum(study.objects for study in studies)
    return {**{outcome: found[outcome] for outcome in OUTCOMES}, "left": max(total - found.total(), 0)}


def _is_done(study: JobStudy) -> bool:
    return study.report is not None and bool(study.report["complete"])


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
