"""Drafts of measurements over HTTP: what is kept, what is refused, and who comes second."""

from collections.abc import Callable
from typing import Any

import pytest

from isocenter.web.measurements import MOST, MOST_BYTES

from .conftest import STUDY, Client, ct

PATH = f"/api/studies/{STUDY}/measurements"
IMAGE = {"SeriesInstanceUID": f"{STUDY}.1", "SOPInstanceUID": f"{STUDY}.1.1", "frame": 1}
LENGTH = {
    "id": "a1", "kind": "length", "pictureId": f"{STUDY}.1.1/1", "image": IMAGE, "points": [[1.0, 2.0], [4.0, 2.5]],
    "values": [{"quantity": "length", "value": 3.5, "unit": "mm"}], "name": "Lesion <1>", "colour": "#ff8800",
    "locked": True,
}  # fmt: skip


def put(client: Client, content: object, version: str = '"0"') -> Any:
    return client.request("PUT", PATH, json=content, headers={"if-match": version})


def test_what_was_written_is_read_again(client: Client, store: Callable[..., None]) -> None:
    assert client.get(PATH).status_code == 404
    assert put(client, []).status_code == 404
    store(ct(1))
    empty = client.get(PATH)
    assert (empty.json(), empty.headers["etag"], empty.headers["cache-control"]) == ([], '"0"', "no-store")
    written = put(client, [LENGTH])
    assert (written.status_code, written.headers["etag"]) == (204, '"1"')
    answer = client.get(PATH)
    assert (answer.json(), answer.headers["etag"]) == ([LENGTH], '"1"')


def test_the_second_of_two_writers_is_told(client: Client, store: Callable[..., None]) -> None:
    store(ct(1))
    assert put(client, [LENGTH]).status_code == 204
    late = put(client, [])
    assert late.status_code == 412
    assert "read them again" in late.json()["error"]["message"]
    assert client.get(PATH).json() == [LENGTH]
    assert put(client, [], "*").headers["etag"] == '"2"'
    for version in ("", "1", "W/x", '"-1"'):
        assert put(client, [], version).status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        [1],
        [LENGTH | {"kind": "triangle"}],
        [LENGTH | {"points": []}],
        [LENGTH | {"points": [[1e400, 0]]}],
        [LENGTH | {"points": [[0, 0]] * 65}],
        [LENGTH | {"colour": "red"}],
        [LENGTH | {"name": "n" * 65}],
        [LENGTH | {"more": 1}],
        [LENGTH | {"image": IMAGE | {"SOPInstanceUID": "../x"}}],
        [LENGTH, LENGTH],
        [LENGTH | {"id": str(n)} for n in range(MOST + 1)],
    ],
)
def test_what_is_no_list_of_measurements_is_refused(client: Client, store: Callable[..., None], wrong: object) -> None:
    store(ct(1))
    content = str(wrong).replace("'", '"').replace("True", "true").replace("inf", "1e400")
    answer = client.request("PUT", PATH, content=content, headers={"if-match": "*"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "UsageError")
    assert client.get(PATH).headers["etag"] == '"0"'


def test_too_many_bytes_are_not_read(client: Client, store: Callable[..., None]) -> None:
    store(ct(1))
    answer = client.request("PUT", PATH, content=b" " * (MOST_BYTES + 1), headers={"if-match": "*"})
    assert answer.status_code == 400
    assert "bytes" in answer.json()["error"]["message"]
