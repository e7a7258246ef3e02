"""Jobs: counts that add up, nothing original outside, and no end by a restart, a cancellation or a full disk."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pydicom
import pytest

from isocenter.anonymizing.audit import FILE, Event, Who, events, record
from isocenter.anonymizing.jobs import Job, Jobs, State, Wish, counts_of
from isocenter.anonymizing.projects import Facts
from isocenter.anonymizing.targets import FolderTarget, Take, Target
from isocenter.anonymizing.worker import Worker
from isocenter.archive import Archive, Instance
from isocenter.errors import NotFoundError, OutOfResourcesError, UsageError
from isocenter.index.peers import KnownPeer

from .conftest import OTHER, STUDY, build

WHO = Who("web", address="127.0.0.1")
SERIES_SC = f"{STUDY}.0.7"


class Clock:
    """A time that goes on by itself: ``step`` seconds at each look."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 1000.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def done(jobs: Jobs, wish: Wish, **worker: object) -> Job:
    job = jobs.add(wish, WHO, 1000)
    Worker(jobs, clock=Clock(), **worker).work()
    return jobs.get(job.id)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def counts(jobs: Jobs, job: Job) -> dict[str, int]:
    return counts_of(jobs.studies(job.id))


def test_into_a_folder_with_reports_and_nothing_original(jobs: Jobs, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        job = done(jobs, Wish("trial", [STUDY, OTHER]))
    assert (job.state, job.done, job.detail) == (State.DONE, 5, "")
    assert counts(jobs, job) == {"output": 4, "unchanged": 0, "sequestered": 1, "rejected": 0, "left": 0}
    first, second = jobs.studies(job.id)
    ((uid, outcome, reason),) = first.report["not_written"]
    assert (uid, outcome, "secondary capture" in reason) == (f"{STUDY}.9", "sequestered", True)
    assert second.report["not_written"] == []
    written = files(jobs.folder(job.id))
    assert sum(name.endswith(".dcm") for name in written) == 4
    assert {"reports/summary.html", "reports/summary.csv", "reports/summary.json"} < written.keys()
    for name, content in written.items():
        assert "Zq" not in name
        assert b"Zq" not in content, name
        assert b"1.2.826.76" not in content, name
    (event,) = events(jobs.projects.get("trial").folder)
    assert event["who"] == {"way": "web", "address": "127.0.0.1"}
    assert (event["inputs"], event["counts"]["output"], len(event["studies"])) == (5, 4, 2)
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert '"digest"' in logged
    assert "Zq" not in logged
    assert "1.2.826" not in logged


def test_back_into_the_archive_as_another_patient(jobs: Jobs, archive: Archive) -> None:
    job = done(jobs, Wish("trial", [STUDY], "archive"))
    assert counts(jobs, job)["output"] == 3
    (study,) = jobs.studies(job.id)[0].report["studies"]
    made = archive.instances(study["study"])
    assert len(made) == 3
    assert len(archive.instances(STUDY)) == 4
    with archive.open_object(made[0]) as file:
        written = pydicom.dcmread(file)
    assert written.PatientIdentityRemoved == "YES"
    assert written.PatientID == study["patient"] != "ZqMRN1Xk"
    assert "Zq" not in str(written)
    assert archive.conflicts() == []
    assert counts(jobs, done(jobs, Wish("trial", [STUDY], "archive")))["unchanged"] == 3


def test_what_would_be_mixed_with_the_originals_is_refused(jobs: Jobs) -> None:
    jobs.projects.add(Facts("same", keep=("uids",)))
    with pytest.raises(UsageError, match="mixed"):
        jobs.add(Wish("same", [STUDY], "archive"), WHO, 0)


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        (Wish("none", [STUDY]), NotFoundError), (Wish("trial", ["1.2.3"]), NotFoundError),
        (Wish("trial", []), UsageError), (Wish("trial", [STUDY], "moon"), UsageError),
        (Wish("trial", [STUDY], "peer", "NOBODY"), NotFoundError),
        (Wish("trial", [STUDY], areas={"1": {"rows": 8, "columns": 8, "boxes": [[0, 0, 9, 1]]}}), UsageError),
        (Wish("trial", [STUDY], areas={"1": {"rows": 8, "boxes": []}}), UsageError),
    ],
)  # fmt: skip
def test_wishes_that_make_no_sense(jobs: Jobs, wish: Wish, error: type[Exception]) -> None:
    with pytest.raises(error):
        jobs.add(wish, WHO, 0)
    assert jobs.recent() == []


