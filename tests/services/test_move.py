"""C-MOVE's sub-associations: where they go, when they are opened anew, how they end."""

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

import pytest

from isocenter.archive import Instance
from isocenter.dicom.json import json_to_data_set
from isocenter.dimse.commands import Command, CommandField
from isocenter.errors import PeerError, UnsupportedError
from isocenter.index.peers import KnownPeer
from isocenter.services.information_model import STUDY_ROOT
from isocenter.services.move import MoveService
from isocenter.services.outgoing import Outgoing
from isocenter.services.service import Response, ServiceContext
from isocenter.settings import load_settings

CT, EXPLICIT, IMPLICIT, VIDEO = "1.2.3", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.102"
PEER = KnownPeer("THERE", "192.0.2.9", 104)


class FakeArchive:
    def __init__(self, instances: list[Instance]) -> None:
        self._instances = instances

    def find_pages(self, query: Any, size: int) -> Iterator[list[dict[str, Any]]]:
        yield [{"0020000D": {"vr": "UI", "Value": ["1"]}}]

    def instances(self, *uids: str) -> list[Instance]:
        return self._instances

    @contextmanager
    def open_object(self, instance: Instance) -> Iterator[BinaryIO]:
        yield io.BytesIO(b"meta" + instance.SOPInstanceUID.encode())


class FakeDestination:
    """Accepts what it was proposed; answers with the next of ``answers``."""

    def __init__(
        self, pairs: Sequence[tuple[str, str]], answers: list[int | Exception], each_store: Callable[[], Any]
    ) -> None:
        self._each_store = each_store
        self.pairs = pairs
        self.answers = answers
        self.stored: list[tuple[bytes, str, str, str]] = []
        self.originators: set[tuple[str, int]] = set()
        self.ended = ""

    def accepts(self, abstract_syntax: str, transfer_syntax_uid: str) -> bool:
        return (abstract_syntax, transfer_syntax_uid) in self.pairs

    def store(self, data_set: BinaryIO, *, originator: tuple[str, int], **uids: str) -> Command:
        self._each_store()
        answer = self.answers.pop(0) if self.answers else 0
        if isinstance(answer, Exception):
            raise answer
        self.stored.append((data_set.read(), *uids.values()))
        self.originators.add(originator)
        return Command(CommandField.C_STORE_RSP, MessageIDBeingRespondedTo=1, Status=answer)

    def release(self) -> None:
        self.ended = "released"

    def abort(self) -> None:
        self.ended = "aborted"


class Network:
    """Opens destinations; raises instead where ``refusals`` says so."""

    def __init__(
        self, *refusals: Exception | None, answers: Sequence[int | Exception] = (), each_store: Callable[[], Any] = bool
    ) -> None:
        self.each_store = each_store
        self._refusals = list(refusals)
        self._answers = list(answers)
        self.opened: list[FakeDestination] = []
        self.peers: list[KnownPeer] = []

    def __call__(self, peer: KnownPeer, pairs: Sequence[tuple[str, str]]) -> FakeDestination:
        self.peers.append(peer)
        refusal = self._refusals.pop(0) if self._refusals else None
        if refusal is not None:
            raise refusal
        self.opened.append(FakeDestination(pairs, self._answers, self.each_store))
        return self.opened[-1]


def instance(number: int, sop_class: str = CT, syntax: str = EXPLICIT) -> Instance:
    return Instance("1", "1.1", f"1.1.{number}", sop_class, number, None, syntax, "", 0, 4, b"")


class Directory:
    def get(self, aet: str) -> KnownPeer | None:
        return PEER if aet == PEER.aet else None


def unavailable(_: Instance) -> Any:
    raise UnsupportedError("not here")


@pytest.fixture
def move() -> Callable[..., list[Command]]:
    """Run a C-MOVE of these objects; return the commands of the responses."""

    def run(
        network: Network, *instances: Instance, destination: str = "THERE", stop_after: int = 0, cancel_after: int = 0,
        **settings: object,
    ) -> list[Command]:  # fmt: skip
        archive = FakeArchive(list(instances))
        service = MoveService(archive, Directory(), Outgoing(archive, unavailable), network, load_settings(settings))
        command = Command(
            CommandField.C_MOVE_RQ, MessageID=7, CommandDataSetType=1, AffectedSOPClassUID=STUDY_ROOT.move, Priority=0,
            MoveDestination=destination,
        )  # fmt: skip
        context = ServiceContext(1, "SCU", "ISOCENTER", "192.0.2.7", 1, STUDY_ROOT.move, EXPLICIT)
        handler = service.begin(context, command)
        question = {"00080052": {"vr": "CS", "Value": ["STUDY"]}, "0020000D": {"vr": "UI", "Value": ["1"]}}
        handler.write(memoryview(json_to_data_set(question)))
        answers = handler.finish()
        if stop_after:
            found = [next(answers) for _ in range(stop_after)]
            answers.close()
            return found
        commands = []
        for number, answer in enumerate(answers, 1):
            commands.append(answer.command if isinstance(answer, Response) else answer)
            if number == cancel_after:
                handler.cancel()
        return commands

    return run


def test_one_association_takes_all(move) -> None:
    network = Network()
    last = move(network, instance(1), instance(2), instance(3, "1.2.4", IMPLICIT))[-1]
    assert (last.Status, last.NumberOfCompletedSuboperations) == (0, 3)
    (there,) = network.opened
    assert network.peers == [PEER]
    assert set(there.pairs) == {(c, s) for c in (CT, "1.2.4") for s in (EXPLICIT, IMPLICIT)}
    assert there.stored[0] == (b"1.1.1", CT, "1.1.1", EXPLICIT)
    assert (there.originators, there.ended) == ({("SCU", 7)}, "released")


