"""Storage Commitment Push Model (PS3.4 Annex J): N-ACTION asks, N-EVENT-REPORT tells what is kept for sure.

A request is filed, answered, and then worked on over the same association while the peer asks for nothing else: every
object is read back, and the report sent. Where the association ends before, the transaction is left to whoever delivers
results over associations of their own (``net.delivery``). ``ReportService`` is the user's side: it takes reports.
"""

import logging
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Protocol

from isocenter.commitment import Failure, FailureReason, Held, Reference, State
from isocenter.dicom.json import json_to_data_set
from isocenter.dicom.uids import transfer_syntax
from isocenter.dimse import status
from isocenter.dimse.commands import Command, CommandField, respond
from isocenter.dimse.status import StatusCategory, category
from isocenter.errors import InvalidObjectError, IsocenterError, OutOfResourcesError
from isocenter.services.attributes import AttributesHandler, AttributesReader
from isocenter.services.commit_report import (
    ALL_COMMITTED,
    FAILURES_EXIST,
    REQUEST,
    STORAGE_COMMITMENT,
    STORAGE_COMMITMENT_INSTANCE,
    Report,
    read_report,
    read_request,
    report_on,
    write_report,
)
from isocenter.services.information_model import IDENTIFIER_SYNTAXES
from isocenter.services.service import Answer, Handler, Message, Operation, Service, ServiceContext
from isocenter.settings import Settings

logger = logging.getLogger(__name__)

#: Of our only request at a time on an association.
_MESSAGE_ID = 1
#: Error class -> status, where services of this kind have another one than C-STORE (PS3.7 10.1).
_STATUSES: tuple[tuple[type[IsocenterError], int], ...] = (
    (InvalidObjectError, status.PROCESSING_FAILURE),
    (OutOfResourcesError, status.RESOURCE_LIMITATION),
)


class Transactions(Protocol):
    """The part of ``commitment.Commitments`` that is used here."""

    def begin(self, calling_aet: str, uid: str, requested: Iterable[Reference], now: float) -> Held | None:
        """File a transaction; return None where this peer has used the UID before."""


class CommitService(Service):
    """Answers N-ACTION of storage commitment."""

    abstract_syntaxes: Mapping[str, tuple[str, ...]] = {STORAGE_COMMITMENT: IDENTIFIER_SYNTAXES}
    permission = "store"

    def __init__(self, transactions: Transactions, settings: Settings) -> None:
        self.transactions = transactions
        self.aet: str = settings.aet

    def begin(self, context: ServiceContext, command: Command) -> Handler:
        """Begin to take the action information; what cannot be meant is refused."""
        refused = _refusal(command, CommandField.N_ACTION_RQ, command.ActionTypeID == REQUEST, status.NO_SUCH_ACTION)
        return refused or _Action(self, context, command)


class _Action(Handler):
    """One request."""

    def __init__(self, service: CommitService, context: ServiceContext, command: Command) -> None:
        self._service = service
        self._context = context
        self._command = command
        self._syntax = transfer_syntax(context.transfer_syntax_uid)
        self._reader = AttributesReader(self._syntax)
        self._filed = False
        self._held: Held | None = None
        self._uid = ""
        self._requested: tuple[Reference, ...] = ()

    def write(self, *chunks: memoryview) -> None:
        """Collect the action information."""
        self._reader.write(*chunks)

    def finish(self) -> Iterable[Message]:
        """File the request, and say whether that could be done."""
        try:
            self._uid, self._requested = read_request(self._reader.read()[0])
            aet = self._context.calling_aet
            self._held = self._service.transactions.begin(aet, self._uid, self._requested, time.time())
        except IsocenterError as error:
            self._log(f"commitment refused: {error}")
            return (respond(self._command, _status(error), str(error)),)
        self._filed = True
        self._log(f"commitment of {len(self._requested)} objects asked for, transaction {self._uid}")
        return (respond(self._command, status.SUCCESS),)

    def afterwards(self) -> Generator[Operation | None] | None:
        """Report over the same association."""
        if not self._filed:
            return None
        if self._held is None:
            return self._repeated()
        work = self._report(self._held)
        next(work)  # a generator that was never begun is closed without its ``finally``
        return work

    def _report(self, held: Held) -> Generator[Operation | None]:
        """Look at everything and tell the peer; where that does not come to its end, others may deliver the report."""
        left = True
        try:
            yield None
            failures: tuple[Failure, ...] | None = yield from held.examine()
            if failures is None:
                left = False
                return
            operation = self._operation(failures)
            yield operation
            left = False
            self._told(held, operation, len(failures))
        finally:
            if left:
                held.leave(time.time())

    def _told(self, held: Held, operation: Operation, failed: int) -> None:
        problem = _problem(operation.answer)
        if not problem:
            held.reported(time.time())
            committed = len(self._requested) - failed
            self._log(f"{committed} objects committed, {failed} not, transaction {self._uid}")
            return
        again = held.postpone(problem, time.time()) is State.PENDING
        self._log(f"the result of transaction {self._uid} was not taken{', tried again later' * again}: {problem}")

    def _repeated(self) -> Generator[Operation | None]:
        """Refuse a transaction UID that was used before; this is told here or not at all."""
        self._log(f"the transaction UID {self._uid} was used before")
        yield self._operation(tuple(Failure(*r, int(FailureReason.DUPLICATE_TRANSACTION_UID)) for r in self._requested))

    def _operation(self, failures: tuple[Failure, ...]) -> Operation:
        report = report_on(self._uid, self._requested, failures, self._service.aet)
        data_set = json_to_data_set(write_report(report), implicit=self._syntax.implicit)
        return Operation(self._context.context_id, event_command(report), data_set)

    def _log(self, what: str) -> None:
        context = self._context
        logger.info("association %d: %s@%s: %s", context.association_id, context.calling_aet, context.address, what)


