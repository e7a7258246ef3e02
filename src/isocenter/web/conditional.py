"""Answers that a client may keep and ask for again (RFC 9110 8.8.3, 13.1.2)."""

import re

from starlette.requests import Request
from starlette.responses import Response

_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')


def is_known(request: Request, etag: str) -> bool:
    """Return whether the client has this already (If-None-Match, compared weakly)."""
    asked = request.headers.get("if-none-match", "")
    return asked.strip() == "*" or etag.removeprefix("W/") in _ENTITY_TAG.findall(asked)


def caching(etag: str, vary: str) -> dict[str, str]:
    """Return the headers of an answer that is private and asked for again each time."""
    return {"etag": etag, "cache-control": "private, max-age=0, must-revalidate", "vary": vary}


def not_modified(etag: str, vary: str) -> Response:
    """Return 304."""
    return Response(status_code=304, headers=caching(etag, vary))
