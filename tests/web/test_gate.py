"""Who is let in: names of this machine, the same origin for what changes something; headers of every answer."""

import pytest

from isocenter.settings import load_settings
from isocenter.web.gate import Gate

from .conftest import STOW, Client, ct, multipart, part10

LOOPBACK = Gate(load_settings({"host": "127.0.0.1"}))
OPEN = Gate(load_settings({"host": "0.0.0.0", "insecure": True}))


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1:8080", True), ("localhost", True), ("LOCALHOST:1", True), ("[::1]:8080", True), ("127.9.9.9", True),
        ("viewer.localhost:80", True), ("", False), ("evil.example", False), ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False), ("192.168.1.2:8080", False), ("[::2]", False), ("[", False),
        ("evil@localhost.x", False), ("\xe9", False),
    ],
)  # fmt: skip
def test_hosts(host: str, allowed: bool) -> None:
    headers = {b"host": host.encode("latin-1")}
    assert (LOOPBACK.refusal("GET", headers) is None) == allowed
    assert (LOOPBACK.refusal("GET", headers) is None) == allowed, "the second time it is remembered"
    assert OPEN.refusal("GET", headers) is None


def test_the_configured_host_is_one_of_ours() -> None:
    gate = Gate(load_settings({"host": "::1"}))
    assert gate.refusal("GET", {b"host": b"[::1]:80"}) is None


@pytest.mark.parametrize("gate", [LOOPBACK, OPEN])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({b"origin": b"http://127.0.0.1:8080"}, True),
        ({b"origin": b"https://127.0.0.1:8080"}, True),
        ({b"origin": b"http://127.0.0.1:9999"}, False),
        ({b"origin": b"http://evil.example"}, False),
        ({b"origin": b"null"}, False),
        ({b"sec-fetch-site": b"same-origin"}, True),
        ({b"sec-fetch-site": b"none"}, True),
        ({b"sec-fetch-site": b"cross-site"}, False),
    ],
)
def test_origins(gate: Gate, method: str, headers: dict[bytes, bytes], allowed: bool) -> None:
    asked = {b"host": b"127.0.0.1:8080", **headers}
    assert (gate.refusal(method, asked) is None) == allowed
    assert gate.refusal("GET", asked) is None


def test_a_rebound_name_gets_nothing(client: Client) -> None:
    answer = client.get("/dicom-web/studies", host="evil.example")
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "ForbiddenError"


def test_another_origin_may_not_store(client: Client) -> None:
    headers = {"content-type": STOW, "origin": "http://evil.example"}
    answer = client.request("POST", "/dicom-web/studies", content=multipart(part10(ct(1))), headers=headers)
    assert answer.status_code == 403
    assert client.get("/dicom-web/studies").status_code == 204


@pytest.mark.parametrize(
    "path", ["/", "/dicom-web/studies", "/api/system", "/health", "/nothing", "/dicom-web/studies/1"]
)
def test_headers_of_every_answer(client: Client, path: str) -> None:
    answer = client.get(path, origin="http://evil.example")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    assert ("content-security-policy" in answer.headers) == is_page
