"""The one form of errors over HTTP: ``{"error": {"status": 404, "code": "NotFoundError", "message": "..."}}``.

Here errors of the program become answers; nothing else in ``web/`` catches them. Must not know routes.
"""

import json
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from isocenter.errors import IsocenterError

#: What has no class of its own in ``isocenter.errors``, because only HTTP knows it.
_CODES = {
    400: "UsageError",
    403: "ForbiddenError",
    404: "NotFoundError",
    405: "MethodNotAllowedError",
    406: "UnsupportedError",
    409: "ConflictError",
    412: "PreconditionFailedError",
    413: "TooLargeError",
    415: "UnsupportedMediaTypeError",
    416: "RangeNotSatisfiableError",
    421: "MisdirectedRequestError",
    503: "UnavailableError",
}
_MAX_MESSAGE = 600
_UNEXPECTED = "something unexpected happened in the server; its log says what"


def problem(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    """Return an answer in the one form of errors; a message that repeats a very long value is cut."""
    if len(message) > _MAX_MESSAGE:
        message = f"{message[: _MAX_MESSAGE // 2]} … {message[-_MAX_MESSAGE // 2 :]}"
    body = json.dumps({"error": {"status": status, "code": code, "message": message}}, ensure_ascii=False)
    return Response(body.encode(), status, headers, "application/json")


def problem_of(error: BaseException) -> Response:
    """Return what the client is told about an error; of unexpected ones only that there was one."""
    if isinstance(error, IsocenterError):
        return problem(error.http_status, _code(error), str(error))
    if isinstance(error, HTTPException):
        status = error.status_code
        headers = dict(error.headers) if error.headers else None
        return problem(status, _CODES.get(status, HTTPStatus(status).phrase), error.detail, headers)
    return problem(500, "InternalError", _UNEXPECTED)


def _code(error: IsocenterError) -> str:
    """Return the name of the class in the tree of errors; finer classes inside a package are nobody's business."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == IsocenterError.__module__)


def is_expected(error: BaseException) -> bool:
    """Return whether the error is one that the program names, which needs no traceback in the log."""
    return isinstance(error, IsocenterError | HTTPException) and problem_status(error) < 500


def problem_status(error: BaseException) -> int:
    """Return the HTTP status that an error is answered with."""
    if isinstance(error, IsocenterError):
        return error.http_status
    return error.status_code if isinstance(error, HTTPException) else 500
