"""QIDO-RS: search for studies, series and instances (PS3.18 10.6, 8.3.4).

Reads the query into ``index.query.Query``; what matching means is the index's business. Adds to each answer what only
the web knows: RetrieveURL and availability.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from isocenter.dicom import dictionary
from isocenter.dicom.uids import is_valid_uid
from isocenter.errors import UsageError
from isocenter.index.attributes import BY_TAG, Kind, Level
from isocenter.index.moments import offset_minutes
from isocenter.index.query import Query
from isocenter.index.site_keys import SiteKey, read_path
from isocenter.index.status import StudyStatus
from isocenter.web.addresses import address_of, base_address
from isocenter.web.media_types import DICOM_XML
from isocenter.web.models import model_type, xml_response
from isocenter.web.node import Node

#: No answer is longer; the client is told to ask for the rest.
MAX_RESULTS = 20_000

_STUDY, _SERIES, _INSTANCE, _TIMEZONE = 0x0020000D, 0x0020000E, 0x00080018, 0x00080201
_RETRIEVE_URL, _AVAILABILITY = "00081190", "00080056"
_UIDS = tuple(f"{tag:08X}" for tag in (_STUDY, _SERIES, _INSTANCE))

#: PS3.18 Table 10.6.3-3, and the description that every study list shows.
_STUDY_ATTRIBUTES = frozenset({
    0x00080020, 0x00080030, 0x00080050, 0x00080061, 0x00080090, 0x00080201, 0x00081030, 0x00100010, 0x00100020,
    0x00100030, 0x00100040, 0x0020000D, 0x00200010, 0x00201206, 0x00201208,
})  # fmt: skip
#: PS3.18 Table 10.6.3-4.
_SERIES_ATTRIBUTES = frozenset({
    0x00080060, 0x00080201, 0x0008103E, 0x0020000D, 0x0020000E, 0x00200011, 0x00201209, 0x00400244, 0x00400245,
})  # fmt: skip
#: PS3.18 Table 10.6.3-5.
_INSTANCE_ATTRIBUTES = frozenset({
    0x00080016, 0x00080018, 0x00080201, 0x00083002, 0x0020000D, 0x0020000E, 0x00200013, 0x00280008, 0x00280010,
    0x00280011, 0x00280100,
})  # fmt: skip

#: ModalitiesInStudy and SOPClassesInStudy: lists that are computed and can be keys all the same.
_SEARCHABLE_LISTS = frozenset({0x00080061, 0x00080062})
#: The options that are not attributes (PS3.18 Table 8.3.4-1), ``orderby`` and ``status``; the negotiation reads
#: ``accept``.
OPTIONS = frozenset({
    "includefield", "limit", "offset", "fuzzymatching", "emptyvaluematching", "multiplevaluematching", "orderby",
    "status", "accept",
})  # fmt: skip
_MAX_ORDERS = 8
_MAX_WARNINGS = 8
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Search:
    """A query, and what the client is to be told about how it was read."""

    query: Query
    warnings: tuple[str, ...]


async def search_studies(node: Node, request: Request) -> Response:
    """Search for studies."""
    return await _search(node, request, Level.STUDY)


async def search_series(node: Node, request: Request) -> Response:
    """Search for series, of one study or of all."""
    return await _search(node, request, Level.SERIES)


async def search_instances(node: Node, request: Request) -> Response:
    """Search for instances, of one series, one study or of all."""
    return await _search(node, request, Level.INSTANCE)


async def _search(node: Node, request: Request, level: Level) -> Response:
    media_type = model_type(request)
    ask = partial(read_search, level, request.path_params, request.query_params)
    return await node.threads.read(_answer, node, ask, base_address(request), media_type)


def _answer(node: Node, ask: Callable[[Sequence[SiteKey]], Search], base: str, media_type: str) -> Response:
    """Ask the archive, and write what it finds."""
    search = ask(node.archive.added_keys())
    query = search.query
    found = node.archive.find(query)
    more = query.limit == MAX_RESULTS + 1 and len(found) > MAX_RESULTS
    warnings = search.warnings + ((MORE,) if more else ())
    return answer_of([_completed(attributes, base) for attributes in found[:MAX_RESULTS]], warnings, base, media_type)


def answer_of(answers: list[dict[str, Any]], warnings: tuple[str, ...], base: str, media_type: str) -> Response:
    """Return the answer to a search."""
    headers = {"cache-control": "no-cache"}
    if warnings:
        headers["warning"] = ", ".join(f'299 {base}: "{text}"' for text in warnings)
    if not answers:
        return Response(status_code=204, headers=headers)
    if media_type == DICOM_XML:
        return xml_response(answers, headers)
    return Response(_JSON.encode(answers).encode(), headers=headers, media_type=media_type)


_JSON = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))
MORE = "There are additional results that can be requested."


def _completed(attributes: dict[str, Any], base: str) -> dict[str, Any]:
    """Add RetrieveURL and InstanceAvailability; attributes come in ascending order (PS3.18 F.2.2)."""
    uids = [attributes[tag]["Value"][0] for tag in _UIDS if tag in attributes]
    attributes[_RETRIEVE_URL] = {"vr": "UR", "Value": [address_of(base, *uids)]}
    attributes[_AVAILABILITY] = {"vr": "CS", "Value": ["ONLINE"]}
    return dict(sorted(attributes.items()))


def read_search(
    level: Level, path: Mapping[str, str], parameters: QueryParams, added: Sequence[SiteKey] = ()
) -> Search:
    """Return the query that path and parameters ask for; ``added``: keys of the site.

    Raises:
        UsageError: a parameter is neither an option nor an attribute, or its value makes no sense.
    """
    keys = {tag: _uid(path[name]) for tag, name in ((_STUDY, "study"), (_SERIES, "series")) if name in path}
    unsupported: list[str] = []
    site: list[tuple[SiteKey, str]] = []
    several, timezone = _boolean(parameters, "multiplevaluematching"), ""
    _boolean(parameters, "emptyvaluematching")  # the key "" is the empty value in any case
    for name in dict.fromkeys(parameters.keys()):
        if name in OPTIONS:
            continue
        site_key = _added_key(name, added)
        if site_key is not None:
            site.append((site_key, key_of(site_key.vr, name, [v for v in parameters.getlist(name) if v], several)))
            continue
        tag = tag_of(name)
        if tag == _TIMEZONE:
            timezone = _timezone(name, parameters[name])
        elif "." in name or not _searchable(tag):
            unsupported.append(name)
        elif tag in keys:
            raise UsageError(f"{name[:64]} is given twice")
        else:
            keys[tag] = key_of(BY_TAG[tag].vr, name, [value for value in parameters.getlist(name) if value], several)
    fuzzy = _boolean(parameters, "fuzzymatching")
    limit = number_of(parameters, "limit")
    query = Query(
        level=level,
        keys=keys,
        include=_included(level, path, parameters, added),
        limit=MAX_RESULTS + 1 if limit is None or limit > MAX_RESULTS else limit,
        offset=number_of(parameters, "offset") or 0,
        fuzzy=fuzzy,
        combined=True,
        timezone=timezone,
        order=_order(parameters),
        site=tuple(site),
        shown=_shown(level, parameters, added, [key for key, _ in site]),
        status=_status(parameters),
    )
    return Search(query, ignored(unsupported))


def ignored(names: list[str]) -> tuple[str, ...]:
    """Return the warnings about keys that are not supported, for a header field that must not grow with them."""
    told = [f"The key {name} is not supported here and was ignored." for name in map(_plain, names[:_MAX_WARNINGS])]
    if len(names) > _MAX_WARNINGS:
        told.append(f"So were {len(names) - _MAX_WARNINGS} others.")
    return tuple(told)


def _uid(text: str) -> str:
    """Return a UID of the path, where no wildcard and no list may stand for it."""
    if not is_valid_uid(text):
        raise UsageError(f"{text[:64]!r} in the address is no UID")
    return text


def _plain(name: str) -> str:
    """Return a parameter's name without what has a meaning in a header field."""
    return "".join(c for c in name[:64] if c.isascii() and (c.isalnum() or c == "."))


