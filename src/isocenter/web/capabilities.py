"""Capabilities: which resources there are and what may be asked of them (PS3.18 8.9), as WADL or JSON.

Derived from the table of routes, the table of media types and the attributes that can be searched for. Of a resource
it tells of that one and those below; of the root, of all.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from starlette.requests import Request
from starlette.responses import Response

from isocenter.errors import NotFoundError
from isocenter.index.attributes import ATTRIBUTES, Kind, Level
from isocenter.ups.requirements import REQUIREMENTS
from isocenter.web.addresses import ROOT, base_address
from isocenter.web.assembly import METADATA_TYPES
from isocenter.web.media_types import (
    COMPRESSED_MEDIA_TYPES,
    DICOM,
    DICOM_JSON,
    DICOM_XML,
    JSON,
    MULTIPART,
    OCTET_STREAM,
    ZIP,
    choose,
)
from isocenter.web.negotiation import accepted, not_acceptable
from isocenter.web.node import Handler, Node
from isocenter.web.qido import OPTIONS as SEARCH_OPTIONS
from isocenter.web.workitem_search import OPTIONS as WORKITEM_OPTIONS

WADL = "application/vnd.sun.wadl+xml"
_NAMESPACE = "http://wadl.dev.java.net/2009/02"
_MODELS = (DICOM_JSON, JSON, f'{MULTIPART}; type="{DICOM_XML}"')
_FRAMES = (OCTET_STREAM, *dict.fromkeys(COMPRESSED_MEDIA_TYPES.values()))
_LEVELS = {"search_studies": Level.STUDY, "search_series": Level.SERIES, "search_instances": Level.INSTANCE}

#: Name of a handler -> media types of its answers; those of pictures and previews say theirs by themselves.
ANSWERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("search", *_LEVELS, "study_metadata", "series_metadata", "instance_metadata", "store"), _MODELS),
    "retrieve": (f'{MULTIPART}; type="{DICOM}"', DICOM, ZIP),
    "retrieve_frames": tuple(f'{MULTIPART}; type="{media_type}"' for media_type in _FRAMES),
    "retrieve_bulk_data": (f'{MULTIPART}; type="{OCTET_STREAM}"', OCTET_STREAM),
    "rendered": ("image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4"),
    "thumbnail": ("image/jpeg", "image/png"),
    "wado": (DICOM, "image/jpeg", "image/png", "image/gif", "video/mp4"),
    "search_workitems": _MODELS,
    "retrieve_workitem": (*_MODELS, DICOM_XML),
}
#: Name of a handler -> media types that it takes.
REQUESTS: dict[str, tuple[str, ...]] = {
    "store": (DICOM, *(f'{MULTIPART}; type="{media_type}"' for media_type in (DICOM, *METADATA_TYPES))),
    **dict.fromkeys(
        ("create_workitem", "update_workitem", "change_workitem_state", "request_cancellation"),
        (DICOM_JSON, JSON, DICOM_XML),
    ),
}

Row = tuple[str, str, Handler]


class Method(NamedTuple):
    """What can be done with a resource."""

    name: str
    id: str
    title: str
    parameters: tuple[str, ...]
    requests: tuple[str, ...]
    answers: tuple[str, ...]


def capabilities(rows: Sequence[Row]) -> Handler:
    """Return the handler that tells of these routes."""
    known = [row for row in rows if row[0] == ROOT or row[0].startswith(f"{ROOT}/")]

    async def retrieve_capabilities(_node: Node, request: Request) -> Response:
        """Tell what may be asked of a resource and those below it."""
        media_type = choose(accepted(request), (WADL, JSON))
        if media_type is None:
            raise not_acceptable(WADL, JSON)
        path = request.scope["path"].rstrip("/")
        chosen = [row for row in known if _is_below(row[0], path)]
        if not chosen:
            raise NotFoundError("there is nothing at this address")
        resources: dict[str, list[Method]] = {}
        for pattern, method, handler in sorted(chosen, key=lambda row: len(_segments(row[0]))):
            resources.setdefault(pattern.removeprefix(f"{ROOT}/"), []).append(_method(method, handler, pattern))
        own = sorted({method for pattern, method, _ in chosen if _matches(pattern, path)})
        allow = ", ".join([*own, *(["HEAD"] if "GET" in own else []), "OPTIONS"])
        write = _json if media_type == JSON else _wadl
        return Response(write(base_address(request), resources), 200, {"allow": allow}, media_type)

    return retrieve_capabilities


def _method(name: str, handler: Handler, pattern: str) -> Method:
    ident = getattr(handler, "__name__", "")
    title = (handler.__doc__ or "").strip().split("\n")[0]
    answers = ANSWERS.get(ident, ()) if name == "GET" or ident == "store" else ()
    return Method(name, ident, title, tuple(_parameters(ident, pattern)), REQUESTS.get(ident, ()), answers)


def _parameters(ident: str, pattern: str) -> Iterator[str]:
    """Yield the query parameters: of a search, its options and the keywords of its level and those above."""
    if ident == "search_workitems":
        yield from sorted(WORKITEM_OPTIONS)
        yield from (row.keyword for row in REQUIREMENTS if row.keyword != "TransactionUID")
    if ident not in _LEVELS:
        return
    yield from sorted(SEARCH_OPTIONS)
    given = pattern.count("{")
    for attribute in ATTRIBUTES:
        level = attribute.level.value
        if attribute.kind is not Kind.COMPUTED and given <= level <= _LEVELS[ident].value:
            yield attribute.keyword


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/")


def _is_below(pattern: str, path: str) -> bool:
    """Tell whether a route's pattern is that of the path, or of something below it."""
    wanted, found = _segments(path), _segments(pattern)
    return len(found) >= len(wanted) and all(
        part == other or (part.startswith("{") and other not in {"studies", "series", "instances"})
        for part, other in zip(found, wanted, strict=False)
    )


def _matches(pattern: str, path: str) -> bool:
    return len(_segments(pattern)) == len(_segments(path))


def _json(base: str, resources: dict[str, list[Method]]) -> bytes:
    content: dict[str, Any] = {
        "base": base,
        "resources": [
            {"path": _plain(path), "methods": [method._asdict() for method in methods]}
            for path, methods in resources.items()
        ],
    }
    return json.dumps(content).encode()


def _plain(path: str) -> str:
    """Return a template without what the router wants to know of a parameter."""
    return re.sub(r"\{(\w+):\w+\}", r"{\1}", path)


def _wadl(base: str, resources: dict[str, list[Method]]) -> bytes:
    inner = "".join(
        f"<resource path={quoteattr(_plain(path))}>{_template(path)}{''.join(map(_wadl_method, methods))}</resource>"
        for path, methods in resources.items()
    )
    text = f'<application xmlns="{_NAMESPACE}"><resources base={quoteattr(base)}>{inner}</resources></application>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _template(path: str) -> str:
    return "".join(f'<param name="{name}" style="template"/>' for name in re.findall(r"\{(\w+)", path))


def _wadl_method(method: Method) -> str:
    parameters = "".join(f'<param name="{name}" style="query"/>' for name in method.parameters)
    request = f"<request>{parameters}{_representations(method.requests)}</request>"
    response = f"<response>{_representations(method.answers)}</response>"
    title = f"<doc>{escape(method.title)}</doc>"
    return f'<method name="{method.name}" id="{method.id}">{title}{request}{response}</method>'


def _representations(media_types: Sequence[str]) -> str:
    return "".join(f"<representation mediaType={quoteattr(media_type)}/>" for media_type in media_types)
