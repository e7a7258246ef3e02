"""Telling known peers of work items: in order, again after failures, by one process at a time."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from isocenter.dicom.json import Json
from isocenter.errors import PeerError
from isocenter.index.index import Index
from isocenter.index.peers import KnownPeer, Peers
from isocenter.index.subscriptions import Deliveries
from isocenter.services.ups_reports import UpsReports
from isocenter.ups.attributes import GLOBAL_SUBSCRIPTION
from isocenter.ups.signal import Signal
from isocenter.ups.subscriptions import Subscriptions

NOW = 1_700_000_000_000
LEASE = 300_000


class FakeNetwork:
    """Remembers what was told; fails where it is told to."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.ends: list[str] = []
        self.unreachable: set[str] = set()
        self.statuses: list[int] = []
        self.breaks_after = 1000
        self.reported = threading.Event()

    def connect(self, known: KnownPeer) -> "FakeReceiver":
        if known.aet in self.unreachable:
            raise PeerError("does not answer")
        return FakeReceiver(self, known.aet)


class FakeReceiver:
    def __init__(self, network: FakeNetwork, aet: str) -> None:
        self._network = network
        self._aet = aet

    def report(self, event_type: int, uid: str, information: Json) -> int:
        if len(self._network.told) == self._network.breaks_after:
            raise PeerError("broke off")
        self._network.told.append((self._aet, len(self._network.told)))
        self._network.reported.set()
        return self._network.statuses.pop(0) if self._network.statuses else 0

    def release(self) -> None:
        self._network.ends.append("released")

    def abort(self) -> None:
        self._network.ends.append("aborted")


class Bench:
    def __init__(self, index: Index) -> None:
        self.signal = Signal()
        self.peers = Peers(index.database)
        self.subscriptions = Subscriptions(index.database, self.signal)
        self.network = FakeNetwork()
        self.deliveries = Deliveries(index.database, "dimse")
        self.tidied = threading.Event()

    def reports(self) -> UpsReports:
        return UpsReports(self.deliveries, self.peers, self.network.connect, self.signal, self.tidied.set)

    def follow(self, *aets: str) -> None:
        for aet in aets:
            self.peers.add(KnownPeer(aet, "127.0.0.1", 104))
            self.subscriptions.subscribe(GLOBAL_SUBSCRIPTION, aet, locked=False)

    def happen(self, times: int = 1) -> None:
        for _ in range(times):
            self.subscriptions.announce("RESTARTED")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    index = Index.open(f"sqlite:///{tmp_path}/index.sqlite", durable=False)
    yield Bench(index)
    index.close()


def test_each_is_told_everything_once(bench: Bench) -> None:
    bench.follow("A", "B")
    bench.happen(3)
    reports = bench.reports()
    reports.deliver(NOW)
    assert [aet for aet, _ in bench.network.told] == ["A"] * 3 + ["B"] * 3
    assert bench.network.ends == ["released"] * 2
    assert reports.deliver(NOW + 1) is None
    assert len(bench.network.told) == 6


def test_who_is_no_known_peer_is_left_alone(bench: Bench) -> None:
    bench.subscriptions.subscribe(GLOBAL_SUBSCRIPTION, "WEB", locked=False)
    bench.happen()
    assert bench.reports().deliver(NOW) is None
    assert bench.network.told == []


def test_who_cannot_be_reached_is_tried_again_and_holds_up_nobody(bench: Bench) -> None:
    bench.follow("A", "B")
    bench.happen(2)
    bench.network.unreachable = {"A"}
    reports, now, pauses = bench.reports(), NOW, []
    for _ in range(7):
        due = reports.deliver(now)
        assert due is not None
        reports.deliver(due - 1)  # too early: nothing happens
        pauses.append((due - now) // 1000)
        now = due
    assert pauses == [5, 30, 120, 600, 1800, 1800, 1800]
    assert [aet for aet, _ in bench.network.told] == ["B", "B"]
    bench.network.unreachable = set()
    bench.reports().deliver(now)  # after a restart, too
    assert [aet for aet, _ in bench.network.told[2:]] == ["A", "A"]
    assert bench.deliveries.pending() == []


def test_what_was_told_before_it_broke_off_is_not_told_again(bench: Bench) -> None:
    bench.follow("A")
    bench.happen(3)
    bench.network.breaks_after = 2
    reports = bench.reports()
    due = reports.deliver(NOW)
    assert bench.network.ends == ["aborted"]
    assert due == NOW + 5000
    bench.network.breaks_after = 1000
    reports.deliver(due)
    assert len(bench.network.told) == 3


def test_a_report_that_is_refused_is_not_told_again(bench: Bench) -> None:
    bench.follow("A")
    bench.happen(2)
    bench.network.statuses = [0x0110, 0x0107]
    bench.reports().deliver(NOW)
    assert len(bench.network.told) == 2
    assert bench.deliveries.pending() == []


def test_long_lists_are_told_in_turns(bench: Bench) -> None:
    bench.follow("A")
    bench.happen(60)
    reports = bench.reports()
    assert reports.deliver(NOW) == NOW
    assert reports.deliver(NOW) is None
    assert len(bench.network.told) == 60


def test_one_process_at_a_time(bench: Bench) -> None:
    bench.follow("A")
    bench.happen()
    (pending,) = bench.deliveries.pending()
    assert bench.deliveries.lease(pending, NOW + LEASE)  # another process, which then dies
    reports = bench.reports()
    assert reports.deliver(NOW) == NOW + LEASE
    assert bench.network.told == []
    reports.deliver(NOW + LEASE)
    assert len(bench.network.told) == 1


def test_the_thread_is_woken_and_ends(bench: Bench) -> None:
    bench.follow("A")
    reports = bench.reports()
    reports.start()
    bench.happen()
    assert bench.network.reported.wait(20)
    assert bench.tidied.wait(20)
    reports.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "ups-reports"]
