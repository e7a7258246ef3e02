"""The built viewer: types, caching, compressed siblings, its own addresses; nothing outside its folder."""

import gzip
from pathlib import Path

import pytest

from .conftest import Client

INDEX = b"<!doctype html><title>viewer</title>"
SCRIPT = b"console.log(1);" * 50


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(INDEX)
    (folder / "favicon.svg").write_bytes(b"<svg/>")
    (folder / "assets" / "main-abc123.js").write_bytes(SCRIPT)
    (folder / "assets" / "main-abc123.js.gz").write_bytes(gzip.compress(SCRIPT))
    (folder / "assets" / "main-abc123.js.br").write_bytes(b"brotli bytes")
    (folder / "assets" / "codec-1.wasm").write_bytes(b"\0asm")
    (folder / "assets" / "notes.secret").write_bytes(b"no")
    (folder / ".hidden.js").write_bytes(b"no")
    (tmp_path / "outside.js").write_bytes(b"no")
    return folder


@pytest.mark.parametrize(
    "path", ["/", "/viewer", "/viewer?StudyInstanceUIDs=1.2", "/viewer/anything/below", "/index.html"]
)
def test_the_page(client: Client, built: Path, path: str) -> None:
    answer = client.get(path)
    assert answer.content == INDEX
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "unsafe-eval'" not in policy.replace("'wasm-unsafe-eval'", "")
    assert client.get(path, if_none_match=answer.headers["etag"]).status_code == 304


def test_hashed_files_never_change(client: Client, built: Path) -> None:
    answer = client.get("/assets/main-abc123.js")
    assert answer.content == SCRIPT
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert client.get("/favicon.svg").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip", "gzip"), ("gzip, deflate, br;q=1", "br"), ("identity", None), ("brotli", None)]
)
def test_compressed_siblings(client: Client, built: Path, accepted: str, encoding: str | None) -> None:
    answer = client.request("GET", "/assets/main-abc123.js", headers={"accept-encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["vary"] == "accept-encoding"


def test_wasm_has_its_type(client: Client, built: Path) -> None:
    assert client.get("/assets/codec-1.wasm").headers["content-type"] == "application/wasm"


@pytest.mark.parametrize(
    "path",
    [
        "/../outside.js", "/%2e%2e/outside.js", "/assets/%2e%2e/%2e%2e/outside.js", "/..%2foutside.js", "/.hidden.js",
        "/assets/notes.secret", "/assets", "/assets/", "//etc/passwd", "/assets/nothing.js", "/a%00.js",
        "/..%5coutside.js", "/assets/main-abc123.js.gz",
    ],
)  # fmt: skip
def test_nothing_else(client: Client, built: Path, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NotFoundError"


@pytest.mark.parametrize("path", ["/", "/viewer"])
def test_without_a_build_the_page_says_how(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "make viewer" in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text


@pytest.mark.parametrize("path", ["/docs", "/docs/docs.js", "/docs/docs.css"])
def test_the_page_of_the_api_asks_nobody_else(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "http://" not in answer.text
    assert "https://" not in answer.text
    assert "<script>" not in answer.text, "inline scripts are against the policy"


def test_the_page_of_the_api_has_no_other_files(client: Client) -> None:
    assert client.get("/docs/missing.html").status_code == 404
