"""Sending with several objects on their way: what becomes of them when the association breaks."""

import io
import itertools
from collections.abc import Callable

import pytest

from isocenter.cli.identify import Item
from isocenter.cli.sender import Report, Sender
from isocenter.cli.sources import Candidate
from isocenter.dimse.commands import Command
from isocenter.errors import PeerError, UnsupportedError
from isocenter.net.peer import Peer


def item(name: str, opener: Callable[[], io.BytesIO] = lambda: io.BytesIO(b"data")) -> Item:
    return Item(Candidate(name, 4, opener), "1.2", name, "1.2.840.10008.1.2", 0)


class Node:
    """A node that grants a window, refuses some objects, and breaks off when it gets certain ones."""

    def __init__(self, window: int = 4, breaks_on: str = "", refuses: str = "", unreachable_after: int = 99) -> None:
        self.window = window
        self.breaks_on, self.refuses = breaks_on, refuses
        self.taken: list[str] = []
        self.associations = 0
        self.most_waiting = 0
        self._left = unreachable_after

    def call(self) -> "Association":
        if self._left == 0:
            raise PeerError("the node refuses connections")
        self._left -= 1
        self.associations += 1
        return Association(self)


class Association:
    ids = itertools.count(1)

    def __init__(self, node: Node) -> None:
        self._node = node
        self.window = node.window
        self.established = True
        self._waiting: list[tuple[int, str]] = []

    def accepts(self, sop_class: str, syntax: str) -> bool:
        return True

    def begin_store(self, file, *, sop_instance_uid: str, **_: str) -> Command:
        if not self.established:
            raise PeerError("it is over")
        try:
            file.read()
        except UnsupportedError:
            self.established = False
            raise
        message_id = next(self.ids)
        self._waiting.append((message_id, sop_instance_uid))
        assert len(self._waiting) <= self.window
        self._node.most_waiting = max(self._node.most_waiting, len(self._waiting))
        return Command(1, MessageID=message_id)

    def next_response(self) -> Command:
        if not self.established or any(uid == self._node.breaks_on for _, uid in self._waiting):
            self.established = False
            raise PeerError("it broke off")
        message_id, uid = self._waiting.pop(0)
        if uid == self._node.refuses:
            return Command(0x8001, MessageIDBeingRespondedTo=message_id, Status=0xA700)
        self._node.taken.append(uid)
        return Command(0x8001, MessageIDBeingRespondedTo=message_id, Status=0)

    def release(self) -> None:
        assert self.established
        assert not self._waiting
        self.established = False

    def abort(self) -> None:
        self.established = False


def send(node: Node, items: list[Item], jobs: int = 1) -> Report:
    report = Report()
    Sender(Peer("NODE", "127.0.0.1", 104), node.call, report).run(items, jobs)
    return report


NAMES = [f"1.{n}" for n in range(10)]


@pytest.mark.parametrize("window", [1, 4, 64])
@pytest.mark.parametrize("jobs", [1, 3])
def test_all_are_sent_and_as_many_wait_as_may(window: int, jobs: int) -> None:
    node = Node(window)
    report = send(node, [item(name) for name in NAMES], jobs)
    assert (report.sent, report.failed) == (10, [])
    assert sorted(node.taken) == NAMES
    assert node.most_waiting <= window
    if jobs == 1:
        assert node.most_waiting == min(window, 10)
        assert node.associations == 1


def test_refused_ones_are_reported_with_their_own_answer() -> None:
    report = send(Node(refuses="1.5"), [item(name) for name in NAMES])
    assert report.sent == 9
    assert [(row.name, "A700" in row.reason) for row in report.failed] == [("1.5", True)]


@pytest.mark.parametrize("culprit", NAMES)
def test_only_the_one_that_breaks_the_association_fails(culprit: str) -> None:
    node = Node(breaks_on=culprit)
    report = send(node, [item(name) for name in NAMES])
    assert [row.name for row in report.failed] == [culprit]
    assert set(node.taken) == set(NAMES) - {culprit}
    assert report.sent == 9
    assert node.most_waiting == 4


def test_a_node_that_goes_away_fails_the_rest_and_ends() -> None:
    node = Node(breaks_on="1.6", unreachable_after=1)
    report = send(node, [item(name) for name in NAMES])
    assert report.sent == len(node.taken) == 3
    assert len(report.failed) == report.not_taken == 7
    assert {row.name for row in report.failed} == set(NAMES[3:])


def test_a_file_that_cannot_be_read_amid_a_message_costs_nobody_else() -> None:
    def broken() -> io.BytesIO:
        class Short(io.BytesIO):
            def read(self, *_: object) -> bytes:
                raise UnsupportedError("the file became shorter")

        return Short(b"data")

    node = Node()
    items = [item(name, broken) if name == "1.2" else item(name) for name in NAMES]
    report = send(node, items)
    assert [(row.name, row.reason) for row in report.failed] == [("1.2", "the file became shorter")]
    assert set(node.taken) == set(NAMES) - {"1.2"}
    assert node.associations == 2