def event_command(report: Report) -> Command:
    """Return the command of an N-EVENT-REPORT."""
    return Command(
        CommandField.N_EVENT_REPORT_RQ,
        MessageID=_MESSAGE_ID,
        AffectedSOPClassUID=STORAGE_COMMITMENT,
        AffectedSOPInstanceUID=STORAGE_COMMITMENT_INSTANCE,
        EventTypeID=report.event_type,
    )


def _problem(answer: Command | None) -> str:
    """Return why a report was not taken, or nothing."""
    if answer is None or answer.Status is None:
        return "the answer has no status"
    return status.describe(answer.Status) if category(answer.Status) is StatusCategory.FAILURE else ""


class ReportService(Service):
    """Takes reports; ``take`` is called with each."""

    abstract_syntaxes: Mapping[str, tuple[str, ...]] = {STORAGE_COMMITMENT: IDENTIFIER_SYNTAXES}
    invokes = frozenset({STORAGE_COMMITMENT})

    def __init__(self, take: Callable[[Report], None]) -> None:
        self.take = take

    def begin(self, context: ServiceContext, command: Command) -> Handler:
        """Begin to take the event information."""
        known = command.EventTypeID in {ALL_COMMITTED, FAILURES_EXIST}
        refused = _refusal(command, CommandField.N_EVENT_REPORT_RQ, known, status.NO_SUCH_EVENT)
        return refused or _Event(self, context, command)


class _Event(AttributesHandler):
    """One report."""

    def __init__(self, service: ReportService, context: ServiceContext, command: Command) -> None:
        super().__init__(context, command)
        self._service = service

    def finish(self) -> Iterable[Message]:
        """Pass it on."""
        try:
            report = read_report(self._reader.read()[0])
        except IsocenterError as error:
            return (respond(self._command, _status(error), str(error)),)
        self._service.take(report)
        return (respond(self._command, status.SUCCESS),)


def _refusal(command: Command, field: CommandField, known: bool, unknown: int) -> Answer | None:
    """Return the answer to what cannot be meant for a service that takes this command, or None."""
    sop_class = command.RequestedSOPClassUID or command.AffectedSOPClassUID
    instance = command.RequestedSOPInstanceUID or command.AffectedSOPInstanceUID
    checks = (
        (command.CommandField == field, status.UNRECOGNIZED_OPERATION),
        (sop_class == STORAGE_COMMITMENT, status.NO_SUCH_SOP_CLASS),
        (instance == STORAGE_COMMITMENT_INSTANCE, status.NO_SUCH_SOP_INSTANCE),
        (known, unknown),
    )
    code = next((code for fits, code in checks if not fits), None)
    return None if code is None else Answer(respond(command, code))


def _status(error: IsocenterError) -> int:
    return next((code for kind, code in _STATUSES if isinstance(error, kind)), error.dimse_status)
