"""The work of ``anonymize``: one input after the other, in this process or in several, each to one outcome.

An object is written to a folder for what is on its way and gets its final name when it is whole, in the order of the
inputs. So no half-written file ever has that name, a run that was stopped goes on where it was, and several processes
give what one gives. What cannot be written ends the run.
"""

import errno
import mmap
import multiprocessing
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from isocenter.cli.sources import BLOCK, UNREADABLE, Candidate, Rejected, find_candidates
from isocenter.deid import Policy, Project, Result, Status, anonymize
from isocenter.dicom.encoding import Buffer
from isocenter.errors import IsocenterError, OutOfResourcesError, UsageError

#: Inputs that one process takes at a time.
CHUNK = 16
#: Larger inputs are mapped instead of read, so that memory stays bounded.
_MAPPED = 16 << 20
_PIECES = 512
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})

#: The number of the first input of some, and the names of all of them.
Chunk = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Job:
    """What all processes need; ``out`` is None for a dry run, ``run`` tells runs into one folder apart."""

    paths: tuple[Path, ...]
    project: Path
    policy: Policy
    out: Path | None
    run: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def incoming(self) -> Path:
        """The folder for objects that have no final name yet; on the same file system as that."""
        assert self.out is not None
        return self.out / f".incoming-{self.run}"


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

    def run(self, chunk: Chunk) -> list[Outcome]:
        """Return the outcomes of these inputs. Raises UsageError when they are others than they were."""
        first, names = chunk
        here = self.inputs[first : first + len(names)]
        if [found.name for found in here] != names:
            raise UsageError("the input folders changed while they were read; run it again")
        return [self.one(first + number, found) for number, found in enumerate(here)]

    def one(self, number: int, found: Candidate | Rejected) -> Outcome:
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
        if self.job.out is not None:
            _write(self.job.incoming / str(number), result.pieces)
        place = f"{result.patient}/{result.study or 'no study'}/{result.series or 'no series'}/{result.instance}.dcm"
        return Outcome(found.name, "output", found.size, "", place, replace(result, pieces=()))


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


def _write(path: Path, pieces: Sequence[Buffer]) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            _write_pieces(descriptor, pieces)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise OutOfResourcesError(f"cannot write to the output folder: {error.strerror}") from error


def _settle(job: Job, number: int, outcome: Outcome) -> Outcome:
    """Give a written object its final name, unless another has it: the same bytes, or other ones."""
    if job.out is None or outcome.outcome != "output":
        return outcome
    written, path = f"{job.incoming}/{number}", f"{job.out}/{outcome.output}"
    try:
        _link(written, path)
    except FileExistsError:
        if _same(Path(written), Path(path)):
            return replace(outcome, outcome="unchanged")
        reason = "another object with the same UID was written before"
        return replace(outcome, outcome="sequestered", reason=reason, output="")
    except OSError as error:
        raise OutOfResourcesError(f"cannot write to the output folder: {error.strerror}") from error
    finally:
        Path(written).unlink(missing_ok=True)
    return outcome


def _link(written: str, path: str) -> None:
    """Give a file its second name; on file systems that have no such names, its only one. Never replaces a file."""
    try:
        os.link(written, path)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        _link(written, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if Path(path).exists():
            raise FileExistsError(path) from error
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(written).rename(path)


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
    """Yield the outcome of every input, in the order of the inputs: of two with one UID the first is written."""
    starts = range(0, len(inputs), CHUNK)
    chunks = [(first, [found.name for found in inputs[first : first + CHUNK]]) for first in starts]
    if job.out is not None:
        job.incoming.mkdir(parents=True)
    try:
        outcomes = chain.from_iterable(_outcomes(job, inputs, chunks, jobs))
        for number, outcome in enumerate(outcomes):
            yield _settle(job, number, outcome)
    finally:
        if job.out is not None:
            shutil.rmtree(job.incoming, ignore_errors=True)


def _outcomes(
    job: Job, inputs: Sequence[Candidate | Rejected], chunks: list[Chunk], jobs: int
) -> Iterator[list[Outcome]]:
    if jobs == 1 or len(chunks) == 1:
        worker = Worker(job, inputs)
        yield from map(worker.run, chunks)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(chunks)), context, _start, (job,)) as pool:
        yield from pool.map(_run, chunks)


_worker: list[Worker] = []


def _start(job: Job) -> None:
    """Prepare a process: it finds the same inputs in the same order."""
    _worker[:] = [Worker(job)]


def _run(chunk: Chunk) -> list[Outcome]:
    return _worker[0].run(chunk)
