"""Bodies made of pieces: order, length, joining; files that are shorter than they should be."""

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from isocenter.errors import NotFoundError
from isocenter.storage import ObjectFile
from isocenter.web.streaming import CHUNK, Made, Piece, Span, StreamedResponse, read_cached, read_exactly, total_length
from isocenter.web.threads import Threads


@pytest.fixture
def threads() -> Any:
    made = Threads()
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * (CHUNK // 100))
    return path


def open_object(path: Path) -> ObjectFile:
    """Return the file as an object that lies behind other bytes of its file."""
    whole = path.with_name("behind")
    whole.write_bytes(b"before" + path.read_bytes())
    return ObjectFile(os.open(whole, os.O_RDONLY), 6, path.stat().st_size)


def span(path: Path, offset: int, length: int) -> Span:
    return Span(partial(open_object, path), offset, length)


@pytest.fixture
def send_all(run_async: Callable[..., Any]) -> Callable[..., list[dict[str, Any]]]:
    return partial(_send_all, run_async)


def _send_all(
    run_async: Callable[..., Any], response: StreamedResponse, method: str = "GET", *, leaves_after: int = 1 << 30
) -> list[dict[str, Any]]:
    """Return the messages of an answer; the client leaves after so many of them."""
    messages: list[dict[str, Any]] = []

    async def run() -> None:
        left = asyncio.Event()

        async def receive() -> dict[str, Any]:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            messages.append(dict(message))
            if len(messages) >= leaves_after:
                left.set()

        await response({"type": "http", "method": method}, receive, send)

    run_async(run())
    return messages


def body_of(messages: list[dict[str, Any]]) -> bytes:
    return b"".join(message.get("body", b"") for message in messages)


def test_pieces_come_in_order_with_their_length(threads: Threads, file: Path, send_all) -> None:
    raw = file.read_bytes()
    pieces: list[Piece] = [b"head", memoryview(b"more"), span(file, 7, 100), b"mid", span(file, 0, len(raw)), b"tail"]
    response = StreamedResponse(pieces, threads)
    body = body_of(send_all(response))
    assert body == b"headmore" + raw[7:107] + b"mid" + raw + b"tail"
    assert response.headers["content-length"] == str(len(body))


def test_small_pieces_travel_together(threads: Threads, send_all) -> None:
    messages = send_all(StreamedResponse([b"x"] * 1000, threads))
    assert len(messages) == 3
    assert body_of(messages) == b"x" * 1000


def test_what_is_made_has_no_length_before(threads: Threads, file: Path, send_all) -> None:
    pieces: list[Piece] = [b"a", Made(lambda: b"b"), Made(lambda: span(file, 0, 3)), b"c"]
    response = StreamedResponse(pieces, threads)
    assert total_length(pieces) is None
    assert "content-length" not in response.headers
    assert body_of(send_all(response)) == b"ab\0\1\2c"


def test_head_reads_nothing(threads: Threads, send_all) -> None:
    def never() -> bytes:
        raise AssertionError

    assert body_of(send_all(StreamedResponse([Made(never)], threads), "HEAD")) == b""


def test_a_client_that_left(threads: Threads, file: Path, send_all) -> None:
    with pytest.raises(ClientDisconnect):
        send_all(StreamedResponse([span(file, 0, file.stat().st_size)], threads), leaves_after=2)


def test_nothing_more_is_made_for_a_client_that_left(threads: Threads, send_all) -> None:
    made: list[int] = []

    def make(number: int) -> bytes:
        made.append(number)
        return b"x" * CHUNK

    pieces: list[Piece] = [Made(partial(make, number)) for number in range(10)]
    with pytest.raises(ClientDisconnect):
        send_all(StreamedResponse(pieces, threads), leaves_after=3)
    assert made == [0, 1]


def test_a_file_that_is_too_short_is_an_error_and_not_silence(threads: Threads, file: Path, send_all) -> None:
    with pytest.raises(OSError, match="early"):
        send_all(StreamedResponse([span(file, 0, file.stat().st_size + 1)], threads))


@pytest.mark.parametrize("read", [read_exactly, read_cached])
def test_reading(file: Path, read: Callable[[int, int, int], bytes | None]) -> None:
    raw = file.read_bytes()
    with file.open("rb") as opened:
        data = read(opened.fileno(), 300, 1000)
    assert (
        data in {None, raw[300:1300]} if read is read_cached and data is None else bytes(data or b"") == raw[300:1300]
    )


def test_files_are_closed(threads: Threads, file: Path, send_all) -> None:
    opened = []

    def opener() -> Any:
        opened.append(open_object(file))
        return opened[-1]

    send_all(StreamedResponse([Span(opener, 0, 10), Span(opener, 5, 10)], threads))
    assert [handle.closed for handle in opened] == [True, True]


def test_an_object_that_is_deleted_while_it_is_sent_ends_the_answer(threads: Threads, file: Path, send_all) -> None:
    there = iter([True, False])

    def opener() -> ObjectFile:
        return ObjectFile(os.open(file, os.O_RDONLY), 0, file.stat().st_size, lambda _: next(there))

    with pytest.raises(NotFoundError, match="deleted"):
        send_all(StreamedResponse([Span(opener, 0, CHUNK), Span(opener, 0, CHUNK)], threads))
