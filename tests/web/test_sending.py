"""A study sent to a known node by the management API."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from isocenter.anonymizing.audit import Who
from isocenter.archive import Archive, Instance
from isocenter.errors import ConfigurationError
from isocenter.index.peers import KnownPeer
from isocenter.services.retrieval import Tally
from isocenter.settings import Settings
from isocenter.web.app import create_app

from .conftest import STUDY, Client, ct
from .test_peers import BODY, put


def test_lines_tell_how_far_it_is(
    archive: Archive, settings: Settings, store: Callable[..., None], tmp_path: Path
) -> None:
    def send(peer: KnownPeer, instances: list[Instance], who: Who) -> Iterator[Tally]:
        if peer.aet == "KEYLESS":
            raise ConfigurationError("the key is lost")
        assert (peer.aet, who.way) == ("PACS", "web")
        tally = Tally(len(instances))
        yield tally
        tally.add(instances[0], 0)
        yield tally
        tally.fail(instances[1], "it is too dark")
        yield tally

    store(ct(1), ct(2))
    app = create_app(archive, settings, static=tmp_path, send=send)
    client = Client(app)
    try:
        for aet in ("PACS", "KEYLESS"):
            put(client, aet, BODY)
        answer = client.request("POST", f"/api/studies/{STUDY}/send", json={"peer": "PACS"})
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert [(line["sent"], line["failed"], line["remaining"]) for line in lines] == [
            (0, 0, 2),
            (1, 0, 1),
            (1, 1, 0),
        ]
        assert lines[-1]["reason"] == "it is too dark"
        refused = client.request("POST", f"/api/studies/{STUDY}/send", json={"peer": "KEYLESS"})
        assert refused.json()["error"]["message"] == "the key is lost"
        assert client.request("POST", f"/api/studies/{STUDY}/send", json={"peer": "NOBODY"}).status_code == 404
        assert client.request("POST", "/api/studies/1.2.3.4/send", json={"peer": "PACS"}).status_code == 404
        assert client.request("POST", f"/api/studies/{STUDY}/send", json={}).status_code == 400
    finally:
        client.close()
        app.node.close()


def test_a_server_without_a_dicom_node_says_so(client: Client, store: Callable[..., None]) -> None:
    store(ct())
    put(client, "PACS", BODY)
    answer = client.request("POST", f"/api/studies/{STUDY}/send", json={"peer": "PACS"})
    assert "no DICOM node" in answer.json()["error"]["message"]
