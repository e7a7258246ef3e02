"""Stored objects, de-identified one at a time, under a project and with the areas that a person approved."""

import mmap
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from isocenter.anonymizing.projects import KeptProject, box_of
from isocenter.archive import Instance
from isocenter.deid import Box, Policy, Project, Result, Status, anonymize
from isocenter.deid.options import check_boxes
from isocenter.deid.proposal import propose
from isocenter.dicom.encoding import Buffer
from isocenter.errors import IsocenterError, NotFoundError, UsageError
from isocenter.storage import ObjectFile

#: Larger objects are mapped instead of read, so that memory stays bounded.
_MAPPED = 16 << 20
_MOST_BOXES = 1000
_LARGEST = 1 << 20


class Objects(Protocol):
    """The part of ``archive.Archive`` that is used here."""

    def open_object(self, instance: Instance) -> ObjectFile:
        """Open the Part 10 file of an object."""


@contextmanager
def read_object(archive: Objects, instance: Instance) -> Iterator[Buffer]:
    """Give the bytes of an object's file, valid while the context is open.

    Raises:
        NotFoundError: it is gone, or was deleted while the context was open.
    """
    with archive.open_object(instance) as file:
        if instance.size < _MAPPED:
            yield file.read()
            return
        yield map_object(file)
        file.check()


def map_object(file: ObjectFile) -> memoryview:
    """Map an object into memory; what is made of it holds slices of the map, which ends with the last of them."""
    start = file.base // mmap.ALLOCATIONGRANULARITY * mmap.ALLOCATIONGRANULARITY
    before = file.base - start
    whole = mmap.mmap(file.fileno(), before + file.length, access=mmap.ACCESS_READ, offset=start)
    return memoryview(whole)[before:]


@dataclass(frozen=True, slots=True)
class Areas:
    """The boxes that a person approved for the pictures of a series, which must all have this size.

    Raises:
        UsageError: a box is none, or outside of the picture.
    """

    rows: int
    columns: int
    boxes: tuple[Box, ...]

    def __post_init__(self) -> None:
        if not (0 < self.rows <= _LARGEST and 0 < self.columns <= _LARGEST) or len(self.boxes) > _MOST_BOXES:
            raise UsageError(f"a picture has rows and columns, and at most {_MOST_BOXES} boxes")
        check_boxes(self.boxes, self.rows, self.columns)


def read_areas(plain: Mapping[str, Any]) -> dict[str, Areas]:
    """Return the approved areas by SeriesInstanceUID from their JSON.

    Raises:
        UsageError: they cannot be read.
    """
    try:
        return {
            series: Areas(int(each["rows"]), int(each["columns"]), tuple(map(box_of, each["boxes"])))
            for series, each in plain.items()
        }
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise UsageError("areas have rows, columns and boxes: [[left, top, right, bottom], ...]") from error


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an object: output, sequestered or rejected, why, and the result where there is one."""

    outcome: str
    reason: str = ""
    result: Result | None = None


@dataclass(frozen=True, slots=True)
class Anonymizer:
    """De-identifies objects of an archive under one project, whose key and policy are read once."""

    archive: Objects
    name: str
    project: Project
    policy: Policy
    areas: Mapping[str, Areas] = field(default_factory=dict)

    @classmethod
    def of(cls, archive: Objects, kept: KeptProject, areas: Mapping[str, Areas] | None = None) -> "Anonymizer":
        """Return the one of a project.

        Raises:
            ConfigurationError: its key cannot be used.
        """
        return cls(archive, kept.name, kept.open(), kept.facts.policy(), areas or {})

    @contextmanager
    def open(self, instance: Instance) -> Iterator[Outcome]:
        """Give what becomes of an object; the pieces of an output are valid while the context is open.

        Raises:
            NotFoundError: it was deleted while the context was open; what was made of it is worth nothing.
        """
        with ExitStack() as stack:
            try:
                data = stack.enter_context(read_object(self.archive, instance))
            except NotFoundError:
                outcome = Outcome("rejected", "deleted meanwhile")
            else:
                outcome = self._outcome(data, instance)
            yield outcome

    def anonymize_header(self, data: Buffer) -> Result | None:
        """Return the result of an object, of a caught picture as if it was seen to be free of text; None: set aside.

        Raises:
            InvalidObjectError: it is no object, or broken.
        """
        result = anonymize(data, self.project, self.policy)
        if result.status is not Status.OUTPUT:
            result = anonymize(data, self.project, self.policy, ())
        return result if result.status is Status.OUTPUT else None

    def _outcome(self, data: Buffer, instance: Instance) -> Outcome:
        approved = self.areas.get(instance.SeriesInstanceUID)
        boxes = None if approved is None else approved.boxes
        try:
            if approved is not None and boxes != () and not _fits(data, approved):
                return Outcome("sequestered", "the approved areas are for pictures of another size")
            result = anonymize(data, self.project, self.policy, boxes)
        except IsocenterError as error:
            return Outcome("rejected", str(error))
        if result.status is Status.SEQUESTERED:
            return Outcome("sequestered", result.reason, result)
        return Outcome("output", "", result)


def _fits(data: Buffer, approved: Areas) -> bool:
    found = propose(data, Policy())  # the size only: nothing is read in the picture
    return not found.has_pixels or (found.rows, found.columns) == (approved.rows, approved.columns)
