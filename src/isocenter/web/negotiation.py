"""What the client accepts: the ``accept`` parameter, else the Accept field (PS3.18 8.3.3.1, 8.7.5)."""

from collections.abc import Iterable

from starlette.exceptions import HTTPException
from starlette.requests import Request

from isocenter.web.media_types import MediaRange, parse_accept, parse_media_type

_PREFIX = "1.2.840.10008.1.2."


def accepted(request: Request) -> tuple[MediaRange, ...]:
    """Return the media ranges that the client accepts, most wanted first; none means anything.

    Raises:
        HTTPException: 406, the client refuses all that it names.
    """
    text = request.query_params.get("accept") or ", ".join(request.headers.getlist("accept"))
    ranges = parse_accept(text)
    if not ranges and parse_media_type(text.partition(",")[0]).type:
        raise HTTPException(406, "the Accept field names nothing that is accepted: everything in it has q=0")
    return ranges


def not_acceptable(*offers: str) -> HTTPException:
    """Return the error that says what there is instead."""
    return HTTPException(406, f"there is no representation that the client accepts; there is {', '.join(offers)}")


def in_short(transfer_syntaxes: Iterable[str]) -> str:
    """Return transfer syntaxes as one parameter, for messages, which are kept short."""
    uids = list(transfer_syntaxes)
    standard = [uid.removeprefix(_PREFIX) for uid in uids if uid.startswith(_PREFIX)]
    others = [uid for uid in uids if not uid.startswith(_PREFIX)]
    listed = [*others, f"{_PREFIX}N with N = {', '.join(standard)}"] if standard else others
    return f"transfer-syntax={' or '.join(listed)}"
