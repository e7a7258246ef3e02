"""Reports of another node's work items, as a user of UPS Event (PS3.4 CC.2.4): N-EVENT-REPORT is taken and answered."""

from collections.abc import Callable, Iterable, Mapping

from isocenter.dicom.json import Json
from isocenter.dimse import status
from isocenter.dimse.commands import Command, CommandField, respond
from isocenter.errors import InvalidObjectError
from isocenter.services.attributes import AttributesHandler
from isocenter.services.information_model import IDENTIFIER_SYNTAXES
from isocenter.services.service import Answer, Handler, Message, Service, ServiceContext
from isocenter.services.ups import UPS_EVENT
from isocenter.ups.reports import ReportType

#: Called with the UID of the work item, the type of the report and its information.
Take = Callable[[str, ReportType, Json], None]


class EventService(Service):
    """Takes reports; ``take`` is called with each."""

    abstract_syntaxes: Mapping[str, tuple[str, ...]] = {UPS_EVENT: IDENTIFIER_SYNTAXES}
    invokes = frozenset({UPS_EVENT})

    def __init__(self, take: Take) -> None:
        self.take = take

    def begin(self, context: ServiceContext, command: Command) -> Handler:
        """Begin to take the event information."""
        if command.CommandField != CommandField.N_EVENT_REPORT_RQ:
            return Answer(respond(command, status.UNRECOGNIZED_OPERATION))
        if command.EventTypeID not in set(ReportType):
            return Answer(respond(command, status.NO_SUCH_EVENT))
        return _Event(self, context, command)


class _Event(AttributesHandler):
    """One report."""

    def __init__(self, service: EventService, context: ServiceContext, command: Command) -> None:
        super().__init__(context, command)
        self._service = service

    def finish(self) -> Iterable[Message]:
        """Pass it on."""
        try:
            information, _ = self._reader.read()
        except InvalidObjectError as error:
            return (respond(self._command, status.PROCESSING_FAILURE, str(error)),)
        kind = ReportType(self._command.EventTypeID or 0)
        self._service.take(self._uid, kind, information)
        return (respond(self._command, status.SUCCESS),)