def _searchable(tag: int) -> bool:
    attribute = BY_TAG.get(tag)
    return attribute is not None and (attribute.kind is not Kind.COMPUTED or tag in _SEARCHABLE_LISTS)


def _timezone(name: str, text: str) -> str:
    """Return the offset from UTC of the dates in a search; the plus sign may have come as a space."""
    text = f"+{text[1:]}" if text.startswith(" ") else text
    if text and offset_minutes(text) is None:
        raise UsageError(f"{name[:64]} must be an offset like +0100, not {text[:32]!r}")
    return text


def key_of(vr: str, name: str, values: list[str], several: bool = False) -> str:
    """Return the key as C-FIND writes it: several UIDs with backslashes, nothing for any value."""
    if vr == "UI":
        return "\\".join(value.replace(",", "\\") for value in values)
    if len(values) > 1 and not several:
        raise UsageError(
            f"{name} is given {len(values)} times; only UIDs may be a list (or multiplevaluematching=true)"
        )
    return "\\".join(values)


def tag_of(name: str) -> int:
    """Return the tag of an attribute that a client names by keyword or by eight hexadecimal digits."""
    try:
        return dictionary.tag(name.partition(".")[0])
    except (KeyError, ValueError, UsageError):
        raise UsageError(f"{name[:64]!r} is neither an attribute nor an option of a search (PS3.18 8.3.4)") from None


