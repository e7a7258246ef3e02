"""Unified Procedure Steps (PS3.4 Annex CC): Push, Pull, Watch and Query on one table of work items.

Which operation belongs to which SOP class is a table (PS3.4 CC.2-1 to CC.2-5), and so are the actions. What may be done
with a work item is ``isocenter.ups``' business. Reports of events go out by ``ups_reports``.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar, Protocol

from isocenter.dicom.json import Json
from isocenter.dicom.nested import Keys
from isocenter.dimse import status
from isocenter.dimse.commands import Command, CommandField, respond
from isocenter.errors import InvalidObjectError, IsocenterError, UsageError
from isocenter.index.peers import KnownPeer
from isocenter.services.attributes import AttributesHandler
from isocenter.services.identifier import write_identifier
from isocenter.services.information_model import IDENTIFIER_SYNTAXES
from isocenter.services.nested_find import NestedFind
from isocenter.services.service import Answer, Handler, Message, Response, Service, ServiceContext
from isocenter.settings import Settings
from isocenter.ups.attributes import FILTERED_SUBSCRIPTION, UPS_PUSH, key, text
from isocenter.ups.requirements import REQUIREMENTS
from isocenter.ups.states import UNKNOWN_RECEIVER, Notice, WorkItemRefusedError
from isocenter.ups.subscriptions import Subscriptions
from isocenter.ups.workitems import Created

logger = logging.getLogger(__name__)

UPS_WATCH = "1.2.840.10008.5.1.4.34.6.2"
UPS_PULL = "1.2.840.10008.5.1.4.34.6.3"
UPS_EVENT = "1.2.840.10008.5.1.4.34.6.4"
UPS_QUERY = "1.2.840.10008.5.1.4.34.6.5"
#: Every work item is an instance of UPS Push, whatever it is asked through; some senders name the others (CC.3.1).
_SOP_CLASSES = frozenset({UPS_PUSH, UPS_WATCH, UPS_PULL, UPS_EVENT, UPS_QUERY})

_CREATE, _GET, _SET = CommandField.N_CREATE_RQ, CommandField.N_GET_RQ, CommandField.N_SET_RQ
_ACTION, _FIND = CommandField.N_ACTION_RQ, CommandField.C_FIND_RQ
CHANGE_STATE, REQUEST_CANCEL, SUBSCRIBE, UNSUBSCRIBE, SUSPEND = range(1, 6)
#: Action Type ID -> its name.
ACTIONS: Mapping[int, str] = {
    CHANGE_STATE: "change state",
    REQUEST_CANCEL: "request cancel",
    SUBSCRIBE: "subscribe",
    UNSUBSCRIBE: "unsubscribe",
    SUSPEND: "suspend",
}

#: SOP class -> its operations, and its actions.
OPERATIONS: Mapping[str, tuple[frozenset[int], frozenset[int]]] = {
    UPS_PUSH: (frozenset({_CREATE, _GET, _ACTION}), frozenset({REQUEST_CANCEL})),
    UPS_PULL: (frozenset({_FIND, _GET, _SET, _ACTION}), frozenset({CHANGE_STATE})),
    UPS_WATCH: (
        frozenset({_FIND, _GET, _ACTION}),
        frozenset({REQUEST_CANCEL, SUBSCRIBE, UNSUBSCRIBE, SUSPEND}),
    ),
    UPS_EVENT: (frozenset(), frozenset()),
    UPS_QUERY: (frozenset({_FIND}), frozenset()),
}
_RECEIVER, _LOCK = key("ReceivingAE"), key("DeletionLock")
_KNOWN = frozenset(int(key(row.keyword), 16) for row in REQUIREMENTS if row.get != "-")
_NOT_GOTTEN = frozenset(int(key(row.keyword), 16) for row in REQUIREMENTS if row.get == "-")


class WorkItemTable(Protocol):
    """The part of ``ups.workitems.WorkItems`` that is used here."""

    def create(self, attributes: Json, uid: str = "") -> Created:
        """File a new work item."""

    def get(self, uid: str) -> Json:
        """Return a work item."""

    def find(self, keys: Keys) -> Iterator[Json]:
        """Yield the work items that match."""

    def update(self, uid: str, changes: Json, transaction_uid: str = "") -> None:
        """Set attributes."""

    def change_state(self, uid: str, wanted: str, transaction_uid: str) -> Notice | None:
        """Claim, complete or cancel."""

    def request_cancel(self, uid: str, requester: str, request: Json) -> Notice | None:
        """Cancel, or ask whoever performs it to."""


class Directory(Protocol):
    """The part of ``index.peers.Peers`` that is used here."""

    def get(self, aet: str) -> KnownPeer | None:
        """Return the peer with this AE title."""


class UpsService(Service):
    """Answers what Push, Pull, Watch and Query ask."""

    abstract_syntaxes: Mapping[str, tuple[str, ...]] = dict.fromkeys(OPERATIONS, IDENTIFIER_SYNTAXES)
    permission = "ups"

    def __init__(
        self, work_items: WorkItemTable, subscriptions: Subscriptions, peers: Directory, settings: Settings
    ) -> None:
        self.work_items = work_items
        self.subscriptions = subscriptions
        self.peers = peers
        self.limit: int = settings.find_limit

    def begin(self, context: ServiceContext, command: Command) -> Handler:
        """Begin to take the data set."""
        operations, actions = OPERATIONS[context.abstract_syntax]
        if command.CommandField not in operations:
            return Answer(respond(command, status.UNRECOGNIZED_OPERATION))
        if command.CommandField == _FIND:
            return NestedFind(self.work_items.find, self.limit, "work items", context, command)
        if (command.AffectedSOPClassUID or command.RequestedSOPClassUID) not in _SOP_CLASSES:
            return Answer(respond(command, status.NO_SUCH_SOP_CLASS))
        if command.CommandField == _ACTION and command.ActionTypeID not in actions:
            return Answer(respond(command, status.NO_SUCH_ACTION))
        return _Request(self, context, command)


class _Request(AttributesHandler):
    """One N-CREATE, N-GET, N-SET or N-ACTION."""

    def __init__(self, service: UpsService, context: ServiceContext, command: Command) -> None:
        super().__init__(context, command)
        self._service = service

    def finish(self) -> Iterable[Message]:
        """Do what is asked, and say how it went."""
        try:
            attributes, declared = self._reader.read()
            answer = self._ON_COMMAND[self._command.CommandField](self, attributes, declared)
        except WorkItemRefusedError as error:
            refused = respond(self._command, error.refusal.status, str(error))
            answer = Response(refused._replace(AttributeIdentifierList=error.tags or None))
        except UsageError as error:
            answer = Response(respond(self._command, status.INVALID_ATTRIBUTE_VALUE, str(error)))
        except (InvalidObjectError, IsocenterError) as error:
            answer = Response(respond(self._command, status.PROCESSING_FAILURE, str(error)))
        self._log(answer.command)
        return (answer,)

    def _create(self, attributes: Json, _: tuple[str, ...]) -> Response:
        made = self._service.work_items.create(attributes, self._uid)
        return Response(self._done(made.notice)._replace(AffectedSOPInstanceUID=made.uid))

    def _get(self, _: Json, declared: tuple[str, ...]) -> Response:
        found = self._service.work_items.get(self._uid)
        wanted = self._command.AttributeIdentifierList or ()
        picked = {
            name: value
            for name, value in found.items()
            if int(name, 16) not in _NOT_GOTTEN and (not wanted or int(name, 16) in wanted)
        }
        unknown = [tag for tag in wanted if tag not in _KNOWN and f"{tag:08X}" not in picked]
        code = status.OPTIONAL_ATTRIBUTES_NOT_SUPPORTED if unknown else status.SUCCESS
        return Response(respond(self._command, code), write_identifier(picked, self._reader.syntax, declared))

    def _set(self, attributes: Json, _: tuple[str, ...]) -> Response:
        self._service.work_items.update(self._uid, attributes)
        return Response(self._done(None))

    def _action(self, attributes: Json, _: tuple[str, ...]) -> Response:
        assert self._command.ActionTypeID is not None
        notice = self._ON_ACTION[self._command.ActionTypeID](self, attributes)
        return Response(self._done(notice)._replace(ActionTypeID=self._command.ActionTypeID))

    # actions (PS3.4 Tables CC.2.1-1, CC.2.2-1, CC.2.3-1)

    def _change_state(self, given: Json) -> Notice | None:
        wanted, transaction_uid = text(given, "ProcedureStepState"), text(given, "TransactionUID")
        return self._service.work_items.change_state(self._uid, wanted, transaction_uid)

    def _request_cancel(self, given: Json) -> Notice | None:
        return self._service.work_items.request_cancel(self._uid, self._context.calling_aet, given)

    def _subscribe(self, given: Json) -> None:
        aet = text(given, "ReceivingAE").strip()
        if self._service.peers.get(aet) is None:
            raise WorkItemRefusedError(UNKNOWN_RECEIVER, "", int(_RECEIVER, 16))
        locks = {"TRUE": True, "FALSE": False}
        lock = text(given, "DeletionLock").upper() or "FALSE"
        if lock not in locks:
            raise UsageError("DeletionLock must be TRUE or FALSE")
        keys = {name: value for name, value in given.items() if name not in {_RECEIVER, _LOCK}}
        identifier = keys if self._uid == FILTERED_SUBSCRIPTION else None
        self._service.subscriptions.subscribe(self._uid, aet, locked=locks[lock], identifier=identifier)

    def _unsubscribe(self, given: Json) -> None:
        self._service.subscriptions.unsubscribe(self._uid, text(given, "ReceivingAE").strip())

    def _suspend(self, given: Json) -> None:
        self._service.subscriptions.suspend(self._uid, text(given, "ReceivingAE").strip())

    def _done(self, notice: Notice | None) -> Command:
        if notice is None:
            return respond(self._command, status.SUCCESS)
        return respond(self._command, notice.status, notice.text)

    def _log(self, answer: Command) -> None:
        command, context = self._command, self._context
        action = f" {command.ActionTypeID}" if command.ActionTypeID is not None else ""
        logger.info(
            "association %d: %s@%s: work item, %s%s, %s%s",
            context.association_id, context.calling_aet, context.address,
            CommandField(command.CommandField).name.removesuffix("_RQ"), action,
            status.describe(answer.Status or 0), f": {answer.ErrorComment}" if answer.ErrorComment else "",
        )  # fmt: skip

    _ON_COMMAND: ClassVar[Mapping[int, Callable[["_Request", Json, tuple[str, ...]], Response]]] = {
        _CREATE: _create,
        _GET: _get,
        _SET: _set,
        _ACTION: _action,
    }
    _ON_ACTION: ClassVar[Mapping[int, Callable[["_Request", Json], Notice | None]]] = {
        CHANGE_STATE: _change_state,
        REQUEST_CANCEL: _request_cancel,
        SUBSCRIBE: _subscribe,
        UNSUBSCRIBE: _unsubscribe,
        SUSPEND: _suspend,
    }
