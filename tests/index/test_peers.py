"""The table of peers on both databases."""

import pytest

from isocenter.errors import NotFoundError, UsageError
from isocenter.index.index import Index
from isocenter.index.peers import PERMISSIONS, KnownPeer, Peers

CT = KnownPeer("CT 1", "10.0.0.7", 104, frozenset({"store"}), "scanner, room 3")


def test_add_change_remove(index: Index) -> None:
    peers = Peers(index.database)
    assert (peers.all(), peers.get("CT 1")) == ([], None)
    peers.add(CT)
    peers.add(KnownPeer("A", "::1", 11112))
    assert peers.all() == [KnownPeer("A", "::1", 11112, frozenset(PERMISSIONS), ""), CT]
    changed = KnownPeer("CT 1", "ct.example", 105, frozenset(), "", True, "ct-1.example")
    peers.add(changed)
    assert peers.get("CT 1") == changed
    peers.remove("CT 1")
    assert peers.get("CT 1") is None
    with pytest.raises(NotFoundError, match="no peer 'CT 1'"):
        peers.remove("CT 1")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (("", "h", 1), "no AE title"),
        (("A" * 17, "h", 1), "no AE title"),
        (("A\\B", "h", 1), "no AE title"),
        (("Ä", "h", 1), "no AE title"),
        ((" A", "h", 1), "no spaces around"),
        (("A", "", 1), "no host"),
        (("A", "a b", 1), "no host"),
        (("A", "h" * 300, 1), "no host"),
        (("A", "h", 0), "no port"),
        (("A", "h", 65536), "no port"),
        (("A", "h", 1, frozenset({"fly"})), "'fly' is nothing to allow"),
        (("A", "h", 1, frozenset(), "", True, "a b"), "no host"),
    ],
)
def test_what_is_no_peer_is_refused(values: tuple, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        KnownPeer(*values)
