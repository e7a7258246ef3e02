"""The work of ``anonymize``: one input after the other, in this process or in several, each to one outcome.

An object is written beside its final name and linked to it when it is whole, so no half-written file ever has that name
and a run that was stopped goes on where it was. What cannot be written ends the run.
"""

import mmap
import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from isocenter.cli.sources import BLOCK, UNREADABLE, Candidate, Rejected, find_candidates
from isocenter.deid import Policy, Project, Result, Status, anonymize
from isocenter.dicom.encoding import Buffer
from isocenter.errors import IsocenterError, OutOfResourcesError

#: Inputs that one process takes at a time.
CHUNK = 16
#: Larger inputs are mapped instead of read, so that memory stays bounded.
_MAPPED = 16 << 20
_PIECES = 512


@dataclass(frozen=True, slots=True)
class Job:
    """What all processes need; ``out`` is None for a dry run."""

    paths: tuple[Path, ...]
    project: Path
    policy: Policy
    out: Path | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one input; ``output`` is the path below the output folder."""

    name: str
    outcome: str
    size: int = 0
    reason: str = ""
    output: str = ""
    result: Result | None = None


class Worker:
    """Anonymises the inputs of a job by their number."""

    def __init__(self, job: Job, inputs: Sequence[Candidate | Rejected] | None = None) -> None:
        self.job = job
        self.inputs = list(find_candidates(job.paths)) if inputs is None else inputs
        self.project = Project.open(job.project)

    def run(self, numbers: range) -> list[Outcome]:
        """Return the outcomes of these inputs."""
        return [self.one(self.inputs[number]) for number in numbers]

    def one(self, found: Candidate | Rejected) -> Outcome:
        """Return the outcome of one input. Raises OutOfResourcesError when it cannot be written."""
        if isinstance(found, Rejected):
            return Outcome(found.name, "rejected", reason=found.reason)
        try:
            data = _load(found)
        except UNREADABLE:
            return Outcome(found.name, "rejected", found.size, "cannot be read")
        try:
            result = anonymize(data, self.project, self.job.policy)
        except IsocenterError as error:
            return Outcome(found.name, "rejected", found.size, str(error))
        if result.status is Status.SEQUESTERED:
            return Outcome(found.name, "sequestered", found.size, result.reason, result=result)
        place = f"{result.patient}/{result.study or 'no study'}/{result.series or 'no series'}/{result.instance}.dcm"
        outcome = "output" if self.job.out is None else _write(self.job.out / place, result.pieces)
        reason = "another object with the same UID was written before" if outcome == "sequestered" else ""
        return Outcome(found.name, outcome, found.size, reason, place, replace(result, pieces=()))


def _load(found: Candidate) -> Buffer:
    """Return the bytes of an input; of a large one as a map of its file, or of a temporary copy."""
    with found.open() as stream:
        if found.size < _MAPPED:
            return stream.read()
        with suppress(OSError, AttributeError, ValueError):
            return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
        with tempfile.TemporaryFile() as copy:
            while block := stream.read(BLOCK):
                copy.write(block)
            copy.flush()
            return memoryview(mmap.mmap(copy.fileno(), 0, access=mmap.ACCESS_READ))


def _write(path: Path, pieces: Sequence[Buffer]) -> str:
    """Write a file that is not there yet; return "unchanged" for the same bytes and "sequestered" for others."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb", buffering=0) as file:
            _write_pieces(file.fileno(), pieces)
        return _link(temporary, path)
    except OSError as error:
        raise OutOfResourcesError(f"cannot write to {path.parent.parent}: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _link(temporary: Path, path: Path) -> str:
    try:
        os.link(temporary, path)
    except FileExistsError:
        return "unchanged" if _same(temporary, path) else "sequestered"
    return "output"


def _write_pieces(descriptor: int, pieces: Sequence[Buffer]) -> None:
    for at in range(0, len(pieces), _PIECES):
        part = [memoryview(piece) for piece in pieces[at : at + _PIECES]]
        while part:
            written = os.writev(descriptor, part)
            while part and written >= len(part[0]):
                written -= len(part.pop(0))
            if part:
                part[0] = part[0][written:]


def _same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while block := first.read(BLOCK):
            if block != second.read(BLOCK):
                return False
    return True


def run_all(job: Job, inputs: Sequence[Candidate | Rejected], jobs: int) -> Iterator[Outcome]:
    """Yield the outcome of every input, in the order of the inputs."""
    chunks = [range(at, min(at + CHUNK, len(inputs))) for at in range(0, len(inputs), CHUNK)]
    if jobs == 1 or len(chunks) == 1:
        worker = Worker(job, inputs)
        for chunk in chunks:
            yield from worker.run(chunk)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(chunks)), context, _start, (job,)) as pool:
        for outcomes in pool.map(_run, chunks):
            yield from outcomes


_worker: list[Worker] = []


def _start(job: Job) -> None:
    """Prepare a process: it finds the same inputs in the same order."""
    _worker[:] = [Worker(job)]


def _run(numbers: range) -> list[Outcome]:
    return _worker[0].run(numbers)