def test_approved_boxes_are_blanked_and_count_for_pictures_of_their_size_only(jobs: Jobs) -> None:
    areas = {SERIES_SC: {"rows": 8, "columns": 8, "boxes": [[0, 0, 8, 1]]}}
    job = done(jobs, Wish("trial", [STUDY], areas=areas))
    assert counts(jobs, job)["output"] == 4
    read = [pydicom.dcmread(path) for path in jobs.folder(job.id).rglob("*.dcm")]
    (screen,) = [each for each in read if each.SOPClassUID.endswith(".7")]
    assert screen.pixel_array[0].tolist() == [0] * 8
    assert screen.pixel_array[1].tolist() == list(range(9, 17))
    areas[SERIES_SC]["rows"] = 9
    wrong = done(jobs, Wish("trial", [STUDY], areas=areas))
    assert jobs.report(wrong.id).reasons["sequestered", "the approved areas are for pictures of another size"] == 1


def test_a_restart_goes_on_where_it_was(jobs: Jobs, archive: Archive, data: Path) -> None:
    """The process dies amid the second study; another takes the job up when the first one's time is over."""
    job = jobs.add(Wish("trial", [OTHER, STUDY]), WHO, 1000)

    class DiedError(BaseException):
        pass

    class Dies(FolderTarget):
        @contextmanager
        def open(self, instances: Sequence[Instance]) -> Iterator[Take]:
            with super().open(instances) as take:

                def dying(instance: Instance, result, check) -> tuple[str, str]:
                    if instance.SOPInstanceUID == f"{STUDY}.2":
                        raise DiedError
                    return take(instance, result, check)

                yield dying

    worker = Worker(jobs, clock=Clock())
    worker._target = lambda _: Dies(jobs.folder(job.id))
    with pytest.raises(DiedError):
        worker.work()
    assert jobs.get(job.id).state is State.RUNNING
    again = Jobs(archive, data)
    clock = Clock()
    assert Worker(again, clock=clock).work() == 0
    assert again.seconds_to_next(clock.now) == 120
    clock.now += 121
    assert Worker(again, clock=clock).work() == 1
    ended = again.get(job.id)
    assert ended.state is State.DONE
    assert counts(again, ended) == {"output": 3, "unchanged": 1, "sequestered": 1, "rejected": 0, "left": 0}
    assert [study.report["complete"] for study in again.studies(job.id)] == [True, True]


def test_what_was_given_out_before_a_cancelled_restart_is_told(jobs: Jobs) -> None:
    job = jobs.add(Wish("trial", [STUDY]), WHO, 1000)
    worker = Worker(jobs, clock=Clock())

    class Stops(FolderTarget):
        @contextmanager
        def open(self, instances: Sequence[Instance]) -> Iterator[Take]:
            with super().open(instances) as take:

                def stopping(instance: Instance, result, check) -> tuple[str, str]:
                    worker._stop.set()
                    return take(instance, result, check)

                yield stopping

    worker._target = lambda _: Stops(jobs.folder(job.id))
    worker.work()
    jobs.cancel(job.id, 1000)
    Worker(jobs, clock=Clock()).work()
    assert jobs.get(job.id).state is State.CANCELLED
    assert (counts(jobs, job)["output"], counts(jobs, job)["left"]) == (1, 3)
    assert events(jobs.projects.get("trial").folder)[-1]["counts"]["output"] == 1


