"""Known DICOM nodes in the management API."""

from pathlib import Path

from isocenter.anonymizing.projects import Facts, Projects
from isocenter.archive import Archive
from isocenter.errors import PeerError
from isocenter.index.peers import KnownPeer
from isocenter.settings import Settings
from isocenter.web.app import create_app

from .conftest import Client

BODY = {
    "host": "10.0.0.7", "port": 104, "allowed": ["store"], "comment": "room 3", "tls": False, "tls_name": "",
    "deid_project": "",
}  # fmt: skip


def put(client: Client, aet: str, body: dict) -> int:
    return client.request("PUT", f"/api/peers/{aet}", json=body).status_code


def test_list_put_delete(client: Client, archive: Archive) -> None:
    assert client.get("/api/peers").json() == []
    assert put(client, "CT1", BODY) == 200
    assert put(client, "CT1", BODY | {"port": 105}) == 200
    assert client.get("/api/peers").json() == [BODY | {"aet": "CT1", "port": 105}]
    assert archive.peers.get("CT1") == KnownPeer("CT1", "10.0.0.7", 105, frozenset({"store"}), "room 3")
    assert put(client, "CT1", BODY | {"tls": True, "tls_name": "ct1.example"}) == 200
    known = archive.peers.get("CT1")
    assert known is not None
    assert (known.tls, known.tls_name) == (True, "ct1.example")
    assert client.request("DELETE", "/api/peers/CT1").status_code == 204
    assert client.request("DELETE", "/api/peers/CT1").status_code == 404


def test_a_peer_that_gets_de_identified_objects_only(client: Client, archive: Archive, settings: Settings) -> None:
    assert put(client, "LAB", BODY | {"deid_project": "trial"}) == 404
    assert archive.peers.all() == []
    Projects(Path(settings.data)).add(Facts("trial"))
    assert put(client, "LAB", BODY | {"deid_project": "trial"}) == 200
    assert client.get("/api/peers").json()[0]["deid_project"] == "trial"
    silent = {name: value for name, value in BODY.items() if name != "deid_project"}
    assert put(client, "LAB", silent | {"port": 105}) == 200
    assert client.get("/api/peers").json()[0]["deid_project"] == "trial"
    assert put(client, "LAB", BODY) == 200
    assert client.get("/api/peers").json()[0]["deid_project"] == ""


def test_what_is_no_peer_is_refused(client: Client) -> None:
    for aet, body in (
        ("A" * 17, BODY),
        ("A", BODY | {"port": 0}),
        ("A", BODY | {"host": ""}),
        ("A", BODY | {"allowed": ["fly"]}),
        ("A", {"port": 104}),
    ):
        assert put(client, aet, body) == 400
    assert client.get("/api/peers").json() == []


def test_echo(archive: Archive, settings: Settings, tmp_path: Path) -> None:
    def echo(known: KnownPeer) -> tuple[float, float]:
        if known.aet == "GONE":
            raise PeerError("GONE@10.0.0.7:104 does not answer")
        return 1.5, 0.5

    app = create_app(archive, settings, static=tmp_path, echo=echo)
    client = Client(app)
    try:
        put(client, "HERE", BODY)
        put(client, "GONE", BODY)
        assert client.request("POST", "/api/peers/HERE/echo").json() == {"associate_ms": 1.5, "echo_ms": 0.5}
        gone = client.request("POST", "/api/peers/GONE/echo")
        assert (gone.status_code, gone.json()["error"]["message"]) == (502, "GONE@10.0.0.7:104 does not answer")
        assert client.request("POST", "/api/peers/NOBODY/echo").status_code == 404
    finally:
        client.close()
        app.node.close()