def _added_key(name: str, added: Sequence[SiteKey]) -> SiteKey | None:
    """Return the key of the site that a parameter or an included field names."""
    if not added:
        return None
    try:
        path = read_path(name)
    except UsageError:
        return None
    return next((key for key in added if key.path == path), None)


def _shown(
    level: Level, parameters: QueryParams, added: Sequence[SiteKey], asked: Sequence[SiteKey]
) -> tuple[SiteKey, ...]:
    """Return the keys of the site that answers carry: those asked for, included, or in an included sequence."""
    names = _fields(parameters)
    if "all" in names:
        return tuple(key for key in added if key.level is level)
    sequences = {name for name in names if "." not in name and ":" not in name}
    tags = {tag_of(name) for name in sequences}
    included = {each for each in (_added_key(name, added) for name in names) if each}
    return tuple(key for key in added if key in asked or key in included or (len(key.tags) > 1 and key.tags[0] in tags))


def _fields(parameters: QueryParams) -> list[str]:
    return [name for value in parameters.getlist("includefield") for name in value.split(",") if name]


def _included(
    level: Level, path: Mapping[str, str], parameters: QueryParams, added: Sequence[SiteKey]
) -> frozenset[int] | None:
    """Return what the answers are to contain; None means everything."""
    names = [name for name in _fields(parameters) if _added_key(name, added) is None]
    if "all" in names:
        return None
    attributes = {Level.STUDY: _STUDY_ATTRIBUTES, Level.SERIES: _SERIES_ATTRIBUTES}.get(level, _INSTANCE_ATTRIBUTES)
    if level is not Level.STUDY and "study" not in path:
        attributes |= _STUDY_ATTRIBUTES
    if level is Level.INSTANCE and "series" not in path:
        attributes |= _SERIES_ATTRIBUTES
    return attributes | {tag_of(name) for name in names}


def _order(parameters: QueryParams) -> tuple[tuple[int, bool], ...]:
    """Return what to order by, an extension: ``orderby=PatientName,-StudyDate``, descending where a hyphen leads."""
    names = [name for value in parameters.getlist("orderby") for name in value.split(",") if name]
    if len(names) > _MAX_ORDERS:
        raise UsageError(f"orderby names {len(names)} attributes; {_MAX_ORDERS} are allowed")
    return tuple((tag_of(name.removeprefix("-")), name.startswith("-")) for name in names)


def _status(parameters: QueryParams) -> StudyStatus | None:
    """Return the state that studies are to be in, an extension."""
    text = parameters.get("status")
    known = {status.value: status for status in StudyStatus}
    if text and text not in known:
        raise UsageError(f"status must be {', '.join(known)}, not {text[:32]!r}")
    return known[text] if text else None


def number_of(parameters: QueryParams, name: str) -> int | None:
    """Return a parameter that is a number, None where it is not given."""
    text = parameters.get(name)
    if text is None or not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise UsageError(f"{name} must be a number, 0 or more, not {text[:32]!r}")
    return int(text)


def _boolean(parameters: QueryParams, name: str) -> bool:
    text = parameters.get(name, "false").lower()
    if text not in _BOOLEANS:
        raise UsageError(f"{name} must be true or false, not {text[:32]!r}")
    return _BOOLEANS[text]
