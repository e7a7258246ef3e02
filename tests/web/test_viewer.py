"""The built viewer: types, caching, compressed siblings, its own addresses; nothing outside its folder."""

import gzip
import importlib.util
import json
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

from .conftest import Client

INDEX = b"<!doctype html><head><title>viewer</title></head>"
SCRIPT = b"console.log(1);" * 50


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(INDEX)
    (folder / "favicon.svg").write_bytes(b"<svg/>")
    (folder / "manifest.webmanifest").write_bytes(b"{}")
    (folder / "assets" / "main-abc123.js").write_bytes(SCRIPT)
    (folder / "assets" / "main-abc123.js.gz").write_bytes(gzip.compress(SCRIPT))
    (folder / "assets" / "main-abc123.js.br").write_bytes(b"brotli bytes")
    (folder / "assets" / "codec-1.wasm").write_bytes(b"\0asm")
    (folder / "assets" / "notes.secret").write_bytes(b"no")
    (folder / ".hidden.js").write_bytes(b"no")
    (tmp_path / "outside.js").write_bytes(b"no")
    return folder


@pytest.mark.parametrize("path", ["/", "/viewer", "/viewer?StudyInstanceUIDs=1.2", "/index.html"])
def test_the_page(client: Client, built: Path, path: str) -> None:
    answer = client.get(path)
    assert answer.content == INDEX
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "unsafe-eval'" not in policy.replace("'wasm-unsafe-eval'", "")
    assert client.get(path, if_none_match=answer.headers["etag"]).status_code == 304


def test_the_page_of_the_list_names_its_first_rows(client: Client, built: Path) -> None:
    link = client.get("/").headers["link"]
    assert link == '<dicom-web/studies?limit=50&offset=0>; rel="preload"; as="fetch"; crossorigin'
    link = client.get("/?orderby=-StudyDate,-StudyTime").headers["link"]
    assert link.startswith("<dicom-web/studies?orderby=-StudyDate%2C-StudyTime&limit=50&offset=0>; ")
    assert client.get('/?orderby="><').headers["link"].startswith("<dicom-web/studies?limit=50&offset=0>; ")
    assert "link" not in client.get("/?orderby=PatientName&modality=CT").headers  # that is another search
    source = (Path(__file__).parents[2] / "viewer/src/ui/study-list/use-studies.ts").read_text()
    assert "const FIRST = 50;" in source
    assert not [path for path in ("/viewer", "/viewer/", "/index.html") if "link" in client.get(path).headers]


@pytest.mark.parametrize(("path", "up"), [("/viewer/", b"../"), ("/viewer/anything/below", b"../../")])
def test_the_page_at_deeper_addresses_finds_its_files(client: Client, built: Path, path: str, up: bytes) -> None:
    answer = client.get(path)
    assert answer.content == INDEX.replace(b"<head>", b'<head><base href="%s">' % up)
    assert answer.headers["cache-control"] == "no-cache"
    assert "base-uri 'self'" in answer.headers["content-security-policy"]


def test_the_service_worker_is_asked_for_each_time_and_fetches_from_here_alone(client: Client, built: Path) -> None:
    (built / "sw.js").write_bytes(b"// worker")
    answer = client.get("/sw.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == "default-src 'none'; connect-src 'self'"
    assert "worker-src 'self'" in client.get("/").headers["content-security-policy"]


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


def test_files_have_their_type(client: Client, built: Path) -> None:
    assert client.get("/manifest.webmanifest").headers["content-type"] == "application/manifest+json"
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


PUBLIC = Path(__file__).resolve().parents[2] / "viewer" / "public"


def test_the_manifest_names_icons_that_the_tool_draws() -> None:
    listed = {icon["src"]: icon["sizes"] for icon in json.loads((PUBLIC / "manifest.webmanifest").read_text())["icons"]}
    assert set(listed) == {path.name for path in PUBLIC.iterdir()} - {"manifest.webmanifest"}
    spec = importlib.util.spec_from_file_location("make_icons", PUBLIC.parents[1] / "tools" / "make_icons.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert (PUBLIC / "icon.svg").read_text() == tool.svg()
    for icon in tool.ICONS:
        kept = imagecodecs.png_decode((PUBLIC / icon.name).read_bytes())
        assert listed[icon.name] == f"{icon.pixels}x{icon.pixels}"
        assert np.abs(kept.astype(int) - imagecodecs.png_decode(tool.png(icon))).max() <= 1
