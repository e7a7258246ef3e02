"""A part of a body that is there as it is: Range, If-Range, entity tags (RFC 9110 13.1.5, 14).

One range of bytes is answered. Several at once, and other units, are left out of account as RFC 9110 14.2 allows: the
client gets the whole.
"""

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from isocenter.web.conditional import caching, is_known, not_modified
from isocenter.web.streaming import Piece, Span, StreamedResponse
from isocenter.web.threads import Threads

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)
_VARY = "accept"


def ranged(
    request: Request, value: bytes | Span, threads: Threads, headers: dict[str, str], etag: str = ""
) -> Response:
    """Return the value or the range of it that is asked for; ``etag`` is a strong entity tag.

    Raises:
        HTTPException: 416, the value has no such range.
    """
    if etag:
        headers |= caching(etag, _VARY)
        if is_known(request, etag):
            return not_modified(etag, _VARY)
    length = value.length if isinstance(value, Span) else len(value)
    headers["accept-ranges"] = "bytes"
    asked = request.headers.get("range", "").strip().lower()
    others = request.headers.get("if-range", etag) != etag
    if not asked.startswith("bytes=") or "," in asked or others or request.method != "GET":
        return StreamedResponse([value], threads, headers=headers)
    first, last = read_range(asked, length)
    headers["content-range"] = f"bytes {first}-{last}/{length}"
    return StreamedResponse([_part_of(value, first, last)], threads, 206, headers)


def read_range(text: str, length: int) -> tuple[int, int]:
    """Return first and last byte of a range such as ``bytes=0-99``, ``bytes=100-`` or ``bytes=-10``.

    Raises:
        HTTPException: 416, the range is not one range that the value has.
    """
    found = _RANGE.fullmatch(text.strip())
    first, last = found.groups() if found else ("", "")
    if first:
        begin, end = int(first), min(int(last), length - 1) if last else length - 1
    else:
        begin, end = (max(length - int(last), 0), length - 1) if last else (length, 0)
    if begin > end or begin >= length:
        raise HTTPException(416, f"the value has {length} bytes", {"content-range": f"bytes */{length}"})
    return begin, end


def _part_of(value: bytes | Span, first: int, last: int) -> Piece:
    if isinstance(value, Span):
        return Span(value.opener, value.offset + first, last - first + 1)
    return value[first : last + 1]
