"""Works on jobs: one study after the other, one object at a time, into the target; then the reports and the audit.

A study's report is kept when the study is done. A run that was stopped, by a crash or a restart, does the study it was
at once more: what is there stays and counts as unchanged. Only the background thread knows a clock.
"""

import logging
import threading
import time
from collections.abc import Callable

from isocenter.anonymizing.audit import Event, Who, record
from isocenter.anonymizing.jobs import Held, Job, Jobs, JobStudy, State, counts_of
from isocenter.anonymizing.objects import DELETED, Anonymizer, read_areas
from isocenter.anonymizing.projects import KeptProject
from isocenter.anonymizing.reports import FOLDER, to_json, write_reports
from isocenter.anonymizing.targets import ArchiveTarget, FolderTarget, Take, Target
from isocenter.archive import Instance
from isocenter.deid.report import RunReport
from isocenter.errors import IsocenterError, NotFoundError
from isocenter.index.peers import KnownPeer

logger = logging.getLogger(__name__)

#: Longest time, in seconds, until what another process left behind is seen.
_LONGEST_WAIT = 30.0
#: Seconds to wait before each object while others come in.
_REST_AMID_UPLOADS = 0.02

#: Returns the target that a peer is.
PeerTarget = Callable[[KnownPeer], Target]


