"""Hanging protocols over HTTP: kept for a kind of study, replaced, forgotten, and refused where they make no sense."""

import pytest

from isocenter.archive import Archive
from isocenter.index import hanging

from .conftest import Client

SLOT = {"must": {"modality": "CT", "plane": "axial"}, "prefer": {"description": "Lung <1>"}, "look": {"choice": "lung"}}
PROTOCOL = {
    "name": "My CT chest", "modality": "CT", "bodyPart": "CHEST",
    "stages": [{"name": "Two", "rows": 1, "columns": 2, "slots": [SLOT, {"study": "prior"}], "links": {"view": True}}],
}  # fmt: skip
STAGE = PROTOCOL["stages"][0]  # type: ignore[index]


def test_kept_replaced_and_forgotten(client: Client) -> None:
    assert client.get("/api/hanging-protocols").json() == []
    assert client.request("PUT", "/api/hanging-protocols/CT.CHEST", json=PROTOCOL).status_code == 204
    assert client.get("/api/hanging-protocols").json() == [PROTOCOL | {"id": "CT.CHEST"}]
    other = PROTOCOL | {"name": "Another"}
    assert client.request("PUT", "/api/hanging-protocols/CT.CHEST", json=other).status_code == 204
    assert [each["name"] for each in client.get("/api/hanging-protocols").json()] == ["Another"]
    assert client.request("DELETE", "/api/hanging-protocols/CT.CHEST").status_code == 204
    assert client.request("DELETE", "/api/hanging-protocols/CT.CHEST").status_code == 404
    assert client.get("/api/hanging-protocols").json() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        PROTOCOL | {"stages": []},
        PROTOCOL | {"name": ""},
        PROTOCOL | {"StudyInstanceUID": "1.2"},
        PROTOCOL | {"modality": "<b>"},
        PROTOCOL | {"stages": [STAGE | {"rows": 5}]},
        PROTOCOL | {"stages": [STAGE | {"columns": 1}]},
        PROTOCOL | {"stages": [STAGE | {"slots": [SLOT | {"study": "next"}]}]},
        PROTOCOL | {"stages": [STAGE | {"slots": [{"must": {"side": "B"}}]}]},
        PROTOCOL | {"stages": [STAGE | {"slots": [{"pose": {"turns": 4, "mirrored": False}}]}]},
    ],
)
def test_what_makes_no_sense_is_refused(client: Client, wrong: object) -> None:
    answer = client.request("PUT", "/api/hanging-protocols/CT", json=wrong)
    assert answer.status_code == 400
    assert client.get("/api/hanging-protocols").json() == []


def test_not_too_many_nor_odd_names(client: Client, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hanging, "MOST", 1)
    assert client.request("PUT", "/api/hanging-protocols/CT", json=PROTOCOL).status_code == 204
    assert client.request("PUT", "/api/hanging-protocols/CT", json=PROTOCOL).status_code == 204
    assert client.request("PUT", "/api/hanging-protocols/MR", json=PROTOCOL).status_code == 400
    assert client.request("PUT", "/api/hanging-protocols/ct%20x", json=PROTOCOL).status_code == 400
    assert len(archive.hanging.all()) == 1
