"""De-identification in the management API: projects and jobs (PS3.15 Annex E). No key is ever in an answer."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Path, Query, Request, Response
from pydantic import BaseModel, Field

from isocenter.anonymizing.audit import Who, events
from isocenter.anonymizing.jobs import Job, Jobs, JobStudy, Wish, counts_of
from isocenter.anonymizing.projects import Facts, KeptProject
from isocenter.anonymizing.reports import summary_csv
from isocenter.anonymizing.statement import as_html, statement
from isocenter.deid import KEEP, PROFILES, BurnedIn
from isocenter.errors import NotFoundError, UsageError
from isocenter.web.folder_zip import folder_zip
from isocenter.web.media_types import ZIP
from isocenter.web.node import Node
from isocenter.web.streaming import StreamedResponse

_LARGEST = (1 << 63) - 1
_MOST = 1000
Number = Annotated[int, Path(ge=1, le=_LARGEST, description="Number of a job")]
Limit = Annotated[int, Query(ge=1, le=_MOST)]
Offset = Annotated[int, Query(ge=0, le=2**31)]
Confirm = Annotated[str, Query(description="The number of the job once more")]
Edge = Annotated[int, Field(ge=0, le=1 << 20)]
BoxBody = Annotated[list[Edge], Field(min_length=4, max_length=4, description="left, top, right, bottom")]


class ProfileBody(BaseModel):
    """A profile and its options (PS3.15 E.3)."""

    name: str
    options: list[str]


class Choices(BaseModel):
    """What a project can be made of."""

    profiles: list[ProfileBody]
    keep: list[str]
    burned_in: list[str]


class ProjectBody(BaseModel):
    """What a new project does: a profile, what is retained besides, how burned-in text is met, whether faces go."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    profile: Literal["basic", "tcia", "research", "teaching"] = "basic"
    keep: list[str] = []
    burned_in: Literal["sequester", "blank", "ocr", "ocr-technical", "keep"] = "sequester"
    deface: bool = False
    comment: Annotated[str, Field(max_length=1000)] = ""


class ProjectShown(BaseModel):
    """A project; ``digest`` stands for all that it does."""

    name: str
    profile: str
    keep: list[str]
    burned_in: str
    deface: bool
    comment: str
    digest: str
    created: datetime


class AreaBody(BaseModel):
    """The boxes that a person approved for the pictures of a series, which have this size; none: there is no text."""

    rows: Annotated[int, Field(ge=1, le=1 << 20)]
    columns: Annotated[int, Field(ge=1, le=1 << 20)]
    boxes: list[BoxBody]


class JobBody(BaseModel):
    """What is to be done; ``areas`` by SeriesInstanceUID, ``peer`` for that target."""

    project: str
    studies: Annotated[list[str], Field(min_length=1, max_length=10_000)]
    target: Literal["folder", "archive", "peer"] = "folder"
    peer: str = ""
    areas: dict[str, AreaBody] = {}


class NotWritten(BaseModel):
    """An object that is not in the output, and why."""

    SOPInstanceUID: str
    outcome: str
    reason: str


class StudyShown(BaseModel):
    """A study of a job: by its UID here, and what became of its objects."""

    StudyInstanceUID: str
    objects: int
    complete: bool
    counts: dict[str, int]
    becomes: list[str]
    not_written: list[NotWritten]


class JobShown(BaseModel):
    """A job; ``counts`` adds up to ``objects``."""

    id: int
    project: str
    target: str
    peer: str
    state: str
    detail: str
    created: datetime
    changed: datetime
    objects: int
    done: int
    counts: dict[str, int]


class JobReport(JobShown):
    """A job with its studies."""

    studies: list[StudyShown]


def add_anonymization_routes(api: FastAPI, node: Node) -> None:
    """Add the routes below ``/anonymization``."""
    _add_projects(api, node.jobs)
    _add_jobs(api, node.jobs)
    _add_results(api, node)


def _add_projects(api: FastAPI, jobs: Jobs) -> None:
    projects = jobs.projects

    @api.get("/anonymization/choices")
    def choices() -> Choices:
        """List profiles and options that a project can be made of."""
        profiles = [ProfileBody(name=name, options=sorted(options)) for name, options in PROFILES.items()]
        return Choices(profiles=profiles, keep=list(KEEP), burned_in=list(BurnedIn))

    @api.get("/anonymization/projects")
    def list_projects() -> list[ProjectShown]:
        """List the projects by name."""
        return [_project(each) for each in projects.all()]

    @api.post("/anonymization/projects", status_code=201)
    def add_project(body: ProjectBody) -> ProjectShown:
        """Make a project with a new key; what it does is fixed."""
        facts = Facts(body.name, body.profile, tuple(body.keep), body.burned_in, body.comment, deface=body.deface)
        return _project(projects.add(facts))

    @api.get("/anonymization/projects/{name}")
    def show_project(name: str) -> dict[str, Any]:
        """Tell what a project does: its conformance statement (PS3.15 E.1.3)."""
        return statement(projects.get(name))

    @api.get("/anonymization/projects/{name}/statement", response_class=Response, responses=_page("text/html"))
    def show_statement(name: str) -> Response:
        """Send the conformance statement as a page."""
        return Response(as_html(statement(projects.get(name))), media_type="text/html")

    @api.get("/anonymization/projects/{name}/events")
    def show_events(name: str) -> list[dict[str, Any]]:
        """List what was done under a project, oldest first: who, what, with which profile, how much."""
        return events(projects.get(name).folder)


