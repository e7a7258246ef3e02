"""The management API: what it tells, what it deletes and only when asked twice, its description."""

from collections.abc import Callable

import pytest

from isocenter import __version__
from isocenter.archive import Archive

from .conftest import STUDY, Client, ct, part10


@pytest.fixture
def filled(store: Callable[..., None]) -> None:
    store(ct(1), ct(2), ct(3, series=2, Modality="MR"))


def test_system(client: Client) -> None:
    content = client.get("/api/system").json()
    assert content["version"] == __version__
    assert content["aet"] == "ISOCENTER"
    settings = {setting["name"]: setting for setting in content["settings"]}
    assert settings["durability"]["value"] == "os"
    assert settings["durability"]["source"] == "command line"
    assert settings["max_pdu"]["help"]


def test_statistics(client: Client, filled: None) -> None:
    content = client.get("/api/statistics").json()
    counts = {name: content[name] for name in ("patients", "studies", "series", "instances", "conflicts")}
    assert counts == {"patients": 1, "studies": 1, "series": 2, "instances": 3, "conflicts": 0}
    assert content["bytes"] == sum(m["bytes"] for m in content["modalities"]) > 0
    assert {m["Modality"]: m["instances"] for m in content["modalities"]} == {"CT": 2, "MR": 1}


def test_conflicts(client: Client, store: Callable[..., None], filled: None) -> None:
    assert client.get("/api/conflicts").json() == []
    second = part10(ct(1, StudyDescription="another"))
    store(second)
    (conflict,) = client.get("/api/conflicts").json()
    assert conflict["kind"] == "instance"
    assert conflict["SOPInstanceUID"] == f"{STUDY}.1.1"
    assert conflict["received"].startswith("20")
    file = client.get(conflict["file"])
    assert file.headers["content-type"] == "application/dicom"
    assert "attachment" in file.headers["content-disposition"]
    assert second[-200:] == file.content[-200:]
    assert client.get("/api/conflicts/999/file").status_code == 404


@pytest.mark.parametrize(
    ("path", "uid", "left"),
    [
        (f"/api/studies/{STUDY}", STUDY, 0),
        (f"/api/studies/{STUDY}/series/{STUDY}.1", f"{STUDY}.1", 1),
        (f"/api/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.2", f"{STUDY}.1.2", 2),
    ],
)
def test_deleting_needs_the_uid_twice(
    client: Client, archive: Archive, filled: None, path: str, uid: str, left: int
) -> None:
    for refused in ("", "?confirm=", "?confirm=yes", "?confirm=1.9"):
        assert client.request("DELETE", path + refused).status_code == 400
    assert archive.statistics().instances == 3
    answer = client.request("DELETE", f"{path}?confirm={uid}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert archive.statistics().instances == left
    assert client.request("DELETE", f"{path}?confirm={uid}").status_code == 404


def test_what_is_deleted_is_gone(client: Client, filled: None) -> None:
    frame = f"/dicom-web/studies/{STUDY}/series/{STUDY}.1/instances/{STUDY}.1.1/frames/1"
    assert client.get(frame).status_code == 200
    client.request("DELETE", f"/api/studies/{STUDY}?confirm={STUDY}")
    assert client.get(frame).status_code == 404
    assert client.get("/dicom-web/studies").status_code == 204


def test_another_origin_may_not_delete(client: Client, archive: Archive, filled: None) -> None:
    path = f"/api/studies/{STUDY}?confirm={STUDY}"
    assert client.request("DELETE", path, headers={"origin": "http://evil.example"}).status_code == 403
    assert archive.statistics().instances == 3


def test_the_description_covers_every_operation(client: Client) -> None:
    description = client.get("/api/openapi.json").json()
    assert description["info"]["version"] == __version__
    assert {"/system", "/statistics", "/conflicts", "/conflicts/{id}/file", "/studies/{study}"} <= set(
        description["paths"]
    )
    for path, methods in description["paths"].items():
        for operation in methods.values():
            assert operation["description"], path
            assert operation["responses"]["400"]["content"]["application/json"]["schema"]["$ref"].endswith(
                "ProblemBody"
            )