class Worker:
    """The worker; ``peer_target`` is None where there is nothing that could send."""

    def __init__(
        self, jobs: Jobs, peer_target: PeerTarget | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._jobs = jobs
        self._peer_target = peer_target
        self._clock = clock
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the background thread."""
        self._thread = threading.Thread(target=self._run, name="anonymizing", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop it, after the object under way; the job goes on at the next start."""
        self._stop.set()
        self._jobs.waiting.set()
        if self._thread is not None:
            self._thread.join()

    def work(self) -> int:
        """Take up everything that is due; return how many jobs were taken up."""
        taken = 0
        while not self._stop.is_set() and (held := self._jobs.claim(self._clock())) is not None:
            taken += 1
            self._take_up(held)
        return taken

    def _take_up(self, held: Held) -> None:
        """Work on a job and say how it ended, whatever happens."""
        state, detail = State.FAILED, "unexpected; the log says what"
        try:
            kept = self._jobs.projects.get(held.job.project)
            anonymizer = Anonymizer.of(self._jobs.archive, kept, read_areas(held.job.areas), self._jobs.faces)
            target = self._target(held.job)
            whole = all(self._study(held, study, anonymizer, target) for study in held.left())
            if not whole and not held.cancelled:  # it stops, or another has it by now
                if not held.lost:
                    held.leave()
                return
            state, detail = (State.DONE, "") if whole else (State.CANCELLED, "")
        except IsocenterError as error:
            detail = str(error)
        except Exception:  # the border of this worker: the job fails, the next one is taken up
            logger.exception("de-identification job %d failed", held.job.id)
        self._end(held, state, detail)

    def _target(self, job: Job) -> Target:
        """Return where a job's objects go.

        Raises:
            NotFoundError: the peer is not known any more, or nothing here can send.
        """
        if job.target["kind"] == "folder":
            return FolderTarget(self._jobs.folder(job.id))
        if job.target["kind"] == "archive":
            return ArchiveTarget(self._jobs.archive)
        known = self._jobs.archive.peers.get(job.target["peer"])
        if known is None or self._peer_target is None:
            raise NotFoundError(f"there is no peer {job.target['peer']!r} that objects could be sent to")
        return self._peer_target(known)

    def _study(self, held: Held, study: JobStudy, anonymizer: Anonymizer, target: Target) -> bool:
        """Deal with a study; return whether to go on. What was done of it is noted whatever happens."""
        report = RunReport(anonymizer.policy, anonymizer.project.fingerprint())
        not_written: list[tuple[str, str, str]] = []
        instances, whole = [], False
        try:
            instances = self._instances(study, report, not_written)
            whole = self._objects(held, instances, anonymizer, target, report, not_written)
        finally:
            objects = max(len(instances), report.outcomes.total()) or study.objects
            if not held.lost and (whole or report.outcomes.total() or study.report is None):
                held.note(study, to_json(report, not_written, complete=whole), objects)
        return whole

    def _instances(self, study: JobStudy, report: RunReport, not_written: list[tuple[str, str, str]]) -> list[Instance]:
        try:
            return self._jobs.archive.instances(study.StudyInstanceUID)
        except NotFoundError:
            for _ in range(study.objects):
                report.add("rejected", "its study was deleted meanwhile")
            not_written.append((study.StudyInstanceUID, "rejected", "the study was deleted meanwhile"))
            return []

    def _objects(
        self, held: Held, instances: list[Instance], anonymizer: Anonymizer, target: Target, report: RunReport,
        not_written: list[tuple[str, str, str]],
    ) -> bool:  # fmt: skip
        """Deal with objects; return whether all were, and the job is to go on."""
        if not held.go_on(self._clock()):
            return False
        with target.open(instances) as take:
            for instance in instances:
                if self._stop.wait(_REST_AMID_UPLOADS if self._jobs.archive.receiving else 0):
                    return False
                outcome, reason = self._one(instance, anonymizer, take, report)
                if outcome in {"sequestered", "rejected"}:
                    not_written.append((instance.SOPInstanceUID, outcome, reason))
                if not held.step(self._clock()):
                    return instance is instances[-1] and held.cancelled and not held.lost
        return True

    @staticmethod
    def _one(instance: Instance, anonymizer: Anonymizer, take: Take, report: RunReport) -> tuple[str, str]:
        with anonymizer.open(instance) as found:
            outcome, reason = found.outcome, found.reason
            if outcome == "output" and found.result is not None:
                try:
                    outcome, reason = take(instance, found.result, found.check)
                except NotFoundError:
                    outcome, reason = "rejected", DELETED
            report.add(outcome, reason, found.result)
        return outcome, reason

    def _end(self, held: Held, state: State, detail: str) -> None:
        """Write the reports of a job, note it in its project's audit trail, and close it."""
        job, now = held.job, self._clock()
        try:
            kept = self._jobs.projects.get(job.project)
            studies = self._jobs.studies(job.id)
            report = self._jobs.report_of(kept, studies)
            if job.target["kind"] == "folder":
                write_reports(self._jobs.folder(job.id) / FOLDER, report)
            record(kept.folder, _event(job, kept, report, studies, state, detail), now)
        except (IsocenterError, OSError) as error:
            state, detail = State.FAILED, detail or str(error)
        held.close(state, detail, now)
        logger.info("de-identification job %d: %s%s", job.id, state, f": {detail}" if detail else "")

    def _run(self) -> None:
        waiting = self._jobs.waiting
        while not self._stop.is_set():
            waiting.clear()
            try:
                self.work()
                due = self._jobs.seconds_to_next(self._clock())
            except IsocenterError as error:
                logger.error("working on de-identification jobs failed, it is tried again: %s", error)
                due = None
            except Exception:  # the border of this worker: the next round tries again
                logger.exception("working on de-identification jobs failed")
                due = None
            if not self._stop.is_set():
                waiting.wait(_LONGEST_WAIT if due is None else min(due, _LONGEST_WAIT))


def _event(
    job: Job, kept: KeptProject, report: RunReport, studies: list[JobStudy], state: State, detail: str
) -> Event:  # fmt: skip
    who = Who(**({"way": "", "aet": "", "address": "", "user": ""} | dict(job.who)))
    target = f"{job.target['kind']} {job.target.get('peer', '')}".strip()
    return Event(
        who, f"job {job.id} to {target}: {state}", kept.name, report.policy.name, report.policy.digest(),
        tuple(sorted({study for _, study in report.studies})), counts_of(studies), detail,
    )  # fmt: skip
