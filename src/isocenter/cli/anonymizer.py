"""The work of ``anonymize``: one input after the other, in this process or in several, each to one outcome.

An object is written to a folder for what is on its way and gets its final name when it is whole, in the order of the
inputs. So no half-written file ever has that name, a run that was stopped goes on where it was, and several processes
give what one gives. What cannot be written ends the run.
"""

import mmap
import multiprocessing
import os
import secrets
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from isocenter.anonymizing.folder import INCOMING, OTHER_OBJECT, Given, give_name, incoming, place_of, write_object
from isocenter.anonymizing.reading import map_object
from isocenter.cli.anonymize_extras import Extras, Sealed
from isocenter.cli.anonymize_inputs import Stored
from isocenter.cli.file_set import component, file_set_place
from isocenter.cli.identify import identify
from isocenter.cli.process import keep_values_out
from isocenter.cli.sources import BLOCK, UNREADABLE, Candidate, Rejected, find_candidates
from isocenter.deid import Option, Policy, Project, Result, Status, anonymize
from isocenter.deid.engine import DirectoryError
from isocenter.dicom.encoding import Buffer
from isocenter.errors import IsocenterError, UsageError
from isocenter.storage import ObjectFile

if TYPE_CHECKING:
    from isocenter.deid.faces import Face

#: Inputs that one process takes at a time: at most, and so that each gets some; handing over takes a while itself.
_MOST = 64
_SHARES = 16
#: Larger inputs are mapped instead of read, so that memory stays bounded.
_MAPPED = 16 << 20
#: The size of the memory that smaller inputs are read into, one after the other.
_BLOCK = 1 << 20
THERE = "there before, not looked at again"

#: The number of the first input of some, and the names of all of them.
Chunk = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Job:
    """What all processes need; ``out`` is None for a dry run, ``run`` tells runs into one folder apart.

    ``stored``: what is read instead of ``paths``. ``resume``: inputs whose output is there are not looked at again.
    ``extras``: what is done besides. ``faces``: what `faces_in` gave, for a policy that takes them out.
    """

    paths: tuple[Path, ...]
    project: Path
    policy: Policy
    out: Path | None
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    stored: Stored | None = None
    resume: bool = False
    extras: Extras = field(default_factory=Extras)
    faces: "Mapping[str, Face | str]" = field(default_factory=dict)

    def inputs(self) -> list[Candidate | Rejected]:
        """Return the inputs, in the same order in every process."""
        return list(find_candidates(self.paths) if self.stored is None else self.stored.candidates())

    def present(self) -> "Present | None":
        """Return what knows which objects are in the output; None: all inputs are looked at."""
        if not self.resume or self.out is None:
            return None
        keeps = Option.UIDS in self.policy.options
        names = frozenset(path.stem for path in self.out.rglob("*" if self.extras.file_set else "*.dcm"))
        if self.extras.reversible:  # a run that was killed wrote some that are not in the mapping
            recorded = self.extras.recorded(self.project)
            names &= {component(name) for name in recorded} if self.extras.file_set else recorded
        return Present(names, None if keeps else Project.open(self.project), file_set=self.extras.file_set)

    @property
    def incoming(self) -> Path:
        """The folder for objects that have no final name yet; on the same file system as that."""
        assert self.out is not None
        return self.out / f"{INCOMING}{self.run}"


@dataclass(frozen=True, slots=True)
class Present:
    """The objects in an output folder, to be asked for by their original UIDs."""

    names: frozenset[str]
    project: Project | None
    file_set: bool = False

    def __call__(self, uid: str) -> bool:
        """Tell whether the output of this object is there."""
        new = uid if self.project is None else self.project.uid(uid)
        return (component(new) if self.file_set else new) in self.names


class Outcome(NamedTuple):
    """What became of one input; ``output`` is the path below the output folder, ``written`` where it is until then.

    A tuple, for it goes from process to process, and data classes take four times as long to do so.
    """

    name: str
    outcome: str
    size: int = 0
    reason: str = ""
    output: str = ""
    written: str = ""
    result: Result | None = None
    sealed: Sealed = ()


class Worker:
    """Anonymises the inputs of a job by their number."""

    def __init__(self, job: Job, inputs: Sequence[Candidate | Rejected] | None = None) -> None:
        keep_values_out()
        self.job = job
        self.inputs = job.inputs() if inputs is None else inputs
        self.present = job.present()
        self.project = job.extras.project(job.project)
        self._mapping = job.extras.mapping(self.project, job.project)
        self._enclose = job.extras.enclosing()
        self._place = file_set_place if job.extras.file_set else place_of
        self._incoming = ""
        if job.out is not None:  # a folder for each process: they would wait for one another to make files in one
            self._incoming = str(job.incoming / str(os.getpid()))
            Path(self._incoming).mkdir(parents=True, exist_ok=True)
        self._block = bytearray(_BLOCK)  # fresh memory for each object would cost a page fault for every 4 kB

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
        if self.present is not None and self.present(self._uid(found)):
            return Outcome(found.name, "unchanged", found.size, THERE)
        try:
            data = _load(found, self._block)
        except UNREADABLE:
            return Outcome(found.name, "rejected", found.size, "cannot be read")
        try:
            result = anonymize(data, self.project, self.job.policy, faces=self.job.faces)
            if self._enclose is not None:
                result = self._enclose(data, result)
        except DirectoryError as error:
            return Outcome(found.name, "directory", found.size, str(error))
        except IsocenterError as error:
            return Outcome(found.name, "rejected", found.size, str(error))
        if result.status is Status.SEQUESTERED:
            return Outcome(found.name, "sequestered", found.size, result.reason, result=result)
        written = f"{self._incoming}/{number}"
        if self.job.out is not None:
            write_object(written, result.pieces)
        sealed = self._sealed(data, result)
        place, kept = self._place(result), replace(result, pieces=())
        return Outcome(found.name, "output", found.size, "", place, written, kept, sealed)

    def _sealed(self, data: Buffer, result: Result) -> Sealed:
        if self._mapping is None:
            return ()
        return tuple((record["name"], self._mapping.seal(record)) for record in self._mapping.originals(data, result))

    def _uid(self, found: Candidate) -> str:
        """Return the SOPInstanceUID of an input, "" where it has none that can be read."""
        if self.job.stored is not None:
            return found.name
        try:
            with found.open() as file:
                return identify(found, file).sop_instance_uid
        except (IsocenterError, *UNREADABLE):
            return ""


