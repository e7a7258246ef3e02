"""multipart/related: every way to cut the bytes gives the same parts; nothing hostile grows or hangs."""

import re
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.errors import UsageError
from isocenter.multipart import (
    MAX_HEADER_BYTES,
    MessageEnded,
    MultipartReader,
    PartData,
    PartEnded,
    PartStarted,
    write_end,
    write_part_header,
)

BOUNDARY = "b-1"
Part = tuple[dict[str, str], bytes]


def body_of(*parts: Part) -> bytes:
    raw = b"".join(write_part_header(BOUNDARY, headers) + body for headers, body in parts)
    return raw + write_end(BOUNDARY)


def read(chunks: Iterable[bytes], boundary: str = BOUNDARY) -> tuple[list[Part], bool]:
    """Return the complete parts and whether the closing delimiter came."""
    reader, parts, ended = MultipartReader(boundary), [], False
    headers, body = {}, bytearray()
    for chunk in chunks:
        reader.receive_data(chunk)
        while (event := reader.next_event()) is not None:
            match event:
                case PartStarted():
                    headers, body = dict(event.headers), bytearray()
                case PartData():
                    assert event.data.nbytes > 0
                    body += event.data
                case PartEnded():
                    parts.append((headers, bytes(body)))
                case MessageEnded():
                    ended = True
    return parts, ended


def cut(raw: bytes, at: Iterable[int]) -> list[bytes]:
    places = [0, *sorted({p for p in at if 0 < p < len(raw)}), len(raw)]
    return [raw[a:b] for a, b in pairwise(places)]


LOOKALIKES = [
    b"\r\n--b-1x\r\n", b"\r\n--b-", b"\r\n--b-1-", b"\r\n--b-1 \t x", b"x--b-1--", b"\r\n--b-1\r", b"\r\r\n--b-1\n",
    b"\n--b-1\r\n", b"\r\n--b-1" + b" " * 300 + b"\r\n", b"\r\n\r\n--b-2\r\n", b"\r\n--b-1-\r\n",
]  # fmt: skip


@pytest.mark.parametrize("body", [b"", b"x", b"\r\n", b"\r", b"a\r\nb", *LOOKALIKES])
def test_every_single_cut(body: bytes) -> None:
    parts = [({"content-type": "application/dicom"}, body), ({}, body)]
    raw = body_of(*parts)
    for place in range(len(raw) + 1):
        assert read(cut(raw, [place])) == (parts, True)
    assert read(bytes([b]) for b in raw) == (parts, True)


fragments = (
    st.lists(st.one_of(st.binary(max_size=12), st.sampled_from(LOOKALIKES)), max_size=6)
    .map(b"".join)
    .filter(lambda body: not re.search(rb"(^|\r\n)--b-1([ \t]{0,256}\r\n|--)", body + b"\r\n"))  # a real delimiter
)


@given(bodies=st.lists(fragments, max_size=4), places=st.lists(st.integers(0, 2000), max_size=30))
def test_any_cuts(bodies: list[bytes], places: list[int]) -> None:
    parts = [({"content-type": "application/dicom", "n": str(i)}, body) for i, body in enumerate(bodies)]
    assert read(cut(body_of(*parts), places)) == (parts, True)


@given(raw=st.binary(max_size=300), places=st.lists(st.integers(0, 300), max_size=10))
def test_random_bytes_end_in_an_error_or_parts(raw: bytes, places: list[int]) -> None:
    try:
        parts, ended = read([*cut(b"--b-1\r\n" + raw, places), b""])
    except UsageError:
        return
    assert ended
    assert sum(len(body) for _, body in parts) <= len(raw)


def test_preamble_and_epilogue_are_ignored() -> None:
    raw = b"a preamble\r\n--b-1x\r\n--b-1\r\n\r\nbody\r\n--b-1--\r\nan epilogue\r\n--b-1\r\n\r\nx"
    for place in range(len(raw) + 1):
        assert read(cut(raw, [place])) == ([({}, b"body")], True)


def test_a_part_may_have_no_body_at_all() -> None:
    raw = b"--b-1\r\nA: 1\r\n\r\n--b-1\r\nA: 2\r\n\r\n\r\n--b-1--"
    for place in range(len(raw) + 1):
        assert read(cut(raw, [place])) == ([({"a": "1"}, b""), ({"a": "2"}, b"")], True)


def test_what_follows_an_empty_line_and_is_no_delimiter_is_body() -> None:
    raw = b"--b-1\r\nA: 1\r\n\r\n--b-1x\r\n--b-1--"
    for place in range(len(raw) + 1):
        assert read(cut(raw, [place])) == ([({"a": "1"}, b"--b-1x")], True)


def test_headers_are_folded_lower_case_and_tolerant() -> None:
    raw = b"--b-1  \r\nContent-Type:  a/b;\r\n\t x=1\r\nnonsense\r\nX-\xe4: y\r\n\r\nq\r\n--b-1--"
    assert read([raw]) == ([({"content-type": "a/b; x=1", "x-\xe4": "y"}, b"q")], True)


@pytest.mark.parametrize("raw", [b"", b"no boundary at all", b"--b-1\r\n\r\nbody", b"--b-1\r\n\r\nbody\r\n--b-1-"])
def test_a_missing_end_is_an_error(raw: bytes) -> None:
    with pytest.raises(UsageError, match="ended before"):
        read([raw, b""] if raw else [b""])


def test_the_last_part_is_not_complete_without_its_delimiter() -> None:
    assert read([b"--b-1\r\n\r\nbody"]) == ([], False)


@pytest.mark.parametrize("size", [1, 1000])
def test_huge_headers_are_refused_and_not_kept(size: int) -> None:
    reader = MultipartReader(BOUNDARY)
    reader.receive_data(b"--b-1\r\n")

    def flood() -> None:
        for _ in range(2 * MAX_HEADER_BYTES // size):
            reader.receive_data(b"h" * size)

    with pytest.raises(UsageError, match="headers"):
        flood()


def test_what_is_held_back_is_bounded() -> None:
    reader = MultipartReader(BOUNDARY)
    for chunk in (b"x" * 100_000, b"--b-1\r\n", b"\r\n", b"\r" * 100_000, b"\r\n" * 50_000, b"\r\n--b-1" + b" " * 200):
        reader.receive_data(chunk)
        while reader.next_event() is not None:
            pass
        assert len(reader._rest) < 400


@pytest.mark.parametrize("boundary", ["", "x" * 201, "a\r\nb", "a ", "\u4e00"])
def test_impossible_boundaries(boundary: str) -> None:
    with pytest.raises(UsageError, match="boundary"):
        MultipartReader(boundary)


def test_a_header_cannot_break_out_of_its_line() -> None:
    with pytest.raises(ValueError, match="control character"):
        write_part_header(BOUNDARY, {"Content-Location": "a\r\nEvil: 1"})


def test_writer_bytes() -> None:
    assert write_part_header("B", {"Content-Type": "a/b"}) == b"\r\n--B\r\nContent-Type: a/b\r\n\r\n"
    assert write_end("B") == b"\r\n--B--\r\n"
