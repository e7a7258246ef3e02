"""Errors have one form, wherever they come from, and say nothing about the inside."""

import json

import pytest

from isocenter import errors
from isocenter.archive import Archive
from isocenter.dicom.encoding import TruncatedError
from isocenter.web.problems import is_expected, problem_of

from .conftest import Client

TREE = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, errors.IsocenterError)]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "NotFoundError"),
        ("GET", "/dicom-web/nothing", 404, "NotFoundError"),
        ("GET", "/api/nothing", 404, "NotFoundError"),
        ("DELETE", "/dicom-web/studies", 405, "MethodNotAllowedError"),
        ("PUT", "/api/system", 405, "MethodNotAllowedError"),
        ("POST", "/dicom-web/studies", 415, "UnsupportedMediaTypeError"),
        ("GET", "/dicom-web/studies?limit=x", 400, "UsageError"),
        ("GET", "/dicom-web/studies/1/metadata", 404, "NotFoundError"),
        ("DELETE", "/api/studies/1", 400, "UsageError"),
        ("GET", "/api/conflicts/x/file", 400, "UsageError"),
    ],
)
def test_one_form(client: Client, method: str, path: str, status: int, code: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert (error["status"], error["code"]) == (status, code)
    assert error["message"]


@pytest.mark.parametrize("error", TREE)
def test_every_error_of_the_program(error: type[errors.IsocenterError]) -> None:
    raised = error("what to do")
    answer = problem_of(raised)
    assert answer.status_code == error.http_status
    assert b"what to do" in answer.body
    assert error.__name__.encode() in answer.body
    assert is_expected(raised) == (error.http_status < 500)


def test_finer_errors_have_the_code_of_their_class_in_the_tree() -> None:
    answer = problem_of(TruncatedError(7, "cut"))
    assert json.loads(answer.body)["error"]["code"] == "InvalidObjectError"


def test_the_unexpected_is_logged_and_not_told(
    client: Client, archive: Archive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(query: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(archive, "find", broken)
    answer = client.get("/dicom-web/studies?PatientID=Muster")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "InternalError"
    assert "secret" not in answer.text
    assert "secret detail" in caplog.text
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("isocenter")]
    assert ours
    assert "Muster" not in "".join(ours)
    assert client.get("/dicom-web/series").status_code == 500
