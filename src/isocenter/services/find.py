"""Query (PS3.4 C.4.1): C-FIND over the index, in all information models.

Hierarchical as the baseline, relational where extended negotiation agreed on it. A key that the index does not
keep is left out of the answers, which are then "pending, optional keys not supported". Answers are read in pages and
sent one by one, so neither a large archive nor a slow peer takes memory.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from isocenter.dicom import dictionary
from isocenter.dicom.matching import Universal, compile_match
from isocenter.dicom.uids import transfer_syntax
from isocenter.dimse import status
from isocenter.dimse.commands import Command, CommandField, respond
from isocenter.errors import IsocenterError, OutOfResourcesError, UsageError
from isocenter.index.attributes import BY_TAG, Kind
from isocenter.index.moments import offset_minutes
from isocenter.index.query import MATCHED_AS, Query
from isocenter.index.site_keys import SiteKey
from isocenter.services.identifier import (
    QUERY_RETRIEVE_LEVEL,
    Identifier,
    IdentifierError,
    IdentifierReader,
    check_hierarchy,
    write_identifier,
)
from isocenter.services.information_model import IDENTIFIER_SYNTAXES, LEVEL_NAMES, MODELS, InformationModel
from isocenter.services.service import Answer, Handler, Message, Response, Service, ServiceContext
from isocenter.services.site_query import read_site_query
from isocenter.services.zones import TIMEZONE, Zone
from isocenter.settings import Settings

logger = logging.getLogger(__name__)

_PAGE = 500
#: Answers that are written together; after so many the peer is listened to.
_TOGETHER = 16
_CHARACTER_SET, _RETRIEVE_AET, _AVAILABILITY = 0x00080005, 0x00080054, 0x00080056
#: Elements of an identifier that are no keys.
_NO_KEYS = frozenset({QUERY_RETRIEVE_LEVEL, _CHARACTER_SET, _RETRIEVE_AET, _AVAILABILITY})

#: What we can do of what extended negotiation offers (PS3.4 C.5.1.1): relational queries, combined date and time
#: matching, fuzzy matching of names, adjustment to a time zone, no converted multi-frame views, the empty value and
#: several values in a key. The last two are taken from everybody, since such keys mean nothing else.
_EXTENDED = bytes((1, 1, 1, 1, 0, 1, 1))
_RELATIONAL, _COMBINED, _FUZZY, _ZONED = range(4)

#: VR -> what a key of it looks like.
_FORMS = {
    "DA": "no date like 20240131 or range like 20240101-20240131",
    "TM": "no time like 1030 or range like 0900-1700",
    "DT": "no date-time like 202401311030, nor a range",
}


class Finder(Protocol):
    """The part of ``archive.Archive`` that is used here."""

    def find_pages(self, query: Query, size: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the answers in pages."""

    def added_keys(self) -> list[SiteKey]:
        """Return the keys that the site has added."""


class FindService(Service):
    """Answers C-FIND."""

    abstract_syntaxes: Mapping[str, tuple[str, ...]] = {model.find: IDENTIFIER_SYNTAXES for model in MODELS}
    permission = "find"
    _models: Mapping[str, InformationModel] = {model.find: model for model in MODELS}

    def __init__(self, archive: Finder, settings: Settings) -> None:
        self.archive = archive
        self.aet: str = settings.aet
        self.limit: int = settings.find_limit

    def agree(self, abstract_syntax: str, proposed: bytes) -> bytes | None:  # noqa: ARG002 - the same for all models
        """Agree to what the peer proposes and this program can do."""
        return bytes(byte & ours for byte, ours in zip(proposed, _EXTENDED, strict=False))

    def begin(self, context: ServiceContext, command: Command) -> Handler:
        """Begin to take the identifier."""
        if command.CommandField != CommandField.C_FIND_RQ:
            return Answer(respond(command, status.UNRECOGNIZED_OPERATION))
        return _Find(self, context, command, self._models[context.abstract_syntax])


