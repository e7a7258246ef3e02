"""What C-MOVE and C-GET share (PS3.4 C.4.2, C.4.3): which objects, in which order, how they are counted and told.

A ``Route`` sends one object; this module asks it for each, sends a pending response after each, and the last one with
the list of what failed.
"""

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from isocenter.archive import Instance
from isocenter.dicom.uids import transfer_syntax
from isocenter.dimse import status
from isocenter.dimse.commands import Command, respond
from isocenter.dimse.status import StatusCategory, category
from isocenter.errors import IsocenterError, NotFoundError
from isocenter.index.peers import KnownPeer
from isocenter.index.query import Level, Query
from isocenter.services.at_once import Outcome, Send, send_at_once
from isocenter.services.identifier import (
    Identifier,
    IdentifierError,
    IdentifierReader,
    check_hierarchy,
    write_identifier,
)
from isocenter.services.information_model import UNIQUE_KEYS, InformationModel
from isocenter.services.service import Handler, Message, Response, ServiceContext

logger = logging.getLogger(__name__)

_PAGE = 500
_MOST = 0xFFFF  # what a count in a response can say
_FAILED_UIDS = "00080058"


class RefusedError(IsocenterError):
    """The retrieval cannot begin; ``status`` is the response's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.status = code


def check_asking(asking: KnownPeer | None, identifier: Identifier) -> None:
    """Refuse what would tell a peer that gets de-identified objects only whose they are.

    Raises:
        RefusedError: it asks by PatientID, so that pseudonyms could be found out one ID after the other.
    """
    if asking is not None and asking.deid_project and identifier.keys.get(UNIQUE_KEYS[Level.PATIENT]):
        raise RefusedError(status.NOT_AUTHORIZED, "gets de-identified objects: ask by StudyInstanceUID, Study Root")


class Source(Protocol):
    """The part of ``archive.Archive`` that is used here."""

    def find_pages(self, query: Query, size: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the answers in pages."""

    def instances(self, study: str, series: str | None = None, sop: str | None = None) -> list[Instance]:
        """Return the objects of a study, of one series, or one object."""


class Route(Protocol):
    """A way for objects to go out."""

    def send(self, instance: Instance) -> Generator[Message, None, int]:
        """Send one object and return the status of its C-STORE; what is yielded goes to the peer.

        Raises:
            IsocenterError: it cannot be sent; the next one may.
        """


#: Opens a route for these objects; leaving it ends what it opened.
OpenRoute = Callable[[list[Instance]], AbstractContextManager[Route]]


@dataclass(slots=True)
class Tally:
    """What became of the sub-operations."""

    remaining: int
    completed: int = 0
    warning: int = 0
    failed: list[str] = field(default_factory=list)
    reason: str = ""  # of the last failure

    @property
    def sent(self) -> int:
        """How many the peer has taken, with a warning or without."""
        return self.completed + self.warning

    def note(self, instance: Instance, outcome: int | Exception) -> None:
        """Count an object by the status of its C-STORE, or the error that kept it from being sent."""
        if isinstance(outcome, int):
            self.add(instance, outcome)
        else:
            self.fail(instance, str(outcome))

    def add(self, instance: Instance, code: int) -> None:
        """Count an object by the status of its C-STORE."""
        self.remaining -= 1
        match category(code):
            case StatusCategory.SUCCESS:
                self.completed += 1
            case StatusCategory.WARNING:
                self.warning += 1
            case _:
                self.failed.append(instance.SOPInstanceUID)
                self.reason = self.reason or f"a C-STORE was answered {status.describe(code)}"

    def fail(self, instance: Instance, reason: str) -> None:
        """Count an object that could not be sent."""
        self.remaining -= 1
        self.failed.append(instance.SOPInstanceUID)
        self.reason = reason

    def counted(self, response: Command, *, remaining: bool) -> Command:
        """Return a response with the counts; only one that is not the end tells what remains."""
        return response._replace(
            NumberOfRemainingSuboperations=min(self.remaining, _MOST) if remaining else None,
            NumberOfCompletedSuboperations=min(self.completed, _MOST),
            NumberOfFailedSuboperations=min(len(self.failed), _MOST),
            NumberOfWarningSuboperations=min(self.warning, _MOST),
        )


