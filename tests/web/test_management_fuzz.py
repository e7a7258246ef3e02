"""The management API under schemathesis: what its OpenAPI document promises, for whatever a client may send.

Every operation gets requests that fit its document and requests that do not. Each answer must have a status and a form
that the document names, and none may be an error of the server.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.specs.openapi import checks

from isocenter.archive import Archive

from .conftest import STUDY, Client, ct

load_all_checks()
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.negative_data_rejection,
]
#: Requests to each operation, of each kind.
EXAMPLES = 8


def operations(client: Client) -> list[Any]:
    schema = schemathesis.openapi.from_dict(client.get("/api/openapi.json").json())
    return [found.ok() for found in schema.get_all_operations()]


def try_operation(client: Client, operation: Any, mode: GenerationMode) -> int:
    """Send requests of one kind to an operation; return how many."""
    sent = 0

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def run(data: st.DataObject) -> None:
        nonlocal sent
        case = data.draw(operation.as_strategy(generation_mode=mode))
        arguments = case.as_transport_kwargs(base_url="http://127.0.0.1:8080/api")
        answer = client.request(arguments.pop("method"), arguments.pop("url"), **_for_httpx(arguments))
        case.validate_response(answer, checks=CHECKS)
        sent += 1

    with contextlib.suppress(Unsatisfiable):  # nothing can be wrong about a request without parameters
        run()
    return sent


def _for_httpx(arguments: dict[str, Any]) -> dict[str, Any]:
    body = arguments.pop("data", None)
    arguments = {name: value for name, value in arguments.items() if name in {"params", "headers", "json"}}
    return arguments | ({"content": body} if body is not None else {})


def test_every_operation(client: Client, archive: Archive, store: Callable[..., None]) -> None:
    store(ct(1), ct(2))
    archive.delete(STUDY)
    sent = {
        (operation.label, mode): try_operation(client, operation, mode)
        for operation in operations(client)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    }
    assert all(count for (_, mode), count in sent.items() if mode is GenerationMode.POSITIVE)
    assert sum(sent.values()) > EXAMPLES * len(sent) / 4
    assert client.get("/health").status_code == 200


@pytest.mark.parametrize("length", [1000, 10_000])
def test_long_values(client: Client, length: int) -> None:
    for path in (f"/api/studies/{'1' * length}", f"/api/peers/{'A' * length}", f"/api/bin/{'1' * length}"):
        assert client.request("DELETE", f"{path}?confirm={'1' * length}").status_code in {204, 400, 404}
