"""``AET@host:port``."""

import pytest

from isocenter.errors import UsageError
from isocenter.net.peer import Peer


@pytest.mark.parametrize(
    ("text", "peer"),
    [
        ("ISOCENTER@127.0.0.1:11112", Peer("ISOCENTER", "127.0.0.1", 11112)),
        (" CT 1@scanner.example:104 ", Peer("CT 1", "scanner.example", 104)),
        ("A@[::1]:104", Peer("A", "::1", 104)),
    ],
)
def test_parsed_and_printed(text: str, peer: Peer) -> None:
    assert Peer.parse(text) == peer
    assert str(peer) == text.strip()


@pytest.mark.parametrize(
    "text",
    ["", "A", "A@b", "A@b:", "@b:104", "A@:104", "A@b:0", "A@b:65536", "A@b:x", "SEVENTEENLETTERS1@b:104",
     " @b:104", "A\\B@b:104", "Ä@b:104", "A\n@b:104", "A@::1:104"],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"AET@host:port|AE title"):
        Peer.parse(text)
