"""What a project would do to a study, in the management API: headers side by side, and where text in pictures may be.

Original values are in these answers, as in all of the archive's; nothing is kept of them.
"""

from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import BaseModel

from isocenter.anonymizing.objects import Anonymizer
from isocenter.anonymizing.reading import read_object
from isocenter.archive import Instance, Level
from isocenter.archive import Query as Search
from isocenter.deid import Status
from isocenter.deid.comparison import compare
from isocenter.deid.proposal import Proposal, propose
from isocenter.dicom.dictionary import tag
from isocenter.errors import InvalidObjectError, IsocenterError
from isocenter.web.node import Node

Project = Annotated[str, Query(description="Name of the project")]
At = Annotated[
    int, Query(ge=0, le=2**31, description="Which object of the series, in their order; the middle by default")
]


class SeriesPreview(BaseModel):
    """A series: why its pictures are caught by what the project does, and the boxes that rules and regions give.

    Of one object, ``SOPInstanceUID``. ``boxes``, each with a reason, are null where nothing is known; ``decision``: a
    person may decide otherwise.
    """

    SeriesInstanceUID: str
    Modality: str = ""
    SeriesDescription: str = ""
    objects: int
    at: int
    SOPInstanceUID: str
    reason: str
    decision: bool
    has_pixels: bool
    rows: int
    columns: int
    frames: int
    boxes: list[list[int]] | None
    reasons: list[str] | None


class HeaderRow(BaseModel):
    """An element before and after; ``change`` is kept, changed, removed or added."""

    tag: str
    name: str
    vr: str
    depth: int
    before: str
    after: str
    change: str
    why: str


class ObjectPreview(SeriesPreview):
    """One object of a series, with its header; without rows where ``reason`` says why it is set aside."""

    header: list[HeaderRow]


def add_preview_routes(api: FastAPI, node: Node) -> None:
    """Add the routes below ``/anonymization/preview``."""

    @api.get("/anonymization/preview/{study}")
    def preview_study(study: str, project: Project) -> list[SeriesPreview]:
        """Tell of each series what becomes of the object in its middle."""
        anonymizer = Anonymizer.of(node.archive, node.jobs.projects.get(project), faces=node.jobs.faces)
        series: dict[str, list[Instance]] = {}
        for instance in node.archive.instances(study):
            series.setdefault(instance.SeriesInstanceUID, []).append(instance)
        names = _names(node, study)
        found = (_series(node, instances, len(instances) // 2, anonymizer) for instances in series.values())
        return [each.model_copy(update=names.get(each.SeriesInstanceUID, {})) for each in found]

    @api.get("/anonymization/preview/{study}/series/{series}")
    def preview_object(study: str, series: str, project: Project, at: At | None = None) -> ObjectPreview:
        """Tell what becomes of one object of a series, element by element."""
        anonymizer = Anonymizer.of(node.archive, node.jobs.projects.get(project), faces=node.jobs.faces)
        instances = node.archive.instances(study, series)
        number = len(instances) // 2 if at is None else min(at, len(instances) - 1)
        shown = _series(node, instances, number, anonymizer)
        rows, reason = _header(node, instances[number], anonymizer)
        return ObjectPreview(**shown.model_dump() | {"reason": shown.reason or reason}, header=rows)


def _names(node: Node, study: str) -> dict[str, dict[str, str]]:
    """Return what the series of a study are called, by their UIDs."""
    tags = {keyword: tag(keyword) for keyword in ("SeriesInstanceUID", "Modality", "SeriesDescription")}
    query = Search(Level.SERIES, {tag("StudyInstanceUID"): study}, frozenset(tags.values()))
    rows = [
        {
            keyword: str(next(iter(row.get(f"{number:08X}", {}).get("Value", [])), ""))
            for keyword, number in tags.items()
        }
        for row in node.archive.find(query)
    ]
    return {row.pop("SeriesInstanceUID"): row for row in rows}


def _series(node: Node, instances: list[Instance], at: int, anonymizer: Anonymizer) -> SeriesPreview:
    instance = instances[at]
    try:
        with read_object(node.archive, instance) as (data, check):
            found = propose(data, anonymizer.policy)
            check()
    except InvalidObjectError as error:
        found = Proposal(str(error), burned_in=False, has_pixels=False, rows=0, columns=0, frames=0, areas=None)
    reason = found.reason or anonymizer.reason_about_face(instance)
    boxes = None if found.boxes is None else [[b.left, b.top, b.right, b.bottom] for b in found.boxes]
    return SeriesPreview(
        SeriesInstanceUID=instance.SeriesInstanceUID, objects=len(instances), at=at,
        SOPInstanceUID=instance.SOPInstanceUID, reason=reason, decision=found.burned_in,
        has_pixels=found.has_pixels, rows=found.rows, columns=found.columns, frames=found.frames, boxes=boxes,
        reasons=None if found.areas is None else [area.reason for area in found.areas],
    )  # fmt: skip


def _header(node: Node, instance: Instance, anonymizer: Anonymizer) -> tuple[list[HeaderRow], str]:
    """Return the header before and after; also of a picture that waits for a person's decision on its boxes.

    And why it is set aside whatever that person says, "" where it is not.
    """
    with read_object(node.archive, instance) as (data, check):
        try:
            result = anonymizer.anonymize_header(data, instance)
            rows = compare(data, result, anonymizer.policy) if result.status is Status.OUTPUT else []
            check()
        except IsocenterError as error:
            return [], str(error)
    shown = [
        HeaderRow(tag=r.tag, name=r.name, vr=r.vr, depth=r.depth, before=r.before, after=r.after, change=r.change,
                  why=r.why)
        for r in rows
    ]  # fmt: skip
    return shown, result.reason
