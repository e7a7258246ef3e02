"""Pages of other origins: nothing by default; named ones everything, any page reading with ``*``."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from isocenter.archive import Archive
from isocenter.errors import ConfigurationError
from isocenter.settings import Settings, load_settings
from isocenter.web.app import create_app
from isocenter.web.cors import Cors

from .conftest import STOW, STUDY, Client, ct, multipart, part10

VIEWER = "https://viewer.example"
STUDIES = "/dicom-web/studies"


Asked = Callable[[str], Client]


@pytest.fixture
def asked(
    archive: Archive, settings: Settings, tmp_path: Path, store: Callable[..., None]
) -> Iterator[Callable[[str], Client]]:
    """Return a function that gives a client of a server with these origins."""
    made: list[tuple[Client, Callable[[], None]]] = []
    store(ct(1))

    def start(origins: str) -> Client:
        application = create_app(archive, settings.replace(cors_origins=origins), static=tmp_path)
        made.append((Client(application), application.node.close))
        return made[-1][0]

    yield start
    for client, close in made:
        client.close()
        close()


def post(client: Client, origin: str) -> int:
    headers = {"content-type": STOW, "origin": origin}
    return client.request("POST", STUDIES, content=multipart(part10(ct(2))), headers=headers).status_code


def preflight(client: Client, origin: str, method: str, path: str = STUDIES) -> dict[str, str]:
    headers = {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": "Range, X-A",
    }
    return dict(client.request("OPTIONS", path, headers=headers).headers)


def test_nobody_by_default(asked: Asked) -> None:
    client = asked("")
    answer = client.get(STUDIES, origin=VIEWER)
    assert not any(name.startswith("access-control") for name in answer.headers)
    assert "access-control-allow-methods" not in preflight(client, VIEWER, "GET")
    assert post(client, VIEWER) == 403


def test_a_named_origin(asked: Asked) -> None:
    client = asked(f"{VIEWER}/, http://10.0.0.7:3000")
    for origin in (VIEWER, "http://10.0.0.7:3000"):
        answer = client.get(f"{STUDIES}/{STUDY}/metadata", origin=origin)
        assert answer.headers["access-control-allow-origin"] == origin
        assert "origin" in answer.headers["vary"]
        assert "etag" in answer.headers["access-control-expose-headers"]
        granted = preflight(client, origin, "DELETE", "/api/studies/1")
        assert "DELETE" in granted["access-control-allow-methods"]
        assert granted["access-control-allow-headers"] == "Range, X-A"
        assert post(client, origin) == 200
    assert client.get("/nothing", origin=VIEWER).headers["access-control-allow-origin"] == VIEWER
    for other in ("https://viewer.example.evil", "https://evil.example", "http://viewer.example", "null"):
        assert "access-control-allow-origin" not in client.get(STUDIES, origin=other).headers
        assert "access-control-allow-methods" not in preflight(client, other, "GET")
        assert post(client, other) == 403


def test_every_page_may_read_and_none_change(asked: Asked) -> None:
    client = asked("*")
    assert (
        client.get(STUDIES, origin="https://any.example").headers["access-control-allow-origin"]
        == "https://any.example"
    )
    assert "access-control-allow-methods" in preflight(client, "https://any.example", "GET")
    assert "access-control-allow-methods" not in preflight(client, "https://any.example", "POST")
    assert post(client, "https://any.example") == 403
    assert "access-control-allow-origin" not in client.get(STUDIES).headers


def test_header_names_that_would_break_out() -> None:
    granted = Cors("*").preflight({
        b"origin": b"https://a.example", b"access-control-request-method": b"GET",
        b"access-control-request-headers": b"a, b:c, d\r\ne, accept",
    })  # fmt: skip
    assert granted is not None
    assert dict(granted)[b"access-control-allow-headers"] == b"a, accept"


@pytest.mark.parametrize("origins", ["viewer.example", "https://a.example/path", "ftp://a.example"])
def test_settings_that_are_no_origins(origins: str) -> None:
    with pytest.raises(ConfigurationError, match="origin"):
        load_settings({"cors_origins": origins})
