"""The management API below ``/api``: what a person or a program needs to run the archive. Described by OpenAPI.

Errors have the one form of ``problems``. Whatever deletes asks for the UID a second time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from isocenter import __version__
from isocenter.archive import Instance
from isocenter.errors import IsocenterError, NotFoundError, UsageError
from isocenter.settings import SETTINGS, Value
from isocenter.web.anonymization import add_anonymization_routes
from isocenter.web.anonymization_preview import add_preview_routes
from isocenter.web.bin import add_bin_routes
from isocenter.web.commitments import add_commitment_routes
from isocenter.web.corrections import add_correction_routes
from isocenter.web.hanging_protocols import add_hanging_routes
from isocenter.web.key_images import add_key_image_routes
from isocenter.web.measurements import add_measurement_routes
from isocenter.web.media_types import DICOM
from isocenter.web.mpps import add_mpps_routes
from isocenter.web.mpr import add_mpr_route
from isocenter.web.node import Node
from isocenter.web.opening import add_opening_route
from isocenter.web.peers import add_peer_routes
from isocenter.web.presentation_states import add_presentation_state_routes
from isocenter.web.previews import add_preview_route
from isocenter.web.problems import problem, problem_of
from isocenter.web.query_keys import add_query_key_routes
from isocenter.web.segmentations import add_segmentation_routes
from isocenter.web.sending import add_sending_route
from isocenter.web.streaming import Span, StreamedResponse
from isocenter.web.worklist import add_worklist_routes

_SECRET_WORDS = ("password", "secret", "token", "key", "credential")


class Setting(BaseModel):
    """A setting in force."""

    name: str
    value: Value
    source: str
    help: str


class System(BaseModel):
    """This node."""

    version: str
    aet: str
    dicom_port: int | None
    dicom_tls_port: int | None
    http_port: int
    settings: list[Setting]


class Modality(BaseModel):
    """What the archive holds of one modality."""

    Modality: str
    series: int
    instances: int
    bytes: int


class Statistics(BaseModel):
    """What the archive holds."""

    patients: int
    studies: int
    series: int
    instances: int
    bytes: int
    conflicts: int
    non_patient_objects: int
    non_patient_bytes: int
    modalities: list[Modality]


class Conflict(BaseModel):
    """Something that contradicts what was there before; ``file`` is where the second object is, if there is one."""

    model_config = ConfigDict(json_schema_extra={"description": "An entry of the conflict list"})

    id: int
    kind: str
    StudyInstanceUID: str
    SeriesInstanceUID: str
    SOPInstanceUID: str
    detail: str
    received: datetime
    file: str | None


class Problem(BaseModel):
    """Why a request failed."""

    status: int
    code: str
    message: str


class ProblemBody(BaseModel):
    """The one form of errors."""

    error: Problem


_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ProblemBody, "description": "The request makes no sense"},
    404: {"model": ProblemBody, "description": "There is no such thing"},
}
Confirm = Annotated[str, Query(description="The UID of what is to be deleted, once more")]


def create_management(node: Node) -> FastAPI:
    """Return the application of the management API."""
    api = FastAPI(
        title="Isocenter", version=__version__, docs_url=None, redoc_url=None, openapi_url="/openapi.json",
        description="Management API. Images are at `/dicom-web` (DICOMweb, PS3.18).", responses=_ERRORS,
        redirect_slashes=False,
    )  # fmt: skip
    _answer_errors(api)
    _describe(api, node)
    _list_conflicts(api, node)
    _delete(api, node)
    add_bin_routes(api, node)
    add_correction_routes(api, node)
    add_peer_routes(api, node)
    add_sending_route(api, node)
    add_query_key_routes(api, node)
    add_preview_route(api, node.previews)
    add_worklist_routes(api, node)
    add_mpps_routes(api, node)
    add_mpr_route(api, node)
    add_commitment_routes(api, node)
    add_measurement_routes(api, node)
    add_hanging_routes(api, node)
    add_opening_route(api, node)
    add_anonymization_routes(api, node)
    add_preview_routes(api, node)
    add_segmentation_routes(api, node)
    add_key_image_routes(api, node)
    add_presentation_state_routes(api, node)
    return api


def _port(setting: int | str) -> int | None:
    return setting if isinstance(setting, int) else None


def _answer_errors(api: FastAPI) -> None:
    """Give errors the one form, also those that the framework raises."""

    async def named(_request: Request, error: Exception) -> Response:
        return problem_of(error)

    async def invalid(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        reasons = "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in error.errors())
        return problem(UsageError.http_status, UsageError.__name__, reasons)

    api.add_exception_handler(IsocenterError, named)
    api.add_exception_handler(HTTPException, named)
    api.add_exception_handler(RequestValidationError, invalid)


def _describe(api: FastAPI, node: Node) -> None:
    @api.get("/system")
    def system() -> System:
        """Tell version, ports and the settings in force, without secrets."""
        settings = node.settings
        listed = [
            Setting(name=s.name, value=getattr(settings, s.name), source=settings.source(s.name), help=s.help)
            for s in SETTINGS
            if not any(word in s.name for word in _SECRET_WORDS)
        ]
        return System(
            version=__version__, aet=settings.aet, dicom_port=_port(settings.dicom_port),
            dicom_tls_port=_port(settings.dicom_tls_port), http_port=settings.http_port, settings=listed,
        )  # fmt: skip

    @api.get("/statistics")
    def statistics() -> Statistics:
        """Count patients, studies, series, instances and bytes, by modality too."""
        return Statistics.model_validate(node.archive.statistics(), from_attributes=True)


def _list_conflicts(api: FastAPI, node: Node) -> None:
    @api.get("/conflicts")
    def conflicts() -> list[Conflict]:
        """List what contradicts what was there before, oldest first."""
        return [
            Conflict(
                id=c.id, kind=c.kind.value, StudyInstanceUID=c.StudyInstanceUID, SeriesInstanceUID=c.SeriesInstanceUID,
                SOPInstanceUID=c.SOPInstanceUID, detail=c.detail,
                received=datetime.fromtimestamp(c.received / 1000, UTC),
                file=None if c.instance is None else f"/api/conflicts/{c.id}/file",
            )
            for c in node.archive.conflicts()
        ]  # fmt: skip

    @api.get("/conflicts/{id}/file", response_class=Response, responses={200: {"content": {DICOM: {}}}})
    def conflict_file(id: int) -> Response:  # noqa: A002 - the name in the path
        """Send the second object of a conflict, as it was received."""
        instance = next(_seconds(node, id), None)
        if instance is None:
            raise NotFoundError(f"there is no conflict {id} that keeps an object")
        body = Span(partial(node.archive.open_object, instance), 0, instance.size)
        headers = {"content-type": DICOM, "content-disposition": f'attachment; filename="conflict-{id}.dcm"'}
        return StreamedResponse([body], node.threads, headers=headers)


def _seconds(node: Node, number: int) -> Iterator[Instance]:
    return (c.instance for c in node.archive.conflicts() if c.id == number and c.instance is not None)


def _delete(api: FastAPI, node: Node) -> None:
    @api.delete("/studies/{study}", status_code=204)
    def delete_study(study: str, confirm: Confirm) -> None:
        """Delete a study with all its series."""
        _check_confirmed(study, confirm)
        node.archive.delete(study)

    @api.delete("/studies/{study}/series/{series}", status_code=204)
    def delete_series(study: str, series: str, confirm: Confirm) -> None:
        """Delete a series with all its instances."""
        _check_confirmed(series, confirm)
        node.archive.delete(study, series)

    @api.delete("/studies/{study}/series/{series}/instances/{instance}", status_code=204)
    def delete_instance(study: str, series: str, instance: str, confirm: Confirm) -> None:
        """Delete an instance."""
        _check_confirmed(instance, confirm)
        node.archive.delete(study, series, instance)

    @api.delete("/non-patient-objects/{uid}", status_code=204)
    def delete_non_patient_object(uid: str, confirm: Confirm) -> None:
        """Delete an object that belongs to no patient."""
        _check_confirmed(uid, confirm)
        node.archive.non_patient.delete(uid)


def _check_confirmed(uid: str, confirm: str) -> None:
    if confirm != uid:
        raise UsageError("deleting needs a second word: give the UID that is to be deleted once more as 'confirm'")
