"""Bad input over HTTP: each gets a status and a message that helps, none an error of the server, and it goes on."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from isocenter.archive import Archive
from isocenter.dicom.dicomdir import Record, write_dicomdir
from isocenter.web.intake import Failure

from .conftest import STUDY, Client, ct

ROOT = "/dicom-web"
INSTANCE = f"{ROOT}/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1"
LONG = "9" * 10_000


@pytest.fixture(autouse=True)
def filled(store: Callable[..., None]) -> None:
    store(ct(1), ct(2))


def checked(answer: httpx.Response, *statuses: int) -> httpx.Response:
    """Return the answer, which must be one of these and, if it is an error, say why in the one form."""
    assert answer.status_code in statuses, answer.text[:300]
    if answer.status_code >= 400:
        assert answer.json()["error"]["message"]
        assert len(answer.content) < 1000
    assert all(len(value) < 4000 for value in answer.headers.values())
    return answer


@pytest.mark.parametrize(
    ("path", "accept", "statuses"),
    [
        (INSTANCE, "application/json;q=0", (406,)),
        (INSTANCE, "application/dicom, application/dicom;q=0", (200,)),
        (INSTANCE, 'multipart/related; type="image/jpeg"', (406,)),
        (INSTANCE, 'multipart/related; type="application/dicom"; transfer-syntax=9.9.9', (406,)),
        (f"{INSTANCE}/frames/1", "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.90", (406,)),
        (f"{INSTANCE}/frames/1", 'multipart/related; type="application/dicom"', (406,)),
        (f"{INSTANCE}/rendered", "application/dicom, text/html;q=0.2", (406,)),
        (f"{INSTANCE}/metadata", "image/png", (406,)),
        (f"{ROOT}/studies", "multipart/related; type=application/json", (406,)),
        (f"{ROOT}/studies", ";;;,,,===\"'", (200, 406)),
        (f"{ROOT}/studies", "application/json;q=nan, */*;q=-1", (200, 406)),
        (f"{ROOT}/studies", "*/*;q=0", (200, 406)),
        (f"{ROOT}/studies", ", ".join(["a/b"] * 20_000), (200, 406)),
        (f"{ROOT}/studies", 'application/json; x="' + "\\" * 10_000, (200, 406)),
    ],
)
def test_accept_headers_that_contradict(client: Client, path: str, accept: str, statuses: tuple[int, ...]) -> None:
    checked(client.get(path, accept=accept), *statuses)


def test_the_parameter_outweighs_the_header(client: Client) -> None:
    path = f"{INSTANCE}/rendered"
    answer = client.get(f"{path}?accept=image/png", accept="image/jpeg")
    assert answer.headers["content-type"] == "image/png"
    checked(client.get(f"{path}?accept=application/dicom", accept="image/jpeg"), 406)


@pytest.mark.parametrize("asked", ["bytes=99999999999999999999-", "bytes=0-" + "9" * 5000, "bytes=--1", "bytes=\xb9-"])
def test_ranges_beyond_all_bounds(client: Client, asked: str) -> None:
    headers = {"range": asked.encode("latin-1"), "accept": "application/dicom"}
    checked(client.request("GET", INSTANCE, headers=headers), 416)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "query",
    [
        f"PatientName={LONG}", f"PatientName={'*?' * 5000}", f"StudyInstanceUID={LONG}", f"StudyDate={LONG}",
        f"limit={LONG}", f"offset={LONG}",
        f"includefield={LONG}", f"orderby={LONG}", f"{LONG}=1", f"fuzzymatching={LONG}",
        f"StudyInstanceUID={'1.2,' * 2500}1", f"NumberOfStudyRelatedInstances={LONG}",
        "PatientID=%00", "PatientID=%ff%fe",
        "PatientName=';DROP TABLE study;--", f"StudyTime=-{LONG}", "StudyDate=20240101-20230101", "%00=%00",
    ],
)  # fmt: skip
def test_values_of_searches(client: Client, query: str) -> None:
    checked(client.get(f"{ROOT}/studies?{query}"), 200, 204, 400)
    assert len(client.get(f"{ROOT}/studies").json()) == 1


@pytest.mark.parametrize(
    "query",
    [
        "&".join(f"{0x00090010 + 0x100 * n:08X}=1" for n in range(2000)),
        "&".join(f"Nonsense{n}=1" for n in range(2000)),
        "&".join("PatientID=1" for _ in range(3000)),
        "&".join(f"includefield={n:08X}" for n in range(2000)),
        "&".join("includefield=all" for _ in range(3000)),
        "&".join("orderby=PatientName" for _ in range(3000)),
    ],
)
def test_thousands_of_keys(client: Client, query: str) -> None:
    checked(client.get(f"{ROOT}/studies?{query}"), 200, 204, 400)


@pytest.mark.parametrize("uid", [LONG, "%00", "..%2f..%2fetc%2fpasswd", "*", "1.2'--", "%ff"])
@pytest.mark.parametrize(
    "form", ["studies/{}", "studies/{}/metadata", "studies/1/series/{}/rendered", "studies/{}/instances"]
)
def test_identifiers_in_paths(client: Client, form: str, uid: str) -> None:
    checked(client.get(f"{ROOT}/{form.format(uid)}"), 204, 400, 404)


@pytest.mark.parametrize("frames", [LONG, "0", "-1", "1,", ",".join(["1"] * 5000), "1-2", "%00"])
def test_frame_numbers(client: Client, frames: str) -> None:
    checked(client.get(f"{INSTANCE}/frames/{frames}"), 200, 400, 404)


@pytest.mark.parametrize(
    "query", [f"viewport={LONG}", f"window={LONG}", "viewport=1e9,1e9", "quality=0", f"quality={LONG}"]
)
def test_views(client: Client, query: str) -> None:
    checked(client.get(f"{INSTANCE}/rendered?{query}"), 200, 400)


def test_a_dicomdir_is_no_object_and_its_names_are_not_followed(client: Client, archive: Archive) -> None:
    record = Record("IMAGE", {}, ("..", "..", "ETC", "PASSWD"), ("1.2", "1.2.3", "1.2.840.10008.1.2"))
    answer = client.stow(write_dicomdir([record], "1.2.3.4", "EVIL"))
    assert answer.status_code == 409
    assert "DICOMDIR" in answer.text
    assert archive.statistics().instances == 2


def test_results_of_many_refused_parts_are_small(client: Client) -> None:
    """What stays of a part is a few words, not the error with all that it holds."""
    failure = Failure.of(ValueError("x" * 100_000), ("1.2", "1.2.3"))
    assert len(repr(failure)) < 300
    answer = client.stow(*[b"no object"] * 3000)
    items: list[Any] = answer.json()["0008119A"]["Value"]
    assert (answer.status_code, len(items)) == (409, 3000)
