"""What the viewer keeps of a study, read and written as a whole under a version (RFC 9110 13.1.1: If-Match)."""

import json
import re
from collections.abc import Collection
from typing import Any, TypeVar

from fastapi import Request, Response
from pydantic import TypeAdapter, ValidationError

from isocenter.errors import UsageError
from isocenter.index.drafts import ChangedMeanwhileError, Draft, StudyDrafts

T = TypeVar("T")
#: Bytes that may be kept of one study.
MOST_BYTES = 4 << 20
_VERSION = re.compile(r'"(\d{1,18})"')
RESPONSES: dict[int | str, dict[str, Any]] = {412: {"description": "They have changed meanwhile"}}


def described(name: str, most: int) -> dict[str, Any]:
    """Return the body of a request for the API's description: a list of at most so many of this schema."""
    schema = {"type": "array", "maxItems": most, "items": {"$ref": f"#/components/schemas/{name}"}}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def answer(draft: Draft) -> Response:
    """Return what is kept; the ETag is its version."""
    headers = {"etag": f'"{draft.version}"', "cache-control": "no-store"}
    return Response(draft.body.encode(), 200, headers, "application/json")


def written(version: int) -> Response:
    """Return the answer to a write."""
    return Response(status_code=204, headers={"etag": f'"{version}"'})


def asked_version(request: Request) -> int | None:
    """Return the version that If-Match names, None for any."""
    if_match = request.headers.get("if-match", "").strip()
    if if_match == "*":
        return None
    found = _VERSION.fullmatch(if_match)
    if found is None:
        raise UsageError('give the version that you have read as If-Match, as it is in the ETag, or "*" for any')
    return int(found[1])


async def bounded_body(request: Request) -> bytes:
    """Read a body that is kept."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise UsageError(f"at most {MOST_BYTES} bytes are kept of one study; store or delete some")
    return bytes(body)


def checked(adapter: TypeAdapter[list[T]], body: bytes, most: int) -> list[T]:
    """Return the list that a client sent.

    Raises:
        UsageError: it is no such list, or too long; the message says where.
    """
    try:
        found = adapter.validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if len(found) > most:
        raise UsageError(f"there may be {most} of one study; store or delete some")
    return found


def forget(drafts: StudyDrafts, study: str, stored: Collection[str]) -> None:
    """Take out what is in an object now; ``stored`` are items as JSON text with sorted keys."""
    while True:
        draft = drafts.get(study)
        left = [one for one in json.loads(draft.body) if json.dumps(one, sort_keys=True) not in stored]
        try:
            drafts.put(study, draft.version, json.dumps(left))
        except ChangedMeanwhileError:
            continue
        return