def _add_jobs(api: FastAPI, jobs: Jobs) -> None:
    @api.get("/anonymization/jobs")
    def list_jobs(limit: Limit = 100, offset: Offset = 0) -> list[JobShown]:
        """List jobs, newest first."""
        return [_job(each, jobs.studies(each.id)) for each in jobs.recent(limit, offset)]

    @api.post("/anonymization/jobs", status_code=201)
    def add_job(body: JobBody, request: Request) -> JobShown:
        """Have studies de-identified, in the background."""
        address = request.client.host if request.client else ""
        areas = {series: area.model_dump() for series, area in body.areas.items()}
        wish = Wish(body.project, body.studies, body.target, body.peer, areas)
        made = jobs.add(wish, Who("web", address=address), time.time())
        return _job(made, jobs.studies(made.id))

    @api.get("/anonymization/jobs/{id}")
    def show_job(id: Number) -> JobReport:  # noqa: A002 - the name in the path
        """Tell how far a job is, and what became of its studies."""
        studies = jobs.studies(id)
        return JobReport(**_job(jobs.get(id), studies).model_dump(), studies=[_study(each) for each in studies])

    @api.post("/anonymization/jobs/{id}/cancel")
    def cancel_job(id: Number) -> JobShown:  # noqa: A002 - the name in the path
        """End a job after the object under way."""
        return _job(jobs.cancel(id, time.time()), jobs.studies(id))

    @api.post("/anonymization/jobs/{id}/resume")
    def resume_job(id: Number) -> JobShown:  # noqa: A002 - the name in the path
        """Let a job that failed or was cancelled go on."""
        return _job(jobs.resume(id, time.time()), jobs.studies(id))

    @api.delete("/anonymization/jobs/{id}", status_code=204)
    def remove_job(id: Number, confirm: Confirm) -> None:  # noqa: A002 - the name in the path
        """Forget a job that has ended, and remove its folder."""
        if confirm != str(id):
            raise UsageError(f"removing a job's output cannot be undone: give '{id}' once more as 'confirm'")
        jobs.remove(id)


def _add_results(api: FastAPI, node: Node) -> None:
    jobs = node.jobs

    @api.get("/anonymization/jobs/{id}/zip", response_class=Response, responses=_page(ZIP))
    def job_zip(id: Number) -> Response:  # noqa: A002 - the name in the path
        """Send the folder of a job that has ended, with its reports, as a ZIP file."""
        job = jobs.get(id)
        if not job.state.ended or job.target["kind"] != "folder":
            raise NotFoundError(f"job {id} has no folder to send, or not yet")
        pieces, length = folder_zip(jobs.folder(id))
        headers = {"content-type": ZIP, "content-disposition": f'attachment; filename="{job.project}-{id}.zip"'}
        response = StreamedResponse(pieces, node.threads, headers=headers)
        response.headers["content-length"] = str(length)
        return response

    @api.get("/anonymization/jobs/{id}/summary", response_class=Response, responses=_page("text/html"))
    def job_summary(id: Number) -> Response:  # noqa: A002 - the name in the path
        """Send the report of a job as a page; nothing original is in it."""
        return Response(jobs.report(id).as_html(), media_type="text/html")

    @api.get("/anonymization/jobs/{id}/summary.csv", response_class=Response, responses=_page("text/csv"))
    def job_csv(id: Number) -> Response:  # noqa: A002 - the name in the path
        """Send the report of a job as CSV; nothing original is in it."""
        headers = {"content-disposition": f'attachment; filename="job-{id}.csv"'}
        return Response(summary_csv(jobs.report(id)), media_type="text/csv", headers=headers)


def _page(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {}}}}


def _project(kept: KeptProject) -> ProjectShown:
    facts = kept.facts
    return ProjectShown(
        name=facts.name, profile=facts.profile, keep=list(facts.keep), burned_in=facts.burned_in,
        deface=facts.deface, comment=facts.comment, digest=facts.policy().digest(), created=_time(facts.created),
    )  # fmt: skip


def _job(job: Job, studies: list[JobStudy]) -> JobShown:
    objects = sum(study.objects for study in studies)
    return JobShown(
        id=job.id, project=job.project, target=job.target["kind"], peer=job.target.get("peer", ""),
        state=job.state.value, detail=job.detail, created=_time(job.created), changed=_time(job.changed),
        objects=objects, done=min(job.done, objects), counts=counts_of(studies),
    )  # fmt: skip


def _study(study: JobStudy) -> StudyShown:
    report = study.report or {"complete": False, "studies": [], "not_written": []}
    return StudyShown(
        StudyInstanceUID=study.StudyInstanceUID, objects=study.objects, complete=report["complete"],
        counts=counts_of([study]), becomes=[row["study"] for row in report["studies"]],
        not_written=[NotWritten(SOPInstanceUID=u, outcome=o, reason=r) for u, o, r in report["not_written"]],
    )  # fmt: skip


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