class Retrieval(Handler):
    """One C-MOVE or C-GET under way; ``check`` raises RefusedError where it cannot begin.

    ``routes``: how many are opened, so that as many objects go at once; several only where a route tells the peer
    nothing amid an object. ``discreet``: no list of what failed is told, since the UIDs here are not those there.
    """

    def __init__(
        self,
        archive: Source,
        context: ServiceContext,
        command: Command,
        model: InformationModel,
        route: OpenRoute,
        check: Callable[[Identifier], object] = bool,
        routes: int = 1,
        *,
        discreet: bool = False,
    ) -> None:
        self._archive = archive
        self._context = context
        self._command = command
        self._reader = IdentifierReader(model, transfer_syntax(context.transfer_syntax_uid))
        self._open_route = route
        self._check = check
        self._routes = routes
        self._discreet = discreet
        self._cancelled = False

    def write(self, *chunks: memoryview) -> None:
        """Collect the identifier."""
        self._reader.write(*chunks)

    def cancel(self) -> None:
        """Send no further object."""
        self._cancelled = True

    def finish(self) -> Iterator[Message]:
        """Send the objects, with a pending response after each, and tell how it ended."""
        try:
            identifier = self._identifier()
            self._check(identifier)
            instances = self._select(identifier)
            tally = Tally(len(instances))
            yield from self._send(instances, tally)
            last = self._last(tally)
        except IdentifierError as error:
            refusal = respond(self._command, error.dimse_status, str(error))
            last = Response(refusal._replace(OffendingElement=error.tags or None))
        except RefusedError as error:
            last = Response(respond(self._command, error.status, str(error)))
        except IsocenterError as error:
            last = Response(respond(self._command, status.UNABLE_TO_PROCESS, str(error)))
        self._log(last.command)
        yield last

    def _identifier(self) -> Identifier:
        """Return the identifier, checked."""
        identifier = self._reader.read()
        check_hierarchy(self._reader.model, identifier, relational=self._context.extended[:1] == b"\1", retrieve=True)
        return identifier

    def _select(self, identifier: Identifier) -> list[Instance]:
        """Return what the identifier names, in the order of studies, series and numbers."""
        found: list[Instance] = []
        for uids in self._named(identifier):
            try:
                found += self._archive.instances(*uids)
            except NotFoundError:  # deleted meanwhile
                continue
        return found

    def _named(self, identifier: Identifier) -> Iterator[list[str]]:
        """Yield the UIDs, from the study down, of everything at the identifier's level that its unique keys name."""
        level = identifier.level if identifier.level is not Level.PATIENT else Level.STUDY
        above = [each for each in Level if each.value <= identifier.level.value]
        keys = {UNIQUE_KEYS[each]: identifier.keys.get(UNIQUE_KEYS[each], "") for each in above}
        tags = [UNIQUE_KEYS[each] for each in Level if 0 < each.value <= level.value]
        for page in self._archive.find_pages(Query(level, keys, frozenset(tags)), _PAGE):
            for answer in page:
                yield [answer[f"{tag:08X}"]["Value"][0] for tag in tags]

    def _send(self, instances: list[Instance], tally: Tally) -> Iterator[Message]:
        if not instances:
            return
        pending = respond(self._command, status.PENDING)
        if self._routes > 1 and len(instances) > 1:
            with closing(self._several(instances)) as outcomes:
                for instance, outcome in outcomes:
                    tally.note(instance, outcome)
                    yield tally.counted(pending, remaining=True)
            return
        with self._open_route(instances) as route:
            for instance in instances:
                if self._cancelled:
                    return
                try:
                    tally.note(instance, (yield from route.send(instance)))
                except IsocenterError as error:
                    tally.note(instance, error)
                yield tally.counted(pending, remaining=True)

    def _several(self, instances: list[Instance]) -> Generator[Outcome]:
        """Send several objects at once."""

        @contextmanager
        def opened() -> Iterator[Send]:
            with self._open_route(instances) as route:
                yield route.send

        yield from send_at_once(opened, instances, self._routes, lambda: self._cancelled)

    def _last(self, tally: Tally) -> Response:
        """Return the last response, with the list of failed objects where there are any."""
        if self._cancelled and tally.remaining:
            code = status.CANCELLED
        elif not tally.failed:
            code = status.SUCCESS
        elif tally.completed or tally.warning:
            code = status.SOME_SUBOPERATIONS_FAILED
        else:
            code = status.UNABLE_TO_PERFORM_SUBOPERATIONS
        response = tally.counted(respond(self._command, code, tally.reason), remaining=code == status.CANCELLED)
        if not tally.failed or self._discreet:
            return Response(response)
        failed = {_FAILED_UIDS: {"vr": "UI", "Value": tally.failed}}
        return Response(response, write_identifier(failed, self._reader.syntax, ()))

    def _log(self, last: Command) -> None:
        context = self._context
        logger.info(
            "association %d: %s@%s: retrieval to %s: %d sent, %d with warnings, %d failed, %s%s",
            context.association_id, context.calling_aet, context.address, last_word(self._command.MoveDestination),
            last.NumberOfCompletedSuboperations or 0, last.NumberOfWarningSuboperations or 0,
            last.NumberOfFailedSuboperations or 0, status.describe(last.Status or 0),
            f": {last.ErrorComment}" if last.ErrorComment else "",
        )  # fmt: skip


def last_word(destination: str | None) -> str:
    """Return a destination as a log may show it."""
    return repr(destination) if destination else "the same association"
