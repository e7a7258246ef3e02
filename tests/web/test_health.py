"""What watches the server sees: usable or not and why, and numbers without names."""

from collections.abc import Callable

import pytest
from prometheus_client import Gauge
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from isocenter.archive import Archive
from isocenter.errors import OutOfResourcesError
from isocenter.settings import Settings
from isocenter.web import health
from isocenter.web.app import create_app

from .conftest import STUDY, Client, ct


def test_healthy(client: Client) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert answer.headers["cache-control"] == "no-store"


def test_an_index_that_cannot_be_asked(client: Client, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(query: object) -> None:
        raise OutOfResourcesError("the index is locked")

    monkeypatch.setattr(archive, "find", broken)
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unusable", "reason": "the index is locked"}


def test_a_full_disk(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_ROOM", 1 << 62)
    answer = client.get("/health")
    assert answer.status_code == 503
    assert "room" in answer.json()["reason"]


def test_numbers(client: Client, store: Callable[..., None]) -> None:
    store(ct(1), ct(2))
    client.get(f"/dicom-web/studies/{STUDY}/metadata")
    client.get("/dicom-web/studies/1.2.3/metadata")
    page = client.get("/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    route = "/dicom-web/studies/{study}/metadata"
    for status in (200, 404):
        assert f'isocenter_http_requests_total{{method="GET",route="{route}",status="{status}"}} 1.0' in page.text
    assert f'isocenter_http_request_seconds_count{{route="{route}"}} 2.0' in page.text
    assert "isocenter_instances 2.0" in page.text
    assert STUDY not in page.text
    assert "Muster" not in page.text


def test_requests_of_the_api_are_counted_by_pattern(client: Client) -> None:
    client.get("/api/conflicts/7/file")
    assert 'route="/api/conflicts/{id}/file",status="404"' in client.get("/metrics").text


def test_other_parts_add_their_own(archive: Archive, settings: Settings) -> None:
    class Associations(Collector):
        def collect(self) -> list[GaugeMetricFamily]:
            return [GaugeMetricFamily("isocenter_associations", "Associations", value=3)]

    app = create_app(archive, settings, collectors=[Associations(), Gauge("isocenter_other", "x", registry=None)])
    client = Client(app)
    try:
        page = client.get("/metrics").text
    finally:
        client.close()
        app.node.close()
    assert "isocenter_associations 3.0" in page
    assert "isocenter_other 0.0" in page
