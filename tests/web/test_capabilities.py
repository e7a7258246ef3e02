"""The capabilities document: says what the routes are, as WADL and JSON, for the whole and for a resource."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from isocenter.web import dicomweb
from isocenter.web.capabilities import ANSWERS, REQUESTS, WADL

from .conftest import STUDY, Client

N = "{http://wadl.dev.java.net/2009/02}"
ROOT = "/dicom-web"


def document(client: Client, path: str = ROOT) -> dict[str, list[dict[str, Any]]]:
    answer = client.request("OPTIONS", path, headers={"accept": "application/json"})
    assert answer.status_code == 200
    content = answer.json()
    assert content["base"] == "http://127.0.0.1:8080/dicom-web"
    return {resource["path"]: resource["methods"] for resource in content["resources"]}


def test_every_route_is_told(client: Client) -> None:
    told = {(path, method["name"]) for path, methods in document(client).items() for method in methods}
    routes = {
        (path.removeprefix(f"{ROOT}/").replace(":path}", "}"), method)
        for path, method, _ in dicomweb.ROUTES
        if path.startswith(ROOT)
    }
    assert told == routes


def test_media_types_are_those_of_handlers_that_exist() -> None:
    names = {handler.__name__ for _, _, handler in dicomweb.ROUTES}
    assert set(ANSWERS) | set(REQUESTS) <= names


def test_what_a_method_takes_and_gives(client: Client) -> None:
    told = document(client)
    search = told["studies/{study}/series"][0]
    assert {"limit", "includefield", "Modality"} <= set(search["parameters"])
    assert "PatientName" not in search["parameters"]
    assert "PatientName" in told["series"][0]["parameters"]
    store = next(method for method in told["studies"] if method["name"] == "POST")
    assert 'multipart/related; type="application/dicom+json"' in store["requests"]
    assert store["title"].startswith("Store the instances")
    assert "application/zip" in next(m for m in told["studies/{study}"] if m["name"] == "GET")["answers"]


def test_wadl_by_default(client: Client) -> None:
    answer = client.request("OPTIONS", ROOT)
    assert answer.headers["content-type"] == WADL
    root = ET.fromstring(answer.content)
    paths = [resource.get("path") for resource in root.iter(f"{N}resource")]
    assert "studies/{study}/metadata" in paths
    search = next(m for m in root.iter(f"{N}method") if m.get("id") == "search_studies")
    assert "PatientID" in {parameter.get("name") for parameter in search.iter(f"{N}param")}
    assert client.request("OPTIONS", ROOT, headers={"accept": "text/html"}).status_code == 406


@pytest.mark.parametrize(
    ("path", "allow", "first"),
    [
        (f"{ROOT}/studies", "GET, POST, HEAD, OPTIONS", "studies"),
        (f"{ROOT}/studies/{STUDY}", "DELETE, GET, POST, HEAD, OPTIONS", "studies/{study}"),
        (f"{ROOT}/studies/{STUDY}/series/1/instances/2/frames/3", "GET, HEAD, OPTIONS",
         "studies/{study}/series/{series}/instances/{instance}/frames/{frames}"),
    ],
)  # fmt: skip
def test_of_one_resource(client: Client, path: str, allow: str, first: str) -> None:
    answer = client.request("OPTIONS", path, headers={"accept": "application/json"})
    assert answer.headers["allow"] == allow
    assert answer.json()["resources"][0]["path"] == first


def test_of_nothing(client: Client) -> None:
    assert client.request("OPTIONS", f"{ROOT}/studies/1/nothing/at/all").status_code == 404