def test_a_stopped_worker_leaves_the_job_to_the_next(jobs: Jobs) -> None:
    job = jobs.add(Wish("trial", [STUDY]), WHO, 1000)
    worker = Worker(jobs, clock=Clock())
    target = worker._target(job)

    class Stops(FolderTarget):
        @contextmanager
        def open(self, instances: Sequence[Instance]) -> Iterator[Take]:
            worker._stop.set()
            with target.open(instances) as take:
                yield take

    worker._target = lambda _: Stops(jobs.folder(job.id))
    worker.work()
    assert counts(jobs, job)["left"] == 4
    assert Worker(jobs, clock=Clock()).work() == 1
    assert counts(jobs, job)["output"] == 3


def test_cancelled_and_resumed(jobs: Jobs) -> None:
    job = jobs.add(Wish("trial", [OTHER, STUDY]), WHO, 1000)
    worker = Worker(jobs, clock=Clock(1.0))  # it looks at every object whether it is cancelled
    target = worker._target(job)

    class Cancels(FolderTarget):
        @contextmanager
        def open(self, instances: Sequence[Instance]) -> Iterator[Take]:
            with target.open(instances) as take:

                def taking(instance: Instance, result, check) -> tuple[str, str]:
                    if instance.SOPInstanceUID == f"{STUDY}.2":
                        jobs.cancel(job.id, 1000)
                    return take(instance, result, check)

                yield taking

    worker._target = lambda _: Cancels(jobs.folder(job.id))
    worker.work()
    assert jobs.get(job.id).state is State.CANCELLED
    assert counts(jobs, job) == {"output": 3, "unchanged": 0, "sequestered": 0, "rejected": 0, "left": 2}
    with pytest.raises(UsageError, match="ended"):
        jobs.cancel(job.id, 1000)
    jobs.resume(job.id, 1000)
    Worker(jobs, clock=Clock()).work()
    assert jobs.get(job.id).state is State.DONE
    assert counts(jobs, job) == {"output": 2, "unchanged": 2, "sequestered": 1, "rejected": 0, "left": 0}
    assert [event["what"].rpartition(" ")[2] for event in events(jobs.projects.get("trial").folder)] == [
        "cancelled", "done",
    ]  # fmt: skip


def test_an_event_behind_one_that_a_crash_cut_short_is_kept(tmp_path: Path) -> None:
    event = Event(WHO, "a run", "trial", "basic", "0", (), {"output": 1})
    record(tmp_path, event, 0.0)
    with (tmp_path / FILE).open("a") as file:
        file.write('{"time": "19')
    record(tmp_path, event, 1.0)
    assert [each["time"] for each in events(tmp_path)] == ["1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z"]


def test_a_job_that_waits_is_cancelled_at_once(jobs: Jobs) -> None:
    job = jobs.add(Wish("trial", [STUDY]), WHO, 1000)
    assert jobs.cancel(job.id, 1000).state is State.CANCELLED
    assert Worker(jobs, clock=Clock()).work() == 0