def faces_in(inputs: Sequence[Candidate | Rejected]) -> "dict[str, Face | str]":
    """Return the faces of all series in the inputs, or why there are none (`isocenter.deid.defacing`)."""
    from isocenter.deid.defacing import find_faces  # noqa: PLC0415 - heavy, and seldom needed

    block = bytearray(_BLOCK)
    return find_faces(partial(_load_or_nothing, found, block) for found in inputs if isinstance(found, Candidate))


def _load_or_nothing(found: Candidate, block: bytearray) -> Buffer:
    try:
        return _load(found, block)
    except UNREADABLE:
        return b""


def _load(found: Candidate, block: bytearray) -> Buffer:
    """Return the bytes of an input, in the block if they fit; of a large one as a map of its file, or of a copy."""
    with found.open() as stream:
        if found.size < len(block) and not isinstance(stream, ObjectFile):
            length = stream.readinto(block)  # type: ignore[attr-defined]
            if not stream.read(1):
                return memoryview(block).toreadonly()[:length]
            stream.seek(0)
        if found.size < _MAPPED:
            return stream.read()
        if isinstance(stream, ObjectFile):
            return map_object(stream)
        with suppress(OSError, AttributeError, ValueError):
            return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
        with tempfile.TemporaryFile() as copy:
            while piece := stream.read(BLOCK):
                copy.write(piece)
            copy.flush()
            return memoryview(mmap.mmap(copy.fileno(), 0, access=mmap.ACCESS_READ))


def _settle(job: Job, outcome: Outcome) -> Outcome:
    """Give a written object its final name, unless another has it: the same bytes, or other ones."""
    if job.out is None or outcome.outcome != "output":
        return outcome
    given = give_name(outcome.written, f"{job.out}/{outcome.output}")
    if given is Given.OTHER:
        return outcome._replace(outcome="sequestered", reason=OTHER_OBJECT, output="")
    if given is Given.SAME:
        return outcome._replace(outcome="unchanged")
    return outcome


def run_all(job: Job, inputs: Sequence[Candidate | Rejected], jobs: int) -> Generator[Outcome, None, None]:
    """Return the outcome of every input, in the order of the inputs: of two with one UID the first is written.

    The processes start here and not with the first outcome, so that the caller may start threads in between.

    Raises:
        ConfigurationError: the project, the list of patients or the certificate is none.
    """
    with ExitStack() as stack:
        if job.out is not None:
            stack.enter_context(incoming(job.incoming))
        worker = Worker(job, inputs)
        chunks = shares([found.name for found in inputs], jobs)
        return _settled(job, _outcomes(worker, chunks, jobs), stack.pop_all())


def shares(names: list[str], jobs: int) -> list[Chunk]:
    """Return all inputs in pieces for the processes, in their order; few inputs one by one, for each may take long."""
    size = min(_MOST, 1 + len(names) // (jobs * _SHARES))
    return [(first, names[first : first + size]) for first in range(0, len(names), size)]


def _settled(job: Job, outcomes: Iterator[list[Outcome]], stack: ExitStack) -> Generator[Outcome, None, None]:
    with stack:
        for outcome in chain.from_iterable(outcomes):
            yield _settle(job, outcome)


def _outcomes(worker: Worker, chunks: list[Chunk], jobs: int) -> Iterator[list[Outcome]]:
    if jobs == 1 or len(chunks) == 1:
        return map(worker.run, chunks)
    context = multiprocessing.get_context("fork" if _may_fork() else "spawn")
    given = worker.inputs if context.get_start_method() == "fork" and _may_be_copied(worker) else None
    pool = ProcessPoolExecutor(min(jobs, len(chunks)), context, _start, (worker.job, given))
    return _drained(pool, pool.map(_run, chunks))


def _drained(pool: ProcessPoolExecutor, found: Iterator[list[Outcome]]) -> Iterator[list[Outcome]]:
    with pool:
        yield from found


def _may_fork() -> bool:
    """Tell whether this process may be copied: on Linux, while it has one thread. A new one takes 0.4 s to start."""
    tasks = Path("/proc/self/task")
    return tasks.is_dir() and len(list(tasks.iterdir())) == 1


def _may_be_copied(worker: Worker) -> bool:
    """Tell whether a copy of this process may read the inputs as they were found: files of their own."""
    members = (isinstance(found, Candidate) and found.member for found in worker.inputs)
    return worker.job.stored is None and not any(members)


_worker: list[Worker] = []


def _start(job: Job, inputs: Sequence[Candidate | Rejected] | None) -> None:
    """Prepare a process: it has the same inputs, or finds them in the same order."""
    _worker[:] = [Worker(job, inputs)]


def _run(chunk: Chunk) -> list[Outcome]:
    return _worker[0].run(chunk)
