"""Stored objects, de-identified one at a time, under a project and with the areas that a person approved."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from isocenter.anonymizing.faces import Objects, SeriesFaces
from isocenter.anonymizing.projects import KeptProject, box_of
from isocenter.anonymizing.reading import nothing_to_check, read_object
from isocenter.archive import Instance
from isocenter.deid import Box, Policy, Project, Result, Status, anonymize
from isocenter.deid.options import check_boxes
from isocenter.deid.proposal import propose
from isocenter.dicom.encoding import Buffer
from isocenter.errors import IsocenterError, NotFoundError, UsageError

if TYPE_CHECKING:
    from isocenter.anonymizing.faces import Faces

DELETED = "deleted meanwhile"
_MOST_BOXES = 1000
_LARGEST = 1 << 20


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
    """What became of an object: output, sequestered or rejected, why, and the result where there is one.

    ``check`` raises NotFoundError where the object was deleted meanwhile, so that the result may have holes.
    """

    outcome: str
    reason: str = ""
    result: Result | None = None
    check: Callable[[], None] = nothing_to_check


@dataclass(frozen=True, slots=True)
class Anonymizer:
    """De-identifies objects of an archive under one project, whose key and policy are read once."""

    archive: Objects
    name: str
    project: Project
    policy: Policy
    faces: SeriesFaces
    areas: Mapping[str, Areas] = field(default_factory=dict)
    _looked: "dict[tuple[str, str], Faces]" = field(default_factory=dict)

    @classmethod
    def of(
        cls, archive: Objects, kept: KeptProject, areas: Mapping[str, Areas] | None = None,
        faces: SeriesFaces | None = None,
    ) -> "Anonymizer":  # fmt: skip
        """Return the one of a project; ``faces``: what was found before.

        Raises:
            ConfigurationError: its key cannot be used.
        """
        return cls(archive, kept.name, kept.open(), kept.facts.policy(), faces or SeriesFaces(archive), areas or {})

    @contextmanager
    def open(self, instance: Instance) -> Iterator[Outcome]:
        """Give what becomes of an object; the pieces of an output are valid while the context is open.

        They count only when ``check`` of the outcome raises nothing after the last of them was used.
        """
        with ExitStack() as stack:
            try:
                data, check = stack.enter_context(read_object(self.archive, instance))
            except NotFoundError:
                outcome = Outcome("rejected", DELETED)
            else:
                outcome = replace(self._outcome(data, instance), check=check)
            yield outcome

    def anonymize_header(self, data: Buffer, instance: Instance) -> Result:
        """Return the result of an object, of a caught picture as if it was seen to be free of text.

        Raises:
            InvalidObjectError: it is no object, or broken.
        """
        faces = self._faces_for(instance)
        result = anonymize(data, self.project, self.policy, faces=faces)
        if result.status is not Status.OUTPUT:
            result = anonymize(data, self.project, self.policy, (), faces=faces)
        return result

    def reason_about_face(self, instance: Instance) -> str:
        """Return why an object is set aside for the face that it may show, "" where it is not."""
        found = (self._faces_for(instance) or {}).get(instance.SeriesInstanceUID, "")
        return f"it may show a face that cannot be taken out: {found}" if found and isinstance(found, str) else ""

    def _faces_for(self, instance: Instance) -> "Faces | None":
        if not self.policy.deface:
            return None
        from isocenter.deid.planes import SHOWING_HEADS  # noqa: PLC0415 - heavy, and seldom needed

        if instance.SOPClassUID not in SHOWING_HEADS:
            return None
        key = instance.StudyInstanceUID, instance.SeriesInstanceUID
        if key not in self._looked:
            self._looked.clear()  # objects come series by series
            self._looked[key] = self.faces.of(*key)
        return self._looked[key]

    def _outcome(self, data: Buffer, instance: Instance) -> Outcome:
        approved = self.areas.get(instance.SeriesInstanceUID)
        boxes = None if approved is None else approved.boxes
        try:
            if approved is not None and boxes != () and not _fits(data, approved):
                return Outcome("sequestered", "the approved areas are for pictures of another size")
            result = anonymize(data, self.project, self.policy, boxes, faces=self._faces_for(instance))
        except IsocenterError as error:
            return Outcome("rejected", str(error))
        if result.status is Status.SEQUESTERED:
            return Outcome("sequestered", result.reason, result)
        return Outcome("output", "", result)


def _fits(data: Buffer, approved: Areas) -> bool:
    found = propose(data, Policy())  # the size only: nothing is read in the picture
    return not found.has_pixels or (found.rows, found.columns) == (approved.rows, approved.columns)
