"""Accept and Content-Type: quotes, quality, ranges; garbage never raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isocenter.web.media_types import choose, multipart_content_type, parse_accept, parse_media_type


def test_parameters_and_quotes() -> None:
    (found,) = parse_accept('Multipart/Related; type="application/octet-stream"; transfer-syntax=*')
    assert found.multipart
    assert found.part == "application/octet-stream"
    assert found.transfer_syntax == "*"


def test_commas_and_semicolons_in_quotes() -> None:
    found = parse_media_type('a/b; x="1,2;\\"3"; y=4')
    assert found.parameters == {"x": '1,2;"3', "y": "4"}
    assert [r.type for r in parse_accept('a/b; x="1,2", c/d')] == ["a/b", "c/d"]


def test_most_wanted_first_and_unwanted_not_at_all() -> None:
    found = parse_accept("a/a;q=0.2, b/b, c/c;q=0, d/d;q=0.7, e/e;q=nonsense, nonsense")
    assert [r.type for r in found] == ["b/b", "e/e", "d/d", "a/a"]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "image/jpeg"),
        ("*/*", "image/jpeg"),
        ("image/*", "image/jpeg"),
        ("image/png", "image/png"),
        ("image/png;q=0.5, image/jpeg", "image/jpeg"),
        ("image/avif, image/*;q=0.8", "image/jpeg"),
        ("text/html", None),
    ],
)
def test_choice(accept: str, chosen: str | None) -> None:
    assert choose(parse_accept(accept), ("image/jpeg", "image/png")) == chosen


@pytest.mark.parametrize(
    ("accept", "multipart", "includes"),
    [
        ("*/*", True, True),
        ("multipart/related", True, True),
        ('multipart/related; type="*/*"', True, True),
        ("multipart/related; type=application/*", True, True),
        ("multipart/related; type=image/jls", True, False),
        ("application/dicom", False, True),
        ("application/*", False, True),
        ("image/*", False, False),
    ],
)
def test_ranges_of_parts(accept: str, multipart: bool, includes: bool) -> None:
    (found,) = parse_accept(accept)
    assert (found.multipart, found.includes("application/dicom")) == (multipart, includes)


@given(st.text(alphabet='ab/;,="\\ *q0.5', max_size=200))
def test_garbage(text: str) -> None:
    for found in parse_accept(text):
        assert 0 < found.quality <= 1
        assert "/" in found.type


def test_what_is_written_can_be_read() -> None:
    found = parse_media_type(multipart_content_type("b0", "application/octet-stream", "1.2.3"))
    assert found.parameters == {"type": "application/octet-stream", "transfer-syntax": "1.2.3", "boundary": "b0"}