def test_a_full_disk_fails_the_job_and_says_so(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OutOfResourcesError("cannot write to the output folder: No space left on device")

    monkeypatch.setattr("isocenter.anonymizing.targets.write_object", full)
    job = done(jobs, Wish("trial", [STUDY]))
    assert (job.state, "No space left" in job.detail) == (State.FAILED, True)
    assert counts(jobs, job)["left"] == 4


def test_unexpected_errors_fail_the_job_only(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("isocenter.anonymizing.targets.place_of", lambda _: 1 / 0)
    assert done(jobs, Wish("trial", [STUDY])).state is State.FAILED
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    assert done(jobs, Wish("trial", [OTHER])).state is State.DONE


def test_studies_that_are_gone_or_have_grown_still_add_up(
    jobs: Jobs, archive: Archive, store: Callable[..., None]
) -> None:
    job = jobs.add(Wish("trial", [STUDY, OTHER]), WHO, 1000)
    archive.delete(STUDY)
    store(build(2, study=OTHER))
    Worker(jobs, clock=Clock()).work()
    assert counts(jobs, job) == {"output": 2, "unchanged": 0, "sequestered": 0, "rejected": 4, "left": 0}


def test_a_project_whose_key_is_gone_fails_the_job(jobs: Jobs) -> None:
    (jobs.projects.get("trial").folder / "key").unlink()
    job = done(jobs, Wish("trial", [STUDY]))
    assert (job.state, "key of project trial is gone" in job.detail) == (State.FAILED, True)


def test_removed_with_its_files(jobs: Jobs) -> None:
    waiting = jobs.add(Wish("trial", [STUDY]), WHO, 1000)
    with pytest.raises(UsageError, match="cancel it first"):
        jobs.remove(waiting.id)
    Worker(jobs, clock=Clock()).work()
    assert jobs.folder(waiting.id).is_dir()
    jobs.remove(waiting.id)
    assert not jobs.folder(waiting.id).exists()
    assert jobs.recent() == []
    with pytest.raises(NotFoundError):
        jobs.get(waiting.id)


def test_the_thread_takes_up_what_is_asked_and_ends(jobs: Jobs) -> None:
    worker = Worker(jobs)
    worker.start()
    job = jobs.add(Wish("trial", [OTHER]), WHO, 0)
    pause, deadline = threading.Event(), time.monotonic() + 60
    try:
        while not jobs.get(job.id).state.ended and time.monotonic() < deadline:
            pause.wait(0.02)
    finally:
        worker.stop()
    assert jobs.get(job.id).state is State.DONE


def test_without_a_node_nothing_is_sent(jobs: Jobs, archive: Archive) -> None:
    archive.peers.add(KnownPeer("LAB", "127.0.0.1", 104))
    job = done(jobs, Wish("trial", [OTHER], "peer", "LAB"))
    assert (job.state, "LAB" in job.detail) == (State.FAILED, True)


def test_reports_can_be_read_as_json(jobs: Jobs) -> None:
    job = done(jobs, Wish("trial", [STUDY]))
    kept = json.loads((jobs.folder(job.id) / "reports" / "summary.json").read_text())
    assert kept == json.loads(json.dumps(jobs.report(job.id).as_json()))
    assert kept["inputs"] == kept["output"] + kept["sequestered"] == 4


class Deletes:
    """A target that takes what an object is made into when that object is gone already."""

    def __init__(self, archive: Archive, target: Target) -> None:
        self._archive, self._target = archive, target

    @contextmanager
    def open(self, instances: Sequence[Instance]) -> Iterator[Take]:
        with self._target.open(instances) as take:

            def deleting(instance: Instance, result, check) -> tuple[str, str]:
                if instance.SOPInstanceUID == f"{STUDY}.2":
                    self._archive.delete(STUDY)
                    self._archive.bin.empty_all()
                return take(instance, result, check)

            yield deleting


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_a_large_object_that_is_deleted_meanwhile_is_not_written(
    jobs: Jobs, archive: Archive, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """It is mapped, and reads as zeros from then on."""
    monkeypatch.setattr("isocenter.anonymizing.reading._MAPPED", 10)
    job = jobs.add(Wish("trial", [STUDY], kind), WHO, 1000)
    worker = Worker(jobs, clock=Clock())
    target = worker._target(job)
    worker._target = lambda _: Deletes(archive, target)
    worker.work()
    assert jobs.get(job.id).state is State.DONE
    assert counts(jobs, job) == {"output": 1, "unchanged": 0, "sequestered": 0, "rejected": 3, "left": 0}
    (study,) = jobs.studies(job.id)
    assert [row[2] for row in study.report["not_written"]] == ["deleted meanwhile"] * 3
    if kind == "folder":
        (written,) = jobs.folder(job.id).rglob("*.dcm")
        assert pydicom.dcmread(written).PixelData == bytes(range(1, 65))
    else:
        assert len(archive.instances(study.report["studies"][0]["study"])) == 1