class _Find(Handler):
    """One C-FIND."""

    def __init__(
        self, service: FindService, context: ServiceContext, command: Command, model: InformationModel
    ) -> None:
        self._service = service
        self._context = context
        self._command = command
        self._syntax = transfer_syntax(context.transfer_syntax_uid)
        self._reader = IdentifierReader(model, self._syntax)
        self._cancelled = False
        self._sent = 0

    def write(self, *chunks: memoryview) -> None:
        """Collect the identifier."""
        self._reader.write(*chunks)

    def cancel(self) -> None:
        """Send nothing more."""
        self._cancelled = True

    def finish(self) -> Iterator[Message]:
        """Give an answer for each match, and how it ended."""
        try:
            identifier = self._reader.read()
            query, unsupported = read_query(
                self._reader.model, identifier, self._context.extended, self._service.archive.added_keys()
            )
            yield from self._answers(identifier, query, unsupported=unsupported)
            last = respond(self._command, status.CANCELLED if self._cancelled else status.SUCCESS)
        except IdentifierError as error:
            last = respond(self._command, error.dimse_status, str(error))._replace(OffendingElement=error.tags or None)
        except UsageError as error:
            last = respond(self._command, IdentifierError.dimse_status, str(error))
        except OutOfResourcesError as error:
            last = respond(self._command, error.dimse_status, str(error))
        except IsocenterError as error:
            last = respond(self._command, status.UNABLE_TO_PROCESS, str(error))
        self._log(last)
        yield last

    def _answers(self, identifier: Identifier, query: Query, *, unsupported: bool) -> Iterator[Message]:
        pending = respond(self._command, status.PENDING_WITHOUT_KEYS if unsupported else status.PENDING)
        limit = self._service.limit
        one_more = replace(query, limit=limit + 1 if limit else None)
        added = self._added(identifier)
        zone = (
            Zone(query.timezone, (query.include or frozenset()).intersection(identifier.keys))
            if query.timezone
            else None
        )
        for page in self._service.archive.find_pages(one_more, _PAGE):
            for answer in page:
                if self._cancelled:
                    return
                if limit and self._sent == limit:
                    raise OutOfResourcesError(f"more than {limit} matches; narrow the search (find_limit)")
                self._sent += 1
                shown = answer if zone is None else zone.moved(answer)
                data_set = write_identifier(shown | added, self._syntax, identifier.character_set)
                yield Response(pending, data_set, more=self._sent % _TOGETHER != 0)

    def _added(self, identifier: Identifier) -> dict[str, Any]:
        """Return what an answer has besides the attributes of what was found."""
        values = {QUERY_RETRIEVE_LEVEL: ("CS", LEVEL_NAMES[identifier.level]), _RETRIEVE_AET: ("AE", self._service.aet)}
        if _AVAILABILITY in identifier.keys:
            values[_AVAILABILITY] = ("CS", "ONLINE")
        return {f"{tag:08X}": {"vr": vr, "Value": [value]} for tag, (vr, value) in values.items()}

    def _log(self, last: Command) -> None:
        context = self._context
        logger.info(
            "association %d: %s@%s: find, %d answers, %s%s",
            context.association_id, context.calling_aet, context.address, self._sent,
            status.describe(last.Status or 0), f": {last.ErrorComment}" if last.ErrorComment else "",
        )  # fmt: skip


def read_query(
    model: InformationModel, identifier: Identifier, extended: bytes = b"", added: Iterable[SiteKey] = ()
) -> tuple[Query, bool]:
    """Return what an identifier asks for, and whether it asks for more than the index keeps; ``added``: a site's keys.

    Raises:
        IdentifierError: a key cannot be read, or one that names what is above the level is missing.
    """
    agreed = extended.ljust(len(_EXTENDED), b"\0")
    check_hierarchy(model, identifier, relational=bool(agreed[_RELATIONAL]))
    keys: dict[int, str] = {}
    wanted: set[int] = set()
    unsupported = False
    site = read_site_query(identifier, added)
    for tag, key in identifier.keys.items():
        if tag in _NO_KEYS or tag in site.tags or not tag & 0xFFFF:
            continue
        if not _is_answered(tag, identifier):
            unsupported = True
        else:
            wanted.add(tag)
        if _restricts(tag, key):
            if _can_restrict(tag):
                keys[tag] = key
            else:
                unsupported = True
    timezone = identifier.keys.get(TIMEZONE, "") if agreed[_ZONED] else ""
    if timezone and offset_minutes(timezone) is None:
        raise IdentifierError("TimezoneOffsetFromUTC: no offset like +0100", TIMEZONE)
    read = Zone(timezone, frozenset(wanted)).needed if timezone else frozenset(wanted)
    query = Query(
        identifier.level, keys, read, timezone=timezone,
        fuzzy=bool(agreed[_FUZZY]), combined=bool(agreed[_COMBINED]),
        site=site.keys, shown=tuple(key for key, _ in site.keys),
    )  # fmt: skip
    return query, unsupported


def _is_answered(tag: int, identifier: Identifier) -> bool:
    attribute = BY_TAG.get(tag)
    return attribute is not None and attribute.level.value <= identifier.level.value


def _restricts(tag: int, key: str) -> bool:
    """Tell whether a key matches less than everything."""
    if tag == TIMEZONE:  # says how to read the others, and is no key
        return False
    vr = dictionary.vr(tag)
    try:
        return not isinstance(compile_match(vr, key), Universal)
    except UsageError:
        if tag not in BY_TAG:
            return True
        raise IdentifierError(f"{dictionary.keyword(tag)}: {_FORMS[vr]}", tag) from None


def _can_restrict(tag: int) -> bool:
    attribute = BY_TAG.get(MATCHED_AS.get(tag, tag))
    return attribute is not None and attribute.kind is not Kind.COMPUTED
