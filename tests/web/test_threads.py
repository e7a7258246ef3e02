"""Where blocking work is done, and that it makes room for stores."""

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from isocenter.web import threads as module
from isocenter.web.threads import Threads


def name() -> str:
    return threading.current_thread().name


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def make() -> Iterator[Callable[..., Threads]]:
    made: list[Threads] = []

    def start(*arguments: Callable[[], bool]) -> Threads:
        made.append(Threads(*arguments))
        return made[-1]

    yield start
    for each in made:
        each.close()


async def read_at_once(made: Threads, count: int) -> list[str]:
    """Return the names of the threads that did ``count`` reads, all of which wait for one another if they can."""
    together = threading.Barrier(count)

    def read() -> str:
        together.wait(10)
        return name()

    return list(await asyncio.gather(*(made.read_in_turn(read) for _ in range(count))))


def test_readers_run_side_by_side(make, run_async) -> None:
    names = run_async(read_at_once(make(), 4))
    assert len(set(names)) == 4
    assert all(each.startswith("isocenter-read") for each in names)


def test_long_reads_hold_up_nobody(make, run_async) -> None:
    made = make(lambda: True)
    gate = threading.Event()

    async def run() -> str:
        long = made.read(gate.wait, 10)
        short = await made.read_in_turn(name)
        gate.set()
        assert await long
        return short

    assert run_async(run()) == "isocenter-turn_0"


def test_readers_take_turns_while_objects_arrive(make, run_async, clock: Clock) -> None:
    made = make(lambda: True)

    async def run() -> list[str]:
        return list(await asyncio.gather(*(made.read_in_turn(name) for _ in range(3))))

    assert set(run_async(run())) == {"isocenter-turn_0"}
    assert clock.slept == [pytest.approx(0.0006)] * 2


def test_who_comes_later_than_the_rest_does_not_wait(make, run_async, clock: Clock) -> None:
    made = make(lambda: True)

    async def run() -> None:
        await made.read_in_turn(name)
        clock.now += 1
        await made.read_in_turn(name)

    run_async(run())
    assert clock.slept == []


def test_a_turn_that_fails_is_one(make, run_async, clock: Clock) -> None:
    made = make(lambda: True)

    def fail() -> None:
        raise KeyError

    async def run() -> None:
        with pytest.raises(KeyError):
            await made.read_in_turn(fail)
        await made.read_in_turn(name)

    run_async(run())
    assert len(clock.slept) == 1


def test_many_that_compute_are_a_crowd_until_they_have_done(make, run_async, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.os, "cpu_count", lambda: 2)
    made, gate = make(), threading.Event()

    async def run() -> list[bool]:
        seen, waiting = [], []
        for _ in range(4):
            waiting.append(made.paint(gate.wait, 10))
            seen.append(made.crowded)
        gate.set()
        await asyncio.gather(*waiting)
        await asyncio.sleep(0)
        return [*seen, made.crowded]

    assert run_async(run()) == [False, False, False, True, False]
