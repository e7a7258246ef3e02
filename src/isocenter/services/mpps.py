"""Modality Performed Procedure Step (PS3.4 F.7: N-CREATE, N-SET) and its retrieval (F.8: N-GET)."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Protocol

from isocenter.dicom.json import Json, json_to_data_set
from isocenter.dicom.uids import is_valid_uid, transfer_syntax
from isocenter.dimse import status
from isocenter.dimse.commands import Command, CommandField, respond
from isocenter.errors import InvalidObjectError, IsocenterError, OutOfResourcesError
from isocenter.index.performed import PerformedStep
from isocenter.services.attributes import AttributesHandler
from isocenter.services.information_model import IDENTIFIER_SYNTAXES
from isocenter.services.service import Answer, Handler, Message, Response, Service, ServiceContext
from isocenter.worklist.performed import MODALITY_PERFORMED_PROCEDURE_STEP
from isocenter.worklist.performed_rules import FinishedStepError, StepError

logger = logging.getLogger(__name__)

MPPS_RETRIEVE = "1.2.840.10008.3.1.2.3.4"
#: What may be asked for in each SOP class.
_OPERATIONS: Mapping[str, frozenset[int]] = {
    MODALITY_PERFORMED_PROCEDURE_STEP: frozenset({CommandField.N_CREATE_RQ, CommandField.N_SET_RQ}),
    MPPS_RETRIEVE: frozenset({CommandField.N_GET_RQ}),
}
#: Error class -> status, where services of this kind have another one than C-STORE (PS3.7 10.1).
_STATUSES: tuple[tuple[type[IsocenterError], int], ...] = (
    (InvalidObjectError, status.PROCESSING_FAILURE),
    (OutOfResourcesError, status.RESOURCE_LIMITATION),
)


class Steps(Protocol):
    """The part of ``worklist.performed.Performed`` that is used here."""

    def create(self, uid: str, given: Json, calling_aet: str) -> str:
        """File a new step and return its UID."""

    def change(self, uid: str, given: Json) -> tuple[int, ...]:
        """Change a step; return the attributes that were left as they were."""

    def get(self, uid: str) -> PerformedStep:
        """Return a step."""


class MppsService(Service):
    """Answers N-CREATE, N-SET and N-GET of performed procedure steps."""

    abstract_syntaxes: Mapping[str, tuple[str, ...]] = dict.fromkeys(_OPERATIONS, IDENTIFIER_SYNTAXES)
    permission = "store"

    def __init__(self, steps: Steps) -> None:
        self.steps = steps

    def begin(self, context: ServiceContext, command: Command) -> Handler:
        """Begin to take the data set."""
        if command.CommandField not in _OPERATIONS[context.abstract_syntax]:
            return Answer(respond(command, status.UNRECOGNIZED_OPERATION))
        return _Operation(self.steps, context, command)


class _Operation(AttributesHandler):
    """One request."""

    def __init__(self, steps: Steps, context: ServiceContext, command: Command) -> None:
        super().__init__(context, command)
        self._steps = steps

    def finish(self) -> Iterable[Message]:
        """Do it, and say how it went."""
        try:
            response = self._WORK[CommandField(self._command.CommandField)](self)
        except IsocenterError as error:
            response = Response(self._refused(error))
        self._log(response.command)
        return (response,)

    def _create(self) -> Response:
        attributes, _ = self._reader.read()
        uid = self._steps.create(self._uid, attributes, self._context.calling_aet)
        return Response(respond(self._command, status.SUCCESS)._replace(AffectedSOPInstanceUID=uid))

    def _set(self) -> Response:
        attributes, _ = self._reader.read()
        left = self._steps.change(self._uid, attributes)
        if not left:
            return Response(respond(self._command, status.SUCCESS))
        last = respond(self._command, status.ATTRIBUTE_LIST_ERROR, "some attributes may not be changed and were not")
        return Response(last._replace(AttributeIdentifierList=left))

    def _get(self) -> Response:
        data_set = self._steps.get(self._uid).data_set
        wanted = self._command.AttributeIdentifierList
        names = [f"{tag:08X}" for tag in wanted] if wanted else list(data_set)
        found = {name: data_set[name] for name in names if name in data_set}
        code = status.SUCCESS if len(found) == len(names) else status.OPTIONAL_ATTRIBUTES_NOT_SUPPORTED
        implicit = transfer_syntax(self._context.transfer_syntax_uid).implicit
        return Response(respond(self._command, code), json_to_data_set(found, implicit=implicit))

    def _refused(self, error: IsocenterError) -> Command:
        code = next((code for kind, code in _STATUSES if isinstance(error, kind)), error.dimse_status)
        last = respond(self._command, code, str(error))
        if isinstance(error, FinishedStepError):
            return last._replace(ErrorID=error.error_id)
        if isinstance(error, StepError) and error.tags:
            return last._replace(AttributeIdentifierList=error.tags)
        return last

    def _log(self, last: Command) -> None:
        """Name the step by its UID, as far as it is one: nothing else of it is fit for a log."""
        context, uid = self._context, last.AffectedSOPInstanceUID or ""
        logger.info(
            "association %d: %s@%s: %s of performed step %s, %s%s",
            context.association_id, context.calling_aet, context.address,
            CommandField(self._command.CommandField).name.removesuffix("_RQ"), uid if is_valid_uid(uid) else "?",
            status.describe(last.Status or 0), f": {last.ErrorComment}" if last.ErrorComment else "",
        )  # fmt: skip

    _WORK: ClassVar[Mapping[CommandField, Callable[["_Operation"], Response]]] = {
        CommandField.N_CREATE_RQ: _create,
        CommandField.N_SET_RQ: _set,
        CommandField.N_GET_RQ: _get,
    }
