"""Modality Worklist (PS3.4 Annex K): C-FIND over the scheduled procedure steps.

An identifier and its answers nest; each answer is one step. Every attribute of PS3.6 can be a key; with one that
cannot (a private one) the answers are "pending, optional keys not supported".
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Protocol

from isocenter.dicom.nested import BrokenKeyError, Keys, compile_keys, select
from isocenter.dicom.uids import transfer_syntax
from isocenter.dimse import status
from isocenter.dimse.commands import Command, CommandField, respond
from isocenter.errors import InvalidObjectError, IsocenterError, OutOfResourcesError, UsageError
from isocenter.index.worklist import WorklistEntry
from isocenter.services.attributes import AttributesReader
from isocenter.services.identifier import MAX_IDENTIFIER, IdentifierError, write_identifier
from isocenter.services.information_model import IDENTIFIER_SYNTAXES
from isocenter.services.service import Answer, Handler, Message, Response, Service, ServiceContext
from isocenter.settings import Settings

logger = logging.getLogger(__name__)

MODALITY_WORKLIST_FIND = "1.2.840.10008.5.1.4.31"
#: Answers that are written together; after so many the peer is listened to.
_TOGETHER = 16
#: Error class -> status; the first that fits counts, and all others are "unable to process".
_STATUSES: tuple[tuple[type[IsocenterError], int], ...] = (
    (InvalidObjectError, IdentifierError.dimse_status),
    (UsageError, IdentifierError.dimse_status),
    (OutOfResourcesError, OutOfResourcesError.dimse_status),
)


class Scheduled(Protocol):
    """The part of ``worklist.Worklist`` that is used here."""

    def find(self, keys: Keys) -> Iterator[WorklistEntry]:
        """Yield the entries that match."""


class WorklistService(Service):
    """Answers C-FIND for the worklist."""

    abstract_syntaxes: Mapping[str, tuple[str, ...]] = {MODALITY_WORKLIST_FIND: IDENTIFIER_SYNTAXES}
    permission = "find"

    def __init__(self, worklist: Scheduled, settings: Settings) -> None:
        self.worklist = worklist
        self.limit: int = settings.find_limit

    def begin(self, context: ServiceContext, command: Command) -> Handler:
        """Begin to take the identifier."""
        if command.CommandField != CommandField.C_FIND_RQ:
            return Answer(respond(command, status.UNRECOGNIZED_OPERATION))
        return _Find(self, context, command)


class _Find(Handler):
    """One C-FIND."""

    def __init__(self, service: WorklistService, context: ServiceContext, command: Command) -> None:
        self._service = service
        self._context = context
        self._command = command
        self._reader = AttributesReader(transfer_syntax(context.transfer_syntax_uid), MAX_IDENTIFIER)
        self._cancelled = False
        self._sent = 0

    def write(self, *chunks: memoryview) -> None:
        """Collect the identifier."""
        self._reader.write(*chunks)

    def cancel(self) -> None:
        """Send nothing more."""
        self._cancelled = True

    def finish(self) -> Iterator[Message]:
        """Give an answer for each step that matches, and how it ended."""
        try:
            yield from self._answers()
            last = respond(self._command, status.CANCELLED if self._cancelled else status.SUCCESS)
        except IsocenterError as error:
            code = next((code for kind, code in _STATUSES if isinstance(error, kind)), status.UNABLE_TO_PROCESS)
            tags = (error.tag,) if isinstance(error, BrokenKeyError) else None
            last = respond(self._command, code, str(error))._replace(OffendingElement=tags)
        self._log(last)
        yield last

    def _answers(self) -> Iterator[Message]:
        identifier, declared = self._reader.read()
        keys = compile_keys(identifier)
        pending = respond(self._command, status.PENDING_WITHOUT_KEYS if keys.unsupported else status.PENDING)
        limit = self._service.limit
        for entry in self._service.worklist.find(keys):
            if self._cancelled:
                return
            if limit and self._sent == limit:
                raise OutOfResourcesError(f"more than {limit} matches; narrow the search (find_limit)")
            self._sent += 1
            data_set = write_identifier(select(keys, entry.data_set), self._reader.syntax, declared)
            yield Response(pending, data_set, more=self._sent % _TOGETHER != 0)

    def _log(self, last: Command) -> None:
        context = self._context
        logger.info(
            "association %d: %s@%s: worklist, %d answers, %s%s",
            context.association_id, context.calling_aet, context.address, self._sent,
            status.describe(last.Status or 0), f": {last.ErrorComment}" if last.ErrorComment else "",
        )  # fmt: skip
