"""DELETE over DICOMweb: off unless the setting allows it; of a study, a series, an instance."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from isocenter.archive import Archive
from isocenter.settings import Settings
from isocenter.web.app import create_app

from .conftest import STUDY, Client, ct

STUDIES = f"/dicom-web/studies/{STUDY}"
SERIES = f"{STUDIES}/series/{STUDY}.1"


@pytest.fixture
def deleting(archive: Archive, settings: Settings, tmp_path: Path) -> Iterator[Client]:
    application = create_app(archive, settings.replace(dicomweb_delete=True), static=tmp_path)
    client = Client(application)
    yield client
    client.close()
    application.node.close()


@pytest.fixture
def filled(store: Callable[..., None]) -> None:
    store(ct(1), ct(2), ct(3, series=2))


@pytest.mark.parametrize(
    ("path", "left"),
    [
        (f"{SERIES}/instances/{STUDY}.1.1", [f"{STUDY}.1.2", f"{STUDY}.2.3"]),
        (SERIES, [f"{STUDY}.2.3"]),
        (STUDIES, []),
    ],
)
def test_what_is_deleted_is_gone(deleting: Client, filled: None, path: str, left: list[str]) -> None:
    assert deleting.request("DELETE", path).status_code == 204
    assert deleting.get(path).status_code == 404
    answer = deleting.get(f"{STUDIES}/instances")
    assert [item["00080018"]["Value"][0] for item in (answer.json() if answer.content else [])] == left
    assert deleting.request("DELETE", path).status_code == 404


def test_it_is_off_by_default(client: Client, filled: None) -> None:
    answer = client.request("DELETE", STUDIES)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert "dicomweb_delete" in answer.json()["error"]["message"]
    assert client.get(f"{STUDIES}/metadata").status_code == 200


def test_not_from_a_page_of_another_origin(deleting: Client, filled: None) -> None:
    answer = deleting.request("DELETE", STUDIES, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert deleting.get(f"{STUDIES}/metadata").status_code == 200
