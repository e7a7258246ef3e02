"""Behind a reverse proxy: addresses in answers are those outside, if the proxy is trusted, and only then."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from isocenter.archive import Archive
from isocenter.errors import ConfigurationError
from isocenter.settings import Settings, load_settings
from isocenter.web.app import create_app
from isocenter.web.proxy import Proxies

from .conftest import DICOM_JSON, STOW, STUDY, Client, ct, multipart, part10

TRUSTED = Proxies("127.0.0.1, 10.1.0.0/16,fd00::/8")
FORWARDED = {
    "x-forwarded-proto": "https", "x-forwarded-host": "pacs.example", "x-forwarded-prefix": "/imaging/",
}  # fmt: skip
SERIES = f"/dicom-web/studies/{STUDY}/series/{STUDY}.1"


def address(client: str, proxies: Proxies = TRUSTED, **headers: str) -> str | None:
    named = {name.replace("_", "-").encode(): value.encode("latin-1") for name, value in headers.items()}
    return proxies.public_address((client, 1), "http", {b"host": b"localhost:8080", **named})


@pytest.mark.parametrize("client", ["127.0.0.1", "10.1.2.3", "fd12::1"])
def test_trusted(client: str) -> None:
    told = {name.replace("-", "_"): value for name, value in FORWARDED.items()}
    assert address(client, **told) == "https://pacs.example/imaging"


@pytest.mark.parametrize("client", ["127.0.0.2", "10.2.0.1", "::1", "testclient"])
def test_not_trusted(client: str) -> None:
    assert address(client, x_forwarded_host="pacs.example") is None


def test_nobody_is_trusted_unless_the_setting_says_so() -> None:
    assert address("127.0.0.1", Proxies(""), x_forwarded_host="pacs.example") is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "http://localhost:8080"),
        ({"x_forwarded_host": "a.example, b.example:8443"}, "http://b.example:8443"),
        ({"x_forwarded_host": "[2001:db8::1]:80"}, "http://[2001:db8::1]:80"),
        ({"x_forwarded_proto": "javascript"}, "http://localhost:8080"),
        ({"x_forwarded_prefix": "/a/../b c"}, "http://localhost:8080"),
        ({"x_forwarded_host": "evil.example/path"}, None),
        ({"x_forwarded_host": 'x"onload=1'}, None),
    ],
)
def test_forms(headers: dict[str, str], expected: str | None) -> None:
    assert address("127.0.0.1", **headers) == expected


def test_a_setting_that_is_no_network_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"10\.0\.0\.0/24"):
        load_settings({"trusted_proxies": "proxy.example"})


@pytest.fixture
def behind(archive: Archive, settings: Settings, tmp_path: Path) -> Iterator[Client]:
    application = create_app(archive, settings.replace(trusted_proxies="127.0.0.1"), static=tmp_path)
    client = Client(application)
    yield client
    client.close()
    application.node.close()


def test_addresses_in_answers(behind: Client, store: Callable[..., None]) -> None:
    store(ct(1))
    (study,) = behind.get("/dicom-web/studies", **FORWARDED).json()
    assert study["00081190"]["Value"] == [f"https://pacs.example/imaging/dicom-web/studies/{STUDY}"]
    for form in ("identity", "gzip"):
        answer = behind.get(f"{SERIES}/metadata", accept_encoding=form, **FORWARDED)
        (header,) = answer.json()
        assert header["7FE00010"]["BulkDataURI"].startswith(f"/imaging/dicom-web/studies/{STUDY}/series/")
    assert behind.get(f"{SERIES}/metadata").json()[0]["7FE00010"]["BulkDataURI"].startswith("/dicom-web/")


def test_who_is_not_trusted_changes_nothing(client: Client, store: Callable[..., None]) -> None:
    store(ct(1))
    (study,) = client.get("/dicom-web/studies", **FORWARDED).json()
    assert study["00081190"]["Value"] == [f"http://127.0.0.1:8080/dicom-web/studies/{STUDY}"]


@pytest.mark.parametrize(("origin", "status"), [("https://pacs.example", 200), ("https://evil.example", 403)])
def test_the_origin_is_the_one_outside(behind: Client, origin: str, status: int) -> None:
    headers = {"content-type": STOW, "accept": DICOM_JSON, "origin": origin, **FORWARDED}
    answer = behind.request("POST", "/dicom-web/studies", content=multipart(part10(ct(1))), headers=headers)
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["00081190"]["Value"][0].startswith("https://pacs.example/imaging/dicom-web/")
