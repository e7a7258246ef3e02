"""One C-FIND whose identifier and answers nest: worklists (PS3.4 Annexes K and CC). Their services say what is found.

Every attribute of PS3.6 can be a key; with one that cannot (a private one) the answers are "pending, optional keys not
supported".
"""

import logging
from collections.abc import Callable, Iterator

from isocenter.dicom.json import Json
from isocenter.dicom.nested import BrokenKeyError, Keys, compile_keys, select
from isocenter.dimse import status
from isocenter.dimse.commands import Command, respond
from isocenter.errors import InvalidObjectError, IsocenterError, OutOfResourcesError, UsageError
from isocenter.services.attributes import AttributesHandler
from isocenter.services.identifier import MAX_IDENTIFIER, IdentifierError, write_identifier
from isocenter.services.service import Message, Response, ServiceContext

logger = logging.getLogger(__name__)

#: Answers that are written together; after so many the peer is listened to.
_TOGETHER = 16
#: Error class -> status; the first that fits counts, and all others are "unable to process".
_STATUSES: tuple[tuple[type[IsocenterError], int], ...] = (
    (InvalidObjectError, IdentifierError.dimse_status),
    (UsageError, IdentifierError.dimse_status),
    (OutOfResourcesError, OutOfResourcesError.dimse_status),
)


class NestedFind(AttributesHandler):
    """One C-FIND; ``find`` gives the data sets that match, ``limit`` how many are answered (0: all)."""

    def __init__(
        self, find: Callable[[Keys], Iterator[Json]], limit: int, what: str, context: ServiceContext, command: Command
    ) -> None:
        super().__init__(context, command, MAX_IDENTIFIER)
        self._find = find
        self._limit = limit
        self._what = what
        self._cancelled = False
        self._sent = 0

    def cancel(self) -> None:
        """Send nothing more."""
        self._cancelled = True

    def finish(self) -> Iterator[Message]:
        """Give an answer for each data set that matches, and how it ended."""
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
        for data_set in self._find(keys):
            if self._cancelled:
                return
            if self._limit and self._sent == self._limit:
                raise OutOfResourcesError(f"more than {self._limit} matches; narrow the search (find_limit)")
            self._sent += 1
            answer = write_identifier(select(keys, data_set), self._reader.syntax, declared)
            yield Response(pending, answer, more=self._sent % _TOGETHER != 0)

    def _log(self, last: Command) -> None:
        context = self._context
        logger.info(
            "association %d: %s@%s: %s, %d answers, %s%s",
            context.association_id, context.calling_aet, context.address, self._what, self._sent,
            status.describe(last.Status or 0), f": {last.ErrorComment}" if last.ErrorComment else "",
        )  # fmt: skip
