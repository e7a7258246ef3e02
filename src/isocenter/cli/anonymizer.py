"""The work of ``anonymize``: one input after the other, in this process or in several, each to one outcome.

Several processes begin while inputs are still being found. An object is written to a folder for what is on its way
and gets its final name when it is whole, in the order of the inputs. So no half-written file ever has that name, a run
that was stopped goes on where it was, and several processes give what one gives. What cannot be
written ends the run.
"""

import mmap
import multiprocessing
import os
import secrets
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain, islice
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
from isocenter.dicom.encoding import Buffer
from isocenter.errors import DirectoryError, IsocenterError, UsageError
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

#: The number of the first input of some, and all of them.
Chunk = tuple[int, Sequence[Candidate | Rejected]]
#: The same for another process, with the names of those that it has to find itself.
Handed = tuple[int, Sequence[Candidate | Rejected | str]]


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

    def inputs(self) -> Iterable[Candidate | Rejected]:
        """Return the inputs, in the same order in every process; files are found as they are asked for."""
        return find_candidates(self.paths) if self.stored is None else self.stored.candidates()

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
    """Anonymises inputs of a job."""

    def __init__(self, job: Job) -> None:
        keep_values_out()
        self.job = job
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

    def run(self, chunk: Handed) -> list[Outcome]:
        """Return the outcomes of these inputs. Raises UsageError when they are others than they were."""
        first, given = chunk
        return [
            self.one(number, self._found(number, each) if isinstance(each, str) else each)
            for number, each in enumerate(given, first)
        ]

    @cached_property
    def _inputs(self) -> list[Candidate | Rejected]:
        return list(self.job.inputs())

    def _found(self, number: int, name: str) -> Candidate | Rejected:
        """Return the input of this number as this process finds it."""
        if number >= len(self._inputs) or self._inputs[number].name != name:
            raise UsageError("the input folders changed while they were read; run it again")
        return self._inputs[number]

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


def faces_in(inputs: Iterable[Candidate | Rejected]) -> "dict[str, Face | str]":
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


def run_all(
    job: Job, inputs: Iterable[Candidate | Rejected], jobs: int, tell: Callable[[int], object] = bool
) -> Generator[Outcome, None, None]:
    """Return the outcome of every input, in the order of the inputs: of two with one UID the first is written.

    ``tell`` is told how many inputs there are as soon as all are found. The processes start here and not with the first
    outcome, so that the caller may start threads in between.

    Raises:
        ConfigurationError: the project, the list of patients or the certificate is none.
    """
    with ExitStack() as stack:
        if job.out is not None:
            stack.enter_context(incoming(job.incoming))
        worker = Worker(job)
        found = _counted(inputs, tell)
        chunks = shares(iter(list(found)) if jobs == 1 else found, jobs)  # alone, it can say beforehand of how many
        first = list(islice(chunks, jobs))
        if len(first) < 2 or jobs == 1:
            outcomes: Iterator[list[Outcome]] = map(worker.run, chain(first, chunks))
        else:
            outcomes = _in_processes(job, first, chunks, stack)
        return _settled(job, outcomes, stack.pop_all())


def _counted(inputs: Iterable[Candidate | Rejected], tell: Callable[[int], object]) -> Iterator[Candidate | Rejected]:
    number = 0
    for number, found in enumerate(inputs, 1):  # noqa: B007 - told below
        yield found
    tell(number)


def shares(inputs: Iterator[Candidate | Rejected], jobs: int) -> Iterator[Chunk]:
    """Return all inputs in pieces for the processes, in their order; the first one by one, for each may take long."""
    number = 0
    while found := list(islice(inputs, min(_MOST, 1 + number // (jobs * _SHARES)))):
        yield number, found
        number += len(found)


def _settled(job: Job, outcomes: Iterator[list[Outcome]], stack: ExitStack) -> Generator[Outcome, None, None]:
    with stack:
        for outcome in chain.from_iterable(outcomes):
            yield _settle(job, outcome)


def _in_processes(
    job: Job, first: list[Chunk], rest: Iterator[Chunk], stack: ExitStack
) -> Generator[list[Outcome], None, None]:
    """Begin the first chunks, each in a process of its own, which goes on with the rest as that is found."""
    context = multiprocessing.get_context("fork" if _may_fork() else "spawn")
    pool = ProcessPoolExecutor(len(first), context, _start, (job,))
    stack.callback(pool.shutdown, cancel_futures=True)
    begun = deque(pool.submit(_run, _handed(chunk)) for chunk in first)
    return _drained(pool, begun, rest)


def _drained(
    pool: ProcessPoolExecutor, begun: deque[Future[list[Outcome]]], rest: Iterator[Chunk]
) -> Generator[list[Outcome], None, None]:
    for chunk in rest:
        begun.append(pool.submit(_run, _handed(chunk)))
        while begun and begun[0].done():
            yield begun.popleft().result()
    while begun:
        yield begun.popleft().result()


def _handed(chunk: Chunk) -> Handed:
    """Return inputs as another process can take them: files of their own as they were found, others by name."""
    number, found = chunk
    return number, [each.name if isinstance(each, Candidate) and each.opener else each for each in found]


def _may_fork() -> bool:
    """Tell whether this process may be copied: on Linux, while it has one thread. A new one takes 0.4 s to start."""
    tasks = Path("/proc/self/task")
    return tasks.is_dir() and len(list(tasks.iterdir())) == 1


_worker: list[Worker] = []


def _start(job: Job) -> None:
    """Prepare a process."""
    _worker[:] = [Worker(job)]


def _run(chunk: Handed) -> list[Outcome]:
    return _worker[0].run(chunk)