@pytest.mark.parametrize("syntax", [EXPLICIT, VIDEO])
def test_more_contexts_than_an_association_has(move, syntax: str) -> None:
    """Video has one context where others have two, so that a class stands across the end of the association."""
    instances = [instance(0, "1.2.0", syntax), *(instance(number, f"1.2.{number}") for number in range(1, 100))]
    network = Network()
    last = move(network, *instances)[-1]
    assert (last.Status, last.NumberOfCompletedSuboperations) == (0, 100)
    assert len(network.opened) == 2
    assert all(len(there.pairs) <= 128 for there in network.opened)
    assert {there.ended for there in network.opened} == {"released"}


def test_one_that_breaks_off_is_called_again(move) -> None:
    network = Network(answers=[0, PeerError("aborted the association"), 0])
    last = move(network, instance(1), instance(2), instance(3))[-1]
    assert (last.Status, last.NumberOfCompletedSuboperations, last.NumberOfFailedSuboperations) == (0xB000, 2, 1)
    assert last.ErrorComment == "aborted the association"
    assert [there.ended for there in network.opened] == ["aborted", "released"]


def test_one_that_cannot_be_reached_is_called_once(move) -> None:
    network = Network(PeerError("refuses connections"))
    last = move(network, instance(1), instance(2), instance(3))[-1]
    assert (last.Status, last.NumberOfFailedSuboperations) == (0xA702, 3)
    assert last.ErrorComment == "refuses connections"
    assert len(network.peers) == 1


def test_what_cannot_be_given_fails_alone(move) -> None:
    class Choosy(Network):
        def __call__(self, peer: KnownPeer, pairs: Sequence[tuple[str, str]]) -> FakeDestination:
            return super().__call__(peer, [pair for pair in pairs if pair[1] != VIDEO])

    network = Choosy()
    last = move(network, instance(1, syntax=VIDEO), instance(2))[-1]
    assert (last.Status, last.NumberOfCompletedSuboperations, last.NumberOfFailedSuboperations) == (0xB000, 1, 1)
    assert "does not take SOP class" in last.ErrorComment


def test_the_association_that_asked_ends(move) -> None:
    network = Network()
    move(network, instance(1), instance(2), stop_after=1)
    assert [there.ended for there in network.opened] == ["aborted"]


@pytest.mark.parametrize(("destination", "comment"), [("NOBODY", "no known peer"), ("ISOCENTER", "this archive")])
def test_where_nothing_can_go(move, destination: str, comment: str) -> None:
    network = Network()
    (last,) = move(network, instance(1), destination=destination)
    assert (last.Status, network.peers) == (0xA801, [])
    assert comment in last.ErrorComment


class TestSeveralAtOnce:
    """``move_associations``."""

    def test_each_waits_for_none_of_the_others(self, move) -> None:
        barrier = threading.Barrier(3, timeout=20)  # broken, unless three are under way at once
        network = Network(each_store=barrier.wait)
        responses = move(network, *map(instance, range(9)), move_associations=3)
        last = responses[-1]
        assert (last.Status, last.NumberOfCompletedSuboperations) == (0, 9)
        assert [r.NumberOfRemainingSuboperations for r in responses[:-1]] == list(range(8, -1, -1))
        assert {there.ended for there in network.opened} == {"released"}
        sent = [content for there in network.opened for content, *_ in there.stored]
        assert sorted(sent) == [f"1.1.{number}".encode() for number in range(9)]

    def test_no_more_than_there_are_objects(self, move) -> None:
        network = Network()
        assert move(network, instance(1), instance(2), move_associations=8)[-1].NumberOfCompletedSuboperations == 2
        assert len(network.opened) <= 2

    def test_failures_are_counted(self, move) -> None:
        network = Network(answers=[0xA700, 0xA700])
        last = move(network, *map(instance, range(20)), move_associations=2)[-1]
        assert (last.Status, last.NumberOfCompletedSuboperations, last.NumberOfFailedSuboperations) == (0xB000, 18, 2)

    def test_a_peer_that_takes_one_association_gets_all_over_it(self, move) -> None:
        network = Network(PeerError("busy"), None, PeerError("busy"))
        last = move(network, *map(instance, range(20)), move_associations=3)[-1]
        assert (last.Status, last.NumberOfCompletedSuboperations) == (0, 20)
        assert len(network.opened) == 1

    def test_a_peer_that_takes_none(self, move) -> None:
        network = Network(*[PeerError("gone")] * 3)
        last = move(network, *map(instance, range(20)), move_associations=3)[-1]
        assert (last.Status, last.NumberOfFailedSuboperations, last.ErrorComment) == (0xA702, 20, "gone")

    def test_an_unexpected_error_ends_it(self, move) -> None:
        network = Network(answers=[RuntimeError("broken")])
        with pytest.raises(RuntimeError, match="broken"):
            move(network, *map(instance, range(20)), move_associations=2)
        assert "aborted" in {there.ended for there in network.opened}

    def test_cancelled(self, move) -> None:
        network = Network()
        last = move(network, *map(instance, range(500)), move_associations=2, cancel_after=1)[-1]
        done = sum(len(there.stored) for there in network.opened)
        assert last.Status in {0xFE00, 0}
        assert last.NumberOfCompletedSuboperations == done
        assert (last.Status == 0) == (done == 500)

    def test_the_end_amid_it(self, move) -> None:
        network = Network()
        before = threading.active_count()
        move(network, *map(instance, range(500)), move_associations=3, stop_after=2)
        assert threading.active_count() == before
        assert all(there.ended for there in network.opened)
